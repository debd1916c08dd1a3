/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls that a park interrupted, and how they go on.
 *
 * Most calls answer with a restart code (ERESTARTSYS and its kin) that the kernel turns back
 * into the call when no signal handler ran. Two things remain to be done here: calls that
 * answer any wake-up with a plain EINTR, and restart blocks, which hold the rest of a timeout.
 */
#ifndef _CKPT_SYSCALL_H
#define _CKPT_SYSCALL_H

#include <linux/sched.h>

#include "../image/schema.gen.h"

/**
 * struct syscall_rest - a call that must be made again when its thread goes on
 * @again: there is one
 * @wake_ns: if @again, the CLOCK_MONOTONIC time at which its timeout ends
 * @block: the kernel would go on by restart_syscall(2), and the thread has seccomp filters that may
 *	not know this call
 * @anew: if @again, the program is to make it itself, with the whole timeout: it is in an image,
 *	and filters that are not the image's have not seen it
 */
struct syscall_rest {
	bool again;
	bool block;
	bool anew;
	u64 wake_ns;
};

/**
 * syscall_sleeps_until() - when will the timeout of a task's sleep end?
 * @task: any task but the current one; a reference is held
 *
 * Looks for the sleeper's timer on the task's kernel stack, while the task may run: a hint, to
 * be used only if the call then turns out to have been interrupted.
 *
 * Return: CLOCK_MONOTONIC time in ns, or 0 if there is no such timer.
 */
u64 syscall_sleeps_until(struct task_struct *task);

/**
 * syscall_interrupted() - mend the result of the call that the current task's park interrupted
 * @rest: set, for syscall_resume()
 * @wake_ns: what syscall_sleeps_until() said of the task
 *
 * At the return to user mode, before signals are looked at. A call that was to go on, and has not
 * yet, is taken over with what is left of its timeout.
 */
void syscall_interrupted(struct syscall_rest *rest, u64 wake_ns);

/**
 * syscall_resume() - make the call again, if there is one
 * @rest: what syscall_interrupted() or syscall_restore() has set
 *
 * From a task_work alone; the call is made by another one, behind all that there are, and may sleep
 * until its timeout. A task that exits makes none.
 */
void syscall_resume(const struct syscall_rest *rest);

/**
 * syscall_save() - describe how the current task's interrupted call goes on
 * @thread: gets it
 * @rest: of a call that it would make again
 *
 * Return: NULL, or what about it cannot be kept.
 */
const char *syscall_save(struct pb_thread *thread, const struct syscall_rest *rest);

/**
 * syscall_restore() - set the current task's restart block
 * @thread: has a restart
 * @rest: set, if it is a call to be made again
 *
 * Return: NULL, or what is wrong with it.
 */
const char *syscall_restore(const struct pb_thread *thread, struct syscall_rest *rest);

#endif /* _CKPT_SYSCALL_H */
