/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_CHECKPOINT_H
#define _CKPT_CHECKPOINT_H

#include <linux/ktime.h>
#include <linux/xarray.h>

#include "dev.h"
#include "../image/object.h"
#include "../image/stream.h"

struct identity_table;
struct park;
struct signal_process;

/** CHECKPOINT_BOUNCE - bytes of the buffer that content without pages of its own goes through */
#define CHECKPOINT_BOUNCE	(256 << 10)

/**
 * struct checkpoint - a checkpoint that runs, or whose program is held
 * @ctx: for errors and progress
 * @flags: CKPT_CHECKPOINT_*
 * @out: the image
 * @objects: what is in it
 * @park: the frozen process, and what its threads said of themselves
 * @leader: its thread group leader; a reference is held
 * @mm: its address space; a reference is held
 * @snapshot: the copy-on-write copy of @mm, or NULL
 * @file_pages: private pages of the snapshot in mappings of files
 * @signals: its actions, shared signals and timers
 * @bounce: CHECKPOINT_BOUNCE bytes
 * @path: PATH_MAX bytes for file names
 * @paths: paths in the image, for path_verify()
 * @identity: the file systems that they are on
 * @program: the CRED of the main thread
 * @opener: the CRED of the file before, or NULL; it may be one that @program says as well
 * @openers: CREDs that files were opened with, and no thread has
 * @nr_openers: how many
 * @refused: something cannot be kept; the errors say what
 * @described: everything was looked at
 * @has_epoll: there is an epoll instance
 * @has_inotify: there is an inotify instance
 * @has_locks: there is a file with locks, of whomever
 * @aliases: other names of files that were deleted under one, by the address of the inode
 * @leased: files whose leases are in @leases, by the address of their struct file_lock_context
 * @leases: leases, by the address of the description; see lock.c
 * @complete: all of the description is in @out
 * @released: when the process was released, 0 before
 */
struct checkpoint {
	struct dev_ctx *ctx;
	u64 flags;
	struct stream_out out;
	struct object_table objects;
	struct park *park;
	struct task_struct *leader;
	struct mm_struct *mm;
	struct mm_struct *snapshot;
	long file_pages;
	struct signal_process *signals;
	u8 *bounce;
	char *path;
	struct list_head paths;
	struct identity_table *identity;
	struct object *program;
	struct object *opener;
	struct object *openers[CKPT_IMAGE_OPENERS_MAX];
	u32 nr_openers;
	bool refused;
	bool described;
	bool has_epoll;
	bool has_inotify;
	bool has_locks;
	struct xarray aliases;
	struct xarray leased;
	struct xarray leases;
	bool complete;
	ktime_t released;
};

/**
 * checkpoint_refuse() - something cannot be kept: record it and go on looking
 * @cp: the checkpoint
 * @where_type: enum ckpt_where
 * @where: see there
 * @reason: CKPT_REASON_UNSUPPORTED or CKPT_REASON_SHARED
 * @advice: what to do about it, or NULL
 * @fmt: the object; "is not supported" is for the caller to write
 *
 * Return: 0, always, so that all that would be refused is found in one go.
 */
__printf(6, 7)
int checkpoint_refuse(struct checkpoint *cp, enum ckpt_where where_type, u64 where,
		      enum ckpt_reason reason, const char *advice, const char *fmt, ...);

/**
 * checkpoint_refuse_file() - the same of a file
 * @cp: the checkpoint
 * @fd: its descriptor, or -1
 * @addr: without a descriptor, where it is mapped
 * @reason: as there
 * @advice: as there
 * @fmt: as there
 *
 * Return: 0, always.
 */
__printf(6, 7)
int checkpoint_refuse_file(struct checkpoint *cp, int fd, u64 addr, enum ckpt_reason reason,
			   const char *advice, const char *fmt, ...);

/** checkpoint_run() - CKPT_IOC_CHECKPOINT; the results are filled into @arg */
int checkpoint_run(struct dev_ctx *ctx, struct ckpt_checkpoint *arg);

/** checkpoint_release() - let a held program go; Return: how long it was frozen, in ns */
u64 checkpoint_release(struct checkpoint *cp, enum ckpt_release_how how);

#endif /* _CKPT_CHECKPOINT_H */
