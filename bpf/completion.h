/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a complete says of an attempt: its end, the page that was missing, the reduction. */
#ifndef FAULTLINE_COMPLETION_H
#define FAULTLINE_COMPLETION_H

#include "operation.h"

static __always_inline __u8 end_of(const struct in_flight *f, int error, __s64 ret)
{
	const struct attempt_event *a = &f->attempt;
	int is_region = is_fault_disabled(a);
	if (error == -EFAULT && is_region)
		return ATTEMPT_MISS_NONE;
	if (error == -EAGAIN)
		return ATTEMPT_AGAIN;
	if (error)
		return ATTEMPT_FAILED;
	if (ret >= (__s64)(a->done_before + a->count))
		return ATTEMPT_FULL;
	if (!(a->flags & ATTEMPT_WRITE) && a->pos - (__s64)a->done_before + ret >= f->file_size)
		return ATTEMPT_END_OF_FILE;
	if (!is_region)
		return ATTEMPT_SHORT;
	/* btrfs from v6.15: btrfs_dio_iomap_end() turns the -EFAULT of an attempt without progress into 0
	 * (commit bc264fea0f6f). */
	return ret > (__s64)a->done_before ? ATTEMPT_MISS_PARTIAL : ATTEMPT_MISS_NONE;
}

static __always_inline void fill_fault(struct fault_event *e, const struct in_flight *f, __u64 address, __u32 kind)
{
	const struct attempt_event *a = &f->attempt;
	__builtin_memset(e, 0, EVENT_BYTES);
	e->header.tgid = a->header.tgid;
	e->header.tid = a->header.tid;
	e->iocb = a->iocb;
	e->operation_ns = a->operation_ns;
	e->address = address;
	e->kind = kind;
	e->ino = a->ino;
	e->dev = a->dev;
	e->fs_magic = a->fs_magic;
}

/* Where in user space an iov_iter stands; 0 when it does not go there. */
static __always_inline __u64 user_address(const void *iter)
{
	__u8 type = READ(iov_iter, iter, iter_type, __u8);
	__u64 offset = READ(iov_iter, iter, iov_offset, __u64);
	__u64 base = 0;
#ifdef FAULTLINE_BCC
#ifdef ENUM_iter_type_ITER_UBUF
	if (type == ENUM_iter_type_ITER_UBUF)
		return READ(iov_iter, iter, ubuf, __u64) + offset;
#endif
	if (type != ENUM_iter_type_ITER_IOVEC)
		return 0;
	bpf_probe_read_kernel(&base, sizeof(base), (const void *)READ(iov_iter, iter, __iov, __u64));
#else
	if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) && type == bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return READ(iov_iter, iter, ubuf, __u64) + offset;
	if (type != bpf_core_enum_value(enum iter_type, ITER_IOVEC))
		return 0;
	__u64 vector = bpf_core_field_exists(((struct iov_iter *)0)->__iov) ? READ(iov_iter, iter, __iov, __u64) :
									       READ(iov_iter___v63, iter, iov, __u64);
	bpf_probe_read_kernel(&base, sizeof(base), (const void *)vector);
#endif
	return base + offset;
}

/* Which page was missing: the iterator stands at it. User space looks up what is mapped there. Of an operation the first
 * one is enough, unless everything is wanted. */
static __always_inline void emit_missing(const struct in_flight *f, const struct config *cfg, __u64 now)
{
	const struct attempt_event *a = &f->attempt;
	if ((a->index && !cfg->full) || a->flags & ATTEMPT_QUEUED || (__u32)bpf_get_current_pid_tgid() != a->header.tid)
		return;
	__u64 address = user_address((const void *)a->header.ktime_ns);
	struct probe_counters *p = address ? probe_hit(PROBE_COMPLETE_MISSES) : 0;
	struct fault_event *e = p ? event_reserve(p) : 0;
	if (!e)
		return;
	fill_fault(e, f, address, FAULT_MISSING);
	event_submit(e, p, EVENT_FAULT, PROBE_COMPLETE_MISSES, now);
}

