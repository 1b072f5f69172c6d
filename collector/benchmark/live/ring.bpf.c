/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Fills a ring with events of the size that Faultline's have; each run adds up to 4096. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define EVENT_BYTES 128
#define BATCH 4096

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

__u64 number;

/* Returns how many events it added: fewer than BATCH when the ring is full. */
SEC("syscall")
int fill(void *ctx)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		__u64 *event = bpf_ringbuf_reserve(&events, EVENT_BYTES, 0);
		if (!event)
			break;
		__builtin_memset(event, 0, EVENT_BYTES);
		event[0] = ++number;
		((__u8 *)event)[14] = 1 + (number & 7);
		bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	}
	return i;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
