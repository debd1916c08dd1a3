// SPDX-License-Identifier: GPL-2.0
/*
 * Signal actions and pending signals. What timers have to do with them is in timer.c.
 */
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "../core/park.h"
#include "../core/restart.h"
#include "signal.h"
#include "../image/stream.h"
#include "../core/symbols.h"
#include "thread.h"

/* What sigaction(2) takes. */
#define SIGNAL_SA_FLAGS	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | \
			 SA_NODEFER | SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER)

/*
 * Looks that are taken while timers expire, on the other processors, and wait for the lock under
 * which that is done. The process is frozen for so long.
 */
#define SIGNAL_TRIES	300

static unsigned int signal_queued(const struct sigpending *pending)
{
	struct list_head *pos;
	unsigned int n = 0;

	list_for_each(pos, &pending->list)
		n++;
	return n;
}

static unsigned int signal_count(struct sigpending *pending)
{
	return hweight64(signal_from_set(&pending->signal)) + signal_queued(pending);
}

static void signal_add(struct signal_queue *out, int sig, const kernel_siginfo_t *info)
{
	struct pb_signal *pb = &out->pb[out->n];

	pb->signal = sig;
	if (info) {
		out->info[out->n] = *info;
		pb->has_siginfo = true;
		pb->siginfo.data = (u8 *)&out->info[out->n];
		pb->siginfo.len = sizeof(*info);
	}
	out->n++;
}

static int signal_room(struct signal_queue *out, unsigned int cap)
{
	if (cap <= out->cap)
		return 0;
	signal_free_queue(out);
	out->pb = kvcalloc(cap, sizeof(*out->pb), GFP_KERNEL_ACCOUNT);
	out->info = kvcalloc(cap, sizeof(*out->info), GFP_KERNEL_ACCOUNT);
	if (!out->pb || !out->info) {
		signal_free_queue(out);
		return -ENOMEM;
	}
	out->cap = cap;
	return 0;
}

/*
 * With the siglock. What there is no room for counts as sent after the checkpoint, and so does
 * what no program can keep waiting: SIGSTOP, which may come while a thread sleeps parked.
 */
static void signal_fill(struct signal_queue *out, const struct sigpending *pending)
{
	sigset_t left = pending->signal;
	struct sigqueue *q;
	int sig;

	list_for_each_entry(q, &pending->list, list) {
		if (out->n == out->cap)
			break;
		if (!timer_signal(q) && !sig_kernel_only(q->info.si_signo))
			signal_add(out, q->info.si_signo, &q->info);
		sigdelset(&left, q->info.si_signo);
	}
	/* The rest lost its siginfo when it was sent: the queue was full. */
	for (sig = 1; sig <= _NSIG; sig++)
		if (sigismember(&left, sig) && !sig_kernel_only(sig) && out->n < out->cap)
			signal_add(out, sig, NULL);
}

void signal_free_queue(struct signal_queue *queue)
{
	kvfree(queue->pb);
	kvfree(queue->info);
	memset(queue, 0, sizeof(*queue));
}

static void signal_save_actions(struct signal_process *proc, struct sighand_struct *sighand)
{
	struct k_sigaction *ka;
	struct pb_sigaction *pb;
	int sig;

	for (sig = 1; sig <= _NSIG; sig++) {
		ka = &sighand->action[sig - 1];
		if (ka->sa.sa_handler == SIG_DFL && !ka->sa.sa_flags && !ka->sa.sa_restorer &&
		    sigisemptyset(&ka->sa.sa_mask))
			continue;
		pb = &proc->action[proc->n_action++];
		pb->signal = sig;
		pb->handler = (unsigned long)ka->sa.sa_handler;
		pb->flags = ka->sa.sa_flags & SIGNAL_SA_FLAGS;
		pb->restorer = (unsigned long)ka->sa.sa_restorer;
		pb->mask = signal_from_set(&ka->sa.sa_mask);
	}
}

static int signal_room_all(struct signal_process *proc, struct park *park)
{
	struct park_task *pt;
	int ret = signal_room(&proc->shared, proc->shared.want);

	list_for_each_entry(pt, &park->list, list)
		if (!ret && pt->thread)
			ret = signal_room(&pt->thread->queue, pt->thread->queue.want);
	return ret;
}

/*
 * Signals may come, and timers expire, at any moment: all of it is looked at under one lock, with
 * memory that was got before. The threads' own queues, too: a thread that came late may have sent
 * to one that was parked already. They are pinned. Return: 0, -EAGAIN to try it again.
 */
