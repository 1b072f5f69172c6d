package io.faultline.metric;

import java.util.List;
import java.util.Map;

/** Points as InfluxDB's line protocol, times in nanoseconds. */
public final class LineProtocol {
  private LineProtocol() {}

  /** The point as one line, without its end. */
  public static String lineOf(Point point) {
    StringBuilder line = new StringBuilder(256).append(point.measurement().label());
    List<String> names = point.measurement().tags();
    for (int i = 0; i < names.size(); i++) {
      line.append(',').append(names.get(i)).append('=');
      appendTag(line, point.tags().get(i));
    }
    char separator = ' ';
    for (Map.Entry<String, Object> field : point.fields().entrySet()) {
      line.append(separator).append(field.getKey()).append('=');
      appendField(line, field.getValue());
      separator = ',';
    }
    return line.append(' ').append(point.wallNs()).toString();
  }

  /** A backslash before the separator that follows would take it in, so there is none. */
  private static void appendTag(StringBuilder line, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == ',' || c == '=' || c == ' ') {
        line.append('\\').append(c);
      } else {
        line.append(c == '\\' ? '/' : printable(c));
      }
    }
  }

  private static void appendField(StringBuilder line, Object value) {
    if (value instanceof Long) {
      line.append(value).append('i');
    } else if (value instanceof String text) {
      line.append('"');
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c == '"' || c == '\\') {
          line.append('\\');
        }
        line.append(printable(c));
      }
      line.append('"');
    } else {
      line.append(value);
    }
  }

  /** File names may hold anything; a line must stay one line. */
  private static char printable(char c) {
    return Character.isISOControl(c) ? '?' : c;
  }
}
