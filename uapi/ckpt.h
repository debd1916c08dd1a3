/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ioctl ABI of /dev/ckpt.
 *
 * An open file of /dev/ckpt is one context. It runs one operation at a time; a second one is
 * refused with EBUSY. Closing the file gives back everything the operation held: a program that
 * is still frozen goes on unharmed, half-built tasks are killed.
 *
 *	CKPT_IOC_INFO		what this module and this kernel can do
 *	CKPT_IOC_CHECKPOINT	write the image of a process to a file descriptor
 *	CKPT_IOC_RELEASE	end the hold that CKPT_CHECKPOINT_HOLD left: run, stop or kill
 *	CKPT_IOC_RESTART	read an image from a file descriptor and start what is in it
 *	CKPT_IOC_PROGRESS	how far the running operation is; callable while it runs, from
 *				another thread on the same open file
 *
 * Every argument is a struct whose size travels in the ioctl number. A module accepts a shorter
 * struct (an older program): what is missing counts as zero. It accepts a longer one (a newer
 * program) if all it does not know is zero, and refuses it with E2BIG otherwise. Fields are
 * only ever appended. Unknown flags and padding that is not zero are refused with EINVAL.
 *
 * An operation that fails returns -1 with errno, and says in words what failed by filling the
 * array of struct ckpt_error that the caller supplied. One that succeeds may fill it, too, with
 * remarks. Memory is little endian; times are in
 * nanoseconds; sizes are in bytes unless the name says pages.
 */
#ifndef _UAPI_CKPT_H
#define _UAPI_CKPT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** CKPT_ABI_VERSION - raised when a struct below grows or an ioctl is added. */
#define CKPT_ABI_VERSION	4

/**
 * enum ckpt_where - how to read ckpt_error.where
 * @CKPT_WHERE_NONE: @where means nothing
 * @CKPT_WHERE_FD: a file descriptor of the process
 * @CKPT_WHERE_ADDRESS: an address in the process
 * @CKPT_WHERE_OFFSET: an offset in the image
 * @CKPT_WHERE_SIGNAL: a signal number
 */
enum ckpt_where {
	CKPT_WHERE_NONE = 0,
	CKPT_WHERE_FD = 1,
	CKPT_WHERE_ADDRESS = 2,
	CKPT_WHERE_OFFSET = 3,
	CKPT_WHERE_SIGNAL = 4,
};

/**
 * enum ckpt_reason - the class of a failure, for programs; people read the texts
 * @CKPT_REASON_OTHER: see errno and the text
 * @CKPT_REASON_UNSUPPORTED: the object's kind cannot be checkpointed (yet)
 * @CKPT_REASON_SHARED: the object is shared with a process that is not in the image
 * @CKPT_REASON_GONE: the process ended, or turned into another program, meanwhile
 * @CKPT_REASON_BUSY: the process did not come to rest in time, or somebody else holds it
 * @CKPT_REASON_DENIED: the caller lacks a right
 * @CKPT_REASON_IMAGE: the image is not valid
 * @CKPT_REASON_CHANGED: what the image needs is missing here or is not what it was
 * @CKPT_REASON_TAKEN: a pid is in use
 * @CKPT_REASON_OUTPUT: the image could not be written
 * @CKPT_REASON_KERNEL: this kernel lacks something that is needed
 */
enum ckpt_reason {
	CKPT_REASON_OTHER = 0,
	CKPT_REASON_UNSUPPORTED = 1,
	CKPT_REASON_SHARED = 2,
	CKPT_REASON_GONE = 3,
	CKPT_REASON_BUSY = 4,
	CKPT_REASON_DENIED = 5,
	CKPT_REASON_IMAGE = 6,
	CKPT_REASON_CHANGED = 7,
	CKPT_REASON_TAKEN = 8,
	CKPT_REASON_OUTPUT = 9,
	CKPT_REASON_KERNEL = 10,
};

/**
 * struct ckpt_error - one thing that went wrong
 * @error: a positive errno
 * @reason: enum ckpt_reason
 * @pid: the task it is about, in the caller's pid namespace; 0 if it is about none
 * @where_type: enum ckpt_where
 * @where: see @where_type
 * @comm: the name of that task, NUL-terminated; empty if @pid is 0
 * @what: the object and what is wrong with it ("io_uring instance is not supported"),
 *	NUL-terminated UTF-8 of one line
 * @advice: what to do about it; may be empty
 */
