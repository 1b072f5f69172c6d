package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.event.Event;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a stream is about, as the JSON of a recording's first frame; also which layout its events
 * have, and which faultline wrote it.
 */
final class Header {
  /** The layout of the events: another number when a reader of this one would read them wrong. */
  private static final long SCHEMA = 1;

  private Header() {}

  static String encode(StreamInfo info, String version) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("faultline", version);
    json.put("schema", SCHEMA);
    json.put("event_bytes", Event.BYTES);
    json.put("host", info.hostName());
    json.put("kernel", info.kernel());
    json.put("boot_id", info.bootId());
    json.put("wall_ns", info.wallNs());
    json.put("ktime_ns", info.ktimeNs());
    json.put("loader", info.loader());
    json.put("detail", info.detail());
    json.put("filters", info.filters());
    List<Map<String, String>> hooks = new ArrayList<>();
    for (StreamInfo.Hook hook : info.hooks()) {
      Map<String, String> item = new LinkedHashMap<>();
      item.put("name", hook.name());
      item.put("via", hook.via());
      hooks.add(item);
    }
    json.put("hooks", hooks);
    return JSON.std.asString(json);
  }

  /**
   * Reads it back.
   *
   * @param file named in errors
   */
  static StreamInfo decode(String text, Object file) throws RecordingException {
    Map<String, Object> json = Frame.fieldsOf(text);
    if (json.isEmpty()) {
      throw new RecordingException(
          file + ": its header is no JSON, nothing in it can be read (expected: another copy)");
    }
    long schema = number(json, "schema", SCHEMA);
    long eventBytes = number(json, "event_bytes", Event.BYTES);
    if (schema != SCHEMA || eventBytes != Event.BYTES) {
      throw new RecordingException(
          file
              + ": was written by faultline "
              + text(json, "faultline")
              + " with event schema "
              + schema
              + " (expected: "
              + SCHEMA
              + "; use that faultline)");
    }
    List<StreamInfo.Hook> hooks = new ArrayList<>();
    if (json.get("hooks") instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof Map<?, ?> hook) {
          hooks.add(
              new StreamInfo.Hook(
                  String.valueOf(hook.get("name")), String.valueOf(hook.get("via"))));
        }
      }
    }
    return new StreamInfo(
        text(json, "host"),
        text(json, "kernel"),
        text(json, "boot_id"),
        number(json, "wall_ns", 0),
        number(json, "ktime_ns", 0),
        text(json, "loader"),
        text(json, "detail"),
        text(json, "filters"),
        hooks);
  }

  private static String text(Map<String, Object> json, String name) {
    return String.valueOf(json.getOrDefault(name, ""));
  }

  private static long number(Map<String, Object> json, String name, long otherwise) {
    return json.get(name) instanceof Number number ? number.longValue() : otherwise;
  }
}