/* The last attempt missed. A synchronous call may retry: that will be seen in its task. A queued attempt has no call
 * left that could. Returns 1 when the operation has ended. */
static __always_inline int miss(struct in_flight *f, __u64 now)
{
	__u64 key = f->key;
	__u32 tid = f->attempt.header.tid;
	if (f->attempt.flags & ATTEMPT_MAPPING) {
		f->result = (__s64)f->done;
		emit_operation_end(f, OPERATION_END_RETURN, PROBE_COMPLETE_ENDS, now);
		return 1;
	}
	if (f->attempt.flags & ATTEMPT_QUEUED || (__u32)bpf_get_current_pid_tgid() != tid) {
		f->result = (__s64)f->done;
		emit_operation_end(f, OPERATION_END_QUEUED, PROBE_COMPLETE_ENDS, now);
		return 1;
	}
	struct task_state *t = tasks_get(&tid);
	if (t) {
		set_task(t, tid, key, 0);
	} else {
		struct task_state state = {};
		set_task(&state, tid, key, 0);
		if (tasks_put(&tid, &state))
			set_task(&state, tid, 0, 0);
	}
	return 0;
}

/* The operation whose attempt completes, or 0. A synchronous request completes in its own task. */
static __always_inline struct in_flight *find_completed(__u64 iocb, __u64 is_async)
{
	struct in_flight *f = is_async ? 0 : operation_get(key_of_current());
	return f && f->attempt.iocb == iocb ? f : operation_get(iocb);
}

static __always_inline int dio_complete(struct in_flight *f, int error, __s64 ret, struct probe_counters *p, __u32 probe)
{
	const struct config *cfg = settings();
	if (!cfg)
		return 0;
	/* Filtered out at its begin, or begun before we came. */
	if (!f || f->attempt.end != ATTEMPT_OPEN) {
		p->skipped++;
		return 0;
	}
	__u64 now = bpf_ktime_get_ns();
	struct attempt_event *a = &f->attempt;
	__u64 duration_ns = now - a->begin_ns;
	__u8 end = end_of(f, error, ret);

	a->ret = ret;
	a->region_ns = f->queued_ns ? f->queued_ns - a->begin_ns : duration_ns;
	if (f->queued_ns)
		a->flags |= ATTEMPT_QUEUED;
	if (duration_ns >= cfg->slow_ns)
		a->flags |= ATTEMPT_SLOW;
	f->end_ns = now;
	if (ret > (__s64)a->done_before)
		f->done = (__u64)ret;

	struct cell *cell = cell_of(f);
	int may_continue = is_fault_disabled(a) && is_open_ended(end);
	int emit = cfg->full || a->index > 0 || may_continue || end == ATTEMPT_FAILED ||
		   a->flags & (ATTEMPT_SLOW | ATTEMPT_WAITED);
	if (cell) {
		cell->histogram[bucket_of(duration_ns)]++;
		if (end == ATTEMPT_MISS_NONE) {
			cell->misses_none++;
			cell->miss_none_ns += duration_ns;
		} else if (end == ATTEMPT_MISS_PARTIAL) {
			cell->misses_partial++;
		}
		if (ret > (__s64)a->done_before)
			cell->bytes += (__u64)ret - a->done_before;
		if (emit)
			cell->emitted++;
	}
	void *e = emit ? event_reserve(p) : 0;
	if (e) {
		__builtin_memcpy(e, a, EVENT_BYTES);
		((struct attempt_event *)e)->end = end;
		event_submit(e, p, EVENT_ATTEMPT, probe, now);
	} else if (!emit) {
		p->aggregated++;
	}
	if (is_miss(end) && !(a->flags & ATTEMPT_MAPPING))
		emit_missing(f, cfg, now);
	/* Last, because another CPU may begin with this kiocb as soon as the request is done. */
	a->end = end;
	if (may_continue && !(is_miss(end) && miss(f, now)))
		set_turn(f, f->turn + 2);
	else
		operation_forget(f);
	return 0;
}

#endif
