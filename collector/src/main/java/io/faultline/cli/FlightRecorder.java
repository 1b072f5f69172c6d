package io.faultline.cli;

import io.faultline.journal.Journal;
import io.faultline.journal.JournalRange;
import io.faultline.pipeline.StreamListener;
import io.faultline.risk.Alert;
import io.faultline.risk.Severity;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Keeps what the journal has of the time around an alert above info, or around a signal, as a
 * recording of its own: the journal's limits do not take it. One window at a time: what happens
 * until it is written is in it.
 */
final class FlightRecorder implements StreamListener, AutoCloseable {
  private static final Duration BEFORE = Duration.ofMinutes(5);
  private static final Duration AFTER = Duration.ofSeconds(30);
  private static final int FILES_MAX = 20;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final Path journal;
  private final Path folder;
  private final StreamInfo info;
  private final Duration after;
  private final Consumer<String> messages;
  private final AtomicBoolean isPending = new AtomicBoolean();
  private final ScheduledExecutorService writer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "faultline-flight-recorder");
            thread.setDaemon(true);
            return thread;
          });

  /** {@code messages} is told what was kept, and why not; any thread. */
  FlightRecorder(Path journal, StreamInfo info, Consumer<String> messages) {
    this(journal, info, AFTER, messages);
  }

  FlightRecorder(Path journal, StreamInfo info, Duration after, Consumer<String> messages) {
    this.journal = journal;
    this.info = info;
    this.after = after;
    this.messages = messages;
    folder = journal.resolve("kept");
  }

  @Override
  public void onAlert(Alert alert) {
    if (alert.state() == Alert.State.FIRING && alert.severity() != Severity.INFO) {
      keep(alert.rule().label(), instantOf(info.wallNsOf(alert.firstNs())));
    }
  }

  /** Keeps the time around now; any thread. */
  void keepNow() {
    keep("signal", Instant.now());
  }

  private static Instant instantOf(long wallNs) {
    return Instant.ofEpochSecond(
        Math.floorDiv(wallNs, 1_000_000_000L), Math.floorMod(wallNs, 1_000_000_000L));
  }

  private void keep(String why, Instant when) {
    if (isPending.compareAndSet(false, true)) {
      Path file = folder.resolve(TIME.format(when) + "-" + why + ".fl");
      var unused =
          writer.schedule(
              () -> write(file, when.minus(BEFORE)), after.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void write(Path file, Instant since) {
    isPending.set(false);
    try {
      Files.createDirectories(folder);
      if (count() >= FILES_MAX) {
        messages.accept(
            "incident not kept: " + folder + " has " + FILES_MAX + " files (expected: fewer)");
        return;
      }
      long events =
          Journal.window(journal, new JournalRange(since, Instant.MAX), file, Version.text())
              .events();
      messages.accept(String.format("incident kept: %s, %,d events", file, events));
    } catch (IOException e) {
      messages.accept("incident not kept: " + e.getMessage());
    }
  }

  private int count() throws IOException {
    int count = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.fl")) {
      for (Path file : files) {
        count += Files.isRegularFile(file) ? 1 : 0;
      }
    }
    return count;
  }

  /** Writes at once what was to be written later. */
  @Override
  public void close() {
    boolean wasPending = isPending.get();
    writer.shutdownNow();
    if (wasPending) {
      write(folder.resolve(TIME.format(Instant.now()) + "-end.fl"), Instant.now().minus(BEFORE));
    }
  }
}
