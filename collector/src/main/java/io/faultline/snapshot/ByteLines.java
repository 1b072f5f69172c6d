package io.faultline.snapshot;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/**
 * Lines of a file as ranges of one buffer that is used again: no object per line. A line longer
 * than the buffer is given without its rest, and as damaged.
 */
final class ByteLines implements Closeable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int limit;
  private boolean isAtEnd;
  private long bytesRead;

  private int start;
  private int end;
  private boolean isWhole;

  /** Whether the rest of a line that is too long is still to come. */
  private boolean isSkipping;

  ByteLines(InputStream in) {
    this.in = in;
  }

  /** Goes to the next line; false when there is none. */
  boolean next() throws IOException {
    if (isSkipping && !skipRest()) {
      return false;
    }
    start = next;
    int at = next;
    while (true) {
      while (at < limit) {
        if (buffer[at] == '\n') {
          end = at;
          next = at + 1;
          isWhole = true;
          return true;
        }
        at++;
      }
      if (isAtEnd || (start == 0 && limit == buffer.length)) {
        end = limit;
        next = limit;
        isWhole = false;
        isSkipping = !isAtEnd;
        return end > start;
      }
      at -= start;
      fill();
    }
  }

  private void fill() throws IOException {
    System.arraycopy(buffer, start, buffer, 0, limit - start);
    limit -= start;
    start = 0;
    int count = in.read(buffer, limit, buffer.length - limit);
    if (count < 0) {
      isAtEnd = true;
    } else {
      limit += count;
      bytesRead += count;
    }
  }

  /** Goes behind the end of a line that was too long; false when the file ends first. */
  private boolean skipRest() throws IOException {
    while (true) {
      while (next < limit) {
        if (buffer[next++] == '\n') {
          isSkipping = false;
          return true;
        }
      }
      if (isAtEnd) {
        return false;
      }
      start = limit;
      fill();
      next = 0;
    }
  }

  byte[] buffer() {
    return buffer;
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  /** Whether the line is complete: it ended with a newline and fitted. */
  boolean isWhole() {
    return isWhole;
  }

  long bytesRead() {
    return bytesRead;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
