package io.faultline.risk;

import io.faultline.match.LockTable;
import java.io.Serializable;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which alerts rest on which requests: they are over when one of them ends, or all.
 *
 * <p>Beyond the limit an alert is not followed, which is counted; it is then over when it was not
 * seen for long.
 */
final class OpenWaits implements Serializable {
  private static final int ALERTS_MAX = 4096;

  /** Of a stall with more waits than that the oldest ones count. */
  private static final int WAITS_MAX = 256;

  private record Wait(int tid, long requestNs) implements Serializable {}

  private record Open(Set<Wait> waits, boolean isOverWithOne) implements Serializable {}

  private final AlertBook book;
  private final Map<String, Open> alerts = new HashMap<>();
  private final Map<Wait, Set<String>> alertsOf = new HashMap<>();
  private long omitted;

  OpenWaits(AlertBook book) {
    this.book = book;
  }

  long omitted() {
    return omitted;
  }

  /** The alert is over as soon as one of the requests ends. */
  void restOnEach(String id, Collection<LockTable.Request> requests) {
    rest(id, requests, true);
  }

  /** The alert is over when all of the requests have ended. */
  void restOnAll(String id, Collection<LockTable.Request> requests) {
    rest(id, requests, false);
  }

  private void rest(String id, Collection<LockTable.Request> requests, boolean isOverWithOne) {
    Open open = alerts.get(id);
    if (open == null) {
      if (alerts.size() == ALERTS_MAX) {
        omitted++;
        return;
      }
      open = new Open(new HashSet<>(), isOverWithOne);
      alerts.put(id, open);
    }
    for (LockTable.Request request : requests) {
      if (open.waits().size() == WAITS_MAX) {
        return;
      }
      Wait wait = new Wait(request.tid(), request.requestNs());
      open.waits().add(wait);
      alertsOf.computeIfAbsent(wait, key -> new LinkedHashSet<>()).add(id);
    }
  }

  /** Whether a followed alert rests on that request. */
  boolean isRestedOn(LockTable.Request request) {
    return alertsOf.containsKey(new Wait(request.tid(), request.requestNs()));
  }

  /** A request ended at {@code ns}. */
  void end(int tid, long requestNs, long ns) {
    if (alertsOf.isEmpty()) {
      return;
    }
    Wait wait = new Wait(tid, requestNs);
    Set<String> ids = alertsOf.remove(wait);
    if (ids == null) {
      return;
    }
    for (String id : ids) {
      Open open = alerts.get(id);
      open.waits().remove(wait);
      if (open.isOverWithOne() || open.waits().isEmpty()) {
        forget(id);
        book.resolve(id, ns);
      }
    }
  }

  /** The alert is over for another reason. */
  void forget(String id) {
    Open open = alerts.remove(id);
    if (open == null) {
      return;
    }
    for (Wait wait : open.waits()) {
      Set<String> ids = alertsOf.get(wait);
      if (ids != null && ids.remove(id) && ids.isEmpty()) {
        alertsOf.remove(wait);
      }
    }
  }

  /** Forgets alerts that are over, or gone, without that one of their requests was seen to end. */
  void tidy() {
    for (String id : Set.copyOf(alerts.keySet())) {
      if (!book.isOpen(id)) {
        forget(id);
      }
    }
  }
}
