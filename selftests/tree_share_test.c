// SPDX-License-Identifier: GPL-2.0
/* The members of a tree share open files, locks, memory, and groups of processes. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "subject_harness.h"

static int file, events, waiter, timer;

/* ---- one description in two tables ---- */

static void appends(void)
{
	int flags = fcntl(file, F_GETFL);

	subject_ready();
	while (subject_going()) {
		subject_check(fcntl(file, F_GETFL) == flags);
		subject_check(write(file, "x", 1) == 1);
		subject_nap(3);
	}
}

SUBJECT_WITH(one_offset, "members")
{
	file = open(subject_path("log"), O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, file);
	subject_member("first", appends);
	subject_member("second", appends);
	subject_ready();
	while (subject_going())
		subject_nap(5);
	subject_reap();
	/* With an offset for each, they would have written over each other. */
	EXPECT_LT(0, lseek(file, 0, SEEK_CUR));
	EXPECT_EQ(lseek(file, 0, SEEK_END), lseek(file, 0, SEEK_CUR));
}

/* ---- event, timer and epoll made before the fork ---- */

static void uses_events(void)
{
	struct epoll_event ev;
	uint64_t n;

	close(file);
	subject_ready();
	while (subject_going()) {
		n = 1;
		subject_check(write(events, &n, sizeof(n)) == sizeof(n));
		subject_check(epoll_wait(waiter, &ev, 1, 60000) == 1 && ev.data.u32 == 7);
		subject_check(read(events, &n, sizeof(n)) == sizeof(n) && n == 1);
		subject_check(read(timer, &n, sizeof(n)) == sizeof(n) && n);
	}
}

SUBJECT_WITH(events_of_child, "members")
{
	struct itimerspec every = { { 0, 3000000 }, { 0, 3000000 } };
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = 7 };

	file = open("/dev/null", O_RDONLY);
	events = eventfd(0, 0);
	waiter = epoll_create1(0);
	timer = timerfd_create(CLOCK_MONOTONIC, 0);
	ASSERT_EQ(0, timerfd_settime(timer, 0, &every, NULL));
	ASSERT_EQ(0, epoll_ctl(waiter, EPOLL_CTL_ADD, events, &ev));
	subject_member("child", uses_events);
	close(timer);
	subject_wait();
	subject_reap();
}

/* ---- locks of several members ---- */

static void locks_next(void)
{
	struct flock own = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };
	struct flock of_parent = { .l_type = F_WRLCK, .l_len = 10 };

	if (fcntl(file, F_SETLK, &own))
		subject_abort();
	subject_ready();
	while (subject_going()) {
		struct flock l = of_parent;

		subject_check(!fcntl(file, F_GETLK, &l));
		subject_check(l.l_type == F_WRLCK && l.l_pid == getppid());
		subject_nap(5);
	}
}

SUBJECT_WITH(locks, "members")
{
	struct flock own = { .l_type = F_WRLCK, .l_len = 10 };
	struct flock of_child = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };
	pid_t child;

	file = open(subject_path("locked"), O_RDWR | O_CREAT, 0600);
	ASSERT_EQ(0, ftruncate(file, 20));
	ASSERT_EQ(0, fcntl(file, F_SETLK, &own));
	child = subject_member("child", locks_next);
	subject_ready();
	EXPECT_EQ(0, fcntl(file, F_GETLK, &of_child));
	EXPECT_EQ(child, of_child.l_pid);
	while (subject_going())
		subject_nap(5);
	subject_reap();
}

/* ---- groups within a session of the tree ---- */

static atomic_int signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void in_group(void)
{
	signal(SIGUSR1, on_signal);
	if (setpgid(0, 0))
		subject_abort();
	subject_ready();
	while (subject_going())
		subject_nap(2);
	subject_check(signals);
}

static void out_of_group(void)
{
	signal(SIGUSR1, on_signal);
	subject_ready();
	while (subject_going())
		subject_nap(2);
	subject_check(!signals);
}

static void leads_session(void)
{
	pid_t group;

	if (setsid() < 0)
		subject_abort();
	group = subject_member("in_group", in_group);
	subject_member("out_of_group", out_of_group);
	subject_ready();
	while (subject_going()) {
		subject_check(!kill(-group, SIGUSR1));
		subject_check(getpgid(group) == group && getsid(group) == getpid());
		subject_check(!waitpid(-group, NULL, WNOHANG) || !subject_going());
		subject_nap(3);
	}
	subject_reap();
}

SUBJECT_WITH(groups, "members")
{
	subject_member("leads_session", leads_session);
	subject_wait();
	subject_reap();
}
