/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Freezing a set of processes: every thread parks itself.
 *
 * A task_work makes each thread run park_callback() at its next return to user mode. There it
 * describes itself (what only it can see: registers, the call it was in) and waits, killable,
 * until it is released. So a parked thread is in no system call, holds no lock, and its saved
 * registers say how an interrupted call goes on.
 *
 * A set is frozen as a whole or not at all: it has one deadline and one outcome. A process is in
 * one frozen set at a time: park_freeze() claims all processes of its set in one step, or waits and
 * has claimed none, so that two sets with a process in common never wait for each other.
 *
 * The threads keep the time themselves: each sleeps until the deadline at the most. The first to
 * find it passed says so for all, if the owner has not said that it is done, and they go on. For
 * this they need nothing of the owner, which may have died in any way, or wait for a server that
 * does not answer.
 */
#ifndef _CKPT_PARK_H
#define _CKPT_PARK_H

#include "park_set.h"

/**
 * park_new() - make a set without processes
 * @op: for errors and progress; the current task runs it
 * @limit: in jiffies: how long a thread may be frozen, until park_hold() or park_release()
 *
 * Return: the set, for park_put(), or NULL without memory.
 */
struct park_set *park_new(struct operation *op, unsigned long limit);

/**
 * park_add() - add a process to a set that is not frozen yet
 * @set: the set
 * @leader: the thread group leader
 *
 * A process that has ended, and was not waited for, has no threads to park: &park_process.ended.
 *
 * Return: the process, which the set owns; or ERR_PTR(-ENOMEM).
 */
struct park_process *park_add(struct park_set *set, struct task_struct *leader);

/**
 * park_freeze() - freeze all processes of a set, or none
 * @set: the set
 * @deadline: in jiffies; until then all have to come to rest
 * @more: looks for processes that belong to the set and are not in it yet, and adds them by
 *	park_add(). Return: how many, or an errno
 * @arg: for @more
 *
 * Waits, killable, until nobody else has any of them parked, and until all have come to rest. The
 * first process has to live; others that end meanwhile stay as zombies (&park_process.ended), or
 * leave the set (&park_process.left). On an error everything that was parked is released, and all
 * that is left to do is park_put().
 *
 * Return: 0, or with the error recorded: -ETIMEDOUT they do not come to rest, -EBUSY somebody holds
 * one of them, -ECHILD one ended, or executed another program, or is in another set since a moment
 * ago; without: -EINTR the caller was killed, -ENOMEM, or what @more says.
 */
int park_freeze(struct park_set *set, unsigned long deadline, int (*more)(void *arg), void *arg);

/** park_late() - a thread has not come to rest in time: record why; Return: the errno */
int park_late(struct operation *op, struct task_struct *task);

/** park_intact() - do all threads still wait? False once one was killed, or they went on. */
bool park_intact(struct park_set *set);

/** park_find() - a thread of the set, or NULL if it is none */
struct park_task *park_find(struct park_set *set, struct task_struct *task);

/** park_stalled() - was it that of park_hold()? */
bool park_stalled(struct park_set *set);

/**
 * park_hold() - what must be done while they are frozen is done, but they are to stay
 * @set: frozen
 * @stall: in jiffies: until the image has not grown for so long; PARK_FOREVER
 *
 * Return: false if the deadline was over before.
 */
bool park_hold(struct park_set *set, unsigned long stall);

/**
 * park_pin() - keep a thread parked, even if it is killed, for what it cannot exit from under
 * @pt: one of its threads
 *
 * For a moment only, and while it has not been released. A thread does not wait for an owner that
 * has died. Return: false if it is gone.
 */
bool park_pin(struct park_task *pt);

/** park_unpin() - it may go where it likes */
void park_unpin(struct park_task *pt);

/**
 * park_release() - let all threads go on, or end; what they said of themselves stays
 *
 * Return: false if the deadline was over before: they went on by themselves.
 */
bool park_release(struct park_set *set, enum ckpt_release_how how);

/** park_get() - keeps it; Return: @set */
struct park_set *park_get(struct park_set *set);

/** park_put() - gives up a reference; the owner's, once released */
void park_put(struct park_set *set);

#endif /* _CKPT_PARK_H */
