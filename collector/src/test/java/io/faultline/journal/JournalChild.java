package io.faultline.journal;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;

/**
 * A process that writes numbered events into a journal as fast as it can and says how far they are
 * acknowledged; to be killed. Arguments: directory, segment bytes, total bytes.
 */
public final class JournalChild {
  private JournalChild() {}

  /** Writes until it is killed. */
  public static void main(String[] args) throws IOException {
    JournalLimits limits =
        new JournalLimits(
            Long.parseLong(args[1]),
            Duration.ofMinutes(10),
            Long.parseLong(args[2]),
            Duration.ofDays(1),
            JournalLimits.Sync.INTERVAL);
    PrintStream out = System.out; // each line is one write: a killed process leaves no half number
    Random random = new Random();
    ByteBuffer event = NumberedEvents.buffer();
    try (Journal journal = Journal.open(Path.of(args[0]), NumberedEvents.INFO, "1", limits)) {
      out.println("cut " + journal.status().cut());
      for (long next = 0; ; ) {
        for (int count = random.nextInt(3_000); count >= 0; count--) {
          journal.onEvent(NumberedEvents.fill(event, next++), 0);
        }
        journal.flush();
        JournalStatus status = journal.status();
        out.println(
            "acknowledged "
                + status.acknowledged()
                + " dropped "
                + status.dropped()
                + " "
                + status.pausedBecause());
      }
    }
  }
}
