// SPDX-License-Identifier: GPL-2.0
#include "progress.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <ckpt.h>

#include "util.h"

/* Short operations pass without a bar; a bar that flashes up only disturbs. */
#define BAR_AFTER_MS	300
#define BAR_EVERY_MS	100

static const int heeded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR2, SIGALRM, SIGTSTP };
static sigset_t taken;

void progress_block(bool starts)
{
	struct sigaction sa;
	size_t i;

	sigemptyset(&taken);
	sigaddset(&taken, SIGUSR1);
	for (i = 0; i < ARRAY_SIZE(heeded); i++) {
		/* nohup(1) and shells ignore some on purpose. */
		if (!sigaction(heeded[i], NULL, &sa) && sa.sa_handler != SIG_IGN &&
		    (starts || heeded[i] != SIGTSTP))
			sigaddset(&taken, heeded[i]);
	}
	sigprocmask(SIG_BLOCK, &taken, NULL);
}

int progress_signals(void)
{
	return signalfd(-1, &taken, SFD_CLOEXEC);
}

void progress_unblock(void)
{
	static const struct timespec now;

	/* A signal that came when there was no good moment to end finds nothing to end any more. */
	while (sigtimedwait(&taken, NULL, &now) > 0)
		;
	/* That one is no reason to end. */
	sigdelset(&taken, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &taken, NULL);
}

static uint64_t elapsed_ns(const struct progress *p)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - p->begin.tv_sec) * 1000000000LL + now.tv_nsec - p->begin.tv_nsec;
}

static const char *phase_text(const struct progress *p, uint32_t phase)
{
	switch (phase) {
	case CKPT_PHASE_IDLE:
		return "waiting";
	case CKPT_PHASE_PARK:
		return "freezing";
	case CKPT_PHASE_DESCRIBE:
		return "describing";
	case CKPT_PHASE_SNAPSHOT:
		return "taking the snapshot";
	case CKPT_PHASE_PAGES:
		return p->verb;
	case CKPT_PHASE_HELD:
		return "storing";
	case CKPT_PHASE_BUILD:
		return "building";
	case CKPT_PHASE_FINISH:
		return "finishing";
	case CKPT_PHASE_WAIT:
		return "waiting for the process that has its pid to end";
	}
	return p->verb;
}

/* How much is done, 0 to 1; below 0: nobody knows. */
static double share(const struct progress *p, const struct ckpt_progress *now)
{
	double part = -1;

	if (p->total)
		part = (double)now->bytes / p->total;
	else if (now->pages_total)
		part = (double)now->pages / now->pages_total;
	return part > 1 ? 1 : part;
}

static void line(const struct progress *p)
{
	struct ckpt_progress now = { 0 };
	char done[BUF_NUMBER], rate[BUF_NUMBER], tasks[BUF_NUMBER], percent[BUF_NUMBER] = "";
	double part;

	if (ioctl(p->device, CKPT_IOC_PROGRESS, &now)) {
		say("no progress to tell: %s", strerror(errno));
		return;
	}
	part = share(p, &now);
	if (part >= 0)
		snprintf(percent, sizeof(percent), " (%d%%)", (int)(part * 100));
	say("%s: %s threads, %s%s, %s", phase_text(p, now.phase),
	    format_count(tasks, now.nr_tasks), format_size(done, now.bytes), percent,
	    format_rate(rate, now.bytes, elapsed_ns(p)));
}

