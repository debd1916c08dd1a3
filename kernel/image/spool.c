// SPDX-License-Identifier: GPL-2.0
/*
 * Entries that are held in memory.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../core/operation.h"
#include "spool.h"

#define SPOOL_CHUNK	(16 << 10)
/* Made ready before a program is frozen. */
#define SPOOL_READY	(256 << 10)

/**
 * struct spool_chunk - a piece of memory
 * @list: on &spool.chunks
 * @size: of @data
 * @used: of that
 * @data: struct spool_entry, one behind the other, each in one piece
 */
struct spool_chunk {
	struct list_head list;
	size_t size;
	size_t used;
	u8 data[];
};

/**
 * struct spool_entry - an entry
 * @len: of @data
 * @data: what it is
 */
struct spool_entry {
	size_t len;
	u8 data[];
};

static size_t spool_size(size_t len)
{
	return ALIGN(sizeof(struct spool_entry) + len, 8);
}

void spool_init(struct spool *spool)
{
	INIT_LIST_HEAD(&spool->chunks);
	spool->bytes = 0;
}

/* One with @need bytes of room. */
static struct spool_chunk *spool_chunk(struct spool *spool, struct operation *ctx, size_t need)
{
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED };
	struct spool_chunk *chunk;
	size_t size;

	if (!list_empty(&spool->chunks)) {
		chunk = list_last_entry(&spool->chunks, struct spool_chunk, list);
		if (chunk->size - chunk->used >= need)
			return chunk;
	}
	size = max_t(size_t, sizeof(*chunk) + need, SPOOL_CHUNK);
	if (spool->bytes + size > SPOOL_MAX)
		return ERR_PTR(error_add(&ctx->errors, -EOVERFLOW, &at,
					 "more than %lu MiB of state besides memory",
					 SPOOL_MAX >> 20));
	/* Not more than that: powers of two would be. */
	chunk = size > SPOOL_CHUNK ? __vmalloc(size, GFP_KERNEL_ACCOUNT) :
				     kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return ERR_PTR(-ENOMEM);
	chunk->size = size - sizeof(*chunk);
	chunk->used = 0;
	spool->bytes += size;
	list_add_tail(&chunk->list, &spool->chunks);
	return chunk;
}

int spool_ready(struct spool *spool, struct operation *ctx)
{
	return PTR_ERR_OR_ZERO(spool_chunk(spool, ctx, SPOOL_READY));
}

void *spool_add(struct spool *spool, struct operation *ctx, size_t len)
{
	struct spool_chunk *chunk = spool_chunk(spool, ctx, spool_size(len));
	struct spool_entry *entry;

	if (IS_ERR(chunk))
		return chunk;
	entry = (void *)chunk->data + chunk->used;
	chunk->used += spool_size(len);
	entry->len = len;
	return entry->data;
}

int spool_each(struct spool *spool, int (*fn)(void *arg, void *entry, size_t len), void *arg)
{
	struct spool_chunk *chunk;
	struct spool_entry *entry;
	size_t at;
	int ret;

	list_for_each_entry(chunk, &spool->chunks, list) {
		for (at = 0; at < chunk->used; at += spool_size(entry->len)) {
			entry = (void *)chunk->data + at;
			ret = fn(arg, entry->data, entry->len);
			if (ret)
				return ret;
			cond_resched();
		}
	}
	return 0;
}

void spool_drop(struct spool *spool)
{
	struct spool_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &spool->chunks, list) {
		kvfree(chunk);
		cond_resched();
	}
	spool_init(spool);
}
