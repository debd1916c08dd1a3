// SPDX-License-Identifier: GPL-2.0
/*
 * The phases of a restart:
 *
 *	header		is this an image, and can this machine go on with it?
 *	build		the process is created; in its own context it reads the stream and
 *			becomes what it says, creating its threads on the way
 *	verify		counts and digest of the trailer
 *	finish		last steps that need memory complete, in each task's own context
 *	go		all tasks enter user mode at once; CKPT_RESTART_CHECK stops before
 *
 * Whatever fails before "go" kills all of them.
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
#include "../file/file_content.h"
#include "../file/epoll.h"
#include "../file/file.h"
#include "../file/sigio.h"
#include "../file/fs.h"
#include "../file/identity.h"
#include "../file/inotify.h"
#include "../file/lock.h"
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
#include "../file/tty.h"
#include "../file/unlinked.h"
#include "../mm/vma.h"

/* Called with the last reference to the build: no task of it is in the kernel any more. */
static void restart_free(void *arg)
{
	struct restart *rs = arg;

	object_destroy(&rs->objects);
	stream_in_close(&rs->in);
	if (rs->tty)
		fput(rs->tty);
	if (rs->root.mnt)
		path_put(&rs->root);
	kfree(rs->relocate);
	kvfree(rs->tids);
	kvfree(rs->posix_timer);
	later_free(&rs->later);
	xa_destroy(&rs->sealed);
	xa_destroy(&rs->proc_ids);
	identity_free(rs);
	operation_put(rs->ctx);
	kvfree(rs);
}

/* ---- in the process that is being built ---- */

/* How long to wait for ids of processes that end: those of the program itself, say. */
#define RESTART_WAIT_ENDING	(60 * HZ)
/* And for their parents to take notice. Most do so at once; some never do. */
#define RESTART_WAIT_REAPED	(3 * HZ)

/**
 * enum restart_holder - who has a pid that the image needs
 * @HOLDER_LIVES: a process that does not end, or a group or session
 * @HOLDER_ENDS: one that does, or none any more
 * @HOLDER_DEAD: one that has ended, and its parent does not know yet
 * @HOLDER_OURS: the same, and we are its parent: nobody will reap it while we are here
 */
enum restart_holder { HOLDER_LIVES, HOLDER_ENDS, HOLDER_DEAD, HOLDER_OURS };

static enum restart_holder restart_holder(const struct restart *rs, struct task_struct *task)
{
	/* A leader may end before its threads. */
	bool last = !thread_group_leader(task) || thread_group_empty(task);
	enum restart_holder holder = HOLDER_LIVES;

	rcu_read_lock();
	if (READ_ONCE(task->exit_state) == EXIT_ZOMBIE && thread_group_leader(task) && last)
		holder = task_tgid_nr(rcu_dereference(task->real_parent)) == rs->restarter ?
			 HOLDER_OURS : HOLDER_DEAD;
	else if (READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT ||
		 (last && READ_ONCE(task->flags) & PF_EXITING))
		holder = HOLDER_ENDS;
	rcu_read_unlock();
	return holder;
}

/* Return: whether it is worth to try again, after a moment. */
static bool restart_wait_pid(struct restart *rs, u32 nr)
{
	enum restart_holder holder = HOLDER_ENDS;
	unsigned long most;
	struct pid *pid = find_get_pid(nr);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);

	if (task)
		holder = restart_holder(rs, task);
	else if (pid && (pid_has_task(pid, PIDTYPE_PGID) || pid_has_task(pid, PIDTYPE_SID)))
		holder = HOLDER_LIVES;
	if (task)
		put_task_struct(task);
	put_pid(pid);
	if (holder == HOLDER_LIVES || holder == HOLDER_OURS || fatal_signal_pending(current))
		return false;
	if (!rs->wait_since)
		rs->wait_since = jiffies ?: 1;
	most = holder == HOLDER_ENDS ? RESTART_WAIT_ENDING : RESTART_WAIT_REAPED;
	if (time_after(jiffies, rs->wait_since + most))
		return false;
	operation_phase(rs->ctx, CKPT_PHASE_WAIT);
	set_current_state(TASK_KILLABLE | TASK_FREEZABLE);
	schedule_timeout(max(HZ / 50, 1));
	operation_phase(rs->ctx, CKPT_PHASE_BUILD);
	return true;
}

