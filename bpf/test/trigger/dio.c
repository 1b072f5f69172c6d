// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Makes a known number of direct I/O operations whose buffers are resident, half resident or absent, so that a test, a
 * demo or a screenshot has page-fault misses to show and knows how many there must be. See usage().
 *
 * Build: cc -O2 -Wall -Wextra -pthread -o dio dio.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS_MAX 8192
#define SLOTS_MAX 1024 /* per thread, unless --file-size says otherwise: keeps a long run's file small */
#define FILL_BYTES (1 << 20)

enum rw { READ, WRITE, RW_MIXED };
enum buffer { RESIDENT, HALF, ABSENT, BUFFER_MIXED };
enum io { SYNC, URING, IO_MIXED };
enum source { ANON, OTHER_FILE, SAME_FILE };

static const char *const rw_words[] = { "read", "write", "mixed", NULL };
static const char *const buffer_words[] = { "resident", "half", "absent", "mixed", NULL };
static const char *const io_words[] = { "sync", "uring", "mixed", NULL };
static const char *const source_words[] = { "anon", "other-file", "same-file", NULL };

static struct {
	const char *file;
	uint64_t threads, operations, size, file_size, seed;
	enum rw rw;
	enum buffer buffer;
	enum io io;
	enum source source;
	bool holes, hold, json;
} options = { .threads = 1, .operations = 101, .size = 16384, .seed = 1 };

struct counts {
	uint64_t operations, reads, writes, requested, returned, shorts, failed;
	uint64_t buffer[3]; /* by enum buffer */
	uint64_t io[2]; /* by enum io */
};

