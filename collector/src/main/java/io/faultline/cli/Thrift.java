package io.faultline.cli;

import io.faultline.budget.BudgetLimits;
import io.faultline.budget.Cost;
import io.faultline.budget.DutyMeter;
import io.faultline.budget.Ladder;
import io.faultline.budget.Level;
import io.faultline.event.Event;
import io.faultline.probe.MapMemory;
import io.faultline.probe.ProbeOptions;
import io.faultline.probe.ProbeTime;
import io.faultline.probe.RunStatistics;
import io.faultline.source.live.LiveSource;
import java.util.OptionalLong;

/**
 * Keeps the agent within its budget: measures what it costs and gives up detail, or takes it up
 * again, as {@link Ladder} says. One thread but for {@link #probeNs}.
 */
final class Thrift implements AutoCloseable {
  private static final long LOOK_NS = 5_000_000_000L;

  /** Until then a JVM that starts is dearer than it will be. */
  private static final long WARM_UP_NS = 15_000_000_000L;

  private static final int FACTOR = 10;

  private final LiveSource source;
  private final Messages messages;
  private final OwnUse use;
  private final DutyMeter meter;
  private final long startNs = System.nanoTime();
  private BudgetLimits limits;
  private ProbeOptions options;
  private Ladder ladder;
  private long lookedNs = startNs;
  private long eventsAtLook;
  private boolean isRefusalSaid;
  private volatile OptionalLong probeNs = OptionalLong.empty();

  Thrift(BudgetLimits limits, ProbeOptions options, LiveSource source, Messages messages) {
    this.source = source;
    this.messages = messages;
    use = new OwnUse(source::ringUsedBytes);
    meter = new DutyMeter(new Programs(), Runtime.getRuntime().availableProcessors());
    configure(limits, options);
  }

  /**
   * Checks what is known before anything is attached.
   *
   * @throws CommandFailure when maps and ring would lock more than may be
   */
  static void check(BudgetLimits limits, ProbeOptions options) throws CommandFailure {
    long locked = MapMemory.bytes(options.ringBytes());
    if (locked > limits.lockedBytes()) {
      throw new CommandFailure(
          String.format(
              "budget.locked: %d MiB, and maps and ring of %d possible CPUs take %d MiB (expected:"
                  + " more, or a smaller source.ring)",
              limits.lockedBytes() >> 20, MapMemory.possibleCpus(), (locked >> 20) + 1));
    }
  }

  /** Another configuration: all that was given up is watched again, until it is too dear again. */
  void configure(BudgetLimits newLimits, ProbeOptions newOptions) {
    boolean isLess = ladder != null && ladder.level() != Level.ALL;
    limits = newLimits;
    options = newOptions.withStall(newLimits.stall().toNanos());
    ladder = new Ladder(limits, options.isFull());
    if (isLess) {
      source.watch(options, Level.ALL.number(), "another configuration");
    } else {
      source.probes().configure(options);
    }
  }

  /** CPU time of the programs so far, when the kernel measures it; any thread. */
  OptionalLong probeNs() {
    return probeNs;
  }

  void tick(long nowNs) {
    meter.tick(nowNs);
    probeNs = meter.totalNs();
    if (meter.isRefused() && !isRefusalSaid) {
      isRefusalSaid = true;
      messages.say(
          "budget.probes is not held: the kernel does not measure programs for us (expected:"
              + " CAP_SYS_ADMIN)");
    }
    if (nowNs - lookedNs < LOOK_NS) {
      return;
    }
    double seconds = (nowNs - lookedNs) / 1e9;
    long events = source.delivered();
    Cost cost =
        new Cost(
            meter.share(),
            Math.max(0, use.cpuRatio()),
            Math.max(0, use.rssBytes()),
            (events - eventsAtLook) * Event.BYTES / seconds);
    lookedNs = nowNs;
    eventsAtLook = events;
    if (nowNs - startNs >= WARM_UP_NS) {
      ladder.look(cost, nowNs).ifPresent(this::take);
    }
  }

  private void take(Ladder.Step step) {
    source.watch(applied(step.level()), step.level().number(), step.why());
    messages.say("budget: " + step.why() + "; from now on: " + step.level().label);
  }

  private ProbeOptions applied(Level level) {
    return options.withLess(
        level == Level.ALL,
        level.compareTo(Level.LONGER) >= 0 ? FACTOR : 1,
        level.compareTo(Level.NO_FAULTS) >= 0,
        level.compareTo(Level.NO_SEMAPHORES) >= 0);
  }

  @Override
  public void close() {
    meter.close();
  }

  /** The kernel's measurement of our programs. */
  private final class Programs implements DutyMeter.RunTimes {
    private RunStatistics statistics;

    @Override
    public boolean begin() {
      statistics = source.probes().measure();
      return statistics != null || ProbeTime.isOn();
    }

    @Override
    public long totalNs() {
      return ProbeTime.ns().orElse(0);
    }

    @Override
    public void end() {
      if (statistics != null) {
        statistics.close();
        statistics = null;
      }
    }
  }
}
