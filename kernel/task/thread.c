// SPDX-License-Identifier: GPL-2.0
/*
 * A thread: what it describes of itself while it parks, and how a new task becomes it.
 */
#include <linux/mempolicy.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/rseq.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../compat/compat.h"
#include "lsm.h"
#include "sched.h"
#include "../image/stream.h"
#include "../core/symbols.h"
#include "syscall.h"
#include "thread.h"

/* prctl(PR_SET_PDEATHSIG) and sigaltstack(2) take these. */
#define THREAD_SS_FLAGS	((u32)(SS_DISABLE | SS_AUTODISARM))

static u64 thread_blocked(void)
{
	/* Within sigsuspend(2) and its kin the real mask is put aside, to be put back. */
	if (test_restore_sigmask())
		return signal_from_set(&current->saved_sigmask);
	return signal_from_set(&current->blocked);
}

/* Protections against side channels that it chose for itself: it shall not have less. */
static const unsigned int thread_speculation[] = {
	PR_SPEC_STORE_BYPASS, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_L1D_FLUSH,
};

static u32 *thread_speculation_of(struct pb_speculation *pb, unsigned int i)
{
	u32 *fields[] = { &pb->store_bypass, &pb->indirect_branch, &pb->l1d_flush };

	return fields[i];
}

static void thread_save_speculation(struct pb_thread *pb)
{
	unsigned int i;
	long val;

	for (i = 0; i < ARRAY_SIZE(thread_speculation); i++) {
		val = arch_sys(prctl, PR_GET_SPECULATION_CTRL, thread_speculation[i], 0, 0, 0);
		/* Settable, and not as everybody has it. */
		if (val < 0 || !(val & PR_SPEC_PRCTL))
			continue;
		*thread_speculation_of(&pb->speculation, i) = val & ~PR_SPEC_PRCTL;
		pb->has_speculation = true;
	}
}

/* In &thread_state.buf, behind the vector registers. */
static size_t thread_mask_at(void)
{
	return ALIGN(arch_xstate_size(), 64);
}

/* Return: NULL, or what no image may say; so it must not be written either. */
static const char *thread_wrong(const struct pb_thread *pb)
{
	if (pb->altstack_flags & ~THREAD_SS_FLAGS || pb->altstack_sp >= TASK_SIZE_MAX ||
	    pb->altstack_size > TASK_SIZE_MAX)
		return "an alternate stack outside user memory";
	return arch_regs_check(pb);
}

struct thread_state *thread_capture(const struct syscall_rest *rest)
{
	struct thread_state *ts;
	struct pb_thread *pb;
	int ret;

	/*
	 * In the target's context, but not at its expense: a checkpoint must not push it over
	 * its memory limit. Small, and given back soon.
	 */
	ts = kvzalloc(struct_size(ts, buf, thread_mask_at() + sched_mask_size()), GFP_KERNEL);
	if (!ts)
		return ERR_PTR(-ENOMEM);
	ts->cred = get_current_cred();

	pb = &ts->pb;
	pb->blocked = thread_blocked();
	pb->altstack_sp = current->sas_ss_sp;
	pb->altstack_size = current->sas_ss_size;
	/* SS_ONSTACK is taken, too, and means nothing. */
	pb->altstack_flags = current->sas_ss_flags & THREAD_SS_FLAGS;
	pb->robust_list = (unsigned long)compat_robust_list(current);
	pb->clear_child_tid = (unsigned long)current->clear_child_tid;
	pb->personality = current->personality;
	pb->has_mce_kill = current->flags & PF_MCE_PROCESS;
	pb->mce_kill = current->flags & PF_MCE_EARLY ? PR_MCE_KILL_EARLY : PR_MCE_KILL_LATE;
	pb->has_pdeath_signal = !!current->pdeath_signal;
	pb->pdeath_signal = current->pdeath_signal;
#ifdef CONFIG_RSEQ
	if (compat_rseq_ptr(current)) {
		pb->has_rseq = true;
		pb->rseq.ptr = (unsigned long)compat_rseq_ptr(current);
		pb->rseq.len = compat_rseq_len(current);
		pb->rseq.sig = compat_rseq_sig(current);
	}
#endif
	thread_save_speculation(pb);

	ret = arch_regs_save(pb, ts->buf);
	if (ret) {
		thread_free(ts);
		return ERR_PTR(ret);
	}
	ts->refused = syscall_save(pb, rest) ?: thread_wrong(pb) ?: lsm_unsupported_self();
	return ts;
}

