// SPDX-License-Identifier: GPL-2.0
/*
 * Pending signals. timer.c saves the signals of timers.
 */
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "signal.h"
#include "timer.h"
#include "../image/stream.h"
#include "../core/symbols.h"
#include "current.h"

static unsigned int signal_queued(const struct sigpending *pending)
{
	struct list_head *pos;
	unsigned int n = 0;

	list_for_each(pos, &pending->list)
		n++;
	return n;
}

unsigned int signal_count(struct sigpending *pending)
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

int signal_room(struct signal_queue *out, unsigned int cap)
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

void signal_fill(struct signal_queue *out, const struct sigpending *pending)
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

static bool signal_queue_one(const struct pb_signal *pb, enum pid_type type, int *ret)
{
	kernel_siginfo_t info;

	if (!valid_signal(pb->signal) || !pb->signal || sig_kernel_only(pb->signal))
		return false;
	if (pb->siginfo.len > sizeof(info))
		return false;
	/*
	 * A signal without siginfo was queued when there was no memory. The kernel delivers it as
	 * if by kill(2) from pid 0, which is what zeroes say.
	 */
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

	spin_lock_irq(&current_sighand()->siglock);
	list_splice_tail_init(&kept->list, &pending->list);
	sigorsets(&pending->signal, &pending->signal, &kept->signal);
	sigemptyset(&kept->signal);
	recalc_sigpending();
	spin_unlock_irq(&current_sighand()->siglock);
}

void signal_drop(void)
{
	kernel_siginfo_t info;
	sigset_t keep;
	int sig;

	siginitset(&keep, sigmask(SIGKILL));
	do {
		spin_lock_irq(&current_sighand()->siglock);
		sig = compat_dequeue_signal(&keep, &info);
		spin_unlock_irq(&current_sighand()->siglock);
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
	spin_lock_irq(&current_sighand()->siglock);
	if (!ret && signal_queued(signal_pending_of(type)) < want)
		ret = -EAGAIN;
	signal_put_aside(kept, type);
	spin_unlock_irq(&current_sighand()->siglock);
	if (!ret)
		return 0;
	return error_add(&in->ctx->errors, ret, &at,
			 "the limit of pending signals (ulimit -i) is too low for its own");
}
