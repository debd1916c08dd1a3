/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks that are being built by a restart.
 *
 * Each is born in the kernel, does what it is asked to in its own context (build_call), and
 * sleeps in between. None of them enters user mode before build_go(); build_end(), or the
 * death of whoever waits, ends them all.
 */
#ifndef _CKPT_BUILD_H
#define _CKPT_BUILD_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/task_work.h>
#include <linux/wait.h>

#include "../task/thread.h"

struct build;
struct restart_process;

/**
 * struct build_task - a task that is being built
 * @list: on &build.tasks
 * @build: a reference is held while the task lives in the kernel
 * @process: whose main thread, or other thread, it is
 * @first: it is the main thread
 * @task: the task; a reference is held; set by itself before it does anything it was given
 * @tid: in the restarter's pid namespace
 * @wait: the task waits here for work, and who gave it, for the answer
 * @xstate: vector registers that another task has to set; freed with the build
 * @xstate_len: their length in bytes
 * @fn: what it shall do, NULL nothing; protected by &build.lock, as all below
 * @ret: what @fn returned
 * @done: @fn has returned
 * @over: no more calls: die, before the others do
 * @dead: it left; nothing can be asked of it any more
 * @work: installs @final at the return to user mode
 * @final: its last steps
 */
struct build_task {
	struct list_head list;
	struct build *build;
	struct restart_process *process;
	bool first;
	struct task_struct *task;
	pid_t tid;
	wait_queue_head_t wait;
	void *xstate;
	size_t xstate_len;
	int (*fn)(struct build_task *bt);
	int ret;
	bool done;
	bool over;
	bool dead;
	struct callback_head work;
	struct thread_final final;
};

/**
 * struct build - all tasks of a restart
 * @ref: the owner's, and one for each task
 * @lock: protects what the tasks and the owner share
 * @tasks: struct build_task, the thread group leader first
 * @owner: what the tasks work on
 * @owner_free: called with @owner when the last reference is gone
 * @over: no more calls: enter user mode if @go, else die
 * @go: see there
 */
struct build {
	struct kref ref;
	spinlock_t lock;
	struct list_head tasks;
	void *owner;
	void (*owner_free)(void *owner);
	bool over;
	bool go;
};

/**
 * build_new() - an empty set of tasks
 * @owner: what the tasks work on; lives as long as any of them is in the kernel
 * @owner_free: frees it
 *
 * Return: the set, or NULL without memory (@owner is still the caller's then).
 */
struct build *build_new(void *owner, void (*owner_free)(void *owner));

/** build_put() - give up a reference */
void build_put(struct build *build);

/**
 * build_mute() - block all signals that can be blocked
 * @old: what was blocked, to be given to set_current_blocked()
 *
 * For what would fail, or begin anew, where a handler has to run that can as well run later.
 */
void build_mute(sigset_t *old);

/**
 * build_task() - create a task, and give it something to do; build_wait() waits for that
 * @build: where it belongs
 * @process: the same, of the image
 * @flags: CLONE_* flags
 * @tid: its id in the current pid namespace; 0: any
 * @fn: what to do
 *
 * The current task becomes its parent (or sibling thread). It may have been killed already, which
 * build_wait() tells. Return: the task, or an ERR_PTR with
 * what kernel_clone() says: -EEXIST the id is taken, -EPERM no right to choose it, -EAGAIN too
 * many, or the current task is to stop.
 */
struct build_task *build_task(struct build *build, struct restart_process *process, u64 flags,
			      pid_t tid, int (*fn)(struct build_task *bt));

/**
 * build_wait() - wait until a task has done what it was given; killable
 *
 * Return: what its function returns; -EINTR if the caller was killed, and the function may still
 * run; -ECHILD if the task was.
 */
int build_wait(struct build_task *bt);

/**
 * build_call() - let a task do something in its own context
 * @bt: the task
 * @fn: what to do
 *
 * Return: as build_wait()
 */
int build_call(struct build_task *bt, int (*fn)(struct build_task *bt));

/**
 * build_call_first() - the same for the main threads of all processes, at the same time
 *
 * Return: 0, or one of what they return; none of them runs @fn any more unless it is -EINTR.
 */
int build_call_first(struct build *build, int (*fn)(struct build_task *bt));

/**
 * build_call_all() - the same for all tasks: first the main threads, then the others
 *
 * Return: 0, or one of what they return; none of them runs @fn any more unless it is -EINTR.
 */
int build_call_all(struct build *build, int (*fn)(struct build_task *bt));

/**
 * build_inactive() - wait until a task that is not in a call is off its processor; killable
 *
 * It stays off until it is called again, or killed. Return: 0; -EINTR if the caller was killed,
 * -ECHILD if the task was.
 */
int build_inactive(struct build_task *bt);

/** build_go() - let all tasks enter user mode */
void build_go(struct build *build);

/** build_kill() - kill a process, by its main thread; returns at once */
void build_kill(struct build_task *bt);

/** build_end() - no more calls: all tasks enter user mode if @go, else die; returns at once */
void build_end(struct build *build, bool go);

#endif /* _CKPT_BUILD_H */
