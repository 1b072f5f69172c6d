package io.faultline.export;

import com.fasterxml.jackson.core.JsonGenerator;
import io.faultline.event.LockClass;
import io.faultline.match.FileSystems;
import io.faultline.match.LockNames;
import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.report.Balance;
import io.faultline.report.CellReport;
import io.faultline.report.LockCellReport;
import io.faultline.report.RemoteDemotes;
import io.faultline.report.Report;
import io.faultline.report.Totals;
import io.faultline.risk.Alert;
import io.faultline.source.StreamInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * The data of the page: lists of operations, attempts and waits as columns, names by number. Times
 * are nanoseconds since the begin of the stream, which a browser's numbers hold exactly for 104
 * days; CLOCK_MONOTONIC ones they may not.
 */
final class PageData {
  private final Report report;
  private final AttemptLog attempts;
  private final String version;
  private final JsonGenerator json;
  private final Map<Task, Integer> tasks = new LinkedHashMap<>();
  private final Map<File, Integer> files = new LinkedHashMap<>();
  private final Map<String, Integer> texts = new LinkedHashMap<>();

  private record Task(int pid, int tid, String comm) {}

  private record File(String path, String fs, String dev, String ino) {}

  PageData(Report report, AttemptLog attempts, String version, JsonGenerator json) {
    this.report = report;
    this.attempts = attempts;
    this.version = version;
    this.json = json;
  }

