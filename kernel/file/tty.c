// SPDX-License-Identifier: GPL-2.0
/*
 * The terminal a program was started from. It is not in the image: the terminal that the
 * restarter names takes its place, and gets its settings (termios).
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/sched/signal.h>
#include <linux/tty.h>

#include "../core/context.h"
#include "../core/members.h"
#include "../core/refuse.h"
#include "path.h"
#include "tty.h"
#include "file_kind.h"

/* Minor numbers of major 5 that are terminals: /dev/tty and /dev/console. */
#define TTY_AUX_TTY	0
#define TTY_AUX_CONSOLE	1

static bool tty_is(const struct inode *inode)
{
	unsigned int major = imajor(inode), minor = iminor(inode);

	if (!S_ISCHR(inode->i_mode))
		return false;
	if (major == TTYAUX_MAJOR)
		return minor == TTY_AUX_TTY || minor == TTY_AUX_CONSOLE;
	return major == TTY_MAJOR ||
	       (major >= UNIX98_PTY_SLAVE_MAJOR &&
		major < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT);
}

static bool tty_match(struct file *file)
{
	return tty_is(file_inode(file)) && !(file->f_flags & O_PATH);
}

static struct tty_struct *tty_of(struct file *file)
{
	struct tty_file_private *priv = file->private_data;

	return priv ? priv->tty : NULL;
}

/* Is there a group in the foreground that is not that of the first process, but in the image? */
static bool tty_has_job(struct checkpoint *cp, struct tty_struct *tty)
{
	struct pid *pgrp;
	bool job;

	spin_lock_irq(&tty->ctrl.lock);
	pgrp = get_pid(tty->ctrl.pgrp);
	spin_unlock_irq(&tty->ctrl.lock);
	job = pgrp && pgrp != task_pgrp(members_named(cp)->leader) &&
	      xa_load(&cp->by_tgid, pid_nr(pgrp));
	put_pid(pgrp);
	return job;
}

static int tty_save_new(struct checkpoint *cp, struct file *file, struct tty_struct *tty,
			const struct object_place *at, u32 id)
{
	struct pb_tty pb = { .id = id, .has_termios = true };
	struct ktermios termios;
	char *name = d_path(&file->f_path, cp->path, PATH_MAX);

	if (IS_ERR(name))
		name = "";
	pb.path.data = (u8 *)name;
	pb.path.len = strlen(name);
	/* The leader is parked; that somebody else changes its terminal now hurts nobody. */
	pb.controlling = READ_ONCE(at->proc->leader->signal->tty) == tty;
	if (tty_has_job(cp, tty))
		refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			    "a job in the foreground of the terminal is not supported");

	down_read(&tty->termios_rwsem);
	termios = tty->termios;
	up_read(&tty->termios_rwsem);
	pb.termios.iflag = termios.c_iflag;
	pb.termios.oflag = termios.c_oflag;
	pb.termios.cflag = termios.c_cflag;
	pb.termios.lflag = termios.c_lflag;
	pb.termios.line = termios.c_line;
	pb.termios.cc.data = termios.c_cc;
	pb.termios.cc.len = sizeof(termios.c_cc);
	pb.termios.ispeed = termios.c_ispeed;
	pb.termios.ospeed = termios.c_ospeed;
	BUILD_BUG_ON(sizeof(termios.c_cc) != PB_TERMIOS_CC_MAX);
	return stream_out_msg(&cp->out, CKPT_REC_TTY, &pb_tty_msg, &pb);
}

static int tty_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
		    struct pb_file *pb)
{
	struct tty_struct *tty = tty_of(file);
	struct object *obj;
	int ret;

	if (!tty)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "a terminal that is gone is not supported");
	obj = object_lookup(&cp->objects, OBJECT_TTY, tty);
	if (!obj) {
		obj = object_new(&cp->objects, OBJECT_TTY, tty, false);
		if (IS_ERR(obj))
			return PTR_ERR(obj);
		if (cp->objects.tty && cp->objects.tty != tty)
			refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
				    "a second terminal is not supported");
		/* Lines to other machines, say; those of the standard descriptors come first. */
		if (at->fd > 2 && READ_ONCE(at->proc->leader->signal->tty) != tty)
			refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
				    "a terminal that is not the one it was started from is not supported");
		cp->objects.tty = tty;
		ret = tty_save_new(cp, file, tty, at, obj->id);
		if (ret)
			return ret;
	}
	pb->has_tty = true;
	pb->tty = obj->id;
	return 0;
}

