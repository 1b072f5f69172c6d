package io.faultline.risk;

import io.faultline.event.Attempt;
import io.faultline.event.Cell;
import io.faultline.event.Event;
import io.faultline.event.EventHandler;
import io.faultline.event.Fault;
import io.faultline.event.Hang;
import io.faultline.event.HookChange;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockStep;
import io.faultline.event.Mapping;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.event.ProbeCounters;
import io.faultline.event.TaskLook;
import io.faultline.event.WatchChange;
import io.faultline.match.Operation;
import io.faultline.match.OperationListener;
import java.io.Serializable;
import java.util.List;
import java.util.function.Consumer;

/**
 * The rules: takes events in stream order and, from the same matcher, operations; keeps alerts.
 *
 * <p>Everything is bounded; what does not fit is left out and counted.
 */
public final class RiskEngine implements EventHandler, OperationListener, Serializable {
  private static final Probe LAST_PROBE = Probe.of(Probe.values().length - 1);

  private final Loss loss = new Loss();
  private final AlertBook book;
  private final OperationRules operations;
  private final OrderRules order;
  private final GrantRules grants;
  private final WaitRules waits;
  private transient RuleSettings settings;

  /** An engine with the default thresholds, whose alerts are told to nobody. */
  public RiskEngine() {
    this(RuleSettings.DEFAULT, alert -> {});
  }

  /** An engine with all rules on, that tells {@code listener} as the next one does. */
  public RiskEngine(Thresholds thresholds, Consumer<Alert> listener) {
    this(RuleSettings.of(thresholds), listener);
  }

  /** An engine that tells {@code listener} of every alert that begins, changes state, or ends. */
  public RiskEngine(RuleSettings settings, Consumer<Alert> listener) {
    this.settings = settings;
    Thresholds thresholds = settings.thresholds();
    book = new AlertBook(loss, listener);
    book.setSettings(settings);
    operations = new OperationRules(book, thresholds);
    order = new OrderRules(book, loss);
    grants = new GrantRules(book, loss, thresholds);
    waits = new WaitRules(book, loss, thresholds);
  }

  /** From now on goes by other settings; what was found stays. */
  public void setSettings(RuleSettings newSettings) {
    settings = newSettings;
    book.setSettings(newSettings);
    operations.setThresholds(newSettings.thresholds());
    grants.setThresholds(newSettings.thresholds());
    waits.setThresholds(newSettings.thresholds());
  }

  /** Goes on where another one stopped that was written down and read again. */
  public void resume(RuleSettings newSettings, Consumer<Alert> listener) {
    book.setListener(listener);
    setSettings(newSettings);
  }

  /** All alerts, in the order in which their causes were first seen. */
  public List<Alert> alerts() {
    return book.all();
  }

  /** Things that were not followed, and alerts that were given up, because there was no room. */
  public long omitted() {
    return operations.omitted()
        + order.omitted()
        + grants.omitted()
        + waits.omitted()
        + book.evicted();
  }

  /** Whether no event that a finding of now may rest on is missing, as far as is known. */
  public boolean isNothingMissing() {
    return loss.isNothingMissing();
  }

  /** The stream has ended: the last look is judged. */
  public void finish() {
    waits.judge();
  }

  private void see(Event event) {
    if (loss.see(event)) {
      book.doubt(loss.cleanNs());
    }
    waits.passed(event.ktimeNs()); // knowing whether anything before is missing
  }

  @Override
  public void onLockStep(LockStep step) {
    see(step);
    order.onLockStep(step);
    grants.onLockStep(step);
    waits.onLockStep(step);
  }

  @Override
  public void onTaskLook(TaskLook look) {
    see(look);
    waits.onTaskLook(look);
  }

  @Override
  public void onMapping(Mapping mapping) {
    if (loss.see(mapping)) { // it has the time of the miss, which may be before the latest look
      book.doubt(loss.cleanNs());
    }
    order.onMapping(mapping);
  }

  @Override
  public void onAttempt(Attempt attempt) {
    see(attempt);
    operations.onAttempt(attempt);
  }

  @Override
  public void onInFlight(Attempt attempt) {
    see(attempt);
  }

  @Override
  public void onOperationEnd(OperationEnd end) {
    see(end);
  }

  @Override
  public void onFault(Fault fault) {
    see(fault);
  }

  @Override
  public void onInvalidateFail(InvalidateFail fail) {
    see(fail);
    operations.onInvalidateFail(fail);
  }

  @Override
  public void onHang(Hang hang) {
    see(hang);
    waits.onHang(hang);
  }

  @Override
  public void onHookChange(HookChange change) {
    waits.passed(change.ktimeNs());
    if (loss.set(change)) {
      book.doubt(loss.cleanNs());
    }
  }

  @Override
  public void onWatchChange(WatchChange change) {
    waits.passed(change.ktimeNs());
    if (loss.set(change)) {
      book.doubt(loss.cleanNs());
    }
  }

  @Override
  public void onCell(Cell cell) {
    waits.passed(cell.ktimeNs());
    operations.onCell(cell);
  }

  @Override
  public void onProbeCounters(ProbeCounters counters) {
    waits.passed(counters.ktimeNs());
    if (loss.set(counters)) {
      book.doubt(loss.cleanNs());
    }
    boolean isLast = counters.cpu() == Event.CPU_NONE && counters.probe() == LAST_PROBE;
    if (isLast) {
      // The sweep says the totals of all probes after what it saw: whether that is complete.
      loss.endOfCounters();
      waits.judge();
      book.resolveQuiet(counters.ktimeNs() - settings.thresholds().quietNs(), counters.ktimeNs());
    }
  }

  // ---- operations, from the matcher ----

  @Override
  public void onOperation(Operation operation) {
    operations.onOperation(operation);
    order.onOperation(operation);
    waits.onOperation(operation);
  }

  @Override
  public void onInFlight(Operation operation) {
    waits.onInFlight(operation);
  }
}
