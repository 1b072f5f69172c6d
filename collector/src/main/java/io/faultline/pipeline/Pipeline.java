package io.faultline.pipeline;

import io.faultline.event.Attempt;
import io.faultline.event.Cell;
import io.faultline.event.CellHistogram;
import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.Fault;
import io.faultline.event.Hang;
import io.faultline.event.HookChange;
import io.faultline.event.InvalidateFail;
import io.faultline.event.LockCell;
import io.faultline.event.LockHistogram;
import io.faultline.event.LockStep;
import io.faultline.event.Mapping;
import io.faultline.event.OperationEnd;
import io.faultline.event.ProbeCounters;
import io.faultline.event.TaskLook;
import io.faultline.event.WatchChange;
import io.faultline.match.LockWait;
import io.faultline.match.Matcher;
import io.faultline.match.Operation;
import io.faultline.match.OperationListener;
import io.faultline.risk.Alert;
import io.faultline.risk.RiskEngine;
import io.faultline.risk.RuleSettings;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A stream's way: decoder, rules, listeners, matcher; and what the matcher and the rules find, to
 * the listeners again. One thread. Nothing is allocated for an event here.
 */
public final class Pipeline implements StreamConsumer {
  private final StreamListener[] listeners;
  private final RiskEngine risk;
  private final Matcher matcher;
  private final EventDecoder decoder = new EventDecoder(new Events());
  private long decodedBefore;
  private long unknownBefore;
  private boolean isFinished;

  /**
   * All that a pipeline knows of its stream, for another one that goes on at the next event, in
   * another process too; it is the pipeline's own, so it is to be written down before the next
   * event. Its form is another one in every version.
   */
  public static final class State implements Serializable {
    private final RiskEngine risk;
    private final Matcher matcher;
    private final long decoded;
    private final long unknown;

    private State(Pipeline pipeline) {
      risk = pipeline.risk;
      matcher = pipeline.matcher;
      decoded = pipeline.decoded();
      unknown = pipeline.unknown();
    }
  }

  /** A pipeline with the default rules. */
  public Pipeline(StreamListener... listeners) {
    this(RuleSettings.DEFAULT, listeners);
  }

  /** A pipeline that tells {@code listeners}, in this order. */
  public Pipeline(RuleSettings rules, StreamListener... listeners) {
    this.listeners = listeners.clone();
    risk = new RiskEngine(rules, this::tell);
    matcher = new Matcher(new Operations());
  }

  /**
   * A pipeline that goes on where another one stopped. What it says of the rest of the stream is
   * what that one would have said; its settings may be other ones.
   *
   * @param state that was written down and read again
   */
  public static Pipeline resume(State state, RuleSettings rules, StreamListener... listeners) {
    return new Pipeline(state, rules, listeners);
  }

  private Pipeline(State state, RuleSettings rules, StreamListener... listeners) {
    this.listeners = listeners.clone();
    risk = state.risk;
    risk.resume(rules, this::tell);
    matcher = state.matcher;
    matcher.resume(new Operations());
    decodedBefore = state.decoded;
    unknownBefore = state.unknown;
  }

  /** What it knows so far. */
  public State state() {
    return new State(this);
  }

  @Override
  public void onEvent(ByteBuffer buffer, int offset) {
    decoder.decode(buffer, offset);
  }

  @Override
  public void onPath(int dev, long ino, String path) {
    for (StreamListener listener : listeners) {
      listener.onPath(dev, ino, path);
    }
  }

  @Override
  public void onName(NameKind kind, long id, String name) {
    for (StreamListener listener : listeners) {
      listener.onName(kind, id, name);
    }
  }

  /** The alerts so far. */
  public List<Alert> alerts() {
    return risk.alerts();
  }

  /** Whether no event that a finding of now may rest on is missing, as far as is known. */
  public boolean isNothingMissing() {
    return risk.isNothingMissing();
  }

  /** Events so far. */
  public long decoded() {
    return decodedBefore + decoder.decoded();
  }

  private long unknown() {
    return unknownBefore + decoder.unknown();
  }

  /** From now on the rules go by other settings; what was found stays. */
  public void setRules(RuleSettings rules) {
    risk.setSettings(rules);
  }

