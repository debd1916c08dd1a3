/* SPDX-License-Identifier: GPL-2.0 */
/* The differences of the supported kernels in files, locks, pipes and memfds. */
#ifndef _CKPT_COMPAT_FILE_H
#define _CKPT_COMPAT_FILE_H

#include <linux/fs.h>
#ifdef HAVE_FILELOCK_H
#include <linux/filelock.h>
#endif
#include <linux/fsnotify_backend.h>
#include <linux/mount.h>
#include <linux/pid_namespace.h>
#include <linux/pipe_fs_i.h>
#include <linux/version.h>

#include "../core/symbols.h"
#include "present.h"

/*
 * Writers that a FIFO had until this one was opened to read; poll(2) tells of the end of later
 * ones only. 5a957bbac3ab "pipe: use f_pipe", 6.12, gave it a name of its own.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define compat_pipe_writers_seen(file)	((file)->f_pipe)
#else
#define compat_pipe_writers_seen(file)	((file)->f_version)
#endif

/* 6.8 moved file_start_write() into vfs_iter_write(): "fs: move file_start_write() into ...". */
static inline ssize_t compat_iter_write(struct file *file, struct iov_iter *iter, loff_t *pos)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	ssize_t ret;

	file_start_write(file);
	ret = vfs_iter_write(file, iter, pos, 0);
	file_end_write(file);
	return ret;
#else
	return vfs_iter_write(file, iter, pos, 0);
#endif
}

/*
 * Descriptions that fsnotify does not know. The flag is a field of two bits where there is
 * FMODE_FSNOTIFY_MASK; what was an open flag is a function in 7.3, which is not exported.
 */
static inline void compat_file_unseen(struct file *file)
{
#ifdef FMODE_FSNOTIFY_MASK
	file->f_mode &= ~FMODE_FSNOTIFY_MASK;
#endif
	file->f_mode |= FMODE_NONOTIFY;
}

#ifdef __FMODE_NONOTIFY
#define compat_open_unseen(path, flags, cred)	dentry_open(path, (flags) | __FMODE_NONOTIFY, cred)
#else
#define compat_open_unseen(path, flags, cred)	sym(dentry_open_nonotify)(path, flags, cred)
#endif

/* F_SETOWN: 1934b212615d "file: reclaim 24 bytes from f_owner", 6.12, made it a pointer. */
static inline struct fown_struct *compat_fown(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return file_f_owner(file);
#else
	return &file->f_owner;
#endif
}

/* get_file_rcu() takes a pointer to the pointer since 6.7. */
static inline struct file *compat_get_file_rcu(struct file __rcu **fp)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return get_file_rcu(fp);
#else
	struct file *file = rcu_dereference(*fp);

	return file && get_file_rcu(file) ? file : NULL;
#endif
}

/* openat(2) of an empty path without AT_EMPTY_PATH, new in 7.3; others keep no such bit. */
#ifndef O_EMPTYPATH
#define O_EMPTYPATH	0
#endif

/*
 * The children of a directory, in the order that dcache_readdir() gives: da549bdd15c2 "dentry:
 * switch the lists of children to hlist", 6.8. Under the directory's d_lock.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define compat_for_each_child(child, dir) \
	hlist_for_each_entry(child, &(dir)->d_children, d_sib)
#else
#define compat_for_each_child(child, dir) \
	list_for_each_entry(child, &(dir)->d_subdirs, d_child)
#endif

/* close_on_exec() takes the files_struct since 6.12, the fdtable in 6.1. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define compat_close_on_exec(fd, files)	close_on_exec(fd, files)
#else
#define compat_close_on_exec(fd, files)	close_on_exec(fd, files_fdtable(files))
#endif

static inline bool compat_pipe_watch(struct pipe_inode_info *pipe)
{
#ifdef CONFIG_WATCH_QUEUE
	return pipe->watch_queue;
#else
	return false;
#endif
}

/* The list of an inode's names: its node left a union during 7.x. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define COMPAT_D_ALIAS	d_alias
#else
#define COMPAT_D_ALIAS	d_u.d_alias
#endif

/* May linkat(2) give this file without a name one? inode->i_state has accessors since 6.19. */
static inline bool compat_inode_linkable(struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	return inode_state_read_once(inode) & I_LINKABLE;
#else
	return READ_ONCE(inode->i_state) & I_LINKABLE;
#endif
}

