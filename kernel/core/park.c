// SPDX-License-Identifier: GPL-2.0
/*
 * Freezing processes, and letting them go.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "../arch/arch.h"
#include "claim.h"
#include "ended.h"
#include "operation.h"
#include "park.h"
#include "symbols.h"
#include "../task/syscall.h"
#include "../task/thread.h"

/*
 * How a parked thread sleeps: SIGKILL ends it, it does not count as load, and a system suspend
 * may freeze it.
 */
#define PARK_TASK_STATE	(TASK_KILLABLE | TASK_NOLOAD | TASK_FREEZABLE)

/* In jiffies: how often to look for new threads, and whether there is a process still. */
#define PARK_LOOK	max(HZ / 10, 1)

/* In nanoseconds: how often to look whether somebody who exits is done with memory. */
#define PARK_LEAVE_NS	(50 * NSEC_PER_USEC)

static void park_free_process(struct park_process *proc)
{
	struct park_task *pt, *next;

	list_for_each_entry_safe(pt, next, &proc->tasks, list) {
		thread_free(pt->thread);
		put_task_struct(pt->task);
		kfree(pt);
		cond_resched();
	}
	put_task_struct(proc->leader);
	kfree(proc);
}

static void park_free(struct kref *ref)
{
	struct park_set *set = container_of(ref, struct park_set, ref);
	struct park_process *proc, *next;

	list_for_each_entry_safe(proc, next, &set->processes, list)
		park_free_process(proc);
	xa_destroy(&set->tasks);
	xa_destroy(&set->by_tgid);
	operation_put(set->op);
	put_task_struct(set->owner);
	kfree(set);
}

/* The work has run, or will never run: its hold on the set and on the module ends. */
static void park_put_work(struct park_task *pt)
{
	kref_put(&pt->proc->set->ref, park_free);
	module_put(THIS_MODULE);
}

static void park_set_state(struct park_task *pt, enum park_state state)
{
	struct park_set *set = pt->proc->set;
	bool last = false;

	spin_lock(&set->lock);
	if (pt->state == PARK_COMING)
		last = !--set->nr_coming;
	if (state == PARK_GONE) {
		set->nr_gone++;
		pt->proc->nr_gone++;
	} else if (!set->first) {
		set->first = ktime_get();
		WRITE_ONCE(set->deadline, jiffies + set->limit);
	}
	pt->state = state;
	spin_unlock(&set->lock);
	if (last)
		wake_up(&set->arrived);
}

/*
 * A thread that a restart has made gets its registers by a task_work, too, at its first return to
 * user mode. Works run in no order: if ours comes first, there is nothing to capture yet. Once
 * only: a program may have jumped to zero by itself.
 */
static bool park_too_early(struct park_task *pt)
{
	bool early = !pt->again && arch_regs_unset(task_pt_regs(current));

	pt->again = early;
	return early;
}

/* park_queue() may still be looking at the thread: wait for it. */
static u64 park_wake_ns(struct park_task *pt)
{
	u64 wake_ns;

	spin_lock(&pt->asking);
	wake_ns = pt->wake_ns;
	spin_unlock(&pt->asking);
	return wake_ns;
}

/* Are the threads to go on? */
static bool park_over(const struct park_set *set)
{
	/* Pairs with park_release(): whoever sees it released sees how. */
	int outcome = atomic_read_acquire(&set->outcome);

	return outcome >= PARK_RELEASED;
}

bool park_stalled(struct park_set *set)
{
	return atomic_read(&set->outcome) == PARK_STALLED;
}

struct park_task *park_find(struct park_set *set, struct task_struct *task)
{
	struct park_task *pt = xa_load(&set->tasks, task_pid_nr(task));

	return pt && pt->task == task ? pt : NULL;
}

/* In jiffies: until the threads look again; 0 or less: the deadline is over. */
static long park_left(const struct park_set *set, unsigned long stall)
{
	if (stall == PARK_FOREVER || atomic_read(&set->outcome) != PARK_FROZEN)
		return MAX_SCHEDULE_TIMEOUT;
	if (stall)
		return READ_ONCE(set->op->progress.moved) + stall - jiffies;
	return READ_ONCE(set->deadline) - jiffies;
}

/* The deadline is over. The one who is first, a thread or the owner, decides for all. */
static void park_expire(struct park_set *set, enum park_outcome how)
{
	if (atomic_cmpxchg(&set->outcome, PARK_FROZEN, how) != PARK_FROZEN)
		return;
	wake_up_all(&set->release);
	wake_up_all(&set->arrived);
	/* The owner may wait for somebody to read the image. */
	spin_lock(&set->lock);
	if (!set->leaves)
		operation_stop(set->op, set->owner);
	spin_unlock(&set->lock);
}

