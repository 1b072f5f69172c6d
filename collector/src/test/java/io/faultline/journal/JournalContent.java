package io.faultline.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What can be read of a journal of {@link NumberedEvents}: every event was checked, byte by byte.
 *
 * @param numbers of the events of the last run, rising
 * @param missing events that the journal says it does not have
 * @param damage what the reader says
 */
public record JournalContent(List<Long> numbers, long missing, List<String> damage) {
  /** Reads the last run. */
  public static JournalContent read(Path directory) throws IOException {
    try (JournalReader reader = JournalReader.open(directory, JournalRange.ALL)) {
      List<Long> numbers = NumberedEvents.of(reader).numbers;
      return new JournalContent(numbers, reader.missing(), reader.damage());
    }
  }
}
