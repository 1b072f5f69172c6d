package io.faultline.snapshot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Asks /proc about one task. Nothing here takes a lock of the file system or waits for a task. */
final class TaskReader {
  private static final int STACK_FRAMES_MAX = 8;
  private static final int FILE_BYTES_MAX = 8192;
  private static final int MOUNTS_BYTES_MAX = 1 << 20;
  private static final int FDS_MAX = 256;
  private static final int FDS_IN_ALL_MAX = 20_000;

  /** Fields of proc_pid_stat(5) behind the name, the state being number 0. */
  private static final int START_TIME = 19;

  private final Path proc;
  private int looked;

  TaskReader(Path proc) {
    this.proc = proc;
  }

  /** Starts a snapshot: so many descriptors may be looked at again. */
  void restart() {
    looked = 0;
  }

  /** What it does; null when it is gone. */
  TaskState read(long tid) {
    Path task = proc.resolve(Long.toString(tid));
    String stat = text(task.resolve("stat"));
    int open = stat.indexOf('(');
    int close = stat.lastIndexOf(')');
    if (open < 0 || close < open || close + 2 >= stat.length()) {
      return null;
    }
    String[] fields = stat.substring(close + 2).strip().split(" ");
    long startTicks = fields.length > START_TIME ? number(fields[START_TIME]) : -1;
    List<String> stack = new ArrayList<>();
    for (String line : text(task.resolve("stack")).split("\n")) {
      String frame = line.startsWith("[<0>] ") ? line.substring(6) : line;
      if (!frame.isBlank() && stack.size() < STACK_FRAMES_MAX) {
        stack.add(frame.strip());
      }
    }
    String wchan = text(task.resolve("wchan")).strip();
    return new TaskState(
        tid,
        stat.substring(open + 1, close),
        fields[0].isEmpty() ? '?' : fields[0].charAt(0),
        startTicks,
        sleeps(text(task.resolve("status"))),
        wchan.equals("0") ? "" : wchan,
        stack);
  }

  /**
   * The path of an open file of the task by inode number and device; null when it has none. Uses
   * fdinfo, which unlike stat(2) of the file does not ask for its glock.
   */
  String pathOfOpenFile(long tid, long inode, String dev) {
    Path task = proc.resolve(Long.toString(tid));
    int lookedHere = 0;
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(task.resolve("fdinfo"))) {
      for (Path fd : fds) {
        if (++lookedHere > FDS_MAX || ++looked > FDS_IN_ALL_MAX) {
          return null;
        }
        String info = text(fd);
        if (value(info, "ino:") == inode && isOn(task, value(info, "mnt_id:"), dev)) {
          return pathOfFd(tid, fd.getFileName().toString());
        }
      }
    } catch (IOException e) {
      return null;
    }
    return null;
  }

  /** Where a descriptor leads; null when it is closed or not readable. */
  String pathOfFd(long tid, String fd) {
    try {
      return Files.readSymbolicLink(proc.resolve(tid + "/fd/" + fd)).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return null;
    }
  }

  private boolean isOn(Path task, long mount, String dev) {
    for (String line : text(task.resolve("mountinfo"), MOUNTS_BYTES_MAX).split("\n")) {
      String[] fields = line.split(" ", 4);
      if (fields.length == 4 && number(fields[0]) == mount) {
        return fields[2].equals(dev);
      }
    }
    return false;
  }

  private static long sleeps(String status) {
    return value(status, "voluntary_ctxt_switches:");
  }

  private static long value(String text, String key) {
    for (String line : text.split("\n")) {
      if (line.startsWith(key)) {
        return number(line.substring(key.length()).strip());
      }
    }
    return -1;
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** A small file's beginning; empty when it cannot be read. */
  private static String text(Path file) {
    return text(file, FILE_BYTES_MAX);
  }

  private static String text(Path file, int bytesMax) {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(bytesMax), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
