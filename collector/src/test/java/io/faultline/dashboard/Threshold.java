package io.faultline.dashboard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * From when on a value is bad: the one place for panels and rules.
 *
 * <p>In the unit of the field; {@link #inSeconds} for Prometheus. NaN: never.
 */
record Threshold(double warning, double critical) {
  private static final double NS_PER_SECOND = 1e9;

  /** Nothing is bad about it. */
  static final Threshold NONE = new Threshold(Double.NaN, Double.NaN);

  static final Threshold ALERTS_CRITICAL = new Threshold(Double.NaN, 1);
  static final Threshold ALERTS_WARNING = new Threshold(1, Double.NaN);

  /** A demote may be held back 200 ms and DLM recovery takes seconds. */
  static final Threshold LOCK_WAIT_NS = new Threshold(2e9, 10e9);

  static final Threshold WAITING = new Threshold(1, 10);

  /** Share of operations that are retried: each retry takes the locks once more. */
  static final Threshold RETRIED_SHARE = new Threshold(0.25, 0.75);

  /** Share of operations that end in the page cache, as the rule {@code degraded} has it. */
  static final Threshold FALLBACK_SHARE = new Threshold(0.25, 0.75);

  static final Threshold LOST = new Threshold(1, 1_000);
  static final Threshold SINK_ERRORS = new Threshold(1, 10);

  /** What the journal or a sink has not taken yet. */
  static final Threshold SPOOL_BYTES = new Threshold(16 << 20, 256 << 20);

  static final Threshold CPU_RATIO = new Threshold(0.1, 0.5);

  /** The same for a value in seconds. */
  Threshold inSeconds() {
    return new Threshold(warning / NS_PER_SECOND, critical / NS_PER_SECOND);
  }

  /** As Grafana has it, from green to red. */
  Map<String, Object> json() {
    List<Object> steps = new ArrayList<>();
    steps.add(step(null, this.equals(NONE) ? "text" : "green"));
    if (!Double.isNaN(warning)) {
      steps.add(step(warning, "orange"));
    }
    if (!Double.isNaN(critical)) {
      steps.add(step(critical, "red"));
    }
    return Json.of("mode", "absolute", "steps", steps);
  }

  private static Map<String, Object> step(Double value, String color) {
    Map<String, Object> step = new LinkedHashMap<>();
    step.put("value", value == null ? null : Json.number(value));
    step.put("color", color);
    return step;
  }
}
