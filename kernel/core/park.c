// SPDX-License-Identifier: GPL-2.0
/*
 * Freezing a process, and letting it go.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "../arch/arch.h"
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

/* Wait for @cond, killable, for up to @timeout jiffies; a system suspend may freeze the waiter. */
#define PARK_WAIT(wq, cond, timeout)						\
	___wait_event(wq, ___wait_cond_timeout(cond),				\
		      (TASK_KILLABLE | TASK_FREEZABLE), 0, timeout,		\
		      __ret = schedule_timeout(__ret))

/* All that are claimed, and who waits for one to be given up. */
static LIST_HEAD(park_all);
static DEFINE_SPINLOCK(park_all_lock);
static DECLARE_WAIT_QUEUE_HEAD(park_unclaimed);

/* In nanoseconds: how often to look whether somebody who exits is done with memory. */
#define PARK_LEAVE_NS	(50 * NSEC_PER_USEC)

static void park_free(struct kref *ref)
{
	struct park *park = container_of(ref, struct park, ref);
	struct park_task *pt, *next;

	list_for_each_entry_safe(pt, next, &park->list, list) {
		thread_free(pt->thread);
		put_task_struct(pt->task);
		kfree(pt);
		cond_resched();
	}
	xa_destroy(&park->tasks);
	operation_put(park->op);
	put_task_struct(park->owner);
	put_task_struct(park->leader);
	kfree(park);
}

/* The work has run, or will never run: its hold on the park and on the module ends. */
static void park_put_work(struct park_task *pt)
{
	kref_put(&pt->park->ref, park_free);
	module_put(THIS_MODULE);
}

