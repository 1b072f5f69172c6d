/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* DLM: a lock's reply comes to another task than its request. */
#ifndef FAULTLINE_DLM_H
#define FAULTLINE_DLM_H

#include "lock.h"

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

#endif