static int restart_taken(struct restart *rs, int err, u32 nr)
{
	struct error_at at = { .reason = CKPT_REASON_TAKEN };
	struct task_struct *task, *parent;
	char comm[TASK_COMM_LEN];
	struct pid *pid;
	pid_t parent_nr;
	int ret;

	if (err == -EPERM) {
		at.reason = CKPT_REASON_DENIED;
		at.advice = "restart it with CAP_CHECKPOINT_RESTORE or as root";
		return error_add(&rs->ctx->errors, err, &at,
				 "you have no right to choose pid %u", nr);
	}
	if (err != -EEXIST)
		return error_add(&rs->ctx->errors, err, &at, "pid %u cannot be created", nr);
	pid = find_get_pid(nr);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	at.task = task;
	at.advice = "end that process, or see --new-pidns";
	if (task && READ_ONCE(task->exit_state)) {
		rcu_read_lock();
		parent = rcu_dereference(task->real_parent);
		parent_nr = task_tgid_vnr(parent);
		get_task_comm(comm, parent->group_leader);
		rcu_read_unlock();
		at.advice = "end the parent, or see --new-pidns";
		ret = error_add(&rs->ctx->errors, err, &at,
				"has ended, and keeps the pid %u until its parent %d (%s) reaps it",
				nr, parent_nr, comm);
	} else {
		ret = error_add(&rs->ctx->errors, err, &at, task ?
			"has the pid %u that the image needs" :
			"pid %u, which the image needs, is the group or session of other processes",
			nr);
	}
	if (task)
		put_task_struct(task);
	return ret;
}

/* Create a task with the id it had; to see what else is wrong, any other will do. */
static struct build_task *restart_task(struct restart *rs, u64 flags, u32 nr,
				       int (*fn)(struct build_task *bt))
{
	struct build_task *bt;
	int ret;

	do {
		bt = build_task(rs->build, flags, nr, fn);
	} while (bt == ERR_PTR(-EEXIST) && restart_wait_pid(rs, nr));
	if (!IS_ERR(bt))
		return bt;
	ret = restart_taken(rs, PTR_ERR(bt), nr);
	return path_wrong(rs, ret) ? build_task(rs->build, flags, 0, fn) : ERR_PTR(ret);
}

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
 * Vector registers are set when the task is off its processor. Who has just answered is not yet,
 * and to wait for it may take a tick: it is the turn of the thread before.
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
	if (bt == build_leader(rs->build))
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
	const struct cred *cred;
	struct build_task *bt;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_thread_msg, pb);
	if (!ret)
		ret = thread_check(&rs->in, pb);
	if (!ret && !sched_valid(&pb->sched))
		ret = stream_in_bad(&rs->in, "scheduling of thread %u", pb->tid);
	if (ret)
		return ret;
	cred = object_find(&rs->objects, OBJECT_CRED, pb->cred);
	/* Those of the main thread were compared with what files were opened with. */
	if (!cred || (!rs->nr_threads && cred != rs->program) || rs->nr_threads == rs->nr_tids ||
	    pb->tid != rs->tids[rs->nr_threads])
		return stream_in_bad(&rs->in, "thread %u", pb->tid);
	ret = restart_filters(rs, pb, &filters);
	if (ret)
		return ret;
	if (!rs->nr_threads++) {
		/* That is the task which is reading this. */
		bt = build_leader(rs->build);
		ret = restart_thread_self(bt);
	} else {
		bt = restart_task(rs, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				      CLONE_THREAD | CLONE_SYSVSEM, pb->tid, restart_thread_self);
		ret = IS_ERR(bt) ? PTR_ERR(bt) : build_wait(bt);
	}
	if (!ret)
		ret = restart_xstate_later(rs, bt);
	if (ret)
		return ret;
	bt->final.cred = get_cred(cred);
	bt->final.seccomp = filters;
	if (rs->flags & CKPT_RESTART_DETACH)
		bt->final.leaving = rs->restarter;
	atomic_inc(&rs->ctx->progress.nr_tasks);
	return 0;
}