static void park_set_state(struct park_task *pt, enum park_state state)
{
	struct park *park = pt->park;
	bool last = false;

	spin_lock(&park->lock);
	if (pt->state == PARK_COMING)
		last = !--park->nr_coming;
	if (state == PARK_GONE) {
		park->nr_gone++;
	} else if (!park->first) {
		park->first = ktime_get();
		WRITE_ONCE(park->deadline, jiffies + park->limit);
	}
	pt->state = state;
	spin_unlock(&park->lock);
	if (last)
		wake_up(&park->arrived);
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
static bool park_over(const struct park *park)
{
	/* Pairs with park_release(): whoever sees it released sees how. */
	int outcome = atomic_read_acquire(&park->outcome);

	return outcome >= PARK_RELEASED;
}

bool park_expired(struct park *park)
{
	return atomic_read(&park->outcome) >= PARK_EXPIRED;
}

bool park_stalled(struct park *park)
{
	return atomic_read(&park->outcome) == PARK_STALLED;
}

bool park_has(const struct park *park, struct task_struct *task)
{
	return same_thread_group(task, park->leader);
}

/* In jiffies: until the threads look again; 0 or less: the deadline is over. */
static long park_left(const struct park *park, unsigned long stall)
{
	if (stall == PARK_FOREVER || atomic_read(&park->outcome) != PARK_FROZEN)
		return MAX_SCHEDULE_TIMEOUT;
	if (stall)
		return READ_ONCE(park->op->progress.moved) + stall - jiffies;
	return READ_ONCE(park->deadline) - jiffies;
}

/* The deadline is over. The one who is first, a thread or the owner, decides for all. */
static void park_expire(struct park *park, enum park_outcome how)
{
	if (atomic_cmpxchg(&park->outcome, PARK_FROZEN, how) != PARK_FROZEN)
		return;
	wake_up_all(&park->release);
	wake_up_all(&park->arrived);
	/* The owner may wait for somebody to read the image. */
	spin_lock(&park->lock);
	if (!park->leaves)
		operation_stop(park->op, park->owner);
	spin_unlock(&park->lock);
}

/*
 * In the thread: sleep until the release, the deadline, or SIGKILL. Meanwhile it counts as frozen
 * for its cgroup, as one that is stopped does. If the cgroup is being frozen at the end, it stays
 * so: the thread finds that out on its way to user mode.
 */
static void park_sleep(struct park *park)
{
	bool counts = sym_have(cgroup_enter_frozen);
	DEFINE_WAIT(wait);
	unsigned long stall;
	long left;

	if (counts)
		sym(cgroup_enter_frozen)();
	for (;;) {
		prepare_to_wait(&park->release, &wait, PARK_TASK_STATE);
		if (park_over(park) || fatal_signal_pending(current))
			break;
		stall = READ_ONCE(park->stall);
		left = park_left(park, stall);
		if (left > 0)
			schedule_timeout(left);
		else
			park_expire(park, stall ? PARK_STALLED : PARK_EXPIRED);
	}
	finish_wait(&park->release, &wait);
	if (counts)
		sym(cgroup_leave_frozen)(false);
}

/*
 * In the thread: it goes before it is released. The owner may be at work at this moment with what
 * only a living thread has: wait for the end of that, but not for an owner that has died within.
 */
static void park_leave(struct park_task *pt)
{
	struct park *park = pt->park;

	park_set_state(pt, PARK_GONE);
	while (atomic_read(&park->pins) && !(READ_ONCE(park->owner->flags) & PF_EXITING)) {
		set_current_state(TASK_UNINTERRUPTIBLE | TASK_NOLOAD);
		schedule_timeout(1);
	}
}

/* In the thread: be held until the release, if it was not before. */
static void park_here(struct park_task *pt, const struct syscall_rest *rest)
{
	struct park *park = pt->park;

	pt->thread = thread_capture(rest);
	if (IS_ERR(pt->thread)) {
		pt->error = PTR_ERR(pt->thread);
		pt->thread = NULL;
	}
	park_set_state(pt, PARK_THERE);
	park_sleep(park);
	if (atomic_read_acquire(&park->outcome) != PARK_RELEASED)
		park_leave(pt);
	else if (park->how == CKPT_RELEASE_KILL)
		send_sig(SIGKILL, current, 1);
}

/* Runs in the thread, at its return to user mode, or while it exits. */
static void park_callback(struct callback_head *work)
{
	struct park_task *pt = container_of(work, struct park_task, work);
	bool exits = current->flags & PF_EXITING, early = false;
	struct park *park = pt->park;
	struct syscall_rest rest = {};

	if (!exits && park_too_early(pt)) {
		if (!park_over(park) && !task_work_add(current, work, TWA_SIGNAL))
			return;
		early = true;
	}
	/* A thread that comes too late was woken as well: its call must not show that. */
	if (!exits && !early)
		syscall_interrupted(&rest, park_wake_ns(pt));
	if (exits || early || park_over(park))
		park_set_state(pt, PARK_GONE);
	else
		park_here(pt, &rest);
	kref_put(&park->ref, park_free);
	syscall_resume(&rest);
	module_put(THIS_MODULE);
}

bool park_ends(struct task_struct *task)
{
	return task->flags & (PF_EXITING | PF_SIGNALED) ||
	       READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT;
}

/* Until it is asked, it counts as gone. */
static int park_task_new(struct park *park, struct task_struct *task)
{
	struct park_task *pt = kzalloc(sizeof(*pt), GFP_KERNEL_ACCOUNT);

	if (!pt)
		return -ENOMEM;
	init_task_work(&pt->work, park_callback);
	spin_lock_init(&pt->asking);
	pt->park = park;
	pt->task = get_task_struct(task);
	pt->tid = task_pid_nr(task);
	pt->vnr = task_pid_vnr(task);
	pt->state = PARK_GONE;
	list_add_tail(&pt->list, &park->list);
	/*
	 * A thread that execs takes over the leader's tid. The old leader is gone then; what was
	 * its entry stays on the list.
	 */
	return xa_err(xa_store(&park->tasks, pt->tid, pt, GFP_KERNEL_ACCOUNT));
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
	struct park *park = pt->park;

	spin_lock(&park->lock);
	park->nr++;
	park->nr_coming++;
	pt->state = PARK_COMING;
	spin_unlock(&park->lock);
	kref_get(&park->ref);
	__module_get(THIS_MODULE);

	if (park_ends(pt->task) || park_queue(pt)) {
		park_set_state(pt, PARK_GONE);
		park_put_work(pt);
	}
}

/*
 * Ask all threads that were not asked yet. Threads that have not arrived may create more, so
 * the caller repeats this until nothing new is found when all had been there before.
 *
 * A thread that is about to end is not asked. It may yet clear its tid in memory and wake those
 * who wait for its end, so @leaving says whether there is such a thread.
 *
 * Return: how many were asked, or an errno.
 */
static int park_scan(struct park *park, bool *leaving)
{
	struct list_head *last = park->list.prev;
	struct task_struct **found, *task;
	struct park_task *pt;
	unsigned int n = 0, cap, i;
	int ret = 0;

	*leaving = false;
	cap = get_nr_threads(park->leader) + 8;
	found = kvmalloc_array(cap, sizeof(*found), GFP_KERNEL_ACCOUNT);
	if (!found)
		return -ENOMEM;

	rcu_read_lock();
	for_each_thread(park->leader, task) {
		if (park_ends(task)) {
			/* Kept until it is done with memory: exit_mm(). */
			*leaving |= !!READ_ONCE(task->mm);
			continue;
		}
		pt = xa_load(&park->tasks, task_pid_nr(task));
		if (pt && pt->task == task)
			continue;
		if (n == cap)
			break;
		get_task_struct(task);
		found[n++] = task;
	}
	rcu_read_unlock();

	for (i = 0; i < n; i++) {
		if (!ret)
			ret = park_task_new(park, found[i]);
		put_task_struct(found[i]);
	}
	kvfree(found);
	if (ret)
		return ret;
	/* In one go: the first to arrive waits for the last. */
	pt = list_entry(last, struct park_task, list);
	list_for_each_entry_continue(pt, &park->list, list) {
		park_ask(pt);
		cond_resched();
	}
	return n;
}

int park_late(struct operation *ctx, struct task_struct *task)
{
	struct error_at at = { .reason = CKPT_REASON_BUSY, .task = task };

	if (task->ptrace) {
		at.advice = "detach the tracer";
		return error_add(&ctx->errors, -EBUSY, &at, "is traced");
	}
	if (READ_ONCE(task->jobctl) & JOBCTL_STOPPED) {
		at.advice = "continue it with SIGCONT first";
		return error_add(&ctx->errors, -EBUSY, &at, "is stopped");
	}
	at.advice = "try again later, or with a longer --timeout";
	return error_add(&ctx->errors, -ETIMEDOUT, &at, "does not come to rest (state %c)",
			 task_state_to_char(task));
}

static int park_timeout(struct operation *ctx, struct park *park)
{
	struct error_at at = { .reason = CKPT_REASON_BUSY };
	struct park_task *pt;

	list_for_each_entry(pt, &park->list, list)
		if (READ_ONCE(pt->state) == PARK_COMING)
			return park_late(ctx, pt->task);
	return error_add(&ctx->errors, -ETIMEDOUT, &at, "the process does not come to rest");
}

/* Without its leader there is no process to speak of, whoever else came to rest. */
static int park_leader(struct operation *ctx, struct park *park)
{
	struct error_at at = { .reason = CKPT_REASON_GONE, .task = park->leader };

	if (!park_ends(park->leader))
		return 0;
	return error_add(&ctx->errors, -ECHILD, &at,
			 "its thread group leader ended or executed another program");
}

static int park_wait(struct operation *ctx, struct park *park, bool leaving, unsigned long deadline)
{
	ktime_t moment = PARK_LEAVE_NS;
	long left = deadline - jiffies;

	if (left <= 0 || park_expired(park))
		return park_timeout(ctx, park);
	if (leaving && !READ_ONCE(park->nr_coming)) {
		set_current_state(TASK_KILLABLE | TASK_FREEZABLE);
		schedule_hrtimeout_range(&moment, PARK_LEAVE_NS, HRTIMER_MODE_REL);
		left = fatal_signal_pending(current) ? -ERESTARTSYS : 0;
	} else {
		/* The last thread to arrive wakes us. Look for missing ones now and then. */
		left = PARK_WAIT(park->arrived,
				 !READ_ONCE(park->nr_coming) || park_expired(park),
				 min_t(long, left, PARK_LOOK));
	}
	atomic_set(&ctx->progress.nr_tasks, park->nr - READ_ONCE(park->nr_coming));
	if (left == -ERESTARTSYS)
		return -EINTR;
	return park_leader(ctx, park);
}

static int park_errors(struct operation *ctx, struct park *park)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER };
	struct park_task *pt;

	list_for_each_entry(pt, &park->list, list) {
		if (!pt->error || pt->state == PARK_GONE)
			continue;
		at.task = pt->task;
		return error_add(&ctx->errors, pt->error, &at, "cannot read the thread's state");
	}
	return 0;
}

