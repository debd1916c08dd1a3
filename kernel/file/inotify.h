/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_INOTIFY_H
#define _CKPT_INOTIFY_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/** inotify_match() - is it an inotify instance? */
bool inotify_match(struct file *file);

/** inotify_save() - checkpoint: see struct file_kind; inotify_write() has watches and events */
int inotify_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/**
 * inotify_write() - checkpoint: write watches and unread events of all inotify instances
 *
 * When all other files are in the image: to open these again at the restart is an event, too.
 */
int inotify_write(struct checkpoint *cp);

/** inotify_open() - restart: see struct file_kind */
struct file *inotify_open(struct restart *rs, const struct pb_file *pb);

/** inotify_read() - restart: INOTIFY */
int inotify_read(struct restart *rs);

#endif /* _CKPT_INOTIFY_H */