/* One submission at a time, so the ring holds one entry and its memory needs no arithmetic beyond the masks. */
struct ring {
	int fd;
	uint32_t *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

struct worker {
	pthread_t thread;
	uint64_t index;
	char *buffer;
	int buffer_fd; /* -1: anonymous memory */
	off_t buffer_pos; /* of the buffer in the file that it maps */
	struct ring ring;
	struct counts counts;
	int error; /* errno of the first operation that failed */
};

static int file_fd; /* O_DIRECT */
static uint64_t page_bytes, slots;
static pthread_barrier_t start;

static void usage(FILE *out)
{
	fprintf(out,
		"usage: dio --file F [option ...]\n"
		"Makes a known number of direct I/O operations whose buffers are resident or not.\n"
		"  --file F              created, extended and filled as needed, never shortened; other-file also makes F.buffer\n"
		"  --threads N           each in a part of F of its own (default 1)\n"
		"  --operations K        per thread (default 101)\n"
		"  --rw W                read, write or mixed (default read)\n"
		"  --buffer W            resident, half (the second half is absent), absent or mixed (default resident)\n"
		"  --io W                sync (pread, pwrite), uring or mixed (default sync)\n"
		"  --size BYTES          of one operation, a multiple of the page size (default 16384)\n"
		"  --buffer-source W     anon, other-file (a shared mapping of F.buffer) or same-file (of the end of F)\n"
		"  --file-size BYTES     the part of F that operations go to (default: a place for each, at most %d per thread)\n"
		"  --holes               do not fill F, which must be new: on btrfs of Linux 6.18 a read with an absent buffer\n"
		"                        is retried only where F has no data, and buffered at once where it has\n"
		"  --seed S              decides the first place and what mixed means for each operation (default 1)\n"
		"  --hold                print \"ready\" when all is prepared, then wait for a line on stdin\n"
		"  --json                print the result as one line of JSON\n"
		"A short result is counted, not continued. On btrfs, writes stay direct only in a directory with chattr +C.\n"
		"Exit: 0 no operation failed, 1 one failed or the preparation did, 2 usage.\n",
		SLOTS_MAX);
}

__attribute__((noreturn, format(printf, 2, 3))) static void die(int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("dio: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(code);
}

/* splitmix64: the same choice for the same seed, thread and operation, in whatever order the threads run. */
static uint64_t choice(uint64_t thread, uint64_t operation, uint64_t what)
{
	uint64_t z = options.seed + 0x9e3779b97f4a7c15u * (1 + what + 4 * (operation + options.operations * thread));

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void ring_open(struct ring *ring)
{
	struct io_uring_params params = { 0 };
	size_t bytes, cq_bytes;
	char *memory;

	ring->fd = syscall(SYS_io_uring_setup, 1, &params);
	if (ring->fd < 0)
		die(1, "io_uring_setup: %s (expected: /proc/sys/kernel/io_uring_disabled is 0)", strerror(errno));
	if (!(params.features & IORING_FEAT_SINGLE_MMAP))
		die(1, "io_uring: no IORING_FEAT_SINGLE_MMAP (expected: Linux 5.6 or newer)");
	bytes = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
	cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	if (cq_bytes > bytes)
		bytes = cq_bytes;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, params.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	if (memory == MAP_FAILED || ring->sqes == MAP_FAILED)
		die(1, "io_uring: cannot map the ring: %s", strerror(errno));
	ring->sq_tail = (uint32_t *)(memory + params.sq_off.tail);
	ring->sq_mask = (uint32_t *)(memory + params.sq_off.ring_mask);
	ring->sq_array = (uint32_t *)(memory + params.sq_off.array);
	ring->cq_head = (uint32_t *)(memory + params.cq_off.head);
	ring->cq_tail = (uint32_t *)(memory + params.cq_off.tail);
	ring->cq_mask = (uint32_t *)(memory + params.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(memory + params.cq_off.cqes);
}

/* Returns what pread and pwrite would, with the error in errno. */
static ssize_t ring_io(struct ring *ring, enum rw rw, char *buffer, size_t bytes, off_t pos)
{
	uint32_t tail = *ring->sq_tail, head = *ring->cq_head;
	unsigned int submit = 1;
	int res;

	ring->sqes[0] = (struct io_uring_sqe){
		.opcode = rw == READ ? IORING_OP_READ : IORING_OP_WRITE,
		.fd = file_fd,
		.off = pos,
		.addr = (uintptr_t)buffer,
		.len = bytes,
	};
	ring->sq_array[tail & *ring->sq_mask] = 0;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE); /* the kernel reads it with acquire */
	while (submit || __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == head) {
		int submitted = syscall(SYS_io_uring_enter, ring->fd, submit, 1, IORING_ENTER_GETEVENTS, NULL, 0);

		if (submitted > 0)
			submit = 0;
		else if (submitted < 0 && errno != EINTR)
			die(1, "io_uring_enter: %s", strerror(errno));
	}
	res = ring->cqes[head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE); /* the kernel may reuse the entry after this */
	if (res >= 0)
		return res;
	errno = -res;
	return -1;
}

static void make_holes(int fd, const char *name, uint64_t bytes)
{
	struct stat status;
	off_t data = lseek(fd, 0, SEEK_DATA);

	if (data >= 0 && (uint64_t)data < bytes)
		die(1, "%s: has data (expected: a new file for --holes)", name);
	if (fstat(fd, &status) || ((uint64_t)status.st_size < bytes && ftruncate(fd, bytes)))
		die(1, "%s: %s", name, strerror(errno));
}

static void fill(int fd, const char *name, uint64_t bytes)
{
	static char block[FILL_BYTES];
	struct stat status;

	if (fstat(fd, &status))
		die(1, "%s: %s", name, strerror(errno));
	if ((uint64_t)status.st_size < bytes) {
		memset(block, 'f', sizeof(block));
		for (uint64_t at = status.st_size; at < bytes;) {
			size_t part = bytes - at < FILL_BYTES ? bytes - at : FILL_BYTES;
			ssize_t written = pwrite(fd, block, part, at);

			if (written <= 0)
				die(1, "%s: cannot fill the file: %s", name, strerror(errno));
			at += written;
		}
	}
	if (fsync(fd))
		die(1, "%s: %s", name, strerror(errno));
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* The first `holes` bytes are left without data, the rest is filled. */
static int open_filled(const char *name, uint64_t holes, uint64_t bytes)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		die(1, "%s: %s", name, strerror(errno));
	if (holes)
		make_holes(fd, name, holes);
	fill(fd, name, bytes);
	return fd;
}

/*
 * Leaves exactly the pages that `residency` asks for in the page table. They are touched by writing where the kernel
 * will write (a read) or where that costs nothing (anonymous memory), for a page that is only readable is a miss too.
 * Pages that are to be absent go last: a fault on a file maps its neighbours as well when they are cached.
 */
static void prepare(struct worker *worker, enum rw rw, enum buffer residency)
{
	size_t half = options.size / 2 / page_bytes * page_bytes;
	size_t resident = residency == RESIDENT ? options.size : residency == HALF ? half : 0;
	size_t absent = options.size - resident;

	for (size_t at = 0; at < resident; at += page_bytes) {
		volatile char *byte = worker->buffer + at;

		if (rw == READ || worker->buffer_fd < 0)
			*byte = (char)('b' + at / page_bytes);
		else
			(void)*byte;
	}
	if (!absent)
		return;
	if (madvise(worker->buffer + resident, absent, MADV_DONTNEED))
		die(1, "madvise: %s", strerror(errno));
	if (worker->buffer_fd < 0)
		return;
	/* Out of the page cache too, so that the fault needs the file system's lock; dirty pages would stay. */
	sync_file_range(worker->buffer_fd, worker->buffer_pos + resident, absent,
			SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
	posix_fadvise(worker->buffer_fd, worker->buffer_pos + resident, absent, POSIX_FADV_DONTNEED);
}

static void operate(struct worker *worker, uint64_t operation)
{
	struct counts *counts = &worker->counts;
	enum rw rw = options.rw;
	enum buffer residency = options.buffer;
	enum io io = options.io;
	uint64_t slot = (choice(worker->index, 0, 3) + operation) % slots;
	off_t pos = (worker->index * slots + slot) * options.size;
	ssize_t bytes;

	if (rw == RW_MIXED)
		rw = choice(worker->index, operation, 0) % 2 ? WRITE : READ;
	if (residency == BUFFER_MIXED)
		residency = choice(worker->index, operation, 1) % 3;
	if (io == IO_MIXED)
		io = choice(worker->index, operation, 2) % 2 ? URING : SYNC;
	prepare(worker, rw, residency);
	/* What an earlier operation's buffered fallback left cached here would change this one's course. */
	posix_fadvise(file_fd, pos, options.size, POSIX_FADV_DONTNEED);

	if (io == URING)
		bytes = ring_io(&worker->ring, rw, worker->buffer, options.size, pos);
	else if (rw == READ)
		bytes = pread(file_fd, worker->buffer, options.size, pos);
	else
		bytes = pwrite(file_fd, worker->buffer, options.size, pos);

	if (bytes < 0 && !worker->error)
		worker->error = errno;
	counts->operations++;
	*(rw == READ ? &counts->reads : &counts->writes) += 1;
	counts->requested += options.size;
	counts->returned += bytes < 0 ? 0 : bytes;
	counts->shorts += bytes >= 0 && (uint64_t)bytes < options.size;
	counts->failed += bytes < 0;
	counts->buffer[residency]++;
	counts->io[io]++;
}

static void *run(void *argument)
{
	struct worker *worker = argument;

	pthread_barrier_wait(&start);
	for (uint64_t operation = 0; operation < options.operations; operation++)
		operate(worker, operation);
	return NULL;
}

static void map_buffer(struct worker *worker, int buffer_fd, off_t first)
{
	int flags = buffer_fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	worker->buffer_fd = buffer_fd;
	worker->buffer_pos = first + worker->index * options.size;
	worker->buffer = mmap(NULL, options.size, PROT_READ | PROT_WRITE, flags, buffer_fd,
			      buffer_fd < 0 ? 0 : worker->buffer_pos);
	if (worker->buffer == MAP_FAILED)
		die(1, "mmap of %llu bytes: %s", (unsigned long long)options.size, strerror(errno));
	/* A huge page or read-ahead would make more resident than was touched. Kernels without THP refuse the first. */
	madvise(worker->buffer, options.size, MADV_NOHUGEPAGE);
	if (buffer_fd >= 0)
		madvise(worker->buffer, options.size, MADV_RANDOM);
}

static void wait_for_line(void)
{
	int byte;

	puts("ready");
	fflush(stdout);
	do {
		byte = getchar();
		if (byte == EOF)
			die(1, "stdin: closed (expected: a line that starts the operations)");
	} while (byte != '\n');
}

static void print(const struct counts *counts)
{
	if (!options.json) {
		printf("%llu operations: %llu of %llu bytes, %llu short, %llu failed\n",
		       (unsigned long long)counts->operations, (unsigned long long)counts->returned,
		       (unsigned long long)counts->requested, (unsigned long long)counts->shorts,
		       (unsigned long long)counts->failed);
		return;
	}
	printf("{\"pid\":%d,\"threads\":%llu,\"operations\":%llu,\"reads\":%llu,\"writes\":%llu,"
	       "\"requested\":%llu,\"returned\":%llu,\"short\":%llu,\"failed\":%llu,"
	       "\"resident\":%llu,\"half\":%llu,\"absent\":%llu,\"sync\":%llu,\"uring\":%llu,\"seed\":%llu}\n",
	       (int)getpid(), (unsigned long long)options.threads, (unsigned long long)counts->operations,
	       (unsigned long long)counts->reads, (unsigned long long)counts->writes,
	       (unsigned long long)counts->requested, (unsigned long long)counts->returned,
	       (unsigned long long)counts->shorts, (unsigned long long)counts->failed,
	       (unsigned long long)counts->buffer[RESIDENT], (unsigned long long)counts->buffer[HALF],
	       (unsigned long long)counts->buffer[ABSENT], (unsigned long long)counts->io[SYNC],
	       (unsigned long long)counts->io[URING], (unsigned long long)options.seed);
}

static uint64_t number(const char *name, const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < least || value > most)
		die(2, "--%s: %s (expected: a number from %llu to %llu)", name, text, (unsigned long long)least,
		    (unsigned long long)most);
	return value;
}

static int word(const char *name, const char *text, const char *const *words)
{
	char expected[100] = "";

	for (int i = 0; words[i]; i++) {
		if (!strcmp(text, words[i]))
			return i;
		strcat(expected, i ? ", " : "");
		strcat(expected, words[i]);
	}
	die(2, "--%s: %s (expected: one of %s)", name, text, expected);
}

static void parse(int argc, char **argv)
{
	static const struct option names[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "threads", required_argument, NULL, 't' },
		{ "operations", required_argument, NULL, 'o' },
		{ "rw", required_argument, NULL, 'w' },
		{ "buffer", required_argument, NULL, 'b' },
		{ "io", required_argument, NULL, 'i' },
		{ "size", required_argument, NULL, 's' },
		{ "buffer-source", required_argument, NULL, 'm' },
		{ "file-size", required_argument, NULL, 'z' },
		{ "seed", required_argument, NULL, 'r' },
		{ "holes", no_argument, NULL, 'n' },
		{ "hold", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, '?' },
		{ 0 },
	};
	int key;

	opterr = 0;
	while (optind < argc) {
		const char *argument = argv[optind];

		key = getopt_long(argc, argv, "+:", names, NULL);
		switch (key) {
		case 'f': options.file = optarg; break;
		case 't': options.threads = number("threads", optarg, 1, THREADS_MAX); break;
		case 'o': options.operations = number("operations", optarg, 1, 1ull << 40); break;
		case 'w': options.rw = word("rw", optarg, rw_words); break;
		case 'b': options.buffer = word("buffer", optarg, buffer_words); break;
		case 'i': options.io = word("io", optarg, io_words); break;
		case 's': options.size = number("size", optarg, page_bytes, 1 << 30); break;
		case 'm': options.source = word("buffer-source", optarg, source_words); break;
		case 'z': options.file_size = number("file-size", optarg, 1, 1ull << 50); break;
		case 'r': options.seed = number("seed", optarg, 0, UINT64_MAX); break;
		case 'n': options.holes = true; break;
		case 'h': options.hold = true; break;
		case 'j': options.json = true; break;
		case ':': die(2, "%s: no value (see dio --help)", argument);
		default:
			if (!strcmp(argument, "--help")) {
				usage(stdout);
				exit(0);
			}
			die(2, "%s: unknown option (see dio --help)", argument);
		}
	}
	if (!options.file)
		die(2, "--file: missing (expected: a file on the file system to try)");
	if (options.size % page_bytes)
		die(2, "--size: %llu (expected: a multiple of %llu)", (unsigned long long)options.size,
		    (unsigned long long)page_bytes);
	if ((options.buffer == HALF || options.buffer == BUFFER_MIXED) && options.size < 2 * page_bytes)
		die(2, "--size: %llu (expected: at least %llu for a buffer with two halves)",
		    (unsigned long long)options.size, (unsigned long long)(2 * page_bytes));
	if (options.holes && options.rw != READ)
		die(2, "--holes: only with --rw read, for a write fills them");
	slots = options.operations < SLOTS_MAX ? options.operations : SLOTS_MAX;
	if (options.file_size)
		slots = options.file_size / options.threads / options.size;
	if (!slots)
		die(2, "--file-size: %llu (expected: at least %llu, one operation for each thread)",
		    (unsigned long long)options.file_size, (unsigned long long)(options.threads * options.size));
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MAX];
	struct counts total = { 0 };
	uint64_t data_bytes, buffers_bytes;
	int fd, buffer_fd = -1, error = 0;

	page_bytes = sysconf(_SC_PAGESIZE);
	parse(argc, argv);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* on gfs2 khugepaged could complete a deadlock, as in incident.c */
	data_bytes = options.threads * slots * options.size;
	buffers_bytes = options.threads * options.size;

	fd = open_filled(options.file, options.holes ? data_bytes : 0,
			 data_bytes + (options.source == SAME_FILE ? buffers_bytes : 0));
	if (options.source == SAME_FILE)
		buffer_fd = fd;
	if (options.source == OTHER_FILE) {
		char name[PATH_MAX];

		if (snprintf(name, sizeof(name), "%s.buffer", options.file) >= (int)sizeof(name))
			die(2, "--file: too long");
		buffer_fd = open_filled(name, 0, buffers_bytes);
	}
	file_fd = open(options.file, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (file_fd < 0)
		die(1, "%s: cannot open for direct I/O: %s", options.file, strerror(errno));
	posix_fadvise(file_fd, 0, 0, POSIX_FADV_RANDOM); /* a fallback must not read ahead into others' places */

	pthread_barrier_init(&start, NULL, options.threads + 1);
	for (uint64_t i = 0; i < options.threads; i++) {
		struct worker *worker = &workers[i];

		worker->index = i;
		map_buffer(worker, buffer_fd, options.source == SAME_FILE ? data_bytes : 0);
		if (options.io != SYNC)
			ring_open(&worker->ring);
		if (pthread_create(&worker->thread, NULL, run, worker))
			die(1, "cannot start thread %llu", (unsigned long long)i);
	}
	if (options.hold)
		wait_for_line();
	pthread_barrier_wait(&start);

	for (uint64_t i = 0; i < options.threads; i++) {
		const struct counts *counts = &workers[i].counts;

		pthread_join(workers[i].thread, NULL);
		total.operations += counts->operations;
		total.reads += counts->reads;
		total.writes += counts->writes;
		total.requested += counts->requested;
		total.returned += counts->returned;
		total.shorts += counts->shorts;
		total.failed += counts->failed;
		for (int j = 0; j < 3; j++)
			total.buffer[j] += counts->buffer[j];
		for (int j = 0; j < 2; j++)
			total.io[j] += counts->io[j];
		if (!error)
			error = workers[i].error;
	}
	print(&total);
	if (total.failed)
		fprintf(stderr, "dio: %llu operations failed, the first with: %s\n", (unsigned long long)total.failed,
			strerror(error));
	return total.failed ? 1 : 0;
}
