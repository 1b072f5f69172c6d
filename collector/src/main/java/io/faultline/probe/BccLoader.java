package io.faultline.probe;

import com.sun.jna.LastErrorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Compiles the same sources on the host, with libbcc in a child process.
 *
 * <p>libbcc brings a compiler of some 60 MB along. The child compiles, loads and attaches, this
 * process takes over the descriptors with pidfd_getfd(2), and the child ends and with it the
 * compiler's memory.
 */
final class BccLoader implements Loader {
  /** Fields that the sources read, as {@code type.field}; each becomes -DOFFSET_type_field. */
  private static final List<String> FIELDS =
      List.of(
          "kiocb.ki_filp",
          "kiocb.ki_pos",
          "kiocb.ki_complete",
          "kiocb.ki_flags",
          "file.f_inode",
          "inode.i_sb",
          "inode.i_ino",
          "inode.i_size",
          "super_block.s_dev",
          "super_block.s_magic",
          "iov_iter.nofault",
          "iov_iter.data_source",
          "iov_iter.count",
          "iov_iter.iter_type",
          "iov_iter.iov_offset",
          "iov_iter.ubuf",
          "iomap_dio.iocb",
          "iomap_dio.i_size",
          "iomap_dio.size",
          "iomap_dio.error",
          "iomap_dio.flags",
          "iomap_dio.done_before",
          "task_struct.flags",
          "task_struct.comm",
          "task_struct.group_leader",
          "task_struct.start_boottime",
          "task_struct.pagefault_disabled",
          "task_struct.ioac.rchar",
          "task_struct.ioac.wchar",
          "task_struct.ioac.syscr",
          "task_struct.ioac.syscw",
          "task_struct.pid",
          "task_struct.tgid",
          "task_struct.mm",
          "task_struct.pid_links",
          "inode.i_mapping",
          "inode.i_rwsem",
          "inode.i_data",
          "address_space.host",
          "address_space.invalidate_lock",
          "super_block.s_root",
          "super_block.s_writers",
          "sb_writers.rw_sem",
          "dentry.d_sb",
          "rw_semaphore.owner",
          "mm_struct.mmap_lock",
          "pid.tasks",
          "pid.numbers",
          "upid.nr",
          "hlist_head.first",
          "list_head.next");

  /** Those in modules: 0 where the module is not loaded, and its programs are not either. */
  private static final Map<String, List<String>> MODULE_FIELDS =
      Map.of(
          "gfs2",
          List.of(
              "gfs2_sbd.sd_vfs",
              "lm_lockname.ln_number",
              "lm_lockname.ln_sbd",
              "lm_lockname.ln_type",
              "gfs2_glock.gl_name",
              "gfs2_glock.gl_holders",
              "gfs2_holder.gh_list",
              "gfs2_holder.gh_gl",
              "gfs2_holder.gh_owner_pid",
              "gfs2_holder.gh_flags",
              "gfs2_holder.gh_state",
              "gfs2_holder.gh_iflags"),
          "dlm",
          List.of(
              "trace_event_raw_dlm_lock_start.ls_id",
              "trace_event_raw_dlm_lock_start.lkb_id",
              "trace_event_raw_dlm_lock_start.mode",
              "trace_event_raw_dlm_lock_start.__data_loc_res_name",
              "trace_event_raw_dlm_lock_end.ls_id",
              "trace_event_raw_dlm_lock_end.lkb_id",
              "trace_event_raw_dlm_lock_end.error",
              "trace_event_raw_dlm_ast.ls_id",
              "trace_event_raw_dlm_ast.lkb_id",
              "trace_event_raw_dlm_ast.sb_status",
              "trace_event_raw_dlm_bast.ls_id",
              "trace_event_raw_dlm_bast.lkb_id",
              "trace_event_raw_dlm_bast.mode",
              "trace_event_raw_dlm_bast.__data_loc_res_name",
              "trace_event_raw_dlm_unlock_start.ls_id",
              "trace_event_raw_dlm_unlock_start.lkb_id",
              "trace_event_raw_dlm_unlock_start.__data_loc_res_name"));

  private final LoadRequest request;

  BccLoader(LoadRequest request) {
    this.request = request;
  }

  @Override
  public LoadedPrograms load(HookPlan plan, KernelFeatures features) throws ProbeException {
    Path directory = null;
    Process child = null;
    try {
      directory = Files.createTempDirectory("faultline-bcc");
      BpfSources.unpack(directory);
      child = start(directory, plan, features);
      return takeOver(child);
    } catch (IOException | UncheckedIOException e) {
      throw e instanceof ProbeException p
          ? p
          : new ProbeException("bcc loader: " + e.getMessage(), e);
    } finally {
      if (child != null) {
        end(child);
      }
      BpfSources.delete(directory);
    }
  }

  @Override
  public LoadedPrograms loadMore(HookPlan plan, SharedMaps maps) throws ProbeException {
    throw new ProbeException(
        "bcc loader: hooks cannot be attached to maps that are there (expected: a new run, or --loader core)");
  }

