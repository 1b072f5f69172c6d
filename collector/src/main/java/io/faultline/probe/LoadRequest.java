package io.faultline.probe;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a loader is to load.
 *
 * @param loader {@link Loader#CORE} or {@link Loader#BCC}
 * @param ringBytes size of the ring, as {@link ProbeOptions#ringBytes}
 * @param config {@link StateLayout#CONFIG_BYTES} bytes: the settings that the first hit sees
 * @param without hooks left out on purpose
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes of a map, never compared
record LoadRequest(String loader, int ringBytes, byte[] config, Set<Hook> without) {
  static LoadRequest of(ProbeOptions options) {
    return new LoadRequest(
        options.loader(), options.ringBytes(), configOf(options), options.without());
  }

  /** The same without one more hook. */
  LoadRequest without(Hook hook) {
    Set<Hook> more = EnumSet.of(hook);
    more.addAll(without);
    return new LoadRequest(loader, ringBytes, config, more);
  }

  /** The settings as the map {@code config} has them. */
  static byte[] configOf(ProbeOptions options) {
    ByteBuffer bytes = ByteBuffer.allocate(StateLayout.CONFIG_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    ProbeFilter filter = options.filter();
    byte[] comm = filter.comm().getBytes(StandardCharsets.UTF_8);
    int filters =
        (filter.dev().isPresent() ? StateLayout.FILTER_DEV : 0)
            | (filter.tgid().isPresent() ? StateLayout.FILTER_TGID : 0)
            | (comm.length > 0 ? StateLayout.FILTER_COMM : 0)
            | (filter.cgroup().isPresent() ? StateLayout.FILTER_CGROUP : 0);
    bytes.putLong(StateLayout.CONFIG_SLOW_NS, options.slowNs());
    bytes.putLong(StateLayout.CONFIG_MIN_WAIT_NS, options.minWaitNs());
    bytes.putLong(StateLayout.CONFIG_STACK_NS, options.stackNs());
    bytes.putLong(StateLayout.CONFIG_CGROUP, filter.cgroup().orElse(0));
    bytes.putInt(StateLayout.CONFIG_DEV, filter.dev().orElse(0));
    bytes.putInt(StateLayout.CONFIG_TGID, filter.tgid().orElse(0));
    bytes.putInt(StateLayout.CONFIG_FILTERS, filters);
    bytes.putInt(StateLayout.CONFIG_FULL, options.isFull() ? 1 : 0);
    bytes.putLong(StateLayout.CONFIG_STALL_NS, options.stallNs());
    bytes.putInt(
        StateLayout.CONFIG_SHED,
        (options.skipsFaults() ? StateLayout.SHED_FAULTS : 0)
            | (options.skipsSemaphores() ? StateLayout.SHED_CONTENTION : 0));
    bytes.put(StateLayout.CONFIG_COMM, comm, 0, Math.min(comm.length, 15));
    return bytes.array();
  }
}
