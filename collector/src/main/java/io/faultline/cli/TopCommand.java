package io.faultline.cli;

import io.faultline.pipeline.Pipeline;
import io.faultline.source.live.LiveSource;
import io.faultline.terminal.PlainTables;
import io.faultline.terminal.TopScreen;
import io.faultline.terminal.TopTerminal;
import io.faultline.view.LiveState;
import io.faultline.view.Picture;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code top}. */
@Command(
    name = "top",
    description =
        "Shows rates, the operations that cost most, who waits for which lock, and alerts, live:"
            + " of this host, or of another one whose agent sends to Kafka.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Keys: 1 2 3 operations, locks, alerts; arrows and Enter for details; s sorts, / filters,",
      "p pauses, ? helps, q ends. Not on a terminal, each interval is printed below the last one.",
      "",
      "With --kafka no privileges are needed, and what its agent watches is shown, from a minute ago on:",
      "  faultline top --kafka broker:9092 --host db1"
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

  @Mixin private KafkaOptions kafka;

  /** A stream that moves, and what is to be seen of it. */
  private record Shown(
      Mover mover, Runnable stop, Supplier<Picture> picture, Supplier<String> note) {
    interface Mover {
      void run(Pump.Tick tick) throws IOException;
    }
  }

  @Override
  public Integer call() throws IOException {
    if (kafka.isWanted()) {
      live.refuse("--kafka: what its agent watches is shown");
      try (FleetTop fleet = FleetTop.open(kafka)) {
        show(new Shown(fleet::run, fleet::stop, fleet::publish, fleet::note));
      }
      return 0;
    }
    try (LiveSource source = live.open(LiveOptions.Detail.NORMAL)) {
      LiveState state = new LiveState(source.info(), new OwnUse(source::ringUsedBytes));
      Pipeline pipeline = new Pipeline(state);
      Pump pump = new Pump(source, pipeline).stopOnSignals();
      show(
          new Shown(
              tick -> pump.run(null, tick),
              pump::stop,
              () -> state.publish(pipeline.alerts()),
              () -> ""));
    }
    return 0;
  }

  private void show(Shown shown) throws IOException {
    if (System.console() == null || count != null) {
      print(shown);
      return;
    }
    try (TopTerminal terminal = TopTerminal.open()) {
      if (terminal == null) {
        print(shown);
      } else {
        drive(shown, terminal);
      }
    }
  }

  /** One picture below the other. */
  private void print(Shown shown) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    long[] done = {System.nanoTime(), 0};
    shown.mover.run(
        nowNs -> {
          if (nowNs - done[0] < interval.toNanos()) {
            return;
          }
          done[0] = nowNs;
          if (!shown.note.get().isEmpty()) {
            out.println(shown.note.get());
          }
          PlainTables.of(shown.picture.get(), rows).forEach(out::println);
          out.flush();
          done[1]++;
          if (count != null && done[1] >= count) {
            shown.stop.run();
          }
        });
  }

  /** A screen that keys drive. */
  private void drive(Shown shown, TopTerminal terminal) throws IOException {
    TopScreen screen = new TopScreen(shown.picture.get());
    long[] shownNs = {0};
    shown.mover.run(
        nowNs -> {
          boolean isDue = nowNs - shownNs[0] >= interval.toNanos();
          if (isDue) {
            shownNs[0] = nowNs;
            screen.show(shown.picture.get());
            screen.note(shown.note.get());
          }
          if (terminal.takeKeys(screen) || isDue) {
            terminal.draw(screen);
          }
          if (screen.isEnded()) {
            shown.stop.run();
          }
        });
  }
}
