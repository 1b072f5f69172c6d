package io.faultline.cli;

import io.faultline.alert.Samples;
import io.faultline.event.Event;
import io.faultline.event.EventBuilder;
import io.faultline.event.EventType;
import io.faultline.event.LockClass;
import io.faultline.event.LockMode;
import io.faultline.event.LockStep;
import io.faultline.event.Probe;
import io.faultline.event.TaskLook;
import io.faultline.recording.RecordingWriter;
import io.faultline.source.StreamConsumer;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A recording in which two tasks wait for what the other one holds: three looks, a second apart.
 */
public final class AbbaRecording {
  private static final long MS = 1_000_000L;
  private static final int DEV = 254 << 20;

  private final EventBuilder builder = new EventBuilder();
  private int seq;

  private AbbaRecording() {}

  /** Writes it; {@code isResolved}: in the end one gives up. {@code live} gets the same events. */
  public static void write(Path file, boolean isResolved, StreamConsumer live) throws IOException {
    AbbaRecording abba = new AbbaRecording();
    try (RecordingWriter writer = RecordingWriter.create(file, Samples.INFO, "test")) {
      for (int look = 1; look <= 3; look++) {
        long ns = 50 * MS + look * 1000L * MS;
        int[][] steps = {{1, 1}, {2, 2}, {1, 2}, {2, 1}};
        for (int i = 0; i < steps.length; i++) {
          LockStep.Kind kind = i < 2 ? LockStep.Kind.HOLDING : LockStep.Kind.WAITING;
          abba.step(kind, ns, steps[i][0], steps[i][1]);
          abba.hand(writer, live);
        }
        for (int tid = 1; tid <= 2; tid++) {
          abba.asleep(ns, tid);
          abba.hand(writer, live);
        }
      }
      if (isResolved) {
        abba.step(LockStep.Kind.ABANDON, 4000 * MS, 2, 1);
        abba.hand(writer, live);
      }
    }
  }

  private void step(LockStep.Kind kind, long ns, int tid, long glock) {
    boolean isOfSweep = kind != LockStep.Kind.ABANDON;
    builder
        .begin(
            EventType.LOCK,
            isOfSweep ? Probe.SWEEP : Probe.GLOCK_PROMOTE,
            isOfSweep ? Event.CPU_NONE : 0,
            ns)
        .seq(isOfSweep ? seq++ : 0)
        .task(tid, tid)
        .lock(LockClass.GLOCK, DEV, 6, glock, 0xffff888000000000L + glock)
        .lockRequest(
            kind,
            0xffffc90000000000L + tid * 16L + glock,
            10,
            kind == LockStep.Kind.HOLDING ? 11 : 0,
            LockMode.EXCLUSIVE)
        .lockTask(0, "task" + tid, LockStep.WAITED, 0);
  }

  /** The task has not run since. */
  private void asleep(long ns, int tid) {
    builder
        .begin(EventType.TASK, Probe.SWEEP, Event.CPU_NONE, ns)
        .seq(seq++)
        .task(tid, tid)
        .lookProgress(5 * MS, 3, 0, 1)
        .lookDoing(TaskLook.Doing.LOCK, 'D', 0, 0, "task" + tid);
  }

  private void hand(StreamConsumer first, StreamConsumer second) {
    first.onEvent(builder.buffer(), 0);
    second.onEvent(builder.buffer(), 0);
  }
}
