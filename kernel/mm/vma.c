// SPDX-License-Identifier: GPL-2.0
/*
 * VMAs: what is mapped where, how, and from which file. Their content is in pages.c and
 * shmem.c.
 */
#include <linux/file.h>
#include <linux/hugetlb_inline.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/pkeys.h>
#include <linux/prctl.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/owner.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "../file/file_content.h"
#include "../file/file.h"
#include "../file/scratch.h"
#include "../core/symbols.h"
#include "vma.h"

/* How many VMAs are looked at under the address space's lock in one go. */
#define VMA_BATCH	PB_VMAS_VMA_MAX

/**
 * struct vma_flag - a flag of a VMA that has a number in the image
 * @vm: VM_*
 * @pb: VmaFlag
 * @madvise: what madvise(2) sets it, 0 if something else does
 */
struct vma_flag {
	vm_flags_t vm;
	u32 pb;
	int madvise;
};

static const struct vma_flag vma_flags[] = {
	{ VM_SHARED, PB_VMA_FLAG_SHARED },
	{ VM_GROWSDOWN, PB_VMA_FLAG_GROWSDOWN },
	{ VM_NORESERVE, PB_VMA_FLAG_NORESERVE },
	{ VM_LOCKED, PB_VMA_FLAG_LOCKED },
	{ VM_LOCKONFAULT, PB_VMA_FLAG_LOCKONFAULT },
	{ VM_ACCOUNT, PB_VMA_FLAG_ACCOUNT },
	{ VM_DONTCOPY, PB_VMA_FLAG_DONTFORK, MADV_DONTFORK },
	{ VM_WIPEONFORK, PB_VMA_FLAG_WIPEONFORK, MADV_WIPEONFORK },
	{ VM_DONTDUMP, PB_VMA_FLAG_DONTDUMP, MADV_DONTDUMP },
	{ VM_MERGEABLE, PB_VMA_FLAG_MERGEABLE, MADV_MERGEABLE },
	{ VM_HUGEPAGE, PB_VMA_FLAG_HUGEPAGE, MADV_HUGEPAGE },
	{ VM_NOHUGEPAGE, PB_VMA_FLAG_NOHUGEPAGE, MADV_NOHUGEPAGE },
	{ VM_SEQ_READ, PB_VMA_FLAG_SEQ_READ, MADV_SEQUENTIAL },
	{ VM_RAND_READ, PB_VMA_FLAG_RAND_READ, MADV_RANDOM },
	{ VM_DROPPABLE, PB_VMA_FLAG_DROPPABLE },
};

#define VMA_FLAGS_ALL	((PB_VMA_FLAG_DROPPABLE << 1) - 1)

/* Droppable memory is none of these; the kernel's mmap(2) and mlock(2) see to it. */
#define VMA_NOT_DROPPABLE	(PB_VMA_FLAG_SHARED | PB_VMA_FLAG_GROWSDOWN | PB_VMA_FLAG_LOCKED | \
				 PB_VMA_FLAG_LOCKONFAULT)

/* Flags that say nothing that is not known otherwise: protection, what the file allows, guards. */
#define VMA_IMPLIED	(VM_READ | VM_WRITE | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | \
			 VM_MAYSHARE | VM_SOFTDIRTY | VM_MAYBE_GUARD)

/* Flags that are refused by name. Any other flag that is not known is refused by number. */
static const struct {
	vm_flags_t vm;
	const char *name;
} vma_refused[] = {
	{ VM_HUGETLB, "huge pages (hugetlb)" },
	{ VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR | VM_UFFD_RWP, "memory under userfaultfd" },
	{ VM_IO | VM_PFNMAP | VM_MIXEDMAP, "device memory" },
	{ VM_SHADOW_STACK, "a shadow stack" },
	{ VM_SEALED, "sealed memory (mseal)" },
};