/* Under the lock: what a thread did before it arrived, such as to create others, can be seen. */
static bool park_all_there(struct park *park)
{
	bool there;

	spin_lock(&park->lock);
	there = park->nr && !park->nr_coming;
	spin_unlock(&park->lock);
	return there;
}

/* Descriptions of those who came are not needed any more: nobody else looks at them. */
static void park_forget(struct park *park, bool gone_only)
{
	struct park_task *pt;

	list_for_each_entry(pt, &park->list, list) {
		cond_resched();
		if (READ_ONCE(pt->state) == PARK_COMING ||
		    (gone_only && READ_ONCE(pt->state) != PARK_GONE))
			continue;
		thread_free(pt->thread);
		pt->thread = NULL;
	}
}

/*
 * A thread that came and went before the last one came is no part of the process. From now on a
 * thread that goes is missing.
 */
static void park_settle(struct park *park)
{
	spin_lock(&park->lock);
	park->nr_left = park->nr_gone;
	spin_unlock(&park->lock);
	park_forget(park, true);
}

/*
 * One at a time: works run in no order, so that of two who park the same process each could get
 * some of the threads, and wait for the others.
 */
static bool park_claim(struct park *park)
{
	struct park *other;
	bool claimed = true;

	spin_lock(&park_all_lock);
	/* The owner of one that has expired may have died. */
	list_for_each_entry(other, &park_all, all)
		claimed &= park_expired(other) || !same_thread_group(other->leader, park->leader);
	if (claimed)
		list_add(&park->all, &park_all);
	spin_unlock(&park_all_lock);
	return claimed;
}

