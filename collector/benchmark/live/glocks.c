// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glocks FILE COUNT: takes and gives back the file's glock that often, alone (stat takes it shared); prints the seconds. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec begin, end;
	struct stat st;

	if (argc != 3)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (long i = atol(argv[2]); i > 0; i--) {
		if (stat(argv[1], &st))
			return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.4f\n", end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) / 1e9);
	return 0;
}
