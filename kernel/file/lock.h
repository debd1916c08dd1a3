/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_LOCK_H
#define _CKPT_LOCK_H

#include <linux/types.h>

struct checkpoint;
struct checkpoint_files;
struct file;
struct inode;
struct pb_file;
struct restart;

/**
 * lock_save_lease() - checkpoint: put a lease (F_SETLEASE) of the description into @pb
 * @cp: the checkpoint
 * @file: the description
 * @pb: its record
 * @why: gets what is not supported, if something is not
 *
 * Return: 0, -ENOMEM, -EINTR.
 */
int lock_save_lease(struct checkpoint *cp, struct file *file, struct pb_file *pb,
		    const char **why);

/** lock_write_leased() - checkpoint: would it break a lease to open the file for reading? */
bool lock_write_leased(struct inode *inode);

/** lock_note_lease() - restart: check a lease of a file, and set it with the last steps */
int lock_note_lease(struct restart *rs, const struct pb_file *pb);

/** lock_write() - checkpoint: write the file locks of a descriptor table, behind all files */
int lock_write(struct checkpoint_files *files);

/** lock_read() - restart: LOCKS */
int lock_read(struct restart *rs);

#endif /* _CKPT_LOCK_H */
