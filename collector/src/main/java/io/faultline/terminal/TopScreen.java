package io.faultline.terminal;

import io.faultline.report.Units;
import io.faultline.risk.Alert;
import io.faultline.view.Picture;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * What a screen of a given size shows, and what keys do to it; knows no terminal.
 *
 * <pre>
 *   1 2 3, Tab   operations, locks, alerts        s   sorted by something else
 *   Up Down      another row                      /   filter; Enter takes it, Esc leaves it
 *   Enter        all of the row; Esc goes back    p   pause, or go on
 *   ?            help                             q   end
 * </pre>
 */
public final class TopScreen {
  /** What a key of the keyboard means. */
  public enum Key {
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    ENTER,
    ESCAPE,
    TAB,
    BACKSPACE
  }

  private enum Pane {
    OPERATIONS,
    LOCKS,
    ALERTS
  }

  private enum Sort {
    COST,
    TOOK,
    RETRIES,
    LATEST;

    private long keyOf(Picture.Row row) {
      return switch (this) {
        case COST -> row.operation().retryNs();
        case TOOK -> row.operation().durationNs();
        case RETRIES -> row.operation().retries();
        case LATEST -> row.operation().startNs();
      };
    }

    Comparator<Picture.Row> order() {
      return Comparator.comparingLong(this::keyOf).reversed();
    }
  }

  /** So wide that nothing is shortened: what a filter looks at. */
  private static final int WIDE = 4096;

  private static final List<String> HELP =
      List.of(
          "1 2 3 or Tab    operations, locks, alerts",
          "Up Down PgUp PgDn   another row",
          "Enter           all of this row; Esc goes back",
          "s               sort operations by cost, length, retries, latest",
          "/               filter by words; Enter takes it, Esc clears it",
          "p or Space      pause, or go on",
          "q               end");

  private final List<String> detail = new ArrayList<>();
  private Pane pane = Pane.OPERATIONS;
  private Sort sort = Sort.COST;
  private String filter = "";
  private boolean isTyping;
  private boolean isPaused;
  private boolean isDetail;
  private boolean isEnded;
  private int selected;
  private int scrolled;
  private String note = "";
  private Picture picture;

  /** A screen that shows this picture. */
  public TopScreen(Picture picture) {
    this.picture = picture;
  }

  /** Shows another picture, unless it is paused. */
  public void show(Picture newPicture) {
    if (!isPaused) {
      picture = newPicture;
    }
  }

  /** Whether the user wants to leave. */
  public boolean isEnded() {
    return isEnded;
  }

  // ---- keys ----

  /** A key that is no character. */
  public void press(Key key) {
    switch (key) {
      case UP -> move(-1);
      case DOWN -> move(1);
      case PAGE_UP -> move(-10);
      case PAGE_DOWN -> move(10);
      case TAB -> go(Pane.values()[(pane.ordinal() + 1) % Pane.values().length]);
      case ENTER -> {
        if (isTyping) {
          isTyping = false;
        } else {
          openDetail();
        }
      }
      case ESCAPE -> {
        if (isTyping || !isDetail) {
          isTyping = false;
          filter = "";
        }
        isDetail = false;
      }
      case BACKSPACE -> {
        if (isTyping && !filter.isEmpty()) {
          filter = filter.substring(0, filter.length() - 1);
        }
      }
    }
  }

  /** A character. */
  public void type(char character) {
    if (isTyping) {
      if (!Character.isISOControl(character) && filter.length() < 40) {
        filter += character;
        selected = 0;
      }
      return;
    }
    switch (character) {
      case '1' -> go(Pane.OPERATIONS);
      case '2' -> go(Pane.LOCKS);
      case '3' -> go(Pane.ALERTS);
      case 's' -> sort = Sort.values()[(sort.ordinal() + 1) % Sort.values().length];
      case '/' -> {
        isTyping = true;
        isDetail = false;
      }
      case 'p', ' ' -> isPaused = !isPaused;
      case '?', 'h' -> openText(HELP);
      case 'q' -> isEnded = true;
      case 'k' -> move(-1);
      case 'j' -> move(1);
      default -> {
        // means nothing
      }
    }
  }

  private void go(Pane newPane) {
    pane = newPane;
    selected = 0;
    isDetail = false;
  }

  private void move(int by) {
    if (isDetail) {
      scrolled = Math.max(0, scrolled + by);
    } else {
      selected = Math.max(0, selected + by);
    }
  }

  private void openText(List<String> lines) {
    detail.clear();
    detail.addAll(lines);
    scrolled = 0;
    isDetail = true;
  }

  private void openDetail() {
    switch (pane) {
      case OPERATIONS -> {
        List<Picture.Row> rows = operations();
        if (selected < rows.size()) {
          openText(Tables.operationDetail(rows.get(selected)));
        }
      }
      case LOCKS -> {
        List<LockRow> rows = locks();
        if (selected < rows.size()) {
          LockRow row = rows.get(selected);
          openText(Tables.lockDetail(picture, row.lock(), row.request()));
        }
      }
      case ALERTS -> {
        List<Picture.AlertRow> rows = alerts();
        if (selected < rows.size()) {
          openText(Tables.alertDetail(rows.get(selected)));
        }
      }
    }
  }

  // ---- rows ----

  private record LockRow(Picture.Lock lock, Picture.Request request) {}

  private boolean isWanted(String line) {
    return filter.isEmpty()
        || line.toLowerCase(Locale.ROOT).contains(filter.toLowerCase(Locale.ROOT));
  }

  private List<Picture.Row> operations() {
    return picture.operations().stream()
        .filter(row -> isWanted(Tables.operationLine(picture, row, WIDE)))
        .sorted(
            Comparator.comparing((Picture.Row row) -> !row.isInFlight())
                .thenComparing(sort.order()))
        .toList();
  }

