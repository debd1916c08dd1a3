// SPDX-License-Identifier: GPL-2.0
/*
 * State of a process (thread group) as a whole that belongs to no other kind.
 */
#include <linux/capability.h>
#include <linux/nsproxy.h>
#include <linux/oom.h>
#include <linux/pid_namespace.h>
#include <linux/resource.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "../arch/arch.h"
#include "../core/build.h"
#include "../core/context.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "cred.h"
#include "group.h"
#include "../mm/mm.h"
#include "../core/members.h"
#include "../core/owner.h"
#include "../core/park.h"
#include "process.h"
#include "../core/symbols.h"
#include "thread.h"

static int process_refuse(struct checkpoint_process *proc, enum ckpt_reason reason,
			  const char *advice, const char *what)
{
	return refuse(proc, CKPT_WHERE_NONE, 0, reason, advice, "%s is not supported",
		      what);
}

/* Namespaces other than the caller's: names in the image would not mean the same. */
static void process_check_namespaces(struct checkpoint_process *proc)
{
	const struct nsproxy *ours = current->nsproxy, *ns;
	const struct pid_namespace *pid_ns;
	const char *what = NULL;

	task_lock(proc->leader);
	ns = proc->leader->nsproxy;
	if (!ns)
		what = NULL;
	else if (ns->mnt_ns != ours->mnt_ns)
		what = "another mount namespace";
	else if (ns->net_ns != ours->net_ns)
		what = "another network namespace";
	else if (ns->uts_ns != ours->uts_ns)
		what = "another UTS namespace";
	else if (ns->ipc_ns != ours->ipc_ns)
		what = "another IPC namespace";
	else if (ns->pid_ns_for_children != ours->pid_ns_for_children)
		what = "another pid namespace for children";
	else if (ns->time_ns != ours->time_ns || ns->time_ns_for_children != ns->time_ns)
		what = "another time namespace";
	else if (ns->cgroup_ns != ours->cgroup_ns)
		what = "another cgroup namespace";
	task_unlock(proc->leader);
	rcu_read_lock();
	/* It may run, and end: then it has no pid any more. */
	pid_ns = task_active_pid_ns(proc->leader);
	if (!what && pid_ns && pid_ns != task_active_pid_ns(current))
		what = "another pid namespace";
	if (!what && __task_cred(proc->leader)->user_ns != current_user_ns())
		what = "another user namespace";
	rcu_read_unlock();
	if (what)
		process_refuse(proc, CKPT_REASON_UNSUPPORTED, "run ckpt inside it", what);
}

/* Parts that two processes have in common if one of them was cloned with CLONE_VM and the like. */
enum process_part { PROCESS_MEMORY, PROCESS_FILES, PROCESS_FS, PROCESS_PARTS };

static const char *const process_parts[PROCESS_PARTS] = {
	[PROCESS_MEMORY] = "memory",
	[PROCESS_FILES] = "descriptors",
	[PROCESS_FS] = "a directory",
};

static const void *process_part(const struct task_struct *task, enum process_part part)
{
	const void *parts[PROCESS_PARTS] = {
		[PROCESS_MEMORY] = READ_ONCE(task->mm),
		[PROCESS_FILES] = READ_ONCE(task->files),
		[PROCESS_FS] = READ_ONCE(task->fs),
	};

	return parts[part];
}

/* More users than threads: somebody who looks for a moment, a thread that ends, or a process. */
static bool process_may_share(struct checkpoint_process *proc, enum process_part part)
{
	int threads = proc->park->nr - proc->park->nr_gone;
	struct task_struct *leader = proc->leader;
	int users = 0;

	/* It may be killed. */
	task_lock(leader);
	if (part == PROCESS_MEMORY)
		/* One is ours. */
		users = atomic_read(&proc->mm->mm->mm_users) - 1;
	else if (part == PROCESS_FILES && leader->files)
		users = atomic_read(&leader->files->count);
	else if (part == PROCESS_FS && leader->fs)
		users = READ_ONCE(leader->fs->users);
	task_unlock(leader);
	return users > threads;
}

