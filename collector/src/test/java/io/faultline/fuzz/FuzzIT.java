package io.faultline.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Jazzer on every target, {@value #AT_ONCE} at a time, each in a process of its own: {@code
 * -Dfaultline.fuzz.seconds=S} each, {@code -Dfaultline.fuzz.targets=a,b} for some of them. What it
 * learnt stays in {@code target/fuzz/TARGET/corpus} and is where the next run goes on; an input
 * that is a finding stays beside it. {@code collector/fuzz.sh} runs it alone.
 */
class FuzzIT {
  private static final int AT_ONCE = 2;
  private static final int SECONDS = Integer.getInteger("faultline.fuzz.seconds", 60);

  /** The same in every build: what it finds is of the change. 0 begins anywhere. */
  private static final int SEED = Integer.getInteger("faultline.fuzz.seed", 1);

  private static final Path WORK = Path.of("target/fuzz").toAbsolutePath();
  private static final Duration SLACK = Duration.ofMinutes(6);
  private static final Pattern RUNS = Pattern.compile("Done (\\d+) runs");
  private static final Pattern EDGES = Pattern.compile(" cov: (\\d+) ");

  /** What came of one target. */
  private record Outcome(long runs, long edgesOfSeeds, long edges, String finding) {}

  @Test
  void shouldFindNothing() throws Exception {
    Map<FuzzTarget, Future<Outcome>> outcomes = new LinkedHashMap<>();
    ExecutorService processes = Executors.newFixedThreadPool(AT_ONCE);
    try {
      for (FuzzTarget target : chosen()) {
        outcomes.put(target, processes.submit(() -> fuzz(target)));
      }
      List<String> findings = new ArrayList<>();
      for (Map.Entry<FuzzTarget, Future<Outcome>> entry : outcomes.entrySet()) {
        String label = entry.getKey().label();
        Outcome outcome = entry.getValue().get();
        System.out.printf(
            Locale.ROOT,
            "fuzz %-10s %d s %,12d runs, %d edges reached, %d by seeds%s%n",
            label,
            SECONDS,
            outcome.runs,
            outcome.edges,
            outcome.edgesOfSeeds,
            outcome.finding.isEmpty() ? "" : ": A FINDING");
        if (!outcome.finding.isEmpty()) {
          findings.add(label + ": " + outcome.finding);
        } else {
          // Or nothing was looked at.
          assertThat(outcome.runs).as(label + ": runs").isGreaterThan(SECONDS);
          assertThat(outcome.edgesOfSeeds)
              .as(label + ": edges that its seeds reach")
              .isGreaterThan(20);
        }
      }
      assertThat(findings).as("findings").isEmpty();
    } finally {
      processes.shutdownNow();
    }
  }

  private static List<FuzzTarget> chosen() {
    String names = System.getProperty("faultline.fuzz.targets", "");
    return names.isBlank()
        ? List.of(FuzzTarget.values())
        : Arrays.stream(names.split(","))
            .map(name -> FuzzTarget.valueOf(name.strip().toUpperCase(Locale.ROOT)))
            .toList();
  }

  private static Outcome fuzz(FuzzTarget target) throws Exception {
    Path work = Files.createDirectories(WORK.resolve(target.label()));
    Path corpus = Files.createDirectories(work.resolve("corpus"));
    Path log = work.resolve("log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.className,
                "--instrumentation_includes=io.faultline.**",
                "--custom_hook_includes=io.faultline.**",
                // The target speaks to its own server over loopback.
                "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.ServerSideRequestForgery",
                "--reproducer_path=" + work,
                "-artifact_prefix=" + work + "/",
                "-max_total_time=" + SECONDS,
                "-seed=" + SEED,
                "-timeout=20",
                "-rss_limit_mb=3072",
                "-max_len=" + target.bytesMax,
                "-print_final_stats=1",
                corpus.toString(),
                target.seeds().toAbsolutePath().toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(SECONDS + SLACK.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return new Outcome(0, 0, 0, "still running long after its time, see " + log);
    }
    String said = Files.readString(log);
    String finding = "";
    if (process.exitValue() != 0) {
      finding = "exit " + process.exitValue() + ", see " + log + "\n" + excerpt(said);
    }
    return new Outcome(last(RUNS, said), first(EDGES, said), last(EDGES, said), finding);
  }

  private static String excerpt(String said) throws IOException {
    int at = Math.max(said.indexOf("== Java"), said.indexOf("ERROR: "));
    return said.substring(Math.max(at, 0), Math.min(said.length(), Math.max(at, 0) + 3000));
  }

  private static long first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  private static long last(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    long found = 0;
    while (matcher.find()) {
      found = Long.parseLong(matcher.group(1));
    }
    return found;
  }
}
