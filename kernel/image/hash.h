/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hash of a payload. That of memory pages which are read is computed beside: while one
 * processor hashes a batch, the one that reads fills the next.
 */
#ifndef _CKPT_HASH_H
#define _CKPT_HASH_H

#include <linux/types.h>

#include "../../uapi/ckpt_image.h"

struct page;
struct hash_job;

/** HASH_BATCH - pages in one PAGES record at most; 1 MiB */
#define HASH_BATCH	(CKPT_IMAGE_RAW_MAX / PAGE_SIZE)

/** hash_bytes() - XXH64 of a payload in memory */
u64 hash_bytes(const void *data, size_t len);

/** hash_pages() - XXH64 of pages, one after the other */
u64 hash_pages(struct page **pages, unsigned int n);

/** hash_job_new() - one that has nothing to do; NULL without memory */
struct hash_job *hash_job_new(void);

/**
 * hash_job_start() - hash pages that were filled
 * @job: has nothing to do; see hash_job_wait()
 * @pages: a reference of each goes to the job, which marks them dirty and lets go of them
 * @n: up to HASH_BATCH
 * @want: what their hash has to be
 */
void hash_job_start(struct hash_job *job, struct page **pages, unsigned int n, u64 want);

/**
 * hash_job_wait() - wait for the end of what was started
 * @job: the job; NULL is fine
 *
 * Return: 0, also if nothing was started since the last time; -EBADMSG the hash is another;
 * -EINTR killed, and it goes on.
 */
int hash_job_wait(struct hash_job *job);

/** hash_job_free() - wait for the milliseconds that it may take yet, and free it; NULL is fine */
void hash_job_free(struct hash_job *job);

#endif /* _CKPT_HASH_H */
