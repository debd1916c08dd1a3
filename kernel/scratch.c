// SPDX-License-Identifier: GPL-2.0
/*
 * User memory for the arguments of system calls whose bodies take them from nowhere else.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "scratch.h"

unsigned long scratch_map(const void *data, size_t len)
{
	unsigned long addr;

	if (len > PAGE_SIZE)
		return -EINVAL;
	addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	if (copy_to_user((void __user *)addr, data, len)) {
		scratch_unmap(addr);
		return -EFAULT;
	}
	return addr;
}

void scratch_unmap(unsigned long addr)
{
	vm_munmap(addr, PAGE_SIZE);
}
