package io.faultline.source.live;

import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventType;
import io.faultline.event.Fault;
import io.faultline.probe.KernelFeatures;
import io.faultline.probe.ProbeException;
import io.faultline.probe.ProbeOptions;
import io.faultline.probe.ProbeSet;
import io.faultline.probe.task.TaskFiles;
import io.faultline.ring.RingReader;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;

/**
 * Events of the running kernel.
 *
 * <p>{@link #poll} drains the ring and, every {@value #SWEEP_MS} ms, adds what the sweep finds.
 * {@link #finish} ends the hits; polls after it hand over what is left, a last sweep and the final
 * counters, and then {@link #END}. One thread.
 */
public final class LiveSource implements EventSource {
  /** Time between two sweeps. */
  public static final int SWEEP_MS = 500;

  private static final int PACE_MS = 5;

  /** Programs look at the clock once a jiffy. */
  private static final long STALLED_FOR_SURE_NS = 20_000_000L;

  private static final long SWEEP_NS = SWEEP_MS * 1_000_000L;

  /** Two clocks that were read within so long belong together. */
  private static final long READ_NS = 100_000_000L;

  private final ProbeSet probes;
  private final RingReader ring;
  private final StreamInfo info;
  private final Sweep sweep;
  private final PathFinder paths;
  private final EventDecoder pathDecoder;
  private final NameFinder names;
  private final EventDecoder nameDecoder;
  private final MappingFinder mappings;
  private final EventDecoder mappingDecoder;
  private final TaskFiles files = new TaskFiles();
  private final TaskWatch tasks;
  private final ArrayDeque<Change> changes = new ArrayDeque<>();
  private StreamConsumer consumer;
  private long clockStepNs;
  private long sweptNs;
  private long delivered;
  private boolean isFinished;
  private boolean isEnded;

  private LiveSource(ProbeSet probes, ProbeOptions options) throws IOException {
    this.probes = probes;
    ring = new RingReader(probes.consumerPage(), probes.producerPage(), probes.ringData());
    info = describe(probes, options);
    tasks = new TaskWatch(probes.facts(), files);
    sweep = new Sweep(probes, tasks, files);
    paths = new PathFinder(probes.facts());
    pathDecoder = new EventDecoder(paths);
    mappings = new MappingFinder(probes.facts(), this::sayMapping);
    mappingDecoder = new EventDecoder(mappings);
    names = new NameFinder(probes.facts(), probes::stack);
    nameDecoder = new EventDecoder(names);
    sweptNs = info.ktimeNs();
  }

  /**
   * Attaches to the running kernel.
   *
   * @throws ProbeException when that is not possible; its message says why and what to do
   */
  public static LiveSource open(KernelFeatures features, ProbeOptions options) throws IOException {
    ProbeSet probes = ProbeSet.attach(features, options);
    try {
      return new LiveSource(probes, options);
    } catch (IOException | RuntimeException e) {
      probes.close();
      throw e;
    }
  }

  private static StreamInfo describe(ProbeSet probes, ProbeOptions options) throws IOException {
    String hostName = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    String kernel = Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
    String bootId = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    long ktimeNs = System.nanoTime(); // CLOCK_MONOTONIC on Linux, as bpf_ktime_get_ns()
    return new StreamInfo(
        hostName,
        kernel,
        bootId,
        wallNsNow(), // at once: what passes in between looks as if somebody had set the clock
        ktimeNs,
        probes.loader(),
        options.isFull() ? "full" : "normal",
        options.filter().describe(),
        probes.hooks());
  }

  private static long wallNsNow() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  @Override
  public StreamInfo info() {
    return info;
  }

  /** By how much the wall clock was set since this was last asked, in ns. */
  public long takeClockStepNs() {
    long taken = clockStepNs;
    clockStepNs = 0;
    return taken;
  }

  private void lookAtClock() {
    long beforeNs = System.nanoTime();
    long wallNs = wallNsNow();
    if (System.nanoTime() - beforeNs < READ_NS) { // else it was interrupted in between
      clockStepNs += info.noteClock(wallNs, beforeNs);
    }
  }

  /** What is attached, for reading costs and changing settings. */
  public ProbeSet probes() {
    return probes;
  }

  /** Events of the ring that were handed over. */
  public long delivered() {
    return delivered;
  }

