package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.journal.JournalContent;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Disks that are full or take no writes: the writer lives on, and nothing acknowledged is lost. */
class JournalRoomIT {
  @BeforeAll
  static void needsRoot() {
    Live.assumeRoot();
  }

  /** Reads what a child says until it says this; fails when it ends before. */
  private static String await(BufferedReader out, String what, Predicate<String> said)
      throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    for (String line; (line = out.readLine()) != null; ) {
      if (said.test(line)) {
        return line;
      }
      assertThat(System.nanoTime()).as(what + ": " + line).isLessThan(deadline);
    }
    throw new AssertionError(what + ": the writer ended");
  }

  private static boolean isPaused(String line) {
    return line.startsWith("acknowledged") && !JournalProcess.pausedBecause(line).isEmpty();
  }

  private static boolean isRecording(String line) {
    return line.startsWith("acknowledged") && JournalProcess.pausedBecause(line).isEmpty();
  }

  /** What was acknowledged and is not among the oldest, which were removed, is there. */
  private static void assertHolds(Path journal, String lastLine) throws IOException {
    JournalContent content = JournalContent.read(journal);
    List<Long> numbers = content.numbers();
    long last = numbers.get(numbers.size() - 1);
    long droppedBefore = isPaused(lastLine) ? 0 : JournalProcess.dropped(lastLine);
    assertThat(last + 1)
        .as(lastLine)
        .isGreaterThanOrEqualTo(JournalProcess.acknowledged(lastLine) + droppedBefore);
    long holes = last - numbers.get(0) + 1 - numbers.size();
    assertThat(holes).as(content.damage().toString()).isEqualTo(content.missing());
    assertThat(content.missing()).isLessThanOrEqualTo(JournalProcess.dropped(lastLine));
  }

  @Test
  void shouldRemoveTheOldestThenPauseAndGoOnWhenTheDiskIsFull() throws Exception {
    Path mount = Files.createTempDirectory(Path.of("/var/tmp"), "faultline-test-");
    Live.tool("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", mount.toString());
    Process child = JournalProcess.start(mount.resolve("journal"), 1 << 20, 1 << 30);
    try (BufferedReader out = child.inputReader()) {
      // More than fits: the oldest go, nothing is dropped.
      String line =
          await(
              out,
              "turns round",
              text -> isRecording(text) && JournalProcess.acknowledged(text) > 2_000_000);
      assertThat(JournalProcess.dropped(line)).isZero();
      // Others take the room that removed segments leave: all but the newest go, then it pauses.
      Path filler = mount.resolve("filler");
      Process fill =
          new ProcessBuilder(
                  "sh", "-c", "until false; do cat /dev/zero >>" + filler + " 2>/dev/null; done")
              .start();
      line = await(out, "pauses", JournalRoomIT::isPaused);
      assertThat(JournalProcess.pausedBecause(line)).isEqualTo("No space left on device");
      long before = JournalProcess.acknowledged(line);
      await(out, "counts", text -> isPaused(text) && JournalProcess.dropped(text) > 1_000);
      fill.destroyForcibly();
      fill.waitFor();
      Live.tool("sh", "-c", "until rm " + filler + "; do :; done");
      line =
          await(
              out,
              "goes on",
              text -> isRecording(text) && JournalProcess.acknowledged(text) > before + 100_000);
      assertThat(JournalProcess.dropped(line)).isPositive();
      child.toHandle().destroyForcibly(); // leaves what it said to be read
      for (String text; (text = out.readLine()) != null; ) {
        line = text;
      }
      assertHolds(mount.resolve("journal"), line);
    } finally {
      child.destroyForcibly();
      child.waitFor();
      Live.tool("umount", mount.toString());
      Files.delete(mount);
    }
  }

  @Test
  void shouldPauseWhereAFileSystemTakesNoWritesAnyMore() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("ext4")) {
      Path journal = fs.mount.resolve("journal");
      Process child = JournalProcess.start(journal, 1 << 20, 64 << 20);
      try (BufferedReader out = child.inputReader()) {
        await(
            out,
            "records",
            text -> isRecording(text) && JournalProcess.acknowledged(text) > 100_000);
        // As after an error on the disk: read-only, although files are open for writing.
        Live.tool("mount", "-o", "remount,abort", fs.mount.toString());
        String line = await(out, "pauses", JournalRoomIT::isPaused);
        assertThat(JournalProcess.pausedBecause(line))
            .containsAnyOf("Read-only file system", "Input/output error", "ReadOnly");
        long dropped = JournalProcess.dropped(line);
        await(out, "lives on", text -> JournalProcess.dropped(text) > dropped + 100_000);
        assertHolds(journal, line);
      } finally {
        child.destroyForcibly();
        child.waitFor();
      }
    }
  }

  @Test
  void shouldRefuseADirectoryThatIsReadOnly() throws Exception {
    Path mount = Files.createTempDirectory(Path.of("/var/tmp"), "faultline-test-");
    Live.tool("mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", mount.toString());
    try {
      Live.Result made = Live.faultline("record", "--journal", mount.resolve("a/b").toString());
      assertThat(made.status()).isEqualTo(1);
      assertThat(made.err())
          .contains("/a/b: cannot be made: Read-only file system (expected: a directory to write");
      Live.Result there = Live.faultline("record", "--journal", mount.toString());
      assertThat(there.status()).isEqualTo(1);
      assertThat(there.err())
          .contains(": cannot be written: Read-only file system (expected: a directory to write")
          .doesNotContain("\tat ", "Exception");
    } finally {
      Live.tool("umount", mount.toString());
      Files.delete(mount);
    }
  }
}
