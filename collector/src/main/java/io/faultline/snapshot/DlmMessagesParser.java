package io.faultline.snapshot;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code LOCKSPACE_waiters}: waiters_read() in fs/dlm/debug_fs.c, at most 4,096 bytes. */
final class DlmMessagesParser {
  /** DLM_DEBUG_BUF_LEN less the longest line: from here on the kernel may have left lines out. */
  private static final int CUT_BYTES = 4096 - 128;

  private final String table;
  private final String file;
  private final Unparsed unparsed;
  private final List<DlmMessage> messages = new ArrayList<>();
  private boolean isCut;

  DlmMessagesParser(String table, String file, Unparsed unparsed) {
    this.table = table;
    this.file = file;
    this.unparsed = unparsed;
  }

  void parse(ByteLines lines) throws IOException {
    Cursor cursor = new Cursor();
    while (messages.size() < DlmLocksParser.LOCKS_MAX && lines.next()) {
      cursor.set(lines.buffer(), lines.start(), lines.end());
      long id = cursor.hex();
      cursor.expect(" ");
      long type = cursor.decimal();
      cursor.expect(" ");
      long nodeId = cursor.decimal();
      cursor.expect(" ");
      LockName glock =
          cursor.isGood()
              ? LockName.ofDlmResource(table, Cursor.text(lines.buffer(), cursor.at(), lines.end()))
              : null;
      if (glock == null || !lines.isWhole()) {
        unparsed.add(file, lines);
      } else {
        messages.add(new DlmMessage(glock, id, (int) type, (int) nodeId));
      }
    }
    isCut = lines.bytesRead() >= CUT_BYTES;
  }

  List<DlmMessage> messages() {
    return messages;
  }

  boolean isCut() {
    return isCut;
  }
}
