// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to each page of its memory, over and over, with a pause of 20 ms between the passes, and
 * looks whether the page has what it wrote there in the pass before. For each pass it appends to
 * the file "passes" when it began, in milliseconds of CLOCK_MONOTONIC, and the longest time that
 * one page took, in microseconds.
 *
 *	writer DIRECTORY MIB [lock] [realtime] [huge]
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE	4096UL

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/* Return: the longest time for a page, or -1 if one has not what it should. */
static long pass(uint64_t *mem, size_t words, uint64_t nr)
{
	uint64_t before = now_us(), after;
	long worst = 0;
	size_t i;

	for (i = 0; i < words; i += PAGE / sizeof(*mem)) {
		if (nr && (mem[i] != nr - 1 || mem[i + 1] != i))
			return -1;
		mem[i] = nr;
		mem[i + 1] = i;
		after = now_us();
		if ((long)(after - before) > worst)
			worst = after - before;
		before = after;
	}
	return worst;
}

int main(int argc, char **argv)
{
	struct timespec pause = { .tv_nsec = 20000000 };
	struct sched_param param = { .sched_priority = 10 };
	size_t size = argc < 3 ? 0 : strtoul(argv[2], NULL, 0) << 20;
	uint64_t *mem, nr;
	char text[64];
	int i, log;

	if (argc < 3 || chdir(argv[1]))
		return 2;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	log = open("passes", O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (mem == MAP_FAILED || log < 0)
		return 2;
	madvise(mem, size, MADV_NOHUGEPAGE);
	for (i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "lock") && mlockall(MCL_CURRENT | MCL_FUTURE))
			return 2;
		if (!strcmp(argv[i], "huge"))
			madvise(mem, size, MADV_HUGEPAGE);
		if (!strcmp(argv[i], "realtime") && sched_setscheduler(0, SCHED_FIFO, &param))
			return 2;
	}
	for (nr = 0; ; nr++) {
		uint64_t start = now_us() / 1000;
		long worst = pass(mem, size / sizeof(*mem), nr);
		int len = snprintf(text, sizeof(text), "%llu %ld\n", (unsigned long long)start,
				   worst);

		if (worst < 0 || write(log, text, len) != len)
			return 3;
		nanosleep(&pause, NULL);
	}
}