/**
 * struct vma_info - a VMA, copied under the lock
 * @start: first address
 * @end: address behind
 * @flags: VM_*
 * @pgoff: offset in pages
 * @file: a reference is held, or NULL
 * @special: the kernel's own: vDSO and its data
 * @pkey: its protection key
 * @policy: it has a NUMA policy of its own
 * @named: it has a name (PR_SET_VMA_ANON_NAME)
 * @name: that name
 */
struct vma_info {
	unsigned long start;
	unsigned long end;
	vm_flags_t flags;
	unsigned long pgoff;
	struct file *file;
	bool special;
	int pkey;
	bool policy;
	bool named;
	char name[PB_VMA_NAME_MAX + 1];
};

static bool vma_is_special(struct vm_area_struct *vma)
{
	const char *name;

	if (vma->vm_file || !vma->vm_ops || !vma->vm_ops->name)
		return false;
	name = vma->vm_ops->name(vma);
	return name && (!strcmp(name, "[vdso]") || !strncmp(name, "[vvar", 5));
}

/* Copy up to VMA_BATCH of them from @addr on. Return: how many, or -EINTR. */
static int vma_collect(struct mm_struct *mm, unsigned long addr, struct vma_info *info)
{
	struct vm_area_struct *vma;
	unsigned int n = 0;
	const char *name;

	VMA_ITERATOR(vmi, mm, addr);

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for_each_vma(vmi, vma) {
		if (n == VMA_BATCH)
			break;
		info[n].start = vma->vm_start;
		info[n].end = vma->vm_end;
		info[n].flags = vma->vm_flags;
		info[n].pgoff = vma->vm_pgoff;
		info[n].file = vma->vm_file ? get_file(vma->vm_file) : NULL;
		info[n].special = vma_is_special(vma);
		info[n].pkey = vma_pkey(vma);
		name = compat_vma_name(vma);
		info[n].named = name;
		strscpy(info[n].name, name ?: "", sizeof(info[n].name));
#ifdef CONFIG_NUMA
		info[n].policy = vma->vm_policy;
#endif
		n++;
	}
	mmap_read_unlock(mm);
	return n;
}

static int vma_refuse(struct checkpoint_mm *cm, const struct vma_info *info, const char *what)
{
	return refuse(cm->proc, CKPT_WHERE_ADDRESS, info->start, CKPT_REASON_UNSUPPORTED, NULL,
		      "%s is not supported", what);
}

static vm_flags_t vma_known(void)
{
	vm_flags_t known = VMA_IMPLIED | ARCH_VM_PKEY_FLAGS;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vma_flags); i++)
		known |= vma_flags[i].vm;
	return known;
}

static int vma_check(struct checkpoint_mm *cm, const struct vma_info *info)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vma_refused); i++)
		if (info->flags & vma_refused[i].vm)
			return vma_refuse(cm, info, vma_refused[i].name);
	if (info->policy)
		return vma_refuse(cm, info, "memory with a NUMA policy");
	/* Some kernels take it if all new memory is to be locked; mlock(2) would not lock it. */
	if (info->flags & VM_DROPPABLE && info->flags & VM_LOCKED)
		return vma_refuse(cm, info, "droppable memory that is locked");
	if (info->flags & ~vma_known())
		return refuse(cm->proc, CKPT_WHERE_ADDRESS, info->start,
			      CKPT_REASON_UNSUPPORTED, NULL,
			      "memory of an unknown kind (flags %#lx) is not supported",
			      (unsigned long)(info->flags & ~vma_known()));
	return 0;
}

