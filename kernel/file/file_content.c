// SPDX-License-Identifier: GPL-2.0
/*
 * Files whose content is in the image, since nobody finds them by a path: shared memory, memfds,
 * deleted files. shmem.c and unlinked.c describe the files themselves.
 */
#include <linux/completion.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xattr.h>
#include <uapi/linux/fcntl.h>

#include "../core/context.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "file_content.h"
#include "lock.h"
#include "path.h"
#include "../core/symbols.h"

/* The flags of a description that an open takes; the others are set afterwards. */
#define FILE_CONTENT_OPEN_FLAGS	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | __O_SYNC | \
				 O_DIRECT | O_LARGEFILE | O_NOATIME | O_PATH)
/* Said once, at the open; fcntl(F_GETFL) shows them. */
#define FILE_CONTENT_KEPT_FLAGS	(O_DIRECTORY | O_NOFOLLOW | __O_TMPFILE)

/* In jiffies: how long a frozen program waits for the close of what we have opened. */
#define FILE_CONTENT_CLOSE_WAIT	(HZ / 4)

struct object *file_content_object(struct checkpoint *cp, enum object_kind kind, struct file *file,
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

void file_content_attr(const struct kstat *stat, struct pb_file_attr *attr)
{
	attr->mode = stat->mode & S_IALLUGO;
	attr->uid = from_kuid_munged(current_user_ns(), stat->uid);
	attr->gid = from_kgid_munged(current_user_ns(), stat->gid);
	attr->atime_ns = timespec64_to_ns(&stat->atime);
	attr->mtime_ns = timespec64_to_ns(&stat->mtime);
}

/* Labels that a security module gives by itself, to the new file as well. */
static bool file_content_label(const char *name)
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

const char *file_content_xattrs(struct checkpoint *cp, struct dentry *dentry)
{
	char *list = cp->bounce;
	ssize_t len = vfs_listxattr(dentry, list, XATTR_LIST_MAX), i;

	BUILD_BUG_ON(XATTR_LIST_MAX > CHECKPOINT_BOUNCE);
	if (len == -EOPNOTSUPP)
		return NULL;
	if (len < 0)
		return "cannot be looked at";
	for (i = 0; i < len; i += strnlen(list + i, len - i) + 1)
		if (!file_content_label(list + i))
			return "has extended attributes";
	return NULL;
}

const char *file_content_flags(const struct inode *inode, const struct kstat *stat)
{
	/* That writes are synchronous is not among what statx(2) tells. */
	return inode->i_flags & S_SYNC ||
	       stat->attributes & (STATX_ATTR_APPEND | STATX_ATTR_IMMUTABLE | STATX_ATTR_NODUMP |
				   STATX_ATTR_VERITY) ? "has flags of chattr(1)" : NULL;
}

const char *file_content_policy(struct inode *inode)
{
#ifdef CONFIG_NUMA
	if (inode->i_sb->s_magic == TMPFS_MAGIC &&
	    !RB_EMPTY_ROOT(&SHMEM_I(inode)->policy.root))
		return "memory with a NUMA policy (mbind)";
#endif
	return NULL;
}

/* A caller that could not read the file itself shall not find its content in an image. */
static void file_content_check_readable(struct checkpoint *cp, const struct object *obj)
{
	const struct path *path = compat_file_path(obj->file);
	char *name;

	if (obj->users2 || !path_permission(path, MAY_READ))
		return;
	name = d_path(path, cp->path, PATH_MAX);
	refuse_file(&obj->place, CKPT_REASON_DENIED, NULL,
		    "%.160s is deleted, and neither the process nor you may read it",
		    IS_ERR(name) ? "?" : name);
}

static void file_content_check_shared(struct checkpoint *cp, const struct object *obj)
{
	struct inode *inode = obj->ptr;
	bool overlay = inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC;
	unsigned int refs = 0, ours = overlay ? obj->dentry_refs : obj->users;
	struct dentry *dentry;
	char *name;

	/* Each open description holds its dentry, and nothing else does: there is no name. */
	spin_lock(&inode->i_lock);
	hlist_for_each_entry(dentry, &inode->i_dentry, COMPAT_D_ALIAS)
		refs += d_count(dentry);
	spin_unlock(&inode->i_lock);
	if (refs <= ours)
		return;
	if (obj->kind == OBJECT_UNLINKED && !path_written(compat_file_path(obj->file)->dentry))
		return;
	if (cp->flags & CKPT_CHECKPOINT_SHARED_OK)
		return;
	name = d_path(compat_file_path(obj->file), cp->path, PATH_MAX);
	refuse_file(&obj->place, CKPT_REASON_SHARED, "see --shared-ok",
		    "%.160s is open in a process outside the image too (opened there by itself)",
		    IS_ERR(name) ? "?" : name);
}

/* To read it, it has to be opened, and that would break the lease. */
static void file_content_check_lease(const struct object *obj)
{
	if (lock_write_leased(obj->ptr))
		refuse_file(&obj->place, CKPT_REASON_UNSUPPORTED, NULL,
			    "a write lease of a file whose content is in the image (%pD) is not supported",
			    obj->file);
}

void file_content_check(struct checkpoint *cp, struct object *obj)
{
	file_content_check_readable(cp, obj);
	file_content_check_lease(obj);
	file_content_check_shared(cp, obj);
}

static int file_content_unreadable(const struct object *obj, int err)
{
	struct checkpoint_process *proc = obj->place.proc;
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = proc->leader };

	return error_add(&proc->cp->op->errors, err, &at, "the content of %pD cannot be read",
			 obj->file);
}

