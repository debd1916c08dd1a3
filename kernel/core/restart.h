/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_RESTART_H
#define _CKPT_RESTART_H

#include <linux/path.h>
#include <linux/resource.h>
#include <linux/xarray.h>

#include "build.h"
#include "dev.h"
#include "../mm/mm.h"
#include "../image/object.h"
#include "../image/schema.gen.h"
#include "../image/stream.h"

struct cred;
struct identity_known;
struct timer_build;

/**
 * struct restart - a restart that runs
 * @ctx: for errors and progress
 * @flags: CKPT_RESTART_*
 * @wait_since: when the wait for pids began, in jiffies; 0 not yet
 * @restarter: whose system call it is: its tgid in the init namespace
 * @in: the image
 * @objects: what its objects became
 * @relocate: ckpt_restart.relocate, checked; NULL if there is none
 * @relocate_len: its length in bytes
 * @vdso_done: the code of the vDSO was there, or was passed over and is unmapped
 * @wrong: CKPT_RESTART_CHECK: an errno of what was found and passed over, or 0
 * @tty: the terminal that replaces the image's, or NULL; a reference is held
 * @root: the process's root directory, if not the restarter's; references are held
 * @umask: its umask, set with the last steps
 * @build: the tasks that are being built; it owns this struct
 * @thread: the last THREAD record; its strings are gone
 * @last_thread: the task of it, if it is not the leader; its vector registers are not set yet
 * @image: numbers of the IMAGE record; its strings are gone
 * @proc: the process's numbers
 * @comm: its name
 * @seen: which records were read, by type (BIT_ULL)
 * @program: the credentials of the main thread; the first CRED, whose object holds it
 * @identity: the file systems that paths of the image are on
 * @nr_openers: of the CRED records read so far, those that no thread has
 * @nr_creds: CRED records read so far
 * @nr_filters: SECCOMP records read so far
 * @held: bytes of both
 * @nr_objects: records of other objects read so far
 * @nr_vmas: VMAs read so far
 * @last_end: end of the last VMA; they ascend
 * @last_fd: the last descriptor; they ascend
 * @nr_threads: THREAD records read so far
 * @pipe: the last PIPE
 * @termios: of the terminal, to be set when nothing can fail any more
 * @has_termios: there is one
 * @timerfds: timerfds to be armed with the last steps; see timerfd.c
 * @fowns: owners that files get with the last steps; see sigio.c
 * @truncate: files to be cut to their old size with the last steps; see path.c
 * @procs: files of proc that are opened with the last steps
 * @proc_ids: the same by id; see proc.c
 * @leases: file leases, set with the last steps
 * @contents: files whose content is in the image; see file_content.c
 * @sealed: inodes of memfds that will be sealed against writing, by address
 * @locks: memory to be locked with the last steps; see vma.c
 * @mm_final: what the address space gets with the last steps
 * @rlim: limits to set with the last steps
 * @rlim_set: which of them, by number
 * @timers: numbers of TIMERS; its arrays are gone
 * @itimer: interval timers by number, set with the last steps
 * @itimer_set: which of them, by number
 * @posix_timer: POSIX timers, made with the last steps; @timers says how many
 * @seccomp_shared: see seccomp_share()
 * @dumpable: of the address space, set with the last steps: credentials change it
 */
struct restart {
	struct dev_ctx *ctx;
	u64 flags;
	unsigned long wait_since;
	pid_t restarter;
	struct stream_in in;
	struct object_table objects;
	char *relocate;
	size_t relocate_len;
	int wrong;
	struct file *tty;
	struct path root;
	u32 umask;
	struct build *build;
	struct pb_thread thread;
	struct build_task *last_thread;
	struct pb_image image;
	struct pb_process proc;
	char comm[TASK_COMM_LEN];
	u64 seen;
	const struct cred *program;
	struct identity_known *identity;
	u32 nr_openers;
	u32 nr_creds;
	u32 nr_filters;
	u64 held;
	u32 nr_objects;
	u32 nr_vmas;
	u64 last_end;
	bool vdso_done;
	s64 last_fd;
	u32 nr_threads;
	struct pipe_build *pipe;
	struct pb_termios termios;
	u8 termios_cc[PB_TERMIOS_CC_MAX];
	bool has_termios;
	struct list_head timerfds;
	struct list_head fowns;
	struct list_head truncate;
	struct list_head contents;
	struct xarray sealed;
	struct list_head procs;
	struct xarray proc_ids;
	struct list_head leases;
	struct list_head locks;
	struct mm_final mm_final;
	struct rlimit rlim[RLIM_NLIMITS];
	u32 rlim_set;
	struct pb_timers timers;
	struct pb_itimer itimer[3];
	u32 itimer_set;
	struct timer_build *posix_timer;
	u32 seccomp_shared;
	u32 dumpable;
};

/**
 * restart_add() - remember what the object @id of the image became
 * @ptr: the kernel object; the caller's reference is taken over, and dropped if this fails
 *
 * Return: 0, -ENOMEM, or -EBADMSG with words if the id is too high or used twice.
 */
int restart_add(struct restart *rs, enum object_kind kind, u32 id, void *ptr);

/** restart_run() - CKPT_IOC_RESTART; the results are filled into @arg */
int restart_run(struct dev_ctx *ctx, struct ckpt_restart *arg);

#endif /* _CKPT_RESTART_H */