static void bar(const struct progress *p)
{
	char text[512], done[BUF_NUMBER], rate[BUF_NUMBER], rest[2 * BUF_NUMBER] = "";
	char fill[256], left[BUF_NUMBER];
	struct ckpt_progress now = { 0 };
	int columns = 80, width, n;
	struct winsize ws;
	uint64_t ns;
	double part;

	/* In the background the terminal is somebody else's. */
	if (tcgetpgrp(STDERR_FILENO) != getpgrp() || ioctl(p->device, CKPT_IOC_PROGRESS, &now))
		return;
	/* From FINISH on the restarted program may write to the terminal any moment. */
	if (now.phase == CKPT_PHASE_FINISH || now.phase == CKPT_PHASE_STARTED ||
	    (now.phase == CKPT_PHASE_IDLE && now.bytes)) {
		bar_draw("");
		return;
	}
	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) && ws.ws_col)
		columns = ws.ws_col;
	ns = elapsed_ns(p);
	part = share(p, &now);
	format_size(done, now.bytes);
	format_rate(rate, now.bytes, ns);
	if (part > 0.02 && part < 1)
		snprintf(rest, sizeof(rest), "  %s left", format_time(left, ns / part - ns));

	n = snprintf(text, sizeof(text), "%s: %s %s  %s%s", tool_name, phase_text(p, now.phase),
		     done, rate, rest);
	/* One column stays free: some terminals wrap when the last one is written. */
	width = columns - 1 - n - 8;
	if (width > (int)sizeof(fill) - 1)
		width = sizeof(fill) - 1;
	if (part >= 0 && width >= 10) {
		int full = part * width;

		memset(fill, '=', full);
		memset(fill + full, ' ', width - full);
		if (full < width)
			fill[full] = '>';
		fill[width] = 0;
		n = snprintf(text, sizeof(text), "%s: %s %3d%% [%s] %s  %s%s", tool_name,
			     phase_text(p, now.phase), (int)(part * 100), fill, done, rate, rest);
	}
	if (n >= columns && columns - 1 < (int)sizeof(text))
		text[columns - 1] = 0;
	bar_draw(text);
}

static void die(const struct progress *p, int sig)
{
	sigset_t set;

	bar_draw("");
	if (p->cleanup)
		p->cleanup(p->arg);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), sig);
	/* Not reached but as the init of a pid namespace, whom such signals do not end. */
	_exit(128 + sig);
}

bool progress_too_late(int device, const struct signalfd_siginfo *si)
{
	struct ckpt_progress now = { 0 };

	if (ioctl(device, CKPT_IOC_PROGRESS, &now) ||
	    !(now.phase == CKPT_PHASE_STARTED || (now.phase == CKPT_PHASE_IDLE && now.bytes)))
		return false;
	/* The terminal sends it its own. */
	if (si->ssi_code <= 0)
		kill(getpid(), si->ssi_signo);
	return true;
}

/* Without a bar, one line. Return: whether it was said. */
static bool tell_wait(const struct progress *p)
{
	struct ckpt_progress now = { 0 };

	if (ioctl(p->device, CKPT_IOC_PROGRESS, &now) || now.phase != CKPT_PHASE_WAIT)
		return false;
	say("%s", phase_text(p, now.phase));
	return true;
}

static void *watch(void *arg)
{
	struct progress *p = arg;
	struct pollfd fd[] = {
		{ .fd = p->wake, .events = POLLIN },
		{ .fd = p->signals, .events = POLLIN },
	};
	bool bar_or_line = p->bar || (p->starts && !p->quiet);
	int wait_ms = bar_or_line ? BAR_AFTER_MS : -1;
	bool stop = false, told = p->bar;

	while (1) {
		struct signalfd_siginfo si;
		int n = poll(fd, ARRAY_SIZE(fd), wait_ms);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && fd[1].revents && read(p->signals, &si, sizeof(si)) == sizeof(si)) {
			if (p->starts && progress_too_late(p->device, &si))
				break;
			if (si.ssi_signo == SIGUSR1)
				line(p);
			else if (si.ssi_signo == SIGTSTP)
				stop = true;
			else
				die(p, si.ssi_signo);
		}
		if (n > 0 && fd[0].revents)
			break;
		if (n == 0 && p->bar) {
			wait_ms = BAR_EVERY_MS;
			bar(p);
		} else if (n == 0 && !told) {
			told = tell_wait(p);
			wait_ms = told ? -1 : BAR_AFTER_MS;
		}
	}
	bar_draw("");
	/* The half-built program cannot stop; this one can. */
	if (stop)
		kill(getpid(), SIGTSTP);
	return NULL;
}

int progress_start(struct progress *p)
{
	int error;

	clock_gettime(CLOCK_MONOTONIC, &p->begin);
	if (!isatty(STDERR_FILENO))
		p->bar = false;
	p->wake = eventfd(0, EFD_CLOEXEC);
	p->signals = progress_signals();
	error = p->wake < 0 || p->signals < 0 ? errno :
		pthread_create(&p->thread, NULL, watch, p);
	if (error) {
		say("cannot start a thread: %s", strerror(error));
		return -1;
	}
	p->running = true;
	return 0;
}

void progress_stop(struct progress *p)
{
	uint64_t one = 1;

	if (!p->running)
		return;
	if (write(p->wake, &one, sizeof(one)) == sizeof(one))
		pthread_join(p->thread, NULL);
	close(p->wake);
	close(p->signals);
	p->running = false;
}
