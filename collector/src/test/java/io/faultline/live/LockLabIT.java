package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real glocks of real gfs2, on the kprobe tier and on the tracepoint tier, against ftrace. */
class LockLabIT {
  private static final long LONG_NS = 5_000_000;

  @TempDir private Path out;

  @BeforeAll
  static void needsLab() throws Exception {
    Lab.assumeReady();
  }

  @ParameterizedTest
  @ValueSource(strings = {"6.1", "6.12"})
  void shouldSeeEveryStepAndChargeEveryWait(String kernel) throws Exception {
    String script = Live.ROOT + "/collector/src/test/resources/io/faultline/live/locks.sh";
    Lab.run(
        kernel,
        "gfs2",
        out,
        "set -e; for name in self contend; do"
            + " faultline record --quiet -o $LAB_OUT/$name.fl --"
            + " faultline record --quiet --detail normal -o $LAB_OUT/$name-normal.fl --"
            + " bash "
            + script
            + " $name "
            + Live.trigger()
            + "; done");
    assertThat(Files.readString(out.resolve("self.overrun"))).isEmpty();
    assertThat(Files.readString(out.resolve("contend.overrun"))).isEmpty();
    checkAgainstFtrace("self");
    checkSelf();
    checkAgainstFtrace("contend");
    checkWaits();
    checkNormal();
    checkAlerts();
  }

  /** Work that waits is healthy; a file that is its own buffer is a risk, and no more. */
  private void checkAlerts() throws Exception {
    assertThat(Live.list(report("contend"), "alerts"))
        .filteredOn(alert -> !alert.get("severity").equals("info"))
        .isEmpty();
    // Its process may end before it can be asked what it maps: then nothing is said.
    assertThat(Live.list(report("self"), "alerts"))
        .filteredOn(alert -> !alert.get("severity").equals("info"))
        .allSatisfy(
            alert -> {
              assertThat(alert.get("rule")).isEqualTo("lock_order");
              assertThat(alert.get("title").toString()).contains("mapping of that file");
            });
  }

