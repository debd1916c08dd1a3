/* SPDX-License-Identifier: GPL-2.0 */
/* The differences of the supported kernels in memory and areas. */
#ifndef _CKPT_COMPAT_MM_H
#define _CKPT_COMPAT_MM_H

#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/prctl.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/version.h>

#include "../core/symbols.h"
#include "present.h"

/* bc292ab00f6c "mm: introduce vma->vm_flags wrapper functions", 6.3 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	lockdep_assert_held_write(&vma->vm_mm->mmap_lock);
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	lockdep_assert_held_write(&vma->vm_mm->mmap_lock);
	vma->vm_flags &= ~flags;
}
#endif

/* 5e31275cc997 "mm: add per-VMA lock and helper functions to control it", 6.4 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline void vma_start_write(struct vm_area_struct *vma)
{
	lockdep_assert_held_write(&vma->vm_mm->mmap_lock);
}
#endif

/*
 * Where the pages of an area are among those that fork made it share. Private pages have an offset
 * of their own since 7.3.
 */
static inline void compat_vma_copy_pgoff(struct vm_area_struct *dst,
					 const struct vm_area_struct *src)
{
	dst->vm_pgoff = src->vm_pgoff;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
	dst->__vm_anon_pgoff_lo = src->__vm_anon_pgoff_lo;
#ifdef CONFIG_64BIT
	dst->__vm_anon_pgoff_hi = src->__vm_anon_pgoff_hi;
#endif
#endif
}

/* The place of the first page of an area among them. */
static inline pgoff_t compat_vma_anon_pgoff(const struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
	return vma_start_anon_pgoff(vma);
#else
	return vma->vm_pgoff;
#endif
}

/* Add an area that has no charge (VM_ACCOUNT); where it belongs, there is none. */
static inline int compat_insert_uncharged(struct mm_struct *mm, struct vm_area_struct *vma)
{
	int ret = sym(insert_vm_struct)(mm, vma);

#if COMPAT_INSERT_GIVES_BACK
	if (ret)
		percpu_counter_add((struct percpu_counter *)sym_addr(vm_committed_as),
				   vma_pages(vma));
#endif
	return ret;
}

/* Is an area registered with a userfaultfd? */
static inline bool compat_vma_uffd(const struct vm_area_struct *vma)
{
#ifdef CONFIG_USERFAULTFD
	return vma->vm_userfaultfd_ctx.ctx;
#else
	return false;
#endif
}

/* ca5e863233e8 "mm/gup: remove vmas parameter from get_user_pages_remote()", 6.5 */
static inline long compat_gup_remote(struct mm_struct *mm, unsigned long start,
				     unsigned long nr_pages, unsigned int flags,
				     struct page **pages)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return get_user_pages_remote(mm, start, nr_pages, flags, pages, NULL, NULL);
#else
	return get_user_pages_remote(mm, start, nr_pages, flags, pages, NULL);
#endif
}

/* Unmap what is in a range of an area, which stays; under the lock of the address space, read. */
static inline void compat_zap(struct vm_area_struct *vma, unsigned long start, unsigned long len)
{
#if COMPAT_ZAP_SINGLE
	sym(zap_page_range_single)(vma, start, len, NULL);
#else
	zap_vma_range(vma, start, len);
#endif
}

typedef unsigned long compat_shrinker_fn(struct shrinker *shrinker, struct shrink_control *sc);

/*
 * A registered shrinker that knows of memory cgroups, or an ERR_PTR. The kernel allocates it since
 * c42d50aefd17 "mm: shrinker: add infrastructure for dynamically allocating shrinker", 6.7.
 */
static inline struct shrinker *compat_shrinker_new(compat_shrinker_fn *count,
						   compat_shrinker_fn *scan, int seeks, long batch)
{
	unsigned int flags = SHRINKER_MEMCG_AWARE | SHRINKER_NUMA_AWARE | SHRINKER_NONSLAB;
	struct shrinker *shrinker;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker = shrinker_alloc(flags, KBUILD_MODNAME);
#else
	shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);
#endif
	if (!shrinker)
		return ERR_PTR(-ENOMEM);
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = seeks;
	shrinker->batch = batch;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_register(shrinker);
#else
	int ret;

	shrinker->flags = flags;
	ret = register_shrinker(shrinker, KBUILD_MODNAME);
	if (ret) {
		kfree(shrinker);
		return ERR_PTR(ret);
	}
#endif
	return shrinker;
}

static inline void compat_shrinker_free(struct shrinker *shrinker)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_free(shrinker);
#else
	unregister_shrinker(shrinker);
	kfree(shrinker);
#endif
}

