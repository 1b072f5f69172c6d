package io.faultline.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.view.LiveState;
import io.faultline.view.Picture;
import java.util.List;
import org.junit.jupiter.api.Test;

class TopScreenTest {
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
              return 0;
            }

            @Override
            public long rssBytes() {
              return 0;
            }
          });
  private final TopScreen screen = new TopScreen(picture());

  private Picture picture() {
    Pipeline pipeline = new Pipeline(state);
    SampleStream.feed(pipeline, 200);
    return state.publish(pipeline.alerts());
  }

  private List<String> lines(int width, int height) {
    return screen.render(width, height).stream().map(TopScreen.Line::text).toList();
  }

  private String text() {
    return String.join("\n", lines(200, 50));
  }

  @Test
  void shouldFillTheScreenExactly() {
    for (int[] size : new int[][] {{80, 24}, {200, 50}, {40, 8}}) {
      for (char pane : new char[] {'1', '2', '3'}) {
        screen.type(pane);
        List<String> lines = lines(size[0], size[1]);
        assertThat(lines).hasSize(size[1]);
        assertThat(lines)
            .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(size[0]));
      }
    }
  }

  @Test
  void shouldShowOperationsWithTheCostliestFirst() {
    assertThat(text()).contains("[1 operations]", "TASK", "LOCKWAIT", "in flight");
    assertThat(String.join("\n", lines(80, 24))).contains("RETRIES").doesNotContain("LOCKWAIT");
    screen.type('s');
    assertThat(text()).contains("by took");
  }

  @Test
  void shouldDrillDownAndComeBack() {
    screen.press(TopScreen.Key.DOWN);
    screen.press(TopScreen.Key.ENTER);
    assertThat(text()).contains("attempt 1", "Esc back");
    screen.press(TopScreen.Key.ESCAPE);
    assertThat(text()).contains("q end");
  }

  @Test
  void shouldFilterByWords() {
    screen.type('/');
    "postmaster".chars().forEach(c -> screen.type((char) c));
    assertThat(text()).contains("filter: postmaster_");
    screen.press(TopScreen.Key.ENTER);
    assertThat(
            lines(200, 50).stream().filter(line -> line.contains("16 KiB") || line.contains("KiB")))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(line).containsAnyOf("postmaster", "operations/s"));
    screen.press(TopScreen.Key.ESCAPE);
    assertThat(text()).doesNotContain("filter:");
  }

  @Test
  void shouldShowWhoWaitsAndTheStack() {
    screen.type('2');
    assertThat(text()).contains("waits", "holds", "glock");
    screen.press(TopScreen.Key.ENTER);
    assertThat(text()).contains("ROLE");
  }

  @Test
  void shouldShowAlertsWithTheirEvidence() {
    screen.press(TopScreen.Key.TAB);
    screen.press(TopScreen.Key.TAB);
    assertThat(text()).contains("critical firing    deadlock");
    screen.press(TopScreen.Key.ENTER);
    assertThat(text()).contains("waits for ex glock", "gfs2_glock_wait");
  }

  @Test
  void shouldStandStillWhilePaused() {
    String before = text();
    screen.type('p');
    screen.show(picture());
    assertThat(text()).contains("PAUSED");
    screen.type('p');
    assertThat(text()).isEqualTo(before);
  }

  @Test
  void shouldLeaveNoControlCharacterOfANameIn() {
    assertThat(text().chars().filter(c -> c != '\n' && Character.isISOControl(c))).isEmpty();
  }

  @Test
  void shouldEnd() {
    screen.type('q');
    assertThat(screen.isEnded()).isTrue();
  }
}
