package io.faultline.cli;

import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Verdict;
import java.util.ArrayList;
import java.util.List;

/** Alerts about the agent itself, which no rule can find in events. */
final class SelfAlerts {
  private SelfAlerts() {}

  /** CLOCK_MONOTONIC, as the times of events. */
  static long nowNs() {
    return System.nanoTime();
  }

  /**
   * The alerts, and one more that fires.
   *
   * @param what it is about, for its id
   * @param sinceNs since when, as {@link #nowNs}
   */
  static List<Alert> with(
      List<Alert> alerts, Rule rule, String what, String title, long sinceNs, long count) {
    List<Alert> all = new ArrayList<>(alerts);
    all.add(
        new Alert(
            rule.label() + ":" + what,
            rule,
            rule.severity,
            Alert.State.FIRING,
            Alert.Subject.NONE,
            title,
            sinceNs,
            nowNs(),
            count,
            true,
            Verdict.CONFIRMED,
            "",
            List.of()));
    return all;
  }
}
