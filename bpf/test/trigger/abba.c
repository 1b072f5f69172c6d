// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * abba FILE1 FILE2 SECONDS: two processes lock one file each with flock(2) and then want the other's. On a gfs2 of a cluster
 * not even SIGKILL ends their waits: only for guests that are thrown away. Prints the two as JSON. After SECONDS the deadlock
 * is broken, by what can break it: this process has the first one's FILE1 open too, and gives up the lock of that
 * open file. Ends when both have ended. SECONDS begin when the first of them wants the other's.
 *
 * abba FILE1 FILE2 SECONDS COMMAND: the first process only; it runs COMMAND when it has locked FILE1, and then wants FILE2,
 * which another node may have locked while it ran.
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "abba: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int open_file(const char *name)
{
	int fd = open(name, O_RDWR);

	if (fd < 0)
		fail(name);
	return fd;
}

/* Each lock is of an open file of its own: `mine` is shared with the parent. */
static pid_t start(int mine, const char *other, int mine_done, int other_done, const char *command, int wanting)
{
	pid_t pid = fork();
	char c = 0;

	if (pid)
		return pid;
	int other_fd = open_file(other);
	if (flock(mine, LOCK_EX))
		fail("flock");
	if (command ? system(command) : write(mine_done, &c, 1) != 1 || read(other_done, &c, 1) != 1)
		fail(command ? command : "pipe");
	if (write(wanting, &c, 1) != 1)
		fail("pipe");
	if (flock(other_fd, LOCK_EX))
		fail(other);
	_exit(0);
}

int main(int argc, char **argv)
{
	int one[2], two[2], wanting[2], status = 0;
	char c;
	struct timespec now;
	pid_t second = 0;

	if (argc < 4 || argc > 5 || pipe(one) || pipe(two) || pipe(wanting)) {
		fputs("usage: abba FILE1 FILE2 SECONDS [COMMAND]\n", stderr);
		return 2;
	}
	int mine = open_file(argv[1]);
	pid_t first = start(mine, argv[2], one[1], two[0], argv[4], wanting[1]);
	if (argc == 4) {
		int theirs = open_file(argv[2]);
		second = start(theirs, argv[1], two[1], one[0], NULL, wanting[1]);
		close(theirs); /* else its lock would outlive it */
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("{\"first\":%d,\"second\":%d,\"start_ns\":%lld}\n", first, second,
	       now.tv_sec * 1000000000LL + now.tv_nsec);
	fflush(stdout);
	if (read(wanting[0], &c, 1) != 1)
		fail("pipe");
	sleep(atoi(argv[3]));
	if (flock(mine, LOCK_UN))
		fail(argv[1]);
	close(mine);
	for (int left = argc == 4 ? 2 : 1; left; left--) {
		int ended;
		if (wait(&ended) < 0)
			fail("wait");
		status |= ended;
	}
	return status != 0;
}
