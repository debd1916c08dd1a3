// SPDX-License-Identifier: GPL-2.0
/*
 * The copy-on-write snapshot of an address space.
 *
 * A kernel thread borrows the target's mm and clones itself without CLONE_VM: what the kernel
 * does for fork it does here, and neither the target nor its parent sees a child. The thread
 * takes a reference to the child's mm, and the child dies; the copy lives on without any task.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu_counter.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <uapi/linux/wait.h>

#include "../compat/compat.h"
#include "../core/park.h"
#include "snapshot.h"
#include "../core/symbols.h"

/* In jiffies: how often who waits for a snapshot looks whether it is to go on waiting. */
#define SNAPSHOT_LOOK	max(HZ / 10, 1)

/**
 * struct snapshot - a snapshot that is prepared or taken
 * @ref: the caller's, and the thread's while it uses it
 * @go: there is something to do: @mm is set, or @stop
 * @done: @copy or @error is set
 * @gone: the child is
 * @mm: to copy; the thread holds a reference until it is @done
 * @park: the set that its process is parked in; the thread holds a reference until it is @done
 * @copy: the result; a reference is held
 * @error: or an errno
 * @taken: snapshot_take() was called
 * @stop: end without a snapshot
 * @taken_from: the child may die, its mm was taken
 * @pid: of the child
 * @thread: the kernel thread; a reference is held
 * @memcg: who pays for the copy; a reference is held
 */
struct snapshot {
	struct kref ref;
	struct completion go;
	struct completion done;
	struct completion gone;
	struct completion taken_from;
	struct mm_struct *mm;
	struct park_set *park;
	struct mm_struct *copy;
	int error;
	bool taken;
	bool stop;
	pid_t pid;
	struct task_struct *thread;
	struct mem_cgroup *memcg;
};

static void snapshot_release(struct kref *ref)
{
	struct snapshot *snap = container_of(ref, struct snapshot, ref);

	if (snap->copy)
		mmput(snap->copy);
	mem_cgroup_put(snap->memcg);
	put_task_struct(snap->thread);
	kfree(snap);
}

/* In the child, which is a user task without user registers: it must not get to user mode. */
static int snapshot_child(void *arg)
{
	struct snapshot *snap = arg;

	wait_for_completion(&snap->taken_from);
	/* Kernel threads ignore all signals, and so would their child. */
	kernel_sigaction(SIGKILL, SIG_DFL);
	/* Dies on the way out, as any killed task does. */
	send_sig(SIGKILL, current, 1);
	module_put(THIS_MODULE);
	return 0;
}

/*
 * Is it an area that fork leaves out or empties (MADV_DONTFORK, MADV_WIPEONFORK), and that the
 * image has pages or guard regions of? Device memory is refused elsewhere, and not for us to touch.
 * The content of droppable memory (keys of random number generators) is nobody's but the program's:
 * it is looked at for guard regions alone, as shared memory is.
 */
static bool snapshot_left_out(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK) &&
	       !(vma->vm_flags & VM_SPECIAL) &&
	       (!(vma->vm_flags & (VM_SHARED | VM_DROPPABLE)) || compat_may_guard(vma));
}

/* An area like @vma in the copy, without pages; what dup_mmap() of the kernel does. */
static struct vm_area_struct *snapshot_new_area(struct mm_struct *copy, struct vm_area_struct *vma)
{
	struct vm_area_struct *new;

	if (find_vma_intersection(copy, vma->vm_start, vma->vm_end))
		return ERR_PTR(-EAGAIN);
	new = sym(vm_area_dup)(vma);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->vm_mm = copy;
	new->anon_vma = NULL;
#ifdef CONFIG_NUMA
	/* Refused by name, if there is one; its reference is the program's. */
	new->vm_policy = NULL;
#endif
	vma_start_write(new);
	vm_flags_clear(new, VM_LOCKED | VM_LOCKONFAULT | VM_ACCOUNT | VM_DONTCOPY | VM_WIPEONFORK);
	if (new->vm_file)
		get_file(new->vm_file);
	if (compat_insert_uncharged(copy, new)) {
		if (new->vm_file)
			fput(new->vm_file);
		sym(vm_area_free)(new);
		return ERR_PTR(-ENOMEM);
	}
	/* Pages that are shared with @vma are found by its offset, which mremap() leaves alone. */
	compat_vma_copy_pgoff(new, vma);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	return new;
}

