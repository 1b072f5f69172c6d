package io.faultline.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WallClockTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long DAY = 86_400 * SECOND;

  private final StreamInfo info =
      new StreamInfo("h", "6.18", "boot", 100 * DAY, 10 * SECOND, "core", "full", "", List.of());

  @Test
  void shouldFollowAClockThatIsSet() {
    assertThat(info.noteClock(100 * DAY + SECOND, 11 * SECOND)).isZero();
    assertThat(info.noteClock(101 * DAY + 2 * SECOND, 12 * SECOND)).isEqualTo(DAY);
    assertThat(info.noteClock(101 * DAY + 3 * SECOND, 13 * SECOND)).isZero();
    assertThat(info.noteClock(99 * DAY + 4 * SECOND, 14 * SECOND)).isEqualTo(-2 * DAY);

    assertThat(info.wallNsOf(11 * SECOND)).isEqualTo(100 * DAY + SECOND);
    assertThat(info.wallNsOf(12 * SECOND)).isEqualTo(101 * DAY + 2 * SECOND);
    assertThat(info.wallNsOf(20 * SECOND)).isEqualTo(99 * DAY + 10 * SECOND);
  }

  @Test
  void shouldNotTakeABusyHostForAClockThatIsSet() {
    assertThat(info.noteClock(100 * DAY + 400_000_000, 10 * SECOND)).isZero();
    assertThat(info.wallNsOf(10 * SECOND)).isEqualTo(100 * DAY);
    assertThat(info.noteClock(100 * DAY + 600_000_000, 10 * SECOND)).isEqualTo(600_000_000);
  }

  @Test
  void shouldBeSharedByAllThatDescribeTheStream() {
    StreamInfo other = info.withHooks(List.of(new StreamInfo.Hook("dio_begin", "none")));
    info.noteClock(101 * DAY, 10 * SECOND);
    assertThat(other.wallNsOf(10 * SECOND)).isEqualTo(101 * DAY);
    StreamInfo later = info.asOf(11 * SECOND);
    info.noteClock(100 * DAY + SECOND, 11 * SECOND);
    assertThat(later.wallNsOf(10 * SECOND)).isEqualTo(101 * DAY);
  }

  @Test
  void shouldForgetTheFirstStepsOfAClockThatIsSetAllTheTime() {
    for (int i = 1; i <= 10_000; i++) {
      info.noteClock(100 * DAY + 2L * i * SECOND, 10 * SECOND + i * SECOND);
    }
    assertThat(info.clock()).hasToString("256 steps");
    assertThat(info.wallNsOf(10_010 * SECOND)).isEqualTo(100 * DAY + 20_000 * SECOND);
  }
}
