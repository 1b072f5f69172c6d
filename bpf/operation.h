/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From begins to attempts and operations: where they begin, go on, and end without a complete. */
#ifndef FAULTLINE_OPERATION_H
#define FAULTLINE_OPERATION_H

#include "call.h"

/* Tells user space that no attempt will follow. Called when the task has left f's system call. */
static __always_inline void emit_operation_end(const struct in_flight *f, __u8 reason, __u8 probe, __u64 now)
{
	struct probe_counters *p = probe_hit(probe);
	if (!p)
		return;
	struct operation_end_event *e = event_reserve(p);
	if (!e)
		return;
	const struct attempt_event *a = &f->attempt;
	e->header.tgid = a->header.tgid;
	e->header.tid = a->header.tid;
	e->iocb = a->iocb;
	e->operation_ns = a->operation_ns;
	e->end_ns = f->end_ns;
	e->ino = a->ino;
	e->pos = f->start_pos;
	e->requested = f->requested;
	e->done = f->done;
	e->result = f->result;
	e->dev = a->dev;
	e->fs_magic = a->fs_magic;
	e->flags = a->flags;
	e->last = a->end;
	e->reason = reason;
	e->attempts = a->index + 1;
	__builtin_memcpy(e->comm, a->comm, sizeof(e->comm));
	e->reserved2 = 0;
	event_submit(e, p, EVENT_OPERATION_END, probe, now);
}

/* The attempt in f returned without a complete: nobody says when. A read at or after the end of the file always does. */
static __always_inline void end_silent_attempt(struct in_flight *f, int emit, __u64 now)
{
	int is_read = !(f->attempt.flags & ATTEMPT_WRITE);
	f->attempt.end = is_read && f->attempt.pos >= f->file_size ? ATTEMPT_END_OF_FILE : ATTEMPT_SILENT;
	f->end_ns = f->attempt.begin_ns;
	if (!emit)
		return;
	struct probe_counters *p = probe_hit(PROBE_BEGIN_ENDS);
	if (!p)
		return;
	void *e = event_reserve(p);
	if (!e)
		return;
	__builtin_memcpy(e, &f->attempt, EVENT_BYTES);
	event_submit(e, p, EVENT_ATTEMPT, PROBE_BEGIN_ENDS, now);
	struct cell *cell = cell_of(f);
	if (cell)
		cell->emitted_silent++;
}

/* What f was before its entry is used for something else. */
static __always_inline void end_earlier(struct in_flight *f, const struct current_task *task, const struct config *cfg,
					__u64 now)
{
	if (is_miss(f->attempt.end)) {
		note_return(f, task, 0);
		emit_operation_end(f, is_task_of(f, task) ? OPERATION_END_NEXT : OPERATION_END_REUSED, PROBE_BEGIN_ENDS,
				   now);
	} else if (f->attempt.end == ATTEMPT_OPEN) {
		end_silent_attempt(f, cfg->full || f->attempt.index > 0, now);
	}
}

static __always_inline void set_attempt(struct in_flight *f, const struct dio_begin *b,
					const struct current_task *task, __u64 now)
{
	struct attempt_event *a = &f->attempt;
	a->begin_ns = now;
	a->region_ns = 0;
	a->pos = b->pos;
	a->count = b->count;
	a->done_before = b->done_before;
	a->ret = 0;
	a->end = ATTEMPT_OPEN;
	a->flags = b->flags | (task->pagefault_disabled > 0 ? ATTEMPT_FAULTS_DISABLED : 0);
	a->call = call_of(task->syscalls);
	f->queued_ns = 0;
	a->header.ktime_ns = b->iter;
	f->has_fault_in = 0;
	f->file_size = b->file_size;
}

static __always_inline int is_fault_disabled(const struct attempt_event *a)
{
	return (a->flags & (ATTEMPT_NOFAULT | ATTEMPT_FAULTS_DISABLED | ATTEMPT_MAPPING)) != 0;
}

static __always_inline int is_filtered(const struct config *cfg, __u32 tgid)
{
	if (cfg->filters & FILTER_TGID && cfg->tgid != tgid)
		return 1;
	if (cfg->filters & FILTER_COMM) {
		__u64 comm[EVENT_COMM_BYTES / 8] = {};
		struct current_task task;
		read_current_task(&task);
		read_comm((__u8 *)comm, &task);
		if (comm[0] != cfg->comm[0] || comm[1] != cfg->comm[1])
			return 1;
	}
	if (cfg->filters & FILTER_CGROUP && cfg->cgroup != bpf_get_current_cgroup_id())
		return 1;
	return 0;
}

