/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The front ends: one program for each way to attach a hook. The loader takes the first way that the kernel offers and
 * leaves the others unloaded (io.faultline.probe.Hooks has the list).
 *
 *   CO-RE   tp_btf/...  tracepoints whose arguments the verifier knows: fields are read with one instruction
 *           kprobe/...  kernels before v6.4 have no iomap_dio_rw_begin and _complete (commit 3fd41721cd5c)
 *   bcc     raw_tracepoint__..., kprobe__...  the same hooks by offset
 */
#ifndef FAULTLINE_PROGRAMS_H
#define FAULTLINE_PROGRAMS_H

#include "bcachefs.h"
#include "contention.h"
#include "dlm.h"
#include "fault.h"
#include "glock.h"
#include "hang.h"

/* ---- what every front end reads, by probe reads ---- */

static __always_inline __u32 flags_of(__u8 write, __u64 complete, __u32 ki_flags, __u32 dio_flags)
{
	return (write ? ATTEMPT_WRITE : 0) | (complete ? ATTEMPT_ASYNC : 0) |
	       (ki_flags & IOCB_NOWAIT ? ATTEMPT_NOWAIT : 0) | (dio_flags & IOMAP_DIO_PARTIAL ? ATTEMPT_PARTIAL_OK : 0);
}

static __always_inline void read_begin(struct dio_begin *b, const void *iocb, const void *iter, __u32 dio_flags,
				       __u64 done_before)
{
	const void *file = READ(kiocb, iocb, ki_filp, const void *);
	const void *inode = READ(file, file, f_inode, const void *);
	const void *sb = READ(inode, inode, i_sb, const void *);
	b->iocb = (__u64)iocb;
	b->iter = (__u64)iter;
	b->ino = READ(inode, inode, i_ino, __u64);
	b->pos = READ(kiocb, iocb, ki_pos, __s64);
	b->file_size = READ(inode, inode, i_size, __s64);
	b->count = READ(iov_iter, iter, count, __u64);
	b->done_before = done_before;
	b->dev = READ(super_block, sb, s_dev, __u32);
	b->fs_magic = READ(super_block, sb, s_magic, __u32);
	b->flags = flags_of(READ(iov_iter, iter, data_source, __u8), READ(kiocb, iocb, ki_complete, __u64),
			    READ(kiocb, iocb, ki_flags, __u32), dio_flags);
#ifdef FAULTLINE_BCC
	int has_nofault = 1;
#else
	int has_nofault = bpf_core_field_exists(((struct iov_iter *)0)->nofault);
#endif
	if (has_nofault && READ(iov_iter, iter, nofault, __u8))
		b->flags |= ATTEMPT_NOFAULT;
}

static __always_inline int read_invalidate_fail(const void *inode, __s64 pos, __u64 length)
{
	const void *sb = READ(inode, inode, i_sb, const void *);
	return invalidate_fail(READ(super_block, sb, s_dev, __u32), READ(super_block, sb, s_magic, __u32),
			       READ(inode, inode, i_ino, __u64), pos, length);
}

static __always_inline int begin(const void *iocb, const void *iter, __u32 dio_flags, __u64 done_before)
{
	struct dio_begin b;
	struct current_task task;
	read_begin(&b, iocb, iter, dio_flags, done_before);
	read_current_task(&task);
	return dio_begin(&b, &task, PROBE_DIO_BEGIN);
}

/* __iomap_dio_rw(iocb, iter, ops, dops, dio_flags, ...) */
static __always_inline int begin_of_call(const __u64 *regs, __u64 done_before)
{
	return begin((const void *)regs[REGS_ARG1], (const void *)regs[REGS_ARG2], (__u32)regs[REGS_ARG5], done_before);
}

static __always_inline __u64 argument7(const __u64 *regs)
{
#ifdef REGS_ARG7
	return regs[REGS_ARG7];
#else
	__u64 value = 0;
	bpf_probe_read_kernel(&value, sizeof(value), (const void *)(regs[REGS_SP] + 8)); /* above the return address */
	return value;
#endif
}

