/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private kernel functions: the only door to them.
 *
 * Each is a static call, patched once while the module loads: a direct call at every site. That
 * is not a matter of speed. On a kernel with IBT an indirect call to a function whose ENDBR was
 * sealed at boot (nothing in the kernel takes its address) ends in a #CP fault; a direct call
 * needs no ENDBR.
 *
 * To use another one: add a row to the table that fits and write sym(name)(args). The prototype
 * is the one in the kernel's own header, so the compiler checks the arguments; functions that no
 * header declares get theirs below.
 */
#ifndef _CKPT_SYMBOLS_H
#define _CKPT_SYMBOLS_H

#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/ioprio.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/pid.h>
#include <linux/pipe_fs_i.h>
#include <linux/posix-timers.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/sched/user.h>
#include <linux/seccomp.h>
#include <linux/security.h>
#include <linux/signal.h>
#include <linux/static_call.h>
#include <linux/uaccess.h>
/* Needs fs.h and uaccess.h before it. */
#include <linux/eventpoll.h>
#include <linux/sockptr.h>
#include <linux/task_work.h>

#include "../arch/native.h"

struct mem_cgroup;
struct mem_cgroup_reclaim_cookie;
struct pt_regs;
struct sock;
struct zap_details;

/* Never defined: stands for the prototype of all system call bodies. */
long ckpt_proto_syscall(const struct pt_regs *regs);
/* kernel/time/posix-timers.h, which is private: the first before 6.12, the second since then. */
int ckpt_proto_posix_timer_event(struct k_itimer *timer, int si_private);
void ckpt_proto_posix_timer_queue_signal(struct k_itimer *timer);
/* asm/tlbflush.h, which does not show it to modules. */
void ckpt_proto_flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
				   unsigned int stride_shift, bool freed_tables);
/* mm/internal.h and mm/vma.h, which are private, in 7.x. */
int ckpt_proto_anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma);
int ckpt_proto_insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma);
/* linux/mm.h, until zap_vma_range() took its place. */
void ckpt_proto_zap_page_range_single(struct vm_area_struct *vma, unsigned long address,
				      unsigned long size, struct zap_details *details);
/* linux/memcontrol.h, which has empty bodies of them where there are no memory cgroups. */
void ckpt_proto_set_shrinker_bit(struct mem_cgroup *memcg, int nid, int shrinker_id);
struct mem_cgroup *ckpt_proto_mem_cgroup_iter(struct mem_cgroup *root, struct mem_cgroup *prev,
					      struct mem_cgroup_reclaim_cookie *reclaim);
/* linux/pid.h, where COMPAT_FREE_PIDS. */
void ckpt_proto_free_pids(struct pid **pids);
/* net/sock.h, which has names that are also the module's. */
int ckpt_proto_sk_getsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
			     sockptr_t optlen);
/* kernel/exit.c; no header has declared it since sys_wait4() lost its users. */
long ckpt_proto_kernel_wait4(pid_t pid, int __user *stat, int options, struct rusage *ru);

/**
 * SYM_REQUIRED - functions the module cannot do without: name, prototype
 *
 * A kernel without one of them is told so by name, and the module does not load.
 */
