/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#include <linux/types.h>
/* bcc carries the whole of uapi/linux/bpf.h itself. */
#include <bcc/bpf.h>
