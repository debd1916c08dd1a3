// SPDX-License-Identifier: GPL-2.0
/*
 * The processes of a checkpoint, and what they may have in common: address spaces and descriptor
 * tables.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "context.h"
#include "members.h"
#include "../mm/pressure.h"
#include "../mm/snapshot.h"
#include "park.h"
#include "../task/sighand.h"

static int members_each_of(struct checkpoint *cp, bool ended,
			   int (*fn)(struct checkpoint_process *proc))
{
	struct checkpoint_process *proc;
	int ret = 0;

	list_for_each_entry(proc, &cp->processes, list) {
		if (proc->ended && !ended)
			continue;
		ret = operation_ends(cp->op) ?: fn(proc);
		if (ret)
			break;
		cond_resched();
	}
	return ret;
}

int members_each(struct checkpoint *cp, int (*fn)(struct checkpoint_process *proc))
{
	return members_each_of(cp, false, fn);
}

int members_each_ended(struct checkpoint *cp, int (*fn)(struct checkpoint_process *proc))
{
	return members_each_of(cp, true, fn);
}

int members_each_mm(struct checkpoint *cp, int (*fn)(struct checkpoint_mm *cm))
{
	struct checkpoint_mm *cm;
	int ret = 0;

	list_for_each_entry(cm, &cp->mms, list) {
		ret = operation_ends(cp->op) ?: fn(cm);
		if (ret)
			break;
		cond_resched();
	}
	return ret;
}

int members_each_table(struct checkpoint *cp, int (*fn)(struct checkpoint_files *files))
{
	struct checkpoint_files *files;
	int ret = 0;

	list_for_each_entry(files, &cp->tables, list) {
		ret = operation_ends(cp->op) ?: fn(files);
		if (ret)
			break;
		cond_resched();
	}
	return ret;
}

int members_add(struct checkpoint *cp, struct task_struct *leader)
{
	struct checkpoint_process *proc = kzalloc(sizeof(*proc), GFP_KERNEL_ACCOUNT);

	if (!proc)
		return -ENOMEM;
	proc->cp = cp;
	proc->leader = get_task_struct(leader);
	proc->tgid = task_tgid_nr(leader);
	list_add_tail(&proc->list, &cp->processes);
	return xa_err(xa_store(&cp->by_tgid, proc->tgid, proc, GFP_KERNEL_ACCOUNT));
}

static void members_free_one(struct checkpoint_process *proc)
{
	snapshot_free(proc->snap);
	sighand_free(proc->signals);
	put_task_struct(proc->leader);
	kfree(proc);
}

void members_settle(struct checkpoint *cp)
{
	struct checkpoint_process *proc, *next;

	list_for_each_entry_safe(proc, next, &cp->processes, list) {
		cond_resched();
		proc->ended = proc->park->ended;
		if (!proc->park->left)
			continue;
		list_del(&proc->list);
		xa_cmpxchg(&cp->by_tgid, proc->tgid, proc, NULL, 0);
		members_free_one(proc);
	}
}

/* How many new members are found in one go. */
#define MEMBERS_SLICE	1024

/**
 * struct members_new - members that were found and are not added yet
 * @n: how many
 * @task: their leaders; references are held
 * @seen: the same by their number in the init namespace
 * @full: there may be more
 */
struct members_new {
	unsigned int n;
	struct task_struct **task;
	struct xarray seen;
	bool full;
};

/* Is it of a member? The number of one that has gone may be another's by now. */
static bool members_has(struct checkpoint *cp, struct task_struct *task)
{
	struct checkpoint_process *proc = xa_load(&cp->by_tgid, task_tgid_nr(task));

	return proc && same_thread_group(proc->leader, task);
}

/* Is it a child of a member, old or new, that is not a member yet? */
static bool members_is_new(struct checkpoint *cp, struct members_new *new,
			   struct task_struct *task)
{
	struct task_struct *parent = rcu_dereference(task->real_parent);

	if (members_has(cp, task) || READ_ONCE(task->exit_state) & EXIT_DEAD)
		return false;
	return members_has(cp, parent) || xa_load(&new->seen, task_tgid_nr(parent));
}

/*
 * One look at all processes is enough: they stand in the order in which they were made, and a
 * parent was there before its child, also one that has adopted it.
 */
static void members_look(struct checkpoint *cp, struct members_new *new)
{
	struct task_struct *task;

	rcu_read_lock();
	for_each_process(task) {
		if (!members_is_new(cp, new, task))
			continue;
		new->full = new->n == MEMBERS_SLICE ||
			    xa_err(xa_store(&new->seen, task_tgid_nr(task), task, GFP_NOWAIT));
		if (new->full)
			break;
		new->task[new->n++] = get_task_struct(task);
	}
	rcu_read_unlock();
}

static int members_collect_some(struct checkpoint *cp, struct members_new *new)
{
	unsigned int i;
	int ret = 0;

	new->n = 0;
	new->full = false;
	xa_init(&new->seen);
	members_look(cp, new);
	if (!new->n && new->full)
		ret = -ENOMEM;
	for (i = 0; i < new->n; i++) {
		ret = ret ?: members_add(cp, new->task[i]);
		put_task_struct(new->task[i]);
		cond_resched();
	}
	xa_destroy(&new->seen);
	return ret ?: new->n;
}

