// SPDX-License-Identifier: GPL-2.0
/*
 * Signals that may interrupt the caller of an operation.
 */
#include <linux/sched/signal.h>
#include <linux/signal.h>

#include "../task/current.h"
#include "interrupt.h"
#include "symbols.h"

void interrupt_mute(sigset_t *old)
{
	struct sighand_struct *sighand = current_sighand();
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

bool interrupt_ends(void)
{
	struct sighand_struct *sighand = current_sighand();
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

bool interrupt_again(ssize_t err)
{
	if (err != -EINTR && err != -ERESTARTSYS && err != -ERESTARTNOINTR &&
	    err != -ERESTARTNOHAND)
		return false;
	if (interrupt_ends())
		return false;
	set_current_state(TASK_KILLABLE | TASK_FREEZABLE_UNSAFE);
	schedule_timeout(1);
	return true;
}
