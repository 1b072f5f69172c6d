package io.faultline.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.pipeline.Pipeline;
import io.faultline.report.Report;
import io.faultline.report.ReportBuilder;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What fleet.sh takes for a host that goes on is one. */
class EndlessStreamTest {
  private static final Path SCENARIOS =
      Path.of("src/test/resources/io/faultline/risk/scenarios").toAbsolutePath();
  private static final int ROUNDS = 3;

  private static Report reportOf(LoadStream stream, int rounds) {
    ReportBuilder builder = new ReportBuilder(stream.info());
    Pipeline pipeline = new Pipeline(builder);
    stream.feedNames(pipeline);
    EndlessStream endless = new EndlessStream(stream);
    for (int i = 0; i < rounds * stream.size(); i++) {
      endless.feedNext(pipeline);
    }
    pipeline.finish();
    return builder.build();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"23-starvation-recorded.fl", "66-vanishing-pages.fl", "18-collision-recorded.fl"})
  void shouldBeTheSameAgainWithNothingMissing(String file) throws IOException {
    LoadStream stream = LoadStream.read(SCENARIOS.resolve(file));
    Report once = reportOf(stream, 1);
    Report often = reportOf(stream, ROUNDS);
    assertThat(often.balance().sequenceGaps()).isZero();
    assertThat(often.balance().lost()).isEqualTo(ROUNDS * once.balance().lost());
    assertThat(often.balance().hits()).isEqualTo(ROUNDS * once.balance().hits());
    assertThat(often.balance().reasons()).isEqualTo(once.balance().reasons());
    assertThat(often.totals().attempts()).isEqualTo(ROUNDS * once.totals().attempts());
    assertThat(often.operations()).hasSize(ROUNDS * once.operations().size());
    assertThat(often.lockWaits()).hasSize(ROUNDS * once.lockWaits().size());
  }
}