static int vma_describe(struct checkpoint_mm *cm, const struct vma_info *info, struct pb_vma *pb)
{
	struct object_place at = { .proc = cm->proc, .fd = -1, .addr = info->start };
	unsigned int i;
	int ret;

	memset(pb, 0, sizeof(*pb));
	pb->start = info->start;
	pb->end = info->end;
	if (info->special) {
		pb->kind = PB_VMA_VDSO;
		return 0;
	}
	ret = vma_check(cm, info);
	if (ret)
		return ret;
	pb->prot = (info->flags & VM_READ ? PROT_READ : 0) |
		   (info->flags & VM_WRITE ? PROT_WRITE : 0) |
		   (info->flags & VM_EXEC ? PROT_EXEC : 0);
	for (i = 0; i < ARRAY_SIZE(vma_flags); i++)
		if (info->flags & vma_flags[i].vm)
			pb->flags |= vma_flags[i].pb;
	/* A read-only mapping of a file opened so has VM_MAYSHARE alone. */
	if (info->flags & VM_MAYSHARE)
		pb->flags |= PB_VMA_FLAG_SHARED;
	if (info->flags & VM_SHARED && !(info->flags & (VM_WRITE | VM_MAYWRITE)))
		pb->flags |= PB_VMA_FLAG_NOWRITE;
	/* Without a word, memory that can only be executed gets the kernel's key for that. */
	pb->has_pkey = info->pkey || (pb->prot == PROT_EXEC && arch_pkeys_enabled());
	pb->pkey = info->pkey;
	if (info->named) {
		pb->has_name = true;
		pb->name.data = (u8 *)info->name;
		pb->name.len = strlen(info->name);
	}
	if (!info->file) {
		pb->kind = PB_VMA_ANON;
		return 0;
	}
	pb->kind = PB_VMA_FILE;
	pb->has_pgoff = true;
	pb->pgoff = info->pgoff;
	pb->has_file = true;
	return file_write(cm->proc->cp, info->file, &at, &pb->file);
}

int vma_write_all(struct checkpoint_mm *cm, u64 *vdso_base, u64 *vdso_size, u32 *total)
{
	struct vma_info *info;
	struct pb_vmas vmas = { .mm = cm->obj->id };
	unsigned long addr = 0;
	int i, n, ret = -ENOMEM;

	*vdso_base = 0;
	*vdso_size = 0;
	*total = 0;
	info = kvmalloc_array(VMA_BATCH, sizeof(*info), GFP_KERNEL_ACCOUNT);
	vmas.vma = kvmalloc_array(VMA_BATCH, sizeof(*vmas.vma), GFP_KERNEL_ACCOUNT);
	if (!info || !vmas.vma)
		goto out;

	for (;;) {
		n = operation_ends(cm->proc->cp->op) ?: vma_collect(cm->mm, addr, info);
		ret = n;
		if (n <= 0)
			break;
		vmas.n_vma = 0;
		for (i = 0, ret = 0; i < n; i++) {
			/* A gate page (vsyscall) is not in the list: it belongs to no process. */
			if (info[i].special && !*vdso_base)
				*vdso_base = info[i].start;
			if (info[i].special)
				*vdso_size += info[i].end - info[i].start;
			if (!ret)
				ret = vma_describe(cm, &info[i], &vmas.vma[vmas.n_vma++]);
		}
		addr = info[n - 1].end;
		for (i = 0; i < n; i++)
			if (info[i].file)
				fput(info[i].file);
		if (!ret)
			ret = stream_out_msg(&cm->proc->cp->out, CKPT_REC_VMAS, &pb_vmas_msg,
					     &vmas);
		if (ret)
			break;
		*total += n;
		cond_resched();
	}
out:
	kvfree(vmas.vma);
	kvfree(info);
	return ret;
}

/* ---- restart ---- */

/* Page tables of the machine that the image was made on had more levels. */
static int vma_beyond(struct restart *rs, const struct pb_vma *pb)
{
	struct error_at at = {
		.reason = CKPT_REASON_KERNEL,
		.task = current,
		.where_type = CKPT_WHERE_ADDRESS,
		.where = pb->start,
		.advice = "restart it on a machine with page tables of more levels",
	};

	return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
			 "the page tables of this machine end below that address");
}