/*
 * The function that reads each record, by its name in CKPT_REC_TABLE: a type without a line here
 * does not compile. IMAGE and TREE are read before the process is there, TRAILER by restart_one().
 * Of the raw ones only PIPE_DATA has a reader of its own; the others are read with the record in
 * front of them.
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

/* The types that an image cannot be without, of those in front of @type, as bits. */
static u64 restart_needed(u32 type)
{
	u64 mask = 0;
	u32 i;

	for (i = 1; i < type; i++) {
		switch (stream_kinds[i].count) {
		case CKPT_COUNT_ONE:
		case CKPT_COUNT_EACH:
		case CKPT_COUNT_SHARED:
		case CKPT_COUNT_SOME:
		case CKPT_COUNT_CREDS:
			mask |= BIT_ULL(i);
		}
	}
	return mask;
}

/* They stay in memory, whether anything refers to them or not. */
static bool restart_too_many(struct restart *rs)
{
	u32 most = rs->nr_tids;

	switch (stream_kinds[rs->in.rec.type].count) {
	case CKPT_COUNT_CREDS:
		rs->held += rs->in.rec.length;
		return ++rs->nr_creds > most + CKPT_IMAGE_OPENERS_MAX ||
		       rs->held > CKPT_IMAGE_HELD_MAX;
	case CKPT_COUNT_FILTERS:
		rs->held += rs->in.rec.length;
		return ++rs->nr_filters > most || rs->held > CKPT_IMAGE_HELD_MAX;
	case CKPT_COUNT_OBJECT:
		return ++rs->nr_objects > CKPT_IMAGE_OBJECTS_MAX;
	}
	return false;
}

/* All records that are needed have been read, of those that stand in front of @type. */
static int restart_missing(struct restart *rs, u32 type)
{
	u64 missing = restart_needed(type) & ~rs->seen;

	return missing ? stream_in_bad(&rs->in, "there is no %s",
				       stream_kinds[__ffs64(missing)].name) : 0;
}

/* Does a record of that type stand here, as CKPT_REC_TABLE has it? */
static int restart_order(struct restart *rs, u32 type)
{
	const struct stream_kind *kind = &stream_kinds[type], *last = &stream_kinds[rs->last];
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED };
	bool again = rs->seen & BIT_ULL(type);

	if (kind->count == CKPT_COUNT_RAW)
		return rs->last == type - 1 ? 0 :
		       stream_in_bad(&rs->in, "nothing says what %s is", kind->name);
	if (type < rs->last &&
	    (kind->stage != CKPT_STAGE_CONTENT || last->stage != CKPT_STAGE_CONTENT))
		return stream_in_bad(&rs->in, "%s is out of order, behind %s", kind->name,
				     last->name);
	if (again && (kind->count == CKPT_COUNT_ONE || kind->count == CKPT_COUNT_MAYBE))
		return stream_in_bad(&rs->in, "%s stands twice", kind->name);
	if (again && (kind->count == CKPT_COUNT_EACH || kind->count == CKPT_COUNT_EACH_MAYBE ||
		      kind->count == CKPT_COUNT_SHARED))
		return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
				 "more than one %s (%s) is not supported by this version",
				 kind->name, kind->text);
	if (!again && restart_missing(rs, type))
		return -EBADMSG;
	rs->seen |= BIT_ULL(type);
	rs->last = type;
	return 0;
}

static int restart_one(struct restart *rs)
{
	u32 type = rs->in.rec.type;
	int ret;

	ret = restart_order(rs, type);
	if (ret)
		return ret;
	if (restart_too_many(rs))
		return stream_in_bad(&rs->in, "too many records %s", stream_kinds[type].name);
	if (type == CKPT_REC_TRAILER)
		return stream_in_end(&rs->in);
	if (!restart_read[type])
		return stream_in_bad(&rs->in, "%s is out of place", stream_kinds[type].name);
	if (type == CKPT_REC_PAGE_RUNS)
		operation_phase(rs->ctx, CKPT_PHASE_PAGES);
	return restart_read[type](rs);
}

