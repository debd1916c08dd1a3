/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_MM_H
#define _CKPT_MM_H

#include <linux/types.h>

#include "../image/schema.gen.h"

struct checkpoint_mm;
struct file;
struct restart;
struct restart_mm;

/** mm_write() - write MM, the address space's own fields, and its areas */
int mm_write(struct checkpoint_mm *cm);

/** mm_clear() - restart: empty the address space that came with the clone */
int mm_clear(void);

/** mm_read_pkeys() - PKEYS: protection keys that areas will have */
int mm_read_pkeys(struct restart *rs);

/** mm_read() - MM: check and keep the address space's fields */
int mm_read(struct restart *rs);

/** mm_complete() - all areas are there: set the current address space's fields */
int mm_complete(struct restart *rs, struct restart_mm *rm);

#endif /* _CKPT_MM_H */
