// SPDX-License-Identifier: GPL-2.0
/*
 * pidfd_open(2), of processes of the image.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/pid.h>

#include "../arch/arch.h"
#include "../core/build.h"
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

/* Is it a process of the image? It may have ended. */
static bool pidfd_has(struct checkpoint *cp, struct pid *pid)
{
	struct checkpoint_process *proc = xa_load(&cp->by_tgid, pid_nr(pid));

	return proc && pid == task_tgid(proc->leader);
}

static int pidfd_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
		      struct pb_file *pb)
{
	struct pid *pid = sym(pidfd_pid)(file);

	if (!pidfd_has(cp, pid))
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "a pidfd of a task that is not in the image (pid %d) is not supported",
			      pid_vnr(pid));
	pb->has_pidfd = true;
	pb->pidfd.has_pid = true;
	pb->pidfd.pid = pid_vnr(pid);
	pb->pidfd.thread = file->f_flags & PIDFD_FLAG_THREAD;
	return 0;
}

/* ---- restart ---- */

static struct file *pidfd_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	u32 nr = pb->pidfd.has_pid ? pb->pidfd.pid : restart_first(rs)->pid;
	struct restart_process *p = xa_load(&rs->by_tid, nr);
	struct file *file;

	if (!p || p->pid != nr)
		return ERR_PTR(stream_in_bad(&rs->in, "pidfd of process %u", nr));
	file = description_take_fd(arch_sys(pidfd_open, task_tgid_vnr(p->leader->task),
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
