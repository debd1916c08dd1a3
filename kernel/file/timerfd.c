// SPDX-License-Identifier: GPL-2.0
/*
 * timerfd_create(2): a timer, and how often it has expired.
 *
 * Clocks are the machine's, so what is kept is the rest of the time; of an absolute timer on
 * CLOCK_REALTIME it is the deadline.
 */
#include <linux/alarmtimer.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <linux/timerfd.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "fd.h"
#include "../core/refuse.h"
#include "fdinfo.h"
#include "description.h"
#include "path.h"
#include "scratch.h"
#include "file_kind.h"

#define TIMERFD_FLAGS	((u32)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))

/* How often to look again at a timer that expires while it is looked at. */
#define TIMERFD_TRIES	10

/*
 * fs/timerfd.c's own, the same in all supported kernels. fdinfo tells all but three things: the
 * phase of a periodic timer that has expired and was not read since (it stands still until then),
 * the exact deadline, and that its clock was set. It is believed if the others are as fdinfo
 * tells them.
 */
struct timerfd_private {
	union {
		struct hrtimer tmr;
		struct alarm alarm;
	} t;
	ktime_t tintv;
	ktime_t moffs;
	wait_queue_head_t wqh;
	u64 ticks;
	int clockid;
	unsigned short expired;
	unsigned short settime_flags;
};

static bool timerfd_match(struct file *file)
{
	return path_is_anonymous(file, "[timerfd]");
}

static bool timerfd_alarm(u32 clockid)
{
	return clockid == CLOCK_REALTIME_ALARM || clockid == CLOCK_BOOTTIME_ALARM;
}

static bool timerfd_realtime(u32 clockid)
{
	return clockid == CLOCK_REALTIME || clockid == CLOCK_REALTIME_ALARM;
}

/*
 * Its layout was found to be right. Other processes that have the file may set it at this moment:
 * under the lock that they take for it, it is whole.
 */
static bool timerfd_armed(struct file *file, u32 clockid)
{
	struct timerfd_private *ctx = file->private_data;
	bool armed;

	if (timerfd_alarm(clockid))
		return READ_ONCE(ctx->t.alarm.state) & ALARMTIMER_STATE_ENQUEUED;
	spin_lock_irq(&ctx->wqh.lock);
	armed = hrtimer_active(&ctx->t.tmr);
	spin_unlock_irq(&ctx->wqh.lock);
	return armed;
}

/* By the clock that the timer runs on; what it says of that itself may be half written. */
static ktime_t timerfd_now(const struct pb_timerfd *pb)
{
	switch (pb->clockid) {
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		return ktime_get_boottime();
	case CLOCK_REALTIME:
		/* Relative ones do not heed it when the clock is set; see hrtimer_init(). */
		return pb->flags & TFD_TIMER_ABSTIME ? ktime_get_real() : ktime_get();
	case CLOCK_REALTIME_ALARM:
		return ktime_get_real();
	}
	return ktime_get();
}

/* Both views of a timer; -EAGAIN if they differ: it may have expired in between. */
static int timerfd_look(struct file *file, struct pb_timerfd *pb, struct timerfd_private *ctx)
{
	char *info = fdinfo_read(file);
	u64 clockid, flags;
	int ret = -EOPNOTSUPP;

	if (IS_ERR(info))
		return PTR_ERR(info);
	if (!fdinfo_number(info, "clockid:", 10, &clockid) ||
	    !fdinfo_number(info, "ticks:", 10, &pb->ticks) ||
	    !fdinfo_number(info, "settime flags:", 8, &flags) ||
	    !fdinfo_time(info, "it_value:", &pb->rest_ns) ||
	    !fdinfo_time(info, "it_interval:", &pb->interval_ns) ||
	    copy_from_kernel_nofault(ctx, file->private_data, sizeof(*ctx)))
		goto out;
	pb->clockid = clockid;
	pb->flags = flags;
	ret = -EAGAIN;
	if (ctx->clockid != clockid || ctx->ticks != pb->ticks || ctx->settime_flags != flags ||
	    ctx->tintv != pb->interval_ns || ctx->expired > 1)
		goto out;
	ret = 0;
out:
	kvfree(info);
	return ret;
}

static int timerfd_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
			struct pb_file *pb)
{
	struct pb_timerfd *timer = &pb->timerfd;
	struct timerfd_private ctx;
	ktime_t expires;
	s64 left;
	int tries, ret = -EAGAIN;
	bool armed;
	u64 n;

