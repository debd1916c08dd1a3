// SPDX-License-Identifier: GPL-2.0
/*
 * File locks: those of the process, fcntl(F_SETLK), and those of its open file descriptions,
 * fcntl(F_OFD_SETLK) and flock(2).
 */
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "fd.h"
#include "../core/owner.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "lock.h"
#include "proc.h"
#include "scratch.h"

/* Reasons to refuse a lease; the numbers are those in &checkpoint.leases. */
enum lock_lease_why { LOCK_LEASE_FINE, LOCK_LEASE_DELEGATION, LOCK_LEASE_BROKEN };

static const char *const lock_lease_whys[] = {
	[LOCK_LEASE_FINE] = NULL,
	[LOCK_LEASE_DELEGATION] = "a delegation of a file",
	[LOCK_LEASE_BROKEN] = "a file lease that somebody breaks just now",
};

#define LOCK_LEASE_TYPE_BITS	8

/**
 * struct lock_lease_found - a lease on a file
 * @file: the description that has it; only compared
 * @val: its type, and above that enum lock_lease_why
 */
struct lock_lease_found {
	const struct file *file;
	unsigned long val;
};

static unsigned long lock_lease_val(const struct compat_lock *lock)
{
	enum lock_lease_why why = LOCK_LEASE_FINE;

	if (!(compat_lock_flags(lock) & FL_LEASE))
		why = LOCK_LEASE_DELEGATION;
	else if (compat_lock_flags(lock) & (FL_UNLOCK_PENDING | FL_DOWNGRADE_PENDING))
		why = LOCK_LEASE_BROKEN;
	return why << LOCK_LEASE_TYPE_BITS | compat_lock_type(lock);
}

/* Return: how many leases there are, of which @cap are put into @found. */
static unsigned int lock_look_leases(struct file_lock_context *flctx,
				     struct lock_lease_found *found, unsigned int cap)
{
	const struct compat_lock *lock;
	unsigned int n = 0;

	spin_lock(&flctx->flc_lock);
	list_for_each_entry(lock, &flctx->flc_lease, COMPAT_LOCK_LIST) {
		if (n < cap) {
			found[n].file = compat_lock_file(lock);
			found[n].val = lock_lease_val(lock);
		}
		n++;
	}
	spin_unlock(&flctx->flc_lock);
	return n;
}

