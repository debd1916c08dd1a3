/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Restart: which descriptors a FILE has.
 *
 * A FILE is opened before there are descriptors of it, and by a process that may never have one.
 * Some of what it is needs a descriptor: who is told of a signal, for example, is told which.
 */
#ifndef _CKPT_FD_H
#define _CKPT_FD_H

#include <linux/types.h>

struct later;
struct later_ops;
struct object;
struct restart;
struct restart_files;

/**
 * fd_later() - restart: put work off until its stage, in a process that has a descriptor of a FILE
 * @rs: the restart
 * @id: of the FILE, which has none yet; &object.fd is one in that process
 * @later: what; the restart frees it, also on an error
 * @ops: what it is
 *
 * Return: 0, -ENOMEM.
 */
int fd_later(struct restart *rs, u32 id, struct later *later, const struct later_ops *ops);

/** fd_later_free() - restart: forget what was put off so for a FILE without a descriptor */
void fd_later_free(struct restart *rs);

/**
 * fd_note() - a FILE has a descriptor
 *
 * The first one is &object.fd, and the first one in each other table is remembered, too. Return: 0,
 * -ENOMEM.
 */
int fd_note(struct restart *rs, struct object *obj, struct restart_files *files, u32 fd);

/** fd_of() - restart: a descriptor of a FILE in that table, or -1 */
int fd_of(const struct object *obj, struct restart_files *files);

#endif /* _CKPT_FD_H */
