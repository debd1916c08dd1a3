// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: a process is in one frozen set at a time.
 */
#include <linux/hashtable.h>
#include <linux/sched/signal.h>

#include "claim.h"
#include "operation.h"
#include "park_set.h"

/*
 * All struct park_process that are claimed, by the address of their signal_struct, which all
 * threads of a process have in common; and who waits for some to be given up.
 */
static DEFINE_HASHTABLE(claim_table, 10);
static DEFINE_SPINLOCK(claim_lock);
static DECLARE_WAIT_QUEUE_HEAD(claim_dropped);

/* Has another set the process? The owner of one that has expired may have died. */
static bool claim_is_taken(const struct park_process *proc)
{
	const void *signal = proc->leader->signal;
	struct park_process *other;

	hash_for_each_possible(claim_table, other, claim, (unsigned long)signal)
		if (other->leader->signal == signal && other->set != proc->set &&
		    !park_expired(other->set))
			return true;
	return false;
}

/*
 * Claim all processes of the set that it has not claimed, or none of them. Return: NULL, or the
 * process that another set has.
 */
static struct park_process *claim_try(struct park_set *set)
{
	struct park_process *proc;

	spin_lock(&claim_lock);
	list_for_each_entry(proc, &set->processes, list) {
		if (!hlist_unhashed(&proc->claim) || !claim_is_taken(proc))
			continue;
		spin_unlock(&claim_lock);
		return proc;
	}
	list_for_each_entry(proc, &set->processes, list)
		if (hlist_unhashed(&proc->claim))
			hash_add(claim_table, &proc->claim, (unsigned long)proc->leader->signal);
	spin_unlock(&claim_lock);
	return NULL;
}

static int claim_refuse(struct park_set *set, const struct park_process *taken, int err)
{
	struct error_at at = {
		.reason = CKPT_REASON_BUSY,
		.task = taken->leader,
		.advice = "try again later, or with a longer --timeout",
	};

	return error_add(&set->op->errors, err, &at, "is held by another checkpoint");
}

int claim_all(struct park_set *set, unsigned long deadline)
{
	struct park_process *taken = NULL;
	long left = PARK_WAIT(claim_dropped, !(taken = claim_try(set)),
			      max_t(long, deadline - jiffies, 1));

	if (left < 0)
		return -EINTR;
	return left ? 0 : claim_refuse(set, taken, -EBUSY);
}

int claim_more(struct park_set *set)
{
	struct park_process *taken = claim_try(set);

	return taken ? claim_refuse(set, taken, -ECHILD) : 0;
}

void claim_drop(struct park_set *set)
{
	struct park_process *proc;
	bool any = false;

	spin_lock(&claim_lock);
	list_for_each_entry(proc, &set->processes, list) {
		any |= !hlist_unhashed(&proc->claim);
		hash_del(&proc->claim);
	}
	spin_unlock(&claim_lock);
	if (any)
		wake_up_all(&claim_dropped);
}
