// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that a park interrupted, and how they go on.
 */
#include <linux/hashtable.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <uapi/linux/futex.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/task_work.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>

#include "../arch/arch.h"
#include "../compat/compat.h"
#include "../core/symbols.h"
#include "syscall.h"

/**
 * struct syscall_eintr - a call that answers a wake-up with EINTR (signal(7))
 * @nr: its number
 * @timeout: what kind of timeout it has, counted from the call
 * @arg: which argument that is
 *
 * Calls on sockets with SO_RCVTIMEO or SO_SNDTIMEO are made again with the whole timeout: where
 * it is kept, its rest cannot be said.
 */
struct syscall_eintr {
	int nr;
	enum { SYSCALL_FOREVER, SYSCALL_MS, SYSCALL_TIMESPEC } timeout;
	unsigned int arg;
};

static const struct syscall_eintr syscall_eintr[] = {
#ifdef __NR_epoll_wait
	{ __NR_epoll_wait, SYSCALL_MS, 3 },
#endif
	{ __NR_epoll_pwait, SYSCALL_MS, 3 },
	{ __NR_epoll_pwait2, SYSCALL_TIMESPEC, 3 },
	{ __NR_rt_sigtimedwait, SYSCALL_TIMESPEC, 2 },
	{ __NR_semtimedop, SYSCALL_TIMESPEC, 3 },
	{ __NR_semop, SYSCALL_FOREVER },
	{ __NR_io_getevents, SYSCALL_TIMESPEC, 4 },
	/* Where the rest cannot be written to memory; to that of the call made again, it can. */
	{ __NR_ppoll, SYSCALL_TIMESPEC, 2 },
	{ __NR_pselect6, SYSCALL_TIMESPEC, 4 },
#ifdef __NR_select
	{ __NR_select, SYSCALL_TIMESPEC, 4 },
#endif
	/*
	 * On inotify, sockets and the like; nothing was read or written, or the answer would be how
	 * much.
	 */
	{ __NR_read, SYSCALL_FOREVER },
	{ __NR_readv, SYSCALL_FOREVER },
	{ __NR_preadv2, SYSCALL_FOREVER },
	{ __NR_write, SYSCALL_FOREVER },
	{ __NR_writev, SYSCALL_FOREVER },
	{ __NR_pwritev2, SYSCALL_FOREVER },
	{ __NR_recvfrom, SYSCALL_FOREVER },
	{ __NR_recvmsg, SYSCALL_FOREVER },
	{ __NR_recvmmsg, SYSCALL_FOREVER },
	{ __NR_sendto, SYSCALL_FOREVER },
	{ __NR_sendmsg, SYSCALL_FOREVER },
	{ __NR_sendmmsg, SYSCALL_FOREVER },
	{ __NR_sendfile, SYSCALL_FOREVER },
	{ __NR_splice, SYSCALL_FOREVER },
	{ __NR_connect, SYSCALL_FOREVER },
	{ __NR_accept, SYSCALL_FOREVER },
	{ __NR_accept4, SYSCALL_FOREVER },
	/* On memfds and tmpfs, before 6.2, and on huge pages; what it got it has given back. */
	{ __NR_fallocate, SYSCALL_FOREVER },
};

static const struct syscall_eintr *syscall_find(int nr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(syscall_eintr); i++)
		if (syscall_eintr[i].nr == nr)
			return &syscall_eintr[i];
	return NULL;
}

/*
 * A task that sleeps with a timeout has a struct hrtimer_sleeper on its stack. It is known by
 * its callback, its task, and an expiry in the future; the words are read while the task may
 * use the stack, so nothing of it is believed before all three fit.
 */