/*
 * Is it what fork has made of @vma, and without pages? Pages of an area that has some already would
 * be lost. The marks of @vma alone do not tell: they may be younger than the fork.
 */
static bool snapshot_emptied(const struct vm_area_struct *dst, const struct vm_area_struct *vma)
{
	return dst && dst->vm_start == vma->vm_start && dst->vm_end == vma->vm_end &&
	       dst->vm_pgoff == vma->vm_pgoff && dst->vm_flags & VM_WIPEONFORK &&
	       !dst->anon_vma && !dst->vm_file;
}

/* The copy gets the pages of an area that fork left out or emptied. */
static int snapshot_add(struct mm_struct *copy, struct vm_area_struct *vma)
{
	struct vm_area_struct *dst;

	if (vma->vm_flags & VM_DONTCOPY) {
		dst = snapshot_new_area(copy, vma);
		if (IS_ERR(dst))
			return PTR_ERR(dst);
	} else {
		dst = find_vma(copy, vma->vm_start);
		if (!snapshot_emptied(dst, vma))
			return -EAGAIN;
	}
	vma_start_write(vma);
	vma_start_write(dst);
	vm_flags_clear(dst, VM_WIPEONFORK);
	if (vma->anon_vma) {
		int ret = sym(anon_vma_fork)(dst, vma);

		if (ret)
			return ret;
	}
	return sym(copy_page_range)(dst, vma);
}

/*
 * Another process may have a userfaultfd of this memory, and have registered areas since they were
 * described, or follow forks: it would be asked for pages, or fill in its own.
 */
static int snapshot_check_uffd(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma)
		if (compat_vma_uffd(vma))
			return -EOPNOTSUPP;
	return 0;
}

/*
 * The copy gets what fork leaves out or empties, by the means of fork. The marks that ask for it
 * are not touched: whoever has a userfaultfd of this memory could split or merge areas meanwhile,
 * and anybody can see the marks.
 *
 * If the program still waits when we have the lock, its areas are those that were described and
 * that fork has copied. If it goes on afterwards, it changes none of them before we are done.
 */
static int snapshot_complete(struct snapshot *snap)
{
	struct mm_struct *mm = snap->mm, *copy = snap->copy;
	struct vm_area_struct *vma;
	bool copied = false;
	int ret;

	VMA_ITERATOR(vmi, mm, 0);

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	mmap_write_lock_nested(copy, SINGLE_DEPTH_NESTING);
	ret = park_expired(snap->park) ? -ETIMEDOUT : 0;
	ret = ret ?: snapshot_check_uffd(mm) ?: snapshot_check_uffd(copy);
	if (ret)
		goto out;
	for_each_vma(vmi, vma) {
		if (!snapshot_left_out(vma))
			continue;
		ret = snapshot_add(copy, vma);
		copied = true;
		if (ret)
			break;
	}
	/* Its pages are write-protected now. */
	if (copied)
		sym(flush_tlb_mm_range)(mm, 0, TASK_SIZE_MAX, PAGE_SHIFT, false);
out:
	mmap_write_unlock(copy);
	mmap_write_unlock(mm);
	return ret;
}

/* The next area from @addr on that is shared, and of no use in a copy; its address, its length. */
static unsigned long snapshot_shared(struct mm_struct *copy, unsigned long *addr)
{
	struct vm_area_struct *vma;
	unsigned long len = 0;

	VMA_ITERATOR(vmi, copy, *addr);

	mmap_read_lock(copy);
	for_each_vma(vmi, vma) {
		if (!(vma->vm_flags & VM_SHARED) || compat_may_guard(vma))
			continue;
		*addr = vma->vm_start;
		len = vma->vm_end - vma->vm_start;
		break;
	}
	mmap_read_unlock(copy);
	return len;
}

