/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* bcachefs: faults on the file's own mapping fail while a direct write pins its pages. */
#ifndef FAULTLINE_BCACHEFS_H
#define FAULTLINE_BCACHEFS_H

#include "completion.h"

static __always_inline int bcachefs_write(const struct dio_begin *b)
{
	struct current_task task;
	read_current_task(&task);
	int result = dio_begin(b, &task, PROBE_BCACHEFS_WRITE);
	__u32 tid = task.tid;
	struct in_flight *f = find_completed(b->iocb, b->flags & ATTEMPT_ASYNC);
	if (!f)
		return result;
	__u64 key = f->key;
	struct task_state *t = tasks_get(&tid);
	if (t) {
		t->writing = key;
		return result;
	}
	struct task_state state = { .writing = key };
	tasks_put(&tid, &state);
	return result;
}

static __always_inline int bcachefs_write_end(__s64 ret)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct task_state *t = tasks_get(&tid);
	__u64 key = t ? t->writing : 0;
	if (t)
		t->writing = 0;
	struct in_flight *f = key ? operation_get(key) : 0;
	/* The request is with the device; nothing more is asked of the task's pages. */
	if (f && ret == -EIOCBQUEUED) {
		f->queued_ns = bpf_ktime_get_ns();
		ret = (__s64)f->requested;
	}
	struct probe_counters *p = probe_enter(PROBE_BCACHEFS_WRITE_END);
	return p ? dio_complete(f, ret < 0 ? (int)ret : 0, ret, p, PROBE_BCACHEFS_WRITE_END) : 0;
}

#endif