u64 __no_sanitize_address syscall_sleeps_until(struct task_struct *task)
{
	unsigned long *stack, *word, *end;
	unsigned long wakeup = sym_addr(hrtimer_wakeup);
	struct hrtimer_sleeper *sleeper;
	u64 now, expires, found = 0;

	/* On its way to sleep: of its stack is known what was there the last time. */
	if (!wakeup || READ_ONCE(task->__state) == TASK_RUNNING || smp_load_acquire(&task->on_cpu))
		return 0;
	stack = try_get_task_stack(task);
	if (!stack)
		return 0;
	now = ktime_get_ns();
	end = stack + THREAD_SIZE / sizeof(*stack) - sizeof(*sleeper) / sizeof(*stack);
	/* Below are remains of calls that have ended. */
	word = (unsigned long *)round_down(arch_kernel_stack(task), sizeof(*word));
	for (word = max(word, stack); word < end; word++) {
		sleeper = (struct hrtimer_sleeper *)word;
		if ((unsigned long)READ_ONCE_NOCHECK(compat_hrtimer_function(&sleeper->timer)) !=
		    wakeup || READ_ONCE_NOCHECK(sleeper->task) != task)
			continue;
		expires = READ_ONCE_NOCHECK(sleeper->timer._softexpires);
		if (expires > now) {
			found = expires;
			break;
		}
	}
	sym(put_task_stack)(task);
	return found;
}

/**
 * struct syscall_later - a call that goes on when the works of its task have run
 * @work: a work itself
 * @node: in @syscall_laters
 * @task: whose it is; not a reference, for its works run before it ends
 * @rest: the call; empty when somebody else goes on with it
 */
struct syscall_later {
	struct callback_head work;
	struct hlist_node node;
	struct task_struct *task;
	struct syscall_rest rest;
};

static DEFINE_HASHTABLE(syscall_laters, 6);
static DEFINE_SPINLOCK(syscall_lock);

static void syscall_note(struct syscall_later *later)
{
	spin_lock(&syscall_lock);
	hash_add(syscall_laters, &later->node, (unsigned long)later->task);
	spin_unlock(&syscall_lock);
}

static void syscall_forget(struct syscall_later *later)
{
	spin_lock(&syscall_lock);
	hash_del(&later->node);
	spin_unlock(&syscall_lock);
}

/* A call that waits to be made again is the caller's from now on. */
static bool syscall_take_over(struct syscall_rest *rest)
{
	struct syscall_later *later;
	bool found = false;

	spin_lock(&syscall_lock);
	hash_for_each_possible(syscall_laters, later, node, (unsigned long)current) {
		if (later->task != current)
			continue;
		hash_del(&later->node);
		*rest = later->rest;
		memset(&later->rest, 0, sizeof(later->rest));
		found = true;
		break;
	}
	spin_unlock(&syscall_lock);
	return found;
}

void syscall_interrupted(struct syscall_rest *rest, u64 wake_ns)
{
	struct pt_regs *regs = task_pt_regs(current);
	const struct syscall_eintr *call;
	unsigned long args[6];
	int nr = syscall_get_nr(current, regs);

	if (syscall_take_over(rest))
		return;
	rest->again = false;
	rest->anew = false;
	rest->block = current->seccomp.mode && nr != -1 &&
		      syscall_get_error(current, regs) == -ERESTART_RESTARTBLOCK;
	if (nr == -1 || arch_call_32() || syscall_get_error(current, regs) != -EINTR)
		return;
	call = syscall_find(nr);
	/* With a signal there, EINTR is the right answer. */
	if (!call || test_thread_flag(TIF_SIGPENDING))
		return;

	syscall_get_arguments(current, regs, args);
	if (wake_ns && ((call->timeout == SYSCALL_MS && (int)args[call->arg] > 0) ||
			(call->timeout == SYSCALL_TIMESPEC && args[call->arg]))) {
		/* Should it be what a call before has left: no longer than this one would take. */
		if (call->timeout == SYSCALL_MS)
			wake_ns = min(wake_ns, ktime_get_ns() +
					       (u64)(int)args[call->arg] * NSEC_PER_MSEC);
		rest->again = true;
		rest->wake_ns = wake_ns;
		return;
	}
	/* No timeout, or it had not begun to count: the same call again, by the kernel. */
	syscall_set_return_value(current, regs, -ERESTARTNOHAND, 0);
}

