// SPDX-License-Identifier: GPL-2.0
/*
 * Refusing: a checkpoint records what it cannot keep, and goes on looking for more.
 */
#include "context.h"
#include "refuse.h"

int refuse(struct checkpoint *cp, enum ckpt_where where_type, u64 where, enum ckpt_reason reason,
	   const char *advice, const char *fmt, ...)
{
	struct error_at at = {
		.reason = reason,
		.task = cp->leader,
		.where_type = where_type,
		.where = where,
		.advice = advice,
	};
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	error_add(&cp->ctx->errors, -EOPNOTSUPP, &at, "%pV", &vaf);
	va_end(args);
	cp->refused = true;
	return 0;
}

int refuse_file(struct checkpoint *cp, int fd, u64 addr, enum ckpt_reason reason,
		const char *advice, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	refuse(cp, fd >= 0 ? CKPT_WHERE_FD : CKPT_WHERE_ADDRESS, fd >= 0 ? fd : addr, reason,
	       advice, "%pV", &vaf);
	va_end(args);
	return 0;
}

int refuse_task(struct checkpoint *cp, struct task_struct *task, const char *what)
{
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED, .task = task };

	error_add(&cp->ctx->errors, -EOPNOTSUPP, &at, "%s is not supported", what);
	cp->refused = true;
	return 0;
}
