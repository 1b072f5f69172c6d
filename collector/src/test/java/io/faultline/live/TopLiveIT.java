package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code top} in a terminal (tmux), driven by keys. */
class TopLiveIT {
  private Tmux tmux;

  @BeforeEach
  void open() {
    Live.assumeRoot();
    tmux = Tmux.openOrSkip("top in a terminal", 80, 24);
  }

  @AfterEach
  void end() throws Exception {
    if (tmux != null) {
      tmux.close();
    }
  }

  @Test
  void shouldBeDrivenByKeysInASmallAndALargeTerminal() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs")) {
      String file = fs.nocow().resolve("data").toString();
      String top =
          String.join(
              " ", Live.command("top", "--interval", "250ms", "--mount", fs.mount.toString()));
      tmux.run(top + "; sleep 60");
      tmux.screen("[1 operations]");
      Live.tool(
          Live.trigger(), "--file", file, "--operations", "101", "--buffer", "half", "--holes");
      String small =
          tmux.screen(
              "operations",
              screen -> screen.contains("direct    read") && screen.contains("nothing lost"));
      assertThat(small.lines()).hasSizeLessThanOrEqualTo(24);
      assertThat(small).doesNotContain("LOCKWAIT");
      tmux.keys("Down", "Enter");
      tmux.screen("miss partial");
      tmux.keys("Escape");
      tmux.keys("2");
      tmux.screen("[2 locks");
      tmux.keys("Tab");
      tmux.screen("[3 alerts");
      tmux.resize(200, 50);
      tmux.keys("1");
      String large =
          tmux.screen( // all of it: it may be half drawn
              "LOCKWAIT", screen -> screen.contains("LOCKWAIT") && screen.lines().count() >= 30);
      assertThat(large.lines()).hasSizeLessThanOrEqualTo(50);
      assertThat(large).containsAnyOf("nocow/data", "btrfs inode 25"); // it may have gone too soon
      tmux.keys("/", "nothing-is-called-so", "Enter");
      tmux.screen("nothing matches the filter");
      tmux.keys("Escape");
      tmux.screen("direct    read");
      tmux.keys("p");
      tmux.screen("PAUSED");
      tmux.keys("q");
      tmux.screen("the terminal as it was", screen -> !screen.contains("PAUSED"));
    }
  }
}
