package io.faultline.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.faultline.alert.NoticeJson;
import io.faultline.match.FileSystems;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.io.Writer;
import java.util.List;

/** The report as JSON, schema 1: names do not change, more may be added. */
public final class ReportJson {
  private ReportJson() {}

  /** Writes the report; operations stream out, however many there are. */
  public static void write(Report report, Writer out) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.setPrettyPrinter(new DefaultPrettyPrinter());
      json.writeStartObject();
      json.writeNumberField("schema", NoticeJson.SCHEMA);
      writeHead(json, report);
      writeBalance(json, report.balance());
      writeTotals(json, report.totals(), report.invalidateFails());
      json.writeArrayFieldStart("operations");
      for (Operation operation : report.operations()) {
        writeOperation(json, operation, report);
      }
      json.writeEndArray();
      json.writeNumberField("operations_omitted", report.operationsOmitted());
      json.writeArrayFieldStart("consistency_problems");
      for (String problem : report.consistencyProblems()) {
        json.writeString(problem);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("lock_waits");
      for (LockWait wait : report.lockWaits()) {
        writeLockWait(json, wait, report);
      }
      json.writeEndArray();
      json.writeNumberField("lock_waits_omitted", report.lockWaitsOmitted());
      writeLockCells(json, report);
      json.writeArrayFieldStart("remote_demotes");
      for (RemoteDemotes glock : report.demotes()) {
        json.writeStartObject();
        json.writeStringField("dev", FileSystems.devOf(glock.dev()));
        json.writeStringField("table", report.tableOf(glock));
        json.writeStringField("id", glock.id());
        json.writeStringField("path", report.pathOf(glock));
        json.writeStringField("mode", glock.mode().label);
        json.writeNumberField("count", glock.count());
        json.writeNumberField("last_ns", glock.lastNs());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeArrayFieldStart("hung_tasks");
      for (Report.HungTask task : report.hangs()) {
        json.writeStartObject();
        json.writeNumberField("pid", task.pid());
        json.writeNumberField("tid", task.tid());
        json.writeStringField("comm", task.comm());
        json.writeNumberField("ns", task.ns());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeArrayFieldStart("alerts");
      for (Alert alert : report.alerts()) {
        writeAlert(json, alert, report);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    out.write('\n');
    out.flush();
  }

  private static void writeHead(JsonGenerator json, Report report) throws IOException {
    StreamInfo info = report.info();
    NoticeJson.writeHost(json, info);
    json.writeObjectFieldStart("span");
    json.writeStringField("start", wallTime(info, report.startNs()));
    json.writeStringField("end", wallTime(info, report.endNs()));
    json.writeEndObject();
    json.writeStringField("loader", info.loader());
    json.writeStringField("detail", info.detail());
    json.writeStringField("filters", info.filters());
    json.writeArrayFieldStart("watch");
    for (String sentence : report.watch()) {
      json.writeString(sentence);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("hooks");
    for (StreamInfo.Hook hook : info.hooks()) {
      json.writeStartObject();
      json.writeStringField("name", hook.name());
      json.writeStringField("via", hook.via());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  static String wallTime(StreamInfo info, long ktimeNs) {
    return info.wallTimeOf(ktimeNs).toString();
  }

  private static void writeBalance(JsonGenerator json, Balance balance) throws IOException {
    json.writeObjectFieldStart("balance");
    json.writeBooleanField("complete", balance.isComplete());
    json.writeNumberField("hits", balance.hits());
    json.writeNumberField("emitted", balance.emitted());
    json.writeNumberField("aggregated", balance.aggregated());
    json.writeNumberField("skipped", balance.skipped());
    json.writeNumberField("lost", balance.lost());
    json.writeNumberField("decoded", balance.decoded());
    json.writeNumberField("sequence_gaps", balance.sequenceGaps());
    json.writeNumberField("unknown_events", balance.unknownEvents());
    json.writeNumberField("evicted", balance.evicted());
    json.writeArrayFieldStart("reasons");
    for (String reason : balance.reasons()) {
      json.writeString(reason);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("probes");
    for (Balance.ProbeBalance probe : balance.probes()) {
      json.writeStartObject();
      json.writeStringField("name", probe.probe().label);
      json.writeNumberField("hits", probe.hits());
      json.writeNumberField("emitted", probe.emitted());
      json.writeNumberField("aggregated", probe.aggregated());
      json.writeNumberField("skipped", probe.skipped());
      json.writeNumberField("lost", probe.lost());
      json.writeNumberField("missed", probe.missed());
      json.writeNumberField("decoded", probe.decoded());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeTotals(JsonGenerator json, Totals totals, long invalidateFails)
      throws IOException {
    json.writeObjectFieldStart("totals");
    json.writeNumberField("attempts", totals.attempts());
    json.writeNumberField("fault_disabled_attempts", totals.faultDisabledAttempts());
    json.writeNumberField("operations", totals.operations());
    json.writeNumberField("retried_operations", totals.retriedOperations());
    json.writeNumberField("retries", totals.retries());
    json.writeNumberField("misses_none", totals.missesNone());
    json.writeNumberField("misses_partial", totals.missesPartial());
    json.writeNumberField("buffered_fallbacks", totals.bufferedFallbacks());
    json.writeNumberField("bytes", totals.bytes());
    json.writeNumberField("retry_ns", totals.retryNs());
    json.writeNumberField("lock_waits", totals.lockWaits());
    json.writeNumberField("lock_wait_ns", totals.lockWaitNs());
    json.writeNumberField("remote_demotes", totals.remoteDemotes());
    json.writeNumberField("page_faults_user", totals.pageFaultsUser());
    json.writeNumberField("page_faults_kernel", totals.pageFaultsKernel());
    json.writeNumberField("page_faults_in_operation", totals.pageFaultsInOperation());
    json.writeNumberField("invalidate_fails", invalidateFails);
    json.writeEndObject();
  }

  /** One alert, as the report lists them. */
  static void writeAlert(JsonGenerator json, Alert alert, Report report) throws IOException {
    NoticeJson.write(json, report.noticeOf(alert));
  }

  private static void writeLockCells(JsonGenerator json, Report report) throws IOException {
    json.writeArrayFieldStart("lock_cells");
    for (LockCellReport cell : report.lockCells()) {
      json.writeStartObject();
      json.writeStringField("class", cell.lockClass().label);
      json.writeStringField("mode", cell.mode().label);
      json.writeNumberField("grants", cell.grants());
      json.writeNumberField("waits", cell.waits());
      json.writeNumberField("wait_ns", cell.waitNs());
      json.writeNumberField("wait_p50_ns", cell.waitNs(0.5));
      json.writeNumberField("wait_p99_ns", cell.waitNs(0.99));
      json.writeNumberField("wait_max_ns", cell.waitMaxNs());
      json.writeNumberField("abandoned", cell.abandoned());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void writeSteps(JsonGenerator json, List<Timeline.Step> steps) throws IOException {
    json.writeArrayFieldStart("steps");
    for (Timeline.Step step : steps) {
      json.writeStartObject();
      json.writeNumberField("ns", step.ns());
      json.writeStringField("step", step.what());
      json.writeStringField("detail", step.detail());
      json.writeNumberField("wait_ns", step.waitNs());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void writeLockWait(JsonGenerator json, LockWait wait, Report report)
      throws IOException {
    json.writeStartObject();
    RecordJson.writeFields(
        json,
        wait,
        new RecordJson.WaitNames(
            report.fsOf(wait), report.tableOf(wait), report.pathOf(wait), report.stackOf(wait)));
    json.writeEndObject();
  }

  private static void writeOperation(JsonGenerator json, Operation operation, Report report)
      throws IOException {
    json.writeStartObject();
    RecordJson.writeFields(json, operation, report.pathOf(operation));
    if (report.steps() != null) {
      writeSteps(json, report.steps().stepsOf(operation));
    }
    json.writeEndObject();
  }
}