/*
 * In the thread: sleep until the release, the deadline, or SIGKILL. Meanwhile it counts as frozen
 * for its cgroup, as one that is stopped does. If the cgroup is being frozen at the end, it stays
 * so: the thread finds that out on its way to user mode.
 */
static void park_sleep(struct park_set *set)
{
	bool counts = sym_have(cgroup_enter_frozen);
	DEFINE_WAIT(wait);
	unsigned long stall;
	long left;

	if (counts)
		sym(cgroup_enter_frozen)();
	for (;;) {
		prepare_to_wait(&set->release, &wait, PARK_TASK_STATE);
		if (park_over(set) || fatal_signal_pending(current))
			break;
		stall = READ_ONCE(set->stall);
		left = park_left(set, stall);
		if (left > 0)
			schedule_timeout(left);
		else
			park_expire(set, stall ? PARK_STALLED : PARK_EXPIRED);
	}
	finish_wait(&set->release, &wait);
	if (counts)
		sym(cgroup_leave_frozen)(false);
}

/*
 * In the thread: it goes before it is released. The owner may be at work at this moment with what
 * only a living thread has: wait for the end of that, but not for an owner that has died within.
 */
static void park_leave(struct park_task *pt)
{
	struct park_set *set = pt->proc->set;

	park_set_state(pt, PARK_GONE);
	while (atomic_read(&set->pins) && !(READ_ONCE(set->owner->flags) & PF_EXITING)) {
		set_current_state(TASK_UNINTERRUPTIBLE | TASK_NOLOAD);
		schedule_timeout(1);
	}
}

/* In the thread: be held until the release, if it was not before. */
static void park_here(struct park_task *pt, const struct syscall_rest *rest)
{
	struct park_set *set = pt->proc->set;

	pt->thread = thread_capture(rest);
	if (IS_ERR(pt->thread)) {
		pt->error = PTR_ERR(pt->thread);
		pt->thread = NULL;
	}
	park_set_state(pt, PARK_THERE);
	park_sleep(set);
	if (atomic_read_acquire(&set->outcome) != PARK_RELEASED)
		park_leave(pt);
	else if (set->how == CKPT_RELEASE_KILL)
		send_sig(SIGKILL, current, 1);
}

/* Runs in the thread, at its return to user mode, or while it exits. */
static void park_callback(struct callback_head *work)
{
	struct park_task *pt = container_of(work, struct park_task, work);
	bool exits = current->flags & PF_EXITING, early = false;
	struct park_set *set = pt->proc->set;
	struct syscall_rest rest = {};

	if (!exits && park_too_early(pt)) {
		if (!park_over(set) && !task_work_add(current, work, TWA_SIGNAL))
			return;
		early = true;
	}
	/* A thread that comes too late was woken as well: its call must not show that. */
	if (!exits && !early)
		syscall_interrupted(&rest, park_wake_ns(pt));
	if (exits || early || park_over(set))
		park_set_state(pt, PARK_GONE);
	else
		park_here(pt, &rest);
	kref_put(&set->ref, park_free);
	syscall_resume(&rest);
	module_put(THIS_MODULE);
}

/* Until it is asked, it counts as gone. */
static int park_task_new(struct park_process *proc, struct task_struct *task)
{
	struct park_task *pt = kzalloc(sizeof(*pt), GFP_KERNEL_ACCOUNT);

	if (!pt)
		return -ENOMEM;
	init_task_work(&pt->work, park_callback);
	spin_lock_init(&pt->asking);
	pt->proc = proc;
	pt->task = get_task_struct(task);
	pt->tid = task_pid_nr(task);
	pt->vnr = task_pid_vnr(task);
	pt->state = PARK_GONE;
	list_add_tail(&pt->list, &proc->tasks);
	/*
	 * A thread that execs takes over the leader's tid. The old leader is gone then; what was
	 * its entry stays on the list.
	 */
	return xa_err(xa_store(&proc->set->tasks, pt->tid, pt, GFP_KERNEL_ACCOUNT));
}

/*
 * Do what TWA_SIGNAL does. In between, when the thread can no longer get to user mode but was not
 * woken yet, look at the call it sleeps in: that is the call that ends now, and not the one before.
 * Return: 0, or -ESRCH if the thread ends.
 */
