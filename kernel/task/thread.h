/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_THREAD_H
#define _CKPT_THREAD_H

#include <linux/cred.h>
#include <linux/sched.h>

#include "../arch/arch.h"
#include "sched.h"
#include "../image/schema.gen.h"
#include "signal.h"
#include "syscall.h"

struct operation;
struct seccomp_chain;
struct stream_in;
struct stream_out;

/**
 * struct thread_state - a thread, described by itself while it parked
 * @pb: the description; points into this struct
 * @cred: its credentials; a reference is held
 * @refused: what it is doing that cannot be kept, or NULL
 * @queue: its own pending signals
 * @comm: its name
 * @buf: vector registers, then the affinity mask
 */
struct thread_state {
	struct pb_thread pb;
	const struct cred *cred;
	const char *refused;
	struct signal_queue queue;
	char comm[TASK_COMM_LEN];
	u8 buf[];
};

/**
 * struct thread_final - what a restarted thread does last
 * @regs: registers to enter user mode with
 * @cred: credentials to take; a reference is held until it did
 * @robust_list: address of the list's head
 * @clear_child_tid: address to clear at its end
 * @blocked: signal mask
 * @rseq: registration, if @has_rseq
 * @has_rseq: there is one
 * @rest: a system call to be made again
 * @sched: how it is to be scheduled
 * @own: its pending signals; taken with the first of the last steps
 * @shared: those of the process, of the leader; taken before timers are set
 * @pdeath_signal: parent-death signal or 0
 * @leaving: the process (tgid in the init namespace) that is the parent and about to leave, whose
 *	end is not the one that @pdeath_signal is about; 0 if the parent stays
 * @tsc_off: the time stamp counter may not be read (PR_SET_TSC)
 * @spec: speculation control; see there
 * @no_new_privs: set it
 * @seccomp: filters to install, or NULL; the restart's objects own them
 * @seccomp_strict: enter strict mode
 */
struct thread_final {
	struct arch_final regs;
	const struct cred *cred;
	u64 robust_list;
	u64 clear_child_tid;
	u64 blocked;
	struct pb_rseq rseq;
	bool has_rseq;
	struct syscall_rest rest;
	struct sched_later sched;
	struct sigpending own;
	struct sigpending shared;
	u32 pdeath_signal;
	pid_t leaving;
	bool tsc_off;
	struct pb_speculation spec;
	bool no_new_privs;
	const struct seccomp_chain *seccomp;
	bool seccomp_strict;
};

/**
 * thread_capture() - describe the current thread, at its return to user mode
 * @rest: a system call it will make again when it goes on
 *
 * Return: the description, or an ERR_PTR: -ENOMEM, or what reading the registers says.
 */
struct thread_state *thread_capture(const struct syscall_rest *rest);

/**
 * thread_look() - describe what other threads may change of a thread that is parked
 * @ts: completed
 * @task: the thread; all threads of the process are parked
 */
void thread_look(struct thread_state *ts, struct task_struct *task);

/** thread_free() - give a description back; NULL is fine */
void thread_free(struct thread_state *ts);

/** thread_unsupported_running() - the part of it that can be said of a thread that runs */
const char *thread_unsupported_running(struct task_struct *task);

/** thread_unsupported() - NULL, or what about a parked thread cannot be kept */
const char *thread_unsupported(struct task_struct *task);

/** thread_write() - write THREAD, with its credentials by their id */
int thread_write(struct stream_out *out, struct thread_state *ts, u32 tid, u32 cred_id);

/** thread_check() - the parts of THREAD that need no task; records errors */
int thread_check(struct stream_in *in, const struct pb_thread *pb);

/**
 * thread_restore() - turn the current task into that thread, but for its last steps
 * @in: for errors
 * @pb: checked by thread_check()
 * @final: filled with the last steps; @final->cred is the caller's to fill
 */
int thread_restore(struct stream_in *in, const struct pb_thread *pb, struct thread_final *final);

/**
 * thread_forget() - the new leader drops what it inherited from the restarter's thread
 *
 * Documentation/security.md has the list of all that a task inherits, and where it is dropped.
 *
 * Return: 0, or -EOPNOTSUPP, recorded, if the restarter has something that cannot be dropped.
 */
int thread_forget(struct operation *ctx);

/**
 * thread_finish() - the last steps that may fail; memory is complete
 *
 * Return: NULL, or what failed.
 */
const char *thread_finish(struct thread_final *final);

/**
 * thread_prepare() - the first of the last steps, with all the rights of the restarter
 * @in: for errors
 * @final: see there
 *
 * Return: 0, or an errno with the error recorded.
 */
int thread_prepare(struct stream_in *in, struct thread_final *final);

/** thread_enter() - install the registers; at the return to user mode */
void thread_enter(const struct thread_final *final);

/**
 * thread_orphaned() - if the restarter is about to leave: wait for it, then arm the signal
 * @leaving: &thread_final.leaving
 * @sig: &thread_final.pdeath_signal
 */
void thread_orphaned(pid_t leaving, u32 sig);

#endif /* _CKPT_THREAD_H */
