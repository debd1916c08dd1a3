/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SNAPSHOT_H
#define _CKPT_SNAPSHOT_H

struct mm_struct;
struct park_set;
struct snapshot;

/**
 * snapshot_prepare() - make the kernel thread that will take a snapshot
 *
 * Before the target is frozen: to create a thread takes longer than the snapshot of a small
 * process. Return: the snapshot, or ERR_PTR(-ENOMEM), ERR_PTR(-EINTR).
 */
struct snapshot *snapshot_prepare(void);

/**
 * snapshot_start() - begin to take a copy-on-write copy of an address space
 * @snap: prepared
 * @mm: of a process all of whose threads are parked
 * @park: the set that it is parked in
 *
 * The copy holds what fork leaves out, too (MADV_DONTFORK, MADV_WIPEONFORK), but nothing that is
 * shared. Nothing of @mm is changed, but that its pages are write-protected until they are written
 * to. Several may be taken at the same time.
 */
void snapshot_start(struct snapshot *snap, struct mm_struct *mm, struct park_set *park);

/**
 * snapshot_wait() - wait, killable, until it is taken
 * @snap: started
 * @stop: called now and then: is it no use any more?
 * @arg: for @stop
 *
 * After an error the thread may still be at it; it ends by itself, and holds what it needs.
 *
 * Return: the copy, with a reference for the caller; or an ERR_PTR: -EINTR killed, -ETIMEDOUT
 * @stop or the process went on, -EOPNOTSUPP some of the memory is under userfaultfd, -EAGAIN its
 * areas were changed meanwhile, -ENOMEM.
 */
struct mm_struct *snapshot_wait(struct snapshot *snap, bool (*stop)(void *arg), void *arg);

/** snapshot_stop() - end one that was started, and that nobody is going to wait for */
void snapshot_stop(struct snapshot *snap);

/** snapshot_free() - end the thread; NULL and ERR_PTR are fine */
void snapshot_free(struct snapshot *snap);

#endif /* _CKPT_SNAPSHOT_H */
