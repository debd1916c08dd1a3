// SPDX-License-Identifier: GPL-2.0
/*
 * Regular files without a name: deleted ones, and those that never had any (O_TMPFILE). The image
 * has their content (file_content.c); at the restart a new one is made in the same directory, or in
 * the nearest directory above that still is there: the same file system in any case.
 */
#include <linux/dcache.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/namei.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "../core/context.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "file_content.h"
#include "path.h"
#include "rights.h"
#include "unlinked.h"
#include "file_kind.h"

/* How many deleted directories a deleted file may be in; no path has more components. */
#define UNLINKED_DEPTH	(PATH_MAX / 2)

/* Names that are tried where files must have one for a moment. */
#define UNLINKED_TRIES	8

bool unlinked_match(struct file *file)
{
	struct dentry *dentry = compat_file_path(file)->dentry;
	struct inode *inode = d_inode(dentry);

	/* NFS gives a deleted file another name for as long as it is open; that one has a path. */
	return S_ISREG(inode->i_mode) && d_unlinked(dentry) && !inode->i_nlink &&
	       !(inode->i_sb->s_flags & (SB_KERNMOUNT | SB_NOUSER)) && !path_supported(file);
}

/* The nearest directory above that is not deleted. */
static int unlinked_dir(struct checkpoint *cp, const struct path *path,
			const struct path_user *user, struct pb_path *pb)
{
	struct path dir = { .mnt = path->mnt, .dentry = dget_parent(path->dentry) };
	unsigned int depth = 0;
	struct dentry *above;
	int ret = 0;

	while (!ret && d_unlinked(dir.dentry)) {
		above = dget_parent(dir.dentry);
		dput(dir.dentry);
		dir.dentry = above;
		if (fatal_signal_pending(current))
			ret = -EINTR;
		else if (depth++ == UNLINKED_DEPTH)
			ret = refuse_file(&user->place, CKPT_REASON_UNSUPPORTED, NULL,
					  "a file in more than %u deleted directories %s",
					  UNLINKED_DEPTH, "is not supported") ?: 1;
		cond_resched();
	}
	ret = ret ?: path_save(cp, &dir, user, pb);
	dput(dir.dentry);
	return ret;
}

static const char *unlinked_describe(struct checkpoint *cp, struct file *file,
				     struct pb_unlinked *pb, char *name)
{
	const struct path *path = compat_file_path(file);
	struct inode *inode = d_inode(path->dentry);
	struct name_snapshot snap;
	struct kstat stat;
	const char *why;

	if (inode->i_sb->s_magic == HUGETLBFS_MAGIC)
		return "it has huge pages (hugetlb)";
	why = file_content_policy(inode);
	if (why)
		return "it is memory with a NUMA policy (mbind)";
	why = file_content_xattrs(cp, path->dentry);
	if (why)
		return "it has extended attributes";
	if (vfs_getattr(path, &stat, STATX_BASIC_STATS, AT_STATX_SYNC_AS_STAT))
		return "it cannot be looked at";
	if (file_content_flags(inode, &stat))
		return "it has flags of chattr(1)";
	take_dentry_name_snapshot(&snap, path->dentry);
	strscpy(name, snap.name.name, NAME_MAX + 1);
	release_dentry_name_snapshot(&snap);
	pb->name.data = name;
	pb->name.len = strlen(name);
	pb->size = stat.size;
	file_content_attr(&stat, &pb->attr);
	/* A file of O_TMPFILE: linkat(2) may still give it a name. */
	pb->has_linkable = compat_inode_linkable(inode);
	pb->linkable = pb->has_linkable;
	return NULL;
}

static int unlinked_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
			 struct pb_file *pb)
{
	struct path_user user = {
		.what = "a deleted file's directory",
		.place = *at,
		.cred = rights_program(at->proc),
	};
	struct pb_unlinked unlinked = {};
	char buf[NAME_MAX + 1], *name;
	struct object *obj;
	const char *why;
	bool new;
	int ret;

	obj = file_content_object(cp, OBJECT_UNLINKED, file, &new);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	pb->has_unlinked = true;
	pb->unlinked = obj->id;
	pb->flags |= file->f_flags & __O_TMPFILE;
	pb->has_pos = !(file->f_mode & FMODE_PATH);
	pb->pos = pb->has_pos ? file->f_pos : 0;
	if (!new)
		return 0;
	obj->place = *at;
	unlinked.id = obj->id;
	why = unlinked_describe(cp, file, &unlinked, buf);
	if (why) {
		name = d_path(compat_file_path(file), cp->path, PATH_MAX);
		name = IS_ERR(name) ? "?" : name;
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
				   "file %.160s is deleted, and %s", name, why);
	}
	obj->size = unlinked.size;
	ret = unlinked_dir(cp, compat_file_path(file), &user, &unlinked.dir);
	if (ret)
		return min(ret, 0);
	return stream_out_msg(&cp->out, CKPT_REC_UNLINKED, &pb_unlinked_msg, &unlinked);
}