static int park_claim_wait(struct operation *ctx, struct park *park, unsigned long deadline)
{
	struct error_at at = {
		.reason = CKPT_REASON_BUSY,
		.task = park->leader,
		.advice = "try again later, or with a longer --timeout",
	};
	long left = PARK_WAIT(park_unclaimed, park_claim(park),
			      max_t(long, deadline - jiffies, 1));

	if (left < 0)
		return -EINTR;
	return left ? 0 : error_add(&ctx->errors, -EBUSY, &at, "is held by another checkpoint");
}

struct park *park_process(struct operation *ctx, struct task_struct *leader,
			  unsigned long deadline, unsigned long limit)
{
	struct park *park = kzalloc(sizeof(*park), GFP_KERNEL_ACCOUNT);
	bool there, leaving;
	int ret;

	if (!park)
		return ERR_PTR(-ENOMEM);
	kref_init(&park->ref);
	park->leader = get_task_struct(leader);
	xa_init_flags(&park->tasks, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&park->list);
	spin_lock_init(&park->lock);
	park->op = operation_get(ctx);
	park->owner = get_task_struct(current);
	park->limit = limit;
	init_waitqueue_head(&park->arrived);
	init_waitqueue_head(&park->release);

	ret = park_claim_wait(ctx, park, deadline);
	if (ret) {
		park_put(park);
		return ERR_PTR(ret);
	}
	do {
		there = park_all_there(park);
		ret = park_scan(park, &leaving);
		if (ret < 0)
			break;
		if (there && !ret && !leaving) {
			/* It may have begun to end before it could be asked. */
			ret = park_errors(ctx, park) ?: park_leader(ctx, park);
			if (ret)
				break;
			park_settle(park);
			return park;
		}
		ret = park_wait(ctx, park, leaving, deadline);
	} while (!ret);

	park_release(park, CKPT_RELEASE_RUN);
	/* One that sleeps as deep as vfork() does keeps the rest until it wakes. */
	park_forget(park, false);
	park_put(park);
	return ERR_PTR(ret);
}

