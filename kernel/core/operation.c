// SPDX-License-Identifier: GPL-2.0
/*
 * The state of an operation that every part of it may use.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "operation.h"
#include "symbols.h"

struct operation *operation_new(void)
{
	struct operation *op = kzalloc(sizeof(*op), GFP_KERNEL_ACCOUNT);

	if (!op)
		return NULL;
	kref_init(&op->ref);
	error_init(&op->errors);
	return op;
}

struct operation *operation_get(struct operation *op)
{
	kref_get(&op->ref);
	return op;
}

static void operation_free(struct kref *ref)
{
	struct operation *op = container_of(ref, struct operation, ref);

	error_destroy(&op->errors);
	kfree(op);
}

void operation_put(struct operation *op)
{
	kref_put(&op->ref, operation_free);
}

void operation_begin(struct operation *op)
{
	atomic_set(&op->progress.nr_tasks, 0);
	atomic64_set(&op->progress.pages, 0);
	atomic64_set(&op->progress.pages_total, 0);
	atomic64_set(&op->progress.bytes, 0);
	WRITE_ONCE(op->progress.moved, jiffies);
	WRITE_ONCE(op->stopped, false);
	WRITE_ONCE(op->waited, false);
}

void operation_stop(struct operation *op, struct task_struct *task)
{
	WRITE_ONCE(op->stopped, true);
	/* Interrupt @task as TWA_SIGNAL does; a write sees it when it is about to sleep. */
	if (!test_and_set_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL) &&
	    !sym(wake_up_state)(task, TASK_INTERRUPTIBLE))
		kick_process(task);
}
