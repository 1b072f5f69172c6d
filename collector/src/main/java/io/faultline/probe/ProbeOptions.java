package io.faultline.probe;

import java.util.Set;

/**
 * How to load and what to watch.
 *
 * @param loader {@link Loader#CORE} or {@link Loader#BCC}
 * @param ringBytes size of the ring: a power of two, at least a page
 * @param isFull whether every attempt and every fault in an operation is an event
 * @param slowNs an attempt at least this long is an event in any detail
 * @param minWaitNs the same of a wait for a lock
 * @param stackNs a wait at least this long has its stack taken
 * @param filter what is left out
 * @param without hooks left out on purpose
 * @param stallNs programs do nothing when nobody has read for so long; 0 for never
 * @param skipsFaults whether page faults are not looked at
 * @param skipsSemaphores whether new waits for semaphores are not looked at
 */
public record ProbeOptions(
    String loader,
    int ringBytes,
    boolean isFull,
    long slowNs,
    long minWaitNs,
    long stackNs,
    ProbeFilter filter,
    Set<Hook> without,
    long stallNs,
    boolean skipsFaults,
    boolean skipsSemaphores) {
  /** Default of {@link #ringBytes}. */
  public static final int RING_BYTES_DEFAULT = 4 << 20;

  /** Default of {@link #slowNs}: 100 ms. */
  public static final long SLOW_NS_DEFAULT = 100_000_000L;

  /** Default of {@link #minWaitNs}: 1 ms. */
  public static final long MIN_WAIT_NS_DEFAULT = 1_000_000L;

  /** Default of {@link #stackNs}: 100 ms. */
  public static final long STACK_NS_DEFAULT = 100_000_000L;

  /** Default of {@link #stallNs}: 10 s. */
  public static final long STALL_NS_DEFAULT = 10_000_000_000L;

  private static final int RING_BYTES_MIN = 4096;
  private static final int RING_BYTES_MAX = 1 << 30;

  /** Checks the size of the ring. */
  public ProbeOptions {
    if (Integer.bitCount(ringBytes) != 1
        || ringBytes < RING_BYTES_MIN
        || ringBytes > RING_BYTES_MAX) {
      throw new IllegalArgumentException(
          "ring-bytes: "
              + ringBytes
              + " (expected: a power of two from "
              + RING_BYTES_MIN
              + " to "
              + RING_BYTES_MAX
              + ")");
    }
    without = Set.copyOf(without);
  }

  /** Options of which nothing is skipped to save. */
  public ProbeOptions(
      String loader,
      int ringBytes,
      boolean isFull,
      long slowNs,
      long minWaitNs,
      long stackNs,
      ProbeFilter filter,
      Set<Hook> without) {
    this(
        loader,
        ringBytes,
        isFull,
        slowNs,
        minWaitNs,
        stackNs,
        filter,
        without,
        STALL_NS_DEFAULT,
        false,
        false);
  }

  /** The same with another time after which nobody is taken to read. */
  public ProbeOptions withStall(long newStallNs) {
    return new ProbeOptions(
        loader,
        ringBytes,
        isFull,
        slowNs,
        minWaitNs,
        stackNs,
        filter,
        without,
        newStallNs,
        skipsFaults,
        skipsSemaphores);
  }

  /**
   * The same with less detail.
   *
   * @param factor what makes an event must last so many times as long
   */
  public ProbeOptions withLess(
      boolean mayBeFull, int factor, boolean nowSkipsFaults, boolean nowSkipsSemaphores) {
    return new ProbeOptions(
        loader,
        ringBytes,
        isFull && mayBeFull,
        slowNs * factor,
        minWaitNs * factor,
        stackNs * factor,
        filter,
        without,
        stallNs,
        nowSkipsFaults,
        nowSkipsSemaphores);
  }
}