static int vma_valid(struct restart *rs, struct restart_mm *rm, const struct pb_vma *pb)
{
	if (PAGE_ALIGNED(pb->end) && pb->end > TASK_SIZE && pb->end <= ARCH_ADDRESSES)
		return vma_beyond(rs, pb);
	if (!PAGE_ALIGNED(pb->start) || !PAGE_ALIGNED(pb->end) || pb->start >= pb->end ||
	    pb->start < rm->last_end || pb->end > TASK_SIZE)
		return stream_in_bad(&rs->in, "memory area %#llx-%#llx", pb->start, pb->end);
	if (pb->prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC) || pb->flags & ~VMA_FLAGS_ALL ||
	    pb->has_file != (pb->kind == PB_VMA_FILE) ||
	    (pb->has_name && (pb->kind == PB_VMA_VDSO || memchr(pb->name.data, 0, pb->name.len))) ||
	    (pb->flags & PB_VMA_FLAG_NOWRITE &&
	     (!(pb->flags & PB_VMA_FLAG_SHARED) || pb->prot & PROT_WRITE)) ||
	    (pb->has_pgoff && pb->pgoff > ULONG_MAX >> PAGE_SHIFT) ||
	    (pb->kind == PB_VMA_ANON && pb->flags & PB_VMA_FLAG_SHARED) ||
	    (pb->flags & PB_VMA_FLAG_DROPPABLE &&
	     (pb->kind != PB_VMA_ANON || pb->flags & VMA_NOT_DROPPABLE)))
		return stream_in_bad(&rs->in, "kind of the memory area at %#llx", pb->start);
	rm->last_end = pb->end;
	return 0;
}

static int vma_failed(struct restart *rs, const struct pb_vma *pb, int err, const char *what)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.where_type = CKPT_WHERE_ADDRESS,
		.where = pb->start,
	};

	return error_add(&rs->ctx->errors, err, &at, "%s", what);
}

/**
 * struct vma_mlock - memory to be locked when it has its content
 * @later: in the queue
 * @start: first address
 * @end: address behind
 * @onfault: only what is there
 */
struct vma_mlock {
	struct later later;
	unsigned long start;
	unsigned long end;
	bool onfault;
};

/*
 * Is the area locked as @lock says? It may have been merged with others, but is never split.
 * Return: false also if a fatal signal came meanwhile.
 */
static bool vma_locked(const struct vma_mlock *lock)
{
	struct vm_area_struct *vma;
	bool locked;

	if (mmap_read_lock_killable(current->mm))
		return false;
	vma = find_vma(current->mm, lock->start);
	locked = vma && vma->vm_start <= lock->start && vma->vm_end >= lock->end &&
		 vma->vm_flags & VM_LOCKED && !(vma->vm_flags & VM_LOCKONFAULT);
	mmap_read_unlock(current->mm);
	return locked;
}

static int vma_finish(struct restart_process *p, struct later *later)
{
	struct restart *rs = p->rs;
	const struct vma_mlock *lock = container_of(later, struct vma_mlock, later);
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.where_type = CKPT_WHERE_ADDRESS,
		.where = lock->start,
	};
	int ret;

	ret = arch_sys(mlock2, lock->start, lock->end - lock->start,
		       lock->onfault ? MLOCK_ONFAULT : 0);
	if (fatal_signal_pending(current))
		return -EINTR;
	if (ret && (lock->onfault || !vma_locked(lock)))
		return error_add(&rs->ctx->errors, ret, &at,
				 "locking the area in memory was refused (ulimit -l)");
	return 0;
}

static void vma_free(struct later *later)
{
	kfree(container_of(later, struct vma_mlock, later));
}

static const struct later_ops vma_later_ops = {
	.stage = LATER_LOCK,
	.run = vma_finish,
	.free = vma_free,
};

static int vma_lock_later(struct restart *rs, const struct pb_vma *pb)
{
	struct vma_mlock *lock = kmalloc(sizeof(*lock), GFP_KERNEL_ACCOUNT);

	if (!lock)
		return -ENOMEM;
	lock->start = pb->start;
	lock->end = pb->end;
	lock->onfault = pb->flags & PB_VMA_FLAG_LOCKONFAULT;
	later_add(&rs->here->later, &lock->later, &vma_later_ops);
	return 0;
}

/*
 * Locking brings pages in. For an area without access the call fails, because its pages cannot
 * come in, but the area is locked all the same. A program gets such areas by mlockall(2), or by
 * mprotect(2) after mlock(2).
 */
