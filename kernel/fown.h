/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_FOWN_H
#define _CKPT_FOWN_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct pb_file;
struct restart;

/**
 * fown_save() - checkpoint: signal-driven I/O of a file, of any kind
 * @cp: the checkpoint
 * @file: the file
 * @pb: gets it, if there is any
 *
 * Return: NULL, or what of it cannot be kept.
 */
const char *fown_save(struct checkpoint *cp, struct file *file, struct pb_file *pb);

/** fown_note() - restart: remember what fown_finish() has to do for this FILE */
int fown_note(struct restart *rs, const struct pb_file *pb);

/**
 * fown_finish() - restart: give all files their owners
 *
 * Among the last steps, in the context of the leader: its threads are there, and it has its own
 * credentials, by which the kernel judges later whether the owner may be sent signals. Return: 0,
 * or an errno with an error recorded.
 */
int fown_finish(struct restart *rs);

/** fown_forget() - restart: give back what fown_note() noted */
void fown_forget(struct restart *rs);

#endif /* _CKPT_FOWN_H */
