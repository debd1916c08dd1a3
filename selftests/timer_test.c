// SPDX-License-Identifier: GPL-2.0
/*
 * Timers: those of setitimer(2) and alarm(2), and those of timer_create(2). By system calls, for
 * the C library has ids of its own.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "subject_harness.h"

#define MS		1000000LL
#define SEC		1000000000LL
/* How far a rest may be off, on a machine that has other things to do. */
#define OFF_NS		(900 * MS)

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id	_sigev_un._tid
#endif

static int64_t from_ts(const struct timespec *ts)
{
	return ts->tv_sec * SEC + ts->tv_nsec;
}

static struct timespec to_ts(int64_t ns)
{
	return (struct timespec){ ns / SEC, ns % SEC };
}

static int64_t clock_now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return from_ts(&ts);
}

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int take(int sig, siginfo_t *info, int64_t ns)
{
	int64_t end = subject_now() + ns;
	struct timespec ts;
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, sig);
	do {
		/* The handler of another signal may interrupt it again and again. */
		ts = to_ts(ns);
		ret = sigtimedwait(&set, info, &ts);
		ns = end - subject_now();
		if (ns < 0)
			ns = 0;
	} while (ret == -1 && errno == EINTR);
	return ret;
}

/* Only the handler counts here: signals that are taken are told of elsewhere. */
static atomic_int handled;
static siginfo_t last_info;

static void handler(int sig, siginfo_t *info, void *ctx)
{
	(void)sig;
	(void)ctx;
	last_info = *info;
	handled++;
}

static void handle(int sig)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };

	sigaction(sig, &sa, NULL);
}

/* It was armed anew, not only sent again. */
static bool goes_on_firing(int times)
{
	int i, from = handled;

	for (i = 0; i < 500 && handled < from + times; i++)
		subject_nap(20);
	return handled >= from + times;
}

/* CPU time, without a system call for the most part. */
static void burn(int64_t ns)
{
	int64_t end = clock_now(CLOCK_THREAD_CPUTIME_ID) + ns;
	volatile unsigned long n = 0;

	while (clock_now(CLOCK_THREAD_CPUTIME_ID) < end)
		for (int i = 0; i < 20000; i++)
			n++;
}

/* ---- interval timers ---- */

static int64_t itimer_rest(int which)
{
	struct itimerval it;

	if (getitimer(which, &it))
		return -1;
	return it.it_value.tv_sec * SEC + it.it_value.tv_usec * 1000;
}

/*
 * Is the rest right after some time? It is less by that time, though not by the time in which the
 * program was not there.
 */
static bool rest_fits(int64_t before, int64_t after, int64_t took, int64_t gaps)
{
	return subject_check(after <= before - took + gaps + OFF_NS) &&
	       subject_check(after >= before - took - OFF_NS);
}

SUBJECT(itimer_real)
{
	struct itimerval it = { { 3, 250000 }, { 1000, 500000 } };
	int64_t start, before, gaps;

	subject_clock_start();
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &it, NULL));
	start = subject_now();
	gaps = subject_gaps();
	before = itimer_rest(ITIMER_REAL);
	subject_wait();
	gaps = subject_gaps() - gaps;
	EXPECT_TRUE(rest_fits(before, itimer_rest(ITIMER_REAL), subject_now() - start, gaps));
	ASSERT_EQ(0, getitimer(ITIMER_REAL, &it));
	EXPECT_EQ(3, it.it_interval.tv_sec);
	EXPECT_EQ(250000, it.it_interval.tv_usec);
}

SUBJECT(itimer_interval)
{
	struct itimerval it = { { 0, 30000 }, { 0, 30000 } };

	handle(SIGALRM);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &it, NULL));
	subject_wait();
	EXPECT_TRUE(goes_on_firing(5));
	EXPECT_EQ(SI_KERNEL, last_info.si_code);
}

SUBJECT(alarm_)
{
	int64_t start = subject_now(), rest;

	handle(SIGALRM);
	alarm(500);
	subject_wait();
	EXPECT_EQ(0, handled);
	rest = alarm(1);
	EXPECT_LE(rest, 500);
	EXPECT_GE(rest, 500 - (subject_now() - start) / SEC - 2);
	EXPECT_TRUE(goes_on_firing(1));
}