/* mm->flags became a bitmap with accessors in 6.18 ("mm: convert core mm to mm_flags_*()"). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define compat_mm_flags_test(bit, mm)	mm_flags_test(bit, mm)
#define compat_mm_flags_set(bit, mm)	mm_flags_set(bit, mm)
#define compat_mm_flags_clear(bit, mm)	mm_flags_clear(bit, mm)
#else
#define compat_mm_flags_test(bit, mm)	test_bit(bit, &(mm)->flags)
#define compat_mm_flags_set(bit, mm)	set_bit(bit, &(mm)->flags)
#define compat_mm_flags_clear(bit, mm)	clear_bit(bit, &(mm)->flags)
#endif

/* The bit of prctl(PR_SET_THP_DISABLE) got a mode, and another name, in 6.18. */
#ifdef MMF_DISABLE_THP_COMPLETELY
#define COMPAT_MMF_DISABLE_THP	MMF_DISABLE_THP_COMPLETELY
#else
#define COMPAT_MMF_DISABLE_THP	MMF_DISABLE_THP
#endif

/* Area flags that only some kernels have: nothing there means no area has it. */
#ifndef VM_MAYBE_GUARD
#define VM_MAYBE_GUARD	0UL
#endif
#ifndef VM_UFFD_RWP
#define VM_UFFD_RWP	0UL
#endif
/* 9651fcedf7b9 "mm: add MAP_DROPPABLE for designating always lazily freeable mappings", 6.11 */
#ifndef VM_DROPPABLE
#define VM_DROPPABLE	0UL
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE	0x08
#endif
#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK	0UL
#endif
#ifndef VM_SEALED
#ifdef CONFIG_64BIT
/* mseal(2) has bit 63 on 64-bit, 8be7258aad44 "mseal: add mseal syscall", 6.10 */
#define VM_SEALED	BIT(63)
#else
#define VM_SEALED	0UL
#endif
#endif

/* softleaf_t took the place of swp_entry_t in 6.19. */
static inline bool compat_pte_marker(pte_t pte)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	softleaf_t leaf = softleaf_from_pte(pte);

	return softleaf_is_marker(leaf) && !softleaf_is_poison_marker(leaf);
#else
	swp_entry_t entry = pte_to_swp_entry(pte);

#ifdef PTE_MARKER_POISONED
	if (is_poisoned_swp_entry(entry))
		return false;
#endif
	return is_pte_marker_entry(entry);
#endif
}

/* MADV_GUARD_INSTALL, 6.13; areas that may have guard regions are marked since 6.19. */
#ifdef PTE_MARKER_GUARD
#define COMPAT_GUARDS	1
#else
#define COMPAT_GUARDS	0
#endif

static inline bool compat_may_guard(const struct vm_area_struct *vma)
{
	return VM_MAYBE_GUARD ? vma->vm_flags & VM_MAYBE_GUARD : COMPAT_GUARDS;
}

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

static inline bool compat_pte_guard(pte_t pte)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	return softleaf_is_guard_marker(softleaf_from_pte(pte));
#elif defined(PTE_MARKER_GUARD)
	return is_guard_swp_entry(pte_to_swp_entry(pte));
#else
	return false;
#endif
}

/*
 * PR_SET_VMA_ANON_NAME, 5.17, if configured; of shared memory since d09e8ca6cb93 "mm: anonymous
 * shared memory naming", 6.2. Under the lock of the address space.
 */
static inline const char *compat_vma_name(struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	if (vma->vm_file)
		return NULL;
#endif
	return vma->anon_name ? vma->anon_name->name : NULL;
#else
	return NULL;
#endif
}

/*
 * Bits of mm->flags that prctl(2) sets: PR_SET_MDWE, b507808ebce2, 6.3, with a second bit since
 * 24e41bf8a6b4, 6.7; PR_SET_MEMORY_MERGE, d7597f59d1d3, 6.4; a second kind of
 * PR_SET_THP_DISABLE, 6.18.
 */
static inline unsigned int compat_mm_mdwe(struct mm_struct *mm)
{
	unsigned int val = 0;

#ifdef MMF_HAS_MDWE
	if (compat_mm_flags_test(MMF_HAS_MDWE, mm))
		val |= PR_MDWE_REFUSE_EXEC_GAIN;
#endif
#ifdef MMF_HAS_MDWE_NO_INHERIT
	if (compat_mm_flags_test(MMF_HAS_MDWE_NO_INHERIT, mm))
		val |= PR_MDWE_NO_INHERIT;
#endif
	return val;
}

