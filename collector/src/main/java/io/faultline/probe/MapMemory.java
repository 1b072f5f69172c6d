package io.faultline.probe;

/**
 * What the maps of {@code bpf/maps.h} take in kernel memory; all of it is allocated when they are
 * made.
 */
public final class MapMemory {
  static final int IN_FLIGHT_ENTRIES = 8192;
  static final int TASK_ENTRIES = 16384;
  static final int CELL_ENTRIES = 256;
  static final int MISSED_SLOTS = 4096;
  private static final int HASH_ENTRY_OVERHEAD_BYTES = 48 + 16; // struct htab_elem and its bucket
  static final int STACK_ENTRIES = 2048;

  private MapMemory() {}

  /** An estimate from entry sizes; the kernel charges some per cent more. */
  public static long bytes(int ringBytes) {
    long cpus = possibleCpus();
    return ringBytes
        + IN_FLIGHT_ENTRIES * (long) (StateLayout.IN_FLIGHT_BYTES + 8 + HASH_ENTRY_OVERHEAD_BYTES)
        + (StateLayout.OPERATION_SLOTS + cpus) * StateLayout.IN_FLIGHT_BYTES
        + TASK_ENTRIES * (long) (StateLayout.TASK_STATE_BYTES + 8 + HASH_ENTRY_OVERHEAD_BYTES)
        + CELL_ENTRIES
            * (cpus * StateLayout.CELL_BYTES
                + 2L * (StateLayout.CELL_KEY_BYTES + 8 + HASH_ENTRY_OVERHEAD_BYTES))
        + MISSED_SLOTS * 8L
        + ProbeSet.pageBytes() // the heartbeat
        + (long) StateLayout.LOCK_SLOTS * StateLayout.LOCK_SLOT_BYTES
        + cpus
            * StateLayout.LOCK_CLASSES
            * StateLayout.LOCK_MODES
            * (long) StateLayout.LOCK_CELL_BYTES
        + STACK_ENTRIES * (8L * StateLayout.STACK_FRAMES + HASH_ENTRY_OVERHEAD_BYTES)
        + cpus * StateLayout.COUNTERS_BYTES;
  }

  /** CPUs that the kernel may ever have; per-CPU maps have a value for each. */
  public static int possibleCpus() {
    return ProbeSet.possibleCpus();
  }
}
