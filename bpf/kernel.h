/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The few kernel types that the programs touch, declared by hand, and how their fields are read.
 *
 * CO-RE objects relocate the fields against the running kernel's BTF; under the bcc loader the offsets come in as
 * -D OFFSET_<type>_<field>, taken from the same BTF. READ() copes with any pointer; a pointer that the verifier knows
 * (a tp_btf argument, the current task) is dereferenced directly, which costs one instruction.
 */
#ifndef FAULTLINE_KERNEL_H
#define FAULTLINE_KERNEL_H

#ifdef FAULTLINE_BCC

#define READ(type, pointer, field, ctype)                                                              \
	({                                                                                             \
		ctype value_ = 0;                                                                      \
		bpf_probe_read_kernel(&value_, sizeof(value_),                                         \
				      (const char *)(pointer) + OFFSET_##type##_##field);              \
		value_;                                                                                \
	})

#define TYPED(type, pointer, field, ctype) READ(type, pointer, field, ctype)
#define OFFSET(type, field) OFFSET_##type##_##field

#else

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define READ(type, pointer, field, ctype) ((ctype)BPF_CORE_READ((const struct type *)(pointer), field))

/* Of a pointer that the verifier knows. */
#define TYPED(type, pointer, field, ctype) ((ctype)((const struct type *)(pointer))->field)

#define OFFSET(type, field) __builtin_preserve_field_info(((struct type *)0)->field, BPF_FIELD_BYTE_OFFSET)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct rw_semaphore {
	struct {
		long counter;
	} owner; /* the writer's task, or a reader's as a hint; the low bits are flags */
};

struct percpu_rw_semaphore {
	unsigned int *read_count;
};

struct sb_writers {
	struct percpu_rw_semaphore rw_sem[3];
};

struct super_block;

struct dentry {
	struct super_block *d_sb;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
	struct sb_writers s_writers;
};

struct address_space {
	struct inode *host;
	struct rw_semaphore invalidate_lock;
};

struct inode {
	struct super_block *i_sb;
	struct address_space *i_mapping;
	unsigned long i_ino;
	long long i_size;
	struct rw_semaphore i_rwsem;
	struct address_space i_data;
};

struct mm_struct {
	struct rw_semaphore mmap_lock;
};

struct upid {
	int nr;
};

struct pid {
	struct hlist_head tasks[4];
	struct upid numbers[1];
};

struct file {
	struct inode *f_inode;
};

struct kiocb {
	struct file *ki_filp;
	long long ki_pos;
	void *ki_complete;
	int ki_flags;
};

struct iov_iter {
	_Bool nofault; /* commit 3337ab08d08b ("iov_iter: Introduce nofault flag", v5.16) */
	_Bool data_source; /* a write; IOCB_WRITE is not set for every one */
	unsigned char iter_type;
	unsigned long count;
	unsigned long iov_offset;
	const void *__iov; /* commit de4f5fed3f23 ("iov_iter: add iter_iovec() helper", v6.4); before: iov */
	void *ubuf;        /* commit fcb14cb1bdac ("new iov_iter flavour - ITER_UBUF", v6.0) */
};

struct iov_iter___v63 {
	const void *iov;
};

enum iter_type {
	ITER_UBUF,
	ITER_IOVEC,
};

/* Known to the kprobe tier only: with the tracepoints nobody needs it. */
struct iomap_dio {
	struct kiocb *iocb;
	long long i_size;
	unsigned long long size;
	int error;
	unsigned int flags;
	unsigned long done_before;
};

struct task_io_accounting {
	__u64 rchar;
	__u64 wchar;
	__u64 syscr;
	__u64 syscw;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
	char comm[16];
	struct task_io_accounting ioac; /* only with CONFIG_TASK_XACCT */
	int pagefault_disabled;
	struct mm_struct *mm;
	struct hlist_node pid_links[4];
};

/* fs/gfs2/incore.h: in the module's BTF */

struct gfs2_sbd {
	struct super_block *sd_vfs;
};

struct lm_lockname {
	unsigned long long ln_number;
	struct gfs2_sbd *ln_sbd;
	unsigned int ln_type;
};

struct gfs2_glock {
	struct lm_lockname gl_name;
	unsigned int gl_state : 2;
	unsigned int gl_target : 2;
	unsigned int gl_demote_state : 2;
	struct list_head gl_holders;
};

struct gfs2_holder {
	struct list_head gh_list;
	struct gfs2_glock *gh_gl;
	struct pid *gh_owner_pid;
	unsigned short gh_flags;
	unsigned short gh_state;
	unsigned long gh_iflags;
};

/* The records of the dlm tracepoints: their fields are the same from v6.1 to v7.2, their arguments are not. */

struct trace_event_raw_dlm_lock_start {
	__u32 ls_id;
	__u32 lkb_id;
	int mode;
	__u32 __data_loc_res_name;
};

struct trace_event_raw_dlm_lock_end {
	__u32 ls_id;
	__u32 lkb_id;
	int mode;
	int error;
};

struct trace_event_raw_dlm_ast {
	__u32 ls_id;
	__u32 lkb_id;
	int sb_status;
};

struct trace_event_raw_dlm_bast {
	__u32 ls_id;
	__u32 lkb_id;
	int mode;
	__u32 __data_loc_res_name;
};

struct trace_event_raw_dlm_unlock_start {
	__u32 ls_id;
	__u32 lkb_id;
	__u32 __data_loc_res_name;
};

#pragma clang attribute pop

#endif /* FAULTLINE_BCC */

/* Where the arguments of a function stand in struct pt_regs, as u64 indexes. */
#if defined(__TARGET_ARCH_arm64)
#define REGS_ARG1 0
#define REGS_ARG2 1
#define REGS_ARG5 4
#define REGS_ARG6 5
#define REGS_ARG7 6
#define REGS_RESULT 0
#define REGS_SP 31
#define REGS_COUNT 34
#else
#define REGS_ARG1 14
#define REGS_ARG2 13
#define REGS_ARG5 9
#define REGS_ARG6 8
#define REGS_RESULT 10
#define REGS_SP 19
#define REGS_COUNT 21
#endif

/* include/linux/fs.h: macros, so no BTF knows them; unchanged since v5.10. */
#define IOCB_NOWAIT (1 << 3)
#define IOMAP_DIO_PARTIAL (1 << 2)
#define IOMAP_DIO_WRITE (1U << 30) /* fs/iomap/direct-io.c */
#define PF_IO_WORKER 0x00000010
#define PF_KTHREAD 0x00200000

/* include/trace/events/lock.h */
#define LCB_F_SPIN (1U << 0)
#define LCB_F_READ (1U << 1)
#define LCB_F_PERCPU (1U << 4)
#define LCB_F_MUTEX (1U << 5)

/* fs/gfs2/glock.h and incore.h: macros and a nameless enum, unchanged since v4.18 */
#define LM_TYPE_IOPEN 5
#define LM_FLAG_TRY 0x0001
#define LM_FLAG_TRY_1CB 0x0002
#define GL_ASYNC 0x0040
#define HIF_HOLDER (1UL << 6)

#define EAGAIN 11
#define EFAULT 14
#define EIOCBQUEUED 529

#endif
