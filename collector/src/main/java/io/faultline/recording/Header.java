package io.faultline.recording;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a stream is about, as the JSON of a recording's first frame. */
final class Header {
  private Header() {}

  static String encode(StreamInfo info, String version) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("faultline", version);
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
      hooks.add(Map.of("name", hook.name(), "via", hook.via()));
    }
    json.put("hooks", hooks);
    return JSON.std.asString(json);
  }

  static StreamInfo decode(String text) throws IOException {
    Map<String, Object> json = JSON.std.mapFrom(text);
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
        number(json, "wall_ns"),
        number(json, "ktime_ns"),
        text(json, "loader"),
        text(json, "detail"),
        text(json, "filters"),
        hooks);
  }

  private static String text(Map<String, Object> json, String name) {
    return String.valueOf(json.getOrDefault(name, ""));
  }

  private static long number(Map<String, Object> json, String name) {
    return json.get(name) instanceof Number number ? number.longValue() : 0;
  }
}
