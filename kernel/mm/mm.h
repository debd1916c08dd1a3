/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_MM_H
#define _CKPT_MM_H

#include <linux/types.h>

#include "../image/schema.gen.h"

struct checkpoint;
struct file;
struct restart;

/** mm_write() - write VMAs, then MM: the address space's own fields */
int mm_write(struct checkpoint *cp);

/** mm_clear() - restart: empty the address space that came with the clone */
int mm_clear(void);

/** mm_read_pkeys() - PKEYS: protection keys that areas will have */
int mm_read_pkeys(struct restart *rs);

/** mm_read() - MM: set the current address space's fields */
int mm_read(struct restart *rs);

#endif /* _CKPT_MM_H */