/* Mounts have a mnt_idmap since 6.3, where the user namespace was before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define compat_idmap(mnt)	mnt_idmap(mnt)
#else
#define compat_idmap(mnt)	mnt_user_ns(mnt)
#endif

/* Mode, owner and times of a file, as chmod(2) and its kin set them. */
static inline int compat_notify_change(const struct path *path, struct iattr *attr)
{
	struct inode *inode = d_inode(path->dentry);
	int ret = mnt_want_write(path->mnt);

	if (ret)
		return ret;
	inode_lock(inode);
	ret = notify_change(compat_idmap(path->mnt), path->dentry, attr, NULL);
	inode_unlock(inode);
	mnt_drop_write(path->mnt);
	return ret;
}

/* Take away the name of an open file. */
static inline int compat_unlink(const struct path *path)
{
	struct dentry *dir;
	int ret = mnt_want_write(path->mnt);

	if (ret)
		return ret;
	dir = dget_parent(path->dentry);
	inode_lock_nested(d_inode(dir), I_MUTEX_PARENT);
	if (path->dentry->d_parent == dir && !d_unhashed(path->dentry))
		ret = vfs_unlink(compat_idmap(path->mnt), d_inode(dir), path->dentry, NULL);
	else
		ret = -ESTALE;
	inode_unlock(d_inode(dir));
	dput(dir);
	mnt_drop_write(path->mnt);
	return ret;
}

/* File locks have a header of their own since 6.3, and a common core since 6.9. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#define compat_lock			file_lock_core
#define COMPAT_LOCK_LIST		flc_list
#define compat_lock_owner(l)		((l)->flc_owner)
#define compat_lock_file(l)		((l)->flc_file)
#define compat_lock_type(l)		((l)->flc_type)
#define compat_lock_flags(l)		((l)->flc_flags)
#define compat_file_lock(l)		container_of(l, struct file_lock, c)
#else
#define compat_lock			file_lock
#define COMPAT_LOCK_LIST		fl_list
#define compat_lock_owner(l)		((l)->fl_owner)
#define compat_lock_file(l)		((l)->fl_file)
#define compat_lock_type(l)		((l)->fl_type)
#define compat_lock_flags(l)		((l)->fl_flags)
#define compat_file_lock(l)		(l)
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define compat_flctx(inode)		locks_inode_context(inode)
#else
/* Pairs with the publication of a new context in locks_get_lock_context(). */
#define compat_flctx(inode)		smp_load_acquire(&(inode)->i_flctx)
#endif

/* A connector, which holds an inode's marks, points to the inode since 6.10, to a member before. */
static inline struct inode *compat_fsnotify_inode(const struct fsnotify_mark_connector *conn)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return conn->obj;
#else
	return container_of(conn->obj, struct inode, i_fsnotify_marks);
#endif
}

static inline int compat_memfd_secure(struct file *file)
{
#if COMPAT_MEMFD_SECURE
	return sym(security_inode_init_security_anon)(file_inode(file), &QSTR(MEMFD_ANON_NAME),
						      NULL);
#else
	return 0;
#endif
}

/* The seal keeps execute permission as it is: 6fd7353829ca "mm/memfd: add F_SEAL_EXEC", 6.3. */
#ifdef F_SEAL_EXEC
#define COMPAT_SEAL_EXEC	F_SEAL_EXEC
#else
#define COMPAT_SEAL_EXEC	0
#endif

/*
 * Does vm.memfd_noexec forbid memfds that may be executed? 105ff5339f49 "mm/memfd: add
 * MFD_NOEXEC_SEAL and MFD_EXEC", 6.3.
 */
static inline bool compat_memfd_noexec(void)
{
#ifdef MEMFD_NOEXEC_SCOPE_NOEXEC_ENFORCED
	return pidns_memfd_noexec_scope(task_active_pid_ns(current)) >=
	       MEMFD_NOEXEC_SCOPE_NOEXEC_ENFORCED;
#else
	return false;
#endif
}

/*
 * A stacked file system maps a file of the layer below. Its f_path is the user's in 6.1
 * and the layer's own since def3ae83da02 "fs: store real path instead of fake path in backing
 * file f_path", 6.8, which has file_user_path() for the other.
 */
static inline const struct path *compat_file_path(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

#endif /* _CKPT_COMPAT_FILE_H */
