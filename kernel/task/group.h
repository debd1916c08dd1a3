/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Process groups and sessions.
 *
 * A restart does not take the way by which a program got there, setsid(2) before this fork and
 * setpgid(2) after that: it moves each process to the group and session that it had, as the kernel
 * itself does, when all of them are there.
 *
 * The session of the process that the caller of the checkpoint named is most often that of a shell,
 * which is not in the image. Processes of that session are in the restarter's afterwards, and those
 * of a group that nobody of the image leads are in the restarter's group. A detached restart
 * (CKPT_RESTART_DETACH) gives that process a session of its own, if it led one, or if the program
 * has other ids than the restarter: nobody may keep a session where it could write keys to the
 * terminal of another user.
 */
#ifndef _CKPT_GROUP_H
#define _CKPT_GROUP_H

struct checkpoint_process;
struct restart;
struct restart_process;

/** group_check() - checkpoint: refuse groups and sessions whose leader is not in the image */
int group_check(struct checkpoint_process *proc);

/** group_check_tree() - restart: all of TREE was read: can it be? Return: 0, or -EBADMSG */
int group_check_tree(struct restart *rs);

/** group_begin() - restart: all credentials are known: whose session does the first one get? */
void group_begin(struct restart *rs);

/** group_lead() - restart: in the process: if it leads a session, begin that */
void group_lead(struct restart_process *p);

/**
 * group_join() - restart: in the restarter: the others are moved to where they belong
 *
 * Behind group_lead() of all. Return: 0; -ECHILD one was killed, -EINTR.
 */
int group_join(struct restart *rs);

#endif /* _CKPT_GROUP_H */
