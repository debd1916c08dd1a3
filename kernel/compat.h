/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the supported kernels (6.1, 6.12, 7.x) differ. Nothing else in the module knows of
 * versions. Presence is tested where the preprocessor can see it (Kbuild tells which headers
 * there are: HAVE_*_H); otherwise a version is, with the commit or release that made the change.
 */
#ifndef _CKPT_COMPAT_H
#define _CKPT_COMPAT_H

#include <linux/fs.h>
#ifdef HAVE_FILELOCK_H
#include <linux/filelock.h>
#endif
#include <linux/fsnotify_backend.h>
#include <linux/hrtimer.h>
#ifdef HAVE_HRTIMER_BASES_H
#include <linux/hrtimer_bases.h>
#endif
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagewalk.h>
#include <linux/pid_namespace.h>
#include <linux/pipe_fs_i.h>
#include <linux/posix-timers.h>
#include <linux/prctl.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/version.h>
#include <crypto/sha2.h>
#ifdef HAVE_CPUID_API_H
#include <asm/cpuid/api.h>
#endif

#include "symbols.h"

/* The oldest kernel that was ever tried; older ones fail here and not somewhere odd. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "ckpt needs Linux 6.1 or newer"
#endif

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

/* 24ff932fcdae "rseq: Introduce struct rseq_data", 6.19, gathered what was in task_struct. */
#ifdef CONFIG_RSEQ
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define compat_rseq_ptr(t)	((t)->rseq.usrptr)
#define compat_rseq_len(t)	((t)->rseq.len)
#define compat_rseq_sig(t)	((t)->rseq.sig)
#else
#define compat_rseq_ptr(t)	((t)->rseq)
#define compat_rseq_sig(t)	((t)->rseq_sig)
/* ee3e3ac05c26 "rseq: Introduce extensible rseq ABI", 6.3; before, there was one length. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define compat_rseq_len(t)	((t)->rseq_len)
#else
#define compat_rseq_len(t)	((u32)sizeof(struct rseq))
#endif
#endif
#endif

/*
 * Writers that a FIFO had until this one was opened to read; poll(2) tells of the end of later
 * ones only. 5a957bbac3ab "pipe: use f_pipe", 6.12, gave it a name of its own.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define compat_pipe_writers_seen(file)	((file)->f_pipe)
#else
#define compat_pipe_writers_seen(file)	((file)->f_version)
#endif

/* The slice that sched_setattr(2) sets, or 0: "sched/eevdf: Allow shorter slices...", 6.12 */
static inline u64 compat_sched_slice(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return task->se.custom_slice ? task->se.slice : 0;
#else
	return 0;
#endif
}

/*
 * The FPU's state went from thread_struct to behind task_struct in 6.16 ("x86/fpu: Make
 * task_struct::thread constant size"). x86_task_fpu() is a private function if
 * CONFIG_X86_DEBUG_FPU is set.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define compat_fpu_perm(t)	(((struct fpu *)((t) + 1))->perm.__state_perm)
#else
#define compat_fpu_perm(t)	((t)->thread.fpu.perm.__state_perm)
#endif

/* Restrictions of a task, for rings to come, arrived in 7.0 along with filters of operations. */
#if defined(HAVE_IO_URING_FILTER_H) && defined(CONFIG_IO_URING)
#define compat_io_uring_restrict(t)	((t)->io_uring_restrict)
#else
#define compat_io_uring_restrict(t)	NULL
#endif

/* Extensions of time slices came in 7.x, behind an option. */
#ifdef CONFIG_RSEQ_SLICE_EXTENSION
#define compat_rseq_slice(t)	((t)->rseq.slice.state.enabled)
#else
#define compat_rseq_slice(t)	false
#endif

/* The robust list moved from task_struct into struct futex_sched_data during 7.x. */
#ifdef HAVE_FUTEX_TYPES_H
#define compat_robust_list(t)	((t)->futex.robust_list)
#define COMPAT_ROBUST_LIST_32	futex.compat_robust_list
#else
#define compat_robust_list(t)	((t)->robust_list)
#define COMPAT_ROBUST_LIST_32	compat_robust_list
#endif

/* The one that 32-bit calls set. */
#ifdef CONFIG_COMPAT
#define compat_robust_list_32(t)	((t)->COMPAT_ROBUST_LIST_32)
#else
#define compat_robust_list_32(t)	NULL
#endif

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

