package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of a PATHS frame.
 *
 * @param kind what the name belongs to; {@code null} for the path of a file
 * @param dev of the file
 * @param ino of the file, or the id of something else
 * @param after how many events of the next frame came before the path
 */
record PathLine(NameKind kind, int dev, long ino, String path, int after) {

  void handOver(StreamConsumer consumer) {
    if (kind == null) {
      consumer.onPath(dev, ino, path);
    } else {
      consumer.onName(kind, ino, path);
    }
  }

  String encode() {
    Map<String, Object> json = new LinkedHashMap<>();
    if (kind == null) {
      json.put("dev", dev);
      json.put("ino", ino);
      json.put("path", path);
    } else {
      json.put("kind", kind.label());
      json.put("id", ino);
      json.put("name", path);
    }
    json.put("after", after);
    try {
      return JSON.std.asString(json);
    } catch (IOException e) {
      throw new IllegalStateException(e); // numbers and strings always can be JSON
    }
  }

  /** Reads a line; {@code null} when it is none. */
  static PathLine decode(String line) {
    Map<String, Object> json = Frame.fieldsOf(line);
    if (json.get("dev") instanceof Integer dev
        && (json.get("ino") instanceof Integer || json.get("ino") instanceof Long)
        && json.get("path") instanceof String path
        && json.get("after") instanceof Integer after) {
      return new PathLine(null, dev, ((Number) json.get("ino")).longValue(), path, after);
    }
    if (json.get("kind") instanceof String label
        && NameKind.of(label) != null
        && (json.get("id") instanceof Integer || json.get("id") instanceof Long)
        && json.get("name") instanceof String name
        && json.get("after") instanceof Integer after) {
      return new PathLine(
          NameKind.of(label), 0, ((Number) json.get("id")).longValue(), name, after);
    }
    return null;
  }
}
