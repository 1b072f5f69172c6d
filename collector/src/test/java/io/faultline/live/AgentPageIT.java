package io.faultline.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent's page in a real browser: what happens to a real btrfs is seen to happen. */
class AgentPageIT {
  private static final long TRANSFER_BYTES_MAX = 300_000;

  @TempDir private Path directory;

  @BeforeAll
  static void needsRootAndABrowser() {
    Live.assumeRoot();
    if (Browser.command() == null) {
      System.err.println("SKIPPED browser tests: no chromium (expected: apt-get install chromium)");
    }
    assumeTrue(Browser.command() != null, "no chromium");
  }

  private Path config(Live.LoopFs fs) throws Exception {
    return Files.writeString(
        directory.resolve("agent.yaml"),
        String.join(
            "\n",
            "source:",
            "  mount: " + fs.mount,
            "budget: {probes: 1, cpu: 1, memory: 1GiB, events: 1GiB}", // so that all is watched
            "rules:",
            "  thresholds:",
            "    stall: 1s",
            "    quiet: 2s",
            "web:",
            "  listen: 127.0.0.1:0",
            "state:",
            "  dir: " + directory.resolve("state"),
            ""));
  }

  /** Retried writes for as long as the file beside it is there. */
  private static Process work(Path directory) throws Exception {
    Path whileThere = Files.createFile(directory.resolve("while-there"));
    return new ProcessBuilder(
            "sh",
            "-c",
            "while [ -e \"$1\" ]; do \"$2\" --file \"$3\" --operations 300 --rw write --buffer half"
                + " --buffer-source same-file >/dev/null || exit 1; done",
            "work",
            whileThere.toString(),
            Live.trigger(),
            directory.resolve("data").toString())
        .start();
  }

  /** A direct write beyond the end of the file, for which i_rwsem is held by it alone. */
  private static Process extend(Path file, int seek, Path members) throws Exception {
    String join = members == null ? "" : "echo $$ > " + members + "; ";
    return new ProcessBuilder(
            "sh",
            "-c",
            join
                + "echo joined; exec dd if=/dev/zero of="
                + file
                + " bs=64k count=1 seek="
                + seek
                + " oflag=direct conv=notrunc 2>/dev/null")
        .start();
  }

  private static void awaitJoined(Process process) throws Exception {
    BufferedReader said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertThat(said.readLine()).isEqualTo("joined");
  }

  @Test
  void shouldShowWhatHappens() throws Exception {
    try (Live.LoopFs fs = Live.LoopFs.make("btrfs");
        RunningAgent agent =
            RunningAgent.start(
                directory.resolve("messages"),
                "agent watches",
                Live.command("agent", "--config", config(fs).toString()));
        Browser browser = Browser.start(directory.resolve("profile"))) {
      Path shared = fs.nocow().resolve("shared");
      Live.tool("dd", "if=/dev/zero", "of=" + shared, "bs=64k", "count=1", "oflag=direct");
      Process work = work(fs.nocow());
      Page page = new Page(browser, agent.page);
      try {
        page.open(1280, false);
        measure(page);
        valuesMove(page);
        timelineOpens(page);
      } finally {
        Files.delete(fs.nocow().resolve("while-there"));
        assertThat(Live.waitFor(work)).isZero();
      }
      Process holder;
      Process waiter;
      try (Held held = Held.of(fs.device)) {
        holder = extend(shared, 10, held.members());
        awaitJoined(holder);
        alertFires(page);
        waiter = extend(shared, 20, null);
        awaitJoined(waiter);
        graphDraws(page, holder.pid(), waiter.pid());
        silence(page);
        everyViewIsSound(page);
      }
      assertThat(Live.waitFor(holder)).isZero();
      assertThat(Live.waitFor(waiter)).isZero();
      resolves(page);
      assertThat(page.complaints()).isEmpty();
      assertThat(agent.stop()).as(agent.messages()).isZero();
      assertThat(agent.messages())
          .contains("stall") // told before it was silenced
          .doesNotContain("Exception");
    } catch (AssertionError e) {
      throw new AssertionError(
          e.getMessage() + "\n" + Files.readString(directory.resolve("messages")), e);
    }
  }

