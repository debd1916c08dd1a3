/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_VMA_H
#define _CKPT_VMA_H

#include <linux/types.h>

struct checkpoint_mm;
struct restart;
struct restart_mm;

/**
 * vma_write_all() - write all VMAs of an address space, and the files behind them
 * @cm: the address space
 * @vdso_base: gets the lowest address of the kernel's own areas, 0 without
 * @vdso_size: gets their size in bytes, all together
 * @n: gets how many there are
 */
int vma_write_all(struct checkpoint_mm *cm, u64 *vdso_base, u64 *vdso_size, u32 *n);

/**
 * vma_pass_vdso() - restart: unmap the code of the vDSO if the image has none below @addr
 *
 * Areas ascend in an image. Return: 0, or the errno of munmap().
 */
int vma_pass_vdso(struct restart_mm *rm, u64 addr);

/** vma_read() - VMAS: make them in the current address space */
int vma_read(struct restart *rs);

#endif /* _CKPT_VMA_H */
