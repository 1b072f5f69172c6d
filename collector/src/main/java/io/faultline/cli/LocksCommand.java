package io.faultline.cli;

import io.faultline.snapshot.LockSnapshot;
import io.faultline.snapshot.SnapshotReader;
import io.faultline.snapshot.WaitGraph;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code locks}. */
@Command(
    name = "locks",
    description =
        "Shows who holds and who waits for the locks of gfs2, on this node and in the cluster, what"
            + " they are doing, and how many depend on each holder.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "S is the task's state (D: sleeps and cannot be interrupted), WAITED is shown when it is known"
          + " (> at least), DEPS how many tasks and nodes cannot go on before this holder, DOING the"
          + " innermost kernel functions.",
      "",
      "Reads the dumps of gfs2 and DLM in debugfs, one after the other while the system goes on: a"
          + " lock may have changed hands in between. Exit code 0 also when tasks wait."
    })
final class LocksCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--root",
      paramLabel = "DIR",
      defaultValue = "/",
      description = "read sys/ and proc/ below DIR, such as copies from another machine")
  private Path root;

  @Option(
      names = "--fs",
      paramLabel = "TABLE",
      description = "only the file system with this lock table, such as cluster:fs")
  private String table;

  @Option(
      names = "--all",
      description = "every lock that is kept and every waiter, and the totals by type and state")
  private boolean isAll;

  @Option(names = "--json", description = "print JSON, schema 1")
  private boolean isJson;

  @Option(
      names = "--interval",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "look twice, so long apart: says which waits lasted, and at least how long")
  private Duration interval;

  @Override
  public Integer call() throws IOException, CommandFailure {
    SnapshotReader reader = new SnapshotReader(root);
    List<String> tables = choose(reader.tables());
    LockSnapshot snapshot = reader.read(tables);
    if (interval != null) {
      sleep();
      snapshot = reader.read(tables).withAgesSince(snapshot);
    }
    WaitGraph graph = WaitGraph.of(snapshot);
    PrintWriter out = spec.commandLine().getOut();
    if (isJson) {
      LocksJson.write(snapshot, graph, out);
    } else {
      new LocksText(snapshot, graph, isAll).print(out);
    }
    return 0;
  }

  private List<String> choose(List<String> mounted) throws CommandFailure {
    if (table == null) {
      return mounted;
    }
    if (!mounted.contains(table)) {
      throw new CommandFailure(
          "--fs: " + table + " (expected: " + String.join(" or ", mounted) + ")");
    }
    return List.of(table);
  }

  private void sleep() throws CommandFailure {
    try {
      Thread.sleep(interval.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure("--interval: interrupted");
    }
  }
}
