// SPDX-License-Identifier: GPL-2.0
/*
 * seccomp: strict mode, and filters.
 */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched/signal.h>
#include <linux/seccomp.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../arch/arch.h"
#include "../core/build.h"
#include "../core/context.h"
#include "../core/park.h"
#include "../file/scratch.h"
#include "seccomp.h"
#include "../core/symbols.h"
#include "thread.h"

/* Instructions of all filters of a thread, as the kernel limits them (MAX_INSNS_PER_PATH). */
#define SECCOMP_INSNS_MAX	32768

/* How often memory that was faulted in may be gone when it is needed. */
#define SECCOMP_TRIES	10

/* ---- checkpoint ---- */

static void seccomp_refuse(struct checkpoint *cp, struct task_struct *task, int err,
			   enum ckpt_reason reason, const char *advice, const char *what)
{
	struct error_at at = { .reason = reason, .task = task, .advice = advice };

	error_add(&cp->op->errors, err, &at, "%s", what);
	cp->refused = true;
}

/*
 * Could somebody be asked what to do (SECCOMP_RET_USER_NOTIF)? Whether there is somebody, the
 * kernel does not tell; a filter that computes its answer could ask as well.
 */
static bool seccomp_may_ask(const struct sock_filter *insns, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (BPF_CLASS(insns[i].code) != BPF_RET)
			continue;
		if (BPF_RVAL(insns[i].code) != BPF_K ||
		    (insns[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	}
	return false;
}

/*
 * The task is pinned, and page faults are disabled. Return: 0, or an errno, -EFAULT if @user is not
 * in memory; @why is set if it cannot be kept.
 */
static int seccomp_get_one(struct task_struct *task, u32 nr, void __user *user, u8 *insns,
			   u32 *bytes, const char **why)
{
	struct seccomp_metadata meta = { .filter_off = nr };
	struct seccomp_metadata __user *umeta = user;
	long n;

	if (copy_to_user(umeta, &meta, sizeof(meta)))
		return -EFAULT;
	n = sym(seccomp_get_metadata)(task, sizeof(meta), umeta);
	if (n < 0)
		return n;
	if (copy_from_user(&meta, umeta, sizeof(meta)))
		return -EFAULT;
	if (meta.flags & SECCOMP_FILTER_FLAG_LOG)
		*why = "a seccomp filter that logs (SECCOMP_FILTER_FLAG_LOG) is not supported";
	n = sym(seccomp_get_filter)(task, nr, user);
	if (n < 0)
		return n;
	if (!n || n > BPF_MAXINSNS)
		return -EMSGSIZE;
	*bytes = n * sizeof(struct sock_filter);
	if (copy_from_user(insns, user, *bytes))
		return -EFAULT;
	if (seccomp_may_ask((struct sock_filter *)insns, n))
		*why = "a seccomp filter that may ask somebody (USER_NOTIF) is not supported";
	return 0;
}

/*
 * The task is pinned, and must not be kept so for long: what the caller has at @user, where another
 * thread of it may have mapped a file of FUSE meanwhile, is there before.
 */
static int seccomp_get(struct park_task *pt, u32 nr, void __user *user, size_t room, u8 *insns,
		       u32 *bytes, const char **why)
{
	unsigned int tries = SECCOMP_TRIES;
	int ret;

	do {
		if (fault_in_writeable(user, room))
			return -EFAULT;
		/* It must not exit meanwhile: the kernel expects a stopped task. */
		if (!park_pin(pt))
			return -ECHILD;
		pagefault_disable();
		ret = seccomp_get_one(pt->task, nr, user, insns, bytes, why);
		pagefault_enable();
		park_unpin(pt);
	} while (ret == -EFAULT && --tries);
	return ret;
}

/* All filters of a thread under @id. */
static int seccomp_write_chain(struct checkpoint *cp, struct park_task *pt, u32 id)
{
	struct pb_seccomp pb = { .id = id };
	struct pb_seccomp_filter *filter = NULL;
	unsigned long user;
	size_t room = BPF_MAXINSNS * sizeof(struct sock_filter), used = 0;
	const char *why = NULL;
	u8 *insns = NULL;
	u32 n, bytes;
	int ret = 0;

	n = atomic_read(&pt->task->seccomp.filter_count);
	if (!n || n > PB_SECCOMP_FILTER_MAX)
		return -EMSGSIZE;
	/* The kernel hands filters out to user memory only: the caller's. */
	user = scratch_map(room);
	if (IS_ERR_VALUE(user))
		return user;
	filter = kvcalloc(n, sizeof(*filter), GFP_KERNEL_ACCOUNT);
	insns = kvmalloc(SECCOMP_INSNS_MAX * sizeof(struct sock_filter) + room, GFP_KERNEL_ACCOUNT);
	if (!filter || !insns)
		ret = -ENOMEM;
	for (pb.n_filter = 0; pb.n_filter < n && !ret; pb.n_filter++) {
		cond_resched();
		ret = fatal_signal_pending(current) ? -EINTR :
		      seccomp_get(pt, pb.n_filter, (void __user *)user, room, insns + used,
				  &bytes, &why);
		if (ret)
			break;
		filter[pb.n_filter].program.data = insns + used;
		filter[pb.n_filter].program.len = bytes;
		used += bytes;
		if (used > SECCOMP_INSNS_MAX * sizeof(struct sock_filter))
			ret = -EMSGSIZE;
	}
	pb.filter = filter;
	if (!ret && why)
		seccomp_refuse(cp, pt->task, -EOPNOTSUPP, CKPT_REASON_UNSUPPORTED, NULL, why);
	else if (!ret)
		ret = stream_out_msg(&cp->out, CKPT_REC_SECCOMP, &pb_seccomp_msg, &pb);
	kvfree(insns);
	kvfree(filter);
	scratch_unmap(user, room);
	return ret;
}

static int seccomp_write_task(struct checkpoint *cp, struct park_task *pt)
{
	struct pb_thread *pb = &pt->thread->pb;
	struct object *obj;
	int ret;

	if (pt->task->seccomp.mode == SECCOMP_MODE_STRICT) {
		pb->has_seccomp_strict = true;
		pb->seccomp_strict = true;
		return 0;
	}
	/* Threads that have the same newest filter have all the same ones. */
	obj = object_lookup(&cp->objects, OBJECT_SECCOMP, pt->task->seccomp.filter);
	if (!obj) {
		if (!sym_have(seccomp_get_filter) || !sym_have(seccomp_get_metadata)) {
			seccomp_refuse(cp, pt->task, -EOPNOTSUPP, CKPT_REASON_KERNEL, NULL,
				       "seccomp filters are not supported on this kernel");
			return 0;
		}
		obj = object_new(&cp->objects, OBJECT_SECCOMP, pt->task->seccomp.filter, false);
		if (IS_ERR(obj))
			return PTR_ERR(obj);
		ret = seccomp_write_chain(cp, pt, obj->id);
		if (ret == -EACCES) {
			seccomp_refuse(cp, pt->task, -EPERM, CKPT_REASON_DENIED,
				       "run ckpt as root, and outside of any seccomp",
				       "you have no right to read its seccomp filters");
			ret = 0;
		} else if (ret == -EMEDIUMTYPE) {
			seccomp_refuse(cp, pt->task, -EOPNOTSUPP, CKPT_REASON_UNSUPPORTED, NULL,
				       "a seccomp filter that is no classic BPF is not supported");
			ret = 0;
		}
		if (ret)
			return ret;
	}
	pb->has_seccomp = true;
	pb->seccomp = obj->id;
	return 0;
}

int seccomp_write(struct checkpoint_process *proc)
{
	struct checkpoint *cp = proc->cp;
	struct park_task *pt;
	int ret;

	list_for_each_entry(pt, &proc->park->tasks, list) {
		cond_resched();
		if (!pt->thread || !pt->task->seccomp.mode)
			continue;
		ret = fatal_signal_pending(current) ? -EINTR : seccomp_write_task(cp, pt);
		if (ret)
			return ret;
		/* checkpoint_held() refuses it. */
		if (cp->out.held > CKPT_IMAGE_HELD_MAX)
			break;
	}
	return 0;
}

/* ---- restart ---- */

/**
 * struct seccomp_prog - a filter
 * @first: its first instruction in &seccomp_chain.insns
 * @len: how many instructions it has
 */
struct seccomp_prog {
	u32 first;
	u32 len;
};

/**
 * struct seccomp_chain - filters of a thread, the oldest first
 * @n: how many
 * @insns: instructions of all of them
 * @prog: where each one begins
 */
struct seccomp_chain {
	u32 n;
	struct sock_filter *insns;
	struct seccomp_prog prog[];
};

void seccomp_put(void *ptr)
{
	struct seccomp_chain *chain = ptr;

	kvfree(chain->insns);
	kvfree(chain);
}

int seccomp_read(struct restart *rs)
{
	struct seccomp_chain *chain;
	struct pb_seccomp pb;
	u32 i, n, total = 0;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_seccomp_msg, &pb);
	if (ret)
		return ret;
	for (i = 0; i < pb.n_filter; i++) {
		n = pb.filter[i].program.len / sizeof(struct sock_filter);
		if (!n || n > BPF_MAXINSNS || pb.filter[i].program.len % sizeof(struct sock_filter))
			return stream_in_bad(&rs->in, "length of a seccomp filter");
		total += n;
	}
	if (!total || total > SECCOMP_INSNS_MAX)
		return stream_in_bad(&rs->in, "length of all seccomp filters");
	chain = kvzalloc(struct_size(chain, prog, pb.n_filter), GFP_KERNEL_ACCOUNT);
	if (!chain)
		return -ENOMEM;
	chain->insns = kvmalloc_array(total, sizeof(*chain->insns), GFP_KERNEL_ACCOUNT);
	if (!chain->insns) {
		kvfree(chain);
		return -ENOMEM;
	}
	chain->n = pb.n_filter;
	for (i = 0, total = 0; i < pb.n_filter; i++) {
		n = pb.filter[i].program.len / sizeof(struct sock_filter);
		chain->prog[i].first = total;
		chain->prog[i].len = n;
		memcpy(chain->insns + total, pb.filter[i].program.data, pb.filter[i].program.len);
		total += n;
	}
	return object_add(&rs->objects, &rs->in, OBJECT_SECCOMP, pb.id, chain);
}

static bool seccomp_same(const struct seccomp_chain *a, const struct seccomp_chain *b, u32 nr)
{
	const struct seccomp_prog *x = &a->prog[nr], *y = &b->prog[nr];

	return x->len == y->len && !memcmp(a->insns + x->first, b->insns + y->first,
					   x->len * sizeof(*a->insns));
}

void seccomp_share(struct build *build)
{
	const struct seccomp_chain *first, *chain;
	struct restart_process *p;
	struct build_task *bt;
	u32 n;

	list_for_each_entry(bt, &build->tasks, list) {
		cond_resched();
		p = bt->process;
		chain = bt->final.seccomp;
		if (bt->first)
			p->seccomp_shared = chain ? chain->n : 0;
		/* A main thread stands in front of the others. */
		first = p->leader->final.seccomp;
		if (chain == first)
			continue;
		for (n = 0; chain && n < min(p->seccomp_shared, chain->n); n++)
			if (!seccomp_same(first, chain, n))
				break;
		p->seccomp_shared = n;
	}
}

static int seccomp_install(const struct seccomp_chain *chain, u32 nr, u32 flags,
			   unsigned long user)
{
	const struct seccomp_prog *prog = &chain->prog[nr];
	struct sock_fprog fprog = {
		.len = prog->len,
		.filter = (struct sock_filter __user *)(user + sizeof(fprog)),
	};
	long ret;

	if (copy_to_user((void __user *)user, &fprog, sizeof(fprog)) ||
	    copy_to_user(fprog.filter, chain->insns + prog->first,
			 prog->len * sizeof(*chain->insns)))
		return -EFAULT;
	ret = arch_sys(seccomp, SECCOMP_SET_MODE_FILTER, flags, user);
	/* A thread that has other filters: they were to be the same. */
	return ret > 0 ? -EBUSY : ret;
}

int seccomp_finish(const struct thread_final *final, u32 shared, bool leader)
{
	const struct seccomp_chain *chain = final->seccomp;
	size_t room = sizeof(struct sock_fprog) + BPF_MAXINSNS * sizeof(struct sock_filter);
	unsigned long user;
	u32 i;
	int ret = 0;

	if (final->seccomp_strict)
		return arch_sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0);
	if (!chain || (!leader && chain->n == shared))
		return 0;
	user = scratch_map(room);
	if (IS_ERR_VALUE(user))
		return user;
	for (i = leader ? 0 : shared; i < chain->n && !ret; i++) {
		ret = fatal_signal_pending(current) ? -EINTR :
		      seccomp_install(chain, i, i < shared ? SECCOMP_FILTER_FLAG_TSYNC : 0, user);
		cond_resched();
	}
	scratch_unmap(user, room);
	return ret;
}
