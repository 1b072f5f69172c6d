package io.faultline.cli;

import io.faultline.pipeline.Pipeline;
import io.faultline.report.LiveView;
import io.faultline.source.live.LiveSource;
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
        "Shows rates, costs, what is in flight, and the processes and files that retry most.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Ends with Ctrl-C. Not on a terminal, each interval is printed below the last one."
    })
final class TopCommand implements Callable<Integer> {
  private static final String CLEAR = "\033[H\033[2J";

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
    PrintWriter out = spec.commandLine().getOut();
    boolean isTerminal = System.console() != null;
    try (LiveSource source = live.open(LiveOptions.Detail.NORMAL)) {
      LiveView view = new LiveView(source.info(), rows);
      Pump pump = new Pump(source, new Pipeline(view)).stopOnSignals();
      long[] shown = {System.nanoTime(), 0};
      pump.run(
          null,
          nowNs -> {
            if (nowNs - shown[0] < interval.toNanos()) {
              return;
            }
            if (isTerminal) {
              out.print(CLEAR);
            }
            view.print(out, nowNs, nowNs - shown[0]);
            out.flush();
            shown[0] = nowNs;
            shown[1]++;
            if (count != null && shown[1] >= count) {
              pump.stop();
            }
          });
    }
    return 0;
  }
}
