// SPDX-License-Identifier: GPL-2.0
/*
 * Files that are found again by their path: regular files, directories, a few devices.
 */
#include <linux/dcache.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "../core/context.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "identity.h"
#include "path.h"
#include "rights.h"

/*
 * Flags that a restart may pass to open() again. Flags that act once (O_CREAT, O_EXCL, O_TRUNC)
 * are left out, and so are O_NOCTTY and O_CLOEXEC, which the description does not keep, and
 * FASYNC, which has an owner.
 */
#define PATH_OPEN_FLAGS	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | __O_SYNC | O_DIRECT | \
			 O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_PATH)

/* Devices without state of their own: null, zero, full, random, urandom. */
static bool path_device_ok(dev_t dev)
{
	if (MAJOR(dev) != MEM_MAJOR)
		return false;
	switch (MINOR(dev)) {
	case 3:
	case 5:
	case 7:
	case 8:
	case 9:
		return true;
	}
	return false;
}

/*
 * Private to fs/configfs/mount.c (in some kernels), fs/fuse/control.c, fs/nfsd/nfsctl.c and
 * net/sunrpc/rpc_pipe.c.
 */
#ifndef CONFIGFS_MAGIC
#define CONFIGFS_MAGIC		0x62656570
#endif
#define FUSE_CTL_MAGIC		0x65735543
#define NFSD_MAGIC		0x6e667364
#define RPC_PIPEFS_MAGIC	0x67596969

/* File systems whose regular files are windows into the kernel: content is made on open. */
static bool path_synthetic(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case BPF_FS_MAGIC:
	case NSFS_MAGIC:
	case BINFMTFS_MAGIC:
	case CONFIGFS_MAGIC:
	case EFIVARFS_MAGIC:
	case FUSE_CTL_MAGIC:
	case NFSD_MAGIC:
	case PSTOREFS_MAGIC:
	case RDTGROUP_SUPER_MAGIC:
	case RPC_PIPEFS_MAGIC:
	case SELINUX_MAGIC:
	case SMACK_MAGIC:
	case XENFS_SUPER_MAGIC:
		return true;
	}
	return false;
}

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC	0x50494446
#endif

/* The kernel's names for its files without a path (d_path() says anon_inode:[...]). */
static const struct {
	const char *name;
	const char *what;
} path_anonymous[] = {
	{ "[fanotify]", "a fanotify instance" },
	{ "[io_uring]", "an io_uring instance" },
	{ "[userfaultfd]", "a userfaultfd" },
	{ "[perf_event]", "a perf event" },
	{ "bpf-map", "a BPF map" },
	{ "bpf-prog", "a BPF program" },
	{ "seccomp notify", "a seccomp listener" },
};

static bool path_is_called(const struct file *file, const char *name)
{
	const struct qstr *qstr = &file->f_path.dentry->d_name;

	return qstr->len == strlen(name) && !memcmp(qstr->name, name, qstr->len);
}

bool path_is_anonymous(struct file *file, const char *name)
{
	return file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !(file->f_mode & FMODE_PATH) && path_is_called(file, name);
}

static const char *path_anonymous_name(struct file *file)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(path_anonymous); i++)
		if (path_is_called(file, path_anonymous[i].name))
			return path_anonymous[i].what;
	return "an anonymous file";
}

/* Regular files: most are, but the kernel has some that stand for something else. */
static const char *path_regular(struct file *file, const struct super_block *sb)
{
	/* Text, made when somebody reads. */
	if (sb->s_magic == SYSFS_MAGIC && (file->f_flags & O_ACCMODE) == O_RDONLY)
		return NULL;
	if (path_synthetic(sb))
		return "a file of a synthetic file system";
	if (sb->s_magic == SECRETMEM_MAGIC)
		return "secret memory (memfd_secret)";
	if (!(sb->s_flags & SB_KERNMOUNT))
		return NULL;
	if (sb->s_magic == HUGETLBFS_MAGIC)
		return "memory of huge pages (hugetlb)";
	if (sb->s_magic == TMPFS_MAGIC)
		return strncmp(file->f_path.dentry->d_name.name, "SYSV", 4) ?
		       "memory of the kernel's" : "System V shared memory";
	return path_anonymous_name(file);
}

