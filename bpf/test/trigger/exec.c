// A process whose child cannot be looked at: exec DIRECTORY SECONDS. DIRECTORY is a mounted file system that can be frozen,
// and is frozen for SECONDS. A task writes to a mapping of a file there and waits; a second one takes a part of that mapping
// away, with mmap_lock held, and waits for the first; the child, made by vfork(2), replaces itself with another program, for
// which it needs mmap_lock of its parent, and holds exec_update_lock meanwhile. Says "waits" then, and "over" in the end.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *map;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void *write_to_map(void *unused)
{
	map[0] = 1;
	return unused;
}

static void *take_map_away(void *unused)
{
	munmap(map + 4096, 4096); // of the same mapping, and not what is written to
	return unused;
}

// Whether a task of this process, or of a child without threads, sleeps uninterruptibly; status is said without a lock.
static void await_blocked(pid_t tgid, pid_t tid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", tgid, tid);
	for (int tries = 0; tries < 30000; tries++) {
		int fd = open(path, O_RDONLY);
		ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		if (length > 0) {
			text[length] = 0;
			if (strstr(text, "State:\tD"))
				return;
		}
		usleep(1000);
	}
	fprintf(stderr, "%s: does not wait\n", path);
	exit(1);
}

struct task {
	void *(*run)(void *);
	pid_t tid;
};

static void *run(void *argument)
{
	struct task *task = argument;

	__atomic_store_n(&task->tid, gettid(), __ATOMIC_RELEASE);
	return task->run(0);
}

static void start(struct task *task)
{
	pthread_t thread;

	if (pthread_create(&thread, 0, run, task))
		fail("pthread_create");
	while (!__atomic_load_n(&task->tid, __ATOMIC_ACQUIRE))
		usleep(1000);
	await_blocked(getpid(), task->tid);
}

int main(int argc, char **argv)
{
	static struct task writer = { write_to_map, 0 }, remover = { take_map_away, 0 };
	static char *program[] = { "true", 0 };
	char path[4096];
	int directory, fd;
	pid_t child;

	if (argc != 3)
		return 2;
	snprintf(path, sizeof(path), "%s/mapped", argv[1]);
	directory = open(argv[1], O_RDONLY | O_DIRECTORY);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (directory < 0 || fd < 0 || ftruncate(fd, 8192) || fsync(fd))
		fail(path);
	map = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED || *(volatile char *)map)
		fail("mmap");
	if (ioctl(directory, FIFREEZE, 0))
		fail("FIFREEZE");
	start(&writer);
	start(&remover);
	child = vfork();
	if (!child) {
		execv("/bin/true", program);
		_exit(1);
	}
	await_blocked(child, child);
	static const char waits[] = "waits\n", over[] = "over\n"; // stdio might map memory
	if (write(1, waits, sizeof(waits) - 1) < 0)
		fail("write");
	sleep(atoi(argv[2]));
	if (ioctl(directory, FITHAW, 0))
		fail("FITHAW");
	if (waitpid(child, 0, 0) != child || write(1, over, sizeof(over) - 1) < 0)
		fail("waitpid");
	return 0;
}
