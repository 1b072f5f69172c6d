/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The loader passes the page size of the host. */
#define PAGE_SIZE FAULTLINE_PAGE_BYTES