/* hrtimer_setup() hides the callback behind __private since 6.16. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define compat_hrtimer_function(timer)	ACCESS_PRIVATE(timer, function)
#else
#define compat_hrtimer_function(timer)	((timer)->function)
#endif

/* The restart block of poll() holds a timespec64 since 6.19, two longs before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define compat_poll_end_sec(rb)		((rb)->poll.end_time.tv_sec)
#define compat_poll_end_nsec(rb)	((rb)->poll.end_time.tv_nsec)
#else
#define compat_poll_end_sec(rb)		((rb)->poll.tv_sec)
#define compat_poll_end_nsec(rb)	((rb)->poll.tv_nsec)
#endif

/* The library's SHA-256 has a context of its own since 6.17 (crypto/sha2.h). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define compat_sha256_ctx	sha256_ctx
#else
#define compat_sha256_ctx	sha256_state
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

/* 6.8 moved file_start_write() into vfs_iter_write(): "fs: move file_start_write() into ...". */
static inline ssize_t compat_iter_write(struct file *file, struct iov_iter *iter, loff_t *pos)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	ssize_t ret;

	file_start_write(file);
	ret = vfs_iter_write(file, iter, pos, 0);
	file_end_write(file);
	return ret;
#else
	return vfs_iter_write(file, iter, pos, 0);
#endif
}

/* Threads that io_uring and vhost make look like the program's own. */
#ifdef PF_USER_WORKER
#define COMPAT_PF_USER_WORKER	PF_USER_WORKER
#else
#define COMPAT_PF_USER_WORKER	PF_IO_WORKER
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
 * Descriptions that fsnotify does not know. The flag is a field of two bits where there is
 * FMODE_FSNOTIFY_MASK; what was an open flag is a function in 7.3, which is not exported.
 */
static inline void compat_file_unseen(struct file *file)
{
#ifdef FMODE_FSNOTIFY_MASK
	file->f_mode &= ~FMODE_FSNOTIFY_MASK;
#endif
	file->f_mode |= FMODE_NONOTIFY;
}

#ifdef __FMODE_NONOTIFY
#define COMPAT_OPEN_NONOTIFY			0
#define compat_open_unseen(path, flags, cred)	dentry_open(path, (flags) | __FMODE_NONOTIFY, cred)
#else
#define COMPAT_OPEN_NONOTIFY			1
#define compat_open_unseen(path, flags, cred)	sym(dentry_open_nonotify)(path, flags, cred)
#endif

/*
 * What /proc/PID/attr/MODULE/NAME says; without a module, attr/NAME. Modules have numbers since
 * 6.8, where they had names.
 */
static inline int compat_getprocattr(struct task_struct *task, const char *module,
				     const char *name, char **value)
{
#ifdef LSM_ID_APPARMOR
	int id = !module ? 0 : !strcmp(module, "apparmor") ? LSM_ID_APPARMOR : LSM_ID_SELINUX;

	return sym(security_getprocattr)(task, id, name, value);
#else
	return sym(security_getprocattr)(task, module, name, value);
#endif
}

/* F_SETOWN: 1934b212615d "file: reclaim 24 bytes from f_owner", 6.12, made it a pointer. */
static inline struct fown_struct *compat_fown(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return file_f_owner(file);
#else
	return &file->f_owner;
#endif
}

/* get_file_rcu() takes a pointer to the pointer since 6.7. */
static inline struct file *compat_get_file_rcu(struct file __rcu **fp)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return get_file_rcu(fp);
#else
	struct file *file = rcu_dereference(*fp);

	return file && get_file_rcu(file) ? file : NULL;
#endif
}

/* openat(2) of an empty path without AT_EMPTY_PATH, new in 7.3; others keep no such bit. */
#ifndef O_EMPTYPATH
#define O_EMPTYPATH	0
#endif

