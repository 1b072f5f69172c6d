package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.faultline.export.AttemptLog;
import io.faultline.export.HtmlPage;
import io.faultline.export.SampleStream;
import io.faultline.pipeline.Pipeline;
import io.faultline.report.Report;
import io.faultline.report.ReportBuilder;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page of a report in a real browser. Pictures stay in target/screenshots, for people to look
 * at.
 */
class HtmlPageIT {
  private static final String PAINTED =
      "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>"
          + " done(performance.now()))))";

  @TempDir private static Path directory;

  private static Browser browser;

  @BeforeAll
  static void start() throws Exception {
    if (Browser.command() == null) {
      System.err.println("SKIPPED browser tests: no chromium (expected: apt-get install chromium)");
    }
    assumeTrue(Browser.command() != null, "no chromium");
    browser = Browser.start(directory.resolve("profile"));
  }

  @AfterAll
  static void stop() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  private static Path page(int operations) throws IOException {
    Report report = SampleStream.report(operations);
    Path page = directory.resolve("report-" + operations + ".html");
    try (Writer out = Files.newBufferedWriter(page)) {
      HtmlPage.write(report, SampleStream.attempts(report, operations), "test", out);
    }
    return page;
  }

  private static String text(String selector) throws Exception {
    return (String)
        browser.evaluate("document.querySelector(" + quoted(selector) + ").textContent");
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "\\'") + "'";
  }

  /** How many different colours the timeline has: something is drawn. */
  private static int timelineColors() throws Exception {
    browser.evaluate(PAINTED);
    return ((Number)
            browser.evaluate(
                "(() => { const c = document.querySelector('#lanes canvas');"
                    + " const d = new Uint32Array(c.getContext('2d')"
                    + ".getImageData(0, 0, c.width, c.height).data.buffer);"
                    + " return new Set(d).size; })()"))
        .intValue();
  }

  @Test
  void shouldTellTheStory() throws Exception {
    browser.show(1280, 900, false);
    browser.open(page(400));
    assertThat(browser.complaints()).isEmpty();
    assertThat(text("h1")).isNotBlank();
    assertThat(text("#story"))
        .contains("What happened", "What to do next", "faultline locks", "401 operations");
    assertThat(text("#alerts")).contains("deadlock", "critical", "gfs2_glock_wait", "postmaster");
    assertThat(text("#operations")).contains("of 401");
    assertThat(text("#balance")).contains("complete", "0 lost");
    assertThat(text("#hooks")).contains("tp_btf/iomap_dio_rw_begin");
    assertThat(timelineColors()).isGreaterThan(10);
  }

  @Test
  void shouldAskForNothingOutsideItself() throws Exception {
    Path page = page(400);
    browser.open(page);
    browser.evaluate(PAINTED);
    assertThat(browser.requests())
        .filteredOn(address -> !address.startsWith("data:"))
        .containsExactly(page.toUri().toString());
    Object refused =
        browser.evaluate("fetch('http://example.com/').then(() => 'sent', () => 'refused')");
    assertThat(refused).isEqualTo("refused");
    assertThat(browser.complaints()).anyMatch(text -> text.contains("Content Security Policy"));
  }

  @Test
  void shouldShowHostileNamesAsText() throws Exception {
    browser.open(page(400));
    assertThat(browser.evaluate("document.querySelectorAll('img, main script, iframe').length"))
        .isEqualTo(0);
    assertThat(browser.evaluate("document.scripts.length")).isEqualTo(2);
    assertThat(text("#operations")).contains(SampleStream.HOSTILE_COMM);
    assertThat(text("#operations")).contains(SampleStream.HOSTILE_PATH);
    assertThat(text("#where")).startsWith(SampleStream.HOST);
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void shouldSortFilterAndPage() throws Exception {
    browser.open(page(400));
    browser.evaluate(
        "(() => { const s = document.querySelector('#operations select'); s.selectedIndex = 3;"
            + " s.dispatchEvent(new Event('change')); })()");
    assertThat(text("#operations tbody")).contains("in flight");
    assertThat(browser.evaluate("document.querySelectorAll('#operations tbody tr').length"))
        .isEqualTo(1);
    browser.evaluate("document.querySelector('#operations tbody tr').click()");
    assertThat(text("#picked")).contains("read of 4 KiB", "in flight");
    browser.evaluate(
        "(() => { const s = document.querySelector('#operations select'); s.selectedIndex = 0;"
            + " s.dispatchEvent(new Event('change'));"
            + " [...document.querySelectorAll('#operations th button')]"
            + ".find(b => b.textContent.startsWith('Took')).click(); })()");
    assertThat(text("#operations th[aria-sort]")).startsWith("Took");
    browser.evaluate(
        "[...document.querySelectorAll('#operations button')]"
            + ".find(b => b.textContent === 'Next').click()");
    assertThat(text("#operations")).contains("21 to 40 of 401");
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void shouldWorkWithTheKeyboard() throws Exception {
    browser.open(page(400));
    browser.evaluate(PAINTED);
    String before = text("#range");
    browser.evaluate(
        "(() => { const l = document.getElementById('lanes'); l.focus();"
            + " l.dispatchEvent(new KeyboardEvent('keydown', {key: '+', bubbles: true})); })()");
    browser.evaluate(PAINTED);
    assertThat(text("#range")).isNotEqualTo(before);
  }

  @Test
  void shouldFitSmallAndLargeScreensInLightAndDark() throws Exception {
    Path pictures = Files.createDirectories(Path.of("target/screenshots"));
    Path page = page(400);
    for (int width : new int[] {1280, 360}) {
      for (boolean isDark : new boolean[] {false, true}) {
        browser.show(width, 900, isDark);
        browser.open(page);
        assertThat(timelineColors()).isGreaterThan(5);
        Number widest = (Number) browser.evaluate("document.documentElement.scrollWidth");
        assertThat(widest.intValue()).as("no sideways scrolling").isLessThanOrEqualTo(width);
        browser.screenshot(
            pictures.resolve("report-" + width + (isDark ? "-dark.png" : "-light.png")));
      }
    }
  }

  @Test
  void shouldOpenFiftyThousandOperations() throws Exception {
    Path page = page(50_000);
    browser.show(1280, 900, false);
    browser.open(page);
    Number painted = (Number) browser.evaluate(PAINTED);
    System.out.printf(
        "50,000 operations: %,d bytes, painted after %,d ms%n",
        Files.size(page), painted.longValue());
    assertThat(text("#operations")).contains("of 50,001");
    assertThat(timelineColors()).isGreaterThan(5);
    browser.screenshot(
        Files.createDirectories(Path.of("target/screenshots")).resolve("report-50000.png"));
  }

  @Test
  void shouldSayThatThereIsNothing() throws Exception {
    ReportBuilder builder = new ReportBuilder(SampleStream.INFO);
    new Pipeline(builder).finish();
    Report report = builder.build();
    Path page = directory.resolve("empty.html");
    try (Writer out = Files.newBufferedWriter(page)) {
      HtmlPage.write(report, new AttemptLog(report), "test", out);
    }
    browser.open(page);
    assertThat(text("h1")).isEqualTo("No direct I/O was seen.");
    assertThat(browser.complaints()).isEmpty();
  }
}