const char *path_supported(struct file *file)
{
	struct inode *inode = file_inode(file);

	/* Regular files of a file system of their own since cb12fd8e0dab (6.9). */
	if (inode->i_sb->s_magic == PID_FS_MAGIC)
		return "a pidfd";
	if (S_ISREG(inode->i_mode))
		return path_regular(file, inode->i_sb);
	if (S_ISDIR(inode->i_mode))
		return NULL;
	if (S_ISCHR(inode->i_mode) && inode->i_rdev == MKDEV(TTYAUX_MAJOR, 2))
		return "the controlling side of a pseudo-terminal";
	if (S_ISCHR(inode->i_mode))
		return path_device_ok(inode->i_rdev) ? NULL : "a character device";
	if (S_ISBLK(inode->i_mode))
		return "a block device";
	if (S_ISFIFO(inode->i_mode))
		return "a FIFO";
	if (S_ISSOCK(inode->i_mode))
		return "a socket";
	return path_anonymous_name(file);
}

static u64 path_dev(dev_t dev)
{
	return (u64)MAJOR(dev) << 32 | MINOR(dev);
}

static u64 path_ns(const struct timespec64 *time)
{
	return time->tv_sec * NSEC_PER_SEC + time->tv_nsec;
}

/**
 * struct path_claim - a path in the image that was not looked up yet; in the spool
 * @list: on &checkpoint.paths
 * @path: the file; a reference is held
 * @user: whose path it is
 * @settled: @size and the times are newer than those of the pb_path
 * @size: in bytes
 * @mtime_ns: since 1970
 * @ctime_ns: likewise
 * @name: what it was called; what identity_handle() says follows
 */
struct path_claim {
	struct list_head list;
	struct path path;
	struct path_user user;
	bool settled;
	u64 size;
	u64 mtime_ns;
	u64 ctime_ns;
	char name[];
};

static struct path_claim *path_claim(struct checkpoint *cp, const struct path *path,
				     const struct path_user *user, const char *name, size_t len,
				     struct pb_path *pb)
{
	u8 handle[IDENTITY_HANDLE_MAX];
	size_t n = identity_handle(path, handle);
	struct path_claim *claim;

	claim = stream_out_later(&cp->out, 0, struct_size(claim, name, len + 1 + n), NULL);
	if (IS_ERR(claim))
		return claim;
	claim->path = *path;
	path_get(&claim->path);
	claim->user = *user;
	claim->settled = false;
	memcpy(claim->name, name, len + 1);
	memcpy(claim->name + len + 1, handle, n);
	pb->path.data = (u8 *)claim->name;
	pb->path.len = len;
	pb->has_handle = true;
	pb->handle.data = (u8 *)claim->name + len + 1;
	pb->handle.len = n;
	list_add_tail(&claim->list, &cp->paths);
	return claim;
}

static int path_refuse(struct checkpoint *cp, const struct path *path,
		       const struct path_user *user, const char *why)
{
	char *name = d_path(path, cp->path, PATH_MAX);

	refuse_file(&user->place, CKPT_REASON_UNSUPPORTED, NULL, "%s %.160s %s", user->what,
		    IS_ERR(name) ? "?" : name, why);
	return 1;
}

/* Return: NULL if the path leads to the file, or words for how it fails to. */
static const char *path_lost(const struct path_claim *claim)
{
	struct path found;
	bool same;

	if (kern_path(claim->name, d_is_symlink(claim->path.dentry) ? 0 : LOOKUP_FOLLOW, &found))
		return "is not found by its path";
	same = d_backing_inode(found.dentry) == d_backing_inode(claim->path.dentry);
	path_put(&found);
	/* For example, another mount covers the file. */
	return same ? NULL : "has a path that leads to another file";
}

/* The program may have run since: what it has renamed or removed was there before. */
static bool path_moved_since(struct checkpoint *cp, const struct path_claim *claim)
{
	char *name;

	if (d_unlinked(claim->path.dentry))
		return true;
	name = d_path(&claim->path, cp->path, PATH_MAX);
	return IS_ERR(name) || strcmp(name, claim->name);
}

/* May the caller know what path_save() has looked at? Nothing was written to the output yet. */
static bool path_denied(const struct path_claim *claim)
{
	struct kstat stat;
	int ret = vfs_getattr(&claim->path, &stat, 0, AT_STATX_DONT_SYNC);

	return ret == -EACCES || ret == -EPERM;
}

