// SPDX-License-Identifier: GPL-2.0
#include "job.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

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
		/* What we were started to ignore, as by nohup(1), is not for the program. */
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

/* Look at the child. Return: true if it ended. */
static bool reap(pid_t pid, int to_rstr, int *status)
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
			stop_self(WSTOPSIG(st));
		} else {
			event.kind = JOB_STOPPED;
			event.value = WSTOPSIG(st);
			job_send(to_rstr, &event, -1);
		}
	}
	return false;
}

int job_wait(pid_t pid, int from_init, int to_rstr)
{
	struct signalfd_siginfo si;
	struct job_event event;
	struct pollfd fd[3];
	sigset_t set;
	int status;

	job_signals(&set);
	fd[0] = (struct pollfd){ .fd = signalfd(-1, &set, SFD_CLOEXEC), .events = POLLIN };
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
	while (1) {
		/* Before the first poll(): it may have stopped or ended already. */
		if (reap(pid, to_rstr, &status)) {
			/* An init that ended has said before how its program did. */
			while (fd[2].fd >= 0 && job_receive(from_init, &event, NULL))
				if (event.kind == JOB_ENDED)
					status = event.value;
			break;
		}
		if (poll(fd, ARRAY_SIZE(fd), -1) < 0)
			continue;
		if (fd[0].revents && read(fd[0].fd, &si, sizeof(si)) == sizeof(si) &&
		    si.ssi_signo != SIGCHLD && si.ssi_code <= 0 && si.ssi_pid != (uint32_t)pid)
			kill(pid, si.ssi_signo);
		if (fd[2].revents) {
			if (!job_receive(from_init, &event, NULL)) {
				/* Init is gone; its own status has to do. */
				fd[2].fd = -1;
			} else if (event.kind == JOB_STOPPED) {
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
