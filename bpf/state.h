/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the programs share with the loader: the maps, and the settings that may change while they run. */
#ifndef FAULTLINE_STATE_H
#define FAULTLINE_STATE_H

#include "event.h"

#define IN_FLIGHT_ENTRIES 16384
#define TASK_ENTRIES 16384
#define KEPT_MAX 2048 /* entries of in_flight that stay with a task which does synchronous I/O, for its next operation */
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
	USED_KEPT = 0,  /* entries of in_flight that are kept; the sweep takes back those that are gone */
	USED_CELLS = 1, /* places in cells */
	USED_MISSED = 2, /* tasks that have missed or waited, as in missed_slots */
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

/* An operation that has not ended: a synchronous one by its task, since the next one of the same task can then take over its
 * entry, which saves an insert and a delete; any other one by its kiocb. The first part is the event as it would be emitted. */
struct in_flight {
	/* Its header.ktime_ns has the address of the iov_iter until the event is made: a program's stack is full. */
	struct attempt_event attempt;
	__u64 end_ns;    /* end of the last attempt, when it missed */
	__u64 queued_ns; /* 0, or when the attempt was queued */
	__s64 file_size; /* at begin of the attempt */
	__s64 start_pos;
	__u64 requested;
	__u64 done;      /* bytes that the attempts did so far */
	__u64 syscalls;  /* 1 + read and write calls that the task had finished; 0 when the kernel does not count */
	__u64 calls;     /* those in the operation's direction */
	__u64 chars;     /* bytes that these returned */
	__u64 task_ns;   /* boot time at which the task started: a tid alone may be another task's */
	__s64 result;    /* bytes that the call returned after the last miss, or RESULT_UNKNOWN */
	__u32 has_left;     /* the task was seen after the call */
	__u32 has_fault_in; /* a fault-in was seen since the last miss */
	__u32 is_kept;      /* it stays when its operation has ended, for the task's next one */
	__u32 is_idle;      /* it has ended: this is no operation at all */
	__u32 cell;         /* index in cells, or CELL_NONE */
	__u32 reserved;
	__u64 key;
};

/* What the page fault and lock programs and the next begin must know of a task. */
struct task_state {
	__u64 missed;    /* key of an operation of this task whose last attempt missed, or 0 */
	__u64 submitted; /* kiocb of its latest asynchronous attempt, or 0 */
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

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#ifdef FAULTLINE_BCC

BPF_RINGBUF_OUTPUT(events, FAULTLINE_RING_PAGES);
BPF_ARRAY(config, struct config, 1);
BPF_PERCPU_ARRAY(counters, struct counters, 1);
BPF_HASH(in_flight, __u64, struct in_flight, IN_FLIGHT_ENTRIES);
BPF_HASH(tasks, __u32, struct task_state, TASK_ENTRIES);
BPF_HASH(cell_index, struct cell_key, __u32, CELL_ENTRIES);
BPF_HASH(cell_owner, __u32, struct cell_key, CELL_ENTRIES);
BPF_PERCPU_ARRAY(cells, struct cell, CELL_ENTRIES);
BPF_ARRAY(missed_slots, __u32, MISSED_SLOTS);
BPF_ARRAY(used, __u32, USED_COUNT);
BPF_PERCPU_ARRAY(lock_cells, struct lock_cell, LOCK_CLASS_COUNT * LOCK_MODE_COUNT);
/* As BPF_ARRAY, with BPF_F_MMAPABLE. */
BPF_F_TABLE("array", __u32, struct lock_slot, lock_slots, LOCK_SLOTS, 1 << 10);
BPF_TABLE("stacktrace", int, struct stack, stacks, STACK_ENTRIES);
BPF_F_TABLE("array", __u32, __u64, heartbeat, 1, 1 << 10);

/* bcc turns calls of map methods into helper calls, but not where a macro hides them: hence a function for each. */
static __always_inline const struct config *config_get(__u32 *key)
{
	return config.lookup(key);
}

static __always_inline struct counters *counters_get(__u32 *key)
{
	return counters.lookup(key);
}

static __always_inline __u32 *cell_index_get(struct cell_key *key)
{
	return cell_index.lookup(key);
}

static __always_inline int cell_index_add(struct cell_key *key, __u32 *value)
{
	return cell_index.insert(key, value);
}

static __always_inline int cell_owner_add(__u32 *key, struct cell_key *value)
{
	return cell_owner.insert(key, value);
}

static __always_inline struct cell *cells_get(__u32 *key)
{
	return cells.lookup(key);
}

static __always_inline struct in_flight *in_flight_get(__u64 *key)
{
	return in_flight.lookup(key);
}

static __always_inline int in_flight_put(__u64 *key, struct in_flight *value)
{
	return in_flight.update(key, value);
}

static __always_inline int in_flight_delete(__u64 *key)
{
	return in_flight.delete(key);
}

static __always_inline struct task_state *tasks_get(__u32 *key)
{
	return tasks.lookup(key);
}

static __always_inline int tasks_put(__u32 *key, struct task_state *value)
{
	return tasks.update(key, value);
}

static __always_inline int tasks_delete(__u32 *key)
{
	return tasks.delete(key);
}

static __always_inline __u32 *missed_slots_get(__u32 *key)
{
	return missed_slots.lookup(key);
}

static __always_inline __u32 *used_get(__u32 *key)
{
	return used.lookup(key);
}

static __always_inline struct lock_cell *lock_cells_get(__u32 *key)
{
	return lock_cells.lookup(key);
}

static __always_inline struct lock_slot *lock_slots_get(__u32 *key)
{
	return lock_slots.lookup(key);
}

static __always_inline int stacks_take(void *ctx)
{
	return stacks.get_stackid(ctx, 0);
}

static __always_inline __u64 *heartbeat_get(__u32 *key)
{
	return heartbeat.lookup(key);
}

static __always_inline void *events_reserve(void)
{
	return events.ringbuf_reserve(EVENT_BYTES);
}

static __always_inline void events_submit(void *event)
{
	events.ringbuf_submit(event, 0);
}

#else

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES_DEFAULT);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, IN_FLIGHT_ENTRIES);
	__type(key, __u64);
	__type(value, struct in_flight);
} in_flight SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TASK_ENTRIES);
	__type(key, __u32);
	__type(value, struct task_state);
} tasks SEC(".maps");