/* The last attempt missed, and its call is over. */
static __always_inline void end_missed(struct in_flight *f, __u8 reason, const struct current_task *task, __u8 probe,
				       __u64 now)
{
	if (has_place(f) && !operation_slot_take(f))
		return;
	note_return(f, task, 0);
	emit_operation_end(f, reason, probe, now);
	operation_release(f);
}

/* The task began another operation while an earlier one had missed and was not retried. */
static __always_inline void end_missed_of_task(const struct task_state *t, __u64 key, const struct current_task *task,
					       __u64 now)
{
	__u64 missed = t->missed;
	if (!missed || missed == key)
		return;
	struct in_flight *f = operation_get(missed);
	/* Same call: the new operation is nested, in the gap of the other one. */
	if (!f || !is_miss(f->attempt.end) || !is_task_of(f, task) || is_same_call(f, task))
		return;
	end_missed(f, OPERATION_END_NEXT, task, PROBE_BEGIN_ENDS, now);
}

static __always_inline void continue_operation(struct in_flight *f, const struct dio_begin *b,
					       const struct current_task *task, __u64 now)
{
	struct cell *cell;
	int was_fault_disabled = is_fault_disabled(&f->attempt);

	if (f->attempt.end == ATTEMPT_OPEN)
		end_silent_attempt(f, 1, now);
	__u64 end_ns = f->end_ns;
	set_attempt(f, b, task, now);
	if (b->pos - (__s64)b->done_before != f->start_pos)
		f->attempt.flags |= ATTEMPT_SHIFTED;
	f->attempt.index++;
	set_turn(f, f->turn + 2);
	cell = cell_of(f);
	if (!cell)
		return;
	cell->attempts++;
	if (is_fault_disabled(&f->attempt)) {
		cell->fault_disabled_attempts++;
		if (!was_fault_disabled)
			cell->operations++;
	} else if (!was_fault_disabled) {
		/* xfs and ext4 try an unaligned write a second time with exclusive locks: no page was missing. */
		return;
	}
	cell->retries++;
	cell->gap_ns += now - end_ns;
	if (f->attempt.index == 1)
		cell->retried_operations++;
}

/* Where the operation is or will be: its task's place, or what there is of its kiocb, or a place for that; 0 when there is none
 * left. */
static __always_inline struct in_flight *find_begun(const struct dio_begin *b, const struct current_task *task,
						    struct probe_counters *p, __u64 *key)
{
	struct in_flight *f;
	/* Without a number of its call, an operation that is nested in another one cannot be told from the next. */
	if (!(b->flags & ATTEMPT_ASYNC) && task->syscalls) {
		*key = number_of(task->self, p) | 1;
		f = task_place(*key, task->tid);
		if (f && (is_idle(f) || f->attempt.iocb == b->iocb || !is_task_of(f, task) || !is_same_call(f, task)))
			return f;
	}
	*key = number_of((const void *)b->iocb, p);
	f = operation_get(*key);
	return f ? f : operation_slot_add(*key);
}

/* All that is known of an operation when its first attempt begins. */
static __always_inline void start_operation(struct in_flight *f, const struct dio_begin *b,
					    const struct current_task *task, __u16 waited, __u64 now)
{
	struct attempt_event *a = &f->attempt;
	set_attempt(f, b, task, now);
	a->flags |= waited;
	a->header.tgid = task->tgid;
	a->header.tid = task->tid;
	/* The rest of the header is filled in when it becomes an event. */
	a->header.seq = 0;
	a->header.cpu = 0;
	a->header.type = 0;
	a->header.probe = 0;
	a->iocb = b->iocb;
	a->operation_ns = now;
	a->ino = b->ino;
	a->dev = b->dev;
	a->fs_magic = b->fs_magic;
	a->index = 0;
	read_comm(a->comm, task);
	f->end_ns = 0;
	f->start_pos = b->pos - (__s64)b->done_before;
	f->requested = b->count + b->done_before;
	f->done = 0;
	f->syscalls = task->syscalls;
	f->calls = calls_of(task, a->flags);
	f->chars = chars_of(task, a->flags);
	f->task_ns = task->start_ns;
	f->result = RESULT_UNKNOWN;
	f->has_left = 0;
}