/* The new process reads the stream and becomes what it says. */
static int restart_build(struct build_task *bt)
{
	struct restart *rs = bt->build->owner;
	int ret;

	ret = thread_forget(rs->ctx);
	process_begin(rs);
	file_close_all();
	if (!ret)
		ret = mm_clear();
	while (!ret) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		ret = stream_in_next(&rs->in) ?: restart_one(rs);
		if (rs->in.rec.type == CKPT_REC_TRAILER)
			break;
		cond_resched();
	}
	if (!ret && (rs->nr_threads != rs->nr_tids || !pipe_complete(rs)))
		ret = stream_in_bad(&rs->in, "something is missing");
	return ret;
}

/*
 * Before the other last steps, for these may take the right away. Without CAP_SYS_ADMIN all that
 * have filters have no_new_privs, too, which goes along with the shared ones.
 */
static int restart_prepare_task(struct build_task *bt)
{
	struct restart *rs = bt->build->owner;
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	int ret;

	if (bt->final.seccomp && !ns_capable(current_user_ns(), CAP_SYS_ADMIN))
		task_set_no_new_privs(current);
	ret = thread_prepare(&rs->in, &bt->final);
	if (ret)
		return ret;
	ret = seccomp_finish(&bt->final, rs->seccomp_shared, bt == build_leader(rs->build));
	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "its seccomp filters were refused (%d)", -ret) : 0;
}

/* The last steps of a task, in its own context. */
static int restart_finish_task(struct build_task *bt)
{
	struct restart *rs = bt->build->owner;
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	bool leader = bt == build_leader(rs->build);
	const char *what;
	int ret = 0;

	if (leader) {
		signal_put_back(&bt->final.shared, PIDTYPE_TGID);
		/* Not under limits that are the program's, nor with its credentials. */
		ret = later_run(&rs->later, rs, LATER_CONTENT, LATER_PROCESS);
	}
	if (!ret) {
		what = thread_finish(&bt->final);
		if (what)
			ret = error_add(&rs->ctx->errors, -EFAULT, &at, "%s", what);
	}
	if (!ret && leader)
		ret = later_run(&rs->later, rs, LATER_OWNER, LATER_OWNER);
	return ret;
}

static int restart_finish_last(struct build_task *bt)
{
	struct restart *rs = bt->build->owner;

	return later_run(&rs->later, rs, LATER_LAST, LATER_LAST);
}

/* ---- in the restarter ---- */

/* What the first record says, but for the machine. */
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
	if (pb->nr_processes > 1)
		return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
				 "an image of %u processes is not supported by this version",
				 pb->nr_processes);
	return 0;
}

static int restart_header(struct restart *rs)
{
	int ret;

	ret = stream_in_next(&rs->in);
	if (!ret && rs->in.rec.type != CKPT_REC_IMAGE)
		ret = stream_in_bad(&rs->in, "it does not begin with IMAGE");
	if (!ret)
		ret = restart_order(rs, CKPT_REC_IMAGE) ?:
		      stream_in_msg(&rs->in, &pb_image_msg, &rs->image) ?:
		      arch_image_check(rs->ctx, &rs->image) ?:
		      restart_image(rs) ?:
		      stream_in_next(&rs->in);
	if (!ret && rs->in.rec.type != CKPT_REC_TREE)
		ret = stream_in_bad(&rs->in, "there is no TREE behind IMAGE");
	if (!ret)
		ret = restart_order(rs, CKPT_REC_TREE) ?: process_read_tree(rs);
	return ret;
}