	for (tries = 0; ret == -EAGAIN && tries < TIMERFD_TRIES; tries++) {
		if (tries)
			usleep_range(50, 200);
		ret = timerfd_look(file, timer, &ctx);
		if (ret || timer->rest_ns || ctx.expired)
			continue;
		/* Off, or due and about to expire; it had not done so when looked at again. */
		armed = timerfd_armed(file, timer->clockid);
		ret = timerfd_look(file, timer, &ctx);
		if (!ret && armed && !ctx.expired)
			timer->rest_ns = 1;
	}
	if (ret == -ENOMEM)
		return ret;
	if (ret)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "a timerfd of this kernel is not supported");
	if (timer->flags & TFD_TIMER_CANCEL_ON_SET && ctx.moffs == KTIME_MAX)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "a timerfd whose clock was set is not supported");

	pb->has_timerfd = true;
	expires = timerfd_alarm(timer->clockid) ? ctx.t.alarm.node.expires :
						  hrtimer_get_expires(&ctx.t.tmr);
	left = ktime_sub(expires, timerfd_now(timer));
	if (ctx.expired && timer->interval_ns) {
		/* As timerfd_gettime() would count. */
		n = left < 0 ? div64_u64(-left, timer->interval_ns) : 0;
		timer->ticks += n;
		expires += (n + 1) * timer->interval_ns;
		timer->rest_ns = (n + 1) * timer->interval_ns + left;
	}
	if (timer->rest_ns && timer->flags & TFD_TIMER_ABSTIME &&
	    timerfd_realtime(timer->clockid)) {
		timer->has_deadline_ns = true;
		timer->deadline_ns = expires;
	}
	return 0;
}

/* ---- restart ---- */

/**
 * struct timerfd_later - a timer that is armed with the last steps: its time begins to count
 * @later: in the queue
 * @id: of its FILE
 * @pb: its settings
 */
struct timerfd_later {
	struct later later;
	u32 id;
	struct pb_timerfd pb;
};

static bool timerfd_valid(const struct pb_timerfd *pb)
{
	switch (pb->clockid) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		break;
	default:
		return false;
	}
	if (pb->has_deadline_ns && (!(pb->flags & TFD_TIMER_ABSTIME) || !pb->rest_ns ||
				    !timerfd_realtime(pb->clockid)))
		return false;
	return !(pb->flags & ~TIMERFD_FLAGS) && pb->rest_ns <= KTIME_MAX &&
	       pb->interval_ns <= KTIME_MAX && pb->deadline_ns <= KTIME_MAX;
}

static u64 timerfd_sum(u64 now, u64 rest)
{
	return now + min_t(u64, rest, KTIME_MAX - now);
}

/* When it expires, on its own clock, as the program would say it. */
static struct timespec64 timerfd_absolute(const struct pb_timerfd *pb, u64 deadline, u64 rest)
{
	struct timespec64 ts;

	switch (pb->clockid) {
	case CLOCK_MONOTONIC:
		ts = ns_to_timespec64(timerfd_sum(ktime_get_ns(), rest));
		timens_add_monotonic(&ts);
		break;
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		ts = ns_to_timespec64(timerfd_sum(ktime_get_boottime_ns(), rest));
		timens_add_boottime(&ts);
		break;
	default:
		ts = ns_to_timespec64(pb->has_deadline_ns ? deadline :
				      timerfd_sum(ktime_get_real_ns(), rest));
	}
	return ts;
}

static int timerfd_settime(int fd, const struct pb_timerfd *pb, struct timespec64 value)
{
	struct timespec64 interval = ns_to_timespec64(pb->interval_ns);
	struct __kernel_itimerspec its = {
		.it_value = { value.tv_sec, value.tv_nsec },
		.it_interval = { interval.tv_sec, interval.tv_nsec },
	};
	unsigned long addr = scratch_put(&its, sizeof(its));
	int ret;

	if (IS_ERR_VALUE(addr))
		return addr;
	ret = arch_sys(timerfd_settime, fd, pb->flags, addr, 0);
	scratch_unmap(addr, sizeof(its));
	return ret;
}

static int timerfd_set_ticks(struct file *file, u64 ticks)
{
	unsigned long addr;
	int ret;

	/* Behind CONFIG_CHECKPOINT_RESTORE. */
	if (!file->f_op->unlocked_ioctl)
		return -EOPNOTSUPP;
	addr = scratch_put(&ticks, sizeof(ticks));
	if (IS_ERR_VALUE(addr))
		return addr;
	ret = file->f_op->unlocked_ioctl(file, TFD_IOC_SET_TICKS, addr);
	scratch_unmap(addr, sizeof(ticks));
	return ret;
}

