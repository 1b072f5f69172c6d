package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of a PATHS frame.
 *
 * @param after how many events of the next frame came before the path
 */
record PathLine(int dev, long ino, String path, int after) {

  String encode() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("dev", dev);
    json.put("ino", ino);
    json.put("path", path);
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
      return new PathLine(dev, ((Number) json.get("ino")).longValue(), path, after);
    }
    return null;
  }
}