/*
 * A server sets the time of a file when it gets what was written, so the time is read again after
 * that. The program is held, and changes nothing any more.
 */
static void path_look_again(struct path_claim *claim)
{
	struct kstat stat;

	if (vfs_getattr_nosec(&claim->path, &stat, STATX_BASIC_STATS, AT_STATX_SYNC_AS_STAT))
		return;
	claim->size = stat.size;
	claim->mtime_ns = path_ns(&stat.mtime);
	claim->ctime_ns = path_ns(&stat.ctime);
	claim->settled = true;
}

void path_settle(struct pb_path *pb)
{
	const struct path_claim *claim;

	claim = (void *)(pb->path.data - offsetof(struct path_claim, name));
	if (!claim->settled)
		return;
	pb->size = claim->size;
	pb->mtime_ns = claim->mtime_ns;
	pb->ctime_ns = claim->ctime_ns;
}

int path_verify(struct checkpoint *cp)
{
	struct path_claim *claim;
	const char *why;

	list_for_each_entry(claim, &cp->paths, list) {
		if (operation_ends(cp->op))
			return operation_ends(cp->op);
		operation_moved(cp->op);
		why = path_lost(claim);
		if (path_denied(claim))
			path_refuse(cp, &claim->path, &claim->user, "cannot be looked at");
		else if (why && (!cp->released || !path_moved_since(cp, claim)))
			path_refuse(cp, &claim->path, &claim->user, why);
		if (claim->user.written && cp->flags & CKPT_CHECKPOINT_HOLD && !cp->released &&
		    d_is_reg(claim->path.dentry))
			path_look_again(claim);
		cond_resched();
	}
	identity_complete(cp);
	path_unclaim(cp);
	return cp->refused ? -EOPNOTSUPP : 0;
}

void path_unclaim(struct checkpoint *cp)
{
	struct path_claim *claim;
	unsigned long inode;
	void *alias;

	xa_for_each(&cp->aliases, inode, alias) {
		if (!xa_is_value(alias))
			dput(alias);
		cond_resched();
	}
	xa_destroy(&cp->aliases);
	list_for_each_entry(claim, &cp->paths, list) {
		path_put(&claim->path);
		cond_resched();
	}
	INIT_LIST_HEAD(&cp->paths);
}

bool path_written(struct dentry *dentry)
{
	/* A mapping of a stacked file system has a file of the layer. */
	return inode_is_open_for_write(d_backing_inode(dentry)) ||
	       inode_is_open_for_write(d_real_inode(dentry));
}

static int path_save_named(struct checkpoint *cp, const struct path *path,
			   const struct path_user *user, struct pb_path *pb)
{
	bool version = S_ISREG(d_backing_inode(path->dentry)->i_mode) && !user->kind_only;
	struct path_claim *claim;
	struct kstat stat;
	char *name;
	size_t len;
	int ret;

	memset(pb, 0, sizeof(*pb));
	/*
	 * Security modules are not asked here, because that takes as long again; path_verify()
	 * asks them. For a file with a version the server (FUSE, NFS) is asked: a restart compares
	 * size and time with its answer, and it alone knows the time of a recent write. For any
	 * other file cached attributes do, and the frozen program does not wait for the server.
	 */
	if (vfs_getattr_nosec(path, &stat, STATX_BASIC_STATS,
			      version ? AT_STATX_SYNC_AS_STAT : AT_STATX_DONT_SYNC))
		return path_refuse(cp, path, user, "cannot be looked at");
	name = d_path(path, cp->path, PATH_MAX);
	if (IS_ERR(name))
		return path_refuse(cp, path, user, "has a path that is too long");
	if (name[0] != '/')
		return path_refuse(cp, path, user, "is not reachable from here");
	len = strlen(name);
	/* To look it up takes longest, and can wait. */
	claim = path_claim(cp, path, user, name, len, pb);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	ret = identity_fs(cp, path, &pb->fs);
	if (ret)
		return ret;
	pb->has_fs = pb->fs;
	pb->cred = user->cred;
	pb->has_cred = pb->cred;

	pb->mode = stat.mode;
	pb->size = S_ISREG(stat.mode) ? stat.size : 0;
	pb->mtime_ns = path_ns(&stat.mtime);
	pb->ctime_ns = path_ns(&stat.ctime);
	pb->has_ctime_ns = S_ISREG(stat.mode) && user->written;
	pb->ino = stat.ino;
	pb->dev = path_dev(stat.dev);
	pb->has_rdev = S_ISCHR(stat.mode);
	pb->rdev = pb->has_rdev ? path_dev(stat.rdev) : 0;
	pb->has_written = S_ISREG(stat.mode) && user->written;
	pb->written = pb->has_written;
	return 0;
}