static int file_content_write_run(struct checkpoint *cp, const struct object *obj,
				  struct file *file, loff_t pos, size_t len)
{
	struct pb_shmem_run run = { .shmem = obj->id, .offset = pos };
	ssize_t n;
	int ret;

	n = kernel_read(file, cp->bounce, len, &pos);
	if (n != len)
		return file_content_unreadable(obj, n < 0 ? n : -EIO);
	ret = stream_out_msg(&cp->out, CKPT_REC_SHMEM_RUN, &pb_shmem_run_msg, &run);
	if (!ret)
		ret = stream_out_raw(&cp->out, CKPT_REC_SHMEM_DATA, cp->bounce, len);
	return ret;
}

static int file_content_write_file(struct checkpoint *cp, struct file *file,
				   const struct object *obj)
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
			return file_content_unreadable(obj, end < 0 ? end : -EIO);
		/* Blocks may be smaller than pages, to which the image aligns. */
		end = min_t(loff_t, round_up(end, PAGE_SIZE), size);
		for (pos = round_down(data, PAGE_SIZE); pos < end; pos += len) {
			len = min_t(loff_t, end - pos, CHECKPOINT_BOUNCE);
			ret = file_content_write_run(cp, obj, file, pos, len);
			if (ret)
				return ret;
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return 0;
}

static bool file_content_kind(const struct object *obj)
{
	return obj->kind == OBJECT_SHMEM || obj->kind == OBJECT_UNLINKED;
}

bool file_content_any(struct checkpoint *cp)
{
	struct object *obj;

	object_for_each(&cp->objects, obj)
		if (file_content_kind(obj))
			return true;
	return false;
}

/**
 * struct file_content_close - descriptions to be closed by somebody else
 * @work: who does it
 * @ref: the caller's, and the work's
 * @done: all are closed
 * @n: how many there are
 * @files: they
 */
struct file_content_close {
	struct work_struct work;
	struct kref ref;
	struct completion done;
	unsigned int n;
	struct file *files[];
};

static void file_content_close_free(struct kref *ref)
{
	kvfree(container_of(ref, struct file_content_close, ref));
}