static void process_check_shared(struct checkpoint_process *proc, enum process_part part)
{
	const void *ours = part == PROCESS_MEMORY ? proc->mm->mm : process_part(proc->leader, part);
	struct park_set *set = proc->cp->park;
	struct task_struct *leader, *other, *found = NULL;
	char comm[TASK_COMM_LEN];
	pid_t pid = 0;

	if (!ours || !process_may_share(proc, part))
		return;
	rcu_read_lock();
	/* Threads, not processes: the first one of the other may have ended. */
	for_each_process_thread(leader, other) {
		if (found || process_part(other, part) != ours || park_has(set, other))
			continue;
		found = other;
		pid = task_tgid_vnr(other);
		get_task_comm(comm, other);
	}
	rcu_read_unlock();
	if (found)
		refuse(proc, CKPT_WHERE_NONE, 0, CKPT_REASON_SHARED, NULL,
		       "%s shared with process %d (%s) is not supported",
		       process_parts[part], pid, comm);
}

/*
 * A child can get these from its parent, when it is made, and from nobody else: members that share
 * one have to be a family.
 */
static void process_check_family(struct checkpoint_process *proc)
{
	struct checkpoint_process *parent = members_parent(proc);
	const char *what = NULL;

	if (proc->mm->proc != proc && (!parent || parent->mm != proc->mm))
		what = "memory";
	else if (proc->files->proc != proc && (!parent || parent->files != proc->files))
		what = "descriptors";
	else if (proc->fs->place.proc != proc && (!parent || parent->fs != proc->fs))
		what = "a directory";
	else if (proc->sighand->place.proc != proc && (!parent || parent->sighand != proc->sighand))
		what = "signal actions";
	if (what)
		refuse(proc, CKPT_WHERE_NONE, 0, CKPT_REASON_UNSUPPORTED, NULL,
		       "%s shared with a process that is not its parent is not supported", what);
}

/*
 * A restart gives all threads the same of these. All threads are parked, so nothing changes here.
 * Return: NULL, or words for what a thread has of its own.
 */
static const char *process_unshared(const struct task_struct *task,
				    const struct task_struct *leader)
{
	if (READ_ONCE(task->files) != READ_ONCE(leader->files))
		return "a thread with descriptors of its own (CLONE_FILES)";
	if (READ_ONCE(task->fs) != READ_ONCE(leader->fs))
		return "a thread with a directory of its own (CLONE_FS)";
	if (READ_ONCE(task->nsproxy) != READ_ONCE(leader->nsproxy))
		return "a thread with namespaces of its own";
	return NULL;
}

static int process_check_threads(struct checkpoint_process *proc)
{
	struct park_task *pt;
	const char *what;

	list_for_each_entry(pt, &proc->park->tasks, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!pt->thread || !park_pin(pt))
			continue;
		thread_look(pt->thread, pt->task);
		what = process_unshared(pt->task, proc->leader) ?:
		       thread_unsupported(pt->task) ?:
		       pt->thread->refused;
		park_unpin(pt);
		if (what)
			refuse_task(proc->cp, pt->task, what);
	}
	return 0;
}

void process_look(struct checkpoint_process *proc)
{
	process_check_namespaces(proc);
}

int process_check(struct checkpoint_process *proc)
{
	enum process_part part;

	for (part = 0; part < PROCESS_PARTS; part++)
		process_check_shared(proc, part);
	process_check_family(proc);
	group_check(proc);
	process_look(proc);
	return process_check_threads(proc);
}

/* Its threads; one that has ended is the main one alone. */
static int process_tids(struct checkpoint_process *proc, struct pb_tree *pb)
{
	struct park_task *pt;

	pb->tid = kvmalloc_array(proc->park->nr + 1, sizeof(*pb->tid), GFP_KERNEL_ACCOUNT);
	if (!pb->tid)
		return -ENOMEM;
	list_for_each_entry(pt, &proc->park->tasks, list)
		if (pt->thread && !proc->ended)
			pb->tid[pb->n_tid++] = pt->vnr;
	if (proc->ended)
		pb->tid[pb->n_tid++] = proc->pid;
	return 0;
}

/* As wait(2) will give it. */
static u32 process_status(const struct task_struct *leader)
{
	return leader->signal->flags & SIGNAL_GROUP_EXIT ? leader->signal->group_exit_code :
							   leader->exit_code;
}

