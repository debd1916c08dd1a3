/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SCRATCH_H
#define _CKPT_SCRATCH_H

#include <linux/types.h>

/**
 * scratch_map() - restart: put an argument of a system call where its body looks for it
 * @data: the argument
 * @len: its length in bytes, up to a page
 *
 * Maps a page of its own into the process that is being built, wherever there is room. In that
 * process's context. What the call writes there is lost.
 *
 * Return: the address, or an errno: IS_ERR_VALUE().
 */
unsigned long scratch_map(const void *data, size_t len);

/** scratch_unmap() - restart: undo scratch_map() */
void scratch_unmap(unsigned long addr);

#endif /* _CKPT_SCRATCH_H */
