/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One variable for each struct that user space reads or writes, so that the object's BTF has its layout. */
#include "kernel.h"
#include "state.h"

struct attempt_event attempt_event;
struct operation_end_event operation_end_event;
struct invalidate_fail_event invalidate_fail_event;
struct fault_event fault_event;
struct cell_event cell_event;
struct cell_histogram_event cell_histogram_event;
struct probe_counters_event probe_counters_event;
struct lock_event lock_event;
struct lock_cell_event lock_cell_event;
struct lock_histogram_event lock_histogram_event;
struct hang_event hang_event;
struct hook_event hook_event;
struct mapping_event mapping_event;
struct task_event task_event;
struct watch_event watch_event;
struct config config_value;
struct counters counters_value;
struct cell_key cell_key;
struct cell cell_value;
struct in_flight in_flight_value;
struct task_state task_state;
struct lock_slot lock_slot;
struct lock_cell lock_cell_value;