static void file_content_close_work(struct work_struct *work)
{
	struct file_content_close *cc = container_of(work, struct file_content_close, work);
	unsigned int i;

	for (i = 0; i < cc->n; i++) {
		__fput_sync(cc->files[i]);
		cond_resched();
	}
	complete(&cc->done);
	kref_put(&cc->ref, file_content_close_free);
	module_put(THIS_MODULE);
}

/* For up to @cap descriptions. */
static struct file_content_close *file_content_close_new(unsigned int cap)
{
	struct file_content_close *cc = kvzalloc(struct_size(cc, files, cap), GFP_KERNEL_ACCOUNT);

	if (!cc)
		return NULL;
	INIT_WORK(&cc->work, file_content_close_work);
	kref_init(&cc->ref);
	init_completion(&cc->done);
	return cc;
}

/*
 * Descriptions that were only there to read or fill files would stay open for as long as this
 * system call takes: fput() by a user task waits for that. A worker's need not.
 *
 * A close may wait for a server (FUSE, NFS), which may take its time, or depend on the program
 * that we keep from running. So we wait for @timeout at the most, in jiffies; the worker goes on.
 * Return: what wait_for_completion_killable_timeout() says.
 */
static long file_content_close(struct file_content_close *cc, long timeout)
{
	long ret;

	kref_get(&cc->ref);
	__module_get(THIS_MODULE);
	schedule_work(&cc->work);
	ret = wait_for_completion_killable_timeout(&cc->done, timeout);
	kref_put(&cc->ref, file_content_close_free);
	return ret;
}

static int file_content_write_one(struct checkpoint *cp, const struct object *obj,
				  struct file_content_close *cc)
{
	struct file *file;

	/*
	 * A description of our own: the program's may be write-only, and has a position. Nobody
	 * who watches the file or its directory hears of it.
	 */
	file = compat_open_unseen(compat_file_path(obj->file),
				  O_RDONLY | O_LARGEFILE | O_NOATIME, current_cred());
	if (IS_ERR(file))
		return file_content_unreadable(obj, PTR_ERR(file));
	cc->files[cc->n++] = file;
	return file_content_write_file(cp, file, obj);
}

int file_content_write(struct checkpoint *cp)
{
	struct file_content_close *cc;
	unsigned int n = 0;
	struct object *obj;
	int ret;

	ret = stream_out_unspool(&cp->out);
	if (ret)
		return ret;
	object_for_each(&cp->objects, obj)
		n += file_content_kind(obj);
	cc = file_content_close_new(n);
	if (!cc)
		return -ENOMEM;
	object_for_each(&cp->objects, obj) {
		ret = file_content_kind(obj) ? file_content_write_one(cp, obj, cc) : 0;
		if (ret)
			break;
	}
	/*
	 * Before the program goes on: when it closes the file, its space is to be free, and who has
	 * it open alone may have a lease.
	 */
	file_content_close(cc, FILE_CONTENT_CLOSE_WAIT);
	return ret;
}

bool file_content_is_out(struct file *file)
{
	struct inode *inode = file_inode(file);

	/* Memfds and anonymous shared memory have no name, either. */
	if (!S_ISREG(inode->i_mode) || inode->i_nlink)
		return false;
	if (inode->i_sb->s_magic == TMPFS_MAGIC)
		return READ_ONCE(SHMEM_I(inode)->swapped);
	/* A file of a stacked file system has its pages in another one. */
	if (inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC)
		return false;
	return READ_ONCE(inode->i_mapping->nrpages) <
	       min_t(u64, i_size_read(inode), (u64)inode->i_blocks << SECTOR_SHIFT) >> PAGE_SHIFT;
}

