// SPDX-License-Identifier: GPL-2.0
/*
 * XXH64 of payloads; see uapi/ckpt_image.h.
 */
#include <linux/completion.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xxhash.h>

#include "../compat/compat.h"
#include "hash.h"

u64 hash_bytes(const void *data, size_t len)
{
	return xxh64(data, len, 0);
}

u64 hash_pages(struct page **pages, unsigned int n)
{
	struct xxh64_state state;
	unsigned int i;
	void *addr;

	xxh64_reset(&state, 0);
	for (i = 0; i < n; i++) {
		addr = kmap_local_page(pages[i]);
		xxh64_update(&state, addr, PAGE_SIZE);
		kunmap_local(addr);
		cond_resched();
	}
	return xxh64_digest(&state);
}

/**
 * struct hash_job - pages that are being hashed
 * @work: who does it
 * @done: completed when @right is there
 * @started: @done has not been waited for
 * @n: pages
 * @want: what their hash has to be
 * @right: it is
 * @page: the pages; references are held until they are hashed
 */
struct hash_job {
	struct work_struct work;
	struct completion done;
	bool started;
	unsigned int n;
	u64 want;
	bool right;
	struct page *page[HASH_BATCH];
};

static void hash_job_run(struct work_struct *work)
{
	struct hash_job *job = container_of(work, struct hash_job, work);
	unsigned int i;

	job->right = hash_pages(job->page, job->n) == job->want;
	for (i = 0; i < job->n; i++) {
		/* Most are already, since they were faulted in for writing. */
		if (!PageDirty(job->page[i]))
			set_page_dirty_lock(job->page[i]);
		put_page(job->page[i]);
	}
	complete(&job->done);
}

struct hash_job *hash_job_new(void)
{
	struct hash_job *job = kmalloc(sizeof(*job), GFP_KERNEL_ACCOUNT);

	if (!job)
		return NULL;
	INIT_WORK(&job->work, hash_job_run);
	init_completion(&job->done);
	job->started = false;
	return job;
}

void hash_job_start(struct hash_job *job, struct page **pages, unsigned int n, u64 want)
{
	memcpy(job->page, pages, n * sizeof(*pages));
	job->n = n;
	job->want = want;
	job->started = true;
	queue_work(COMPAT_UNBOUND_WQ, &job->work);
}

int hash_job_wait(struct hash_job *job)
{
	if (!job || !job->started)
		return 0;
	if (wait_for_completion_killable(&job->done))
		return -EINTR;
	job->started = false;
	return job->right ? 0 : -EBADMSG;
}

void hash_job_free(struct hash_job *job)
{
	if (!job)
		return;
	flush_work(&job->work);
	kfree(job);
}
