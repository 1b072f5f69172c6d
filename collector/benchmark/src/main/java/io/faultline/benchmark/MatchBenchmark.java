package io.faultline.benchmark;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.EventType;
import io.faultline.event.Probe;
import io.faultline.match.Matcher;
import io.faultline.match.Operation;
import io.faultline.match.OperationListener;
import io.faultline.risk.RiskEngine;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Decoding and matching of one block of events of many tasks, in events per second of one core.
 *
 * <p>The block ends with all its operations, so that every invocation begins with none open.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class MatchBenchmark {
  private static final int EVENTS = 4096;
  private static final int TASKS = 64;
  private static final int BTRFS = 0x9123683E;
  private static final long BYTES = 16384;

  /** Operations of a hundred that are retried. */
  @Param({"0", "10", "100"})
  public int retriedPercent;

  private final ByteBuffer block =
      ByteBuffer.allocateDirect(EVENTS * Event.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final Sums sums = new Sums();
  private EventDecoder decoder;
  private EventDecoder judging;

  /** Takes operations and keeps none. */
  private static final class Sums implements OperationListener {
    private long operations;
    private long retryNs;

    @Override
    public void onOperation(Operation operation) {
      operations++;
      retryNs += operation.retryNs();
    }

    @Override
    public void onInFlight(Operation operation) {}
  }

  /** Fills the block. */
  @Setup(Level.Trial)
  public void fill() {
    Matcher matcher = new Matcher(sums);
    decoder = new EventDecoder(matcher);
    Random random = new Random(1);
    EventBuilder event = new EventBuilder();
    long[] operationNs = new long[TASKS];
    boolean[] isMissed = new boolean[TASKS];
    int open = 0;
    long nowNs = 1_000_000;
    for (int i = 0; i < EVENTS; i++) {
      int task = random.nextInt(TASKS);
      boolean isLast = EVENTS - i <= open; // the rest of the block is needed to end what is open
      while (isLast && !isMissed[task]) {
        task = (task + 1) % TASKS;
      }
      nowNs += 1 + random.nextInt(20_000);
      boolean isRetry = isMissed[task];
      boolean hasRoom = EVENTS - i > open + 1;
      boolean isMiss = !isRetry && hasRoom && random.nextInt(100) < retriedPercent;
      if (!isRetry) {
        operationNs[task] = nowNs;
      }
      long done = isRetry ? BYTES / 2 : 0;
      event
          .begin(EventType.ATTEMPT, Probe.DIO_COMPLETE, task % 8, nowNs + 10_000)
          .seq(i)
          .task(1000 + task, 1000 + task)
          .attemptOperation(
              0xffffc90000000000L + 0x4000L * task, operationNs[task], isRetry ? 1 : 0)
          .attemptFile(8 << 20 | 17, BTRFS, 257 + task)
          .attemptRange(4096 + done, BYTES - done, done)
          .attemptTimes(nowNs, 10_000)
          .attemptFlags(Attempt.NOFAULT | Attempt.FAULTS_DISABLED, "task" + task)
          .attemptEnd(
              isMiss ? AttemptEnd.MISS_PARTIAL : AttemptEnd.FULL, isMiss ? BYTES / 2 : BYTES);
      block.put(i * Event.BYTES, event.buffer(), 0, Event.BYTES);
      isMissed[task] = isMiss;
      open += isMiss ? 1 : 0;
      open -= isRetry ? 1 : 0;
    }
    judge();
    decodeAndMatch();
    if (matcher.open() != 0) {
      throw new IllegalStateException("open: " + matcher.open() + " (expected: 0)");
    }
  }

  /** The block. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long decodeAndMatch() {
    for (int offset = 0; offset < EVENTS * Event.BYTES; offset += Event.BYTES) {
      decoder.decode(block, offset);
    }
    return sums.operations + sums.retryNs;
  }

  /** Rules and matcher on the same events. */
  private void judge() {
    RiskEngine risk = new RiskEngine();
    Matcher matcher = new Matcher(risk);
    judging =
        new EventDecoder(
            new EventHandler() {
              @Override
              public void onAttempt(Attempt attempt) {
                risk.onAttempt(attempt);
                matcher.onAttempt(attempt);
              }
            });
  }

  /** The block, with the rules. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long decodeMatchAndJudge() {
    for (int offset = 0; offset < EVENTS * Event.BYTES; offset += Event.BYTES) {
      judging.decode(block, offset);
    }
    return judging.decoded();
  }
}