  void write() throws IOException {
    json.writeStartObject();
    writeHead();
    writeStory();
    writeTotals();
    writeBalance();
    writeOperations();
    writeAttempts();
    writeWaits();
    writeAlerts();
    writeDemotes();
    writeCells();
    writeHungTasks();
    json.writeArrayFieldStart("tasks");
    for (Task task : tasks.keySet()) {
      json.writeStartArray();
      json.writeNumber(task.pid());
      json.writeNumber(task.tid());
      json.writeString(task.comm());
      json.writeEndArray();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("files");
    for (File file : files.keySet()) {
      writeStrings(file.path(), file.fs(), file.dev(), file.ino());
    }
    json.writeEndArray();
    json.writeArrayFieldStart("texts");
    for (String text : texts.keySet()) {
      json.writeString(text);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void writeStrings(String... values) throws IOException {
    json.writeStartArray();
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }

  private static <T> int numberOf(Map<T, Integer> numbers, T value) {
    return numbers.computeIfAbsent(value, v -> numbers.size());
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private long since(long ktimeNs) {
    return ktimeNs - report.startNs();
  }

  private void writeHead() throws IOException {
    StreamInfo info = report.info();
    json.writeStringField("version", version);
    json.writeStringField("host", info.hostName());
    json.writeStringField("kernel", info.kernel());
    json.writeStringField("boot", info.bootId());
    json.writeStringField("loader", info.loader());
    json.writeStringField("detail", info.detail());
    json.writeStringField("filters", info.filters());
    json.writeStringField("start", report.wallTime(report.startNs()));
    json.writeStringField("end", report.wallTime(report.endNs()));
    json.writeNumberField("startMs", info.wallNsOf(report.startNs()) / 1e6);
    json.writeNumberField("span", since(report.endNs()));
    json.writeArrayFieldStart("hooks");
    for (StreamInfo.Hook hook : info.hooks()) {
      writeStrings(hook.name(), hook.via());
    }
    json.writeEndArray();
  }

  private void writeStory() throws IOException {
    Story story = Story.of(report);
    json.writeStringField("level", label(story.level()));
    json.writeStringField("headline", story.headline());
    json.writeFieldName("what");
    writeStrings(story.what().toArray(String[]::new));
    json.writeFieldName("bad");
    writeStrings(story.bad().toArray(String[]::new));
    json.writeFieldName("next");
    writeStrings(story.next().toArray(String[]::new));
  }

  private void writeTotals() throws IOException {
    Totals totals = report.totals();
    json.writeObjectFieldStart("totals");
    json.writeNumberField("attempts", totals.attempts());
    json.writeNumberField("operations", totals.operations());
    json.writeNumberField("retried", totals.retriedOperations());
    json.writeNumberField("retries", totals.retries());
    json.writeNumberField("buffered", totals.bufferedFallbacks());
    json.writeNumberField("bytes", totals.bytes());
    json.writeNumberField("retryNs", totals.retryNs());
    json.writeNumberField("lockWaits", totals.lockWaits());
    json.writeNumberField("lockWaitNs", totals.lockWaitNs());
    json.writeNumberField("operationsOmitted", report.operationsOmitted());
    json.writeNumberField("waitsOmitted", report.lockWaitsOmitted());
    json.writeNumberField("attemptsOmitted", attempts.omitted());
    json.writeEndObject();
  }

  private void writeBalance() throws IOException {
    Balance balance = report.balance();
    json.writeObjectFieldStart("balance");
    json.writeNumberField("hits", balance.hits());
    json.writeNumberField("emitted", balance.emitted());
    json.writeNumberField("aggregated", balance.aggregated());
    json.writeNumberField("skipped", balance.skipped());
    json.writeNumberField("lost", balance.lost());
    json.writeFieldName("reasons");
    writeStrings(balance.reasons().toArray(String[]::new));
    json.writeFieldName("problems");
    writeStrings(report.consistencyProblems().toArray(String[]::new));
    json.writeArrayFieldStart("probes");
    for (Balance.ProbeBalance probe : balance.probes()) {
      if (probe.hits() == 0 && probe.decoded() == 0) {
        continue;
      }
      json.writeStartArray();
      json.writeString(probe.probe().label);
      json.writeNumber(probe.hits());
      json.writeNumber(probe.emitted());
      json.writeNumber(probe.aggregated());
      json.writeNumber(probe.skipped());
      json.writeNumber(probe.lost());
      json.writeNumber(probe.decoded());
      json.writeEndArray();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private <T> void column(String name, List<T> rows, ToLongFunction<T> value) throws IOException {
    json.writeArrayFieldStart(name);
    for (T row : rows) {
      json.writeNumber(value.applyAsLong(row));
    }
    json.writeEndArray();
  }

  private int taskOf(int pid, int tid, String comm) {
    return numberOf(tasks, new Task(pid, tid, comm));
  }

  private void writeOperations() throws IOException {
    List<Operation> all = report.operations();
    json.writeObjectFieldStart("operations");
    column("task", all, o -> taskOf(o.pid(), o.tid(), o.comm()));
    column("start", all, o -> since(o.startNs()));
    column("duration", all, Operation::durationNs);
    column("retry", all, Operation::retryNs);
    column("wait", all, Operation::lockWaitNs);
    column("attempts", all, Operation::attempts);
    column("outcome", all, o -> numberOf(texts, o.outcome().label()));
    column("write", all, o -> o.isWrite() ? 1 : 0);
    column(
        "file",
        all,
        o ->
            numberOf(
                files,
                new File(
                    report.pathOf(o),
                    o.fs(),
                    FileSystems.devOf(o.dev()),
                    Long.toUnsignedString(o.ino()))));
    column("pos", all, Operation::pos);
    column("requested", all, Operation::requested);
    column("done", all, Operation::done);
    json.writeEndObject();
  }

  /** One attempt, of the operation of that number. */
  private record Pass(int operation, AttemptLog.Entry entry, long sinceNs) {}

  /** A single attempt is as long as its operation: only those of retried operations are written. */
  private void writeAttempts() throws IOException {
    List<Pass> all = new ArrayList<>();
    for (int i = 0; i < report.operations().size(); i++) {
      Operation operation = report.operations().get(i);
      List<AttemptLog.Entry> entries = attempts.of(operation);
      for (AttemptLog.Entry entry : entries) {
        if (entries.size() > 1) {
          all.add(new Pass(i, entry, entry.beginNs() - operation.startNs()));
        }
      }
    }
    json.writeObjectFieldStart("attempts");
    column("operation", all, Pass::operation);
    column("start", all, Pass::sinceNs);
    column("duration", all, pass -> pass.entry().endNs() - pass.entry().beginNs());
    column("end", all, pass -> numberOf(texts, label(pass.entry().end())));
    column("bytes", all, pass -> pass.entry().bytes());
    json.writeEndObject();
  }

  private void writeWaits() throws IOException {
    List<LockWait> all = report.lockWaits();
    json.writeObjectFieldStart("waits");
    column("task", all, w -> taskOf(w.tgid(), w.tid(), w.comm()));
    column("start", all, w -> since(w.requestNs()));
    column("duration", all, LockWait::waitNs);
    column("lock", all, w -> numberOf(texts, (w.lockClass().label + " " + w.lockName()).strip()));
    column("mode", all, w -> numberOf(texts, w.mode().label));
    column("end", all, w -> numberOf(texts, label(w.end())));
    column("place", all, w -> numberOf(texts, label(w.place())));
    column("owner", all, w -> numberOf(texts, ownerOf(w)));
    column("holder", all, w -> numberOf(texts, holderOf(w)));
    column("stack", all, w -> numberOf(texts, String.join("\n", report.stackOf(w))));
    json.writeEndObject();
  }

  /** The path or the lock table that a lock belongs to. */
  private String ownerOf(LockWait wait) {
    String path = report.pathOf(wait);
    String table = report.tableOf(wait);
    return path != null ? path : table != null ? table : "";
  }

  private static String holderOf(LockWait wait) {
    LockWait.Holder holder = wait.holder();
    return holder == null
        ? ""
        : (holder.comm() + " " + holder.tid() + " " + holder.mode().label).strip()
            + (holder.isWaiter() ? ", waiting too" : "");
  }

  private void writeAlerts() throws IOException {
    json.writeArrayFieldStart("alerts");
    for (Alert alert : report.alerts()) {
      json.writeStartObject();
      json.writeStringField("rule", alert.rule().label());
      json.writeStringField("severity", alert.severity().label());
      json.writeStringField("state", alert.state().label());
      json.writeStringField("title", alert.title());
      json.writeNumberField("first", since(alert.firstNs()));
      json.writeNumberField("last", since(alert.lastNs()));
      json.writeNumberField("count", alert.count());
      json.writeBooleanField("complete", alert.isComplete());
      json.writeStringField("verdict", alert.verdict().label());
      json.writeStringField("why", alert.why());
      json.writeArrayFieldStart("evidence");
      for (Alert.Evidence evidence : alert.evidence()) {
        json.writeStartObject();
        json.writeNumberField("at", since(evidence.ns()));
        json.writeNumberField("tid", evidence.tid());
        json.writeStringField("comm", evidence.comm());
        json.writeStringField("text", evidence.text());
        json.writeFieldName("stack");
        writeStrings(report.stackOf(evidence.stack()).toArray(String[]::new));
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void writeDemotes() throws IOException {
    json.writeObjectFieldStart("demotes");
    column("start", attempts.demotes(), demote -> since(demote.ns()));
    column(
        "lock",
        attempts.demotes(),
        d -> numberOf(texts, "glock " + LockNames.of(LockClass.GLOCK, d.type(), d.number())));
    json.writeEndObject();
    json.writeArrayFieldStart("demoted");
    for (RemoteDemotes glock : report.demotes()) {
      json.writeStartArray();
      json.writeString("glock " + LockNames.of(LockClass.GLOCK, glock.type(), glock.number()));
      String path = report.pathOf(glock);
      json.writeString(path != null ? path : report.tableOf(glock));
      json.writeNumber(glock.count());
      json.writeNumber(since(glock.lastNs()));
      json.writeEndArray();
    }
    json.writeEndArray();
  }

  private void writeCells() throws IOException {
    json.writeArrayFieldStart("cells");
    for (CellReport cell : report.cells()) {
      json.writeStartArray();
      json.writeString(cell.fs());
      json.writeString(cell.dev());
      json.writeString(cell.isWrite() ? "write" : "read");
      json.writeNumber(cell.attempts());
      json.writeNumber(cell.operations());
      json.writeNumber(cell.retriedOperations());
      json.writeNumber(cell.retries());
      json.writeNumber(cell.bytes());
      json.writeNumber(cell.retryNs());
      json.writeNumber(cell.durationNs(0.5));
      json.writeNumber(cell.durationNs(0.99));
      json.writeEndArray();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("lockCells");
    for (LockCellReport cell : report.lockCells()) {
      json.writeStartArray();
      json.writeString(cell.lockClass().label);
      json.writeString(cell.mode().label);
      json.writeNumber(cell.grants());
      json.writeNumber(cell.waits());
      json.writeNumber(cell.waitNs());
      json.writeNumber(cell.waitNs(0.5));
      json.writeNumber(cell.waitNs(0.99));
      json.writeNumber(cell.waitMaxNs());
      json.writeEndArray();
    }
    json.writeEndArray();
  }

  private void writeHungTasks() throws IOException {
    json.writeArrayFieldStart("hung");
    for (Report.HungTask task : report.hangs()) {
      json.writeStartArray();
      json.writeString(task.comm());
      json.writeNumber(task.tid());
      json.writeNumber(since(task.ns()));
      json.writeEndArray();
    }
    json.writeEndArray();
  }
}
