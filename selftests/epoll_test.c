// SPDX-License-Identifier: GPL-2.0
/* epoll instances, and what they watch. */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "subject_harness.h"

static void watch(int epfd, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	if (epoll_ctl(epfd, op, fd, &ev))
		subject_abort();
}

/* The data of all that is ready, as a sum; events only if it is one. */
static uint64_t ready(int epfd, uint32_t *events)
{
	struct epoll_event ev[64];
	int n = epoll_wait(epfd, ev, 64, 0), i;
	uint64_t sum = 0;

	for (i = 0; i < n; i++)
		sum += ev[i].data.u64;
	if (events)
		*events = n == 1 ? ev[0].events : 0;
	return n < 0 ? UINT64_MAX : sum;
}

static void add(int fd, uint64_t n)
{
	if (write(fd, &n, 8) != 8)
		subject_abort();
}

static uint64_t take(int fd)
{
	uint64_t n;

	return read(fd, &n, 8) == 8 ? n : 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The watches as fdinfo has them, sorted: the kernel's order is that of its addresses. */
static char *watches(int epfd)
{
	char path[64], *text = malloc(1 << 20), *line[4096], *all = calloc(1, 1 << 20), *p, *save;
	int n = 0, i;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epfd);
	if (subject_read(path, text, 1 << 20) < 0)
		subject_abort();
	for (p = strtok_r(text, "\n", &save); p && n < 4096; p = strtok_r(NULL, "\n", &save)) {
		if (strncmp(p, "tfd:", 4))
			continue;
		/* Inode numbers may differ. */
		*strstr(p, "pos:") = 0;
		line[n++] = p;
	}
	qsort(line, n, sizeof(*line), by_text);
	for (i = 0, p = all; i < n; i++)
		p += sprintf(p, "%s\n", line[i]);
	free(text);
	return all;
}

SUBJECT(level)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC), on = eventfd(1, 0), off = eventfd(0, 0), fds[2];
	uint32_t events;
	char *before, c;

	ASSERT_EQ(0, pipe(fds));
	watch(epfd, EPOLL_CTL_ADD, on, EPOLLIN, 0x123456789abcdef0);
	watch(epfd, EPOLL_CTL_ADD, off, EPOLLIN, 2);
	watch(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLRDHUP, 4);
	watch(epfd, EPOLL_CTL_ADD, fds[1], 0, 8);
	before = watches(epfd);
	subject_wait();
	EXPECT_STREQ(before, watches(epfd));
	EXPECT_EQ(FD_CLOEXEC, fcntl(epfd, F_GETFD));
	EXPECT_EQ(0x123456789abcdef0, ready(epfd, &events));
	EXPECT_EQ(EPOLLIN, events);
	EXPECT_EQ(0x123456789abcdef0, ready(epfd, NULL));
	EXPECT_EQ(1, take(on));
	EXPECT_EQ(0, ready(epfd, NULL));
	add(off, 1);
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(6, ready(epfd, NULL));
	EXPECT_EQ(1, read(fds[0], &c, 1));
	watch(epfd, EPOLL_CTL_MOD, off, 0, 0);
	EXPECT_EQ(0, ready(epfd, NULL));
	close(fds[1]);
	EXPECT_EQ(4, ready(epfd, &events));
	EXPECT_EQ(EPOLLHUP, events);
}

/* An edge is reported once: not again after a restart, and not lost if it was not reported. */
SUBJECT(edge)
{
	int epfd = epoll_create1(0), seen = eventfd(1, 0), unseen = eventfd(0, 0), fds[2];
	char *before, c;

	ASSERT_EQ(0, pipe(fds));
	watch(epfd, EPOLL_CTL_ADD, seen, EPOLLIN | EPOLLET, 1);
	watch(epfd, EPOLL_CTL_ADD, unseen, EPOLLIN | EPOLLET, 2);
	watch(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET, 4);
	watch(epfd, EPOLL_CTL_ADD, fds[1], EPOLLOUT | EPOLLET, 8);
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(13, ready(epfd, NULL));
	EXPECT_EQ(0, ready(epfd, NULL));
	add(unseen, 1);
	before = watches(epfd);
	subject_wait();
	EXPECT_STREQ(before, watches(epfd));
	EXPECT_EQ(2, ready(epfd, NULL));
	EXPECT_EQ(0, ready(epfd, NULL));
	/* Nothing was lost: they are ready, and new edges come. */
	add(seen, 1);
	EXPECT_EQ(1, ready(epfd, NULL));
	EXPECT_EQ(2, take(seen));
	ASSERT_EQ(1, write(fds[1], "y", 1));
	EXPECT_EQ(4, ready(epfd, NULL) & 4);
	ASSERT_EQ(1, read(fds[0], &c, 1));
	EXPECT_EQ('x', c);
	close(fds[1]);
	EXPECT_EQ(4, ready(epfd, NULL));
}