  /** How long until something was to be seen, and how much came over the wire. */
  private static void measure(Page page) throws Exception {
    page.await("performance.getEntriesByName('first figures').length");
    Object paint =
        page.browser.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0].startTime");
    Object figures =
        page.browser.evaluate("performance.getEntriesByName('first figures')[0].startTime");
    Number bytes =
        (Number)
            page.browser.evaluate(
                "[...performance.getEntriesByType('navigation'),"
                    + " ...performance.getEntriesByType('resource')]"
                    + ".reduce((sum, e) => sum + e.transferSize, 0)");
    System.out.printf(
        "page of the agent: first paint after %.0f ms, first figures after %.0f ms, %,d bytes%n",
        ((Number) paint).doubleValue(), ((Number) figures).doubleValue(), bytes.longValue());
    assertThat(bytes.longValue()).as("bytes of the page").isLessThan(TRANSFER_BYTES_MAX);
  }

  private static void valuesMove(Page page) throws Exception {
    String first = "document.querySelector('#figures dd').textContent";
    page.await(first + " !== '0' && " + first + " !== ''");
    String before = (String) page.browser.evaluate(first);
    page.await(first + " !== '" + before + "'");
    page.await(
        "Number(document.querySelector('#devices tbody td:nth-child(6)').textContent"
            + ".replace(/,/g, '')) > 300");
    page.await("history.time_ms.length > 4");
    page.shot("agent-now-1280");
  }

  private static void timelineOpens(Page page) throws Exception {
    page.goTo("operations");
    page.type("#filter", "dio write direct nocow/data"); // not one that lasts, or has no name yet
    page.click("#operations tbody tr button");
    page.await("document.querySelector('#steps-picture .attempt.miss')");
    assertThat(page.count("#steps-picture .gap")).isPositive();
    assertThat(page.text("#steps-list"))
        .contains("attempt 1", "miss partial", "gap of", "attempt 2", "full");
    assertThat(page.text("#steps-title")).contains("dio (", "write of 16 KiB", "/nocow/data");
    page.shot("agent-timeline-1280");
    page.click("#steps-close");
    page.type("#filter", "");
  }

  private static String stall(String badge) {
    return "[...document.querySelectorAll('#alerts .alert')].find(a => /stall[^]*nocow.shared/"
        + ".test(a.innerText)"
        + " && a.querySelector('.badge."
        + badge
        + "'))";
  }

  private static void alertFires(Page page) throws Exception {
    page.goTo("alerts");
    page.await(stall("firing"));
    page.await("!document.querySelector('#firing').hidden");
  }

  /** The writer that waits, the lock, and the writer that holds it. */
  private static void graphDraws(Page page, long holder, long waiter) throws Exception {
    page.goTo("locks");
    page.await(
        "document.querySelector('#graph .waits') && document.querySelector('#graph .holds')");
    for (String text : List.of("dd " + waiter, "dd " + holder, "i_rwsem")) {
      page.await("document.querySelector('#graph').textContent.includes('" + text + "')");
    }
    for (String text : List.of("dd " + waiter, "waits write")) {
      page.await("document.querySelector('#locks').innerText.includes('" + text + "')");
    }
    page.shot("agent-locks-1280");
    page.goTo("operations");
    page.type("#filter", "in flight");
    page.await("/dd/.test(document.querySelector('#operations tbody').innerText)");
    page.type("#filter", "");
  }

  private static void silence(Page page) throws Exception {
    page.goTo("alerts");
    page.await(stall("firing") + "?.querySelector('button')");
    page.browser.evaluate(stall("firing") + ".querySelector('button').click()");
    page.await("document.querySelector('#silence-dialog').open");
    assertThat(page.browser.evaluate("document.querySelector('#silence-rule').value"))
        .isEqualTo("stall");
    page.type("#silence-path", "");
    page.type("#silence-comment", "the disk is being changed");
    page.shot("agent-silence-1280");
    page.click("#silence-form [type=submit]");
    page.await(stall("silenced"));
    page.await("document.querySelector('#firing').hidden");
    assertThat(page.text("#alerts")).contains("Silenced until", "the disk is being changed");
    page.await(
        "/stall[^]*the disk is being changed/.test("
            + "document.querySelector('#silence-list').innerText)");
    page.shot("agent-alerts-1280");
  }

  private static void everyViewIsSound(Page page) throws Exception {
    for (boolean isDark : new boolean[] {false, true}) {
      for (int width : new int[] {1280, 360}) {
        page.open(width, isDark);
        for (String view : List.of("now", "operations", "locks", "alerts")) {
          page.goTo(view);
          page.await("document.querySelector('" + WebPageIT.CONTENT.get(view) + "')");
          String name = "agent-" + view + "-" + width + (isDark ? "-dark" : "");
          page.shot(name);
          page.check(name);
        }
      }
    }
    page.open(1280, false);
  }

  private void resolves(Page page) throws Exception {
    page.goTo("alerts");
    page.await("!" + stall("firing"));
    page.await(stall("resolved"));
    assertThat(Files.readString(directory.resolve("state/silences.json")))
        .contains("the disk is being changed");
    page.click("#silence-list button");
    page.await("document.querySelectorAll('#silence-list tbody tr').length === 0");
    assertThat(page.text("#silence-said")).contains("has ended");
    assertThat(Files.readString(directory.resolve("state/silences.json"))).isEqualTo("[]");
  }
}
