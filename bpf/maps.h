/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The maps, and one small function for each call of one: bcc rewrites only plain method calls. */
#ifndef FAULTLINE_MAPS_H
#define FAULTLINE_MAPS_H

#include "kernel.h"
#include "state.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#ifdef FAULTLINE_BCC

/* BPF_F_TABLE with 1 << 10: as BPF_ARRAY, with BPF_F_MMAPABLE. */
BPF_RINGBUF_OUTPUT(events, FAULTLINE_RING_PAGES);
BPF_ARRAY(config, struct config, 1);
BPF_PERCPU_ARRAY(counters, struct counters, 1);
BPF_PERCPU_ARRAY(new_operations, struct in_flight, 1);
BPF_HASH(in_flight, __u64, struct in_flight, IN_FLIGHT_ENTRIES);
BPF_F_TABLE("array", __u32, struct in_flight, operation_slots, OPERATION_SLOTS, 1 << 10);
BPF_HASH(tasks, __u32, struct task_state, TASK_ENTRIES);
BPF_HASH(cell_index, struct cell_key, __u32, CELL_ENTRIES);
BPF_HASH(cell_owner, __u32, struct cell_key, CELL_ENTRIES);
BPF_PERCPU_ARRAY(cells, struct cell, CELL_ENTRIES);
BPF_ARRAY(missed_slots, __u32, MISSED_SLOTS);
BPF_ARRAY(used, __u32, USED_COUNT);
BPF_PERCPU_ARRAY(lock_cells, struct lock_cell, LOCK_CLASS_COUNT * LOCK_MODE_COUNT);
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

static __always_inline struct in_flight *new_operations_get(__u32 *key)
{
	return new_operations.lookup(key);
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

static __always_inline struct in_flight *operation_slots_get(__u32 *key)
{
	return operation_slots.lookup(key);
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

/* Where an operation is put together that goes into in_flight: a program's stack is too small. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct in_flight);
} new_operations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, IN_FLIGHT_ENTRIES);
	__type(key, __u64);
	__type(value, struct in_flight);
} in_flight SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OPERATION_SLOTS);
	__type(key, __u32);
	__type(value, struct in_flight);
} operation_slots SEC(".maps");

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

static __always_inline struct in_flight *new_operations_get(__u32 *key)
{
	return bpf_map_lookup_elem(&new_operations, key);
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

static __always_inline struct in_flight *operation_slots_get(__u32 *key)
{
	return bpf_map_lookup_elem(&operation_slots, key);
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

#endif