static __always_inline struct cell *count_operation(const struct in_flight *f)
{
	const struct attempt_event *a = &f->attempt;
	struct cell *cell = cell_of(f);
	if (!cell)
		return 0;
	cell->attempts++;
	if (is_fault_disabled(a)) {
		cell->fault_disabled_attempts++;
		cell->operations++;
	}
	return cell;
}

static __always_inline int dio_begin(const struct dio_begin *b, const struct current_task *task, __u32 probe)
{
	struct probe_counters *p = probe_enter(probe);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	if ((cfg->filters & FILTER_DEV && cfg->dev != b->dev) || is_filtered(cfg, task->tgid)) {
		p->skipped++;
		return 0;
	}
	__u64 now = bpf_ktime_get_ns();
	__u64 key;
	__u32 tid = task->tid;
	struct in_flight *f = find_begun(b, task, p, &key);
	__u32 *missed = missed_slot(tid);
	struct task_state *t = !missed || *missed ? tasks_get(&tid) : 0;

	if (t)
		end_missed_of_task(t, key, task, now);
	int is_begun = f && !is_idle(f);
	if (is_begun && is_retry(f, b, task, now)) {
		continue_operation(f, b, task, now);
		if (t)
			set_task(t, tid, 0, 0);
		p->aggregated++;
		return 0;
	}
	if (is_begun && (!has_place(f) || operation_slot_take(f)))
		end_earlier(f, task, cfg, now);
	else if (is_begun && !is_of_task(key))
		f = operation_slot_add(key); /* the sweep gives that one back */

	__u32 zero = 0;
	int is_placed = f && has_place(f);
	if (!is_placed)
		f = new_operations_get(&zero);
	if (!f)
		return 0;
	int is_same_cell = f->attempt.dev == b->dev && f->attempt.fs_magic == b->fs_magic &&
			   !((f->attempt.flags ^ b->flags) & ATTEMPT_WRITE);
	start_operation(f, b, task, t && t->waited && t->waited == task->syscalls ? ATTEMPT_WAITED : 0, now);
	if (!is_same_cell || f->cell == CELL_NONE)
		f->cell = cell_index_of(&f->attempt);
	struct cell *cell = count_operation(f);
	int failed = 0;
	if (is_placed)
		set_turn(f, f->turn + 1);
	else
		failed = !operation_map(key, f);
	if (t)
		set_task(t, tid, 0, 0);
	if (b->flags & ATTEMPT_ASYNC)
		failed |= !note_submitted(number_of(task->self, p) | 1, tid, key);
	if (failed || !cell)
		p->lost++;
	else
		p->aggregated++;
	return 0;
}

static __always_inline int dio_queued(__u64 ino)
{
	struct probe_counters *p = probe_enter(PROBE_DIO_QUEUED);
	if (!p)
		return 0;
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 key = submitted_of_current(tid);
	struct in_flight *f = key ? operation_get(key) : 0;
	/* Filtered out, or complete already: the completion may overtake the submitter. */
	if (!f || f->attempt.end != ATTEMPT_OPEN || f->attempt.ino != ino || f->attempt.header.tid != tid) {
		p->skipped++;
		return 0;
	}
	f->queued_ns = bpf_ktime_get_ns();
	p->aggregated++;
	return 0;
}

static __always_inline int task_exit(const struct current_task *task)
{
	struct probe_counters *p = probe_enter(PROBE_TASK_EXIT);
	if (!p)
		return 0;
	__u32 tid = task->tid;
	struct task_state *t = tasks_get(&tid);
	if (t) {
		__u64 missed = t->missed;
		set_task(t, tid, 0, 0);
		tasks_delete(&tid);
		struct in_flight *f = missed ? operation_get(missed) : 0;
		if (f && is_miss(f->attempt.end) && is_task_of(f, task))
			end_missed(f, OPERATION_END_EXIT, task, PROBE_EXIT_ENDS, bpf_ktime_get_ns());
		p->aggregated++;
	} else {
		p->skipped++;
	}
	/* One that is not idle is left to the sweep: nobody saw its end. */
	struct in_flight *place = operation_slot_get(key_of_current(), 1);
	if (place && is_idle(place))
		place->key = 0;
	return 0;
}

#endif
