// SPDX-License-Identifier: GPL-2.0
/*
 * The process that is measured, with so much touched memory, so many threads and so many
 * descriptors. It waits. SIGUSR1 makes it fork, and write how long that took (in
 * nanoseconds, as its memory, threads and descriptors are) to a file.
 *
 *	target MIB THREADS DESCRIPTORS DIRECTORY
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *sleeper(void *arg)
{
	while (1)
		pause();
	return arg;
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void write_to(const char *name, long long value)
{
	FILE *f = fopen("new", "w");

	if (!f || fprintf(f, "%lld\n", value) < 0 || fclose(f) || rename("new", name))
		die(name);
}

int main(int argc, char **argv)
{
	struct rlimit limit = { 65536, 65536 };
	long mib, threads, fds, i;
	pthread_attr_t attr;
	sigset_t set;
	char *p;

	if (argc != 5)
		return 2;
	mib = atol(argv[1]);
	threads = atol(argv[2]);
	fds = atol(argv[3]);
	if (chdir(argv[4]))
		die(argv[4]);

	p = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		die("mmap");
	/* Each page other than the others, in case somebody compares. */
	for (i = 0; i < mib << 20; i += 4096)
		memcpy(memset(p + i, i >> 12 | 1, 4096), &i, sizeof(i));

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit");
	for (i = 3; i < fds; i++)
		if (open("file", O_RDWR | O_CREAT, 0600) < 0)
			die("file");

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 1; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, &attr, sleeper, NULL))
			die("pthread_create");
	}
	write_to("ready", getpid());

	while (1) {
		long long start;
		pid_t pid;
		int sig;

		sigwait(&set, &sig);
		start = now();
		pid = fork();
		if (!pid)
			_exit(0);
		write_to("fork", now() - start);
		waitpid(pid, NULL, 0);
	}
}
