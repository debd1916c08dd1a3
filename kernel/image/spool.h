/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entries that are held in memory, in order, until they are all dropped: what is known of a
 * program while it is frozen.
 */
#ifndef _CKPT_SPOOL_H
#define _CKPT_SPOOL_H

#include <linux/list.h>
#include <linux/types.h>

struct operation;

/**
 * SPOOL_MAX - bytes that a spool may take
 *
 * The description of a process is small, but its size is the process's choice (descriptors, VMAs,
 * pipes full of data); this bounds what it can make the kernel hold.
 */
#define SPOOL_MAX	(64UL << 20)

/**
 * struct spool - entries in the order in which they came
 * @chunks: pieces of memory that they lie in
 * @bytes: that these take
 */
struct spool {
	struct list_head chunks;
	size_t bytes;
};

/** spool_init() - an empty one; spool_drop() gives back what comes */
void spool_init(struct spool *spool);

/** spool_ready() - get some memory now, which entries need not wait for; 0 or -ENOMEM */
int spool_ready(struct spool *spool, struct operation *ctx);

/**
 * spool_add() - add an entry
 * @spool: to what
 * @ctx: for the error
 * @len: in bytes
 *
 * Return: room for @len bytes, at a multiple of 8, until spool_drop(); or an ERR_PTR: -ENOMEM, or
 * -EOVERFLOW with the error recorded.
 */
void *spool_add(struct spool *spool, struct operation *ctx, size_t len);

/** spool_each() - call @fn for each entry; its first answer that is not 0 ends it */
int spool_each(struct spool *spool, int (*fn)(void *arg, void *entry, size_t len), void *arg);

/** spool_drop() - forget all entries, and give back their memory */
void spool_drop(struct spool *spool);

#endif /* _CKPT_SPOOL_H */