int process_write_tree(struct checkpoint_process *proc)
{
	struct pb_tree pb = { .n_pid = 1, .pid = &proc->pid, .state = PB_TASK_LIVE };
	struct task_struct *leader = proc->leader;
	char comm[TASK_COMM_LEN];
	int ret;

	proc->pid = task_tgid_vnr(leader);
	ret = process_tids(proc, &pb);
	if (ret)
		return ret;
	rcu_read_lock();
	pb.ppid = task_tgid_vnr(rcu_dereference(leader->real_parent));
	pb.pgid = task_pgrp_vnr(leader);
	pb.sid = task_session_vnr(leader);
	rcu_read_unlock();
	get_task_comm(comm, leader);
	pb.comm.data = comm;
	pb.comm.len = strlen(comm);
	if (proc->ended) {
		pb.state = PB_TASK_ZOMBIE;
		pb.has_status = true;
		pb.status = process_status(leader);
		if (leader->exit_signal != SIGCHLD)
			process_refuse(proc, CKPT_REASON_UNSUPPORTED, NULL,
				       "a process that has ended with a signal of its own to its parent");
	} else {
		pb.has_mm = true;
		pb.mm = proc->mm->obj->id;
		pb.has_files = true;
		pb.files = proc->files->obj->id;
		pb.has_fs = true;
		pb.fs = proc->fs->id;
		pb.has_sighand = true;
		pb.sighand = proc->sighand->id;
	}
	ret = stream_out_msg(&proc->cp->out, CKPT_REC_TREE, &pb_tree_msg, &pb);
	kvfree(pb.tid);
	return ret;
}

int process_write(struct checkpoint_process *proc)
{
	struct signal_struct *sig = proc->leader->signal;
	struct pb_process pb = {
		.pid = proc->pid,
		/* Only a parent has use for it, and who adopted it always gets SIGCHLD. */
		.exit_signal = proc->leader->exit_signal,
	};

	pb.has_child_subreaper = sig->is_child_subreaper;
	pb.child_subreaper = sig->is_child_subreaper;
	pb.has_oom_score_adj = !!sig->oom_score_adj;
	pb.oom_score_adj = sig->oom_score_adj;
	pb.has_oom_score_adj_min = !!sig->oom_score_adj_min;
	pb.oom_score_adj_min = sig->oom_score_adj_min;
	return stream_out_msg(&proc->cp->out, CKPT_REC_PROCESS, &pb_process_msg, &pb);
}

static u64 process_limit(unsigned long val)
{
	return val == RLIM_INFINITY ? U64_MAX : val;
}

int process_write_limits(struct checkpoint_process *proc)
{
	struct pb_limit limit[RLIM_NLIMITS];
	struct pb_limits pb = { .pid = proc->pid, .n_limit = RLIM_NLIMITS, .limit = limit };
	unsigned int i;

	BUILD_BUG_ON(RLIM_NLIMITS > PB_LIMITS_LIMIT_MAX);
	task_lock(proc->leader);
	for (i = 0; i < RLIM_NLIMITS; i++) {
		limit[i].resource = i;
		limit[i].soft = process_limit(proc->leader->signal->rlim[i].rlim_cur);
		limit[i].hard = process_limit(proc->leader->signal->rlim[i].rlim_max);
	}
	task_unlock(proc->leader);
	return stream_out_msg(&proc->cp->out, CKPT_REC_LIMITS, &pb_limits_msg, &pb);
}

/* ---- restart ---- */

static int process_too_new(struct restart *rs, const char *what)
{
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED };

	return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
			 "%s is not supported by this version", what);
}

/* Declare the objects that a process has, as its TREE record names them. */
static int process_declare(struct restart_process *p, const struct pb_tree *pb)
{
	struct restart_part *mm, *files, *fs, *sighand;
	struct restart *rs = p->rs;

	if (p->ended != !pb->has_mm || p->ended != !pb->has_files || p->ended != !pb->has_fs ||
	    p->ended != !pb->has_sighand || p->ended != pb->has_status)
		return stream_in_bad(&rs->in, "what process %u has", p->pid);
	if (p->ended)
		return 0;
	mm = owner_declare(rs, p, OBJECT_MM, pb->mm);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	files = owner_declare(rs, p, OBJECT_FILES, pb->files);
	if (IS_ERR(files))
		return PTR_ERR(files);
	fs = owner_declare(rs, p, OBJECT_FS, pb->fs);
	if (IS_ERR(fs))
		return PTR_ERR(fs);
	sighand = owner_declare(rs, p, OBJECT_SIGHAND, pb->sighand);
	if (IS_ERR(sighand))
		return PTR_ERR(sighand);
	p->mm = container_of(mm, struct restart_mm, part);
	p->files = container_of(files, struct restart_files, part);
	p->fs = container_of(fs, struct restart_fs, part);
	p->sighand = sighand;
	return 0;
}

