package io.faultline.risk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlertBookTest {
  private final List<Alert> told = new ArrayList<>();
  private final AlertBook book = new AlertBook(new Loss(), told::add);

  private static Finding finding(Rule rule, String cause, long ns) {
    return Finding.of(
        rule,
        cause,
        Alert.Subject.NONE,
        "title",
        ns,
        List.of(new Alert.Evidence(ns, 1, "a", "b", 0)));
  }

  @Test
  void shouldKeepWhatMattersWhenThereIsNoRoom() {
    book.raise(finding(Rule.DEADLOCK, "oldest", 1));
    book.raise(finding(Rule.COLLISION, "over", 2));
    book.raise(finding(Rule.STALL, "stall", 3));
    for (int i = 0; i < 997; i++) {
      book.raise(finding(Rule.COLLISION, "file" + i, 4));
    }
    assertThat(book.evicted()).isZero();
    book.resolve(Finding.idOf(Rule.COLLISION, "over"), 5);
    for (int i = 0; i < 100; i++) {
      book.raise(finding(Rule.COLLISION, "new" + i, 6));
    }
    assertThat(book.evicted()).isEqualTo(100);
    assertThat(book.all())
        .hasSize(1000)
        .extracting(Alert::id)
        .contains("deadlock:oldest", "stall:stall");
    assertThat(book.all())
        .extracting(Alert::id)
        .doesNotContain("collision:over", "collision:file0");
  }

  @Test
  void shouldBeginAnewWhenTheCauseComesBack() {
    book.raise(finding(Rule.STALL, "lock", 10));
    book.raise(finding(Rule.STALL, "lock", 20));
    book.resolve("stall:lock", 30);
    book.raise(finding(Rule.STALL, "lock", 1000));
    assertThat(book.all()).hasSize(1);
    assertThat(book.all().get(0).firstNs()).isEqualTo(1000);
    assertThat(book.all().get(0).count()).isEqualTo(3);
    assertThat(told)
        .extracting(Alert::state)
        .containsExactly(Alert.State.FIRING, Alert.State.RESOLVED, Alert.State.FIRING);
  }

  @Test
  void shouldDoubtWhatWasFoundSinceNothingWasMissing() {
    book.raise(finding(Rule.STALL, "before", 10));
    book.raise(finding(Rule.DEADLOCK, "after", 20));
    book.doubt(15);
    assertThat(book.all())
        .extracting(Alert::verdict)
        .containsExactly(Verdict.CONFIRMED, Verdict.SUSPECTED);
    assertThat(told.get(2).why()).isEqualTo("events are missing");
    book.doubt(15);
    assertThat(told).hasSize(3);
  }

  @Test
  void shouldForgetASuspicionThatNothingConfirmed() {
    book.raise(finding(Rule.DEADLOCK, "once", 10).seenOnce());
    book.resolve("deadlock:once", 11);
    assertThat(book.all()).isEmpty();
  }
}
