package io.faultline.terminal;

import io.faultline.match.Operation;
import io.faultline.report.ReportText;
import io.faultline.report.Units;
import io.faultline.view.Picture;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A picture as tables, one below the other: for a file, a pipe, or a terminal that can no more. */
public final class PlainTables {
  private PlainTables() {}

  /** The lines, with at most {@code rows} rows in each table. */
  public static List<String> of(Picture picture, int rows) {
    List<String> lines = new ArrayList<>();
    lines.add(title(picture));
    lines.add("");
    lines.addAll(devices(picture));
    lines.addAll(lockRates(picture, rows));
    lines.addAll(inFlight(picture, rows));
    lines.addAll(locks(picture, rows));
    lines.addAll(groups("PROCESS", picture.processes(), rows));
    lines.addAll(groups("FILE", picture.files(), rows));
    return lines;
  }

  static String title(Picture picture) {
    String loss =
        picture.balance().isComplete()
            ? "nothing lost"
            : String.format(Locale.ROOT, "LOST %,d", picture.balance().lost());
    return String.format(
        Locale.ROOT,
        "faultline top  %s  %s  %,.0f events/s  Linux %s  %s loader, detail %s",
        ReportText.printable(picture.info().hostName()),
        loss,
        picture.self().eventsPerSecond(),
        picture.info().kernel(),
        picture.info().loader(),
        picture.info().detail());
  }

  static List<String> devices(Picture picture) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            "%-9s %-8s %-5s %11s %11s %9s %11s %10s",
            "FS", "DEV", "RW", "ATTEMPTS/s", "OPERAT./s", "RETRIES/s", "BYTES/s", "COST/s"));
    for (Picture.Device device : picture.devices()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-9s %-8s %-5s %,11.0f %,11.0f %,9.0f %11s %10s",
              device.fs(),
              device.dev(),
              device.isWrite() ? "write" : "read",
              device.rates().get("attempts"),
              device.rates().get("operations"),
              device.rates().get("retries"),
              Units.bytes(Math.round(device.rates().get("bytes"))),
              Units.duration(Math.round(device.rates().get("retry_ns")))));
    }
    if (picture.devices().isEmpty()) {
      lines.add("no direct I/O so far");
    }
    lines.add("");
    return lines;
  }

  private static List<String> lockRates(Picture picture, int rows) {
    List<Picture.LockRate> busy =
        picture.lockRates().stream().filter(rate -> rate.waits() > 0).limit(rows).toList();
    List<String> lines = new ArrayList<>();
    if (busy.isEmpty()) {
      return lines;
    }
    lines.add(
        String.format(
            "%-16s %-6s %12s %10s %10s", "LOCK", "MODE", "GRANTS/s", "WAITS/s", "WAITED/s"));
    for (Picture.LockRate rate : busy) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-16s %-6s %,12.0f %,10.0f %10s",
              rate.lockClass(),
              rate.mode(),
              rate.grants(),
              rate.waits(),
              Units.duration(Math.round(rate.waitNs()))));
    }
    lines.add("");
    return lines;
  }

  private static List<String> inFlight(Picture picture, int rows) {
    List<Picture.Row> all = picture.operations().stream().filter(Picture.Row::isInFlight).toList();
    List<String> lines = new ArrayList<>();
    if (all.isEmpty()) {
      return lines;
    }
    lines.add(
        String.format(
            "%-15s %7s %-5s %10s  %-22s %s", "IN FLIGHT", "TID", "RW", "SINCE", "WHERE", "FILE"));
    for (Picture.Row row : all.subList(0, Math.min(rows, all.size()))) {
      Operation operation = row.operation();
      lines.add(
          String.format(
              "%-15s %7d %-5s %10s  %-22s %s",
              ReportText.printable(operation.comm()),
              operation.tid(),
              operation.isWrite() ? "write" : "read",
              Units.duration(picture.timeNs() - operation.startNs()),
              operation.isInGap() ? "after a miss" : "attempt " + (operation.attempts() + 1),
              ReportText.shorten(row.file(), 60)));
    }
    if (all.size() > rows) {
      lines.add(String.format(Locale.ROOT, "... and %,d more", all.size() - rows));
    }
    lines.add("");
    return lines;
  }

  /** Who waits for a lock for more than a second, and who holds it. */
  private static List<String> locks(Picture picture, int rows) {
    List<String> lines = new ArrayList<>();
    int count = 0;
    for (Picture.Lock lock : picture.locks()) {
      for (Picture.Request request : lock.requests()) {
        if (count++ == 0) {
          lines.add(Tables.lockHeader());
        }
        if (count <= rows) {
          lines.add(Tables.lockLine(picture, lock, request));
        }
      }
    }
    if (count > rows) {
      lines.add(String.format(Locale.ROOT, "... and %,d more", count - rows));
    }
    if (count > 0) {
      lines.add("");
    }
    return lines;
  }

  private static List<String> groups(String title, List<Picture.Group> groups, int rows) {
    List<String> lines = new ArrayList<>();
    if (groups.isEmpty()) {
      return lines;
    }
    lines.add(String.format("%10s %9s %10s  %s", "OPERATIONS", "RETRIES", "COST", title));
    for (Picture.Group group : groups.subList(0, Math.min(rows, groups.size()))) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%,10d %,9d %10s  %s",
              group.operations(),
              group.retries(),
              Units.duration(group.retryNs()),
              ReportText.shorten(group.name(), 60)));
    }
    lines.add("");
    return lines;
  }
}
