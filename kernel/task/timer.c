// SPDX-License-Identifier: GPL-2.0
/*
 * Interval timers (setitimer, alarm) and POSIX timers (timer_create) of a process.
 *
 * An image has the rest until a timer expires, on the timer's own clock; for an absolute timer on
 * CLOCK_REALTIME it has the time itself. A timer whose signal is pending is kept with its place in
 * the queue: the kernel recognises that signal as the timer's, counts overruns on it, and arms the
 * timer again when it is taken.
 */
#include <linux/bsearch.h>
#include <linux/hrtimer.h>
#include <linux/posix-timers.h>
#include <linux/prctl.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/time64.h>
#include <linux/uaccess.h>
#include <uapi/linux/time.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/owner.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "../file/scratch.h"
#include "current.h"
#include "../core/symbols.h"
#include "timer.h"

/* For a moment, a timer that must not expire is set this much later. */
#define TIMER_LATER_NS	(3600 * NSEC_PER_SEC)

/**
 * struct timer_place - a timer's pending signal
 * @q: the signal
 * @place: how many stand before it in its queue
 */
struct timer_place {
	const struct sigqueue *q;
	u32 place;
};

static bool timer_is_cpu(clockid_t clock)
{
	return clock < 0 && CPUCLOCK_WHICH(clock) < CPUCLOCK_MAX;
}

/* ---- checkpoint ---- */

unsigned int timer_count(const struct signal_struct *sig)
{
	struct k_itimer *timer;
	unsigned int n = 0;

	compat_for_each_posix_timer(timer, sig)
		n++;
	return n;
}

int timer_room(struct timer_set *set, unsigned int n)
{
	/* More are counted, but not described: timer_write() refuses them. */
	n = min_t(unsigned int, n, PB_TIMERS_TIMER_MAX);
	if (n <= set->cap)
		return 0;
	timer_free(set);
	set->timer = kvcalloc(n, sizeof(*set->timer), GFP_KERNEL_ACCOUNT);
	set->place = kvcalloc(n, sizeof(*set->place), GFP_KERNEL_ACCOUNT);
	if (!set->timer || !set->place) {
		timer_free(set);
		return -ENOMEM;
	}
	set->cap = n;
	return 0;
}

void timer_free(struct timer_set *set)
{
	kvfree(set->timer);
	kvfree(set->place);
	set->timer = NULL;
	set->place = NULL;
	set->cap = 0;
}

static int timer_place_cmp(const void *a, const void *b)
{
	const struct timer_place *x = a, *y = b;

	return x->q < y->q ? -1 : x->q > y->q;
}

static void timer_places_of(struct timer_set *set, const struct sigpending *pending,
			    unsigned int *n)
{
	struct sigqueue *q;
	u32 place = 0;

	list_for_each_entry(q, &pending->list, list) {
		if (timer_signal(q) && *n < set->cap) {
			set->place[*n].q = q;
			set->place[(*n)++].place = place;
		}
		place++;
	}
}

/* Where in the queues the signals of timers stand; Return: how many there are. */
static unsigned int timer_places(struct timer_set *set, struct task_struct *leader)
{
	struct task_struct *thread;
	unsigned int n = 0;

	timer_places_of(set, &leader->signal->shared_pending, &n);
	for_each_thread(leader, thread)
		timer_places_of(set, &thread->pending, &n);
	sort(set->place, n, sizeof(*set->place), timer_place_cmp, NULL);
	return n;
}

static void timer_cpu_times(const struct task_cputime *sum, u64 *times)
{
	times[CPUCLOCK_PROF] = sum->utime + sum->stime;
	times[CPUCLOCK_VIRT] = sum->utime;
	times[CPUCLOCK_SCHED] = sum->sum_exec_runtime;
}

/*
 * CPU time of a parked process: it does not run, so the sums are exact, and the same for all its
 * timers. They are what the kernel compares timers with, while any is armed; else it takes a look
 * at each thread, with interrupts off: once.
 */
static u64 timer_cpu_process(struct timer_set *set, clockid_t clock, struct task_struct *leader)
{
	struct task_cputime sum;

	if (!set->sampled && leader->signal->posix_cputimers.timers_active) {
		sym(thread_group_sample_cputime)(leader, set->cpu);
	} else if (!set->sampled) {
		sym(thread_group_cputime)(leader, &sum);
		timer_cpu_times(&sum, set->cpu);
	}
	set->sampled = true;
	return set->cpu[CPUCLOCK_WHICH(clock)];
}

