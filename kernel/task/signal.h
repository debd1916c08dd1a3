/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SIGNAL_H
#define _CKPT_SIGNAL_H

#include <linux/sched/signal.h>

#include "../image/schema.gen.h"
#include "timer.h"

struct park_task;
struct restart;
struct stream_in;
struct stream_out;

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

/**
 * struct signal_process - what all threads of a process share
 * @shared: signals pending for the process
 * @timers: its timers, which send signals
 * @n_action: how many actions are not the default
 * @action: those
 */
struct signal_process {
	struct signal_queue shared;
	struct timer_set timers;
	u32 n_action;
	struct pb_sigaction action[_NSIG];
};

/** signal_free_queue() - give back what signal_save_process() allocated */
void signal_free_queue(struct signal_queue *queue);

/**
 * signal_save_process() - describe actions, signals and timers of a parked process
 * @pt: its thread group leader; &thread_state.queue of all threads is filled
 *
 * When all threads are parked: another one could send or take a signal, or change an action.
 * Signals of POSIX timers are left out: they are part of those.
 *
 * Return: the description, or an ERR_PTR: -ENOMEM, -ECHILD it ended, -EINTR the caller was killed,
 * -EAGAIN at each look a timer was just expiring.
 */
struct signal_process *signal_save_process(struct park_task *pt);

/** signal_free_process() - give it back; NULL is fine */
void signal_free_process(struct signal_process *proc);

/** signal_write() - write SIGHAND and SIGNALS */
int signal_write(struct stream_out *out, const struct signal_process *proc);

/** signal_read_actions() - read SIGHAND and set the current process's actions */
int signal_read_actions(struct restart *rs);

/** signal_read_shared() - read SIGNALS, to be put back to the current process */
int signal_read_shared(struct restart *rs);

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

/**
 * signal_mute() - block the caller's signals that do not end it, those with a handler say
 * @old: what was blocked, to be given to set_current_blocked()
 */
void signal_mute(sigset_t *old);

/** signal_ends() - has the caller, muted, got a signal that ends it, if by a core dump? */
bool signal_ends(void);

/**
 * signal_again() - was a read or write interrupted by what can wait?
 * @err: what it returned
 *
 * What the caller is to do (to stop, to answer a tracer) is done on its way to user mode. The
 * freezer does not wait for that: it finds the caller asleep here. Waits a tick, killable.
 *
 * Return: whether to call it again.
 */
bool signal_again(ssize_t err);

/** signal_sighand() - the current task's signal handlers, at which it may look without RCU */
static inline struct sighand_struct *signal_sighand(void)
{
	return rcu_dereference_protected(current->sighand, true);
}

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
