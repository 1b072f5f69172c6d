package io.faultline.budget;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DutyMeterTest {
  private static final long MS = 1_000_000L;

  /** A kernel in which the programs always take the same share, and that counts while it is on. */
  private static final class Kernel implements DutyMeter.RunTimes {
    final double share;
    boolean isOn;
    boolean mayBegin = true;
    double totalNs;
    double onNs;

    Kernel(double share) {
      this.share = share;
    }

    void pass(long ns) {
      if (isOn) {
        totalNs += share * ns;
        onNs += ns;
      }
    }

    @Override
    public boolean begin() {
      isOn = mayBegin;
      return mayBegin;
    }

    @Override
    public long totalNs() {
      return (long) totalNs;
    }

    @Override
    public void end() {
      isOn = false;
    }
  }

  private static void run(DutyMeter meter, Kernel kernel, int seconds) {
    for (int i = 0; i < seconds * 100; i++) {
      meter.tick(1_000 + i * (10 * MS));
      kernel.pass(10 * MS);
    }
  }

  @Test
  void shouldMeasureAPartOfTheTimeAndSayTheWhole() {
    Kernel kernel = new Kernel(0.08);
    DutyMeter meter = new DutyMeter(kernel, 4);
    run(meter, kernel, 100);

    assertThat(meter.share().orElseThrow()).isBetween(0.0199, 0.0201);
    assertThat(meter.totalNs().orElseThrow() / 1e9).isBetween(7.7, 8.1); // all but the first second
    assertThat(kernel.onNs / 1e9).isBetween(9.0, 11.0);
  }

  @Test
  void shouldKnowNothingWhereTheKernelDoesNotMeasure() {
    Kernel kernel = new Kernel(0.5);
    kernel.mayBegin = false;
    DutyMeter meter = new DutyMeter(kernel, 1);
    run(meter, kernel, 30);

    assertThat(meter.isRefused()).isTrue();
    assertThat(meter.share()).isEmpty();
    assertThat(meter.totalNs()).isEmpty();
  }

  @Test
  void shouldLeaveItOff() {
    Kernel kernel = new Kernel(0.5);
    DutyMeter meter = new DutyMeter(kernel, 1);
    meter.tick(5);
    assertThat(kernel.isOn).isTrue();
    meter.close();
    meter.close();

    assertThat(kernel.isOn).isFalse();
  }
}
