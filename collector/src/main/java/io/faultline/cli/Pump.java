package io.faultline.cli;

import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.live.LiveSource;
import java.io.IOException;
import java.time.Duration;
import sun.misc.Signal;

/** Moves a live stream into a consumer until it is told to stop; then takes what is left. */
final class Pump {
  /** Events taken between two looks at the clock. */
  private static final int BATCH = 4096;

  /** What is to be done between batches. */
  interface Tick {
    /** Called at least every half second; {@code nowNs} is System.nanoTime(). */
    void onTick(long nowNs) throws IOException;
  }

  private final LiveSource source;
  private final StreamConsumer consumer;
  private volatile boolean isStopped;

  Pump(LiveSource source, StreamConsumer consumer) {
    this.source = source;
    this.consumer = consumer;
  }

  /** Stops at the signals that ask a program to end; the command then ends in its own way. */
  Pump stopOnSignals() {
    return stopOn("INT", "TERM", "HUP");
  }

  /** Stops at these signals. */
  Pump stopOn(String... names) {
    for (String name : names) {
      onSignal(name, this::stop);
    }
    return this;
  }

  /** Runs {@code action}, on a thread of its own, at each signal of that name. */
  static void onSignal(String name, Runnable action) {
    Signal.handle(new Signal(name), signal -> action.run());
  }

  /** Ends {@link #run} soon; any thread. */
  void stop() {
    isStopped = true;
  }

  /** Runs until stopped, or for {@code duration} when it is not null. */
  void run(Duration duration, Tick tick) throws IOException {
    long startNs = System.nanoTime();
    while (!isStopped) {
      int count = source.poll(consumer, BATCH);
      long nowNs = System.nanoTime();
      tick.onTick(nowNs);
      if (duration != null && nowNs - startNs >= duration.toNanos()) {
        break;
      }
      if (count < BATCH) {
        source.await();
      }
    }
    finish();
  }

  /** Takes what is there now. */
  void drain() throws IOException {
    while (source.poll(consumer, BATCH) > 0) {
      // until nothing is there
    }
  }

  /** Ends the hits and takes what is left. */
  void finish() throws IOException {
    source.finish();
    while (source.poll(consumer, BATCH) != EventSource.END) {
      // until the last sweep has been handed over
    }
  }
}