/* All leases of a file, once: it may have as many as there are descriptions of it. */
static int lock_find_leases(struct checkpoint *cp, struct file_lock_context *flctx)
{
	struct lock_lease_found *found;
	unsigned int n, cap, i;
	int ret;

	ret = xa_insert(&cp->leased, (unsigned long)flctx, xa_mk_value(1), GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret == -EBUSY ? 0 : ret;
	cap = lock_look_leases(flctx, NULL, 0);
	found = kvmalloc_array(cap ?: 1, sizeof(*found), GFP_KERNEL_ACCOUNT);
	if (!found)
		return -ENOMEM;
	n = min(lock_look_leases(flctx, found, cap), cap);
	for (i = 0; i < n && !ret; i++) {
		ret = xa_err(xa_store(&cp->leases, (unsigned long)found[i].file,
				      xa_mk_value(found[i].val), GFP_KERNEL_ACCOUNT));
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	kvfree(found);
	return ret;
}

int lock_save_lease(struct checkpoint *cp, struct file *file, struct pb_file *pb,
		    const char **why)
{
	struct file_lock_context *flctx = compat_flctx(file_inode(file));
	unsigned long val;
	void *entry;
	int ret;

	if (!flctx || list_empty_careful(&flctx->flc_lease))
		return 0;
	ret = lock_find_leases(cp, flctx);
	if (ret)
		return ret;
	entry = xa_load(&cp->leases, (unsigned long)file);
	if (!entry)
		return 0;
	val = xa_to_value(entry);
	pb->has_lease = true;
	pb->lease = val & (BIT(LOCK_LEASE_TYPE_BITS) - 1);
	*why = lock_lease_whys[val >> LOCK_LEASE_TYPE_BITS];
	return 0;
}

bool lock_write_leased(struct inode *inode)
{
	struct file_lock_context *flctx = compat_flctx(inode);
	const struct compat_lock *lock;
	bool leased = false;

	if (!flctx)
		return false;
	spin_lock(&flctx->flc_lock);
	list_for_each_entry(lock, &flctx->flc_lease, COMPAT_LOCK_LIST)
		leased |= compat_lock_type(lock) == F_WRLCK;
	spin_unlock(&flctx->flc_lock);
	return leased;
}

/**
 * struct lock_search - the program's locks of a file, which are being collected
 * @files: the descriptor table that has the locks of the process, and descriptors of descriptions
 * @lock: room for @cap locks, or NULL while they are counted
 * @n: found so far
 * @cap: see @lock
 * @lost: locks of the process that were set through a file which is not in the image
 */
struct lock_search {
	const struct checkpoint_files *files;
	struct pb_lock *lock;
	unsigned int n;
	unsigned int cap;
	unsigned int lost;
};

/* Return: whether @file, through which it was set, is a description in the image. */
static bool lock_found(struct lock_search *list, const struct compat_lock *lock,
		       const struct file *file, u32 kind)
{
	const struct checkpoint_process *proc = list->files->proc;
	const struct object *obj = object_lookup(&proc->cp->objects, OBJECT_FILE, file);
	const struct file_lock *fl = compat_file_lock(lock);

	if (!obj || (obj->place.fd < 0 && kind == PB_LOCK_POSIX))
		return false;
	/* One of a description is written once, with the table that it was found in. */
	if (kind != PB_LOCK_POSIX && obj->place.proc->files != list->files)
		return false;
	if (list->lock && list->n < list->cap) {
		struct pb_lock *pb = &list->lock[list->n];

		pb->file = obj->id;
		pb->kind = kind;
		pb->write = compat_lock_type(lock) == F_WRLCK;
		pb->start = fl->fl_start;
		pb->end = fl->fl_end;
	}
	list->n++;
	return true;
}

/*
 * Only the process makes and removes these, and it is frozen: the same at each look. Those of
 * descriptions first, see lock_borrowed().
 */
static void lock_look(struct lock_search *list, struct file_lock_context *flctx)
{
	const void *owner = list->files->obj->ptr;
	const struct compat_lock *lock;

	list->n = 0;
	list->lost = 0;
	spin_lock(&flctx->flc_lock);
	list_for_each_entry(lock, &flctx->flc_flock, COMPAT_LOCK_LIST)
		lock_found(list, lock, compat_lock_file(lock), PB_LOCK_FLOCK);
	/* An owner of this kind is the description. */
	list_for_each_entry(lock, &flctx->flc_posix, COMPAT_LOCK_LIST)
		if (compat_lock_flags(lock) & FL_OFDLCK)
			lock_found(list, lock, compat_lock_owner(lock), PB_LOCK_OFD);
	list_for_each_entry(lock, &flctx->flc_posix, COMPAT_LOCK_LIST)
		if (!(compat_lock_flags(lock) & FL_OFDLCK) && compat_lock_owner(lock) == owner &&
		    !lock_found(list, lock, compat_lock_file(lock), PB_LOCK_POSIX))
			list->lost++;
	spin_unlock(&flctx->flc_lock);
}

/* All locks of a file; @obj is one of its descriptions, for errors. */
static int lock_write_inode(struct checkpoint_files *files, struct file_lock_context *flctx,
			    const struct object *obj)
{
	struct checkpoint *cp = files->proc->cp;
	struct lock_search list = { .files = files };
	struct pb_locks pb = { .files = files->obj->id };
	unsigned int i;
	int ret = 0;

	lock_look(&list, flctx);
	if (list.lost)
		return refuse_file(&obj->place, CKPT_REASON_UNSUPPORTED, NULL,
				   "%s is not supported",
				   "a lock set through a descriptor of another process");
	if (!list.n)
		return 0;
	list.cap = list.n;
	list.lock = kvcalloc(list.cap, sizeof(*list.lock), GFP_KERNEL_ACCOUNT);
	if (!list.lock)
		return -ENOMEM;
	lock_look(&list, flctx);
	for (i = 0; !ret && i < min(list.n, list.cap); i += pb.n_lock) {
		pb.lock = list.lock + i;
		pb.n_lock = min_t(u32, min(list.n, list.cap) - i, PB_LOCKS_LOCK_MAX);
		ret = stream_out_msg(&cp->out, CKPT_REC_LOCKS, &pb_locks_msg, &pb);
	}
	kvfree(list.lock);
	return ret;
}

int lock_write(struct checkpoint_files *files)
{
	struct checkpoint *cp = files->proc->cp;
	struct file_lock_context *flctx;
	struct xarray seen;
	struct object *obj;
	struct file *file;
	int ret = 0;

	if (!cp->has_locks)
		return 0;
	/* Once for each file, however many descriptions of it there are. */
	xa_init_flags(&seen, XA_FLAGS_ACCOUNT);
	object_for_each(&cp->objects, obj) {
		file = obj->ptr;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		if (obj->kind != OBJECT_FILE || file->f_mode & FMODE_PATH)
			continue;
		flctx = compat_flctx(file_inode(file));
		if (!flctx)
			continue;
		ret = xa_insert(&seen, (unsigned long)flctx, xa_mk_value(1), GFP_KERNEL_ACCOUNT);
		if (!ret)
			ret = lock_write_inode(files, flctx, obj);
		else if (ret == -EBUSY)
			ret = 0;
		if (ret)
			break;
		cond_resched();
	}
	xa_destroy(&seen);
	return ret;
}

/* ---- restart ---- */

static int lock_fcntl(int fd, const struct pb_lock *pb)
{
	struct flock fl = {
		.l_type = pb->write ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = pb->start,
		/* 0: to the end */
		.l_len = pb->end == OFFSET_MAX ? 0 : pb->end - pb->start + 1,
	};
	unsigned long addr = scratch_put(&fl, sizeof(fl));
	int ret;

	if (IS_ERR_VALUE(addr))
		return addr;
	ret = arch_sys(fcntl, fd, pb->kind == PB_LOCK_OFD ? F_OFD_SETLK : F_SETLK, addr);
	scratch_unmap(addr, sizeof(fl));
	return ret;
}

static int lock_fd(int fd, const struct pb_lock *pb)
{
	if (pb->kind == PB_LOCK_FLOCK)
		return arch_sys(flock, fd, (pb->write ? LOCK_EX : LOCK_SH) | LOCK_NB);
	return lock_fcntl(fd, pb);
}

/*
 * A mapping keeps its description, and with it the locks of that, when the last descriptor is
 * closed. Here, too; but a descriptor that is closed takes the locks of the process on this file
 * with it. So those are set behind the others of a file.
 */
static int lock_borrowed(struct file *file, const struct pb_lock *pb)
{
	int fd = get_unused_fd_flags(O_CLOEXEC), ret;

	if (fd < 0)
		return fd;
	fd_install(fd, get_file(file));
	ret = lock_fd(fd, pb);
	close_fd(fd);
	return ret;
}

static int lock_set(struct restart *rs, struct restart_files *files, const struct pb_lock *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct object *obj = object_by_id(&rs->objects, OBJECT_FILE, pb->file);
	int fd = obj ? fd_of(obj, files) : -1;
	int ret;

	if (!obj || (fd < 0 && pb->kind == PB_LOCK_POSIX) || pb->start > pb->end ||
	    pb->end > OFFSET_MAX)
		return stream_in_bad(&rs->in, "a file lock");
	if (proc_stands_in(rs, pb->file))
		return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
				 "a lock on a file of proc about a thread cannot be set");
	if (fd >= 0) {
		at.where_type = CKPT_WHERE_FD;
		at.where = fd;
		ret = lock_fd(fd, pb);
	} else {
		ret = lock_borrowed(obj->ptr, pb);
	}
	switch (ret) {
	case 0:
		return 0;
	case -EBADF:
		/* Opened such that it could not be set. */
		return stream_in_bad(&rs->in, "a file lock");
	case -EAGAIN:
	case -EACCES:
		at.reason = CKPT_REASON_TAKEN;
		at.advice = "end the process that holds it (see /proc/locks)";
		return error_add(&rs->ctx->errors, ret, &at,
				 "the lock on %pD is held by another process", obj->ptr);
	}
	return error_add(&rs->ctx->errors, ret, &at, "the lock on %pD cannot be set", obj->ptr);
}

int lock_read(struct restart *rs)
{
	struct restart_files *files;
	struct pb_locks pb;
	u32 i;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_locks_msg, &pb);
	if (ret)
		return ret;
	files = owner_files(rs, pb.files);
	ret = PTR_ERR_OR_ZERO(files);
	for (i = 0; !ret && i < pb.n_lock; i++) {
		ret = fatal_signal_pending(current) ? -EINTR : lock_set(rs, files, &pb.lock[i]);
		cond_resched();
	}
	return ret;
}

