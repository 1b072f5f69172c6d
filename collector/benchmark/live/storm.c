/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Takes page faults: ROUNDS times 1024 pages that are not there. */
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	size_t bytes = 4 << 20;
	long rounds = argc > 1 ? atol(argv[1]) : 100;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (long round = 0; round < rounds; round++) {
		madvise(memory, bytes, MADV_DONTNEED);
		for (size_t at = 0; at < bytes; at += 4096)
			memory[at] = 1;
	}
	return 0;
}
