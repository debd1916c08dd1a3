/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SCHED_H
#define _CKPT_SCHED_H

#include "schema.gen.h"

/**
 * sched_save() - describe how the current task is scheduled
 * @out: filled
 * @mask: buffer of sched_mask_size() bytes; @out may point into it
 */
void sched_save(struct pb_sched *out, u8 *mask);

/** sched_mask_size() - bytes of an affinity mask */
size_t sched_mask_size(void);

/**
 * sched_restore() - schedule the current task like that
 *
 * Return: 0; -EPERM without CAP_SYS_NICE for what needs it; -EINVAL values that the kernel
 * refuses; -ENODEV none of its processors is available here.
 */
int sched_restore(const struct pb_sched *in);

#endif /* _CKPT_SCHED_H */