#define SYM_REQUIRED(X)							\
	X(kernel_clone, kernel_clone)					\
	X(kernel_wait4, ckpt_proto_kernel_wait4)			\
	X(wait_task_inactive, wait_task_inactive)			\
	X(wake_up_state, wake_up_state)					\
	X(ptrace_may_access, ptrace_may_access)				\
	X(walk_page_range, walk_page_range)				\
	X(put_task_stack, put_task_stack)				\
	X(do_madvise, do_madvise)					\
	X(anon_vma_fork, ckpt_proto_anon_vma_fork)			\
	X(copy_page_range, copy_page_range)				\
	X(flush_tlb_mm_range, ckpt_proto_flush_tlb_mm_range)		\
	X(insert_vm_struct, ckpt_proto_insert_vm_struct)		\
	X(vm_area_dup, vm_area_dup)					\
	X(vm_area_free, vm_area_free)					\
	X(memfd_fcntl, memfd_fcntl)					\
	X(set_mm_exe_file, set_mm_exe_file)				\
	X(replace_fd, replace_fd)					\
	X(set_fs_root, set_fs_root)					\
	X(set_fs_pwd, set_fs_pwd)					\
	X(create_pipe_files, create_pipe_files)				\
	X(pipe_fcntl, pipe_fcntl)					\
	X(do_epoll_ctl, do_epoll_ctl)					\
	X(pidfd_pid, pidfd_pid)						\
	X(do_send_sig_info, do_send_sig_info)				\
	X(set_current_blocked, set_current_blocked)			\
	X(alloc_uid, alloc_uid)						\
	X(may_setgroups, may_setgroups)					\
	X(update_rlimit_cpu, update_rlimit_cpu)				\
	X(sched_setaffinity, sched_setaffinity)				\
	X(sched_setattr, sched_setattr)					\
	X(change_pid, change_pid)					\
	X(set_process_cpu_timer, set_process_cpu_timer)			\
	X(task_work_run, task_work_run)					\
	X(task_sched_runtime, task_sched_runtime)			\
	X(thread_group_cputime, thread_group_cputime)			\
	X(thread_group_sample_cputime, thread_group_sample_cputime)	\
	X(set_cred_ucounts, set_cred_ucounts)				\
	X(sk_getsockopt, ckpt_proto_sk_getsockopt)

/**
 * SYM_OPTIONAL - functions that not all kernels have: name, prototype, must
 *
 * "must" says whether a kernel of this version and configuration has the function: if it is not
 * found there, the kernel is another one than the module takes it for, and the module does not
 * load. Where it is 0, the code that needs the function refuses by name what it cannot do, or
 * cannot know. Ask sym_have(name) before a call. CKPT_IOC_INFO names those that are missing.
 */
#define SYM_OPTIONAL(X)							\
	X(seccomp_get_filter, seccomp_get_filter, 0)			\
	X(seccomp_get_metadata, seccomp_get_metadata, 0)		\
	X(security_getprocattr, security_getprocattr, 0)		\
	X(free_pids, ckpt_proto_free_pids, COMPAT_FREE_PIDS)		\
	X(cgroup_enter_frozen, cgroup_enter_frozen, IS_ENABLED(CONFIG_CGROUPS))		\
	X(cgroup_leave_frozen, cgroup_leave_frozen, IS_ENABLED(CONFIG_CGROUPS))		\
	X(set_shrinker_bit, ckpt_proto_set_shrinker_bit, IS_ENABLED(CONFIG_MEMCG))	\
	X(mem_cgroup_iter, ckpt_proto_mem_cgroup_iter, IS_ENABLED(CONFIG_MEMCG))	\
	X(zap_page_range_single, ckpt_proto_zap_page_range_single, COMPAT_ZAP_SINGLE)	\
	X(dentry_open_nonotify, dentry_open, COMPAT_OPEN_NONOTIFY)	\
	X(security_inode_init_security_anon, security_inode_init_security_anon,	\
	  COMPAT_MEMFD_SECURE)						\
	X(posix_timer_event, ckpt_proto_posix_timer_event, COMPAT_TIMER_EVENT)	\
	X(posix_timer_queue_signal, ckpt_proto_posix_timer_queue_signal,	\
	  COMPAT_TIMER_QUEUE_SIGNAL)

/**
 * SYM_SYSCALL - bodies of system calls, for arch_sys(): name as in user space, must
 *
 * "must" is as in SYM_OPTIONAL; where it can be 0, ask arch_sys_have(name) before a call. A body is
 * found by ARCH_SYS_PREFIX and the name. ARCH_SYSCALLS has calls that not every architecture has.
 */
#define SYM_SYSCALL(X)							\
	X(membarrier, 1)						\
	X(mlock2, 1)							\
	X(prctl, 1)							\
	X(pkey_mprotect, 1)						\
	X(rseq, 1)							\
	X(seccomp, 1)							\
	X(timer_create, 1)						\
	X(timer_settime, 1)						\
	X(fcntl, 1)							\
	X(flock, 1)							\
	X(eventfd2, 1)							\
	X(timerfd_create, 1)						\
	X(timerfd_settime, 1)						\
	X(signalfd4, 1)							\
	X(pidfd_open, 1)						\
	X(inotify_init1, 1)						\
	X(inotify_add_watch, 1)						\
	X(epoll_create1, 1)						\
	X(epoll_pwait, 1)						\
	X(epoll_pwait2, 1)						\
	X(ppoll, 1)							\
	X(pselect6, 1)							\
	X(rt_sigtimedwait, 1)						\
	X(setsid, 1)							\
	X(semtimedop, IS_ENABLED(CONFIG_SYSVIPC))			\
	X(set_mempolicy, IS_ENABLED(CONFIG_NUMA))			\
	X(io_getevents, IS_ENABLED(CONFIG_AIO))				\
	ARCH_SYSCALLS(X)

