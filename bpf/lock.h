/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * From lock tracepoints to requests, grants and releases: who waited for what, how long, and who was in the way.
 *
 * A request takes a place in lock_slots when it is made and gives it back when it is released. A grant in the requester's
 * own context is immediate (gfs2_glock_nq() runs the glock's queue once before it sleeps) and becomes a count; any other one
 * is a wait.
 */
#ifndef FAULTLINE_LOCK_H
#define FAULTLINE_LOCK_H

#include "operation.h"

/* Keys of requests that are no address of a gfs2_holder. */
#define WAITING_TASK(task) ((__u64)(task) | 1)
#define DLM_REQUEST(ls, lkb) (((__u64)(ls) << 32 | (lkb)) & ~(1ULL << 63)) /* kernel addresses have that bit */

static __always_inline struct lock_slot *request_get(__u64 key)
{
	__u32 first = first_place(key, LOCK_SLOTS, LOCK_SLOT_WAYS);
#pragma unroll
	for (__u32 i = 0; i < LOCK_SLOT_WAYS; i++) {
		__u32 index = first + i;
		struct lock_slot *s = lock_slots_get(&index);
		if (s && s->key == key)
			return s;
	}
	return 0;
}

/* A place for the request; that of an earlier one with the same key, whose release nobody saw; 0 when there is none. */
static __always_inline struct lock_slot *request_add(__u64 key)
{
	struct lock_slot *s = request_get(key);
	if (s)
		return s;
	__u32 first = first_place(key, LOCK_SLOTS, LOCK_SLOT_WAYS);
#pragma unroll
	for (__u32 i = 0; i < LOCK_SLOT_WAYS; i++) {
		__u32 index = first + i;
		s = lock_slots_get(&index);
#ifdef FAULTLINE_BCC
		/* libbcc's target knows no compare and exchange. Two CPUs that take one place at once lose a request, which
		 * its grant finds missing. */
		if (s && !s->key) {
			s->key = key;
			return s;
		}
#else
		if (s && !s->key && !__sync_val_compare_and_swap(&s->key, 0, key))
			return s;
#endif
	}
	return 0;
}

static __always_inline void request_remove(struct lock_slot *s)
{
	s->request_ns = 0;
	s->key = 0;
}

static __always_inline struct lock_cell *lock_cell_of(__u8 lock_class, __u8 mode)
{
	__u32 index = (lock_class & (LOCK_CLASS_COUNT - 1)) * LOCK_MODE_COUNT + (mode & (LOCK_MODE_COUNT - 1));
	return lock_cells_get(&index);
}

static __always_inline __u64 syscalls_of_current(void)
{
#ifdef FAULTLINE_BCC
	struct current_task task;
	read_current_task(&task);
	return task.syscalls;
#else
	struct task_struct *current_ = (struct task_struct *)bpf_get_current_task_btf();
	if (!bpf_core_field_exists(current_->ioac.syscr) || current_->flags & (PF_KTHREAD | PF_IO_WORKER))
		return 0;
	return 1 + current_->ioac.syscr + current_->ioac.syscw;
#endif
}

static __always_inline void read_comm_of(__u8 *comm, const void *task)
{
#ifdef FAULTLINE_BCC
	bpf_probe_read_kernel(comm, EVENT_COMM_BYTES, (const char *)task + OFFSET_task_struct_comm);
#else
	bpf_core_read(comm, EVENT_COMM_BYTES, &((const struct task_struct *)task)->comm);
#endif
}

/* The task of a struct pid, or 0 when it is gone: pid_task(pid, PIDTYPE_PID). */
static __always_inline const char *task_of_pid(const void *pid)
{
	const char *link = pid ? READ(hlist_head, (const char *)pid + OFFSET(pid, tasks), first, const char *) : 0;
	return link ? link - OFFSET(task_struct, pid_links) : 0;
}

static __always_inline int is_lock_filtered(const struct config *cfg, __u32 dev, __u32 tgid)
{
	/* Locks that belong to no device pass a filter for one. */
	return cfg->filters && ((cfg->filters & FILTER_DEV && dev && cfg->dev != dev) || is_filtered(cfg, tgid));
}

/* Whether the task may be between two attempts: it has missed and not begun anything else since. */
static __always_inline int is_in_gap(__u32 tid)
{
	__u32 *missed = missed_slot(tid);
	if (!missed || !*missed)
		return 0;
	struct task_state *t = tasks_get(&tid);
	return t && t->missed;
}

/* The operation that this call goes on to begin is of interest, however fast it is. */
static __always_inline void set_waited(__u32 tid, __u64 syscalls)
{
	if (!syscalls)
		return;
	struct task_state *t = tasks_get(&tid);
	if (t) {
		set_task(t, tid, t->missed, syscalls);
		return;
	}
	struct task_state state = {};
	set_task(&state, tid, 0, syscalls);
	if (tasks_put(&tid, &state))
		set_task(&state, tid, 0, 0);
}

/* An event of this step, to be completed and submitted; 0 when the ring is full. */
static __always_inline struct lock_event *lock_event_of(const struct lock_slot *s, __u8 step, struct probe_counters *p)
{
	struct lock_event *e = event_reserve(p);
	if (!e)
		return 0;
	e->header.tgid = s->tgid;
	e->header.tid = s->tid;
	e->request = s->key;
	e->lock = s->lock;
	e->number = s->number;
	e->request_ns = s->request_ns;
	e->grant_ns = s->grant_ns;
	e->dev = s->dev;
	e->type = s->type;
	e->lock_class = s->lock_class;
	e->mode = s->mode;
	e->step = step;
	e->call = call_of(s->syscalls);
	e->flags = s->flags;
	e->holder_tid = s->holder_tid;
	e->holder_mode = s->holder_mode;
	__builtin_memset(e->reserved, 0, sizeof(e->reserved));
	e->status = 0;
	e->stack = s->stack;
	__builtin_memcpy(e->holder_comm, s->holder_comm, sizeof(e->holder_comm));
	return e;
}

static __always_inline void emit_step(const struct lock_slot *s, __u8 step, int status, const void *task,
				      struct probe_counters *p, __u8 probe, __u64 now)
{
	struct lock_event *e = lock_event_of(s, step, p);
	if (!e)
		return;
	e->status = status;
	if (s->lock_class == LOCK_DLM && s->comm[0])
		__builtin_memcpy(e->comm, s->comm, sizeof(e->comm));
	else if (task)
		read_comm_of(e->comm, task);
	else
		bpf_get_current_comm(e->comm, sizeof(e->comm));
	event_submit(e, p, EVENT_LOCK, probe, now);
}

static __always_inline void begin_request(struct lock_slot *s, __u64 id)
{
	s->grant_ns = 0;
	s->syscalls = syscalls_of_current();
	s->tgid = id >> 32;
	s->tid = (__u32)id;
	s->holder_tid = 0;
	s->holder_mode = LOCK_MODE_NONE;
	s->said = 0;
	s->stack = 0;
	s->holder_comm[0] = 0;
}

static __always_inline __u32 take_stack(void *ctx)
{
	int stack = stacks_take(ctx);
	return stack < 0 ? 0 : (__u32)stack + 1;
}

/* Counts a grant that was waited for. Returns whether it is an event of its own. */
static __always_inline int count_wait(struct lock_slot *s, struct lock_cell *cell, const struct config *cfg, __u64 now)
{
	__u64 wait_ns = now - s->request_ns;
	s->flags |= LOCK_WAITED;
	if (is_in_gap(s->tid))
		s->flags |= LOCK_IN_GAP;
	int emit = (cfg->full && s->lock_class != LOCK_RWSEM) || wait_ns >= cfg->min_wait_ns || s->said ||
		   s->flags & LOCK_IN_GAP;
	cell->grants++;
	cell->waits++;
	cell->wait_ns += wait_ns;
	if (wait_ns > cell->wait_max_ns)
		cell->wait_max_ns = wait_ns;
	cell->histogram[bucket_of(wait_ns)]++;
	if (emit) {
		cell->emitted++;
		s->flags |= LOCK_EMITTED;
	}
	if (wait_ns < cfg->stack_ns)
		s->stack = 0;
	return emit;
}

#endif
