/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_PATH_H
#define _CKPT_PATH_H

#include <linux/path.h>

#include "../image/object.h"
#include "../image/schema.gen.h"

struct checkpoint;
struct dentry;
struct file;
struct restart;

/**
 * struct path_user - what a path belongs to, for error texts
 * @what: such as "its working directory"; a constant
 * @place: where that is
 * @kind_only: a restart compares what kind of file it is, and neither size nor time
 * @cred: id of a CRED: whose rights open it at a restart if it is another file then, or 0
 * @written: the program has it open to write
 */
struct path_user {
	const char *what;
	struct object_place place;
	bool kind_only;
	u32 cred;
	bool written;
};

/**
 * path_save() - describe a file by its path
 * @cp: the checkpoint; @pb points into its spool afterwards (see stream_out_later())
 * @path: the file
 * @user: what it belongs to
 * @pb: filled
 *
 * Whether the path leads to the file is found out by path_verify().
 *
 * Return: 0, 1 if it has no path and is refused, or an errno.
 */
int path_save(struct checkpoint *cp, const struct path *path, const struct path_user *user,
	      struct pb_path *pb);

/**
 * path_verify() - do all paths in the image lead to their files?
 * @cp: the checkpoint; if the process was released, it may have moved files since
 *
 * All are looked at, and each that does not is refused.
 *
 * Return: 0, -EOPNOTSUPP if anything was refused, by now or before, -EINTR.
 */
int path_verify(struct checkpoint *cp);

/**
 * path_settle() - checkpoint: bring a path up to date
 * @pb: as path_save() has filled it, or a copy; path_verify() may have looked at the file again
 *
 * Before stream_out_unspool() ends.
 */
void path_settle(struct pb_path *pb);

/** path_unclaim() - forget what path_verify() would look at */
void path_unclaim(struct checkpoint *cp);

/**
 * path_name() - a path of the image as it is to be looked up here
 * @rs: the restart, which may say that paths have moved
 * @pb: the path
 * @what: the object it belongs to, for the error text
 *
 * Return: the name, to be freed by kfree(), or an ERR_PTR with the error recorded.
 */
char *path_name(struct restart *rs, const struct pb_path *pb, const char *what);

/**
 * path_relocate() - take over where paths have moved (ckpt_restart.relocate)
 * @rs: the restart
 * @from: in user space
 * @len: in bytes; at most CKPT_RELOCATE_MAX
 *
 * Return: 0, -EINVAL it is not pairs of absolute paths, -EFAULT, -ENOMEM, -EINTR.
 */
int path_relocate(struct restart *rs, const char __user *from, size_t len);

/**
 * path_wrong() - may a restart go on in spite of what is not as it was?
 * @rs: the restart
 * @err: a negative errno; the error is recorded
 *
 * Return: true with CKPT_RESTART_CHECK, which wants to hear of the others, too; but not without
 * memory, when killed, or if the image is damaged.
 */
bool path_wrong(struct restart *rs, int err);

/**
 * path_stand_in() - a file in the place of what is missing, to see what else is
 * @rs: the restart
 * @err: a negative errno; the error is recorded
 * @mode: for a directory there is one, for anything else memory
 * @size: of that memory, in bytes; it stays empty
 *
 * Return: the file, or an ERR_PTR with @err if path_wrong() says no, or with what fails here.
 */
struct file *path_stand_in(struct restart *rs, int err, umode_t mode, u64 size);

/**
 * path_is_anonymous() - is it one of the kernel's files without a path?
 * @file: the file
 * @name: what the kernel calls its kind, such as "[eventpoll]"
 */
bool path_is_anonymous(struct file *file, const char *name);

/** path_written() - may the file's time change by what somebody does without an open? */
bool path_written(struct dentry *dentry);

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

#endif /* _CKPT_PATH_H */
