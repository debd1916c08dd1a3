/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_MOUNTINFO_H
#define _CKPT_MOUNTINFO_H

#include <linux/types.h>

struct inode;
struct mountinfo_line;
struct path;

/**
 * struct mountinfo - the mounts that the caller sees
 * @text: of /proc/self/mountinfo
 * @line: its lines, in the order of their file systems and of what of these is mounted
 * @n: how many
 */
struct mountinfo {
	char *text;
	struct mountinfo_line *line;
	u32 n;
};

/**
 * mountinfo_read() - read them
 * @mi: all zero
 *
 * There may be many mounts and many files to look for: it is done once for all files.
 *
 * Return: 0, -ENOMEM, -EINTR, -E2BIG, or what opening or reading the file says; with
 * mountinfo_free() to be called in any case.
 */
int mountinfo_read(struct mountinfo *mi);

/**
 * mountinfo_find() - look for a file
 * @mi: the mounts
 * @inode: the file
 * @name: what it is called in its file system
 * @buf: room for PATH_MAX bytes
 * @path: gets a path that leads to it, with references
 *
 * Return: is there one? false too if the caller is being killed.
 */
bool mountinfo_find(struct mountinfo *mi, struct inode *inode, const char *name, char *buf,
		    struct path *path);

/** mountinfo_free() - give all of it back; empty afterwards */
void mountinfo_free(struct mountinfo *mi);

#endif /* _CKPT_MOUNTINFO_H */
