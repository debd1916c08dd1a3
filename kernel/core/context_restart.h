/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of a restart have in common: data alone, no functions.
 */
#ifndef _CKPT_CONTEXT_RESTART_H
#define _CKPT_CONTEXT_RESTART_H

#include <linux/path.h>
#include <linux/resource.h>
#include <linux/xarray.h>

#include "../image/object.h"
#include "../image/schema.gen.h"
#include "../image/sections.h"
#include "../image/stream.h"
#include "later.h"
#include "operation.h"

struct build;
struct build_task;
struct cred;
struct identity_known;
struct kinds;
struct pipe_build;
struct timer_build;

/**
 * struct mm_final - what the address space gets with the last steps of a restart
 * @def_flags: VM_* that new mappings get
 * @mdwe: PR_MDWE_*
 * @merge_any: prctl(PR_SET_MEMORY_MERGE)
 * @dumpable: as compat_set_dumpable() takes it
 * @pkeys: protection keys; all 0: the default
 * @pb: MM, until mm_complete()
 * @auxv: what @pb points to
 */
struct mm_final {
	unsigned long def_flags;
	u32 mdwe;
	bool merge_any;
	u32 dumpable;
	struct pb_pkeys pkeys;
	struct pb_mm pb;
	u8 auxv[PB_MM_AUXV_MAX];
};

/**
 * struct restart - a restart that runs
 * @ctx: for errors and progress
 * @kinds: the table of kinds
 * @flags: CKPT_RESTART_*
 * @wait_since: when the wait for pids began, in jiffies; 0 not yet
 * @restarter: whose system call it is: its tgid in the init namespace
 * @in: the image
 * @sections: what the restarter found in front of it
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
 * @proc: the process's numbers; valid from PROCESS on
 * @pid: its id
 * @pgid: its process group's
 * @sid: its session's
 * @tids: its threads', the main one's first
 * @nr_tids: how many
 * @comm: its name
 * @seen: which records were read, by type (BIT_ULL)
 * @last: the last type that was not raw
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
 * @later: all that is done with the last steps
 * @proc_ids: files of proc that are opened with the last steps, by id; see proc.c
 * @sealed: inodes of memfds that will be sealed against writing, by address
 * @mm_final: what the address space gets with the last steps
 * @rlim: limits to set with the last steps
 * @rlim_set: which of them, by number
 * @timers: numbers of TIMERS; its arrays are gone
 * @itimer: interval timers by number, set with the last steps
 * @itimer_set: which of them, by number
 * @posix_timer: POSIX timers, made with the last steps; @timers says how many
 * @seccomp_shared: see seccomp_share()
 */
struct restart {
	struct operation *ctx;
	const struct kinds *kinds;
	u64 flags;
	unsigned long wait_since;
	pid_t restarter;
	struct stream_in in;
	struct sections sections;
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
	u32 pid;
	u32 pgid;
	u32 sid;
	u32 *tids;
	u32 nr_tids;
	char comm[TASK_COMM_LEN];
	u64 seen;
	u32 last;
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
	struct xarray sealed;
	struct later_queue later;
	struct xarray proc_ids;
	struct mm_final mm_final;
	struct rlimit rlim[RLIM_NLIMITS];
	u32 rlim_set;
	struct pb_timers timers;
	struct pb_itimer itimer[3];
	u32 itimer_set;
	struct timer_build *posix_timer;
	u32 seccomp_shared;
};

#endif /* _CKPT_CONTEXT_RESTART_H */
