/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_TIMERFD_H
#define _CKPT_TIMERFD_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/** timerfd_match() - is it a timerfd? */
bool timerfd_match(struct file *file);

/** timerfd_save() - checkpoint: see struct file_kind */
int timerfd_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/** timerfd_open() - restart: see struct file_kind; the last steps arm it */
struct file *timerfd_open(struct restart *rs, const struct pb_file *pb);

#endif /* _CKPT_TIMERFD_H */
