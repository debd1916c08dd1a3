// SPDX-License-Identifier: GPL-2.0
/*
 * The phases of a restart:
 *
 *	header		is this an image, and can this machine go on with it?
 *	build		the processes are created; each reads what is its own of the stream in its
 *			own context, and becomes what it says, creating its threads on the way
 *	verify		counts and digest of the trailer; files get their attributes
 *	wait		with CKPT_RESTART_WAIT, until CKPT_IOC_GO
 *	finish		last steps in each task's own context: timers run, credentials are taken
 *	go		all tasks enter user mode at once; CKPT_RESTART_CHECK stops before
 *
 * A failure before "go" kills all of them.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uuid.h>
#include <uapi/linux/wait.h>

#include "../arch/arch.h"
#include "../compat/compat.h"
#include "build.h"
#include "context.h"
#include "kinds.h"
#include "order.h"
#include "owner.h"
#include "../file/file_content.h"
#include "../file/epoll.h"
#include "../file/external.h"
#include "../file/fd.h"
#include "../file/file.h"
#include "../file/sigio.h"
#include "../file/fs.h"
#include "../task/group.h"
#include "../file/identity.h"
#include "../file/inotify.h"
#include "../file/lock.h"
#include "../net/unix_socket.h"
#include "../mm/mm.h"
#include "../mm/pages.h"
#include "../file/path.h"
#include "../file/pipe.h"
#include "../file/proc.h"
#include "../task/process.h"
#include "restart.h"
#include "../file/rights.h"
#include "../task/sched.h"
#include "../task/seccomp.h"
#include "../mm/shmem.h"
#include "../task/sighand.h"
#include "../task/signal.h"
#include "symbols.h"
#include "../task/thread.h"
#include "../task/timer.h"
#include "tree.h"
#include "../file/tty.h"
#include "../file/unlinked.h"
#include "../mm/vma.h"

/* Called with the last reference to the build: no task of it is in the kernel any more. */
static void restart_free(void *arg)
{
	struct restart_process *p, *next;
	struct restart *rs = arg;

	list_for_each_entry_safe(p, next, &rs->processes, list) {
		process_free(p);
		cond_resched();
	}
	xa_destroy(&rs->by_tid);
	object_destroy(&rs->objects);
	stream_in_close(&rs->in);
	if (rs->tty)
		fput(rs->tty);
	external_put(rs);
	kfree(rs->relocate);
	xa_destroy(&rs->sealed);
	xa_destroy(&rs->proc_ids);
	fd_later_free(rs);
	identity_free(rs);
	put_pid(rs->began);
	operation_put(rs->ctx);
	kvfree(rs);
}

/* ---- in the process that is being built ---- */

/* In the thread's own context. */
static int restart_thread_self(struct build_task *bt)
{
	struct restart *rs = bt->build->owner;

	return thread_restore(&rs->in, &rs->thread, &bt->final);
}

static int restart_xstate(struct restart *rs, struct build_task *bt)
{
	struct error_at at = { .reason = CKPT_REASON_KERNEL, .task = bt->task };
	int ret;

	ret = build_inactive(bt);
	if (ret)
		return ret;
	ret = arch_regs_other(bt->task, bt->xstate, bt->xstate_len);
	kvfree(bt->xstate);
	bt->xstate = NULL;
	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "its vector registers were refused by this processor") : 0;
}

/*
 * Vector registers are set when the task is off its processor. A thread that has just answered is
 * not off it yet, and that may take a tick: set those of the thread before.
 */
static int restart_xstate_later(struct restart *rs, struct build_task *bt)
{
	const struct codec_bytes *xstate = arch_xstate(&rs->thread);
	struct build_task *before = rs->last_thread;

	bt->xstate = kvmalloc(xstate->len, GFP_KERNEL_ACCOUNT);
	if (!bt->xstate)
		return -ENOMEM;
	memcpy(bt->xstate, xstate->data, xstate->len);
	bt->xstate_len = xstate->len;
	if (bt == bt->process->leader)
		return 0;
	rs->last_thread = bt;
	return before ? restart_xstate(rs, before) : 0;
}