/* The timer has expired, and goes on when its signal is taken. */
SUBJECT(itimer_pending)
{
	struct itimerval it = { { 0, 40000 }, { 0, 40000 } };
	siginfo_t info;
	int64_t rest;

	block(SIGALRM);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &it, NULL));
	subject_nap(100);
	subject_wait();
	EXPECT_EQ(0, itimer_rest(ITIMER_REAL));
	ASSERT_EQ(SIGALRM, take(SIGALRM, &info, 0));
	rest = itimer_rest(ITIMER_REAL);
	EXPECT_GE(40 * MS, rest);
	/* It runs, unless it has expired again by now. */
	EXPECT_TRUE(rest > 0 || take(SIGALRM, &info, 0) == SIGALRM);
	EXPECT_EQ(SIGALRM, take(SIGALRM, &info, 5 * SEC));
}

/* An alarm that came is not lost, nor told twice. */
SUBJECT(alarm_once)
{
	struct itimerval it = { { 0, 0 }, { 0, 300000 } };
	siginfo_t info;

	block(SIGALRM);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &it, NULL));
	subject_wait();
	ASSERT_EQ(SIGALRM, take(SIGALRM, &info, 10 * SEC));
	EXPECT_EQ(-1, take(SIGALRM, &info, 400 * MS));
}

static void cpu_itimer(struct __test_metadata *_metadata, int which, int sig)
{
	struct itimerval it = { { 0, 200000 }, { 800, 0 } };

	ASSERT_EQ(0, setitimer(which, &it, NULL));
	burn(100 * MS);
	subject_wait();
	EXPECT_GT(800 * SEC, itimer_rest(which));
	/* All the time that this test may have run. */
	EXPECT_LT(700 * SEC, itimer_rest(which));
	ASSERT_EQ(0, getitimer(which, &it));
	EXPECT_EQ(200000, it.it_interval.tv_usec);

	handle(sig);
	it.it_value = (struct timeval){ 0, 50000 };
	it.it_interval = it.it_value;
	ASSERT_EQ(0, setitimer(which, &it, NULL));
	while (handled < 2)
		burn(50 * MS);
}

SUBJECT(itimer_virtual)
{
	cpu_itimer(_metadata, ITIMER_VIRTUAL, SIGVTALRM);
}

SUBJECT(itimer_prof)
{
	cpu_itimer(_metadata, ITIMER_PROF, SIGPROF);
}

/* A profiler: the clock of the process that ticks while it works. */
SUBJECT(profiled)
{
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } };
	int from;

	handle(SIGPROF);
	ASSERT_EQ(0, setitimer(ITIMER_PROF, &it, NULL));
	subject_ready();
	while (subject_going())
		burn(20 * MS);
	from = handled;
	for (int i = 0; i < 100 && handled < from + 3; i++)
		burn(50 * MS);
	EXPECT_GE(handled, from + 3);
}

/* ---- POSIX timers ---- */

static int create(clockid_t clock, int notify, int sig, long value, pid_t tid)
{
	struct sigevent ev = {
		.sigev_notify = notify,
		.sigev_signo = sig,
		.sigev_value.sival_ptr = (void *)value,
	};
	int id = -1;

	ev.sigev_notify_thread_id = tid;
	return syscall(SYS_timer_create, clock, &ev, &id) ? -1 : id;
}

static int settime(int id, int flags, int64_t value, int64_t interval)
{
	struct itimerspec it = { to_ts(interval), to_ts(value) };

	return syscall(SYS_timer_settime, id, flags, &it, NULL);
}

static int64_t rest_of(int id, int64_t *interval)
{
	struct itimerspec it;

	if (syscall(SYS_timer_gettime, id, &it))
		return -1;
	if (interval)
		*interval = from_ts(&it.it_interval);
	return from_ts(&it.it_value);
}

static int overrun_of(int id)
{
	return syscall(SYS_timer_getoverrun, id);
}

/* Ids are the same, also the one that comes next. */
SUBJECT(ids)
{
	int id[6], i;

	for (i = 0; i < 6; i++) {
		id[i] = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, i, 0);
		ASSERT_LE(0, id[i]);
	}
	ASSERT_EQ(0, syscall(SYS_timer_delete, id[0]));
	ASSERT_EQ(0, syscall(SYS_timer_delete, id[3]));
	ASSERT_EQ(0, syscall(SYS_timer_delete, id[5]));
	subject_wait();
	for (i = 0; i < 6; i++) {
		if (i == 0 || i == 3 || i == 5) {
			EXPECT_EQ(-1, rest_of(id[i], NULL)) TH_LOG("timer %d", i);
		} else {
			EXPECT_EQ(0, rest_of(id[i], NULL)) TH_LOG("timer %d", i);
		}
	}
	EXPECT_EQ(id[5] + 1, create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0));
	EXPECT_EQ(0, syscall(SYS_timer_delete, id[4]));
}

