/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Standard streams that lead to processes outside of the image: a checkpoint remembers which they
 * are, and a restart puts those of the restarter in their place.
 */
#ifndef _CKPT_EXTERNAL_H
#define _CKPT_EXTERNAL_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct object;
struct pb_file;
struct restart;

/**
 * external_plain() - checkpoint: a description is open in processes outside, too: may it be?
 *
 * That goes for a regular file that is a standard stream, and is found by its path.
 */
bool external_plain(struct checkpoint *cp, const struct object *obj);

/** external_remark() - checkpoint: it has succeeded: say what leads outside */
void external_remark(struct checkpoint *cp);

/**
 * external_take() - restart: take over what is given in the place of streams
 * @rs: the restart
 * @addr: of an array of struct ckpt_external, from the caller
 * @n: its length
 *
 * Return: 0, -EINVAL, -EFAULT, -EBADF.
 */
int external_take(struct restart *rs, u64 addr, u32 n);

/** external_read() - restart: a FILE that is such a stream; it becomes an OBJECT_STREAM */
int external_read(struct restart *rs, const struct pb_file *pb);

/**
 * external_at() - restart: what a descriptor gets that refers to a stream
 * @rs: the restart
 * @obj: an OBJECT_STREAM
 * @fd: the descriptor
 *
 * Return: the file, which the restart holds, or an ERR_PTR with the error recorded.
 */
struct file *external_at(struct restart *rs, const struct object *obj, u32 fd);

/** external_put() - restart: drop what was given */
void external_put(struct restart *rs);

#endif /* _CKPT_EXTERNAL_H */
