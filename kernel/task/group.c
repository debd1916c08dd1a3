// SPDX-License-Identifier: GPL-2.0
/*
 * Process groups and sessions.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/tty.h>

#include "../arch/arch.h"
#include "../compat/compat.h"
#include "../core/build.h"
#include "../core/context.h"
#include "../core/members.h"
#include "../core/refuse.h"
#include "../core/symbols.h"
#include "cred.h"
#include "group.h"

/* ---- checkpoint ---- */

/* Is the number, which is not 0, that of a member? */
static bool group_has(struct checkpoint *cp, struct pid *pid)
{
	return xa_load(&cp->by_tgid, pid_nr(pid));
}

int group_check(struct checkpoint_process *proc)
{
	struct task_struct *first = members_named(proc->cp)->leader;
	bool terminal = false;
	const char *what = NULL;

	rcu_read_lock();
	if (task_session(proc->leader) != task_session(first)) {
		terminal = READ_ONCE(proc->leader->signal->tty);
		if (!group_has(proc->cp, task_session(proc->leader)))
			what = "a session whose leader has ended, or is not a descendant,";
	}
	if (!what && task_pgrp(proc->leader) != task_pgrp(first) &&
	    !group_has(proc->cp, task_pgrp(proc->leader)))
		what = "a process group whose leader has ended, or is not a descendant,";
	rcu_read_unlock();
	if (!what && terminal)
		what = "a session with a terminal of its own";
	if (what)
		refuse(proc, CKPT_WHERE_NONE, 0, CKPT_REASON_UNSUPPORTED, NULL,
		       "%s is not supported", what);
	return 0;
}

/* ---- restart ---- */

static struct restart_process *group_find(struct restart *rs, u32 nr)
{
	struct restart_process *p = xa_load(&rs->by_tid, nr);

	return p && p->pid == nr ? p : NULL;
}

int group_check_tree(struct restart *rs)
{
	struct restart_process *p, *group, *session;

	list_for_each_entry(p, &rs->processes, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		group = group_find(rs, p->pgid);
		session = group_find(rs, p->sid);
		/* A group lies within a session, and is not left by who leads that. */
		if ((group && group->sid != p->sid) || (session && session->sid != session->pid) ||
		    (p->sid == p->pid && p->pgid != p->pid))
			return stream_in_bad(&rs->in, "group and session of process %u", p->pid);
	}
	return 0;
}

/* A detached program of another user: all of the first one's session go along with it. */
static bool group_is_foreign(struct restart *rs)
{
	struct restart_process *p;

	list_for_each_entry(p, &rs->processes, list)
		if (!p->ended && !cred_same_ids(p->leader->final.cred, current_cred()))
			return true;
	return false;
}

void group_begin(struct restart *rs)
{
	rs->foreign = rs->flags & CKPT_RESTART_DETACH && group_is_foreign(rs);
}

/* Is it a session, or group, that is led by a process of the image here, too? */
static bool group_is_led(struct restart *rs, u32 nr)
{
	struct restart_process *leader = group_find(rs, nr);

	return leader && (leader != restart_first(rs) || rs->flags & CKPT_RESTART_DETACH);
}

void group_lead(struct restart_process *p)
{
	struct restart *rs = p->rs;

	if (p->sid == p->pid && group_is_led(rs, p->sid))
		arch_sys(setsid, 0);
	else if (p == restart_first(rs) && rs->foreign)
		arch_sys(setsid, 0);
}

/* The session it belongs to: a number, or 0 for the restarter's. */
static u32 group_session(struct restart_process *p)
{
	struct restart *rs = p->rs;

	if (group_is_led(rs, p->sid))
		return p->sid;
	return rs->foreign ? restart_first(rs)->pid : 0;
}

static u32 group_group(struct restart_process *p)
{
	if (group_is_led(p->rs, p->pgid))
		return p->pgid;
	return group_session(p);
}

/* Under tasklist_lock: its number as a struct, or NULL if it was killed, and reaped. */
static struct pid *group_pid(struct restart *rs, u32 nr)
{
	return task_tgid(group_find(rs, nr)->leader->task);
}

static int group_move(struct restart_process *p, u32 session, u32 group, struct pid **pids)
{
	struct task_struct *task = p->leader->task;
	struct pid *to_session = session ? group_pid(p->rs, session) : task_session(current);
	struct sighand_struct *sighand = rcu_dereference_protected(task->sighand, true);
	struct pid *to_group = group ? group_pid(p->rs, group) : task_pgrp(current);

	if (!to_session || !to_group || !sighand)
		return -ECHILD;
	if (task_session(task) != to_session) {
		compat_change_pid(pids, task, PIDTYPE_SID, to_session);
		/* That is the terminal of the session it has left. */
		spin_lock(&sighand->siglock);
		swap(task->signal->tty, p->left_tty);
		spin_unlock(&sighand->siglock);
	}
	if (task_pgrp(task) != to_group)
		compat_change_pid(pids, task, PIDTYPE_PGID, to_group);
	return 0;
}

int group_join(struct restart *rs)
{
	rwlock_t *lock = (rwlock_t *)sym_addr(tasklist_lock);
	struct pid *pids[PIDTYPE_MAX];
	struct restart_process *p;
	u32 session, group;
	int ret = 0;

	list_for_each_entry(p, &rs->processes, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		session = group_session(p);
		group = group_group(p);
		memset(pids, 0, sizeof(pids));
		write_lock_irq(lock);
		ret = group_move(p, session, group, pids);
		write_unlock_irq(lock);
		compat_free_pids(pids);
		tty_kref_put(p->left_tty);
		p->left_tty = NULL;
		if (ret)
			break;
		cond_resched();
	}
	return ret;
}
