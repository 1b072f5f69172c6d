/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Where an operation is from its first attempt to its end: in a place of the table, or an entry of the map. */
#ifndef FAULTLINE_IN_FLIGHT_H
#define FAULTLINE_IN_FLIGHT_H

#include "hit.h"

/* No operation is in its place: a task's is free for its next one, that of a kiocb is being taken or given back. */
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

/* Whether key is of a task, whose place is its own also when it is idle; that of a kiocb is for one operation. */
static __always_inline int is_of_task(__u64 key)
{
	return key & 1;
}

/* Whether the operation is in a place of the table, and not in the map. */
static __always_inline int has_place(const struct in_flight *f)
{
	return !f->is_mapped;
}

/* The place of a key, or 0: of a kiocb only while an operation is in it, since another one may be given back just now. */
static __always_inline struct in_flight *operation_slot_get(__u64 key, int may_be_idle)
{
	__u32 first = first_place(key, OPERATION_SLOTS, OPERATION_SLOT_WAYS);
#pragma unroll
	for (__u32 i = 0; i < OPERATION_SLOT_WAYS; i++) {
		__u32 index = first + i;
		struct in_flight *f = operation_slots_get(&index);
		if (f && f->key == key && (may_be_idle || !is_idle(f)))
			return f;
	}
	return 0;
}

/* A free place, idle and now of this key; 0 when there is none left for it. libbcc's target knows no compare and exchange: there
 * only tasks have places, which they take once. Two that take one place at once are not found at the completes of these first
 * attempts, which are counted as skipped. */
static __always_inline struct in_flight *operation_slot_add(__u64 key)
{
#ifdef FAULTLINE_BCC
	if (!is_of_task(key))
		return 0;
#endif
	__u32 first = first_place(key, OPERATION_SLOTS, OPERATION_SLOT_WAYS);
#pragma unroll
	for (__u32 i = 0; i < OPERATION_SLOT_WAYS; i++) {
		__u32 index = first + i;
		struct in_flight *f = operation_slots_get(&index);
#ifdef FAULTLINE_BCC
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

/* The task's own place, for as long as it lives; 0 when there is none left for it. */
static __always_inline struct in_flight *task_place(__u64 key, __u32 tid)
{
	struct in_flight *f = operation_slot_get(key, 1);
	if (f)
		return f;
	f = operation_slot_add(key);
	if (f)
		f->attempt.header.tid = tid; /* without it the sweep would take the place for that of a task that is gone */
	return f;
}

/* Which operation the task has just submitted, for dio_queued, which is told of no kiocb. Returns 0 when there is no room to
 * remember it. */
static __always_inline int note_submitted(__u64 task_key, __u32 tid, __u64 key)
{
	struct in_flight *own = task_place(task_key, tid);
	if (own) {
		own->submitted = key;
		return 1;
	}
	struct task_state *t = tasks_get(&tid);
	if (t) {
		t->submitted = key;
		return 1;
	}
	struct task_state state = { .submitted = key };
	return !tasks_put(&tid, &state);
}

static __always_inline __u64 submitted_of_current(__u32 tid)
{
	struct in_flight *own = operation_slot_get(key_of_current(), 1);
	if (own)
		return own->submitted;
	struct task_state *t = tasks_get(&tid);
	return t ? t->submitted : 0;
}

/* Whether the map has ever been needed: where it was not, nobody looks into it for what is in no place. */
static __always_inline __u32 *used_in_flight(void)
{
	__u32 which = USED_IN_FLIGHT;
	return used_get(&which);
}

/* Keeps an operation that found no place. Returns 0 when there is no room left either. */
static __always_inline int operation_map(__u64 key, struct in_flight *f)
{
	__u32 *is_used = used_in_flight();
	if (!is_used)
		return 0;
	*is_used = 1;
	f->key = key;
	f->is_mapped = 1;
	f->turn = 1;
	return !in_flight_put(&key, f);
}

/* The operation with this key that has not ended, or 0. */
static __always_inline struct in_flight *operation_get(__u64 key)
{
	struct in_flight *f = operation_slot_get(key, 0);
	if (f || is_of_task(key))
		return f;
	__u32 *is_used = used_in_flight();
	return is_used && *is_used ? in_flight_get(&key) : 0;
}

/* Ends the operation that is in a place. Returns 0 when the sweep found at the same time that its call is over: it says how
 * the operation ended, and gives the place of a kiocb back. */
static __always_inline int operation_slot_take(struct in_flight *f)
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

/* Gives back what an operation had that has been taken. */
static __always_inline void operation_release(struct in_flight *f)
{
	__u64 key = f->key;
	if (!has_place(f))
		in_flight_delete(&key);
	else if (!is_of_task(key))
		*(volatile __u64 *)&f->key = 0;
}

/* The operation has ended. */
static __always_inline void operation_forget(struct in_flight *f)
{
	if (has_place(f) && is_of_task(f->key))
		set_turn(f, f->turn + 1);
	else if (!has_place(f) || operation_slot_take(f))
		operation_release(f);
}

#endif
