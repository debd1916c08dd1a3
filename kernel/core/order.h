/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_ORDER_H
#define _CKPT_ORDER_H

#include <linux/types.h>

struct restart;
struct restart_process;

/** order_check() - may a record of that type stand here? Return: 0, or -EBADMSG with words */
int order_check(struct restart *rs, u32 type);

/** order_too_many() - is the current record, whose type is known, one more than there may be? */
bool order_too_many(struct restart *rs);

/** order_complete() - has a process all that TREE and the table promise? Return: 0 or -EBADMSG */
int order_complete(struct restart *rs, const struct restart_process *p);

#endif /* _CKPT_ORDER_H */
