// SPDX-License-Identifier: GPL-2.0
/*
 * The processes of a checkpoint are found, looked at while they run, and frozen as a set.
 */
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "../compat/compat.h"
#include "../file/outside.h"
#include "collect.h"
#include "context.h"
#include "early.h"
#include "members.h"
#include "../mm/snapshot.h"
#include "park.h"
#include "symbols.h"
#include "../task/thread.h"

#define COLLECT_TIMEOUT_MS	10000

/* How often a process may exec while it is being parked, before we give up. */
#define COLLECT_TRIES	3

static int collect_denied(struct checkpoint *cp, struct task_struct *task)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = task,
		.advice = "run ckpt as its user or as root",
	};

	return error_add(&cp->op->errors, -EPERM, &at, "you have no right to trace it");
}

/*
 * Until it came to rest, the process may have executed a program that gives it other rights. Its
 * threads may have some of their own, too; most have the same.
 */
int collect_may_still(struct checkpoint_process *proc)
{
	const struct cred *seen = NULL;
	struct park_task *pt;

	list_for_each_entry(pt, &proc->park->tasks, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!pt->thread || pt->thread->cred == seen)
			continue;
		seen = pt->thread->cred;
		if (!sym(ptrace_may_access)(pt->task, PTRACE_MODE_ATTACH_REALCREDS))
			return collect_denied(proc->cp, pt->task);
	}
	return 0;
}

static struct task_struct *collect_leader(pid_t nr)
{
	struct task_struct *task, *leader;

	rcu_read_lock();
	task = pid_task(find_vpid(nr), PIDTYPE_PID);
	leader = task ? get_task_struct(task->group_leader) : NULL;
	rcu_read_unlock();
	return leader;
}

/* The process that the caller has named is there. */
static int collect_alive(struct checkpoint *cp, struct task_struct *leader)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = leader };
	struct error_log *errors = &cp->op->errors;

	if (leader->flags & (PF_KTHREAD | COMPAT_PF_USER_WORKER))
		return error_add(errors, -EINVAL, &at, "is a kernel thread");
	if (same_thread_group(leader, current)) {
		at.advice = "let another process checkpoint it";
		return error_add(errors, -EINVAL, &at, "cannot checkpoint itself");
	}
	if (leader->exit_state || leader->flags & PF_EXITING)
		return error_add(errors, -ESRCH, &at, "has ended");
	if (park_ends(leader))
		return error_add(errors, -ESRCH, &at, "is ending");
	return 0;
}

/* May it be checkpointed? */
static int collect_eligible(struct checkpoint_process *proc)
{
	struct task_struct *leader = proc->leader;
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = leader };
	struct error_log *errors = &proc->cp->op->errors;

	if (same_thread_group(leader, current)) {
		at.advice = "make the checkpoint from outside of the tree";
		return error_add(errors, -EINVAL, &at,
				 "makes this checkpoint, and is a descendant of the process");
	}
	if (!sym(ptrace_may_access)(leader, PTRACE_MODE_ATTACH_REALCREDS))
		return collect_denied(proc->cp, leader);
	if (leader->ptrace) {
		at.reason = CKPT_REASON_BUSY;
		at.advice = "detach the tracer (a debugger, strace)";
		return error_add(errors, -EBUSY, &at, "is traced");
	}
	if (READ_ONCE(leader->jobctl) & JOBCTL_STOPPED) {
		at.reason = CKPT_REASON_BUSY;
		at.advice = "continue it with SIGCONT first";
		return error_add(errors, -EBUSY, &at, "is stopped");
	}
	return 0;
}

static int collect_early(struct checkpoint_process *proc)
{
	struct rw_semaphore *exec = &proc->leader->signal->exec_update_lock;
	int ret;

	/* It may execute a program with other rights, of which the caller is to hear nothing. */
	if (down_read_killable(exec))
		return -EINTR;
	ret = sym(ptrace_may_access)(proc->leader, PTRACE_MODE_ATTACH_REALCREDS) ?
	      early_check(proc) : collect_denied(proc->cp, proc->leader);
	up_read(exec);
	if (!ret && !(proc->cp->flags & CKPT_CHECKPOINT_DRY_RUN))
		ret = early_bring_in_all(proc);
	return ret;
}

/* Look at a new member, which runs, unless it is about to end: what that leaves is seen later. */
static int collect_admit(struct checkpoint_process *proc)
{
	int ret = collect_eligible(proc);

	if (ret || park_ends(proc->leader))
		return ret;
	ret = collect_early(proc);
	if (ret || proc->cp->flags & CKPT_CHECKPOINT_DRY_RUN)
		return ret;
	proc->snap = snapshot_prepare();
	return PTR_ERR_OR_ZERO(proc->snap);
}

