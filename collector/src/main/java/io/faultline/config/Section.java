package io.faultline.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * The names of one mapping of the file. Every name that is asked for is known from then on; a value
 * that is wrong is noted and the default used, so that all that is wrong is found; {@link #end}
 * notes the names that nobody asked for.
 */
final class Section {
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

  private final String name;
  private final Problems problems;
  private final UnaryOperator<String> environment;
  private final int line;
  private final Map<String, NodeTuple> values = new LinkedHashMap<>();
  private final TreeSet<String> known = new TreeSet<>();

  private Section(
      Node node, String name, Problems problems, UnaryOperator<String> environment, int line) {
    this.name = name;
    this.problems = problems;
    this.environment = environment;
    this.line = line;
    if (node instanceof MappingNode mapping) {
      for (NodeTuple tuple : mapping.getValue()) {
        if (tuple.getKeyNode() instanceof ScalarNode key) {
          values.put(key.getValue(), tuple);
        } else {
          problems.add(lineOf(tuple.getKeyNode()), name, "a name that is no text", "a text");
        }
      }
    } else if (!isNothing(node)) {
      problems.add(line, name.isEmpty() ? "file" : name, "no mapping", "lines of 'name: value'");
    }
  }

  /** The whole file; {@code node} is {@code null} when it is empty. */
  static Section root(Node node, Problems problems, UnaryOperator<String> environment) {
    return new Section(node, "", problems, environment, 1);
  }

  private static boolean isNothing(Node node) {
    return node == null || node.getTag().equals(Tag.NULL);
  }

  private static int lineOf(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }

  private String nameOf(String key) {
    return name.isEmpty() ? key : name + "." + key;
  }

  /** The line of a name, that of the section when it is not there. */
  private int lineOf(String key) {
    return values.containsKey(key) ? lineOf(values.get(key).getKeyNode()) : line;
  }

  /** Notes what is wrong with a value. */
  void wrong(String key, String value, String expected) {
    problems.add(lineOf(key), nameOf(key), value, expected);
  }

  private Node nodeOf(String key) {
    known.add(key);
    NodeTuple tuple = values.get(key);
    return tuple == null || isNothing(tuple.getValueNode()) ? null : tuple.getValueNode();
  }

  private String scalarOf(String key) {
    Node node = nodeOf(key);
    if (node == null) {
      return null;
    }
    if (!(node instanceof ScalarNode scalar)) {
      wrong(key, "no single value", "one value");
      return null;
    }
    return scalar.getValue();
  }

  /** The value as {@code read} makes it of the text; {@code read} gives null for a wrong one. */
  private <T> T value(String key, T otherwise, Function<String, T> read, String expected) {
    String text = scalarOf(key);
    if (text == null) {
      return otherwise;
    }
    T value = read.apply(text);
    if (value == null) {
      wrong(key, text, expected);
      return otherwise;
    }
    return value;
  }

  String text(String key) {
    return value(key, "", text -> text, "a text");
  }

  <T> T value(String key, Function<String, T> read, String expected) {
    return value(key, null, text -> text.isEmpty() ? null : read.apply(text), expected);
  }

  Duration duration(String key, Duration otherwise) {
    return value(key, otherwise, Quantity::duration, Quantity.A_DURATION);
  }

  long bytes(String key, long otherwise, long min, long max) {
    return value(
        key,
        otherwise,
        text -> {
          OptionalLong bytes = Quantity.bytes(text);
          return bytes.isEmpty() || bytes.getAsLong() < min || bytes.getAsLong() > max
              ? null
              : bytes.getAsLong();
        },
        Quantity.A_SIZE + ", from " + Quantity.bytesText(min) + " to " + Quantity.bytesText(max));
  }

  long number(String key, long otherwise, long min, long max) {
    return value(
        key,
        otherwise,
        text -> {
          try {
            long number = Long.parseLong(text);
            return number < min || number > max ? null : number;
          } catch (NumberFormatException e) {
            return null;
          }
        },
        "a number from " + min + " to " + max);
  }

  double share(String key, double otherwise) {
    return value(
        key,
        otherwise,
        text -> {
          try {
            double number = Double.parseDouble(text);
            return number >= 0 && number <= 1 ? number : null;
          } catch (NumberFormatException e) {
            return null;
          }
        },
        "a share from 0 to 1");
  }

  boolean flag(String key, boolean otherwise) {
    return value(
        key,
        otherwise,
        text -> text.equals("true") ? Boolean.TRUE : text.equals("false") ? Boolean.FALSE : null,
        "true or false");
  }

  <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
    return value(key, otherwise, text -> constantOf(type, text), words(type));
  }

  private static <E extends Enum<E>> E constantOf(Class<E> type, String text) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(text)) {
        return constant;
      }
    }
    return null;
  }

  private static <E extends Enum<E>> String words(Class<E> type) {
    List<String> names = new ArrayList<>();
    for (E constant : type.getEnumConstants()) {
      names.add(constant.name().toLowerCase(Locale.ROOT));
    }
    return oneOf(names);
  }

  static String oneOf(List<String> names) {
    int last = names.size() - 1;
    return last == 0
        ? names.get(0)
        : String.join(", ", names.subList(0, last)) + " or " + names.get(last);
  }

  /** A path, absolute so that it means the same wherever the agent is started. */
  Path path(String key) {
    return value(
        key,
        null,
        text -> text.isEmpty() || !text.startsWith("/") ? null : Path.of(text),
        "an absolute path");
  }

  /** As {@link #path}, where an empty text stands for none. */
  Path pathOrNone(String key) {
    return "".equals(scalarOf(key)) ? null : path(key);
  }

  /**
   * A text that must not stand in the file: from {@code KEY_file}, or from the environment as
   * {@code ${NAME}}; {@code null} for none. What is wrong with it is said without it.
   *
   * @param isPlainAllowed whether the text itself may stand in the file
   */
  Secret secret(String key, boolean isPlainAllowed) {
    String text = scalarOf(key);
    Path file = path(key + "_file");
    if (text != null && file != null) {
      wrong(key, "given twice", "one of " + key + " and " + key + "_file");
      return null;
    }
    if (file != null) {
      return secretOf(key + "_file", file);
    }
    if (text == null || text.isEmpty()) {
      return null;
    }
    Matcher reference = REFERENCE.matcher(text);
    if (reference.matches()) {
      String value = environment.apply(reference.group(1));
      if (value == null || value.isEmpty()) {
        wrong(key, text, "an environment variable of that name");
        return null;
      }
      return new Secret(value);
    }
    if (!isPlainAllowed) {
      wrong(key, "(hidden)", key + "_file: PATH, or ${NAME} of the environment");
      return null;
    }
    return new Secret(text);
  }

  private Secret secretOf(String key, Path file) {
    try {
      String text = Files.readString(file).strip();
      if (!text.isEmpty()) {
        return new Secret(text);
      }
      wrong(key, file + " is empty", "a file with the secret in its first line");
    } catch (IOException e) {
      wrong(key, file.toString(), "a file that can be read");
    }
    return null;
  }

  /** The mapping of that name; an empty one when it is not there. */
  Section section(String key) {
    return new Section(nodeOf(key), nameOf(key), problems, environment, lineOf(key));
  }

  /** The names that are there, for a section that takes any. */
  List<String> names() {
    return List.copyOf(values.keySet());
  }

  /** Whether there is a value of that name, right or wrong. */
  boolean has(String key) {
    return nodeOf(key) != null;
  }

  /** The mappings of a list. */
  List<Section> sections(String key) {
    List<Section> sections = new ArrayList<>();
    for (Node item : items(key)) {
      sections.add(
          new Section(
              item,
              nameOf(key) + "[" + sections.size() + "]",
              problems,
              environment,
              lineOf(item)));
    }
    return sections;
  }

  /** The values of a list, each as {@code read} makes it; wrong ones are left out. */
  <T> List<T> values(String key, Function<String, T> read, String expected) {
    List<T> list = new ArrayList<>();
    int at = 0;
    for (Node item : items(key)) {
      T value = item instanceof ScalarNode scalar ? read.apply(scalar.getValue()) : null;
      if (value == null) {
        problems.add(
            lineOf(item),
            nameOf(key) + "[" + at + "]",
            item instanceof ScalarNode scalar ? scalar.getValue() : "no single value",
            expected);
      } else {
        list.add(value);
      }
      at++;
    }
    return list;
  }

  private List<Node> items(String key) {
    Node node = nodeOf(key);
    if (node == null) {
      return List.of();
    }
    if (!(node instanceof SequenceNode sequence)) {
      wrong(key, "no list", "a list: lines that begin with '- '");
      return List.of();
    }
    return sequence.getValue();
  }

  /** Notes what criteria of the whole section were not met. */
  void wrongAsWhole(String value, String expected) {
    problems.add(line, name, value, expected);
  }

  /** Notes the names that nobody asked for. */
  void end() {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        wrong(key, "unknown name", nearest(key));
      }
    }
  }

  private String nearest(String key) {
    String best = null;
    int bestDistance = Math.max(2, key.length() / 2) + 1;
    for (String candidate : known) {
      int distance = distance(key, candidate);
      if (distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best != null ? best : oneOf(List.copyOf(known));
  }

  /** Letters to change, add or take away (Levenshtein). */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
