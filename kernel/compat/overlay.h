/* SPDX-License-Identifier: GPL-2.0 */
/* The differences of the supported kernels in overlayfs. Included by overlay.c alone. */
#ifndef _CKPT_COMPAT_OVERLAY_H
#define _CKPT_COMPAT_OVERLAY_H

#include <linux/fs.h>
#include <linux/uaccess.h>
#include <linux/version.h>

/* The files of layers behind one open file of overlayfs: as it was opened, and copied up since. */
#define COMPAT_OVERLAY_LAYERS	2

/*
 * The files of layers that an open file of overlayfs holds. It was one, to which private_data
 * pointed; 87a8a76c34a2 "ovl: allocate a container struct ovl_file for ovl private context", 6.13,
 * points to a struct of two, private to fs/overlayfs/file.c. In a kernel to come these words may be
 * no pointers: a word counts only if it leads to the mark of a file that is opened for another one,
 * and the caller only compares it. Return: how many.
 */
static inline unsigned int compat_overlay_layers(struct file *file,
						 struct file *layer[COMPAT_OVERLAY_LAYERS])
{
	struct file *word[COMPAT_OVERLAY_LAYERS] = {};
	unsigned int i, n = 0;
	fmode_t mode;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	if (copy_from_kernel_nofault(word, file->private_data, sizeof(word)))
		return 0;
#else
	word[0] = file->private_data;
#endif
	for (i = 0; i < COMPAT_OVERLAY_LAYERS; i++)
		if (word[i] && !copy_from_kernel_nofault(&mode, &word[i]->f_mode, sizeof(mode)) &&
		    mode & FMODE_NOACCOUNT)
			layer[n++] = word[i];
	return n;
}

/* Times of an inode are behind functions since 6.6 (ctime) and 6.7. */
static inline struct timespec64 compat_inode_ctime(const struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return inode_get_ctime(inode);
#else
	return inode->i_ctime;
#endif
}

static inline struct timespec64 compat_inode_mtime(const struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return inode_get_mtime(inode);
#else
	return inode->i_mtime;
#endif
}

#endif /* _CKPT_COMPAT_OVERLAY_H */