/*
 * Shared memory is not read from the copy, but for guard regions, and would be open, and writable,
 * for as long as the image is written.
 */
static int snapshot_drop_shared(struct mm_struct *copy)
{
	unsigned long addr = 0, len = snapshot_shared(copy, &addr);
	int ret = 0;

	if (!len)
		return 0;
	kthread_use_mm(copy);
	while (len && !ret) {
		ret = vm_munmap(addr, len);
		addr += len;
		len = snapshot_shared(copy, &addr);
	}
	kthread_unuse_mm(copy);
	return ret;
}

static int snapshot_fork(struct snapshot *snap)
{
	struct kernel_clone_args args = {
		.flags = CLONE_FS | CLONE_FILES | CLONE_UNTRACED,
		.exit_signal = SIGCHLD,
		.fn = snapshot_child,
		.fn_arg = snap,
	};
	struct task_struct *child;
	struct pid *pid;
	pid_t nr;

	__module_get(THIS_MODULE);
	kthread_use_mm(snap->mm);
	nr = sym(kernel_clone)(&args);
	kthread_unuse_mm(snap->mm);
	if (nr < 0) {
		module_put(THIS_MODULE);
		return nr;
	}
	snap->pid = nr;
	/* It waits for us. To wait for it would take the target the time until it is scheduled. */
	pid = find_get_pid(nr);
	child = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	snap->copy = get_task_mm(child);
	put_task_struct(child);
	/* Memory of who is killed can be emptied by others: process_mrelease(2), the OOM killer. */
	compat_mm_flags_set(MMF_OOM_SKIP, snap->copy);
	complete(&snap->taken_from);
	return 0;
}

/* Pages that count against the limit of what programs are promised; see proc(5), Committed_AS. */
static void snapshot_commit(long pages)
{
	percpu_counter_add((struct percpu_counter *)sym_addr(vm_committed_as), pages);
}

/* For how many pages fork will count a copy. */
static long snapshot_promised(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	long pages = 0;

	VMA_ITERATOR(vmi, mm, 0);

	/* Killed: the fork will fail. */
	if (mmap_read_lock_killable(mm))
		return 0;
	for_each_vma(vmi, vma)
		if (vma->vm_flags & VM_ACCOUNT && !(vma->vm_flags & VM_DONTCOPY))
			pages += vma_pages(vma);
	mmap_read_unlock(mm);
	return pages;
}

/*
 * The copy is not written to, so nothing is promised to it: its areas do not count any more, and
 * will not be discounted when it ends. Return: for how many pages they had counted.
 */
static long snapshot_unpromise(struct mm_struct *copy)
{
	struct vm_area_struct *vma;
	long pages = 0;

	VMA_ITERATOR(vmi, copy, 0);

	mmap_write_lock(copy);
	for_each_vma(vmi, vma) {
		if (!(vma->vm_flags & VM_ACCOUNT))
			continue;
		pages += vma_pages(vma);
		vma_start_write(vma);
		vm_flags_clear(vma, VM_ACCOUNT);
	}
	mmap_write_unlock(copy);
	return pages;
}

/*
 * Fork without a promise: the fork does not fail for want of one, nor does anybody's mmap() for as
 * long as there is the copy. For this moment, the pages that fork will count are taken off before.
 */
static int snapshot_fork_unpromised(struct snapshot *snap)
{
	long pages = snapshot_promised(snap->mm);
	int ret;

	snapshot_commit(-pages);
	ret = snapshot_fork(snap);
	if (!ret)
		pages -= snapshot_unpromise(snap->copy);
	snapshot_commit(pages);
	return ret;
}