/* There are none, but there were. */
SUBJECT(next_id)
{
	int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);

	ASSERT_EQ(0, syscall(SYS_timer_delete, id));
	subject_wait();
	EXPECT_EQ(id + 1, create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0));
}

static atomic_bool parked_over;

/* Not before its creator says so, who may be late. */
static void *parked_thread(void *arg)
{
	*(atomic_int *)arg = gettid();
	while (!parked_over)
		subject_nap(10);
	return NULL;
}

/* Clocks, signals, values, targets, as /proc tells them. */
SUBJECT(settings)
{
	static char before[8192], after[8192];
	static atomic_int tid;
	clockid_t cpu;
	pthread_t t;

	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, parked_thread, &tid));
	while (!tid)
		subject_nap(1);
	ASSERT_LE(0, create(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 0x123456789abcL, 0));
	ASSERT_LE(0, create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 5, 0));
	ASSERT_LE(0, create(CLOCK_BOOTTIME, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGRTMAX, -1, tid));
	ASSERT_LE(0, create(CLOCK_TAI, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGRTMIN, 7, gettid()));
	ASSERT_LE(0, create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGVTALRM, 8, 0));
	ASSERT_LE(0, create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGVTALRM, 9, 0));
	ASSERT_EQ(0, pthread_getcpuclockid(t, &cpu));
	ASSERT_LE(0, create(cpu, SIGEV_NONE, 0, 10, 0));
	ASSERT_EQ(0, clock_getcpuclockid(getpid(), &cpu));
	ASSERT_LE(0, create(cpu, SIGEV_NONE, 0, 11, 0));
	if (subject_read("/proc/self/timers", before, sizeof(before)) <= 0)
		SKIP(return, "the kernel has no /proc/PID/timers");
	while (subject_going())
		subject_nap(10);
	ASSERT_LT(0, subject_read("/proc/self/timers", after, sizeof(after)));
	EXPECT_STREQ(before, after);
	parked_over = true;
	EXPECT_EQ(0, pthread_join(t, NULL));
}

SUBJECT(rests)
{
	static const clockid_t clocks[] = {
		CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI,
	};
	int64_t start, before[8], took, gaps, interval;
	int id[8], i, n = ARRAY_SIZE(clocks);

	subject_clock_start();
	for (i = 0; i < 2 * n; i++) {
		id[i] = create(clocks[i % n], i < n ? SIGEV_SIGNAL : SIGEV_NONE, SIGUSR1, i, 0);
		ASSERT_LE(0, id[i]);
		ASSERT_EQ(0, settime(id[i], 0, 100 * SEC + i, 7 * SEC + i));
	}
	start = subject_now();
	gaps = subject_gaps();
	for (i = 0; i < 2 * n; i++)
		before[i] = rest_of(id[i], NULL);
	subject_wait();
	gaps = subject_gaps() - gaps;
	for (i = 0; i < 2 * n; i++) {
		took = subject_now() - start;
		EXPECT_TRUE(rest_fits(before[i], rest_of(id[i], &interval), took, gaps)) {
			TH_LOG("timer %d", i);
		}
		EXPECT_EQ(7 * SEC + i, interval);
	}
}

/* At a certain time of the day, whatever happens before. */
SUBJECT(realtime_deadline)
{
	int id = create(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 0, 0);
	int64_t deadline, most, rest;

	/* Another test sets it. */
	subject_claim("clock", 1);
	deadline = clock_now(CLOCK_REALTIME) + 200 * SEC;
	ASSERT_EQ(0, settime(id, TIMER_ABSTIME, deadline, 0));
	subject_wait();
	most = deadline - clock_now(CLOCK_REALTIME);
	rest = rest_of(id, NULL);
	EXPECT_GE(most + 1 * MS, rest);
	EXPECT_LE(deadline - clock_now(CLOCK_REALTIME), rest + 1 * MS);
}

