// SPDX-License-Identifier: GPL-2.0
/*
 * The address space as a whole: layout, auxiliary vector, executable, dumpability.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <uapi/linux/membarrier.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/owner.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "../file/file.h"
#include "mm.h"
#include "share.h"
#include "shmem.h"
#include "../core/symbols.h"
#include "vma.h"

/* Fields of mm_struct that are addresses; they have the same names in the image. */
#define MM_ADDRESS(field) \
	{ #field, offsetof(struct mm_struct, field), offsetof(struct pb_mm, field) }

static const struct mm_address {
	const char *name;
	size_t mm;
	size_t pb;
} mm_address[] = {
	MM_ADDRESS(start_code),
	MM_ADDRESS(end_code),
	MM_ADDRESS(start_data),
	MM_ADDRESS(end_data),
	MM_ADDRESS(start_brk),
	MM_ADDRESS(brk),
	MM_ADDRESS(start_stack),
	MM_ADDRESS(arg_start),
	MM_ADDRESS(arg_end),
	MM_ADDRESS(env_start),
	MM_ADDRESS(env_end),
};

static unsigned long *mm_field(struct mm_struct *mm, const struct mm_address *addr)
{
	return (void *)mm + addr->mm;
}

static u64 *mm_pb_field(struct pb_mm *pb, const struct mm_address *addr)
{
	return (void *)pb + addr->pb;
}

static int mm_refuse(struct checkpoint_mm *cm, const char *what)
{
	return refuse(cm->proc, CKPT_WHERE_NONE, 0, CKPT_REASON_UNSUPPORTED, NULL,
		      "%s is not supported", what);
}

static void mm_check(struct checkpoint_mm *cm)
{
	const char *what = arch_mm_unsupported(cm->mm);

	if (what)
		mm_refuse(cm, what);
#ifdef CONFIG_AIO
	if (rcu_access_pointer(cm->mm->ioctx_table))
		mm_refuse(cm, "an aio context (io_setup)");
#endif
	/* It stays when the last one is taken away: then the program is refused for nothing. */
	if (compat_mm_flags_test(MMF_HAS_UPROBES, cm->mm))
		mm_refuse(cm, "a program with probes in its code (uprobes)");
	if (compat_mm_def_flags(cm->mm) & ~(VM_NOHUGEPAGE | VM_LOCKED | VM_LOCKONFAULT))
		mm_refuse(cm, "a default of new mappings that is not known");
}

/* The registrations of membarrier(2). */
static const struct mm_barrier {
	int state;
	int cmd;
} mm_barrier[] = {
	{ MEMBARRIER_STATE_GLOBAL_EXPEDITED_READY, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED },
	{ MEMBARRIER_STATE_PRIVATE_EXPEDITED_READY, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED },
	{ MEMBARRIER_STATE_PRIVATE_EXPEDITED_SYNC_CORE_READY,
	  MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE },
	{ MEMBARRIER_STATE_PRIVATE_EXPEDITED_RSEQ_READY,
	  MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ },
};

static u32 mm_membarrier(struct mm_struct *mm)
{
	int state = atomic_read(&mm->membarrier_state);
	unsigned int i;
	u32 cmds = 0;

	for (i = 0; i < ARRAY_SIZE(mm_barrier); i++)
		if (state & mm_barrier[i].state)
			cmds |= mm_barrier[i].cmd;
	return cmds;
}

int mm_write(struct checkpoint_mm *cm)
{
	const struct object_place at = { .proc = cm->proc, .fd = -1 };
	struct checkpoint *cp = cm->proc->cp;
	struct mm_struct *mm = cm->mm;
	struct file *exe;
	struct pb_pkeys pkeys = {};
	struct pb_mm pb = {};
	unsigned int i;
	u64 vdso_base, vdso_size;
	int ret = 0;

	BUILD_BUG_ON(sizeof(mm->saved_auxv) > PB_MM_AUXV_MAX);
	mm_check(cm);
	cm->source = share_source(cm);
	pb.has_source = cm->source;
	pb.source = cm->source ? cm->source->obj->id : 0;
	pb.id = cm->obj->id;
	pkeys.mm = cm->obj->id;
	if (arch_pkeys_save(mm, &pkeys))
		ret = stream_out_msg(&cp->out, CKPT_REC_PKEYS, &pb_pkeys_msg, &pkeys);
	if (!ret)
		ret = vma_write_all(cm, &vdso_base, &vdso_size, &pb.nr_vmas);
	if (ret)
		return ret;

	rcu_read_lock();
	exe = compat_get_file_rcu(&mm->exe_file);
	rcu_read_unlock();
	if (!exe)
		return mm_refuse(cm, "a process without an executable");
	if (shmem_nameless(exe))
		mm_refuse(cm, "an executable that is shared anonymous memory");
	ret = file_write(cp, exe, &at, &pb.exe_file);
	fput(exe);
	if (ret)
		return ret;

	spin_lock(&mm->arg_lock);
	for (i = 0; i < ARRAY_SIZE(mm_address); i++)
		*mm_pb_field(&pb, &mm_address[i]) = *mm_field(mm, &mm_address[i]);
	spin_unlock(&mm->arg_lock);
	pb.auxv.data = (u8 *)mm->saved_auxv;
	pb.auxv.len = sizeof(mm->saved_auxv);
	pb.has_mmap_legacy = compat_mm_legacy(mm);
	pb.mmap_legacy = pb.has_mmap_legacy;
	pb.mmap_base = pb.mmap_legacy ? mm->mmap_legacy_base : mm->mmap_base;
	pb.dumpable = compat_get_dumpable(cm->proc->leader);
	if (vdso_base && !arch_vdso_save(mm, vdso_base, vdso_size, &pb))
		return mm_refuse(cm, "a vDSO of which a part was unmapped or moved");
	pb.has_coredump_filter = true;
	pb.coredump_filter = compat_mm_dump_filter(mm);
	pb.has_thp_disabled = compat_mm_flags_test(COMPAT_MMF_DISABLE_THP, mm);
	pb.thp_disabled = pb.has_thp_disabled;
	pb.has_thp_except_advised = compat_mm_thp_except_advised(mm);
	pb.thp_except_advised = pb.has_thp_except_advised;
	pb.def_flags = (compat_mm_def_flags(mm) & VM_LOCKED ? PB_VMA_FLAG_LOCKED : 0) |
		       (compat_mm_def_flags(mm) & VM_LOCKONFAULT ? PB_VMA_FLAG_LOCKONFAULT : 0);
	pb.has_def_flags = pb.def_flags;
	pb.mdwe = compat_mm_mdwe(mm);
	pb.has_mdwe = pb.mdwe;
	pb.membarrier = mm_membarrier(mm);
	pb.has_membarrier = pb.membarrier;
	pb.has_merge_any = compat_mm_merge_any(mm);
	pb.merge_any = pb.has_merge_any;
	return stream_out_msg(&cp->out, CKPT_REC_MM, &pb_mm_msg, &pb);
}

/* ---- restart ---- */

int mm_clear(void)
{
	struct mm_struct *mm = current->mm;
	int ret;

	ret = vm_munmap(0, TASK_SIZE);
	if (ret)
		return ret;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	arch_vdso_drop(mm);
	mm->start_brk = 0;
	mm->brk = 0;
	/* The restarter's own wishes came along with the clone. */
	compat_mm_clear_merge_any(mm);
	atomic_set(&mm->membarrier_state, 0);
	mmap_write_unlock(mm);
	arch_pkeys_begin();
	return 0;
}

int mm_read_pkeys(struct restart *rs)
{
	struct restart_mm *rm;
	struct pb_pkeys pb;
	const char *bad;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_pkeys_msg, &pb);
	if (ret)
		return ret;
	rm = owner_mm(rs, pb.mm);
	if (IS_ERR(rm))
		return PTR_ERR(rm);
	rm->pkeys = pb;
	bad = arch_pkeys_check(&rm->pkeys);
	return bad ? stream_in_bad(&rs->in, "%s", bad) : 0;
}

