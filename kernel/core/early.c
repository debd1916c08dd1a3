// SPDX-License-Identifier: GPL-2.0
/*
 * A look at a process that runs. All that can be refused now is refused before anybody is frozen.
 * Things may change until the process is frozen, so the same functions look once more then.
 */
#include <linux/bottom_half.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "context.h"
#include "early.h"
#include "../file/description.h"
#include "../file/file.h"
#include "../file/file_content.h"
#include "park.h"
#include "refuse.h"
#include "../task/process.h"
#include "../task/thread.h"

/* How many descriptors are looked at under the table's lock in one go. */
#define EARLY_SLICE	1024

/* In jiffies: how often to look whether a sleep has ended, at the least. */
#define EARLY_LOOK	max(HZ / 50, 1)

/**
 * struct early_fds - descriptors that are looked at
 * @cp: the checkpoint
 * @next: the first one that was not
 * @n: how many were
 * @why: what is not supported about the last one, or NULL
 * @file: what that refers to, with a reference
 */
struct early_fds {
	struct checkpoint *cp;
	unsigned int next;
	unsigned int n;
	const char *why;
	struct file *file;
};

/* Called by iterate_fd() under the table's lock. */
static int early_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct early_fds *fds = (struct early_fds *)arg;

	fds->next = fd + 1;
	fds->why = file_unsupported(fds->cp, file);
	if (fds->why)
		fds->file = get_file(file);
	return !(++fds->n % EARLY_SLICE) || fds->why;
}

static int early_files(struct checkpoint_process *proc)
{
	struct object_place at = { .proc = proc };
	struct early_fds fds = { .cp = proc->cp };
	struct files_struct *files;
	int more = 0;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		fds.why = NULL;
		task_lock(proc->leader);
		files = proc->leader->files;
		if (files) {
			rcu_read_lock();
			more = iterate_fd(files, fds.next, early_fd, &fds);
			rcu_read_unlock();
		}
		task_unlock(proc->leader);
		if (files && fds.why) {
			at.fd = fds.next - 1;
			description_refuse(proc->cp, fds.file, &at, fds.why);
			/* See object_let_go(): what it has closed meanwhile is to be closed. */
			local_bh_disable();
			fput(fds.file);
			local_bh_enable();
		}
		cond_resched();
	} while (files && more);
	return 0;
}

/**
 * struct early_out - looking for files whose content has to be brought into memory
 * @next: the first descriptor that was not looked at
 * @n: how many were
 * @file: one that is to be, with a reference
 */
struct early_out {
	unsigned int next;
	unsigned int n;
	struct file *file;
};

/* Called by iterate_fd() under the table's lock. */
static int early_out_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct early_out *out = (struct early_out *)arg;

	out->next = fd + 1;
	if (file_content_is_out(file))
		out->file = get_file(file);
	return !(++out->n % EARLY_SLICE) || out->file;
}

/* The reference ends here, and the file with it if it was closed meanwhile; see early_files(). */
static int early_bring_in(struct checkpoint *cp, struct file *file)
{
	int ret = file_content_bring_in(cp, file);

	local_bh_disable();
	fput(file);
	local_bh_enable();
	return ret;
}

static int early_out_files(struct checkpoint_process *proc)
{
	struct early_out out = {};
	struct files_struct *files;
	int more = 0, ret = 0;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		out.file = NULL;
		task_lock(proc->leader);
		files = proc->leader->files;
		if (files) {
			rcu_read_lock();
			more = iterate_fd(files, out.next, early_out_fd, &out);
			rcu_read_unlock();
		}
		task_unlock(proc->leader);
		if (out.file)
			ret = early_bring_in(proc->cp, out.file);
		cond_resched();
	} while (files && more && !ret);
	return ret;
}

/* The next mapping of such a file from @addr on, or NULL. */
static struct file *early_out_mapping(struct mm_struct *mm, unsigned long *addr)
{
	struct vm_area_struct *vma;
	struct file *file = NULL;

	VMA_ITERATOR(vmi, mm, *addr);

	if (mmap_read_lock_killable(mm))
		return NULL;
	for_each_vma(vmi, vma) {
		*addr = vma->vm_end;
		if (vma->vm_flags & VM_SHARED && vma->vm_file &&
		    file_content_is_out(vma->vm_file)) {
			file = get_file(vma->vm_file);
			break;
		}
	}
	mmap_read_unlock(mm);
	return file;
}

