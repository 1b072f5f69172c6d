package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.web.WebServer;
import io.faultline.web.WebSettings;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live page in a real browser. Pictures stay in target/screenshots. */
class WebPageIT {
  @TempDir private static Path directory;

  private static final ScheduledExecutorService publisher =
      Executors.newSingleThreadScheduledExecutor();
  private static Browser browser;
  private static WebServer server;
  private static URI page;

  @BeforeAll
  static void start() throws Exception {
    if (Browser.command() == null) {
      System.err.println("SKIPPED browser tests: no chromium (expected: apt-get install chromium)");
    }
    assumeTrue(Browser.command() != null, "no chromium");
    browser = Browser.start(directory.resolve("profile"));
    io.faultline.view.LiveState state =
        new io.faultline.view.LiveState(
            SampleStream.INFO,
            new io.faultline.view.LiveState.Gauges() {
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
    server = WebServer.start(state, new WebSettings("127.0.0.1", 0, "", List.of(), 16));
    page = URI.create("http://127.0.0.1:" + server.address().getPort() + "/");
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

  private static void shot(String name) throws Exception {
    Path folder = Files.createDirectories(Path.of("target/screenshots"));
    browser.screenshot(folder.resolve("live-" + name + ".png"));
  }

  /** Waits in the page, at most ten seconds, until the expression is true. */
  private static void await(String expression) throws Exception {
    Object isTrue =
        browser.evaluate(
            "new Promise(done => { const end = Date.now() + 10000; const look = () => { if ("
                + expression
                + ") done(true); else if (Date.now() > end) done(false);"
                + " else requestAnimationFrame(look); }; look(); })");
    assertThat(isTrue).as(expression).isEqualTo(true);
  }

  private static String text(String selector) throws Exception {
    return (String) browser.evaluate("document.querySelector('" + selector + "').textContent");
  }

  @Test
  void shouldShowEveryView() throws Exception {
    for (boolean isDark : new boolean[] {false, true}) {
      for (int width : new int[] {1280, 360}) {
        browser.show(width, 900, isDark);
        browser.open(page);
        await("document.querySelector('#state-text').textContent === 'complete'");
        for (String view : List.of("now", "operations", "locks", "alerts")) {
          browser.evaluate("location.hash = '" + view + "'");
          await("!document.querySelector('#view-" + view + "').hidden");
          await("document.querySelector('#view-" + view + " h2').offsetHeight > 0");
          Thread.sleep(300);
          shot(view + "-" + width + (isDark ? "-dark" : ""));
          assertThat(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"))
              .as("no sideways scroll: %s at %d", view, width)
              .isEqualTo(true);
        }
      }
    }
    assertThat(browser.complaints()).isEmpty();
    assertThat(text("#alerts")).contains("deadlock");
  }
}
