// SPDX-License-Identifier: GPL-2.0
/*
 * A job with standard streams.
 *
 *	lines count DIRECTORY	writes numbers, a line each, until there is DIRECTORY/end
 *	lines echo DIRECTORY	waits for DIRECTORY/go, writes what it reads, and "end"
 *	lines watch DIRECTORY	the same, but reads when epoll says so
 *
 * Makes DIRECTORY/ready when it is ready; ends with 3 if a call fails that should not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static void nap(void)
{
	struct timespec ts = { .tv_nsec = 2000000 };

	nanosleep(&ts, NULL);
}

static void put(const char *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(STDOUT_FILENO, buf, len);
		if (n < 0 && errno != EAGAIN)
			exit(3);
		if (n < 0) {
			nap();
			continue;
		}
		buf += n;
		len -= n;
	}
}

static void ready(void)
{
	close(open("ready", O_WRONLY | O_CREAT, 0600));
}

static int watch(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, STDIN_FILENO, &event))
		exit(3);
	return ep;
}

int main(int argc, char **argv)
{
	struct epoll_event event;
	char buf[65536];
	int ep = -1, i;
	ssize_t n;

	if (argc != 3 || chdir(argv[2]))
		return 2;
	if (!strcmp(argv[1], "count")) {
		ready();
		for (i = 0; access("end", F_OK); i++, nap())
			put(buf, snprintf(buf, sizeof(buf), "%d\n", i));
		return 0;
	}
	if (!strcmp(argv[1], "watch"))
		ep = watch();
	ready();
	while (access("go", F_OK))
		nap();
	do {
		if (ep >= 0 && epoll_wait(ep, &event, 1, -1) != 1)
			return 3;
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n > 0)
			put(buf, n);
	} while (n > 0);
	if (n)
		return 3;
	put("end\n", 4);
	return 0;
}
