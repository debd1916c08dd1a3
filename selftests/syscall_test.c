// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that wait, and are interrupted by a checkpoint: they go on as if nothing had
 * happened. No EINTR, the right result, the right total time.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "subject_harness.h"

#define MS		1000000LL
#define SLEEP_NS	(1500 * MS)
#define SLEEP_TS	{ 1, 500000000 }

/* How late a wake-up may be, besides the time the program was frozen or not there. */
#define LATE_NS		(700 * MS)
/* Timers of poll() and select() have a slack; clocks tick. */
#define EARLY_NS	(10 * MS)

static atomic_int begun, ended;
static int pipe_fds[2];
static int futex_word;

static int futex(int *word, int op, int val, const void *ts, int val3)
{
	return syscall(SYS_futex, word, op, val, ts, NULL, val3);
}

/*
 * Calls with a timeout: each sleeps for SLEEP_NS, in a thread of its own, again and again until
 * the test is told to end. Return: 0 if it answered as on a timeout.
 */
struct timed {
	const char *name;
	int (*call)(void);
};

static int timed_nanosleep(void)
{
	struct timespec ts = SLEEP_TS, rem = { 0, 0 };

	/*
	 * The kernel writes the rest here at any wake-up, and goes on sleeping (as after SIGSTOP
	 * and SIGCONT); it means something only together with EINTR.
	 */
	return nanosleep(&ts, &rem);
}

static int timed_clock(clockid_t clock, int flags)
{
	struct timespec ts = SLEEP_TS, now;

	if (flags & TIMER_ABSTIME) {
		clock_gettime(clock, &now);
		ts.tv_sec += now.tv_sec;
		ts.tv_nsec += now.tv_nsec;
		if (ts.tv_nsec >= 1000000000) {
			ts.tv_sec++;
			ts.tv_nsec -= 1000000000;
		}
	}
	return clock_nanosleep(clock, flags, &ts, NULL);
}

static int timed_realtime(void)
{
	return timed_clock(CLOCK_REALTIME, 0);
}

static int timed_absolute(void)
{
	return timed_clock(CLOCK_MONOTONIC, TIMER_ABSTIME);
}

static int timed_boottime(void)
{
	return timed_clock(CLOCK_BOOTTIME, 0);
}

static int timed_tai(void)
{
	return timed_clock(CLOCK_TAI, 0);
}

static int timed_realtime_absolute(void)
{
	return timed_clock(CLOCK_REALTIME, TIMER_ABSTIME);
}

static int timed_boottime_absolute(void)
{
	return timed_clock(CLOCK_BOOTTIME, TIMER_ABSTIME);
}

static int timed_tai_absolute(void)
{
	return timed_clock(CLOCK_TAI, TIMER_ABSTIME);
}

static int timed_futex(void)
{
	struct timespec ts = SLEEP_TS;
	int word = 5;

	return futex(&word, FUTEX_WAIT_PRIVATE, 5, &ts, 0) != -1 || errno != ETIMEDOUT;
}

static int timed_futex_shared(void)
{
	struct timespec ts = SLEEP_TS;
	int word = 5;

	return futex(&word, FUTEX_WAIT, 5, &ts, 0) != -1 || errno != ETIMEDOUT;
}

static int timed_futex_at(clockid_t clock, int flag)
{
	struct timespec ts;
	int word = 5;

	clock_gettime(clock, &ts);
	ts.tv_sec += 1;
	ts.tv_nsec += 500000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | flag, 5, &ts, 0x10) != -1 ||
	       errno != ETIMEDOUT;
}

static int timed_futex_absolute(void)
{
	return timed_futex_at(CLOCK_MONOTONIC, 0);
}

static int timed_futex_realtime(void)
{
	return timed_futex_at(CLOCK_REALTIME, FUTEX_CLOCK_REALTIME);
}

static int timed_poll(void)
{
	struct pollfd fd = { .fd = pipe_fds[0], .events = POLLIN };

	return poll(&fd, 1, SLEEP_NS / MS);
}

static int timed_ppoll(void)
{
	struct pollfd fd = { .fd = pipe_fds[0], .events = POLLIN };
	struct timespec ts = SLEEP_TS;
	sigset_t set;

	sigfillset(&set);
	return ppoll(&fd, 1, &ts, &set);
}

static int timed_poll_nothing(void)
{
	return poll(NULL, 0, SLEEP_NS / MS);
}

static int timed_select(void)
{
	struct timeval tv = { 1, 500000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipe_fds[0], &set);
	return select(pipe_fds[0] + 1, &set, NULL, NULL, &tv);
}

