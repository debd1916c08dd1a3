/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_CRED_H
#define _CKPT_CRED_H

#include <linux/cred.h>

#include "schema.gen.h"

struct dev_ctx;
struct stream_in;
struct stream_out;

/** cred_write() - write CRED for the credentials @cred of @task under @id */
int cred_write(struct stream_out *out, struct task_struct *task, const struct cred *cred, u32 id);

/**
 * cred_read() - read CRED and build credentials from it
 *
 * Checks that the caller (the current task has its credentials) could have got each of them by
 * itself: the capability that setuid(2), setgroups(2), prctl(2) and capset(2) ask for.
 *
 * Return: credentials to commit, or an ERR_PTR with the error recorded: -EPERM, -EBADMSG,
 * -ENOMEM.
 */
struct cred *cred_read(struct stream_in *in, u32 *id);

/** cred_same_ids() - are all user and group ids, supplementary groups included, the same? */
bool cred_same_ids(const struct cred *a, const struct cred *b);

#endif /* _CKPT_CRED_H */
