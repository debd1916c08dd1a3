/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Data that the parts of a checkpoint share. There are no functions here.
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

struct checkpoint;
struct identity_table;
struct kinds;
struct park_process;
struct park_set;
struct sighand_state;
struct snapshot;

/** CHECKPOINT_BOUNCE - bytes of the buffer that content without pages of its own goes through */
#define CHECKPOINT_BOUNCE	(256 << 10)

/**
 * struct checkpoint_process - a process of the image
 * @list: on &checkpoint.processes
 * @cp: the checkpoint
 * @leader: its thread group leader; a reference is held
 * @park: its threads, frozen, and what they said of themselves
 * @ended: it is a zombie, which has nothing but its status
 * @tgid: its number in the init namespace
 * @snap: prepared before it is frozen, to copy @mm if no process before has that
 * @pid: its id in the caller's pid namespace
 * @mm: its address space
 * @files: its descriptor table
 * @fs: its FS
 * @sighand: its SIGHAND
 * @signals: its actions, shared signals and timers
 * @program: the CRED of the main thread
 */
struct checkpoint_process {
	struct list_head list;
	struct checkpoint *cp;
	struct task_struct *leader;
	struct park_process *park;
	bool ended;
	pid_t tgid;
	struct snapshot *snap;
	u32 pid;
	struct checkpoint_mm *mm;
	struct checkpoint_files *files;
	struct object *fs;
	struct object *sighand;
	struct sighand_state *signals;
	struct object *program;
};

/**
 * struct checkpoint_mm - an address space of the image
 * @list: on &checkpoint.mms
 * @proc: the first process that has it
 * @obj: its MM
 * @mm: the address space; a reference is held until the processes are released
 * @snapshot: the copy-on-write copy of @mm, or NULL
 * @source: whose pages it may still have as well (share.c), or NULL; before it in the image
 * @file_pages: private pages of the snapshot in mappings of files
 */
struct checkpoint_mm {
	struct list_head list;
	struct checkpoint_process *proc;
	struct object *obj;
	struct mm_struct *mm;
	struct mm_struct *snapshot;
	struct checkpoint_mm *source;
	long file_pages;
};

/**
 * struct checkpoint_files - a descriptor table of the image
 * @list: on &checkpoint.tables
 * @proc: the first process that has it
 * @obj: its FILES
 */
struct checkpoint_files {
	struct list_head list;
	struct checkpoint_process *proc;
	struct object *obj;
};

/**
 * struct checkpoint - a checkpoint that runs, or whose program is held
 * @op: for errors and progress
 * @kinds: the table of kinds
 * @flags: CKPT_CHECKPOINT_*
 * @stall: in jiffies: how long a program is held for an image that does not grow
 * @out: the image
 * @sections: what stands in front of it
 * @objects: what is in it
 * @park: the frozen processes
 * @processes: struct checkpoint_process; the first one is that which the caller named, and a parent
 *	stands before its children
 * @by_tgid: the same by their number in the init namespace
 * @mms: struct checkpoint_mm
 * @tables: struct checkpoint_files
 * @bounce: CHECKPOINT_BOUNCE bytes
 * @path: PATH_MAX bytes for file names
 * @paths: paths in the image, for path_verify()
 * @identity: the file systems that they are on
 * @opener: the CRED of the file before, or NULL; it may be one that a program has as well
 * @openers: CREDs that files were opened with, and no thread has
 * @nr_openers: how many
 * @refused: something cannot be kept; the errors say what
 * @described: everything was looked at
 * @has_epoll: there is an epoll instance
 * @has_inotify: there is an inotify instance
 * @has_unix: there is a unix socket
 * @has_locks: there is a file with locks, of whomever
 * @aliases: other names of files that were deleted under one, by the address of the inode
 * @leased: files whose leases are in @leases, by the address of their struct file_lock_context
 * @outside: struct outside of what is behind descriptors 0 to 2
 * @outside_by_key: the same by the address of the pipe or description
 * @leases: leases, by the address of the description; see lock.c
 * @complete: all of the description is in @out
 * @released: when the processes were released, 0 before
 */
struct checkpoint {
	struct operation *op;
	const struct kinds *kinds;
	u64 flags;
	unsigned long stall;
	struct stream_out out;
	struct sections sections;
	struct object_table objects;
	struct park_set *park;
	struct list_head processes;
	struct xarray by_tgid;
	struct list_head mms;
	struct list_head tables;
	u8 *bounce;
	char *path;
	struct list_head paths;
	struct identity_table *identity;
	struct object *opener;
	struct object *openers[CKPT_IMAGE_OPENERS_MAX];
	u32 nr_openers;
	bool refused;
	bool described;
	bool has_epoll;
	bool has_inotify;
	bool has_unix;
	bool has_locks;
	struct xarray aliases;
	struct list_head outside;
	struct xarray outside_by_key;
	struct xarray leased;
	struct xarray leases;
	bool complete;
	ktime_t released;
};

#endif /* _CKPT_CONTEXT_CHECKPOINT_H */
