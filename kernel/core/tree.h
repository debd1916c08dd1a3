/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Restart: the processes of TREE, as tasks: each is made by its parent, some end again, and all of
 * them do if the restart fails.
 */
#ifndef _CKPT_TREE_H
#define _CKPT_TREE_H

#include <linux/types.h>

struct build_task;
struct restart;
struct restart_process;

/**
 * tree_check() - all of TREE was read: do parents, and what they share with children, fit together?
 *
 * Return: 0, or -EBADMSG with words.
 */
int tree_check(struct restart *rs);

/**
 * tree_make() - create all processes, each as a child of its parent, and empty
 *
 * A parent that is not in the image is the restarter. Return: 0; -EINTR, -ECHILD, or what creating
 * one says, with the error recorded.
 */
int tree_make(struct restart *rs);

/**
 * tree_task() - create a task with the id it had
 * @p: whose main thread, or other thread, it is; the current task becomes its parent, or sibling
 * @flags: CLONE_* flags
 * @nr: its id
 * @fn: what it does first; build_wait() waits for that
 *
 * To see what else is wrong (CKPT_RESTART_CHECK), any other id will do. Return: the task, or an
 * ERR_PTR with the error recorded.
 */
struct build_task *tree_task(struct restart_process *p, u64 flags, u32 nr,
			     int (*fn)(struct build_task *bt));

/** tree_end_some() - those that are zombies in the image end; Return: 0, -EINTR, -ECHILD */
int tree_end_some(struct restart *rs);

/**
 * tree_abort() - nothing may be left: all tasks die, and are reaped
 *
 * Children first, whose parents ignore SIGCHLD until the program starts. If the caller is being
 * killed, it waits for nobody.
 */
void tree_abort(struct restart *rs);

#endif /* _CKPT_TREE_H */