static u64 timer_cpu_thread(clockid_t clock, struct task_struct *task)
{
	const struct task_cputime sum = {
		.utime = task->utime,
		.stime = task->stime,
		.sum_exec_runtime = sym(task_sched_runtime)(task),
	};
	u64 times[CPUCLOCK_MAX];

	timer_cpu_times(&sum, times);
	return times[CPUCLOCK_WHICH(clock)];
}

static const char *timer_save_clock(struct timer_set *set, struct pb_posix_timer *pb,
				    struct k_itimer *timer, struct task_struct *leader,
				    u64 *now, u64 *expires)
{
	struct task_struct *task;

	switch (timer->it_clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		*now = ktime_to_ns(hrtimer_cb_get_time(&timer->it.real.timer));
		*expires = ktime_to_ns(hrtimer_get_expires(&timer->it.real.timer));
		return NULL;
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return "on an alarm clock";
	}
	if (!timer_is_cpu(timer->it_clock))
		return "on a clock that is not known";
	if (!CPUCLOCK_PERTHREAD(timer->it_clock)) {
		task = pid_task(timer->it.cpu.pid, PIDTYPE_TGID);
	} else {
		task = pid_task(timer->it.cpu.pid, PIDTYPE_PID);
		pb->has_clock_tid = true;
		pb->clock_tid = pid_vnr(timer->it.cpu.pid);
	}
	if (!task || !same_thread_group(task, leader))
		return "on the CPU time of a thread that ended, or of another process,";
	*now = CPUCLOCK_PERTHREAD(timer->it_clock) ?
	       timer_cpu_thread(timer->it_clock, task) :
	       timer_cpu_process(set, timer->it_clock, leader);
	*expires = cpu_timer_getexpires(&timer->it.cpu);
	return NULL;
}

/* When it will expire; @now and @expires are times of its clock. */
static void timer_save_rest(struct pb_posix_timer *pb, struct k_itimer *timer, u64 now,
			    u64 expires)
{
	bool cpu = timer_is_cpu(timer->it_clock), none = timer->it_sigev_notify == SIGEV_NONE;
	enum compat_timer_state state = compat_timer_state(timer, cpu, now);
	s64 left = expires - now;
	u64 interval = timer->it_interval, times;

	if (state == COMPAT_TIMER_DISARMED)
		return;
	/*
	 * Without a signal in the queue it waits for the signal to be ignored no longer (on newer
	 * kernels): it then goes on as if it had not yet expired.
	 */
	pb->requeue = state == COMPAT_TIMER_REQUEUE &&
		      (pb->has_place || !COMPAT_TIMER_KEEPS_IGNORED);
	pb->has_requeue = pb->requeue;
	if (left <= 0 && interval && (none || state == COMPAT_TIMER_REQUEUE)) {
		/* As the kernel does it when somebody asks for the rest, or takes the signal. */
		times = div64_u64(-left, interval) + 1;
		left += times * interval;
		pb->overruns += times;
	}
	if (left <= 0 && none)
		return;
	pb->has_rest_ns = true;
	pb->rest_ns = max_t(s64, left, 1);
	if (!cpu && timer->it_clock == CLOCK_REALTIME &&
	    compat_hrtimer_clock(&timer->it.real.timer) == CLOCK_REALTIME) {
		pb->has_realtime_ns = true;
		pb->realtime_ns = now + pb->rest_ns;
	}
}

