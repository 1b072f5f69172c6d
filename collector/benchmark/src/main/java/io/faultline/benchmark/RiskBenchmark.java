package io.faultline.benchmark;

import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.pipeline.Pipeline;
import io.faultline.pipeline.StreamEnd;
import io.faultline.pipeline.StreamListener;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Matcher and rules where every glock of a big host is an event: 100,000 tasks take two each of
 * 1,000,000 glocks in turn, one inside the other, and give them back; one request in a hundred
 * waits. In a heap of 64 MiB, so that what is kept without a bound would end it. An operation of
 * the benchmark is one event.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx64m"})
public class RiskBenchmark {
  private static final int TASKS = 100_000;
  private static final int GLOCKS = 1_000_000;
  private static final int ROUNDS = 8192;
  private static final int EVENTS = ROUNDS * 6;
  private static final int DEV = 254 << 20;

  private final ByteBuffer block =
      ByteBuffer.allocateDirect(EVENTS * Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final Random random = new Random(1);
  private final Last last = new Last();
  private final Pipeline pipeline = new Pipeline(last);
  private final EventBuilder builder = new EventBuilder();
  private final int[] seqs = new int[Probe.values().length];
  private long ns = 1_000_000_000L;
  private long decoded;

  /** Keeps how it ended. */
  private static final class Last implements StreamListener {
    StreamEnd end;

    @Override
    public void onEnd(StreamEnd streamEnd) {
      end = streamEnd;
    }
  }

  /** A new block of requests, by other tasks and for other glocks than the last one. */
  @Setup(org.openjdk.jmh.annotations.Level.Invocation)
  public void fill() {
    for (int round = 0; round < ROUNDS; round++) {
      int tid = 1 + random.nextInt(TASKS);
      // Always the lower number first: an order that is never inverted.
      long outer = 1L + random.nextInt(GLOCKS - 1);
      long inner = outer + 1;
      boolean hasWaited = random.nextInt(100) == 0;
      long outerNs = put(round * 6, LockStep.Kind.REQUEST, tid, outer, 0, false);
      put(round * 6 + 1, LockStep.Kind.GRANT, tid, outer, outerNs, hasWaited);
      long innerNs = put(round * 6 + 2, LockStep.Kind.REQUEST, tid, inner, 0, false);
      put(round * 6 + 3, LockStep.Kind.GRANT, tid, inner, innerNs, false);
      put(round * 6 + 4, LockStep.Kind.RELEASE, tid, inner, innerNs, false);
      put(round * 6 + 5, LockStep.Kind.RELEASE, tid, outer, outerNs, false);
    }
  }

  private long put(
      int index, LockStep.Kind kind, int tid, long number, long requestNs, boolean hasWaited) {
    ns += 1000;
    boolean isQueue = kind != LockStep.Kind.GRANT;
    Probe probe = isQueue ? Probe.GLOCK_QUEUE : Probe.GLOCK_PROMOTE;
    long sinceNs = requestNs == 0 ? ns : requestNs;
    builder
        .begin(EventType.LOCK, probe, 0, ns)
        .seq(seqs[probe.number()]++)
        .task(tid, tid)
        .lock(LockClass.GLOCK, DEV, 2, number, 0xffff888000000000L + number * 512)
        .lockRequest(
            kind,
            0xffffc90000000000L + tid * 4096L + (number & 1) * 64,
            sinceNs,
            kind == LockStep.Kind.REQUEST ? 0 : sinceNs + 500,
            LockMode.SHARED)
        .lockTask(0x81, "worker", hasWaited ? LockStep.WAITED : 0, 0);
    block.put(index * Event.BYTES, builder.buffer(), 0, Event.BYTES);
    return sinceNs;
  }

  /** Says what had to be given up; fails when the rules believe that something is wrong. */
  @TearDown
  public void end() {
    pipeline.finish();
    System.out.printf(
        "%,d events; %,d things were not followed for want of room; %d alerts%n",
        decoded, last.end.omitted(), last.end.alerts().size());
    if (!last.end.alerts().isEmpty()) {
      throw new IllegalStateException(
          "alerts: " + last.end.alerts().get(0).title() + " (expected: none)");
    }
  }

  /** One block through matcher and rules. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long matchAndJudge() {
    for (int offset = 0; offset < EVENTS * Event.BYTES; offset += Event.BYTES) {
      pipeline.onEvent(block, offset);
    }
    decoded += EVENTS;
    return pipeline.decoded();
  }
}