/* The filters that a thread of the image has, in @chain. */
static int restart_filters(struct restart *rs, const struct pb_thread *pb,
			   const struct seccomp_chain **chain)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = current,
		.advice = "restart it with CAP_SYS_ADMIN",
	};

	*chain = NULL;
	if (!pb->has_seccomp)
		return 0;
	*chain = object_find(&rs->objects, OBJECT_SECCOMP, pb->seccomp);
	if (!*chain || pb->seccomp_strict)
		return stream_in_bad(&rs->in, "seccomp of thread %u", pb->tid);
	/* As for whoever installs them: it could mislead a setuid program. */
	if (!pb->no_new_privs && !ns_capable(current_user_ns(), CAP_SYS_ADMIN))
		return error_add(&rs->ctx->errors, -EPERM, &at,
				 "its seccomp filters cannot be given back without no_new_privs");
	return 0;
}

static int restart_thread(struct restart *rs)
{
	struct pb_thread *pb = &rs->thread;
	const struct seccomp_chain *filters;
	struct restart_process *p;
	const struct cred *cred;
	struct build_task *bt;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_thread_msg, pb);
	if (ret)
		return ret;
	p = owner_thread(rs, pb->tid);
	if (IS_ERR(p))
		return PTR_ERR(p);
	ret = thread_check(&rs->in, pb);
	if (!ret && !sched_valid(&pb->sched))
		ret = stream_in_bad(&rs->in, "scheduling of thread %u", pb->tid);
	if (ret)
		return ret;
	cred = object_find(&rs->objects, OBJECT_CRED, pb->cred);
	/* Those of the main thread were compared with what files were opened with. */
	if (!cred || (p == restart_first(rs) && !p->nr_threads && cred != rs->program) ||
	    p->nr_threads == p->nr_tids || pb->tid != p->tids[p->nr_threads])
		return stream_in_bad(&rs->in, "thread %u", pb->tid);
	ret = restart_filters(rs, pb, &filters);
	if (ret)
		return ret;
	if (!p->nr_threads++) {
		/* That is the task which is reading this. */
		bt = p->leader;
		ret = restart_thread_self(bt);
	} else {
		bt = tree_task(p, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				   CLONE_THREAD | CLONE_SYSVSEM, pb->tid, restart_thread_self);
		ret = IS_ERR(bt) ? PTR_ERR(bt) : build_wait(bt);
	}
	if (!ret)
		ret = restart_xstate_later(rs, bt);
	if (ret)
		return ret;
	bt->final.cred = get_cred(cred);
	bt->final.seccomp = filters;
	if (rs->flags & CKPT_RESTART_DETACH && !p->parent)
		bt->final.leaving = rs->restarter;
	atomic_inc(&rs->ctx->progress.nr_tasks);
	return 0;
}

/*
 * The function that reads each record, by its name in CKPT_REC_TABLE: a type without a line here
 * does not compile. IMAGE and TREE are read before the process is there, TRAILER by restart_one().
 * PIPE_DATA and UNIX_DATA are the only raw ones with a reader of their own; the others are read
 * with the record in front of them.
 */
#define RESTART_IMAGE		NULL
#define RESTART_TREE		NULL
#define RESTART_FILESYSTEMS	identity_read
#define RESTART_CRED		rights_read
#define RESTART_SECCOMP		seccomp_read
#define RESTART_FS		fs_read
#define RESTART_TTY		tty_read
#define RESTART_PIPE		pipe_read
#define RESTART_PIPE_DATA	pipe_read_data
#define RESTART_SHMEM		shmem_read
#define RESTART_UNLINKED	unlinked_read
#define RESTART_FILE		file_read
#define RESTART_FILES		file_read_table
#define RESTART_SIGHAND		sighand_read
#define RESTART_MM		mm_read
#define RESTART_FDS		file_read_fds
#define RESTART_UNIX_SOCKET	unix_socket_read
#define RESTART_UNIX_DATA	unix_socket_read_data
#define RESTART_EPOLL		epoll_read
#define RESTART_LOCKS		lock_read
#define RESTART_PKEYS		mm_read_pkeys
#define RESTART_VMAS		vma_read
#define RESTART_INOTIFY		inotify_read
#define RESTART_PROCESS		process_read
#define RESTART_LIMITS		process_read_limits
#define RESTART_SIGNALS		sighand_read_shared
#define RESTART_THREAD		restart_thread
#define RESTART_TIMERS		timer_read
#define RESTART_GUARDS		pages_read_guards
#define RESTART_PAGE_RUNS	pages_read
#define RESTART_PAGES		NULL
#define RESTART_SHMEM_RUN	file_content_read
#define RESTART_SHMEM_DATA	NULL
#define RESTART_TRAILER		NULL

