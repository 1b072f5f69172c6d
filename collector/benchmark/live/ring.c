/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A shared library for RingBenchmark: makes and fills the ring, and drains it with libbpf's own consumer. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static struct bpf_object *object;
static int program;
static uint64_t sum, types, count;

/* Returns the ring's descriptor, or -1. */
int ring_open(const char *path)
{
	object = bpf_object__open_file(path, NULL);
	if (!object || bpf_object__load(object))
		return -1;
	program = bpf_program__fd(bpf_object__find_program_by_name(object, "fill"));
	return bpf_object__find_map_fd_by_name(object, "events");
}

/* Fills it; returns how many events were added. */
long ring_fill(void)
{
	long added = 0;
	for (;;) {
		LIBBPF_OPTS(bpf_test_run_opts, options);
		if (bpf_prog_test_run_opts(program, &options))
			return -1;
		added += options.retval;
		if (options.retval < 4096)
			return added;
	}
}

void *ring_map(int fd, long offset, long bytes, int is_writable)
{
	void *memory = mmap(NULL, bytes, is_writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, offset);
	return memory == MAP_FAILED ? NULL : memory;
}

static int on_event(void *context, void *data, size_t size)
{
	(void)context;
	(void)size;
	sum ^= *(uint64_t *)data;
	types += ((uint8_t *)data)[14];
	count++;
	return 0;
}

/* Drains it with libbpf and a function in C; returns how many events there were. */
long ring_drain(struct ring_buffer *ring)
{
	sum = types = count = 0;
	return ring_buffer__consume(ring) < 0 ? -1 : (long)count;
}

uint64_t ring_check(void)
{
	return sum + types;
}

struct ring_buffer *ring_consumer(int fd)
{
	return ring_buffer__new(fd, on_event, NULL, NULL);
}

/* The same with a function of the caller's for each event. */
struct ring_buffer *ring_consumer_with(int fd, ring_buffer_sample_fn function)
{
	return ring_buffer__new(fd, function, NULL, NULL);
}

int ring_consume(struct ring_buffer *ring)
{
	return ring_buffer__consume(ring);
}
