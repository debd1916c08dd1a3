// SPDX-License-Identifier: GPL-2.0
/*
 * The phases of a checkpoint:
 *
 *	early		what can be seen while it runs; what is refused for that is refused now
 *	park		all threads come to rest and describe themselves
 *	describe	the rest is looked at; everything that cannot be kept is found
 *	snapshot	a copy-on-write copy of memory
 *	release		unless the program is to be held
 *	complete	what was found out is written down; do all paths lead to their files?
 *	pages		from the copy to the output
 *	trailer
 *
 * Up to the release, nothing is written to the output (stream_out_open()): a slow reader does
 * not keep the program frozen. The exception is the content of shared memory and of deleted
 * files, of which there is no snapshot.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uuid.h>
#include <linux/utsname.h>

#include "../arch/arch.h"
#include "checkpoint.h"
#include "collect.h"
#include "../compat/compat.h"
#include "context.h"
#include "kinds.h"
#include "../file/file_content.h"
#include "../task/cred.h"
#include "../file/epoll.h"
#include "../file/external.h"
#include "../file/file.h"
#include "../file/fs.h"
#include "../file/identity.h"
#include "../file/inotify.h"
#include "../file/lock.h"
#include "../task/lsm.h"
#include "../net/unix_socket.h"
#include "../mm/mm.h"
#include "../mm/pages.h"
#include "members.h"
#include "../mm/pressure.h"
#include "park.h"
#include "../file/outside.h"
#include "../file/path.h"
#include "../task/process.h"
#include "../task/seccomp.h"
#include "../task/sighand.h"
#include "../mm/snapshot.h"
#include "refuse.h"
#include "symbols.h"
#include "../task/thread.h"
#include "../task/timer.h"

#define CHECKPOINT_STALL_MS	60000

/*
 * The program went on by itself: the deadline was over, or nobody took the image. Errors that were
 * recorded may come of that, or be about another program that it has executed: they are dropped.
 */
static int checkpoint_expired(struct checkpoint *cp)
{
	struct error_at at = { .reason = CKPT_REASON_BUSY, .task = members_named(cp)->leader };
	unsigned int ms = jiffies_to_msecs(cp->stall);

	error_destroy(&cp->op->errors);
	if (park_stalled(cp->park)) {
		at.reason = CKPT_REASON_OUTPUT;
		at.advice = "see --stall";
		return error_add(&cp->op->errors, -ETIMEDOUT, &at,
				 "goes on: nothing of the image could be written for %u %s",
				 ms % 1000 ? ms : ms / 1000, ms % 1000 ? "ms" : "s");
	}
	at.advice = "try again later, or with a longer --timeout";
	return error_add(&cp->op->errors, -ETIMEDOUT, &at, "goes on: it was frozen for %u ms",
			 jiffies_to_msecs(cp->park->limit));
}

static int checkpoint_gone(struct checkpoint *cp)
{
	struct error_at at = { .reason = CKPT_REASON_GONE, .task = members_ended(cp) };

	if (park_expired(cp->park))
		return checkpoint_expired(cp);
	return error_add(&cp->op->errors, -ECHILD, &at, "the process ended meanwhile");
}

/* ---- describe ---- */

/**
 * struct checkpoint_head - IMAGE, until it is written
 * @pb: what is known of it
 * @sections: what stands in front of the image
 */
struct checkpoint_head {
	struct pb_image pb;
	const struct sections *sections;
};

static int checkpoint_image(struct stream_out *out, void *data, size_t len)
{
	struct checkpoint_head *head = data;
	struct pb_section section[CKPT_SECTIONS_MAX];
	struct new_utsname *name = utsname();
	struct pb_image *pb = &head->pb;
	struct arch_machine machine;
	u8 uuid[UUID_SIZE];

	generate_random_uuid(uuid);
	pb->uuid.data = uuid;
	pb->uuid.len = sizeof(uuid);
	pb->module_version.data = THIS_MODULE->version;
	pb->module_version.len = strlen(THIS_MODULE->version);
	pb->kernel_release.data = name->release;
	pb->kernel_release.len = strnlen(name->release, sizeof(name->release));
	pb->hostname.data = name->nodename;
	pb->hostname.len = strnlen(name->nodename, sizeof(name->nodename));
	sections_write(head->sections, pb, section);
	arch_image_code(pb, &machine);
	return stream_out_msg(out, CKPT_REC_IMAGE, &pb_image_msg, pb);
}