/*
 * Core dumps that belong to root, wherever they go: prctl(PR_SET_DUMPABLE) does not give that. The
 * kernel sets this when a process changes its ids, if fs.suid_dumpable is 2.
 */
#define MM_DUMPABLE_ROOT	2

static u32 mm_dumpable(u32 val)
{
	return val != MM_DUMPABLE_ROOT || capable(CAP_SYS_ADMIN) ||
	       compat_get_dumpable(current) == MM_DUMPABLE_ROOT ? val : 0;
}

/* The same demands as prctl(PR_SET_MM_MAP) makes. */
static int mm_valid(struct restart *rs, struct pb_mm *pb)
{
	unsigned int i;
	u64 val;

	for (i = 0; i < ARRAY_SIZE(mm_address); i++) {
		val = *mm_pb_field(pb, &mm_address[i]);
		if (val >= TASK_SIZE || val < PAGE_SIZE)
			return stream_in_bad(&rs->in, "%s of the address space",
					     mm_address[i].name);
	}
	if (pb->start_code > pb->end_code || pb->start_data > pb->end_data ||
	    pb->start_brk > pb->brk || pb->arg_start > pb->arg_end || pb->env_start > pb->env_end)
		return stream_in_bad(&rs->in, "layout of the address space");
	if (pb->auxv.len != sizeof(current->mm->saved_auxv))
		return stream_in_bad(&rs->in, "auxiliary vector");
	if (pb->mmap_base >= TASK_SIZE || !PAGE_ALIGNED(pb->mmap_base) ||
	    pb->dumpable > MM_DUMPABLE_ROOT ||
	    pb->def_flags & ~(PB_VMA_FLAG_LOCKED | PB_VMA_FLAG_LOCKONFAULT))
		return stream_in_bad(&rs->in, "kind of the address space");
	return 0;
}