  private Process start(Path directory, HookPlan plan, KernelFeatures features) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-XX:+UseSerialGC", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), BccChild.class.getName()));
    command.add(directory.toString());
    Process child =
        new ProcessBuilder(command).redirectError(directory.resolve("messages").toFile()).start();
    StringBuilder text = new StringBuilder();
    definitions(features).forEach(flag -> text.append("flag ").append(flag).append('\n'));
    for (Hook hook : Hook.values()) {
      Hook.Way way = plan.wayOf(hook);
      if (way != null) {
        text.append(
            String.format(
                "program %s %s %s %s %s%n",
                hook.name(), way.kind(), way.target(), way.programUnder(BCC), way.subsystem()));
      }
    }
    text.append("config ");
    for (byte b : request.config()) {
      text.append(String.format("%02x", b));
    }
    text.append("\ngo\n");
    child.getOutputStream().write(text.toString().getBytes(StandardCharsets.UTF_8));
    child.getOutputStream().flush();
    return child;
  }

  private List<String> definitions(KernelFeatures features) {
    List<String> flags = new ArrayList<>();
    flags.add("-DFAULTLINE_BCC");
    flags.add("-DFAULTLINE_PAGE_BYTES=" + Libc.pageBytes());
    flags.add("-DFAULTLINE_RING_PAGES=" + Math.max(1, request.ringBytes() / Libc.pageBytes()));
    flags.add(
        System.getProperty("os.arch").equals("aarch64")
            ? "-D__TARGET_ARCH_arm64"
            : "-D__TARGET_ARCH_x86");
    Btf kernel = features.btf();
    FIELDS.forEach(field -> define(flags, kernel, field, OptionalInt.empty()));
    // Renamed in v6.4.
    OptionalInt vector = kernel.offsetOf("iov_iter", "__iov");
    (vector.isPresent() ? vector : kernel.offsetOf("iov_iter", "iov"))
        .ifPresent(at -> flags.add("-DOFFSET_iov_iter___iov=" + at));
    for (String name : List.of("ITER_UBUF", "ITER_IOVEC")) {
      kernel
          .valueOf("iter_type", name)
          .ifPresent(value -> flags.add("-DENUM_iter_type_" + name + "=" + value));
    }
    kernel
        .sizeOfStruct("percpu_rw_semaphore")
        .ifPresent(bytes -> flags.add("-DSIZE_percpu_rw_semaphore=" + bytes));
    MODULE_FIELDS.forEach(
        (module, fields) -> {
          Btf types = features.btfOf(module);
          fields.forEach(
              field -> define(flags, types == null ? kernel : types, field, OptionalInt.of(0)));
        });
    return flags;
  }

  private static void define(List<String> flags, Btf types, String field, OptionalInt otherwise) {
    int dot = field.indexOf('.');
    OptionalInt offset = types.offsetOf(field.substring(0, dot), field.substring(dot + 1));
    OptionalInt value = offset.isPresent() ? offset : otherwise;
    value.ifPresent(at -> flags.add("-DOFFSET_" + field.replace('.', '_') + "=" + at));
  }

  private static LoadedPrograms takeOver(Process child) throws IOException {
    BufferedReader answers =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
    Bcc bcc = new Bcc();
    int pidfd = -1;
    try {
      pidfd = Libc.pidfdOpen(child.pid());
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        String[] words = line.split(" ", 3);
        switch (words[0]) {
          case "map" -> bcc.maps.put(words[1], Libc.pidfdGetfd(pidfd, Integer.parseInt(words[2])));
          case "program" ->
              bcc.programs.put(
                  Hook.valueOf(words[1]), Libc.pidfdGetfd(pidfd, Integer.parseInt(words[2])));
          case "link" ->
              bcc.links.put(
                  Hook.valueOf(words[1]), Libc.pidfdGetfd(pidfd, Integer.parseInt(words[2])));
          case "ready" -> {
            return bcc;
          }
          default -> throw new ProbeException("bcc loader: " + line);
        }
      }
      throw new ProbeException(
          "bcc loader: the compiling process ended early (expected: libbcc 0.20 or later)");
    } catch (LastErrorException e) {
      bcc.close();
      throw new ProbeException(
          "bcc loader: descriptors cannot be taken over, errno "
              + e.getErrorCode()
              + " (expected: Linux 5.6 or later and permission to trace; see /proc/sys/kernel/yama/ptrace_scope)",
          e);
    } catch (IOException e) {
      bcc.close();
      throw e;
    } finally {
      if (pidfd >= 0) {
        Libc.close(pidfd);
      }
    }
  }

  /** Closing its input tells the child to end. */
  private static void end(Process child) {
    try {
      child.getOutputStream().close();
      if (!child.waitFor(5, java.util.concurrent.TimeUnit.SECONDS)) {
        child.destroyForcibly();
      }
    } catch (IOException e) {
      child.destroyForcibly();
    } catch (InterruptedException e) {
      child.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static final class Bcc implements LoadedPrograms {
    final Map<String, Integer> maps = new HashMap<>();
    final Map<Hook, Integer> programs = new EnumMap<>(Hook.class);
    final Map<Hook, Integer> links = new EnumMap<>(Hook.class);

    @Override
    public List<String> mapNames() {
      return List.copyOf(maps.keySet());
    }

    @Override
    public int mapFd(String name) {
      return maps.get(name);
    }

    @Override
    public int programFd(Hook hook) {
      return programs.getOrDefault(hook, -1);
    }

    @Override
    public void release(Set<Hook> hooks) {
      for (Hook hook : hooks) {
        close(links.remove(hook));
        close(programs.remove(hook));
      }
    }

    private static void close(Integer fd) {
      if (fd != null) {
        Libc.close(fd);
      }
    }

    @Override
    public void detach() {
      links.values().forEach(Libc::close);
      links.clear();
    }

    @Override
    public void close() {
      detach();
      programs.values().forEach(Libc::close);
      programs.clear();
      maps.values().forEach(Libc::close);
      maps.clear();
    }
  }
}
