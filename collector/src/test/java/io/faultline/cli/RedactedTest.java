package io.faultline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.bundle.Redaction;
import io.faultline.export.SampleStream;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.RuleSettings;
import io.faultline.risk.Silence;
import io.faultline.source.StreamInfo;
import io.faultline.view.LiveState;
import io.faultline.view.Picture;
import io.faultline.web.LiveContent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The page shows other names, and the same story. */
class RedactedTest {
  private static List<String> documents(LiveState state) {
    LiveContent content = LiveContent.of(state, null, true);
    List<String> all = new ArrayList<>();
    content.documents().values().forEach(document -> all.add(document.get()));
    for (Picture.Row row : state.picture().operations()) {
      all.add(content.item("operations", row.id()));
    }
    return all;
  }

  @Test
  void shouldShowNoName() {
    Redaction redaction = new Redaction();
    StreamInfo info =
        new StreamInfo(
            "node",
            SampleStream.INFO.kernel(),
            "boot",
            SampleStream.INFO.wallNs(),
            SampleStream.INFO.ktimeNs(),
            "core",
            "full",
            "comm=postmaster",
            List.of());
    LiveState state = new LiveState(Redacted.infoOf(info, redaction), new OwnUse(() -> 0));
    Redacted redacted = new Redacted(redaction, RuleSettings.DEFAULT, state);
    SampleStream.feed(redacted.consumer(), 400);
    Alert deadlock =
        redacted.alerts().stream()
            .filter(alert -> alert.rule() == Rule.DEADLOCK)
            .findFirst()
            .orElseThrow();
    Silence silence = new Silence("s", Rule.DEADLOCK, "", 0, "", Silence.NO_END, "known");
    var unused =
        state.publish(
            redacted.alerts(),
            Redacted.silences(List.of(deadlock), alert -> alert.equals(deadlock) ? silence : null));
    List<String> documents = documents(state);
    assertThat(documents).hasSizeGreaterThan(100);
    for (String secret : SampleStream.SECRETS) {
      assertThat(documents).noneMatch(text -> text.contains(secret));
    }
    assertThat(documents.toString()).contains("task1", "/name", "deadlock", "known", "node");
  }
}
