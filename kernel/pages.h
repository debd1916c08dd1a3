/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_PAGES_H
#define _CKPT_PAGES_H

struct checkpoint;
struct restart;

/**
 * pages_write() - write the private memory of the snapshot, as PAGE_RUNS and PAGES
 *
 * Only pages that are the process's own: not the zero page, not the page cache's. Cost follows
 * the pages that are there, not the size of the mappings. Waits, killable.
 */
int pages_write(struct checkpoint *cp);

/** pages_read() - PAGE_RUNS and the PAGES that must follow, into the current address space */
int pages_read(struct restart *rs);

/** pages_read_guards() - restart: GUARDS */
int pages_read_guards(struct restart *rs);

#endif /* _CKPT_PAGES_H */