/*
 * The children of a directory, in the order that dcache_readdir() gives: da549bdd15c2 "dentry:
 * switch the lists of children to hlist", 6.8. Under the directory's d_lock.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define compat_for_each_child(child, dir) \
	hlist_for_each_entry(child, &(dir)->d_children, d_sib)
#else
#define compat_for_each_child(child, dir) \
	list_for_each_entry(child, &(dir)->d_subdirs, d_child)
#endif

/* close_on_exec() takes the files_struct since 6.12, the fdtable in 6.1. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define compat_close_on_exec(fd, files)	close_on_exec(fd, files)
#else
#define compat_close_on_exec(fd, files)	close_on_exec(fd, files_fdtable(files))
#endif

static inline bool compat_pipe_watch(struct pipe_inode_info *pipe)
{
#ifdef CONFIG_WATCH_QUEUE
	return pipe->watch_queue;
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

/* The list of an inode's names: its node left a union during 7.x. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define COMPAT_D_ALIAS	d_alias
#else
#define COMPAT_D_ALIAS	d_u.d_alias
#endif

/* May linkat(2) give this file without a name one? inode->i_state has accessors since 6.19. */
static inline bool compat_inode_linkable(struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	return inode_state_read_once(inode) & I_LINKABLE;
#else
	return READ_ONCE(inode->i_state) & I_LINKABLE;
#endif
}

/* Mounts have a mnt_idmap since 6.3, where the user namespace was before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define compat_idmap(mnt)	mnt_idmap(mnt)
#else
#define compat_idmap(mnt)	mnt_user_ns(mnt)
#endif

/* Mode, owner and times of a file, as chmod(2) and its kin set them. */
static inline int compat_notify_change(const struct path *path, struct iattr *attr)
{
	struct inode *inode = d_inode(path->dentry);
	int ret = mnt_want_write(path->mnt);

	if (ret)
		return ret;
	inode_lock(inode);
	ret = notify_change(compat_idmap(path->mnt), path->dentry, attr, NULL);
	inode_unlock(inode);
	mnt_drop_write(path->mnt);
	return ret;
}

