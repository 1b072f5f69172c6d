package io.faultline.probe.confine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A program of classic BPF over struct seccomp_data: another architecture's calls, those that are
 * denied, and most commands of bpf(2) fail with EPERM; everything else is allowed.
 */
final class SeccompFilter {
  static final int INSTRUCTION_BYTES = 8;

  private static final int LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
  private static final int JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
  private static final int JUMP_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
  private static final int RETURN = 0x06;
  private static final int ALLOW = 0x7fff0000;
  private static final int DENY = 0x00050001; // SECCOMP_RET_ERRNO, EPERM

  private static final int NUMBER = 0; // struct seccomp_data
  private static final int ARCHITECTURE = 4;
  private static final int FIRST_ARGUMENT = 16;

  /** x86-64 takes the calls of x32 with this bit in their number. */
  private static final int X32 = 0x40000000;

  /**
   * Commands of bpf(2) on a descriptor that the process has: to look an element of a map up, to set
   * and to take it out, to read many, and to ask what the descriptor is.
   */
  private static final int[] MAP_COMMANDS = {1, 2, 3, 15, 21, 24};

  private final ByteBuffer code = ByteBuffer.allocate(4096).order(ByteOrder.nativeOrder());

  SeccompFilter(SystemCalls calls, boolean mayAttach, boolean mayStartPrograms) {
    List<Integer> denied = new ArrayList<>(calls.never());
    if (!mayAttach) {
      denied.addAll(calls.attaching());
    }
    if (!mayStartPrograms) {
      denied.addAll(calls.starting());
    }
    add(LOAD_WORD, 0, 0, ARCHITECTURE);
    add(JUMP_EQUAL, 1, 0, calls.auditArch());
    add(RETURN, 0, 0, DENY);
    add(LOAD_WORD, 0, 0, NUMBER);
    add(JUMP_AT_LEAST, 0, 1, X32);
    add(RETURN, 0, 0, DENY);
    for (int number : denied) {
      add(JUMP_EQUAL, 0, 1, number);
      add(RETURN, 0, 0, DENY);
    }
    if (!mayAttach) {
      add(JUMP_EQUAL, 1, 0, calls.bpf());
      add(RETURN, 0, 0, ALLOW);
      add(LOAD_WORD, 0, 0, FIRST_ARGUMENT); // an int: the kernel does not look at its other half
      for (int command : MAP_COMMANDS) {
        add(JUMP_EQUAL, 0, 1, command);
        add(RETURN, 0, 0, ALLOW);
      }
      add(RETURN, 0, 0, DENY);
    }
    add(RETURN, 0, 0, ALLOW);
  }

  private void add(int operation, int ifTrue, int ifFalse, int constant) {
    code.putShort((short) operation).put((byte) ifTrue).put((byte) ifFalse).putInt(constant);
  }

  byte[] bytes() {
    byte[] bytes = new byte[code.position()];
    code.duplicate().flip().get(bytes);
    return bytes;
  }
}
