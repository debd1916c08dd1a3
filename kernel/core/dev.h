/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_DEV_H
#define _CKPT_DEV_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/mutex.h>

#include "error.h"

struct checkpoint;

/**
 * struct dev_progress - how far an operation is; written by it, read by anybody without a lock
 * @phase: enum ckpt_phase
 * @nr_tasks: parked or built
 * @pages: written or read
 * @pages_total: an upper estimate, 0 unknown
 * @bytes: of the image
 */
struct dev_progress {
	atomic_t phase;
	atomic_t nr_tasks;
	atomic64_t pages;
	atomic64_t pages_total;
	atomic64_t bytes;
};

/**
 * struct dev_ctx - one open file of /dev/ckpt
 * @ref: the open file's, and a restart's
 * @lock: held by the operation that runs; taken with trylock, so a second one sees EBUSY
 * @errors: of the operation that runs
 * @progress: of the operation that runs
 * @held: a finished checkpoint whose program is still frozen, or NULL; protected by @lock
 */
struct dev_ctx {
	struct kref ref;
	struct mutex lock;
	struct error_log errors;
	struct dev_progress progress;
	struct checkpoint *held;
};

/** dev_phase() - say what the operation is doing now (enum ckpt_phase) */
static inline void dev_phase(struct dev_ctx *ctx, enum ckpt_phase phase)
{
	atomic_set(&ctx->progress.phase, phase);
}

/** dev_ctx_get() - take a reference; a restart's tasks may outlive the open file */
struct dev_ctx *dev_ctx_get(struct dev_ctx *ctx);

/** dev_ctx_put() - give it up */
void dev_ctx_put(struct dev_ctx *ctx);

/** dev_init() - register /dev/ckpt; from here on the module can be entered */
int dev_init(void);

/** dev_exit() - take /dev/ckpt away; no file of it is open, or the module would be in use */
void dev_exit(void);

#endif /* _CKPT_DEV_H */
