// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that are being built by a restart.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "build.h"
#include "symbols.h"

#define BUILD_TASK_STATE	(TASK_KILLABLE | TASK_FREEZABLE)
/* The kernel looks for any of the bits; who was frozen in that sleep has another state. */
#define BUILD_TASK_ASLEEP	(BUILD_TASK_STATE | TASK_FROZEN)

/* How many tasks are woken under the lock in one go. */
#define BUILD_SLICE		64

static void build_free(struct kref *ref)
{
	struct build *build = container_of(ref, struct build, ref);
	struct build_task *bt, *next;

	list_for_each_entry_safe(bt, next, &build->tasks, list) {
		if (bt->task)
			put_task_struct(bt->task);
		put_cred(bt->final.cred);
		kfree(bt->final.sched.mask);
		kvfree(bt->xstate);
		kfree(bt);
	}
	build->owner_free(build->owner);
	kfree(build);
}

struct build *build_new(void *owner, void (*owner_free)(void *owner))
{
	struct build *build = kzalloc(sizeof(*build), GFP_KERNEL_ACCOUNT);

	if (!build)
		return NULL;
	kref_init(&build->ref);
	build->owner = owner;
	build->owner_free = owner_free;
	spin_lock_init(&build->lock);
	INIT_LIST_HEAD(&build->tasks);
	return build;
}

void build_put(struct build *build)
{
	if (build)
		kref_put(&build->ref, build_free);
}

static void build_leave(struct build_task *bt)
{
	struct build *build = bt->build;

	spin_lock(&build->lock);
	bt->dead = true;
	spin_unlock(&build->lock);
	wake_up_all(&bt->wait);
	build_put(build);
}

/* At the first return to user mode, before signals and restarts of calls are looked at. */
static void build_enter(struct callback_head *work)
{
	struct build_task *bt = container_of(work, struct build_task, work);

	u32 pdeath_signal = bt->final.pdeath_signal;
	struct syscall_rest rest = bt->final.rest;
	pid_t leaving = bt->final.leaving;

	if (!(current->flags & PF_EXITING))
		thread_enter(&bt->final);
	build_leave(bt);
	thread_orphaned(leaving, pdeath_signal);
	syscall_resume(&rest);
	module_put(THIS_MODULE);
}

static bool build_asked(struct build_task *bt)
{
	return READ_ONCE(bt->fn) || READ_ONCE(bt->over) || READ_ONCE(bt->build->over);
}

void build_mute(sigset_t *old)
{
	sigset_t all;

	*old = current->blocked;
	sigfillset(&all);
	sym(set_current_blocked)(&all);
}

/* The first and only function of a new task; runs on its kernel stack. */
static int build_main(void *arg)
{
	struct build_task *bt = arg;
	struct build *build = bt->build;
	int (*fn)(struct build_task *bt);
	sigset_t old;
	int ret;

	/* By itself, for it may be gone before anybody looks: even who is killed comes here. */
	spin_lock(&build->lock);
	bt->task = get_task_struct(current);
	spin_unlock(&build->lock);
	/* Signals to the restarter's process group are not for the program. */
	build_mute(&old);

	while (!wait_event_state(bt->wait, build_asked(bt), BUILD_TASK_STATE)) {
		spin_lock(&build->lock);
		fn = build->over || bt->over ? NULL : bt->fn;
		spin_unlock(&build->lock);
		if (!fn)
			break;
		ret = fn(bt);
		spin_lock(&build->lock);
		bt->fn = NULL;
		bt->ret = ret;
		bt->done = true;
		spin_unlock(&build->lock);
		wake_up_all(&bt->wait);
	}
	if (READ_ONCE(build->over) && READ_ONCE(build->go) && !fatal_signal_pending(current)) {
		init_task_work(&bt->work, build_enter);
		if (!task_work_add(current, &bt->work, TWA_SIGNAL))
			return 0;
	}
	/* Queued signals are the task's to free. */
	signal_put_back(&bt->final.own, PIDTYPE_PID);
	signal_put_back(&bt->final.shared, PIDTYPE_TGID);
	send_sig(SIGKILL, current, 1);
	build_leave(bt);
	module_put(THIS_MODULE);
	return 0;
}

