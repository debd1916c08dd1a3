/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_EARLY_H
#define _CKPT_EARLY_H

struct checkpoint;

/**
 * early_check() - checkpoint: look at a process that runs; refuse what cannot be kept
 * @cp: the checkpoint
 * @deadline: in jiffies; until then a thread may sleep so deep that it could not be frozen
 *
 * Children, namespaces, descriptors of kinds that are not supported, and what threads have. All
 * that is refused is recorded.
 *
 * Return: 0; -EOPNOTSUPP something is refused, -ETIMEDOUT a thread does not wake, -EINTR the caller
 * was killed, -ENOMEM.
 */
int early_check(struct checkpoint *cp, unsigned long deadline);

#endif /* _CKPT_EARLY_H */
