package io.faultline.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.alert.Notice;
import io.faultline.alert.Samples;
import io.faultline.alert.Silences;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Silence;
import io.faultline.source.NameKind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlertDeskTest {
  private static final Alert PENDING = Samples.alert("a", Alert.State.PENDING);
  private static final Alert FIRING = Samples.alert("a", Alert.State.FIRING);
  private static final Alert RESOLVED = Samples.alert("a", Alert.State.RESOLVED);

  private final Kept sink = new Kept();
  private long nowNs = 100;

  private static final class Kept implements AlertSink {
    final List<Notice> notices = new ArrayList<>();
    final List<String> words = new ArrayList<>();

    @Override
    public String name() {
      return "kept";
    }

    @Override
    public void deliver(Notice notice) {
      notices.add(notice);
      words.add(notice.alert().id() + " " + notice.alert().state().label());
    }

    @Override
    public void withdraw(String alertId) {
      words.add(alertId + " withdrawn");
    }

    @Override
    public Counts counts() {
      return new Counts(0, 0, 0, 0, "");
    }

    @Override
    public void close() {}
  }

  private AlertDesk desk(Silence... silences) {
    return new AlertDesk(
        Samples.INFO, Silences.of(List.of(silences)), alert -> nowNs, List.of(sink));
  }

  private static Silence silence(String path, long untilNs) {
    return new Silence("s", Rule.STALL, "", 0, path, untilNs, "known");
  }

  @Test
  void shouldTellOfWhatFiresAndOfItsEnd() {
    AlertDesk desk = desk();
    desk.onAlert(PENDING);
    desk.onAlert(FIRING);
    desk.look(List.of(FIRING));
    desk.onAlert(RESOLVED);
    desk.look(List.of(RESOLVED));
    assertThat(sink.words).containsExactly("a firing", "a resolved");
  }

  @Test
  void shouldSayPathsAndStacks() {
    AlertDesk desk = desk();
    desk.onPath(Samples.DEV, Samples.INO, "/srv/x");
    desk.onName(NameKind.STACK, 1, "schedule;lock");
    desk.onAlert(FIRING);
    Notice notice = sink.notices.get(0);
    assertThat(notice.path()).isEqualTo("/srv/x");
    assertThat(notice.stacks()).containsExactly(List.of("schedule", "lock"), List.of());
  }

  @Test
  void shouldNotTellOfWhatIsSilencedNorOfItsEnd() {
    AlertDesk desk = desk(silence("", Silence.NO_END));
    desk.onAlert(FIRING);
    desk.onAlert(RESOLVED);
    assertThat(sink.words).isEmpty();
    assertThat(desk.noticeOf(FIRING).silence().comment()).isEqualTo("known");
  }

  @Test
  void shouldTellWhenTheSilenceEndsWhileTheAlertFires() {
    AlertDesk desk = desk(silence("", 200));
    desk.onAlert(FIRING);
    nowNs = 199;
    desk.look(List.of(FIRING));
    assertThat(sink.words).isEmpty();
    nowNs = 200;
    desk.look(List.of(FIRING));
    desk.look(List.of(FIRING));
    assertThat(sink.words).containsExactly("a firing");
  }

  @Test
  void shouldWithdrawWhatIsSilencedLaterOrForgotten() throws Exception {
    Silences silences = Silences.of(List.of());
    AlertDesk desk = new AlertDesk(Samples.INFO, silences, alert -> nowNs, List.of(sink));
    Alert other = Samples.alert("b", Alert.State.FIRING, Rule.DEADLOCK);
    desk.onAlert(FIRING);
    desk.onAlert(other);
    silences.add(silence("", Silence.NO_END), 0);
    desk.look(List.of(FIRING, other));
    desk.look(List.of(FIRING));
    assertThat(sink.words).containsExactly("a firing", "b firing", "a withdrawn", "b withdrawn");
  }

  @Test
  void shouldTellNewSinksOfWhatFires() {
    AlertDesk desk = desk();
    desk.onAlert(FIRING);
    Kept added = new Kept();
    desk.setSinks(List.of(sink, added), List.of(FIRING, Samples.alert("b", Alert.State.RESOLVED)));
    assertThat(sink.words).containsExactly("a firing");
    assertThat(added.words).containsExactly("a firing");
  }
}
