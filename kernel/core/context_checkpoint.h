/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of a checkpoint have in common: data alone, no functions.
 */
#ifndef _CKPT_CONTEXT_CHECKPOINT_H
#define _CKPT_CONTEXT_CHECKPOINT_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/xarray.h>

#include "../image/object.h"
#include "../image/sections.h"
#include "../image/stream.h"
#include "operation.h"

struct identity_table;
struct kinds;
struct park;
struct sighand_state;

/** CHECKPOINT_BOUNCE - bytes of the buffer that content without pages of its own goes through */
#define CHECKPOINT_BOUNCE	(256 << 10)

/**
 * struct checkpoint - a checkpoint that runs, or whose program is held
 * @ctx: for errors and progress
 * @kinds: the table of kinds
 * @flags: CKPT_CHECKPOINT_*
 * @stall: in jiffies: how long a program is held for an image that does not grow
 * @out: the image
 * @sections: what stands in front of it
 * @objects: what is in it
 * @park: the frozen process, and what its threads said of themselves
 * @pid: of the process, in the caller's pid namespace
 * @mm_id: id of its MM
 * @files_id: of its FILES
 * @fs_id: of its FS
 * @sighand_id: of its SIGHAND
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
	struct operation *ctx;
	const struct kinds *kinds;
	u64 flags;
	unsigned long stall;
	struct stream_out out;
	struct sections sections;
	struct object_table objects;
	struct park *park;
	u32 pid;
	u32 mm_id;
	u32 files_id;
	u32 fs_id;
	u32 sighand_id;
	struct task_struct *leader;
	struct mm_struct *mm;
	struct mm_struct *snapshot;
	long file_pages;
	struct sighand_state *signals;
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

#endif /* _CKPT_CONTEXT_CHECKPOINT_H */