/* ---- restart ---- */

/* A job in the background may not touch its terminal, where a shell may be reading. */
static bool tty_in_background(struct tty_struct *tty)
{
	bool background;

	if (current->signal->tty != tty)
		return false;
	spin_lock_irq(&tty->ctrl.lock);
	background = tty->ctrl.pgrp && tty->ctrl.pgrp != task_pgrp(current);
	spin_unlock_irq(&tty->ctrl.lock);
	return background;
}

static int tty_finish(struct restart_process *p)
{
	struct restart *rs = p->rs;
	struct tty_struct *tty = rs->tty ? tty_of(rs->tty) : NULL;
	struct ktermios termios;

	/* A detached program must not meddle with the terminal of a shell. */
	if (!tty || !rs->has_termios || rs->flags & CKPT_RESTART_DETACH || tty_in_background(tty))
		return 0;
	/* Revoked since it was looked at: somebody else's by now. */
	if (tty_hung_up_p(rs->tty))
		return 0;
	down_read(&tty->termios_rwsem);
	termios = tty->termios;
	up_read(&tty->termios_rwsem);
	termios.c_iflag = rs->termios.iflag;
	termios.c_oflag = rs->termios.oflag;
	termios.c_lflag = rs->termios.lflag;
	memcpy(termios.c_cc, rs->termios_cc, sizeof(termios.c_cc));
	/* Speed, parity and line discipline belong to the line it is on now. */
	tty_set_termios(tty, &termios);
	return 0;
}

int tty_read(struct restart *rs)
{
	struct error_at at = {
		.reason = CKPT_REASON_CHANGED,
		.advice = "restart it from a terminal",
	};
	struct pb_tty pb;
	struct file *tty;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_tty_msg, &pb);
	if (ret)
		return ret;
	if (!rs->tty) {
		ret = error_add(&rs->ctx->errors, -ENXIO, &at,
				"the program had a terminal (%.*s) and there is none here",
				(int)min(pb.path.len, 128U), pb.path.data);
		tty = path_stand_in(rs, ret, S_IFCHR, 0);
		if (IS_ERR(tty))
			return PTR_ERR(tty);
		rs->tty = tty;
	}
	if (rs->has_termios)
		return stream_in_bad(&rs->in, "a second terminal");
	if (pb.has_termios) {
		rs->termios = pb.termios;
		if (pb.termios.cc.len != sizeof(rs->termios_cc))
			return stream_in_bad(&rs->in, "settings of the terminal");
		memcpy(rs->termios_cc, pb.termios.cc.data, sizeof(rs->termios_cc));
		rs->has_termios = true;
		ret = later_call(&rs->here->later, LATER_GO, tty_finish);
		if (ret)
			return ret;
	}
	return object_add(&rs->objects, &rs->in, OBJECT_TTY, pb.id, get_file(rs->tty));
}

static struct file *tty_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };
	struct file *tty = object_find(&rs->objects, OBJECT_TTY, pb->tty);
	struct file *file;

	if (!tty)
		return ERR_PTR(stream_in_bad(&rs->in, "terminal %u", pb->tty));
	/* With the rights to it: who may only write to the one that is named shall not read. */
	file = file_open_root(&tty->f_path, "", (pb->flags & (O_ACCMODE | O_NONBLOCK)) | O_NOCTTY,
			      0);
	if (IS_ERR(file))
		error_add(&rs->ctx->errors, PTR_ERR(file), &at, "the terminal cannot be opened");
	return file;
}

/* Is this open file one that tty_fd may be? */
bool tty_usable(struct file *file)
{
	/* One that was revoked (vhangup) leads to a terminal that is the next user's. */
	return tty_match(file) && tty_of(file) && !tty_hung_up_p(file);
}

const struct file_kind tty_kind = {
	.match = tty_match,
	.save = tty_save,
	.has = offsetof(struct pb_file, has_tty),
	.open = tty_open,
	.alone = true,
};
