// SPDX-License-Identifier: GPL-2.0
/*
 * User memory for the arguments of system calls whose bodies take them from nowhere else.
 */
#include <linux/err.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "scratch.h"

unsigned long scratch_map(size_t size)
{
	return vm_mmap(NULL, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
}

unsigned long scratch_put(const void *data, size_t len)
{
	unsigned long addr = scratch_map(len);

	if (IS_ERR_VALUE(addr))
		return addr;
	if (copy_to_user((void __user *)addr, data, len)) {
		scratch_unmap(addr, len);
		return -EFAULT;
	}
	return addr;
}