static int (*const restart_read[CKPT_REC_TYPES])(struct restart *rs) = {
#define RESTART_READ(name, number, msg, stage, count, text) \
	[number] = RESTART_##name,
	CKPT_REC_TABLE(RESTART_READ)
#undef RESTART_READ
};

/* Read the header of the next record: is it one that may stand here? */
static int restart_next(struct restart *rs)
{
	u32 type;
	int ret;

	ret = stream_in_next(&rs->in);
	if (ret)
		return ret;
	type = rs->in.rec.type;
	ret = order_check(rs, type);
	if (ret)
		return ret;
	if (order_too_many(rs))
		return stream_in_bad(&rs->in, "too many records %s", stream_kinds[type].name);
	if (type != CKPT_REC_TRAILER && !restart_read[type])
		return stream_in_bad(&rs->in, "%s is out of place", stream_kinds[type].name);
	if (type == CKPT_REC_PAGE_RUNS)
		operation_phase(rs->ctx, CKPT_PHASE_PAGES);
	return 0;
}

/* Records of no process are for the first one: files are opened in one context. */
static bool restart_not_mine(struct restart *rs, struct restart_process *p)
{
	struct restart_process *first = restart_first(rs);

	if (p == first || rs->again)
		return false;
	switch (stream_kinds[rs->in.rec.type].count) {
	case CKPT_COUNT_MAYBE:
	case CKPT_COUNT_CREDS:
	case CKPT_COUNT_FILTERS:
	case CKPT_COUNT_OBJECT:
		break;
	default:
		return false;
	}
	rs->turn = first;
	rs->again = true;
	return true;
}

/*
 * In the process: read records until one is for another process, whose turn it is then, or the
 * stream ends.
 */
static int restart_read_on(struct build_task *bt)
{
	struct restart_process *p = bt->process;
	struct restart *rs = p->rs;
	int ret;

	rs->here = p;
	for (;;) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = rs->again ? 0 : restart_next(rs);
		if (ret)
			return ret;
		if (restart_not_mine(rs, p))
			return 0;
		rs->again = false;
		if (rs->in.rec.type == CKPT_REC_TRAILER) {
			rs->turn = NULL;
			return stream_in_end(&rs->in);
		}
		ret = restart_read[rs->in.rec.type](rs);
		if (ret == OWNER_ELSEWHERE) {
			rs->again = true;
			return 0;
		}
		if (ret)
			return ret;
		cond_resched();
	}
}

/*
 * Before the other last steps, for these may take the right away. Without CAP_SYS_ADMIN all that
 * have filters have no_new_privs, too, which goes along with the shared ones.
 */
static int restart_prepare_task(struct build_task *bt)
{
	struct restart *rs = bt->process->rs;
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	int ret;

	if (bt->process->ended)
		return 0;
	if (bt->final.seccomp && !ns_capable(current_user_ns(), CAP_SYS_ADMIN))
		task_set_no_new_privs(current);
	ret = thread_prepare(&rs->in, &bt->final);
	if (ret)
		return ret;
	ret = seccomp_finish(&bt->final, bt->process->seccomp_shared,
			     bt == bt->process->leader);
	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "its seccomp filters were refused (%d)", -ret) : 0;
}

static int restart_later(struct restart_process *p, enum later_stage first, enum later_stage last)
{
	return later_run(&p->later, p, first, last);
}

/* The last steps of a task, in its own context. */
static int restart_finish_task(struct build_task *bt)
{
	struct restart *rs = bt->process->rs;
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	const char *what;

	what = bt->process->ended ? NULL : thread_finish(&bt->final);
	if (what)
		return error_add(&rs->ctx->errors, -EFAULT, &at, "%s", what);
	return bt->first ? restart_later(bt->process, LATER_OWNER, LATER_OWNER) : 0;
}

