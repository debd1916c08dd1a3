// SPDX-License-Identifier: GPL-2.0
/*
 * Memory pages: from the snapshot to the image, and from the image to a new address space.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "../core/context.h"
#include "../core/owner.h"
#include "../compat/compat.h"
#include "pages.h"
#include "pressure.h"
#include "share.h"
#include "../core/symbols.h"

/**
 * struct pages_batch - pages that are written together
 * @run: where they are
 * @guard: the same of guard regions, which are no pages
 * @n_run: how many runs
 * @n: pages in all runs
 * @of_files: how many pages of private mappings of files there were, in this batch and before
 * @old: the runs, while they are split
 * @same: a bit for each page: the source has it as well
 * @page: the pages, pinned by reference
 */
struct pages_batch {
	union {
		struct pb_page_run run[HASH_BATCH];
		struct pb_guard_run guard[HASH_BATCH];
	};
	unsigned int n_run;
	unsigned int n;
	long of_files;
	struct pb_page_run old[HASH_BATCH];
	DECLARE_BITMAP(same, HASH_BATCH);
	struct page *page[HASH_BATCH];
};

/* Take one page into the batch; 1 ends the walk when the batch is full. */
static int pages_add(struct mm_walk *walk, unsigned long addr)
{
	struct pages_batch *batch = walk->private;
	struct pb_page_run *last = batch->n_run ? &batch->run[batch->n_run - 1] : NULL;

	if (batch->n == HASH_BATCH)
		return 1;
	if (last && last->addr + (u64)last->pages * PAGE_SIZE == addr) {
		last->pages++;
	} else {
		last = &batch->run[batch->n_run++];
		*last = (struct pb_page_run){ .addr = addr, .pages = 1 };
	}
	batch->n++;
	batch->of_files += !!walk->vma->vm_file;
	return 0;
}

/*
 * A page of the process's own is anonymous, or swapped out. Pages of the page cache in a private
 * file mapping come back with the file; the zero page comes back by itself.
 */
static bool pages_own(pte_t pte)
{
	if (pte_none(pte))
		return false;
	/* A marker (of a guard region, say) is no page. */
	if (!pte_present(pte))
		return !compat_pte_marker(pte);
	return !pte_special(pte) && pfn_valid(pte_pfn(pte)) &&
	       PageAnon(pfn_to_page(pte_pfn(pte)));
}

static int pages_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return pages_own(ptep_get(ptep)) ? pages_add(walk, addr) : 0;
}

/* Tables without a page in them may be many: called at each. */
static int pages_pause(void)
{
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/* A huge page is taken as what it is made of; so it need not be split for the walk. */
static int pages_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	if (!pmd_trans_huge(pmd))
		return pages_pause();
	/* The huge zero page is not anonymous. */
	if (!PageAnon(pmd_page(pmd))) {
		/*
		 * A huge page that was split and freed since does not look anonymous either, though
		 * its pages may be in swap now: look again if the entry has changed.
		 */
		smp_rmb();
		walk->action = pmd_same(pmd, READ_ONCE(*pmdp)) ? ACTION_CONTINUE : ACTION_AGAIN;
		return 0;
	}
	walk->action = ACTION_CONTINUE;
	for (; addr < next; addr += PAGE_SIZE)
		if (pages_add(walk, addr))
			return 1;
	return 0;
}

/* Areas whose pages this file does not carry. */
static int pages_test(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return walk->vma->vm_flags & (VM_SHARED | VM_DROPPABLE | VM_PFNMAP | VM_IO | VM_MIXEDMAP) ?
	       1 : 0;
}

static const struct mm_walk_ops pages_ops = {
	.pmd_entry = pages_pmd,
	.pte_entry = pages_pte,
	.test_walk = pages_test,
};

static int pages_count(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	long *n = walk->private;

	*n += pages_own(ptep_get(ptep));
	return 0;
}

/*
 * A huge page of a file is the page cache's, and none has a guard region in it: it stays whole if
 * it is not looked into.
 */
static int pages_pass_huge(pmd_t *pmdp, unsigned long addr, unsigned long next,
			   struct mm_walk *walk)
{
	if (pmd_trans_huge(READ_ONCE(*pmdp)))
		walk->action = ACTION_CONTINUE;
	return pages_pause();
}

/* Only where there are any. */
static int pages_test_file(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return !walk->vma->vm_file || !walk->vma->anon_vma || pages_test(addr, next, walk);
}

static const struct mm_walk_ops pages_count_ops = {
	.pmd_entry = pages_pass_huge,
	.pte_entry = pages_count,
	.test_walk = pages_test_file,
};

