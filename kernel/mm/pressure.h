/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving a snapshot up when memory is short.
 *
 * While the image is written the program goes on. Each page that it writes to is copied, and is
 * charged to its memory cgroup a second time, because the snapshot keeps the first one. Before the
 * kernel kills anything for that, the snapshot gives its pages back, and the checkpoint fails.
 *
 * The kernel asks by a shrinker, that is, in whatever task needs memory, which may be the program
 * itself. A snapshot is asked when the cgroup of its program is short, or one above it, or the
 * machine. memory.high asks in the same way, before it slows anybody down.
 */
#ifndef _CKPT_PRESSURE_H
#define _CKPT_PRESSURE_H

#include <linux/types.h>

struct mm_struct;
struct operation;

/** pressure_init() - when the module is loaded; Return: 0 or an errno */
int pressure_init(void);

/** pressure_exit() - undo it; nothing is watched any more */
void pressure_exit(void);

/**
 * pressure_begin() - from now on, a snapshot is given up if memory is short
 * @copy: the snapshot; nobody but the caller uses it
 * @mm: what it is a snapshot of
 * @op: the caller's operation, which is stopped then (operation_stop())
 *
 * To be called before the program goes on, by the task that runs the operation. Return: 0, -ENOMEM.
 */
int pressure_begin(struct mm_struct *copy, struct mm_struct *mm, struct operation *op);

/** pressure_end() - not any more; if @copy is not watched, or NULL, nothing happens */
void pressure_end(struct mm_struct *copy);

/**
 * pressure_gave_way() - has a snapshot been given up?
 *
 * Pages were taken away then, and what is read from it is worth nothing. A reader asks after the
 * last page: if the answer is false, all it has read were the program's.
 */
bool pressure_gave_way(struct mm_struct *copy);

#endif /* _CKPT_PRESSURE_H */
