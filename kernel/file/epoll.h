/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_EPOLL_H
#define _CKPT_EPOLL_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/** epoll_match() - is it an epoll instance? */
bool epoll_match(struct file *file);

/** epoll_save() - checkpoint: see struct file_kind; epoll_write() has the watches */
int epoll_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/**
 * epoll_write() - checkpoint: write the watches of all epoll instances that are in the image
 * @cp: the checkpoint
 *
 * When all files of the process are in it: what happens to a file from now on is not in its
 * record, so it happens again.
 */
int epoll_write(struct checkpoint *cp);

/** epoll_open() - restart: see struct file_kind */
struct file *epoll_open(struct restart *rs, const struct pb_file *pb);

/** epoll_read() - restart: EPOLL */
int epoll_read(struct restart *rs);

#endif /* _CKPT_EPOLL_H */