/* There are no other threads yet, which would take a grace period. */
static int mm_register_barriers(struct restart *rs, u32 cmds)
{
	struct error_at at = { .reason = CKPT_REASON_KERNEL, .task = current };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mm_barrier); i++) {
		if (!(cmds & mm_barrier[i].cmd))
			continue;
		cmds &= ~mm_barrier[i].cmd;
		if (arch_sys(membarrier, mm_barrier[i].cmd))
			return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
					 "this kernel has no membarrier(2) with command %#x",
					 mm_barrier[i].cmd);
	}
	return cmds ? stream_in_bad(&rs->in, "membarrier %#x", cmds) : 0;
}

/**
 * struct mm_exe - the executable that the address space gets with the last steps
 * @later: in the queue
 * @file: a reference is held
 */
struct mm_exe {
	struct later later;
	struct file *file;
};

/* After the content: while a deleted executable is filled, it is open for writing. */
static int mm_set_exe(struct restart_process *p, struct later *later)
{
	struct restart *rs = p->rs;
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct file *exe = container_of(later, struct mm_exe, later)->file;
	int ret;

	/* Another file may stand in for it. */
	if (rs->wrong)
		return 0;
	/*
	 * As prctl(PR_SET_MM_EXE_FILE) asks; the capability that it wants, too, is that to choose a
	 * pid, which CKPT_RESTART_CHECK does without: then the link stays as it is.
	 */
	if (exe->f_path.mnt->mnt_flags & MNT_NOEXEC ||
	    exe->f_path.mnt->mnt_sb->s_iflags & SB_I_NOEXEC || file_permission(exe, MAY_EXEC))
		return error_add(&rs->ctx->errors, -EACCES, &at,
				 "its executable may not be executed");
	/* The descriptor's file was opened like any; an executable one excludes writers. */
	if (rs->flags & CKPT_RESTART_CHECK) {
		ret = deny_write_access(exe);
		if (!ret)
			allow_write_access(exe);
	} else {
		ret = sym(set_mm_exe_file)(current->mm, exe);
	}
	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "its executable is open for writing elsewhere") : 0;
}

static void mm_free_exe(struct later *later)
{
	struct mm_exe *exe = container_of(later, struct mm_exe, later);

	fput(exe->file);
	kfree(exe);
}

static const struct later_ops mm_exe_ops = {
	.stage = LATER_EXE,
	.run = mm_set_exe,
	.free = mm_free_exe,
};

static int mm_exe_later(struct restart *rs, struct file *file)
{
	struct mm_exe *exe = kmalloc(sizeof(*exe), GFP_KERNEL_ACCOUNT);

	if (!exe)
		return -ENOMEM;
	exe->file = get_file(file);
	later_add(&rs->here->later, &exe->later, &mm_exe_ops);
	return 0;
}

static int mm_set_keys(struct restart_process *p)
{
	arch_pkeys_finish(&p->mm->pkeys);
	return 0;
}

static int mm_set_defaults(struct restart_process *p)
{
	struct restart *rs = p->rs;
	struct error_at at = { .reason = CKPT_REASON_DENIED, .task = current };
	struct restart_mm *rm = p->mm;
	struct mm_struct *mm = current->mm;
	int ret;

	if (rm->def_flags) {
		if (!can_do_mlock())
			return error_add(&rs->ctx->errors, -EPERM, &at,
					 "mlockall(MCL_FUTURE) was refused (ulimit -l)");
		if (mmap_write_lock_killable(mm))
			return -EINTR;
		mm->def_flags |= rm->def_flags;
		mmap_write_unlock(mm);
	}
	if (rm->merge_any) {
#ifdef PR_SET_MEMORY_MERGE
		ret = arch_sys(prctl, PR_SET_MEMORY_MERGE, 1);
#else
		ret = -EOPNOTSUPP;
#endif
		if (ret)
			return error_add(&rs->ctx->errors, ret, &at,
					 "merging of its memory (PR_SET_MEMORY_MERGE) was refused");
	}
	/* Last: it forbids what building takes. */
	if (!compat_mm_set_mdwe(mm, rm->mdwe))
		return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
				 "this kernel has not all of PR_SET_MDWE that it used");
	return 0;
}

/* Until it starts, others have no way into what is half built: PTRACE_MODE_* look at this. */
static int mm_hide(struct restart_process *p)
{
	compat_set_dumpable(0);
	return 0;
}

