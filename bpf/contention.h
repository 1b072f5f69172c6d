/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* lock:contention_begin, _end: rwsems and percpu-rwsems; glocks, extents and folios do not come this way. */
#ifndef FAULTLINE_CONTENTION_H
#define FAULTLINE_CONTENTION_H

#include "lock.h"

/* Whether an inode's own mapping points back to it: then the address is really that of a lock of an inode. */
static __always_inline int read_inode_lock(struct lock_slot *s, const char *inode)
{
	if (READ(inode, inode, i_mapping, const char *) != inode + OFFSET(inode, i_data))
		return 0;
	const void *sb = READ(inode, inode, i_sb, const void *);
	s->dev = READ(super_block, sb, s_dev, __u32);
	s->number = READ(inode, inode, i_ino, __u64);
	return 1;
}

static __always_inline int read_freeze_lock(struct lock_slot *s, const char *lock, __u32 level)
{
#ifdef FAULTLINE_BCC
	__u32 bytes = SIZE_percpu_rw_semaphore;
#else
	__u32 bytes = bpf_core_type_size(struct percpu_rw_semaphore);
#endif
	const char *sb = lock - OFFSET(super_block, s_writers) - OFFSET(sb_writers, rw_sem) - level * bytes;
	const void *root = READ(super_block, sb, s_root, const void *);
	if (!root || READ(dentry, root, d_sb, const char *) != sb)
		return 0;
	s->dev = READ(super_block, sb, s_dev, __u32);
	s->type = 1 + level; /* SB_FREEZE_WRITE, SB_FREEZE_PAGEFAULT, SB_FREEZE_FS */
	return 1;
}

/* Which lock it is: contention_begin has nothing but its address. */
static __always_inline void classify(struct lock_slot *s, const char *lock, __u32 flags)
{
	s->lock_class = LOCK_RWSEM;
	s->dev = 0;
	s->type = 0;
	s->number = 0;
	if (flags & LCB_F_PERCPU) {
#pragma unroll
		for (__u32 level = 0; level < 3; level++) {
			if (s->lock_class == LOCK_RWSEM && read_freeze_lock(s, lock, level))
				s->lock_class = LOCK_FREEZE;
		}
		return;
	}
	const char *mm = READ(task_struct, (const void *)bpf_get_current_task(), mm, const char *);
	if (mm && lock == mm + OFFSET(mm_struct, mmap_lock)) {
		s->lock_class = LOCK_MMAP;
		return;
	}
	if (read_inode_lock(s, lock - OFFSET(inode, i_rwsem))) {
		s->lock_class = LOCK_I_RWSEM;
		return;
	}
	const char *mapping = lock - OFFSET(address_space, invalidate_lock);
	const char *host = READ(address_space, mapping, host, const char *);
	if (host && mapping == host + OFFSET(inode, i_data) && read_inode_lock(s, host))
		s->lock_class = LOCK_INVALIDATE;
}

/* The writer that holds it; of readers the one that took it last, as a hint: rwsem_set_reader_owned(). */
static __always_inline void read_owner(struct lock_slot *s, const char *lock)
{
	__u64 owner = 0;
	bpf_probe_read_kernel(&owner, sizeof(owner), lock + OFFSET(rw_semaphore, owner));
	const void *task = (const void *)(owner & ~7ULL);
	/* The hint outlives the reader: it may be this task. */
	if (!task || task == (const void *)bpf_get_current_task())
		return;
	s->holder_tid = READ(task_struct, task, pid, __u32);
	s->holder_mode = owner & 1 ? LOCK_MODE_READ : LOCK_MODE_WRITE;
	read_comm_of(s->holder_comm, task);
}

static __always_inline int contention_begin(const char *lock, __u32 flags)
{
	struct probe_counters *p = probe_enter(PROBE_CONTENTION_BEGIN);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	__u64 id = bpf_get_current_pid_tgid();
	if (flags & (LCB_F_SPIN | LCB_F_MUTEX) || cfg->shed & SHED_CONTENTION || !(__u32)id ||
	    is_lock_filtered(cfg, 0, id >> 32)) {
		p->skipped++;
		return 0;
	}
	struct lock_slot *s = request_add(WAITING_TASK(bpf_get_current_task()));
	if (!s) {
		p->lost++;
		return 0;
	}
	begin_request(s, id);
	classify(s, lock, flags);
	if (cfg->filters & FILTER_DEV && s->dev && s->dev != cfg->dev) {
		p->skipped++;
		request_remove(s);
		return 0;
	}
	s->lock = (__u64)lock;
	s->mode = flags & LCB_F_READ ? LOCK_MODE_READ : LOCK_MODE_WRITE;
	s->flags = 0;
	if (!(flags & LCB_F_PERCPU))
		read_owner(s, lock);
	s->request_ns = bpf_ktime_get_ns();
	p->aggregated++;
	return 0;
}

static __always_inline int contention_end(void *ctx, const char *lock, int error)
{
	struct probe_counters *p = probe_enter(PROBE_CONTENTION_END);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	struct lock_slot *s = request_get(WAITING_TASK(bpf_get_current_task()));
	if (!s || s->lock != (__u64)lock) {
		p->skipped++;
		return 0;
	}
	__u64 now = bpf_ktime_get_ns();
	struct lock_cell *cell = lock_cell_of(s->lock_class, s->mode);
	if (!cell)
		return 0;
	int emit;
	if (error) {
		cell->abandoned++;
		emit = s->said || now - s->request_ns >= cfg->min_wait_ns;
	} else {
		s->grant_ns = now;
		emit = count_wait(s, cell, cfg, now);
		if (now - s->request_ns >= cfg->stack_ns)
			s->stack = take_stack(ctx);
	}
	if (emit) {
		if (s->lock_class == LOCK_I_RWSEM)
			set_waited(s->tid, s->syscalls);
		emit_step(s, error ? LOCK_ABANDON : LOCK_GRANT, error, 0, p, PROBE_CONTENTION_END, now);
	} else {
		p->aggregated++;
	}
	request_remove(s);
	return 0;
}

#endif
