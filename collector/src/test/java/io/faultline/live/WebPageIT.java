package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.faultline.alert.Silences;
import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.view.FleetPicture;
import io.faultline.view.LiveState;
import io.faultline.web.HostsContent;
import io.faultline.web.LiveContent;
import io.faultline.web.WebServer;
import io.faultline.web.WebSettings;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live page in a real browser. Pictures stay in target/screenshots. */
class WebPageIT {
  private static final WebSettings SETTINGS = new WebSettings("127.0.0.1", 0, "", List.of(), 16);

  /** What a view has when it shows something. */
  static final Map<String, String> CONTENT =
      Map.of(
          "now", "#devices tbody tr",
          "operations", "#operations tbody tr button",
          "locks", "#graph .waits",
          "alerts", "#alerts .alert");

  @TempDir private static Path directory;

  private static final ScheduledExecutorService publisher =
      Executors.newSingleThreadScheduledExecutor();
  private static Browser browser;
  private static LiveState state;
  private static WebServer server;
  private static URI page;

  @BeforeAll
  static void start() throws Exception {
    if (Browser.command() == null) {
      System.err.println("SKIPPED browser tests: no chromium (expected: apt-get install chromium)");
    }
    assumeTrue(Browser.command() != null, "no chromium");
    browser = Browser.start(directory.resolve("profile"));
    state =
        new LiveState(
            SampleStream.INFO,
            new LiveState.Gauges() {
              @Override
              public long ringUsedBytes() {
                return 4096;
              }

              @Override
              public double cpuRatio() {
                return 0.012;
              }

              @Override
              public long rssBytes() {
                return 80 << 20;
              }
            });
    Pipeline pipeline = new Pipeline(state);
    SampleStream.feed(pipeline, 400);
    server = WebServer.start(LiveContent.of(state, Silences.of(List.of()), false), SETTINGS);
    page = URI.create(server.page());
    var unused =
        publisher.scheduleAtFixedRate(
            () -> state.publish(pipeline.alerts()), 0, 500, TimeUnit.MILLISECONDS);
  }

  @AfterAll
  static void stop() throws Exception {
    publisher.shutdownNow();
    if (server != null) {
      server.close();
    }
    if (browser != null) {
      browser.close();
    }
  }

  @Test
  void shouldShowEveryView() throws Exception {
    Page shown = new Page(browser, page);
    for (boolean isDark : new boolean[] {false, true}) {
      for (int width : new int[] {1280, 360}) {
        String end = "-" + width + (isDark ? "-dark" : "");
        shown.open(width, isDark);
        for (String view : List.of("now", "operations", "locks", "alerts")) {
          shown.goTo(view);
          shown.await("document.querySelector('" + CONTENT.get(view) + "')");
          shown.shot("live-" + view + end);
          shown.check(view + end);
        }
        shown.goTo("operations");
        shown.click("#operations tbody tr:nth-child(2) button");
        shown.await("document.querySelector('#steps-picture .gap')");
        shown.shot("live-timeline" + end);
        shown.check("timeline" + end);
        shown.goTo("alerts");
        shown.click("#alerts .alert > button");
        shown.await("document.querySelector('#silence-dialog').open");
        shown.shot("live-silence" + end);
        shown.check("silence" + end);
      }
    }
  }

  @Test
  void shouldFilterSortAndFollowKeys() throws Exception {
    Page shown = new Page(browser, page);
    shown.open(1280, false);
    shown.goTo("operations");
    shown.await("document.querySelectorAll('#operations tbody tr').length > 10");
    shown.type("#filter", "in flight");
    shown.await("document.querySelectorAll('#operations tbody tr').length === 1");
    shown.type("#filter", "backupd read");
    shown.await(
        "[...document.querySelectorAll('#operations tbody tr')].every(r =>"
            + " /backupd.*read/s.test(r.innerText))");
    shown.type("#filter", "no such");
    shown.await(
        "/None of them matches/.test(document.querySelector('#operations tbody').innerText)");
    shown.type("#filter", "");
    shown.type("#sort", "retries");
    shown.await(
        "(rows => rows.length > 10 && rows.slice(1).every((n, i) => n <= rows[i]))"
            + "([...document.querySelectorAll('#operations tbody tr')].slice(1)"
            + ".map(r => Number(r.cells[3].textContent)))");
    browser.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '3', bubbles: true}))");
    shown.await("!document.querySelector('#view-locks').hidden");
    assertThat(shown.complaints()).isEmpty();
  }

  @Test
  void shouldShowTheHostsOfACollector() throws Exception {
    HostsContent content = new HostsContent("collector1", Silences.of(List.of()));
    long nowMs = System.currentTimeMillis();
    content.show(
        new FleetPicture(
            "collector1",
            nowMs,
            List.of(
                new FleetPicture.Host(
                    "storage1.example",
                    nowMs,
                    Map.of("operations", 5200.0, "retries", 12.5, "retry_ns", 4e6),
                    2,
                    1,
                    90_000,
                    0),
                new FleetPicture.Host("storage2", nowMs - 90_000, Map.of(), 0, 0, 500, 7)),
            List.of()));
    try (WebServer collector = WebServer.start(content, SETTINGS)) {
      Page shown = new Page(browser, URI.create(collector.page()));
      for (int width : new int[] {1280, 360}) {
        browser.show(width, 900, false);
        browser.open(URI.create(collector.page()));
        shown.await("document.querySelectorAll('#hosts tbody tr').length === 2");
        assertThat(shown.text("#hosts tbody tr"))
            .contains("storage1.example", width > 640 ? "5,200" : "1");
        assertThat(shown.count("nav a:not([hidden])")).isEqualTo(2);
        shown.shot("live-hosts-" + width);
        shown.check("hosts " + width);
      }
      shown.leave();
    }
  }

  @Test
  void shouldAskForTheToken() throws Exception {
    WebSettings settings = new WebSettings("127.0.0.1", 0, "the token", List.of(), 4);
    try (WebServer guarded = WebServer.start(LiveContent.of(state), settings)) {
      Page shown = new Page(browser, URI.create(guarded.page()));
      browser.show(1280, 900, false);
      browser.open(URI.create(guarded.page()));
      shown.await("document.querySelector('#login').open");
      shown.type("#login-token", "wrong");
      shown.click("#login-form button");
      shown.await("document.querySelector('#login-error').textContent.includes('not the token')");
      shown.shot("live-login");
      shown.type("#login-token", "the token");
      shown.click("#login-form button");
      shown.await("document.querySelector('#state-text').textContent === 'complete'");
      assertThat(browser.evaluate("document.cookie")).as("nothing for scripts").isEqualTo("");
      shown.leave();
    }
  }
}
