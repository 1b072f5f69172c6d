package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Guests with other kernels and file systems: deploy/lab/lab. */
final class Lab {
  private static final int TIMEOUT_S = 900;

  private Lab() {}

  static String command() {
    return Live.ROOT.resolve("deploy/lab/lab").toString();
  }

  /** Skips, loudly, when guests are left out or something that they need is missing. */
  static void assumeReady(String... needed) throws Exception {
    Live.assumeRoot();
    boolean isLeftOut = Boolean.getBoolean("faultline.quick");
    String list = isLeftOut ? "left out (--quick)" : Live.tool(command(), "list");
    boolean isReady = list.contains("programs: all there");
    for (String line : needed) {
      isReady &= list.contains(line);
    }
    if (!isReady) {
      System.err.println("SKIPPED lab tests: " + list);
    }
    assumeTrue(isReady, list);
  }

  private static void assumeFetched(String what) throws Exception {
    Process fetch = new ProcessBuilder(command(), "fetch", what).inheritIO().start();
    assertThat(fetch.waitFor(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
    if (fetch.exitValue() != 0) {
      System.err.println("SKIPPED lab test: " + what + " cannot be had");
    }
    assumeTrue(fetch.exitValue() == 0, what + " cannot be had");
  }

  /** Runs a shell command in a guest; what it leaves in $LAB_OUT comes to {@code out}. */
  static Live.Result run(String kernel, String fs, Path out, String command, String... options)
      throws Exception {
    assumeFetched(kernel);
    if (fs.equals("bcachefs")) {
      assumeFetched(fs);
    }
    List<String> arguments =
        new ArrayList<>(
            List.of(
                command(),
                "run",
                "--kernel",
                kernel,
                "--fs",
                fs,
                "--timeout",
                Integer.toString(TIMEOUT_S - 10)));
    if (out != null) {
      arguments.addAll(List.of("--out", out.toString()));
    }
    arguments.addAll(List.of(options));
    arguments.addAll(List.of("--", "bash", "-c", command));
    // With two CPUs a guest may be started three times.
    Live.Result result = Live.run(3 * TIMEOUT_S, arguments.toArray(String[]::new));
    assertThat(result.status()).as(result.out() + result.err()).isZero();
    return result;
  }
}
