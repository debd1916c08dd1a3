// SPDX-License-Identifier: GPL-2.0
/*
 * Restart: the processes of TREE, as tasks.
 */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <uapi/linux/wait.h>

#include "build.h"
#include "context.h"
#include "../file/file.h"
#include "../file/path.h"
#include "../mm/mm.h"
#include "symbols.h"
#include "taken.h"
#include "../task/current.h"
#include "../task/process.h"
#include "../task/sighand.h"
#include "../task/thread.h"
#include "tree.h"

/* A part that several processes have: each has it from its parent, or it is the first. */
static bool tree_family(const struct restart_process *p)
{
	const struct restart_process *parent = p->parent;

	if (p->mm->part.process != p && (!parent || parent->mm != p->mm))
		return false;
	if (p->files->part.process != p && (!parent || parent->files != p->files))
		return false;
	if (p->fs->part.process != p && (!parent || parent->fs != p->fs))
		return false;
	/* As clone(2) has it: who shares actions shares memory. */
	return p->sighand->process == p ||
	       (parent && parent->sighand == p->sighand && parent->mm == p->mm);
}

int tree_check(struct restart *rs)
{
	struct restart_process *p;

	list_for_each_entry(p, &rs->processes, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!p->parent && xa_load(&rs->by_tid, p->ppid))
			return stream_in_bad(&rs->in, "process %u precedes its parent", p->pid);
		if (!p->ended && !tree_family(p))
			return stream_in_bad(&rs->in, "what process %u shares", p->pid);
	}
	return restart_first(rs)->ended ? stream_in_bad(&rs->in, "it has ended") : 0;
}

struct build_task *tree_task(struct restart_process *p, u64 flags, u32 nr,
			     int (*fn)(struct build_task *bt))
{
	struct restart *rs = p->rs;
	struct build_task *bt;
	int ret;

	do {
		bt = build_task(rs->build, p, flags, nr, fn);
	} while (bt == ERR_PTR(-EEXIST) && taken_wait(rs, nr));
	if (!IS_ERR(bt))
		return bt;
	ret = taken_refuse(rs, PTR_ERR(bt), nr);
	return path_wrong(rs, ret) ? build_task(rs->build, p, flags, 0, fn) : ERR_PTR(ret);
}

/* In a new process: nothing is left of what came along with the clone. */
static int tree_begin(struct build_task *bt)
{
	struct restart_process *p = bt->process;
	int ret;

	p->leader = bt;
	ret = thread_forget(p->rs->ctx);
	process_begin(p);
	sighand_begin();
	file_close_all();
	return ret ?: mm_clear();
}

/* The clone(2) flags for all that it has from its parent. */
static u64 tree_flags(const struct restart_process *p)
{
	const struct restart_process *parent = p->parent;
	u64 flags = 0;

	if (!parent || p->ended)
		return 0;
	if (p->mm == parent->mm)
		flags |= CLONE_VM;
	if (p->files == parent->files)
		flags |= CLONE_FILES;
	if (p->fs == parent->fs)
		flags |= CLONE_FS;
	if (p->sighand == parent->sighand)
		flags |= CLONE_SIGHAND;
	return flags;
}

static int tree_create(struct restart_process *p)
{
	struct build_task *bt = tree_task(p, tree_flags(p), p->pid, tree_begin);

	if (IS_ERR(bt))
		return PTR_ERR(bt);
	p->born = bt;
	return 0;
}

/* In the parent. */
static int tree_bear(struct build_task *bt)
{
	return tree_create(bt->process->rs->child);
}

static int tree_ready(struct restart_process *p)
{
	int ret = p->begun ? 0 : build_wait(p->born);

	p->begun = !ret;
	return ret;
}

int tree_make(struct restart *rs)
{
	struct restart_process *p;
	int ret = 0;

	list_for_each_entry(p, &rs->processes, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		rs->child = p;
		if (p->parent)
			ret = tree_ready(p->parent) ?: build_call(p->parent->leader, tree_bear);
		else
			ret = tree_create(p);
		if (ret)
			return ret;
		cond_resched();
	}
	list_for_each_entry(p, &rs->processes, list) {
		ret = tree_ready(p);
		if (ret)
			break;
		cond_resched();
	}
	return ret;
}

/*
 * In one that is to be a zombie: end with its status, as if the whole group was told to. Its parent
 * hears nothing of it: that was in the image.
 */
static int tree_end(struct build_task *bt)
{
	if (!bt->process->ended)
		return 0;
	current->exit_signal = 0;
	spin_lock_irq(&current_sighand()->siglock);
	current->signal->flags = SIGNAL_GROUP_EXIT;
	current->signal->group_exit_code = bt->process->status;
	sigaddset(&current->pending.signal, SIGKILL);
	set_thread_flag(TIF_SIGPENDING);
	spin_unlock_irq(&current_sighand()->siglock);
	return 0;
}

/* Wait until a task is gone, as far as its parent has to do with that. */
static int tree_wait_end(struct task_struct *task)
{
	while (!READ_ONCE(task->exit_state)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		schedule_timeout_killable(1);
	}
	return 0;
}

int tree_end_some(struct restart *rs)
{
	struct restart_process *p;
	int ret = 0;

	list_for_each_entry(p, &rs->processes, list) {
		ret = p->ended ? build_call(p->leader, tree_end) : 0;
		if (ret)
			return ret;
		cond_resched();
	}
	list_for_each_entry(p, &rs->processes, list) {
		if (!p->ended)
			continue;
		ret = tree_wait_end(p->leader->task);
		if (ret)
			return ret;
		/* Without this, only __WALL finds it. */
		WRITE_ONCE(p->leader->task->exit_signal, SIGCHLD);
		cond_resched();
	}
	return 0;
}

/* A child of the restarter: reap it. A signal that does not kill is no reason not to. */
static void tree_reap(struct task_struct *task)
{
	pid_t pid;

	while (!fatal_signal_pending(current)) {
		/* None once it is reaped; to wait for pid 0 is to wait for other children. */
		pid = task_pid_vnr(task);
		if (!pid || sym(kernel_wait4)(pid, NULL, __WALL, NULL) != -ERESTARTSYS)
			break;
		schedule_timeout_killable(1);
	}
}

void tree_abort(struct restart *rs)
{
	struct restart_process *p;

	list_for_each_entry_reverse(p, &rs->processes, list) {
		if (!p->born)
			continue;
		build_kill(p->born);
		/* It says itself who it is, and cannot be waited for before. */
		if (!p->begun && build_wait(p->born) == -EINTR)
			continue;
		if (!p->born->task)
			continue;
		if (p->parent)
			tree_wait_end(p->born->task);
		else
			tree_reap(p->born->task);
		cond_resched();
	}
	build_end(rs->build, false);
}