/*
 * Once. To arm a timer forgets its expirations, which must be set behind it; should it expire in
 * between, that would be one too few: -EAGAIN.
 */
static int timerfd_arm(struct file *file, int fd, const struct pb_timerfd *pb)
{
	u64 ticks = pb->ticks, deadline = pb->deadline_ns, rest = pb->rest_ns, now, missed, end;
	struct timespec64 value = {};
	int ret;

	if (pb->has_deadline_ns) {
		now = ktime_get_real_ns();
		if (deadline <= now) {
			missed = pb->interval_ns ?
				 div64_u64(now - deadline, pb->interval_ns) + 1 : 1;
			ticks = ticks > U64_MAX - missed ? U64_MAX : ticks + missed;
			deadline = pb->interval_ns ?
				   min_t(u64, deadline + missed * pb->interval_ns, KTIME_MAX) : 0;
		}
		rest = deadline ? deadline - now : 0;
	}
	end = timerfd_sum(ktime_get_ns(), rest);
	if (rest)
		value = pb->flags & TFD_TIMER_ABSTIME ? timerfd_absolute(pb, deadline, rest) :
							ns_to_timespec64(rest);
	/* -ECANCELED: its clock was set since it was created; that was before its time. */
	ret = timerfd_settime(fd, pb, value);
	if (ret)
		return ret == -ECANCELED ? -EAGAIN : ret;
	if (!ticks)
		return 0;
	ret = timerfd_set_ticks(file, ticks);
	if (ret)
		return ret;
	return rest && ktime_get_ns() >= end ? -EAGAIN : 0;
}

static int timerfd_finish(struct restart_process *p, struct later *item)
{
	struct restart *rs = p->rs;
	const struct timerfd_later *later = container_of(item, struct timerfd_later, later);
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct object *obj = object_by_id(&rs->objects, OBJECT_FILE, later->id);
	int tries, ret = -EAGAIN;

	if (!obj || obj->fd < 0)
		return stream_in_bad(&rs->in, "timerfd %u has no descriptor", later->id);
	for (tries = 0; ret == -EAGAIN && tries < TIMERFD_TRIES; tries++)
		ret = timerfd_arm(obj->ptr, obj->fd, &later->pb);
	/* One that expires all the time: so often that one more or less cannot be told. */
	if (!ret || ret == -EAGAIN)
		return 0;
	at.where_type = CKPT_WHERE_FD;
	at.where = obj->fd;
	if (ret == -EPERM) {
		at.reason = CKPT_REASON_DENIED;
		at.advice = "restart it with CAP_WAKE_ALARM";
	}
	return error_add(&rs->ctx->errors, ret, &at, "a timer cannot be armed");
}

static void timerfd_free(struct later *item)
{
	kfree(container_of(item, struct timerfd_later, later));
}

static const struct later_ops timerfd_later_ops = {
	.stage = LATER_TIMERS,
	.run = timerfd_finish,
	.free = timerfd_free,
};

static struct file *timerfd_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct timerfd_later *later;
	struct file *file;
	int ret;

	if (!timerfd_valid(&pb->timerfd))
		return ERR_PTR(stream_in_bad(&rs->in, "timerfd %u", pb->id));
	file = description_take_fd(arch_sys(timerfd_create, pb->timerfd.clockid, 0));
	if (PTR_ERR_OR_ZERO(file) == -EPERM) {
		at.reason = CKPT_REASON_DENIED;
		at.advice = "restart it with CAP_WAKE_ALARM";
	}
	if (IS_ERR(file)) {
		error_add(&rs->ctx->errors, PTR_ERR(file), &at, "a timerfd cannot be created");
		return file;
	}
	later = kmalloc(sizeof(*later), GFP_KERNEL_ACCOUNT);
	if (!later) {
		fput(file);
		return ERR_PTR(-ENOMEM);
	}
	later->id = pb->id;
	later->pb = pb->timerfd;
	ret = fd_later(rs, pb->id, &later->later, &timerfd_later_ops);
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}
	return file;
}

const struct file_kind timerfd_kind = {
	.match = timerfd_match,
	.save = timerfd_save,
	.has = offsetof(struct pb_file, has_timerfd),
	.open = timerfd_open,
};
