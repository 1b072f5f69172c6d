package io.faultline.cli;

import io.faultline.pipeline.Pipeline;
import io.faultline.source.EventSource;
import io.faultline.source.kafka.KafkaSource;
import io.faultline.view.LiveState;
import io.faultline.view.Picture;
import java.io.IOException;

/** The stream of another host, as its agent sends it to Kafka, for the screen of top. */
final class FleetTop implements AutoCloseable {
  private static final int BATCH = 4096;

  /** An agent says its totals every second. */
  private static final long SILENT_NS = 10_000_000_000L;

  private final KafkaOptions options;
  private KafkaSource source;
  private LiveState state;
  private Pipeline pipeline;
  private long heardNs = System.nanoTime();
  private volatile boolean isStopped;

  private FleetTop(KafkaOptions options) throws IOException {
    this.options = options;
    open();
  }

  /** Begins with what the last minute was. */
  static FleetTop open(KafkaOptions options) throws IOException {
    FleetTop top = new FleetTop(options);
    for (String signal : new String[] {"INT", "TERM", "HUP"}) {
      Pump.onSignal(signal, top::stop);
    }
    return top;
  }

  private void open() throws IOException {
    source = options.follow();
    state = new LiveState(source.info(), new OwnUse(() -> 0));
    pipeline = new Pipeline(state);
  }

  /** Ends {@link #run} soon; any thread. */
  void stop() {
    isStopped = true;
  }

  /** What is to be seen now. */
  Picture publish() {
    return state.publish(pipeline.alerts());
  }

  /** What is not as it should be; empty when nothing is. */
  String note() {
    long silentNs = System.nanoTime() - heardNs;
    return silentNs < SILENT_NS
        ? ""
        : "nothing heard of " + options.host() + " for " + silentNs / 1_000_000_000 + " s";
  }

  /** Runs until stopped; another run of the host begins another picture. */
  void run(Pump.Tick tick) throws IOException {
    while (!isStopped) {
      int count = source.poll(pipeline, BATCH);
      if (count > 0) {
        heardNs = System.nanoTime();
      }
      if (count == EventSource.END) {
        source.close();
        open();
      }
      tick.onTick(System.nanoTime());
    }
  }

  @Override
  public void close() {
    source.close();
  }
}