/* Its data, through the buffer and nowhere else. */
static int file_content_pass(struct checkpoint *cp, struct file *file)
{
	loff_t size = i_size_read(file_inode(file)), pos = 0, end;

	while (pos < size) {
		pos = vfs_llseek(file, pos, SEEK_DATA);
		end = pos < 0 ? pos : vfs_llseek(file, pos, SEEK_HOLE);
		if (end <= pos)
			return 0;
		while (pos < end) {
			if (kernel_read(file, cp->bounce, min_t(loff_t, end - pos,
								CHECKPOINT_BOUNCE), &pos) <= 0)
				return 0;
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return 0;
}

int file_content_bring_in(struct checkpoint *cp, struct file *file)
{
	struct file_content_close *cc;
	struct file *ours;
	int ret;

	/* To open it would break the lease. */
	if (lock_write_leased(file_inode(file)))
		return 0;
	cc = file_content_close_new(1);
	if (!cc)
		return -ENOMEM;
	ours = compat_open_unseen(&file->f_path, O_RDONLY | O_LARGEFILE | O_NOATIME,
				  current_cred());
	if (IS_ERR(ours)) {
		kvfree(cc);
		return 0;
	}
	ret = file_content_pass(cp, ours);
	cc->files[cc->n++] = ours;
	/* When the program is looked at, nobody but itself is to have it open. */
	return file_content_close(cc, MAX_SCHEDULE_TIMEOUT) < 0 ? -EINTR : ret;
}

/* ---- restart ---- */

/**
 * struct file_content_final - what a file gets when its content is complete
 * @later: in the queue
 * @file: it, open for writing; a reference is held
 * @kind: OBJECT_SHMEM or OBJECT_UNLINKED
 * @id: in the image
 * @has_attr: @attr is set
 * @attr: mode, owner, times
 * @seals: F_SEAL_*
 */
struct file_content_final {
	struct later later;
	struct file *file;
	enum object_kind kind;
	u32 id;
	bool has_attr;
	struct pb_file_attr attr;
	u32 seals;
};

struct file *file_content_open(struct restart *rs, struct file *file, unsigned int flags)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct file *new = dentry_open(&file->f_path, flags & FILE_CONTENT_OPEN_FLAGS,
				       current_cred());

	if (IS_ERR(new)) {
		error_add(&rs->ctx->errors, PTR_ERR(new), &at, "%pD cannot be opened again", file);
		return new;
	}
	spin_lock(&new->f_lock);
	new->f_flags |= flags & FILE_CONTENT_KEPT_FLAGS;
	spin_unlock(&new->f_lock);
	return new;
}

int file_content_read(struct restart *rs)
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

/* Watchers of the directory have not heard of the file, and shall not hear of this either. */
static int file_content_change(const struct path *path, struct iattr *attr)
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

int file_content_set_attr(struct restart *rs, struct file *file, u32 id,
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
	umode_t mode = (inode->i_mode & ~S_IALLUGO) | pb->mode;
	struct iattr attr = {
		.ia_valid = ATTR_MODE | ATTR_CTIME | ATTR_ATIME | ATTR_ATIME_SET | ATTR_MTIME |
			    ATTR_MTIME_SET,
		.ia_mode = mode,
		.ia_atime = ns_to_timespec64(pb->atime_ns),
		.ia_mtime = ns_to_timespec64(pb->mtime_ns),
	};
	struct iattr owner = { .ia_valid = ATTR_CTIME };
	int ret;

	if (!uid_valid(uid) || !gid_valid(gid))
		return stream_in_bad(&rs->in, "owner of file %u", id);
	/* An owner that does not change needs no right to set. */
	if (!uid_eq(uid, inode->i_uid)) {
		owner.ia_valid |= ATTR_UID;
		owner.ia_vfsuid = VFSUIDT_INIT(uid);
	}
	if (!gid_eq(gid, inode->i_gid)) {
		owner.ia_valid |= ATTR_GID;
		owner.ia_vfsgid = VFSGIDT_INIT(gid);
	}
	/* While it is ours; but who gives a file away does not say with whose rights it runs. */
	if (owner.ia_valid & (ATTR_UID | ATTR_GID))
		attr.ia_mode &= ~(S_ISUID | S_ISGID);
	ret = file_content_change(&file->f_path, &attr);
	if (!ret && owner.ia_valid & (ATTR_UID | ATTR_GID))
		ret = file_content_change(&file->f_path, &owner);
	/* As chmod(2) behind chown(2): the new owner's part, or of who has CAP_FOWNER. */
	if (!ret && attr.ia_mode != mode) {
		owner.ia_valid = ATTR_MODE | ATTR_CTIME;
		owner.ia_mode = mode;
		ret = file_content_change(&file->f_path, &owner);
	}
	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "owner or mode of the pipe, memory or deleted file %pD cannot be given back",
			       file) : 0;
}

