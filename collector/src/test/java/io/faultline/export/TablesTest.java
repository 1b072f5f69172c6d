package io.faultline.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.match.LockWait;
import io.faultline.match.Operation;
import io.faultline.report.Report;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** CSV and line protocol, read back by readers of their own. */
class TablesTest {
  private final Report report = SampleStream.report(300);

  /** RFC 4180. */
  private static List<List<String>> parse(String csv) {
    List<List<String>> rows = new ArrayList<>();
    List<String> row = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean isQuoted = false;
    for (int i = 0; i < csv.length(); i++) {
      char c = csv.charAt(i);
      if (isQuoted) {
        boolean isPair = c == '"' && i + 1 < csv.length() && csv.charAt(i + 1) == '"';
        if (isPair || c != '"') {
          cell.append(c);
          i += isPair ? 1 : 0;
        } else {
          isQuoted = false;
        }
      } else if (c == '"') {
        isQuoted = true;
      } else if (c == ',' || c == '\r') {
        row.add(cell.toString());
        cell.setLength(0);
        if (c == '\r') {
          assertThat(csv.charAt(++i)).isEqualTo('\n');
          rows.add(row);
          row = new ArrayList<>();
        }
      } else {
        cell.append(c);
      }
    }
    return rows;
  }

  private List<List<String>> table(CsvTable.What what) throws IOException {
    StringWriter out = new StringWriter();
    CsvTable.write(report, what, out);
    List<List<String>> rows = parse(out.toString());
    assertThat(rows).allSatisfy(row -> assertThat(row).hasSameSizeAs(rows.get(0)));
    return rows;
  }

  @Test
  void shouldWriteARowForEachOperation() throws IOException {
    List<List<String>> rows = table(CsvTable.What.OPERATIONS);
    List<String> names = rows.get(0);
    assertThat(rows).hasSize(report.operations().size() + 1);
    for (int i = 0; i < report.operations().size(); i++) {
      Operation operation = report.operations().get(i);
      List<String> row = rows.get(i + 1);
      assertThat(row.get(names.indexOf("comm"))).isEqualTo(operation.comm());
      assertThat(row.get(names.indexOf("path"))).isEqualTo(report.pathOf(operation));
      assertThat(row.get(names.indexOf("duration_ns"))).isEqualTo("" + operation.durationNs());
      assertThat(row.get(names.indexOf("outcome"))).isEqualTo(operation.outcome().label());
    }
  }

  @Test
  void shouldWriteWaitsAndAlerts() throws IOException {
    assertThat(table(CsvTable.What.LOCK_WAITS)).hasSize(report.lockWaits().size() + 1);
    List<List<String>> alerts = table(CsvTable.What.ALERTS);
    assertThat(alerts).hasSize(report.alerts().size() + 1);
    assertThat(alerts)
        .anySatisfy(row -> assertThat(row).contains("deadlock", "critical", "confirmed"));
  }

  private static final String TAG = "[a-z_]+=(?:[^,= \\\\]|\\\\[,= ])+";
  private static final String FIELD =
      "[a-z0-9_]+=(?:-?[0-9]+i|true|false|\"(?:[^\"\\\\]|\\\\[\"\\\\])*\")";
  private static final Pattern POINT =
      Pattern.compile(
          "(faultline_[a-z]+)((?:," + TAG + ")+) (" + FIELD + "(?:," + FIELD + ")*) ([0-9]+)");

  @Test
  void shouldWriteAPointForEachThing() throws IOException {
    StringWriter out = new StringWriter();
    LineProtocol.write(report, out);
    String[] lines = out.toString().split("\n");
    Set<String> names = new HashSet<>();
    int operations = 0;
    int waits = 0;
    for (String line : lines) {
      java.util.regex.Matcher point = POINT.matcher(line);
      assertThat(point.matches()).as(line).isTrue();
      assertThat(names.add(point.group(1) + point.group(2) + ' ' + point.group(4)))
          .as("overwrites no other: " + line)
          .isTrue();
      operations += point.group(1).equals("faultline_operation") ? 1 : 0;
      waits += point.group(1).equals("faultline_lock") ? 1 : 0;
    }
    assertThat(operations).isEqualTo(report.operations().size());
    assertThat(waits).isEqualTo(report.lockWaits().size());
    assertThat(lines).hasSize(operations + waits + report.alerts().size());
    assertThat(lines)
        .anyMatch(line -> line.contains("comm=\"<img onerror=1\""))
        .anyMatch(line -> line.startsWith("faultline_alert,host=storage-<node>&7,rule=deadlock,"));
    Operation first = report.operations().get(0);
    assertThat(lines[0]).endsWith(" " + report.info().wallNsOf(first.startNs()));
    assertThat(report.lockWaits()).extracting(LockWait::end).contains(LockWait.End.WAITING);
  }
}
