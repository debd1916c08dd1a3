/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes of a checkpoint, and what they may have in common: address spaces and descriptor
 * tables.
 */
#ifndef _CKPT_MEMBERS_H
#define _CKPT_MEMBERS_H

struct checkpoint;
struct checkpoint_files;
struct checkpoint_mm;
struct checkpoint_process;
struct task_struct;

/** members_add() - one process more, behind the others; Return: 0 or -ENOMEM */
int members_add(struct checkpoint *cp, struct task_struct *leader);

/**
 * members_collect() - add all descendants of the members that are not members yet
 *
 * Behind the others, a parent before its children. Return: how many, or -ENOMEM, -EINTR.
 */
int members_collect(struct checkpoint *cp);

/** members_settle() - they are parked: forget those that have gone, mark those that are zombies */
void members_settle(struct checkpoint *cp);

/** members_named() - the process that the caller has named: the first */
struct checkpoint_process *members_named(struct checkpoint *cp);

/** members_parent() - the member that is the parent of a process, or NULL */
struct checkpoint_process *members_parent(struct checkpoint_process *proc);

/** members_ended() - the leader of a process that ends, or of the one that the caller has named */
struct task_struct *members_ended(struct checkpoint *cp);

/**
 * members_each() - call a function for each process that lives
 *
 * Return: 0, or what the first call says that does not say 0; -EINTR if the caller was killed.
 */
int members_each(struct checkpoint *cp, int (*fn)(struct checkpoint_process *proc));

/** members_each_ended() - the same for each process, those that have ended among them */
int members_each_ended(struct checkpoint *cp, int (*fn)(struct checkpoint_process *proc));

/** members_each_mm() - the same for each address space */
int members_each_mm(struct checkpoint *cp, int (*fn)(struct checkpoint_mm *cm));

/** members_each_table() - the same for each descriptor table */
int members_each_table(struct checkpoint *cp, int (*fn)(struct checkpoint_files *files));

/**
 * members_find_shared() - find what a parked process could share: its MM, FILES, FS, SIGHAND
 *
 * Those that a process before has as well are the same. Return: 0, -ENOMEM, -EMFILE, or -ECHILD:
 * it ended.
 */
int members_find_shared(struct checkpoint_process *proc);

/** members_free_snapshots() - end the threads that have taken the snapshots, or that were to */
void members_free_snapshots(struct checkpoint *cp);

/** members_free_shared() - give address spaces and descriptor tables back */
void members_free_shared(struct checkpoint *cp);

/** members_free() - forget all processes */
void members_free(struct checkpoint *cp);

#endif /* _CKPT_MEMBERS_H */
