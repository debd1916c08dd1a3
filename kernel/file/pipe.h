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

/**
 * pipe_save_unread() - checkpoint: put what is in a pipe that leads outside into the image, once
 * @cp: the checkpoint
 * @file: an end of it
 * @id: gets the id of the PIPE
 * @len: gets how many bytes these are
 * @lost: set if it cannot be kept; the PIPE is an empty one then
 *
 * Return: 0, or an errno.
 */
int pipe_save_unread(struct checkpoint *cp, struct file *file, u32 *id, u32 *len, bool *lost);

/**
 * pipe_end() - restart: the end to read from of a PIPE without a name, which has its content
 * @rs: the restart
 * @id: of the PIPE
 * @len: gets the length of its content in bytes
 *
 * Return: the file, which the restart holds; NULL if there is no such PIPE.
 */
struct file *pipe_end(struct restart *rs, u32 id, u32 *len);

/** pipe_takes() - restart: is this a pipe that pipe_put_in_front() may be called for? */
bool pipe_takes(struct file *file);

/**
 * pipe_put_in_front() - restart: move the content of a pipe of the image in front of another's
 * @to: any pipe
 * @from: one that the restart has made
 *
 * Return: 0, -EINTR, or what F_SETPIPE_SZ says if it has to be larger for that.
 */
int pipe_put_in_front(struct file *to, struct file *from);

/** pipe_read() - PIPE */
int pipe_read(struct restart *rs);

/** pipe_read_data() - PIPE_DATA */
int pipe_read_data(struct restart *rs);

/** pipe_complete() - has the last pipe all its content? */
bool pipe_complete(const struct restart *rs);

/** pipe_put() - drop a pipe that is being built (struct pipe_build) */
void pipe_put(void *ptr);

#endif /* _CKPT_PIPE_H */