  /** The stream has ended; the second call does nothing. */
  public void finish() {
    if (isFinished) {
      return;
    }
    isFinished = true;
    matcher.finish();
    risk.finish();
    StreamEnd end = new StreamEnd(risk.alerts(), matcher.evicted(), risk.omitted(), unknown());
    for (StreamListener listener : listeners) {
      listener.onEnd(end);
    }
  }

  private void tell(Alert alert) {
    for (StreamListener listener : listeners) {
      listener.onAlert(alert);
    }
  }

  private final class Operations implements OperationListener {
    @Override
    public void onOperation(Operation operation) {
      risk.onOperation(operation);
      for (StreamListener listener : listeners) {
        listener.onOperation(operation);
      }
    }

    @Override
    public void onInFlight(Operation operation) {
      risk.onInFlight(operation);
      for (StreamListener listener : listeners) {
        listener.onInFlight(operation);
      }
    }

    @Override
    public void onLockWait(LockWait wait) {
      risk.onLockWait(wait);
      for (StreamListener listener : listeners) {
        listener.onLockWait(wait);
      }
    }

    @Override
    public void onLockWaiting(LockWait wait) {
      risk.onLockWaiting(wait);
      for (StreamListener listener : listeners) {
        listener.onLockWaiting(wait);
      }
    }
  }

  private final class Events implements EventHandler {
    @Override
    public void onAttempt(Attempt attempt) {
      risk.onAttempt(attempt);
      for (StreamListener listener : listeners) {
        listener.onAttempt(attempt);
      }
      matcher.onAttempt(attempt);
    }

    @Override
    public void onInFlight(Attempt attempt) {
      risk.onInFlight(attempt);
      for (StreamListener listener : listeners) {
        listener.onInFlight(attempt);
      }
      matcher.onInFlight(attempt);
    }

    @Override
    public void onOperationEnd(OperationEnd end) {
      risk.onOperationEnd(end);
      for (StreamListener listener : listeners) {
        listener.onOperationEnd(end);
      }
      matcher.onOperationEnd(end);
    }

    @Override
    public void onLockStep(LockStep step) {
      risk.onLockStep(step);
      for (StreamListener listener : listeners) {
        listener.onLockStep(step);
      }
      matcher.onLockStep(step);
    }

    @Override
    public void onInvalidateFail(InvalidateFail fail) {
      risk.onInvalidateFail(fail);
      for (StreamListener listener : listeners) {
        listener.onInvalidateFail(fail);
      }
    }

    @Override
    public void onFault(Fault fault) {
      risk.onFault(fault);
      for (StreamListener listener : listeners) {
        listener.onFault(fault);
      }
    }

    @Override
    public void onMapping(Mapping mapping) {
      risk.onMapping(mapping);
      for (StreamListener listener : listeners) {
        listener.onMapping(mapping);
      }
    }

    @Override
    public void onTaskLook(TaskLook look) {
      risk.onTaskLook(look);
      for (StreamListener listener : listeners) {
        listener.onTaskLook(look);
      }
    }

    @Override
    public void onHang(Hang hang) {
      risk.onHang(hang);
      for (StreamListener listener : listeners) {
        listener.onHang(hang);
      }
    }

    @Override
    public void onCell(Cell cell) {
      risk.onCell(cell);
      for (StreamListener listener : listeners) {
        listener.onCell(cell);
      }
    }

    @Override
    public void onCellHistogram(CellHistogram histogram) {
      for (StreamListener listener : listeners) {
        listener.onCellHistogram(histogram);
      }
    }

    @Override
    public void onLockCell(LockCell cell) {
      for (StreamListener listener : listeners) {
        listener.onLockCell(cell);
      }
    }

    @Override
    public void onLockHistogram(LockHistogram histogram) {
      for (StreamListener listener : listeners) {
        listener.onLockHistogram(histogram);
      }
    }

    @Override
    public void onProbeCounters(ProbeCounters counters) {
      risk.onProbeCounters(counters);
      for (StreamListener listener : listeners) {
        listener.onProbeCounters(counters);
      }
    }

    @Override
    public void onHookChange(HookChange change) {
      risk.onHookChange(change);
      for (StreamListener listener : listeners) {
        listener.onHookChange(change);
      }
    }

    @Override
    public void onWatchChange(WatchChange change) {
      risk.onWatchChange(change);
      for (StreamListener listener : listeners) {
        listener.onWatchChange(change);
      }
    }
  }
}
