package io.faultline.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Runs the system's own tools. */
final class Shell {
  private Shell() {}

  /** Runs a program to its end; fails with what it said. */
  static void run(String... command) throws CommandFailure, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      int status = process.waitFor();
      if (status != 0) {
        throw new CommandFailure(
            command[0] + ": ended with " + status + ": " + said.replace('\n', ' '));
      }
    } catch (IOException e) {
      throw new CommandFailure(
          command[0]
              + ": cannot be started (expected: "
              + command[0]
              + " in PATH; sudo deploy/demo.sh installs it)");
    }
  }
}
