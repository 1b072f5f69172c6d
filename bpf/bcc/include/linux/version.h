/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* helpers.h asks only whether the kernel is at least 4.8. */
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE KERNEL_VERSION(5, 10, 0)
