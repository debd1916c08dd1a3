// SPDX-License-Identifier: GPL-2.0
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

/* A program that was asked to stop and has not by then may have no mind to. */
#define REDRAW_SECONDS 5
/* How often to look for a program whose end nothing will tell us of. */
#define LOOK_MS 1000

/* Handed on to the program. */
static const int relayed[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, SIGTSTP,
	SIGTTIN, SIGTTOU,
};

void job_send(int socket, const struct job_event *event, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)event, .iov_len = sizeof(*event) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	/* Nobody listens once rstr has detached or was killed. */
	while (sendmsg(socket, &msg, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

bool job_receive(int socket, struct job_event *event, int *fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = event, .iov_len = sizeof(*event) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *c;
	ssize_t n;

	do {
		n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(*event))
		return false;
	if (fd) {
		c = CMSG_FIRSTHDR(&msg);
		*fd = -1;
		if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(c), sizeof(int));
	}
	return true;
}

static void job_signals(sigset_t *set)
{
	struct sigaction sa;
	size_t i;

	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (i = 0; i < ARRAY_SIZE(relayed); i++) {
		/* Signals ignored at our start, as by nohup(1), are not for the program. */
		if (!sigaction(relayed[i], NULL, &sa) && sa.sa_handler != SIG_IGN)
			sigaddset(set, relayed[i]);
	}
}

void job_block(void)
{
	sigset_t set;

	job_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* If a parent had it ignored our child would vanish without a status. */
	signal(SIGCHLD, SIG_DFL);
}

/* Stop as the program did, so that the shell sees its job stopped. */
static void stop_self(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	if (sig != SIGSTOP)
		signal(sig, SIG_DFL);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Here after SIGCONT, which waits in the set of job_wait() and is handed on. */
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Signals that the process has handlers for and does not block; bit n-1 is signal n. */
static uint64_t signals_of(pid_t pid)
{
	static const char names[][9] = { "SigCgt:\t", "SigBlk:\t" };
	uint64_t set[ARRAY_SIZE(names)] = { 0 };
	char path[32], line[256];
	size_t i;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (!strncmp(line, names[i], strlen(names[i])))
				set[i] = strtoull(line + strlen(names[i]), NULL, 16);
	if (f)
		fclose(f);
	return set[0] & ~set[1];
}

/* Does the screen belong to a program of our process group that draws on it? */
static bool draws(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct termios termios;
	bool yes;

	if (fd < 0)
		return false;
	yes = tcgetpgrp(fd) == getpgrp() && !tcgetattr(fd, &termios) && !(termios.c_lflag & ICANON);
	close(fd);
	return yes;
}

/**
 * struct redraw - a program that is to draw its screen anew
 * @pid: the program, or 0
 * @asked: it is to stop, and to be continued then
 * @resize: it wants to know that the terminal may have another size
 * @until: to be told of that at this time even if it has not stopped; CLOCK_MONOTONIC, seconds
 *
 * The terminal does not show the program's screen, and has not got what the program told it when
 * it began. The program knows
 * from job control what to do then: after a stop, it finds the terminal as others left it. A
 * program that does not care for that may know of terminals that change their size. One that
 * cares for both is told of the size while it is stopped: so it draws once, and soon; some lose
 * a key that is pressed meanwhile.
 */
struct redraw {
	pid_t pid;
	bool asked;
	bool resize;
	time_t until;
};

static time_t seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void redraw_begin(struct redraw *redraw)
{
	uint64_t signals;

	if (!redraw->pid || !draws())
		return;
	signals = signals_of(redraw->pid);
	redraw->resize = signals & 1ULL << (SIGWINCH - 1);
	redraw->asked = signals & 1ULL << (SIGTSTP - 1) && !kill(redraw->pid, SIGTSTP);
	redraw->until = seconds() + (redraw->asked ? REDRAW_SECONDS : 0);
}

static void redraw_resize(struct redraw *redraw)
{
	if (redraw->resize)
		kill(redraw->pid, SIGWINCH);
	redraw->resize = false;
}

/* Return: for how long to poll, in milliseconds. */
static int redraw_wait(struct redraw *redraw)
{
	time_t now = seconds();

	if (redraw->resize && now >= redraw->until)
		redraw_resize(redraw);
	return redraw->resize ? (redraw->until - now) * 1000 : -1;
}

/* The program has stopped. Return: true if we asked for it; it goes on then. */
static bool redraw_stopped(struct redraw *redraw)
{
	bool asked = redraw->asked;

	redraw->asked = false;
	if (!asked)
		return false;
	redraw_resize(redraw);
	return !kill(redraw->pid, SIGCONT);
}

/*
 * Hand on what is sent to us, but for what comes from the program itself, or from the terminal to
 * both. If that is a request to stop, it is the user's, and so is the next stop.
 */
static void relay(int signals, pid_t pid, struct redraw *redraw)
{
	struct signalfd_siginfo si;

	while (read(signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD || si.ssi_pid == (uint32_t)pid ||
		    (redraw->pid && si.ssi_pid == (uint32_t)redraw->pid))
			continue;
		if (si.ssi_signo == SIGTSTP)
			redraw->asked = false;
		if (si.ssi_code <= 0)
			kill(pid, si.ssi_signo);
	}
}

/* Look at the child. Return: true if it ended. */
static bool reap(pid_t pid, int to_rstr, struct redraw *redraw, int *status)
{
	struct job_event event = { 0 };
	pid_t got;
	int st;

	/* As init we inherit the orphans of the program and reap them, too. */
	while ((got = waitpid(to_rstr < 0 ? pid : -1, &st, WNOHANG | WUNTRACED | __WALL)) > 0) {
		if (got != pid)
			continue;
		if (!WIFSTOPPED(st)) {
			*status = st;
			return true;
		}
		if (to_rstr < 0) {
			if (!redraw_stopped(redraw))
				stop_self(WSTOPSIG(st));
		} else {
			event.kind = JOB_STOPPED;
			event.value = WSTOPSIG(st);
			job_send(to_rstr, &event, -1);
		}
	}
	return false;
}

int job_wait(pid_t pid, int from_init, int to_rstr, pid_t program)
{
	struct redraw redraw = { .pid = program };
	struct job_event event;
	struct pollfd fd[4];
	int status, wait_ms;
	sigset_t set;

	job_signals(&set);
	fd[0] = (struct pollfd){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				.events = POLLIN };
	/* SIGCHLD would do for a program whose exit signal is that one. */
	fd[1] = (struct pollfd){ .fd = pidfd_open(pid, 0), .events = POLLIN };
	fd[2] = (struct pollfd){ .fd = from_init, .events = POLLIN };
	if (fd[0].fd < 0) {
		say("signalfd: %s", strerror(errno));
		/* Deaf, but still there when it ends. */
		while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
			;
		return status;
	}
	redraw_begin(&redraw);
	while (1) {
		/* Before we learn that it has stopped: who wanted that? */
		relay(fd[0].fd, pid, &redraw);
		/* Before the first poll(): it may have stopped or ended already. */
		if (reap(pid, to_rstr, &redraw, &status)) {
			/* An init that ended has said before how its program did. */
			while (fd[2].fd >= 0 && job_receive(from_init, &event, NULL))
				if (event.kind == JOB_ENDED)
					status = event.value;
			break;
		}
		if (fd[1].revents) {
			/* It is dead, but somebody who traces it has not let go of it. */
			close(fd[1].fd);
			fd[1] = (struct pollfd){ .fd = -1 };
		}
		/* A terminal that is stopped keeps us from nothing else. */
		message_try(0);
		fd[3] = (struct pollfd){ .fd = message_waiting(), .events = POLLOUT };
		wait_ms = redraw_wait(&redraw);
		if (fd[1].fd < 0 && wait_ms < 0)
			wait_ms = LOOK_MS;
		if (poll(fd, ARRAY_SIZE(fd), wait_ms) < 0)
			continue;
		if (fd[2].revents) {
			if (!job_receive(from_init, &event, NULL)) {
				/* Init is gone; its own status has to do. */
				fd[2].fd = -1;
			} else if (event.kind == JOB_STOPPED) {
				if (!redraw_stopped(&redraw))
					stop_self(event.value);
			} else if (event.kind == JOB_ENDED) {
				status = event.value;
				break;
			}
		}
	}
	close(fd[0].fd);
	if (fd[1].fd >= 0)
		close(fd[1].fd);
	return status;
}

void job_end_like(int status)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	if (!WIFSIGNALED(status))
		exit(WEXITSTATUS(status));
	fflush(NULL);
	/* The program has left a core if it should; ours would overwrite it. */
	setrlimit(RLIMIT_CORE, &none);
	/* A core that goes to a pipe does not heed the limit. */
	prctl(PR_SET_DUMPABLE, 0);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(WTERMSIG(status));
	/* Only if the signal does not kill us, as the init of a container. */
	exit(128 + WTERMSIG(status));
}
