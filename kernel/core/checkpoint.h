/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_CHECKPOINT_H
#define _CKPT_CHECKPOINT_H

#include <linux/types.h>

#include "../../uapi/ckpt.h"

struct checkpoint;
struct operation;

/**
 * checkpoint_run() - CKPT_IOC_CHECKPOINT
 * @op: for errors and progress
 * @arg: the results are filled into it
 * @held: gets the checkpoint if the program is still frozen, for checkpoint_release()
 *
 * Return: 0, or an errno; what is wrong is recorded in @op.
 */
int checkpoint_run(struct operation *op, struct ckpt_checkpoint *arg, struct checkpoint **held);

/** checkpoint_release() - let a held program go; Return: how long it was frozen, in ns */
u64 checkpoint_release(struct checkpoint *cp, enum ckpt_release_how how);

#endif /* _CKPT_CHECKPOINT_H */
