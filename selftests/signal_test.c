// SPDX-License-Identifier: GPL-2.0
/* Signals: actions, masks, alternate stacks, what is pending, what is being handled. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "subject_harness.h"

/* The kernel's own view: the C library hides the restorer and two signals. */
struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static int get_action(int sig, struct kernel_sigaction *sa)
{
	return syscall(SYS_rt_sigaction, sig, NULL, sa, 8);
}

static uint64_t get_mask(void)
{
	uint64_t set;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &set, 8);
	return set;
}

static uint64_t get_pending(void)
{
	uint64_t set;

	syscall(SYS_rt_sigpending, &set, 8);
	return set;
}

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void unblock(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static atomic_int handled;
static atomic_int last_signal;
static siginfo_t last_info;

static void handler(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	last_signal = sig;
	last_info = *info;
	handled++;
}

static void handle(int sig, int flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigfillset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

SUBJECT(actions)
{
	static const int flags[] = { 0, SA_RESTART, SA_NODEFER | SA_RESETHAND, SA_ONSTACK };
	struct kernel_sigaction before[65], after[65];
	struct sigaction sa;
	int sig;

	for (sig = 1; sig <= 64; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP || sig == 32 || sig == 33)
			continue;
		memset(&sa, 0, sizeof(sa));
		if (sig % 5 == 1) {
			sa.sa_handler = SIG_IGN;
		} else if (sig % 5) {
			sa.sa_sigaction = handler;
			sa.sa_flags = SA_SIGINFO | flags[sig % 4];
			sigaddset(&sa.sa_mask, sig % 31 + 1);
		}
		ASSERT_EQ(0, sigaction(sig, &sa, NULL));
	}
	for (sig = 1; sig <= 64; sig++)
		ASSERT_EQ(0, get_action(sig, &before[sig]));
	subject_wait();
	for (sig = 1; sig <= 64; sig++) {
		ASSERT_EQ(0, get_action(sig, &after[sig]));
		EXPECT_EQ(0, memcmp(&before[sig], &after[sig], sizeof(after[sig]))) {
			TH_LOG("action of signal %d", sig);
		}
	}
	/* And they act. */
	raise(SIGUSR2);
	EXPECT_EQ(SIGUSR2, last_signal);
}

static void *mask_thread(void *arg)
{
	uint64_t mask = 1ULL << (long)arg | 1ULL << 40, now;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
	while (subject_going()) {
		now = get_mask();
		if (!subject_check(now == mask))
			break;
		subject_nap(5);
	}
	return NULL;
}

SUBJECT(masks)
{
	uint64_t mask = 0xfffffffe7ffbfaffULL & ~(1ULL << (SIGKILL - 1)) &
			~(1ULL << (SIGSTOP - 1));
	pthread_t t[3];
	long i;

	subject_ready();
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, mask_thread, (void *)(i + 9)));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
	while (subject_going())
		subject_nap(5);
	EXPECT_EQ(mask, get_mask());
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

/* ---- alternate stacks ---- */

static char alt[64 << 10];
static bool on_alt;

static void alt_handler(int sig, siginfo_t *info, void *ctx)
{
	char here;

	handler(sig, info, ctx);
	on_alt = &here >= alt && &here < alt + sizeof(alt);
}

SUBJECT(altstack)
{
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) }, now;
	struct sigaction sa = {
		.sa_sigaction = alt_handler,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	ASSERT_EQ(0, sigaltstack(&ss, NULL));
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	subject_wait();
	ASSERT_EQ(0, sigaltstack(NULL, &now));
	EXPECT_EQ((void *)alt, now.ss_sp);
	EXPECT_EQ(sizeof(alt), now.ss_size);
	EXPECT_EQ(0, now.ss_flags);
	raise(SIGUSR1);
	EXPECT_TRUE(on_alt);
}

/* A flag that tells the state is taken for a wish, too, and then means nothing. */
SUBJECT(altstack_flag)
{
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt), .ss_flags = SS_ONSTACK }, now;

	ASSERT_EQ(0, sigaltstack(&ss, NULL));
	subject_wait();
	ASSERT_EQ(0, sigaltstack(NULL, &now));
	EXPECT_EQ((void *)alt, now.ss_sp);
	EXPECT_EQ(sizeof(alt), now.ss_size);
	EXPECT_EQ(0, now.ss_flags);
}

static bool in_handler_ok;

