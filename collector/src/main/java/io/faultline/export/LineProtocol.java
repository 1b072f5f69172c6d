package io.faultline.export;

import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.report.Report;
import io.faultline.report.ReportText;
import io.faultline.risk.Alert;
import java.io.IOException;
import java.io.Writer;
import java.util.HashMap;
import java.util.Map;

/**
 * A report as InfluxDB line protocol: a point for each operation, lock wait and alert, under the
 * measurements, tags and fields that dashboards ask for.
 *
 * <p>A point's time is the wall clock at the begin of what it tells. Points of one series that
 * begin in the same nanosecond would overwrite each other: later ones are moved to the next free
 * nanosecond. A wait is a point of {@code faultline_lock} that sums up one wait.
 */
public final class LineProtocol {
  private final Report report;
  private final Writer out;
  private final Map<String, Long> lastNs = new HashMap<>(); // by series, on the events' clock

  private LineProtocol(Report report, Writer out) {
    this.report = report;
    this.out = out;
  }

  /** Writes all points; those of a series in order of time. */
  public static void write(Report report, Writer out) throws IOException {
    LineProtocol lines = new LineProtocol(report, out);
    for (Operation operation : report.operations()) {
      lines.writeOperation(operation);
    }
    for (LockWait wait : report.lockWaits()) {
      lines.writeLockWait(wait);
    }
    for (Alert alert : report.alerts()) {
      lines.writeAlert(alert);
    }
  }

  private void writeOperation(Operation operation) throws IOException {
    String path = report.pathOf(operation);
    writePoint(
        series(
            "faultline_operation",
            "fs",
            operation.fs(),
            "rw",
            operation.isWrite() ? "write" : "read",
            "outcome",
            operation.outcome().label()),
        "pid="
            + operation.pid()
            + "i,comm="
            + quoted(operation.comm())
            + ",ino="
            + operation.ino()
            + "i"
            + (path == null ? "" : ",path=" + quoted(path))
            + ",attempts="
            + operation.attempts()
            + "i,retry_ns="
            + operation.retryNs()
            + "i,lock_wait_ns="
            + operation.lockWaitNs()
            + "i,duration_ns="
            + operation.durationNs()
            + "i",
        operation.startNs());
  }

  private void writeLockWait(LockWait wait) throws IOException {
    long ns = wait.waitNs();
    String fields =
        wait.end() == LockWait.End.WAITING
            ? "waiting=1i,longest_waiting_ns=" + ns + "i"
            : "waits=1i,wait_ns=%1$di,wait_p50_ns=%1$di,wait_p99_ns=%1$di,wait_max_ns=%1$di"
                .formatted(ns);
    writePoint(
        series(
            "faultline_lock",
            "fs",
            report.fsOf(wait),
            "class",
            wait.lockClass().label,
            "mode",
            wait.mode().label),
        fields,
        wait.requestNs());
  }

  private void writeAlert(Alert alert) throws IOException {
    writePoint(
        series(
            "faultline_alert",
            "rule",
            alert.rule().label(),
            "severity",
            alert.severity().label(),
            "state",
            alert.state().label()),
        "title="
            + quoted(alert.title())
            + ",count="
            + alert.count()
            + "i,complete="
            + alert.isComplete()
            + ",evidence="
            + quoted(CsvTable.evidenceOf(alert).replace("\n", "; ")),
        alert.firstNs());
  }

  /** The measurement with the host and these tags, in this order; empty ones are left out. */
  private String series(String measurement, String... tags) {
    StringBuilder series = new StringBuilder(measurement);
    tag(series, "host", report.info().hostName());
    for (int i = 0; i < tags.length; i += 2) {
      tag(series, tags[i], tags[i + 1]);
    }
    return series.toString();
  }

  private static void tag(StringBuilder series, String name, String value) {
    if (!value.isEmpty()) {
      series.append(',').append(name).append('=').append(escaped(value));
    }
  }

  /** A tag's value; a backslash before the separator that follows would take it in. */
  private static String escaped(String value) {
    return ReportText.printable(value)
        .replace('\\', '/')
        .replace(",", "\\,")
        .replace("=", "\\=")
        .replace(" ", "\\ ");
  }

  private static String quoted(String text) {
    return '"' + ReportText.printable(text).replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private void writePoint(String series, String fields, long ktimeNs) throws IOException {
    Long last = lastNs.get(series);
    long freeNs = last == null ? ktimeNs : Math.max(ktimeNs, last + 1);
    lastNs.put(series, freeNs);
    long wallNs = report.info().wallNsOf(ktimeNs) + freeNs - ktimeNs;
    out.write(series + ' ' + fields + ' ' + wallNs + '\n');
  }
}
