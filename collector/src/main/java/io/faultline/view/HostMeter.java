package io.faultline.view;

import io.faultline.event.Cell;
import io.faultline.event.LockCell;
import io.faultline.event.ProbeCounters;
import io.faultline.pipeline.StreamListener;

/** What a host's stream comes to in a row of the page of a collector. The pipeline's thread. */
public final class HostMeter implements StreamListener {
  private final KernelCounts counts = new KernelCounts(0);

  @Override
  public void onCell(Cell cell) {
    counts.onCell(cell);
  }

  @Override
  public void onLockCell(LockCell cell) {
    counts.onLockCell(cell);
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    var unused = counts.onProbeCounters(counters);
  }

  /**
   * The row.
   *
   * @param missing events that never came
   */
  public FleetPicture.Host host(
      String name, long lastSeenMs, long waiting, long firing, long missing) {
    Picture.Balance balance = counts.balance();
    return new FleetPicture.Host(
        name,
        lastSeenMs,
        counts.rates(),
        waiting,
        firing,
        balance.hits(),
        balance.lost() + missing);
  }
}
