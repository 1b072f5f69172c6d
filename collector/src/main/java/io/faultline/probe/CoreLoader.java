package io.faultline.probe;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Loads the object that was compiled at build time, through libbpf. */
final class CoreLoader implements Loader {
  private static final String OBJECT = "/bpf/faultline.bpf.o";
  private static final int MESSAGES_KEPT = 8;
  private static final int MESSAGE_BYTES = 1 << 20;
  private static final int MESSAGE_CHARS = 800;

  private final LoadRequest request;

  CoreLoader(LoadRequest request) {
    this.request = request;
  }

  @Override
  public LoadedPrograms load(HookPlan plan, KernelFeatures features) throws ProbeException {
    return load(plan, (SharedMaps) null);
  }

  @Override
  public LoadedPrograms loadMore(HookPlan plan, SharedMaps maps) throws ProbeException {
    return load(plan, maps);
  }

  private LoadedPrograms load(HookPlan plan, SharedMaps shared) throws ProbeException {
    Libbpf libbpf = Native.load(Libbpf.name(), Libbpf.class);
    Deque<String> messages = new ArrayDeque<>();
    Libbpf.PrintFunction print =
        (level, format, arguments) -> keep(messages, level, format, arguments);
    libbpf.libbpf_set_print(print);
    Core core = new Core(libbpf, print);
    try {
      core.open(readObject(), request.ringBytes());
      if (shared != null) {
        core.reuseMaps(shared);
      }
      core.load(plan, messages);
      if (shared == null) {
        new BpfMap(core.mapFd("config"), 4, StateLayout.CONFIG_BYTES).update(0, request.config());
      }
      core.attach(plan, messages);
      return core;
    } catch (ProbeException e) {
      core.close();
      throw e;
    }
  }

  private static int keep(Deque<String> messages, int level, String format, Pointer arguments) {
    if (level == Libbpf.LIBBPF_WARN) {
      Memory buffer = new Memory(MESSAGE_BYTES);
      Libbpf.Printf.C.vsnprintf(buffer, new NativeLong(buffer.size()), format, arguments);
      if (messages.size() == MESSAGES_KEPT) {
        messages.removeFirst();
      }
      String message = buffer.getString(0).strip();
      // The verifier says what is wrong at the end of a log of any length.
      messages.addLast(
          message.length() <= MESSAGE_CHARS
              ? message
              : message.substring(0, MESSAGE_CHARS / 4)
                  + " ... "
                  + message.substring(message.length() - MESSAGE_CHARS));
    }
    return 0;
  }