  /** Bytes in the ring that have not been read. */
  public long ringUsedBytes() {
    return ring.usedBytes();
  }

  /**
   * Waits until events may be there, at least {@value #PACE_MS} ms and at most until the next
   * sweep.
   *
   * <p>The kernel wakes a reader that has caught up, which costs the task that made the event some
   * microseconds. Reading at a pace of its own the reader is behind almost always, and takes what
   * has come in one batch.
   *
   * <p>A wake-up before this call is not missed: poll(2) on the ring's descriptor enters the wait
   * queue, then compares the positions (ringbuf_map_poll_kern() in kernel/bpf/ringbuf.c), and does
   * not sleep while anything is reserved or unread. Once they are equal the next record begins at
   * the consumer position, which is when bpf_ringbuf_commit() wakes; the sweep bounds the wait.
   */
  public void await() {
    LockSupport.parkNanos(PACE_MS * 1_000_000L);
    long leftNs = sweptNs + SWEEP_NS - System.nanoTime();
    if (leftNs > 0 && !isFinished) {
      probes.awaitEvents(Duration.ofNanos(leftNs).plusMillis(1));
    }
  }

  /** Ends all hits. */
  public void finish() {
    if (!isFinished) {
      isFinished = true;
      probes.detach();
    }
  }

  @Override
  public int poll(StreamConsumer newConsumer, int limit) throws IOException {
    if (isEnded) {
      return END;
    }
    consumer = newConsumer;
    tasks.use(newConsumer);
    mappings.refill();
    long nowNs = System.nanoTime();
    if (probes.isStalled(nowNs) && !isFinished) {
      nowNs = goOn(limit);
    }
    probes.beat(nowNs);
    handOverChanges(nowNs);
    boolean isSweepDue = nowNs - sweptNs >= SWEEP_NS;
    int count =
        ring.poll(
            this::handOverRecord,
            // What the sweep says of an operation comes after all that the ring has of it.
            isSweepDue ? Integer.MAX_VALUE : limit);
    if (isSweepDue || (isFinished && count == 0)) {
      sweptNs = nowNs;
      lookAtClock();
      isEnded = isFinished && count == 0;
      count += sweep.run(this::handOver, nowNs, isEnded);
      if (isEnded) {
        names.nameLastStacks();
      } else {
        names.nameStacks();
      }
    }
    return count;
  }

  /**
   * Goes on after a time in which nobody read: what had been seen before it comes first, then what
   * is missing, and only then do the programs look again.
   *
   * @return the time now
   */
  private long goOn(int limit) {
    int count;
    do {
      count = ring.poll(this::handOverRecord, limit);
    } while (count > 0);
    long leftNs = probes.stalledFromNs() + STALLED_FOR_SURE_NS - System.nanoTime();
    if (leftNs > 0) {
      LockSupport.parkNanos(leftNs);
    }
    probes.forgetBegun();
    long nowNs = System.nanoTime();
    sweep.sayStalled(this::handOver, nowNs, probes.stalledFromNs());
    return nowNs;
  }

  /** From the next {@link #poll} on less, or more, is watched; {@code why} in words. */
  public void watch(ProbeOptions options, int level, String why) {
    probes.configure(options);
    changes.add(new Change(level, why));
  }

  private record Change(int level, String why) {}

  private void handOverChanges(long nowNs) {
    for (Change change; (change = changes.poll()) != null; ) {
      sweep.sayLevel(this::handOver, nowNs, change.level(), change.why());
    }
  }

  private void handOverRecord(ByteBuffer data, int offset, int length) {
    if (length == Event.BYTES) { // a record of another length is missed in the balance
      delivered++;
      handOver(data, offset);
    }
  }

  private void handOver(ByteBuffer data, int offset) {
    consumer.onEvent(data, offset);
    paths.use(consumer);
    pathDecoder.decode(data, offset);
    names.use(consumer);
    nameDecoder.decode(data, offset);
    mappingDecoder.decode(data, offset);
  }

  private void sayMapping(Fault fault, int dev, long ino, String comm) {
    EventBuilder event = sweep.event(EventType.MAPPING, fault.ktimeNs());
    event.mappingOf(fault, comm).mapped(dev, ino);
    consumer.onEvent(event.buffer(), 0);
  }

  @Override
  public void close() {
    files.close();
    probes.close();
  }
}