static int process_set_tids(struct restart_process *p, const struct pb_tree *pb)
{
	struct restart *rs = p->rs;
	u32 i;
	int ret;

	if (pb->n_tid > rs->image.nr_tasks - rs->nr_tids)
		return stream_in_bad(&rs->in, "more threads than %u", rs->image.nr_tasks);
	rs->nr_tids += pb->n_tid;
	p->tids = kvmalloc_array(pb->n_tid, sizeof(*p->tids), GFP_KERNEL_ACCOUNT);
	if (!p->tids)
		return -ENOMEM;
	memcpy(p->tids, pb->tid, pb->n_tid * sizeof(*p->tids));
	p->nr_tids = pb->n_tid;
	for (i = 0; i < p->nr_tids; i++) {
		ret = -EBUSY;
		if (p->tids[i] && p->tids[i] <= PID_MAX_LIMIT)
			ret = xa_insert(&rs->by_tid, p->tids[i], p, GFP_KERNEL_ACCOUNT);
		if (ret)
			return ret == -EBUSY ?
			       stream_in_bad(&rs->in, "thread %u", p->tids[i]) : ret;
		cond_resched();
	}
	return 0;
}

int process_read_tree(struct restart *rs)
{
	struct restart_process *p;
	struct pb_tree pb;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_tree_msg, &pb);
	if (ret)
		return ret;
	if (!pb.n_pid || !pb.n_tid || pb.tid[0] != pb.pid[pb.n_pid - 1])
		return stream_in_bad(&rs->in, "numbers of the process");
	if (pb.n_pid > 1)
		return process_too_new(rs, "a process in a pid namespace of its own");
	if (pb.state == PB_TASK_STOPPED)
		return process_too_new(rs, "a stopped process");
	if (pb.state > PB_TASK_ZOMBIE)
		return stream_in_bad(&rs->in, "state of the process");
	p = kvzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;
	p->rs = rs;
	later_init(&p->later);
	list_add_tail(&p->list, &rs->processes);
	rs->nr_processes++;
	p->pid = pb.tid[0];
	p->pgid = pb.pgid;
	p->sid = pb.sid;
	p->ppid = pb.ppid;
	p->parent = xa_load(&rs->by_tid, pb.ppid);
	p->ended = pb.state == PB_TASK_ZOMBIE;
	p->status = pb.status;
	/* Nobody is the child of one that has ended, or of a thread. */
	if ((p->ended && (pb.n_tid > 1 || !p->parent || p->status & ~0xffff)) ||
	    (p->parent && (p->parent->ended || p->parent->pid != p->ppid)))
		return stream_in_bad(&rs->in, "kind of process %u", p->pid);
	memcpy(p->comm, pb.comm.data, min_t(size_t, pb.comm.len, sizeof(p->comm) - 1));
	return process_set_tids(p, &pb) ?: process_declare(p, &pb);
}

void process_free(struct restart_process *p)
{
	later_free(&p->later);
	kvfree(p->tids);
	kvfree(p->posix_timer);
	kvfree(p);
}

int process_read(struct restart *rs)
{
	struct restart_process *p;
	struct pb_process pb;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_process_msg, &pb);
	if (ret)
		return ret;
	p = owner_process(rs, pb.pid);
	if (IS_ERR(p))
		return PTR_ERR(p);
	if (!p->mm->part.read || !p->files->part.read || !p->fs->part.read || !p->sighand->read)
		return stream_in_bad(&rs->in, "not all that process %u has is there", p->pid);
	p->pb = pb;
	ret = p->mm->part.process == p ? mm_complete(rs, p->mm) : 0;
	if (ret)
		return ret;
	if (!valid_signal(pb.exit_signal) || pb.oom_score_adj < OOM_SCORE_ADJ_MIN ||
	    pb.oom_score_adj > OOM_SCORE_ADJ_MAX || pb.oom_score_adj_min < OOM_SCORE_ADJ_MIN ||
	    pb.oom_score_adj_min > OOM_SCORE_ADJ_MAX)
		return stream_in_bad(&rs->in, "kind of the process");
	return 0;
}