/**
 * struct lock_lease - a lease to be set, when nobody opens files any more
 * @later: in the queue
 * @file: id of a FILE
 * @type: F_RDLCK or F_WRLCK
 */
struct lock_lease {
	struct later later;
	u32 file;
	u32 type;
};

static int lock_finish(struct restart_process *p, struct later *later)
{
	struct restart *rs = p->rs;
	const struct lock_lease *lease = container_of(later, struct lock_lease, later);
	struct object *obj = object_by_id(&rs->objects, OBJECT_FILE, lease->file);
	struct error_at at = {
		.reason = CKPT_REASON_TAKEN,
		.task = current,
		.where_type = CKPT_WHERE_FD,
	};
	int ret;

	if (!obj || obj->fd < 0)
		return stream_in_bad(&rs->in, "lease of file %u", lease->file);
	at.where = obj->fd;
	ret = arch_sys(fcntl, obj->fd, F_SETLEASE, lease->type);
	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "the lease on %pD cannot be set (%d): others have it open, or you may not",
			       obj->ptr, -ret) : 0;
}

static void lock_free(struct later *later)
{
	kfree(container_of(later, struct lock_lease, later));
}

static const struct later_ops lock_later_ops = {
	.stage = LATER_LEASES,
	.run = lock_finish,
	.free = lock_free,
};

int lock_note_lease(struct restart *rs, const struct pb_file *pb)
{
	struct lock_lease *lease;

	if (!pb->has_lease)
		return 0;
	if (pb->lease != F_RDLCK && pb->lease != F_WRLCK)
		return stream_in_bad(&rs->in, "lease of file %u", pb->id);
	lease = kmalloc(sizeof(*lease), GFP_KERNEL_ACCOUNT);
	if (!lease)
		return -ENOMEM;
	lease->file = pb->id;
	lease->type = pb->lease;
	return fd_later(rs, pb->id, &lease->later, &lock_later_ops);
}
