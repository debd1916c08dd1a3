/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_IDENTITY_H
#define _CKPT_IDENTITY_H

#include <linux/path.h>

#include "../image/schema.gen.h"

struct checkpoint;
struct restart;

/** IDENTITY_HANDLE_MAX - the most bytes of &pb_path.handle */
#define IDENTITY_HANDLE_MAX	PB_PATH_HANDLE_MAX

/**
 * identity_begin() - checkpoint: the place in the image for the file systems that paths refer to
 *
 * Called before the first path is written. identity_complete() finds out their identity later.
 */
int identity_begin(struct checkpoint *cp);

/**
 * identity_fs() - checkpoint: the file system of a path
 * @cp: the checkpoint
 * @path: the file
 * @fs: gets &pb_path.fs; 0 if it has no room any more
 *
 * Asks nobody: a program is frozen, and some file systems would ask a server.
 */
int identity_fs(struct checkpoint *cp, const struct path *path, u32 *fs);

/**
 * identity_handle() - what distinguishes a file from all others of its file system
 * @path: the file
 * @buf: gets it; IDENTITY_HANDLE_MAX bytes
 *
 * It tells a file from another one that has got its inode number since, where the file system can.
 *
 * Return: its length in bytes.
 */
size_t identity_handle(const struct path *path, u8 *buf);

/** identity_complete() - checkpoint: ask the file systems who they are; may take its time */
void identity_complete(struct checkpoint *cp);

/** identity_free_saved() - checkpoint: give everything back */
void identity_free_saved(struct checkpoint *cp);

/** identity_read() - restart: FILESYSTEMS */
int identity_read(struct restart *rs);

/** identity_valid() - restart: is this the place of a file system in FILESYSTEMS? */
bool identity_valid(const struct restart *rs, u32 fs);

/**
 * identity_same() - restart: is this the very file that the image means?
 * @rs: the restart
 * @pb: its description
 * @path: what was found by its name
 */
bool identity_same(struct restart *rs, const struct pb_path *pb, const struct path *path);

/**
 * identity_mounted() - restart: is it on the device number that it was on, too?
 *
 * Somebody who may mount a file system of his own making can give it the uuid of another one. As
 * long as that one is mounted, its device number is its own.
 */
bool identity_mounted(const struct pb_path *pb, const struct path *path);

/** identity_free() - restart: give everything back */
void identity_free(struct restart *rs);

#endif /* _CKPT_IDENTITY_H */