/*
 * The rest of a timeout where the call looks for it. Memory of the program that a call reads its
 * timeout from is not changed: the rest goes below the stack, as a signal frame would.
 */
static int syscall_set_timeout(const struct syscall_eintr *call, unsigned long *args, u64 left)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct __kernel_timespec ts = {
		.tv_sec = div_u64(left, NSEC_PER_SEC),
		.tv_nsec = left - div_u64(left, NSEC_PER_SEC) * NSEC_PER_SEC,
	};
	unsigned long addr;

	if (call->timeout == SYSCALL_MS) {
		args[call->arg] = min_t(u64, DIV_ROUND_UP_ULL(left, NSEC_PER_MSEC), INT_MAX);
		return 0;
	}
	addr = round_down(user_stack_pointer(regs) - ARCH_RED_ZONE - sizeof(ts), 16);
	if (copy_to_user((void __user *)addr, &ts, sizeof(ts)))
		return -EFAULT;
	args[call->arg] = addr;
	return 0;
}

static long syscall_again(int nr, const unsigned long *a)
{
	switch (nr) {
#ifdef __NR_epoll_wait
	case __NR_epoll_wait:
		return arch_sys(epoll_wait, a[0], a[1], a[2], a[3]);
#endif
	case __NR_epoll_pwait:
		return arch_sys(epoll_pwait, a[0], a[1], a[2], a[3], a[4], a[5]);
	case __NR_epoll_pwait2:
		return arch_sys(epoll_pwait2, a[0], a[1], a[2], a[3], a[4], a[5]);
	case __NR_ppoll:
		return arch_sys(ppoll, a[0], a[1], a[2], a[3], a[4]);
#ifdef __NR_select
	case __NR_select:
		/* Its timeout is of another kind now. */
		return arch_sys(pselect6, a[0], a[1], a[2], a[3], a[4], 0);
#endif
	case __NR_pselect6:
		return arch_sys(pselect6, a[0], a[1], a[2], a[3], a[4], a[5]);
	case __NR_rt_sigtimedwait:
		return arch_sys(rt_sigtimedwait, a[0], a[1], a[2], a[3]);
	case __NR_semtimedop:
		if (!arch_sys_have(semtimedop))
			break;
		return arch_sys(semtimedop, a[0], a[1], a[2], a[3]);
	case __NR_io_getevents:
		if (!arch_sys_have(io_getevents))
			break;
		return arch_sys(io_getevents, a[0], a[1], a[2], a[3], a[4]);
	}
	return -EINTR;
}

/*
 * The flag that made a call end may be up again (it is set while works run), and would end the
 * next one at once. It may also stand for another work, maybe another checkpoint; and the kernel
 * has works of its own, all the time. They are run before the call, which can sleep for long.
 */
static void syscall_run_works(void)
{
	clear_notify_signal();
	if (task_work_pending(current))
		sym(task_work_run)();
}

/*
 * Does what restart_syscall(2) does, without being seen as a call: the program has not made it, and
 * a filter that kills at unknown calls would take it for one.
 */
static void syscall_resume_block(void)
{
	long ret = current->restart_block.fn(&current->restart_block);

	syscall_set_return_value(current, task_pt_regs(current), ret < 0 ? ret : 0, ret);
}