static int snapshot_clone(struct snapshot *snap)
{
	struct mem_cgroup *memcg;
	int ret;

	/*
	 * A kernel thread's allocations are not charged to a memory cgroup: charge the program's,
	 * because the page tables are many.
	 */
	memcg = set_active_memcg(snap->memcg);
	ret = snapshot_fork_unpromised(snap);
	if (!ret)
		ret = snapshot_complete(snap) ?: snapshot_drop_shared(snap->copy);
	set_active_memcg(memcg);
	return ret == -ERESTARTNOINTR ? -EINTR : ret;
}

static int snapshot_thread(void *arg)
{
	struct snapshot *snap = arg;

	/* From snapshot_abort(), and not from users. */
	allow_kernel_signal(SIGKILL);
	/*
	 * Interruptible, because a program with much to describe may take minutes to get here, and
	 * that is nothing to complain of. There is nothing to be aborted yet.
	 */
	while (wait_for_completion_interruptible(&snap->go))
		flush_signals(current);
	if (!snap->stop) {
		snap->error = snapshot_clone(snap);
		mmput(snap->mm);
		park_put(snap->park);
	}
	complete(&snap->done);
	/* Nothing is left to be cut short. */
	flush_signals(current);
	disallow_signal(SIGKILL);
	/* Reap the child: nobody else waits for children of this thread. */
	if (snap->pid)
		sym(kernel_wait4)(snap->pid, NULL, __WALL, NULL);
	complete(&snap->gone);
	kref_put(&snap->ref, snapshot_release);
	module_put_and_kthread_exit(0);
	return 0;
}

struct snapshot *snapshot_prepare(void)
{
	struct snapshot *snap = kzalloc(sizeof(*snap), GFP_KERNEL_ACCOUNT);
	struct task_struct *thread;

	if (!snap)
		return ERR_PTR(-ENOMEM);
	kref_init(&snap->ref);
	init_completion(&snap->go);
	init_completion(&snap->done);
	init_completion(&snap->gone);
	init_completion(&snap->taken_from);
	kref_get(&snap->ref);
	snap->memcg = get_mem_cgroup_from_mm(current->mm);
	__module_get(THIS_MODULE);
	thread = kthread_create(snapshot_thread, snap, "ckpt_snapshot");
	if (IS_ERR(thread)) {
		module_put(THIS_MODULE);
		mem_cgroup_put(snap->memcg);
		kfree(snap);
		return ERR_CAST(thread);
	}
	snap->thread = get_task_struct(thread);
	wake_up_process(thread);
	return snap;
}

void snapshot_start(struct snapshot *snap, struct mm_struct *mm, struct park_set *park)
{
	mmget(mm);
	snap->mm = mm;
	snap->park = park_get(park);
	snap->taken = true;
	complete(&snap->go);
}

/*
 * A fork looks at each area whether its caller was killed, and a holder of a userfaultfd can keep
 * it waiting for as long as it likes.
 */
void snapshot_stop(struct snapshot *snap)
{
	send_sig(SIGKILL, snap->thread, 1);
}

static int snapshot_abort(struct snapshot *snap, int ret)
{
	snapshot_stop(snap);
	return ret;
}

struct mm_struct *snapshot_wait(struct snapshot *snap, bool (*stop)(void *arg), void *arg)
{
	struct mm_struct *copy;
	long left;

	do {
		left = wait_for_completion_killable_timeout(&snap->done, SNAPSHOT_LOOK);
		if (left < 0)
			return ERR_PTR(snapshot_abort(snap, -EINTR));
		if (!left && stop(arg))
			return ERR_PTR(snapshot_abort(snap, -ETIMEDOUT));
	} while (!left);
	if (snap->error)
		return ERR_PTR(snap->error);
	copy = snap->copy;
	snap->copy = NULL;
	return copy;
}

void snapshot_free(struct snapshot *snap)
{
	if (IS_ERR_OR_NULL(snap))
		return;
	if (snap->taken) {
		/*
		 * The copy has files, with locks: when we are done with it and the program is
		 * dead, nobody else may hold them. (Killed: not our concern.)
		 */
		wait_for_completion_killable(&snap->gone);
	} else {
		snap->stop = true;
		complete(&snap->go);
	}
	kref_put(&snap->ref, snapshot_release);
}
