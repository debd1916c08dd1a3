/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_EARLY_H
#define _CKPT_EARLY_H

struct checkpoint_process;

/**
 * early_check() - checkpoint: look at a process that runs; refuse what cannot be kept
 *
 * Namespaces, descriptors of kinds that are not supported, and what threads have. All
 * that is refused is recorded. The caller may look at the process, and keeps it from executing
 * another program.
 *
 * Return: 0; -EOPNOTSUPP something is refused, -EINTR the caller was killed, -ENOMEM.
 */
int early_check(struct checkpoint_process *proc);

/**
 * early_bring_in_all() - checkpoint: bring the content of shared memory and deleted files in
 * @proc: the process
 *
 * Such content has no snapshot and is read while the program is frozen. Pages in swap or on a disk
 * are brought into memory before that, since reading them takes long.
 * Return: 0, -EINTR, -ENOMEM.
 */
int early_bring_in_all(struct checkpoint_process *proc);

/**
 * early_wait() - checkpoint: wait until no thread sleeps so deep that it could not be frozen
 * @proc: the process
 * @deadline: in jiffies
 *
 * Return: 0, -EINTR, -ENOMEM; -ETIMEDOUT with the error recorded.
 */
int early_wait(struct checkpoint_process *proc, unsigned long deadline);

#endif /* _CKPT_EARLY_H */
