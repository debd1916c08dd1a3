/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_TTY_H
#define _CKPT_TTY_H

#include <linux/types.h>

#include "../image/schema.gen.h"

struct checkpoint;
struct file;
struct restart;

/** tty_match() - is it a terminal (not a pty's master end)? */
bool tty_match(struct file *file);

/** tty_save() - describe it; the first description of a terminal writes TTY */
int tty_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/** tty_read() - TTY: the restarter's terminal stands in for it */
int tty_read(struct restart *rs);

/** tty_open() - a new description of the terminal, or ERR_PTR with the error recorded */
struct file *tty_open(struct restart *rs, u32 id, unsigned int flags);

/** tty_usable() - may this open file stand in for the image's terminal? */
bool tty_usable(struct file *file);

#endif /* _CKPT_TTY_H */
