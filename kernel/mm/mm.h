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

/** mm_finish() - memory has its content: what may only be set now */
int mm_finish(struct restart *rs);

/** mm_finish_defaults() - what new mappings get or may not be, when the last one was made here */
int mm_finish_defaults(struct restart *rs);

/** mm_forget() - give back what mm_finish() did not need */
void mm_forget(struct restart *rs);

#endif /* _CKPT_MM_H */
