// SPDX-License-Identifier: GPL-2.0
/*
 * Files whose content is in the image, since nobody finds them by a path: shared memory, memfds,
 * deleted files. What they are is in shmem.c and unlinked.c.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xattr.h>
#include <uapi/linux/fcntl.h>

#include "checkpoint.h"
#include "compat.h"
#include "content.h"
#include "restart.h"
#include "symbols.h"

/* What of a description's flags an open takes; the rest is set afterwards. */
#define CONTENT_OPEN_FLAGS	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | __O_SYNC | \
				 O_DIRECT | O_LARGEFILE | O_NOATIME | O_PATH)
/* Said once, at the open; fcntl(F_GETFL) shows them. */
#define CONTENT_KEPT_FLAGS	(O_DIRECTORY | O_NOFOLLOW | __O_TMPFILE)

struct object *content_object(struct checkpoint *cp, enum object_kind kind, struct file *file,
			      bool *new)
{
	/* Behind a mapping of a stacked file system is a file of the layer; this is the user's. */
	struct inode *inode = d_inode(compat_file_path(file)->dentry);
	struct object *obj = object_lookup(&cp->objects, kind, inode);

	*new = !obj;
	if (!obj) {
		obj = object_new(&cp->objects, kind, inode, false);
		if (IS_ERR(obj))
			return obj;
		obj->file = file;
	}
	obj->users++;
	obj->users2 += !!(file->f_mode & FMODE_READ);
	return obj;
}

void content_attr(const struct kstat *stat, struct pb_file_attr *attr)
{
	attr->mode = stat->mode & S_IALLUGO;
	attr->uid = from_kuid_munged(current_user_ns(), stat->uid);
	attr->gid = from_kgid_munged(current_user_ns(), stat->gid);
	attr->atime_ns = timespec64_to_ns(&stat->atime);
	attr->mtime_ns = timespec64_to_ns(&stat->mtime);
}

/* Labels that a security module gives by itself, to the new file as well. */
static bool content_label(const char *name)
{
	static const char * const labels[] = {
		"security.selinux", "security.SMACK64", "security.apparmor", "security.ima",
		"security.evm",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(labels); i++)
		if (!strncmp(name, labels[i], strlen(labels[i])))
			return true;
	return false;
}

const char *content_xattrs(struct checkpoint *cp, struct dentry *dentry)
{
	char *list = cp->bounce;
	ssize_t len = vfs_listxattr(dentry, list, XATTR_LIST_MAX), i;

	BUILD_BUG_ON(XATTR_LIST_MAX > CHECKPOINT_BOUNCE);
	if (len == -EOPNOTSUPP)
		return NULL;
	if (len < 0)
		return "cannot be looked at";
	for (i = 0; i < len; i += strnlen(list + i, len - i) + 1)
		if (!content_label(list + i))
			return "has extended attributes";
	return NULL;
}

const char *content_flags(const struct inode *inode, const struct kstat *stat)
{
	/* That writes are synchronous is not among what statx(2) tells. */
	return inode->i_flags & S_SYNC ||
	       stat->attributes & (STATX_ATTR_APPEND | STATX_ATTR_IMMUTABLE | STATX_ATTR_NODUMP |
				   STATX_ATTR_VERITY) ? "has flags of chattr(1)" : NULL;
}

const char *content_policy(struct inode *inode)
{
#ifdef CONFIG_NUMA
	if (inode->i_sb->s_magic == TMPFS_MAGIC &&
	    !RB_EMPTY_ROOT(&SHMEM_I(inode)->policy.root))
		return "memory with a NUMA policy (mbind)";
#endif
	return NULL;
}

/* Who could not read the file by itself shall not find its content in an image. */
static void content_check_readable(struct checkpoint *cp, const struct object *obj)
{
	const struct path *path = compat_file_path(obj->file);
	char *name;

	if (obj->users2 || !path_permission(path, MAY_READ))
		return;
	name = d_path(path, cp->path, PATH_MAX);
	checkpoint_refuse_file(cp, obj->fd, obj->addr, CKPT_REASON_DENIED, NULL,
			       "%.160s is deleted, and neither the process nor you may read it",
			       IS_ERR(name) ? "?" : name);
}

