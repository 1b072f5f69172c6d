/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that do nothing, on the hooks whose cost is measured: what the kernel itself costs there. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/page_fault_user")
int empty_fault(void *ctx)
{
	return 0;
}

SEC("tp_btf/iomap_dio_rw_begin")
int empty_begin(void *ctx)
{
	return 0;
}

SEC("tp_btf/iomap_dio_complete")
int empty_complete(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
