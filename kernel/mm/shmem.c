// SPDX-License-Identifier: GPL-2.0
/*
 * Shared anonymous memory and memfds: files of the kernel's own tmpfs, which no path leads to.
 * Their content is in file_content.c.
 */
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <uapi/linux/fcntl.h>

#include "../core/context.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "../file/file_content.h"
#include "shmem.h"
#include "../file/file_kind.h"

/* The name that mm/shmem.c gives the file behind MAP_SHARED | MAP_ANONYMOUS. */
#define SHMEM_NAME	"dev/zero"
/* mm/memfd.c puts this in front of a name. */
#define SHMEM_MEMFD	"memfd:"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC	0x0020
#endif
#define SHMEM_SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | \
			 F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)

static bool shmem_named(const struct dentry *dentry, const char *name, bool prefix)
{
	size_t len = strlen(name);

	return (prefix ? dentry->d_name.len >= len : dentry->d_name.len == len) &&
	       !memcmp(dentry->d_name.name, name, len);
}

bool shmem_match(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;
	struct super_block *sb = file_inode(file)->i_sb;

	/* On the internal mount alone, where System V memory is too. */
	return sb->s_magic == TMPFS_MAGIC && sb->s_flags & SB_KERNMOUNT &&
	       (shmem_named(dentry, SHMEM_NAME, false) || shmem_named(dentry, SHMEM_MEMFD, true));
}

bool shmem_nameless(struct file *file)
{
	return shmem_match(file) && shmem_named(file->f_path.dentry, SHMEM_NAME, false);
}

static int shmem_refuse(struct file *file, const struct object_place *at, const char *why)
{
	return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL, "%pD %s", file, why);
}

static int shmem_describe(struct checkpoint *cp, struct file *file,
			  const struct object_place *at, struct pb_shmem *shmem)
{
	struct inode *inode = file_inode(file);
	struct dentry *dentry = file->f_path.dentry;
	const char *why = file_content_policy(inode);
	struct kstat stat;
	int ret;

	if (why)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL, "%s is not supported", why);
	shmem->size = i_size_read(inode);
	if (!shmem_named(dentry, SHMEM_MEMFD, true)) {
		shmem->has_noreserve = compat_shmem_noreserve(inode);
		shmem->noreserve = shmem->has_noreserve;
		return 0;
	}
	ret = vfs_getattr(&file->f_path, &stat, STATX_BASIC_STATS, AT_STATX_SYNC_AS_STAT);
	if (ret)
		return shmem_refuse(file, at, "cannot be looked at");
	why = file_content_xattrs(cp, dentry) ?: file_content_flags(inode, &stat);
	if (why)
		return shmem_refuse(file, at, why);
	shmem->has_name = true;
	shmem->name.data = (u8 *)dentry->d_name.name + strlen(SHMEM_MEMFD);
	shmem->name.len = dentry->d_name.len - strlen(SHMEM_MEMFD);
	shmem->has_seals = true;
	shmem->seals = SHMEM_I(inode)->seals;
	if (shmem->seals & ~SHMEM_SEALS)
		shmem_refuse(file, at, "has unknown seals");
	shmem->has_attr = true;
	file_content_attr(&stat, &shmem->attr);
	return 0;
}

static int shmem_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
		      struct pb_file *pb)
{
	struct pb_shmem shmem = {};
	struct object *obj;
	bool new;
	int ret;

	obj = file_content_object(cp, OBJECT_SHMEM, file, &new);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	pb->has_shmem = true;
	pb->shmem = obj->id;
	/* The description that came with the memory counts as no writer: nobody opened it. */
	pb->has_reopened = !(file->f_mode & FMODE_WRITE) || file->f_mode & FMODE_WRITER;
	pb->reopened = pb->has_reopened;
	if (shmem_named(file->f_path.dentry, SHMEM_MEMFD, true) && !(file->f_mode & FMODE_PATH)) {
		pb->has_pos = true;
		pb->pos = file->f_pos;
	}
	if (!new)
		return 0;
	obj->place = *at;
	shmem.id = obj->id;
	ret = shmem_describe(cp, file, at, &shmem);
	obj->size = shmem.size;
	return ret ?: stream_out_msg(&cp->out, CKPT_REC_SHMEM, &pb_shmem_msg, &shmem);
}

/* ---- restart ---- */

static bool shmem_valid(const struct pb_shmem *pb)
{
	if (pb->size > MAX_LFS_FILESIZE)
		return false;
	if (!pb->has_name)
		return pb->size && pb->size <= TASK_SIZE && !pb->has_seals && !pb->has_attr;
	return !pb->has_noreserve && pb->has_seals && !(pb->seals & ~SHMEM_SEALS) && pb->has_attr &&
	       !(pb->attr.mode & ~S_IALLUGO) &&
	       pb->name.len <= NAME_MAX - strlen(SHMEM_MEMFD) &&
	       !memchr(pb->name.data, 0, pb->name.len);
}

int shmem_read(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	char name[NAME_MAX + 1] = SHMEM_NAME;
	struct pb_shmem pb;
	struct file *file;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_shmem_msg, &pb);
	if (ret)
		return ret;
	if (!shmem_valid(&pb))
		return stream_in_bad(&rs->in, "kind of shared memory %u", pb.id);
	/* memfd_create() makes none then either. */
	if (pb.has_name && (!(pb.seals & F_SEAL_EXEC) || pb.attr.mode & 0111) &&
	    compat_memfd_noexec()) {
		at.reason = CKPT_REASON_DENIED;
		return error_add(&rs->ctx->errors, -EACCES, &at,
				 "a memfd (%.*s) could be executed, which vm.memfd_noexec forbids here",
				 (int)min_t(u32, pb.name.len, 80), (const char *)pb.name.data);
	}
	if (pb.has_name)
		snprintf(name, sizeof(name), SHMEM_MEMFD "%.*s", (int)pb.name.len,
			 (const char *)pb.name.data);
	/* Charged at once, or as pages come, as those of a memfd always are. */
	file = compat_shmem_file_setup(name, pb.size, pb.has_name || pb.noreserve);
	if (IS_ERR(file))
		return error_add(&rs->ctx->errors, PTR_ERR(file), &at,
				 "shared memory of %llu bytes cannot be made", pb.size);
	ret = pb.has_name ? compat_memfd_secure(file) : 0;
	if (ret) {
		fput(file);
		at.reason = CKPT_REASON_DENIED;
		return error_add(&rs->ctx->errors, ret, &at, "%s was refused", name);
	}
	/* As memfd_create() does; nobody but the kernel has a descriptor of the other kind. */
	if (pb.has_name)
		file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	return file_content_add(rs, OBJECT_SHMEM, pb.id, file, pb.has_attr ? &pb.attr : NULL,
				pb.has_seals ? pb.seals : F_SEAL_SEAL);
}

static struct file *shmem_open(struct restart *rs, const struct pb_file *pb)
{
	struct file *file = object_find(&rs->objects, OBJECT_SHMEM, pb->shmem);

	if (!file)
		return ERR_PTR(stream_in_bad(&rs->in, "shared memory %u", pb->shmem));
	return pb->reopened ? file_content_open(rs, file, pb->flags) : get_file(file);
}

const struct file_kind shmem_kind = {
	.match = shmem_match,
	.save = shmem_save,
	.has = offsetof(struct pb_file, has_shmem),
	.open = shmem_open,
};
