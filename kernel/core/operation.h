/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of an operation that every part of it may use: its failures and its progress.
 */
#ifndef _CKPT_OPERATION_H
#define _CKPT_OPERATION_H

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/sched/signal.h>

#include "error.h"

struct task_struct;

/**
 * struct operation_progress - how far it is; written by it, read by anybody without a lock
 * @phase: enum ckpt_phase
 * @nr_tasks: parked or built
 * @pages: written or read
 * @pages_total: an upper estimate, 0 unknown
 * @bytes: of the image
 * @moved: in jiffies: when it last got on: bytes, or what has to come before them
 */
struct operation_progress {
	atomic_t phase;
	atomic_t nr_tasks;
	atomic64_t pages;
	atomic64_t pages_total;
	atomic64_t bytes;
	unsigned long moved;
};

/**
 * struct operation - a checkpoint or restart, as those see it who work for it
 * @ref: the open file's, and a restart's
 * @errors: what went wrong
 * @progress: how far it is
 * @stopped: it is of no use any more, and must not wait for anything; see operation_stop()
 * @waited: a program waits for the image to grow, and goes on if it does not
 *
 * An open file of /dev/ckpt has one, which its operations use one after the other.
 */
struct operation {
	struct kref ref;
	struct error_log errors;
	struct operation_progress progress;
	bool stopped;
	bool waited;
};

/** operation_new() - one with one reference, or NULL without memory */
struct operation *operation_new(void);

/** operation_get() - take a reference; a restart's tasks may outlive the open file */
struct operation *operation_get(struct operation *op);

/** operation_put() - give it up */
void operation_put(struct operation *op);

/** operation_begin() - the next one begins: nothing is done yet */
void operation_begin(struct operation *op);

/** operation_phase() - say what the operation is doing now (enum ckpt_phase) */
static inline void operation_phase(struct operation *op, enum ckpt_phase phase)
{
	atomic_set(&op->progress.phase, phase);
}

/** operation_moved() - it gets on */
static inline void operation_moved(struct operation *op)
{
	WRITE_ONCE(op->progress.moved, jiffies);
}

/** operation_bytes() - so many more were written or read */
static inline void operation_bytes(struct operation *op, size_t n)
{
	atomic64_add(n, &op->progress.bytes);
	operation_moved(op);
}

/** operation_ends() - it is of no use any more; Return: -EINTR killed, -ETIMEDOUT stopped, or 0 */
static inline int operation_ends(const struct operation *op)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	return READ_ONCE(op->stopped) ? -ETIMEDOUT : 0;
}

/**
 * operation_stop() - what runs is of no use any more: end it
 * @op: the operation
 * @task: runs it, and may sleep in a write
 *
 * A write that sleeps interruptibly ends as by a signal, which is not one that the task would see.
 */
void operation_stop(struct operation *op, struct task_struct *task);

#endif /* _CKPT_OPERATION_H */
