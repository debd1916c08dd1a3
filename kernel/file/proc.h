/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_PROC_H
#define _CKPT_PROC_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/** proc_stands_in() - restart: is the FILE @id one of those that the last steps replace? */
bool proc_stands_in(struct restart *rs, u32 id);

/** proc_note_fd() - restart: the FILE @id has a descriptor @fd; Return: 0 or -ENOMEM */
int proc_note_fd(struct restart *rs, u32 id, u32 fd, bool cloexec);

#endif /* _CKPT_PROC_H */