static __always_inline int complete_request(const void *iocb, __u64 is_async, int error, __s64 ret)
{
	struct probe_counters *p = probe_enter(PROBE_DIO_COMPLETE);
	if (!p)
		return 0;
	struct in_flight *f = find_completed(number_of(iocb, p), is_async);
	return dio_complete(f, error, ret, p, PROBE_DIO_COMPLETE);
}

/* The same end that the tracepoint in iomap_dio_complete() reports, worked out from its argument: there is no such
 * tracepoint before v6.4. */
static __always_inline int complete_of_dio(const void *dio)
{
	const void *iocb = READ(iomap_dio, dio, iocb, const void *);
	__s64 pos = READ(kiocb, iocb, ki_pos, __s64);
	__s64 file_size = READ(iomap_dio, dio, i_size, __s64);
	int error = READ(iomap_dio, dio, error, int);
	__s64 ret = error;
	if (!error) {
		ret = READ(iomap_dio, dio, size, __s64);
		if (pos + ret > file_size && !(READ(iomap_dio, dio, flags, __u32) & IOMAP_DIO_WRITE))
			ret = file_size - pos;
	}
	if (ret > 0)
		ret += READ(iomap_dio, dio, done_before, __s64);
	return complete_request(iocb, READ(kiocb, iocb, ki_complete, __u64), error, ret);
}

/* bch2_direct_write(req, iter) */
static __always_inline int bcachefs_write_of_call(const __u64 *regs)
{
	struct dio_begin b;
	read_begin(&b, (const void *)regs[REGS_ARG1], (const void *)regs[REGS_ARG2], 0, 0);
	b.flags |= ATTEMPT_WRITE | ATTEMPT_MAPPING;
	return bcachefs_write(&b);
}

#ifdef FAULTLINE_BCC

/* Raw tracepoint arguments: ctx is an array of u64. */
struct raw_args {
	__u64 args[6];
};

int dio_begin_raw(struct raw_args *ctx)
{
	return begin((const void *)ctx->args[0], (const void *)ctx->args[1], (__u32)ctx->args[2], ctx->args[3]);
}

int dio_complete_raw(struct raw_args *ctx)
{
	const void *iocb = (const void *)ctx->args[0];
	return complete_request(iocb, READ(kiocb, iocb, ki_complete, __u64), (int)ctx->args[1], (__s64)ctx->args[2]);
}

int dio_queued_raw(struct raw_args *ctx)
{
	return dio_queued(READ(inode, (const void *)ctx->args[0], i_ino, __u64));
}

int dio_invalidate_fail_raw(struct raw_args *ctx)
{
	return read_invalidate_fail((const void *)ctx->args[0], (__s64)ctx->args[1], ctx->args[2]);
}

static __always_inline int faults_disabled(void)
{
	return READ(task_struct, (const void *)bpf_get_current_task(), pagefault_disabled, int) - 1;
}

int page_fault_user_raw(struct raw_args *ctx)
{
	return page_fault(PROBE_PAGE_FAULT_USER, FAULT_USER, ctx->args[0], ctx->args[2], 0);
}

int page_fault_kernel_raw(struct raw_args *ctx)
{
	return page_fault(PROBE_PAGE_FAULT_KERNEL, FAULT_KERNEL, ctx->args[0], ctx->args[2], faults_disabled());
}

int fault_in_raw(struct raw_args *ctx)
{
	return page_fault(PROBE_FAULT_IN, FAULT_IN, 0, 0, 0);
}

int task_exit_raw(struct raw_args *ctx)
{
	struct current_task task;
	read_current_task(&task);
	return task_exit(&task);
}

int glock_queue_raw(struct raw_args *ctx)
{
	return glock_queue(ctx, (const void *)ctx->args[0], (int)ctx->args[1]);
}

int glock_promote_raw(struct raw_args *ctx)
{
	return glock_promote((const void *)ctx->args[0]);
}

int glock_lock_time_raw(struct raw_args *ctx)
{
	return glock_step((const void *)ctx->args[0], LOCK_TIME, 0, 0, 0, 0, ctx->args[1], PROBE_GLOCK_LOCK_TIME);
}

