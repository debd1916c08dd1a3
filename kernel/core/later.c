// SPDX-License-Identifier: GPL-2.0
/*
 * Deferred work of a restart.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "later.h"

/**
 * struct later_fn - a call that needs nothing but the process
 * @later: in the queue
 * @ops: its own, for the stage
 * @fn: what is called
 */
struct later_fn {
	struct later later;
	struct later_ops ops;
	int (*fn)(struct restart_process *p);
};

void later_init(struct later_queue *queue)
{
	unsigned int i;

	for (i = 0; i < LATER_STAGES; i++)
		INIT_LIST_HEAD(&queue->stage[i]);
}

void later_add(struct later_queue *queue, struct later *later, const struct later_ops *ops)
{
	later->ops = ops;
	list_add_tail(&later->list, &queue->stage[ops->stage]);
}

static int later_fn_run(struct restart_process *p, struct later *later)
{
	return container_of(later, struct later_fn, later)->fn(p);
}

static void later_fn_free(struct later *later)
{
	kfree(container_of(later, struct later_fn, later));
}

int later_call(struct later_queue *queue, enum later_stage stage,
	       int (*fn)(struct restart_process *p))
{
	struct later_fn *lf = kmalloc(sizeof(*lf), GFP_KERNEL_ACCOUNT);

	if (!lf)
		return -ENOMEM;
	lf->ops = (struct later_ops){ .stage = stage, .run = later_fn_run, .free = later_fn_free };
	lf->fn = fn;
	later_add(queue, &lf->later, &lf->ops);
	return 0;
}

bool later_any(const struct later_queue *queue, enum later_stage stage)
{
	return !list_empty(&queue->stage[stage]);
}

int later_run(const struct later_queue *queue, struct restart_process *p, enum later_stage first,
	      enum later_stage last)
{
	struct later *later;
	unsigned int i;
	int ret;

	for (i = first; i <= last; i++) {
		list_for_each_entry(later, &queue->stage[i], list) {
			if (fatal_signal_pending(current))
				return -EINTR;
			ret = later->ops->run(p, later);
			if (ret)
				return ret;
			cond_resched();
		}
	}
	return 0;
}

void later_free(struct later_queue *queue)
{
	struct later *later, *next;
	unsigned int i;

	for (i = 0; i < LATER_STAGES; i++) {
		list_for_each_entry_safe(later, next, &queue->stage[i], list) {
			later->ops->free(later);
			cond_resched();
		}
		INIT_LIST_HEAD(&queue->stage[i]);
	}
}
