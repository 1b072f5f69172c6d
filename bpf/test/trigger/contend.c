// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Makes one thread's direct I/O wait for a lock that another thread holds: for the inode's (i_rwsem) or for that of the
 * address space (mmap_lock). Prints the two threads as JSON. See usage().
 *
 * Build: cc -O2 -Wall -Wextra -pthread -o contend contend.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCK (1 << 16)
#define LARGE (16 << 20)  /* an extending write of this size holds i_rwsem for a while */
#define REGION (512 << 20) /* changing the protection of this much memory holds mmap_lock for a while */

static const char *file;
static int operations;
static bool is_inode;
static atomic_int holder_tid;
static atomic_bool is_done;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("contend: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

static int open_direct(void)
{
	int fd = open(file, O_RDWR | O_CREAT | O_DIRECT, 0600);

	if (fd < 0)
		die("%s: %s", file, strerror(errno));
	return fd;
}

static char *memory(size_t bytes, int flags)
{
	char *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (address == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	return address;
}

/* A write beyond the end of the file takes i_rwsem for itself alone; one inside takes it shared (btrfs, xfs). */
static void hold_inode(void)
{
	int fd = open_direct();
	char *buffer = memory(LARGE, MAP_POPULATE);

	holder_tid = syscall(SYS_gettid);
	while (!is_done) {
		if (ftruncate(fd, BLOCK) || pwrite(fd, buffer, LARGE, BLOCK) != LARGE)
			die("write: %s", strerror(errno));
	}
}

static void hold_memory(void)
{
	char *region = memory(REGION, MAP_POPULATE);

	holder_tid = syscall(SYS_gettid);
	for (int i = 0; !is_done; i++) {
		if (mprotect(region, REGION, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ))
			die("mprotect: %s", strerror(errno));
	}
}

static void *hold(void *unused)
{
	(void)unused;
	if (is_inode)
		hold_inode();
	else
		hold_memory();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t holder;

	if (argc != 4 || (strcmp(argv[1], "inode") && strcmp(argv[1], "mmap")) || (operations = atoi(argv[3])) < 1) {
		fputs("usage: contend inode|mmap FILE OPERATIONS\n"
		      "Direct writes (inode) or direct reads into absent pages (mmap) of FILE by one thread, while another one\n"
		      "takes the inode's lock, or that of the address space, again and again.\n",
		      stderr);
		return 2;
	}
	is_inode = !strcmp(argv[1], "inode");
	file = argv[2];
	int fd = open_direct();
	char *buffer = memory(BLOCK, MAP_POPULATE);
	if (pwrite(fd, buffer, BLOCK, 0) != BLOCK)
		die("%s: %s", file, strerror(errno));
	/* A hole: btrfs retries a read with a missing page there, and reads data through the page cache. */
	if (!is_inode && ftruncate(fd, 2 * BLOCK))
		die("%s: %s", file, strerror(errno));
	if (pthread_create(&holder, NULL, hold, NULL))
		die("pthread_create failed");
	while (!holder_tid)
		sched_yield();
	for (int i = 0; i < operations; i++) {
		if (!is_inode && madvise(buffer, BLOCK, MADV_DONTNEED))
			die("madvise: %s", strerror(errno));
		ssize_t done = is_inode ? pwrite(fd, buffer, BLOCK, 0) : pread(fd, buffer, BLOCK, BLOCK);
		if (done != BLOCK)
			die("operation %d: %zd %s", i, done, strerror(errno));
	}
	is_done = true;
	pthread_join(holder, NULL);
	printf("{\"pid\":%d,\"tid\":%ld,\"holder\":%d,\"operations\":%d}\n", getpid(), syscall(SYS_gettid), holder_tid,
	       operations);
	return 0;
}