static int checkpoint_write_image(struct checkpoint *cp)
{
	struct checkpoint_head *head = stream_out_later(&cp->out, CKPT_REC_IMAGE, sizeof(*head),
							checkpoint_image);
	struct checkpoint_process *proc;

	if (IS_ERR(head))
		return PTR_ERR(head);
	head->sections = &cp->sections;
	head->pb = (struct pb_image){
		.realtime_ns = ktime_get_real_ns(),
		.monotonic_ns = ktime_get_ns(),
		.boottime_ns = ktime_get_boottime_ns(),
		.nr_tasks = cp->park->nr - cp->park->nr_gone,
	};
	list_for_each_entry(proc, &cp->processes, list) {
		head->pb.nr_processes++;
		head->pb.nr_tasks += proc->ended;
	}
	arch_image(&head->pb);
	return 0;
}

/* Bounds credentials and filters when every thread has its own. */
static int checkpoint_held(struct checkpoint *cp)
{
	if (cp->out.held <= CKPT_IMAGE_HELD_MAX)
		return 0;
	return refuse(members_named(cp), CKPT_WHERE_NONE, 0, CKPT_REASON_UNSUPPORTED, NULL,
		      "more than %u MiB of credentials and seccomp filters is not supported",
		      CKPT_IMAGE_HELD_MAX >> 20);
}

static int checkpoint_write_creds(struct checkpoint_process *proc)
{
	struct checkpoint *cp = proc->cp;
	struct park_task *pt;
	struct object *obj;
	const char *why;
	int ret;

	list_for_each_entry(pt, &proc->park->tasks, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!pt->thread)
			continue;
		obj = object_lookup(&cp->objects, OBJECT_CRED, pt->thread->cred);
		/* The main thread is the first. */
		proc->program = proc->program ?: obj;
		if (obj)
			continue;
		if (cp->out.held > CKPT_IMAGE_HELD_MAX)
			return checkpoint_held(cp) ?: -EOPNOTSUPP;
		obj = object_new(&cp->objects, OBJECT_CRED, (void *)get_cred(pt->thread->cred),
				 true);
		if (IS_ERR(obj)) {
			put_cred(pt->thread->cred);
			return PTR_ERR(obj);
		}
		why = lsm_unsupported(pt->thread->cred);
		if (why)
			refuse(proc, CKPT_WHERE_NONE, 0, CKPT_REASON_UNSUPPORTED, NULL,
			       "%s is not supported", why);
		proc->program = proc->program ?: obj;
		ret = cred_write(&cp->out, pt->task, pt->thread->cred, obj->id);
		if (ret)
			return ret;
	}
	return 0;
}

static int checkpoint_write_threads(struct checkpoint_process *proc)
{
	struct checkpoint *cp = proc->cp;
	struct park_task *pt;
	struct object *obj;
	int ret;

	ret = sighand_write(proc) ?: process_write(proc);
	if (ret)
		return ret;
	list_for_each_entry(pt, &proc->park->tasks, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!pt->thread)
			continue;
		obj = object_lookup(&cp->objects, OBJECT_CRED, pt->thread->cred);
		ret = thread_write(&cp->out, pt->thread, pt->vnr, obj->id);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

static int checkpoint_write_timers(struct checkpoint_process *proc)
{
	return timer_write(proc, &proc->signals->timers);
}

/* Before the kernel would have killed anything for want of memory. Return: 0 if it is not that. */
static int checkpoint_gave_way(struct checkpoint *cp)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.advice = "give it more memory, or hold it meanwhile (--stop, --kill)",
	};
	struct checkpoint_mm *cm;

	/* The operation was stopped, which ends members_each_mm(). */
	list_for_each_entry(cm, &cp->mms, list) {
		if (!cm->snapshot || !pressure_gave_way(cm->snapshot))
			continue;
		at.task = cm->proc->leader;
		return error_add(&cp->op->errors, -ENOMEM, &at,
				 "the checkpoint gave way: its memory cgroup, or the machine, ran out of memory");
	}
	return 0;
}