int members_collect(struct checkpoint *cp)
{
	struct members_new new = {};
	int ret, n = 0;

	new.task = kvmalloc_array(MEMBERS_SLICE, sizeof(*new.task), GFP_KERNEL_ACCOUNT);
	if (!new.task)
		return -ENOMEM;
	do {
		ret = operation_ends(cp->op) ?: members_collect_some(cp, &new);
		n += max(ret, 0);
	} while (ret > 0 && new.full);
	kvfree(new.task);
	return ret < 0 ? ret : n;
}

struct checkpoint_process *members_named(struct checkpoint *cp)
{
	return list_first_entry(&cp->processes, struct checkpoint_process, list);
}

struct checkpoint_process *members_parent(struct checkpoint_process *proc)
{
	struct checkpoint_process *parent;

	rcu_read_lock();
	parent = xa_load(&proc->cp->by_tgid,
			 task_tgid_nr(rcu_dereference(proc->leader->real_parent)));
	rcu_read_unlock();
	return parent;
}

struct task_struct *members_ended(struct checkpoint *cp)
{
	struct checkpoint_process *proc;

	list_for_each_entry(proc, &cp->processes, list)
		if (!proc->ended && park_ends(proc->leader))
			return proc->leader;
	return members_named(cp)->leader;
}

/* The object is new: @proc is the first process that has this address space. */
static int members_new_mm(struct checkpoint_process *proc, struct object *obj)
{
	struct checkpoint_mm *cm = kzalloc(sizeof(*cm), GFP_KERNEL_ACCOUNT);

	if (!cm)
		return -ENOMEM;
	cm->proc = proc;
	cm->obj = obj;
	cm->mm = obj->ptr;
	mmget(cm->mm);
	proc->mm = cm;
	list_add_tail(&cm->list, &proc->cp->mms);
	atomic64_add(compat_mm_anon_pages(cm->mm), &proc->cp->op->progress.pages_total);
	return 0;
}

/* The object's place is in the first process that has it. */
static struct object *members_find(struct checkpoint_process *proc, enum object_kind kind,
				   void *ptr)
{
	struct object *obj;
	bool new;

	if (!ptr)
		return ERR_PTR(-ECHILD);
	obj = object_have(&proc->cp->objects, kind, ptr, &new);
	if (!IS_ERR(obj) && new)
		obj->place.proc = proc;
	return obj;
}

static int members_find_mm(struct checkpoint_process *proc)
{
	struct mm_struct *mm = get_task_mm(proc->leader);
	struct object *obj = members_find(proc, OBJECT_MM, mm);
	int ret = PTR_ERR_OR_ZERO(obj);

	if (!mm)
		return ret;
	if (!ret && obj->place.proc == proc)
		ret = members_new_mm(proc, obj);
	else if (!ret)
		proc->mm = obj->place.proc->mm;
	/* If the process was killed, this reference may be the last but one. */
	mmput_async(mm);
	return ret;
}

static int members_find_files(struct checkpoint_process *proc)
{
	struct checkpoint_files *files;
	struct object *obj;

	/* Its address is all that is of use: only the process itself could replace the table. */
	obj = members_find(proc, OBJECT_FILES, READ_ONCE(proc->leader->files));
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (obj->place.proc != proc) {
		proc->files = obj->place.proc->files;
		return 0;
	}
	files = kzalloc(sizeof(*files), GFP_KERNEL_ACCOUNT);
	if (!files)
		return -ENOMEM;
	files->proc = proc;
	files->obj = obj;
	proc->files = files;
	list_add_tail(&files->list, &proc->cp->tables);
	return 0;
}

int members_find_shared(struct checkpoint_process *proc)
{
	int ret;

	ret = members_find_mm(proc) ?: members_find_files(proc);
	if (ret)
		return ret;
	/* As above, the addresses are all that is of use. */
	proc->fs = members_find(proc, OBJECT_FS, READ_ONCE(proc->leader->fs));
	if (IS_ERR(proc->fs))
		return PTR_ERR(proc->fs);
	proc->sighand = members_find(proc, OBJECT_SIGHAND, (void *)proc->signals->sighand);
	return PTR_ERR_OR_ZERO(proc->sighand);
}

void members_free(struct checkpoint *cp)
{
	struct checkpoint_process *proc, *next;

	list_for_each_entry_safe(proc, next, &cp->processes, list) {
		members_free_one(proc);
		cond_resched();
	}
	INIT_LIST_HEAD(&cp->processes);
	xa_destroy(&cp->by_tgid);
}

void members_free_shared(struct checkpoint *cp)
{
	struct checkpoint_files *files, *next_files;
	struct checkpoint_mm *cm, *next;

	list_for_each_entry_safe(cm, next, &cp->mms, list) {
		if (cm->snapshot) {
			pressure_end(cm->snapshot);
			mmput(cm->snapshot);
		}
		if (cm->mm)
			mmput(cm->mm);
		kfree(cm);
		cond_resched();
	}
	list_for_each_entry_safe(files, next_files, &cp->tables, list)
		kfree(files);
}

void members_free_snapshots(struct checkpoint *cp)
{
	struct checkpoint_process *proc;

	list_for_each_entry(proc, &cp->processes, list) {
		snapshot_free(proc->snap);
		proc->snap = NULL;
	}
}
