// SPDX-License-Identifier: GPL-2.0
/*
 * Refusing: a checkpoint records what it cannot keep, and goes on looking for more.
 */
#include "context.h"
#include "refuse.h"

static int refuse_at(struct checkpoint *cp, const struct error_at *at, struct va_format *vaf)
{
	error_add(&cp->op->errors, -EOPNOTSUPP, at, "%pV", vaf);
	cp->refused = true;
	return 0;
}

int refuse(struct checkpoint_process *proc, enum ckpt_where where_type, u64 where,
	   enum ckpt_reason reason, const char *advice, const char *fmt, ...)
{
	struct error_at at = {
		.reason = reason,
		.task = proc->leader,
		.where_type = where_type,
		.where = where,
		.advice = advice,
	};
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	refuse_at(proc->cp, &at, &vaf);
	va_end(args);
	return 0;
}

void refuse_where(const struct object_place *place, struct error_at *at)
{
	at->task = place->proc->leader;
	if (place->fd >= 0) {
		at->where_type = CKPT_WHERE_FD;
		at->where = place->fd;
	} else if (place->addr) {
		at->where_type = CKPT_WHERE_ADDRESS;
		at->where = place->addr;
	}
}

int refuse_file(const struct object_place *place, enum ckpt_reason reason, const char *advice,
		const char *fmt, ...)
{
	struct error_at at = { .reason = reason, .advice = advice };
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	refuse_where(place, &at);
	va_start(args, fmt);
	vaf.va = &args;
	refuse_at(place->proc->cp, &at, &vaf);
	va_end(args);
	return 0;
}

int refuse_task(struct checkpoint *cp, struct task_struct *task, const char *what)
{
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED, .task = task };

	error_add(&cp->op->errors, -EOPNOTSUPP, &at, "%s is not supported", what);
	cp->refused = true;
	return 0;
}