static int timed_pselect(void)
{
	struct timespec ts = SLEEP_TS;
	sigset_t mask;
	fd_set set;

	sigfillset(&mask);
	FD_ZERO(&set);
	FD_SET(pipe_fds[0], &set);
	return pselect(pipe_fds[0] + 1, &set, NULL, NULL, &ts, &mask);
}

static void *timed_thread(void *arg)
{
	struct timed *timed = arg;
	int64_t start, took, gaps;

	while (subject_going()) {
		gaps = subject_gaps();
		start = subject_now();
		begun++;
		errno = 0;
		if (timed->call()) {
			subject_fail("%s: wrong result, errno %d", timed->name, errno);
			break;
		}
		took = subject_now() - start;
		gaps = subject_gaps() - gaps;
		if (took < SLEEP_NS - EARLY_NS)
			subject_fail("%s: %lld ms, too early", timed->name, took / MS);
		/* Gaps of the machine's making count twice here; so it is only a rough limit. */
		if (took > SLEEP_NS + gaps + LATE_NS)
			subject_fail("%s: %lld ms with gaps of %lld ms, too late", timed->name,
				     took / MS, gaps / MS);
		ended++;
	}
	return NULL;
}

static void timed_all(struct __test_metadata *_metadata, struct timed *timed, int n)
{
	pthread_t t[16];
	int i;

	ASSERT_EQ(0, pipe(pipe_fds));
	subject_clock_start();
	subject_ready();
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, timed_thread, &timed[i]));
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

SUBJECT(sleeps)
{
	static struct timed timed[] = {
		{ "nanosleep", timed_nanosleep },
		{ "clock_nanosleep(REALTIME)", timed_realtime },
		{ "clock_nanosleep(ABSTIME)", timed_absolute },
		{ "clock_nanosleep(BOOTTIME)", timed_boottime },
	};

	timed_all(_metadata, timed, ARRAY_SIZE(timed));
}

SUBJECT(sleeps_by_other_clocks)
{
	static struct timed timed[] = {
		{ "clock_nanosleep(TAI)", timed_tai },
		{ "clock_nanosleep(REALTIME, ABSTIME)", timed_realtime_absolute },
		{ "clock_nanosleep(BOOTTIME, ABSTIME)", timed_boottime_absolute },
		{ "clock_nanosleep(TAI, ABSTIME)", timed_tai_absolute },
	};

	timed_all(_metadata, timed, ARRAY_SIZE(timed));
}

/* A lock with priority inheritance that another thread has all the time. */
static int pi_lock, requeue_word, requeue_lock;
static atomic_int pi_held, pi_done;

static void *pi_holder(void *arg)
{
	subject_check(!futex(&pi_lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL, 0));
	subject_check(!futex(&requeue_lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL, 0));
	pi_held = 1;
	while (!pi_done)
		subject_nap(10);
	/* Its waiters are those of before the restart. */
	subject_check(!futex(&pi_lock, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, 0));
	subject_check(!futex(&requeue_lock, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, 0));
	return arg;
}

