/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SIGNAL_H
#define _CKPT_SIGNAL_H

#include <linux/sched/signal.h>

#include "../image/schema.gen.h"

struct stream_in;

/**
 * struct signal_queue - signals that were pending, described
 * @n: how many
 * @cap: room for so many
 * @want: how many there were at the last count
 * @pb: @n of them, in queue order; point into @info
 * @info: their siginfo
 */
struct signal_queue {
	unsigned int n;
	unsigned int cap;
	unsigned int want;
	struct pb_signal *pb;
	kernel_siginfo_t *info;
};

/** signal_count() - how many signals are pending there; with the siglock */
unsigned int signal_count(struct sigpending *pending);

/** signal_room() - make room for @cap signals; drops what was in there; Return: 0 or -ENOMEM */
int signal_room(struct signal_queue *queue, unsigned int cap);

/**
 * signal_fill() - describe pending signals; with the siglock
 * @queue: has room
 * @pending: they
 *
 * Signals for which there is no room count as sent after the checkpoint. Left out are those of
 * POSIX timers, which are part of these, and SIGSTOP, which no program can keep waiting.
 */
void signal_fill(struct signal_queue *queue, const struct sigpending *pending);

/** signal_free_queue() - give back what signal_room() allocated */
void signal_free_queue(struct signal_queue *queue);

/**
 * signal_queue_all() - queue signals of an image, and put them aside
 * @in: the image
 * @pb: the signals
 * @n: how many
 * @type: PIDTYPE_PID for the current thread, PIDTYPE_TGID for the process
 * @kept: gets them, for signal_put_back()
 *
 * All signals must be blocked, so that none is dropped as ignored.
 *
 * Return: 0, or an error that is recorded: -EBADMSG, or -EAGAIN beyond RLIMIT_SIGPENDING.
 */
int signal_queue_all(struct stream_in *in, const struct pb_signal *pb, unsigned int n,
		     enum pid_type type, struct sigpending *kept);

/** signal_put_back() - make pending what was put aside; @kept is empty afterwards */
void signal_put_back(struct sigpending *kept, enum pid_type type);

/**
 * signal_drop() - drop all that is pending for the current thread and its process but SIGKILL
 *
 * A process that is being built is a member of the restarter's process group, and has a pid. Until
 * its last steps nothing that is sent to these is for the program.
 */
void signal_drop(void);

/** signal_to_set() - a mask of the image (bit n-1 is signal n) as a set, and back */
static inline void signal_to_set(u64 mask, sigset_t *set)
{
	set->sig[0] = mask;
}

static inline u64 signal_from_set(const sigset_t *set)
{
	BUILD_BUG_ON(_NSIG_WORDS != 1);
	return set->sig[0];
}

#endif /* _CKPT_SIGNAL_H */
