// SPDX-License-Identifier: GPL-2.0
/*
 * eventfd(2): a counter.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/refuse.h"
#include "fdinfo.h"
#include "description.h"
#include "scratch.h"
#include "file_kind.h"

static bool eventfd_match(struct file *file)
{
	struct eventfd_ctx *ctx = eventfd_ctx_fileget(file);

	if (IS_ERR(ctx))
		return false;
	eventfd_ctx_put(ctx);
	return true;
}

/*
 * fs/eventfd.c's own, the same in all supported kernels: for those whose fdinfo does not tell
 * EFD_SEMAPHORE. It is believed if the two other numbers in it are those that fdinfo tells.
 */
struct eventfd_private {
	struct kref kref;
	wait_queue_head_t wqh;
	__u64 count;
	unsigned int flags;
	int id;
};

/* Return: 1, 0, or -EOPNOTSUPP if it cannot be said. */
static int eventfd_semaphore(struct file *file, const char *info, u64 count)
{
	struct eventfd_private ctx;
	u64 val;

	/* "eventfd: show the EFD_SEMAPHORE flag in fdinfo", 6.5 */
	if (fdinfo_number(info, "eventfd-semaphore:", 10, &val))
		return !!val;
	if (!fdinfo_number(info, "eventfd-id:", 10, &val) ||
	    copy_from_kernel_nofault(&ctx, file->private_data, sizeof(ctx)) ||
	    ctx.count != count || ctx.id != val)
		return -EOPNOTSUPP;
	return !!(ctx.flags & EFD_SEMAPHORE);
}

static int eventfd_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
			struct pb_file *pb)
{
	char *info = fdinfo_read(file);
	int semaphore = -EOPNOTSUPP;
	u64 count = 0;

	if (IS_ERR(info) && PTR_ERR(info) == -ENOMEM)
		return -ENOMEM;
	if (!IS_ERR(info) && fdinfo_number(info, "eventfd-count:", 16, &count))
		semaphore = eventfd_semaphore(file, info, count);
	if (!IS_ERR(info))
		kvfree(info);
	if (semaphore < 0)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "an eventfd of this kernel is not supported");
	/* Only the kernel can count that far. */
	if (count == U64_MAX)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "an eventfd that has overflowed is not supported");
	pb->has_eventfd = true;
	pb->eventfd.count = count;
	pb->eventfd.semaphore = semaphore;
	return 0;
}

/* ---- restart ---- */

/* Adds the part of the count that eventfd2() has no room for: it takes 32 bits. */
static int eventfd_add(struct file *file, u64 count)
{
	unsigned long addr = scratch_put(&count, sizeof(count));
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR_VALUE(addr))
		return addr;
	n = file->f_op->write(file, (const char __user *)addr, sizeof(count), &pos);
	scratch_unmap(addr, sizeof(count));
	return n == sizeof(count) ? 0 : n < 0 ? n : -EIO;
}

static struct file *eventfd_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	bool large = pb->eventfd.count > U32_MAX;
	struct file *file;
	int ret;

	if (pb->eventfd.count == U64_MAX)
		return ERR_PTR(stream_in_bad(&rs->in, "count of eventfd %u", pb->id));
	file = description_take_fd(arch_sys(eventfd2, large ? 0 : pb->eventfd.count,
					    pb->eventfd.semaphore ? EFD_SEMAPHORE : 0));
	if (!IS_ERR(file) && large) {
		ret = eventfd_add(file, pb->eventfd.count);
		if (ret) {
			fput(file);
			file = ERR_PTR(ret);
		}
	}
	if (IS_ERR(file))
		error_add(&rs->ctx->errors, PTR_ERR(file), &at, "an eventfd cannot be created");
	return file;
}

const struct file_kind eventfd_kind = {
	.match = eventfd_match,
	.save = eventfd_save,
	.has = offsetof(struct pb_file, has_eventfd),
	.open = eventfd_open,
	.quiet = true,
};