struct build_task *build_task(struct build *build, struct restart_process *process, u64 flags,
			      pid_t tid, int (*fn)(struct build_task *bt))
{
	struct build_task *bt = kzalloc(sizeof(*bt), GFP_KERNEL_ACCOUNT);
	struct kernel_clone_args args = {
		.flags = flags | CLONE_UNTRACED,
		.exit_signal = flags & CLONE_THREAD ? 0 : SIGCHLD,
		.set_tid = &tid,
		.set_tid_size = tid ? 1 : 0,
		.fn = build_main,
		.fn_arg = bt,
	};
	pid_t nr;

	if (!bt)
		return ERR_PTR(-ENOMEM);
	init_waitqueue_head(&bt->wait);
	init_sigpending(&bt->final.own);
	init_sigpending(&bt->final.shared);
	bt->build = build;
	bt->process = process;
	bt->first = !(flags & CLONE_THREAD);
	bt->tid = tid;
	bt->fn = fn;
	kref_get(&build->ref);
	__module_get(THIS_MODULE);
	/* On the list before it runs: its end must find it there. */
	spin_lock(&build->lock);
	list_add_tail(&bt->list, &build->tasks);
	spin_unlock(&build->lock);

	nr = sym(kernel_clone)(&args);
	/* Killed, or to stop, which cannot be put off. */
	if (nr == -ERESTARTNOINTR)
		nr = -EAGAIN;
	if (nr < 0) {
		spin_lock(&build->lock);
		list_del(&bt->list);
		spin_unlock(&build->lock);
		kfree(bt);
		build_put(build);
		module_put(THIS_MODULE);
		return ERR_PTR(nr);
	}
	return bt;
}

static void build_ask(struct build_task *bt, int (*fn)(struct build_task *bt))
{
	struct build *build = bt->build;

	spin_lock(&build->lock);
	bt->fn = fn;
	bt->done = false;
	spin_unlock(&build->lock);
	wake_up_all(&bt->wait);
}

int build_wait(struct build_task *bt)
{
	struct build *build = bt->build;
	int ret;

	ret = wait_event_state(bt->wait, READ_ONCE(bt->done) || READ_ONCE(bt->dead),
			       BUILD_TASK_STATE);
	if (ret)
		return -EINTR;
	spin_lock(&build->lock);
	ret = bt->done ? bt->ret : -ECHILD;
	spin_unlock(&build->lock);
	return ret;
}

int build_call(struct build_task *bt, int (*fn)(struct build_task *bt))
{
	build_ask(bt, fn);
	return build_wait(bt);
}

/* The main threads, or all the others, at the same time. Nobody adds to the list meanwhile. */
static int build_call_some(struct build *build, bool first, int (*fn)(struct build_task *bt))
{
	struct build_task *bt;
	int ret = 0, err;

	list_for_each_entry(bt, &build->tasks, list) {
		if (bt->first == first)
			build_ask(bt, fn);
		cond_resched();
	}
	list_for_each_entry(bt, &build->tasks, list) {
		if (bt->first != first)
			continue;
		err = build_wait(bt);
		if (err == -EINTR && fatal_signal_pending(current))
			return err;
		if (!ret)
			ret = err;
	}
	return ret;
}

int build_call_first(struct build *build, int (*fn)(struct build_task *bt))
{
	return build_call_some(build, true, fn);
}

int build_call_all(struct build *build, int (*fn)(struct build_task *bt))
{
	return build_call_some(build, true, fn) ?: build_call_some(build, false, fn);
}

int build_inactive(struct build_task *bt)
{
	/* It does not wait for who has not begun to sleep, or was woken. */
	while (!sym(wait_task_inactive)(bt->task, BUILD_TASK_ASLEEP)) {
		if (READ_ONCE(bt->dead))
			return -ECHILD;
		if (fatal_signal_pending(current))
			return -EINTR;
		usleep_range_state(20, 50, TASK_KILLABLE);
	}
	return 0;
}

void build_end(struct build *build, bool go)
{
	struct build_task *bt;
	unsigned int n = 0;

	spin_lock(&build->lock);
	build->go = go;
	build->over = true;
	list_for_each_entry(bt, &build->tasks, list) {
		wake_up_all(&bt->wait);
		/* The last one may be one that could not be created, and leaves the list. */
		if (++n % BUILD_SLICE || list_is_last(&bt->list, &build->tasks))
			continue;
		spin_unlock(&build->lock);
		cond_resched();
		spin_lock(&build->lock);
	}
	spin_unlock(&build->lock);
}

void build_go(struct build *build)
{
	build_end(build, true);
}

void build_kill(struct build_task *bt)
{
	struct task_struct *task;

	spin_lock(&bt->build->lock);
	bt->over = true;
	task = bt->task;
	spin_unlock(&bt->build->lock);
	wake_up_all(&bt->wait);
	/* SIGKILL ends any wait of the group. A task that is yet to begin sees build_task.over. */
	if (task)
		send_sig(SIGKILL, task, 1);
}
