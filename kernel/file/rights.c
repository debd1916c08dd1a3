// SPDX-License-Identifier: GPL-2.0
/*
 * The rights with which a restart opens a file that it finds by name.
 *
 * Names are not rights: whoever restarts a program may have more of these than the program, and
 * who owns a directory can put something else in the place of a file. So the very file that the
 * program had is opened with the rights it was opened with, or, should these not do any more, with
 * the restarter's. Any other file is opened with the former alone.
 */
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "../core/context.h"
#include "../compat/compat.h"
#include "../task/cred.h"
#include "identity.h"
#include "../core/park.h"
#include "rights.h"
#include "../task/thread.h"

/* Bytes of a CRED: the most for one group, and for all else. */
#define RIGHTS_GROUP_LEN	5
#define RIGHTS_CRED_LEN		256

/**
 * struct rights_opener - restart: credentials that files were opened with, and no thread has
 * @cred: they, or NULL: such ids do not exist here
 * @within: the program could get them
 * @ours: the restarter could
 */
struct rights_opener {
	struct cred *cred;
	bool within;
	bool ours;
};

/* ---- checkpoint ---- */

u32 rights_program(const struct checkpoint_process *proc)
{
	return proc->program ? proc->program->id : 0;
}

/* Credentials that say the same as those of the main thread, or of a file before, need no CRED. */
static struct object *rights_alike(struct checkpoint_process *proc, const struct cred *cred)
{
	struct checkpoint *cp = proc->cp;
	unsigned int i;

	if (cp->opener && cp->opener->ptr == cred)
		return cp->opener;
	if (proc->program && cred_equal(proc->program->ptr, cred))
		return proc->program;
	for (i = 0; i < cp->nr_openers; i++)
		if (cred_equal(cp->openers[i]->ptr, cred))
			return cp->openers[i];
	return NULL;
}

static bool rights_room(struct checkpoint *cp, const struct cred *cred)
{
	size_t len = RIGHTS_CRED_LEN + cred->group_info->ngroups * RIGHTS_GROUP_LEN;

	return cp->nr_openers < ARRAY_SIZE(cp->openers) &&
	       cp->out.held + len <= CKPT_IMAGE_HELD_MAX;
}

int rights_save_cred(struct checkpoint_process *proc, const struct cred *cred, u32 *id)
{
	struct checkpoint *cp = proc->cp;
	struct object *obj;

	*id = 0;
	obj = object_lookup(&cp->objects, OBJECT_CRED, cred) ?: rights_alike(proc, cred);
	if (!obj && cred_known(cred) && rights_room(cp, cred)) {
		obj = object_new(&cp->objects, OBJECT_CRED, (void *)get_cred(cred), true);
		if (IS_ERR(obj)) {
			put_cred(cred);
			return PTR_ERR(obj);
		}
		cp->openers[cp->nr_openers++] = obj;
		*id = obj->id;
		return cred_write(&cp->out, NULL, cred, obj->id);
	}
	cp->opener = obj;
	*id = obj ? obj->id : 0;
	return 0;
}

int rights_save(struct checkpoint_process *proc, struct file *file, u32 *id)
{
	/* Behind a mapping of a stacked file system is a file of the layer: its mounter's. */
	if (d_inode(compat_file_path(file)->dentry) == file_inode(file))
		return rights_save_cred(proc, file->f_cred, id);
	*id = rights_program(proc);
	return 0;
}

/* ---- restart ---- */

void rights_put(void *ptr)
{
	struct rights_opener *opener = ptr;

	if (opener->cred)
		put_cred(opener->cred);
	kfree(opener);
}

static int rights_add(struct restart *rs, u32 id, struct cred *cred)
{
	struct rights_opener *opener;

	if (PTR_ERR_OR_ZERO(cred) == -EOVERFLOW)
		cred = NULL;
	if (IS_ERR(cred))
		return PTR_ERR(cred);
	opener = kzalloc(sizeof(*opener), GFP_KERNEL_ACCOUNT);
	if (!opener) {
		if (cred)
			put_cred(cred);
		return -ENOMEM;
	}
	opener->cred = cred;
	opener->within = cred && cred_within(cred, rs->program);
	/* The program's are such that the restarter can get them. */
	opener->ours = opener->within || (cred && cred_within(cred, current_cred()));
	return object_add(&rs->objects, &rs->in, OBJECT_OPENER, id, opener);
}

