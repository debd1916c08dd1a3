/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SNAPSHOT_H
#define _CKPT_SNAPSHOT_H

struct mm_struct;
struct snapshot;

/**
 * snapshot_prepare() - make the kernel thread that will take a snapshot
 *
 * Before the target is frozen: to create a thread takes longer than the snapshot of a small
 * process. Return: the snapshot, or ERR_PTR(-ENOMEM), ERR_PTR(-EINTR).
 */
struct snapshot *snapshot_prepare(void);

/**
 * snapshot_take() - a copy-on-write copy of an address space
 * @snap: prepared
 * @mm: of a process all of whose threads are parked
 *
 * The copy holds what fork leaves out too (MADV_DONTFORK, MADV_WIPEONFORK). Waits as long as a fork
 * takes, and like a fork is not to be killed meanwhile.
 *
 * Return: the copy, with a reference for the caller; or an ERR_PTR.
 */
struct mm_struct *snapshot_take(struct snapshot *snap, struct mm_struct *mm);

/** snapshot_free() - end the thread; NULL and ERR_PTR are fine */
void snapshot_free(struct snapshot *snap);

#endif /* _CKPT_SNAPSHOT_H */