/* One timer; its it_lock and the siglock are held. Return: NULL, or what cannot be kept. */
static const char *timer_save_one(struct timer_set *set, struct pb_posix_timer *pb,
				  struct k_itimer *timer, struct task_struct *leader,
				  unsigned int nr_places)
{
	const struct sigqueue *sigq = compat_timer_sigq(timer);
	const struct timer_place key = { .q = sigq }, *place;
	struct task_struct *target;
	u64 now, expires;
	const char *what;

	memset(pb, 0, sizeof(*pb));
	pb->id = timer->it_id;
	pb->clock = timer->it_clock;
	pb->notify = timer->it_sigev_notify;
	pb->signal = sigq->info.si_signo;
	pb->value = (unsigned long)sigq->info.si_value.sival_ptr;
	if (timer->it_sigev_notify & SIGEV_THREAD_ID) {
		target = pid_task(timer->it_pid, PIDTYPE_PID);
		if (!target || !same_thread_group(target, leader))
			return "for a thread that ended";
		pb->has_target = true;
		pb->target = pid_vnr(timer->it_pid);
	}
	pb->has_interval_ns = !!timer->it_interval;
	pb->interval_ns = timer->it_interval;
	pb->overruns = max_t(s64, timer->it_overrun, -1) + 1;
	pb->overruns_last = max_t(s64, timer->it_overrun_last, 0);

	place = bsearch(&key, set->place, nr_places, sizeof(key), timer_place_cmp);
	if (place && compat_timer_signal_valid(timer)) {
		pb->has_place = true;
		pb->place = place->place;
		pb->has_queued_overruns = !!sigq->info.si_overrun;
		pb->queued_overruns = sigq->info.si_overrun;
	}
	what = timer_save_clock(set, pb, timer, leader, &now, &expires);
	if (what)
		return what;
	timer_save_rest(pb, timer, now, expires);
	pb->has_overruns = !!pb->overruns;
	pb->has_overruns_last = !!pb->overruns_last;
	return NULL;
}

static struct pb_itimer *timer_itimer(struct timer_set *set, u32 which, u64 interval)
{
	struct pb_itimer *pb = &set->itimer[set->pb.n_itimer++];

	memset(pb, 0, sizeof(*pb));
	pb->which = which;
	pb->has_interval_ns = !!interval;
	pb->interval_ns = interval;
	return pb;
}

static int timer_save_real(struct timer_set *set, struct signal_struct *sig)
{
	struct hrtimer *timer = &sig->real_timer;
	s64 left = ktime_to_ns(hrtimer_get_expires(timer)) - ktime_get_ns();
	struct pb_itimer *pb;

	if (hrtimer_is_queued(timer)) {
		pb = timer_itimer(set, ITIMER_REAL, sig->it_real_incr);
		pb->has_rest_ns = true;
		pb->rest_ns = max_t(s64, left, 1);
	} else if (hrtimer_active(timer)) {
		/* It expires just now: nobody knows whether the signal has been sent. */
		return -EAGAIN;
	} else if (sig->it_real_incr) {
		/* Armed again when SIGALRM is taken. */
		pb = timer_itimer(set, ITIMER_REAL, sig->it_real_incr);
		pb->has_late_ns = true;
		pb->late_ns = max_t(s64, -left, 0);
	}
	return 0;
}

static void timer_save_cpu(struct timer_set *set, struct task_struct *leader, u32 which, int clock)
{
	const struct cpu_itimer *it = &leader->signal->it[clock];
	struct pb_itimer *pb;

	if (!it->expires && !it->incr)
		return;
	pb = timer_itimer(set, which, it->incr);
	if (!it->expires)
		return;
	pb->has_rest_ns = true;
	pb->rest_ns = max_t(s64, it->expires - timer_cpu_process(set, clock, leader), 1);
}

int timer_save(struct timer_set *set, struct task_struct *leader)
{
	struct signal_struct *sig = leader->signal;
	unsigned int nr_places, n;
	struct k_itimer *timer;
	const char *what;

	memset(&set->pb, 0, sizeof(set->pb));
	set->pb.itimer = set->itimer;
	set->pb.timer = set->timer;
	set->refused = NULL;
	set->sampled = false;
	if (timer_save_real(set, sig))
		return -EAGAIN;
	timer_save_cpu(set, leader, ITIMER_VIRTUAL, CPUCLOCK_VIRT);
	timer_save_cpu(set, leader, ITIMER_PROF, CPUCLOCK_PROF);

	set->pb.next_id = compat_timer_next_id(sig);
	set->pb.restore_ids = compat_timer_restore_ids(sig);
	set->pb.has_restore_ids = set->pb.restore_ids;

	rcu_read_lock();
	nr_places = timer_places(set, leader);
	n = timer_count(sig);
	if (n > set->cap) {
		set->refused = "and more of them than can be kept";
		set->refused_id = n;
		n = 0;
	}
	set->pb.n_timer = n;
	compat_for_each_posix_timer(timer, sig) {
		if (!n)
			break;
		/* The other way round than who sends a signal does it. */
		if (!spin_trylock(&timer->it_lock)) {
			rcu_read_unlock();
			return -EAGAIN;
		}
		/* The newest comes first on the list. */
		what = timer_save_one(set, &set->timer[--n], timer, leader, nr_places);
		if (what && !set->refused) {
			set->refused = what;
			set->refused_id = timer->it_id;
		}
		spin_unlock(&timer->it_lock);
	}
	rcu_read_unlock();
	return 0;
}