static void content_check_shared(struct checkpoint *cp, const struct object *obj)
{
	struct inode *inode = obj->ptr;
	unsigned int refs = 0, ours = obj->users;
	struct dentry *dentry;
	char *name;

	/* Each open description holds its dentry, and nothing else does: there is no name. */
	spin_lock(&inode->i_lock);
	hlist_for_each_entry(dentry, &inode->i_dentry, COMPAT_D_ALIAS)
		refs += d_count(dentry);
	spin_unlock(&inode->i_lock);
	/* Here each has another one below, of the layer's file, with the same path. */
	if (inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC)
		ours *= 2;
	if (refs <= ours)
		return;
	if (obj->kind == OBJECT_UNLINKED && atomic_read(&inode->i_writecount) <= 0)
		return;
	if (cp->flags & CKPT_CHECKPOINT_SHARED_OK)
		return;
	name = d_path(compat_file_path(obj->file), cp->path, PATH_MAX);
	checkpoint_refuse_file(cp, obj->fd, obj->addr, CKPT_REASON_SHARED, "see --shared-ok",
			       "%.160s is open in a process outside the image too (opened there by itself)",
			       IS_ERR(name) ? "?" : name);
}

void content_check(struct checkpoint *cp, const struct object *obj)
{
	content_check_readable(cp, obj);
	content_check_shared(cp, obj);
}

static int content_unreadable(struct checkpoint *cp, struct file *file, int err)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = cp->leader };

	return error_add(&cp->ctx->errors, err, &at, "the content of %pD cannot be read", file);
}

static int content_write_run(struct checkpoint *cp, struct file *file, u32 id, loff_t pos,
			     size_t len)
{
	struct pb_shmem_run run = { .shmem = id, .offset = pos };
	ssize_t n;
	int ret;

	n = kernel_read(file, cp->bounce, len, &pos);
	if (n != len)
		return content_unreadable(cp, file, n < 0 ? n : -EIO);
	ret = stream_out_msg(&cp->out, CKPT_REC_SHMEM_RUN, &pb_shmem_run_msg, &run);
	if (!ret)
		ret = stream_out_raw(&cp->out, CKPT_REC_SHMEM_DATA, cp->bounce, len);
	return ret;
}