static int checkpoint_signals(struct checkpoint_process *proc)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = proc->leader,
		.advice = "try again",
	};
	struct sighand_state *signals = ERR_PTR(-ECHILD);
	struct park_task *pt;

	list_for_each_entry(pt, &proc->park->tasks, list) {
		if (pt->task != proc->leader)
			continue;
		signals = sighand_save(pt);
		break;
	}
	if (PTR_ERR_OR_ZERO(signals) == -ECHILD)
		return checkpoint_gone(proc->cp);
	if (PTR_ERR_OR_ZERO(signals) == -EAGAIN)
		return error_add(&proc->cp->op->errors, -EAGAIN, &at,
				 "at each look one of its timers was just expiring");
	if (IS_ERR(signals))
		return PTR_ERR(signals);
	proc->signals = signals;
	return 0;
}

static int checkpoint_describe(struct checkpoint *cp)
{
	struct error_at at = {
		.reason = CKPT_REASON_UNSUPPORTED,
		.task = members_named(cp)->leader,
	};
	int ret;

	operation_phase(cp->op, CKPT_PHASE_DESCRIBE);
	/* Signals first of all: timers run. */
	ret = members_each(cp, checkpoint_signals) ?:
	      members_each(cp, members_find_shared) ?:
	      members_each(cp, process_check) ?:
	      checkpoint_write_image(cp) ?:
	      members_each_ended(cp, process_write_tree) ?:
	      identity_begin(cp) ?:
	      members_each(cp, checkpoint_write_creds) ?:
	      members_each(cp, seccomp_write) ?:
	      checkpoint_held(cp) ?:
	      members_each(cp, fs_write) ?:
	      outside_find(cp) ?:
	      members_each_table(cp, file_write_fds) ?:
	      unix_socket_write(cp) ?:
	      epoll_write(cp) ?:
	      members_each_mm(cp, mm_write) ?:
	      members_each_table(cp, lock_write) ?:
	      inotify_write(cp) ?:
	      file_check_shared(cp) ?:
	      members_each(cp, process_write_limits);
	if (ret == -EMFILE)
		return error_add(&cp->op->errors, ret, &at,
				 "more than %d open files and other objects are not supported",
				 CKPT_IMAGE_OBJECTS_MAX);
	if (ret)
		return ret;
	if (!park_intact(cp->park))
		return checkpoint_gone(cp);
	cp->described = true;
	return cp->refused ? -EOPNOTSUPP : 0;
}

/* The rest of the description: the process is not needed for it, and may be released. */
static int checkpoint_complete(struct checkpoint *cp)
{
	int ret = 0;

	/* A held program is to go on from the image, with its files as they are now: sync them. */
	if (!cp->complete && !cp->released && cp->flags & CKPT_CHECKPOINT_HOLD)
		ret = file_sync_all(cp);
	if (!ret && !cp->complete)
		ret = members_each(cp, checkpoint_write_threads) ?:
		      members_each(cp, checkpoint_write_timers) ?:
		      path_verify(cp);
	cp->complete = true;
	return ret;
}

/* ---- the whole ---- */

static void checkpoint_free(struct checkpoint *cp)
{
	if (cp->park) {
		if (!cp->released)
			park_release(cp->park, CKPT_RELEASE_RUN);
		park_put(cp->park);
	}
	path_unclaim(cp);
	identity_free_saved(cp);
	object_destroy(&cp->objects);
	outside_forget(cp);
	xa_destroy(&cp->leased);
	xa_destroy(&cp->leases);
	stream_out_close(&cp->out);
	members_free_shared(cp);
	members_free(cp);
	kvfree(cp->bounce);
	kfree(cp->path);
	kfree(cp);
}

static struct checkpoint *checkpoint_new(struct operation *op, const struct ckpt_checkpoint *arg)
{
	struct checkpoint *cp = kzalloc(sizeof(*cp), GFP_KERNEL_ACCOUNT);

