// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that fork made several address spaces share.
 */
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagewalk.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "../core/build.h"
#include "../core/context.h"
#include "../core/members.h"
#include "../compat/compat.h"
#include "share.h"
#include "../core/symbols.h"

/* Areas whose pages are no process's own. */
#define SHARE_NOT	(VM_SHARED | VM_DROPPABLE | VM_PFNMAP | VM_IO | VM_MIXEDMAP)

/* ---- checkpoint ---- */

/* Has an area of the source, at the same place, pages of which fork could have made copies? */
static bool share_related(struct mm_struct *mm, const struct vm_area_struct *vma)
{
	struct vm_area_struct *other;
	bool found = false;

	VMA_ITERATOR(vmi, mm, vma->vm_start);

	if (!vma->anon_vma || vma->vm_flags & SHARE_NOT)
		return false;
	for_each_vma_range(vmi, other, vma->vm_end)
		found |= other->anon_vma && other->anon_vma->root == vma->anon_vma->root;
	return found;
}

/*
 * Both are locked, in an order that others may not have: so the second one is only tried. Return:
 * whether there is such an area; true, too, if that cannot be seen now; or -EINTR.
 */
static int share_any(struct mm_struct *mm, struct mm_struct *source)
{
	struct vm_area_struct *vma;
	int found = 0;

	VMA_ITERATOR(vmi, mm, 0);

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	if (!mmap_read_trylock(source)) {
		mmap_read_unlock(mm);
		return 1;
	}
	for_each_vma(vmi, vma) {
		found = share_related(source, vma);
		if (found)
			break;
	}
	mmap_read_unlock(source);
	mmap_read_unlock(mm);
	return found;
}

struct checkpoint_mm *share_source(struct checkpoint_mm *cm)
{
	struct checkpoint_process *parent = members_parent(cm->proc);

	if (!parent || !parent->mm || parent->mm == cm)
		return NULL;
	return share_any(cm->mm, parent->mm->mm) > 0 ? parent->mm : NULL;
}

/**
 * struct share_walk - a walk of the source, beside pages of another address space
 * @page: those pages
 * @addr: where the run begins
 * @first: the number of its first page
 * @same: a bit for each that is the same
 * @swapped: a bit for each that is in swap in the source
 * @n: how many are the same
 */
struct share_walk {
	struct page **page;
	unsigned long addr;
	unsigned int first;
	unsigned long *same;
	DECLARE_BITMAP(swapped, HASH_BATCH);
	int n;
};

static void share_compare(struct share_walk *sw, unsigned int i, const struct page *page)
{
	if (sw->page[i] != page)
		return;
	__set_bit(i, sw->same);
	sw->n++;
}

static unsigned int share_index(const struct share_walk *sw, unsigned long addr)
{
	return sw->first + ((addr - sw->addr) >> PAGE_SHIFT);
}

static int share_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct share_walk *sw = walk->private;
	pte_t pte = ptep_get(ptep);

	if (pte_present(pte) && !pte_special(pte) && pfn_valid(pte_pfn(pte)))
		share_compare(sw, share_index(sw, addr), pfn_to_page(pte_pfn(pte)));
	else if (!pte_none(pte) && !pte_present(pte) && !compat_pte_marker(pte))
		__set_bit(share_index(sw, addr), sw->swapped);
	return 0;
}

/* A huge page is compared as what it is made of. */
static int share_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct share_walk *sw = walk->private;
	pmd_t pmd = READ_ONCE(*pmdp);
	unsigned long offset;

	cond_resched();
	if (!pmd_trans_huge(pmd))
		return 0;
	walk->action = ACTION_CONTINUE;
	for (; addr < next; addr += PAGE_SIZE) {
		offset = (addr & ~HPAGE_PMD_MASK) >> PAGE_SHIFT;
		share_compare(sw, share_index(sw, addr), pmd_page(pmd) + offset);
	}
	return 0;
}

static int share_test(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return !walk->vma->anon_vma || walk->vma->vm_flags & SHARE_NOT;
}

static const struct mm_walk_ops share_ops = {
	.pmd_entry = share_pmd,
	.pte_entry = share_pte,
	.test_walk = share_test,
};

