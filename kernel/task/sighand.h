/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SIGHAND_H
#define _CKPT_SIGHAND_H

#include "../image/schema.gen.h"
#include "signal.h"
#include "timer.h"

struct checkpoint_process;
struct park_task;
struct restart;
struct stream_out;

/**
 * struct sighand_state - what all threads of a process share
 * @sighand: the kernel's struct of the actions; only compared
 * @shared: signals pending for the process
 * @timers: its timers, which send signals
 * @n_action: how many actions are not the default
 * @action: those
 */
struct sighand_state {
	const void *sighand;
	struct signal_queue shared;
	struct timer_set timers;
	u32 n_action;
	struct pb_sigaction action[_NSIG];
};

/**
 * sighand_save() - describe actions, signals and timers of a parked process
 * @pt: its thread group leader; &thread_state.queue of all threads is filled
 *
 * When all threads are parked: another one could send or take a signal, or change an action.
 * Signals of POSIX timers are left out: they are part of those.
 *
 * Return: the description, or an ERR_PTR: -ENOMEM, -ECHILD it ended, -EINTR the caller was killed,
 * -EAGAIN at each look a timer was just expiring.
 */
struct sighand_state *sighand_save(struct park_task *pt);

/** sighand_free() - give it back; NULL is fine */
void sighand_free(struct sighand_state *proc);

/** sighand_write() - write SIGHAND, once for all processes that share it, and SIGNALS */
int sighand_write(struct checkpoint_process *proc);

/**
 * sighand_begin() - the current process ignores the end of its children, until it starts
 *
 * So that those are gone when a restart fails, without anybody who waits for them.
 */
void sighand_begin(void);

/** sighand_read() - read SIGHAND and set the current process's actions, but that for SIGCHLD */
int sighand_read(struct restart *rs);

/** sighand_read_shared() - read SIGNALS, to be put back to the current process */
int sighand_read_shared(struct restart *rs);

#endif /* _CKPT_SIGHAND_H */
