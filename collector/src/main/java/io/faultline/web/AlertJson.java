package io.faultline.web;

import io.faultline.match.FileSystems;
import io.faultline.risk.Alert;
import io.faultline.risk.Silence;
import io.faultline.view.FleetPicture;
import io.faultline.view.History;
import io.faultline.view.Picture;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/** Alerts as JSON, in the words of {@code report --json}. */
final class AlertJson {
  private AlertJson() {}

  /** Whether people are told of it. */
  static boolean isTold(Picture.AlertRow row) {
    return row.alert().state() == Alert.State.FIRING && row.silence() == null;
  }

  static String alerts(Picture picture) {
    List<Object> list = new ArrayList<>();
    picture.alerts().forEach(row -> list.add(describe(row, picture.info()::wallNsOf)));
    return Json.text(Map.of("alerts", list));
  }

  static String alerts(FleetPicture picture) {
    List<Object> list = new ArrayList<>();
    for (FleetPicture.HostAlert of : picture.alerts()) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("host", of.host());
      map.putAll(describe(of.alert(), of.wallNsOf()));
      list.add(map);
    }
    return Json.text(Map.of("alerts", list));
  }

  private static Map<String, Object> describe(Picture.AlertRow row, LongUnaryOperator wallNsOf) {
    Alert alert = row.alert();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", alert.id());
    map.put("rule", alert.rule().label());
    map.put("severity", alert.severity().label());
    map.put("state", alert.state().label());
    map.put("verdict", alert.verdict().label());
    map.put("why", alert.why());
    map.put("title", alert.title());
    map.put("fs", alert.subject().fs());
    int dev = alert.subject().dev();
    map.put("dev", dev == 0 ? "" : FileSystems.devOf(dev));
    map.put("path", row.path());
    map.put("first_ms", wallNsOf.applyAsLong(alert.firstNs()) / 1_000_000);
    map.put("last_ms", wallNsOf.applyAsLong(alert.lastNs()) / 1_000_000);
    map.put("count", alert.count());
    map.put("complete", alert.isComplete());
    Silence silence = row.silence();
    map.put("silenced", silence == null ? null : silence.comment());
    map.put("silence_id", silence == null ? null : silence.id());
    map.put("silenced_until_ms", silence == null ? null : SilenceApi.untilMs(silence));
    List<Object> evidence = new ArrayList<>();
    for (int i = 0; i < alert.evidence().size(); i++) {
      Alert.Evidence item = alert.evidence().get(i);
      Map<String, Object> line = new LinkedHashMap<>();
      line.put(History.TIME, wallNsOf.applyAsLong(item.ns()) / 1_000_000);
      line.put("tid", item.tid());
      line.put("comm", item.comm());
      line.put("text", item.text());
      line.put("stack", row.stacks().get(i));
      evidence.add(line);
    }
    map.put("evidence", evidence);
    return map;
  }
}
