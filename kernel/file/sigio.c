// SPDX-License-Identifier: GPL-2.0
/*
 * Signal-driven I/O: F_SETOWN, F_SETSIG and O_ASYNC.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/slab.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/park.h"
#include "fd.h"
#include "../compat/compat.h"
#include "sigio.h"

/* Is it a process of the image, or a thread of one? */
static bool sigio_of(struct checkpoint *cp, struct pid *pid, enum pid_type type)
{
	struct task_struct *task;
	bool ret;

	if (type != PIDTYPE_TGID && type != PIDTYPE_PID)
		return false;
	rcu_read_lock();
	task = pid_task(pid, type);
	ret = task && park_has(cp->park, task);
	rcu_read_unlock();
	return ret;
}

const char *sigio_save(struct checkpoint_process *proc, struct file *file, struct pb_file *pb)
{
	struct fown_struct *fown = compat_fown(file);
	const struct cred *cred;
	const char *why = NULL;
	enum pid_type type;
	struct pid *pid;
	kuid_t uid, euid;

	pb->fown.async = file->f_flags & FASYNC;
	if (!fown)
		return pb->fown.async ? "signal-driven I/O without an owner" : NULL;
	read_lock_irq(&fown->lock);
	pid = get_pid(fown->pid);
	type = fown->pid_type;
	uid = fown->uid;
	euid = fown->euid;
	pb->fown.signal = fown->signum;
	read_unlock_irq(&fown->lock);

	pb->has_fown = pb->fown.async || pb->fown.signal || pid;
	if (!pid)
		return NULL;
	cred = get_task_cred(proc->leader);
	/* It sets the owner, and is not told from F_SETOWN. */
	if (S_ISDIR(file_inode(file)->i_mode))
		why = "a watched directory (F_NOTIFY)";
	else if (!sigio_of(proc->cp, pid, type))
		why = "a file whose signals go to another process or a group (F_SETOWN)";
	else if (!uid_eq(uid, cred->uid) || !uid_eq(euid, cred->euid))
		why = "a file whose owner was set by another user (F_SETOWN)";
	put_cred(cred);
	pb->fown.has_type = true;
	pb->fown.type = type == PIDTYPE_PID ? F_OWNER_TID : F_OWNER_PID;
	pb->fown.has_pid = true;
	pb->fown.pid = pid_vnr(pid);
	put_pid(pid);
	return why;
}

/* ---- restart ---- */

/**
 * struct sigio_later - an owner that a file gets with the last steps
 * @later: in the queue
 * @id: of the FILE
 * @pb: what it gets
 */
struct sigio_later {
	struct later later;
	u32 id;
	struct pb_fown pb;
};

/* As F_SETOWN_EX does, which would want user memory: the program's limits may allow no more. */
static int sigio_set_owner(struct restart *rs, struct file *file, const struct pb_fown *pb)
{
	struct task_struct *task;
	struct pid *pid;
	int ret;

	/* It makes room for an owner, too, which a thread needs as well. */
	ret = f_setown(file, task_tgid_vnr(current), 1);
	if (ret)
		return ret;
	rcu_read_lock();
	pid = find_vpid(pb->pid);
	task = pid_task(pid, PIDTYPE_PID);
	/* An image may not send signals to others. */
	if (!task || !xa_load(&rs->by_tid, pb->pid))
		ret = -ESRCH;
	else
		__f_setown(file, pid, pb->type == F_OWNER_TID ? PIDTYPE_PID : PIDTYPE_TGID, 1);
	rcu_read_unlock();
	return ret;
}

static int sigio_set(struct restart *rs, struct file *file, int fd, const struct pb_fown *pb)
{
	int ret = pb->has_type ? sigio_set_owner(rs, file, pb) : 0;

	if (!ret && pb->signal)
		ret = arch_sys(fcntl, fd, F_SETSIG, pb->signal);
	/* A lease sets the flag, too, on files that know nothing of it. */
	if (!ret && pb->async && !(file->f_flags & FASYNC))
		ret = file->f_op->fasync ? file->f_op->fasync(fd, file, 1) : -EINVAL;
	return ret < 0 ? ret : 0;
}

/*
 * In the context of the leader: its threads are there, and it has its own credentials, by which the
 * kernel judges later whether the owner may be sent signals.
 */
static int sigio_finish(struct restart_process *p, struct later *item)
{
	struct restart *rs = p->rs;
	const struct sigio_later *later = container_of(item, struct sigio_later, later);
	struct object *obj = object_by_id(&rs->objects, OBJECT_FILE, later->id);
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.where_type = CKPT_WHERE_FD,
	};
	int ret;

	if (!obj || obj->fd < 0)
		return stream_in_bad(&rs->in, "file %u has no descriptor", later->id);
	at.where = obj->fd;
	ret = sigio_set(rs, obj->ptr, obj->fd, &later->pb);
	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "its owner (F_SETOWN) cannot be set") : 0;
}

static void sigio_free(struct later *item)
{
	kfree(container_of(item, struct sigio_later, later));
}

static const struct later_ops sigio_later_ops = {
	.stage = LATER_OWNER,
	.run = sigio_finish,
	.free = sigio_free,
};

int sigio_note(struct restart *rs, const struct pb_file *pb)
{
	const struct pb_fown *fown = &pb->fown;
	struct sigio_later *later;

	if (!pb->has_fown)
		return 0;
	if (fown->has_type != fown->has_pid || fown->pid > PID_MAX_LIMIT ||
	    (fown->has_type && (fown->type > F_OWNER_PID || !fown->pid)) ||
	    fown->signal > _NSIG)
		return stream_in_bad(&rs->in, "owner of file %u", pb->id);
	later = kmalloc(sizeof(*later), GFP_KERNEL_ACCOUNT);
	if (!later)
		return -ENOMEM;
	later->id = pb->id;
	later->pb = *fown;
	return fd_later(rs, pb->id, &later->later, &sigio_later_ops);
}