SUBJECT(fires)
{
	siginfo_t info;
	int a, b;

	handle(SIGUSR1);
	a = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0x1122334455L, 0);
	ASSERT_EQ(0, settime(a, 0, 20 * MS, 20 * MS));
	/* Once, and it has. */
	block(SIGUSR2);
	b = create(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR2, 3, 0);
	ASSERT_EQ(0, settime(b, 0, 1, 0));
	subject_wait();
	EXPECT_TRUE(goes_on_firing(5));
	EXPECT_EQ(SI_TIMER, last_info.si_code);
	EXPECT_EQ(a, last_info.si_timerid);
	EXPECT_EQ((void *)0x1122334455L, last_info.si_value.sival_ptr);
	/* The other one fires all the while. */
	ASSERT_EQ(SIGUSR2, take(SIGUSR2, &info, 0));
	EXPECT_EQ(SI_TIMER, info.si_code);
	EXPECT_EQ(b, info.si_timerid);
	EXPECT_EQ(3, info.si_value.sival_int);
	EXPECT_EQ(-1, take(SIGUSR2, &info, 50 * MS));
}

static void queue(int sig, int value)
{
	union sigval v = { .sival_int = value };

	if (sigqueue(getpid(), sig, v))
		subject_abort();
}

/*
 * The signal is pending, among others of its number: it keeps its place, goes on counting what is
 * missed, and the timer goes on when it is taken.
 */
SUBJECT(pending)
{
	int sig = SIGRTMIN + 3, id, first;
	siginfo_t info;

	subject_timed();
	block(sig);
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, sig, 77, 0);
	queue(sig, 1);
	queue(sig, 2);
	ASSERT_EQ(0, settime(id, 0, 1 * MS, 50 * MS));
	subject_nap(100);
	queue(sig, 3);
	subject_wait();
	ASSERT_EQ(sig, take(sig, &info, 0));
	EXPECT_EQ(1, info.si_value.sival_int);
	ASSERT_EQ(sig, take(sig, &info, 0));
	EXPECT_EQ(2, info.si_value.sival_int);
	ASSERT_EQ(sig, take(sig, &info, 0));
	EXPECT_EQ(SI_TIMER, info.si_code);
	EXPECT_EQ(77, info.si_value.sival_int);
	EXPECT_EQ(id, info.si_timerid);
	first = info.si_overrun;
	EXPECT_LE(1, first);
	EXPECT_EQ(first, overrun_of(id));
	ASSERT_EQ(sig, take(sig, &info, 0));
	EXPECT_EQ(3, info.si_value.sival_int);
	/* Armed again, and only once. */
	EXPECT_LT(0, rest_of(id, NULL));
	EXPECT_GE(50 * MS, rest_of(id, NULL));
	ASSERT_EQ(sig, take(sig, &info, 5 * SEC));
	EXPECT_EQ(77, info.si_value.sival_int);
	ASSERT_EQ(0, settime(id, 0, 0, 0));
	while (take(sig, &info, 0) == sig)
		;
	EXPECT_EQ(-1, take(sig, &info, 120 * MS));
}

/* Overruns are what the clock says: of the time it was there. */
SUBJECT(overruns)
{
	int64_t start, took, gaps;
	int sig = SIGRTMIN + 4, id;
	siginfo_t info;

	subject_clock_start();
	block(sig);
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, sig, 0, 0);
	start = subject_now();
	ASSERT_EQ(0, settime(id, 0, 10 * MS, 10 * MS));
	gaps = subject_gaps();
	subject_wait();
	gaps = subject_gaps() - gaps;
	ASSERT_EQ(sig, take(sig, &info, 0));
	took = subject_now() - start;
	EXPECT_LE((took - gaps - OFF_NS) / (10 * MS), info.si_overrun);
	EXPECT_GE(took / (10 * MS), info.si_overrun);
}

SUBJECT(last_overrun)
{
	int sig = SIGRTMIN + 5, id, n;
	siginfo_t info;

	block(sig);
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, sig, 0, 0);
	ASSERT_EQ(0, settime(id, 0, 1 * MS, 1 * MS));
	subject_nap(50);
	ASSERT_EQ(sig, take(sig, &info, SEC));
	n = info.si_overrun;
	EXPECT_LT(5, n);
	subject_wait();
	EXPECT_EQ(n, overrun_of(id));
}

/* ---- for a thread ---- */

/* "armed": by the first thread, which may be slower than the driver. */
static atomic_int waiter_tid, waiter_got, waiter_ends, armed;

