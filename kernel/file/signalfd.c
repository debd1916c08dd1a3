// SPDX-License-Identifier: GPL-2.0
/*
 * signalfd(2): a mask. The signals it reads are the process's own.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/refuse.h"
#include "fdinfo.h"
#include "description.h"
#include "path.h"
#include "scratch.h"
#include "file_kind.h"

static bool signalfd_match(struct file *file)
{
	return path_is_anonymous(file, "[signalfd]");
}

static int signalfd_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
			 struct pb_file *pb)
{
	char *info = fdinfo_read(file);
	bool found;

	if (IS_ERR(info) && PTR_ERR(info) == -ENOMEM)
		return -ENOMEM;
	found = !IS_ERR(info) && fdinfo_number(info, "sigmask:", 16, &pb->signalfd.mask);
	if (!IS_ERR(info))
		kvfree(info);
	if (!found)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "a signalfd of this kernel is not supported");
	pb->has_signalfd = true;
	return 0;
}

/* ---- restart ---- */

static struct file *signalfd_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	unsigned long addr = scratch_put(&pb->signalfd.mask, sizeof(pb->signalfd.mask));
	struct file *file;

	if (IS_ERR_VALUE(addr)) {
		file = ERR_PTR(addr);
	} else {
		file = description_take_fd(arch_sys(signalfd4, -1, addr,
						    sizeof(pb->signalfd.mask), 0));
		scratch_unmap(addr, sizeof(pb->signalfd.mask));
	}
	if (IS_ERR(file))
		error_add(&rs->ctx->errors, PTR_ERR(file), &at, "a signalfd cannot be created");
	return file;
}

const struct file_kind signalfd_kind = {
	.match = signalfd_match,
	.save = signalfd_save,
	.has = offsetof(struct pb_file, has_signalfd),
	.open = signalfd_open,
};