static int vma_advise(struct restart *rs, const struct pb_vma *pb)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(vma_flags); i++) {
		if (!vma_flags[i].madvise || !(pb->flags & vma_flags[i].pb))
			continue;
		ret = sym(do_madvise)(current->mm, pb->start, pb->end - pb->start,
				      vma_flags[i].madvise);
		if (ret)
			return vma_failed(rs, pb, ret, "a mark of the area (madvise) was refused");
	}
	return pb->flags & PB_VMA_FLAG_LOCKED ? vma_lock_later(rs, pb) : 0;
}

/* The kernel takes names from user memory: from a page that is there for the moment. */
static int vma_name(struct restart *rs, const struct pb_vma *pb)
{
	char name[PB_VMA_NAME_MAX + 1] = {};
	unsigned long user;
	int ret;

	memcpy(name, pb->name.data, pb->name.len);
	user = scratch_put(name, sizeof(name));
	if (IS_ERR_VALUE(user))
		return vma_failed(rs, pb, (long)user, "the area cannot be named");
	ret = arch_sys(prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, pb->start, pb->end - pb->start,
		       user);
	scratch_unmap(user, sizeof(name));
	return ret ? vma_failed(rs, pb, ret, "this kernel refused the area's name") : 0;
}

/* The kernel makes its own areas in one go, at the first; all must then be where they were. */
static int vma_make_vdso(struct restart *rs, struct restart_mm *rm, const struct pb_vma *pb)
{
	struct vm_area_struct *vma;
	bool there;
	int ret;

	if (!arch_vdso_code(current->mm)) {
		ret = arch_vdso_map(pb->start);
		if (ret)
			return vma_failed(rs, pb, ret, "the vDSO cannot be mapped there");
	}
	if (pb->start == arch_vdso_code(current->mm))
		rm->vdso_done = true;
	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	vma = find_vma(current->mm, pb->start);
	there = vma && vma->vm_start == pb->start && vma->vm_end == pb->end && vma_is_special(vma);
	mmap_read_unlock(current->mm);
	return there ? 0 : vma_failed(rs, pb, -EOPNOTSUPP,
				      "the kernel's own areas (vDSO) are laid out otherwise here");
}

/* Some programs unmap its code (valgrind does); then nothing has its place in order. */
int vma_pass_vdso(struct restart_mm *rm, u64 addr)
{
	unsigned long code = arch_vdso_code(current->mm);

	if (!code || rm->vdso_done || addr < code)
		return 0;
	rm->vdso_done = true;
	return arch_vdso_unmap_code();
}

/*
 * Private memory that was writable once stays charged against the commit limit when it is made
 * read-only, for what was written is still there. A restarter that may not make memory executable
 * later (PR_SET_MDWE) cannot make it so.
 */
static bool vma_was_writable(const struct pb_vma *pb)
{
	u32 flags = pb->flags & (PB_VMA_FLAG_ACCOUNT | PB_VMA_FLAG_SHARED | PB_VMA_FLAG_NORESERVE);

	return flags == PB_VMA_FLAG_ACCOUNT && !(pb->prot & PROT_WRITE) &&
	       !(pb->prot & PROT_EXEC && compat_mm_mdwe(current->mm));
}

/* Newer kernels drop the charge (7.3 does) unless a page was there once. Zero it is anyhow. */
static int vma_touch(struct restart *rs, const struct pb_vma *pb)
{
	int ret = -ENOMEM;

	if (pb->kind == PB_VMA_FILE)
		return 0;
	if (!fault_in_writeable((char __user *)pb->start, 1))
		ret = sym(do_madvise)(current->mm, pb->start, pb->end - pb->start, MADV_DONTNEED);
	return ret ? vma_failed(rs, pb, ret, "the area cannot be written to") : 0;
}

/* MAP_SHARED, MAP_PRIVATE or MAP_DROPPABLE */
static unsigned long vma_type(const struct pb_vma *pb)
{
	if (pb->flags & PB_VMA_FLAG_DROPPABLE)
		return MAP_DROPPABLE;
	return pb->flags & PB_VMA_FLAG_SHARED ? MAP_SHARED : MAP_PRIVATE;
}

