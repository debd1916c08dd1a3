/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_ERROR_H
#define _CKPT_ERROR_H

#include <linux/mutex.h>
#include <linux/sched.h>

#include "../../uapi/ckpt.h"

/** ERROR_MAX - errors kept of one operation, and the most a caller may want; see uapi/ckpt.h */
#define ERROR_MAX	1024

/**
 * struct error_log - what went wrong in one operation, in words
 * @lock: protects all below; any context that may sleep
 * @len: how many there were; of @rec no more than ERROR_MAX are filled
 * @rec: ERROR_MAX of them, allocated with the first error; NULL before
 */
struct error_log {
	struct mutex lock;
	unsigned int len;
	struct ckpt_error *rec;
};

/** error_init() - make a log ready for use */
void error_init(struct error_log *log);

/** error_destroy() - give back what the log holds; it is empty, and usable, afterwards */
void error_destroy(struct error_log *log);

/**
 * struct error_at - where something went wrong
 * @reason: enum ckpt_reason
 * @task: the task, or NULL; only looked at during the call
 * @where_type: enum ckpt_where
 * @where: see there
 * @advice: what to do about it, or NULL
 */
struct error_at {
	enum ckpt_reason reason;
	struct task_struct *task;
	enum ckpt_where where_type;
	u64 where;
	const char *advice;
};

/**
 * error_add() - record a failure in words
 * @log: the operation's log
 * @err: a negative errno
 * @at: where, and what to do
 * @fmt: what the object is and what is wrong with it; no final period
 *
 * May sleep. Past ERROR_MAX the words are lost, the errno remains, and error_give() says how many
 * there were. Without memory for the first, only the errno remains.
 *
 * Return: @err, so that a caller can "return error_add(...)".
 */
__printf(4, 5)
int error_add(struct error_log *log, int err, const struct error_at *at, const char *fmt, ...);

/**
 * error_give() - hand the log to user space
 * @log: the log; empty afterwards
 * @uaddr: address of an array of struct ckpt_error, from the caller
 * @cap: its length in elements; of more errors, the last element says how many
 *
 * Return: how many were copied, or -EFAULT.
 */
int error_give(struct error_log *log, u64 uaddr, u32 cap);

#endif /* _CKPT_ERROR_H */
