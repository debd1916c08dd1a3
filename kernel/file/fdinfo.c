// SPDX-License-Identifier: GPL-2.0
/*
 * Reading what a file says of itself in /proc/PID/fdinfo.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "fdinfo.h"

char *fdinfo_read(struct file *file)
{
	struct seq_file m = { .file = file };
	size_t size;
	char *buf;

	if (!file->f_op->show_fdinfo)
		return ERR_PTR(-EOPNOTSUPP);
	/* The methods only print; that needs no more of a seq_file than its buffer. */
	for (size = PAGE_SIZE; size <= FDINFO_MAX; size *= 4) {
		buf = kvmalloc(size, GFP_KERNEL_ACCOUNT);
		if (!buf)
			return ERR_PTR(-ENOMEM);
		m.buf = buf;
		/* Room for the NUL; what fills it to the brim has overflowed. */
		m.size = size - 1;
		m.count = 0;
		file->f_op->show_fdinfo(&m, file);
		if (!seq_has_overflowed(&m)) {
			buf[m.count] = '\0';
			return buf;
		}
		kvfree(buf);
	}
	return ERR_PTR(-E2BIG);
}

/* Return: the text behind @key and blanks on the first line that begins so, or NULL. */
static const char *fdinfo_find(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (strncmp(text, key, len)) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return skip_spaces(text + len);
}

bool fdinfo_number(const char *text, const char *key, unsigned int base, u64 *val)
{
	const char *at = fdinfo_find(text, key);
	char number[32];
	size_t len;

	if (!at)
		return false;
	len = strcspn(at, " \t\n");
	if (len >= sizeof(number))
		return false;
	memcpy(number, at, len);
	number[len] = '\0';
	return !kstrtoull(number, base, val);
}

bool fdinfo_time(const char *text, const char *key, u64 *ns)
{
	const char *at = fdinfo_find(text, key);
	unsigned long long sec, nsec;

	if (!at || sscanf(at, "(%llu, %llu)", &sec, &nsec) != 2)
		return false;
	*ns = sec * NSEC_PER_SEC + nsec;
	return true;
}
