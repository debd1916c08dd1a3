// SPDX-License-Identifier: GPL-2.0
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "victim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_US 60000000LL
#define SOON_US 10000000LL

static uint64_t random_state;

int64_t victim_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

void victim_spend(long us)
{
	int64_t end = victim_us() + us;

	/* Others want to run, too. */
	if (us > 4000)
		usleep(us - 3000);
	while (victim_us() < end)
		;
}

unsigned long victim_random(unsigned long n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

unsigned long victim_seed(void)
{
	const char *text = getenv("CKPT_SEED");
	unsigned long seed = text ? strtoul(text, NULL, 0) : (victim_us() ^ getpid()) & 0xffffff;

	random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	return seed;
}

/*
 * A copy of the program race/target in memory: every restart opens it, and in the virtual machine
 * its own place is a file of the host's.
 */
static const char *victim_program(void)
{
	static const char copy[] = "/tmp/ckpt-victim";
	char path[PATH_MAX], temporary[64], buf[65536];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 40);
	static bool made;
	int in, out;

	if (made)
		return copy;
	if (n < 0)
		abort();
	path[n] = 0;
	strcpy(strrchr(path, '/'), "/../race/target");
	snprintf(temporary, sizeof(temporary), "%s.%d", copy, getpid());
	in = open(path, O_RDONLY | O_CLOEXEC);
	out = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (in < 0 || out < 0)
		abort();
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			abort();
	close(in);
	close(out);
	/* Another test may run beside this one, and use it already. */
	if (link(temporary, copy) && errno != EEXIST)
		abort();
	unlink(temporary);
	made = true;
	return copy;
}

pid_t victim_start_with(const char *mode, const char *arg, const char *more)
{
	const char *path = victim_program();
	int fds[2];
	pid_t pid;
	char c;

	if (pipe2(fds, O_CLOEXEC))
		abort();
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		/* It closes this one when it is on its own. */
		dup(fds[1]);
		execl(path, path, mode, arg, more, NULL);
		_exit(127);
	}
	close(fds[1]);
	if (read(fds[0], &c, 1))
		abort();
	close(fds[0]);
	return pid;
}

pid_t victim_start(const char *mode, const char *arg)
{
	return victim_start_with(mode, arg, NULL);
}

pid_t victim_start_us(const char *mode, long us)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", us);
	return victim_start(mode, text);
}

volatile uint64_t *victim_counter(char *path)
{
	static int serial;
	volatile uint64_t *p;
	int fd;

	snprintf(path, 64, "/tmp/ckpt-counter.%d.%d", getpid(), serial++);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 4096))
		abort();
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		abort();
	close(fd);
	return p;
}

bool victim_counts(volatile uint64_t *counter)
{
	int64_t end = victim_us() + SOON_US;
	uint64_t was = *counter;

	/* Twice: the first may have been under way. */
	while (*counter < was + 2) {
		if (victim_us() > end)
			return false;
		usleep(200);
	}
	return true;
}

int victim_end(pid_t pid)
{
	int64_t end = victim_us() + PATIENCE_US;
	int status;

	while (waitpid(pid, &status, WNOHANG | __WALL) != pid) {
		if (victim_us() > end) {
			victim_kill(pid);
			return -1;
		}
		usleep(200);
	}
	return status;
}

void victim_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
}

bool victim_exists(pid_t pid)
{
	return !kill(pid, 0) || errno != ESRCH;
}

bool victim_gone(pid_t pid)
{
	int64_t end = victim_us() + SOON_US;
	int status;

	while (victim_exists(pid)) {
		/* Ours by inheritance, perhaps. */
		waitpid(pid, &status, WNOHANG | __WALL);
		if (victim_us() > end)
			return false;
		usleep(200);
	}
	return true;
}