void thread_look(struct thread_state *ts, struct task_struct *task)
{
	struct pb_thread *pb = &ts->pb;

	get_task_comm(ts->comm, task);
	pb->comm.data = (u8 *)ts->comm;
	pb->comm.len = strlen(ts->comm);
	pb->has_no_new_privs = task_no_new_privs(task);
	pb->no_new_privs = pb->has_no_new_privs;
	sched_save(task, &pb->sched, ts->buf + thread_mask_at());
}

void thread_free(struct thread_state *ts)
{
	if (!ts)
		return;
	signal_free_queue(&ts->queue);
	put_cred(ts->cred);
	kvfree(ts);
}

/*
 * Every thread created with CLONE_SYSVSEM has a list; what matters is whether anything is on it.
 * The struct is ipc/sem.c's own (the same in all supported kernels). Should it ever differ, no
 * list head that points to itself is found at its place, and the process is refused.
 */
struct thread_undo_list {
	refcount_t refcnt;
	spinlock_t lock;
	struct list_head list_proc;
};

static bool thread_has_undo(struct task_struct *task)
{
	struct thread_undo_list *undo = (void *)task->sysvsem.undo_list;
	struct list_head list;

	if (!undo)
		return false;
	if (copy_from_kernel_nofault(&list, &undo->list_proc, sizeof(list)))
		return true;
	return list.next != &undo->list_proc || list.prev != &undo->list_proc;
}

const char *thread_unsupported_running(struct task_struct *task)
{
	if (task->ptrace)
		return "a traced task";
	if (!list_empty_careful(&task->ptraced))
		return "a task that traces another one (a debugger)";
	if (compat_syscall_dispatch(task))
		return "dispatch of system calls (PR_SET_SYSCALL_USER_DISPATCH)";
	if (task->flags & PF_LOCAL_THROTTLE)
		return "a task that serves I/O (PR_SET_IO_FLUSHER)";
	if (compat_rseq_slice(task))
		return "extension of time slices (PR_RSEQ_SLICE_EXTENSION)";
	if (task->io_uring)
		return "io_uring";
	if (compat_io_uring_restrict(task))
		return "restrictions of io_uring";
	if (compat_robust_list_32(task))
		return "a 32-bit robust list";
	if (task->personality & PER_MASK)
		return "a personality other than Linux";
#ifdef CONFIG_NUMA
	if (task->mempolicy)
		return "a NUMA policy (set_mempolicy)";
#endif
	return sched_unsupported(task);
}

const char *thread_unsupported(struct task_struct *task)
{
	const char *what = thread_unsupported_running(task);

	if (!what && thread_has_undo(task))
		what = "System V semaphore undo (SEM_UNDO)";
	return what ?: arch_unsupported(task);
}

int thread_write(struct stream_out *out, struct thread_state *ts, u32 tid, u32 cred_id)
{
	ts->pb.tid = tid;
	ts->pb.cred = cred_id;
	ts->pb.n_pending = ts->queue.n;
	ts->pb.pending = ts->queue.pb;
	return stream_out_msg(out, CKPT_REC_THREAD, &pb_thread_msg, &ts->pb);
}

int thread_check(struct stream_in *in, const struct pb_thread *pb)
{
	const char *bad = thread_wrong(pb);

	if (bad)
		return stream_in_bad(in, "thread %u: %s", pb->tid, bad);
	if (!pb->tid || pb->tid > PID_MAX_LIMIT)
		return stream_in_bad(in, "thread id %u", pb->tid);
	if (pb->personality & PER_MASK)
		return stream_in_bad(in, "personality of thread %u", pb->tid);
	if (pb->has_mce_kill && pb->mce_kill > PR_MCE_KILL_EARLY)
		return stream_in_bad(in, "policy for memory errors of thread %u", pb->tid);
	if (pb->pdeath_signal && !valid_signal(pb->pdeath_signal))
		return stream_in_bad(in, "parent-death signal of thread %u", pb->tid);
	return 0;
}

int thread_forget(struct operation *ctx)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.advice = "restart it from a program without",
	};
	const char *left;

	/* A clone without CLONE_VM keeps the registration, as fork must. */
	rseq_execve(current);
	signal_drop();
	left = arch_forget() ?: lsm_unsupported_self();
	return left ? error_add(&ctx->errors, -EOPNOTSUPP, &at,
				"the restarted program would inherit from its restarter %s",
				left) : 0;
}

