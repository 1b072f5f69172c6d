package io.faultline.match;

import io.faultline.event.EventHandler;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who holds and who waits for which lock, as far as events tell: in detail full every request; in
 * detail normal those that waited long, and with them the holders that the sweep saw.
 *
 * <p>One thread. Requests beyond the limit take the place of the oldest ones, which is counted.
 */
public final class LockTable implements EventHandler {
  /** Default limit of requests. */
  public static final int REQUESTS_MAX_DEFAULT = 65_536;

  /** A lock. */
  public record Key(LockClass lockClass, int dev, int type, long number, long address)
      implements Serializable {}

  /**
   * A request that has not been released.
   *
   * @param grantNs when it was granted; 0 while it waits
   * @param mayWait whether it is no try and has no timeout
   * @param holderTid who held a semaphore when it was asked for; 0 for a glock, whose holders are
   *     requests of the table
   * @param holderMode how the holder held it; a reader of a semaphore is a hint of the kernel's
   * @param stack 1 + number of the requester's stack, or 0
   */
  public record Request(
      Key lock,
      int tgid,
      int tid,
      String comm,
      LockMode mode,
      long requestNs,
      long grantNs,
      boolean mayWait,
      int holderTid,
      LockMode holderMode,
      int stack)
      implements Serializable {

    /** The request that a step belongs to. */
    public static Request of(LockStep step) {
      return new Request(
          new Key(step.lockClass(), step.dev(), step.type(), step.number(), step.lock()),
          step.tgid(),
          step.tid(),
          step.comm(),
          step.mode(),
          step.requestNs(),
          step.grantNs(),
          (step.flags() & (LockStep.TRY | LockStep.ASYNC)) == 0,
          step.lockClass() == LockClass.GLOCK ? 0 : step.holderTid(),
          step.holderMode(),
          step.stack());
    }

    /** Whether it waits. */
    public boolean isWaiting() {
      return grantNs == 0;
    }
  }

  private record Name(long request, long requestNs) {}

  private final int requestsMax;
  private final Map<Name, Request> requests = new LinkedHashMap<>();
  private long evicted;

  /** A table with the default limit. */
  public LockTable() {
    this(REQUESTS_MAX_DEFAULT);
  }

  /** A table of at most that many requests. */
  public LockTable(int requestsMax) {
    this.requestsMax = requestsMax;
  }

  /** Requests given up because there was no room. */
  public long evicted() {
    return evicted;
  }

  /** Requests in the table. */
  public int size() {
    return requests.size();
  }

  @Override
  public void onLockStep(LockStep step) {
    switch (step.kind()) {
      case REQUEST, WAITING, HOLDING -> put(step);
      case GRANT -> {
        // Whether a semaphore or a DLM lock is still held is seen by no hook.
        if (step.lockClass() == LockClass.GLOCK) {
          put(step);
        } else {
          remove(step);
        }
      }
      case RELEASE, ABANDON -> remove(step);
      default -> {
        // Not of a request.
      }
    }
  }

  private void put(LockStep step) {
    if (step.requestNs() == 0) {
      return;
    }
    Name name = new Name(step.request(), step.requestNs());
    if (requests.remove(name) == null && requests.size() == requestsMax) {
      Iterator<Request> oldest = requests.values().iterator();
      oldest.next();
      oldest.remove();
      evicted++;
    }
    requests.put(name, Request.of(step));
  }

  private void remove(LockStep step) {
    requests.remove(new Name(step.request(), step.requestNs()));
  }

  /** The locks that somebody waits for, with all their requests in the order in which they came. */
  public Map<Key, List<Request>> contended() {
    Map<Key, List<Request>> all = new LinkedHashMap<>();
    requests.values().stream()
        .filter(Request::isWaiting)
        .forEach(request -> all.put(request.lock(), new ArrayList<>()));
    for (Request request : requests.values()) {
      List<Request> ofLock = all.get(request.lock());
      if (ofLock != null) {
        ofLock.add(request);
      }
    }
    all.values().forEach(list -> list.sort(java.util.Comparator.comparingLong(Request::requestNs)));
    return all;
  }
}
