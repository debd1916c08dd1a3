/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The data that the parts of a restart have in common, a struct for each lifetime: the operation, a
 * process, an address space, a descriptor table, directories. No functions.
 */
#ifndef _CKPT_CONTEXT_RESTART_H
#define _CKPT_CONTEXT_RESTART_H

#include <linux/list.h>
#include <linux/path.h>
#include <linux/resource.h>
#include <linux/signal_types.h>
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
struct restart;
struct restart_process;
struct timer_build;
struct tty_struct;
struct unix_socket_build;

/**
 * struct restart_part - what processes can share: an MM, FILES, FS or SIGHAND of the image
 * @process: the first process of TREE that has it: what belongs to it is done in its context
 * @read: its record was read
 * @seen: records that belong to it, by type (BIT_ULL)
 *
 * The kernel object of these kinds in the table of objects; TREE puts it there.
 */
struct restart_part {
	struct restart_process *process;
	bool read;
	u64 seen;
};

/**
 * struct restart_shared - an area that has pages of another address space, see share.c
 * @area_end: where the area ends; 0: there is none
 * @start: the first page that it got
 * @end: behind the last one
 * @next: up to there, it is known which of them it has
 */
struct restart_shared {
	unsigned long area_end;
	unsigned long start;
	unsigned long end;
	unsigned long next;
};

/**
 * struct restart_mm - an address space
 * @part: who has it
 * @vdso_done: the code of the vDSO was there, or was passed over and is unmapped
 * @nr_vmas: VMAs read so far
 * @last_end: end of the last VMA; they ascend
 * @def_flags: VM_* that new mappings get with the last steps
 * @mdwe: PR_MDWE_*, the same
 * @merge_any: prctl(PR_SET_MEMORY_MERGE), the same
 * @dumpable: as compat_set_dumpable() takes it, the same
 * @pkeys: protection keys; all 0: the default
 * @pb: MM, until mm_complete()
 * @auxv: what @pb points to
 * @source: of which fork may have made it, or NULL
 * @shared: the area that has pages of @source
 * @sharing: there was one
 */
struct restart_mm {
	struct restart_part part;
	bool vdso_done;
	u32 nr_vmas;
	u64 last_end;
	unsigned long def_flags;
	u32 mdwe;
	bool merge_any;
	u32 dumpable;
	struct pb_pkeys pkeys;
	struct pb_mm pb;
	u8 auxv[PB_MM_AUXV_MAX];
	struct restart_mm *source;
	struct restart_shared shared;
	bool sharing;
};

/**
 * struct restart_files - a table of descriptors
 * @part: who has it
 * @last_fd: the last descriptor; they ascend
 * @fds: a descriptor of each FILE that another table before has as well, by id
 */
struct restart_files {
	struct restart_part part;
	s64 last_fd;
	struct xarray fds;
};

/**
 * struct restart_fs - directories and umask
 * @part: who has them
 * @root: the root directory, if not the restarter's; references are held
 * @umask: set with the last steps
 */
struct restart_fs {
	struct restart_part part;
	struct path root;
	u32 umask;
};

/**
 * struct restart_process - a process of TREE
 * @list: on &restart.processes, in the order of TREE
 * @rs: the restart
 * @pid: its id
 * @pgid: its process group's
 * @sid: its session's
 * @ppid: its parent's
 * @parent: the same, or NULL: who restarts becomes its parent
 * @ended: it is a zombie: @mm and all that follows is not there
 * @status: of one that has ended, as wait(2) gives it
 * @born: its main thread was created: the task
 * @begun: that has said that it is ready to be asked
 * @tids: its threads', the main one's first
 * @nr_tids: how many
 * @nr_threads: THREAD records of it read so far
 * @seen: records that name it, by type (BIT_ULL)
 * @comm: its name
 * @leader: the task of its main thread; NULL until that runs
 * @left_tty: the controlling terminal of a session that it left, for a moment; a reference is held
 * @chld: what it does at the end of a child, set with the last steps: until then it ignores that
 * @mm: its address space
 * @files: its descriptors
 * @fs: its directories
 * @sighand: its signal actions
 * @pb: PROCESS; valid from that record on
 * @rlim: limits to set with the last steps
 * @rlim_set: which of them, by number
 * @timers: TIMERS; its arrays are gone
 * @itimer: interval timers by number, set with the last steps
 * @itimer_set: which of them, by number
 * @posix_timer: POSIX timers, made with the last steps; @timers says how many
 * @seccomp_shared: see seccomp_share()
 * @later: all that is done with the last steps
 */
