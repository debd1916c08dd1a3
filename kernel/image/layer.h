/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layers between the records of an image and its file: the bytes behind the file header go through
 * one layer, which the header names (enum ckpt_layer).
 *
 * A record does not know which layer is in use. A layer that cuts the bytes into frames
 * (compressed, sealed) hands out nothing of a frame that it has not verified, and knows nothing of
 * records.
 */
#ifndef _CKPT_LAYER_H
#define _CKPT_LAYER_H

#include <linux/types.h>

struct file;
struct iov_iter;

/**
 * struct layer - the bytes of one image
 * @file: where they are; a reference is held, or NULL
 * @pos: in @file; not used for a pipe
 * @ops: what is in between
 */
struct layer {
	struct file *file;
	loff_t pos;
	const struct layer_ops *ops;
};

/**
 * struct layer_ops - a kind of layer; a row of the table in layer.c
 * @name: for messages
 * @write: write some of @iter, in order
 * @read: read some into @iter
 * @close: write what was held back; not called after a failure. NULL: nothing is
 *
 * @write and @read return what write(2) and read(2) do, and advance @iter by as much.
 */
struct layer_ops {
	const char *name;
	ssize_t (*write)(struct layer *layer, struct iov_iter *iter);
	ssize_t (*read)(struct layer *layer, struct iov_iter *iter);
	int (*close)(struct layer *layer);
};

/**
 * layer_open() - take a file; until layer_use() its bytes are plain
 * @layer: filled; layer_put() it, also after a failure
 * @fd: of the caller
 * @write: it is to be written, else read
 *
 * Return: 0; -EBADF it is not open for that; -EINVAL it is none that can hold an image.
 */
int layer_open(struct layer *layer, int fd, bool write);

/** layer_is_stream() - is it a pipe or a socket, which holds but little of what is not taken? */
bool layer_is_stream(const struct layer *layer);

/** layer_use() - what comes now is stored in layer @nr; 0, or -EOPNOTSUPP: there is none */
int layer_use(struct layer *layer, u32 nr);

/** layer_close() - all was written; 0 or an errno */
int layer_close(struct layer *layer);

/** layer_put() - give the file back, its position behind what was read or written */
void layer_put(struct layer *layer);

#endif /* _CKPT_LAYER_H */
