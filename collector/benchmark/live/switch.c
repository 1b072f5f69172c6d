/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Takes over the programs that a process has attached to tracepoints, ends the process, and attaches and detaches them in turn,
 * for SLICE_MS each, until its input ends (with PID 0 nothing, as a control). What a hook costs shows between two moments so
 * close to each other that the machine is the same in both. Says of each turn "on" or "off", from when to when it was that,
 * CLOCK_REALTIME in ms, and how many page faults the machine took meanwhile.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROGRAMS_MAX 64

static int programs[PROGRAMS_MAX], links[PROGRAMS_MAX], count;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The program of a link, as its fdinfo says; 0 when it is none. */
static unsigned int program_of(const char *path)
{
	char line[256];
	unsigned int id = 0;
	int is_link = 0;
	FILE *info = fopen(path, "r");

	while (info && fgets(line, sizeof(line), info)) {
		is_link |= !strncmp(line, "link_type:", 10);
		sscanf(line, "prog_id: %u", &id);
	}
	if (info)
		fclose(info);
	return is_link ? id : 0;
}

static void take(int pid)
{
	char path[512];
	struct dirent *entry;
	DIR *all;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	all = opendir(path);
	if (!all)
		fail(path);
	while ((entry = readdir(all))) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		unsigned int id = program_of(path);
		if (!id)
			continue;
		if (count == PROGRAMS_MAX || (programs[count] = bpf_prog_get_fd_by_id(id)) < 0)
			fail("program");
		count++;
	}
	closedir(all);
	if (!count) {
		fprintf(stderr, "%d: no links (expected: a process that has attached programs)\n", pid);
		exit(1);
	}
}

static double now_ms(void)
{
	struct timespec time;
	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static long faults(void)
{
	static char text[16384];
	static int vmstat = -1;
	long length, total;

	if (vmstat < 0)
		vmstat = open("/proc/vmstat", O_RDONLY);
	length = pread(vmstat, text, sizeof(text) - 1, 0);
	text[length > 0 ? length : 0] = 0;
	char *line = strstr(text, "\npgfault ");
	if (!line || sscanf(line, " pgfault %ld", &total) != 1)
		fail("/proc/vmstat: pgfault");
	return total;
}

static void attach(void)
{
	for (int i = 0; i < count; i++) {
		links[i] = bpf_raw_tracepoint_open(NULL, programs[i]);
		if (links[i] < 0)
			fail("attach");
	}
}

static void detach(void)
{
	for (int i = 0; i < count; i++)
		close(links[i]);
}

/* Whether the input has ended within that time. */
static int has_ended(int ms)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	return poll(&input, 1, ms) != 0;
}

int main(int argc, char **argv)
{
	int pid = argc == 3 ? atoi(argv[1]) : 0, slice_ms = argc == 3 ? atoi(argv[2]) : 0;

	if (pid < 0 || slice_ms <= 0) {
		fprintf(stderr, "usage: switch PID SLICE_MS\n");
		return 2;
	}
	if (pid) {
		take(pid);
		if (kill(pid, SIGKILL))
			fail("kill");
	}
	for (int is_on = 0;; is_on = !is_on) {
		double begin = now_ms();
		long before = faults();
		int is_last = has_ended(slice_ms);
		long after = faults();
		printf("%s %.3f %.3f %ld\n", is_on ? "on" : "off", begin, now_ms(), after - before);
		fflush(stdout);
		if (is_last)
			return 0;
		if (is_on)
			detach();
		else
			attach();
	}
}
