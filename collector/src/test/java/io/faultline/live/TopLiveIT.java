package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code top} in a terminal (tmux), driven by keys. */
class TopLiveIT {
  private static final long DEADLINE_NS = 30_000_000_000L;

  private final String socket = "faultline-test-" + ProcessHandle.current().pid();

  @BeforeEach
  void needsTmux() throws Exception {
    Live.assumeRoot();
    boolean hasTmux = Files.isExecutable(Path.of("/usr/bin/tmux"));
    if (!hasTmux) {
      System.err.println("SKIPPED top in a terminal: no tmux (expected: apt-get install tmux)");
    }
    assumeTrue(hasTmux, "no tmux");
  }

  @AfterEach
  void end() throws Exception {
    new ProcessBuilder("tmux", "-L", socket, "kill-server").start().waitFor();
  }

  private String tmux(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("tmux", "-L", socket, "-f", "/dev/null"));
    command.addAll(List.of(arguments));
    return Live.tool(command.toArray(String[]::new));
  }

  private void keys(String... keys) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("send-keys", "-t", "top"));
    arguments.addAll(List.of(keys));
    tmux(arguments.toArray(String[]::new));
  }

  /** The screen, as soon as it is as wanted. */
  private String screen(String what, Predicate<String> isWanted) throws Exception {
    long untilNs = System.nanoTime() + DEADLINE_NS;
    String screen = "";
    while (System.nanoTime() < untilNs) {
      screen = tmux("capture-pane", "-p", "-t", "top");
      if (isWanted.test(screen)) {
        return screen;
      }
      Thread.sleep(50); // tmux tells nobody that the screen has changed
    }
    throw new AssertionError(what + " was not shown, but:\n" + screen);
  }

  private String screen(String text) throws Exception {
    return screen(text, screen -> screen.contains(text));
  }

  @Test
  void shouldBeDrivenByKeysInASmallAndALargeTerminal() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      String file = fs.nocow().resolve("data").toString();
      String top =
          String.join(
              " ", Live.command("top", "--interval", "250ms", "--mount", fs.mount.toString()));
      tmux("new-session", "-d", "-s", "top", "-x", "80", "-y", "24", top + "; sleep 60");
      screen("[1 operations]");
      Live.tool(
          Live.trigger(), "--file", file, "--operations", "101", "--buffer", "half", "--holes");
      String small = screen("operations", screen -> screen.contains("direct    read"));
      assertThat(small.lines()).hasSizeLessThanOrEqualTo(24);
      assertThat(small).contains("nothing lost").doesNotContain("LOCKWAIT");
      keys("Down", "Enter");
      screen("miss partial");
      keys("Escape");
      keys("2");
      screen("[2 locks");
      keys("Tab");
      screen("[3 alerts");
      tmux("resize-window", "-t", "top", "-x", "200", "-y", "50");
      keys("1");
      String large = screen("LOCKWAIT");
      assertThat(large.lines()).hasSizeBetween(30, 50);
      assertThat(large).containsAnyOf("nocow/data", "btrfs inode 25"); // it may have gone too soon
      keys("/", "nothing-is-called-so", "Enter");
      screen("nothing matches the filter");
      keys("Escape");
      screen("direct    read");
      keys("p");
      screen("PAUSED");
      keys("q");
      screen("the terminal as it was", screen -> !screen.contains("PAUSED"));
    }
  }
}