static struct timespec timed_end(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ts.tv_sec += 1;
	ts.tv_nsec += 500000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

static int timed_lock_pi(void)
{
	struct timespec ts = timed_end(CLOCK_REALTIME);

	return futex(&pi_lock, FUTEX_LOCK_PI_PRIVATE, 0, &ts, 0) != -1 || errno != ETIMEDOUT;
}

static int timed_wait_requeue_pi(void)
{
	struct timespec ts = timed_end(CLOCK_MONOTONIC);

	return syscall(SYS_futex, &requeue_word, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, &ts,
		       &requeue_lock, 0) != -1 || errno != ETIMEDOUT;
}

#ifndef SYS_futex_waitv
#define SYS_futex_waitv	449
#endif

static int timed_waitv(void)
{
	struct { uint64_t val, uaddr; uint32_t flags, reserved; } waiters[2] = {
		{ 5, 0, 2 | FUTEX_PRIVATE_FLAG, 0 }, { 6, 0, 2 | FUTEX_PRIVATE_FLAG, 0 },
	};
	struct timespec ts = timed_end(CLOCK_MONOTONIC);
	int words[2] = { 5, 6 };

	waiters[0].uaddr = (uintptr_t)&words[0];
	waiters[1].uaddr = (uintptr_t)&words[1];
	return syscall(SYS_futex_waitv, waiters, 2, 0, &ts, CLOCK_MONOTONIC) != -1 ||
	       errno != ETIMEDOUT;
}

static void *pi_waiter(void *arg)
{
	begun++;
	subject_check(!futex(&pi_lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL, 0));
	subject_check(pi_done);
	subject_check(!futex(&pi_lock, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, 0));
	return arg;
}

SUBJECT(futex_pi_and_vectors)
{
	static struct timed timed[] = {
		{ "futex(LOCK_PI)", timed_lock_pi },
		{ "futex(WAIT_REQUEUE_PI)", timed_wait_requeue_pi },
		{ "futex_waitv", timed_waitv },
	};
	pthread_t holder, waiter;

	ASSERT_EQ(0, pthread_create(&holder, NULL, pi_holder, NULL));
	while (!pi_held)
		subject_nap(1);
	ASSERT_EQ(0, pthread_create(&waiter, NULL, pi_waiter, NULL));
	while (!begun)
		subject_nap(1);
	timed_all(_metadata, timed, ARRAY_SIZE(timed));
	pi_done = 1;
	EXPECT_EQ(0, pthread_join(holder, NULL));
	EXPECT_EQ(0, pthread_join(waiter, NULL));
}

SUBJECT(futex_timeouts)
{
	static struct timed timed[] = {
		{ "futex", timed_futex },
		{ "futex(shared)", timed_futex_shared },
		{ "futex(absolute)", timed_futex_absolute },
		{ "futex(realtime)", timed_futex_realtime },
	};

	timed_all(_metadata, timed, ARRAY_SIZE(timed));
}

SUBJECT(poll_timeouts)
{
	static struct timed timed[] = {
		{ "poll", timed_poll },
		{ "ppoll", timed_ppoll },
		{ "poll(nothing)", timed_poll_nothing },
		{ "select", timed_select },
		{ "pselect", timed_pselect },
	};

	timed_all(_metadata, timed, ARRAY_SIZE(timed));
}

/*
 * Calls without an end of their own: they begin, the checkpoint comes, they have not ended;
 * then something happens and they answer. Return: 0 if as it should be.
 */
struct endless {
	const char *name;
	int (*call)(void);
};

static int endless_futex(void)
{
	while (!futex_word)
		if (futex(&futex_word, FUTEX_WAIT_PRIVATE, 0, NULL, 0) && errno != EAGAIN)
			return -1;
	return 0;
}

static int endless_poll(void)
{
	struct pollfd fd = { .fd = pipe_fds[0], .events = POLLIN };

	return poll(&fd, 1, -1) != 1 || fd.revents != POLLIN;
}

static int endless_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipe_fds[0], &set);
	return select(pipe_fds[0] + 1, &set, NULL, NULL, NULL) != 1 || !FD_ISSET(pipe_fds[0], &set);
}

static int read_fds[2], full_fds[2];

static int endless_read(void)
{
	char c;

	return read(read_fds[0], &c, 1) != 1 || c != 'x';
}

static int endless_write(void)
{
	char page[4096] = "y";

	/* The pipe is full. */
	return write(full_fds[1], page, sizeof(page)) != sizeof(page);
}

static void *endless_thread(void *arg)
{
	struct endless *e = arg;

	begun++;
	errno = 0;
	if (e->call())
		subject_fail("%s: wrong result, errno %d", e->name, errno);
	ended++;
	return NULL;
}

SUBJECT(endless_calls)
{
	static struct endless endless[] = {
		{ "futex", endless_futex },
		{ "poll", endless_poll },
		{ "select", endless_select },
		{ "read", endless_read },
		{ "write", endless_write },
	};
	const int n = ARRAY_SIZE(endless);
	char page[4096] = "y";
	pthread_t t[8];
	int i;

	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_EQ(0, pipe(read_fds));
	ASSERT_EQ(0, pipe(full_fds));
	for (i = fcntl(full_fds[1], F_GETPIPE_SZ) / 4096; i; i--)
		ASSERT_EQ(4096, write(full_fds[1], page, 4096));
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, endless_thread, &endless[i]));
	while (begun < n)
		subject_nap(1);
	subject_nap(20);
	subject_wait();
	EXPECT_EQ(0, ended);
	futex_word = 1;
	futex(&futex_word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, 0);
	ASSERT_EQ(1, write(pipe_fds[1], "x", 1));
	ASSERT_EQ(1, write(read_fds[1], "x", 1));
	ASSERT_EQ(4096, read(full_fds[0], page, 4096));
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

/* A signal that comes to a restarted call does interrupt it. */
static void nothing(int sig)
{
	(void)sig;
}

