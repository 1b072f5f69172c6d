package io.faultline.config;

import io.faultline.risk.Thresholds;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The thresholds by the names that they have in the file: those of the record's components, so that
 * a new one needs nothing here. {@code stallNs} is the duration {@code stall}, what ends in {@code
 * Share} a share, everything else a number.
 */
final class ThresholdNames {
  private ThresholdNames() {}

  static List<String> all() {
    List<String> names = new ArrayList<>();
    for (RecordComponent component : Thresholds.class.getRecordComponents()) {
      names.add(nameOf(component));
    }
    return names;
  }

  private static boolean isDuration(RecordComponent component) {
    return component.getType() == long.class && component.getName().endsWith("Ns");
  }

  private static String nameOf(RecordComponent component) {
    String name = component.getName();
    String bare = isDuration(component) ? name.substring(0, name.length() - 2) : name;
    return bare.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  static Thresholds read(Section section) {
    RecordComponent[] components = Thresholds.class.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      values[i] = read(section, components[i]);
    }
    try {
      return Thresholds.class.getDeclaredConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      section.wrongAsWhole("refused", String.valueOf(e.getCause().getMessage()));
      return Thresholds.DEFAULT;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e); // a public record has that constructor
    }
  }

  private static Object read(Section section, RecordComponent component) {
    String name = nameOf(component);
    Object value = valueOf(component, Thresholds.DEFAULT);
    if (isDuration(component)) {
      return section.duration(name, Duration.ofNanos((Long) value)).toNanos();
    }
    if (value instanceof Double share) {
      return section.share(name, share);
    }
    if (value instanceof Integer number) {
      return (int) section.number(name, number, 1, Integer.MAX_VALUE);
    }
    return section.number(name, (Long) value, 0, Long.MAX_VALUE);
  }

  private static Object valueOf(RecordComponent component, Thresholds thresholds) {
    try {
      return component.getAccessor().invoke(thresholds);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e); // accessors of a public record are public
    }
  }

  /** The default of that name, as the file has it. */
  static String defaultOf(String name) {
    for (RecordComponent component : Thresholds.class.getRecordComponents()) {
      if (nameOf(component).equals(name)) {
        Object value = valueOf(component, Thresholds.DEFAULT);
        return isDuration(component)
            ? Quantity.text(Duration.ofNanos((Long) value))
            : value.toString();
      }
    }
    throw new IllegalArgumentException("threshold: " + name + " (expected: one of " + all() + ")");
  }
}
