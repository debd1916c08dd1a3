// SPDX-License-Identifier: GPL-2.0
/*
 * Root, working directory and umask.
 */
#include <linux/capability.h>
#include <linux/fs_struct.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "../core/context.h"
#include "../core/owner.h"
#include "fs.h"
#include "path.h"
#include "rights.h"
#include "../core/symbols.h"

int fs_write(struct checkpoint_process *proc)
{
	const struct object_place place = { .proc = proc, .fd = -1 };
	const u32 cred = rights_program(proc);
	const struct path_user root_user = {
		.what = "its root directory",
		.place = place,
		.cred = cred,
	};
	const struct path_user pwd_user = {
		.what = "its working directory",
		.place = place,
		.cred = cred,
	};
	struct checkpoint *cp = proc->cp;
	struct path root, pwd;
	struct fs_struct *fs;
	struct pb_fs pb = {};
	int ret;

	/* A process before it has the same. */
	if (proc->fs->place.proc != proc)
		return 0;
	task_lock(proc->leader);
	fs = proc->leader->fs;
	if (fs) {
		get_fs_root(fs, &root);
		get_fs_pwd(fs, &pwd);
		pb.umask = fs->umask;
	}
	task_unlock(proc->leader);
	if (!fs)
		return -ECHILD;

	pb.id = proc->fs->id;
	ret = path_save(cp, &root, &root_user, &pb.root);
	if (!ret)
		ret = path_save(cp, &pwd, &pwd_user, &pb.cwd);
	if (!ret)
		ret = stream_out_msg(&cp->out, CKPT_REC_FS, &pb_fs_msg, &pb);
	path_put(&root);
	path_put(&pwd);
	return min(ret, 0);
}

static int fs_enter(struct rights_path *rp, void *arg)
{
	return path_permission(&rp->path, MAY_EXEC | MAY_CHDIR);
}

static int fs_find(struct restart *rs, const char *name, struct rights_path *rp)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };
	int ret;

	ret = rights_find(rs, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, rp);
	if (ret)
		return ret;
	ret = rights_try(rs, rp, fs_enter, NULL);
	if (!ret)
		return 0;
	if (rp->as && !rp->same)
		ret = rights_refuse(rs, rp, "which is closed to the program");
	else
		error_add(&rs->ctx->errors, ret, &at, "%s is closed to you", rp->name);
	rights_release(rp);
	return ret;
}

static int fs_lookup(struct restart *rs, const struct pb_path *pb, const char *what,
		     struct path *path)
{
	struct rights_path rp = { .pb = pb };
	char *name, *words;
	int ret;

	name = path_name(rs, pb, what);
	if (IS_ERR(name))
		return PTR_ERR(name);
	words = kasprintf(GFP_KERNEL_ACCOUNT, "its %s %s", what, name);
	rp.name = words;
	ret = words ? fs_find(rs, name, &rp) : -ENOMEM;
	if (!ret) {
		*path = rp.path;
	} else if (path_wrong(rs, ret)) {
		get_fs_root(current->fs, path);
		ret = 0;
	}
	kfree(words);
	kfree(name);
	return ret;
}

static int fs_finish(struct restart_process *p)
{
	current->fs->umask = p->fs->umask;
	if (!p->fs->root.mnt)
		return 0;
	sym(set_fs_root)(current->fs, &p->fs->root);
	path_put(&p->fs->root);
	memset(&p->fs->root, 0, sizeof(p->fs->root));
	return 0;
}

int fs_read(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_DENIED, .task = current };
	struct restart_fs *fs = rs->here->fs;
	struct path root, pwd;
	struct pb_fs pb;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_fs_msg, &pb) ?:
	      PTR_ERR_OR_ZERO(owner_begin(rs, OBJECT_FS, pb.id));
	if (ret)
		return ret;
	if (pb.umask & ~0777)
		return stream_in_bad(&rs->in, "umask");
	ret = fs_lookup(rs, &pb.cwd, "working directory", &pwd);
	if (ret)
		return ret;
	ret = fs_lookup(rs, &pb.root, "root directory", &root);
	if (ret)
		goto out_pwd;
	if (!path_equal(&root, &current->fs->root)) {
		if (!ns_capable(current_user_ns(), CAP_SYS_CHROOT)) {
			ret = error_add(&rs->ctx->errors, -EPERM, &at,
					"its root directory is another one; that takes CAP_SYS_CHROOT");
			goto out_root;
		}
		fs->root = root;
		path_get(&fs->root);
	}
	sym(set_fs_pwd)(current->fs, &pwd);
	fs->umask = pb.umask;
	/* Until the last steps: deleted files are made, and written to. */
	current->fs->umask = 077;
	ret = later_call(&rs->here->later, LATER_FS, fs_finish);
out_root:
	path_put(&root);
out_pwd:
	path_put(&pwd);
	return ret;
}