struct ckpt_error {
	__u32 error;
	__u32 reason;
	__s32 pid;
	__u32 where_type;
	__u64 where;
	char comm[16];
	char what[256];
	char advice[128];
};

/** CKPT_FEATURE_* - bits of ckpt_info.features: what this module can do on this kernel. */
#define CKPT_FEATURE_CHECKPOINT	(1ULL << 0)
#define CKPT_FEATURE_RESTART	(1ULL << 1)
/** CKPT_FEATURE_EPOLL_REST: an interrupted epoll_wait() keeps the rest of its timeout. */
#define CKPT_FEATURE_EPOLL_REST	(1ULL << 2)
/** CKPT_FEATURE_RELOCATE: ckpt_restart.relocate and CKPT_RESTART_CHECK (ABI 2) */
#define CKPT_FEATURE_RELOCATE	(1ULL << 3)
/** CKPT_FEATURE_SECTIONS: the sections of ckpt_checkpoint and ckpt_restart (ABI 3) */
#define CKPT_FEATURE_SECTIONS	(1ULL << 4)
/** CKPT_FEATURE_EXTERNAL: ckpt_restart.externals and CKPT_CHECKPOINT_NO_STDIO (ABI 4) */
#define CKPT_FEATURE_EXTERNAL	(1ULL << 5)

/**
 * struct ckpt_section_name - what the kernel knows of a section in front of an image (ABI 3)
 * @type: enum ckpt_section_type of ckpt_image.h; the kernel does not look at it
 * @pad: zero
 * @length: of the section in bytes
 * @sha256: of these bytes
 */
struct ckpt_section_name {
	__u32 type;
	__u32 pad;
	__u64 length;
	__u8 sha256[32];
};

/**
 * struct ckpt_info - CKPT_IOC_INFO
 * @abi_version: CKPT_ABI_VERSION of the module
 * @image_version: the image format version it writes
 * @image_version_min: the oldest image format version it reads
 * @features: CKPT_FEATURE_*
 * @symbols: how many private kernel functions the module knows of
 * @symbols_missing: how many of them (all optional) this kernel does not have
 * @missing: their names, separated by spaces, NUL-terminated, cut where they do not fit
 * @version: the module's version, NUL-terminated
 */
struct ckpt_info {
	__u32 abi_version;
	__u32 image_version;
	__u32 image_version_min;
	__u32 symbols;
	__u64 features;
	__u32 symbols_missing;
	__u32 pad;
	char version[32];
	char missing[448];
};

/** CKPT_CHECKPOINT_* - flags of CKPT_IOC_CHECKPOINT */
/**
 * CKPT_CHECKPOINT_HOLD - keep the program frozen after the image is written, until
 * CKPT_IOC_RELEASE or the close of the file. For a caller that wants to kill the program once
 * the image is safe on disk.
 */
#define CKPT_CHECKPOINT_HOLD		(1ULL << 0)
/**
 * CKPT_CHECKPOINT_SHARED_OK - go on where an open file description is shared with a process
 * outside the image. The restarted program gets one of its own.
 */
#define CKPT_CHECKPOINT_SHARED_OK	(1ULL << 1)
/** CKPT_CHECKPOINT_DRY_RUN - write nothing; report all that would be refused. */
#define CKPT_CHECKPOINT_DRY_RUN		(1ULL << 2)
/**
 * CKPT_CHECKPOINT_NO_STDIO - refuse standard streams that lead to processes outside the image
 * (ABI 4). Without the flag a pipe or a connected socket behind descriptors 0 to 2 of a process
 * is kept as "standard input, output or error", and a restart puts another one in its place; and a
 * regular file there may be shared with processes outside. Remarks say so.
 */
#define CKPT_CHECKPOINT_NO_STDIO	(1ULL << 3)
#define CKPT_CHECKPOINT_FLAGS		(CKPT_CHECKPOINT_HOLD | CKPT_CHECKPOINT_SHARED_OK | \
					 CKPT_CHECKPOINT_DRY_RUN | CKPT_CHECKPOINT_NO_STDIO)

