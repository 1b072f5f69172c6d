package io.faultline.cli;

import io.faultline.pipeline.Pipeline;
import io.faultline.source.live.LiveSource;
import io.faultline.terminal.PlainTables;
import io.faultline.terminal.TopScreen;
import io.faultline.terminal.TopTerminal;
import io.faultline.view.LiveState;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code top}. */
@Command(
    name = "top",
    description =
        "Shows rates, the operations that cost most, who waits for which lock, and alerts, live.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Keys: 1 2 3 operations, locks, alerts; arrows and Enter for details; s sorts, / filters,",
      "p pauses, ? helps, q ends. Not on a terminal, each interval is printed below the last one."
    })
final class TopCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--interval",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      defaultValue = "1s",
      description = "time between two pictures; default ${DEFAULT-VALUE}")
  private Duration interval;

  @Option(names = "--count", paramLabel = "N", description = "end after that many pictures")
  private Integer count;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "8",
      description = "rows a table; default ${DEFAULT-VALUE}")
  private int rows;

  @Mixin private LiveOptions live;

  @Override
  public Integer call() throws IOException {
    try (LiveSource source = live.open(LiveOptions.Detail.NORMAL)) {
      LiveState state = new LiveState(source.info(), new OwnUse(source::ringUsedBytes));
      Pipeline pipeline = new Pipeline(state);
      Pump pump = new Pump(source, pipeline).stopOnSignals();
      if (System.console() == null || count != null) {
        print(pump, pipeline, state);
        return 0;
      }
      try (TopTerminal terminal = TopTerminal.open()) {
        if (terminal == null) {
          print(pump, pipeline, state);
        } else {
          drive(pump, pipeline, state, terminal);
        }
      }
    }
    return 0;
  }

  /** One picture below the other. */
  private void print(Pump pump, Pipeline pipeline, LiveState state) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    long[] shown = {System.nanoTime(), 0};
    pump.run(
        null,
        nowNs -> {
          if (nowNs - shown[0] < interval.toNanos()) {
            return;
          }
          shown[0] = nowNs;
          PlainTables.of(state.publish(pipeline.alerts()), rows).forEach(out::println);
          out.flush();
          shown[1]++;
          if (count != null && shown[1] >= count) {
            pump.stop();
          }
        });
  }

  /** A screen that keys drive. */
  private void drive(Pump pump, Pipeline pipeline, LiveState state, TopTerminal terminal)
      throws IOException {
    TopScreen screen = new TopScreen(state.publish(pipeline.alerts()));
    long[] shownNs = {0};
    pump.run(
        null,
        nowNs -> {
          boolean isDue = nowNs - shownNs[0] >= interval.toNanos();
          if (isDue) {
            shownNs[0] = nowNs;
            screen.show(state.publish(pipeline.alerts()));
          }
          if (terminal.takeKeys(screen) || isDue) {
            terminal.draw(screen);
          }
          if (screen.isEnded()) {
            pump.stop();
          }
        });
  }
}
