package io.faultline.probe;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The process in which {@link BccLoader} has libbcc compile, load and attach.
 *
 * <p>Takes the request on standard input, answers with descriptor numbers on standard output, and
 * stays until its input ends. Not for people to run.
 */
final class BccChild {
  private static final int PROG_TYPE_KPROBE = 2;
  private static final int PROG_TYPE_TRACEPOINT = 5;
  private static final int PROG_TYPE_RAW_TRACEPOINT = 17;
  private static final int PROBE_ENTRY = 0; // enum bpf_probe_attach_type of libbcc
  private static final int PROBE_RETURN = 1;
  private static final int LOG_BYTES = 1 << 20;
  private static final List<String> MAPS =
      List.of(
          "events",
          "config",
          "counters",
          "in_flight",
          "operation_slots",
          "tasks",
          "cells",
          "lock_cells",
          "lock_slots",
          "missed_slots",
          "used",
          "cell_index",
          "heartbeat",
          "stacks");

  /**
   * libbcc's C interface; functions that load or attach return a descriptor, or a negative number.
   */
  interface Libbcc extends Library {
    Pointer bpf_module_create_c_from_string(
        String text,
        int flags,
        String[] cflags,
        int cflagsCount,
        boolean allowRlimit,
        String device);

    Pointer bpf_function_start(Pointer module, String name);

    NativeLong bpf_function_size(Pointer module, String name);

    int bcc_func_load(
        Pointer module,
        int type,
        String name,
        Pointer instructions,
        int bytes,
        String license,
        int kernelVersion,
        int logLevel,
        Memory log,
        int logBytes,
        String device,
        int flags,
        int attachType);

    int bpf_attach_raw_tracepoint(int program, String name);

    int bpf_attach_tracepoint(int program, String subsystem, String name);

    int bpf_attach_kprobe(
        int program, int type, String event, String function, long offset, int maxActive);

    int bpf_table_fd(Pointer module, String name);
  }

  private BccChild() {}

  /** One argument: the directory with {@code faultline.c} and {@code include/}. */
  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args[0]);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    List<String> flags = new ArrayList<>();
    List<String[]> programs = new ArrayList<>();
    byte[] config = {};
    for (String line = in.readLine(); line != null && !line.equals("go"); line = in.readLine()) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "flag" -> flags.add(words[1]);
        case "program" -> programs.add(words);
        case "config" -> config = HexFormat.of().parseHex(words[1]);
        default -> throw new IllegalArgumentException(line);
      }
    }
    try {
      load(directory, flags, programs, config, out);
      out.println("ready");
    } catch (LastErrorException | ProbeException | UnsatisfiedLinkError e) {
      out.println(e.getMessage());
    }
    while (in.read() >= 0) {
      // Only the end of the input counts: by then the other process has what it needs.
    }
  }

  private static void load(
      Path directory, List<String> flags, List<String[]> programs, byte[] config, PrintStream out)
      throws IOException {
    Libc.setenv("BCC_KERNEL_SOURCE", directory.toString());
    Libbcc bcc =
        Native.load(KernelFeatures.canLoad("libbcc.so.0") ? "libbcc.so.0" : "bcc", Libbcc.class);
    Pointer module =
        bcc.bpf_module_create_c_from_string(
            Files.readString(directory.resolve("faultline.c")),
            0,
            flags.toArray(String[]::new),
            flags.size(),
            true,
            null);
    if (module == null) {
      throw new ProbeException("libbcc cannot compile the programs: " + lastMessages(directory));
    }
    for (String map : MAPS) {
      out.println("map " + map + " " + bcc.bpf_table_fd(module, map));
    }
    new BpfMap(bcc.bpf_table_fd(module, "config"), 4, config.length).update(0, config);
    List<Integer> fds = new ArrayList<>();
    for (String[] program : programs) {
      fds.add(loadProgram(bcc, module, program));
      out.println("program " + program[1] + " " + fds.get(fds.size() - 1));
    }
    for (int i = 0; i < programs.size(); i++) {
      out.println("link " + programs.get(i)[1] + " " + attach(bcc, fds.get(i), programs.get(i)));
    }
  }

  private static int loadProgram(Libbcc bcc, Pointer module, String[] program)
      throws ProbeException {
    String name = program[4];
    Memory log = new Memory(LOG_BYTES);
    log.setByte(0, (byte) 0);
    int type =
        switch (Hook.Kind.valueOf(program[2])) {
          case TRACEPOINT -> PROG_TYPE_RAW_TRACEPOINT;
          case RECORD -> PROG_TYPE_TRACEPOINT;
          case KPROBE, KRETPROBE -> PROG_TYPE_KPROBE;
        };
    int fd =
        bcc.bcc_func_load(
            module,
            type,
            name,
            bcc.bpf_function_start(module, name),
            bcc.bpf_function_size(module, name).intValue(),
            "Dual BSD/GPL",
            0,
            0,
            log,
            LOG_BYTES,
            null,
            0,
            -1);
    if (fd < 0) {
      throw new ProbeException(
          "load " + name + ": errno " + Native.getLastError() + " " + log.getString(0).strip());
    }
    return fd;
  }

  private static int attach(Libbcc bcc, int fd, String[] program) throws ProbeException {
    String target = program[3];
    int link =
        switch (Hook.Kind.valueOf(program[2])) {
          case TRACEPOINT -> bcc.bpf_attach_raw_tracepoint(fd, target);
          case RECORD -> bcc.bpf_attach_tracepoint(fd, program[5], target);
          case KPROBE ->
              bcc.bpf_attach_kprobe(fd, PROBE_ENTRY, "faultline_" + target, target, 0, 0);
          case KRETPROBE ->
              bcc.bpf_attach_kprobe(fd, PROBE_RETURN, "faultline_ret_" + target, target, 0, 0);
        };
    if (link < 0) {
      throw new ProbeException("attach " + target + ": errno " + -link);
    }
    return link;
  }

  private static String lastMessages(Path directory) throws IOException {
    String text = Files.readString(directory.resolve("messages")).strip();
    return text.length() > 2000 ? text.substring(0, 2000) : text;
  }
}