	if (!cp)
		return NULL;
	cp->op = op;
	cp->flags = arg->flags;
	cp->stall = msecs_to_jiffies(arg->stall_ms ?: CHECKPOINT_STALL_MS);
	spool_init(&cp->out.spool);
	INIT_LIST_HEAD(&cp->paths);
	INIT_LIST_HEAD(&cp->processes);
	xa_init_flags(&cp->by_tgid, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&cp->mms);
	INIT_LIST_HEAD(&cp->tables);
	INIT_LIST_HEAD(&cp->outside);
	cp->kinds = &kinds_all;
	object_init(&cp->objects, kinds_all.objects);
	xa_init_flags(&cp->aliases, XA_FLAGS_ACCOUNT);
	xa_init_flags(&cp->outside_by_key, XA_FLAGS_ACCOUNT);
	xa_init_flags(&cp->leased, XA_FLAGS_ACCOUNT);
	xa_init_flags(&cp->leases, XA_FLAGS_ACCOUNT);
	cp->bounce = kvmalloc(CHECKPOINT_BOUNCE, GFP_KERNEL_ACCOUNT);
	cp->path = kmalloc(PATH_MAX, GFP_KERNEL_ACCOUNT);
	if (!cp->bounce || !cp->path) {
		checkpoint_free(cp);
		return NULL;
	}
	return cp;
}

/* Return: 0, or -ETIMEDOUT if the program went on before; how long it was frozen goes to @ns. */
static int checkpoint_let_go(struct checkpoint *cp, enum ckpt_release_how how, u64 *ns)
{
	struct checkpoint_mm *cm;
	bool done;

	/* It holds all of this itself, and when it drops something, that is to be gone. */
	object_let_go(&cp->objects);
	/* If it was killed, its mappings are ours alone, and theirs are files, too. */
	list_for_each_entry(cm, &cp->mms, list) {
		if (cm->mm)
			mmput_async(cm->mm);
		cm->mm = NULL;
	}
	done = park_release(cp->park, how);
	cp->released = ktime_get();
	*ns = ktime_to_ns(ktime_sub(cp->released, cp->park->first));
	return done ? 0 : -ETIMEDOUT;
}

int checkpoint_release(struct checkpoint *cp, enum ckpt_release_how how, u64 *ns)
{
	int ret = checkpoint_let_go(cp, how, ns);

	checkpoint_free(cp);
	return ret;
}

/* Is there no program any more whose memory it would be? */
static bool checkpoint_lost(void *arg)
{
	struct checkpoint *cp = arg;

	return !park_intact(cp->park);
}

static int checkpoint_wait_snapshot(struct checkpoint_mm *cm)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = cm->proc->leader };
	struct checkpoint *cp = cm->proc->cp;
	struct mm_struct *copy = snapshot_wait(cm->proc->snap, checkpoint_lost, cp);

	if (PTR_ERR_OR_ZERO(copy) == -EINTR)
		return -EINTR;
	if (PTR_ERR_OR_ZERO(copy) == -ETIMEDOUT)
		return checkpoint_gone(cp);
	if (PTR_ERR_OR_ZERO(copy) == -EOPNOTSUPP) {
		at.reason = CKPT_REASON_UNSUPPORTED;
		return error_add(&cp->op->errors, -EOPNOTSUPP, &at,
				 "memory under userfaultfd is not supported");
	}
	if (IS_ERR(copy))
		return error_add(&cp->op->errors, PTR_ERR(copy), &at,
				 "the snapshot of its memory failed");
	cm->snapshot = copy;
	/* A program that is held writes to nothing, and to give the copy up would free nothing. */
	if (!(cp->flags & CKPT_CHECKPOINT_HOLD) && pressure_begin(copy, cm->mm, cp->op))
		return -ENOMEM;
	cm->file_pages = pages_of_files(copy);
	return min(cm->file_pages, 0L);
}

/* All address spaces at the same time; if one cannot be had, the others are of no use. */
static int checkpoint_snapshot(struct checkpoint *cp, struct ckpt_checkpoint *arg)
{
	ktime_t start = ktime_get();
	struct checkpoint_mm *cm;
	int ret;

	operation_phase(cp->op, CKPT_PHASE_SNAPSHOT);
	list_for_each_entry(cm, &cp->mms, list)
		snapshot_start(cm->proc->snap, cm->mm, cp->park);
	ret = members_each_mm(cp, checkpoint_wait_snapshot);
	if (!ret) {
		arg->snapshot_ns = ktime_to_ns(ktime_sub(ktime_get(), start));
		return 0;
	}
	list_for_each_entry(cm, &cp->mms, list)
		snapshot_stop(cm->proc->snap);
	return ret;
}

