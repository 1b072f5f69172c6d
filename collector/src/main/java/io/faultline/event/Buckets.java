package io.faultline.event;

import java.util.Arrays;

/** Durations by powers of two: bucket b counts [2^b, 2^(b+1)) ns. One thread. */
public final class Buckets {
  private final long[] counts = new long[CellHistogram.BUCKETS];

  /** Takes the part over. */
  public void set(CellHistogram part) {
    for (int i = 0; i < CellHistogram.PART; i++) {
      set(part.firstBucket() + i, part.count(i));
    }
  }

  /** Takes the part over. */
  public void set(LockHistogram part) {
    for (int i = 0; i < CellHistogram.PART; i++) {
      set(part.firstBucket() + i, part.count(i));
    }
  }

  private void set(int bucket, long count) {
    if (bucket >= 0 && bucket < counts.length) {
      counts[bucket] = count;
    }
  }

  /** Takes over what {@code newer} has; what it has more is added to {@code increase}. */
  public void advanceTo(Buckets newer, Buckets increase) {
    for (int i = 0; i < counts.length; i++) {
      increase.counts[i] += Math.max(0, newer.counts[i] - counts[i]);
      counts[i] = Math.max(counts[i], newer.counts[i]);
    }
  }

  /** Adds all counts of another one. */
  public void add(Buckets other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
  }

  /** Forgets everything. */
  public void clear() {
    Arrays.fill(counts, 0);
  }

  /** The counts, from bucket 0. */
  public long[] counts() {
    return counts.clone();
  }

  /** Number of the highest bucket that is not empty, or -1. */
  public int top() {
    int bucket = counts.length - 1;
    while (bucket >= 0 && counts[bucket] == 0) {
      bucket--;
    }
    return bucket;
  }

  /**
   * Upper edge, in nanoseconds, of the bucket that holds this share of the durations; 0 when there
   * are none.
   *
   * @param share from 0 to 1
   */
  public long edgeNs(double share) {
    long count = 0;
    for (long bucket : counts) {
      count += bucket;
    }
    long rank = (long) Math.ceil(share * count);
    for (int bucket = 0; bucket < counts.length && count > 0; bucket++) {
      rank -= counts[bucket];
      if (rank <= 0) {
        return 1L << (bucket + 1);
      }
    }
    return 0;
  }
}