static void *waiter(void *arg)
{
	int sig = SIGRTMIN + 6;
	siginfo_t info;

	block(sig);
	waiter_tid = gettid();
	while (!waiter_ends) {
		if (take(sig, &info, 20 * SEC) != sig) {
			subject_fail("no signal for the thread, errno %d", errno);
			break;
		}
		subject_check(info.si_code == SI_TIMER);
		subject_check(info.si_value.sival_int == 42);
		waiter_got++;
	}
	return arg;
}

SUBJECT(thread_directed)
{
	int id, from;
	pthread_t t;

	/* Blocked there, and not wanted here: it would kill. */
	ASSERT_EQ(0, pthread_create(&t, NULL, waiter, NULL));
	while (!waiter_tid)
		subject_nap(1);
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGRTMIN + 6, 42, waiter_tid);
	ASSERT_LE(0, id);
	ASSERT_EQ(0, settime(id, 0, 15 * MS, 15 * MS));
	subject_wait();
	from = waiter_got;
	for (int i = 0; i < 500 && waiter_got < from + 5; i++)
		subject_nap(20);
	EXPECT_GE(waiter_got, from + 5);
	waiter_ends = 1;
	EXPECT_EQ(0, pthread_join(t, NULL));
}

static void *holder(void *arg)
{
	siginfo_t info;

	block(SIGUSR1);
	waiter_tid = gettid();
	while (subject_going() || !armed)
		subject_nap(10);
	subject_check(take(SIGUSR1, &info, 0) == SIGUSR1);
	subject_check(info.si_code == SI_TIMER && info.si_value.sival_int == 43);
	subject_check(take(SIGUSR1, &info, 10 * SEC) == SIGUSR1);
	return arg;
}

SUBJECT(pending_for_a_thread)
{
	pthread_t t;
	int id;

	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, holder, NULL));
	while (!waiter_tid)
		subject_nap(1);
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGUSR1, 43, waiter_tid);
	ASSERT_EQ(0, settime(id, 0, 1, 30 * MS));
	armed = 1;
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* The C library's threads for timers. */
static atomic_int notified;

static void notify(union sigval v)
{
	subject_check(v.sival_int == 44);
	notified++;
}

SUBJECT(library_thread)
{
	struct sigevent ev = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_value.sival_int = 44,
		.sigev_notify_function = notify,
	};
	struct itimerspec it = { to_ts(30 * MS), to_ts(30 * MS) };
	timer_t timer;
	int from;

	ASSERT_EQ(0, timer_create(CLOCK_MONOTONIC, &ev, &timer));
	ASSERT_EQ(0, timer_settime(timer, 0, &it, NULL));
	subject_wait();
	from = notified;
	for (int i = 0; i < 500 && notified < from + 3; i++)
		subject_nap(20);
	EXPECT_GE(notified, from + 3);
	EXPECT_EQ(0, timer_delete(timer));
}

/* ---- CPU time ---- */

static atomic_int burner_tid;

static void *burner(void *arg)
{
	burner_tid = gettid();
	while (subject_going() || !armed)
		burn(5 * MS);
	burn(300 * MS);
	return arg;
}