/* Which place in cells a device and direction has. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CELL_ENTRIES);
	__type(key, struct cell_key);
	__type(value, __u32);
} cell_index SEC(".maps");

/* Whose it is: a place is taken by the one insert that succeeds. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CELL_ENTRIES);
	__type(key, __u32);
	__type(value, struct cell_key);
} cell_owner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CELL_ENTRIES);
	__type(key, __u32);
	__type(value, struct cell);
} cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MISSED_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} missed_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, USED_COUNT);
	__type(key, __u32);
	__type(value, __u32);
} used SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOCK_CLASS_COUNT * LOCK_MODE_COUNT);
	__type(key, __u32);
	__type(value, struct lock_cell);
} lock_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LOCK_SLOTS);
	__type(key, __u32);
	__type(value, struct lock_slot);
} lock_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, STACK_ENTRIES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct stack));
} stacks SEC(".maps");

/* CLOCK_MONOTONIC of the reader's last look at the ring, written through its mapping; 0 before the first one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} heartbeat SEC(".maps");

static __always_inline const struct config *config_get(__u32 *key)
{
	return bpf_map_lookup_elem(&config, key);
}

static __always_inline struct counters *counters_get(__u32 *key)
{
	return bpf_map_lookup_elem(&counters, key);
}

static __always_inline __u32 *cell_index_get(struct cell_key *key)
{
	return bpf_map_lookup_elem(&cell_index, key);
}

static __always_inline int cell_index_add(struct cell_key *key, __u32 *value)
{
	return bpf_map_update_elem(&cell_index, key, value, BPF_NOEXIST);
}

static __always_inline int cell_owner_add(__u32 *key, struct cell_key *value)
{
	return bpf_map_update_elem(&cell_owner, key, value, BPF_NOEXIST);
}

static __always_inline struct cell *cells_get(__u32 *key)
{
	return bpf_map_lookup_elem(&cells, key);
}

static __always_inline struct in_flight *in_flight_get(__u64 *key)
{
	return bpf_map_lookup_elem(&in_flight, key);
}

static __always_inline int in_flight_put(__u64 *key, struct in_flight *value)
{
	return bpf_map_update_elem(&in_flight, key, value, BPF_ANY);
}

static __always_inline int in_flight_delete(__u64 *key)
{
	return bpf_map_delete_elem(&in_flight, key);
}

static __always_inline struct task_state *tasks_get(__u32 *key)
{
	return bpf_map_lookup_elem(&tasks, key);
}

static __always_inline int tasks_put(__u32 *key, struct task_state *value)
{
	return bpf_map_update_elem(&tasks, key, value, BPF_ANY);
}

static __always_inline int tasks_delete(__u32 *key)
{
	return bpf_map_delete_elem(&tasks, key);
}

static __always_inline __u32 *missed_slots_get(__u32 *key)
{
	return bpf_map_lookup_elem(&missed_slots, key);
}

static __always_inline __u32 *used_get(__u32 *key)
{
	return bpf_map_lookup_elem(&used, key);
}

static __always_inline struct lock_cell *lock_cells_get(__u32 *key)
{
	return bpf_map_lookup_elem(&lock_cells, key);
}

static __always_inline struct lock_slot *lock_slots_get(__u32 *key)
{
	return bpf_map_lookup_elem(&lock_slots, key);
}

static __always_inline int stacks_take(void *ctx)
{
	return bpf_get_stackid(ctx, &stacks, 0);
}

static __always_inline __u64 *heartbeat_get(__u32 *key)
{
	return bpf_map_lookup_elem(&heartbeat, key);
}

static __always_inline void *events_reserve(void)
{
	return bpf_ringbuf_reserve(&events, EVENT_BYTES, 0);
}

static __always_inline void events_submit(void *event)
{
	bpf_ringbuf_submit(event, 0);
}

#endif

/* An event more within a hit. */
static __always_inline struct probe_counters *probe_hit(__u32 probe)
{
	__u32 zero = 0;
	struct counters *all = counters_get(&zero);
	if (!all)
		return 0;
	all->probes[probe].hits++;
	return &all->probes[probe];
}

