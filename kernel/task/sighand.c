// SPDX-License-Identifier: GPL-2.0
/*
 * Signal actions, and with them what is looked at under the same lock: pending signals and timers.
 */
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "../core/build.h"
#include "../core/context.h"
#include "../core/owner.h"
#include "../core/park.h"
#include "../image/stream.h"
#include "current.h"
#include "sighand.h"
#include "thread.h"

/* Flags that sigaction(2) takes. */
#define SIGHAND_SA_FLAGS	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | \
				 SA_RESTART | SA_NODEFER | SA_RESETHAND | SA_RESTORER | \
				 SA_EXPOSE_TAGBITS)

/*
 * Looks that are taken while timers expire, on the other processors, and wait for the lock under
 * which that is done. The process is frozen for so long.
 */
#define SIGHAND_TRIES	300

static void sighand_save_actions(struct sighand_state *proc, struct sighand_struct *sighand)
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
		pb->flags = ka->sa.sa_flags & SIGHAND_SA_FLAGS;
		pb->restorer = (unsigned long)ka->sa.sa_restorer;
		pb->mask = signal_from_set(&ka->sa.sa_mask);
	}
}

static int sighand_room(struct sighand_state *proc, struct park_process *park)
{
	struct park_task *pt;
	int ret = signal_room(&proc->shared, proc->shared.want);

	list_for_each_entry(pt, &park->tasks, list)
		if (!ret && pt->thread)
			ret = signal_room(&pt->thread->queue, pt->thread->queue.want);
	return ret;
}

/*
 * Signals may come, and timers expire, at any moment: all of it is looked at under one lock, with
 * memory that was got before. The threads' own queues, too: a thread that came late may have sent
 * to one that was parked already. They are pinned. Return: 0, -EAGAIN to try it again.
 */
static int sighand_try(struct sighand_state *proc, struct park_process *park)
{
	struct task_struct *leader = park->leader;
	struct sighand_struct *sighand = rcu_dereference_protected(leader->sighand, true);
	struct sigpending *pending = &leader->signal->shared_pending;
	struct park_task *pt;
	unsigned int timers;
	int ret;

	spin_lock_irq(&sighand->siglock);
	proc->shared.want = signal_count(pending);
	list_for_each_entry(pt, &park->tasks, list)
		if (pt->thread)
			pt->thread->queue.want = signal_count(&pt->task->pending);
	timers = timer_count(leader->signal);
	spin_unlock_irq(&sighand->siglock);
	ret = sighand_room(proc, park) ?: timer_room(&proc->timers, timers);
	if (ret)
		return ret;

	proc->sighand = sighand;
	spin_lock_irq(&sighand->siglock);
	ret = timer_save(&proc->timers, leader);
	if (!ret) {
		signal_fill(&proc->shared, pending);
		list_for_each_entry(pt, &park->tasks, list)
			if (pt->thread)
				signal_fill(&pt->thread->queue, &pt->task->pending);
		sighand_save_actions(proc, sighand);
	}
	spin_unlock_irq(&sighand->siglock);
	return ret;
}

struct sighand_state *sighand_save(struct park_task *pt)
{
	struct sighand_state *proc = kvzalloc(sizeof(*proc), GFP_KERNEL_ACCOUNT);
	unsigned int tries = 0;
	int ret;

