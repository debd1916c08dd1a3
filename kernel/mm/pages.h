/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_PAGES_H
#define _CKPT_PAGES_H

struct checkpoint_mm;
struct restart;

/**
 * pages_of_files() - how many private pages are there in mappings of files?
 * @mm: a snapshot
 *
 * For pages_write(): who truncates such a file takes them away, from the snapshot as well.
 *
 * Return: that, or -EINTR.
 */
long pages_of_files(struct mm_struct *mm);

/**
 * pages_write() - write the private memory of a snapshot, as PAGE_RUNS and PAGES
 *
 * Only pages that are the process's own: not the zero page, not the page cache's. Cost follows
 * the pages that are there, not the size of the mappings. Waits, killable.
 *
 * Return: 0, -EAGAIN if pages got lost meanwhile (there is a record), -ENOMEM if there was no
 * memory or the snapshot gave way (pressure_gave_way()), or another errno.
 */
int pages_write(struct checkpoint_mm *cm);

/** pages_read() - PAGE_RUNS and the PAGES that must follow, into the current address space */
int pages_read(struct restart *rs);

/** pages_read_guards() - restart: GUARDS */
int pages_read_guards(struct restart *rs);

#endif /* _CKPT_PAGES_H */
