package io.faultline.probe.confine;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A seccomp filter for every thread of this process, and for what it starts: system calls that it
 * never makes fail with EPERM. It cannot be taken off. With it go new privileges, by set-user-id
 * programs or file capabilities.
 */
public enum Confinement {
  /** What attaches stays allowed; starting programs, for bcc, too. */
  ATTACHING_WITH_COMPILER(true, true),
  /** What attaches stays allowed. */
  ATTACHING(true, false),
  /** A process for which a loader attaches: of bpf(2) it reads and writes maps, no more. */
  COLLECTOR(false, false);

  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SECCOMP_SET_MODE_FILTER = 1;
  private static final int SECCOMP_FILTER_FLAG_TSYNC = 1;

  private interface Functions extends Library {
    Functions C = Native.load("c", Functions.class);

    int prctl(int option, NativeLong a, NativeLong b, NativeLong c, NativeLong d)
        throws LastErrorException;

    NativeLong syscall(NativeLong number, Object... arguments) throws LastErrorException;
  }

  private final boolean mayAttach;
  private final boolean mayStartPrograms;

  Confinement(boolean mayAttach, boolean mayStartPrograms) {
    this.mayAttach = mayAttach;
    this.mayStartPrograms = mayStartPrograms;
  }

  /**
   * Confines this process for good.
   *
   * @throws IOException when the kernel has no such filters
   */
  public void enter() throws IOException {
    SystemCalls calls = SystemCalls.ofThisMachine();
    SeccompFilter filter = new SeccompFilter(calls, mayAttach, mayStartPrograms);
    try (Memory code = new Memory(filter.bytes().length);
        Memory program = new Memory(16)) {
      code.write(0, filter.bytes(), 0, filter.bytes().length);
      program.clear();
      program.setShort(0, (short) (filter.bytes().length / SeccompFilter.INSTRUCTION_BYTES));
      program.setPointer(8, code);
      NativeLong none = new NativeLong(0);
      Functions.C.prctl(PR_SET_NO_NEW_PRIVS, new NativeLong(1), none, none, none);
      long thread =
          Functions.C.syscall(
                  new NativeLong(calls.seccomp()),
                  new NativeLong(SECCOMP_SET_MODE_FILTER),
                  new NativeLong(SECCOMP_FILTER_FLAG_TSYNC),
                  program)
              .longValue();
      if (thread != 0) {
        throw new IOException("seccomp: thread " + thread + " has another filter");
      }
    } catch (LastErrorException e) {
      throw new IOException(
          "seccomp: errno " + e.getErrorCode() + " (expected: a kernel with CONFIG_SECCOMP_FILTER)",
          e);
    }
  }

  /**
   * The capabilities that some thread of this process has, a bit each.
   *
   * @param set {@code CapEff}, {@code CapPrm} or {@code CapBnd}
   */
  public static long capabilities(String set) throws IOException {
    long capabilities = 0;
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        for (String line : linesOf(thread.resolve("status"))) {
          if (line.startsWith(set + ":")) {
            capabilities |= Long.parseUnsignedLong(line.substring(7).trim(), 16);
          }
        }
      }
    }
    return capabilities;
  }

  private static Iterable<String> linesOf(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return java.util.List.of(); // a thread that has ended
    }
  }
}
