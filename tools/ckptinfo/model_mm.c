// SPDX-License-Identifier: GPL-2.0
/* Records of address spaces. */
#include "model_add.h"

#include <inttypes.h>

#include "check.h"
#include "util.h"

/* The address space that the current record is of, or NULL with the error said. */
struct model_mm *model_mm(struct model *m, uint32_t id)
{
	size_t i;

	if (model_need(m, id, CKPT_REC_MM))
		return NULL;
	for (i = 0; i < m->nr_mms; i++)
		if (m->mms[i]->mm->id == id)
			return m->mms[i];
	return NULL;
}

/* Kinds that a VMA and the link to the executable may refer to. */
static bool can_be_mapped(const Ckpt__File *file)
{
	return file->path || file->has_shmem || file->has_unlinked;
}

int model_add_mm(struct model *m, const Ckpt__Mm *mm)
{
	struct model_mm *as;
	const Ckpt__File *exe;

	if (model_need(m, mm->exe_file, CKPT_REC_FILE))
		return -1;
	exe = model_file(m, mm->exe_file);
	if (!can_be_mapped(exe))
		return BAD(m, "the executable, object %u, is not a regular file", mm->exe_file);
	if (mm->auxv.len % 16)
		return BAD(m, "auxv has %zu bytes", mm->auxv.len);
	if (model_add_object(m, mm->id, &mm->base))
		return -1;
	as = xmalloc(sizeof(*as));
	*as = (struct model_mm){ .mm = mm };
	APPEND(m->mms, m->nr_mms, as);
	return 0;
}

int model_add_pkeys(struct model *m, const Ckpt__Pkeys *pkeys)
{
	struct model_mm *as = model_mm(m, pkeys->mm);

	if (!as)
		return -1;
	if (as->pkeys)
		return BAD(m, "stands twice");
	if (!(pkeys->allocated & 1) || pkeys->allocated > 0xffff ||
	    (pkeys->has_execute_only && (!pkeys->execute_only || pkeys->execute_only > 15)))
		return BAD(m, "no such keys, 0x%x", pkeys->allocated);
	as->pkeys = pkeys;
	return 0;
}

static int add_vma(struct model *m, struct model_mm *p, const Ckpt__Vma *vma)
{
	const Ckpt__Vma *last = p->nr_vmas ? p->vmas[p->nr_vmas - 1].vma : NULL;
	const Ckpt__File *file;

	if (!model_aligned(vma->start) || !model_aligned(vma->end))
		return BAD(m, "0x%" PRIx64 "-0x%" PRIx64 " is not page-aligned", vma->start,
			   vma->end);
	if (vma->start >= vma->end || vma->end > MODEL_ADDRESS_END)
		return BAD(m, "0x%" PRIx64 "-0x%" PRIx64 " is no range of user addresses",
			   vma->start, vma->end);
	if (last && vma->start < last->end)
		return BAD(m, "0x%" PRIx64 "-0x%" PRIx64 " overlaps 0x%" PRIx64 "-0x%" PRIx64
			   " or stands behind it", vma->start, vma->end, last->start, last->end);
	if (vma->prot & ~7U)
		return BAD(m, "0x%" PRIx64 ": unknown protection 0x%x", vma->start, vma->prot);
	if (vma->flags >= 2 * VMA_FLAG(DROPPABLE))
		return BAD(m, "0x%" PRIx64 ": unknown flags 0x%x", vma->start,
			   vma->flags & ~(2 * VMA_FLAG(DROPPABLE) - 1U));
	if (vma->pkey > 15)
		return BAD(m, "0x%" PRIx64 ": protection key %u", vma->start, vma->pkey);
	if (vma->kind == CKPT__VMA_KIND__VMA_FILE) {
		if (model_need(m, vma->file, CKPT_REC_FILE))
			return -1;
		file = model_file(m, vma->file);
		if (!can_be_mapped(file))
			return BAD(m, "0x%" PRIx64 ": object %u cannot be mapped", vma->start,
				   vma->file);
	} else if (vma->file) {
		return BAD(m, "0x%" PRIx64 ": a mapping of no file refers to object %u", vma->start,
			   vma->file);
	} else if (vma->flags & VMA_FLAG(SHARED)) {
		return BAD(m, "0x%" PRIx64 ": a shared mapping without a file", vma->start);
	}
	if (check_droppable_bad(vma))
		return BAD(m, "0x%" PRIx64 ": no such droppable memory", vma->start);
	APPEND(p->vmas, p->nr_vmas, ((struct model_vma){ .vma = vma }));
	return 0;
}