long pages_of_files(struct mm_struct *mm)
{
	long n = 0;
	int ret;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	ret = sym(walk_page_range)(mm, 0, TASK_SIZE, &pages_count_ops, &n);
	mmap_read_unlock(mm);
	return ret ?: n;
}

/* They are few, and a run of them can be long: no batch is ever full of pages, but of runs. */
static int guard_add(unsigned long addr, struct pages_batch *batch)
{
	struct pb_guard_run *last = batch->n_run ? &batch->guard[batch->n_run - 1] : NULL;

	if (last && last->pages < U32_MAX && last->addr + (u64)last->pages * PAGE_SIZE == addr) {
		last->pages++;
		return 0;
	}
	if (batch->n_run == HASH_BATCH)
		return 1;
	last = &batch->guard[batch->n_run++];
	last->addr = addr;
	last->pages = 1;
	return 0;
}

/* Guard regions (MADV_GUARD_INSTALL), also of shared memory: marks in the page table. */
static int guard_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	pte_t pte = ptep_get(ptep);

	if (pte_none(pte) || pte_present(pte) || !compat_pte_guard(pte))
		return 0;
	return guard_add(addr, walk->private);
}

static int guard_test(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return !compat_may_guard(walk->vma);
}

static const struct mm_walk_ops guard_ops = {
	.pmd_entry = pages_pass_huge,
	.pte_entry = guard_pte,
	.test_walk = guard_test,
};

static void pages_put(struct pages_batch *batch, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		put_page(batch->page[i]);
}

/* Get hold of the batch's pages; what was swapped out comes in. */
static int pages_get(struct mm_struct *mm, struct pages_batch *batch)
{
	unsigned int i, done = 0, left;
	unsigned long addr;
	long got;

	for (i = 0; i < batch->n_run; i++) {
		addr = batch->run[i].addr;
		left = batch->run[i].pages;
		while (left) {
			got = compat_gup_remote(mm, addr, left, FOLL_FORCE, batch->page + done);
			if (got <= 0) {
				pages_put(batch, done);
				return got ?: -EFAULT;
			}
			done += got;
			left -= got;
			addr += got * PAGE_SIZE;
		}
	}
	return 0;
}

/* Truncating a file takes private pages of its mappings away, here, too. */
static int pages_lost(struct checkpoint_mm *cm)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = cm->proc->leader,
		.advice = "try again",
	};

	return error_add(&cm->proc->cp->op->errors, -EAGAIN, &at,
			 "a file that the program maps was truncated meanwhile, or its memory cannot be read");
}

/* Split the runs where they change between pages that the source has as well and others. */
static void pages_split(struct checkpoint_mm *cm, struct pages_batch *batch)
{
	struct pb_page_run *old = batch->old, *last;
	unsigned int n_old = batch->n_run, i, j, n = 0, kept = 0;
	bool same;

	memcpy(old, batch->run, n_old * sizeof(*old));
	batch->n_run = 0;
	for (i = 0; i < n_old; i++) {
		last = NULL;
		for (j = 0; j < old[i].pages; j++, n++) {
			same = test_bit(n, batch->same);
			if (!last || (last->kind == PB_PAGES_SAME) != same) {
				last = &batch->run[batch->n_run++];
				*last = (struct pb_page_run){
					.addr = old[i].addr + (u64)j * PAGE_SIZE,
					.has_kind = same,
					.kind = same ? PB_PAGES_SAME : PB_PAGES_DATA,
					.has_mm = same,
					.mm = same ? cm->source->obj->id : 0,
					.has_from = same,
				};
				last->from = same ? last->addr : 0;
			}
			last->pages++;
			if (same)
				put_page(batch->page[n]);
			else
				batch->page[kept++] = batch->page[n];
		}
	}
	batch->n = kept;
}

static int pages_write_batch(struct checkpoint_mm *cm, struct pages_batch *batch)
{
	struct pb_page_runs runs = { .mm = cm->obj->id, .run = batch->run };
	struct stream_out *out = &cm->proc->cp->out;
	int ret = 0;

	BUILD_BUG_ON(HASH_BATCH > PB_PAGE_RUNS_RUN_MAX);
	if (cm->source)
		ret = share_find(cm, batch->run, batch->n_run, batch->page, batch->same);
	if (ret > 0)
		pages_split(cm, batch);
	runs.n_run = batch->n_run;
	if (ret >= 0)
		ret = stream_out_msg(out, CKPT_REC_PAGE_RUNS, &pb_page_runs_msg, &runs);
	if (!ret && batch->n)
		ret = stream_out_pages(out, batch->page, batch->n);
	pages_put(batch, batch->n);
	return ret;
}

