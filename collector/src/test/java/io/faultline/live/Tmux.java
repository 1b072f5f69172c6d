package io.faultline.live;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A terminal (tmux) with one program in it, driven by keys. */
final class Tmux implements AutoCloseable {
  private static final long DEADLINE_NS = 180_000_000_000L;

  private final String socket = "faultline-test-" + ProcessHandle.current().pid();
  private final int width;
  private final int height;

  private Tmux(int width, int height) {
    this.width = width;
    this.height = height;
  }

  /** Makes one of that size; the test is skipped, loudly, where there is no tmux. */
  static Tmux openOrSkip(String what, int width, int height) {
    boolean hasTmux = Files.isExecutable(Path.of("/usr/bin/tmux"));
    if (!hasTmux) {
      System.err.println("SKIPPED " + what + ": no tmux (expected: apt-get install tmux)");
    }
    assumeTrue(hasTmux, "no tmux");
    return new Tmux(width, height);
  }

  private String tmux(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("tmux", "-L", socket, "-f", "/dev/null"));
    command.addAll(List.of(arguments));
    return Live.tool(command.toArray(String[]::new));
  }

  /** Runs a command of the shell in it. */
  void run(String command) throws Exception {
    tmux(
        "new-session",
        "-d",
        "-s",
        "top",
        "-x",
        String.valueOf(width),
        "-y",
        String.valueOf(height),
        command);
  }

  void resize(int newWidth, int newHeight) throws Exception {
    tmux("resize-window", "-t", "top", "-x", "" + newWidth, "-y", "" + newHeight);
  }

  void keys(String... keys) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("send-keys", "-t", "top"));
    arguments.addAll(List.of(keys));
    tmux(arguments.toArray(String[]::new));
  }

  /** The screen, as soon as it is as wanted. */
  String screen(String what, Predicate<String> isWanted) throws Exception {
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

  String screen(String text) throws Exception {
    return screen(text, screen -> screen.contains(text));
  }

  @Override
  public void close() throws Exception {
    new ProcessBuilder("tmux", "-L", socket, "kill-server").start().waitFor();
  }
}