static void syscall_resume_call(u64 wake_ns)
{
	struct pt_regs *regs = task_pt_regs(current);
	int nr = syscall_get_nr(current, regs);
	u64 now = ktime_get_ns();
	unsigned long args[6];
	long ret;

	syscall_get_arguments(current, regs, args);
	if (syscall_set_timeout(syscall_find(nr), args, wake_ns > now ? wake_ns - now : 0)) {
		syscall_set_return_value(current, regs, -ERESTARTNOHAND, 0);
		return;
	}
	/* Some left a temporary mask in place, for a handler that did not come. */
	if (test_and_clear_restore_sigmask())
		sym(set_current_blocked)(&current->saved_sigmask);
	ret = syscall_again(nr, args);
	/* As the call itself would have answered: to make it once more is not the kernel's part. */
	if (ret == -ERESTARTNOHAND)
		ret = -EINTR;
	syscall_set_return_value(current, regs, ret < 0 ? ret : 0, ret);
}

/*
 * task_work_run() takes all works there are, and runs one after the other. One that sleeps keeps
 * those behind it waiting, maybe another checkpoint, and nobody can see them: they go first.
 */
static void syscall_resume_work(struct callback_head *work)
{
	struct syscall_later *later = container_of(work, struct syscall_later, work);
	bool exits = current->flags & PF_EXITING;
	struct syscall_rest rest;

	if (work->next && !task_work_add(current, work, TWA_NONE))
		return;
	/* Within the last task_work_run() of all there must be no other. */
	if (!exits)
		syscall_run_works();
	syscall_forget(later);
	rest = later->rest;
	kfree(later);
	if (!exits && !fatal_signal_pending(current)) {
		if (rest.block)
			syscall_resume_block();
		else if (rest.again)
			syscall_resume_call(rest.wake_ns);
	}
	module_put(THIS_MODULE);
}

void syscall_resume(const struct syscall_rest *rest)
{
	struct syscall_later *later;

	if ((!rest->block && !rest->again) || current->flags & PF_EXITING)
		return;
	if (rest->anew) {
		syscall_set_return_value(current, task_pt_regs(current), -ERESTARTNOHAND, 0);
		return;
	}
	/* As little at the expense of the target as thread_capture() is: it must go on. */
	later = kmalloc(sizeof(*later), GFP_KERNEL | __GFP_NOFAIL);
	later->task = current;
	later->rest = *rest;
	init_task_work(&later->work, syscall_resume_work);
	syscall_note(later);
	__module_get(THIS_MODULE);
	if (!task_work_add(current, &later->work, TWA_NONE))
		return;
	syscall_forget(later);
	kfree(later);
	module_put(THIS_MODULE);
}

static u64 syscall_now(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
		return ktime_get_real_ns();
	case CLOCK_BOOTTIME:
		return ktime_get_boottime_ns();
	case CLOCK_TAI:
		return ktime_get_clocktai_ns();
	}
	return ktime_get_ns();
}

/* Return: the rest of an absolute timeout on a clock; 0 if it has passed. */
static u64 syscall_left(clockid_t clock, u64 expires)
{
	u64 now = syscall_now(clock);

	return expires > now ? expires - now : 0;
}

static u64 syscall_deadline(clockid_t clock, u64 left)
{
	u64 now = syscall_now(clock);

	return now + min_t(u64, left, KTIME_MAX - now);
}

/* An absolute sleep is made again as it was; but CPU time counts anew after a restart. */
static bool syscall_on_cpu_clock(struct pt_regs *regs)
{
	unsigned long args[6];

	if (syscall_get_nr(current, regs) != __NR_clock_nanosleep ||
	    syscall_get_error(current, regs) != -ERESTARTNOHAND)
		return false;
	syscall_get_arguments(current, regs, args);
	return (clockid_t)args[0] < 0 || args[0] == CLOCK_PROCESS_CPUTIME_ID;
}