int timer_write(struct checkpoint_process *proc, struct timer_set *set)
{
	struct pb_timers *pb = &set->pb;

	pb->pid = proc->pid;
	if (set->refused)
		return refuse(proc, CKPT_WHERE_NONE, 0, CKPT_REASON_UNSUPPORTED, NULL,
			      "POSIX timer %u %s is not supported", set->refused_id,
			      set->refused);
	if (!pb->n_itimer && !pb->n_timer && !pb->next_id && !pb->restore_ids)
		return 0;
	return stream_out_msg(&proc->cp->out, CKPT_REC_TIMERS, &pb_timers_msg, pb);
}

/* ---- restart ---- */

/**
 * struct timer_build - a POSIX timer that is being made
 * @pb: what it is to be
 * @timer: what it is
 */
struct timer_build {
	struct pb_posix_timer pb;
	struct k_itimer *timer;
};

/* User memory that the bodies of the system calls read from and write to. */
struct timer_user {
	struct sigevent event;
	struct __kernel_itimerspec spec;
	timer_t id;
};

static const char *timer_check(const struct pb_posix_timer *pb)
{
	if (pb->id > INT_MAX)
		return "id";
	switch (pb->clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		if (pb->has_clock_tid)
			return "clock";
		break;
	default:
		if (!timer_is_cpu(pb->clock) || !CPUCLOCK_PERTHREAD(pb->clock) == pb->has_clock_tid)
			return "clock";
	}
	switch (pb->notify) {
	case SIGEV_NONE:
		if (pb->has_place || pb->requeue)
			return "signal";
		break;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
		if (!pb->signal || !valid_signal(pb->signal) ||
		    (pb->has_place && sig_kernel_only(pb->signal)))
			return "signal";
		break;
	default:
		return "notification";
	}
	if (!!(pb->notify & SIGEV_THREAD_ID) != pb->has_target)
		return "target";
	if (pb->interval_ns > KTIME_MAX || pb->rest_ns > KTIME_MAX || pb->realtime_ns > KTIME_MAX ||
	    (pb->has_rest_ns && !pb->rest_ns) || (pb->has_realtime_ns && !pb->has_rest_ns) ||
	    (pb->has_realtime_ns && pb->clock != CLOCK_REALTIME) ||
	    (pb->requeue && !(pb->has_rest_ns && pb->interval_ns)))
		return "time";
	if (pb->overruns > S64_MAX || pb->overruns_last > S64_MAX || pb->queued_overruns > INT_MAX)
		return "overruns";
	return NULL;
}

/*
 * Are the ids of new timers ours to choose? Newer kernels let one say so; on the others a timer
 * gets the id of a counter, which timer_create_one() sets.
 */
static int timer_choose_ids(bool choose)
{
#ifdef PR_TIMER_CREATE_RESTORE_IDS
	return arch_sys(prctl, PR_TIMER_CREATE_RESTORE_IDS, choose ?
			PR_TIMER_CREATE_RESTORE_IDS_ON : PR_TIMER_CREATE_RESTORE_IDS_OFF, 0, 0, 0);
#else
	return 0;
#endif
}

