package io.faultline.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Reads {@code /sys/kernel/debug/gfs2/TABLE/glockfd} (v6.1): gfs2_glockfd_seq_show() in
 * fs/gfs2/glock.c, which process has which file open.
 *
 * <p>The kernel takes i_rwsem of every open file for that, shared, and cannot be interrupted: when
 * a task is stuck in a write, whoever reads glockfd is stuck with it (seen on v6.12). So a child
 * process reads, and is left behind when it does not answer.
 */
final class GlockFdReader {
  /** For what is already in the pipe when the child is given up. */
  private static final long GRACE_MS = 100;

  private static final int CANDIDATES_MAX = 16;

  /** An open file: process, descriptor, and whether the line is about flock(2). */
  record OpenFile(long tgid, long fd, boolean isFlock) {}

  private final Map<Long, List<OpenFile>> found = new HashMap<>();
  private final Set<Long> wanted;
  private final String name;
  private final Unparsed unparsed;

  GlockFdReader(Set<Long> wanted, String name, Unparsed unparsed) {
    this.wanted = wanted;
    this.name = name;
    this.unparsed = unparsed;
  }

  /** Open files of the wanted inodes, as far as they were read; false when it gave no answer. */
  boolean read(Path file, long timeoutMs) throws IOException {
    Process child =
        new ProcessBuilder("cat", file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Thread reader =
        new Thread(
            () -> {
              try (ByteLines lines = new ByteLines(child.getInputStream())) {
                parse(lines);
              } catch (IOException e) {
                // It was ended: what was read until then counts.
              }
            },
            "glockfd");
    reader.setDaemon(true);
    reader.start();
    try {
      boolean hasEnded = child.waitFor(timeoutMs, TimeUnit.MILLISECONDS);
      if (!hasEnded) {
        child.destroyForcibly();
      }
      reader.join(hasEnded ? timeoutMs : GRACE_MS);
      return hasEnded;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      child.destroyForcibly();
      return false;
    }
  }

  void parse(ByteLines lines) throws IOException {
    Cursor cursor = new Cursor();
    while (lines.next()) {
      cursor.set(lines.buffer(), lines.start(), lines.end());
      long tgid = cursor.decimal();
      cursor.expect(" ");
      long fd = cursor.decimal();
      cursor.expect(" ");
      long type = cursor.decimal();
      cursor.expect("/");
      long number = cursor.hex();
      synchronized (found) {
        if (!cursor.isGood() || !lines.isWhole() || !cursor.isAtEnd()) {
          unparsed.add(name, lines);
        } else if (wanted.contains(number)) {
          List<OpenFile> files = found.computeIfAbsent(number, key -> new ArrayList<>());
          if (files.size() < CANDIDATES_MAX) {
            files.add(new OpenFile(tgid, fd, type == LockName.FLOCK));
          }
        }
      }
    }
  }

  List<OpenFile> filesOf(long number) {
    synchronized (found) {
      return List.copyOf(found.getOrDefault(number, List.of()));
    }
  }
}
