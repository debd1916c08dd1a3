/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SCHED_H
#define _CKPT_SCHED_H

#include <linux/sched.h>

#include "../image/schema.gen.h"

/**
 * sched_save() - describe how a parked thread is scheduled
 * @task: the thread
 * @out: filled
 * @mask: buffer of sched_mask_size() bytes; @out may point into it
 */
void sched_save(struct task_struct *task, struct pb_sched *out, u8 *mask);

/** sched_mask_size() - bytes of an affinity mask */
size_t sched_mask_size(void);

/** sched_unsupported() - NULL, or what about a parked thread's scheduling cannot be kept */
const char *sched_unsupported(struct task_struct *task);

/**
 * struct sched_later - how a thread is to be scheduled, once it is built
 * @pb: what the image says
 * @mask: the affinity, which @pb points to; kfree() it
 */
struct sched_later {
	struct pb_sched pb;
	u8 *mask;
};

/** sched_valid() - can the image be right about that? */
bool sched_valid(const struct pb_sched *in);

/** sched_keep() - copy it out of the buffer that @in lies in; Return: 0, -ENOMEM */
int sched_keep(struct sched_later *later, const struct pb_sched *in);

/**
 * sched_restore() - schedule the current task like that, which is valid
 *
 * With the last steps: a task with a deadline cannot create threads.
 *
 * Return: 0; -EPERM without CAP_SYS_NICE for what needs it; -EINVAL values that the kernel refuses;
 * -ENODEV none of its processors is available here; -EBUSY there is not so much time left for
 * deadlines.
 */
int sched_restore(const struct sched_later *later);

#endif /* _CKPT_SCHED_H */
