// SPDX-License-Identifier: GPL-2.0
/*
 * Open files that are found again by their path: regular files, directories, devices.
 */
#include <linux/fs.h>
#include <linux/sched/signal.h>

#include "../compat/compat.h"
#include "../core/context.h"
#include "description.h"
#include "path.h"
#include "rights.h"
#include "file_kind.h"

static bool named_match(struct file *file)
{
	return true;
}

/*
 * File systems that have their directories in the dcache alone: how far the program has read is
 * where a cursor stands among the children, and f_pos counts what it was given. By now some of that
 * may be gone, or more be there: the number of entries before the cursor is what lseek(2) takes to
 * the same place.
 */
static int named_cursor_pos(struct file *file, u64 *pos)
{
	struct dentry *dir = file->f_path.dentry, *cursor = file->private_data;
	struct dentry *child, *held = NULL, *last;
	int ret = 0;

	*pos = 2;
	/* Nothing that is there can go meanwhile, also while the spinlock is dropped. */
	if (down_read_killable(&d_inode(dir)->i_rwsem))
		return -EINTR;
	spin_lock(&dir->d_lock);
	/* At the end the cursor is not among them. */
	compat_for_each_child(child, dir) {
		if (child == cursor)
			break;
		if (!simple_positive(child))
			continue;
		++*pos;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		if (!need_resched())
			continue;
		last = held;
		held = child;
		spin_lock_nested(&held->d_lock, DENTRY_D_LOCK_NESTED);
		dget_dlock(held);
		spin_unlock(&held->d_lock);
		spin_unlock(&dir->d_lock);
		dput(last);
		cond_resched();
		spin_lock(&dir->d_lock);
	}
	spin_unlock(&dir->d_lock);
	dput(held);
	up_read(&d_inode(dir)->i_rwsem);
	return ret;
}

static int named_save_pos(struct file *file, struct pb_file *pb)
{
	struct inode *inode = file_inode(file);

	pb->has_pos = !(file->f_mode & FMODE_PATH) &&
		      (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode));
	if (!pb->has_pos)
		return 0;
	pb->pos = file->f_pos;
	/* After the dots there is no cursor yet. */
	if (!S_ISDIR(inode->i_mode) || file->f_op->iterate_shared != dcache_readdir ||
	    file->f_pos <= 2)
		return 0;
	return named_cursor_pos(file, &pb->pos);
}

static const char *named_unsupported(struct file *file)
{
	return file->f_mode & FMODE_NEED_UNMOUNT ? "a detached mount (open_tree, fsmount)" :
						   path_supported(file);
}

static int named_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
		      struct pb_file *pb)
{
	struct path_user user = {
		.what = "file",
		.place = *at,
		.written = file->f_mode & FMODE_WRITE,
	};
	const char *why = named_unsupported(file);
	int ret;

	if (why)
		return description_refuse(cp, file, at, why);
	ret = rights_save(at->proc, file, &user.cred);
	if (!ret)
		ret = path_save(cp, compat_file_path(file), &user, &pb->path);
	if (ret)
		return min(ret, 0);
	pb->has_path = true;
	/* Made without a name, it got one since: it was not opened as a directory. */
	if (file->f_flags & __O_TMPFILE)
		pb->flags &= ~O_DIRECTORY;
	return named_save_pos(file, pb);
}

static struct file *named_open(struct restart *rs, const struct pb_file *pb)
{
	/* That is a PIPE. */
	if (S_ISFIFO(pb->path.mode))
		return ERR_PTR(stream_in_bad(&rs->in, "file %u", pb->id));
	return path_open(rs, &pb->path, pb->flags);
}

const struct file_kind path_kind = {
	.match = named_match,
	.unsupported = named_unsupported,
	.save = named_save,
	.has = offsetof(struct pb_file, has_path),
	.open = named_open,
};
