// SPDX-License-Identifier: GPL-2.0
/*
 * pidfd_open(2), of the process itself.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/pid.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/refuse.h"
#include "description.h"
#include "../core/symbols.h"
#include "file_kind.h"

/* PIDFD_THREAD, "pidfd: implement PIDFD_THREAD flag for pidfd_open()", 6.9 */
#define PIDFD_FLAG_THREAD	O_EXCL

static bool pidfd_match(struct file *file)
{
	return !IS_ERR(sym(pidfd_pid)(file));
}

static int pidfd_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
		      struct pb_file *pb)
{
	struct pid *pid = sym(pidfd_pid)(file);

	if (pid != task_tgid(at->proc->leader))
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "a pidfd of another task (pid %d) is not supported",
			      pid_vnr(pid));
	pb->has_pidfd = true;
	pb->pidfd.thread = file->f_flags & PIDFD_FLAG_THREAD;
	return 0;
}

/* ---- restart ---- */

static struct file *pidfd_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct file *file;

	file = description_take_fd(arch_sys(pidfd_open, task_tgid_vnr(current),
					    pb->pidfd.thread ? PIDFD_FLAG_THREAD : 0));
	if (IS_ERR(file))
		error_add(&rs->ctx->errors, PTR_ERR(file), &at, "a pidfd cannot be created");
	return file;
}

const struct file_kind pidfd_kind = {
	.match = pidfd_match,
	.save = pidfd_save,
	.has = offsetof(struct pb_file, has_pidfd),
	.open = pidfd_open,
};