/**
 * SYM_ADDRESS - things whose address is compared or stored, never called by the module: name, must
 *
 * "must" is as in SYM_OPTIONAL. The restart functions are what a task's restart block points to;
 * hrtimer_wakeup marks a sleeper on a task's stack; Landlock's tell where it keeps what;
 * vm_committed_as counts the memory that programs were promised; tasklist_lock is taken; the last
 * two are what 6.1's mm_struct points to.
 */
#define SYM_ADDRESS(X)							\
	X(hrtimer_nanosleep_restart, 1)					\
	X(futex_wait_restart, IS_ENABLED(CONFIG_FUTEX))			\
	X(do_restart_poll, 1)						\
	X(do_no_restart_syscall, 1)					\
	X(hrtimer_wakeup, 1)						\
	X(landlock_blob_sizes, 0)					\
	X(landlock_initialized, 0)					\
	X(vm_committed_as, 1)						\
	X(tasklist_lock, 1)						\
	X(arch_get_unmapped_area, COMPAT_UNMAPPED_AREA)			\
	X(arch_get_unmapped_area_topdown, COMPAT_UNMAPPED_AREA)

#define SYM_DECLARE(name, proto, ...) DECLARE_STATIC_CALL(ckpt_sym_##name, proto);
SYM_REQUIRED(SYM_DECLARE)
SYM_OPTIONAL(SYM_DECLARE)
#undef SYM_DECLARE
#define SYM_DECLARE(name, must) DECLARE_STATIC_CALL(ckpt_sys_##name, ckpt_proto_syscall);
SYM_SYSCALL(SYM_DECLARE)
#undef SYM_DECLARE

enum sym_address {
#define SYM_ENUM(name, must) SYM_ADDR_##name,
	SYM_ADDRESS(SYM_ENUM)
#undef SYM_ENUM
	SYM_ADDR_COUNT
};

enum sym_optional {
#define SYM_ENUM(name, proto, must) SYM_OPT_##name,
	SYM_OPTIONAL(SYM_ENUM)
#undef SYM_ENUM
	SYM_OPT_COUNT
};

enum sym_syscall {
#define SYM_ENUM(name, must) SYM_SYS_##name,
	SYM_SYSCALL(SYM_ENUM)
#undef SYM_ENUM
	SYM_SYS_COUNT
};

/** sym() - call a private function: sym(kernel_clone)(&args) */
#define sym(name)	static_call(ckpt_sym_##name)

/** sym_have() - is this optional function there? */
#define sym_have(name)	(symbols_optional[SYM_OPT_##name])

/** sym_addr() - the address of something in SYM_ADDRESS, 0 if the kernel does not have it */
#define sym_addr(name)	(symbols_address[SYM_ADDR_##name])

extern bool symbols_optional[SYM_OPT_COUNT];
extern bool symbols_syscall[SYM_SYS_COUNT];
extern unsigned long symbols_address[SYM_ADDR_COUNT];

/**
 * symbols_init() - resolve everything and patch all calls; process context
 *
 * Return: 0; -ENOENT if something is missing that this kernel must have (it is named in the log),
 * or what registering a kprobe says.
 */
int symbols_init(void);

/**
 * symbols_missing() - names of what this kernel does not have, separated by spaces
 * @buf: where to; always NUL-terminated
 * @size: of @buf in bytes
 *
 * Return: how many there are, also where they do not fit.
 */
unsigned int symbols_missing(char *buf, size_t size);

/** symbols_count() - how many private functions and addresses the module knows of */
unsigned int symbols_count(void);

#endif /* _CKPT_SYMBOLS_H */