static int signal_try_process(struct signal_process *proc, struct park *park)
{
	struct task_struct *leader = park->leader;
	struct sighand_struct *sighand = rcu_dereference_protected(leader->sighand, true);
	struct sigpending *pending = &leader->signal->shared_pending;
	struct park_task *pt;
	unsigned int timers;
	int ret;

	spin_lock_irq(&sighand->siglock);
	proc->shared.want = signal_count(pending);
	list_for_each_entry(pt, &park->list, list)
		if (pt->thread)
			pt->thread->queue.want = signal_count(&pt->task->pending);
	timers = timer_count(leader->signal);
	spin_unlock_irq(&sighand->siglock);
	ret = signal_room_all(proc, park) ?: timer_room(&proc->timers, timers);
	if (ret)
		return ret;

	spin_lock_irq(&sighand->siglock);
	ret = timer_save(&proc->timers, leader);
	if (!ret) {
		signal_fill(&proc->shared, pending);
		list_for_each_entry(pt, &park->list, list)
			if (pt->thread)
				signal_fill(&pt->thread->queue, &pt->task->pending);
		signal_save_actions(proc, sighand);
	}
	spin_unlock_irq(&sighand->siglock);
	return ret;
}

struct signal_process *signal_save_process(struct park_task *pt)
{
	struct signal_process *proc = kvzalloc(sizeof(*proc), GFP_KERNEL_ACCOUNT);
	unsigned int tries = 0;
	int ret;

	if (!proc)
		return ERR_PTR(-ENOMEM);
	do {
		ret = -ECHILD;
		if (!park_pin(pt))
			break;
		ret = signal_try_process(proc, pt->park);
		park_unpin(pt);
		if (ret == -EAGAIN && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (ret == -EAGAIN && ++tries < SIGNAL_TRIES);
	if (ret) {
		signal_free_process(proc);
		return ERR_PTR(ret);
	}
	return proc;
}

void signal_free_process(struct signal_process *proc)
{
	if (!proc)
		return;
	signal_free_queue(&proc->shared);
	timer_free(&proc->timers);
	kvfree(proc);
}

int signal_write(struct stream_out *out, const struct signal_process *proc)
{
	struct pb_sighand sighand = {
		.n_action = proc->n_action,
		.action = (struct pb_sigaction *)proc->action,
	};
	struct pb_signals signals = { .n_pending = proc->shared.n, .pending = proc->shared.pb };
	int ret;

	ret = stream_out_msg(out, CKPT_REC_SIGHAND, &pb_sighand_msg, &sighand);
	if (!ret)
		ret = stream_out_msg(out, CKPT_REC_SIGNALS, &pb_signals_msg, &signals);
	return ret;
}

int signal_read_actions(struct restart *rs)
{
	struct stream_in *in = &rs->in;
	struct pb_sighand sighand;
	struct k_sigaction ka;
	unsigned int i;
	u32 last = 0;
	int ret;

	ret = stream_in_msg(in, &pb_sighand_msg, &sighand);
	if (ret)
		return ret;
	for (i = 0; i < sighand.n_action; i++) {
		const struct pb_sigaction *pb = &sighand.action[i];

		if (pb->signal <= last || pb->signal > _NSIG || pb->flags & ~SIGNAL_SA_FLAGS ||
		    sig_kernel_only(pb->signal))
			return stream_in_bad(in, "action of signal %u", pb->signal);
		last = pb->signal;
	}

	spin_lock_irq(&signal_sighand()->siglock);
	/* The restarter's own actions came along with the clone. */
	for (i = 0; i < _NSIG; i++)
		memset(&signal_sighand()->action[i], 0, sizeof(ka));
	for (i = 0; i < sighand.n_action; i++) {
		const struct pb_sigaction *pb = &sighand.action[i];

		memset(&ka, 0, sizeof(ka));
		ka.sa.sa_handler = (__sighandler_t)(unsigned long)pb->handler;
		ka.sa.sa_flags = pb->flags;
		ka.sa.sa_restorer = (__sigrestore_t)(unsigned long)pb->restorer;
		signal_to_set(pb->mask, &ka.sa.sa_mask);
		sigdelsetmask(&ka.sa.sa_mask, sigmask(SIGKILL) | sigmask(SIGSTOP));
		signal_sighand()->action[pb->signal - 1] = ka;
	}
	spin_unlock_irq(&signal_sighand()->siglock);
	return 0;
}

static bool signal_queue_one(const struct pb_signal *pb, enum pid_type type, int *ret)
{
	kernel_siginfo_t info;

	if (!valid_signal(pb->signal) || !pb->signal || sig_kernel_only(pb->signal))
		return false;
	if (pb->siginfo.len > sizeof(info))
		return false;
	/* Of a lost one the kernel says that: by kill(2), from nobody. */
	clear_siginfo(&info);
	info.si_signo = pb->signal;
	if (pb->has_siginfo)
		memcpy(&info, pb->siginfo.data, pb->siginfo.len);
	if (info.si_signo != (int)pb->signal)
		return false;
	*ret = sym(do_send_sig_info)(pb->signal, &info, current, type);
	return true;
}

static struct sigpending *signal_pending_of(enum pid_type type)
{
	return type == PIDTYPE_PID ? &current->pending : &current->signal->shared_pending;
}

/* Not SIGKILL: that one is for now. */
static void signal_put_aside(struct sigpending *kept, enum pid_type type)
{
	struct sigpending *pending = signal_pending_of(type);
	bool killed = sigismember(&pending->signal, SIGKILL);
	struct sigqueue *q, *next;

	list_for_each_entry_safe(q, next, &pending->list, list)
		if (q->info.si_signo != SIGKILL)
			list_move_tail(&q->list, &kept->list);
	sigorsets(&kept->signal, &kept->signal, &pending->signal);
	sigdelset(&kept->signal, SIGKILL);
	sigemptyset(&pending->signal);
	if (killed)
		sigaddset(&pending->signal, SIGKILL);
}

void signal_put_back(struct sigpending *kept, enum pid_type type)
{
	struct sigpending *pending = signal_pending_of(type);

	spin_lock_irq(&signal_sighand()->siglock);
	list_splice_tail_init(&kept->list, &pending->list);
	sigorsets(&pending->signal, &pending->signal, &kept->signal);
	sigemptyset(&kept->signal);
	recalc_sigpending();
	spin_unlock_irq(&signal_sighand()->siglock);
}

void signal_drop(void)
{
	kernel_siginfo_t info;
	sigset_t keep;
	int sig;

	siginitset(&keep, sigmask(SIGKILL));
	do {
		spin_lock_irq(&signal_sighand()->siglock);
		sig = compat_dequeue_signal(&keep, &info);
		spin_unlock_irq(&signal_sighand()->siglock);
		cond_resched();
		/* A sender may be as quick as this loop. */
	} while (sig > 0 && !fatal_signal_pending(current));
}

int signal_queue_all(struct stream_in *in, const struct pb_signal *pb, unsigned int n,
		     enum pid_type type, struct sigpending *kept)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = current,
		.advice = "raise it, or restart it with CAP_SYS_RESOURCE",
	};
	unsigned int i, want = 0;
	int ret = 0;

