/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SHMEM_H
#define _CKPT_SHMEM_H

#include <linux/types.h>

#include "../image/schema.gen.h"

struct checkpoint;
struct file;
struct restart;

/** shmem_match() - is it the file behind shared anonymous memory (mmap, MAP_SHARED), or a memfd? */
bool shmem_match(struct file *file);

/**
 * shmem_nameless() - is it shared anonymous memory, and not a memfd?
 *
 * It has a descriptor only by way of /proc/PID/map_files, which takes a capability; and anybody may
 * execute it.
 */
bool shmem_nameless(struct file *file);

/** shmem_read() - SHMEM */
int shmem_read(struct restart *rs);

#endif /* _CKPT_SHMEM_H */
