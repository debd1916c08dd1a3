/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_INOTIFY_H
#define _CKPT_INOTIFY_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/**
 * inotify_write() - checkpoint: write watches and unread events of all inotify instances
 *
 * When all other files are in the image: to open these again at the restart is an event, too.
 */
int inotify_write(struct checkpoint *cp);

/** inotify_read() - restart: INOTIFY */
int inotify_read(struct restart *rs);

#endif /* _CKPT_INOTIFY_H */