static int file_content_set_seals(struct restart *rs, const struct file_content_final *cf)
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

bool file_content_write_sealed(struct restart *rs, struct file *file)
{
	return xa_load(&rs->sealed, (unsigned long)file_inode(file));
}

static int file_content_finish(struct restart_process *p, struct later *later)
{
	struct restart *rs = p->rs;
	struct file_content_final *cf = container_of(later, struct file_content_final, later);
	struct file *file;
	int ret = 0;

	if (cf->has_attr)
		ret = file_content_set_attr(rs, cf->file, cf->id, &cf->attr);
	if (!ret && cf->kind == OBJECT_SHMEM)
		ret = file_content_set_seals(rs, cf);
	if (!ret && cf->kind == OBJECT_UNLINKED) {
		file = object_take(&rs->objects, cf->kind, cf->id);
		if (file)
			fput(file);
	}
	return ret;
}

static void file_content_free(struct later *later)
{
	struct file_content_final *cf = container_of(later, struct file_content_final, later);

	if (cf->file)
		fput(cf->file);
	kfree(cf);
}

static const struct later_ops file_content_later_ops = {
	.stage = LATER_CONTENT,
	.run = file_content_finish,
	.free = file_content_free,
};

/* It may be an entry of another kind in the queue, of which only @later can be looked at. */
static bool file_content_is_unlinked(const struct file_content_final *cf)
{
	return cf->later.ops == &file_content_later_ops && cf->kind == OBJECT_UNLINKED;
}

/* Open to write, they exclude the execution of these files. All are closed in one go. */
static int file_content_close_unlinked(struct restart_process *p)
{
	struct list_head *all = &p->later.stage[LATER_CONTENT];
	struct file_content_close *cc;
	struct file_content_final *cf;
	unsigned int n = 0;

	list_for_each_entry(cf, all, later.list)
		n += file_content_is_unlinked(cf);
	cc = file_content_close_new(n);
	if (!cc)
		return -ENOMEM;
	list_for_each_entry(cf, all, later.list) {
		if (!file_content_is_unlinked(cf))
			continue;
		cc->files[cc->n++] = cf->file;
		cf->file = NULL;
	}
	/* Nobody waits for us but who has started this, and can end it. */
	return file_content_close(cc, MAX_SCHEDULE_TIMEOUT) < 0 ? -EINTR : 0;
}

int file_content_add(struct restart *rs, enum object_kind kind, u32 id, struct file *file,
		     const struct pb_file_attr *attr, u32 seals)
{
	struct file_content_final *cf = kzalloc(sizeof(*cf), GFP_KERNEL_ACCOUNT);

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
	later_add(&rs->here->later, &cf->later, &file_content_later_ops);
	if (kind == OBJECT_SHMEM && seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) &&
	    xa_is_err(xa_store(&rs->sealed, (unsigned long)file_inode(file), xa_mk_value(1),
			       GFP_KERNEL_ACCOUNT))) {
		fput(file);
		return -ENOMEM;
	}
	if (kind == OBJECT_UNLINKED && !later_any(&rs->here->later, LATER_CLOSE) &&
	    later_call(&rs->here->later, LATER_CLOSE, file_content_close_unlinked)) {
		fput(file);
		return -ENOMEM;
	}
	return object_add(&rs->objects, &rs->in, kind, id, file);
}