static void *interrupted_thread(void *arg)
{
	struct timespec ts = { 1000, 0 };

	begun = gettid();
	subject_check(nanosleep(&ts, &ts) == -1 && errno == EINTR);
	subject_check(ts.tv_sec > 900 && ts.tv_sec < 1000);
	return arg;
}

SUBJECT(signals_interrupt)
{
	struct sigaction sa = { .sa_handler = nothing };
	pthread_t t;

	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	ASSERT_EQ(0, pthread_create(&t, NULL, interrupted_thread, NULL));
	while (!begun)
		subject_nap(1);
	subject_asleep(begun);
	subject_wait();
	subject_nap(50);
	ASSERT_EQ(0, pthread_kill(t, SIGUSR1));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* ---- calls that answer a wake-up with EINTR ---- */

/* The rest cannot be written to them: so the kernel does not make the call again. */
static struct timespec *fixed_ts;
static struct timeval *fixed_tv;

static int timed_ppoll_fixed(void)
{
	struct pollfd fd = { .fd = pipe_fds[0], .events = POLLIN };

	return syscall(SYS_ppoll, &fd, 1, fixed_ts, NULL, 8);
}

static int timed_pselect_fixed(void)
{
	struct { uint64_t *set; size_t size; } mask = { &(uint64_t){ 1 << 9 }, 8 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipe_fds[0], &set);
	return syscall(SYS_pselect6, pipe_fds[0] + 1, &set, NULL, NULL, fixed_ts, &mask);
}

static int timed_select_fixed(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipe_fds[0], &set);
	return syscall(SYS_select, pipe_fds[0] + 1, &set, NULL, NULL, fixed_tv);
}

SUBJECT(read_only_timeouts)
{
	static struct timed timed[] = {
		{ "ppoll", timed_ppoll_fixed },
		{ "pselect6", timed_pselect_fixed },
		{ "select", timed_select_fixed },
	};

	fixed_ts = subject_map(-1, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	fixed_tv = (struct timeval *)(fixed_ts + 1);
	*fixed_ts = (struct timespec)SLEEP_TS;
	*fixed_tv = (struct timeval){ 1, 500000 };
	ASSERT_EQ(0, mprotect(fixed_ts, 4096, PROT_READ));
	timed_all(_metadata, timed, ARRAY_SIZE(timed));
}

static int epfd;

static int timed_epoll(void)
{
	struct epoll_event ev;

	return epoll_wait(epfd, &ev, 1, SLEEP_NS / MS);
}

static int timed_epoll_pwait(void)
{
	struct epoll_event ev;
	sigset_t set;

	sigfillset(&set);
	return epoll_pwait(epfd, &ev, 1, SLEEP_NS / MS, &set);
}

static int timed_epoll_pwait2(void)
{
	struct timespec ts = SLEEP_TS;
	struct epoll_event ev;

	return syscall(SYS_epoll_pwait2, epfd, &ev, 1, &ts, NULL, 8);
}

static void *epoll_thread(void *arg)
{
	struct epoll_event ev;

	begun++;
	errno = 0;
	if (epoll_wait(epfd, &ev, 1, -1) != 1)
		subject_fail("epoll_wait without a timeout: errno %d", errno);
	return arg;
}

SUBJECT(epoll)
{
	static struct timed timed[] = {
		{ "epoll_wait", timed_epoll },
		{ "epoll_pwait", timed_epoll_pwait },
		{ "epoll_pwait2", timed_epoll_pwait2 },
	};
	struct epoll_event ev = { .events = EPOLLIN };
	pthread_t t;
	int fds[2];

	epfd = epoll_create1(0);
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD, fds[0], &ev));
	ASSERT_EQ(0, pthread_create(&t, NULL, epoll_thread, NULL));
	while (!begun)
		subject_nap(1);
	timed_all(_metadata, timed, ARRAY_SIZE(timed));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/*
 * A call with a long timeout that ended early leaves the timeout on the kernel's stack. That must
 * not be taken for the timeout of the call that is interrupted.
 */
static void *stale_thread(void *arg)
{
	struct epoll_event ev;
	int64_t was, gaps;

	while (subject_going()) {
		struct timeval long_one = { 3600, 0 };
		fd_set set;

		FD_ZERO(&set);
		FD_SET(pipe_fds[0], &set);
		subject_check(select(pipe_fds[0] + 1, &set, NULL, NULL, &long_one) == 1);
		gaps = subject_gaps();
		was = subject_now();
		subject_check(!epoll_wait(epfd, &ev, 1, 100));
		if (!subject_check(subject_now() - was - (subject_gaps() - gaps) < 10000 * MS))
			break;
	}
	return arg;
}

