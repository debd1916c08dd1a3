/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_PIDFD_H
#define _CKPT_PIDFD_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/** pidfd_match() - is it a pidfd? */
bool pidfd_match(struct file *file);

/** pidfd_save() - checkpoint: see struct file_kind */
int pidfd_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/** pidfd_open() - restart: see struct file_kind */
struct file *pidfd_open(struct restart *rs, const struct pb_file *pb);

#endif /* _CKPT_PIDFD_H */
