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

#else

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define READ(type, pointer, field, ctype) ((ctype)BPF_CORE_READ((const struct type *)(pointer), field))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
	long long i_size;
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
	unsigned long count;
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
#define REGS_SP 31
#define REGS_COUNT 34
#else
#define REGS_ARG1 14
#define REGS_ARG2 13
#define REGS_ARG5 9
#define REGS_ARG6 8
#define REGS_SP 19
#define REGS_COUNT 21
#endif

/* include/linux/fs.h: macros, so no BTF knows them; unchanged since v5.10. */
#define IOCB_NOWAIT (1 << 3)
#define IOMAP_DIO_PARTIAL (1 << 2)
#define IOMAP_DIO_WRITE (1U << 30) /* fs/iomap/direct-io.c */
#define PF_IO_WORKER 0x00000010
#define PF_KTHREAD 0x00200000
#define EAGAIN 11
#define EFAULT 14

#endif