int glock_state_change_raw(struct raw_args *ctx)
{
	return glock_step((const void *)ctx->args[0], LOCK_STATE_CHANGE, glock_mode((__u32)ctx->args[1]), 0, 0, 0, 0,
			  PROBE_GLOCK_STATE_CHANGE);
}

int glock_demote_rq_raw(struct raw_args *ctx)
{
	int is_remote = (ctx->args[1] & 1) != 0;
	return glock_step((const void *)ctx->args[0], LOCK_DEMOTE, 0, 0, is_remote, is_remote, 0, PROBE_GLOCK_DEMOTE_RQ);
}

int contention_begin_raw(struct raw_args *ctx)
{
	return contention_begin((const char *)ctx->args[0], (__u32)ctx->args[1]);
}

int contention_end_raw(struct raw_args *ctx)
{
	return contention_end(ctx, (const char *)ctx->args[0], (int)ctx->args[1]);
}

int process_hang_raw(struct raw_args *ctx)
{
	return process_hang((const void *)ctx->args[0]);
}

/* The record of a classic tracepoint. */
struct record {
	__u8 bytes[64];
};

#define RECORD(event, field, ctype) READ(trace_event_raw_##event, ctx, field, ctype)

int dlm_lock_start_record(struct record *ctx)
{
	const char *name = (const char *)ctx + (RECORD(dlm_lock_start, __data_loc_res_name, __u32) & 0xffff);
	return dlm_lock_start(RECORD(dlm_lock_start, ls_id, __u32), RECORD(dlm_lock_start, lkb_id, __u32),
			      RECORD(dlm_lock_start, mode, int), name);
}

int dlm_lock_end_record(struct record *ctx)
{
	return dlm_lock_end(RECORD(dlm_lock_end, ls_id, __u32), RECORD(dlm_lock_end, lkb_id, __u32),
			    RECORD(dlm_lock_end, error, int));
}

int dlm_ast_record(struct record *ctx)
{
	return dlm_ast(RECORD(dlm_ast, ls_id, __u32), RECORD(dlm_ast, lkb_id, __u32), RECORD(dlm_ast, sb_status, int));
}

int dlm_bast_record(struct record *ctx)
{
	const char *name = (const char *)ctx + (RECORD(dlm_bast, __data_loc_res_name, __u32) & 0xffff);
	return dlm_step(RECORD(dlm_bast, ls_id, __u32), RECORD(dlm_bast, lkb_id, __u32), LOCK_BLOCKING,
			dlm_mode(RECORD(dlm_bast, mode, int)), name, PROBE_DLM_BAST);
}

int dlm_unlock_start_record(struct record *ctx)
{
	const char *name = (const char *)ctx + (RECORD(dlm_unlock_start, __data_loc_res_name, __u32) & 0xffff);
	return dlm_step(RECORD(dlm_unlock_start, ls_id, __u32), RECORD(dlm_unlock_start, lkb_id, __u32), LOCK_RELEASE,
			LOCK_MODE_NONE, name, PROBE_DLM_UNLOCK_START);
}

/* struct pt_regs, for the kprobe tier. */
struct regs {
	__u64 values[REGS_COUNT];
};

int dio_begin_kprobe7(struct regs *ctx)
{
	return begin_of_call(ctx->values, argument7(ctx->values));
}

int dio_begin_kprobe6(struct regs *ctx)
{
	return begin_of_call(ctx->values, ctx->values[REGS_ARG6]);
}

int dio_complete_kprobe(struct regs *ctx)
{
	return complete_of_dio((const void *)ctx->values[REGS_ARG1]);
}

int fault_in_kprobe(struct regs *ctx)
{
	return page_fault(PROBE_FAULT_IN, FAULT_IN, 0, 0, 0);
}

int bcachefs_write_kprobe(struct regs *ctx)
{
	return bcachefs_write_of_call(ctx->values);
}

int bcachefs_write_end_kretprobe(struct regs *ctx)
{
	return bcachefs_write_end((__s64)ctx->values[REGS_RESULT]);
}

#else

