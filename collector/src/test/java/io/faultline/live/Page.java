package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/** The live page in a browser: what tests look for, and what they do. */
final class Page {
  static final Path PICTURES = Path.of("target/screenshots");
  private static final String AXE = "META-INF/maven/org.webjars.npm/axe-core/pom.properties";

  final Browser browser;
  private final URI address;
  private final String axe;

  Page(Browser browser, URI address) throws IOException {
    this.browser = browser;
    this.address = address;
    Properties properties = new Properties();
    try (InputStream in = resource(AXE)) {
      properties.load(in);
    }
    String version = properties.getProperty("version");
    try (InputStream in =
        resource("META-INF/resources/webjars/axe-core/" + version + "/axe.min.js")) {
      axe = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static InputStream resource(String name) throws IOException {
    InputStream in = Page.class.getClassLoader().getResourceAsStream(name);
    if (in == null) {
      throw new IOException(name + ": not on the class path");
    }
    return in;
  }

  void open(int width, boolean isDark) throws Exception {
    browser.show(width, 900, isDark);
    browser.open(address);
    await("document.querySelector('#state-text').textContent === 'complete'");
  }

  /** Goes away, so that nothing of it is missed when its server ends. */
  void leave() throws Exception {
    browser.open(URI.create("about:blank"));
  }

  void goTo(String view) throws Exception {
    browser.evaluate("location.hash = '" + view + "'");
    await("!document.querySelector('#view-" + view + "').hidden");
    await("document.querySelector('#view-" + view + " h2').offsetHeight > 0");
  }

  /** Waits in the page, at most two minutes, until the expression is true. */
  void await(String expression) throws Exception {
    Object isTrue =
        browser.evaluate(
            "new Promise(done => { const end = Date.now() + 120000; const look = () => { if ("
                + expression
                + ") done(true); else if (Date.now() > end) done(false);"
                + " else requestAnimationFrame(look); }; look(); })");
    assertThat(isTrue).as(expression + " in: " + text("main")).isEqualTo(true);
  }

  String text(String selector) throws Exception {
    return (String) browser.evaluate("document.querySelector('" + selector + "').innerText");
  }

  long count(String selector) throws Exception {
    Object count = browser.evaluate("document.querySelectorAll('" + selector + "').length");
    return ((Number) count).longValue();
  }

  /** Clicks what a person would, which must be there to be seen. */
  void click(String selector) throws Exception {
    await("document.querySelector('" + selector + "')?.offsetHeight > 0");
    browser.evaluate("document.querySelector('" + selector + "').click()");
  }

  void type(String selector, String text) throws Exception {
    browser.evaluate(
        "(() => { const i = document.querySelector('"
            + selector
            + "'); i.value = '"
            + text
            + "'; i.dispatchEvent(new Event('input')); i.dispatchEvent(new Event('change')); })()");
  }

  void shot(String name) throws Exception {
    browser.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
    browser.screenshot(Files.createDirectories(PICTURES).resolve(name + ".png"));
  }

  /** What the page complained of; not what looking for faults in it did. */
  List<String> complaints() {
    return browser.complaints().stream()
        .filter(text -> !text.contains("functionName=axe.run"))
        .toList();
  }

  /** No fault that keeps people out, by axe-core; nothing to scroll sideways; no complaint. */
  void check(String what) throws Exception {
    assertThat(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"))
        .as("no sideways scroll: " + what)
        .isEqualTo(true);
    assertThat(complaints()).as(what).isEmpty();
    browser.evaluate("typeof axe === 'object' || (() => {" + axe + "})()");
    Object faults =
        browser.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations"
                + ".filter(v => ['serious', 'critical'].includes(v.impact))"
                + ".map(v => v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary)"
                + ".join('; ')).join('\\n'))");
    assertThat(faults).as("axe: " + what).isEqualTo("");
  }
}
