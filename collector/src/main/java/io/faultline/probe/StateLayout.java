package io.faultline.probe;

import io.faultline.event.CellHistogram;
import io.faultline.event.Event;
import io.faultline.event.Probe;

/**
 * Where the fields of the map values in {@code bpf/state.h} stand; StateLayoutTest compares them
 * with the object.
 */
final class StateLayout {
  static final int CONFIG_SLOW_NS = 0;
  static final int CONFIG_MIN_WAIT_NS = 8;
  static final int CONFIG_STACK_NS = 16;
  static final int CONFIG_CGROUP = 24;
  static final int CONFIG_DEV = 32;
  static final int CONFIG_TGID = 36;
  static final int CONFIG_FILTERS = 40;
  static final int CONFIG_FULL = 44;
  static final int CONFIG_COMM = 48;
  static final int CONFIG_STALL_NS = 64;
  static final int CONFIG_SHED = 72;
  static final int CONFIG_RESERVED = 76;
  static final int CONFIG_BYTES = 80;

  static final int SHED_FAULTS = 1;
  static final int SHED_CONTENTION = 1 << 1;

  static final int FILTER_DEV = 1;
  static final int FILTER_TGID = 1 << 1;
  static final int FILTER_COMM = 1 << 2;
  static final int FILTER_CGROUP = 1 << 3;

  static final int COUNTERS_FIELDS = 8; // the last one is the programs' own
  static final int COUNTERS_HITS = 0;
  static final int COUNTERS_AGGREGATED = 2;
  static final int COUNTERS_SKIPPED = 3;
  static final int COUNTERS_REJECTED = 6;

  /** Behind the counters is what each CPU knows of the heartbeat. */
  static final int COUNTERS_BYTES = Probe.values().length * COUNTERS_FIELDS * 8 + 16;

  static final int TASK_STATE_BYTES = 32;

  static final int CELL_KEY_DEV = 0;
  static final int CELL_KEY_FS_MAGIC = 4;
  static final int CELL_KEY_WRITE = 8;
  static final int CELL_KEY_BYTES = 16;

  static final int USED_MISSED = 1;
  static final int USED_IN_FLIGHT = 2;

  static final int CELL_ATTEMPTS = 0;
  static final int CELL_FAULT_DISABLED_ATTEMPTS = 8;
  static final int CELL_OPERATIONS = 16;
  static final int CELL_RETRIED_OPERATIONS = 24;
  static final int CELL_RETRIES = 32;
  static final int CELL_GAP_NS = 40;
  static final int CELL_EMITTED_SILENT = 48;
  static final int CELL_MISSES_NONE = 56;
  static final int CELL_MISSES_PARTIAL = 64;
  static final int CELL_BYTES_DONE = 72;
  static final int CELL_MISS_NONE_NS = 80;
  static final int CELL_EMITTED = 88;
  static final int CELL_HISTOGRAM = 96;
  static final int CELL_BYTES = CELL_HISTOGRAM + 8 * CellHistogram.BUCKETS;

  static final int IN_FLIGHT_MAP_KEY_BYTES = 8;
  static final int IN_FLIGHT_TID = 20; // in its attempt's header
  static final int IN_FLIGHT_TASK_NS = Event.BYTES;
  static final int IN_FLIGHT_START_POS = Event.BYTES + 8;
  static final int IN_FLIGHT_REQUESTED = Event.BYTES + 16;
  static final int IN_FLIGHT_SYSCALLS = Event.BYTES + 24;
  static final int IN_FLIGHT_CALLS = Event.BYTES + 32;
  static final int IN_FLIGHT_CHARS = Event.BYTES + 40;
  static final int IN_FLIGHT_RESULT = Event.BYTES + 48;
  static final int IN_FLIGHT_END_NS = Event.BYTES + 64;
  static final int IN_FLIGHT_QUEUED_NS = Event.BYTES + 72;
  static final int IN_FLIGHT_FILE_SIZE = Event.BYTES + 80;
  static final int IN_FLIGHT_DONE = Event.BYTES + 88;
  static final int IN_FLIGHT_KEY = Event.BYTES + 104;
  static final int IN_FLIGHT_TURN = Event.BYTES + 112;
  static final int IN_FLIGHT_BYTES = Event.BYTES + 128;
  static final int OPERATION_SLOTS = 16384;

  static final int LOCK_SLOT_KEY = 0;
  static final int LOCK_SLOT_LOCK = 8;
  static final int LOCK_SLOT_NUMBER = 16;
  static final int LOCK_SLOT_REQUEST_NS = 24;
  static final int LOCK_SLOT_GRANT_NS = 32;
  static final int LOCK_SLOT_SYSCALLS = 40;
  static final int LOCK_SLOT_DEV = 48;
  static final int LOCK_SLOT_TYPE = 52;
  static final int LOCK_SLOT_TGID = 56;
  static final int LOCK_SLOT_TID = 60;
  static final int LOCK_SLOT_LOCK_CLASS = 64;
  static final int LOCK_SLOT_MODE = 65;
  static final int LOCK_SLOT_HOLDER_MODE = 66;
  static final int LOCK_SLOT_SAID = 67;
  static final int LOCK_SLOT_FLAGS = 68;
  static final int LOCK_SLOT_HOLDER_TID = 72;
  static final int LOCK_SLOT_STACK = 76;
  static final int LOCK_SLOT_HOLDER_COMM = 80;
  static final int LOCK_SLOT_COMM = 96;
  static final int LOCK_SLOT_RESERVED = 112;
  static final int LOCK_SLOT_BYTES = 128;
  static final int LOCK_SLOTS = 16384;

  static final int LOCK_CELL_GRANTS = 0;
  static final int LOCK_CELL_WAITS = 8;
  static final int LOCK_CELL_WAIT_NS = 16;
  static final int LOCK_CELL_WAIT_MAX_NS = 24;
  static final int LOCK_CELL_EMITTED = 32;
  static final int LOCK_CELL_ABANDONED = 40;
  static final int LOCK_CELL_HISTOGRAM = 48;
  static final int LOCK_CELL_BYTES = LOCK_CELL_HISTOGRAM + 8 * CellHistogram.BUCKETS;
  static final int LOCK_CLASSES = 8;
  static final int LOCK_MODES = 16;

  static final int STACK_FRAMES = 32;

  private StateLayout() {}
}