static int content_write_file(struct checkpoint *cp, struct file *file, const struct object *obj)
{
	/* Others may have changed it since (--shared-ok): no more than the image says there is. */
	loff_t size = min_t(u64, i_size_read(file_inode(file)), obj->size), pos = 0, data, end;
	size_t len;
	int ret;

	while (pos < size) {
		/* -ENXIO: only a hole from here on. */
		data = vfs_llseek(file, pos, SEEK_DATA);
		if (data == -ENXIO)
			return 0;
		end = data < 0 ? data : vfs_llseek(file, data, SEEK_HOLE);
		if (end < 0 || end <= data)
			return content_unreadable(cp, file, end < 0 ? end : -EIO);
		/* Blocks may be smaller than pages, to which the image aligns. */
		end = min_t(loff_t, round_up(end, PAGE_SIZE), size);
		for (pos = round_down(data, PAGE_SIZE); pos < end; pos += len) {
			len = min_t(loff_t, end - pos, CHECKPOINT_BOUNCE);
			ret = content_write_run(cp, file, obj->id, pos, len);
			if (ret)
				return ret;
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return 0;
}

static bool content_kind(const struct object *obj)
{
	return obj->kind == OBJECT_SHMEM || obj->kind == OBJECT_UNLINKED;
}

bool content_any(struct checkpoint *cp)
{
	struct object *obj;

	object_for_each(&cp->objects, obj)
		if (content_kind(obj))
			return true;
	return false;
}

int content_write(struct checkpoint *cp)
{
	struct object *obj;
	struct file *file;
	int ret;

	ret = stream_out_unspool(&cp->out);
	if (ret)
		return ret;
	object_for_each(&cp->objects, obj) {
		if (!content_kind(obj))
			continue;
		/*
		 * A description of our own: the program's may be write-only, and has a position.
		 * Nobody who watches the file or its directory hears of it.
		 */
		file = compat_open_unseen(compat_file_path(obj->file),
					  O_RDONLY | O_LARGEFILE | O_NOATIME, current_cred());
		if (IS_ERR(file))
			return content_unreadable(cp, obj->file, PTR_ERR(file));
		ret = content_write_file(cp, file, obj);
		fput(file);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- restart ---- */

/**
 * struct content_final - what a file gets when its content is complete
 * @list: on &restart.contents
 * @file: it, open for writing; a reference is held
 * @kind: OBJECT_SHMEM or OBJECT_UNLINKED
 * @id: in the image
 * @has_attr: @attr is set
 * @attr: mode, owner, times
 * @seals: F_SEAL_*
 */
struct content_final {
	struct list_head list;
	struct file *file;
	enum object_kind kind;
	u32 id;
	bool has_attr;
	struct pb_file_attr attr;
	u32 seals;
};

int content_add(struct restart *rs, enum object_kind kind, u32 id, struct file *file,
		const struct pb_file_attr *attr, u32 seals)
{
	struct content_final *cf = kzalloc(sizeof(*cf), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!cf) {
		fput(file);
		return -ENOMEM;
	}
	cf->file = get_file(file);
	cf->kind = kind;
	cf->id = id;
	cf->has_attr = attr;
	if (attr)
		cf->attr = *attr;
	cf->seals = seals;
	list_add_tail(&cf->list, &rs->contents);
	ret = object_add(&rs->objects, kind, id, file);
	if (ret) {
		fput(file);
		return ret == -EEXIST ? stream_in_bad(&rs->in, "id %u is used twice", id) : ret;
	}
	return 0;
}

struct file *content_open(struct restart *rs, struct file *file, unsigned int flags)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct file *new = dentry_open(&file->f_path, flags & CONTENT_OPEN_FLAGS, current_cred());

	if (IS_ERR(new)) {
		error_add(&rs->ctx->errors, PTR_ERR(new), &at, "%pD cannot be opened again", file);
		return new;
	}
	spin_lock(&new->f_lock);
	new->f_flags |= flags & CONTENT_KEPT_FLAGS;
	spin_unlock(&new->f_lock);
	return new;
}

int content_read(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct pb_shmem_run run;
	struct file *file;
	unsigned int flags, iocb_flags;
	loff_t pos, size;
	size_t len;
	ssize_t n;
	u8 *data;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_shmem_run_msg, &run);
	if (ret)
		return ret;
	file = object_find(&rs->objects, OBJECT_SHMEM, run.shmem) ?:
	       object_find(&rs->objects, OBJECT_UNLINKED, run.shmem);
	if (!file)
		return stream_in_bad(&rs->in, "shared memory %u", run.shmem);
	ret = stream_in_next(&rs->in);
	if (ret)
		return ret;
	size = i_size_read(file_inode(file));
	len = rs->in.rec.length;
	pos = run.offset;
	if (rs->in.rec.type != CKPT_REC_SHMEM_DATA || !len || len > CKPT_IMAGE_RAW_MAX ||
	    run.offset >= size || len > size - pos)
		return stream_in_bad(&rs->in, "content of shared memory %u", run.shmem);

	data = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	ret = stream_in_raw(&rs->in, data, len);
	/* Nothing will run if something is wrong, and memory that stands in is not for much. */
	if (!ret && !rs->wrong) {
		/*
		 * A memfd's first description is the program's, too, who may want to append, or
		 * not to write beyond 2 GiB.
		 */
		flags = file->f_flags;
		iocb_flags = file->f_iocb_flags;
		file->f_flags |= O_LARGEFILE;
		file->f_iocb_flags = 0;
		n = kernel_write(file, data, len, &pos);
		file->f_flags = flags;
		file->f_iocb_flags = iocb_flags;
		if (n != len)
			ret = error_add(&rs->ctx->errors, n < 0 ? n : -ENOSPC, &at,
					"its shared memory or deleted file %pD cannot be filled",
					file);
	}
	kvfree(data);
	return ret;
}

/* Who watches the directory has not heard of the file, nor shall he of this. */
static int content_change(const struct path *path, struct iattr *attr)
{
	struct dentry *dentry = path->dentry;
	unsigned int watched;
	int ret;

	spin_lock(&dentry->d_lock);
	watched = dentry->d_flags & DCACHE_FSNOTIFY_PARENT_WATCHED;
	dentry->d_flags &= ~DCACHE_FSNOTIFY_PARENT_WATCHED;
	spin_unlock(&dentry->d_lock);
	ret = compat_notify_change(path, attr);
	spin_lock(&dentry->d_lock);
	dentry->d_flags |= watched;
	spin_unlock(&dentry->d_lock);
	return ret;
}

int content_set_attr(struct restart *rs, struct file *file, u32 id,
		     const struct pb_file_attr *pb)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = current,
		.advice = "restart it as root",
	};
	struct inode *inode = file_inode(file);
	kuid_t uid = make_kuid(current_user_ns(), pb->uid);
	kgid_t gid = make_kgid(current_user_ns(), pb->gid);
	struct iattr attr = {
		.ia_valid = ATTR_MODE | ATTR_CTIME | ATTR_ATIME | ATTR_ATIME_SET | ATTR_MTIME |
			    ATTR_MTIME_SET,
		.ia_mode = (inode->i_mode & ~S_IALLUGO) | pb->mode,
		.ia_atime = ns_to_timespec64(pb->atime_ns),
		.ia_mtime = ns_to_timespec64(pb->mtime_ns),
	};
	int ret;

	if (!uid_valid(uid) || !gid_valid(gid))
		return stream_in_bad(&rs->in, "owner of file %u", id);
	/* Whose it is already, everybody may say. */
	if (!uid_eq(uid, inode->i_uid)) {
		attr.ia_valid |= ATTR_UID;
		attr.ia_vfsuid = VFSUIDT_INIT(uid);
	}
	if (!gid_eq(gid, inode->i_gid)) {
		attr.ia_valid |= ATTR_GID;
		attr.ia_vfsgid = VFSGIDT_INIT(gid);
	}
	ret = content_change(&file->f_path, &attr);
	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "owner or mode of the pipe, memory or deleted file %pD cannot be given back",
			       file) : 0;
}