/* The other one has brought its pages in: one that is the same is in the swap cache now. */
static void share_find_swapped(struct mm_struct *mm, struct share_walk *sw)
{
	struct page *page;
	unsigned int i;

	for_each_set_bit(i, sw->swapped, HASH_BATCH) {
		unsigned long addr = sw->addr + ((unsigned long)(i - sw->first) << PAGE_SHIFT);

		if (compat_gup_remote(mm, addr, 1, FOLL_FORCE, &page) != 1)
			continue;
		share_compare(sw, i, page);
		put_page(page);
		cond_resched();
	}
}

int share_find(struct checkpoint_mm *cm, const struct pb_page_run *run, unsigned int n_run,
	       struct page **page, unsigned long *same)
{
	struct share_walk sw = { .page = page, .same = same };
	struct mm_struct *mm = cm->source->snapshot;
	unsigned int i;

	bitmap_zero(same, HASH_BATCH);
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (i = 0; i < n_run; i++) {
		sw.addr = run[i].addr;
		bitmap_zero(sw.swapped, HASH_BATCH);
		sym(walk_page_range)(mm, sw.addr, sw.addr + (u64)run[i].pages * PAGE_SIZE,
				     &share_ops, &sw);
		share_find_swapped(mm, &sw);
		sw.first += run[i].pages;
	}
	mmap_read_unlock(mm);
	return sw.n;
}

/* ---- restart ---- */

int share_begin(struct restart *rs, struct restart_mm *rm, u32 source)
{
	struct restart_part *part = object_find(&rs->objects, OBJECT_MM, source);

	if (!part || !part->read || part == &rm->part)
		return stream_in_bad(&rs->in, "source %u of an address space", source);
	rm->source = container_of(part, struct restart_mm, part);
	return 0;
}

/* The address space of another process, which rests, with a reference; it may have been killed. */
static struct mm_struct *share_mm(struct restart_mm *rm)
{
	struct mm_struct *mm = get_task_mm(rm->part.process->leader->task);

	return mm ?: ERR_PTR(-ECHILD);
}

/* Both are at the same place among the pages that fork copies. */
static bool share_fits(const struct vm_area_struct *dst, const struct vm_area_struct *src)
{
	return src->anon_vma && !dst->anon_vma && !((src->vm_flags | dst->vm_flags) & SHARE_NOT) &&
	       compat_vma_anon_pgoff(dst) - (dst->vm_start >> PAGE_SHIFT) ==
	       compat_vma_anon_pgoff(src) - (src->vm_start >> PAGE_SHIFT);
}

/* A part of @src that is copied as if it was all of the area: no huge page is cut. */
static void share_clip(struct vm_area_struct *part, const struct vm_area_struct *dst)
{
	if (part->vm_start < dst->vm_start)
		part->vm_start = ALIGN(dst->vm_start, HPAGE_PMD_SIZE);
	if (part->vm_end > dst->vm_end)
		part->vm_end = ALIGN_DOWN(dst->vm_end, HPAGE_PMD_SIZE);
}

/* The area at @addr gets the pages of the source's, as fork does it. Both are locked. */
static int share_copy(struct restart_mm *rm, struct vm_area_struct *dst, struct mm_struct *source)
{
	struct vm_area_struct *src = find_vma_intersection(source, dst->vm_start, dst->vm_end);
	struct vm_area_struct part;
	int ret;

	if (!src || !share_fits(dst, src))
		return 0;
	vma_start_write(src);
	vma_start_write(dst);
	memcpy(&part, src, sizeof(part));
	share_clip(&part, dst);
	if (part.vm_start >= part.vm_end)
		return 0;
	ret = sym(anon_vma_fork)(dst, src) ?: sym(copy_page_range)(dst, &part);
	rm->shared.start = part.vm_start;
	rm->shared.end = part.vm_end;
	/* Its pages are write-protected now. */
	sym(flush_tlb_mm_range)(source, part.vm_start, part.vm_end, PAGE_SHIFT, false);
	return ret;
}

/* The next area that has runs. */
static int share_enter(struct restart_mm *rm, unsigned long addr)
{
	struct mm_struct *mm = current->mm, *source = share_mm(rm->source);
	struct vm_area_struct *dst;
	int ret = -EINTR;

	if (IS_ERR(source))
		return PTR_ERR(source);
	if (source == mm) {
		ret = 0;
		goto out;
	}
	if (mmap_write_lock_killable(source))
		goto out;
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	dst = find_vma(mm, addr);
	rm->shared = (struct restart_shared){ .area_end = dst ? dst->vm_end : TASK_SIZE };
	ret = dst && dst->vm_start <= addr ? share_copy(rm, dst, source) : 0;
	rm->shared.next = rm->shared.start;
	mmap_write_unlock(mm);
	mmap_write_unlock(source);
out:
	mmput(source);
	return ret;
}