static int guard_write(struct checkpoint_mm *cm, struct pages_batch *batch)
{
	struct mm_struct *mm = cm->snapshot;
	struct pb_guards guards = { .mm = cm->obj->id, .run = batch->guard };
	struct pb_guard_run *last;
	unsigned long addr = 0;
	int ret = 0, more = COMPAT_GUARDS;

	while (!ret && more) {
		batch->n_run = 0;
		if (mmap_read_lock_killable(mm))
			return -EINTR;
		more = sym(walk_page_range)(mm, addr, TASK_SIZE, &guard_ops, batch);
		mmap_read_unlock(mm);
		if (more < 0 || !batch->n_run)
			return min(more, 0);
		last = &batch->guard[batch->n_run - 1];
		addr = last->addr + (u64)last->pages * PAGE_SIZE;
		guards.n_run = batch->n_run;
		ret = stream_out_msg(&cm->proc->cp->out, CKPT_REC_GUARDS, &pb_guards_msg, &guards);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	return ret;
}

int pages_write(struct checkpoint_mm *cm)
{
	struct mm_struct *mm = cm->snapshot;
	struct pages_batch *batch;
	struct pb_page_run *last;
	unsigned long addr = 0;
	int ret, more;

	batch = kvmalloc(sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	batch->of_files = 0;
	ret = guard_write(cm, batch);
	if (ret) {
		kvfree(batch);
		return ret;
	}
	do {
		batch->n = 0;
		batch->n_run = 0;
		ret = -EINTR;
		if (mmap_read_lock_killable(mm))
			break;
		more = sym(walk_page_range)(mm, addr, TASK_SIZE, &pages_ops, batch);
		ret = more < 0 ? more : pages_get(mm, batch);
		mmap_read_unlock(mm);
		if (ret || !batch->n)
			break;
		last = &batch->run[batch->n_run - 1];
		addr = last->addr + last->pages * PAGE_SIZE;
		ret = pages_write_batch(cm, batch);
		cond_resched();
	} while (!ret && more && !fatal_signal_pending(current) && !pressure_gave_way(mm));
	if (!ret && fatal_signal_pending(current))
		ret = -EINTR;
	/* Zeroes would look as good as what it had. */
	if (pressure_gave_way(mm))
		ret = ret == -EINTR ? ret : -ENOMEM;
	else if (ret == -EFAULT || ret == -EHWPOISON || (!ret && batch->of_files < cm->file_pages))
		ret = pages_lost(cm);
	kvfree(batch);
	return ret;
}

/* ---- restart ---- */

static const char *const pages_kinds[] = {
	[PB_PAGES_PARENT] = "are those of another image",
	[PB_PAGES_LATER] = "are to be fetched later",
};

/* Runs ascend, do not touch, and have no more pages than a record can hold. */
static int pages_check(struct restart *rs, const struct pb_page_runs *runs, u32 source)
{
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED };
	u64 last = 0, len;
	u32 i, n = 0;

	for (i = 0; i < runs->n_run; i++) {
		const struct pb_page_run *run = &runs->run[i];

		if (run->kind == PB_PAGES_PARENT || run->kind == PB_PAGES_LATER)
			return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
					 "pages that %s are not supported by this version",
					 pages_kinds[run->kind]);
		len = (u64)run->pages * PAGE_SIZE;
		if (run->kind == PB_PAGES_SAME ?
		    !run->has_from || !run->has_mm || !source || run->mm != source ||
		    !PAGE_ALIGNED(run->from) || run->from >= TASK_SIZE ||
		    len > TASK_SIZE - run->from : run->has_mm || run->has_from)
			return stream_in_bad(&rs->in, "run of pages at %#llx", run->addr);
		if (!run->pages || run->pages > HASH_BATCH - n || run->addr < last ||
		    !PAGE_ALIGNED(run->addr) || run->addr >= TASK_SIZE ||
		    len > TASK_SIZE - run->addr)
			return stream_in_bad(&rs->in, "run of pages at %#llx", run->addr);
		last = run->addr + len;
		n += run->pages;
	}
	return n ? 0 : stream_in_bad(&rs->in, "an empty run of pages");
}

/* Behind the end of a file that was mapped, say. */
static int pages_unfilled(struct restart *rs, unsigned long addr, int err)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.where_type = CKPT_WHERE_ADDRESS,
		.where = addr,
	};

	return err == -EFAULT ? error_add(&rs->ctx->errors, err, &at,
					  "its memory there cannot be filled") : err;
}

