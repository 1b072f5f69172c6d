package io.faultline.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.risk.Alert;
import io.faultline.risk.Rule;
import io.faultline.risk.Severity;
import io.faultline.risk.Verdict;
import io.faultline.view.FleetPicture;
import io.faultline.view.Picture;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The documents of a collector. */
class HostsContentTest {
  static FleetPicture.HostAlert alert(String host) {
    Alert alert =
        new Alert(
            "stall:1",
            Rule.STALL,
            Severity.WARNING,
            Alert.State.FIRING,
            new Alert.Subject(8 << 20, 5, "gfs2"),
            "a read lasts",
            1_000_000,
            2_000_000,
            2,
            true,
            Verdict.CONFIRMED,
            "",
            List.of());
    return new FleetPicture.HostAlert(
        host,
        new Picture.AlertRow(alert, "/srv/a", List.of(), null),
        ns -> 1_700_000_000_000_000_000L + ns);
  }

  @Test
  void shouldTellOfHosts() throws Exception {
    HostsContent content = new HostsContent("collector1", null);
    long before = content.version();
    content.show(
        new FleetPicture(
            "collector1",
            1_700_000_000_000L,
            List.of(
                new FleetPicture.Host(
                    "node1", 1_699_999_999_000L, Map.of("retries", 2.5), 1, 1, 100, 0),
                new FleetPicture.Host("node2", 1_699_999_998_000L, Map.of(), 0, 0, 100, 7)),
            List.of(alert("node1"))));
    assertThat(content.newer(before, 0)).isGreaterThan(before);
    Map<String, Object> hosts = JSON.std.mapFrom(content.documents().get("hosts").get());
    assertThat(hosts.get("hosts").toString())
        .contains("host=node1", "point={retries=2.5}", "waiting=1", "complete=false", "lost=7");
    Map<String, Object> now = JSON.std.mapFrom(content.documents().get("now").get());
    assertThat(now.get("balance")).isEqualTo(Map.of("complete", false, "hits", 200, "lost", 7));
    assertThat(now.get("firing")).isEqualTo(1);
    assertThat(content.documents().get("alerts").get())
        .contains("\"host\":\"node1\"", "\"first_ms\":1700000000001", "/srv/a");
    assertThat(JSON.std.mapFrom(content.documents().get("info").get()).get("views"))
        .isEqualTo(List.of("hosts", "alerts"));
  }
}
