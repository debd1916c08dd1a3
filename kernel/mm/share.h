/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that fork made several address spaces share: they are in the image once, and are shared
 * again after a restart.
 *
 * An address space names another one in its MM record, of an ancestor: where it has pages, fork
 * may have made them the same. Those that still are have runs without data (PAGES_SAME). At the
 * restart each area that has runs gets, before them, all pages of the area of the other address
 * space at that place, as fork does it; those that no run says to be the same are dropped again.
 */
#ifndef _CKPT_SHARE_H
#define _CKPT_SHARE_H

#include <linux/types.h>

struct checkpoint_mm;
struct page;
struct pb_page_run;
struct restart;
struct restart_mm;

/**
 * share_source() - checkpoint: whose pages may an address space still have?
 *
 * All of its processes are parked. Return: that address space, which stands in front of it in the
 * image, or NULL.
 */
struct checkpoint_mm *share_source(struct checkpoint_mm *cm);

/**
 * share_find() - checkpoint: which pages does the source have as well, at the same addresses?
 * @cm: with a &checkpoint_mm.source
 * @run: where the pages are
 * @n_run: how many runs
 * @page: the pages, with references
 * @same: gets a bit for each
 *
 * Return: how many, or -EINTR.
 */
int share_find(struct checkpoint_mm *cm, const struct pb_page_run *run, unsigned int n_run,
	       struct page **page, unsigned long *same);

/**
 * share_begin() - restart: MM names its source
 *
 * Return: 0, or -EBADMSG with words if there is no such address space in front of this one.
 */
int share_begin(struct restart *rs, struct restart_mm *rm, u32 source);

/**
 * share_run() - restart: the next run of pages of the current address space is to be read
 * @rs: the restart
 * @rm: the address space, with a source
 * @run: the run; they ascend
 *
 * Pages of the source in front of it are dropped, and those in it if it has others (PAGES_DATA,
 * PAGES_ZERO). All pages of a run of PAGES_SAME are there afterwards, some as copies if they could
 * not be shared. Return: 0, -EINTR, -ENOMEM, or -EBADMSG with words.
 */
int share_run(struct restart *rs, struct restart_mm *rm, const struct pb_page_run *run);

#endif /* _CKPT_SHARE_H */
