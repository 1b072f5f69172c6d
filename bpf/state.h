/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The values of what the programs share with the loader: settings that may change while they run, counters, what is in flight. */
#ifndef FAULTLINE_STATE_H
#define FAULTLINE_STATE_H

#include "event.h"

#define IN_FLIGHT_ENTRIES 8192
#define TASK_ENTRIES 16384
#define OPERATION_SLOTS 16384  /* a power of two */
#define OPERATION_SLOT_WAYS 4  /* places that one task or kiocb may take */
#define CELL_ENTRIES 256
#define CELL_NONE 0xffffffff
#define MISSED_SLOTS 4096 /* a power of two */
#define LOCK_SLOTS 16384   /* a power of two */
#define LOCK_SLOT_WAYS 4   /* places that one request may take */
#define STACK_ENTRIES 2048
#define STACK_FRAMES 32
#define RING_BYTES_DEFAULT (4 << 20)

enum config_filter {
	FILTER_DEV = 1 << 0,
	FILTER_TGID = 1 << 1,
	FILTER_COMM = 1 << 2,
	FILTER_CGROUP = 1 << 3,
};

/* Hits that are skipped because the observer has a budget; see io.faultline.budget. */
enum config_shed {
	SHED_FAULTS = 1 << 0,     /* page faults */
	SHED_CONTENTION = 1 << 1, /* waits for semaphores that have not begun */
};

struct config {
	__u64 slow_ns;     /* an attempt at least this long is an event of its own */
	__u64 min_wait_ns; /* the same for a wait for a lock */
	__u64 stack_ns;    /* and its stack is taken from here on */
	__u64 cgroup;  /* id of a version 2 control group */
	__u32 dev;     /* as in the kernel: major << 20 | minor */
	__u32 tgid;
	__u32 filters; /* enum config_filter */
	__u32 full;    /* detail: 1 emits every attempt and every fault in an operation */
	__u64 comm[EVENT_COMM_BYTES / 8];
	__u64 stall_ns; /* programs do nothing when the reader has been away for so long; 0: whatever it does */
	__u32 shed;     /* enum config_shed */
	__u32 reserved;
};

/* hits = emitted + aggregated + skipped + lost. Only the probe's own program writes its counters, and the kernel never
 * runs a program inside itself on one CPU: plain additions lose nothing. */
struct probe_counters {
	__u64 hits;
	__u64 emitted;
	__u64 aggregated;
	__u64 skipped;
	__u64 lost;
	__u64 in_operation;
	__u64 rejected;
	__u64 scratch;
};

struct counters {
	struct probe_counters probes[PROBE_COUNT];
	__u64 tick;       /* jiffies when the heartbeat was last looked at on this CPU */
	__u64 is_stalled; /* what was seen then */
};

/* What is counted in the map used. */
enum used {
	USED_CELLS = 0,     /* places in cells */
	USED_MISSED = 1,    /* tasks that have missed or waited, as in missed_slots */
	USED_IN_FLIGHT = 2, /* 1 when the map in_flight has ever had an operation */
	USED_COUNT = 3,
};

struct cell_key {
	__u32 dev;
	__u32 fs_magic;
	__u32 write;
	__u32 reserved;
};

/* Begin and complete may nest on one CPU (a completion interrupts a begin): each field has one writing program. */
struct cell {
	/* written by begin */
	__u64 attempts;
	__u64 fault_disabled_attempts;
	__u64 operations;
	__u64 retried_operations;
	__u64 retries;
	__u64 gap_ns;
	__u64 emitted_silent;
	/* written by complete */
	__u64 misses_none;
	__u64 misses_partial;
	__u64 bytes;
	__u64 miss_none_ns;
	__u64 emitted;
	__u64 histogram[CELL_HISTOGRAM_BUCKETS];
};