/* Pages of the source that this one does not have. */
static int share_drop(struct restart_mm *rm, unsigned long start, unsigned long end)
{
	int ret;

	start = max(start, rm->shared.start);
	end = min(end, rm->shared.end);
	if (start >= end)
		return 0;
	do {
		ret = sym(do_madvise)(current->mm, start, end - start, MADV_DONTNEED);
		cond_resched();
	} while (ret == -ERESTARTNOINTR && !fatal_signal_pending(current));
	return fatal_signal_pending(current) ? -EINTR : ret;
}

/* No runs follow in the area that was entered last. */
static int share_leave(struct restart_mm *rm)
{
	int ret = share_drop(rm, rm->shared.next, rm->shared.end);

	rm->shared = (struct restart_shared){};
	return ret;
}

static int share_finish(struct restart_process *p)
{
	return share_leave(p->mm);
}

/* A page that could not be shared is a copy. */
static int share_copy_page(struct restart *rs, struct mm_struct *source, unsigned long from,
			   unsigned long addr)
{
	struct page *src, *dst;

	if (mmap_read_lock_killable(source))
		return -EINTR;
	if (compat_gup_remote(source, from, 1, FOLL_FORCE, &src) != 1)
		src = NULL;
	mmap_read_unlock(source);
	if (!src)
		return stream_in_bad(&rs->in, "pages of another address space at %#lx", from);
	if (mmap_read_lock_killable(current->mm)) {
		put_page(src);
		return -EINTR;
	}
	if (compat_gup_remote(current->mm, addr, 1, FOLL_FORCE | FOLL_WRITE, &dst) != 1)
		dst = NULL;
	mmap_read_unlock(current->mm);
	if (dst) {
		copy_highpage(dst, src);
		put_page(dst);
	}
	put_page(src);
	return dst ? 0 : stream_in_bad(&rs->in, "pages outside of memory at %#lx", addr);
}

static int share_copy_pages(struct restart *rs, struct restart_mm *rm, unsigned long from,
			    unsigned long addr, unsigned long end)
{
	struct mm_struct *source = share_mm(rm->source);
	int ret = 0;

	if (IS_ERR(source))
		return PTR_ERR(source);
	for (; !ret && addr < end; addr += PAGE_SIZE, from += PAGE_SIZE) {
		ret = fatal_signal_pending(current) ? -EINTR :
		      share_copy_page(rs, source, from, addr);
		cond_resched();
	}
	mmput(source);
	return ret;
}

/* A part of a run that lies within one area. */
static int share_piece(struct restart *rs, struct restart_mm *rm, const struct pb_page_run *run,
		       unsigned long addr, unsigned long end)
{
	unsigned long from = run->from + (addr - run->addr), start, stop;
	int ret;

	ret = share_drop(rm, rm->shared.next, addr);
	rm->shared.next = max(rm->shared.next, end);
	if (ret)
		return ret;
	if (run->kind != PB_PAGES_SAME)
		return share_drop(rm, addr, end);
	/* Pages of another address never are shared. */
	start = from == addr ? clamp(rm->shared.start, addr, end) : end;
	stop = clamp(rm->shared.end, start, end);
	return share_copy_pages(rs, rm, from, addr, start) ?:
	       share_copy_pages(rs, rm, from + (stop - addr), stop, end);
}

int share_run(struct restart *rs, struct restart_mm *rm, const struct pb_page_run *run)
{
	unsigned long addr = run->addr, end = addr + (unsigned long)run->pages * PAGE_SIZE, stop;
	int ret = 0;

	if (!rm->sharing) {
		rm->sharing = true;
		ret = later_call(&rm->part.process->later, LATER_CONTENT, share_finish);
	}
	while (!ret && addr < end) {
		if (addr >= rm->shared.area_end)
			ret = share_leave(rm) ?: share_enter(rm, addr);
		if (ret)
			break;
		stop = clamp(rm->shared.area_end, addr + PAGE_SIZE, end);
		ret = share_piece(rs, rm, run, addr, stop);
		addr = stop;
	}
	return ret;
}
