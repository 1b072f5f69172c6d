package io.faultline.cli;

import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.probe.LockRequest;
import io.faultline.probe.LockTables;
import io.faultline.snapshot.Age;
import io.faultline.snapshot.LockSnapshot;
import io.faultline.snapshot.SnapshotReader;
import io.faultline.snapshot.WaitGraph;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
      "While a Faultline runs on this host, its table says since when each task waits.",
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
    if (isHere()) {
      snapshot = snapshot.withAges(agesOf(LockTables.ofRunning(), snapshot));
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

  private boolean isHere() {
    return root.toAbsolutePath().normalize().equals(Path.of("/"));
  }

  private static final long NOBODY = 0;
  private static final long MANY = -1;

  private record Waiting(String dev, int type, long number, long tid) {}

  /** A Faultline that runs knows since when each task waits; dumps do not. */
  private static LockSnapshot.AgeSource agesOf(List<LockRequest> live, LockSnapshot snapshot) {
    long nowNs = System.nanoTime();
    Map<Waiting, Long> ages = new HashMap<>();
    for (LockRequest request : live) {
      if (request.isWaiting() && request.lockClass() == LockClass.GLOCK) {
        String dev = FileSystems.devOf(request.dev());
        long ageNs = nowNs - request.requestNs();
        Waiting waiting = new Waiting(dev, request.type(), request.number(), request.tid());
        if (ages.put(waiting, ageNs) != null) {
          continue; // another Faultline sees it too
        }
        // A dump does not name the task of every request; a single one can be no other.
        ages.merge(
            new Waiting(dev, request.type(), request.number(), NOBODY),
            ageNs,
            (one, other) -> MANY);
      }
    }
    Map<String, String> devs = new HashMap<>();
    snapshot.fileSystems().forEach(fs -> devs.put(fs.table(), fs.dev()));
    return (lock, request) -> {
      long age =
          ages.getOrDefault(
              new Waiting(devs.get(lock.table()), lock.type(), lock.number(), request.tid()), MANY);
      return age == MANY ? Age.UNKNOWN : Age.exact(age);
    };
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
