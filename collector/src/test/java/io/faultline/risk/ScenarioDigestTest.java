package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.journal.Journal;
import io.faultline.journal.JournalLimits;
import io.faultline.journal.JournalRange;
import io.faultline.journal.JournalReader;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import io.faultline.recording.RecordingWriter;
import io.faultline.source.EventSource;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What matcher and rules make of a scenario is the same live, from a recording, from a journal. */
class ScenarioDigestTest {
  private static final StreamInfo INFO =
      new StreamInfo("node-1", "6.18.0", "boot", 1, 1, "core", "full", "", List.of());

  @TempDir private Path directory;

  private static String digest(EventSource source) throws Exception {
    Digest digest = new Digest();
    Pipeline pipeline = new Pipeline(digest);
    while (source.poll(pipeline, 7) != EventSource.END) {
      // until all is read
    }
    pipeline.finish();
    return digest.text();
  }

  private static void feed(Scenario scenario, StreamConsumer consumer) {
    for (Scenario.Numbered event : scenario.events()) {
      if (!event.isLost()) {
        consumer.onEvent(event.bytes(), 0);
      }
    }
  }

  @Test
  void shouldComeToTheSameLiveRecordedAndFromAJournal() throws Exception {
    assertThat(Scenario.all()).hasSizeGreaterThan(25);
    int number = 0;
    for (Scenario scenario : Scenario.all()) {
      Digest live = new Digest();
      Pipeline pipeline = new Pipeline(live);
      feed(scenario, pipeline);
      pipeline.finish();
      Path file = directory.resolve(number + ".fl");
      try (RecordingWriter writer = RecordingWriter.create(file, INFO, "test")) {
        feed(scenario, writer);
      }
      try (JournalReader reader = JournalReader.open(file, JournalRange.ALL)) {
        assertThat(digest(reader)).as("%s, recorded", scenario).isEqualTo(live.text());
      }
      Path journal = directory.resolve("journal" + number++);
      JournalLimits limits =
          new JournalLimits(
              1 << 12,
              Duration.ofMinutes(1),
              1L << 30,
              Duration.ofDays(1),
              JournalLimits.Sync.NEVER);
      try (Journal writer = Journal.open(journal, INFO, "test", limits)) {
        feed(scenario, writer);
      }
      try (JournalReader reader = JournalReader.open(journal, JournalRange.ALL)) {
        assertThat(digest(reader)).as("%s, from a journal", scenario).isEqualTo(live.text());
      }
    }
  }
}
