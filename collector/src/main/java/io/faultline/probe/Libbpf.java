package io.faultline.probe;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;

/** libbpf 1.x. Functions that return a pointer return {@code null} and set errno on error. */
interface Libbpf extends Library {
  /** enum libbpf_print_level's most important one. */
  int LIBBPF_WARN = 0;

  Pointer bpf_object__open_mem(Pointer bytes, NativeLong length, Pointer options);

  int bpf_object__load(Pointer object);

  void bpf_object__close(Pointer object);

  Pointer bpf_object__find_program_by_name(Pointer object, String name);

  Pointer bpf_object__next_program(Pointer object, Pointer previous);

  int bpf_program__set_autoload(Pointer program, boolean autoload);

  int bpf_program__fd(Pointer program);

  Pointer bpf_program__attach(Pointer program);

  int bpf_link__destroy(Pointer link);

  Pointer bpf_object__find_map_by_name(Pointer object, String name);

  Pointer bpf_object__next_map(Pointer object, Pointer previous);

  String bpf_map__name(Pointer map);

  int bpf_map__reuse_fd(Pointer map, int fd);

  int bpf_map__fd(Pointer map);

  int bpf_map__type(Pointer map);

  int bpf_map__key_size(Pointer map);

  int bpf_map__value_size(Pointer map);

  int bpf_map__max_entries(Pointer map);

  int bpf_map__map_flags(Pointer map);

  int bpf_map__set_max_entries(Pointer map, int entries);

  Pointer libbpf_set_print(PrintFunction function);

  /**
   * Takes libbpf's messages. {@code arguments} is a va_list, which both supported ABIs pass as a
   * pointer.
   */
  interface PrintFunction extends Callback {
    int print(int level, String format, Pointer arguments);
  }

  /** vsnprintf, for the messages. */
  interface Printf extends Library {
    Printf C = Native.load("c", Printf.class);

    int vsnprintf(Memory buffer, NativeLong bytes, String format, Pointer arguments);
  }

  /** The library's name: Debian and RHEL install the versioned file only. */
  static String name() {
    return KernelFeatures.canLoad("libbpf.so.1") ? "libbpf.so.1" : "bpf";
  }

  /** Whether libbpf 1.0 or later can be loaded. */
  static boolean isInstalled() {
    return KernelFeatures.canLoad("libbpf.so.1") || KernelFeatures.canLoad("bpf");
  }
}
