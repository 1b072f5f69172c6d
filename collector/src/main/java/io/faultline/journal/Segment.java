package io.faultline.journal;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One file of a journal: a recording that stands on its own.
 *
 * <pre>
 *   DIR/lock                                                      held by the process that writes
 *   DIR/000007-000009-000000123456-20261123T140311.123Z.fl
 *       run    segment event        begun at, UTC
 *   DIR/*.tmp                                                     segments that are being made
 * </pre>
 *
 * A run is what one writer wrote, named by its first segment: probes were attached once, their
 * counters and sequence numbers go on from segment to segment. The event is the number of the
 * segment's first one among all that the journal was ever given, those included that it could not
 * keep: what is missing between two segments is the difference.
 *
 * @param file its path
 * @param run number of the first segment of its run
 * @param number one more than that of the segment before it
 * @param firstEvent as above
 * @param begun wall-clock time, to the millisecond
 */
record Segment(Path file, long run, long number, long firstEvent, Instant begun) {
  static final String TEMPORARY = ".tmp";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final Pattern NAME =
      Pattern.compile("(\\d{6,15})-(\\d{6,15})-(\\d{12,18})-(\\d{8}T\\d{6}\\.\\d{3}Z)\\.fl");

  static Segment of(Path directory, long run, long number, long firstEvent, Instant begun) {
    String name =
        String.format(
            Locale.ROOT, "%06d-%06d-%012d-%s.fl", run, number, firstEvent, TIME.format(begun));
    return new Segment(directory.resolve(name), run, number, firstEvent, begun);
  }

  /** Where it is while it is being made. */
  Path temporary() {
    return file.resolveSibling(file.getFileName() + TEMPORARY);
  }

  /** The segments of a directory, oldest first. */
  static List<Segment> list(Path directory) throws IOException {
    List<Segment> segments = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Segment segment = parse(file);
        if (segment != null) {
          segments.add(segment);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw new JournalException(directory + ": is no directory (expected: that of a journal)", e);
    }
    segments.sort(Comparator.comparingLong(Segment::number));
    return segments;
  }

  private static Segment parse(Path file) {
    Matcher matcher = NAME.matcher(file.getFileName().toString());
    if (!matcher.matches()) {
      return null;
    }
    try {
      return new Segment(
          file,
          Long.parseLong(matcher.group(1)),
          Long.parseLong(matcher.group(2)),
          Long.parseLong(matcher.group(3)),
          TIME.parse(matcher.group(4), Instant::from));
    } catch (DateTimeException e) {
      return null; // such as a 31st of February: not ours
    }
  }

  /** Bytes; 0 when it is gone. */
  long bytes() {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }
}
