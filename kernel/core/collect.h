/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes of a checkpoint: found, looked at while they run, and frozen as a set.
 */
#ifndef _CKPT_COLLECT_H
#define _CKPT_COLLECT_H

struct checkpoint;
struct checkpoint_process;
struct ckpt_checkpoint;

/**
 * collect_park() - freeze the process that the caller has named, and all its descendants
 * @cp: without processes
 * @arg: which one, and how long that may take
 *
 * A refusal for something that can be seen while they run comes before anybody is frozen.
 * Return: 0, and the frozen set is &checkpoint.park; or an errno, with the error recorded unless it
 * is -EINTR or -ENOMEM, and nobody is frozen.
 */
int collect_park(struct checkpoint *cp, const struct ckpt_checkpoint *arg);

/**
 * collect_may_still() - has the caller the right to trace a process that is parked?
 *
 * Until it came to rest, it may have executed a program that gives it other rights. Its threads may
 * have some of their own, too; most have the same. Return: 0, -EPERM with the error recorded, or
 * -EINTR.
 */
int collect_may_still(struct checkpoint_process *proc);

#endif /* _CKPT_COLLECT_H */
