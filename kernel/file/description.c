// SPDX-License-Identifier: GPL-2.0
/*
 * The part that all kinds of open file descriptions have in common: flags and position.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/syscalls.h>

#include "../compat/compat.h"
#include "../core/context.h"
#include "../core/refuse.h"
#include "description.h"

int description_set_flags(struct restart *rs, struct file *file, u32 id, unsigned int flags)
{
	struct error_at at = { .reason = CKPT_REASON_DENIED, .task = current };
	struct inode *inode = file_inode(file);

	/* Nothing goes through these. */
	if (flags & O_PATH)
		flags &= ~DESCRIPTION_SETFL;
	/* As fcntl() asks: to a pipe it says something else, others may have no function for it. */
	if (flags & O_DIRECT && !S_ISFIFO(inode->i_mode) && !(file->f_mode & FMODE_CAN_ODIRECT))
		return stream_in_bad(&rs->in, "flags of file %u", id);
	if (flags & O_NOATIME && !(file->f_flags & O_NOATIME) &&
	    !inode_owner_or_capable(compat_idmap(file->f_path.mnt), inode))
		return error_add(&rs->ctx->errors, -EPERM, &at,
				 "%pD: you have no right to read it with O_NOATIME", file);
	spin_lock(&file->f_lock);
	file->f_flags = (file->f_flags & ~(DESCRIPTION_SETFL | DESCRIPTION_OPENED)) |
			(flags & (DESCRIPTION_SETFL | DESCRIPTION_OPENED));
	/* As fcntl() does: what read and write look at. */
	file->f_iocb_flags = iocb_flags(file);
	spin_unlock(&file->f_lock);
	return 0;
}

bool description_seek(struct file *file, loff_t pos)
{
	/*
	 * A list that is made when it is read (of proc) is gone through up to the position then: of
	 * timers, say, there are none yet, and it would begin anew.
	 */
	if (file->f_op->llseek != seq_lseek)
		return vfs_llseek(file, pos, SEEK_SET) == pos;
	if (pos < 0)
		return false;
	file->f_pos = pos;
	return true;
}

struct file *description_take_fd(long fd)
{
	struct file *file;

	if (fd < 0)
		return ERR_PTR(fd);
	file = fget(fd);
	close_fd(fd);
	return file ?: ERR_PTR(-EBADF);
}

int description_refuse(struct checkpoint *cp, struct file *file, const struct object_place *at,
		       const char *why)
{
	char *name = d_path(compat_file_path(file), cp->path, PATH_MAX);

	return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL, "%s (%.128s) is not supported", why,
			   IS_ERR(name) ? "?" : name);
}
