// SPDX-License-Identifier: GPL-2.0
/* The terminal a program was started from. */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "subject_harness.h"

SUBJECT_WITH(descriptors, "terminal")
{
	int fd, i, flags[4];

	if (!isatty(0))
		SKIP(return, "there is no terminal");
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(100, dup2(1, 100));
	for (i = 0; i < 4; i++)
		flags[i] = fcntl(i < 3 ? i : fd, F_GETFL);
	subject_wait();
	for (i = 0; i < 4; i++)
		EXPECT_EQ(flags[i], fcntl(i < 3 ? i : fd, F_GETFL));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, isatty(i));
	EXPECT_EQ(1, isatty(100));
	EXPECT_EQ(1, isatty(fd));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(5, write(1, "hello", 5));
	EXPECT_NE(NULL, ttyname(0));
}

SUBJECT_WITH(settings, "terminal")
{
	struct termios want, now;
	struct winsize ws;

	if (!isatty(0))
		SKIP(return, "there is no terminal");
	/* As an editor would. */
	ASSERT_EQ(0, tcgetattr(0, &want));
	cfmakeraw(&want);
	want.c_cc[VMIN] = 3;
	want.c_cc[VTIME] = 2;
	ASSERT_EQ(0, tcsetattr(0, TCSANOW, &want));
	subject_wait();
	ASSERT_EQ(0, tcgetattr(0, &now));
	EXPECT_EQ(want.c_iflag, now.c_iflag);
	EXPECT_EQ(want.c_oflag, now.c_oflag);
	EXPECT_EQ(want.c_lflag, now.c_lflag);
	EXPECT_EQ(0, memcmp(want.c_cc, now.c_cc, sizeof(now.c_cc)));
	EXPECT_EQ(0, ioctl(0, TIOCGWINSZ, &ws));
}

SUBJECT_WITH(foreground, "terminal")
{
	if (!isatty(0))
		SKIP(return, "there is no terminal");
	subject_wait();
	/* It may read and write, as a job of the one who restarted it. */
	EXPECT_EQ(getpgrp(), tcgetpgrp(0));
	EXPECT_EQ(getsid(0), tcgetsid(0));
}

static volatile sig_atomic_t resized, stopped;

static void resize(int sig)
{
	resized = sig;
}

/* As an editor: tidy up, stop, and draw when it goes on. */
static void stop(int sig)
{
	sigset_t set;

	signal(SIGTSTP, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	signal(SIGTSTP, stop);
	stopped = sig;
}

SUBJECT_WITH(draws_again, "terminal")
{
	struct termios t;
	int i;

	if (!isatty(0) || !subject_has_driver())
		SKIP(return, "there is no terminal, or nobody who restarts it");
	subject_tell("mode", "kill-restart");
	ASSERT_EQ(0, tcgetattr(0, &t));
	cfmakeraw(&t);
	ASSERT_EQ(0, tcsetattr(0, TCSANOW, &t));
	signal(SIGWINCH, resize);
	signal(SIGTSTP, stop);
	subject_wait();
	for (i = 0; i < 3000 && !(resized && stopped); i++)
		subject_nap(10);
	EXPECT_EQ(SIGWINCH, resized);
	EXPECT_EQ(SIGTSTP, stopped);
}

/* A program that leaves the lines to the terminal is not bothered. */
SUBJECT_WITH(does_not_draw, "terminal")
{
	if (!isatty(0))
		SKIP(return, "there is no terminal");
	signal(SIGWINCH, resize);
	signal(SIGTSTP, stop);
	subject_wait();
	subject_nap(100);
	EXPECT_EQ(0, resized);
	EXPECT_EQ(0, stopped);
}
