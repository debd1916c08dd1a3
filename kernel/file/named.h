/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_NAMED_H
#define _CKPT_NAMED_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/** named_match() - true: what is of no other kind is found by its path, or refused */
bool named_match(struct file *file);

/** named_unsupported() - NULL, or why it cannot be kept; looks at nothing but the file */
const char *named_unsupported(struct file *file);

/** named_save() - checkpoint: see struct file_kind */
int named_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/** named_open() - restart: see struct file_kind */
struct file *named_open(struct restart *rs, const struct pb_file *pb);

#endif /* _CKPT_NAMED_H */
