/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_EVENTFD_H
#define _CKPT_EVENTFD_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/** eventfd_match() - is it an eventfd? */
bool eventfd_match(struct file *file);

/** eventfd_save() - checkpoint: see struct file_kind */
int eventfd_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/** eventfd_open() - restart: see struct file_kind */
struct file *eventfd_open(struct restart *rs, const struct pb_file *pb);

#endif /* _CKPT_EVENTFD_H */