  private List<LockRow> locks() {
    List<LockRow> rows = new ArrayList<>();
    for (Picture.Lock lock : picture.locks()) {
      for (Picture.Request request : lock.requests()) {
        if (isWanted(Tables.lockLine(picture, lock, request))) {
          rows.add(new LockRow(lock, request));
        }
      }
    }
    return rows;
  }

  private List<Picture.AlertRow> alerts() {
    return picture.alerts().stream()
        .filter(row -> isWanted(Tables.alertLine(row)))
        .sorted(
            Comparator.comparing(
                    (Picture.AlertRow row) -> row.alert().state() == Alert.State.RESOLVED)
                .thenComparing(row -> row.alert().severity(), Comparator.reverseOrder())
                .thenComparing(row -> -row.alert().lastNs()))
        .toList();
  }

  // ---- lines ----

  /** A line, and whether it stands out. */
  public record Line(String text, boolean isMarked) {}

  /** Exactly {@code height} lines of at most {@code width} columns. */
  public List<Line> render(int width, int height) {
    List<Line> lines = new ArrayList<>();
    add(lines, PlainTables.title(picture), false);
    add(lines, rates(), false);
    add(lines, tabs(), false);
    if (isDetail) {
      renderDetail(lines, height - 1);
    } else {
      renderPane(lines, width, height - 1);
    }
    while (lines.size() < height - 1) {
      add(lines, "", false);
    }
    List<Line> shown = new ArrayList<>(lines.subList(0, Math.max(0, height - 1)));
    add(shown, footer(), true);
    return shown.stream().map(line -> fit(line, width)).toList();
  }

  private static Line fit(Line line, int width) {
    String text = line.text();
    String fitted = text.length() > width ? text.substring(0, Math.max(0, width - 1)) + "~" : text;
    return new Line(line.isMarked() ? pad(fitted, width) : fitted, line.isMarked());
  }

  private static String pad(String text, int width) {
    return text.length() >= width ? text : text + " ".repeat(width - text.length());
  }

  private static void add(List<Line> lines, String text, boolean isMarked) {
    lines.add(new Line(text, isMarked));
  }

  /** What is not as it should be, instead of rates; empty for nothing. */
  public void note(String newNote) {
    note = newNote;
  }

  private String rates() {
    if (!note.isEmpty()) {
      return note;
    }
    if (picture.rates().isEmpty()) {
      return "waiting for the first second";
    }
    return String.format(
        Locale.ROOT,
        "%,.0f operations/s  %,.0f retries/s  %s/s lost to retries  %s/s to lock waits  %s/s",
        picture.rates().get("operations"),
        picture.rates().get("retries"),
        Units.duration(Math.round(picture.rates().get("retry_ns"))),
        Units.duration(Math.round(picture.rates().get("lock_wait_ns"))),
        Units.bytes(Math.round(picture.rates().get("bytes"))));
  }

  private String tabs() {
    long firing =
        picture.alerts().stream().filter(r -> r.alert().state() == Alert.State.FIRING).count();
    String[] names = {
      "1 operations", "2 locks (" + picture.locks().size() + ")", "3 alerts (" + firing + " firing)"
    };
    StringBuilder text = new StringBuilder();
    for (Pane one : Pane.values()) {
      String name = names[one.ordinal()];
      text.append(one == pane ? "[" + name + "] " : " " + name + "  ");
    }
    return text.toString();
  }

  private void renderPane(List<Line> lines, int width, int until) {
    List<String> rows =
        switch (pane) {
          case OPERATIONS ->
              operations().stream().map(row -> Tables.operationLine(picture, row, width)).toList();
          case LOCKS ->
              locks().stream()
                  .map(row -> Tables.lockLine(picture, row.lock(), row.request()))
                  .toList();
          case ALERTS -> alerts().stream().map(Tables::alertLine).toList();
        };
    add(
        lines,
        switch (pane) {
          case OPERATIONS -> Tables.operationHeader(width);
          case LOCKS -> Tables.lockHeader();
          case ALERTS -> Tables.alertHeader();
        },
        false);
    selected = Math.min(selected, Math.max(0, rows.size() - 1));
    int room = Math.max(1, until - lines.size());
    int first = Math.max(0, Math.min(selected - room / 2, rows.size() - room));
    for (int i = first; i < Math.min(rows.size(), first + room); i++) {
      add(lines, rows.get(i), i == selected);
    }
    if (rows.isEmpty()) {
      add(lines, emptyText(), false);
    }
  }

  private String emptyText() {
    if (!filter.isEmpty()) {
      return "nothing matches the filter";
    }
    return switch (pane) {
      case OPERATIONS -> "no operation with page faults disabled so far";
      case LOCKS -> "nobody waits for a lock for longer than a second";
      case ALERTS -> "no rule has found anything";
    };
  }

  private void renderDetail(List<Line> lines, int until) {
    add(lines, "", false);
    int room = Math.max(1, until - lines.size());
    scrolled = Math.min(scrolled, Math.max(0, detail.size() - room));
    for (int i = scrolled; i < Math.min(detail.size(), scrolled + room); i++) {
      add(lines, detail.get(i), false);
    }
  }

  private String footer() {
    if (isTyping) {
      return "filter: " + filter + "_";
    }
    String state =
        (isPaused ? "PAUSED  " : "")
            + (filter.isEmpty() ? "" : "filter: " + filter + "  ")
            + (pane == Pane.OPERATIONS ? "by " + sort.name().toLowerCase(Locale.ROOT) + "  " : "");
    return state
        + (isDetail ? "Esc back" : "Enter details  s sort  / filter  p pause  ? help  q end");
  }
}
