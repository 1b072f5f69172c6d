package io.faultline.snapshot;

import java.util.List;

/**
 * A glock that somebody waits for, that must be given up, or that has several holders.
 *
 * @param state what this node has of it
 * @param target the state that is being changed to; equal to state when none is
 * @param demoteState the state that it must be given up to, when {@link #isDemoteAsked}
 * @param flags letters of gflags2str() in fs/gfs2/glock.c, which differ between kernels
 * @param demoteNs how long ago giving up was asked for; 0 when it was not
 * @param requests the queue: holders first, then in the order of arrival
 * @param requestsOmitted requests of this glock beyond the limit, which are counted only
 * @param flockers for a glock of flock(2), processes that hold it or want it, which gfs2 does not
 *     say in the queue; from glockfd
 * @param paths files that are known to be behind it; any number may be unknown
 */
public record Glock(
    LockName name,
    Mode state,
    Mode target,
    Mode demoteState,
    String flags,
    long demoteNs,
    List<Request> requests,
    int requestsOmitted,
    List<Long> flockers,
    List<String> paths) {

  /** Copies the lists. */
  public Glock {
    requests = List.copyOf(requests);
    flockers = List.copyOf(flockers);
    paths = List.copyOf(paths);
  }

  /** Those that have it. */
  public List<Request> holders() {
    return requests.stream().filter(Request::isHolder).toList();
  }

  /** Those that wait, in queue order. */
  public List<Request> waiters() {
    return requests.stream().filter(Request::isWaiting).toList();
  }

  /** Whether it must be given up as soon as its holders are done: GLF_DEMOTE. */
  public boolean isDemoteAsked() {
    return flags.indexOf('D') >= 0;
  }

  /** Whether it must be given up, but not before the minimum hold time: GLF_PENDING_DEMOTE. */
  public boolean isDemoteDelayed() {
    return flags.indexOf('d') >= 0;
  }

  /** Whether its state is being changed: with lock_dlm the other nodes are being asked. */
  public boolean isChanging() {
    return state != target;
  }

  /** Whether somebody waits for it, or it must be given up while it is held. */
  public boolean isContended() {
    return requests.stream().anyMatch(Request::isWaiting)
        || (isDemoteAsked() && requests.stream().anyMatch(Request::isHolder));
  }

  Glock withFiles(List<Long> newFlockers, List<String> newPaths) {
    return new Glock(
        name,
        state,
        target,
        demoteState,
        flags,
        demoteNs,
        requests,
        requestsOmitted,
        newFlockers,
        newPaths);
  }

  Glock withRequests(List<Request> newRequests) {
    return new Glock(
        name,
        state,
        target,
        demoteState,
        flags,
        demoteNs,
        newRequests,
        requestsOmitted,
        flockers,
        paths);
  }
}