static int park_queue(struct park_task *pt)
{
	bool told = true;
	int ret;

	spin_lock(&pt->asking);
	ret = task_work_add(pt->task, &pt->work, TWA_NONE);
	if (!ret) {
		told = test_and_set_tsk_thread_flag(pt->task, TIF_NOTIFY_SIGNAL);
		pt->wake_ns = syscall_sleeps_until(pt->task);
	}
	spin_unlock(&pt->asking);
	if (!told && !sym(wake_up_state)(pt->task, TASK_INTERRUPTIBLE))
		kick_process(pt->task);
	return ret;
}

/* Ask one thread to park. If it is about to end, it needs no asking. */
static void park_ask(struct park_task *pt)
{
	struct park_set *set = pt->proc->set;

	spin_lock(&set->lock);
	set->nr++;
	pt->proc->nr++;
	set->nr_coming++;
	pt->state = PARK_COMING;
	spin_unlock(&set->lock);
	kref_get(&set->ref);
	__module_get(THIS_MODULE);

	if (park_ends(pt->task) || park_queue(pt)) {
		park_set_state(pt, PARK_GONE);
		park_put_work(pt);
	}
}

/*
 * Find the threads of a process that were not asked yet. Threads that have not arrived may create
 * more, so the caller repeats this until nothing new is found when all had been there before.
 *
 * A thread that is about to end is not asked. It may yet clear its tid in memory and wake those
 * who wait for its end, so @leaving says whether there is such a thread.
 *
 * Return: how many were found, or an errno.
 */
static int park_find_threads(struct park_process *proc, bool *leaving)
{
	struct task_struct **found, *task;
	unsigned int n = 0, cap, i;
	int ret = 0;

	cap = get_nr_threads(proc->leader) + 8;
	found = kvmalloc_array(cap, sizeof(*found), GFP_KERNEL_ACCOUNT);
	if (!found)
		return -ENOMEM;

	rcu_read_lock();
	for_each_thread(proc->leader, task) {
		if (park_ends(task)) {
			/* Kept until it is done with memory: exit_mm(). */
			*leaving |= !!READ_ONCE(task->mm);
			continue;
		}
		if (park_find(proc->set, task))
			continue;
		if (n == cap)
			break;
		get_task_struct(task);
		found[n++] = task;
	}
	rcu_read_unlock();

	for (i = 0; i < n; i++) {
		if (!ret)
			ret = park_task_new(proc, found[i]);
		put_task_struct(found[i]);
	}
	kvfree(found);
	return ret ?: n;
}

static void park_ask_found(struct park_process *proc)
{
	struct park_task *pt = list_entry(proc->asked, struct park_task, list);

	list_for_each_entry_continue(pt, &proc->tasks, list) {
		park_ask(pt);
		cond_resched();
	}
	proc->asked = proc->tasks.prev;
}

/*
 * Ask all threads of the set that were not asked yet; @leaving: somebody who is not asked has yet
 * to get on. Return: how many, or an errno.
 */
static int park_scan(struct park_set *set, bool *leaving)
{
	struct park_process *proc;
	int ret, n = 0;

	*leaving = false;
	list_for_each_entry(proc, &set->processes, list) {
		if (proc->ended)
			ended_look_zombie(proc);
		if (proc->ended || proc->left)
			continue;
		if (ended_in_vfork(proc)) {
			*leaving = true;
			continue;
		}
		ret = ended_look(proc, leaving);
		/* The next look is for a zombie. */
		*leaving |= proc->ended;
		if (!ret && !proc->ended && !proc->left)
			ret = park_find_threads(proc, leaving);
		if (ret < 0)
			return ret;
		n += ret;
		cond_resched();
	}
	/* In one go: the first to arrive waits for the last. */
	list_for_each_entry(proc, &set->processes, list)
		park_ask_found(proc);
	return n;
}

int park_late(struct operation *op, struct task_struct *task)
{
	struct error_at at = { .reason = CKPT_REASON_BUSY, .task = task };

	if (task->ptrace) {
		at.advice = "detach the tracer";
		return error_add(&op->errors, -EBUSY, &at, "is traced");
	}
	if (READ_ONCE(task->jobctl) & JOBCTL_STOPPED) {
		at.advice = "continue it with SIGCONT first";
		return error_add(&op->errors, -EBUSY, &at, "is stopped");
	}
	at.advice = "try again later, or with a longer --timeout";
	return error_add(&op->errors, -ETIMEDOUT, &at, "does not come to rest (state %c)",
			 task_state_to_char(task));
}

