package io.faultline.cli;

import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import io.faultline.terminal.TopScreen;
import io.faultline.terminal.TopTerminal;
import io.faultline.view.LiveState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The screen of top for a replay. */
final class ReplayTop implements AutoCloseable {
  private static final long DRAW_NS = 250_000_000L;
  private static final long PAUSE_NS = 50_000_000L;

  private final LiveState state;
  private final TopTerminal terminal;
  private final TopScreen screen;
  private long drawnNs;

  private ReplayTop(LiveState state, TopTerminal terminal) {
    this.state = state;
    this.terminal = terminal;
    screen = new TopScreen(state.publish(List.of()));
  }

  static ReplayTop open(StreamInfo info) throws IOException, CommandFailure {
    TopTerminal terminal = System.console() == null ? null : TopTerminal.open();
    if (terminal == null) {
      throw new CommandFailure("--top: no terminal (expected: one of at least 40 by 8)");
    }
    return new ReplayTop(new LiveState(info, new OwnUse(() -> 0)), terminal);
  }

  LiveState state() {
    return state;
  }

  /** Draws when it is time to; whether the user wants to leave. */
  boolean isEnded(List<Alert> alerts) {
    try {
      long nowNs = System.nanoTime();
      boolean isDue = nowNs - drawnNs >= DRAW_NS;
      if (isDue) {
        drawnNs = nowNs;
        screen.show(state.publish(alerts));
      }
      if (terminal.takeKeys(screen) || isDue) {
        terminal.draw(screen);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return screen.isEnded();
  }

  /** Shows the end until the user has seen enough. */
  void stay(Pace pace, List<Alert> alerts) {
    while (!pace.isStopped() && !isEnded(alerts)) {
      LockSupport.parkNanos(PAUSE_NS);
    }
  }

  @Override
  public void close() throws IOException {
    terminal.close();
  }
}