struct restart_process {
	struct list_head list;
	struct restart *rs;
	u32 pid;
	u32 pgid;
	u32 sid;
	u32 ppid;
	struct restart_process *parent;
	bool ended;
	u32 status;
	struct build_task *born;
	bool begun;
	u32 *tids;
	u32 nr_tids;
	u32 nr_threads;
	u64 seen;
	char comm[TASK_COMM_LEN];
	struct build_task *leader;
	struct tty_struct *left_tty;
	struct k_sigaction chld;
	struct restart_mm *mm;
	struct restart_files *files;
	struct restart_fs *fs;
	struct restart_part *sighand;
	struct pb_process pb;
	struct rlimit rlim[RLIM_NLIMITS];
	u32 rlim_set;
	struct pb_timers timers;
	struct pb_itimer itimer[3];
	u32 itimer_set;
	struct timer_build *posix_timer;
	u32 seccomp_shared;
	struct later_queue later;
};

/**
 * struct restart - a restart that runs
 * @ctx: for errors and progress
 * @kinds: the table of kinds
 * @flags: CKPT_RESTART_*
 * @wait_since: when the wait for pids began, in jiffies; 0 not yet
 * @restarter: whose system call it is: its tgid in the init namespace
 * @began: the same process; a reference is held
 * @began_exec: which of its programs it ran then: &task_struct.self_exec_id
 * @in: the image
 * @sections: what the restarter found in front of it
 * @objects: what its objects became
 * @relocate: ckpt_restart.relocate, checked; NULL if there is none
 * @relocate_len: its length in bytes
 * @wrong: CKPT_RESTART_CHECK: an errno of what was found and passed over, or 0
 * @tty: the terminal that replaces the image's, or NULL; a reference is held
 * @stream: what takes the place of standard streams that led outside; references are held
 * @streams: for which of them it did, as bits
 * @told: remarks about these were made
 * @ended: an input at its end, in the place of one that there is none for, or NULL
 * @build: the tasks that are being built; it owns this struct
 * @processes: struct restart_process, in the order of TREE
 * @nr_processes: how many
 * @nr_tids: threads of all of them
 * @foreign: the first process gets a session of its own, for other ids than the restarter's
 * @child: the process that is to be created
 * @by_tid: whose a thread is: struct restart_process by tid
 * @here: the process in whose context records are read now
 * @turn: whose turn it is: the next record, or the rest of this one, is for it
 * @again: the record was begun in another process
 * @stage: the deferred work that is done now: enum later_stage
 * @last_stage: up to which it is done in one go, with one process
 * @thread: the last THREAD record; its strings are gone
 * @last_thread: the task of it, if it is not the leader; its vector registers are not set yet
 * @image: numbers of the IMAGE record; its strings are gone
 * @seen: which records were read, by type (BIT_ULL)
 * @last: the last type that was not raw
 * @program: the credentials of the main thread; the first CRED, whose object holds it
 * @identity: the file systems that paths of the image are on
 * @nr_openers: of the CRED records read so far, those that no thread has
 * @nr_creds: CRED records read so far
 * @nr_filters: SECCOMP records read so far
 * @held: bytes of both
 * @nr_objects: records of other objects read so far
 * @pipe: the last PIPE
 * @unix_socket: the last UNIX_SOCKET
 * @unix_pids: it was said that a pid of SO_PEERCRED or SCM_CREDENTIALS is not given back
 * @termios: of the terminal, to be set when nothing can fail any more
 * @termios_cc: what it points to
 * @has_termios: there is one
 * @proc_ids: files of proc that are opened with the last steps, by id; see proc.c
 * @with_fd: deferred work of FILEs until they have a descriptor, by id; see fd_later()
 * @sealed: inodes of memfds that will be sealed against writing, by address
 */
struct restart {
	struct operation *ctx;
	const struct kinds *kinds;
	u64 flags;
	unsigned long wait_since;
	pid_t restarter;
	struct pid *began;
	u32 began_exec;
	struct stream_in in;
	struct sections sections;
	struct object_table objects;
	char *relocate;
	size_t relocate_len;
	int wrong;
	struct file *tty;
	struct file *stream[3];
	u32 streams;
	u32 told;
	struct file *ended;
	struct build *build;
	struct list_head processes;
	u32 nr_processes;
	u32 nr_tids;
	bool foreign;
	struct restart_process *child;
	struct xarray by_tid;
	struct restart_process *here;
	struct restart_process *turn;
	bool again;
	enum later_stage stage;
	enum later_stage last_stage;
	struct pb_thread thread;
	struct build_task *last_thread;
	struct pb_image image;
	u64 seen;
	u32 last;
	const struct cred *program;
	struct identity_known *identity;
	u32 nr_openers;
	u32 nr_creds;
	u32 nr_filters;
	u64 held;
	u32 nr_objects;
	struct pipe_build *pipe;
	struct unix_socket_build *unix_socket;
	bool unix_pids;
	struct pb_termios termios;
	u8 termios_cc[PB_TERMIOS_CC_MAX];
	bool has_termios;
	struct xarray proc_ids;
	struct xarray with_fd;
	struct xarray sealed;
};

/* The process whose records they are, the first one: that of the restarter's child. */
#define restart_first(rs) list_first_entry(&(rs)->processes, struct restart_process, list)

#endif /* _CKPT_CONTEXT_RESTART_H */
