// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Provokes one incident: what alerts are about, or what is nearly that. See usage(). All of it ends by itself.
 *
 * Build: cc -O2 -Wall -Wextra -pthread -o incident incident.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BYTES (256 << 10) /* of one operation */
#define READERS 4
#define LINGER_S 10 /* what a process maps is asked of it while it is there */

static const char *first, *second;
static int amount;
static atomic_bool is_over;
static atomic_long done, most_ns;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("incident: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

static void usage(FILE *out)
{
	fputs("usage: incident NAME FILE FILE2 NUMBER\n"
	      "  itself      NUMBER direct writes of FILE, each from a mapping of the very pages that it writes; no FILE2: -\n"
	      "  two-files   two threads, NUMBER direct reads each: of FILE into a mapping of FILE2, and the other way round\n"
	      "  vanish      direct reads of FILE into memory that another thread throws away, for NUMBER seconds; FILE2: -\n"
	      "  collide     direct writes of FILE while another thread writes the same pages in a mapping, NUMBER seconds\n"
	      "  starve      direct writes of FILE while four threads read it buffered, NUMBER seconds\n"
	      "  frozen      one direct read of FILE into a mapping of FILE2, whose file system was frozen after \"ready\";\n"
	      "              then another thread, whose stack cannot be mapped meanwhile, writes FILE. NUMBER: ignored\n",
	      out);
}

static long now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0644);

	if (fd < 0)
		die("%s: %s", name, strerror(errno));
	return fd;
}

/* Has data in all of its blocks, and nothing of it is cached. */
static void fill(const char *name)
{
	static char block[BYTES];
	int fd = open_file(name, 0);

	memset(block, 'i', sizeof(block));
	if (pwrite(fd, block, sizeof(block), 0) != sizeof(block) || fsync(fd))
		die("%s: %s", name, strerror(errno));
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static char *map(const char *name)
{
	int fd = name ? open_file(name, 0) : -1;
	char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, name ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);

	if (memory == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	madvise(memory, BYTES, MADV_NOHUGEPAGE);
	if (fd >= 0)
		close(fd);
	return memory;
}

/* No page of it is mapped or, where it is a file's, cached. */
static void forget(char *memory, const char *name)
{
	if (name) {
		int fd = open_file(name, 0);

		fsync(fd);
		madvise(memory, BYTES, MADV_DONTNEED);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
	madvise(memory, BYTES, MADV_DONTNEED);
}

static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, argument))
		die("cannot start a thread");
	return thread;
}

static void itself(void)
{
	int fd = open_file(first, O_DIRECT);
	char *memory = map(first);

	for (int i = 0; i < amount; i++) {
		forget(memory, first);
		if (pwrite(fd, memory, BYTES, 0) < 0)
			die("%s: %s", first, strerror(errno));
		done++;
	}
}

static void *read_into(void *argument)
{
	bool is_swapped = argument != NULL;
	const char *file = is_swapped ? second : first, *buffer = is_swapped ? first : second;
	int fd = open_file(file, O_DIRECT);
	char *memory = map(buffer);

	for (int i = 0; i < amount; i++) {
		forget(memory, buffer);
		if (pread(fd, memory, BYTES, 0) < 0)
			die("%s: %s", file, strerror(errno));
		done++;
	}
	return NULL;
}

static void *throw_away(void *memory)
{
	while (!is_over)
		madvise(memory, BYTES, MADV_DONTNEED);
	return NULL;
}

static void *write_mapped(void *memory)
{
	while (!is_over)
		for (size_t at = 0; at < BYTES; at += 4096)
			((volatile char *)memory)[at]++;
	return NULL;
}

static void *read_buffered(void *unused)
{
	static __thread char buffer[BYTES];
	int fd = open_file(first, 0);

	(void)unused;
	while (!is_over)
		if (pread(fd, buffer, BYTES, 0) < 0)
			die("%s: %s", first, strerror(errno));
	return NULL;
}

/* Direct I/O for that many seconds, and how long one took at most. */
static void direct(bool is_write, char *memory)
{
	int fd = open_file(first, O_DIRECT);
	long until_ns = now_ns() + amount * 1000000000L;

	while (now_ns() < until_ns) {
		long begin_ns = now_ns();

		if ((is_write ? pwrite(fd, memory, BYTES, 0) : pread(fd, memory, BYTES, 0)) < 0)
			die("%s: %s", first, strerror(errno));
		if (now_ns() - begin_ns > most_ns)
			most_ns = now_ns() - begin_ns;
		done++;
	}
	is_over = true;
}

static char *filled(void)
{
	char *memory = map(NULL);

	memset(memory, 'b', BYTES);
	return memory;
}

static void *write_once(void *unused)
{
	int fd = open_file(first, 0);

	(void)unused;
	if (pwrite(fd, "x", 1, 0) != 1)
		die("%s: %s", first, strerror(errno));
	done++;
	return NULL;
}

static void *read_once(void *memory)
{
	int fd = open_file(first, O_DIRECT);

	if (pread(fd, memory, BYTES, 0) < 0)
		die("%s: %s", first, strerror(errno));
	done++;
	return NULL;
}

static void frozen(void)
{
	char *memory = map(second);

	puts("ready");
	fflush(stdout);
	if (getchar() == EOF)
		die("stdin: closed (expected: a line, once %s is frozen)", second);
	pthread_t reader = start(read_once, memory);
	sleep(1); /* the reader is in its wait: nothing that a program could ask says so */
	pthread_t writer = start(write_once, NULL);
	pthread_join(reader, NULL);
	pthread_join(writer, NULL);
}

int main(int argc, char **argv)
{
	pthread_t threads[READERS];
	int started = 0;

	if (argc != 5 || (amount = atoi(argv[4])) < 1) {
		usage(stderr);
		return 2;
	}
	first = argv[2];
	second = argv[3];
	fill(first);
	if (strcmp(second, "-"))
		fill(second);
	if (!strcmp(argv[1], "itself")) {
		itself();
	} else if (!strcmp(argv[1], "two-files")) {
		threads[started++] = start(read_into, NULL);
		threads[started++] = start(read_into, &is_over);
	} else if (!strcmp(argv[1], "vanish")) {
		char *memory = map(NULL);

		threads[started++] = start(throw_away, memory);
		direct(false, memory);
	} else if (!strcmp(argv[1], "collide")) {
		threads[started++] = start(write_mapped, map(first));
		direct(true, filled());
	} else if (!strcmp(argv[1], "starve")) {
		while (started < READERS)
			threads[started++] = start(read_buffered, NULL);
		direct(true, filled());
	} else if (!strcmp(argv[1], "frozen")) {
		frozen();
	} else {
		usage(stderr);
		return 2;
	}
	while (started)
		pthread_join(threads[--started], NULL);
	if (!strcmp(argv[1], "itself") || !strcmp(argv[1], "two-files"))
		sleep(LINGER_S);
	printf("%s: %ld operations, the longest %ld ms\n", argv[1], (long)done, (long)most_ns / 1000000);
	return 0;
}
