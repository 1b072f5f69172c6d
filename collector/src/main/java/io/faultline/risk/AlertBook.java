package io.faultline.risk;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** The alerts of a stream, one for each cause; resolved ones make room for new ones. */
final class AlertBook {
  private static final int ALERTS_MAX = 1000;
  private static final int EVIDENCE_MAX = 32;

  private final Map<String, Alert> alerts = new LinkedHashMap<>();
  private final Consumer<Alert> listener;
  private long evicted;

  AlertBook(Consumer<Alert> listener) {
    this.listener = listener;
  }

  /** The alert of that cause, or {@code null}. */
  Alert of(String id) {
    return alerts.get(id);
  }

  /** Whether there is none at all: what every event asks first. */
  boolean isEmpty() {
    return alerts.isEmpty();
  }

  /** Alerts that were given up because there was no room. */
  long evicted() {
    return evicted;
  }

  List<Alert> all() {
    return List.copyOf(alerts.values());
  }

  /**
   * The cause was seen, again or for the first time; evidence is that of the latest look. Told to
   * the listener when the state changes.
   */
  void raise(
      String id,
      Rule rule,
      Alert.State state,
      Alert.Subject subject,
      String title,
      long ns,
      boolean isComplete,
      List<Alert.Evidence> evidence) {
    Alert before = alerts.get(id);
    boolean isAgain = before != null && before.state() != Alert.State.RESOLVED;
    List<Alert.Evidence> kept =
        evidence.size() > EVIDENCE_MAX ? evidence.subList(0, EVIDENCE_MAX) : evidence;
    Alert alert =
        new Alert(
            id,
            rule,
            rule.severity,
            isAgain && before.state() == Alert.State.FIRING ? Alert.State.FIRING : state,
            subject,
            title,
            before == null ? ns : before.firstNs(),
            ns,
            before == null ? 1 : before.count() + 1,
            isComplete && (before == null || before.isComplete()),
            kept);
    if (before == null) {
      makeRoom();
    }
    alerts.put(id, alert);
    if (!isAgain || before.state() != alert.state()) {
      listener.accept(alert);
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
    Alert resolved =
        new Alert(
            alert.id(),
            alert.rule(),
            alert.severity(),
            Alert.State.RESOLVED,
            alert.subject(),
            alert.title(),
            alert.firstNs(),
            ns,
            alert.count(),
            alert.isComplete(),
            alert.evidence());
    alerts.put(id, resolved);
    listener.accept(resolved);
  }

  private void makeRoom() {
    if (alerts.size() < ALERTS_MAX) {
      return;
    }
    List<String> ids = new ArrayList<>(alerts.keySet());
    String victim =
        ids.stream()
            .filter(id -> alerts.get(id).state() == Alert.State.RESOLVED)
            .findFirst()
            .orElse(ids.get(0));
    alerts.remove(victim);
    evicted++;
  }

  /** Forgets what was seen once and is not there any more. */
  void dropPending(Rule rule, Set<String> now) {
    alerts
        .values()
        .removeIf(
            alert ->
                alert.rule() == rule
                    && alert.state() == Alert.State.PENDING
                    && !now.contains(alert.id()));
  }
}
