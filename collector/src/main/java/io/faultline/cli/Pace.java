package io.faultline.cli;

import io.faultline.event.Event;
import io.faultline.source.EventSource;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/** Moves a stream that is all there into a consumer as fast as its events once came. */
final class Pace implements StreamConsumer {
  /** {@link #speed} without any waiting. */
  static final double MAX = Double.POSITIVE_INFINITY;

  private static final int BATCH = 4096;
  private static final long STOP_LATENCY_NS = 100_000_000L;

  private final StreamConsumer next;
  private final double speed;
  private Runnable tick = () -> {};
  private volatile boolean isStopped;
  private boolean isBegun;
  private long firstKtimeNs;
  private long beganNs;

  /** {@code speed} seconds of the stream take one; {@link #MAX} for no waiting. */
  Pace(StreamConsumer next, double speed) {
    this.next = next;
    this.speed = speed;
  }

  /** Is run on the same thread, ten times a second or more. */
  void tick(Runnable newTick) {
    tick = newTick;
  }

  /** Ends {@link #run} soon; any thread. */
  void stop() {
    isStopped = true;
  }

  /** Runs until the stream ends or {@link #stop}. */
  void run(EventSource source) throws IOException {
    firstKtimeNs = source.info().ktimeNs();
    StreamConsumer consumer = speed == MAX ? next : this;
    while (!isStopped && source.poll(consumer, BATCH) != EventSource.END) {
      tick.run();
    }
  }

  /** Whether {@link #stop} was called. */
  boolean isStopped() {
    return isStopped;
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    await(Event.ktimeNsOf(buffer, offset));
    if (!isStopped) {
      next.onEvent(buffer, offset);
    }
  }

  private void await(long ktimeNs) {
    if (!isBegun) {
      isBegun = true;
      beganNs = System.nanoTime();
    }
    long dueNs = beganNs + (long) ((ktimeNs - firstKtimeNs) / speed);
    long leftNs = dueNs - System.nanoTime();
    while (leftNs > 0 && !isStopped) {
      tick.run();
      LockSupport.parkNanos(Math.min(leftNs, STOP_LATENCY_NS));
      leftNs = dueNs - System.nanoTime();
    }
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    next.onPath(dev, ino, path);
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    next.onName(kind, id, name);
  }
}
