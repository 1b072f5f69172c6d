package io.faultline.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Scripts and files of {@code deploy/}. */
final class Script {
  static final Path DEPLOY = Path.of("..", "deploy").toAbsolutePath().normalize();

  private Script() {}

  /** What a script printed; the test is skipped, loudly, where one of the programs is missing. */
  static String run(String skippedWithout, Path directory, String... command) throws Exception {
    List<String> missing =
        Arrays.stream(skippedWithout.split(" ", -1)).filter(name -> !isOnPath(name)).toList();
    if (!missing.isEmpty()) {
      System.err.println("SKIPPED: not installed: " + missing);
    }
    assumeTrue(missing.isEmpty(), "not installed: " + missing);
    Path output = directory.resolve("output");
    Path errors = directory.resolve("errors");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    assertThat(process.waitFor(10, TimeUnit.MINUTES)).as("%s ends", command[0]).isTrue();
    assertThat(process.exitValue())
        .as("%s: %s", String.join(" ", command), Files.readString(errors))
        .isZero();
    return Files.readString(output);
  }

  private static boolean isOnPath(String program) {
    return Arrays.stream(System.getenv("PATH").split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