static void long_handler(int sig, siginfo_t *info, void *ctx)
{
	ucontext_t *uc = ctx;
	stack_t ss;

	handler(sig, info, ctx);
	subject_wait();
	/* Still on the alternate stack, the signal still blocked, the frame untouched. */
	in_handler_ok = subject_check(!sigaltstack(NULL, &ss)) &&
			subject_check(ss.ss_flags == SS_ONSTACK) &&
			subject_check(get_mask() & 1ULL << (SIGUSR1 - 1)) &&
			subject_check(uc->uc_stack.ss_sp == alt);
}

SUBJECT(in_a_handler)
{
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	struct sigaction sa = {
		.sa_sigaction = long_handler,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	uint64_t mask = get_mask();

	ASSERT_EQ(0, sigaltstack(&ss, NULL));
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	raise(SIGUSR1);
	EXPECT_TRUE(in_handler_ok);
	EXPECT_EQ(mask, get_mask());
	EXPECT_EQ(SIGUSR1, last_signal);
}

/* ---- pending ---- */

static void queue(int sig, int value)
{
	union sigval v = { .sival_int = value };

	if (sigqueue(getpid(), sig, v))
		subject_abort();
}

/* Those of timers are put back one by one, the others as they come. */
SUBJECT(pending_of_timers)
{
	const int sig = SIGRTMIN + 1, n = 24;
	struct timespec now = { 0 };
	siginfo_t info;
	sigset_t set;
	int i;

	block(sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	for (i = 0; i < n; i++) {
		const struct itimerspec soon = { .it_value.tv_nsec = 1 };
		struct sigevent event = {
			/* Signal the process and its thread in turn, but for every third. */
			.sigev_notify = i % 2 ? SIGEV_SIGNAL : SIGEV_THREAD_ID,
			.sigev_signo = sig,
			.sigev_value.sival_int = i,
		};
		timer_t id;

		if (i % 3 == 2) {
			queue(sig, i);
			continue;
		}
		event._sigev_un._tid = gettid();
		ASSERT_EQ(0, timer_create(CLOCK_MONOTONIC, &event, &id));
		ASSERT_EQ(0, timer_settime(id, 0, &soon, NULL));
		subject_nap(5);
	}
	subject_wait();
	/* The thread's own come first. */
	for (i = 0; i < n; i += 2) {
		if (i % 3 == 2)
			continue;
		ASSERT_EQ(sig, sigtimedwait(&set, &info, &now));
		EXPECT_EQ(i, info.si_value.sival_int);
	}
	for (i = 0; i < n; i++) {
		if (i % 2 == 0 && i % 3 != 2)
			continue;
		ASSERT_EQ(sig, sigtimedwait(&set, &info, &now));
		EXPECT_EQ(i, info.si_value.sival_int);
		EXPECT_EQ(i % 3 == 2 ? SI_QUEUE : SI_TIMER, info.si_code);
	}
	EXPECT_EQ(-1, sigtimedwait(&set, &info, &now));
}

SUBJECT(pending_process)
{
	struct timespec now = { 0 };
	siginfo_t info;
	sigset_t set;
	uint64_t before;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	for (i = 0; i < 4; i++)
		sigaddset(&set, SIGRTMIN + i);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGTERM);
	/* Real-time signals queue, in order; the lower number comes first. */
	for (i = 0; i < 10; i++)
		queue(SIGRTMIN + 3 - i % 3, i);
	before = get_pending();
	subject_wait();
	EXPECT_EQ(before, get_pending());
	ASSERT_EQ(SIGUSR1, sigtimedwait(&set, &info, &now));
	EXPECT_EQ(SI_USER, info.si_code);
	EXPECT_EQ(getpid(), info.si_pid);
	ASSERT_EQ(SIGTERM, sigtimedwait(&set, &info, &now));
	for (i = 2; i < 10; i += 3) {
		ASSERT_EQ(SIGRTMIN + 1, sigtimedwait(&set, &info, &now));
		EXPECT_EQ(i, info.si_value.sival_int);
		EXPECT_EQ(SI_QUEUE, info.si_code);
		EXPECT_EQ(getpid(), info.si_pid);
	}
	for (i = 1; i < 10; i += 3) {
		ASSERT_EQ(SIGRTMIN + 2, sigtimedwait(&set, &info, &now));
		EXPECT_EQ(i, info.si_value.sival_int);
	}
	for (i = 0; i < 10; i += 3) {
		ASSERT_EQ(SIGRTMIN + 3, sigtimedwait(&set, &info, &now));
		EXPECT_EQ(i, info.si_value.sival_int);
	}
	EXPECT_EQ(-1, sigtimedwait(&set, &info, &now));
	EXPECT_EQ(EAGAIN, errno);
}

static void *pending_thread(void *arg)
{
	struct timespec now = { 0 };
	siginfo_t info;
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 5);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2);
	for (i = 0; i < 3; i++) {
		memset(&info, 0, sizeof(info));
		info.si_signo = SIGRTMIN + 5;
		info.si_code = SI_QUEUE;
		info.si_pid = 12345;
		info.si_value.sival_ptr = (void *)((long)arg * 100 + i);
		syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGRTMIN + 5, &info);
	}
	while (subject_going())
		subject_nap(5);
	subject_check(sigtimedwait(&set, &info, &now) == SIGUSR2);
	subject_check(info.si_pid == getpid());
	for (i = 0; i < 3; i++) {
		subject_check(sigtimedwait(&set, &info, &now) == SIGRTMIN + 5);
		subject_check(info.si_value.sival_ptr == (void *)((long)arg * 100 + i));
		subject_check(info.si_pid == 12345);
	}
	subject_check(sigtimedwait(&set, &info, &now) == -1);
	return NULL;
}

