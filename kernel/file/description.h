/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part that all kinds of open file descriptions have in common.
 */
#ifndef _CKPT_DESCRIPTION_H
#define _CKPT_DESCRIPTION_H

#include <linux/fs.h>

#include "../compat/compat.h"

struct checkpoint;
struct object_place;
struct restart;

/* Flags of a description that fcntl(F_SETFL) changes. */
#define DESCRIPTION_SETFL	(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)
/*
 * Flags that were said once, where it was opened, and that fcntl(F_GETFL) shows; how it is made
 * here may take others. O_CLOEXEC is among them: of some anonymous files.
 */
#define DESCRIPTION_OPENED	(O_LARGEFILE | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY | O_DSYNC | \
				 __O_SYNC | O_EMPTYPATH)
/* Without what the kernel keeps in f_flags for itself (FMODE_EXEC and the like). */
#define DESCRIPTION_FLAGS	(O_ACCMODE | DESCRIPTION_SETFL | DESCRIPTION_OPENED | O_PATH | \
				 __O_TMPFILE)

/** description_seek() - restart: give it its position; false if it cannot have that */
bool description_seek(struct file *file, loff_t pos);

/**
 * description_take_fd() - restart: make a mere file of a descriptor
 * @fd: that a system call body has just returned, or its errno
 *
 * Return: the file, with a reference, or ERR_PTR; the descriptor is closed.
 */
struct file *description_take_fd(long fd);

/**
 * description_set_flags() - restart: set the flags of a description that fcntl(F_GETFL) shows
 * @rs: the restart
 * @file: the description
 * @id: of its FILE, for error texts
 * @flags: O_*; the access mode and O_PATH, which only an open gives, are not set
 *
 * Return: 0; -EBADMSG it can have no such flags, -EPERM no right to one; with an error recorded.
 */
int description_set_flags(struct restart *rs, struct file *file, u32 id, unsigned int flags);

/**
 * description_refuse() - checkpoint: a file cannot be kept: record it
 * @cp: the checkpoint
 * @file: the file
 * @at: where it was found
 * @why: what it is
 *
 * Return: 0, always.
 */
int description_refuse(struct checkpoint *cp, struct file *file, const struct object_place *at,
		       const char *why);

#endif /* _CKPT_DESCRIPTION_H */
