/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals that may interrupt the caller of an operation, which cannot begin anew.
 */
#ifndef _CKPT_INTERRUPT_H
#define _CKPT_INTERRUPT_H

#include <linux/signal.h>
#include <linux/types.h>

/**
 * interrupt_mute() - block the caller's signals that do not end it, those with a handler say
 * @old: what was blocked, to be given to set_current_blocked()
 */
void interrupt_mute(sigset_t *old);

/** interrupt_ends() - has the caller, muted, got a signal that ends it, if by a core dump? */
bool interrupt_ends(void);

/**
 * interrupt_again() - was a read or write interrupted by what can wait?
 * @err: what it returned
 *
 * Stopping, and answering a tracer, can wait until the caller is on its way to user mode. The
 * freezer does not wait so long: it finds the caller asleep here. Waits a tick, killable.
 *
 * Return: whether to call it again.
 */
bool interrupt_again(ssize_t err);

#endif /* _CKPT_INTERRUPT_H */
