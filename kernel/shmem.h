/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_SHMEM_H
#define _CKPT_SHMEM_H

#include <linux/types.h>

#include "schema.gen.h"

struct checkpoint;
struct file;
struct restart;

/** shmem_match() - is it the file behind shared anonymous memory (mmap, MAP_SHARED)? */
bool shmem_match(struct file *file);

/** shmem_save() - describe it; writes SHMEM. The content follows by shmem_write_content(). */
int shmem_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/**
 * shmem_write_content() - write what is in all shared memory of the image
 *
 * While the process is frozen: nothing makes a snapshot of shared memory.
 */
int shmem_write_content(struct checkpoint *cp);

/** shmem_read() - SHMEM */
int shmem_read(struct restart *rs);

/** shmem_read_content() - SHMEM_RUN, and the SHMEM_DATA that must follow it */
int shmem_read_content(struct restart *rs);

/** shmem_open() - the file behind it, or ERR_PTR with the error recorded */
struct file *shmem_open(struct restart *rs, u32 id);

#endif /* _CKPT_SHMEM_H */