/* Return: false if this kernel cannot. */
static inline bool compat_mm_set_mdwe(struct mm_struct *mm, unsigned int val)
{
#ifdef MMF_HAS_MDWE
	if (val & PR_MDWE_REFUSE_EXEC_GAIN)
		compat_mm_flags_set(MMF_HAS_MDWE, mm);
	val &= ~PR_MDWE_REFUSE_EXEC_GAIN;
#endif
#ifdef MMF_HAS_MDWE_NO_INHERIT
	if (val & PR_MDWE_NO_INHERIT)
		compat_mm_flags_set(MMF_HAS_MDWE_NO_INHERIT, mm);
	val &= ~PR_MDWE_NO_INHERIT;
#endif
	return !val;
}

static inline bool compat_mm_merge_any(struct mm_struct *mm)
{
#ifdef MMF_VM_MERGE_ANY
	return compat_mm_flags_test(MMF_VM_MERGE_ANY, mm);
#else
	return false;
#endif
}

static inline void compat_mm_clear_merge_any(struct mm_struct *mm)
{
#ifdef MMF_VM_MERGE_ANY
	compat_mm_flags_clear(MMF_VM_MERGE_ANY, mm);
#endif
}

static inline bool compat_mm_thp_except_advised(struct mm_struct *mm)
{
#ifdef MMF_DISABLE_THP_EXCEPT_ADVISED
	return compat_mm_flags_test(MMF_DISABLE_THP_EXCEPT_ADVISED, mm);
#else
	return false;
#endif
}

/* Return: false if this kernel cannot. */
static inline bool compat_mm_set_thp_except_advised(struct mm_struct *mm, bool val)
{
#ifdef MMF_DISABLE_THP_EXCEPT_ADVISED
	if (val)
		compat_mm_flags_set(MMF_DISABLE_THP_EXCEPT_ADVISED, mm);
	else
		compat_mm_flags_clear(MMF_DISABLE_THP_EXCEPT_ADVISED, mm);
	return true;
#else
	return !val;
#endif
}

/* A file of shared memory; 7.x has its own type for area flags. */
static inline struct file *compat_shmem_file_setup(const char *name, loff_t size, bool noreserve)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return shmem_file_setup(name, size, noreserve ? mk_vma_flags(VMA_NORESERVE_BIT) :
							EMPTY_VMA_FLAGS);
#else
	return shmem_file_setup(name, size, noreserve ? VM_NORESERVE : 0);
#endif
}

/* Was it made without a reservation? An area flag says so until there is one for files alone. */
static inline bool compat_shmem_noreserve(struct inode *inode)
{
#ifdef SHMEM_F_NORESERVE
	return SHMEM_I(inode)->flags & SHMEM_F_NORESERVE;
#else
	return SHMEM_I(inode)->flags & VM_NORESERVE;
#endif
}

#define compat_mm_def_flags(mm)		((mm)->def_flags)

static inline bool compat_mm_legacy(struct mm_struct *mm)
{
#ifdef MMF_TOPDOWN
	return !compat_mm_flags_test(MMF_TOPDOWN, mm);
#else
	return (unsigned long)mm->get_unmapped_area == sym_addr(arch_get_unmapped_area);
#endif
}

static inline void compat_mm_set_legacy(struct mm_struct *mm, bool legacy)
{
#ifdef MMF_TOPDOWN
	if (legacy)
		compat_mm_flags_clear(MMF_TOPDOWN, mm);
	else
		compat_mm_flags_set(MMF_TOPDOWN, mm);
#else
	mm->get_unmapped_area = (void *)(legacy ? sym_addr(arch_get_unmapped_area) :
						  sym_addr(arch_get_unmapped_area_topdown));
#endif
}

/*
 * Anonymous pages, exactly: f1a7941243c1 "mm: convert mm's rss stats into percpu_counter", 6.2,
 * made the quick answer 0 for small processes.
 */
static inline unsigned long compat_mm_anon_pages(struct mm_struct *mm)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return percpu_counter_sum_positive(&mm->rss_stat[MM_ANONPAGES]);
#else
	return get_mm_counter(mm, MM_ANONPAGES);
#endif
}

/* /proc/PID/coredump_filter */
static inline unsigned int compat_mm_dump_filter(struct mm_struct *mm)
{
	unsigned int i, val = 0;

	for (i = 0; i < MMF_DUMP_FILTER_BITS; i++)
		if (compat_mm_flags_test(MMF_DUMP_FILTER_SHIFT + i, mm))
			val |= BIT(i);
	return val;
}

static inline void compat_mm_set_dump_filter(struct mm_struct *mm, unsigned int val)
{
	unsigned int i;

	for (i = 0; i < MMF_DUMP_FILTER_BITS; i++)
		if (val & BIT(i))
			compat_mm_flags_set(MMF_DUMP_FILTER_SHIFT + i, mm);
		else
			compat_mm_flags_clear(MMF_DUMP_FILTER_SHIFT + i, mm);
}

#endif /* _CKPT_COMPAT_MM_H */