  private Map<String, Object> report(String name, String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("report", "--json"));
    arguments.addAll(List.of(options));
    arguments.add(out.resolve(name + ".fl").toString());
    Map<String, Object> report = Live.faultline(arguments.toArray(String[]::new)).json();
    assertThat(Live.object(report, "balance").get("reasons")).as(name).isEqualTo(List.of());
    assertThat(report.get("consistency_problems")).as(name).isEqualTo(List.of());
    return report;
  }

  private void checkAgainstFtrace(String name) throws Exception {
    GlockTrace ftrace = GlockTrace.of(out.resolve(name + ".trace"));
    GlockTrace ours = GlockTrace.ofRecording(out.resolve(name + ".fl"));
    assertThat(ftrace.lines).as(name).hasSizeGreaterThan(50);
    // The recording begins before the trace and ends after it; in between nothing may be different.
    ftrace
        .byLock()
        .forEach(
            (lock, traced) ->
                assertThat(ours.byLock().getOrDefault(lock, List.of()))
                    .as("%s: glock %s", name, lock)
                    .containsSequence(traced));
  }

  /** A read and a write, each of a file into or from a mapping of itself. */
  private void checkSelf() throws Exception {
    Map<String, Object> report = report("self", "--steps");
    GlockTrace ftrace = GlockTrace.of(out.resolve("self.trace"));
    List<Map<String, Object>> operations =
        Live.list(report, "operations").stream()
            .filter(o -> Live.number(o, "start_ns") >= ftrace.firstNs())
            .toList();
    assertThat(operations).extracting(o -> o.get("rw")).containsExactly("read", "write");
    assertThat(operations.stream().mapToLong(o -> Live.number(o, "attempts")).sum())
        .isEqualTo(ftrace.attempts);
    long ino = Long.parseLong(Files.readString(out.resolve("self.ino")).strip());
    for (Map<String, Object> operation : operations) {
      assertThat(Live.number(operation, "ino")).isEqualTo(ino);
      assertThat(Live.number(operation, "attempts")).isEqualTo(2);
      assertThat(Live.number(operation, "misses_none")).isEqualTo(1);
      assertThat(operation.get("outcome")).isEqualTo("direct");
      checkSteps(operation, ftrace);
    }
  }

  private static void checkSteps(Map<String, Object> operation, GlockTrace ftrace) {
    List<Map<String, Object>> steps = Live.list(operation, "steps");
    List<String> words = new ArrayList<>();
    List<String> locks = new ArrayList<>();
    for (Map<String, Object> step : steps) {
      String word = (String) step.get("step");
      String detail = (String) step.get("detail");
      words.add(detail.startsWith("glock df") ? word + " df" : word);
      if (detail.startsWith("glock")) {
        locks.add(ftraceWord(word) + " " + ftraceMode(detail.split(" ")[1]));
      }
    }
    List<String> around =
        List.of("request df", "grant df", "attempt_begin", "attempt_end", "release df");
    assertThat(words).as("the first attempt").containsSubsequence(around);
    assertThat(words.subList(words.size() - around.size(), words.size()))
        .as("the second one ends it")
        .isEqualTo(around);
    assertThat(words).as("the gap faults in, under glocks of its own").contains("fault", "request");
    List<String> traced =
        ftrace.lines.stream()
            .filter(line -> line.tid() == Live.number(operation, "tid"))
            .map(GlockTrace.Line::what)
            .filter(what -> !what.startsWith("state"))
            .toList();
    assertThat(traced)
        .as("every request, grant and release of the call, in order")
        .containsSequence(locks);
  }

  private static String ftraceWord(String step) {
    return switch (step) {
      case "request" -> "queue";
      case "grant" -> "promote";
      default -> "dequeue";
    };
  }

  private static String ftraceMode(String mode) {
    return switch (mode) {
      case "sh" -> "PR";
      case "df" -> "CW";
      case "ex" -> "EX";
      default -> "NL";
    };
  }

  /** Waits for one inode between two tasks: whose, for how long, and because of whom. */
  private void checkWaits() throws Exception {
    Map<String, Object> report = report("contend");
    GlockTrace ftrace = GlockTrace.of(out.resolve("contend.trace"));
    List<Long> writers =
        Live.list(report, "operations").stream().map(o -> Live.number(o, "tid")).toList();
    long ino = Long.parseLong(Files.readString(out.resolve("contend.ino")).strip());
    GlockTrace.Line last = ftrace.lines.get(ftrace.lines.size() - 1);
    long byReaders = 0;
    int total = 0;
    int close = 0;
    for (Map<String, Object> wait : longWaits(report, LONG_NS)) {
      long startNs = Live.number(wait, "start_ns");
      if (startNs < ftrace.firstNs() || startNs + Live.number(wait, "wait_ns") > last.ns()) {
        continue; // the recording is longer than the trace
      }
      long tid = Live.number(wait, "tid");
      String mode = ftraceMode((String) wait.get("mode"));
      String[] id = ((String) wait.get("id")).split("/");
      String lock = id[0] + ":" + Long.parseLong(id[1], 16);
      // The machine may stand still between the two programs that look at the clock.
      GlockTrace.Line request =
          ftrace.lines.stream()
              .filter(line -> line.tid() == tid && line.what().equals("queue " + mode))
              .filter(line -> line.lock().equals(lock))
              .filter(line -> Math.abs(line.ns() - startNs) < 100_000_000)
              .min(Comparator.comparingLong(line -> Math.abs(line.ns() - startNs)))
              .orElseThrow(() -> new AssertionError("ftrace has no such request: " + wait));
      GlockTrace.Line grant =
          ftrace.lines.stream()
              .filter(line -> line.lock().equals(lock) && line.ns() > request.ns())
              .filter(line -> line.what().equals("promote " + mode))
              .findFirst()
              .orElseThrow();
      long tracedNs = grant.ns() - request.ns();
      double waitNs = Live.number(wait, "wait_ns");
      assertThat(waitNs)
          .as("%s, ftrace: %d ns", wait, tracedNs)
          .isBetween(0.9 * tracedNs - 1e8, 1.1 * tracedNs + 1e8);
      total++;
      close += waitNs >= 0.99 * tracedNs - 1000 && waitNs <= 1.01 * tracedNs + 1000 ? 1 : 0;
      Map<String, Object> holder = Live.object(wait, "holder");
      // Nobody may hold it while its last holder's data are written; a writer may wait as well.
      if (mode.equals("PR")
          && lock.equals("2:" + ino)
          && holder != null
          && !writers.contains(tid)) {
        byReaders++;
        assertThat(writers)
            .as("who holds it is a writer: %s", wait)
            .contains(Live.number(holder, "tid"));
        // Deferred while it writes, exclusive while it notes the file's times.
        assertThat(holder.get("mode")).isIn("df", "ex");
        assertThat(holder.get("comm")).isEqualTo("dd");
      }
    }
    // Two programs look at the clock one after the other; now and then an interrupt is between.
    assertThat(close)
        .as("of %d waits within 1 %%", total)
        .isGreaterThanOrEqualTo(Math.min(8 * total / 10, total - 1));
    assertThat(byReaders).as("a reader had to wait for a writer").isPositive();
  }

  private static List<Map<String, Object>> longWaits(Map<String, Object> report, double nsMin) {
    return Live.list(report, "lock_waits").stream()
        .filter(wait -> wait.get("class").equals("glock"))
        .filter(wait -> Live.number(wait, "wait_ns") >= nsMin)
        .toList();
  }

  private static List<String> waits(Map<String, Object> report, double nsMin) {
    return longWaits(report, nsMin).stream()
        .map(wait -> wait.get("tid") + " " + wait.get("id") + " " + wait.get("holder"))
        .toList();
  }

  /**
   * Detail normal says the same of long waits, and leaves out what nobody waits for. Both measure
   * for themselves, so a wait that is long for one may be shorter for the other.
   */
  private void checkNormal() throws Exception {
    Map<String, Object> full = report("contend");
    Map<String, Object> normal = report("contend-normal");
    assertThat(waits(normal, LONG_NS)).containsAll(waits(full, 4 * LONG_NS));
    assertThat(waits(full, LONG_NS)).containsAll(waits(normal, 4 * LONG_NS));
    assertThat(Live.number(Live.object(normal, "balance"), "emitted"))
        .as("events in detail normal")
        .isLessThan(Live.number(Live.object(full, "balance"), "emitted") / 4);
  }
}