/* A stage of the last steps, in the process. */
static int restart_stage(struct build_task *bt)
{
	struct restart *rs = bt->process->rs;

	return restart_later(bt->process, rs->stage, rs->stage);
}

/* With one process there is nobody to wait for between the stages. */
static int restart_stages_alone(struct build_task *bt)
{
	struct restart *rs = bt->process->rs;

	return restart_later(bt->process, rs->stage, rs->last_stage);
}

static int restart_put_signals(struct build_task *bt)
{
	signal_put_back(&bt->final.shared, PIDTYPE_TGID);
	return 0;
}

/* ---- in the restarter ---- */

/* Check the first record, but for its x86 part. */
static int restart_image(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED };
	const struct pb_image *pb = &rs->image;
	const char *why;
	u32 nr;

	if (pb->uuid.len != UUID_SIZE ||
	    (pb->has_parent_uuid && pb->parent_uuid.len != UUID_SIZE) ||
	    (pb->has_parent_sha256 && pb->parent_sha256.len != SHA256_DIGEST_SIZE) ||
	    pb->has_parent_uuid != pb->has_parent_sha256 || !pb->nr_processes ||
	    pb->nr_tasks < pb->nr_processes)
		return stream_in_bad(&rs->in, "IMAGE");
	why = sections_match(&rs->sections, pb, &nr);
	if (why)
		return stream_in_bad(&rs->in, "section %u in front of it %s", nr, why);
	if (pb->has_parent_uuid)
		return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
				 "an image that builds on another one (%pUb) is not supported by this version",
				 pb->parent_uuid.data);
	return 0;
}

static int restart_header(struct restart *rs)
{
	int ret;

	ret = stream_in_next(&rs->in);
	if (!ret && rs->in.rec.type != CKPT_REC_IMAGE)
		ret = stream_in_bad(&rs->in, "it does not begin with IMAGE");
	if (!ret)
		ret = order_check(rs, CKPT_REC_IMAGE) ?:
		      stream_in_msg(&rs->in, &pb_image_msg, &rs->image) ?:
		      arch_image_check(rs->ctx, &rs->image) ?:
		      restart_image(rs);
	/* Then all of TREE: what comes behind it belongs to one of the processes. */
	while (!ret && rs->nr_processes < rs->image.nr_processes) {
		ret = fatal_signal_pending(current) ? -EINTR : stream_in_next(&rs->in);
		if (!ret && rs->in.rec.type != CKPT_REC_TREE)
			ret = stream_in_bad(&rs->in, "there is no TREE behind IMAGE");
		if (!ret)
			ret = order_check(rs, CKPT_REC_TREE) ?: process_read_tree(rs);
	}
	if (!ret && rs->nr_tids != rs->image.nr_tasks)
		ret = stream_in_bad(&rs->in, "%u threads in TREE, %u were promised", rs->nr_tids,
				    rs->image.nr_tasks);
	return ret ?: tree_check(rs) ?: group_check_tree(rs);
}

/* The processes read the stream, each what is its own, and become what it says. */
static int restart_build(struct restart *rs)
{
	struct restart_process *p;
	int ret = 0;

	rs->turn = restart_first(rs);
	while (!ret && rs->turn)
		ret = build_call(rs->turn->leader, restart_read_on);
	if (ret)
		return ret;
	list_for_each_entry(p, &rs->processes, list) {
		ret = order_complete(rs, p);
		if (ret)
			return ret;
	}
	return pipe_complete(rs) && unix_socket_complete(rs) && xa_empty(&rs->with_fd) ? 0 :
	       stream_in_bad(&rs->in, "something is missing");
}

/* Is there a process with something to be done in that stage? */
static bool restart_any(struct restart *rs, enum later_stage stage)
{
	struct restart_process *p;

	list_for_each_entry(p, &rs->processes, list)
		if (later_any(&p->later, stage))
			return true;
	return false;
}

