package io.faultline.probe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Type information: refused with a sentence, or asked everything that is ever asked of it. By the
 * first byte it is that of a kernel, of a module, or in an object.
 */
public final class BtfFuzz {
  private static final Path FILE = file();

  private BtfFuzz() {}

  private static Path file() {
    try {
      Path file = Files.createTempFile("faultline-fuzz-", ".btf");
      file.toFile().deleteOnExit();
      return file;
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] data) throws Exception {
    if (data.length < 1) {
      return;
    }
    byte[] bytes = Arrays.copyOfRange(data, 1, data.length);
    try {
      Files.write(FILE, bytes);
      switch (data[0] & 3) {
        case 0 -> ask(Btf.readElf(bytes));
        case 1 -> ask(Btf.readModule(Btf.read(FILE), FILE));
        default -> ask(Btf.read(FILE));
      }
    } catch (ProbeException e) {
      if (!e.getMessage().contains("(expected: ")) {
        throw new AssertionError("no sentence: " + e.getMessage(), e);
      }
    }
  }

  private static void ask(Btf btf) throws ProbeException {
    btf.hasTracepoint("event_header");
    btf.parametersOf("main");
    btf.membersOf("event_header");
    btf.membersOf("attempt_event");
    btf.offsetOf("in_flight", "attempt.header.tid");
    btf.valueOf("lock_mode", "LOCK_MODE_READ");
    btf.sizeOfStruct("lock_slot");
  }
}
