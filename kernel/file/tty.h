/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_TTY_H
#define _CKPT_TTY_H

#include <linux/types.h>

#include "../image/schema.gen.h"

struct checkpoint;
struct file;
struct restart;

/** tty_read() - TTY: the restarter's terminal stands in for it */
int tty_read(struct restart *rs);

/** tty_usable() - may this open file stand in for the image's terminal? */
bool tty_usable(struct file *file);

#endif /* _CKPT_TTY_H */
