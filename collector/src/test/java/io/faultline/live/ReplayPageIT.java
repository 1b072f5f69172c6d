package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.faultline.export.SampleStream;
import io.faultline.recording.RecordingWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of an incident that is over, by somebody without privileges. */
class ReplayPageIT {
  private static final Path FREEZE =
      Path.of("src/test/resources/io/faultline/risk/scenarios/17-freeze-recorded.fl");

  @TempDir private Path directory;

  @Test
  void shouldShowARecordingToNobody() throws Exception {
    assumeTrue(Browser.command() != null, "no chromium");
    Path recording = Files.createTempFile(Path.of("/var/tmp"), "faultline-", ".fl");
    try (RecordingWriter writer = RecordingWriter.create(recording, SampleStream.INFO, "test")) {
      SampleStream.feed(writer, 400);
    }
    Live.tool("chmod", "a+r", recording.toString());
    try (Live.Copy copy = Live.Copy.make();
        RunningAgent replay =
            RunningAgent.start(
                directory.resolve("messages"),
                "the recording has ended",
                copy.asNobody("replay", recording.toString(), "--web", "127.0.0.1:0"));
        Browser browser = Browser.start(directory.resolve("profile"))) {
      Page page = new Page(browser, replay.page);
      page.open(1280, false);
      for (String view : WebPageIT.CONTENT.keySet()) {
        page.goTo(view);
        page.await("document.querySelector('" + WebPageIT.CONTENT.get(view) + "')");
        page.shot("replay-" + view + "-1280");
        page.check("replay: " + view);
      }
      page.goTo("operations");
      page.click("#operations tbody tr:nth-child(2) button");
      page.await("document.querySelector('#steps-picture .attempt.miss')");
      page.goTo("alerts");
      page.await("/gfs2_glock_wait/.test(document.querySelector('#alerts').textContent)");
      assertThat(page.text("#alerts")).contains("deadlock");
      assertThat(page.count("#alerts .alert > button")).as("nobody is told").isZero();
      assertThat(page.complaints()).isEmpty();
      assertThat(replay.stop()).as(replay.messages()).isZero();
    } finally {
      Files.delete(recording);
    }
  }

  /** A real one: btrfs was frozen while a task that held its mmap_lock wrote. */
  @Test
  void shouldShowARealIncidentToNobody() throws Exception {
    assumeTrue(Browser.command() != null, "no chromium");
    Path recording = Files.createTempFile(Path.of("/var/tmp"), "faultline-", ".fl");
    Live.tool("cp", FREEZE.toString(), recording.toString());
    Live.tool("chmod", "a+r", recording.toString());
    try (Live.Copy copy = Live.Copy.make();
        RunningAgent replay =
            RunningAgent.start(
                directory.resolve("messages"),
                "the recording has ended",
                copy.asNobody("replay", recording.toString(), "--web", "127.0.0.1:0"));
        Browser browser = Browser.start(directory.resolve("profile"))) {
      Page page = new Page(browser, replay.page);
      page.open(1280, true);
      page.await("document.querySelector('#devices tbody').innerText.includes('btrfs')");
      page.goTo("alerts");
      page.await("document.querySelector('#alerts .badge.resolved')");
      assertThat(page.text("#alerts"))
          .contains("freeze", "waits for a frozen file system while it holds mmap_lock");
      page.goTo("operations");
      page.click("#operations tbody button");
      page.await("document.querySelector('#steps-picture .attempt')");
      page.shot("replay-freeze-1280-dark");
      page.check("replay of a freeze");
      assertThat(replay.stop()).as(replay.messages()).isZero();
    } finally {
      Files.delete(recording);
    }
  }
}
