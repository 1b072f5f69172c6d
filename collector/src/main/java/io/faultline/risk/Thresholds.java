package io.faultline.risk;

/**
 * From where on something is an alert.
 *
 * @param stallNs a wait or an operation at least this long is a stall; min-hold delays a demote by
 *     up to 200 ms and DLM recovery may take seconds, so the default is well above
 * @param confirmNs a cycle must be seen twice, at least so far apart
 * @param demoteNs a glock that another node wants and that a waiting task has kept for so long is
 *     half of a cycle; min-hold delays a demote by up to 200 ms
 * @param livelockRetries so many retries without progress are a livelock
 * @param livelockNs or so long a series of them
 * @param degradedShare share of fault-disabled operations that do not end direct
 * @param degradedOperations and at least so many of them, in one window
 * @param collisions so many collisions at one file in one window
 * @param windowNs length of these windows
 * @param starvationNs a waiter is starved when it has waited at least so long
 * @param starvationGrants and meanwhile so many grants went to other modes
 * @param quietNs an alert whose cause was not seen for so long is resolved
 */
public record Thresholds(
    long stallNs,
    long confirmNs,
    long demoteNs,
    int livelockRetries,
    long livelockNs,
    double degradedShare,
    int degradedOperations,
    int collisions,
    long windowNs,
    long starvationNs,
    int starvationGrants,
    long quietNs) {

  private static final long S = 1_000_000_000L;

  /** What is used unless something else is asked for. */
  public static final Thresholds DEFAULT =
      new Thresholds(10 * S, 900_000_000L, S, 32, S, 0.5, 100, 10, 10 * S, S, 100, 600 * S);
}
