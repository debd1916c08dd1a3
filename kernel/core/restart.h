/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_RESTART_H
#define _CKPT_RESTART_H

#include <linux/types.h>

#include "../../uapi/ckpt.h"

struct operation;
struct restart;

/**
 * restart_run() - CKPT_IOC_RESTART; the results are filled into @arg
 * @op: for errors and progress
 * @arg: its argument, checked
 * @waits: with CKPT_RESTART_WAIT, gets what restart_go() or restart_abandon() takes
 *
 * Return: 0, or an errno with the error recorded.
 */
int restart_run(struct operation *op, struct ckpt_restart *arg, struct restart **waits);

/** restart_mine() - has this process begun the restart, and executed no other program since? */
bool restart_mine(const struct restart *rs);

/** restart_go() - a program that waits starts; @rs is gone. Return: as restart_run() */
int restart_go(struct restart *rs);

/** restart_abandon() - a program that waits ends; @rs is gone */
void restart_abandon(struct restart *rs);

#endif /* _CKPT_RESTART_H */
