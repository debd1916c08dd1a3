/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SIGIO_H
#define _CKPT_SIGIO_H

#include <linux/types.h>

struct checkpoint_process;
struct file;
struct pb_file;
struct restart;

/**
 * sigio_save() - checkpoint: signal-driven I/O of a file, of any kind
 * @proc: the process that has it
 * @file: the file
 * @pb: gets it, if there is any
 *
 * Return: NULL, or what of it cannot be kept.
 */
const char *sigio_save(struct checkpoint_process *proc, struct file *file, struct pb_file *pb);

/** sigio_note() - restart: give this FILE its owner with the last steps, if it had one */
int sigio_note(struct restart *rs, const struct pb_file *pb);

#endif /* _CKPT_SIGIO_H */