/*
 * Another name of a file that the kernel happens to know of, or NULL. It looks for one among all
 * names that are in use, deleted ones too: once for each file.
 */
static struct dentry *path_alias(struct checkpoint *cp, struct inode *inode)
{
	void *known = xa_load(&cp->aliases, (unsigned long)inode);
	struct dentry *alias;
	int ret;

	if (xa_is_value(known))
		return NULL;
	if (known && !d_unlinked(known))
		return dget(known);
	alias = d_find_alias(inode);
	if (known)
		return alias;
	ret = xa_err(xa_store(&cp->aliases, (unsigned long)inode, alias ?: xa_mk_value(1),
			      GFP_KERNEL_ACCOUNT));
	/* That is a reference more. */
	return alias && !ret ? dget(alias) : alias;
}

int path_save(struct checkpoint *cp, const struct path *path, const struct path_user *user,
	      struct pb_path *pb)
{
	struct inode *inode = d_backing_inode(path->dentry);
	struct path other = { .mnt = path->mnt };
	int ret;

	if (!d_unlinked(path->dentry))
		return path_save_named(cp, path, user, pb);
	if (!S_ISREG(inode->i_mode) || !inode->i_nlink)
		return path_refuse(cp, path, user, "is deleted");
	/* A hard link that the kernel happens to know of is as good a name. */
	other.dentry = path_alias(cp, inode);
	if (!other.dentry)
		return path_refuse(cp, path, user,
				   "is deleted, and linked under another name that is not known");
	ret = path_save_named(cp, &other, user, pb);
	dput(other.dentry);
	return ret;
}

/* ---- restart ---- */

int path_relocate(struct restart *rs, const char __user *from, size_t len)
{
	const char *at, *end;
	unsigned int n = 0;

	if (!len)
		return 0;
	rs->relocate = memdup_user(from, len);
	if (IS_ERR(rs->relocate)) {
		int ret = PTR_ERR(rs->relocate);

		rs->relocate = NULL;
		return ret;
	}
	rs->relocate_len = len;
	end = rs->relocate + len;
	if (end[-1])
		return -EINVAL;
	for (at = rs->relocate; at < end; at += strlen(at) + 1, n++)
		if (*at != '/')
			return -EINVAL;
	return n % 2 ? -EINVAL : 0;
}

/* The length of the part of @name that @old stands for, slashes at its end aside; -1 if none. */
static ssize_t path_moved(const char *name, const char *old)
{
	size_t len = strlen(old);

	while (len && old[len - 1] == '/')
		len--;
	return !strncmp(name, old, len) && (!name[len] || name[len] == '/') ? len : -1;
}

char *path_name(struct restart *rs, const struct pb_path *pb, const char *what)
{
	const char *at, *new, *end = rs->relocate + rs->relocate_len;
	char *name, *moved;
	ssize_t len;

	if (!pb->path.len || pb->path.data[0] != '/' || memchr(pb->path.data, 0, pb->path.len))
		return ERR_PTR(stream_in_bad(&rs->in, "%s", what));
	name = kmemdup_nul(pb->path.data, pb->path.len, GFP_KERNEL_ACCOUNT);
	if (!name)
		return ERR_PTR(-ENOMEM);
	for (at = rs->relocate; at < end; at = new + strlen(new) + 1) {
		new = at + strlen(at) + 1;
		len = path_moved(name, at);
		if (len < 0)
			continue;
		moved = kasprintf(GFP_KERNEL_ACCOUNT, "%s%s", new, name + len);
		kfree(name);
		return moved ?: ERR_PTR(-ENOMEM);
	}
	return name;
}

