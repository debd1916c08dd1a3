/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_FILE_H
#define _CKPT_FILE_H

#include <linux/types.h>

struct checkpoint;
struct checkpoint_files;
struct file;
struct object_place;
struct restart;

/**
 * file_write() - checkpoint: put an open file description into the image, once
 * @cp: the checkpoint
 * @file: the description; a reference is taken
 * @at: where it is: a descriptor, or a mapping
 * @id: gets its id
 *
 * A kind that cannot be kept is refused by name, and gets an id all the same.
 */
int file_write(struct checkpoint *cp, struct file *file, const struct object_place *at, u32 *id);

/** file_write_fds() - checkpoint: write all descriptors of a table, and what they refer to */
int file_write_fds(struct checkpoint_files *files);

/**
 * file_check_shared() - checkpoint: refuse descriptions that processes outside the image have
 *
 * After everything that refers to files was written, and before the memory snapshot, whose
 * mappings refer to files too.
 */
int file_check_shared(struct checkpoint *cp);

/**
 * file_unsupported() - checkpoint: is it of a kind that cannot be kept?
 *
 * Looks at nothing but the file, and does not sleep. Return: NULL, or what it is.
 */
const char *file_unsupported(struct checkpoint *cp, struct file *file);

/**
 * file_sync_all() - checkpoint: bring to disk what was written to files that are open to write
 *
 * The program is held, and path_verify() comes later.
 *
 * Return: 0, -EINTR, or an errno with an error recorded.
 */
int file_sync_all(struct checkpoint *cp);

/** file_close_all() - restart: close what the new process inherited from the restarter */
void file_close_all(void);

/** file_read() - restart: FILE */
int file_read(struct restart *rs);

/** file_read_table() - FILES */
int file_read_table(struct restart *rs);

/** file_read_fds() - restart: FDS */
int file_read_fds(struct restart *rs);

#endif /* _CKPT_FILE_H */