SUBJECT(stale_timeout)
{
	pthread_t t;
	int i;

	epfd = epoll_create1(0);
	ASSERT_EQ(0, pipe(pipe_fds));
	subject_clock_start();
	ASSERT_EQ(0, pthread_create(&t, NULL, stale_thread, NULL));
	subject_ready();
	for (i = 0; subject_going(); i++) {
		char c;

		subject_nap(3);
		ASSERT_EQ(1, write(pipe_fds[1], "x", 1));
		subject_nap(3);
		ASSERT_EQ(1, read(pipe_fds[0], &c, 1));
	}
	ASSERT_EQ(1, write(pipe_fds[1], "x", 1));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

static int sem_id, msg_id, inotify_fd;

static int timed_semtimedop(void)
{
	struct sembuf op = { .sem_op = -1 };
	struct timespec ts = SLEEP_TS;

	return semtimedop(sem_id, &op, 1, &ts) != -1 || errno != EAGAIN;
}

SUBJECT(semtimedop_)
{
	static struct timed timed[] = { { "semtimedop", timed_semtimedop } };

	sem_id = semget(IPC_PRIVATE, 1, 0600);
	ASSERT_LE(0, sem_id);
	timed_all(_metadata, timed, ARRAY_SIZE(timed));
	semctl(sem_id, 0, IPC_RMID);
}

static int endless_semop(void)
{
	struct sembuf op = { .sem_op = -1 };

	return semop(sem_id, &op, 1);
}

static int endless_msgrcv(void)
{
	struct { long type; char text[8]; } msg;

	return msgrcv(msg_id, &msg, 8, 0, 0) != 8;
}

SUBJECT(sysv)
{
	static struct endless endless[] = {
		{ "semop", endless_semop },
		{ "msgrcv", endless_msgrcv },
	};
	struct { long type; char text[8]; } msg = { .type = 1 };
	struct sembuf op = { .sem_op = 1 };
	pthread_t t[2];
	int i;

	sem_id = semget(IPC_PRIVATE, 1, 0600);
	msg_id = msgget(IPC_PRIVATE, 0600);
	ASSERT_LE(0, sem_id);
	ASSERT_LE(0, msg_id);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, endless_thread, &endless[i]));
	while (begun < 2)
		subject_nap(1);
	subject_wait();
	EXPECT_EQ(0, ended);
	EXPECT_EQ(0, semop(sem_id, &op, 1));
	EXPECT_EQ(0, msgsnd(msg_id, &msg, 8, 0));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
	semctl(sem_id, 0, IPC_RMID);
	msgctl(msg_id, IPC_RMID, NULL);
}

static int endless_inotify(void)
{
	char buf[4096];

	return read(inotify_fd, buf, sizeof(buf)) <= 0;
}

SUBJECT(inotify)
{
	static struct endless endless[] = { { "read on inotify", endless_inotify } };
	pthread_t t;

	ASSERT_EQ(0, mkdir(subject_path("watched"), 0700));
	inotify_fd = inotify_init();
	ASSERT_LE(0, inotify_add_watch(inotify_fd, subject_path("watched"), IN_CREATE));
	ASSERT_EQ(0, pthread_create(&t, NULL, endless_thread, &endless[0]));
	while (!begun)
		subject_nap(1);
	subject_wait();
	EXPECT_EQ(0, ended);
	close(open(subject_path("watched/a"), O_CREAT, 0600));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* On 6.1, one more call that answers EINTR: while it gets the pages. */
SUBJECT(fallocate_goes_on)
{
	int fd = memfd_create("file", 0);

	ASSERT_LE(0, fd);
	subject_ready();
	while (subject_going()) {
		ASSERT_EQ(0, fallocate(fd, 0, 0, 32 << 20)) TH_LOG("errno %d", errno);
		ASSERT_EQ(0, ftruncate(fd, 0));
	}
}

SUBJECT_WITH(waitpid_goes_on, "members")
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		/* Not before, or there is nothing to wait for any more. */
		while (subject_going())
			subject_nap(10);
		_exit(7);
	}
	subject_ready();
	EXPECT_EQ(pid, waitpid(pid, &status, 0)) TH_LOG("errno %d", errno);
	EXPECT_EQ(7, WEXITSTATUS(status));
	while (subject_going())
		subject_nap(10);
}