int rights_read(struct restart *rs)
{
	struct cred *cred;
	bool opener = false;
	int ret;
	u32 id = 0;

	cred = cred_read(&rs->in, &id, &opener);
	if (opener && (!rs->program || ++rs->nr_openers > CKPT_IMAGE_OPENERS_MAX)) {
		if (!IS_ERR(cred))
			put_cred(cred);
		return stream_in_bad(&rs->in, "credentials %u", id);
	}
	if (opener)
		return rights_add(rs, id, cred);
	if (IS_ERR(cred))
		return PTR_ERR(cred);
	if (rs->nr_creds - rs->nr_openers > rs->nr_tids) {
		put_cred(cred);
		return stream_in_bad(&rs->in, "too many credentials");
	}
	ret = object_add(&rs->objects, &rs->in, OBJECT_CRED, id, cred);
	if (!ret && !rs->program)
		rs->program = cred;
	return ret;
}

bool rights_valid(struct restart *rs, u32 id)
{
	return object_find(&rs->objects, OBJECT_CRED, id) ||
	       object_find(&rs->objects, OBJECT_OPENER, id);
}

/* The credentials @id, or NULL if the restarter could not get them. */
static const struct cred *rights_of(struct restart *rs, u32 id, bool *within)
{
	const struct rights_opener *opener;
	const struct cred *cred;

	*within = true;
	/* A thread of the program has it now. */
	cred = id ? object_find(&rs->objects, OBJECT_CRED, id) : NULL;
	if (cred)
		return cred;
	opener = id ? object_find(&rs->objects, OBJECT_OPENER, id) : NULL;
	*within = opener && opener->within;
	return opener && opener->ours ? opener->cred : NULL;
}

const struct cred *rights_cred(struct restart *rs, u32 id)
{
	bool within;

	return rights_of(rs, id, &within);
}

void rights_stamp(struct restart *rs, struct file *file, u32 id)
{
	const struct cred *old = file->f_cred, *cred;
	bool within;

	cred = rights_of(rs, id, &within) ?: rs->program;
	if (!cred)
		return;
	file->f_cred = get_cred(cred);
	put_cred(old);
}

static int rights_look(const struct cred *as, const char *name, unsigned int lookup,
		       struct path *path)
{
	const struct cred *old = as ? override_creds(as) : NULL;
	int ret = kern_path(name, lookup | LOOKUP_NO_MAGICLINKS, path);

	if (old)
		revert_creds(old);
	return ret;
}

int rights_refuse(struct restart *rs, const struct rights_path *rp, const char *why)
{
	struct error_at at = rp->at;

	at.reason = CKPT_REASON_CHANGED;
	at.task = current;
	at.advice = "see --accept-other-files";
	return error_add(&rs->ctx->errors, -ESTALE, &at,
			 "%.120s is another file than at the checkpoint, %s", rp->name, why);
}

static int rights_absent(struct restart *rs, const struct rights_path *rp, int err)
{
	struct error_at at = rp->at;

	at.reason = CKPT_REASON_CHANGED;
	at.task = current;
	return error_add(&rs->ctx->errors, err == -ENOENT ? -ESTALE : err, &at, "%s is not there",
			 rp->name);
}

/* It was asked for, so it is a remark. */
static void rights_accept(struct restart *rs, struct rights_path *rp)
{
	struct error_at at = rp->at;

	at.reason = CKPT_REASON_CHANGED;
	at.task = current;
	rp->as = NULL;
	rp->other = true;
	error_add(&rs->ctx->errors, 0, &at,
		  "%.120s is another file than at the checkpoint, and is opened with your rights",
		  rp->name);
}

/*
 * A file is opened with more than the program's own rights if nobody knows with which rights the
 * program had it, if the restarter cannot get these, or if they are more than the program has now.
 * Then the device number must be the same, too: a user may have made a file system with the uuid of
 * another one, and inode numbers to suit him.
 */
static bool rights_same(struct restart *rs, const struct rights_path *rp, bool within,
			const struct path *path)
{
	return (rp->as && within) || S_ISCHR(d_backing_inode(path->dentry)->i_mode) ||
	       identity_mounted(rp->pb, path) ||
	       (rs->program && cred_within(current_cred(), rs->program));
}

