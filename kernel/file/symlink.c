// SPDX-License-Identifier: GPL-2.0
/*
 * A symbolic link that is open itself, which O_PATH together with O_NOFOLLOW can do.
 */
#include <linux/fs.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "../core/context.h"
#include "description.h"
#include "file_kind.h"
#include "path.h"
#include "rights.h"

#define SYMLINK_FLAGS	(O_PATH | O_NOFOLLOW)

/*
 * A link that leads to a name. Those of proc and the like jump to a file instead, which the kernel
 * does only while it looks up a path; they have a function of their own to be read by.
 */
static bool symlink_plain(const struct inode *inode)
{
	return S_ISLNK(inode->i_mode) && !inode->i_op->readlink;
}

static bool symlink_match(struct file *file)
{
	return file->f_mode & FMODE_PATH && symlink_plain(file_inode(file));
}

/* Copies where a plain link leads to @buf of PATH_MAX bytes. Return: the length, or an errno. */
static ssize_t symlink_target(struct dentry *dentry, char *buf)
{
	DEFINE_DELAYED_CALL(done);
	const char *target = vfs_get_link(dentry, &done);
	ssize_t len = IS_ERR(target) ? PTR_ERR(target) : strscpy(buf, target, PATH_MAX);

	do_delayed_call(&done);
	return len ?: -ENOENT;
}

static int symlink_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
			struct pb_file *pb)
{
	struct path_user user = {
		.what = "symbolic link",
		.place = *at,
	};
	ssize_t len;
	int ret;

	ret = rights_save(at->proc, file, &user.cred) ?:
	      path_save(cp, &file->f_path, &user, &pb->symlink.path);
	if (ret)
		return min(ret, 0);
	/* The buffer is free again: the path has been copied. */
	len = symlink_target(file->f_path.dentry, cp->path);
	if (len < 0)
		return description_refuse(cp, file, at,
					  "a symbolic link that cannot be read");
	pb->has_symlink = true;
	pb->symlink.target.data = cp->path;
	pb->symlink.target.len = len;
	return 0;
}

/* ---- restart ---- */

static int symlink_changed(struct restart *rs, const char *name, const char *what)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };

	return error_add(&rs->ctx->errors, -ESTALE, &at, "%s %s", name, what);
}

static struct file *symlink_open_found(struct restart *rs, struct rights_path *rp,
				       const struct pb_symlink *pb)
{
	struct dentry *dentry = rp->path.dentry;
	struct file *file;
	ssize_t len;
	char *buf;

	if (!symlink_plain(d_backing_inode(dentry)))
		return ERR_PTR(symlink_changed(rs, rp->name, "is no symbolic link any more"));
	buf = kmalloc(PATH_MAX, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	len = symlink_target(dentry, buf);
	if (len != pb->target.len || memcmp(buf, pb->target.data, len))
		file = ERR_PTR(symlink_changed(rs, rp->name, "leads somewhere else now"));
	else
		file = rights_open(rs, rp, "", SYMLINK_FLAGS, 0);
	kfree(buf);
	return file;
}

static struct file *symlink_open(struct restart *rs, const struct pb_file *pb)
{
	struct rights_path rp = { .pb = &pb->symlink.path };
	struct file *file;
	char *name;
	int ret;

	if (!S_ISLNK(pb->symlink.path.mode) || (pb->flags & SYMLINK_FLAGS) != SYMLINK_FLAGS)
		return ERR_PTR(stream_in_bad(&rs->in, "symbolic link %u", pb->id));
	name = path_name(rs, &pb->symlink.path, "path of a symbolic link");
	if (IS_ERR(name))
		return ERR_CAST(name);
	rp.name = name;
	ret = rights_find(rs, name, 0, &rp);
	file = ret ? ERR_PTR(ret) : symlink_open_found(rs, &rp, &pb->symlink);
	if (!ret)
		rights_release(&rp);
	kfree(name);
	if (IS_ERR(file))
		file = path_stand_in(rs, PTR_ERR(file), S_IFREG, 0);
	return file;
}

const struct file_kind symlink_kind = {
	.match = symlink_match,
	.save = symlink_save,
	.has = offsetof(struct pb_file, has_symlink),
	.open = symlink_open,
};