/**
 * struct ckpt_checkpoint - CKPT_IOC_CHECKPOINT
 * @pid: in: the process (any of its threads), in the caller's pid namespace
 * @out_fd: in: where the image goes: a regular file or a pipe, open for writing; written
 *	from its current position on. -1 with CKPT_CHECKPOINT_DRY_RUN.
 * @flags: in: CKPT_CHECKPOINT_*
 * @errors: in: address of an array of struct ckpt_error
 * @errors_cap: in: its length in elements, at most 1024
 * @errors_len: out: how many were filled; if there were more, the last says how many
 * @timeout_ms: in: how long the program may take to come to rest, and how long it may be frozen
 *	then, until its memory is a snapshot; 0 is the default, 10 s
 * @nr_tasks: out: how many tasks (threads) the image holds
 * @frozen_ns: out: from the first thread's stop to the release of all; with HOLD up to the end
 *	of this call
 * @wall_ns: out: the whole call
 * @pages: out: memory pages written
 * @image_bytes: out: bytes written
 * @park_ns: out: of @frozen_ns, until the last thread had come to rest
 * @snapshot_ns: out: of @frozen_ns, the copy-on-write snapshot of memory
 * @stall_ms: in: where the program stays frozen while the image is written (CKPT_CHECKPOINT_HOLD;
 *	content of shared memory and deleted files): how long the output may take nothing; 0 is
 *	the default, 60 s. Then the program goes on, and this fails. (ABI 3)
 * @nr_sections: in: length of the array @sections, at most CKPT_SECTIONS_MAX (ckpt_image.h; ABI 3)
 * @sections: in: address of an array of struct ckpt_section_name: the sections that the caller has
 *	written in front of the image, in their order (ABI 3)
 *
 * Errors: EBUSY the context is in use; ESRCH no such process; EPERM no right to trace it;
 * EOPNOTSUPP something in it is not supported; ETIMEDOUT it does not come to rest, or went on by
 * itself after @timeout_ms or @stall_ms; EINTR killed;
 * ECHILD it ended meanwhile; EINVAL, EFAULT, E2BIG a bad argument; and what write(2) says.
 */
struct ckpt_checkpoint {
	__s32 pid;
	__s32 out_fd;
	__u64 flags;
	__aligned_u64 errors;
	__u32 errors_cap;
	__u32 errors_len;
	__u32 timeout_ms;
	__u32 nr_tasks;
	__u64 frozen_ns;
	__u64 wall_ns;
	__u64 pages;
	__u64 image_bytes;
	__u64 park_ns;
	__u64 snapshot_ns;
	__u32 stall_ms;
	__u32 nr_sections;
	__aligned_u64 sections;
};

/**
 * enum ckpt_release_how - how a held program goes on
 * @CKPT_RELEASE_RUN: as if nothing had happened
 * @CKPT_RELEASE_STOP: as if by SIGSTOP
 * @CKPT_RELEASE_KILL: not at all, as if by SIGKILL
 */
enum ckpt_release_how {
	CKPT_RELEASE_RUN = 0,
	CKPT_RELEASE_STOP = 1,
	CKPT_RELEASE_KILL = 2,
};

/**
 * struct ckpt_release - CKPT_IOC_RELEASE
 * @how: in: enum ckpt_release_how
 * @pad: zero
 * @frozen_ns: out: how long the program was frozen in all
 *
 * Errors: ENOENT nothing is held; ETIMEDOUT it went on by itself; EINVAL, EFAULT, E2BIG a bad
 * argument.
 */
struct ckpt_release {
	__u32 how;
	__u32 pad;
	__u64 frozen_ns;
};

/** CKPT_RESTART_* - flags of CKPT_IOC_RESTART */
/**
 * CKPT_RESTART_DETACH - the program gets a session or process group of its own if it had one
 * at the checkpoint, and a session in any case if its ids are not the caller's; without the flag it
 * stays in the caller's, as a job of its shell.
 */
#define CKPT_RESTART_DETACH		(1ULL << 0)
/**
 * CKPT_RESTART_FILES_CHANGED - take files whose size or time is not that of the checkpoint.
 * For files that the program had open for writing then, the time of the last change of any kind
 * (st_ctime) counts, too.
 */
#define CKPT_RESTART_FILES_CHANGED	(1ULL << 1)
/** CKPT_RESTART_FILES_TRUNCATE - cut files open for writing to their size at the checkpoint. */
#define CKPT_RESTART_FILES_TRUNCATE	(1ULL << 2)
/**
 * CKPT_RESTART_CHECK - do all of it but the last step, then end it again: nothing is started, no
 * file is cut. Success means that it would start. Files of any kind that are missing or not what
 * they were, a missing terminal, and pids that are taken are all reported, not only the first; what
 * else is wrong (an unsuitable kernel or processor, a missing right) ends it.
 */
