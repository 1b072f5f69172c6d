package io.faultline.metric;

import io.faultline.metric.MetricName.Measurement;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Alerts as points: each change of state, and what fires at an interval's end. */
final class Findings {
  private static final int CHANGES_MAX = 1000;
  private static final int EVIDENCE_LETTERS_MAX = 1000;
  private static final String NO_FS = "none";

  private final StreamInfo info;
  private final List<Point> changes = new ArrayList<>();
  private final Map<String, Alert> firing = new LinkedHashMap<>();
  private Supplier<List<Alert>> alerts = () -> List.copyOf(firing.values());

  Findings(StreamInfo info) {
    this.info = info;
  }

  void watch(Supplier<List<Alert>> source) {
    alerts = source;
  }

  void onAlert(Alert alert) {
    firing.remove(alert.id());
    if (alert.state() == Alert.State.FIRING && firing.size() < CHANGES_MAX) {
      firing.put(alert.id(), alert);
    }
    if (changes.size() < CHANGES_MAX) {
      changes.add(pointOf(alert, info.wallNsOf(alert.lastNs())));
    }
  }

  /** The interval's points; the next one begins. */
  List<Point> close(long wallNs) {
    List<Point> points = new ArrayList<>(changes);
    changes.clear();
    for (Alert alert : alerts.get()) {
      if (alert.state() == Alert.State.FIRING) {
        points.add(pointOf(alert, wallNs));
      }
    }
    return points;
  }

  /** How many there are in each state, by the tags of their points. */
  List<SeriesTotals> totals() {
    Map<String, List<Alert>> groups =
        alerts.get().stream()
            .filter(alert -> alert.state() != Alert.State.RESOLVED)
            .collect(
                Collectors.groupingBy(
                    alert -> String.join("\n", tagsOf(alert)), TreeMap::new, Collectors.toList()));
    return groups.values().stream()
        .map(
            group ->
                new SeriesTotals(
                    Measurement.ALERT,
                    tagsOf(group.get(0)),
                    Map.of(MetricName.ALERT_ACTIVE, (long) group.size()),
                    List.of()))
        .toList();
  }

  private List<String> tagsOf(Alert alert) {
    String fs = alert.subject().fs();
    return List.of(
        info.hostName(),
        alert.rule().label(),
        alert.severity().label(),
        alert.state().label(),
        fs.isEmpty() ? NO_FS : fs);
  }

  private Point pointOf(Alert alert, long wallNs) {
    String evidence =
        alert.evidence().stream()
            .map(seen -> seen.comm() + " (" + seen.tid() + ") " + seen.text())
            .collect(Collectors.joining("; "));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(MetricName.ALERT_TITLE.field(), alert.title());
    fields.put(MetricName.ALERT_COUNT.field(), alert.count());
    fields.put(MetricName.ALERT_COMPLETE.field(), alert.isComplete());
    fields.put(
        MetricName.ALERT_EVIDENCE.field(),
        evidence.substring(0, Math.min(evidence.length(), EVIDENCE_LETTERS_MAX)));
    return new Point(Measurement.ALERT, tagsOf(alert), fields, wallNs);
  }
}
