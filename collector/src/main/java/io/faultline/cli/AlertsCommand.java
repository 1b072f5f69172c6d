package io.faultline.cli;

import io.faultline.report.Report;
import io.faultline.report.ReportText;
import io.faultline.risk.Alert;
import io.faultline.risk.Severity;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code alerts}. */
@Command(
    name = "alerts",
    description = "Says what the rules find in a recording, the worst first, with the evidence.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Needs no privileges. Exit code 1 when there is an alert above info, resolved ones included;",
      "'faultline report --json' has the same."
    })
final class AlertsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "a recording")
  private Path file;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Report report = ReportCommand.read(file, false);
    ReportText.printAlerts(report, out);
    if (report.alerts().isEmpty()) {
      out.println(
          report.balance().isComplete()
              ? "No alerts."
              : "No alerts, but events are missing: 'faultline report' says which.");
    }
    out.flush();
    boolean isFound =
        report.alerts().stream()
            .anyMatch(
                alert -> alert.severity() != Severity.INFO && alert.state() != Alert.State.PENDING);
    return isFound ? Main.EXIT_FAILURE : 0;
  }
}