bool path_wrong(struct restart *rs, int err)
{
	if (!(rs->flags & CKPT_RESTART_CHECK) || err == -EINTR || err == -ENOMEM ||
	    err == -EBADMSG)
		return false;
	rs->wrong = rs->wrong ?: err;
	return true;
}

struct file *path_stand_in(struct restart *rs, int err, umode_t mode, u64 size)
{
	struct file *file;
	struct path root;

	if (size > MAX_LFS_FILESIZE || !path_wrong(rs, err))
		return ERR_PTR(err);
	if (!S_ISDIR(mode)) {
		file = compat_shmem_file_setup("ckpt", size, true);
		/* By way of /proc/PID/fd it is a memfd: none to execute (vm.memfd_noexec). */
		if (!IS_ERR(file)) {
			file_inode(file)->i_mode &= ~0111;
			SHMEM_I(file_inode(file))->seals |= COMPAT_SEAL_EXEC;
		}
		return file;
	}
	get_fs_root(current->fs, &root);
	file = file_open_root(&root, "", O_RDONLY | O_DIRECTORY, 0);
	path_put(&root);
	return file;
}

static int path_changed(struct restart *rs, const char *name, const char *what,
			const char *advice)
{
	struct error_at at = {
		.reason = CKPT_REASON_CHANGED,
		.task = current,
		.advice = advice,
	};

	return error_add(&rs->ctx->errors, -ESTALE, &at, "%s: %s", name, what);
}

/**
 * struct path_truncate - a file that is cut when the image is known to be good
 * @later: in the queue
 * @file: the file, open for writing; a reference is held
 * @size: in bytes
 */
struct path_truncate {
	struct later later;
	struct file *file;
	u64 size;
};

static int path_truncate_failed(struct restart *rs, struct file *file, int err)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };

	return error_add(&rs->ctx->errors, err, &at, "%pD cannot be truncated", file);
}

static int path_writable(struct rights_path *rp, void *arg)
{
	return path_permission(&rp->path, MAY_WRITE);
}

static int path_finish(struct restart_process *p, struct later *later)
{
	struct restart *rs = p->rs;
	struct path_truncate *pt = container_of(later, struct path_truncate, later);
	int ret = vfs_truncate(&pt->file->f_path, pt->size);

	/* Killed, or to stop, while somebody had a lease; nobody shall call again. */
	if (ret == -ERESTARTSYS)
		ret = -EINTR;
	return ret ? path_truncate_failed(rs, pt->file, ret) : 0;
}

static void path_free(struct later *later)
{
	struct path_truncate *pt = container_of(later, struct path_truncate, later);

	fput(pt->file);
	kfree(pt);
}

static const struct later_ops path_later_ops = {
	.stage = LATER_VISIBLE,
	.run = path_finish,
	.free = path_free,
};

static int path_truncate_later(struct restart *rs, struct rights_path *rp, struct file *file,
			       u64 size)
{
	struct path_truncate *pt;
	int ret;

	/*
	 * Check the permissions that truncate(2) checks before any file is cut. The open may have
	 * needed fewer.
	 */
	ret = rights_try(rs, rp, path_writable, NULL);
	if (!ret && IS_APPEND(file_inode(file)))
		ret = -EPERM;
	if (ret)
		return path_truncate_failed(rs, file, ret);
	pt = kmalloc(sizeof(*pt), GFP_KERNEL_ACCOUNT);
	if (!pt)
		return -ENOMEM;
	pt->file = get_file(file);
	pt->size = size;
	later_add(&rs->here->later, &pt->later, &path_later_ops);
	return 0;
}

