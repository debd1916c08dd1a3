// SPDX-License-Identifier: GPL-2.0
/*
 * Layers below the records of an image.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/uio.h>

#include "../compat/compat.h"
#include "layer.h"
#include "../../uapi/ckpt_image.h"

bool layer_is_stream(const struct layer *layer)
{
	return layer->file->f_mode & FMODE_STREAM;
}

static loff_t *layer_pos(struct layer *layer)
{
	return layer_is_stream(layer) ? NULL : &layer->pos;
}

/* ---- plain ---- */

static ssize_t layer_plain_write(struct layer *layer, struct iov_iter *iter)
{
	return compat_iter_write(layer->file, iter, layer_pos(layer));
}

static ssize_t layer_plain_read(struct layer *layer, struct iov_iter *iter)
{
	return vfs_iter_read(layer->file, iter, layer_pos(layer), 0);
}

/* ---- all ---- */

static const struct layer_ops layer_ops[] = {
	[CKPT_LAYER_PLAIN] = {
		.name = "plain",
		.write = layer_plain_write,
		.read = layer_plain_read,
	},
};

/*
 * A file whose read or write may use a bvec or kvec. The rest (old-style drivers) would make
 * the kernel print warnings about us.
 */
static bool layer_file_ok(struct file *file, bool write)
{
	umode_t mode = file_inode(file)->i_mode;

	if (S_ISDIR(mode))
		return false;
	return write ? !!file->f_op->write_iter : !!file->f_op->read_iter;
}

int layer_open(struct layer *layer, int fd, bool write)
{
	struct file *file = fget(fd);
	int ret = 0;

	layer->ops = &layer_ops[CKPT_LAYER_PLAIN];
	layer->file = NULL;
	if (!file || !(file->f_mode & (write ? FMODE_WRITE : FMODE_READ)))
		ret = -EBADF;
	else if (!layer_file_ok(file, write))
		ret = -EINVAL;
	if (ret) {
		/* Its position is not for us to change. */
		if (file)
			fput(file);
		return ret;
	}
	layer->file = file;
	layer->pos = file->f_pos;
	return 0;
}

int layer_use(struct layer *layer, u32 nr)
{
	if (nr >= ARRAY_SIZE(layer_ops))
		return -EOPNOTSUPP;
	layer->ops = &layer_ops[nr];
	return 0;
}

int layer_close(struct layer *layer)
{
	return layer->ops->close ? layer->ops->close(layer) : 0;
}

void layer_put(struct layer *layer)
{
	if (!layer->file)
		return;
	if (layer_pos(layer))
		layer->file->f_pos = layer->pos;
	fput(layer->file);
	layer->file = NULL;
}
