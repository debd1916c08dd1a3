// SPDX-License-Identifier: GPL-2.0
/*
 * Shared anonymous memory: an unnamed file of the kernel's own tmpfs.
 */
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "checkpoint.h"
#include "compat.h"
#include "restart.h"
#include "shmem.h"

/* What mm/shmem.c calls the file behind MAP_SHARED | MAP_ANONYMOUS. */
#define SHMEM_NAME	"dev/zero"

bool shmem_match(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;
	struct super_block *sb = file_inode(file)->i_sb;

	/* On the internal mount alone, where memfd and System V memory are too. */
	return sb->s_magic == TMPFS_MAGIC && sb->s_flags & SB_KERNMOUNT &&
	       dentry->d_name.len == strlen(SHMEM_NAME) &&
	       !memcmp(dentry->d_name.name, SHMEM_NAME, dentry->d_name.len);
}

int shmem_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb)
{
	struct pb_shmem shmem = { .size = i_size_read(file_inode(file)) };
	struct object *obj;

	/* One description per file: the kernel makes both together. It keeps the file alive. */
	obj = object_new(&cp->objects, OBJECT_SHMEM, file, false);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	obj->fd = fd;
	shmem.id = obj->id;
	pb->has_shmem = true;
	pb->shmem = obj->id;
	return stream_out_msg(&cp->out, CKPT_REC_SHMEM, &pb_shmem_msg, &shmem);
}

static int shmem_write_run(struct checkpoint *cp, struct file *file, u32 id, loff_t pos, size_t len)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = cp->leader };
	struct pb_shmem_run run = { .shmem = id, .offset = pos };
	ssize_t n;
	int ret;

	n = kernel_read(file, cp->bounce, len, &pos);
	if (n != len)
		return error_add(&cp->ctx->errors, n < 0 ? n : -EIO, &at,
				 "its shared memory cannot be read");
	ret = stream_out_msg(&cp->out, CKPT_REC_SHMEM_RUN, &pb_shmem_run_msg, &run);
	if (!ret)
		ret = stream_out_raw(&cp->out, CKPT_REC_SHMEM_DATA, cp->bounce, len);
	return ret;
}

static int shmem_write_file(struct checkpoint *cp, struct file *file, u32 id)
{
	loff_t size = i_size_read(file_inode(file)), pos = 0, end;
	size_t len;
	int ret;

	while (pos < size) {
		/* -ENXIO: only a hole from here on. */
		pos = vfs_llseek(file, pos, SEEK_DATA);
		if (pos < 0)
			return pos == -ENXIO ? 0 : pos;
		end = vfs_llseek(file, pos, SEEK_HOLE);
		if (end < 0)
			return end;
		for (; pos < end; pos += len) {
			len = min_t(loff_t, end - pos, CHECKPOINT_BOUNCE);
			ret = shmem_write_run(cp, file, id, pos, len);
			if (ret)
				return ret;
			cond_resched();
		}
	}
	return 0;
}

int shmem_write_content(struct checkpoint *cp)
{
	struct object *obj;
	unsigned long id;
	int ret;

	xa_for_each(&cp->objects.by_id, id, obj) {
		if (obj->kind != OBJECT_SHMEM)
			continue;
		if (cp->out.spooling) {
			ret = stream_out_unspool(&cp->out);
			if (ret)
				return ret;
		}
		ret = shmem_write_file(cp, obj->ptr, obj->id);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- restart ---- */

int shmem_read(struct restart *rs)
{
	struct pb_shmem pb;
	struct file *file;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_shmem_msg, &pb);
	if (ret)
		return ret;
	if (!pb.size || pb.size > TASK_SIZE || pb.has_noreserve || pb.has_name)
		return stream_in_bad(&rs->in, "size of shared memory %u", pb.id);
	/* Without a reservation: pages are charged as they come. */
	file = compat_shmem_file_setup(SHMEM_NAME, pb.size);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* Its content comes by write, which otherwise ends at 2 GiB. */
	file->f_flags |= O_LARGEFILE;
	ret = object_add(&rs->objects, OBJECT_SHMEM, pb.id, file);
	if (ret) {
		fput(file);
		return ret == -EEXIST ? stream_in_bad(&rs->in, "id %u is used twice", pb.id) : ret;
	}
	return 0;
}

int shmem_read_content(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct pb_shmem_run run;
	struct file *file;
	loff_t pos, size;
	size_t len;
	ssize_t n;
	u8 *data;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_shmem_run_msg, &run);
	if (ret)
		return ret;
	file = object_find(&rs->objects, OBJECT_SHMEM, run.shmem);
	if (!file)
		return stream_in_bad(&rs->in, "shared memory %u", run.shmem);
	ret = stream_in_next(&rs->in);
	if (ret)
		return ret;
	size = i_size_read(file_inode(file));
	len = rs->in.rec.length;
	pos = run.offset;
	if (rs->in.rec.type != CKPT_REC_SHMEM_DATA || !len || run.offset >= size ||
	    len > size - pos)
		return stream_in_bad(&rs->in, "content of shared memory %u", run.shmem);

	data = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	ret = stream_in_raw(&rs->in, data, len);
	if (!ret) {
		n = kernel_write(file, data, len, &pos);
		if (n != len)
			ret = error_add(&rs->ctx->errors, n < 0 ? n : -ENOSPC, &at,
					"its shared memory cannot be filled");
	}
	kvfree(data);
	return ret;
}

struct file *shmem_open(struct restart *rs, u32 id)
{
	struct file *file = object_find(&rs->objects, OBJECT_SHMEM, id);

	if (!file)
		return ERR_PTR(stream_in_bad(&rs->in, "shared memory %u", id));
	return get_file(file);
}
