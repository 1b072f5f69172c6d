/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* gfs2's glocks: (const struct gfs2_holder *gh, int queue) and so on, fs/gfs2/trace_gfs2.h. */
#ifndef FAULTLINE_GLOCK_H
#define FAULTLINE_GLOCK_H

#include "lock.h"

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

#endif