int early_bring_in_all(struct checkpoint_process *proc)
{
	int ret = early_out_files(proc);
	struct mm_struct *mm;
	unsigned long addr = 0;
	struct file *file;

	mm = ret ? NULL : get_task_mm(proc->leader);
	if (!mm)
		return ret;
	do {
		file = early_out_mapping(mm, &addr);
		ret = file ? early_bring_in(proc->cp, file) : 0;
	} while (file && !ret);
	mmput_async(mm);
	return ret ?: fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * struct early_thread - a thread
 * @task: it; a reference is held
 * @switches: how often it had left a processor when it was seen in a sleep that nothing ends
 */
struct early_thread {
	struct task_struct *task;
	unsigned long switches;
};

static unsigned long early_switches(const struct task_struct *task)
{
	return READ_ONCE(task->nvcsw) + READ_ONCE(task->nivcsw);
}

/*
 * Does it sleep so deep that nothing but what it waits for, or SIGKILL, wakes it? A page that comes
 * in, a disk, vfork(). Parked threads do not count: park_claim() waits for their release.
 */
static bool early_deep(const struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->__state);

	return state & TASK_UNINTERRUPTIBLE && !(state & TASK_NOLOAD);
}

/* All threads that are not about to end. Return: how many, or -ENOMEM. */
static int early_list(struct task_struct *leader, struct early_thread **list)
{
	unsigned int cap = get_nr_threads(leader) + 8, n = 0;
	struct task_struct *task;

	*list = kvmalloc_array(cap, sizeof(**list), GFP_KERNEL_ACCOUNT);
	if (!*list)
		return -ENOMEM;
	rcu_read_lock();
	for_each_thread(leader, task) {
		if (n == cap)
			break;
		if (!park_ends(task))
			(*list)[n++].task = get_task_struct(task);
	}
	rcu_read_unlock();
	return n;
}

static void early_look(struct checkpoint *cp, struct task_struct *task)
{
	const char *what = thread_unsupported_running(task);

	if (what)
		refuse_task(cp, task, what);
}

/*
 * If a thread sleeps deep, the others would stand still until it wakes. So they go on until that
 * sleep has ended; one that it begins later is met while it parks.
 */
static int early_wait_all(struct checkpoint *cp, struct early_thread *list, int n,
			  unsigned long deadline)
{
	long wait = 1;
	int i, left;

	for (;;) {
		for (i = 0, left = 0; i < n; i++) {
			struct early_thread *thread = &list[i];

			if (!early_deep(thread->task) || park_ends(thread->task) ||
			    early_switches(thread->task) != thread->switches)
				continue;
			swap(list[left], *thread);
			left++;
		}
		if (!left)
			return 0;
		n = left;
		if (time_after_eq(jiffies, deadline))
			return park_late(cp->op, list->task);
		set_current_state(TASK_KILLABLE | TASK_FREEZABLE);
		schedule_timeout(wait);
		if (fatal_signal_pending(current))
			return -EINTR;
		wait = min_t(long, 2 * wait, EARLY_LOOK);
	}
}

static void early_put(struct early_thread *list, int n)
{
	while (n > 0) {
		put_task_struct(list[--n].task);
		cond_resched();
	}
	kvfree(list);
}

static int early_threads(struct checkpoint_process *proc)
{
	struct early_thread *list;
	int n, i, ret = 0;

	n = early_list(proc->leader, &list);
	if (n < 0)
		return n;
	for (i = 0; i < n && !ret; i++) {
		early_look(proc->cp, list[i].task);
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	early_put(list, n);
	return ret;
}

/* A child that has its parent's memory until it executes a program: neither could be frozen. */
static int early_wait_vfork(struct checkpoint_process *proc, unsigned long deadline)
{
	struct error_at at = {
		.reason = CKPT_REASON_BUSY,
		.task = proc->leader,
		.advice = "try again later, or with a longer --timeout",
	};

	while (READ_ONCE(proc->leader->vfork_done) && !park_ends(proc->leader)) {
		if (time_after_eq(jiffies, deadline))
			return error_add(&proc->cp->op->errors, -ETIMEDOUT, &at,
					 "is in vfork() of its parent");
		schedule_timeout_killable(1);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

int early_wait(struct checkpoint_process *proc, unsigned long deadline)
{
	struct early_thread *list;
	int n, i, deep = 0, ret;

	ret = early_wait_vfork(proc, deadline);
	if (ret)
		return ret;
	n = early_list(proc->leader, &list);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		list[i].switches = early_switches(list[i].task);
		if (early_deep(list[i].task)) {
			swap(list[deep], list[i]);
			deep++;
		}
		cond_resched();
	}
	ret = early_wait_all(proc->cp, list, deep, deadline);
	early_put(list, n);
	return ret;
}

int early_check(struct checkpoint_process *proc)
{
	int ret;

	process_look(proc);
	ret = early_files(proc) ?: early_threads(proc);
	if (!ret && proc->cp->refused)
		ret = -EOPNOTSUPP;
	return ret;
}
