/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The kernel's watchdog: sched:sched_process_hang. */
#ifndef FAULTLINE_HANG_H
#define FAULTLINE_HANG_H

#include "lock.h"

static __always_inline int process_hang(const void *task)
{
	struct probe_counters *p = probe_enter(PROBE_PROCESS_HANG);
	if (!p)
		return 0;
	struct hang_event *e = event_reserve(p);
	if (!e)
		return 0;
	__builtin_memset(e, 0, EVENT_BYTES);
	e->header.tgid = READ(task_struct, task, tgid, __u32);
	e->header.tid = READ(task_struct, task, pid, __u32);
	read_comm_of(e->comm, task);
	event_submit(e, p, EVENT_HANG, PROBE_PROCESS_HANG, bpf_ktime_get_ns());
	return 0;
}

#endif
