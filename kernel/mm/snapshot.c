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
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <uapi/linux/wait.h>

#include "../compat/compat.h"
#include "snapshot.h"
#include "../core/symbols.h"

/* Marks of VMAs that fork leaves out or empties. */
#define SNAPSHOT_FORK_FLAGS	(VM_DONTCOPY | VM_WIPEONFORK)

/**
 * struct snapshot - a snapshot that is prepared or taken
 * @ref: the caller's, and the thread's while it uses it
 * @go: there is something to do: @mm is set, or @stop
 * @done: @copy or @error is set
 * @gone: the child is
 * @mm: to copy; the thread holds a reference until it is @done
 * @copy: the result; a reference is held
 * @error: or an errno
 * @taken: snapshot_take() was called
 * @stop: end without a snapshot
 * @taken_from: the child may die, its mm was taken
 * @pid: of the child
 * @memcg: who pays for the copy; a reference is held
 */
struct snapshot {
	struct kref ref;
	struct completion go;
	struct completion done;
	struct completion gone;
	struct completion taken_from;
	struct mm_struct *mm;
	struct mm_struct *copy;
	int error;
	bool taken;
	bool stop;
	pid_t pid;
	struct mem_cgroup *memcg;
};

static void snapshot_release(struct kref *ref)
{
	struct snapshot *snap = container_of(ref, struct snapshot, ref);

	if (snap->copy)
		mmput(snap->copy);
	mem_cgroup_put(snap->memcg);
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
 * Which of the marks a snapshot needs to have. What is shared is not read from it, but for guard
 * regions, and would be open, and writable, for as long as the image is written. The content of
 * droppable memory (keys of random number generators) is nobody's but the program's.
 */
static vm_flags_t snapshot_flags(const struct vm_area_struct *vma)
{
	/* Device memory is refused elsewhere, and not for us to touch. */
	if (vma->vm_flags & VM_SPECIAL)
		return vma->vm_flags & SNAPSHOT_FORK_FLAGS;
	return vma->vm_flags & (VM_SHARED | VM_DROPPABLE) && !compat_may_guard(vma) ?
	       VM_DONTCOPY : 0;
}

static void snapshot_flag(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_clear(vma, SNAPSHOT_FORK_FLAGS & ~flags);
	vm_flags_set(vma, flags);
}

/*
 * Fork honours marks that are meant for children of the program. All its threads are parked,
 * so nobody sees that they are others for a moment.
 */
static int snapshot_mark(struct mm_struct *mm, unsigned long **list, unsigned int *n)
{
	struct vm_area_struct *vma;
	unsigned int cap = 0;

	VMA_ITERATOR(vmi, mm, 0);

	*list = NULL;
	*n = 0;
	for_each_vma(vmi, vma)
		if ((vma->vm_flags & SNAPSHOT_FORK_FLAGS) != snapshot_flags(vma))
			cap++;
	if (!cap)
		return 0;
	*list = kvmalloc_array(cap, 2 * sizeof(**list), GFP_KERNEL);
	if (!*list)
		return -ENOMEM;
	vma_iter_init(&vmi, mm, 0);
	for_each_vma(vmi, vma) {
		if ((vma->vm_flags & SNAPSHOT_FORK_FLAGS) == snapshot_flags(vma))
			continue;
		(*list)[2 * *n] = vma->vm_start;
		(*list)[2 * *n + 1] = vma->vm_flags & SNAPSHOT_FORK_FLAGS;
		(*n)++;
		snapshot_flag(vma, snapshot_flags(vma));
	}
	return 0;
}

static void snapshot_unmark(struct mm_struct *mm, unsigned long *list, unsigned int n)
{
	struct vm_area_struct *vma;
	unsigned int i;

	for (i = 0; i < n; i++) {
		vma = find_vma(mm, list[2 * i]);
		if (!WARN_ON_ONCE(!vma || vma->vm_start != list[2 * i]))
			snapshot_flag(vma, list[2 * i + 1]);
	}
	kvfree(list);
}

static int snapshot_clone(struct snapshot *snap)
{
	struct kernel_clone_args args = {
		.flags = CLONE_FS | CLONE_FILES | CLONE_UNTRACED,
		.exit_signal = SIGCHLD,
		.fn = snapshot_child,
		.fn_arg = snap,
	};
	struct mem_cgroup *memcg;
	struct task_struct *child;
	unsigned long *list;
	unsigned int n;
	struct pid *pid;
	pid_t nr;
	int ret;

	mmap_write_lock(snap->mm);
	ret = snapshot_mark(snap->mm, &list, &n);
	mmap_write_unlock(snap->mm);
	if (ret)
		return ret;

	__module_get(THIS_MODULE);
	kthread_use_mm(snap->mm);
	/* What a thread of the kernel allocates nobody pays for: page tables, most of all. */
	memcg = set_active_memcg(snap->memcg);
	nr = sym(kernel_clone)(&args);
	set_active_memcg(memcg);
	kthread_unuse_mm(snap->mm);

	mmap_write_lock(snap->mm);
	snapshot_unmark(snap->mm, list, n);
	mmap_write_unlock(snap->mm);
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

static int snapshot_thread(void *arg)
{
	struct snapshot *snap = arg;

	/*
	 * A thread of the kernel has no signals to interrupt it; and that a program with much to
	 * describe takes minutes to get here is nothing to complain of.
	 */
	wait_for_completion_interruptible(&snap->go);
	if (!snap->stop)
		snap->error = snapshot_clone(snap);
	if (snap->mm)
		mmput(snap->mm);
	complete(&snap->done);
	/* Of this thread, whose children are waited for by nobody. */
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
	thread = kthread_run(snapshot_thread, snap, "ckpt_snapshot");
	if (IS_ERR(thread)) {
		module_put(THIS_MODULE);
		mem_cgroup_put(snap->memcg);
		kfree(snap);
		return ERR_CAST(thread);
	}
	return snap;
}

struct mm_struct *snapshot_take(struct snapshot *snap, struct mm_struct *mm)
{
	struct mm_struct *copy;

	mmget(mm);
	snap->mm = mm;
	snap->taken = true;
	complete(&snap->go);
	/*
	 * As long as a fork takes, and like a fork: the program must not run, and not be killed by
	 * us, while marks of its areas are off.
	 */
	wait_for_completion(&snap->done);
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
