// SPDX-License-Identifier: GPL-2.0
/*
 * Looking for a file by what it is called in its file system: /proc/self/mountinfo, read once.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "fdinfo.h"
#include "mountinfo.h"

/**
 * struct mountinfo_line - a mount
 * @dev: its file system
 * @root: what of it is mounted
 * @at: where
 * @last: of the first with this @dev and @root: which of these led to a file last; 0: none yet
 */
struct mountinfo_line {
	dev_t dev;
	const char *root;
	const char *at;
	u32 last;
};

/* Undo the escapes of /proc (\ooo) in the word at @text, in its place. Return: behind it. */
static char *mountinfo_word(char *text)
{
	char *to = text;

	while (*text && *text != ' ' && *text != '\n') {
		if (*text == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
			*to++ = (text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0');
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	if (*text == ' ')
		text++;
	*to = '\0';
	return text;
}

/* As they are looked for: @b is @len bytes long. */
static int mountinfo_cmp(const struct mountinfo_line *a, dev_t dev, const char *b, size_t len)
{
	int ret;

	if (a->dev != dev)
		return a->dev < dev ? -1 : 1;
	ret = strncmp(a->root, b, len);
	return ret ?: !!a->root[len];
}

/* Mounts of the same device and root stay in the order of mountinfo. */
static int mountinfo_order(const void *a, const void *b)
{
	const struct mountinfo_line *x = a, *y = b;
	int ret;

	cond_resched();
	if (fatal_signal_pending(current))
		return 0;
	ret = mountinfo_cmp(x, y->dev, y->root, strlen(y->root));
	return ret ?: (x->root > y->root) - (x->root < y->root);
}

/* Once for all watches: there may be many of these and of those. */
static int mountinfo_parse(struct mountinfo *mi)
{
	struct mountinfo_line *mount;
	unsigned int major, minor;
	char *line, *end, *at;
	u32 n = 0;

	for (line = mi->text; *line; line += *line == '\n')
		n += *(line = strchrnul(line, '\n')) == '\n';
	mi->line = kvcalloc(n ?: 1, sizeof(*mi->line), GFP_KERNEL_ACCOUNT);
	if (!mi->line)
		return -ENOMEM;
	for (line = mi->text; n--; line = end + 1) {
		int len = 0;

		cond_resched();
		end = strchr(line, '\n');
		if (sscanf(line, "%*u %*u %u:%u %n", &major, &minor, &len) != 2 || !len)
			continue;
		mount = &mi->line[mi->n++];
		mount->dev = MKDEV(major, minor);
		mount->root = line + len;
		at = mountinfo_word(line + len);
		mountinfo_word(at);
		mount->at = at;
	}
	sort(mi->line, mi->n, sizeof(*mi->line), mountinfo_order, NULL);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

int mountinfo_read(struct mountinfo *mi)
{
	struct file *file = filp_open("/proc/self/mountinfo", O_RDONLY, 0);
	size_t size;
	loff_t pos;
	ssize_t n = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	for (size = SZ_64K; size <= FDINFO_MAX; size *= 4) {
		mi->text = kvmalloc(size, GFP_KERNEL_ACCOUNT);
		n = mi->text ? 1 : -ENOMEM;
		for (pos = 0; n > 0 && pos < size; )
			n = kernel_read(file, mi->text + pos, size - pos, &pos);
		if (!n) {
			mi->text[pos] = '\0';
			break;
		}
		kvfree(mi->text);
		mi->text = NULL;
		if (n < 0)
			break;
	}
	fput(file);
	if (!mi->text)
		return n < 0 ? n : -E2BIG;
	return mountinfo_parse(mi);
}

/* Does what is called @rest below what the mount shows lead to the inode? */
static bool mountinfo_try(const struct mountinfo_line *mount, struct inode *inode,
			  const char *rest, char *buf, struct path *path)
{
	const char *at = mount->at;

	if (!strcmp(at, "/") && *rest)
		at = "";
	if (snprintf(buf, PATH_MAX, "%s%s", at, rest) >= PATH_MAX ||
	    kern_path(buf, 0, path))
		return false;
	if (d_backing_inode(path->dentry) == inode)
		return true;
	path_put(path);
	return false;
}

/* The first mount that shows what is called by @len bytes of @name in its file system, or above. */
static u32 mountinfo_first(const struct mountinfo *mi, dev_t dev, const char *name, size_t len)
{
	u32 low = 0, high = mi->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (mountinfo_cmp(&mi->line[mid], dev, name, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Mounts that show the same: the one that led to a watch last does so again, mostly. */
static bool mountinfo_find_root(struct mountinfo *mi, struct inode *inode, const char *name,
				size_t len, char *buf, struct path *path)
{
	const char *rest = name + len, *root = len ? name : "/";
	dev_t dev = inode->i_sb->s_dev;
	u32 first, i, last;

	len = len ?: 1;
	first = mountinfo_first(mi, dev, root, len);
	if (first == mi->n || mountinfo_cmp(&mi->line[first], dev, root, len))
		return false;
	last = mi->line[first].last ?: first;
	if (mountinfo_try(&mi->line[last], inode, rest, buf, path))
		return true;
	for (i = first; i < mi->n; i++) {
		if (fatal_signal_pending(current) ||
		    mountinfo_cmp(&mi->line[i], dev, root, len))
			break;
		if (i != last && mountinfo_try(&mi->line[i], inode, rest, buf, path)) {
			mi->line[first].last = i;
			return true;
		}
	}
	return false;
}

/* By a mount of the whole file system, or of any directory above. */
bool mountinfo_find(struct mountinfo *mi, struct inode *inode, const char *name, char *buf,
		    struct path *path)
{
	size_t len = 0, end = strcmp(name, "/") ? strlen(name) : 0;

	for (;;) {
		if (mountinfo_find_root(mi, inode, name, len, buf, path))
			return true;
		if (len == end || fatal_signal_pending(current))
			return false;
		len += 1 + strcspn(name + len + 1, "/");
	}
}

void mountinfo_free(struct mountinfo *mi)
{
	kvfree(mi->line);
	kvfree(mi->text);
	memset(mi, 0, sizeof(*mi));
}