static int checkpoint_frozen(struct checkpoint *cp, struct ckpt_checkpoint *arg)
{
	int ret;

	arg->park_ns = ktime_to_ns(ktime_sub(ktime_get(), cp->park->first));
	arg->nr_tasks = cp->park->nr - cp->park->nr_gone;
	ret = checkpoint_describe(cp);
	/* If the program was killed meanwhile, a step may fail because its state is gone. */
	if (ret && !cp->op->errors.len && !park_intact(cp->park))
		return checkpoint_gone(cp);
	if (ret || cp->flags & CKPT_CHECKPOINT_DRY_RUN)
		return ret;
	ret = checkpoint_snapshot(cp, arg);
	/* From here on, a program that does not go on waits for the output. */
	if (!ret && (file_content_any(cp) || cp->flags & CKPT_CHECKPOINT_HOLD) &&
	    !park_hold(cp->park, cp->stall))
		ret = checkpoint_gone(cp);
	if (!ret && file_content_any(cp))
		ret = checkpoint_complete(cp) ?: file_content_write(cp);
	if (!ret && !park_intact(cp->park))
		ret = checkpoint_gone(cp);
	return ret;
}

static int checkpoint_stream(struct checkpoint *cp)
{
	int ret = 0;

	operation_phase(cp->op, CKPT_PHASE_PAGES);
	if (cp->out.spooling)
		ret = stream_out_unspool(&cp->out);
	if (!ret)
		ret = members_each_mm(cp, pages_write);
	if (!ret)
		ret = stream_out_end(&cp->out);
	return ret;
}

int checkpoint_run(struct operation *op, struct ckpt_checkpoint *arg, struct checkpoint **held)
{
	bool hold = arg->flags & CKPT_CHECKPOINT_HOLD;
	ktime_t start = ktime_get();
	struct checkpoint_mm *cm;
	struct checkpoint *cp;
	int ret;

	cp = checkpoint_new(op, arg);
	if (!cp)
		return -ENOMEM;
	ret = sections_get(&cp->sections, arg->sections, arg->nr_sections) ?:
	      stream_out_open(&cp->out, op, arg->out_fd, arg->flags & CKPT_CHECKPOINT_DRY_RUN);
	if (ret)
		goto out;
	ret = collect_park(cp, arg);
	if (ret)
		goto out;
	ret = members_each(cp, collect_may_still) ?: checkpoint_frozen(cp, arg);
	/* If it was described as a whole, what is refused was found in time. */
	if ((ret || !hold || arg->flags & CKPT_CHECKPOINT_DRY_RUN) &&
	    checkpoint_let_go(cp, CKPT_RELEASE_RUN, &arg->frozen_ns) &&
	    !(cp->refused && cp->described))
		ret = checkpoint_expired(cp);
	/* Report every refusal; only a description that was not cut short can be completed. */
	if (!ret || (cp->refused && cp->described && !park_expired(cp->park)))
		ret = checkpoint_complete(cp) ?: ret;
	if (!ret && !(arg->flags & CKPT_CHECKPOINT_DRY_RUN))
		ret = checkpoint_stream(cp);
	if (ret && !op->errors.len)
		ret = checkpoint_gave_way(cp) ?: ret;
	if (!cp->released && park_expired(cp->park))
		ret = checkpoint_expired(cp);
	/* The image is complete: the caller has what it takes to let the program go. */
	if (!ret && !cp->released && !park_hold(cp->park, PARK_FOREVER))
		ret = checkpoint_expired(cp);
	if (!ret && hold && !cp->released)
		arg->frozen_ns = ktime_to_ns(ktime_sub(ktime_get(), cp->park->first));
	/* Only now: an error of a checkpoint that fails is not to be taken for one of these. */
	if (!ret)
		external_remark(cp);
	arg->pages = cp->out.pages;
	arg->image_bytes = cp->out.layer.file ? cp->out.bytes : 0;
out:
	members_free_snapshots(cp);
	arg->wall_ns = ktime_to_ns(ktime_sub(ktime_get(), start));
	if (!ret && !cp->released) {
		/* Give back now all that is not needed to hold the program. */
		stream_out_close(&cp->out);
		object_destroy(&cp->objects);
		list_for_each_entry(cm, &cp->mms, list) {
			mmput(cm->snapshot);
			cm->snapshot = NULL;
		}
		*held = cp;
		return 0;
	}
	checkpoint_free(cp);
	return ret;
}
