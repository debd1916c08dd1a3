/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_UNLINKED_H
#define _CKPT_UNLINKED_H

#include <linux/types.h>

#include "../image/schema.gen.h"

struct checkpoint;
struct file;
struct restart;

/** unlinked_match() - is it a regular file that has no name any more, or never had one? */
bool unlinked_match(struct file *file);

/** unlinked_save() - describe it; writes UNLINKED. The content follows by file_content_write(). */
int unlinked_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb);

/** unlinked_read() - UNLINKED: make a file without a name, where the other was */
int unlinked_read(struct restart *rs);

/** unlinked_open() - a description of it, or ERR_PTR with the error recorded */
struct file *unlinked_open(struct restart *rs, const struct pb_file *pb);

#endif /* _CKPT_UNLINKED_H */