/* To take other credentials makes the address space less dumpable. */
static int mm_set_dumpable(struct restart_process *p)
{
	compat_set_dumpable(p->mm->dumpable);
	return 0;
}

int mm_read(struct restart *rs)
{
	struct restart_mm *rm = rs->here->mm;
	struct file *exe;
	struct pb_mm pb;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_mm_msg, &pb) ?:
	      PTR_ERR_OR_ZERO(owner_begin(rs, OBJECT_MM, pb.id)) ?:
	      mm_valid(rs, &pb);
	if (ret)
		return ret;
	exe = object_find(&rs->objects, OBJECT_FILE, pb.exe_file);
	if (!exe || !S_ISREG(file_inode(exe)->i_mode) || exe->f_mode & FMODE_PATH ||
	    shmem_nameless(exe))
		return stream_in_bad(&rs->in, "executable");
	ret = pb.has_source ? share_begin(rs, rm, pb.source) : 0;
	if (ret)
		return ret;
	/* It points into a buffer that is used again. */
	memcpy(rm->auxv, pb.auxv.data, pb.auxv.len);
	rm->pb = pb;
	rm->pb.auxv.data = rm->auxv;
	return 0;
}

int mm_complete(struct restart *rs, struct restart_mm *rm)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct mm_struct *mm = current->mm;
	struct pb_mm pb = rm->pb;
	struct file *exe = object_find(&rs->objects, OBJECT_FILE, pb.exe_file);
	unsigned int i;
	int ret;

	if (!exe)
		return stream_in_bad(&rs->in, "executable");

	if (compat_mm_mdwe(mm) & ~pb.mdwe) {
		at.reason = CKPT_REASON_DENIED;
		return error_add(&rs->ctx->errors, -EPERM, &at,
				 "you may not get memory that is writable and executable (PR_SET_MDWE), as it may");
	}
	if (pb.nr_vmas != rm->nr_vmas)
		return stream_in_bad(&rs->in, "%u memory areas, %u were promised", rm->nr_vmas,
				     pb.nr_vmas);
	if (pb.vdso != arch_vdso_code(mm))
		return stream_in_bad(&rs->in, "place of the vDSO");
	ret = vma_pass_vdso(rm, TASK_SIZE);
	if (ret)
		return ret;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	spin_lock(&mm->arg_lock);
	for (i = 0; i < ARRAY_SIZE(mm_address); i++)
		*mm_field(mm, &mm_address[i]) = *mm_pb_field(&pb, &mm_address[i]);
	spin_unlock(&mm->arg_lock);
	memcpy(mm->saved_auxv, pb.auxv.data, sizeof(mm->saved_auxv));
	/* The last pair must be AT_NULL, or readers of /proc/PID/auxv run past it. */
	mm->saved_auxv[AT_VECTOR_SIZE - 2] = AT_NULL;
	mm->saved_auxv[AT_VECTOR_SIZE - 1] = AT_NULL;
	compat_mm_set_legacy(mm, pb.mmap_legacy);
	if (pb.mmap_legacy)
		mm->mmap_legacy_base = pb.mmap_base;
	else
		mm->mmap_base = pb.mmap_base;
	mmap_write_unlock(mm);

	if (pb.has_coredump_filter)
		compat_mm_set_dump_filter(mm, pb.coredump_filter);
	/* The restarter's own setting came along with the clone. */
	if (pb.thp_disabled)
		compat_mm_flags_set(COMPAT_MMF_DISABLE_THP, mm);
	else
		compat_mm_flags_clear(COMPAT_MMF_DISABLE_THP, mm);
	if (!compat_mm_set_thp_except_advised(mm, pb.thp_except_advised))
		return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
				 "this kernel has no PR_THP_DISABLE_EXCEPT_ADVISED");
	ret = mm_register_barriers(rs, pb.membarrier);
	if (ret)
		return ret;
	rm->dumpable = mm_dumpable(pb.dumpable);
	rm->def_flags = (pb.def_flags & PB_VMA_FLAG_LOCKED ? VM_LOCKED : 0) |
				 (pb.def_flags & PB_VMA_FLAG_LOCKONFAULT ? VM_LOCKONFAULT : 0);
	rm->mdwe = pb.mdwe;
	rm->merge_any = pb.merge_any;
	return mm_exe_later(rs, exe) ?:
	       later_call(&rs->here->later, LATER_KEYS, mm_set_keys) ?:
	       later_call(&rs->here->later, LATER_FS, mm_hide) ?:
	       later_call(&rs->here->later, LATER_DEFAULTS, mm_set_defaults) ?:
	       later_call(&rs->here->later, LATER_LAST, mm_set_dumpable);
}