#define CKPT_RESTART_CHECK		(1ULL << 3)
/**
 * CKPT_RESTART_FILES_OTHER - take files that are not the very ones of the checkpoint, such as
 * copies, with the caller's rights; else they must be within reach of what they were opened with
 * then, without symbolic links, and that must be no more than the program has. A remark names each.
 */
#define CKPT_RESTART_FILES_OTHER	(1ULL << 4)
/**
 * CKPT_RESTART_WAIT - build the program and verify the image, and wait for CKPT_IOC_GO (ABI 3)
 *
 * Until then others see nothing of what it does to files, its timers do not run, and nobody but the
 * superuser can trace it. To close the descriptor ends it. Not together with CKPT_RESTART_CHECK.
 */
#define CKPT_RESTART_WAIT		(1ULL << 5)
#define CKPT_RESTART_FLAGS		(CKPT_RESTART_DETACH | CKPT_RESTART_FILES_CHANGED | \
					 CKPT_RESTART_FILES_TRUNCATE | CKPT_RESTART_CHECK | \
					 CKPT_RESTART_FILES_OTHER | CKPT_RESTART_WAIT)

/** CKPT_RELOCATE_MAX - the most bytes that ckpt_restart.relocate may have */
#define CKPT_RELOCATE_MAX		65536

/**
 * enum ckpt_external_kind - how to read ckpt_external.id (ABI 4)
 * @CKPT_EXTERNAL_STREAM: a standard stream: 0, 1 or 2
 */
enum ckpt_external_kind {
	CKPT_EXTERNAL_STREAM = 0,
};

/**
 * struct ckpt_external - something outside of the image that a program is connected to (ABI 4)
 * @kind: enum ckpt_external_kind
 * @fd: of the caller: what takes its place. A regular file, a device, a pipe, or a socket
 * @id: see @kind
 */
struct ckpt_external {
	__u32 kind;
	__s32 fd;
	__u64 id;
};

/** CKPT_EXTERNALS_MAX - the most elements that ckpt_restart.externals may have */
#define CKPT_EXTERNALS_MAX		3

/**
 * struct ckpt_restart - CKPT_IOC_RESTART
 * @in_fd: in: where the image comes from: a regular file or a pipe, read from its current
 *	position on
 * @tty_fd: in: the terminal that replaces the one the program was started from, or -1
 * @flags: in: CKPT_RESTART_*
 * @errors: in: address of an array of struct ckpt_error
 * @errors_cap: in: its length in elements, at most 1024
 * @errors_len: out: how many were filled; if there were more, the last says how many
 * @pid: out: the process, a child of the caller, in the caller's pid namespace
 * @nr_tasks: out: how many tasks (threads) were started
 * @wall_ns: out: the whole call
 * @pages: out: memory pages read
 * @image_bytes: out: bytes read
 * @relocate: in: address of pairs of strings, each NUL-terminated, one behind the other: the old
 *	beginning of a path and the new one. Both begin with a slash; an old one matches whole
 *	components, and the first that matches a path of the image is taken. (ABI 2)
 * @relocate_len: in: bytes there, terminators included, at most CKPT_RELOCATE_MAX
 * @nr_sections: in: length of the array @sections, in elements (ABI 3)
 * @sections: in: address of an array of struct ckpt_section_name: the sections that the caller has
 *	found in front of the image; they must be those that it names (ABI 3)
 * @externals: in: address of an array of struct ckpt_external, each kind and id once: what takes
 *	the place of standard streams that led outside of the image. A descriptor is looked at
 *	only if there is such a stream: then one in place of an input must be open for reading, of
 *	an output for writing, and it must be neither /dev/ckpt nor the image. An input that none
 *	is given for ends behind what the program had not read of its pipe yet; an output without
 *	one is refused. (ABI 4)
 * @nr_externals: in: length of the array, at most CKPT_EXTERNALS_MAX (ABI 4)
 * @streams: out: which standard streams the caller's took the place of: bit n is stream n (ABI 4)
 *
 * When this returns 0 the program runs (but see CKPT_RESTART_CHECK and CKPT_RESTART_WAIT). When it
 * fails nothing is left of it. A struct that cannot be written fails at once; should it become so
 * while the program is built, or @errors, the program runs all the same, and what was to be written
 * is lost.
 *
 * Errors: EBUSY the context is in use; EBADMSG the image is not valid; EEXIST a pid is taken;
 * ESTALE a file is missing or not what it was; EPERM a right is missing; EOPNOTSUPP this module
 * or kernel cannot do it; ECHILD somebody killed it; EINTR killed; EINVAL, EFAULT, E2BIG a bad
 * argument; ENOMEM; and what read(2) says.
 */