SUBJECT(pending_threads)
{
	pthread_t t[3];
	long i;

	subject_ready();
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, pending_thread, (void *)i));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

/* The kernel forgot the sender at once: there was no room. */
SUBJECT(pending_without_siginfo)
{
	struct timespec none = { 0 };
	struct rlimit limit = { 0 };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	block(SIGUSR1);
	ASSERT_EQ(0, setrlimit(RLIMIT_SIGPENDING, &limit));
	ASSERT_EQ(0, sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 5 }));
	subject_wait();
	memset(&info, 0xff, sizeof(info));
	ASSERT_EQ(SIGUSR1, sigtimedwait(&set, &info, &none));
	EXPECT_EQ(SI_USER, info.si_code);
	EXPECT_EQ(0, info.si_pid);
	EXPECT_EQ(0, info.si_uid);
}

SUBJECT(pending_is_delivered)
{
	handle(SIGUSR1, 0);
	block(SIGUSR1);
	kill(getpid(), SIGUSR1);
	subject_wait();
	EXPECT_EQ(0, handled);
	unblock(SIGUSR1);
	EXPECT_EQ(1, handled);
	EXPECT_EQ(SIGUSR1, last_info.si_signo);
	EXPECT_EQ(getpid(), last_info.si_pid);
}

SUBJECT(many_pending)
{
	const int n = 500;
	struct timespec now = { 0 };
	siginfo_t info;
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMAX);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < n; i++)
		queue(SIGRTMAX, i * 7);
	subject_wait();
	for (i = 0; i < n; i++) {
		ASSERT_EQ(SIGRTMAX, sigtimedwait(&set, &info, &now));
		ASSERT_EQ(i * 7, info.si_value.sival_int);
	}
	EXPECT_EQ(-1, sigtimedwait(&set, &info, &now));
}

/* ---- waiting for signals ---- */

static pthread_t waiter;
static atomic_int waiting, waiter_tid;

/* Nothing but the signal may end it: wait a little, look that it has not, and send it. */
static void send_to_waiter(struct __test_metadata *_metadata, int sig)
{
	while (!waiting)
		subject_nap(1);
	/* A signal that comes before would be handled, and then waited for. */
	subject_asleep(waiter_tid);
	subject_wait();
	EXPECT_EQ(1, waiting);
	EXPECT_EQ(0, handled);
	pthread_kill(waiter, sig);
	EXPECT_EQ(0, pthread_join(waiter, NULL));
}

static void *suspend_thread(void *arg)
{
	sigset_t none;

	sigemptyset(&none);
	waiter_tid = gettid();
	waiting = 1;
	subject_check(sigsuspend(&none) == -1 && errno == EINTR);
	waiting = 2;
	/* The mask is as before. */
	subject_check(get_mask() & 1ULL << (SIGUSR1 - 1));
	return arg;
}

SUBJECT(sigsuspend_waits)
{
	handle(SIGUSR1, 0);
	block(SIGUSR1);
	ASSERT_EQ(0, pthread_create(&waiter, NULL, suspend_thread, NULL));
	send_to_waiter(_metadata, SIGUSR1);
	EXPECT_EQ(1, handled);
}

