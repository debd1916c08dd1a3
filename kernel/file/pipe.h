/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_PIPE_H
#define _CKPT_PIPE_H

#include <linux/types.h>

#include "../image/schema.gen.h"

struct checkpoint;
struct file;
struct object;
struct pipe_build;
struct restart;

/** pipe_match() - is it an end of a pipe (not of a FIFO)? */
bool pipe_match(struct file *file);

/** pipe_check_shared() - refuse a pipe that has an end in a process outside the image */
void pipe_check_shared(struct checkpoint *cp, struct object *obj);

/** pipe_read() - PIPE */
int pipe_read(struct restart *rs);

/** pipe_read_data() - PIPE_DATA */
int pipe_read_data(struct restart *rs);

/** pipe_complete() - has the last pipe all its content? */
bool pipe_complete(const struct restart *rs);

/** pipe_put() - drop a pipe that is being built (struct pipe_build) */
void pipe_put(void *ptr);

#endif /* _CKPT_PIPE_H */