/* A file of the same size may be another version, so times are compared, too. */
static int path_check(struct restart *rs, struct rights_path *rp, struct file *file,
		      const char *name)
{
	bool write = (file->f_mode & FMODE_WRITE) && S_ISREG(file_inode(file)->i_mode);
	const struct pb_path *pb = rp->pb;
	struct kstat stat;
	char what[80];
	int ret;

	/* The same question as at the checkpoint: see path_save_named(). */
	ret = vfs_getattr_nosec(&file->f_path, &stat, STATX_BASIC_STATS, AT_STATX_SYNC_AS_STAT);
	if (ret)
		return ret;
	if (stat.size > pb->size && write && rs->flags & CKPT_RESTART_FILES_TRUNCATE)
		return path_truncate_later(rs, rp, file, pb->size);
	if (rs->flags & CKPT_RESTART_FILES_CHANGED)
		return 0;
	if (stat.size != pb->size) {
		snprintf(what, sizeof(what), "has %llu bytes, at the checkpoint it had %llu",
			 stat.size, pb->size);
		return path_changed(rs, name, what, write && stat.size > pb->size ?
				    "see --truncate-files and --accept-changed-files" :
				    "see --accept-changed-files");
	}
	/* The kernel makes a synthetic file's time up when it makes the inode. */
	if (path_synthetic(file_inode(file)->i_sb))
		return 0;
	if (path_ns(&stat.mtime) != pb->mtime_ns)
		return path_changed(rs, name, pb->written ?
				    "was written to after the checkpoint" :
				    "has another time of change than at the checkpoint",
				    "see --accept-changed-files");
	/* Nobody can set st_ctime as they can st_mtime; a copy has its own. */
	if (pb->written && pb->has_ctime_ns && rp->same && path_ns(&stat.ctime) != pb->ctime_ns)
		return path_changed(rs, name, "was changed after the checkpoint",
				    "see --accept-changed-files");
	return 0;
}

static struct file *path_open_found(struct restart *rs, struct rights_path *rp, const char *name,
				    unsigned int flags)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };
	const struct pb_path *pb = rp->pb;
	struct inode *inode = d_backing_inode(rp->path.dentry);
	struct file *file;
	bool kind, device;
	int ret = 0;

	/* Look before opening: to open a FIFO waits, and some devices act on it. */
	kind = !((inode->i_mode ^ pb->mode) & S_IFMT);
	device = !S_ISCHR(inode->i_mode) || (path_dev(inode->i_rdev) == pb->rdev &&
					     path_device_ok(inode->i_rdev));
	if (!kind || !device)
		return ERR_PTR(path_changed(rs, name, kind ? "is another device" :
							      "is now of another kind", NULL));
	file = rights_open(rs, rp, "", (flags & PATH_OPEN_FLAGS) | O_NOCTTY, 0);
	if (IS_ERR(file)) {
		if (rp->as && !rp->same && (PTR_ERR(file) == -EACCES || PTR_ERR(file) == -EPERM))
			return ERR_PTR(rights_refuse(rs, rp, "which its opener may not open"));
		error_add(&rs->ctx->errors, PTR_ERR(file), &at, "%s cannot be opened", name);
		return file;
	}
	if (!S_ISFIFO(pb->mode) && path_supported(file))
		ret = stream_in_bad(&rs->in, "%s is %s", name, path_supported(file));
	else if (S_ISREG(pb->mode))
		ret = path_check(rs, rp, file, name);
	if (!ret)
		return file;
	fput(file);
	return ERR_PTR(ret);
}

/* The file that was looked at is opened, whatever has the name by then. */
static struct file *path_open_named(struct restart *rs, const struct pb_path *pb, const char *name,
				    unsigned int flags)
{
	struct rights_path rp = { .pb = pb, .name = name };
	struct file *file;
	int ret;

	ret = rights_find(rs, name, flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &rp);
	if (ret)
		return ERR_PTR(ret);
	file = path_open_found(rs, &rp, name, flags);
	rights_release(&rp);
	return file;
}

struct file *path_open(struct restart *rs, const struct pb_path *pb, unsigned int flags)
{
	struct file *file;
	char *name;

	/* A FIFO is opened here with O_RDWR only: this mode does not wait for a peer. */
	if (!S_ISREG(pb->mode) && !S_ISDIR(pb->mode) && !S_ISCHR(pb->mode) &&
	    !(S_ISFIFO(pb->mode) && (flags & O_ACCMODE) == O_RDWR))
		return ERR_PTR(stream_in_bad(&rs->in, "kind of a file"));
	name = path_name(rs, pb, "path of a file");
	if (IS_ERR(name))
		return ERR_CAST(name);
	file = path_open_named(rs, pb, name, flags);
	kfree(name);
	/* A FIFO has no stand-in, because pipe.c needs both of its ends. */
	if (IS_ERR(file) && !S_ISFIFO(pb->mode))
		file = path_stand_in(rs, PTR_ERR(file), pb->mode, pb->size);
	return file;
}