static int timer_create_one(struct timer_build *tb, struct timer_user __user *user)
{
	const struct pb_posix_timer *pb = &tb->pb;
	clockid_t clock = pb->clock;
	struct sigevent event = {
		.sigev_value.sival_ptr = (void __user *)(unsigned long)pb->value,
		.sigev_signo = pb->signal,
		.sigev_notify = pb->notify,
		.sigev_notify_thread_id = pb->target,
	};
	struct k_itimer *timer;
	timer_t id = pb->id;
	long ret;

	if (timer_is_cpu(clock))
		clock = CPUCLOCK_PERTHREAD(clock) ?
			make_thread_cpuclock(pb->clock_tid, CPUCLOCK_WHICH(clock)) :
			make_process_cpuclock(0, CPUCLOCK_WHICH(clock));
	compat_timer_set_next_id(current->signal, id);
	if (copy_to_user(&user->event, &event, sizeof(event)) ||
	    copy_to_user(&user->id, &id, sizeof(id)))
		return -EFAULT;
	ret = arch_sys(timer_create, clock, (unsigned long)&user->event, (unsigned long)&user->id);
	if (ret)
		return ret;
	if (copy_from_user(&id, &user->id, sizeof(id)))
		return -EFAULT;
	/* Another id: the one that is wanted is in use, by another timer of the image. */
	if (id != (timer_t)pb->id)
		return -EBUSY;
	spin_lock_irq(&current_sighand()->siglock);
	timer = compat_timer_newest(current->signal);
	spin_unlock_irq(&current_sighand()->siglock);
	if (!timer || timer->it_id != id)
		return -EINVAL;
	/* Several numbers name the same CPU clock of one's own; keep the one the program used. */
	timer->it_clock = pb->clock;
	tb->timer = timer;
	return 0;
}

static int timer_settime(const struct pb_posix_timer *pb, u64 later,
			 struct timer_user __user *user)
{
	u64 then = later && pb->has_realtime_ns ? ktime_get_real_ns() : 0;
	u64 at = max(pb->has_realtime_ns ? pb->realtime_ns : pb->rest_ns, then);
	struct timespec64 value = ns_to_timespec64(min_t(u64, at, KTIME_MAX - later) + later);
	struct timespec64 interval = ns_to_timespec64(pb->interval_ns);
	struct __kernel_itimerspec spec = {
		.it_value = { .tv_sec = value.tv_sec, .tv_nsec = value.tv_nsec },
		.it_interval = { .tv_sec = interval.tv_sec, .tv_nsec = interval.tv_nsec },
	};

	if (copy_to_user(&user->spec, &spec, sizeof(spec)))
		return -EFAULT;
	return arch_sys(timer_settime, pb->id, pb->has_realtime_ns ? TIMER_ABSTIME : 0,
			(unsigned long)&user->spec, 0);
}

/* An armed timer becomes one that waits for its signal to be taken. */
static void timer_disarm(const struct pb_posix_timer *pb, struct k_itimer *timer)
{
	struct hrtimer *real = &timer->it.real.timer;

	if (!timer_is_cpu(timer->it_clock)) {
		hrtimer_try_to_cancel(real);
		hrtimer_set_expires(real, pb->has_realtime_ns ? pb->realtime_ns :
				    ktime_sub_ns(hrtimer_get_expires(real), TIMER_LATER_NS));
		return;
	}
	/* The cache of the next expiry may be too early now: that costs one look. */
	spin_lock(&current_sighand()->siglock);
	cpu_timer_dequeue(&timer->it.cpu);
	spin_unlock(&current_sighand()->siglock);
	cpu_timer_setexpires(&timer->it.cpu,
			     cpu_timer_getexpires(&timer->it.cpu) - TIMER_LATER_NS);
}

/**
 * struct timer_queued - the signal that was put in its place last
 * @pending: the queue, or NULL
 * @sigq: the signal
 * @place: how many stand before it
 */
struct timer_queued {
	const struct sigpending *pending;
	struct sigqueue *sigq;
	u32 place;
};

/*
 * Its signal was sent last: put it where it stood. They come by queue and place, so the way to it
 * begins at the one before, unless a SIGCONT, say, has taken that away; all together go through a
 * queue once.
 */
static int timer_move(struct sigqueue *sigq, struct task_struct *target, enum pid_type type,
		      u32 place, struct timer_queued *last)
{
	struct sigpending *pending = type == PIDTYPE_PID ? &target->pending :
							   &target->signal->shared_pending;
	struct list_head *pos;
	u32 n = 0;

	spin_lock(&current_sighand()->siglock);
	/*
	 * A thread that was killed meanwhile flushes its queue, on 7.x without the lock:
	 * exit_signals() sets the flag and takes the queue away in one go.
	 */
	if ((type == PIDTYPE_PID && target->flags & PF_EXITING) || list_empty(&sigq->list)) {
		spin_unlock(&current_sighand()->siglock);
		return -ECHILD;
	}
	pos = pending->list.next;
	if (last->pending == pending && !list_empty(&last->sigq->list)) {
		pos = last->sigq->list.next;
		n = last->place + 1;
	}
	for (; pos != &pending->list && pos != &sigq->list && n < place; pos = pos->next)
		n++;
	if (pos != &pending->list && pos != &sigq->list)
		list_move_tail(&sigq->list, pos);
	last->pending = pending;
	last->sigq = sigq;
	last->place = n;
	spin_unlock(&current_sighand()->siglock);
	return 0;
}

