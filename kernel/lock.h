/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_LOCK_H
#define _CKPT_LOCK_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct restart;

/** lock_lease() - does the description hold a lease, which is not kept? */
bool lock_lease(struct file *file);

/** lock_write() - checkpoint: write the file locks of the process, behind all its files */
int lock_write(struct checkpoint *cp);

/** lock_read() - restart: LOCKS */
int lock_read(struct restart *rs);

#endif /* _CKPT_LOCK_H */
