package io.faultline.alert;

import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Severity;
import io.faultline.risk.Verdict;
import io.faultline.source.StreamInfo;
import java.util.List;

/** Alerts for tests. */
public final class Samples {
  public static final int DEV = 254 << 20 | 1;
  public static final long INO = 257;
  public static final StreamInfo INFO =
      new StreamInfo(
          "node-1",
          "6.18.0",
          "boot",
          1_700_000_000_000_000_000L,
          0,
          "core",
          "normal",
          "",
          List.of());

  private Samples() {}

  public static Alert alert(String id, Alert.State state) {
    return alert(id, state, Rule.STALL);
  }

  public static Alert alert(String id, Alert.State state, Rule rule) {
    return new Alert(
        id,
        rule,
        Severity.WARNING,
        state,
        new Alert.Subject(DEV, INO, "btrfs"),
        "dio waits",
        1_000_000_000L,
        3_000_000_000L,
        2,
        true,
        Verdict.CONFIRMED,
        "",
        List.of(
            new Alert.Evidence(1_000_000_000L, 7, "dio", "waits for extent", 1),
            new Alert.Evidence(2_000_000_000L, 0, "", "nobody holds it", 0)));
  }

  public static Notice notice(String id, Alert.State state) {
    return new Notice(
        alert(id, state),
        INFO,
        "/srv/data",
        List.of(List.of("schedule+0x1", "lock"), List.of()),
        null);
  }
}