static int timer_queue(struct timer_build *tb, struct timer_queued *last)
{
	const struct pb_posix_timer *pb = &tb->pb;
	struct sigqueue *sigq = compat_timer_sigq(tb->timer);
	struct task_struct *target = current;

	if (!compat_timer_queue(tb->timer))
		return -EOPNOTSUPP;
	if (pb->has_target) {
		rcu_read_lock();
		target = pid_task(tb->timer->it_pid, PIDTYPE_PID);
		rcu_read_unlock();
	}
	/* A thread of ours: it sleeps until we are done, or is dying, and its queue with it. */
	if (!target)
		return -ECHILD;
	sigq->info.si_overrun = pb->queued_overruns;
	return timer_move(sigq, target, pb->has_target ? PIDTYPE_PID : PIDTYPE_TGID, pb->place,
			  last);
}

static int timer_start_one(struct timer_build *tb, struct timer_user __user *user,
			   struct timer_queued *last)
{
	const struct pb_posix_timer *pb = &tb->pb;
	struct k_itimer *timer = tb->timer;
	unsigned long flags;
	int ret = 0;

	if (pb->requeue) {
		ret = timer_settime(pb, TIMER_LATER_NS, user);
		if (ret)
			return ret;
	}
	spin_lock_irqsave(&timer->it_lock, flags);
	if (pb->requeue)
		timer_disarm(pb, timer);
	if (pb->has_place)
		ret = timer_queue(tb, last);
	else if (pb->requeue)
		compat_timer_set_requeue(timer);
	spin_unlock_irqrestore(&timer->it_lock, flags);
	if (!ret && pb->has_rest_ns && !pb->requeue)
		ret = timer_settime(pb, 0, user);

	spin_lock_irqsave(&timer->it_lock, flags);
	/* It may have expired meanwhile, but nobody has taken the signal. */
	timer->it_overrun = (s64)pb->overruns - 1;
	timer->it_overrun_last = pb->overruns_last;
	/* Without a time it has no interval, but one that was set once still shows. */
	if (!pb->has_rest_ns && !pb->has_place)
		timer->it_interval = pb->interval_ns;
	spin_unlock_irqrestore(&timer->it_lock, flags);
	return ret;
}

static int timer_build_cmp(const void *a, const void *b)
{
	const struct timer_build *x = a, *y = b;

	/* By queue and place: what is put somewhere must not move what was put there before. */
	if (x->pb.target != y->pb.target)
		return x->pb.target < y->pb.target ? -1 : 1;
	return x->pb.place < y->pb.place ? -1 : x->pb.place > y->pb.place;
}

static int timer_finish_posix(struct restart_process *p, struct timer_user __user *user)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct timer_queued last = {};
	u32 n = p->timers.n_timer, i;
	int ret = timer_choose_ids(true);

	for (i = 0; i < n && !ret && !fatal_signal_pending(current); i++) {
		cond_resched();
		ret = timer_create_one(&p->posix_timer[i], user);
		if (ret)
			error_add(&p->rs->ctx->errors, ret, &at,
				  "its POSIX timer %u was refused (%d)",
				  p->posix_timer[i].pb.id, -ret);
	}
	timer_choose_ids(false);
	if (ret)
		return ret;
	sort(p->posix_timer, n, sizeof(*p->posix_timer), timer_build_cmp, NULL);
	for (i = 0; i < n; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		ret = timer_start_one(&p->posix_timer[i], user, &last);
		if (ret)
			return error_add(&p->rs->ctx->errors, ret, &at,
					 "its POSIX timer %u cannot be started (%d)",
					 p->posix_timer[i].pb.id, -ret);
	}
	return 0;
}

