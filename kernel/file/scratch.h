/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SCRATCH_H
#define _CKPT_SCRATCH_H

#include <linux/mm.h>
#include <linux/types.h>

/**
 * scratch_map() - map memory of its own into the current process, wherever there is room
 * @size: how much, in bytes
 *
 * For arguments of system calls whose bodies take them from user memory only. Anonymous, filled
 * with zeroes; for scratch_unmap().
 *
 * Return: the address, or an errno: IS_ERR_VALUE().
 */
unsigned long scratch_map(size_t size);

/** scratch_unmap() - undo scratch_map() of as many bytes */
static inline void scratch_unmap(unsigned long addr, size_t size)
{
	vm_munmap(addr, size);
}

/**
 * scratch_put() - restart: put an argument of a system call where its body looks for it
 * @data: the argument
 * @len: its length in bytes
 *
 * scratch_map() with something in it. Anything that the call writes there is lost.
 *
 * Return: the address, or an errno: IS_ERR_VALUE().
 */
unsigned long scratch_put(const void *data, size_t len);

#endif /* _CKPT_SCRATCH_H */
