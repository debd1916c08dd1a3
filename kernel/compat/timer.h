/* SPDX-License-Identifier: GPL-2.0 */
/* The differences of the supported kernels in timers. */
#ifndef _CKPT_COMPAT_TIMER_H
#define _CKPT_COMPAT_TIMER_H

#include <linux/hrtimer.h>
#ifdef HAVE_HRTIMER_BASES_H
#include <linux/hrtimer_bases.h>
#endif
#include <linux/posix-timers.h>
#include <linux/version.h>

#include "../core/symbols.h"

/* hrtimer_setup() hides the callback behind __private since 6.16. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define compat_hrtimer_function(timer)	ACCESS_PRIVATE(timer, function)
#else
#define compat_hrtimer_function(timer)	((timer)->function)
#endif

/* Which clock does a timer run on? 7.x has what it points to in a header of its own. */
static inline clockid_t compat_hrtimer_clock(const struct hrtimer *timer)
{
	return timer->base->clockid;
}

/* The list of POSIX timers is a hlist since 6.12. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define compat_for_each_posix_timer(timer, sig) \
	hlist_for_each_entry(timer, &(sig)->posix_timers, list)
#define compat_timer_newest(sig) \
	hlist_entry_safe((sig)->posix_timers.first, struct k_itimer, list)
#else
#define compat_for_each_posix_timer(timer, sig) \
	list_for_each_entry(timer, &(sig)->posix_timers, list)
#define compat_timer_newest(sig) \
	list_first_entry_or_null(&(sig)->posix_timers, struct k_itimer, list)
#endif

/*
 * POSIX timers were reworked between 6.12 and 6.14 ("posix-timers: Embed sigqueue in struct
 * k_itimer" and its neighbours). Since then a timer has a status, a signal that does not belong to
 * its present setting is dropped, and one that is ignored is sent once it is ignored no longer.
 */
enum compat_timer_state {
	COMPAT_TIMER_DISARMED,
	COMPAT_TIMER_ARMED,
	COMPAT_TIMER_REQUEUE,		/* expired; armed again when the signal is taken */
};

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#define COMPAT_TIMER_KEEPS_IGNORED	1
#define compat_timer_sigq(timer)	(&(timer)->sigq)

/* The values are those of a private header, kernel/time/posix-timers.h. */
static inline enum compat_timer_state compat_timer_state(const struct k_itimer *timer, bool cpu,
							 u64 now)
{
	if (cpu && timer->it_sigev_notify == SIGEV_NONE)
		return timer->it.cpu.node.expires ? COMPAT_TIMER_ARMED : COMPAT_TIMER_DISARMED;
	return timer->it_status;
}

static inline bool compat_timer_signal_valid(const struct k_itimer *timer)
{
	return timer->it_signal_seq == timer->it_sigqueue_seq;
}

static inline void compat_timer_set_requeue(struct k_itimer *timer)
{
	timer->it_status = COMPAT_TIMER_DISARMED;
}
#else
#define COMPAT_TIMER_KEEPS_IGNORED	0
#define compat_timer_sigq(timer)	((timer)->sigq)

/* On CPU clocks it_active means nothing, and a timer without a signal never has it. */
static inline enum compat_timer_state compat_timer_state(const struct k_itimer *timer, bool cpu,
							 u64 now)
{
	bool armed = timer->it_active;

	if (timer->it_requeue_pending & REQUEUE_PENDING)
		return COMPAT_TIMER_REQUEUE;
	if (cpu)
		armed = timer->it.cpu.node.expires;
	else if (timer->it_sigev_notify == SIGEV_NONE)
		armed = timer->it_interval ||
			ktime_to_ns(hrtimer_get_expires(&timer->it.real.timer)) > (s64)now;
	return armed ? COMPAT_TIMER_ARMED : COMPAT_TIMER_DISARMED;
}

static inline bool compat_timer_signal_valid(const struct k_itimer *timer)
{
	return true;
}

static inline void compat_timer_set_requeue(struct k_itimer *timer)
{
	timer->it_active = 0;
	timer->it_requeue_pending |= REQUEUE_PENDING;
}
#endif

/*
 * A timer expires: its signal is sent. The it_lock is held. One function does all of it since 6.12;
 * before, its callers did a part.
 */
static inline bool compat_timer_queue(struct k_itimer *timer)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	if (!sym_have(posix_timer_queue_signal))
		return false;
	sym(posix_timer_queue_signal)(timer);
#else
	if (!sym_have(posix_timer_event))
		return false;
	timer->it_active = 0;
	sym(posix_timer_event)(timer, timer->it_interval ? ++timer->it_requeue_pending : 0);
#endif
	return true;
}

/* The counter of timer ids became atomic in 6.15; its upper bit is masked where it is used. */
static inline u32 compat_timer_next_id(struct signal_struct *sig)
{
#ifdef PR_TIMER_CREATE_RESTORE_IDS
	return atomic_read(&sig->next_posix_timer_id) & INT_MAX;
#else
	return READ_ONCE(sig->next_posix_timer_id) & INT_MAX;
#endif
}

static inline void compat_timer_set_next_id(struct signal_struct *sig, u32 id)
{
#ifdef PR_TIMER_CREATE_RESTORE_IDS
	atomic_set(&sig->next_posix_timer_id, id);
#else
	WRITE_ONCE(sig->next_posix_timer_id, id);
#endif
}

/* "posix-timers: Provide a mechanism to allocate a given timer ID", 6.15 */
static inline bool compat_timer_restore_ids(const struct signal_struct *sig)
{
#ifdef PR_TIMER_CREATE_RESTORE_IDS
	return sig->timer_create_restore_ids;
#else
	return false;
#endif
}

static inline void compat_timer_set_restore_ids(struct signal_struct *sig, bool on)
{
#ifdef PR_TIMER_CREATE_RESTORE_IDS
	sig->timer_create_restore_ids = on;
#endif
}

#endif /* _CKPT_COMPAT_TIMER_H */