int rights_find(struct restart *rs, const char *name, unsigned int lookup, struct rights_path *rp)
{
	const char *why = "and was opened with more rights than the program has";
	struct path found;
	bool within;
	int ret, err;

	if (rp->pb->has_cred && !rights_valid(rs, rp->pb->cred))
		return stream_in_bad(&rs->in, "credentials %u", rp->pb->cred);
	if (rp->pb->has_fs && !identity_valid(rs, rp->pb->fs))
		return stream_in_bad(&rs->in, "file system %u", rp->pb->fs);
	rp->same = false;
	rp->other = false;
	rp->as = rights_of(rs, rp->pb->has_cred ? rp->pb->cred : 0, &within);
	ret = rights_look(NULL, name, lookup, &found);
	if (!ret && identity_same(rs, rp->pb, &found) && rights_same(rs, rp, within, &found)) {
		rp->path = found;
		rp->same = true;
		return 0;
	}
	if (within) {
		/* Root itself may not be let in where the program is (NFS, FUSE). */
		err = rights_look(rp->as, name, lookup | LOOKUP_NO_SYMLINKS, &rp->path);
		if (!err) {
			if (!ret)
				path_put(&found);
			rp->same = identity_same(rs, rp->pb, &rp->path);
			return 0;
		}
		why = err == -ELOOP ? "behind a symbolic link" :
				      "where its opener may not go";
	}
	if (ret)
		return rights_absent(rs, rp, ret);
	rp->path = found;
	if (rs->flags & CKPT_RESTART_FILES_OTHER) {
		rights_accept(rs, rp);
		return 0;
	}
	path_put(&found);
	return rights_refuse(rs, rp, why);
}

void rights_release(struct rights_path *rp)
{
	path_put(&rp->path);
}

/* The rights of the program's file did not suffice: may the restarter's be tried? */
static bool rights_again(struct restart *rs, struct rights_path *rp)
{
	if (!rp->as)
		return false;
	if (rp->same) {
		/* The program had it, whatever its mode is now. */
		if (!identity_mounted(rp->pb, &rp->path))
			return false;
		rp->as = NULL;
		return true;
	}
	if (!(rs->flags & CKPT_RESTART_FILES_OTHER))
		return false;
	rights_accept(rs, rp);
	return true;
}

int rights_try(struct restart *rs, struct rights_path *rp,
	       int (*fn)(struct rights_path *rp, void *arg), void *arg)
{
	const struct cred *old;
	int ret;

	do {
		old = rp->as ? override_creds(rp->as) : NULL;
		ret = fn(rp, arg);
		if (old)
			revert_creds(old);
	} while ((ret == -EACCES || ret == -EPERM) && rights_again(rs, rp));
	return ret;
}

/* struct rights_opening - an open that rights_try() tries: see rights_open() */
struct rights_opening {
	const char *name;
	int flags;
	umode_t mode;
	struct file *file;
};

static int rights_open_one(struct rights_path *rp, void *arg)
{
	struct rights_opening *opening = arg;

	opening->file = file_open_root(&rp->path, opening->name, opening->flags, opening->mode);
	return PTR_ERR_OR_ZERO(opening->file);
}

struct file *rights_open(struct restart *rs, struct rights_path *rp, const char *name, int flags,
			 umode_t mode)
{
	struct rights_opening opening = { .name = name, .flags = flags, .mode = mode };

	rights_try(rs, rp, rights_open_one, &opening);
	return opening.file;
}

struct file *rights_open_own(struct restart *rs, const struct path *path, int flags, u32 id)
{
	bool within;
	const struct cred *as = rights_of(rs, id, &within) ?: rs->program, *old;
	struct file *file = ERR_PTR(-EACCES);

	/* Some look at the rights once, when they are opened: kallsyms and modules, say. */
	if (as) {
		old = override_creds(as);
		file = file_open_root(path, "", flags, 0);
		revert_creds(old);
	}
	if (PTR_ERR_OR_ZERO(file) == -EACCES || PTR_ERR_OR_ZERO(file) == -EPERM)
		file = file_open_root(path, "", flags, 0);
	return file;
}
