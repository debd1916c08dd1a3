/* SPDX-License-Identifier: GPL-2.0 */
/* The differences of the supported kernels in tasks, signals and futexes. */
#ifndef _CKPT_COMPAT_TASK_H
#define _CKPT_COMPAT_TASK_H

#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/version.h>

#include "../core/symbols.h"

/* 24ff932fcdae "rseq: Introduce struct rseq_data", 6.19, gathered what was in task_struct. */
#ifdef CONFIG_RSEQ
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define compat_rseq_ptr(t)	((t)->rseq.usrptr)
#define compat_rseq_len(t)	((t)->rseq.len)
#define compat_rseq_sig(t)	((t)->rseq.sig)
#else
#define compat_rseq_ptr(t)	((t)->rseq)
#define compat_rseq_sig(t)	((t)->rseq_sig)
/* ee3e3ac05c26 "rseq: Introduce extensible rseq ABI", 6.3; before, there was one length. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define compat_rseq_len(t)	((t)->rseq_len)
#else
#define compat_rseq_len(t)	((u32)sizeof(struct rseq))
#endif
#endif
#endif

/*
 * Move a thread group to another process group or session, under tasklist_lock. Since 7903f907a226
 * "pid: perform free_pid() calls outside of tasklist_lock", 6.15, numbers that nobody has any more
 * are gathered, for free_pids() without the lock; before, that was done at once.
 */
#if COMPAT_FREE_PIDS
#define compat_change_pid(pids, task, type, pid)	sym(change_pid)(pids, task, type, pid)
#define compat_free_pids(pids)				sym(free_pids)(pids)
#else
#define compat_change_pid(pids, task, type, pid)	sym(change_pid)(task, type, pid)
#define compat_free_pids(pids)				((void)(pids))
#endif

/* The slice that sched_setattr(2) sets, or 0: "sched/eevdf: Allow shorter slices...", 6.12 */
static inline u64 compat_sched_slice(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return task->se.custom_slice ? task->se.slice : 0;
#else
	return 0;
#endif
}

/*
 * Only architectures with the generic system call entry have PR_SET_SYSCALL_USER_DISPATCH (6.1 to
 * 7.3: linux/syscall_user_dispatch.h); elsewhere the flag has no name.
 */
#ifdef CONFIG_GENERIC_ENTRY
#define compat_syscall_dispatch(t)	test_task_syscall_work(t, SYSCALL_USER_DISPATCH)
#else
#define compat_syscall_dispatch(t)	false
#endif

/* Restrictions of a task, for rings to come, arrived in 7.0 along with filters of operations. */
#if defined(HAVE_IO_URING_FILTER_H) && defined(CONFIG_IO_URING)
#define compat_io_uring_restrict(t)	((t)->io_uring_restrict)
#else
#define compat_io_uring_restrict(t)	NULL
#endif

/* Extensions of time slices came in 7.x, behind an option. */
#ifdef CONFIG_RSEQ_SLICE_EXTENSION
#define compat_rseq_slice(t)	((t)->rseq.slice.state.enabled)
#else
#define compat_rseq_slice(t)	false
#endif

/* The robust list moved from task_struct into struct futex_sched_data during 7.x. */
#ifdef HAVE_FUTEX_TYPES_H
#define compat_robust_list(t)	((t)->futex.robust_list)
#define COMPAT_ROBUST_LIST_32	futex.compat_robust_list
#else
#define compat_robust_list(t)	((t)->robust_list)
#define COMPAT_ROBUST_LIST_32	compat_robust_list
#endif

/* The one that 32-bit calls set. */
#ifdef CONFIG_COMPAT
#define compat_robust_list_32(t)	((t)->COMPAT_ROBUST_LIST_32)
#else
#define compat_robust_list_32(t)	NULL
#endif

/* The restart block of poll() holds a timespec64 since 6.19, two longs before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define compat_poll_end_sec(rb)		((rb)->poll.end_time.tv_sec)
#define compat_poll_end_nsec(rb)	((rb)->poll.end_time.tv_nsec)
#else
#define compat_poll_end_sec(rb)		((rb)->poll.tv_sec)
#define compat_poll_end_nsec(rb)	((rb)->poll.tv_nsec)
#endif

/* Threads that io_uring and vhost make look like the program's own. */
#ifdef PF_USER_WORKER
#define COMPAT_PF_USER_WORKER	PF_USER_WORKER
#else
#define COMPAT_PF_USER_WORKER	PF_IO_WORKER
#endif

/*
 * Reads /proc/PID/attr/MODULE/NAME; without a module, attr/NAME. Since 6.8 the kernel takes a
 * module's number instead of its name.
 */
static inline int compat_getprocattr(struct task_struct *task, const char *module,
				     const char *name, char **value)
{
#ifdef LSM_ID_APPARMOR
	int id = !module ? 0 : !strcmp(module, "apparmor") ? LSM_ID_APPARMOR : LSM_ID_SELINUX;

	return sym(security_getprocattr)(task, id, name, value);
#else
	return sym(security_getprocattr)(task, module, name, value);
#endif
}

/*
 * prctl(PR_SET_DUMPABLE) lives in bits of mm->flags, and since 7.2 in a struct of the tasks
 * (task_exec_state). The functions that set it are not exported; the two bits are plain data.
 */
#ifdef HAVE_EXEC_STATE_H
#include <linux/sched/exec_state.h>

static inline unsigned int compat_get_dumpable(struct task_struct *task)
{
	struct task_exec_state *state;
	unsigned int val;

	rcu_read_lock();
	state = rcu_dereference(task->exec_state);
	val = state ? READ_ONCE(state->dumpable) : 0;
	rcu_read_unlock();
	return val;
}

static inline void compat_set_dumpable(unsigned int val)
{
	struct task_exec_state *state = rcu_dereference_protected(current->exec_state, true);

	WRITE_ONCE(state->dumpable, val);
}
#else
static inline unsigned int compat_get_dumpable(struct task_struct *task)
{
	unsigned int val = 0;

	task_lock(task);
	if (task->mm)
		val = get_dumpable(task->mm);
	task_unlock(task);
	return val;
}

static inline void compat_set_dumpable(unsigned int val)
{
	set_mask_bits(&current->mm->flags, MMF_DUMPABLE_MASK, val);
}
#endif

/* As in kernel/futex/futex.h, which is private; 6.7 made room for futex2's sizes. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define COMPAT_FUTEX_BASE	0x02
#define COMPAT_FUTEX_SHARED	0x10
#define COMPAT_FUTEX_CLOCKRT	0x20
#define COMPAT_FUTEX_TIMEOUT	0x40
#else
#define COMPAT_FUTEX_BASE	0x00
#define COMPAT_FUTEX_SHARED	0x01
#define COMPAT_FUTEX_CLOCKRT	0x02
#define COMPAT_FUTEX_TIMEOUT	0x04
#endif

/* dequeue_signal() lost the task, which is always the current one, in 6.12. */
static inline int compat_dequeue_signal(sigset_t *mask, kernel_siginfo_t *info)
{
	enum pid_type type;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return dequeue_signal(mask, info, &type);
#else
	return dequeue_signal(current, mask, info, &type);
#endif
}

#endif /* _CKPT_COMPAT_TASK_H */