  static byte[] readObject() throws ProbeException {
    try (InputStream in = CoreLoader.class.getResourceAsStream(OBJECT)) {
      if (in == null) {
        throw new ProbeException(
            "BPF object: not in this build (expected: clang at build time; install clang and libbpf-dev and build"
                + " again, or use --loader bcc)");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw e instanceof ProbeException p
          ? p
          : new ProbeException("BPF object: " + e.getMessage(), e);
    }
  }

  private static final class Core implements LoadedPrograms {
    private final Libbpf libbpf;

    @SuppressWarnings(
        "unused") // native code calls it for as long as the library is used: it must not be
    // collected
    private final Libbpf.PrintFunction print;

    private final Map<Hook, Pointer> programs = new EnumMap<>(Hook.class);
    private final Map<Hook, Pointer> links = new EnumMap<>(Hook.class);
    private Pointer object;

    Core(Libbpf libbpf, Libbpf.PrintFunction print) {
      this.libbpf = libbpf;
      this.print = print;
    }

    void open(byte[] bytes, int ringBytes) throws ProbeException {
      Memory memory = new Memory(bytes.length);
      memory.write(0, bytes, 0, bytes.length);
      object = libbpf.bpf_object__open_mem(memory, new NativeLong(bytes.length), Pointer.NULL);
      if (object == null) {
        throw new ProbeException(
            "BPF object: libbpf cannot open it, errno " + Native.getLastError());
      }
      libbpf.bpf_map__set_max_entries(map("events"), ringBytes);
    }

    void load(HookPlan plan, Deque<String> messages) throws ProbeException {
      for (Pointer p = libbpf.bpf_object__next_program(object, Pointer.NULL);
          p != null;
          p = libbpf.bpf_object__next_program(object, p)) {
        libbpf.bpf_program__set_autoload(p, false);
      }
      for (Hook hook : Hook.values()) {
        Hook.Way way = plan.wayOf(hook);
        if (way != null) {
          Pointer program = libbpf.bpf_object__find_program_by_name(object, way.programUnder(CORE));
          libbpf.bpf_program__set_autoload(program, true);
          programs.put(hook, program);
        }
      }
      int error = libbpf.bpf_object__load(object);
      if (error != 0) {
        throw new ProbeException(
            "load: errno "
                + -error
                + ", "
                + String.join("; ", messages)
                + " (expected: the kernel takes the programs; see doctor)");
      }
    }

    void attach(HookPlan plan, Deque<String> messages) throws ProbeException {
      for (Map.Entry<Hook, Pointer> entry : programs.entrySet()) {
        Pointer link = libbpf.bpf_program__attach(entry.getValue());
        if (link == null) {
          throw new ProbeException(
              "attach "
                  + plan.wayOf(entry.getKey()).describe(CORE)
                  + ": errno "
                  + Native.getLastError()
                  + ", "
                  + String.join("; ", messages));
        }
        links.put(entry.getKey(), link);
      }
    }

    private Pointer map(String name) {
      return libbpf.bpf_object__find_map_by_name(object, name);
    }

    @Override
    public List<String> mapNames() {
      List<String> names = new ArrayList<>();
      for (Pointer p = libbpf.bpf_object__next_map(object, Pointer.NULL);
          p != null;
          p = libbpf.bpf_object__next_map(object, p)) {
        names.add(libbpf.bpf_map__name(p));
      }
      return names;
    }

    @Override
    public int mapFd(String name) {
      return libbpf.bpf_map__fd(map(name));
    }

    @Override
    public int programFd(Hook hook) {
      Pointer program = programs.get(hook);
      return program == null ? -1 : libbpf.bpf_program__fd(program);
    }

    void reuseMaps(SharedMaps shared) throws ProbeException {
      for (Pointer p = libbpf.bpf_object__next_map(object, Pointer.NULL);
          p != null;
          p = libbpf.bpf_object__next_map(object, p)) {
        String name = libbpf.bpf_map__name(p);
        int fd = shared.mapFd(name);
        // They may come from a process without privileges, and libbpf takes any.
        if (!BpfMap.shapeOf(fd)
            .equals(
                new BpfMap.Shape(
                    libbpf.bpf_map__type(p),
                    libbpf.bpf_map__key_size(p),
                    libbpf.bpf_map__value_size(p),
                    libbpf.bpf_map__max_entries(p),
                    libbpf.bpf_map__map_flags(p)))) {
          throw new ProbeException(
              "map " + name + ": of another kind (expected: that of the same version)");
        }
        int error = libbpf.bpf_map__reuse_fd(p, fd);
        if (error != 0) {
          throw new ProbeException("map: cannot be used again, errno " + -error);
        }
      }
    }

    /** The programs of one module make up one object, which goes with them. */
    @Override
    public void release(Set<Hook> hooks) {
      hooks.forEach(
          hook -> {
            Pointer link = links.remove(hook);
            if (link != null) {
              libbpf.bpf_link__destroy(link);
              programs.remove(hook);
            }
          });
      if (programs.isEmpty()) {
        close();
      }
    }

    @Override
    public void detach() {
      links.values().forEach(libbpf::bpf_link__destroy);
      links.clear();
    }

    @Override
    public void close() {
      detach();
      if (object != null) {
        libbpf.bpf_object__close(object);
        object = null;
      }
    }
  }
}
