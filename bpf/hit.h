/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What every program does at a hit: it counts, asks for the settings, and takes room in the ring. */
#ifndef FAULTLINE_HIT_H
#define FAULTLINE_HIT_H

#include "maps.h"

/* The first of the places, ways of them in a row, that a key may take in a table of so many; both are powers of two. */
static __always_inline __u32 first_place(__u64 key, __u32 places, __u32 ways)
{
	return (__u32)((key * 0x9E3779B97F4A7C15ULL) >> 40) & (places - ways);
}

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

/* Of a time, in a cell's histogram: the power of two below it. */
static __always_inline __u32 bucket_of(__u64 ns)
{
	__u32 bucket = 0;
#pragma unroll
	for (int shift = 32; shift; shift >>= 1) {
		if (ns >> shift) {
			ns >>= shift;
			bucket += shift;
		}
	}
	return bucket < CELL_HISTOGRAM_BUCKETS ? bucket : CELL_HISTOGRAM_BUCKETS - 1;
}

#endif
