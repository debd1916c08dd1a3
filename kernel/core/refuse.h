/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_REFUSE_H
#define _CKPT_REFUSE_H

#include <linux/types.h>

#include "../../uapi/ckpt.h"

struct checkpoint;
struct checkpoint_process;
struct error_at;
struct object_place;
struct task_struct;

/**
 * refuse() - checkpoint: something cannot be kept: record it and go on looking
 * @proc: whose it is
 * @where_type: enum ckpt_where
 * @where: see there
 * @reason: CKPT_REASON_UNSUPPORTED or CKPT_REASON_SHARED
 * @advice: what to do about it, or NULL
 * @fmt: the object; "is not supported" is for the caller to write
 *
 * Return: 0, always, so that all that would be refused is found in one go.
 */
__printf(6, 7)
int refuse(struct checkpoint_process *proc, enum ckpt_where where_type, u64 where,
	   enum ckpt_reason reason, const char *advice, const char *fmt, ...);

/** refuse_where() - say in @at where an object is */
void refuse_where(const struct object_place *place, struct error_at *at);

/**
 * refuse_file() - the same of a file
 * @place: where it is
 * @reason: as there
 * @advice: as there
 * @fmt: as there
 *
 * Return: 0, always.
 */
__printf(4, 5)
int refuse_file(const struct object_place *place, enum ckpt_reason reason, const char *advice,
		const char *fmt, ...);

/**
 * refuse_task() - the same of a thread
 * @cp: the checkpoint
 * @task: the thread
 * @what: what about it "is not supported"
 *
 * Return: 0, always.
 */
int refuse_task(struct checkpoint *cp, struct task_struct *task, const char *what);

#endif /* _CKPT_REFUSE_H */