SUBJECT(one_shot)
{
	int epfd = epoll_create1(0), fired = eventfd(1, 0), armed = eventfd(1, 0), fds[2];
	char *before;

	ASSERT_EQ(0, pipe(fds));
	watch(epfd, EPOLL_CTL_ADD, fired, EPOLLIN | EPOLLONESHOT, 1);
	watch(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET | EPOLLONESHOT, 2);
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(3, ready(epfd, NULL));
	/* It hangs up, too, which one that has fired does not tell. */
	close(fds[1]);
	watch(epfd, EPOLL_CTL_ADD, armed, EPOLLIN | EPOLLONESHOT, 4);
	before = watches(epfd);
	subject_wait();
	EXPECT_STREQ(before, watches(epfd));
	EXPECT_EQ(4, ready(epfd, NULL));
	EXPECT_EQ(0, ready(epfd, NULL));
	add(fired, 1);
	EXPECT_EQ(0, ready(epfd, NULL));
	watch(epfd, EPOLL_CTL_MOD, fired, EPOLLIN | EPOLLONESHOT, 8);
	EXPECT_EQ(8, ready(epfd, NULL));
	watch(epfd, EPOLL_CTL_MOD, fds[0], EPOLLIN, 16);
	EXPECT_EQ(16, ready(epfd, NULL));
}

SUBJECT(flags)
{
	int epfd = epoll_create1(0), fd = eventfd(0, 0), fds[2];
	char *before;

	ASSERT_EQ(0, pipe(fds));
	watch(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLET, 1);
	watch(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLWAKEUP, 2);
	before = watches(epfd);
	subject_wait();
	EXPECT_STREQ(before, watches(epfd));
	add(fd, 1);
	EXPECT_EQ(1, ready(epfd, NULL));
}

SUBJECT(nested)
{
	int outer = epoll_create1(0), middle = epoll_create1(0), inner = epoll_create1(0);
	int a = eventfd(1, 0), b = eventfd(0, 0);
	uint32_t events;

	/* The inner ones come behind the outer one, and the other way round. */
	watch(middle, EPOLL_CTL_ADD, inner, EPOLLIN, 3);
	watch(outer, EPOLL_CTL_ADD, middle, EPOLLIN, 5);
	watch(inner, EPOLL_CTL_ADD, a, EPOLLIN, 1);
	watch(outer, EPOLL_CTL_ADD, b, EPOLLIN, 7);
	subject_wait();
	EXPECT_EQ(5, ready(outer, &events));
	EXPECT_EQ(EPOLLIN, events);
	EXPECT_EQ(3, ready(middle, NULL));
	EXPECT_EQ(1, ready(inner, NULL));
	EXPECT_EQ(1, take(a));
	EXPECT_EQ(0, ready(outer, NULL));
	add(b, 1);
	EXPECT_EQ(7, ready(outer, NULL));
	add(a, 1);
	EXPECT_EQ(12, ready(outer, NULL));
}

