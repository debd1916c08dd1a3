/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_EPOLL_H
#define _CKPT_EPOLL_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/**
 * epoll_write() - checkpoint: write the watches of all epoll instances that are in the image
 * @cp: the checkpoint
 *
 * When all files of the process are in it: what happens to a file from now on is not in its
 * record, so it happens again.
 */
int epoll_write(struct checkpoint *cp);

/** epoll_read() - restart: EPOLL */
int epoll_read(struct restart *rs);

#endif /* _CKPT_EPOLL_H */
