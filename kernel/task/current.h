/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_CURRENT_H
#define _CKPT_CURRENT_H

#include <linux/sched/signal.h>

/** current_sighand() - the current task's signal handlers, at which it may look without RCU */
static inline struct sighand_struct *current_sighand(void)
{
	return rcu_dereference_protected(current->sighand, true);
}

#endif /* _CKPT_CURRENT_H */
