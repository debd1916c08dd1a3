// SPDX-License-Identifier: GPL-2.0
/*
 * Restart: the records of an image stand in the order, and as often, as CKPT_REC_TABLE has it.
 */
#include <linux/bitops.h>

#include "context.h"
#include "order.h"

/* The types that an image cannot be without, of those in front of @type, as bits. */
static u64 order_needed(u32 type)
{
	u64 mask = 0;
	u32 i;

	for (i = 1; i < type; i++) {
		switch (stream_kinds[i].count) {
		case CKPT_COUNT_ONE:
		case CKPT_COUNT_EACH:
		case CKPT_COUNT_SHARED:
		case CKPT_COUNT_SOME:
		case CKPT_COUNT_CREDS:
			mask |= BIT_ULL(i);
		}
	}
	return mask;
}

/* They stay in memory, whether anything refers to them or not. */
bool order_too_many(struct restart *rs)
{
	u32 most = rs->nr_tids;

	switch (stream_kinds[rs->in.rec.type].count) {
	case CKPT_COUNT_CREDS:
		rs->held += rs->in.rec.length;
		return ++rs->nr_creds > most + CKPT_IMAGE_OPENERS_MAX ||
		       rs->held > CKPT_IMAGE_HELD_MAX;
	case CKPT_COUNT_FILTERS:
		rs->held += rs->in.rec.length;
		return ++rs->nr_filters > most || rs->held > CKPT_IMAGE_HELD_MAX;
	case CKPT_COUNT_OBJECT:
		return ++rs->nr_objects > CKPT_IMAGE_OBJECTS_MAX;
	}
	return false;
}

/* All records that are needed have been read, of those that stand in front of @type. */
static int order_missing(struct restart *rs, u32 type)
{
	u64 missing = order_needed(type) & ~rs->seen;

	return missing ? stream_in_bad(&rs->in, "there is no %s",
				       stream_kinds[__ffs64(missing)].name) : 0;
}

/* Does a record of that type stand here, as CKPT_REC_TABLE has it? */
int order_check(struct restart *rs, u32 type)
{
	const struct stream_kind *kind = &stream_kinds[type], *last = &stream_kinds[rs->last];
	bool again = rs->seen & BIT_ULL(type);

	if (kind->count == CKPT_COUNT_RAW)
		return rs->last == type - 1 ? 0 :
		       stream_in_bad(&rs->in, "nothing says what %s is", kind->name);
	if (type < rs->last &&
	    (kind->stage != CKPT_STAGE_CONTENT || last->stage != CKPT_STAGE_CONTENT))
		return stream_in_bad(&rs->in, "%s is out of order, behind %s", kind->name,
				     last->name);
	if (again && (kind->count == CKPT_COUNT_ONE || kind->count == CKPT_COUNT_MAYBE))
		return stream_in_bad(&rs->in, "%s stands twice", kind->name);
	if (!again && order_missing(rs, type))
		return -EBADMSG;
	rs->seen |= BIT_ULL(type);
	rs->last = type;
	return 0;
}

/* Each process has all that TREE and CKPT_REC_TABLE promise of it. */
int order_complete(struct restart *rs, const struct restart_process *p)
{
	u32 i;

	if (p->ended)
		return 0;
	if (p->nr_threads != p->nr_tids)
		return stream_in_bad(&rs->in, "threads of process %u are missing", p->pid);
	for (i = CKPT_REC_TREE + 1; i < CKPT_REC_TRAILER; i++)
		if (stream_kinds[i].count == CKPT_COUNT_EACH && !(p->seen & BIT_ULL(i)))
			return stream_in_bad(&rs->in, "process %u has no %s", p->pid,
					     stream_kinds[i].name);
	return 0;
}
