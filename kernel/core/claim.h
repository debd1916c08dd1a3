/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Claims: a process is in one frozen set at a time.
 *
 * Works run in no order, so that of two who park the same process each could get some of the
 * threads, and wait for the others. For the same reason a set claims all of its processes in one
 * step, or none and waits. A process that comes to the set later, a child, is claimed when it is
 * found; if another set has it, all that this one has is given up.
 */
#ifndef _CKPT_CLAIM_H
#define _CKPT_CLAIM_H

struct park_set;

/**
 * claim_all() - claim all processes of a set that has none yet
 * @set: the set
 * @deadline: in jiffies
 *
 * Waits, killable, until no other set has any of them. Return: 0; -EINTR the caller was killed,
 * -EBUSY with the error recorded.
 */
int claim_all(struct park_set *set, unsigned long deadline);

/**
 * claim_more() - claim those that were added to the set since
 *
 * Return: 0, or -ECHILD with the error recorded: another set has one of them.
 */
int claim_more(struct park_set *set);

/** claim_drop() - give up all that the set has claimed */
void claim_drop(struct park_set *set);

#endif /* _CKPT_CLAIM_H */
