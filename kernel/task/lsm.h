/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_LSM_H
#define _CKPT_LSM_H

struct cred;
struct task_struct;

/**
 * lsm_label() - what a security module confines a task to (AppArmor profile, SELinux context)
 * @task: it
 *
 * Return: text for kfree(), or NULL: nothing does, or it is unconfined; or ERR_PTR: -ENOMEM, or
 *	what the module says that does not tell (-EACCES: an AppArmor namespace that the caller is
 *	not in).
 */
char *lsm_label(struct task_struct *task);

/** lsm_unsupported() - NULL, or what in these credentials cannot be kept, or cannot be known */
const char *lsm_unsupported(const struct cred *cred);

/**
 * lsm_unsupported_self() - NULL, or what the current thread has asked for that cannot be kept
 *
 * It alone can say so: of others, AppArmor tells what the caller has (until 6.7).
 */
const char *lsm_unsupported_self(void);

#endif /* _CKPT_LSM_H */
