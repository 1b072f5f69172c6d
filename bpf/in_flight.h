/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Where an operation is from its first attempt to its end: its task's place, or an entry of the map. */
#ifndef FAULTLINE_IN_FLIGHT_H
#define FAULTLINE_IN_FLIGHT_H

#include "hit.h"

/* A place in sync_slots that is free for its task's next operation. */
static __always_inline int is_idle(const struct in_flight *f)
{
	return !(f->turn & 1);
}

/* User space looks at the places without a lock: what it has copied is true as long as the turn is the same. */
static __always_inline void set_turn(struct in_flight *f, __u64 turn)
{
	asm volatile("" : : : "memory");
	*(volatile __u64 *)&f->turn = turn;
}

/* Of a synchronous operation of the current task. An odd number: no address of a kiocb. */
static __always_inline __u64 key_of_current(void)
{
	return (__u64)bpf_get_current_task() | 1;
}

/* Whether the operation is in its task's place, and not in the map. */
static __always_inline int has_place(const struct in_flight *f)
{
	return f->key & 1;
}

static __always_inline struct in_flight *sync_slot_get(__u64 key)
{
	__u32 first = first_place(key, SYNC_SLOTS, SYNC_SLOT_WAYS);
#pragma unroll
	for (__u32 i = 0; i < SYNC_SLOT_WAYS; i++) {
		__u32 index = first + i;
		struct in_flight *f = sync_slots_get(&index);
		if (f && f->key == key)
			return f;
	}
	return 0;
}

/* The task's place, a new one when it has none yet; 0 when there is none left for it. */
static __always_inline struct in_flight *sync_slot_add(__u64 key)
{
	struct in_flight *f = sync_slot_get(key);
	if (f)
		return f;
	__u32 first = first_place(key, SYNC_SLOTS, SYNC_SLOT_WAYS);
#pragma unroll
	for (__u32 i = 0; i < SYNC_SLOT_WAYS; i++) {
		__u32 index = first + i;
		f = sync_slots_get(&index);
#ifdef FAULTLINE_BCC
		/* libbcc's target knows no compare and exchange. Two tasks that take one place at once are not found at the
		 * completes of these first attempts, which are counted as skipped. */
		if (f && !f->key) {
			f->key = key;
			return f;
		}
#else
		if (f && !f->key && !__sync_val_compare_and_swap(&f->key, 0, key))
			return f;
#endif
	}
	return 0;
}

/* The operation with this key that has not ended, or 0. */
static __always_inline struct in_flight *operation_get(__u64 key)
{
	if (!(key & 1))
		return in_flight_get(&key);
	struct in_flight *f = sync_slot_get(key);
	return f && !is_idle(f) ? f : 0;
}

/* The operation has ended. */
static __always_inline void operation_forget(struct in_flight *f)
{
	__u64 key = f->key;
	if (has_place(f))
		set_turn(f, f->turn + 1);
	else
		in_flight_delete(&key);
}

/* Frees the place of an operation whose call is over. Returns 0 when the sweep found that out at the same time: it says how
 * the operation ended. */
static __always_inline int sync_slot_take(struct in_flight *f)
{
	__u64 turn = f->turn;
	if (!(turn & 1))
		return 0;
#ifdef FAULTLINE_BCC
	f->turn = turn + 1;
	return 1;
#else
	return __sync_val_compare_and_swap(&f->turn, turn, turn + 1) == turn;
#endif
}

#endif
