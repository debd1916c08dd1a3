/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interval timers (setitimer, alarm) and POSIX timers (timer_create) of a process.
 *
 * They run while the process is frozen, and may send their signal at any moment. So they are
 * looked at together with the queue of signals, under one lock: a timer has either sent it, or
 * not.
 */
#ifndef _CKPT_TIMER_H
#define _CKPT_TIMER_H

#include <linux/posix-timers.h>
#include <linux/sched/signal.h>

#include "../image/schema.gen.h"

struct checkpoint_process;
struct restart;
struct timer_place;

/**
 * struct timer_set - the timers of a process, described
 * @pb: the description; points into this struct
 * @itimer: those that are set
 * @timer: POSIX timers, the oldest first
 * @place: where their signals stand in the queues; as many as @cap
 * @cap: room in @timer
 * @sampled: @cpu is set
 * @cpu: CPU time of the process, by CPUCLOCK_*
 * @refused: what cannot be kept about the timer @refused_id, or NULL
 * @refused_id: see there
 */
struct timer_set {
	struct pb_timers pb;
	struct pb_itimer itimer[3];
	struct pb_posix_timer *timer;
	struct timer_place *place;
	unsigned int cap;
	bool sampled;
	u64 cpu[CPUCLOCK_MAX];
	const char *refused;
	u32 refused_id;
};

/** timer_count() - how many POSIX timers a process has; its siglock is held */
unsigned int timer_count(const struct signal_struct *sig);

/** timer_room() - get room for @n POSIX timers; Return: 0, -ENOMEM */
int timer_room(struct timer_set *set, unsigned int n);

/** timer_free() - give back what timer_room() allocated */
void timer_free(struct timer_set *set);

/** timer_signal() - is this pending signal a POSIX timer's, which describes it itself? */
static inline bool timer_signal(const struct sigqueue *q)
{
	return q->flags & SIGQUEUE_PREALLOC && q->info.si_code == SI_TIMER;
}

/**
 * timer_save() - describe the timers of a parked process
 * @set: with room for all
 * @leader: its thread group leader; the siglock is held
 *
 * Return: 0, or -EAGAIN if one is just expiring: let go of the lock for a moment.
 */
int timer_save(struct timer_set *set, struct task_struct *leader);

/** timer_write() - write TIMERS if there is anything to say; refuses what cannot be kept */
int timer_write(struct checkpoint_process *proc, struct timer_set *set);

/** timer_read() - TIMERS; they are made with the last steps */
int timer_read(struct restart *rs);

#endif /* _CKPT_TIMER_H */
