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
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BYTES (256 << 10) /* of one operation */
#define READERS 4
#define STUCK_NS 15000000000L
#define LINGER_S 10 /* what a process maps is asked of it while it is there */

static const char *first, *second;
static int amount;
static atomic_bool is_over;
static atomic_long *done, most_ns;

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
	      "  map         NUMBER direct reads of FILE into missing memory while another thread maps FILE again and again; on gfs2\n"
	      "              the two may wait for each other: after fifteen seconds of that it is killed; FILE2: -\n"
	      "  fork        the same, but the other thread touches a mapping of FILE, and a third one forks\n"
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
		(*done)++;
	}
}

struct reads {
	const char *file, *buffer;
	char *memory; /* of buffer, or anonymous when that is NULL */
};

static void *read_into(void *argument)
{
	const struct reads *reads = argument;
	int fd = open_file(reads->file, O_DIRECT);

	for (int i = 0; i < amount; i++) {
		forget(reads->memory, reads->buffer);
		if (pread(fd, reads->memory, BYTES, 0) < 0)
			die("%s: %s", reads->file, strerror(errno));
		(*done)++;
	}
	return NULL;
}

static void *map_and_unmap(void *unused)
{
	(void)unused;
	while (!is_over)
		munmap(map(first), BYTES);
	return NULL;
}

static void touch(volatile char *memory)
{
	for (size_t at = 0; at < BYTES; at += 4096)
		memory[at]++;
}

static void *touch_mapped(void *memory)
{
	while (!is_over) {
		madvise(memory, BYTES, MADV_DONTNEED);
		touch(memory);
	}
	return NULL;
}

static void *fork_children(void *unused)
{
	(void)unused;
	while (!is_over) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		if (child > 0)
			waitpid(child, NULL, 0);
	}
	return NULL;
}

/*
 * Returns in a child, whose operations this process watches: all tasks of the child may come to wait for mmap_lock. Killing
 * it ends that, for fork waits killably, and from v6.12 on the reader does (on v6.1 nothing ends map).
 */
static void be_watched(const char *name)
{
	struct timespec tick = { .tv_nsec = 100000000 };
	long before = -1, since_ns = now_ns();
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child)
		return;
	while (waitpid(child, &status, WNOHANG) != child) {
		if (*done != before) {
			before = *done;
			since_ns = now_ns();
		} else if (now_ns() - since_ns > STUCK_NS) {
			kill(child, SIGKILL);
			waitpid(child, NULL, 0);
			printf("%s: stuck after %ld operations\n", name, (long)*done);
			exit(0);
		}
		nanosleep(&tick, NULL);
	}
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
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
		touch(memory);
	return NULL;
}

static void against_reads(const char *name)
{
	struct reads reads = { first, NULL, map(NULL) };
	pthread_t threads[2];
	int started = 0;

	if (!strcmp(name, "map")) {
		threads[started++] = start(map_and_unmap, NULL);
	} else {
		threads[started++] = start(touch_mapped, map(first));
		threads[started++] = start(fork_children, NULL);
	}
	read_into(&reads);
	is_over = true;
	while (started)
		pthread_join(threads[--started], NULL);
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
		(*done)++;
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
	(*done)++;
	return NULL;
}

static void *read_once(void *memory)
{
	int fd = open_file(first, O_DIRECT);

	if (pread(fd, memory, BYTES, 0) < 0)
		die("%s: %s", first, strerror(errno));
	(*done)++;
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
	/* khugepaged would ask for mmap_lock while a read that has a glock looks up its buffer, which may be a deadlock too. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	first = argv[2];
	second = argv[3];
	fill(first);
	if (strcmp(second, "-"))
		fill(second);
	if (!strcmp(argv[1], "itself")) {
		itself();
	} else if (!strcmp(argv[1], "two-files")) {
		/* Mapped before anything is read: see map. */
		static struct reads there, back;

		there = (struct reads){ first, second, map(second) };
		back = (struct reads){ second, first, map(first) };
		threads[started++] = start(read_into, &there);
		threads[started++] = start(read_into, &back);
	} else if (!strcmp(argv[1], "map") || !strcmp(argv[1], "fork")) {
		be_watched(argv[1]);
		against_reads(argv[1]);
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
	printf("%s: %ld operations, the longest %ld ms\n", argv[1], (long)*done, (long)most_ns / 1000000);
	return 0;
}