bool park_intact(struct park *park)
{
	struct park_task *pt;

	/* Between the signal that kills and the flag that says so, what has left tells. */
	if (park_expired(park) || park_ends(park->leader) || fatal_signal_pending(park->leader) ||
	    READ_ONCE(park->nr_gone) != park->nr_left)
		return false;
	list_for_each_entry(pt, &park->list, list)
		if (READ_ONCE(pt->state) == PARK_THERE && fatal_signal_pending(pt->task))
			return false;
	return true;
}

bool park_pin(struct park_task *pt)
{
	struct park *park = pt->park;
	bool there;

	/* A thread says that it goes under the lock, and only then looks for pins. */
	spin_lock(&park->lock);
	there = pt->state == PARK_THERE;
	if (there)
		atomic_inc(&park->pins);
	spin_unlock(&park->lock);
	return there;
}

bool park_hold(struct park *park, unsigned long stall)
{
	WRITE_ONCE(park->op->progress.moved, jiffies);
	WRITE_ONCE(park->op->waited, stall != PARK_FOREVER);
	WRITE_ONCE(park->stall, stall);
	/* They sleep until the deadline, which may be later than what counts now. */
	wake_up_all(&park->release);
	return !park_expired(park);
}

void park_unpin(struct park_task *pt)
{
	atomic_dec(&pt->park->pins);
}

/*
 * No thread may get to user mode before the group stops. The signal is sent once, to the group: it
 * goes through all threads each time. Every thread is made to look for signals on its way, and
 * finds either this one or a stop that another thread has begun. Sent while they wait: a SIGCONT
 * that comes after the release takes it away.
 */
static void park_stop(struct park *park)
{
	struct park_task *pt;

	sym(do_send_sig_info)(SIGSTOP, SEND_SIG_PRIV, park->leader, PIDTYPE_TGID);
	list_for_each_entry(pt, &park->list, list) {
		if (READ_ONCE(pt->state) == PARK_THERE)
			set_tsk_thread_flag(pt->task, TIF_SIGPENDING);
		cond_resched();
	}
}

bool park_release(struct park *park, enum ckpt_release_how how)
{
	bool done = atomic_cmpxchg(&park->outcome, PARK_FROZEN, PARK_DONE) == PARK_FROZEN;

	if (done) {
		if (how == CKPT_RELEASE_STOP)
			park_stop(park);
		park->how = how;
		atomic_set_release(&park->outcome, PARK_RELEASED);
		wake_up_all(&park->release);
	}
	WRITE_ONCE(park->op->waited, false);
	spin_lock(&park->lock);
	park->leaves = true;
	spin_unlock(&park->lock);

	spin_lock(&park_all_lock);
	list_del(&park->all);
	spin_unlock(&park_all_lock);
	wake_up_all(&park_unclaimed);
	return done;
}

struct park *park_get(struct park *park)
{
	kref_get(&park->ref);
	return park;
}

void park_put(struct park *park)
{
	kref_put(&park->ref, park_free);
}
