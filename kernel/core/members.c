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

int members_each(struct checkpoint *cp, int (*fn)(struct checkpoint_process *proc))
{
	struct checkpoint_process *proc;
	int ret = 0;

	list_for_each_entry(proc, &cp->processes, list) {
		ret = operation_ends(cp->op) ?: fn(proc);
		if (ret)
			break;
		cond_resched();
	}
	return ret;
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
	list_add_tail(&proc->list, &cp->processes);
	return 0;
}

struct checkpoint_process *members_named(struct checkpoint *cp)
{
	return list_first_entry(&cp->processes, struct checkpoint_process, list);
}

struct task_struct *members_ended(struct checkpoint *cp)
{
	struct checkpoint_process *proc;

	list_for_each_entry(proc, &cp->processes, list)
		if (park_ends(proc->leader))
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
		snapshot_free(proc->snap);
		sighand_free(proc->signals);
		put_task_struct(proc->leader);
		kfree(proc);
		cond_resched();
	}
	INIT_LIST_HEAD(&cp->processes);
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
