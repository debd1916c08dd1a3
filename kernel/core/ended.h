/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes of a set that end while it is being frozen.
 *
 * The first process of the set has to live. Others stay in it as zombies (&park_process.ended), if
 * their parent is in it, too, and has not reaped them; else they leave it (&park_process.left).
 */
#ifndef _CKPT_ENDED_H
#define _CKPT_ENDED_H

#include <linux/types.h>

struct park_process;
struct park_set;

/**
 * ended_look() - has a process ended, or is it about to?
 * @proc: the process
 * @leaving: set if it is about to
 *
 * Return: 0; with the error recorded: -ECHILD it is the first one, or has executed another program
 * by a thread, -EOPNOTSUPP its main thread has ended and others live.
 */
int ended_look(struct park_process *proc, bool *leaving);

/** ended_look_zombie() - one that was reaped, or that others may reap any time, leaves the set */
void ended_look_zombie(struct park_process *proc);

/** ended_any() - ended_look() at all processes of a set; Return: as there */
int ended_any(struct park_set *set);

/**
 * ended_in_vfork() - has it the memory of its parent until it executes a program?
 *
 * The parent waits for that, and cannot be frozen; nor must the child be, or both would wait.
 */
bool ended_in_vfork(const struct park_process *proc);

#endif /* _CKPT_ENDED_H */