int thread_restore(struct stream_in *in, const struct pb_thread *pb, struct thread_final *final)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	const char *bad;
	sigset_t all;
	int ret;

	/* Until the last step: a pending signal that is ignored now may not be later. */
	sigfillset(&all);
	sym(set_current_blocked)(&all);

	task_lock(current);
	memset(current->comm, 0, sizeof(current->comm));
	memcpy(current->comm, pb->comm.data, min_t(size_t, pb->comm.len, TASK_COMM_LEN - 1));
	task_unlock(current);

	current->personality = pb->personality;
	current->sas_ss_sp = pb->altstack_sp;
	current->sas_ss_size = pb->altstack_size;
	current->sas_ss_flags = pb->altstack_flags;
	current->set_child_tid = NULL;
	/* Those of the restarter came along with the clone; with the others none is in an image. */
	arch_sys(prctl, PR_MCE_KILL, PR_MCE_KILL_SET,
		 pb->has_mce_kill ? pb->mce_kill : PR_MCE_KILL_DEFAULT);
	if (arch_sys_have(set_mempolicy))
		arch_sys(set_mempolicy, MPOL_DEFAULT, 0, 0);
	/* PR_SET_IO_FLUSHER, which to take back needs a right. */
	current->flags &= ~(PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE);

	current->restart_block.fn = (void *)sym_addr(do_no_restart_syscall);
	if (pb->has_restart) {
		bad = syscall_restore(pb, &final->rest);
		if (bad)
			return stream_in_bad(in, "thread %u: %s", pb->tid, bad);
	}
	ret = sched_keep(&final->sched, &pb->sched);
	if (ret)
		return ret;
	ret = arch_regs_self(pb);
	if (ret)
		return error_add(&in->ctx->errors, ret, &at, "its registers were refused");

	ret = signal_queue_all(in, pb->pending, pb->n_pending, PIDTYPE_PID, &final->own);
	if (ret)
		return ret;

	arch_regs_prepare(&final->regs, pb);
	final->robust_list = pb->robust_list;
	final->clear_child_tid = pb->clear_child_tid;
	final->blocked = pb->blocked;
	final->has_rseq = pb->has_rseq;
	final->rseq = pb->rseq;
	final->pdeath_signal = pb->pdeath_signal;
	final->tsc_off = pb->tsc_off;
	final->spec = pb->speculation;
	final->no_new_privs = pb->no_new_privs;
	final->seccomp_strict = pb->seccomp_strict;
	return 0;
}

#ifdef CONFIG_RSEQ
/*
 * A thread that was stopped within a restartable sequence starts again in its abort handler, as
 * after any other pre-emption. The kernel would do this by itself, but clears the pointer to
 * the sequence on registration, and does not look on the way out of a system call.
 */
static const char *thread_rseq_abort(struct thread_final *final)
{
	struct rseq __user *rseq = (void __user *)(unsigned long)final->rseq.ptr;
	struct rseq_cs cs;
	u64 ptr, ip = arch_final_ip(&final->regs);
	u32 sig;

	if (copy_from_user(&ptr, &rseq->rseq_cs, sizeof(ptr)))
		return "restartable sequence: no memory at its address";
	if (!ptr)
		return NULL;
	if (ptr >= TASK_SIZE || copy_from_user(&cs, (void __user *)(unsigned long)ptr, sizeof(cs)))
		return "restartable sequence: no descriptor at its address";
	if (ip - cs.start_ip >= cs.post_commit_offset)
		return NULL;
	if (cs.abort_ip >= TASK_SIZE ||
	    copy_from_user(&sig, (void __user *)(unsigned long)(cs.abort_ip - sizeof(sig)),
			   sizeof(sig)) || sig != final->rseq.sig)
		return "restartable sequence: bad abort handler";
	arch_final_set_ip(&final->regs, cs.abort_ip);
	return NULL;
}

static const char *thread_rseq(struct thread_final *final)
{
	const char *bad = thread_rseq_abort(final);

	if (bad)
		return bad;
	if (arch_sys(rseq, final->rseq.ptr, final->rseq.len, 0, final->rseq.sig))
		return "restartable sequence: the kernel refused to register it";
	return NULL;
}
#else
static const char *thread_rseq(struct thread_final *final)
{
	return "restartable sequence: this kernel has none";
}
#endif

