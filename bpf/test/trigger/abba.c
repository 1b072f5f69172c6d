// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * abba FILE1 FILE2 SECONDS: two processes lock one file each with flock(2) and then want the other's. On a gfs2 of a cluster
 * nothing breaks this deadlock, not even SIGKILL: only for guests that are thrown away. Prints the two as JSON, waits that
 * long and leaves them behind.
 *
 * Build: cc -O2 -Wall -Wextra -o abba abba.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static void lock(const char *file, int fd)
{
	if (flock(fd, LOCK_EX)) {
		fprintf(stderr, "abba: %s: %s\n", file, strerror(errno));
		_exit(1);
	}
}

static pid_t start(const char *mine, const char *other, int mine_done, int other_done)
{
	pid_t pid = fork();
	char c = 0;

	if (pid)
		return pid;
	int fd = open(mine, O_RDWR), other_fd = open(other, O_RDWR);
	if (fd < 0 || other_fd < 0)
		_exit(1);
	lock(mine, fd);
	if (write(mine_done, &c, 1) != 1 || read(other_done, &c, 1) != 1)
		_exit(1);
	lock(other, other_fd);
	_exit(0);
}

int main(int argc, char **argv)
{
	int one[2], two[2];
	struct timespec now;

	if (argc != 4 || pipe(one) || pipe(two)) {
		fputs("usage: abba FILE1 FILE2 SECONDS\n", stderr);
		return 2;
	}
	pid_t first = start(argv[1], argv[2], one[1], two[0]);
	pid_t second = start(argv[2], argv[1], two[1], one[0]);
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("{\"first\":%d,\"second\":%d,\"start_ns\":%lld}\n", first, second,
	       now.tv_sec * 1000000000LL + now.tv_nsec);
	fflush(stdout);
	sleep(atoi(argv[3]));
	return 0;
}