struct ckpt_restart {
	__s32 in_fd;
	__s32 tty_fd;
	__u64 flags;
	__aligned_u64 errors;
	__u32 errors_cap;
	__u32 errors_len;
	__s32 pid;
	__u32 nr_tasks;
	__u64 wall_ns;
	__u64 pages;
	__u64 image_bytes;
	__aligned_u64 relocate;
	__u32 relocate_len;
	__u32 nr_sections;
	__aligned_u64 sections;
	__aligned_u64 externals;
	__u32 nr_externals;
	__u32 streams;
};

/**
 * enum ckpt_phase - what an operation is doing
 * @CKPT_PHASE_IDLE: no operation runs
 * @CKPT_PHASE_PARK: waiting for the program to come to rest
 * @CKPT_PHASE_DESCRIBE: looking at it
 * @CKPT_PHASE_SNAPSHOT: taking the snapshot of its memory
 * @CKPT_PHASE_PAGES: writing or reading memory
 * @CKPT_PHASE_HELD: the image is written, the program is held; or a restart waits (ABI 3)
 * @CKPT_PHASE_BUILD: building tasks from the image
 * @CKPT_PHASE_FINISH: the image is verified, the tasks take their last steps
 * @CKPT_PHASE_STARTED: the restarted program runs, or does so at once: its end is no longer that
 *	of the operation (ABI 2)
 * @CKPT_PHASE_WAIT: a pid is taken by a process that ends: waiting for that (ABI 2)
 */
enum ckpt_phase {
	CKPT_PHASE_IDLE = 0,
	CKPT_PHASE_PARK = 1,
	CKPT_PHASE_DESCRIBE = 2,
	CKPT_PHASE_SNAPSHOT = 3,
	CKPT_PHASE_PAGES = 4,
	CKPT_PHASE_HELD = 5,
	CKPT_PHASE_BUILD = 6,
	CKPT_PHASE_FINISH = 7,
	CKPT_PHASE_STARTED = 8,
	CKPT_PHASE_WAIT = 9,
};

/**
 * struct ckpt_progress - CKPT_IOC_PROGRESS
 * @phase: out: enum ckpt_phase
 * @nr_tasks: out: tasks parked or built so far
 * @pages: out: pages written or read so far
 * @pages_total: out: an upper estimate of all pages; 0 while it is not known
 * @bytes: out: image bytes written or read so far
 */
struct ckpt_progress {
	__u32 phase;
	__u32 nr_tasks;
	__u64 pages;
	__u64 pages_total;
	__u64 bytes;
};

/**
 * struct ckpt_go - CKPT_IOC_GO: the program of a restart that waits starts (ABI 3)
 * @errors: in: address of a buffer for records of errors, as in struct ckpt_restart
 * @errors_cap: in: its size in bytes
 * @errors_len: out: bytes used of it
 * @flags: in: zero, none are defined
 *
 * Only for the process that has begun the restart, while it runs the same program. When this fails
 * the program is gone, as if the descriptor had been closed, but for these errors: ENOENT nothing
 * waits; EPERM another process began it, or executed another program since; EINVAL, EFAULT, E2BIG a
 * bad argument.
 */
struct ckpt_go {
	__aligned_u64 errors;
	__u32 errors_cap;
	__u32 errors_len;
	__u64 flags;
};

#define CKPT_IOC_MAGIC		0xcb
#define CKPT_IOC_INFO		_IOR(CKPT_IOC_MAGIC, 0, struct ckpt_info)
#define CKPT_IOC_CHECKPOINT	_IOWR(CKPT_IOC_MAGIC, 1, struct ckpt_checkpoint)
#define CKPT_IOC_RELEASE	_IOWR(CKPT_IOC_MAGIC, 2, struct ckpt_release)
#define CKPT_IOC_RESTART	_IOWR(CKPT_IOC_MAGIC, 3, struct ckpt_restart)
#define CKPT_IOC_PROGRESS	_IOR(CKPT_IOC_MAGIC, 4, struct ckpt_progress)
#define CKPT_IOC_GO		_IOWR(CKPT_IOC_MAGIC, 5, struct ckpt_go)

#endif /* _UAPI_CKPT_H */
