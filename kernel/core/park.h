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

#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "../../uapi/ckpt.h"

struct operation;
struct thread_state;

/**
 * enum park_state - of one thread
 * @PARK_COMING: the task_work is queued, the thread has not arrived
 * @PARK_THERE: it waits in the callback
 * @PARK_GONE: it left: it was killed or exited
 */
enum park_state {
	PARK_COMING,
	PARK_THERE,
	PARK_GONE,
};

/**
 * enum park_outcome - of a set, as a whole
 * @PARK_FROZEN: the threads wait, or are to
 * @PARK_DONE: the owner is done with them, in time; they still wait
 * @PARK_RELEASED: they go on as &park_set.how says
 * @PARK_EXPIRED: they went on by themselves: what was read from them is void
 * @PARK_STALLED: likewise, while they were held: the image had not grown
 */
enum park_outcome {
	PARK_FROZEN,
	PARK_DONE,
	PARK_RELEASED,
	PARK_EXPIRED,
	PARK_STALLED,
};

/** PARK_FOREVER - for park_hold(): without a deadline */
#define PARK_FOREVER	ULONG_MAX

/**
 * struct park_task - one thread of a parked process
 * @list: on &park_process.tasks
 * @work: queued to the thread; while queued or running it owns a reference to the set
 * @proc: the process
 * @task: the thread; a reference is held as long as the set lives
 * @tid: in the init namespace; the key in &park_set.tasks
 * @vnr: its id as who makes the checkpoint sees it
 * @state: enum park_state; written by the thread, under &park_set.lock
 * @thread: what the thread captured; valid once @state is PARK_THERE. NULL if it had left before
 *	the last one came
 * @asking: held while the thread is asked to park: @wake_ns is being found out
 * @wake_ns: if the thread slept in a system call with a timeout when it was asked to park: the
 *	CLOCK_MONOTONIC time when it would have ended; 0 if not
 * @error: an errno if it could not describe itself
 * @again: it came too early, and was queued once more
 */
struct park_task {
	struct callback_head work;
	struct list_head list;
	struct park_process *proc;
	struct task_struct *task;
	pid_t tid;
	pid_t vnr;
	enum park_state state;
	struct thread_state *thread;
	spinlock_t asking;
	u64 wake_ns;
	int error;
	bool again;
};

/**
 * struct park_process - a process of a set
 * @list: on &park_set.processes
 * @claim: in the table of claimed processes, from park_freeze() to park_release()
 * @set: the set
 * @leader: the thread group leader; a reference is held
 * @ended: it is a zombie: there is nothing to park, it has to stay one
 * @tasks: all struct park_task, in the order they were asked: the leader first
 * @asked: the last of @tasks that was asked to park
 * @nr: threads asked
 * @nr_gone: of them, gone; protected by &park_set.lock
 */
struct park_process {
	struct list_head list;
	struct hlist_node claim;
	struct park_set *set;
	struct task_struct *leader;
	bool ended;
	struct list_head tasks;
	struct list_head *asked;
	unsigned int nr;
	unsigned int nr_gone;
};

/**
 * struct park_set - processes that park together
 * @ref: one for the owner, one for each queued work, and what park_get() gave
 * @processes: struct park_process
 * @by_tgid: the same by the number of the process in the init namespace, for park_has()
 * @tasks: struct park_task of all of them by tid, for park_find()
 * @claimed: they are claimed
 * @nr: threads asked, of all processes
 * @nr_coming: of them, not yet arrived; protected by @lock
 * @nr_gone: of them, gone; protected by @lock
 * @nr_left: of them, gone when the last one had arrived: they are no part of their processes
 * @lock: protects the states
 * @arrived: the owner waits here
 * @release: the threads wait here
 * @outcome: enum park_outcome; leaves PARK_FROZEN once, by compare and exchange
 * @how: enum ckpt_release_how; set before PARK_RELEASED
 * @op: the operation; a reference is held
 * @owner: the task that runs it; a reference is held
 * @leaves: the owner has let go of the set: it is not to be woken any more; protected by @lock
 * @limit: in jiffies: how long threads may be frozen
 * @deadline: in jiffies: when the first one has been frozen for that long
 * @stall: in jiffies: not 0: they are held, until the image has not grown for so long;
 *	PARK_FOREVER
 * @pins: how often park_pin() holds them
 * @first: when the first thread arrived, 0 before
 */
struct park_set {
	struct kref ref;
	struct list_head processes;
	struct xarray by_tgid;
	struct xarray tasks;
	bool claimed;
	unsigned int nr;
	unsigned int nr_coming;
	unsigned int nr_gone;
	unsigned int nr_left;
	spinlock_t lock;
	wait_queue_head_t arrived;
	wait_queue_head_t release;
	atomic_t outcome;
	enum ckpt_release_how how;
	struct operation *op;
	struct task_struct *owner;
	bool leaves;
	unsigned long limit;
	unsigned long deadline;
	unsigned long stall;
	atomic_t pins;
	ktime_t first;
};

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
 *
 * Waits, killable, until nobody else has any of them parked, and until all have come to rest. On an
 * error everything that was parked is released, and all that is left to do is park_put().
 *
 * Return: 0, or with the error recorded: -ETIMEDOUT they do not come to rest, -EBUSY somebody holds
 * one of them, -ECHILD one ended; without: -EINTR the caller was killed, -ENOMEM.
 */
int park_freeze(struct park_set *set, unsigned long deadline);

/** park_late() - a thread has not come to rest in time: record why; Return: the errno */
int park_late(struct operation *op, struct task_struct *task);

/**
 * park_ends() - is a thread, or its whole process, about to end?
 *
 * It may dump core before. It must not be asked to park then: that counts as a signal, and a dump
 * that must wait, for who reads it from a pipe, is cut short by one.
 */
bool park_ends(struct task_struct *task);

/** park_intact() - do all threads still wait? False once one was killed, or they went on. */
bool park_intact(struct park_set *set);

/** park_has() - is a task of one of the processes of the set? */
bool park_has(struct park_set *set, struct task_struct *task);

/** park_find() - a thread of the set, or NULL if it is none */
struct park_task *park_find(struct park_set *set, struct task_struct *task);

/** park_expired() - was the deadline over before the owner was done? */
bool park_expired(struct park_set *set);

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
