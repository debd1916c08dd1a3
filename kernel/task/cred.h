/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_CRED_H
#define _CKPT_CRED_H

#include <linux/cred.h>

#include "../image/schema.gen.h"

struct operation;
struct stream_in;
struct stream_out;

/**
 * cred_write() - write CRED
 * @out: the image
 * @task: whose they are; NULL: files were opened with them
 * @cred: they
 * @id: under which
 */
int cred_write(struct stream_out *out, struct task_struct *task, const struct cred *cred, u32 id);

/** cred_known() - can the ids be told in the caller's user namespace? */
bool cred_known(const struct cred *cred);

/** cred_equal() - are they the same rights? Security modules aside */
bool cred_equal(const struct cred *a, const struct cred *b);

/** cred_within() - could somebody who has the credentials @has get to @cred by system calls? */
bool cred_within(const struct cred *cred, const struct cred *has);

/**
 * cred_read() - read CRED and build credentials from it
 * @in: the image
 * @id: gets the id
 * @opener: gets whether files were opened with them, and no thread has them
 *
 * Credentials of a thread are checked: the caller (the current task has its credentials) must be
 * able to get each of them by itself, with the capability that setuid(2), setgroups(2), prctl(2)
 * and capset(2) ask for. Those of an opener are not for use without cred_within().
 *
 * Return: credentials, or an ERR_PTR with the error recorded: -EPERM, -EBADMSG, -ENOMEM;
 * -EOVERFLOW without a record: ids of an opener that do not exist here.
 */
struct cred *cred_read(struct stream_in *in, u32 *id, bool *opener);

/** cred_same_ids() - are all user and group ids, supplementary groups included, the same? */
bool cred_same_ids(const struct cred *a, const struct cred *b);

#endif /* _CKPT_CRED_H */
