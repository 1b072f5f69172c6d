/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* In place of kernel headers: what libbcc's own helpers.h needs of them, and no more. */
#include <linux/types.h>
#define CONFIG_BPF_SYSCALL 1
