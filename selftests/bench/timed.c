// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a command and writes how long it took, in nanoseconds, to a file: from before its start to
 * the end of its process, without what the interpreter of the benchmark takes around it.
 *
 *	timed FILE COMMAND [ARGUMENT...]
 *
 * Exit status: the command's; 125 if it cannot be run or was killed.
 */
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	long long start, spent;
	int status, err;
	pid_t pid;
	FILE *f;

	if (argc < 3)
		return 125;
	start = now();
	err = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (err) {
		fprintf(stderr, "%s: %s\n", argv[2], strerror(err));
		return 125;
	}
	if (waitpid(pid, &status, 0) != pid)
		return 125;
	spent = now() - start;

	f = fopen(argv[1], "w");
	if (!f || fprintf(f, "%lld\n", spent) < 0 || fclose(f)) {
		perror(argv[1]);
		return 125;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
