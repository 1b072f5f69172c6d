/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether an attempt goes on with an operation: the retry test, which knows a system call by its number, and what the
 * call returned.
 *
 * The front ends (programs.h) read the kernel's structures, by whichever hook there is, into struct dio_begin;
 * all that follows knows no hook.
 */
#ifndef FAULTLINE_CALL_H
#define FAULTLINE_CALL_H

#include "in_flight.h"
#include "task.h"

/* A task that waits longer between two attempts of an asynchronous request is taken to have given up: such a request
 * has no system call of its own that could tell (KERNEL: T_gap). */
#define ASYNC_GAP_NS_MAX 1000000000ULL

struct dio_begin {
	__u64 iocb;
	__u64 iter;
	__u64 ino;
	__s64 pos;
	__s64 file_size;
	__u64 count;
	__u64 done_before;
	__u32 dev;
	__u32 fs_magic;
	__u32 flags; /* enum attempt_flag, all but what the task says; a program's stack is full, so no field for each */
};

static __always_inline __u64 chars_of(const struct current_task *task, __u16 flags)
{
	return flags & ATTEMPT_WRITE ? task->write_chars : task->read_chars;
}

static __always_inline __u64 calls_of(const struct current_task *task, __u16 flags)
{
	return flags & ATTEMPT_WRITE ? task->write_calls : task->read_calls;
}

static __always_inline int is_miss(__u8 end)
{
	return end == ATTEMPT_MISS_NONE || end == ATTEMPT_MISS_PARTIAL;
}

/* Whether another attempt may follow in the same call. gfs2 and btrfs go round again after a read that met the end of
 * the file too: they cannot tell it from a missing page. */
static __always_inline int is_open_ended(__u8 end)
{
	return is_miss(end) || end == ATTEMPT_END_OF_FILE;
}

static __always_inline int is_task_of(const struct in_flight *f, const struct current_task *task)
{
	return f->attempt.header.tid == task->tid && f->task_ns == task->start_ns;
}

/* Whether the task is still in the system call in which f began. A synchronous kiocb stands on the stack, often at the same
 * address as in the last call, so address and position alone would take a repeated call for a retry. The number of finished
 * read and write calls tells the two apart; asynchronous requests and kernel threads have no such number. */
static __always_inline int is_same_call(const struct in_flight *f, const struct current_task *task)
{
	return task->syscalls && !(f->attempt.flags & ATTEMPT_ASYNC) && f->syscalls == task->syscalls;
}

static __always_inline int has_call_number(const struct in_flight *f, const struct current_task *task)
{
	return task->syscalls && !(f->attempt.flags & ATTEMPT_ASYNC);
}

static __always_inline int is_retry(const struct in_flight *f, const struct dio_begin *b,
				    const struct current_task *task, __u64 now)
{
	if (!is_task_of(f, task))
		return 0;
	if (has_call_number(f, task))
		return is_same_call(f, task);
	return is_open_ended(f->attempt.end) && b->pos - (__s64)b->done_before == f->start_pos &&
	       b->count + b->done_before == f->requested && now - f->end_ns < ASYNC_GAP_NS_MAX;
}

/* The first look at the task after the call tells what the call returned; a later one cannot. */
static __always_inline void note_return(struct in_flight *f, const struct current_task *task, int is_user_mode)
{
	if (f->has_left || !is_task_of(f, task))
		return;
	if (has_call_number(f, task)) {
		if (is_same_call(f, task))
			return;
		if (calls_of(task, f->attempt.flags) == f->calls + 1)
			f->result = (__s64)(chars_of(task, f->attempt.flags) - f->chars);
	} else if (!is_user_mode) {
		return;
	}
	f->has_left = 1;
}

#endif
