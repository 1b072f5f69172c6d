package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.faultline.cli.AbbaRecording;
import io.faultline.kafka.Ports;
import io.faultline.pipeline.Pipeline;
import io.faultline.sink.journald.JournaldDelivery;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Alerts of a replay arrive at the real receivers: Alertmanager, and the systemd journal. */
class ReceiverIT {
  private static final Path JOURNALD = Path.of("/lib/systemd/systemd-journald");

  @TempDir private Path directory;

  private Path firing;
  private Path resolved;

  @BeforeEach
  void record() throws Exception {
    firing = directory.resolve("firing.fl");
    resolved = directory.resolve("resolved.fl");
    AbbaRecording.write(firing, false, new Pipeline());
    AbbaRecording.write(resolved, true, new Pipeline());
  }

  private static void assume(boolean isThere, String what) {
    if (!isThere) {
      System.err.println("SKIPPED: " + what);
    }
    assumeTrue(isThere, what);
  }

  private static HttpResponse<String> get(String url) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static boolean isReady(String url) {
    try {
      return get(url + "/-/ready").statusCode() == 200;
    } catch (Exception e) {
      return false;
    }
  }

  @Test
  void shouldFireAndResolveAtAlertmanager() throws Exception {
    assume(
        Files.exists(Path.of("/usr/bin/prometheus-alertmanager")),
        "no prometheus-alertmanager (expected: sudo deploy/test.sh)");
    String url = "http://127.0.0.1:" + Ports.free();
    Path routes =
        Files.writeString(
            directory.resolve("routes.yml"),
            "route: {receiver: none}\nreceivers: [{name: none}]\n");
    Process manager =
        new ProcessBuilder(
                "prometheus-alertmanager",
                "--config.file=" + routes,
                "--storage.path=" + directory.resolve("data"),
                "--web.listen-address=" + url.substring("http://".length()),
                "--cluster.listen-address=")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("alertmanager.log").toFile())
            .start();
    try {
      Live.await("alertmanager", () -> isReady(url) || !manager.isAlive());
      Path config =
          Files.writeString(
              directory.resolve("agent.yaml"),
              "alerts:\n  webhooks:\n    - {format: alertmanager, url: '"
                  + url
                  + "/api/v2/alerts'}\n");
      Live.Result replay =
          Live.faultline("replay", firing.toString(), "--config", config.toString());
      assertThat(replay.status()).as(replay.err()).isZero();
      List<Object> alerts = JSON.std.listFrom(get(url + "/api/v2/alerts").body());
      assertThat(alerts).hasSize(1);
      Map<?, ?> alert = (Map<?, ?>) alerts.get(0);
      assertThat((Map<?, ?>) alert.get("labels"))
          .extracting("alertname", "host", "severity", "dev")
          .containsExactly("FaultlineDeadlock", "node-1", "critical", "254:0");
      assertThat((Map<?, ?>) alert.get("status")).extracting("state").isEqualTo("active");

      Live.faultline("replay", resolved.toString(), "--config", config.toString());
      assertThat(JSON.std.listFrom(get(url + "/api/v2/alerts").body())).isEmpty();
    } finally {
      manager.destroyForcibly();
      Live.waitFor(manager);
    }
  }

  /** journald with a /run of its own, since a machine has one journal at most. */
  @Test
  void shouldWriteFieldsIntoTheJournal() throws Exception {
    Live.assumeRoot();
    assume(Files.exists(JOURNALD), "no " + JOURNALD + " (expected: a host with systemd)");
    Path config = Files.writeString(directory.resolve("agent.yaml"), "alerts:\n  journald: on\n");
    Path script =
        Files.writeString(
            directory.resolve("journal.sh"),
            String.join(
                "\n",
                "set -e",
                "mount -t tmpfs none /run",
                "mkdir -p /run/systemd/journal /run/log/journal",
                JOURNALD + " & journald=$!",
                "trap 'kill $journald' EXIT",
                "i=0; while ! [ -S " + JournaldDelivery.SOCKET + " ]; do",
                "  i=$((i + 1)); [ $i -lt 300 ] || exit 9; sleep 0.1",
                "done",
                Live.ROOT.resolve("faultline")
                    + " replay "
                    + resolved
                    + " --config "
                    + config
                    + " >&2",
                "journalctl --sync 2>/dev/null || true",
                "i=0; while [ $(journalctl -o json MESSAGE_ID="
                    + JournaldDelivery.MESSAGE_ID
                    + " | wc -l) -lt 2 ]; do",
                "  i=$((i + 1)); [ $i -lt 300 ] || exit 9; sleep 0.1",
                "done",
                "journalctl -o json MESSAGE_ID=" + JournaldDelivery.MESSAGE_ID,
                ""));
    Live.Result result =
        Live.run("unshare", "--mount", "--propagation", "private", "sh", script.toString());
    assertThat(result.status()).as(result.err()).isZero();
    List<Map<String, Object>> entries = new ArrayList<>();
    for (String line : result.out().split("\n")) {
      entries.add(JSON.std.mapFrom(line));
    }
    assertThat(entries).hasSize(2);
    assertThat(entries.get(0))
        .containsEntry("PRIORITY", "2")
        .containsEntry("SYSLOG_IDENTIFIER", "faultline")
        .containsEntry("FAULTLINE_RULE", "deadlock")
        .containsEntry("FAULTLINE_STATE", "firing")
        .containsEntry("FAULTLINE_DEV", "254:0");
    assertThat((String) entries.get(0).get("FAULTLINE_EVIDENCE")).contains("task1 (1) ", "\n");
    assertThat(entries.get(1)).containsEntry("FAULTLINE_STATE", "resolved");
  }
}