static int park_timeout(struct park_set *set)
{
	struct error_at at = { .reason = CKPT_REASON_BUSY };
	struct park_process *proc;
	struct park_task *pt;

	list_for_each_entry(proc, &set->processes, list) {
		at.task = proc->leader;
		if (!proc->ended && !proc->left && ended_in_vfork(proc))
			return error_add(&set->op->errors, -ETIMEDOUT, &at,
					 "is in vfork() of its parent");
		list_for_each_entry(pt, &proc->tasks, list)
			if (READ_ONCE(pt->state) == PARK_COMING)
				return park_late(set->op, pt->task);
	}
	at.task = NULL;
	return error_add(&set->op->errors, -ETIMEDOUT, &at, "the process does not come to rest");
}

static int park_wait(struct park_set *set, bool leaving, unsigned long deadline)
{
	ktime_t moment = PARK_LEAVE_NS;
	long left = deadline - jiffies;

	if (left <= 0 || park_expired(set))
		return park_timeout(set);
	if (leaving && !READ_ONCE(set->nr_coming)) {
		set_current_state(TASK_KILLABLE | TASK_FREEZABLE);
		schedule_hrtimeout_range(&moment, PARK_LEAVE_NS, HRTIMER_MODE_REL);
		left = fatal_signal_pending(current) ? -ERESTARTSYS : 0;
	} else {
		/* The last thread to arrive wakes us. Look for missing ones now and then. */
		left = PARK_WAIT(set->arrived,
				 !READ_ONCE(set->nr_coming) || park_expired(set),
				 min_t(long, left, PARK_LOOK));
	}
	atomic_set(&set->op->progress.nr_tasks, set->nr - READ_ONCE(set->nr_coming));
	if (left == -ERESTARTSYS)
		return -EINTR;
	return ended_any(set);
}

static int park_errors(struct park_set *set)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER };
	struct park_process *proc;
	struct park_task *pt;

	list_for_each_entry(proc, &set->processes, list) {
		list_for_each_entry(pt, &proc->tasks, list) {
			if (!pt->error || pt->state == PARK_GONE)
				continue;
			at.task = pt->task;
			return error_add(&set->op->errors, pt->error, &at,
					 "cannot read the thread's state");
		}
	}
	return 0;
}

/* Under the lock: what a thread did before it arrived, such as to create others, can be seen. */
static bool park_all_there(struct park_set *set)
{
	bool there;

	spin_lock(&set->lock);
	there = !set->nr_coming;
	spin_unlock(&set->lock);
	return there;
}

/* Descriptions of threads that came are not needed any more: nobody else looks at them. */
static void park_forget(struct park_set *set, bool gone_only)
{
	struct park_process *proc;
	struct park_task *pt;

	list_for_each_entry(proc, &set->processes, list) {
		list_for_each_entry(pt, &proc->tasks, list) {
			cond_resched();
			if (READ_ONCE(pt->state) == PARK_COMING ||
			    (gone_only && READ_ONCE(pt->state) != PARK_GONE))
				continue;
			thread_free(pt->thread);
			pt->thread = NULL;
		}
	}
}

/*
 * A thread that came and went before the last one came is no part of the process. From now on a
 * thread that goes is missing.
 */
static void park_settle(struct park_set *set)
{
	spin_lock(&set->lock);
	set->nr_left = set->nr_gone;
	spin_unlock(&set->lock);
	park_forget(set, true);
}

struct park_set *park_new(struct operation *op, unsigned long limit)
{
	struct park_set *set = kzalloc(sizeof(*set), GFP_KERNEL_ACCOUNT);

	if (!set)
		return NULL;
	kref_init(&set->ref);
	INIT_LIST_HEAD(&set->processes);
	xa_init_flags(&set->by_tgid, XA_FLAGS_ACCOUNT);
	xa_init_flags(&set->tasks, XA_FLAGS_ACCOUNT);
	spin_lock_init(&set->lock);
	set->op = operation_get(op);
	set->owner = get_task_struct(current);
	set->limit = limit;
	init_waitqueue_head(&set->arrived);
	init_waitqueue_head(&set->release);
	return set;
}

struct park_process *park_add(struct park_set *set, struct task_struct *leader)
{
	struct park_process *proc = kzalloc(sizeof(*proc), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!proc)
		return ERR_PTR(-ENOMEM);
	proc->set = set;
	proc->leader = get_task_struct(leader);
	proc->tgid = task_tgid_nr(leader);
	INIT_LIST_HEAD(&proc->tasks);
	proc->asked = &proc->tasks;
	proc->ended = READ_ONCE(leader->exit_state) == EXIT_ZOMBIE && thread_group_empty(leader);
	list_add_tail(&proc->list, &set->processes);
	ret = xa_err(xa_store(&set->by_tgid, proc->tgid, proc, GFP_KERNEL_ACCOUNT));
	return ret ? ERR_PTR(ret) : proc;
}

