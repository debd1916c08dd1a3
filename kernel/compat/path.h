/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences of the supported kernels in looking up and naming files.
 */
#ifndef _CKPT_COMPAT_PATH_H
#define _CKPT_COMPAT_PATH_H

#include <linux/exportfs.h>
#include <linux/namei.h>

/*
 * Exported by all, but until 6.4 declared in fs/internal.h alone: 74d7970febf7 "ksmbd: fix racy
 * issue from using ->d_parent and ->d_name".
 */
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt, const char *name,
		    unsigned int flags, struct path *path);

/*
 * The handle of a file system that has a form of its own for it; 0 if it has none. @words counts
 * units of four bytes. b52878275c1a "exportfs: add explicit flag to request non-decodeable file
 * handles", 6.6.
 */
static inline int compat_encode_fh(struct inode *inode, struct fid *fid, int *words)
{
	const struct export_operations *ops = inode->i_sb->s_export_op;

	if (!ops || !ops->encode_fh)
		return 0;
#ifdef EXPORT_FH_FID
	return exportfs_encode_inode_fh(inode, fid, words, NULL, EXPORT_FH_FID);
#else
	return exportfs_encode_inode_fh(inode, fid, words, NULL);
#endif
}

#endif /* _CKPT_COMPAT_PATH_H */