static int restart_finish(struct restart *rs)
{
	int ret;

	operation_phase(rs->ctx, CKPT_PHASE_FINISH);
	ret = restart_xstate(rs, build_leader(rs->build));
	if (!ret && rs->last_thread)
		ret = restart_xstate(rs, rs->last_thread);
	if (ret)
		return ret;
	rs->seccomp_shared = seccomp_share(rs->build);
	ret = build_call_all(rs->build, restart_prepare_task);
	return ret ?: build_call_all(rs->build, restart_finish_task) ?:
		      build_call(build_leader(rs->build), restart_finish_last);
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
	rs->last_fd = -1;
	rs->kinds = &kinds_all;
	object_init(&rs->objects, kinds_all.objects);
	later_init(&rs->later);
	xa_init_flags(&rs->proc_ids, XA_FLAGS_ACCOUNT);
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

/*
 * Nothing may be left: the tasks die, and the process is reaped. A signal that does not kill
 * the restarter is no reason to leave that to its parent.
 */
static void restart_abort(struct restart *rs, struct build_task *leader)
{
	pid_t pid;

	build_kill(rs->build);
	while (!fatal_signal_pending(current)) {
		/* None once it is reaped; to wait for pid 0 is to wait for other children. */
		pid = task_pid_vnr(leader->task);
		if (!pid || sym(kernel_wait4)(pid, NULL, __WALL, NULL) != -ERESTARTSYS)
			break;
		schedule_timeout_killable(1);
	}
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
			 "process %u was killed while it was built", rs->pid);
}

int restart_run(struct operation *op, struct ckpt_restart *arg)
{
	bool check = arg->flags & CKPT_RESTART_CHECK;
	ktime_t start = ktime_get();
	struct build_task *leader;
	struct build *build;
	struct restart *rs;
	sigset_t blocked;
	int ret;

	rs = restart_new(op, arg);
	if (!rs)
		return -ENOMEM;
	build = rs->build;
	operation_phase(op, CKPT_PHASE_BUILD);
	ret = sections_get(&rs->sections, arg->sections, arg->nr_sections) ?:
	      restart_tty(rs, arg->tty_fd);
	if (!ret)
		ret = path_relocate(rs, u64_to_user_ptr(arg->relocate), arg->relocate_len);
	if (!ret)
		ret = stream_in_open(&rs->in, op, arg->in_fd);
	if (!ret)
		ret = restart_header(rs);
	if (ret)
		goto out;

	leader = restart_task(rs, 0, rs->pid, restart_build);
	if (IS_ERR(leader)) {
		ret = PTR_ERR(leader);
		goto out;
	}
	ret = build_wait(leader);
	if (!ret)
		ret = restart_finish(rs);
	if ((ret == -EINTR || ret == -ECHILD) && !fatal_signal_pending(current))
		ret = restart_killed(rs);
	if (!ret)
		ret = rs->wrong;
	/* Last of all: what it does to files cannot be undone. */
	if (!ret && !check) {
		build_mute(&blocked);
		ret = later_run(&rs->later, rs, LATER_VISIBLE, LATER_VISIBLE);
		sym(set_current_blocked)(&blocked);
	}
	if (!ret)
		restart_clocks(rs);
	/* Said before it is so: who has not read it may still kill us. */
	if (!ret && !check)
		operation_phase(op, CKPT_PHASE_STARTED);
	if (!ret && fatal_signal_pending(current))
		ret = -EINTR;
	if (!ret) {
		arg->pid = rs->pid;
		arg->nr_tasks = rs->nr_threads;
		arg->pages = rs->in.pages;
		arg->image_bytes = rs->in.bytes;
	}
	if (ret || check) {
		restart_abort(rs, leader);
		goto out;
	}
	later_run(&rs->later, rs, LATER_GO, LATER_GO);
	/* Here and not in a task of the program: it should not hold, or close, what is ours. */
	later_free(&rs->later);
	object_destroy(&rs->objects);
	stream_in_close(&rs->in);
	/* What is closed here is to be closed when the program starts: ends of pipes, say. */
	sym(task_work_run)();
	build_go(build);
out:
	arg->wall_ns = ktime_to_ns(ktime_sub(ktime_get(), start));
	build_put(build);
	return ret;
}
