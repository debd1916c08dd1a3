// SPDX-License-Identifier: GPL-2.0
/*
 * overlayfs. An open description of it has another one behind it, of a file in one of its layers;
 * and that is what a mapping is of. The one behind knows the path of the first, which is the
 * user's. Both hold the dentry of overlayfs, and the first one holds the one behind.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/magic.h>

#include "../core/context.h"
#include "../compat/compat.h"
#include "../compat/overlay.h"
#include "overlay.h"

static struct inode *overlay_inode(struct file *file)
{
	return d_inode(compat_file_path(file)->dentry);
}

/* Is it of overlayfs, as the user sees it? */
static bool overlay_match(struct file *file)
{
	struct inode *inode = overlay_inode(file);

	return inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC && S_ISREG(inode->i_mode);
}

/* Is it the one behind, of a layer? */
static bool overlay_behind(struct file *file)
{
	return file_inode(file) != overlay_inode(file);
}

/*
 * Are both the same version? A file is copied up also when its mode or owner is changed: that comes
 * after the time of its content. Where it does not, clocks are too coarse to tell.
 */
static bool overlay_same(struct inode *lower, struct inode *upper, struct inode *inode)
{
	struct timespec64 was = compat_inode_mtime(lower), is = compat_inode_mtime(upper);
	struct timespec64 changed = compat_inode_ctime(upper);

	return i_size_read(lower) == i_size_read(upper) && timespec64_equal(&was, &is) &&
	       timespec64_compare(&is, &changed) < 0 &&
	       !inode_is_open_for_write(upper) && !inode_is_open_for_write(inode);
}

const char *overlay_unsupported(struct file *file)
{
	struct inode *now;

	if (!overlay_match(file) || !overlay_behind(file))
		return NULL;
	now = d_real_inode(compat_file_path(file)->dentry);
	if (now == file_inode(file) || overlay_same(file_inode(file), now, overlay_inode(file)))
		return NULL;
	return "a mapping of a file that was written to since, and that overlayfs has copied,";
}

/* An open description, in pass 1: what it holds. */
static void overlay_count_front(struct checkpoint *cp, struct file *file)
{
	struct object *content = object_lookup(&cp->objects, OBJECT_UNLINKED, overlay_inode(file));
	struct file *layer[COMPAT_OVERLAY_LAYERS];
	struct object *obj;
	unsigned int i, n;

	n = file->f_mode & FMODE_PATH ? 0 : compat_overlay_layers(file, layer);
	for (i = 0; i < n; i++) {
		obj = object_lookup(&cp->objects, OBJECT_FILE, layer[i]);
		if (obj)
			obj->held++;
	}
	if (content)
		content->dentry_refs += 1 + n;
}

/* One that is behind, in pass 2: pass 1 has counted it with the one that holds it, if any does. */
static void overlay_count_behind(struct checkpoint *cp, const struct object *obj)
{
	struct object *content = object_lookup(&cp->objects, OBJECT_UNLINKED,
					       overlay_inode(obj->ptr));

	if (content && !obj->held)
		content->dentry_refs++;
}

void overlay_count(struct checkpoint *cp)
{
	struct object *obj;
	unsigned int behind = 0;

	object_for_each(&cp->objects, obj) {
		if (obj->kind != OBJECT_FILE || !overlay_match(obj->ptr))
			continue;
		if (overlay_behind(obj->ptr))
			behind++;
		else
			overlay_count_front(cp, obj->ptr);
	}
	if (!behind)
		return;
	object_for_each(&cp->objects, obj)
		if (obj->kind == OBJECT_FILE && overlay_match(obj->ptr) && overlay_behind(obj->ptr))
			overlay_count_behind(cp, obj);
}