void process_begin(struct restart_process *p)
{
	struct rlimit *nofile = &current->signal->rlim[RLIMIT_NOFILE];
	struct rlimit *pending = &current->signal->rlim[RLIMIT_SIGPENDING];

	/* So that errors name the program and not the restarter. */
	task_lock(current);
	strscpy_pad(current->comm, p->comm, sizeof(current->comm));
	task_unlock(current);

	/* Its own limits come with the last steps, and may be below what it has. */
	task_lock(current->group_leader);
	if (capable(CAP_SYS_RESOURCE)) {
		nofile->rlim_max = INT_MAX;
		pending->rlim_max = RLIM_INFINITY;
	}
	nofile->rlim_cur = nofile->rlim_max;
	pending->rlim_cur = pending->rlim_max;
	task_unlock(current->group_leader);
}

static unsigned long process_unlimit(u64 val)
{
	return val == U64_MAX ? RLIM_INFINITY : val;
}

static int process_set_limits(struct restart_process *p)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = current,
		.advice = "restart it with CAP_SYS_RESOURCE",
	};
	bool may = capable(CAP_SYS_RESOURCE);
	unsigned int i, denied = RLIM_NLIMITS;

	task_lock(current->group_leader);
	for (i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit *now = &current->signal->rlim[i];

		if (!(p->rlim_set & BIT(i)))
			continue;
		if (p->rlim[i].rlim_max > now->rlim_max && !may) {
			denied = i;
			break;
		}
		*now = p->rlim[i];
	}
	task_unlock(current->group_leader);
	if (p->rlim_set & BIT(RLIMIT_CPU) && p->rlim[RLIMIT_CPU].rlim_cur != RLIM_INFINITY)
		sym(update_rlimit_cpu)(current, p->rlim[RLIMIT_CPU].rlim_cur);
	if (denied < RLIM_NLIMITS)
		return error_add(&p->rs->ctx->errors, -EPERM, &at,
				 "its resource limit %u is higher than this shell's", denied);
	return 0;
}

static int process_finish(struct restart_process *p)
{
	struct restart *rs = p->rs;
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = current,
		.advice = "restart it with CAP_SYS_RESOURCE",
	};
	struct signal_struct *sig = current->signal;
	int ret;

	ret = process_set_limits(p);
	if (ret)
		return ret;
	if (p->pb.oom_score_adj < sig->oom_score_adj_min && !capable(CAP_SYS_RESOURCE))
		return error_add(&rs->ctx->errors, -EPERM, &at,
				 "its OOM score adjustment %d cannot be given back",
				 p->pb.oom_score_adj);
	sig->oom_score_adj = p->pb.oom_score_adj;
	/* As low as it may be set without CAP_SYS_RESOURCE; lower than here, with that alone. */
	if (p->pb.oom_score_adj_min > sig->oom_score_adj_min || capable(CAP_SYS_RESOURCE))
		sig->oom_score_adj_min = p->pb.oom_score_adj_min;
	sig->is_child_subreaper = p->pb.child_subreaper;

	/* A process that adopts others, as the restarter does, gets SIGCHLD always. */
	current->group_leader->exit_signal = p->parent ? p->pb.exit_signal : SIGCHLD;
	group_lead(p);
	return 0;
}

int process_read_limits(struct restart *rs)
{
	struct restart_process *p;
	struct pb_limits pb;
	unsigned int i;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_limits_msg, &pb);
	if (ret)
		return ret;
	p = owner_process(rs, pb.pid);
	if (IS_ERR(p))
		return PTR_ERR(p);
	for (i = 0; i < pb.n_limit; i++) {
		const struct pb_limit *limit = &pb.limit[i];

		if (limit->resource >= RLIM_NLIMITS || limit->soft > limit->hard)
			return stream_in_bad(&rs->in, "limit %u", limit->resource);
		p->rlim[limit->resource].rlim_cur = process_unlimit(limit->soft);
		p->rlim[limit->resource].rlim_max = process_unlimit(limit->hard);
		p->rlim_set |= BIT(limit->resource);
	}
	return later_call(&rs->here->later, LATER_PROCESS, process_finish);
}