static void *pause_thread(void *arg)
{
	waiter_tid = gettid();
	waiting = 1;
	subject_check(pause() == -1 && errno == EINTR);
	waiting = 2;
	return arg;
}

SUBJECT(pause_waits)
{
	handle(SIGUSR1, 0);
	ASSERT_EQ(0, pthread_create(&waiter, NULL, pause_thread, NULL));
	send_to_waiter(_metadata, SIGUSR1);
	EXPECT_EQ(1, handled);
}

static void *sigwait_thread(void *arg)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	waiter_tid = gettid();
	waiting = 1;
	subject_check(sigwaitinfo(&set, &info) == SIGUSR1);
	waiting = 2;
	return arg;
}

SUBJECT(sigwaitinfo_waits)
{
	block(SIGUSR1);
	ASSERT_EQ(0, pthread_create(&waiter, NULL, sigwait_thread, NULL));
	send_to_waiter(_metadata, SIGUSR1);
}

static void *sigtimedwait_thread(void *arg)
{
	struct timespec ts = { 1, 500000000 };
	int64_t begun = subject_now();
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	waiting = 1;
	subject_check(sigtimedwait(&set, &info, &ts) == -1 && errno == EAGAIN);
	subject_check(subject_now() - begun >= 1490000000);
	waiting = 2;
	return arg;
}

SUBJECT(sigtimedwait_waits)
{
	block(SIGUSR1);
	ASSERT_EQ(0, pthread_create(&waiter, NULL, sigtimedwait_thread, NULL));
	subject_wait();
	EXPECT_EQ(0, pthread_join(waiter, NULL));
}

/*
 * A thread comes to rest late, for it waits for a child as vfork() does; in that time the other
 * one, which rests already, gets a signal. The child is one of who started us: not ours.
 */
static volatile long late_taken;
static pid_t late_pid, late_tid;

static void late_child(long n)
{
	struct timespec ts = { 0, 20000000 };
	siginfo_t info = { .si_signo = SIGRTMIN, .si_code = SI_QUEUE };

	info.si_value.sival_ptr = (void *)n;
	/* Ours must have no group that outlives it. */
	syscall(SYS_setsid);
	syscall(SYS_nanosleep, &ts, NULL);
	syscall(SYS_rt_tgsigqueueinfo, late_pid, late_tid, SIGRTMIN, &info);
	syscall(SYS_exit_group, 0);
}

static void *late_thread(void *arg)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	late_tid = gettid();
	while (subject_check(sigwaitinfo(&set, &info) == SIGRTMIN) && info.si_value.sival_ptr)
		late_taken = (long)info.si_value.sival_ptr;
	return arg;
}

SUBJECT(sent_to_a_parked_thread)
{
	union sigval end = { 0 };
	int64_t begun;
	pthread_t t;
	long n = 0;

	block(SIGRTMIN);
	late_pid = getpid();
	ASSERT_EQ(0, pthread_create(&t, NULL, late_thread, NULL));
	while (!late_tid)
		subject_nap(1);
	subject_ready();
	while (subject_going()) {
		n++;
		if (!syscall(SYS_clone, CLONE_VFORK | CLONE_PARENT, 0, 0, 0, 0))
			late_child(n);
		begun = subject_now();
		/* A child from before the restart may yet send to who has our number now. */
		while (late_taken < n && subject_now() - begun < 20000000000)
			subject_nap(1);
		ASSERT_LE(n, late_taken);
	}
	EXPECT_EQ(0, pthread_sigqueue(t, SIGRTMIN, end));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* ---- signals that come all the time ---- */

static void *storm_thread(void *arg)
{
	while (subject_going()) {
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
		subject_nap(1);
	}
	return NULL;
}

SUBJECT(storm)
{
	pthread_t self = pthread_self(), t;
	volatile double x = 1.5;
	long n = 0;

	handle(SIGUSR1, SA_RESTART);
	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, storm_thread, &self));
	while (subject_going()) {
		for (int i = 0; i < 1000; i++)
			x = x * 1.0 + 0.0;
		if (!subject_check(x == 1.5))
			break;
		n++;
	}
	EXPECT_EQ(0, pthread_join(t, NULL));
	EXPECT_LT(0, handled);
}
