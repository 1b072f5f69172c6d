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

static __always_inline __u32 slot_of(__u64 key)
{
	return (__u32)((key * 0x9E3779B97F4A7C15ULL) >> 40) & (LOCK_SLOTS - LOCK_SLOT_WAYS);
}

static __always_inline struct lock_slot *request_get(__u64 key)
{
	__u32 first = slot_of(key);
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
	__u32 first = slot_of(key);
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

/* ---- gfs2: (const struct gfs2_holder *gh, int queue) and so on, fs/gfs2/trace_gfs2.h ---- */

static __always_inline __u8 glock_mode(__u32 state)
{
	return LOCK_MODE_UNLOCKED + (state & 3);
}

static __always_inline __u32 dev_of(const void *gl)
{
	const void *sbd = TYPED(lm_lockname, (const char *)gl + OFFSET(gfs2_glock, gl_name), ln_sbd, const void *);
	return TYPED(super_block, TYPED(gfs2_sbd, sbd, sd_vfs, const void *), s_dev, __u32);
}

/* What a glock is: for requests of which nobody saw the begin, and for events of the glock itself. */
static __always_inline void read_glock(struct lock_slot *s, const void *gl)
{
	const char *name = (const char *)gl + OFFSET(gfs2_glock, gl_name);
	s->lock_class = LOCK_GLOCK;
	s->lock = (__u64)gl;
	s->number = TYPED(lm_lockname, name, ln_number, __u64);
	s->type = TYPED(lm_lockname, name, ln_type, __u32);
	s->dev = dev_of(gl);
}

static __always_inline const void *owner_of(const void *gh)
{
	return task_of_pid(TYPED(gfs2_holder, gh, gh_owner_pid, const void *));
}

/* The first in the glock's queue, which the tracepoint's caller has locked: a holder if there is any, else a waiter. */
static __always_inline void read_holder(struct lock_slot *s, const char *first, __u32 state)
{
	const char *gh = first - OFFSET(gfs2_holder, gh_list);
	__u32 held = READ(gfs2_holder, gh, gh_state, __u16);
	int is_holder = (READ(gfs2_holder, gh, gh_iflags, __u64) & HIF_HOLDER) != 0;
	/* Shared with shared and deferred with deferred: may_grant(). */
	if (is_holder && held == state && s->mode != LOCK_MODE_EXCLUSIVE)
		return;
	const void *pid = READ(gfs2_holder, gh, gh_owner_pid, const void *);
	const void *task = task_of_pid(pid);
	s->holder_mode = glock_mode(held);
	s->flags |= is_holder ? 0 : LOCK_HOLDER_WAITS;
	if (pid)
		s->holder_tid = READ(upid, (const char *)pid + OFFSET(pid, numbers), nr, __u32);
	if (task)
		read_comm_of(s->holder_comm, task);
}

static __always_inline int glock_request(void *ctx, const void *gh, struct probe_counters *p, const struct config *cfg)
{
	const void *gl = TYPED(gfs2_holder, gh, gh_gl, const void *);
	__u64 id = bpf_get_current_pid_tgid();
	__u32 state = TYPED(gfs2_holder, gh, gh_state, __u16);
	__u32 flags = TYPED(gfs2_holder, gh, gh_flags, __u16);
	__u64 now = bpf_ktime_get_ns();

	if (cfg->filters && is_lock_filtered(cfg, dev_of(gl), id >> 32)) {
		p->skipped++;
		return 0;
	}
	struct lock_slot *s = request_add(number_of(gh, p));
	if (!s) {
		p->lost++;
		return 0;
	}
	begin_request(s, id);
	read_glock(s, gl);
	s->mode = glock_mode(state);
	s->flags = (flags & (LM_FLAG_TRY | LM_FLAG_TRY_1CB) ? LOCK_TRY : 0) | (flags & GL_ASYNC ? LOCK_ASYNC : 0);
	const char *queue = (const char *)gl + OFFSET(gfs2_glock, gl_holders);
	const char *first = TYPED(list_head, queue, next, const char *);
	if (first != queue) {
		read_holder(s, first, state);
		if (s->holder_mode && cfg->stack_ns)
			s->stack = take_stack(ctx);
	}
	s->request_ns = now;
	if (cfg->full)
		emit_step(s, LOCK_REQUEST, 0, 0, p, PROBE_GLOCK_QUEUE, now);
	else
		p->aggregated++;
	return 0;
}

/* A step of a request that has no place: made before we came, without a queue event (GL_NOBLOCK), or inode-long. */
static __always_inline void glock_unknown(const void *gh, __u8 step, struct probe_counters *p, __u8 probe,
					  const struct config *cfg)
{
	if (!cfg->full || cfg->filters) {
		p->skipped++;
		return;
	}
	struct lock_slot s = {};
	const void *pid = TYPED(gfs2_holder, gh, gh_owner_pid, const void *);
	__u64 now = bpf_ktime_get_ns();
	read_glock(&s, TYPED(gfs2_holder, gh, gh_gl, const void *));
	s.key = (__u64)gh;
	s.mode = glock_mode(TYPED(gfs2_holder, gh, gh_state, __u16));
	s.tid = pid ? READ(upid, (const char *)pid + OFFSET(pid, numbers), nr, __u32) : 0;
	s.grant_ns = step == LOCK_GRANT ? now : 0;
	const void *task = task_of_pid(pid);
	s.tgid = task ? READ(task_struct, task, tgid, __u32) : 0;
	emit_step(&s, step, 0, task, p, probe, now);
}

static __always_inline int glock_release(const void *gh, struct probe_counters *p, const struct config *cfg)
{
	struct lock_slot *s = request_get(number_of(gh, p));
	if (!s) {
		glock_unknown(gh, LOCK_RELEASE, p, PROBE_GLOCK_QUEUE, cfg);
		return 0;
	}
	__u64 now = bpf_ktime_get_ns();
	int is_granted = s->grant_ns != 0;
	int emit = cfg->full || s->flags & LOCK_EMITTED || s->said ||
		   (!is_granted && now - s->request_ns >= cfg->min_wait_ns);
	if (!is_granted) {
		struct lock_cell *cell = lock_cell_of(LOCK_GLOCK, s->mode);
		if (cell)
			cell->abandoned++;
	}
	if (emit)
		emit_step(s, is_granted ? LOCK_RELEASE : LOCK_ABANDON, 0, owner_of(gh), p, PROBE_GLOCK_QUEUE, now);
	else
		p->aggregated++;
	request_remove(s);
	return 0;
}

static __always_inline int glock_queue(void *ctx, const void *gh, int queue)
{
	struct probe_counters *p = probe_enter(PROBE_GLOCK_QUEUE);
	const struct config *cfg = settings();
	if (!p || !cfg || !gh) /* never 0, but the verifier does not know that */
		return 0;
	return queue ? glock_request(ctx, gh, p, cfg) : glock_release(gh, p, cfg);
}

static __always_inline int glock_promote(const void *gh)
{
	struct probe_counters *p = probe_enter(PROBE_GLOCK_PROMOTE);
	const struct config *cfg = settings();
	if (!p || !cfg || !gh)
		return 0;
	struct lock_slot *s = request_get(number_of(gh, p));
	if (!s) {
		glock_unknown(gh, LOCK_GRANT, p, PROBE_GLOCK_PROMOTE, cfg);
		return 0;
	}
	struct lock_cell *cell = lock_cell_of(LOCK_GLOCK, s->mode);
	int is_own = s->tid == (__u32)bpf_get_current_pid_tgid();
	int emit = cfg->full;
	__u64 now = bpf_ktime_get_ns();
	if (!cell)
		return 0;
	s->grant_ns = now;
	if (is_own) {
		s->stack = 0;
		cell->grants++;
	} else {
		emit = count_wait(s, cell, cfg, now);
		if (emit)
			set_waited(s->tid, s->syscalls);
	}
	if (emit)
		emit_step(s, LOCK_GRANT, 0, is_own ? 0 : owner_of(gh), p, PROBE_GLOCK_PROMOTE, now);
	else
		p->aggregated++;
	/* An inode keeps its iopen glock for as long as it is cached: a million of them would take all places. */
	if (s->type == LM_TYPE_IOPEN)
		request_remove(s);
	return 0;
}

/* A step of a glock, not of a request. */
static __always_inline int glock_step(const void *gl, __u8 step, __u8 mode, __u8 old_mode, int emit, int is_remote,
				      __u64 begin_ns, __u32 probe)
{
	struct probe_counters *p = probe_enter(probe);
	const struct config *cfg = settings();
	if (!p || !cfg || !gl)
		return 0;
	if (!cfg->full && !emit) {
		p->aggregated++;
		return 0;
	}
	struct lock_slot s = {};
	__u64 id = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();
	read_glock(&s, gl);
	if (cfg->filters & FILTER_DEV && s.dev != cfg->dev) {
		p->skipped++;
		return 0;
	}
	s.mode = mode;
	s.holder_mode = old_mode;
	s.flags = is_remote ? LOCK_REMOTE : 0;
	s.tgid = id >> 32;
	s.tid = (__u32)id;
	s.request_ns = begin_ns ? now - begin_ns : 0;
	s.grant_ns = begin_ns ? now : 0;
	emit_step(&s, step, 0, 0, p, probe, now);
	return 0;
}

/* ---- DLM ---- */

static __always_inline __u8 dlm_mode(int mode)
{
	return mode < 0 || mode > 5 ? LOCK_MODE_NONE : LOCK_MODE_DLM_NL + mode;
}

/* gfs2 names its locks "%8x%16llx": type and number. User space reads the digits. */
static __always_inline void read_resource(struct lock_slot *s, const char *name)
{
	bpf_probe_read_kernel(&s->number, sizeof(s->number), name);
	bpf_probe_read_kernel(s->holder_comm, sizeof(s->holder_comm), name + sizeof(s->number));
}

static __always_inline int dlm_lock_start(__u32 ls, __u32 lkb, int mode, const char *name)
{
	struct probe_counters *p = probe_enter(PROBE_DLM_LOCK_START);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	__u64 id = bpf_get_current_pid_tgid();
	struct lock_slot *s = request_add(DLM_REQUEST(ls, lkb));
	if (!s) {
		p->lost++;
		return 0;
	}
	__u64 now = bpf_ktime_get_ns();
	begin_request(s, id);
	s->lock_class = LOCK_DLM;
	s->lock = 0;
	s->dev = ls;
	s->type = 0;
	s->mode = dlm_mode(mode);
	s->flags = 0;
	read_resource(s, name);
	bpf_get_current_comm(s->comm, sizeof(s->comm));
	s->request_ns = now;
	if (cfg->full)
		emit_step(s, LOCK_REQUEST, 0, 0, p, PROBE_DLM_LOCK_START, now);
	else
		p->aggregated++;
	return 0;
}

static __always_inline int dlm_lock_end(__u32 ls, __u32 lkb, int error)
{
	struct probe_counters *p = probe_enter(PROBE_DLM_LOCK_END);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	struct lock_slot *s = request_get(DLM_REQUEST(ls, lkb));
	/* Without one its reply has overtaken it. */
	if (!s) {
		p->skipped++;
		return 0;
	}
	if (cfg->full || error)
		emit_step(s, error ? LOCK_ABANDON : LOCK_SUBMITTED, error, 0, p, PROBE_DLM_LOCK_END, bpf_ktime_get_ns());
	else
		p->aggregated++;
	if (error)
		request_remove(s);
	return 0;
}

/* The reply to a request, or to an unlock. */
static __always_inline int dlm_ast(__u32 ls, __u32 lkb, int status)
{
	struct probe_counters *p = probe_enter(PROBE_DLM_AST);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	struct lock_slot *s = request_get(DLM_REQUEST(ls, lkb));
	if (!s) {
		p->skipped++;
		return 0;
	}
	struct lock_cell *cell = lock_cell_of(LOCK_DLM, s->mode);
	__u64 now = bpf_ktime_get_ns();
	int emit = cfg->full;
	if (!cell)
		return 0;
	if (status) {
		cell->abandoned++;
		emit |= s->said || now - s->request_ns >= cfg->min_wait_ns;
	} else {
		s->grant_ns = now;
		emit = count_wait(s, cell, cfg, now);
	}
	if (emit)
		emit_step(s, status ? LOCK_ABANDON : LOCK_GRANT, status, 0, p, PROBE_DLM_AST, now);
	else
		p->aggregated++;
	request_remove(s);
	return 0;
}

/* A step of a DLM lock that is no request of this node's. */
static __always_inline int dlm_step(__u32 ls, __u32 lkb, __u8 step, __u8 mode, const char *name, __u32 probe)
{
	struct probe_counters *p = probe_enter(probe);
	const struct config *cfg = settings();
	if (!p || !cfg)
		return 0;
	if (!cfg->full) {
		p->aggregated++;
		return 0;
	}
	struct lock_slot s = { .lock_class = LOCK_DLM };
	__u64 id = bpf_get_current_pid_tgid();
	s.key = DLM_REQUEST(ls, lkb);
	s.dev = ls;
	s.mode = mode;
	s.flags = step == LOCK_BLOCKING ? LOCK_REMOTE : 0;
	s.tgid = id >> 32;
	s.tid = (__u32)id;
	read_resource(&s, name);
	emit_step(&s, step, 0, 0, p, probe, bpf_ktime_get_ns());
	return 0;
}

/* ---- lock:contention_begin, _end: rwsems and percpu-rwsems; glocks, extents and folios do not come this way ---- */

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

/* ---- the kernel's watchdog ---- */

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

/* ---- bcachefs: faults on the file's own mapping fail while a direct write pins its pages ---- */

static __always_inline int bcachefs_write(const struct dio_begin *b)
{
	struct current_task task;
	read_current_task(&task);
	int result = dio_begin(b, &task, PROBE_BCACHEFS_WRITE);
	__u32 tid = task.tid;
	__u64 key;
	if (!find_begun(b, &task, &key))
		return result;
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
	if (ret == -EIOCBQUEUED) {
		/* The request is with the device; nothing more is asked of the task's pages. */
		struct in_flight *f = key ? in_flight_get(&key) : 0;
		if (f) {
			f->queued_ns = bpf_ktime_get_ns();
			ret = (__s64)f->requested;
		}
	}
	return dio_complete(0, key, ret < 0 ? (int)ret : 0, ret, PROBE_BCACHEFS_WRITE_END);
}

#endif
