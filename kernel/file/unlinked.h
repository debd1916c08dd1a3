/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_UNLINKED_H
#define _CKPT_UNLINKED_H

#include <linux/types.h>

#include "../image/schema.gen.h"

struct checkpoint;
struct file;
struct restart;

/** unlinked_match() - is it a regular file that has no name any more, or never had one? */
bool unlinked_match(struct file *file);

/** unlinked_read() - UNLINKED: make a file without a name, where the other was */
int unlinked_read(struct restart *rs);

#endif /* _CKPT_UNLINKED_H */
