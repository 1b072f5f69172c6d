/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that do nothing, on gfs2's hooks: what the kernel itself costs there. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/gfs2_glock_queue")
int empty_queue(void *ctx)
{
	return 0;
}

SEC("raw_tp/gfs2_promote")
int empty_promote(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