/* Fault the pages of a run in for writing, whatever the protection of their area. */
static int pages_fault(struct restart *rs, const struct pb_page_run *run,
		       struct pages_batch *batch)
{
	struct mm_struct *mm = current->mm;
	unsigned long addr = run->addr, left = run->pages;
	struct vm_area_struct *vma;
	long got;

	while (left) {
		vma = find_vma(mm, addr);
		if (!vma || vma->vm_start > addr ||
		    vma->vm_flags & (VM_SHARED | VM_DROPPABLE | VM_SPECIAL))
			return stream_in_bad(&rs->in, "pages outside of memory at %#lx", addr);
		got = compat_gup_remote(mm, addr,
					min(left, (vma->vm_end - addr) / PAGE_SIZE),
					FOLL_FORCE | FOLL_WRITE, batch->page + batch->n);
		if (got <= 0)
			return pages_unfilled(rs, addr, got ?: -EFAULT);
		batch->n += got;
		left -= got;
		addr += got * PAGE_SIZE;
	}
	return 0;
}

/*
 * The pages of a zero run are the program's own, as those with data: in a private mapping of a file
 * they hide the file's content. Drop them from the batch from page @n on, since no data follows.
 */
static void pages_clear(struct pages_batch *batch, unsigned int n)
{
	while (batch->n > n) {
		batch->n--;
		clear_highpage(batch->page[batch->n]);
		put_page(batch->page[batch->n]);
	}
}

/* Make the pages of all runs, and those that are zero so. The batch gets the others. */
static int pages_fill(struct restart *rs, struct restart_mm *rm, const struct pb_page_runs *runs,
		      struct pages_batch *batch)
{
	unsigned int i, n;
	int ret = 0;

	for (i = 0; rm->source && !ret && i < runs->n_run; i++)
		ret = share_run(rs, rm, &runs->run[i]);
	if (ret)
		return ret;
	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	for (i = 0; !ret && i < runs->n_run; i++) {
		if (runs->run[i].kind == PB_PAGES_SAME)
			continue;
		n = batch->n;
		ret = pages_fault(rs, &runs->run[i], batch);
		if (!ret && runs->run[i].kind == PB_PAGES_ZERO)
			pages_clear(batch, n);
	}
	mmap_read_unlock(current->mm);
	return ret;
}

int pages_read(struct restart *rs)
{
	struct pages_batch *batch;
	struct pb_page_runs runs;
	struct restart_mm *rm;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_page_runs_msg, &runs);
	if (ret)
		return ret;
	rm = owner_mm(rs, runs.mm);
	ret = PTR_ERR_OR_ZERO(rm) ?: pages_check(rs, &runs, rm->pb.source);
	if (ret)
		return ret;
	batch = kvmalloc(sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	batch->n = 0;

	/* Read straight into the pages. Nothing else runs in this address space yet. */
	ret = pages_fill(rs, rm, &runs, batch);
	if (ret || !batch->n)
		goto out;
	ret = stream_in_next(&rs->in);
	if (!ret && rs->in.rec.type != CKPT_REC_PAGES)
		ret = stream_in_bad(&rs->in, "no pages behind their runs");
	if (!ret)
		ret = stream_in_pages(&rs->in, batch->page, batch->n);
	if (!ret)
		/* They are the stream's now. */
		batch->n = 0;
out:
	pages_put(batch, batch->n);
	kvfree(batch);
	return ret;
}

int pages_read_guards(struct restart *rs)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.where_type = CKPT_WHERE_ADDRESS,
	};
	struct pb_guards guards;
	u64 last = 0, len;
	int ret;
	u32 i;

	ret = stream_in_msg(&rs->in, &pb_guards_msg, &guards) ?:
	      PTR_ERR_OR_ZERO(owner_mm(rs, guards.mm));
	for (i = 0; !ret && i < guards.n_run; i++) {
		const struct pb_guard_run *run = &guards.run[i];

		len = (u64)run->pages * PAGE_SIZE;
		if (!run->pages || run->addr < last || !PAGE_ALIGNED(run->addr) ||
		    run->addr >= TASK_SIZE || len > TASK_SIZE - run->addr)
			return stream_in_bad(&rs->in, "guard region at %#llx", run->addr);
		last = run->addr + len;
		/* It is to be asked again when pages came in at the same time. */
		do {
			ret = sym(do_madvise)(current->mm, run->addr, len, MADV_GUARD_INSTALL);
			cond_resched();
		} while (ret == -ERESTARTNOINTR && !fatal_signal_pending(current));
		if (fatal_signal_pending(current))
			return -EINTR;
		at.where = run->addr;
		if (ret)
			ret = error_add(&rs->ctx->errors, ret, &at,
					"a guard region there was refused (%d)", -ret);
	}
	return ret;
}
