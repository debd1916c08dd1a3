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

/**
 * checkpoint_release() - let a held program go
 * @cp: it is freed
 * @how: how it goes on
 * @ns: gets how long it was frozen, in ns
 *
 * Return: 0, or -ETIMEDOUT if it went on by itself before.
 */
int checkpoint_release(struct checkpoint *cp, enum ckpt_release_how how, u64 *ns);

#endif /* _CKPT_CHECKPOINT_H */
