/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of processes that park together: the data, and what can be said by a look at them. park.h
 * says what is done with it.
 */
#ifndef _CKPT_PARK_SET_H
#define _CKPT_PARK_SET_H

#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
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

/* Wait for @cond, killable, for up to @timeout jiffies; a system suspend may freeze the waiter. */
#define PARK_WAIT(wq, cond, timeout)						\
	___wait_event(wq, ___wait_cond_timeout(cond),				\
		      (TASK_KILLABLE | TASK_FREEZABLE), 0, timeout,		\
		      __ret = schedule_timeout(__ret))

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
 * @claim: in the table of claimed processes (claim.c), from park_freeze() to park_release()
 * @set: the set
 * @leader: the thread group leader; a reference is held
 * @tgid: its number in the init namespace, which it loses when it is reaped
 * @ended: it is a zombie: there is nothing to park, it has to stay one
 * @left: it ended and was reaped before the others had come to rest: it is no part of the set
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
	pid_t tgid;
	bool ended;
	bool left;
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

/** park_expired() - was the deadline over before the owner was done? */
static inline bool park_expired(const struct park_set *set)
{
	return atomic_read(&set->outcome) >= PARK_EXPIRED;
}

/** park_has() - is a task of one of the processes of the set? */
static inline bool park_has(struct park_set *set, struct task_struct *task)
{
	struct park_process *proc = xa_load(&set->by_tgid, task_tgid_nr(task));

	return proc && same_thread_group(proc->leader, task);
}

/**
 * park_ends() - is a thread, or its whole process, about to end?
 *
 * It may dump core before. It must not be asked to park then: that counts as a signal, and a dump
 * that must wait, for who reads it from a pipe, is cut short by one.
 */
static inline bool park_ends(struct task_struct *task)
{
	return task->flags & (PF_EXITING | PF_SIGNALED) ||
	       READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT;
}

#endif /* _CKPT_PARK_SET_H */
