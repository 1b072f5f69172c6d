package io.faultline.risk;

import java.io.Serializable;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The alerts of a stream, one for each cause; resolved ones make room for new ones. */
final class AlertBook implements Serializable {
  private static final int ALERTS_MAX = 1000;
  private static final int EVIDENCE_MAX = 32;
  private static final String MISSING = "events are missing";

  /** What is given up first: what is over, then what is not believed, then what matters least. */
  private static final Comparator<Alert> LEAST_FIRST =
      Comparator.comparing((Alert alert) -> alert.state() != Alert.State.RESOLVED)
          .thenComparing(alert -> alert.state() != Alert.State.PENDING)
          .thenComparing(Alert::severity);

  private final Map<String, Alert> alerts = new LinkedHashMap<>();
  private final Loss loss;
  private transient Consumer<Alert> listener;
  private transient RuleSettings settings = RuleSettings.DEFAULT;
  private long evicted;

  AlertBook(Loss loss, Consumer<Alert> listener) {
    this.loss = loss;
    this.listener = listener;
  }

  /** From now on tells another one. */
  void setListener(Consumer<Alert> newListener) {
    listener = newListener;
  }

  /** From now on finds by other settings; what was found stays. */
  void setSettings(RuleSettings newSettings) {
    settings = newSettings;
  }

  /** Whether there is none at all: what every event asks first. */
  boolean isEmpty() {
    return alerts.isEmpty();
  }

  /** Whether the cause is not over. */
  boolean isOpen(String id) {
    Alert alert = alerts.get(id);
    return alert != null && alert.state() != Alert.State.RESOLVED;
  }

  /** Alerts that were given up because there was no room. */
  long evicted() {
    return evicted;
  }

  List<Alert> all() {
    return List.copyOf(alerts.values());
  }

  /**
   * The cause was seen, again or for the first time; evidence is that of the latest time. Told to
   * the listener when the state changes, or how sure it is.
   */
  void raise(Finding finding) {
    if (settings.off().contains(finding.rule())) {
      return;
    }
    Alert before = alerts.get(finding.id());
    boolean isAgain = before != null && before.state() != Alert.State.RESOLVED;
    boolean wasFiring = isAgain && before.state() == Alert.State.FIRING;
    boolean isComplete =
        loss.isNothingMissing() && (before == null || !isAgain || before.isComplete());
    boolean isDoubted = finding.verdict() == Verdict.CONFIRMED && !isComplete;
    List<Alert.Evidence> evidence = finding.evidence();
    Alert alert =
        new Alert(
            finding.id(),
            finding.rule(),
            settings.severityOf(finding),
            wasFiring || finding.isSeenTwice() ? Alert.State.FIRING : Alert.State.PENDING,
            finding.subject(),
            finding.title(),
            isAgain ? before.firstNs() : finding.ns(),
            finding.ns(),
            before == null ? 1 : before.count() + 1,
            isComplete,
            isDoubted ? Verdict.SUSPECTED : finding.verdict(),
            isDoubted ? MISSING : finding.why(),
            evidence.size() > EVIDENCE_MAX ? evidence.subList(0, EVIDENCE_MAX) : evidence);
    if (before == null) {
      makeRoom();
    }
    alerts.put(alert.id(), alert);
    if (!isAgain || before.state() != alert.state() || before.verdict() != alert.verdict()) {
      listener.accept(alert);
    }
  }

  /** The cause of an alert that fires was seen again, and nothing new was learnt. */
  void count(String id, long ns) {
    Alert alert = alerts.get(id);
    if (alert != null) {
      Alert counted = alert.at(Alert.State.FIRING, ns, alert.count() + 1);
      alerts.put(id, counted);
      if (alert.state() != Alert.State.FIRING) {
        listener.accept(counted);
      }
    }
  }

  /** The cause is over. A pending alert that nothing confirmed was none. */
  void resolve(String id, long ns) {
    Alert alert = alerts.get(id);
    if (alert == null || alert.state() == Alert.State.RESOLVED) {
      return;
    }
    if (alert.state() == Alert.State.PENDING) {
      alerts.remove(id);
      return;
    }
    Alert resolved = alert.at(Alert.State.RESOLVED, ns, alert.count());
    alerts.put(id, resolved);
    listener.accept(resolved);
  }

  /** Resolves what was not seen since {@code sinceNs}. */
  void resolveQuiet(long sinceNs, long nowNs) {
    for (Alert alert : all()) {
      if (alert.state() != Alert.State.RESOLVED && alert.lastNs() < sinceNs) {
        resolve(alert.id(), nowNs);
      }
    }
  }

  private void makeRoom() {
    if (alerts.size() < ALERTS_MAX) {
      return;
    }
    alerts.remove(Collections.min(alerts.values(), LEAST_FIRST).id()); // of equal ones the oldest
    evicted++;
  }

  /**
   * Events were found missing: what was found since {@code sinceNs}, when nothing was, may rest on
   * them.
   */
  void doubt(long sinceNs) {
    for (Map.Entry<String, Alert> entry : alerts.entrySet()) {
      Alert alert = entry.getValue();
      if (alert.state() != Alert.State.RESOLVED && alert.isComplete() && alert.lastNs() > sinceNs) {
        entry.setValue(alert.doubted(MISSING));
        listener.accept(entry.getValue());
      }
    }
  }
}
