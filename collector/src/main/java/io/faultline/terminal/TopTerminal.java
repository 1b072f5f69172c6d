package io.faultline.terminal;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.NonBlockingReader;

/**
 * A {@link TopScreen} on the terminal that this process was started from: takes its keys, draws,
 * and leaves the terminal as it was. Asks for the size at each drawing, so a terminal may change
 * it.
 */
public final class TopTerminal implements Closeable {
  private static final int COLUMNS_MIN = 40;
  private static final int ROWS_MIN = 8;
  private static final int ESCAPE_MS = 20;

  private static final String ENTER = "\033[?1049h\033[?25l"; // the other screen, no cursor
  private static final String LEAVE = "\033[?25h\033[?1049l";
  private static final String HOME = "\033[H";
  private static final String REST_OF_LINE = "\033[K";
  private static final String MARKED = "\033[7m";
  private static final String PLAIN = "\033[0m";

  private final Terminal terminal;
  private final Attributes before;
  private final NonBlockingReader keys;

  private TopTerminal(Terminal terminal) {
    this.terminal = terminal;
    before = terminal.enterRawMode();
    keys = terminal.reader();
    terminal.writer().print(ENTER);
    terminal.flush();
  }

  /** Takes the terminal; {@code null} when there is none that could show a screen. */
  public static TopTerminal open() throws IOException {
    Terminal terminal = TerminalBuilder.builder().system(true).dumb(true).build();
    Size size = terminal.getSize();
    boolean canShow =
        !terminal.getType().startsWith(Terminal.TYPE_DUMB)
            && size.getColumns() >= COLUMNS_MIN
            && size.getRows() >= ROWS_MIN;
    if (!canShow) {
      terminal.close();
      return null;
    }
    return new TopTerminal(terminal);
  }

  /** Hands the keys that were pressed to the screen; whether there were any. */
  public boolean takeKeys(TopScreen screen) throws IOException {
    boolean hasAny = false;
    for (int key = keys.read(1); key >= 0; key = keys.read(1)) {
      hasAny = true;
      take(key, screen);
    }
    return hasAny;
  }

  private void take(int key, TopScreen screen) throws IOException {
    switch (key) {
      case '\r', '\n' -> screen.press(TopScreen.Key.ENTER);
      case '\t' -> screen.press(TopScreen.Key.TAB);
      case 8, 127 -> screen.press(TopScreen.Key.BACKSPACE);
      case 3 -> screen.type('q'); // Ctrl-C
      case 27 -> takeSequence(screen);
      default -> screen.type((char) key);
    }
  }

  /** Arrows and the like come as Esc, [ or O, perhaps numbers, and a letter or a tilde. */
  private void takeSequence(TopScreen screen) throws IOException {
    int next = keys.read(ESCAPE_MS);
    if (next != '[' && next != 'O') {
      screen.press(TopScreen.Key.ESCAPE);
      if (next >= 0) {
        take(next, screen); // the next key came at once
      }
      return;
    }
    int first = keys.read(ESCAPE_MS);
    int last = first;
    while (next == '[' && last >= ' ' && last < '@') { // numbers, and marks of answers
      last = keys.read(ESCAPE_MS);
    }
    switch (last) {
      case 'A' -> screen.press(TopScreen.Key.UP);
      case 'B' -> screen.press(TopScreen.Key.DOWN);
      case '~' -> takePage(first, screen);
      default -> {
        // a key without a meaning here, or a terminal that says what it is
      }
    }
  }

  private static void takePage(int number, TopScreen screen) {
    if (number == '5') {
      screen.press(TopScreen.Key.PAGE_UP);
    } else if (number == '6') {
      screen.press(TopScreen.Key.PAGE_DOWN);
    }
  }

  /** Draws the screen as large as the terminal is now. */
  public void draw(TopScreen screen) {
    Size size = terminal.getSize();
    List<TopScreen.Line> lines = screen.render(size.getColumns(), size.getRows());
    StringBuilder text = new StringBuilder(HOME);
    for (int i = 0; i < lines.size(); i++) {
      TopScreen.Line line = lines.get(i);
      text.append(line.isMarked() ? MARKED : "")
          .append(line.text())
          .append(line.isMarked() ? PLAIN : "")
          .append(REST_OF_LINE)
          .append(i + 1 < lines.size() ? "\r\n" : "");
    }
    PrintWriter out = terminal.writer();
    out.print(text);
    out.flush();
  }

  @Override
  public void close() throws IOException {
    terminal.writer().print(LEAVE);
    terminal.flush();
    terminal.setAttributes(before);
    terminal.close();
  }
}