/* The address as a number: the verifier allows no arithmetic with a pointer that it knows, until it has been through
 * memory. */
static __always_inline __u64 number_of(const void *pointer, struct probe_counters *p)
{
	volatile __u64 *scratch = &p->scratch;
	*scratch = (__u64)pointer;
	return *scratch;
}

static __always_inline const struct config *settings(void)
{
	__u32 zero = 0;
	return config_get(&zero);
}

/* Whether nobody reads: the time is compared once a jiffy and CPU only, since the clock would cost more than a page
 * fault's whole program. */
static __always_inline int is_reader_stalled(struct counters *all)
{
	__u64 tick = bpf_jiffies64();
	if (all->tick != tick) {
		__u32 zero = 0;
		__u64 *beat = heartbeat_get(&zero);
		const struct config *cfg = settings();
		__u64 last = beat ? *(volatile __u64 *)beat : 0;
		__u64 now = bpf_ktime_get_ns();
		all->tick = tick;
		all->is_stalled = cfg && cfg->stall_ns && last && now > last && now - last > cfg->stall_ns;
	}
	return all->is_stalled != 0;
}

/* A hit of a program. 0 when there is nothing more to do: nobody reads, and it is counted as skipped. */
static __always_inline struct probe_counters *probe_enter(__u32 probe)
{
	__u32 zero = 0;
	struct counters *all = counters_get(&zero);
	if (!all)
		return 0;
	all->probes[probe].hits++;
	if (is_reader_stalled(all)) {
		all->probes[probe].skipped++;
		return 0;
	}
	return &all->probes[probe];
}

/* A place in cells for a device and direction that is seen for the first time, or CELL_NONE when there is none left. */
static __always_inline __u32 cell_add(struct cell_key *key)
{
	__u32 which = USED_CELLS;
	__u32 *count = used_get(&which);
	if (!count)
		return CELL_NONE;
	__u32 first = *count;
	/* Another CPU may take one too: then the next. */
#pragma unroll
	for (__u32 i = 0; i < 4; i++) {
		__u32 index = first + i;
		if (index < CELL_ENTRIES && !cell_owner_add(&index, key)) {
			__sync_fetch_and_add(count, 1);
			if (!cell_index_add(key, &index))
				return index;
			break; /* for the same device */
		}
	}
	__u32 *found = cell_index_get(key);
	return found ? *found : CELL_NONE;
}

static __always_inline __u32 cell_index_of(const struct attempt_event *attempt)
{
	struct cell_key key = {
		.dev = attempt->dev,
		.fs_magic = attempt->fs_magic,
		.write = attempt->flags & ATTEMPT_WRITE ? 1 : 0,
	};
	__u32 *index = cell_index_get(&key);
	return index ? *index : cell_add(&key);
}

/* 0 when there was no room for it. */
static __always_inline struct cell *cell_of(const struct in_flight *f)
{
	__u32 index = f->cell;
	return cells_get(&index);
}

/* How many tasks, of those whose tid falls into this slot, have missed or waited: a page fault of all others need not look
 * them up, which would cost more than all the rest of its program. */
static __always_inline __u32 *missed_slot(__u32 tid)
{
	__u32 slot = tid & (MISSED_SLOTS - 1);
	return missed_slots_get(&slot);
}

/* Whether any has: on a healthy machine a page fault need not even ask whose it is. */
static __always_inline int has_missed_any(void)
{
	__u32 which = USED_MISSED;
	__u32 *count = used_get(&which);
	return count && *count;
}

static __always_inline void set_task(struct task_state *t, __u32 tid, __u64 missed, __u64 waited)
{
	__u32 which = USED_MISSED;
	__u32 *count = missed_slot(tid), *all = used_get(&which);
	int was = t->missed || t->waited, is = missed || waited;
	if (count && all && was != is) {
		__sync_fetch_and_add(count, is ? 1 : -1);
		__sync_fetch_and_add(all, is ? 1 : -1);
	}
	t->missed = missed;
	t->waited = waited;
}

/* Room for one event of this probe, numbered; 0 when the ring is full, which is counted. */
static __always_inline void *event_reserve(struct probe_counters *p)
{
	void *event = events_reserve();
	if (!event)
		p->lost++;
	return event;
}

static __always_inline void event_submit(void *event, struct probe_counters *p, __u8 type, __u8 probe, __u64 now)
{
	struct event_header *header = event;
	header->ktime_ns = now;
	/* What was lost has a number too: the reader sees the gap where it happened. */
	header->seq = (__u32)(p->emitted + p->lost);
	header->cpu = (__u16)bpf_get_smp_processor_id();
	header->type = type;
	header->probe = probe;
	p->emitted++;
	events_submit(event);
}

#endif
