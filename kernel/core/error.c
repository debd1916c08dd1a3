// SPDX-License-Identifier: GPL-2.0
/*
 * Failures as records: what, which task, where, errno, and what to do about it.
 */
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "error.h"

void error_init(struct error_log *log)
{
	mutex_init(&log->lock);
	log->len = 0;
	log->rec = NULL;
}

void error_destroy(struct error_log *log)
{
	mutex_lock(&log->lock);
	kvfree(log->rec);
	log->rec = NULL;
	log->len = 0;
	mutex_unlock(&log->lock);
}

/* One line that a terminal can show: names come from programs and images. */
static void error_clean(char *text, size_t size)
{
	size_t len = strlen(text), i;
	char escape[5];

	for (i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= ' ' && text[i] != 0x7f)
			continue;
		/* As \xNN, three bytes longer; what does not fit any more is cut. */
		snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)text[i]);
		if (i + 4 >= size) {
			text[i] = '\0';
			return;
		}
		memmove(text + i + 4, text + i + 1, min(len - i - 1, size - i - 5));
		memcpy(text + i, escape, 4);
		len = min(len + 3, size - 1);
		text[len] = '\0';
		i += 3;
	}
}

int error_add(struct error_log *log, int err, const struct error_at *at, const char *fmt, ...)
{
	struct ckpt_error *rec;
	va_list args;

	mutex_lock(&log->lock);
	if (!log->rec)
		log->rec = kvcalloc(ERROR_MAX, sizeof(*log->rec), GFP_KERNEL_ACCOUNT);
	if (!log->rec || log->len++ >= ERROR_MAX)
		goto out;

	rec = &log->rec[log->len - 1];
	rec->error = -err;
	rec->reason = at->reason;
	rec->where_type = at->where_type;
	rec->where = at->where;
	if (at->task) {
		rec->pid = task_pid_vnr(at->task);
		strscpy(rec->comm, at->task->comm, sizeof(rec->comm));
	}
	va_start(args, fmt);
	vsnprintf(rec->what, sizeof(rec->what), fmt, args);
	va_end(args);
	error_clean(rec->what, sizeof(rec->what));
	error_clean(rec->comm, sizeof(rec->comm));
	if (at->advice)
		strscpy(rec->advice, at->advice, sizeof(rec->advice));
out:
	mutex_unlock(&log->lock);
	return err;
}

/* In the place of the last that there is room for. */
static void error_more(struct ckpt_error *rec, unsigned int n)
{
	*rec = (struct ckpt_error){ .error = rec->error, .reason = CKPT_REASON_OTHER };
	snprintf(rec->what, sizeof(rec->what), "and %u more", n);
}

int error_give(struct error_log *log, u64 uaddr, u32 cap)
{
	struct ckpt_error *rec;
	unsigned int len, n;
	int ret;

	/* error_add() may run under an mmap_lock, which copy_to_user() takes: copy without ours. */
	mutex_lock(&log->lock);
	rec = log->rec;
	len = log->len;
	log->rec = NULL;
	log->len = 0;
	mutex_unlock(&log->lock);
	n = min3(cap, len, (unsigned int)ERROR_MAX);
	/* A caller with room for one wants to know of the first. */
	if (n > 1 && len > n)
		error_more(&rec[n - 1], len - n + 1);
	ret = n;
	if (n && copy_to_user(u64_to_user_ptr(uaddr), rec, n * sizeof(*rec)))
		ret = -EFAULT;
	kvfree(rec);
	return ret;
}
