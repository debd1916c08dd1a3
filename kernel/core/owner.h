/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_OWNER_H
#define _CKPT_OWNER_H

#include <linux/types.h>

struct restart;

/**
 * owner_process() - restart: whose a record is
 * @rs: the restart
 * @pid: the process that the record names
 *
 * Return: 0, or -EBADMSG with words if TREE has no such process.
 */
int owner_process(struct restart *rs, u32 pid);

#endif /* _CKPT_OWNER_H */