/* A socket that is a standard stream of any member is not refused early. */
static int collect_streams(struct checkpoint *cp, struct checkpoint_process *proc)
{
	int ret = 0;

	list_for_each_entry_continue(proc, &cp->processes, list) {
		ret = operation_ends(cp->op) ?: outside_look(proc);
		if (ret)
			break;
		cond_resched();
	}
	outside_let_go(cp);
	return ret;
}

/* The members that are on the list, and were not admitted yet: those behind @proc. */
static int collect_admit_new(struct checkpoint *cp, struct checkpoint_process *proc)
{
	int ret = collect_streams(cp, proc);

	if (ret)
		return ret;
	list_for_each_entry_continue(proc, &cp->processes, list) {
		ret = operation_ends(cp->op) ?: collect_admit(proc);
		if (ret)
			break;
		cond_resched();
	}
	/* All that is refused is said, of all of them. */
	return ret ?: cp->refused ? -EOPNOTSUPP : 0;
}

/* All processes of the image: the one that the caller has named, and its descendants. */
static int collect_collect(struct checkpoint *cp, pid_t nr)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER };
	struct task_struct *leader = collect_leader(nr);
	struct checkpoint_process *first;
	int ret;

	if (!leader)
		return error_add(&cp->op->errors, -ESRCH, &at, "there is no process %d", nr);
	ret = collect_alive(cp, leader) ?: members_add(cp, leader);
	put_task_struct(leader);
	if (!ret)
		ret = min(members_collect(cp), 0);
	first = list_entry(&cp->processes, struct checkpoint_process, list);
	return ret ?: collect_admit_new(cp, first);
}

static int collect_wait_early(struct checkpoint *cp, unsigned long deadline)
{
	struct checkpoint_process *proc;
	int ret = 0;

	list_for_each_entry(proc, &cp->processes, list)
		ret = ret ?: early_wait(proc, deadline);
	return ret;
}

static int collect_add(struct checkpoint *cp, struct park_set *set)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER };
	struct checkpoint_process *proc;

	list_for_each_entry(proc, &cp->processes, list) {
		if (proc->park)
			continue;
		proc->park = park_add(set, proc->leader);
		if (IS_ERR(proc->park))
			return PTR_ERR(proc->park);
		at.task = proc->leader;
		if (proc == members_named(cp) && proc->park->ended)
			return error_add(&cp->op->errors, -ESRCH, &at, "has ended");
		cond_resched();
	}
	return 0;
}

/**
 * struct collect_more - who looks for members that have come to be since
 * @cp: the checkpoint
 * @set: that is being frozen
 */
struct collect_more {
	struct checkpoint *cp;
	struct park_set *set;
};

static int collect_add_more(void *arg)
{
	struct collect_more *more = arg;
	struct checkpoint *cp = more->cp;
	struct checkpoint_process *last;
	int n, ret;

	last = list_last_entry(&cp->processes, struct checkpoint_process, list);
	n = members_collect(cp);
	if (n <= 0)
		return n;
	ret = collect_admit_new(cp, last) ?: collect_add(cp, more->set);
	return ret ?: n;
}

static int collect_freeze(struct checkpoint *cp, unsigned long deadline, unsigned long limit)
{
	struct collect_more more = { .cp = cp, .set = park_new(cp->op, limit) };
	int ret;

	if (!more.set)
		return -ENOMEM;
	ret = collect_add(cp, more.set) ?:
	      park_freeze(more.set, deadline, collect_add_more, &more);
	if (ret) {
		park_put(more.set);
		return ret;
	}
	cp->park = more.set;
	members_settle(cp);
	return 0;
}

int collect_park(struct checkpoint *cp, const struct ckpt_checkpoint *arg)
{
	unsigned long limit = msecs_to_jiffies(arg->timeout_ms ?: COLLECT_TIMEOUT_MS);
	unsigned long deadline = jiffies + limit;
	int tries, ret;

	operation_phase(cp->op, CKPT_PHASE_PARK);
	for (tries = 0; ; tries++) {
		ret = collect_collect(cp, arg->pid) ?: collect_wait_early(cp, deadline);
		if (ret)
			return ret;
		ret = collect_freeze(cp, deadline, limit);
		/* An exec by a thread gives the process a new leader: look again. */
		if (ret != -ECHILD || tries == COLLECT_TRIES)
			return ret;
		outside_forget(cp);
		members_free(cp);
		error_destroy(&cp->op->errors);
		WRITE_ONCE(cp->op->stopped, false);
	}
}