SEC("tp_btf/iomap_dio_rw_begin")
int dio_begin_btf(__u64 *ctx)
{
	const struct kiocb *iocb = (const struct kiocb *)ctx[0];
	const struct iov_iter *iter = (const struct iov_iter *)ctx[1];
	const struct inode *inode = iocb->ki_filp->f_inode;
	struct dio_begin b = {
		.iocb = ctx[0],
		.iter = ctx[1],
		.ino = inode->i_ino,
		.pos = iocb->ki_pos,
		.file_size = inode->i_size,
		.count = iter->count,
		.done_before = ctx[3],
		.dev = inode->i_sb->s_dev,
		.fs_magic = (__u32)inode->i_sb->s_magic,
		.flags = flags_of(iter->data_source, (__u64)iocb->ki_complete, (__u32)iocb->ki_flags, (__u32)ctx[2]) |
			 (iter->nofault ? ATTEMPT_NOFAULT : 0),
	};
	struct current_task task;
	read_current_task(&task);
	return dio_begin(&b, &task, PROBE_DIO_BEGIN);
}

SEC("tp_btf/iomap_dio_complete")
int dio_complete_btf(__u64 *ctx)
{
	const struct kiocb *iocb = (const struct kiocb *)ctx[0];
	return complete_request(iocb, (__u64)iocb->ki_complete, (int)ctx[1], (__s64)ctx[2]);
}

SEC("tp_btf/iomap_dio_rw_queued")
int dio_queued_btf(__u64 *ctx)
{
	return dio_queued(((const struct inode *)ctx[0])->i_ino);
}

SEC("tp_btf/iomap_dio_invalidate_fail")
int dio_invalidate_fail_btf(__u64 *ctx)
{
	return read_invalidate_fail((const void *)ctx[0], (__s64)ctx[1], ctx[2]);
}

/* In detail normal it is attached only where tasks are left out: README.md has what is not seen without it. */
SEC("tp_btf/page_fault_user")
int page_fault_user_btf(__u64 *ctx)
{
	return page_fault(PROBE_PAGE_FAULT_USER, FAULT_USER, ctx[0], ctx[2], 0);
}

SEC("tp_btf/page_fault_kernel")
int page_fault_kernel_btf(__u64 *ctx)
{
	struct task_struct *current_ = (struct task_struct *)bpf_get_current_task_btf();
	return page_fault(PROBE_PAGE_FAULT_KERNEL, FAULT_KERNEL, ctx[0], ctx[2], current_->pagefault_disabled);
}

/* fault_in_safe_writeable() takes mmap_lock once a call and raises no exception; where kprobes are missing, that lock
 * is what can be seen of it. */
SEC("tp_btf/mmap_lock_acquire_returned")
int fault_in_btf(__u64 *ctx)
{
	return page_fault(PROBE_FAULT_IN, FAULT_IN, 0, 0, 0);
}

SEC("tp_btf/sched_process_exit")
int task_exit_btf(__u64 *ctx)
{
	struct current_task task;
	read_current_task(&task);
	return task_exit(&task);
}

SEC("tp_btf/gfs2_glock_queue")
int glock_queue_btf(__u64 *ctx)
{
	return glock_queue(ctx, (const void *)ctx[0], (int)ctx[1]);
}

SEC("tp_btf/gfs2_promote")
int glock_promote_btf(__u64 *ctx)
{
	return glock_promote((const void *)ctx[0]);
}

SEC("tp_btf/gfs2_glock_lock_time")
int glock_lock_time_btf(__u64 *ctx)
{
	return glock_step((const void *)ctx[0], LOCK_TIME, 0, 0, 0, 0, ctx[1], PROBE_GLOCK_LOCK_TIME);
}

SEC("tp_btf/gfs2_glock_state_change")
int glock_state_change_btf(__u64 *ctx)
{
	const struct gfs2_glock *gl = (const struct gfs2_glock *)ctx[0];
	if (!gl)
		return 0;
	return glock_step(gl, LOCK_STATE_CHANGE, glock_mode((__u32)ctx[1]),
			  glock_mode(BPF_CORE_READ_BITFIELD_PROBED(gl, gl_state)), 0, 0, 0, PROBE_GLOCK_STATE_CHANGE);
}

