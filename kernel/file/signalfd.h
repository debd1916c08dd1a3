/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SIGNALFD_H
#define _CKPT_SIGNALFD_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/** signalfd_match() - is it a signalfd? */
bool signalfd_match(struct file *file);

/** signalfd_save() - checkpoint: see struct file_kind */
int signalfd_save(struct checkpoint *cp, struct file *file, int fd, u64 addr,
		  struct pb_file *pb);

/** signalfd_open() - restart: see struct file_kind */
struct file *signalfd_open(struct restart *rs, const struct pb_file *pb);

#endif /* _CKPT_SIGNALFD_H */
