package io.faultline.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.risk.Rule;
import io.faultline.risk.Silence;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LiveStateTest {
  private final LiveState state =
      new LiveState(
          SampleStream.INFO,
          new LiveState.Gauges() {
            @Override
            public long ringUsedBytes() {
              return 0;
            }

            @Override
            public double cpuRatio() {
              return -1;
            }

            @Override
            public long rssBytes() {
              return -1;
            }
          });

  @Test
  void shouldBeWatchedOnceSomebodyIsAboutToLook() throws Exception {
    assertThat(state.isWatched()).isFalse();
    state.announce();
    assertThat(state.isWatched()).isTrue();
    CompletableFuture<Picture> asked = CompletableFuture.supplyAsync(state::picture);
    // Not the old one: whoever asks waits for the one that was announced.
    long untilNs = System.nanoTime() + 60_000_000_000L;
    Picture made = null;
    while (!asked.isDone()) {
      assertThat(System.nanoTime()).isLessThan(untilNs);
      Thread.sleep(50);
      made = made == null ? state.publish(List.of()) : made;
    }
    assertThat(asked.get(1, TimeUnit.SECONDS).sequence()).isGreaterThan(1);
  }

  @Test
  void shouldSayOfAlertsWhatSilencesThem() {
    Pipeline pipeline = new Pipeline(state);
    SampleStream.feed(pipeline, 100);
    Silence silence = new Silence("s", Rule.DEADLOCK, "", 0, "", Silence.NO_END, "known");
    Picture picture =
        state.publish(pipeline.alerts(), alert -> alert.rule() == Rule.DEADLOCK ? silence : null);
    assertThat(picture.alerts())
        .filteredOn(row -> row.silence() != null)
        .extracting(row -> row.alert().rule())
        .containsOnly(Rule.DEADLOCK);
    assertThat(picture.alerts()).hasSizeGreaterThan(1);
  }
}