/* ---- restart ---- */

/* For file systems without O_TMPFILE: a name nobody else has, for a moment. */
static struct file *unlinked_create_named(const struct path *dir)
{
	struct file *file = ERR_PTR(-EEXIST);
	char name[sizeof(".ckpt-01234567")];
	unsigned int i;
	int ret;

	for (i = 0; i < UNLINKED_TRIES && PTR_ERR_OR_ZERO(file) == -EEXIST; i++) {
		snprintf(name, sizeof(name), ".ckpt-%08x", get_random_u32());
		file = file_open_root(dir, name, O_CREAT | O_EXCL | O_RDWR | O_LARGEFILE |
				      O_NOFOLLOW, 0600);
	}
	if (IS_ERR(file))
		return file;
	ret = compat_unlink(&file->f_path);
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}
	return file;
}

/* struct unlinked_making - a file that rights_try() tries to make */
struct unlinked_making {
	bool linkable;
	struct file *file;
};

static int unlinked_create(struct rights_path *rp, void *arg)
{
	struct unlinked_making *making = arg;

	/* O_EXCL: it cannot be linked again. */
	making->file = file_open_root(&rp->path, "", O_TMPFILE | O_RDWR | O_LARGEFILE |
				      (making->linkable ? 0 : O_EXCL), 0600);
	if (PTR_ERR_OR_ZERO(making->file) == -EOPNOTSUPP && !making->linkable)
		making->file = unlinked_create_named(&rp->path);
	return PTR_ERR_OR_ZERO(making->file);
}

/* In the very directory it was in, with the restarter's rights: they give it its owner, too. */
static struct file *unlinked_create_in(struct restart *rs, const struct pb_unlinked *pb,
				       const char *dir)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };
	struct unlinked_making making = { .linkable = pb->linkable };
	struct rights_path rp = { .pb = &pb->dir };
	int ret = -ENOMEM;
	char *words;

	words = kasprintf(GFP_KERNEL_ACCOUNT, "the directory %s of a deleted file", dir);
	rp.name = words;
	if (words)
		ret = rights_find(rs, dir, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &rp);
	if (ret)
		goto out;
	if (rp.same)
		rp.as = NULL;
	ret = rights_try(rs, &rp, unlinked_create, &making);
	if (ret && rp.as)
		ret = rights_refuse(rs, &rp, "in which the program can make none");
	else if (ret)
		error_add(&rs->ctx->errors, ret, &at,
			  "in %s no file without a name can be made, to be the deleted file %.*s",
			  dir, (int)pb->name.len, (const char *)pb->name.data);
	rights_release(&rp);
out:
	kfree(words);
	return ret ? ERR_PTR(ret) : making.file;
}

static int unlinked_make(struct restart *rs, const struct pb_unlinked *pb, const char *dir)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };
	struct file *file;
	int ret;

	file = unlinked_create_in(rs, pb, dir);
	if (IS_ERR(file))
		file = path_stand_in(rs, PTR_ERR(file), S_IFREG, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* The program has done none of this itself, and its inotify shall not tell of it. */
	compat_file_unseen(file);
	/* Sparse, as yet. */
	ret = vfs_truncate(&file->f_path, pb->size);
	if (ret) {
		fput(file);
		return error_add(&rs->ctx->errors, ret, &at,
				 "in %s no file of %llu bytes can be made, to be the deleted file %.*s",
				 dir, pb->size, (int)pb->name.len, (const char *)pb->name.data);
	}
	return file_content_add(rs, OBJECT_UNLINKED, pb->id, file, &pb->attr, 0);
}

int unlinked_read(struct restart *rs)
{
	struct pb_unlinked pb;
	char *dir;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_unlinked_msg, &pb);
	if (ret)
		return ret;
	if (pb.attr.mode & ~S_IALLUGO || pb.size > MAX_LFS_FILESIZE)
		return stream_in_bad(&rs->in, "deleted file %u", pb.id);
	dir = path_name(rs, &pb.dir, "directory of a deleted file");
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	ret = unlinked_make(rs, &pb, dir);
	kfree(dir);
	return ret;
}

static struct file *unlinked_open(struct restart *rs, const struct pb_file *pb)
{
	struct file *file = object_find(&rs->objects, OBJECT_UNLINKED, pb->unlinked);

	if (!file)
		return ERR_PTR(stream_in_bad(&rs->in, "deleted file %u", pb->unlinked));
	return file_content_open(rs, file, pb->flags);
}

const struct file_kind unlinked_kind = {
	.match = unlinked_match,
	.save = unlinked_save,
	.has = offsetof(struct pb_file, has_unlinked),
	.open = unlinked_open,
};