const char *thread_finish(struct thread_final *final)
{
	const char *bad;
	sigset_t set;

	if (final->has_rseq) {
		bad = thread_rseq(final);
		if (bad)
			return bad;
	}
	if (final->cred) {
		commit_creds((struct cred *)final->cred);
		final->cred = NULL;
	}
	/* After the credentials: a change of ids clears it. */
	current->pdeath_signal = final->leaving ? 0 : final->pdeath_signal;
	if (final->no_new_privs)
		task_set_no_new_privs(current);
	signal_to_set(final->blocked, &set);
	sigdelsetmask(&set, sigmask(SIGKILL) | sigmask(SIGSTOP));
	sym(set_current_blocked)(&set);
	return NULL;
}

static int thread_prepare_sched(struct stream_in *in, const struct thread_final *final)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	int ret = sched_restore(&final->sched);

	switch (ret) {
	case 0:
		return 0;
	case -EPERM:
		at.reason = CKPT_REASON_DENIED;
		at.advice = "restart it with CAP_SYS_NICE";
		return error_add(&in->ctx->errors, ret, &at,
				 "its priority cannot be given back");
	case -ENODEV:
		at.reason = CKPT_REASON_CHANGED;
		return error_add(&in->ctx->errors, ret, &at,
				 "none of the processors it is bound to is available");
	case -EBUSY:
		at.reason = CKPT_REASON_CHANGED;
		return error_add(&in->ctx->errors, ret, &at,
				 "the processors have not so much time left for its deadlines");
	}
	return error_add(&in->ctx->errors, ret, &at, "its scheduling parameters were refused");
}

static int thread_prepare_speculation(struct stream_in *in, const struct thread_final *final)
{
	struct error_at at = { .reason = CKPT_REASON_KERNEL, .task = current };
	struct pb_speculation spec = final->spec;
	unsigned int i;
	long now, want;

	for (i = 0; i < ARRAY_SIZE(thread_speculation); i++) {
		want = *thread_speculation_of(&spec, i);
		now = arch_sys(prctl, PR_GET_SPECULATION_CTRL, thread_speculation[i], 0, 0, 0);
		/* A processor that does not need it is as good. */
		if (!want || now == PR_SPEC_NOT_AFFECTED || (now & ~PR_SPEC_PRCTL) == want)
			continue;
		if (want & PR_SPEC_ENABLE && now & PR_SPEC_FORCE_DISABLE)
			continue;
		if (arch_sys(prctl, PR_SET_SPECULATION_CTRL, thread_speculation[i], want, 0, 0))
			return error_add(&in->ctx->errors, -EOPNOTSUPP, &at,
					 "its speculation control %u cannot be given back", i);
	}
	return 0;
}

int thread_prepare(struct stream_in *in, struct thread_final *final)
{
	struct error_at at = { .reason = CKPT_REASON_KERNEL, .task = current };
	int ret;

	/* Signals that have come meanwhile were for the restarter, or its process group. */
	signal_drop();
	signal_put_back(&final->own, PIDTYPE_PID);
	ret = thread_prepare_sched(in, final) ?: thread_prepare_speculation(in, final);
	if (ret)
		return ret;
	/* It may be off in the restarter. */
	if (arch_sys(prctl, PR_SET_TSC, final->tsc_off ? PR_TSC_SIGSEGV : PR_TSC_ENABLE, 0, 0, 0) &&
	    final->tsc_off)
		return error_add(&in->ctx->errors, -EOPNOTSUPP, &at,
				 "its time stamp counter cannot be switched off");
	return 0;
}

void thread_orphaned(pid_t leaving, u32 sig)
{
	unsigned int tries;
	pid_t parent;

	if (!leaving || !sig)
		return;
	/* If it stays after all, it is the parent. */
	for (tries = 0; tries < 2 * HZ; tries++) {
		rcu_read_lock();
		parent = task_tgid_nr(rcu_dereference(current->real_parent));
		rcu_read_unlock();
		if (parent != leaving || fatal_signal_pending(current))
			break;
		schedule_timeout_killable(1);
	}
	current->pdeath_signal = sig;
}

void thread_enter(const struct thread_final *final)
{
	/* Not before: the end of a thread that is half built must not touch shared memory. */
	compat_robust_list(current) = (void __user *)(unsigned long)final->robust_list;
	current->clear_child_tid = (void __user *)(unsigned long)final->clear_child_tid;
	arch_regs_final(&final->regs);
}