int model_add_vmas(struct model *m, const Ckpt__Vmas *vmas)
{
	struct model_mm *p = model_mm(m, vmas->mm);
	size_t i;

	if (!p)
		return -1;
	for (i = 0; i < vmas->n_vma; i++)
		if (add_vma(m, p, vmas->vma[i]))
			return -1;
	return 0;
}

/* The VMA that holds @addr, or NULL. */
static struct model_vma *find_vma(struct model_mm *p, uint64_t addr)
{
	size_t low = 0, high = p->nr_vmas;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->vmas[mid].vma->end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->nr_vmas && p->vmas[low].vma->start <= addr ? &p->vmas[low] : NULL;
}

int model_add_page_runs(struct model *m, const Ckpt__PageRuns *runs)
{
	struct model_mm *p = model_mm(m, runs->mm);
	uint64_t sum = 0, data = 0, addr, end, n;
	struct model_vma *v;
	size_t i;

	if (!p)
		return -1;
	for (i = 0, end = 0; i < runs->n_run; i++) {
		addr = runs->run[i]->addr;
		n = runs->run[i]->pages;
		if (addr < end)
			return BAD(m, "the run at 0x%" PRIx64 " stands behind a higher one", addr);
		if (!n || !model_aligned(addr) || addr >= MODEL_ADDRESS_END)
			return BAD(m, "%" PRIu64 " pages at 0x%" PRIx64, n, addr);
		if (check_page_run_bad(m, runs->run[i]))
			return BAD(m, "the run at 0x%" PRIx64 " says what it is in two ways", addr);
		sum += n;
		if (runs->run[i]->kind == CKPT__PAGES_KIND__PAGES_DATA)
			data += n;
		/* A run may go on in the next VMA if that follows at once. */
		for (end = addr + n * CKPT_IMAGE_ALIGN; addr < end; addr += n * CKPT_IMAGE_ALIGN) {
			v = find_vma(p, addr);
			if (!v)
				return BAD(m, "pages at 0x%" PRIx64 ", where nothing is mapped",
					   addr);
			if (v->vma->flags & VMA_FLAG(DROPPABLE))
				return BAD(m, "pages of droppable memory at 0x%" PRIx64, addr);
			if (v->vma->kind == CKPT__VMA_KIND__VMA_VDSO ||
			    v->vma->flags & VMA_FLAG(SHARED))
				return BAD(m, "pages at 0x%" PRIx64 ", which is not private memory",
					   addr);
			n = ((end < v->vma->end ? end : v->vma->end) - addr) / CKPT_IMAGE_ALIGN;
			v->pages += n;
			if (v->pages > (v->vma->end - v->vma->start) / CKPT_IMAGE_ALIGN)
				return BAD(m, "pages of 0x%" PRIx64 "-0x%" PRIx64 " stand twice",
					   v->vma->start, v->vma->end);
		}
	}
	if (!sum || sum > CKPT_IMAGE_RAW_MAX / CKPT_IMAGE_ALIGN)
		return BAD(m, "%" PRIu64 " pages for one PAGES record", sum);
	p->pages += sum;
	if (data)
		model_expect(m, CKPT_REC_PAGES, data * CKPT_IMAGE_ALIGN);
	return 0;
}

int model_add_guards(struct model *m, const Ckpt__Guards *guards)
{
	struct model_mm *as = model_mm(m, guards->mm);

	return as ? check_guards(m, as, guards) : -1;
}
