package io.faultline.fuzz;

import io.faultline.bundle.Redaction;
import io.faultline.event.Event;
import io.faultline.export.AttemptLog;
import io.faultline.export.CsvTable;
import io.faultline.export.EventLines;
import io.faultline.export.PerfettoTrace;
import io.faultline.pipeline.Digest;
import io.faultline.pipeline.Pipeline;
import io.faultline.report.Report;
import io.faultline.report.ReportBuilder;
import io.faultline.report.ReportJson;
import io.faultline.report.ReportText;
import io.faultline.source.NameKind;
import io.faultline.source.StreamConsumer;
import io.faultline.source.StreamInfo;
import io.faultline.view.LiveState;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A stream of events that nobody's kernel made, as a poisoned recording or topic would bring it:
 * through the decoder, matcher and rules to everything that shows what came of it.
 *
 * <p>The first byte says what is made of it, the rest is events.
 */
public final class StreamFuzz {
  private static final StreamInfo INFO =
      new StreamInfo("h", "6.12", "b", 1, 1, "core", "full", "", List.of());
  private static final LiveState.Gauges NO_GAUGES =
      new LiveState.Gauges() {
        @Override
        public long ringUsedBytes() {
          return 0;
        }

        @Override
        public double cpuRatio() {
          return 0;
        }

        @Override
        public long rssBytes() {
          return 0;
        }
      };

  private StreamFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    if (data.length < 1 + Event.BYTES) {
      return;
    }
    ByteBuffer events =
        ByteBuffer.wrap(Arrays.copyOfRange(data, 1, data.length)).order(ByteOrder.LITTLE_ENDIAN);
    int count = events.limit() / Event.BYTES;
    ReportBuilder builder = new ReportBuilder(INFO);
    builder.keepSteps();
    LiveState state = new LiveState(INFO, NO_GAUGES);
    Digest digest = new Digest();
    Pipeline pipeline = new Pipeline(builder, state, digest);
    feed(events, count, pipeline);
    pipeline.finish();
    if (pipeline.decoded() != count) {
      throw new AssertionError(pipeline.decoded() + " of " + count + " events were decoded");
    }
    state.publish(pipeline.alerts());
    Report report = builder.build();
    StringWriter text = new StringWriter();
    switch (data[0] & 3) {
      case 0 -> {
        ReportJson.write(report, text);
        new com.fasterxml.jackson.jr.ob.JSON().mapFrom(text.toString());
      }
      case 1 -> {
        ReportText.print(report, new PrintWriter(text), 100);
        ReportText.printSteps(report, new PrintWriter(text), 100);
        for (CsvTable.What what : CsvTable.What.values()) {
          CsvTable.write(report, what, text);
        }
        noControlCharacters(text.toString());
      }
      case 2 -> {
        AttemptLog attempts = new AttemptLog(report);
        feed(events, count, attempts);
        PerfettoTrace.write(report, attempts, new ByteArrayOutputStream());
      }
      default -> {
        EventLines lines = new EventLines(INFO, text);
        feed(events, count, new Redaction().of(lines));
        lines.close();
        for (String line : text.toString().split("\n")) {
          new com.fasterxml.jackson.jr.ob.JSON().mapFrom(line);
        }
      }
    }
  }

  private static void feed(ByteBuffer events, int count, StreamConsumer consumer) {
    for (int i = 0; i < count; i++) {
      consumer.onEvent(events, i * Event.BYTES);
    }
    consumer.onPath(0x2d00001, 257, "/srv/\u001b[2Ja\nb");
    for (NameKind kind : NameKind.values()) {
      consumer.onName(kind, 1, "a\u0007:b");
    }
  }

  private static void noControlCharacters(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) && c != '\n' && c != '\r') {
        throw new AssertionError("a control character reaches the terminal: " + (int) c);
      }
    }
  }
}
