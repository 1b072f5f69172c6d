package io.faultline.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What the programs leave out; an empty part leaves nothing out.
 *
 * @param dev device as in the kernel: major &lt;&lt; 20 | minor
 * @param tgid process id in the initial pid namespace
 * @param comm name of the task, at most 15 bytes; empty for any
 * @param cgroup id of a version 2 control group: the inode of its directory
 */
public record ProbeFilter(OptionalInt dev, OptionalInt tgid, String comm, OptionalLong cgroup) {
  /** Leaves nothing out. */
  public static final ProbeFilter NONE =
      new ProbeFilter(OptionalInt.empty(), OptionalInt.empty(), "", OptionalLong.empty());

  /** Whether it leaves out tasks, and not only devices. */
  boolean isOfTasks() {
    return tgid.isPresent() || !comm.isEmpty() || cgroup.isPresent();
  }

  /** The filter in words, empty when it leaves nothing out. */
  public String describe() {
    List<String> parts = new ArrayList<>();
    dev.ifPresent(value -> parts.add("dev=" + (value >>> 20) + ":" + (value & 0xfffff)));
    tgid.ifPresent(value -> parts.add("pid=" + value));
    if (!comm.isEmpty()) {
      parts.add("comm=" + comm);
    }
    cgroup.ifPresent(value -> parts.add("cgroup=" + value));
    return String.join(" ", parts);
  }
}