/* All processes are done with a stage before one begins with the next. */
static int restart_stages(struct restart *rs, enum later_stage first, enum later_stage last)
{
	int ret;

	rs->stage = first;
	rs->last_stage = last;
	if (rs->nr_processes == 1)
		return build_call_first(rs->build, restart_stages_alone);
	for (; rs->stage <= last; rs->stage++) {
		ret = restart_any(rs, rs->stage) ? build_call_first(rs->build, restart_stage) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

/* Run a stage in the restarter itself, for all processes in the same way. */
static int restart_later_all(struct restart *rs, enum later_stage stage)
{
	struct restart_process *p;
	int ret = 0;

	list_for_each_entry(p, &rs->processes, list) {
		ret = restart_later(p, stage, stage);
		if (ret)
			break;
	}
	return ret;
}

/* The image is verified: all that can be done before it is known that the program starts. */
static int restart_verified(struct restart *rs)
{
	operation_phase(rs->ctx, CKPT_PHASE_FINISH);
	return restart_stages(rs, LATER_CONTENT, LATER_FS);
}

/* Timers begin to run, and tasks become those of the program. */
static int restart_finish(struct restart *rs)
{
	struct restart_process *p;
	int ret;

	list_for_each_entry(p, &rs->processes, list) {
		ret = p->ended ? 0 : restart_xstate(rs, p->leader);
		if (ret)
			return ret;
		cond_resched();
	}
	ret = rs->last_thread ? restart_xstate(rs, rs->last_thread) : 0;
	if (ret)
		return ret;
	seccomp_share(rs->build);
	group_begin(rs);
	/* The stages are not done under limits that are the program's, nor with its credentials. */
	ret = build_call_all(rs->build, restart_prepare_task) ?:
	      build_call_first(rs->build, restart_put_signals) ?:
	      restart_stages(rs, LATER_TIMERS, LATER_PROCESS) ?:
	      group_join(rs) ?:
	      build_call_all(rs->build, restart_finish_task);
	return ret ?: restart_stages(rs, LATER_LAST, LATER_LAST) ?: tree_end_some(rs);
}

static struct restart *restart_new(struct operation *ctx, const struct ckpt_restart *arg)
{
	struct restart *rs = kvzalloc(sizeof(*rs), GFP_KERNEL_ACCOUNT);

	if (!rs)
		return NULL;
	rs->build = build_new(rs, restart_free);
	if (!rs->build) {
		kvfree(rs);
		return NULL;
	}
	rs->ctx = operation_get(ctx);
	rs->flags = arg->flags;
	rs->restarter = task_tgid_nr(current);
	rs->began = get_pid(task_tgid(current));
	rs->began_exec = current->self_exec_id;
	rs->kinds = &kinds_all;
	object_init(&rs->objects, kinds_all.objects);
	INIT_LIST_HEAD(&rs->processes);
	xa_init_flags(&rs->by_tid, XA_FLAGS_ACCOUNT);
	xa_init_flags(&rs->proc_ids, XA_FLAGS_ACCOUNT);
	xa_init_flags(&rs->with_fd, XA_FLAGS_ACCOUNT);
	xa_init_flags(&rs->sealed, XA_FLAGS_ACCOUNT);
	return rs;
}

static int restart_tty(struct restart *rs, int fd)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER };

	if (fd < 0)
		return 0;
	rs->tty = fget(fd);
	if (!rs->tty || !tty_usable(rs->tty))
		return error_add(&rs->ctx->errors, -ENOTTY, &at,
				 "tty_fd is not a terminal, or one that was hung up");
	return 0;
}

/* Clocks that begin anew with a machine are not behind but after that. */
#define RESTART_CLOCK_SLACK	(5ULL * NSEC_PER_SEC)

/* Some programs wait for a time of these clocks and not for a while. Said only where they run. */
static void restart_clocks(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED };
	u64 now = ktime_get_ns(), then = rs->image.monotonic_ns, seconds;

	if (then <= now + RESTART_CLOCK_SLACK) {
		now = ktime_get_boottime_ns();
		then = rs->image.boottime_ns;
	}
	if (then <= now + RESTART_CLOCK_SLACK)
		return;
	seconds = div_u64(then - now, NSEC_PER_SEC);
	error_add(&rs->ctx->errors, 0, &at,
		  "this machine has been up for %llu s less than the image's: a program that waits for a time of CLOCK_MONOTONIC or CLOCK_BOOTTIME waits so much longer",
		  seconds);
}