/*
 * Processes that have not come to rest may create others, as threads do: the end is reached when
 * nothing new is found, and all had been there before.
 */
static int park_freeze_claimed(struct park_set *set, unsigned long deadline,
			       int (*more)(void *arg), void *arg)
{
	bool there, leaving;
	int ret, found;

	do {
		there = park_all_there(set);
		found = more(arg);
		ret = found > 0 ? claim_more(set) : found;
		if (ret)
			return ret;
		ret = park_scan(set, &leaving);
		if (ret < 0)
			return ret;
		if (there && !found && !ret && !leaving)
			/* It may have begun to end before it could be asked. */
			return park_errors(set);
		ret = park_wait(set, leaving, deadline);
	} while (!ret);
	return ret;
}

int park_freeze(struct park_set *set, unsigned long deadline, int (*more)(void *arg), void *arg)
{
	int ret = claim_all(set, deadline);

	if (!ret)
		ret = park_freeze_claimed(set, deadline, more, arg);
	if (!ret) {
		park_settle(set);
		return 0;
	}
	park_release(set, CKPT_RELEASE_RUN);
	/* One that sleeps as deep as vfork() does keeps the rest until it wakes. */
	park_forget(set, false);
	return ret;
}

static bool park_process_intact(struct park_process *proc)
{
	struct park_task *pt;

	if (proc->left)
		return true;
	if (proc->ended)
		return READ_ONCE(proc->leader->exit_state) == EXIT_ZOMBIE;
	if (park_ends(proc->leader) || fatal_signal_pending(proc->leader))
		return false;
	list_for_each_entry(pt, &proc->tasks, list)
		if (READ_ONCE(pt->state) == PARK_THERE && fatal_signal_pending(pt->task))
			return false;
	return true;
}

bool park_intact(struct park_set *set)
{
	struct park_process *proc;

	/* Between the signal that kills and the flag that says so, what has left tells. */
	if (park_expired(set) || READ_ONCE(set->nr_gone) != set->nr_left)
		return false;
	list_for_each_entry(proc, &set->processes, list)
		if (!park_process_intact(proc))
			return false;
	return true;
}

bool park_pin(struct park_task *pt)
{
	struct park_set *set = pt->proc->set;
	bool there;

	/* A thread says that it goes under the lock, and only then looks for pins. */
	spin_lock(&set->lock);
	there = pt->state == PARK_THERE;
	if (there)
		atomic_inc(&set->pins);
	spin_unlock(&set->lock);
	return there;
}

bool park_hold(struct park_set *set, unsigned long stall)
{
	WRITE_ONCE(set->op->progress.moved, jiffies);
	WRITE_ONCE(set->op->waited, stall != PARK_FOREVER);
	WRITE_ONCE(set->stall, stall);
	/* They sleep until the deadline, which may be later than what counts now. */
	wake_up_all(&set->release);
	return !park_expired(set);
}

void park_unpin(struct park_task *pt)
{
	atomic_dec(&pt->proc->set->pins);
}

/*
 * No thread may get to user mode before the group stops. The signal is sent once, to the group: it
 * goes through all threads each time. Every thread is made to look for signals on its way, and
 * finds either this one or a stop that another thread has begun. Sent while they wait: a SIGCONT
 * that comes after the release takes it away.
 */
static void park_stop(struct park_process *proc)
{
	struct park_task *pt;

	sym(do_send_sig_info)(SIGSTOP, SEND_SIG_PRIV, proc->leader, PIDTYPE_TGID);
	list_for_each_entry(pt, &proc->tasks, list) {
		if (READ_ONCE(pt->state) == PARK_THERE)
			set_tsk_thread_flag(pt->task, TIF_SIGPENDING);
		cond_resched();
	}
}

bool park_release(struct park_set *set, enum ckpt_release_how how)
{
	struct park_process *proc;
	bool done = atomic_cmpxchg(&set->outcome, PARK_FROZEN, PARK_DONE) == PARK_FROZEN;

	if (done) {
		list_for_each_entry(proc, &set->processes, list)
			if (how == CKPT_RELEASE_STOP && !proc->ended && !proc->left)
				park_stop(proc);
		set->how = how;
		atomic_set_release(&set->outcome, PARK_RELEASED);
		wake_up_all(&set->release);
	}
	WRITE_ONCE(set->op->waited, false);
	spin_lock(&set->lock);
	set->leaves = true;
	spin_unlock(&set->lock);

	claim_drop(set);
	return done;
}

struct park_set *park_get(struct park_set *set)
{
	kref_get(&set->ref);
	return set;
}

void park_put(struct park_set *set)
{
	kref_put(&set->ref, park_free);
}