/* Watched under descriptors that are closed, or others' by now. */
SUBJECT(closed_descriptors)
{
	int epfd = epoll_create1(0), fd[4], keep[4], i, other, ep_dup;
	char *before;

	for (i = 0; i < 4; i++) {
		fd[i] = eventfd(0, 0);
		keep[i] = dup(fd[i]);
		watch(epfd, EPOLL_CTL_ADD, fd[i], EPOLLIN, 1 << i);
	}
	/* The same description a second time, under its other descriptor. */
	watch(epfd, EPOLL_CTL_ADD, keep[0], EPOLLIN, 16);
	close(fd[0]);
	other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(fd[0], other);
	ASSERT_EQ(fd[1], dup2(epfd, fd[1]));
	/* From now on this is the lowest descriptor of the instance itself. */
	ep_dup = fcntl(epfd, F_DUPFD, 100);
	ASSERT_EQ(fd[2], dup2(ep_dup, fd[2]));
	ASSERT_EQ(0, close(epfd));
	ASSERT_EQ(0, close(fd[3]));
	epfd = ep_dup;
	before = watches(epfd);
	subject_wait();
	EXPECT_STREQ(before, watches(epfd));
	EXPECT_EQ(FD_CLOEXEC, fcntl(other, F_GETFD));
	EXPECT_EQ(0, read(other, &i, 1));
	EXPECT_EQ(-1, fcntl(fd[3], F_GETFD));
	EXPECT_EQ(0, ready(epfd, NULL));
	add(keep[0], 1);
	EXPECT_EQ(17, ready(fd[2], NULL));
	add(keep[3], 1);
	EXPECT_EQ(25, ready(fd[1], NULL));
	/* With its last descriptor a description is no longer watched. */
	close(keep[3]);
	EXPECT_EQ(17, ready(epfd, NULL));
}

static void watch_many(struct __test_metadata *_metadata, bool closed)
{
	struct rlimit lim = { 4096, 4096 };
	int epfd = epoll_create1(0), fds[2500], i, n = ARRAY_SIZE(fds), fd;
	struct epoll_event ev;

	if (setrlimit(RLIMIT_NOFILE, &lim))
		SKIP(return, "the limit of open files is too low");
	for (i = 0; i < n; i++) {
		fd = eventfd(0, EFD_NONBLOCK);
		fds[i] = closed ? fcntl(fd, F_DUPFD, 1000) : fd;
		watch(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | (i % 2 ? EPOLLET : 0), i);
		if (closed)
			close(fd);
	}
	subject_wait();
	for (i = 0; i < n; i++) {
		add(fds[i], i + 1);
		ASSERT_EQ(1, epoll_wait(epfd, &ev, 1, 0));
		ASSERT_EQ(i, (int)ev.data.u32);
		ASSERT_EQ(i + 1, (int)take(fds[i]));
	}
	EXPECT_EQ(0, epoll_wait(epfd, &ev, 1, 0));
}

SUBJECT(many)
{
	watch_many(_metadata, false);
}

/* All under one number, which nothing has any more. */
SUBJECT(many_closed)
{
	watch_many(_metadata, true);
}

/* As event loops have it: a timer, a wake-up, edges, all the time. */
SUBJECT(loop)
{
	struct itimerspec its = { .it_value.tv_nsec = 5000000, .it_interval.tv_nsec = 5000000 };
	int epfd = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	int wake = eventfd(0, EFD_NONBLOCK), fds[2], n, i;
	unsigned int written = 0, got = 0, word;
	struct epoll_event ev[4];

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	ASSERT_EQ(0, timerfd_settime(timer, 0, &its, NULL));
	watch(epfd, EPOLL_CTL_ADD, timer, EPOLLIN | EPOLLET, 1);
	watch(epfd, EPOLL_CTL_ADD, wake, EPOLLIN | EPOLLET, 2);
	watch(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET, 3);
	subject_ready();
	while (subject_going()) {
		n = epoll_wait(epfd, ev, 4, 10000);
		if (!subject_check(n > 0))
			break;
		for (i = 0; i < n; i++) {
			switch (ev[i].data.u32) {
			case 1:
				if (take(timer))
					add(wake, 1);
				break;
			case 2:
				if (!take(wake))
					break;
				written++;
				subject_check(write(fds[1], &written, 4) == 4);
				break;
			case 3:
				while (read(fds[0], &word, 4) == 4)
					subject_check(word == ++got);
				break;
			}
		}
	}
	EXPECT_LT(0, (int)got);
}

static void only_close(int fd)
{
	close(fd);
}

SUBJECT(watch_of_a_file_elsewhere)
{
	int epfd = epoll_create1(0), fds[2];

	ASSERT_EQ(0, pipe(fds));
	watch(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 1);
	/* A process that is not a child has the pipe, but not the instance. */
	subject_outsider(only_close, epfd);
	close(fds[0]);
	close(fds[1]);
	subject_refused(" fd %d: an epoll watch of a file that others have open \\(fd %d\\) .*",
			epfd, fds[0]);
}
