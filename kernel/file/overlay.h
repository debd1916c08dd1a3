/* SPDX-License-Identifier: GPL-2.0 */
/*
 * overlayfs: what is mapped of its files are files of the layers below.
 */
#ifndef _CKPT_OVERLAY_H
#define _CKPT_OVERLAY_H

struct checkpoint;
struct file;

/**
 * overlay_unsupported() - NULL, or why a mapping of overlayfs cannot be had again
 *
 * A mapping stays with the file of a lower layer when that is copied up; the path, and all that is
 * opened by it, leads to the copy in the upper layer from then on.
 */
const char *overlay_unsupported(struct file *file);

/**
 * overlay_count() - find out who holds what of overlayfs
 *
 * Sets &object.held of files and &object.dentry_refs of deleted files, when all descriptions are
 * known.
 */
void overlay_count(struct checkpoint *cp);

#endif /* _CKPT_OVERLAY_H */
