package io.faultline.cli;

import io.faultline.journal.Journal;
import io.faultline.journal.JournalLimits;
import io.faultline.journal.JournalStatus;
import io.faultline.recording.RecordingWriter;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** What {@code record} writes: a file, or a journal. */
abstract sealed class RecordTarget implements Closeable {
  private final long flushNs;
  private long flushedNs = System.nanoTime();

  private RecordTarget(long flushNs) {
    this.flushNs = flushNs;
  }

  static RecordTarget file(Path file, StreamInfo info) throws IOException {
    return new ToFile(file, RecordingWriter.create(file, info, Version.text()));
  }

  /** {@code messages} hears when the journal pauses and when it goes on. */
  static RecordTarget journal(
      Path directory, StreamInfo info, JournalLimits limits, Consumer<String> messages)
      throws IOException {
    return new ToJournal(Journal.open(directory, info, Version.text(), limits), messages);
  }

  final void flushIfDue(long nowNs) throws IOException {
    if (nowNs - flushedNs >= flushNs) {
      flushedNs = nowNs;
      flush();
    }
  }

  abstract StreamConsumer consumer();

  /** Why nothing can be written at the moment, and events are dropped; empty while it can. */
  String pausedBecause() {
    return "";
  }

  abstract void flush() throws IOException;

  /** On the disk; once closed. */
  abstract long bytes() throws IOException;

  private static final class ToFile extends RecordTarget {
    private final Path file;
    private final RecordingWriter writer;

    ToFile(Path file, RecordingWriter writer) {
      super(1_000_000_000L);
      this.file = file;
      this.writer = writer;
    }

    @Override
    StreamConsumer consumer() {
      return writer;
    }

    @Override
    void flush() throws IOException {
      writer.flush(true);
    }

    @Override
    long bytes() throws IOException {
      return Files.size(file);
    }

    @Override
    public void close() throws IOException {
      writer.close();
    }
  }

  private static final class ToJournal extends RecordTarget {
    private final Journal journal;
    private final Consumer<String> messages;
    private boolean isPaused;

    ToJournal(Journal journal, Consumer<String> messages) {
      super(250_000_000L); // with a force every half second: a loss of power loses less than 1 s
      this.journal = journal;
      this.messages = messages;
      if (!journal.status().cut().isEmpty()) {
        messages.accept("journal: " + journal.status().cut());
      }
    }

    @Override
    StreamConsumer consumer() {
      return journal;
    }

    @Override
    void flush() {
      journal.flush();
      JournalStatus status = journal.status();
      if (status.isPaused() != isPaused) {
        isPaused = status.isPaused();
        messages.accept(
            isPaused
                ? "journal: paused, events are dropped: " + status.pausedBecause()
                : "journal: recording again, " + status.dropped() + " events were dropped");
      }
    }

    @Override
    String pausedBecause() {
      return journal.status().pausedBecause();
    }

    @Override
    long bytes() {
      return journal.status().bytes();
    }

    @Override
    public void close() throws IOException {
      journal.close();
    }
  }
}