/* Somebody has killed a task of it, which has no words for that any more. */
static int restart_killed(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_GONE };

	error_destroy(&rs->ctx->errors);
	return error_add(&rs->ctx->errors, -ECHILD, &at,
			 "process %u was killed while it was built", restart_first(rs)->pid);
}

static int restart_open(struct restart *rs, const struct ckpt_restart *arg)
{
	return sections_get(&rs->sections, arg->sections, arg->nr_sections) ?:
	       restart_tty(rs, arg->tty_fd) ?:
	       path_relocate(rs, u64_to_user_ptr(arg->relocate), arg->relocate_len) ?:
	       external_take(rs, arg->externals, arg->nr_externals) ?:
	       stream_in_open(&rs->in, rs->ctx, arg->in_fd) ?:
	       restart_header(rs);
}

static int restart_make(struct restart *rs)
{
	return tree_make(rs) ?: restart_build(rs) ?: restart_verified(rs);
}

/* All but the very last step; @check: without what others could see. */
static int restart_start(struct restart *rs, bool check)
{
	sigset_t blocked;
	int ret;

	ret = restart_finish(rs) ?: rs->wrong;
	/* Last of all: what it does to files cannot be undone. */
	if (!ret && !check) {
		build_mute(&blocked);
		ret = restart_later_all(rs, LATER_VISIBLE);
		sym(set_current_blocked)(&blocked);
	}
	if (!ret)
		restart_clocks(rs);
	/* Said before it is so: who has not read it may still kill us. */
	if (!ret && !check)
		operation_phase(rs->ctx, CKPT_PHASE_STARTED);
	return !ret && fatal_signal_pending(current) ? -EINTR : ret;
}

static void restart_let_go(struct restart *rs)
{
	struct restart_process *p;

	restart_later_all(rs, LATER_GO);
	/* Here and not in a task of the program: it should not hold, or close, what is ours. */
	list_for_each_entry(p, &rs->processes, list)
		later_free(&p->later);
	object_destroy(&rs->objects);
	stream_in_close(&rs->in);
	/* Release files closed here, such as ends of pipes, before the program starts. */
	sym(task_work_run)();
	build_go(rs->build);
	build_put(rs->build);
}

void restart_abandon(struct restart *rs)
{
	tree_abort(rs);
	build_put(rs->build);
}

static int restart_why(struct restart *rs, int ret)
{
	return (ret == -EINTR || ret == -ECHILD) && !fatal_signal_pending(current) ?
	       restart_killed(rs) : ret;
}

int restart_go(struct restart *rs)
{
	int ret = restart_why(rs, restart_start(rs, false));

	if (ret)
		restart_abandon(rs);
	else
		restart_let_go(rs);
	return ret;
}

bool restart_mine(const struct restart *rs)
{
	return rs->began == task_tgid(current) && rs->began_exec == current->self_exec_id;
}

int restart_run(struct operation *op, struct ckpt_restart *arg, struct restart **waits)
{
	bool check = arg->flags & CKPT_RESTART_CHECK;
	bool wait = arg->flags & CKPT_RESTART_WAIT;
	ktime_t start = ktime_get();
	struct restart *rs;
	int ret;

	rs = restart_new(op, arg);
	if (!rs)
		return -ENOMEM;
	operation_phase(op, CKPT_PHASE_BUILD);
	ret = restart_open(rs, arg);
	if (!ret)
		ret = restart_why(rs, restart_make(rs) ?: wait ? 0 : restart_start(rs, check));
	if (!ret) {
		arg->pid = restart_first(rs)->pid;
		arg->nr_tasks = rs->nr_tids;
		arg->pages = rs->in.pages;
		arg->image_bytes = rs->in.bytes;
		arg->streams = rs->streams;
	}
	if (ret || check)
		restart_abandon(rs);
	else if (wait)
		*waits = rs;
	else
		restart_let_go(rs);
	arg->wall_ns = ktime_to_ns(ktime_sub(ktime_get(), start));
	return ret;
}
