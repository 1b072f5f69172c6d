package io.faultline.live;

import io.faultline.event.EventDecoder;
import io.faultline.event.EventHandler;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.recording.RecordingReader;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What ftrace recorded of glocks in a guest, and the same as a recording has it. */
final class GlockTrace {
  /** One line of ftrace; {@code tid} is the task in whose context it happened. */
  record Line(int tid, long ns, String lock, String what) {}

  private static final Pattern LINE =
      Pattern.compile("^\\s*.+-(\\d+)\\s+\\[\\d+\\] \\S+\\s+([0-9.]+): (\\w+): (.*)$");
  private static final Pattern GLOCK = Pattern.compile("glock (\\d+):(\\d+) (.*)");

  final List<Line> lines = new ArrayList<>();
  int attempts;

  static GlockTrace of(Path file) throws IOException {
    GlockTrace trace = new GlockTrace();
    for (String text : Files.readAllLines(file)) {
      Matcher line = LINE.matcher(text);
      if (!line.matches()) {
        continue;
      }
      int tid = Integer.parseInt(line.group(1));
      long ns = new BigDecimal(line.group(2)).movePointRight(9).longValueExact();
      Matcher glock = GLOCK.matcher(line.group(4));
      switch (line.group(3)) {
        case "iomap_dio_rw_begin" -> trace.attempts++;
        case "gfs2_glock_queue", "gfs2_promote" -> {
          if (glock.find()) {
            trace.lines.add(
                new Line(tid, ns, glock.group(1) + ":" + glock.group(2), glock.group(3)));
          }
        }
        case "gfs2_glock_state_change" -> {
          if (glock.find()) {
            Matcher state = Pattern.compile("state \\S+ to (\\S+)").matcher(glock.group(3));
            if (state.find()) {
              trace.lines.add(
                  new Line(
                      tid, ns, glock.group(1) + ":" + glock.group(2), "state " + state.group(1)));
            }
          }
        }
        default -> {
          // Not compared.
        }
      }
    }
    return trace;
  }

  /** By lock, what happened to it in order. */
  Map<String, List<String>> byLock() {
    Map<String, List<String>> all = new TreeMap<>();
    lines.forEach(
        line -> all.computeIfAbsent(line.lock(), lock -> new ArrayList<>()).add(line.what()));
    return all;
  }

  long firstNs() {
    return lines.get(0).ns();
  }

  /** The steps of a recording in ftrace's words. */
  static GlockTrace ofRecording(Path file) throws IOException {
    GlockTrace trace = new GlockTrace();
    EventDecoder decoder =
        new EventDecoder(
            new EventHandler() {
              @Override
              public void onLockStep(LockStep step) {
                String word = wordOf(step);
                if (step.lockClass() == LockClass.GLOCK && word != null) {
                  trace.lines.add(
                      new Line(
                          step.tid(),
                          step.ktimeNs(),
                          step.type() + ":" + step.number(),
                          word + " " + dlmWord(step.mode())));
                }
              }
            });
    try (RecordingReader reader = RecordingReader.open(file)) {
      StreamConsumer consumer =
          new StreamConsumer() {
            @Override
            public void onEvent(ByteBuffer buffer, int offset) {
              decoder.decode(buffer, offset);
            }

            @Override
            public void onPath(int dev, long ino, String path) {}
          };
      while (reader.poll(consumer, 4096) != EventSource.END) {
        // until all is read
      }
    }
    trace.lines.sort(java.util.Comparator.comparingLong(Line::ns));
    return trace;
  }

  private static String wordOf(LockStep step) {
    return switch (step.kind()) {
      case REQUEST -> "queue";
      case GRANT -> "promote";
      case RELEASE, ABANDON -> "dequeue";
      case STATE_CHANGE -> "state";
      default -> null;
    };
  }

  /** gfs2 prints the DLM's modes for its own. */
  static String dlmWord(LockMode mode) {
    return switch (mode) {
      case UNLOCKED -> "NL";
      case SHARED -> "PR";
      case DEFERRED -> "CW";
      case EXCLUSIVE -> "EX";
      default -> throw new AssertionError(mode + ": no mode of a glock");
    };
  }
}
