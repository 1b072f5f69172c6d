package io.faultline.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.event.Attempt;
import io.faultline.event.AttemptEnd;
import io.faultline.event.OperationEnd;
import io.faultline.event.Probe;
import io.faultline.match.EventFeed;
import io.faultline.match.EventFeed.Op;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One small stream, and the whole of what is printed of it. */
class ReportOutputTest {
  private static final long MS = 1_000_000;
  private static final int WRITE = Attempt.NOFAULT | Attempt.WRITE | Attempt.PARTIAL_OK;
  private static final Op READ =
      new Op(0x1000, 10 * MS, 11, "reader", 4096, 16384, EventFeed.REGION);
  private static final Op BACKUP = new Op(0x2000, 20 * MS, 12, "backup", 0, 1 << 20, WRITE);
  private static final Op STUCK = new Op(0x3000, 50 * MS, 13, "stuck", 0, 4096, EventFeed.REGION);

  private static StreamInfo info(String filters) {
    return new StreamInfo(
        "node1",
        "6.18.0",
        "b00t",
        1_700_000_000_123_456_789L,
        MS,
        "core",
        "full",
        filters,
        List.of(
            new StreamInfo.Hook("dio_begin", "tp_btf/iomap_dio_rw_begin"),
            new StreamInfo.Hook("fault_in", StreamInfo.VIA_NONE)));
  }

  private static Report report() {
    ReportStream builder = new ReportStream(info(""));
    EventFeed feed = new EventFeed(builder::onEvent);
    feed.attempt(READ, 0, AttemptEnd.MISS_PARTIAL, 10 * MS, 11 * MS, 0, 8192);
    builder.onPath(EventFeed.DEV, EventFeed.INO, "/srv/images/golden.img");
    feed.lockWait(READ, 11_500_000, 12 * MS, 2_050 * MS);
    feed.attempt(READ, 1, AttemptEnd.FULL, 13 * MS, 14 * MS, 8192, 16384);
    feed.attempt(BACKUP, 0, AttemptEnd.MISS_NONE, 20 * MS, 25 * MS, 0, 0);
    feed.end(
        BACKUP, 1, AttemptEnd.MISS_NONE, OperationEnd.Reason.NEXT, 25 * MS, 40 * MS, 0, 1 << 20);
    feed.invalidateFail(45 * MS);
    feed.inFlight(STUCK, 0, AttemptEnd.OPEN, 50 * MS, 2_050 * MS, 0);
    feed.cell(false, 2_050 * MS, 3, 3, 2, 1, 1, 0, 1, 16384, 2 * MS, 2);
    feed.histogram(false, 2_050 * MS, 11, 0, 0, 0, 0, 0, 0, 0, 0, 2);
    feed.cell(true, 2_050 * MS, 1, 1, 1, 0, 0, 1, 0, 0, 5 * MS, 1);
    feed.histogram(true, 2_050 * MS, 22, 1);
    feed.closingCounters(2_050 * MS);
    feed.counters(Probe.PAGE_FAULT_USER, 0xffff, 2_050 * MS, 1_000, 0, 900, 100, 0, 3);
    feed.counters(Probe.PAGE_FAULT_KERNEL, 0xffff, 2_050 * MS, 50, 0, 50, 0, 0, 4);
    return builder.build();
  }

  private static String text(Report report) {
    StringWriter text = new StringWriter();
    ReportText.print(report, new PrintWriter(text), 20);
    return text.toString();
  }

  private static String expected(String name) throws IOException {
    try (InputStream in = ReportOutputTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void shouldWriteTheWholeOfTheContract() throws IOException {
    StringWriter json = new StringWriter();
    ReportJson.write(report(), json);
    assertThat(json.toString()).isEqualTo(expected("small.json"));
  }

  @Test
  void shouldPrintTheWholeStory() throws IOException {
    String text = text(report());
    assertThat(text).isEqualTo(expected("small.txt"));
    assertThat(text.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
  }

  @Test
  void shouldStayWithinAHundredColumns() {
    ReportStream builder = new ReportStream(info(""));
    EventFeed feed = new EventFeed(builder::onEvent);
    Op op =
        new Op(0x1000, 1_000 * MS, 4_194_304, "a-name-of-15-by", 0, 1023L << 30, EventFeed.REGION);
    feed.attempt(op, 0, AttemptEnd.MISS_NONE, 1_000 * MS, 200_000 * MS, 0, -14);
    feed.attempt(op, 1, AttemptEnd.FAILED, 350_000 * MS, 490_000 * MS, 0, -5);
    builder.onPath(EventFeed.DEV, EventFeed.INO, "/a/very/long/path".repeat(20) + "/the.file");
    feed.cell(
        false, 490_000 * MS, 999_999_999, 2, 99_999_999, 1, 999_999, 1, 0, 0, 999_999 * MS, 2);
    feed.closingCounters(490_000 * MS);
    String text = text(builder.build());
    assertThat(text.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
    assertThat(text).contains("4194304", "/the.file");
  }

  @Test
  void shouldNotLetNamesSteerTheTerminal() {
    ReportStream builder = new ReportStream(info(""));
    EventFeed feed = new EventFeed(builder::onEvent);
    Op op = new Op(0x1000, 2 * MS, 11, "\u001b[31mred\n", 0, 4096, EventFeed.REGION);
    feed.attempt(op, 0, AttemptEnd.FAILED, 2 * MS, 3 * MS, 0, -5);
    builder.onPath(EventFeed.DEV, EventFeed.INO, "/tmp/\u001b]0;title\u0007\u009b2J");
    feed.cell(false, 4 * MS, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1);
    feed.closingCounters(4 * MS);
    String text = text(builder.build());
    assertThat(text).contains("?[31mred?", "/tmp/?]0;title??2J");
    assertThat(text.replace(System.lineSeparator(), "").chars()).noneMatch(Character::isISOControl);
  }

  @Test
  void shouldNameWhatDoesNotAgree() {
    ReportStream builder = new ReportStream(info("pid 4"));
    EventFeed feed = new EventFeed(builder::onEvent);
    feed.attempt(READ, 0, AttemptEnd.FULL, 10 * MS, 11 * MS, 0, 16384);
    feed.cell(false, 12 * MS, 1, 1, 1, 0, 0, 0, 0, 4096, 0, 1);
    feed.closingCounters(12 * MS);
    assertThat(text(builder.build()).lines())
        .contains(
            "core loader, detail full, only pid 4",
            "The events and the totals of the kernel do not agree, although nothing was lost:",
            "  - btrfs 8:17 read: bytes: 4096 counted in the kernel, 16384 in the events");
  }
}
