// SPDX-License-Identifier: GPL-2.0
/*
 * Processes of a set that end while it is being frozen.
 */
#include <linux/sched/signal.h>

#include "ended.h"
#include "operation.h"
#include "park_set.h"

static void ended_drop(struct park_process *proc)
{
	proc->ended = false;
	proc->left = true;
	xa_erase(&proc->set->by_tgid, proc->tgid);
}

void ended_look_zombie(struct park_process *proc)
{
	struct task_struct *parent;

	rcu_read_lock();
	parent = rcu_dereference(proc->leader->real_parent);
	if (READ_ONCE(proc->leader->exit_state) != EXIT_ZOMBIE || !park_has(proc->set, parent))
		ended_drop(proc);
	rcu_read_unlock();
}

/* The main thread has ended, and was it not reaped yet? Others of the process may live. */
static int ended_look_dead(struct park_process *proc, bool *leaving)
{
	struct signal_struct *signal = proc->leader->signal;
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED, .task = proc->leader };

	if (thread_group_empty(proc->leader)) {
		proc->ended = true;
	} else if (READ_ONCE(signal->flags) & SIGNAL_GROUP_EXIT ||
		   READ_ONCE(signal->group_exec_task)) {
		*leaving = true;
	} else {
		return error_add(&proc->set->op->errors, -EOPNOTSUPP, &at,
				 "a process whose main thread has ended, and others have not, is not supported");
	}
	return 0;
}

int ended_look(struct park_process *proc, bool *leaving)
{
	int exit_state = READ_ONCE(proc->leader->exit_state);
	struct error_at at = { .reason = CKPT_REASON_GONE, .task = proc->leader };

	if (!park_ends(proc->leader))
		return 0;
	if (proc == list_first_entry(&proc->set->processes, struct park_process, list))
		return error_add(&proc->set->op->errors, -ECHILD, &at,
				 "its thread group leader ended or executed another program");
	if (exit_state == EXIT_ZOMBIE)
		return ended_look_dead(proc, leaving);
	if (!exit_state) {
		*leaving = true;
		return 0;
	}
	/* A thread that executes a program takes the place of the main thread. */
	if (get_nr_threads(proc->leader))
		return error_add(&proc->set->op->errors, -ECHILD, &at,
				 "its thread group leader executed another program");
	ended_drop(proc);
	return 0;
}

bool ended_in_vfork(const struct park_process *proc)
{
	return READ_ONCE(proc->leader->vfork_done) && !park_ends(proc->leader);
}

int ended_any(struct park_set *set)
{
	struct park_process *proc;
	bool leaving;
	int ret;

	list_for_each_entry(proc, &set->processes, list) {
		ret = proc->ended || proc->left ? 0 : ended_look(proc, &leaving);
		if (ret)
			return ret;
	}
	return 0;
}