	if (!proc)
		return ERR_PTR(-ENOMEM);
	do {
		ret = -ECHILD;
		if (!park_pin(pt))
			break;
		ret = sighand_try(proc, pt->proc);
		park_unpin(pt);
		if (ret == -EAGAIN && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (ret == -EAGAIN && ++tries < SIGHAND_TRIES);
	if (ret) {
		sighand_free(proc);
		return ERR_PTR(ret);
	}
	return proc;
}

void sighand_free(struct sighand_state *proc)
{
	if (!proc)
		return;
	signal_free_queue(&proc->shared);
	timer_free(&proc->timers);
	kvfree(proc);
}

int sighand_write(struct checkpoint_process *proc)
{
	const struct sighand_state *state = proc->signals;
	struct checkpoint *cp = proc->cp;
	struct pb_sighand sighand = {
		.n_action = state->n_action,
		.action = (struct pb_sigaction *)state->action,
	};
	struct pb_signals signals = {
		.pid = proc->pid,
		.n_pending = state->shared.n,
		.pending = state->shared.pb,
	};
	int ret = 0;

	sighand.id = proc->sighand->id;
	if (proc->sighand->place.proc == proc)
		ret = stream_out_msg(&cp->out, CKPT_REC_SIGHAND, &pb_sighand_msg, &sighand);
	if (!ret)
		ret = stream_out_msg(&cp->out, CKPT_REC_SIGNALS, &pb_signals_msg, &signals);
	return ret;
}

void sighand_begin(void)
{
	struct sighand_struct *sighand = current_sighand();

	spin_lock_irq(&sighand->siglock);
	memset(&sighand->action[SIGCHLD - 1], 0, sizeof(sighand->action[0]));
	sighand->action[SIGCHLD - 1].sa.sa_handler = SIG_IGN;
	spin_unlock_irq(&sighand->siglock);
}

/* A check ends all of them again. */
static int sighand_finish(struct restart_process *p)
{
	struct sighand_struct *sighand = current_sighand();

	if (p->rs->flags & CKPT_RESTART_CHECK)
		return 0;
	spin_lock_irq(&sighand->siglock);
	sighand->action[SIGCHLD - 1] = p->chld;
	spin_unlock_irq(&sighand->siglock);
	return 0;
}

int sighand_read(struct restart *rs)
{
	struct stream_in *in = &rs->in;
	struct pb_sighand sighand;
	struct k_sigaction ka;
	unsigned int i;
	u32 last = 0;
	int ret;

	ret = stream_in_msg(in, &pb_sighand_msg, &sighand) ?:
	      PTR_ERR_OR_ZERO(owner_begin(rs, OBJECT_SIGHAND, sighand.id));
	if (ret)
		return ret;
	for (i = 0; i < sighand.n_action; i++) {
		const struct pb_sigaction *pb = &sighand.action[i];

		if (pb->signal <= last || pb->signal > _NSIG || pb->flags & ~SIGHAND_SA_FLAGS ||
		    sig_kernel_only(pb->signal))
			return stream_in_bad(in, "action of signal %u", pb->signal);
		last = pb->signal;
	}

	spin_lock_irq(&current_sighand()->siglock);
	/* The restarter's own actions came along with the clone. */
	for (i = 0; i < _NSIG; i++)
		if (i != SIGCHLD - 1)
			memset(&current_sighand()->action[i], 0, sizeof(ka));
	for (i = 0; i < sighand.n_action; i++) {
		const struct pb_sigaction *pb = &sighand.action[i];

		memset(&ka, 0, sizeof(ka));
		ka.sa.sa_handler = (__sighandler_t)(unsigned long)pb->handler;
		ka.sa.sa_flags = pb->flags;
		ka.sa.sa_restorer = (__sigrestore_t)(unsigned long)pb->restorer;
		signal_to_set(pb->mask, &ka.sa.sa_mask);
		sigdelsetmask(&ka.sa.sa_mask, sigmask(SIGKILL) | sigmask(SIGSTOP));
		if (pb->signal == SIGCHLD)
			rs->here->chld = ka;
		else
			current_sighand()->action[pb->signal - 1] = ka;
	}
	spin_unlock_irq(&current_sighand()->siglock);
	return later_call(&rs->here->later, LATER_LAST, sighand_finish);
}

int sighand_read_shared(struct restart *rs)
{
	struct stream_in *in = &rs->in;
	struct restart_process *p;
	struct pb_signals signals;
	int ret;

	ret = stream_in_msg(in, &pb_signals_msg, &signals);
	if (ret)
		return ret;
	p = owner_process(rs, signals.pid);
	return IS_ERR(p) ? PTR_ERR(p) :
	       signal_queue_all(in, signals.pending, signals.n_pending, PIDTYPE_TGID,
				&p->leader->final.shared);
}