/* Take away the name of an open file. */
static inline int compat_unlink(const struct path *path)
{
	struct dentry *dir;
	int ret = mnt_want_write(path->mnt);

	if (ret)
		return ret;
	dir = dget_parent(path->dentry);
	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	if (path->dentry->d_parent == dir && !d_unhashed(path->dentry))
		ret = vfs_unlink(compat_idmap(path->mnt), d_inode(dir), path->dentry, NULL);
	else
		ret = -ESTALE;
	inode_unlock(d_inode(dir));
	dput(dir);
	mnt_drop_write(path->mnt);
	return ret;
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

/* Which clock does a timer run on? 7.x has what it points to in a header of its own. */
static inline clockid_t compat_hrtimer_clock(const struct hrtimer *timer)
{
	return timer->base->clockid;
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

/* File locks have a header of their own since 6.3, and a common core since 6.9. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#define compat_lock			file_lock_core
#define COMPAT_LOCK_LIST		flc_list
#define compat_lock_owner(l)		((l)->flc_owner)
#define compat_lock_file(l)		((l)->flc_file)
#define compat_lock_type(l)		((l)->flc_type)
#define compat_lock_flags(l)		((l)->flc_flags)
#define compat_file_lock(l)		container_of(l, struct file_lock, c)
#else
#define compat_lock			file_lock
#define COMPAT_LOCK_LIST		fl_list
#define compat_lock_owner(l)		((l)->fl_owner)
#define compat_lock_file(l)		((l)->fl_file)
#define compat_lock_type(l)		((l)->fl_type)
#define compat_lock_flags(l)		((l)->fl_flags)
#define compat_file_lock(l)		(l)
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define compat_flctx(inode)		locks_inode_context(inode)
#else
/* Pairs with the publication of a new context in locks_get_lock_context(). */
#define compat_flctx(inode)		smp_load_acquire(&(inode)->i_flctx)
#endif

/* What an inode's marks hang on knows the inode itself since 6.10, a member of it before. */
static inline struct inode *compat_fsnotify_inode(const struct fsnotify_mark_connector *conn)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return conn->obj;
#else
	return container_of(conn->obj, struct inode, i_fsnotify_marks);
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

/* Security modules tell memfds from other files of tmpfs in kernels that have this name. */
#if defined(MEMFD_ANON_NAME) && defined(CONFIG_SECURITY)
#define COMPAT_MEMFD_SECURE	1
#else
#define COMPAT_MEMFD_SECURE	0
#endif

static inline int compat_memfd_secure(struct file *file)
{
#if COMPAT_MEMFD_SECURE
	return sym(security_inode_init_security_anon)(file_inode(file), &QSTR(MEMFD_ANON_NAME),
						      NULL);
#else
	return 0;
#endif
}

/* Who may execute the file stays as it is. 6fd7353829ca "mm/memfd: add F_SEAL_EXEC", 6.3. */
#ifdef F_SEAL_EXEC
#define COMPAT_SEAL_EXEC	F_SEAL_EXEC
#else
#define COMPAT_SEAL_EXEC	0
#endif

/*
 * Does vm.memfd_noexec forbid memfds that may be executed? 105ff5339f49 "mm/memfd: add
 * MFD_NOEXEC_SEAL and MFD_EXEC", 6.3.
 */
static inline bool compat_memfd_noexec(void)
{
#ifdef MEMFD_NOEXEC_SCOPE_NOEXEC_ENFORCED
	return pidns_memfd_noexec_scope(task_active_pid_ns(current)) >=
	       MEMFD_NOEXEC_SCOPE_NOEXEC_ENFORCED;
#else
	return false;
#endif
}

#define compat_mm_def_flags(mm)		((mm)->def_flags)

/*
 * prctl(PR_SET_DUMPABLE) lives in bits of mm->flags, and since 7.2 in a struct of the tasks
 * (task_exec_state). The functions that set it are not exported; the two bits are plain data.
 */
#ifdef HAVE_EXEC_STATE_H
#include <linux/sched/exec_state.h>

static inline unsigned int compat_get_dumpable(struct task_struct *task)
{
	struct task_exec_state *state;
	unsigned int val;

	rcu_read_lock();
	state = rcu_dereference(task->exec_state);
	val = state ? READ_ONCE(state->dumpable) : 0;
	rcu_read_unlock();
	return val;
}

static inline void compat_set_dumpable(unsigned int val)
{
	struct task_exec_state *state = rcu_dereference_protected(current->exec_state, true);

	WRITE_ONCE(state->dumpable, val);
}
#else
static inline unsigned int compat_get_dumpable(struct task_struct *task)
{
	unsigned int val = 0;

	task_lock(task);
	if (task->mm)
		val = get_dumpable(task->mm);
	task_unlock(task);
	return val;
}

static inline void compat_set_dumpable(unsigned int val)
{
	set_mask_bits(&current->mm->flags, MMF_DUMPABLE_MASK, val);
}
#endif

/*
 * Where new mappings go: 529ce23a764f "mm: switch mm->get_unmapped_area() to a flag", 6.10.
 * What 6.1 keeps instead is a pointer to one of two functions, which the kernel calls.
 */
#ifdef MMF_TOPDOWN
#define COMPAT_UNMAPPED_AREA	0
#else
#define COMPAT_UNMAPPED_AREA	1
#endif

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

/*
 * What a stacked file system maps is a file of the layer below. Its f_path is the user's in 6.1
 * and the layer's own since def3ae83da02 "fs: store real path instead of fake path in backing
 * file f_path", 6.8, which has file_user_path() for the other.
 */
static inline const struct path *compat_file_path(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

/* As in kernel/futex/futex.h, which is private; 6.7 made room for futex2's sizes. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define COMPAT_FUTEX_BASE	0x02
#define COMPAT_FUTEX_SHARED	0x10
#define COMPAT_FUTEX_CLOCKRT	0x20
#define COMPAT_FUTEX_TIMEOUT	0x40
#else
#define COMPAT_FUTEX_BASE	0x00
#define COMPAT_FUTEX_SHARED	0x01
#define COMPAT_FUTEX_CLOCKRT	0x02
#define COMPAT_FUTEX_TIMEOUT	0x04
#endif

/*
 * The workqueue whose workers are bound to no processor: commit 128ea9f6ccfb ("workqueue: Add
 * system_percpu_wq and system_dfl_wq"), 6.17, gave it a new name; the old one is warned about.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define COMPAT_UNBOUND_WQ	system_dfl_wq
#else
#define COMPAT_UNBOUND_WQ	system_unbound_wq
#endif

/* dequeue_signal() lost the task, which is always the current one, in 6.12. */
static inline int compat_dequeue_signal(sigset_t *mask, kernel_siginfo_t *info)
{
	enum pid_type type;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return dequeue_signal(mask, info, &type);
#else
	return dequeue_signal(current, mask, info, &type);
#endif
}

#include "compat_timer.h"

#endif /* _CKPT_COMPAT_H */