SEC("tp_btf/gfs2_demote_rq")
int glock_demote_rq_btf(__u64 *ctx)
{
	const struct gfs2_glock *gl = (const struct gfs2_glock *)ctx[0];
	if (!gl)
		return 0;
	int is_remote = (ctx[1] & 1) != 0;
	return glock_step(gl, LOCK_DEMOTE, glock_mode(BPF_CORE_READ_BITFIELD_PROBED(gl, gl_demote_state)),
			  glock_mode(BPF_CORE_READ_BITFIELD_PROBED(gl, gl_state)), is_remote, is_remote, 0,
			  PROBE_GLOCK_DEMOTE_RQ);
}

SEC("tp_btf/contention_begin")
int contention_begin_btf(__u64 *ctx)
{
	return contention_begin((const char *)ctx[0], (__u32)ctx[1]);
}

SEC("tp_btf/contention_end")
int contention_end_btf(__u64 *ctx)
{
	return contention_end(ctx, (const char *)ctx[0], (int)ctx[1]);
}

SEC("tp_btf/sched_process_hang")
int process_hang_btf(__u64 *ctx)
{
	return process_hang((const void *)ctx[0]);
}

SEC("tp/dlm/dlm_lock_start")
int dlm_lock_start_record(struct trace_event_raw_dlm_lock_start *ctx)
{
	return dlm_lock_start(ctx->ls_id, ctx->lkb_id, ctx->mode, (const char *)ctx + (ctx->__data_loc_res_name & 0xffff));
}

SEC("tp/dlm/dlm_lock_end")
int dlm_lock_end_record(struct trace_event_raw_dlm_lock_end *ctx)
{
	return dlm_lock_end(ctx->ls_id, ctx->lkb_id, ctx->error);
}

SEC("tp/dlm/dlm_ast")
int dlm_ast_record(struct trace_event_raw_dlm_ast *ctx)
{
	return dlm_ast(ctx->ls_id, ctx->lkb_id, ctx->sb_status);
}

SEC("tp/dlm/dlm_bast")
int dlm_bast_record(struct trace_event_raw_dlm_bast *ctx)
{
	return dlm_step(ctx->ls_id, ctx->lkb_id, LOCK_BLOCKING, dlm_mode(ctx->mode),
			(const char *)ctx + (ctx->__data_loc_res_name & 0xffff), PROBE_DLM_BAST);
}

SEC("tp/dlm/dlm_unlock_start")
int dlm_unlock_start_record(struct trace_event_raw_dlm_unlock_start *ctx)
{
	return dlm_step(ctx->ls_id, ctx->lkb_id, LOCK_RELEASE, LOCK_MODE_NONE,
			(const char *)ctx + (ctx->__data_loc_res_name & 0xffff), PROBE_DLM_UNLOCK_START);
}

SEC("kprobe/bch2_direct_write")
int bcachefs_write_kprobe(__u64 *ctx)
{
	return bcachefs_write_of_call(ctx);
}

SEC("kretprobe/bch2_direct_write")
int bcachefs_write_end_kretprobe(__u64 *ctx)
{
	return bcachefs_write_end((__s64)ctx[REGS_RESULT]);
}

/* done_before is the 7th argument from v5.16 on: the first one on the stack on x86-64, the last register on arm64. */
SEC("kprobe/__iomap_dio_rw")
int dio_begin_kprobe7(__u64 *ctx)
{
	return begin_of_call(ctx, argument7(ctx));
}

/* 5.15.y and RHEL 9 up to 9.2: no private argument, done_before is the 6th. */
SEC("kprobe/__iomap_dio_rw")
int dio_begin_kprobe6(__u64 *ctx)
{
	return begin_of_call(ctx, ctx[REGS_ARG6]);
}

SEC("kprobe/iomap_dio_complete")
int dio_complete_kprobe(__u64 *ctx)
{
	return complete_of_dio((const void *)ctx[REGS_ARG1]);
}

SEC("kprobe/fault_in_safe_writeable")
int fault_in_kprobe(__u64 *ctx)
{
	return page_fault(PROBE_FAULT_IN, FAULT_IN, 0, 0, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif /* FAULTLINE_BCC */

#endif