static void timer_finish_itimers(struct restart_process *p)
{
	static const int clocks[] = {
		[ITIMER_VIRTUAL] = CPUCLOCK_VIRT,
		[ITIMER_PROF] = CPUCLOCK_PROF,
	};
	struct signal_struct *sig = current->signal;
	const struct pb_itimer *pb;
	u64 expires, old;
	u32 which;

	spin_lock_irq(&current_sighand()->siglock);
	if (p->itimer_set & BIT(ITIMER_REAL)) {
		pb = &p->itimer[ITIMER_REAL];
		sig->it_real_incr = pb->interval_ns;
		if (pb->has_rest_ns)
			hrtimer_start(&sig->real_timer, ns_to_ktime(pb->rest_ns),
				      HRTIMER_MODE_REL);
		else
			hrtimer_set_expires(&sig->real_timer,
					    ktime_sub_ns(ktime_get(), pb->late_ns));
	}
	for (which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
		struct cpu_itimer *it = &sig->it[clocks[which]];

		if (!(p->itimer_set & BIT(which)))
			continue;
		pb = &p->itimer[which];
		it->incr = pb->interval_ns;
		if (!pb->has_rest_ns)
			continue;
		expires = pb->rest_ns;
		old = 0;
		sym(set_process_cpu_timer)(current, clocks[which], &expires, &old);
		it->expires = expires;
	}
	spin_unlock_irq(&current_sighand()->siglock);
}

static int timer_finish(struct restart_process *p)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	unsigned long addr;
	int ret = 0;

	if (p->timers.n_timer) {
		/* The address space is complete: somewhere in it there is room. */
		addr = scratch_map(sizeof(struct timer_user));
		if (IS_ERR_VALUE(addr))
			return error_add(&p->rs->ctx->errors, addr, &at,
					 "there is no memory for its timers");
		ret = timer_finish_posix(p, (struct timer_user __user *)addr);
		scratch_unmap(addr, sizeof(struct timer_user));
	}
	if (ret)
		return ret;
	timer_finish_itimers(p);
	compat_timer_set_next_id(current->signal, p->timers.next_id);
	compat_timer_set_restore_ids(current->signal, p->timers.restore_ids);
	return 0;
}

int timer_read(struct restart *rs)
{
	struct restart_process *p;
	struct pb_timers pb;
	u32 seen = 0, i;
	const char *bad;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_timers_msg, &pb);
	if (ret)
		return ret;
	p = owner_process(rs, pb.pid);
	if (IS_ERR(p))
		return PTR_ERR(p);
	if (pb.next_id > INT_MAX)
		return stream_in_bad(&rs->in, "next timer id %u", pb.next_id);
	for (i = 0; i < pb.n_itimer; i++) {
		const struct pb_itimer *it = &pb.itimer[i];

		if (it->which > ITIMER_PROF || seen & BIT(it->which) ||
		    it->interval_ns > KTIME_MAX || it->rest_ns > KTIME_MAX ||
		    it->late_ns > KTIME_MAX || (it->has_rest_ns && !it->rest_ns) ||
		    (it->has_late_ns && (it->which != ITIMER_REAL || it->has_rest_ns)))
			return stream_in_bad(&rs->in, "interval timer %u", it->which);
		seen |= BIT(it->which);
		p->itimer[it->which] = *it;
	}
	p->itimer_set = seen;
	for (i = 0; i < pb.n_timer; i++) {
		bad = timer_check(&pb.timer[i]);
		if (bad)
			return stream_in_bad(&rs->in, "POSIX timer %u: %s", pb.timer[i].id, bad);
	}
	/* They lie in a buffer that is used again. */
	if (pb.n_timer) {
		p->posix_timer = kvcalloc(pb.n_timer, sizeof(*p->posix_timer), GFP_KERNEL_ACCOUNT);
		if (!p->posix_timer)
			return -ENOMEM;
		for (i = 0; i < pb.n_timer; i++) {
			p->posix_timer[i].pb = pb.timer[i];
			/* Another kernel's image: go on as timer_save_rest() has it here. */
			if (COMPAT_TIMER_KEEPS_IGNORED && !pb.timer[i].has_place)
				p->posix_timer[i].pb.requeue = false;
		}
	}
	p->timers = pb;
	return later_call(&rs->here->later, LATER_TIMERS, timer_finish);
}
