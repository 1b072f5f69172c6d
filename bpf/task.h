/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The current task: who it is, and how many calls it has behind it. */
#ifndef FAULTLINE_TASK_H
#define FAULTLINE_TASK_H

#include "kernel.h"
#include "event.h"

struct current_task {
	const struct task_struct *self; /* kept, since asking for it again costs a call */
	__u32 tgid;
	__u32 tid;
	__u64 start_ns;
	__u64 syscalls; /* 1 + read_calls + write_calls; 0 when they are not counted for this task */
	__u64 read_calls;
	__u64 write_calls;
	__u64 read_chars;
	__u64 write_chars;
	int pagefault_disabled;
	__u32 flags;
};

/* What of the call's number goes into an event. */
static __always_inline __u8 call_of(__u64 syscalls)
{
	return syscalls ? 0x80 | (__u8)syscalls : 0;
}

#ifdef FAULTLINE_BCC

static __always_inline void read_current_task(struct current_task *task)
{
	__u64 id = bpf_get_current_pid_tgid();
	const void *current_ = (const void *)bpf_get_current_task();
	task->self = current_;
	task->tgid = id >> 32;
	task->tid = (__u32)id;
	task->flags = READ(task_struct, current_, flags, __u32);
	task->start_ns = READ(task_struct, current_, start_boottime, __u64);
	/* Minus 1: copy_from_kernel_nofault(), which does the reading, disables page faults itself. */
	task->pagefault_disabled = READ(task_struct, current_, pagefault_disabled, int) - 1;
	task->syscalls = task->read_calls = task->write_calls = task->read_chars = task->write_chars = 0;
#ifdef OFFSET_task_struct_ioac_syscr
	if (!(task->flags & (PF_KTHREAD | PF_IO_WORKER))) {
		task->read_calls = READ(task_struct, current_, ioac_syscr, __u64);
		task->write_calls = READ(task_struct, current_, ioac_syscw, __u64);
		task->syscalls = 1 + task->read_calls + task->write_calls;
		task->read_chars = READ(task_struct, current_, ioac_rchar, __u64);
		task->write_chars = READ(task_struct, current_, ioac_wchar, __u64);
	}
#endif
}

#else

static __always_inline void read_current_task(struct current_task *task)
{
	struct task_struct *current_ = (struct task_struct *)bpf_get_current_task_btf();
	task->self = current_;
	task->tgid = (__u32)current_->tgid;
	task->tid = (__u32)current_->pid;
	task->flags = current_->flags;
	task->start_ns = current_->start_boottime;
	task->pagefault_disabled = current_->pagefault_disabled;
	task->syscalls = task->read_calls = task->write_calls = task->read_chars = task->write_chars = 0;
	if (bpf_core_field_exists(current_->ioac.syscr) && !(task->flags & (PF_KTHREAD | PF_IO_WORKER))) {
		task->read_calls = current_->ioac.syscr;
		task->write_calls = current_->ioac.syscw;
		task->syscalls = 1 + task->read_calls + task->write_calls;
		task->read_chars = current_->ioac.rchar;
		task->write_chars = current_->ioac.wchar;
	}
}

#endif

/* The name of the task; that of the submitting process for a worker of io_uring, which is called iou-wrk-N. */
static __always_inline void read_comm(__u8 *comm, const struct current_task *task)
{
#ifdef FAULTLINE_BCC
	if (!(task->flags & PF_IO_WORKER)) {
		bpf_get_current_comm(comm, EVENT_COMM_BYTES);
		return;
	}
	const void *leader = READ(task_struct, task->self, group_leader, const void *);
	bpf_probe_read_kernel(comm, EVENT_COMM_BYTES, (const char *)leader + OFFSET_task_struct_comm);
#else
	/* Two loads: the helper would cost as much as everything else that is read of the task. */
	const struct task_struct *named = task->self;
	if (task->flags & PF_IO_WORKER)
		named = named->group_leader;
	const __u64 *from = (const __u64 *)named->comm;
	((__u64 *)comm)[0] = from[0];
	((__u64 *)comm)[1] = from[1];
#endif
}

#endif
