/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_TAKEN_H
#define _CKPT_TAKEN_H

#include <linux/types.h>

struct restart;

/**
 * taken_wait() - wait a moment for the end of whoever has a pid; killable
 * @rs: the restart
 * @nr: the pid, in the restarter's namespace
 *
 * Return: whether it is worth to try again.
 */
bool taken_wait(struct restart *rs, u32 nr);

/**
 * taken_refuse() - say why there is no task with that pid
 * @rs: the restart
 * @err: what kernel_clone() said
 * @nr: the pid
 *
 * Return: @err, with the error recorded.
 */
int taken_refuse(struct restart *rs, int err, u32 nr);

#endif /* _CKPT_TAKEN_H */