static int content_set_seals(struct restart *rs, const struct content_final *cf)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	long ret;

	if (cf->seals == F_SEAL_SEAL)
		return 0;
	SHMEM_I(file_inode(cf->file))->seals &= ~F_SEAL_SEAL;
	ret = cf->seals ? sym(memfd_fcntl)(cf->file, F_ADD_SEALS, cf->seals) : 0;
	return ret ? error_add(&rs->ctx->errors, ret, &at, "the seals of %pD were refused",
			       cf->file) : 0;
}

bool content_write_sealed(struct restart *rs, struct file *file)
{
	const struct content_final *cf;

	list_for_each_entry(cf, &rs->contents, list)
		if (cf->kind == OBJECT_SHMEM && file_inode(cf->file) == file_inode(file))
			return cf->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
	return false;
}

/**
 * struct content_close - descriptions to be closed by somebody else
 * @work: who does it
 * @list: struct content_final
 */
struct content_close {
	struct work_struct work;
	struct list_head *list;
};

/*
 * Descriptions that were only there to fill files exclude their execution, and would until the
 * new process enters user mode: fput() by a user task waits for that. A worker's need not.
 */
static void content_close(struct work_struct *work)
{
	struct content_close *cc = container_of(work, struct content_close, work);
	struct content_final *cf;

	list_for_each_entry(cf, cc->list, list) {
		if (cf->kind != OBJECT_UNLINKED)
			continue;
		__fput_sync(cf->file);
		cf->file = NULL;
	}
}

int content_finish(struct restart *rs)
{
	struct content_close cc = { .list = &rs->contents };
	struct content_final *cf;
	struct file *file;
	int ret = 0;

	list_for_each_entry(cf, &rs->contents, list) {
		if (cf->has_attr)
			ret = content_set_attr(rs, cf->file, cf->id, &cf->attr);
		if (!ret && cf->kind == OBJECT_SHMEM)
			ret = content_set_seals(rs, cf);
		if (ret)
			return ret;
		if (cf->kind == OBJECT_UNLINKED) {
			file = object_take(&rs->objects, cf->kind, cf->id);
			if (file)
				fput(file);
		}
	}
	/* Not killable, but it waits for nothing but the close of files without a name. */
	INIT_WORK_ONSTACK(&cc.work, content_close);
	schedule_work(&cc.work);
	flush_work(&cc.work);
	destroy_work_on_stack(&cc.work);
	return 0;
}

void content_forget(struct restart *rs)
{
	struct content_final *cf, *next;

	list_for_each_entry_safe(cf, next, &rs->contents, list) {
		if (cf->file)
			fput(cf->file);
		kfree(cf);
	}
	INIT_LIST_HEAD(&rs->contents);
}