	signal_drop();
	for (i = 0; i < n && !ret; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!signal_queue_one(&pb[i], type, &ret))
			return stream_in_bad(in, "pending signal %u", pb[i].signal);
		cond_resched();
		want += pb[i].has_siginfo;
	}
	/* Beyond the limit, some are as good as sent, but without their siginfo. */
	spin_lock_irq(&signal_sighand()->siglock);
	if (!ret && signal_queued(signal_pending_of(type)) < want)
		ret = -EAGAIN;
	signal_put_aside(kept, type);
	spin_unlock_irq(&signal_sighand()->siglock);
	if (!ret)
		return 0;
	return error_add(&in->ctx->errors, ret, &at,
			 "the limit of pending signals (ulimit -i) is too low for its own");
}

int signal_read_shared(struct restart *rs)
{
	struct stream_in *in = &rs->in;
	struct pb_signals signals;
	int ret;

	ret = stream_in_msg(in, &pb_signals_msg, &signals);
	return ret ?: signal_queue_all(in, signals.pending, signals.n_pending, PIDTYPE_TGID,
				       &build_leader(rs->build)->final.shared);
}

/* ---- the caller's own, during an operation ---- */

void signal_mute(sigset_t *old)
{
	struct sighand_struct *sighand = signal_sighand();
	sigset_t set;
	int sig;

	*old = current->blocked;
	sigfillset(&set);
	spin_lock_irq(&sighand->siglock);
	for (sig = 1; sig <= _NSIG; sig++)
		if (sighand->action[sig - 1].sa.sa_handler == SIG_DFL &&
		    !sig_kernel_ignore(sig) && !sig_kernel_stop(sig) && !sigismember(old, sig))
			sigdelset(&set, sig);
	spin_unlock_irq(&sighand->siglock);
	sym(set_current_blocked)(&set);
}

bool signal_ends(void)
{
	struct sighand_struct *sighand = signal_sighand();
	sigset_t pending;

	if (fatal_signal_pending(current))
		return true;
	spin_lock_irq(&sighand->siglock);
	sigorsets(&pending, &current->pending.signal, &current->signal->shared_pending.signal);
	sigandnsets(&pending, &pending, &current->blocked);
	spin_unlock_irq(&sighand->siglock);
	sigdelset(&pending, SIGSTOP);
	return !sigisemptyset(&pending);
}

bool signal_again(ssize_t err)
{
	if (err != -EINTR && err != -ERESTARTSYS && err != -ERESTARTNOINTR &&
	    err != -ERESTARTNOHAND)
		return false;
	if (signal_ends())
		return false;
	set_current_state(TASK_KILLABLE | TASK_FREEZABLE_UNSAFE);
	schedule_timeout(1);
	return true;
}
