/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work beside the ioctl: the progress bar, SIGUSR1, and a tidy end by a signal.
 *
 * The ioctl blocks the thread that calls it and heeds no signal but a deadly one. So a second
 * thread takes the signals and looks at CKPT_IOC_PROGRESS.
 */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <time.h>

/**
 * struct progress - a running watcher; the caller fills the first group
 * @device: where to ask
 * @bar: draw a bar if stderr is a terminal
 * @quiet: without one, say nothing of a long wait either
 * @verb: "writing" or "reading"
 * @total: bytes to come, if the caller knows; 0 if not
 * @starts: what runs starts a program: signals are for that then
 * @cleanup: called before a signal ends the process; may be NULL
 * @arg: for @cleanup
 */
struct progress {
	int device;
	bool bar;
	bool quiet;
	const char *verb;
	uint64_t total;
	bool starts;
	void (*cleanup)(void *arg);
	void *arg;

	pthread_t thread;
	int wake;
	int signals;
	bool running;
	struct timespec begin;
};

/**
 * progress_block() - take over the signals for the rest of the process
 * @starts: as in struct progress
 *
 * Blocks SIGUSR1 and those of SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR2 and SIGALRM that are not
 * ignored; for one who starts a program SIGTSTP, too, which then comes again at the end. Call it
 * before a file that needs cleaning up exists, and after what may take long: they wait for
 * progress_start().
 */
void progress_block(bool starts);

/**
 * progress_signals() - a signalfd for what progress_block() took, for one who waits himself
 * Return: a descriptor, or -1 with errno.
 */
int progress_signals(void);

/**
 * progress_unblock() - give them back, but for SIGUSR1, once nothing depends on us any more
 *
 * Those that came meanwhile are dropped.
 */
void progress_unblock(void);

/**
 * progress_too_late() - a signal was taken, but the restarted program runs already?
 * @device: where it was restarted
 * @si: the signal
 *
 * The program would outlive us: the signal is for it. Return: true, with the signal pending again
 * for who waits for the program.
 */
bool progress_too_late(int device, const struct signalfd_siginfo *si);

/** progress_start() - begin to watch. Return: 0, or -1 after a line on stderr. */
int progress_start(struct progress *p);

/** progress_stop() - end it, wipe the bar. The signals stay blocked. */
void progress_stop(struct progress *p);

#endif