/*
 * An operation that has not ended, in its place in operation_slots. A synchronous one has its task's, which stays the task's
 * until it exits. Any other one, and one that is nested in another, has a place by its kiocb until it ends. Finding and
 * taking one costs a tenth of what a hash map takes for a lookup, an insert and a delete; those that find no place are in the
 * hash map in_flight, with bcc all that go by their kiocb. The first part is the event as it would be emitted.
 */
struct in_flight {
	/* Its header.ktime_ns has the address of the iov_iter until the event is made: a program's stack is full. */
	struct attempt_event attempt;
	__u64 task_ns;   /* boot time at which the task started: a tid alone may be another task's */
	__s64 start_pos;
	__u64 requested;
	__u64 syscalls;  /* 1 + read and write calls that the task had finished; 0 when the kernel does not count */
	__u64 calls;     /* those in the operation's direction */
	__u64 chars;     /* bytes that these returned */
	__s64 result;    /* bytes that the call returned after the last miss, or RESULT_UNKNOWN */
	__u32 has_left;     /* the task was seen after the call */
	__u32 has_fault_in; /* a fault-in was seen since the last miss */
	/* All that a completion, often on another CPU, needs besides the attempt: one cache line. */
	__u64 end_ns;    /* end of the last attempt, when it missed */
	__u64 queued_ns; /* 0, or when the attempt was queued */
	__s64 file_size; /* at begin of the attempt */
	__u64 done;      /* bytes that the attempts did so far */
	__u32 cell;      /* index in cells, or CELL_NONE */
	__u32 is_mapped; /* in in_flight: it found no place */
	__u64 key;       /* key_of_current(), or the kiocb; 0 for a free place */
	__u64 turn;      /* odd while it is an operation; another one after each step, written last */
	__u64 submitted; /* in a task's place: key of its latest asynchronous attempt, or 0 */
};

_Static_assert(sizeof(struct in_flight) == 256, "in_flight: four cache lines, see StateLayout.java");

/* What the page fault and lock programs and the next begin must know of a task. */
struct task_state {
	__u64 missed;    /* key of an operation of this task whose last attempt missed, or 0 */
	__u64 submitted; /* of a task that found no place: as in in_flight */
	__u64 waited;    /* current_task.syscalls of the call in which it waited for a lock, as an event says, or 0 */
	__u64 writing;   /* key of the bcachefs write that it is in, or 0 */
};

/*
 * A request for a lock that is not granted, or not released. A table of our own instead of a hash map: a map's update,
 * lookup and delete would cost several times what all the rest does, for every glock of every operation. Places are taken
 * by compare and exchange, and the table lies open to user space, which sweeps it without a system call.
 */
struct lock_slot {
	__u64 key; /* 0 for a free one; see lock_event.request */
	__u64 lock;
	__u64 number;
	__u64 request_ns; /* written last: 0 while the others are not valid */
	__u64 grant_ns;
	__u64 syscalls; /* as current_task.syscalls */
	__u32 dev;
	__u32 type;
	__u32 tgid;
	__u32 tid;
	__u8 lock_class;
	__u8 mode;
	__u8 holder_mode;
	__u8 said;   /* set by user space: an event of the sweep has named it, so its end must be an event too */
	__u32 flags; /* enum lock_flag */
	__u32 holder_tid;
	__u32 stack;
	__u8 holder_comm[EVENT_COMM_BYTES];
	__u8 comm[EVENT_COMM_BYTES]; /* of the requester, for DLM: its reply comes to another task */
	__u64 reserved[2];
};

_Static_assert(sizeof(struct lock_slot) == 128, "lock_slot: two cache lines, see StateLayout.java");

/* abandoned has one writing program for each class, all else another one. */
struct lock_cell {
	__u64 grants;
	__u64 waits;
	__u64 wait_ns;
	__u64 wait_max_ns;
	__u64 emitted;
	__u64 abandoned;
	__u64 histogram[CELL_HISTOGRAM_BUCKETS];
};

struct stack {
	__u64 frames[STACK_FRAMES]; /* return addresses, innermost first */
};

#endif