SUBJECT(cpu_time)
{
	int own, all, other, none;
	int64_t interval;
	siginfo_t info;
	clockid_t cpu;
	pthread_t t;

	handle(SIGUSR1);
	block(SIGUSR2);
	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, burner, NULL));
	while (!burner_tid)
		subject_nap(1);
	own = create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 1, 0);
	all = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 2, 0);
	none = create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_NONE, 0, 3, 0);
	ASSERT_EQ(0, pthread_getcpuclockid(t, &cpu));
	other = create(cpu, SIGEV_SIGNAL, SIGUSR2, 4, 0);
	ASSERT_LE(0, other);
	/* These do not fire: so much time nobody has. */
	ASSERT_EQ(0, settime(own, 0, 500 * SEC, SEC));
	ASSERT_EQ(0, settime(all, 0, 600 * SEC, 2 * SEC));
	ASSERT_EQ(0, settime(none, 0, 700 * SEC, 3 * SEC));
	/* This one does, and its signal is pending. */
	ASSERT_EQ(0, settime(other, 0, 10 * MS, 10 * MS));
	armed = 1;
	while (subject_going())
		subject_nap(10);
	EXPECT_GT(500 * SEC, rest_of(own, &interval));
	EXPECT_LT(400 * SEC, rest_of(own, NULL));
	EXPECT_EQ(SEC, interval);
	EXPECT_GT(600 * SEC, rest_of(all, &interval));
	EXPECT_LT(500 * SEC, rest_of(all, NULL));
	EXPECT_EQ(2 * SEC, interval);
	EXPECT_GT(700 * SEC, rest_of(none, &interval));
	EXPECT_LT(600 * SEC, rest_of(none, NULL));
	EXPECT_EQ(3 * SEC, interval);
	EXPECT_EQ(0, handled);
	ASSERT_EQ(SIGUSR2, take(SIGUSR2, &info, 10 * SEC));
	EXPECT_EQ(SI_TIMER, info.si_code);
	EXPECT_EQ(other, info.si_timerid);
	EXPECT_LE(0, info.si_overrun);
	/* They do count. */
	EXPECT_EQ(0, settime(own, 0, 30 * MS, 0));
	burn(200 * MS);
	EXPECT_EQ(1, handled);
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* One that goes on firing while the program works, as profilers have them. */
SUBJECT(cpu_profiler)
{
	int id, from;

	handle(SIGPROF);
	id = create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGPROF, 0, gettid());
	ASSERT_EQ(0, settime(id, 0, 10 * MS, 10 * MS));
	subject_ready();
	while (subject_going())
		burn(10 * MS);
	from = handled;
	for (int i = 0; i < 100 && handled < from + 3; i++)
		burn(20 * MS);
	EXPECT_GE(handled, from + 3);
}

/* ---- odd ones ---- */

SUBJECT(without_a_signal)
{
	int once = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0), again, stopped;
	int64_t interval;

	again = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
	stopped = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, 0);
	ASSERT_EQ(0, settime(once, 0, 1, 0));
	ASSERT_EQ(0, settime(again, 0, 1, 30 * SEC));
	ASSERT_EQ(0, settime(stopped, 0, 900 * SEC, 0));
	ASSERT_EQ(0, settime(stopped, 0, 0, 0));
	subject_wait();
	EXPECT_EQ(0, rest_of(once, NULL));
	EXPECT_LT(0, rest_of(again, &interval));
	EXPECT_GE(30 * SEC, rest_of(again, NULL));
	EXPECT_EQ(30 * SEC, interval);
	EXPECT_EQ(0, rest_of(stopped, NULL));
}

/* Ignored, then not. */
SUBJECT(ignored)
{
	int id;

	signal(SIGUSR1, SIG_IGN);
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 5, 0);
	ASSERT_EQ(0, settime(id, 0, 20 * MS, 20 * MS));
	subject_nap(50);
	subject_wait();
	handle(SIGUSR1);
	EXPECT_TRUE(goes_on_firing(3));
	EXPECT_EQ(id, last_info.si_timerid);
}

SUBJECT(many)
{
	int id[300], i;

	for (i = 0; i < 300; i++) {
		id[i] = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + i % 20, i, 0);
		if (id[i] < 0)
			SKIP(return, "only %d timers", i);
		ASSERT_EQ(0, settime(id[i], 0, (1000 + i) * SEC, i * SEC));
	}
	subject_wait();
	for (i = 0; i < 300; i++) {
		int64_t interval = -1;

		EXPECT_LT((800 + i) * SEC, rest_of(id[i], &interval));
		EXPECT_EQ(i * SEC, interval);
		EXPECT_EQ(0, syscall(SYS_timer_delete, id[i]));
	}
}

SUBJECT(alarm_clock_is_refused)
{
	int id = create(CLOCK_BOOTTIME_ALARM, SIGEV_SIGNAL, SIGUSR1, 0, 0);

	if (id < 0)
		SKIP(return, "no alarm clock: %s", strerror(errno));
	subject_refused(": POSIX timer %d on an alarm clock is not supported", id);
}

static atomic_int short_tid, short_end;

static void *short_thread(void *arg)
{
	short_tid = gettid();
	while (!short_end)
		subject_nap(1);
	return arg;
}

SUBJECT(ended_thread_is_refused)
{
	pthread_t t;
	int id;

	ASSERT_EQ(0, pthread_create(&t, NULL, short_thread, NULL));
	while (!short_tid)
		subject_nap(1);
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGUSR1, 0, short_tid);
	ASSERT_LE(0, id);
	short_end = 1;
	EXPECT_EQ(0, pthread_join(t, NULL));
	subject_refused(": POSIX timer %d for a thread that ended is not supported", id);
}
