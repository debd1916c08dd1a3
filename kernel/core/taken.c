// SPDX-License-Identifier: GPL-2.0
/*
 * Restart: a pid that the image needs, and somebody else has.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "context.h"
#include "taken.h"

/* How long to wait for ids of processes that end: those of the program itself, say. */
#define TAKEN_ENDING	(60 * HZ)
/* And for their parents to take notice. Most do so at once; some never do. */
#define TAKEN_REAPED	(3 * HZ)

/**
 * enum taken_holder - who has a pid that the image needs
 * @HOLDER_LIVES: a process that does not end, or a group or session
 * @HOLDER_ENDS: one that does, or none any more
 * @HOLDER_DEAD: one that has ended, and its parent does not know yet
 * @HOLDER_OURS: the same, and we are its parent: nobody will reap it while we are here
 */
enum taken_holder { HOLDER_LIVES, HOLDER_ENDS, HOLDER_DEAD, HOLDER_OURS };

static enum taken_holder taken_holder(const struct restart *rs, struct task_struct *task)
{
	/* A leader may end before its threads. */
	bool last = !thread_group_leader(task) || thread_group_empty(task);
	enum taken_holder holder = HOLDER_LIVES;

	rcu_read_lock();
	if (READ_ONCE(task->exit_state) == EXIT_ZOMBIE && thread_group_leader(task) && last)
		holder = task_tgid_nr(rcu_dereference(task->real_parent)) == rs->restarter ?
			 HOLDER_OURS : HOLDER_DEAD;
	else if (READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT ||
		 (last && READ_ONCE(task->flags) & PF_EXITING))
		holder = HOLDER_ENDS;
	rcu_read_unlock();
	return holder;
}

bool taken_wait(struct restart *rs, u32 nr)
{
	enum taken_holder holder = HOLDER_ENDS;
	unsigned long most;
	struct pid *pid = find_get_pid(nr);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);

	if (task)
		holder = taken_holder(rs, task);
	else if (pid && (pid_has_task(pid, PIDTYPE_PGID) || pid_has_task(pid, PIDTYPE_SID)))
		holder = HOLDER_LIVES;
	if (task)
		put_task_struct(task);
	put_pid(pid);
	if (holder == HOLDER_LIVES || holder == HOLDER_OURS || fatal_signal_pending(current))
		return false;
	if (!rs->wait_since)
		rs->wait_since = jiffies ?: 1;
	most = holder == HOLDER_ENDS ? TAKEN_ENDING : TAKEN_REAPED;
	if (time_after(jiffies, rs->wait_since + most))
		return false;
	operation_phase(rs->ctx, CKPT_PHASE_WAIT);
	set_current_state(TASK_KILLABLE | TASK_FREEZABLE);
	schedule_timeout(max(HZ / 50, 1));
	operation_phase(rs->ctx, CKPT_PHASE_BUILD);
	return true;
}

int taken_refuse(struct restart *rs, int err, u32 nr)
{
	struct error_at at = { .reason = CKPT_REASON_TAKEN };
	struct task_struct *task, *parent;
	char comm[TASK_COMM_LEN];
	struct pid *pid;
	pid_t parent_nr;
	int ret;

	if (err == -EPERM) {
		at.reason = CKPT_REASON_DENIED;
		at.advice = "restart it with CAP_CHECKPOINT_RESTORE or as root";
		return error_add(&rs->ctx->errors, err, &at,
				 "you have no right to choose pid %u", nr);
	}
	if (err != -EEXIST)
		return error_add(&rs->ctx->errors, err, &at, "pid %u cannot be created", nr);
	pid = find_get_pid(nr);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	at.task = task;
	at.advice = "end that process, or see --new-pidns";
	if (task && READ_ONCE(task->exit_state)) {
		rcu_read_lock();
		parent = rcu_dereference(task->real_parent);
		parent_nr = task_tgid_vnr(parent);
		get_task_comm(comm, parent->group_leader);
		rcu_read_unlock();
		at.advice = "end the parent, or see --new-pidns";
		ret = error_add(&rs->ctx->errors, err, &at,
				"has ended, and keeps the pid %u until its parent %d (%s) reaps it",
				nr, parent_nr, comm);
	} else {
		ret = error_add(&rs->ctx->errors, err, &at, task ?
			"has the pid %u that the image needs" :
			"pid %u, which the image needs, is the group or session of other processes",
			nr);
	}
	if (task)
		put_task_struct(task);
	return ret;
}
