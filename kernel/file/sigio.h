/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SIGIO_H
#define _CKPT_SIGIO_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/**
 * sigio_save() - checkpoint: signal-driven I/O of a file, of any kind
 * @cp: the checkpoint
 * @file: the file
 * @pb: gets it, if there is any
 *
 * Return: NULL, or what of it cannot be kept.
 */
const char *sigio_save(struct checkpoint *cp, struct file *file, struct pb_file *pb);

/** sigio_note() - restart: remember what sigio_finish() has to do for this FILE */
int sigio_note(struct restart *rs, const struct pb_file *pb);

/**
 * sigio_finish() - restart: give all files their owners
 *
 * Among the last steps, in the context of the leader: its threads are there, and it has its own
 * credentials, by which the kernel judges later whether the owner may be sent signals. Return: 0,
 * or an errno with an error recorded.
 */
int sigio_finish(struct restart *rs);

/** sigio_forget() - restart: give back what sigio_note() noted */
void sigio_forget(struct restart *rs);

#endif /* _CKPT_SIGIO_H */
