/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Page faults, and pages that could not be dropped from the cache: what the kernel did between two attempts. */
#ifndef FAULTLINE_FAULT_H
#define FAULTLINE_FAULT_H

#include "completion.h"

/* The operation in whose gap the current task takes a fault, or 0: a task that missed may have left the call. */
static __always_inline struct in_flight *operation_of_fault(__u32 kind)
{
	if (!has_missed_any())
		return 0;
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u32 *missed = missed_slot(tid);
	if (!missed || !*missed)
		return 0;
	struct task_state *t = tasks_get(&tid);
	if (!t || !t->missed)
		return 0;
	__u64 key = t->missed;
	struct in_flight *f = operation_get(key);
	if (!f || !is_miss(f->attempt.end))
		return 0;
	struct current_task task;
	read_current_task(&task);
	note_return(f, &task, kind == FAULT_USER);
	if (f->has_left || !is_task_of(f, &task))
		return 0;
	if (kind == FAULT_IN) {
		/* A write's pages are faulted in by exceptions; of a read's, the first sign in each gap counts. */
		if (f->attempt.flags & ATTEMPT_WRITE || f->has_fault_in)
			return 0;
		f->has_fault_in = 1;
	}
	return f;
}

static __always_inline int page_fault(__u32 probe, __u32 kind, __u64 address, __u64 error_code, int pagefault_disabled)
{
	struct probe_counters *p = probe_enter(probe);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	if (cfg->shed & SHED_FAULTS ||
	    (cfg->filters & ~FILTER_DEV && is_filtered(cfg, bpf_get_current_pid_tgid() >> 32))) {
		p->skipped++;
		return 0;
	}
	if (pagefault_disabled > 0)
		p->rejected++;
	struct in_flight *f = operation_of_fault(kind);
	if (f)
		p->in_operation++;
	if (!f || !cfg->full) {
		p->aggregated++;
		return 0;
	}
	struct fault_event *e = event_reserve(p);
	if (!e)
		return 0;
	fill_fault(e, f, address, kind);
	e->error_code = error_code;
	e->rejected = pagefault_disabled > 0;
	event_submit(e, p, EVENT_FAULT, probe, bpf_ktime_get_ns());
	return 0;
}

static __always_inline int invalidate_fail(__u32 dev, __u32 fs_magic, __u64 ino, __s64 pos, __u64 length)
{
	struct probe_counters *p = probe_enter(PROBE_DIO_INVALIDATE_FAIL);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	__u64 id = bpf_get_current_pid_tgid();
	if ((cfg->filters & FILTER_DEV && cfg->dev != dev) || is_filtered(cfg, id >> 32)) {
		p->skipped++;
		return 0;
	}
	struct invalidate_fail_event *e = event_reserve(p);
	if (!e)
		return 0;
	__builtin_memset(e, 0, EVENT_BYTES);
	e->header.tgid = id >> 32;
	e->header.tid = (__u32)id;
	e->ino = ino;
	e->pos = pos;
	e->length = length;
	e->dev = dev;
	e->fs_magic = fs_magic;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	event_submit(e, p, EVENT_INVALIDATE_FAIL, PROBE_DIO_INVALIDATE_FAIL, bpf_ktime_get_ns());
	return 0;
}

#endif
