package io.faultline.bundle;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.event.EventFields;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replaces the names of hosts, tasks, files and lock tables: the same name by the same word
 * everywhere.
 *
 * <p>Words are numbered as names come, such as {@code task3}, and the numbers are forgotten with
 * this object: nothing that is written can be turned back, not even by trying names, as it could be
 * with a hash. Process ids, inode and device numbers, times, sizes and kernel functions stay. One
 * thread.
 */
public final class Redaction {
  /** Names remembered for each kind; later ones all get the same word. */
  private static final int NAMES_MAX = 1_000_000;

  private static final String DELETED = " (deleted)";
  private static final Pattern COMM_FILTER = Pattern.compile("comm=.*?(?= cgroup=\\d+$|$)");

  /** As gfs2 names a DLM lock: {@code "%8x%16llx"} of type and number. */
  private static final Pattern NUMBERS = Pattern.compile(" *[0-9a-f]+ *[0-9a-f]+");

  private static final EventFields.Field LOCK_CLASS = lockField("lock_class");
  private static final EventFields.Field NUMBER = lockField("number");
  private static final EventFields.Field HOLDER_COMM = lockField("holder_comm");

  private final Map<String, Map<String, String>> words = new HashMap<>(); // by kind
  private long dropped;

  private static EventFields.Field lockField(String name) {
    return EventFields.of(EventType.LOCK).stream()
        .filter(field -> field.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private String word(String kind, String name) {
    if (name.isEmpty()) {
      return name;
    }
    Map<String, String> known = words.computeIfAbsent(kind, k -> new HashMap<>());
    String word = known.get(name);
    if (word == null && known.size() < NAMES_MAX) {
      word = kind + (known.size() + 1);
      known.put(name, word);
    }
    return word == null ? kind + "-other" : word;
  }

  /** For the name of a task. */
  public String comm(String name) {
    return word("task", name);
  }

  /** For the name of a host. */
  public String host(String name) {
    return word("host", name);
  }

  /** For a value of which nothing is known. */
  public String value(String text) {
    return word("value", text);
  }

  /** For a path: each part on its own, so that it still shows what is in one directory. */
  public String path(String path) {
    String bare =
        path.endsWith(DELETED) ? path.substring(0, path.length() - DELETED.length()) : path;
    List<String> parts = new ArrayList<>();
    for (String part : bare.split("/", -1)) {
      parts.add(word("name", part));
    }
    return String.join("/", parts) + path.substring(bare.length());
  }

  /** For a lock table such as {@code cluster:fs}, or a lockspace. */
  public String table(String table) {
    List<String> parts = new ArrayList<>();
    for (String part : table.split(":", -1)) {
      parts.add(word("lock", part));
    }
    return String.join(":", parts);
  }

  /** What a stream is about. */
  public StreamInfo info(StreamInfo info) {
    return new StreamInfo(
        host(info.hostName()),
        info.kernel(),
        word("boot", info.bootId()),
        info.wallNs(),
        info.ktimeNs(),
        info.loader(),
        info.detail(),
        filters(info.filters()),
        info.hooks(),
        info.clock());
  }

  private String filters(String filters) {
    Matcher comm = COMM_FILTER.matcher(filters);
    return comm.find()
        ? comm.replaceFirst(
            Matcher.quoteReplacement("comm=" + comm(comm.group().substring("comm=".length()))))
        : filters;
  }

  /**
   * JSON in which objects have names under {@code comm}, {@code path} and {@code table}.
   *
   * @throws IOException when it is no JSON
   */
  public String json(String text) throws IOException {
    return JSON.std
        .with(JSON.Feature.PRETTY_PRINT_OUTPUT)
        .asString(replaced("", JSON.std.anyFrom(text)));
  }

  private Object replaced(String field, Object value) {
    if (value instanceof Map<?, ?> object) {
      Map<String, Object> copy = new LinkedHashMap<>();
      object.forEach(
          (name, item) -> copy.put(String.valueOf(name), replaced(String.valueOf(name), item)));
      return copy;
    }
    if (value instanceof List<?> list) {
      List<Object> copy = new ArrayList<>();
      list.forEach(item -> copy.add(replaced(field, item)));
      return copy;
    }
    return value instanceof String text
        ? switch (field) {
          case "comm" -> comm(text);
          case "path" -> path(text);
          case "table" -> table(text);
          default -> text;
        }
        : value;
  }

  /** Events left out because a later version's may hold names where this one knows of none. */
  public long dropped() {
    return dropped;
  }

  /** A consumer that hands on what it is given, with other names. */
  public StreamConsumer of(StreamConsumer next) {
    return new Stream(next);
  }

  private final class Stream implements StreamConsumer {
    private final StreamConsumer next;
    private final ByteBuffer copy = ByteBuffer.allocate(Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    Stream(StreamConsumer next) {
      this.next = next;
    }

    @Override
    public void onEvent(ByteBuffer buffer, int offset) {
      EventType type = EventFields.typeOf(buffer, offset);
      if (type == null) {
        dropped++;
        return;
      }
      copy.put(0, buffer, offset, Event.BYTES);
      boolean isDlm = type == EventType.LOCK && isDlm();
      for (EventFields.Field field : EventFields.of(type)) {
        if (field.kind() == EventFields.Kind.COMM && !(isDlm && field.equals(HOLDER_COMM))) {
          field.setText(copy, 0, comm(field.text(copy, 0)));
        }
      }
      if (isDlm) {
        replaceResource();
      }
      next.onEvent(copy, 0);
    }

    private boolean isDlm() {
      return LOCK_CLASS.number(copy, 0) == LockClass.DLM.number();
    }

    /** The name of a DLM lock stands in two fields; those that gfs2 gives are numbers. */
    private void replaceResource() {
      byte[] bytes = new byte[NUMBER.bytes() + HOLDER_COMM.bytes()];
      copy.get(NUMBER.offset(), bytes, 0, NUMBER.bytes());
      copy.get(HOLDER_COMM.offset(), bytes, NUMBER.bytes(), HOLDER_COMM.bytes());
      String name = new String(bytes, StandardCharsets.ISO_8859_1);
      if (NUMBERS.matcher(name).matches() || name.charAt(0) == 0) {
        return;
      }
      byte[] word = word("resource", name).getBytes(StandardCharsets.US_ASCII);
      byte[] padded = Arrays.copyOf(word, bytes.length);
      copy.put(NUMBER.offset(), padded, 0, NUMBER.bytes());
      copy.put(HOLDER_COMM.offset(), padded, NUMBER.bytes(), HOLDER_COMM.bytes());
    }

    @Override
    public void onPath(int dev, long ino, String path) {
      next.onPath(dev, ino, Redaction.this.path(path));
    }

    @Override
    public void onName(NameKind kind, long id, String name) {
      next.onName(kind, id, kind == NameKind.STACK ? name : table(name));
    }
  }
}
