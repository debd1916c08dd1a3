/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files whose content is in the image: shared memory, memfds, deleted files.
 */
#ifndef _CKPT_FILE_CONTENT_H
#define _CKPT_FILE_CONTENT_H

#include <linux/types.h>

#include "../image/object.h"
#include "../image/schema.gen.h"

struct checkpoint;
struct dentry;
struct file;
struct kstat;
struct restart;

/**
 * file_content_object() - the object of a file, one for all open descriptions of it
 * @cp: the checkpoint
 * @kind: OBJECT_SHMEM or OBJECT_UNLINKED
 * @file: a description; the caller makes a FILE of it, which keeps all alive
 * @new: set if this is the first description: the caller describes the file, and sets @size
 *
 * Return: the object, or ERR_PTR.
 */
struct object *file_content_object(struct checkpoint *cp, enum object_kind kind, struct file *file,
				   bool *new);

/** file_content_attr() - mode, owner and times as the image has them */
void file_content_attr(const struct kstat *stat, struct pb_file_attr *attr);

/**
 * file_content_set_attr() - restart: give a file what file_content_attr() has described
 * @rs: the restart
 * @file: a file that was made anew
 * @id: of its object in the image
 * @pb: mode, owner, times
 *
 * Return: 0 or an errno, with the error recorded.
 */
int file_content_set_attr(struct restart *rs, struct file *file, u32 id,
			  const struct pb_file_attr *pb);

/** file_content_xattrs() - NULL, or that the file has extended attributes, which are not kept */
const char *file_content_xattrs(struct checkpoint *cp, struct dentry *dentry);

/** file_content_flags() - NULL, or that the file has flags of its own, which are not kept */
const char *file_content_flags(const struct inode *inode, const struct kstat *stat);

/** file_content_policy() - NULL, or that memory of tmpfs has a NUMA policy, which is not kept */
const char *file_content_policy(struct inode *inode);

/**
 * file_content_check() - refuse a file that others have open, that is secret, or has a write lease
 *
 * Not of deleted files that nobody can write to: a copy is as good. Secret is what no description
 * of the process may read, nor the caller.
 */
void file_content_check(struct checkpoint *cp, struct object *obj);

/**
 * file_content_is_out() - is it such a file, with content that is not in memory?
 *
 * It would be read while the program is frozen. Without a lock, and only a guess.
 */
bool file_content_is_out(struct file *file);

/**
 * file_content_bring_in() - read the content of a file while the program runs
 *
 * So that it is in memory when it is written. A failure is none: that will be seen then.
 *
 * Return: 0, -EINTR the caller was killed, -ENOMEM.
 */
int file_content_bring_in(struct checkpoint *cp, struct file *file);

/** file_content_any() - is there anything for file_content_write() to write? */
bool file_content_any(struct checkpoint *cp);

/**
 * file_content_write() - write what is in all these files
 *
 * While the process is frozen: nothing makes a snapshot of them. The spool ends here, so everything
 * else of the description is in it. Only if file_content_any().
 */
int file_content_write(struct checkpoint *cp);

/** file_content_read() - SHMEM_RUN, and the SHMEM_DATA that must follow it */
int file_content_read(struct restart *rs);

/**
 * file_content_add() - a file has been made anew: remember it, and what it gets at the end
 * @rs: the restart
 * @kind: OBJECT_SHMEM or OBJECT_UNLINKED
 * @id: in the image
 * @file: open for reading and writing; the reference is taken over, also on failure
 * @attr: mode, owner, times; NULL leaves them
 * @seals: F_SEAL_* of a memfd
 */
int file_content_add(struct restart *rs, enum object_kind kind, u32 id, struct file *file,
		     const struct pb_file_attr *attr, u32 seals);

/**
 * file_content_open() - open such a file once more
 *
 * Return: a description of its own; or an ERR_PTR with the error recorded.
 */
struct file *file_content_open(struct restart *rs, struct file *file, unsigned int flags);

/**
 * file_content_write_sealed() - is it a memfd that will be sealed against writing?
 *
 * The seals themselves come with the last steps; until then the content is written.
 */
bool file_content_write_sealed(struct restart *rs, struct file *file);

#endif /* _CKPT_FILE_CONTENT_H */