const char *syscall_save(struct pb_thread *thread, const struct syscall_rest *rest)
{
	const struct restart_block *rb = &current->restart_block;
	struct pt_regs *regs = task_pt_regs(current);
	struct pb_restart *out = &thread->restart;
	static const char clock[] = "a sleep on a CPU-time or alarm clock";
	unsigned long fn = (unsigned long)rb->fn;

	if (rest->again) {
		thread->has_restart = true;
		out->kind = PB_RESTART_CALL;
		out->has_rest_ns = true;
		out->rest_ns = syscall_left(CLOCK_MONOTONIC, rest->wake_ns);
		return NULL;
	}
	if (syscall_on_cpu_clock(regs))
		return clock;
	/*
	 * Asked to rest once more, behind the kernel's preparations for restart_syscall(2) or
	 * before the program's first instruction, which is that call. (Or its register has that
	 * number by chance: then what was left of an earlier call does no harm.)
	 */
	if (arch_regs_restarts(regs, rb)) {
		if (fn == sym_addr(do_no_restart_syscall))
			return NULL;
	} else if (syscall_get_nr(current, regs) == -1 ||
		   syscall_get_error(current, regs) != -ERESTART_RESTARTBLOCK) {
		return NULL;
	}
	if (arch_rests_32(rb))
		return "a sleep in a 32-bit call";

	thread->has_restart = true;
	if (fn == sym_addr(hrtimer_nanosleep_restart)) {
		if (rb->nanosleep.type == TT_COMPAT)
			return clock;
		out->kind = PB_RESTART_NANOSLEEP;
		out->has_clockid = true;
		out->clockid = rb->nanosleep.clockid;
		out->has_rest_ns = true;
		out->rest_ns = syscall_left(rb->nanosleep.clockid, rb->nanosleep.expires);
		out->has_remain_ptr = rb->nanosleep.type == TT_NATIVE;
		out->remain_ptr = out->has_remain_ptr ? (unsigned long)rb->nanosleep.rmtp : 0;
	} else if (fn == sym_addr(futex_wait_restart)) {
		clockid_t clock = rb->futex.flags & COMPAT_FUTEX_CLOCKRT ? CLOCK_REALTIME :
									   CLOCK_MONOTONIC;

		out->kind = PB_RESTART_FUTEX_WAIT;
		out->has_uaddr = true;
		out->uaddr = (unsigned long)rb->futex.uaddr;
		out->has_val = true;
		out->val = rb->futex.val;
		out->has_bitset = true;
		out->bitset = rb->futex.bitset;
		out->has_futex_flags = true;
		out->futex_flags = rb->futex.flags & COMPAT_FUTEX_SHARED ? 0 : FUTEX_PRIVATE_FLAG;
		if (clock == CLOCK_REALTIME)
			out->futex_flags |= FUTEX_CLOCK_REALTIME;
		out->has_has_timeout = true;
		out->has_timeout = !!(rb->futex.flags & COMPAT_FUTEX_TIMEOUT);
		out->has_rest_ns = true;
		out->rest_ns = syscall_left(clock, rb->futex.time);
		out->has_realtime_ns = clock == CLOCK_REALTIME;
		out->realtime_ns = out->has_realtime_ns ? (u64)rb->futex.time : 0;
	} else if (fn == sym_addr(do_restart_poll)) {
		out->kind = PB_RESTART_POLL;
		out->has_uaddr = true;
		out->uaddr = (unsigned long)rb->poll.ufds;
		out->has_nfds = true;
		out->nfds = rb->poll.nfds;
		out->has_has_timeout = true;
		out->has_timeout = !!rb->poll.has_timeout;
		out->has_rest_ns = true;
		out->rest_ns = !rb->poll.has_timeout ? 0 :
			syscall_left(CLOCK_MONOTONIC, compat_poll_end_sec(rb) * NSEC_PER_SEC +
						      compat_poll_end_nsec(rb));
	} else {
		return clock;
	}
	return NULL;
}

static const char *syscall_restore_nanosleep(const struct pb_restart *in, struct restart_block *rb)
{
	if (!in->has_clockid || !in->has_rest_ns)
		return "sleep";
	switch (in->clockid) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		break;
	default:
		return "clock of a sleep";
	}
	rb->nanosleep.clockid = in->clockid;
	rb->nanosleep.type = in->has_remain_ptr ? TT_NATIVE : TT_NONE;
	rb->nanosleep.rmtp = (void __user *)(unsigned long)in->remain_ptr;
	rb->nanosleep.expires = syscall_deadline(in->clockid, in->rest_ns);
	rb->fn = (void *)sym_addr(hrtimer_nanosleep_restart);
	return NULL;
}

