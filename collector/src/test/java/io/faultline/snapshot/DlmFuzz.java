package io.faultline.snapshot;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;

/** Dumps of DLM: of locks or, by the first byte, of messages. */
public final class DlmFuzz {
  private DlmFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    if (data.length < 1) {
      return;
    }
    Unparsed unparsed = new Unparsed();
    ByteLines lines =
        new ByteLines(new ByteArrayInputStream(Arrays.copyOfRange(data, 1, data.length)));
    if ((data[0] & 1) != 0) {
      Set<LockName> wanted = Set.of(new LockName("a:b", 2, 0x805f));
      DlmLocksParser parser = new DlmLocksParser("a:b", "b_locks", wanted, unparsed);
      parser.parse(lines);
      parser.kept().forEach(lock -> Objects.requireNonNull(lock.toString()));
    } else {
      DlmMessagesParser parser = new DlmMessagesParser("a:b", "b_waiters", unparsed);
      parser.parse(lines);
      parser.messages().forEach(message -> Objects.requireNonNull(message.toString()));
    }
    unparsed.samples().forEach(Objects::requireNonNull);
  }
}