static int vma_make(struct restart *rs, struct restart_mm *rm, const struct pb_vma *pb)
{
	unsigned long flags = MAP_FIXED_NOREPLACE, addr, off = 0, prot = pb->prot;
	bool was_writable = vma_was_writable(pb);
	struct file *file = NULL, *sealed = NULL;
	int ret = vma_valid(rs, rm, pb);

	if (ret)
		return ret;
	if (pb->kind == PB_VMA_VDSO)
		return vma_make_vdso(rs, rm, pb);
	ret = vma_pass_vdso(rm, pb->start);
	if (ret)
		return ret;
	if (pb->flags & PB_VMA_FLAG_DROPPABLE && !VM_DROPPABLE)
		return vma_failed(rs, pb, -EOPNOTSUPP,
				  "this kernel has no droppable memory (MAP_DROPPABLE)");
	/* Or the kernel would look for a key by itself. */
	if (pb->has_pkey && prot == PROT_EXEC)
		prot |= PROT_READ;
	if (was_writable)
		prot = PROT_READ | PROT_WRITE;

	flags |= vma_type(pb);
	if (pb->flags & PB_VMA_FLAG_GROWSDOWN)
		flags |= MAP_GROWSDOWN;
	if (pb->flags & PB_VMA_FLAG_NORESERVE)
		flags |= MAP_NORESERVE;
	if (pb->kind == PB_VMA_FILE) {
		file = object_find(&rs->objects, OBJECT_FILE, pb->file);
		if (!file)
			return stream_in_bad(&rs->in, "file %u", pb->file);
		off = pb->pgoff << PAGE_SHIFT;
		/* It was mapped when a seal kept it from being written; that comes later here. */
		if (pb->flags & PB_VMA_FLAG_NOWRITE) {
			if (!file_content_write_sealed(rs, file))
				return stream_in_bad(&rs->in,
						     "the memory area at %#llx is not of a sealed memfd",
						     pb->start);
			sealed = file_content_open(rs, file, O_RDONLY | O_LARGEFILE);
			if (IS_ERR(sealed))
				return PTR_ERR(sealed);
			file = sealed;
		}
	} else {
		flags |= MAP_ANONYMOUS;
	}
	addr = vm_mmap(file, pb->start, pb->end - pb->start, prot, flags, off);
	if (sealed)
		fput(sealed);
	if (IS_ERR_VALUE(addr))
		return vma_failed(rs, pb, (long)addr, "the area cannot be mapped");
	if (addr != pb->start)
		return vma_failed(rs, pb, -EEXIST, "the area's place is taken");
	if (was_writable) {
		ret = vma_touch(rs, pb);
		if (ret)
			return ret;
	}
	/* In one go: without its key, the kernel would look for one for what is only executed. */
	if (was_writable || pb->has_pkey) {
		ret = arch_sys(pkey_mprotect, pb->start, pb->end - pb->start, pb->prot,
			       pb->has_pkey ? pb->pkey : -1);
		if (ret)
			return vma_failed(rs, pb, ret, "the area's protection or key was refused");
	}
	return vma_advise(rs, pb);
}

int vma_read(struct restart *rs)
{
	struct restart_mm *rm;
	struct pb_vmas vmas;
	unsigned int i;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_vmas_msg, &vmas);
	if (ret)
		return ret;
	rm = owner_mm(rs, vmas.mm);
	if (IS_ERR(rm))
		return PTR_ERR(rm);
	for (i = 0; !ret && i < vmas.n_vma; i++) {
		ret = fatal_signal_pending(current) ? -EINTR : vma_make(rs, rm, &vmas.vma[i]);
		rm->nr_vmas++;
		cond_resched();
	}
	for (i = 0; !ret && i < vmas.n_vma; i++) {
		if (vmas.vma[i].has_name)
			ret = vma_name(rs, &vmas.vma[i]);
		cond_resched();
	}
	return ret;
}