static const char *syscall_restore_futex(const struct pb_restart *in, struct restart_block *rb)
{
	if (!in->has_uaddr || !in->has_val || !in->has_bitset || !in->has_futex_flags ||
	    !in->has_has_timeout || !in->has_rest_ns)
		return "futex wait";
	if (in->futex_flags & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME) || !in->bitset)
		return "flags of a futex wait";
	rb->futex.uaddr = (void __user *)(unsigned long)in->uaddr;
	rb->futex.val = in->val;
	rb->futex.bitset = in->bitset;
	rb->futex.flags = COMPAT_FUTEX_BASE;
	if (!(in->futex_flags & FUTEX_PRIVATE_FLAG))
		rb->futex.flags |= COMPAT_FUTEX_SHARED;
	if (in->has_timeout)
		rb->futex.flags |= COMPAT_FUTEX_TIMEOUT;
	if (in->futex_flags & FUTEX_CLOCK_REALTIME) {
		rb->futex.flags |= COMPAT_FUTEX_CLOCKRT;
		rb->futex.time = min_t(u64, in->realtime_ns, KTIME_MAX);
	} else {
		rb->futex.time = syscall_deadline(CLOCK_MONOTONIC, in->rest_ns);
	}
	rb->fn = (void *)sym_addr(futex_wait_restart);
	return NULL;
}

static const char *syscall_restore_poll(const struct pb_restart *in, struct restart_block *rb)
{
	u64 end;

	if (!in->has_uaddr || !in->has_nfds || !in->has_has_timeout || !in->has_rest_ns)
		return "poll";
	if (in->nfds > INT_MAX)
		return "number of polled descriptors";
	end = syscall_deadline(CLOCK_MONOTONIC, in->rest_ns);
	rb->poll.ufds = (void __user *)(unsigned long)in->uaddr;
	rb->poll.nfds = in->nfds;
	rb->poll.has_timeout = in->has_timeout;
	compat_poll_end_sec(rb) = div_u64(end, NSEC_PER_SEC);
	compat_poll_end_nsec(rb) = end - div_u64(end, NSEC_PER_SEC) * NSEC_PER_SEC;
	rb->fn = (void *)sym_addr(do_restart_poll);
	return NULL;
}

const char *syscall_restore(const struct pb_thread *thread, struct syscall_rest *rest)
{
	const struct pb_restart *restart = &thread->restart;
	struct restart_block *rb = &current->restart_block;
	const char *bad = NULL;

	switch (restart->kind) {
	case PB_RESTART_NANOSLEEP:
		bad = syscall_restore_nanosleep(restart, rb);
		break;
	case PB_RESTART_FUTEX_WAIT:
		bad = syscall_restore_futex(restart, rb);
		break;
	case PB_RESTART_POLL:
		bad = syscall_restore_poll(restart, rb);
		break;
	case PB_RESTART_CALL:
		if (!restart->has_rest_ns || !syscall_find(arch_regs_call(thread)))
			return "a call to be made again";
		rest->again = true;
		rest->wake_ns = syscall_deadline(CLOCK_MONOTONIC, restart->rest_ns);
		break;
	}
	/* Those of the restarter, as yet: they are to see whatever the program calls. */
	rest->anew = rest->again && current->seccomp.mode;
	rest->block = !rest->again && !current->seccomp.mode &&
		      (thread->has_seccomp || thread->seccomp_strict);
	if (bad || !rb->fn)
		/* This kernel lacks the function by name: fail as after any signal. */
		rb->fn = (void *)sym_addr(do_no_restart_syscall);
	return bad;
}
