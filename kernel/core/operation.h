/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every part of an operation may need: where to record failures, and how far it is.
 */
#ifndef _CKPT_OPERATION_H
#define _CKPT_OPERATION_H

#include <linux/atomic.h>
#include <linux/kref.h>

#include "error.h"

/**
 * struct operation_progress - how far it is; written by it, read by anybody without a lock
 * @phase: enum ckpt_phase
 * @nr_tasks: parked or built
 * @pages: written or read
 * @pages_total: an upper estimate, 0 unknown
 * @bytes: of the image
 */
struct operation_progress {
	atomic_t phase;
	atomic_t nr_tasks;
	atomic64_t pages;
	atomic64_t pages_total;
	atomic64_t bytes;
};

/**
 * struct operation - a checkpoint or restart, as those see it who work for it
 * @ref: the open file's, and a restart's
 * @errors: what went wrong
 * @progress: how far it is
 *
 * An open file of /dev/ckpt has one, which its operations use one after the other.
 */
struct operation {
	struct kref ref;
	struct error_log errors;
	struct operation_progress progress;
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

#endif /* _CKPT_OPERATION_H */
