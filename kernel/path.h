/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_PATH_H
#define _CKPT_PATH_H

#include <linux/path.h>

#include "schema.gen.h"

struct checkpoint;
struct file;
struct restart;

/**
 * path_save() - describe a file by its path
 * @cp: the checkpoint; @cp->path holds the name afterwards, and @pb points into it
 * @path: the file
 * @pb: filled
 *
 * Return: NULL, or why it cannot be found again by a path.
 */
const char *path_save(struct checkpoint *cp, const struct path *path, struct pb_path *pb);

/**
 * path_is_anonymous() - is it one of the kernel's files without a path?
 * @file: the file
 * @name: what the kernel calls its kind, such as "[eventpoll]"
 */
bool path_is_anonymous(struct file *file, const char *name);

/** path_supported() - NULL, or why an open file of this inode cannot be kept */
const char *path_supported(struct file *file);

/**
 * path_open() - open the file again
 * @rs: the restart; what is not as it was is refused unless its flags say otherwise
 * @pb: its description
 * @flags: O_*; creating and truncating are left out
 *
 * Return: the file, or an ERR_PTR with the error recorded.
 */
struct file *path_open(struct restart *rs, const struct pb_path *pb, unsigned int flags);

/**
 * path_finish() - cut the files that were to be cut, now that the image is known to be good
 *
 * Return: 0, or what truncate(2) says, with the error recorded.
 */
int path_finish(struct restart *rs);

/** path_forget() - give up what path_finish() would do */
void path_forget(struct restart *rs);

#endif /* _CKPT_PATH_H */
