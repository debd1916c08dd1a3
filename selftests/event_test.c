// SPDX-License-Identifier: GPL-2.0
/* Descriptors that stand for events: eventfd, timerfd, signalfd, pidfd; and O_ASYNC. */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "subject_harness.h"

#define MS	1000000LL
#define SEC	1000000000LL

/* How late something may be, besides the time the program was frozen or not there. */
#define LATE_NS	(700 * MS)
/* Clocks tick. */
#define EARLY_NS (10 * MS)

/* One read that must give 8 bytes; UINT64_MAX: it did not. */
static uint64_t value(int fd)
{
	uint64_t n;

	return read(fd, &n, 8) == 8 ? n : UINT64_MAX;
}

static bool empty(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return !poll(&p, 1, 0);
}

/* The kernel keeps O_CLOEXEC in the flags of some files. */
SUBJECT(flags)
{
	int fds[10], flags[10], n = 0, i;
	sigset_t set;

	sigemptyset(&set);
	fds[n++] = eventfd(0, EFD_CLOEXEC);
	fds[n++] = eventfd(0, EFD_NONBLOCK);
	fds[n++] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	fds[n++] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	fds[n++] = signalfd(-1, &set, SFD_CLOEXEC);
	fds[n++] = signalfd(-1, &set, SFD_NONBLOCK);
	fds[n++] = epoll_create1(EPOLL_CLOEXEC);
	fds[n++] = inotify_init1(IN_CLOEXEC);
	fds[n++] = inotify_init1(IN_NONBLOCK);
	fds[n++] = pidfd_open(getpid(), 0);
	for (i = 0; i < n; i++) {
		flags[i] = fcntl(fds[i], F_GETFL);
		ASSERT_LE(0, flags[i]);
	}
	subject_wait();
	for (i = 0; i < n; i++)
		EXPECT_EQ(flags[i], fcntl(fds[i], F_GETFL)) TH_LOG("descriptor %d", i);
}

/* ---- eventfd ---- */

SUBJECT(eventfd_count)
{
	int a = eventfd(7, EFD_NONBLOCK), b = eventfd(0, EFD_CLOEXEC), c = dup(a);
	uint64_t n = 5;

	ASSERT_EQ(8, write(b, &n, 8));
	subject_wait();
	EXPECT_EQ(FD_CLOEXEC, fcntl(b, F_GETFD));
	EXPECT_EQ(7, value(c));
	EXPECT_EQ(UINT64_MAX, value(a));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(8, write(b, &n, 8));
	EXPECT_EQ(10, value(b));
}

SUBJECT(eventfd_semaphore)
{
	int a = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK), b = eventfd(3, EFD_NONBLOCK), i;

	subject_wait();
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, value(a));
	EXPECT_EQ(UINT64_MAX, value(a));
	EXPECT_EQ(3, value(b));
}

SUBJECT(eventfd_large)
{
	int full = eventfd(0, EFD_NONBLOCK), large = eventfd(0, EFD_SEMAPHORE);
	uint64_t n = UINT64_MAX - 1, m = 1ULL << 40;

	ASSERT_EQ(8, write(full, &n, 8));
	ASSERT_EQ(8, write(large, &m, 8));
	subject_wait();
	m = 1;
	EXPECT_EQ(-1, write(full, &m, 8));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(UINT64_MAX - 1, value(full));
	EXPECT_EQ(1, value(large));
	ASSERT_EQ(0, fcntl(large, F_SETFL, O_NONBLOCK));
	n = UINT64_MAX - 1 - (1ULL << 40) + 1;
	EXPECT_EQ(8, write(large, &n, 8));
	EXPECT_EQ(-1, write(large, &m, 8));
}

/* Only the kernel counts that far: here for a request of aio, in another process. */
SUBJECT(eventfd_overflowed_is_refused)
{
	int fd = eventfd(0, EFD_NONBLOCK), file, status;
	uint64_t n = UINT64_MAX - 1;
	struct iocb cb = { 0 }, *cbs = &cb;
	struct io_event done;
	aio_context_t ctx = 0;
	char c = 'x';
	pid_t pid;

	file = open(subject_path("file"), O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, file);
	ASSERT_EQ(8, write(fd, &n, 8));
	pid = fork();
	if (!pid) {
		cb.aio_fildes = file;
		cb.aio_lio_opcode = IOCB_CMD_PWRITE;
		cb.aio_buf = (uintptr_t)&c;
		cb.aio_nbytes = 1;
		cb.aio_flags = IOCB_FLAG_RESFD;
		cb.aio_resfd = fd;
		_exit(syscall(SYS_io_setup, 1, &ctx) || syscall(SYS_io_submit, ctx, 1, &cbs) != 1 ||
		      syscall(SYS_io_getevents, ctx, 1, 1, &done, NULL) != 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	subject_refused(" fd %d: an eventfd that has overflowed is not supported", fd);
}

static int block_fds[2];
static atomic_int begun, ended;

static void *block_reader(void *arg)
{
	begun++;
	subject_check(value(block_fds[0]) == 42);
	ended++;
	return arg;
}

static void *block_writer(void *arg)
{
	uint64_t n = 3;

	begun++;
	subject_check(write(block_fds[1], &n, 8) == 8);
	ended++;
	return arg;
}

/* One waits for a number, the other for room. */
SUBJECT(eventfd_blocked)
{
	uint64_t n = UINT64_MAX - 1;
	pthread_t t[2];

	block_fds[0] = eventfd(0, 0);
	block_fds[1] = eventfd(0, 0);
	ASSERT_EQ(8, write(block_fds[1], &n, 8));
	ASSERT_EQ(0, pthread_create(&t[0], NULL, block_reader, NULL));
	ASSERT_EQ(0, pthread_create(&t[1], NULL, block_writer, NULL));
	while (begun < 2)
		subject_nap(1);
	subject_nap(20);
	subject_wait();
	EXPECT_EQ(0, ended);
	n = 42;
	ASSERT_EQ(8, write(block_fds[0], &n, 8));
	EXPECT_EQ(UINT64_MAX - 1, value(block_fds[1]));
	EXPECT_EQ(0, pthread_join(t[0], NULL));
	EXPECT_EQ(0, pthread_join(t[1], NULL));
	EXPECT_EQ(3, value(block_fds[1]));
}

/* ---- timerfd ---- */

static struct timespec ts(int64_t ns)
{
	return (struct timespec){ ns / SEC, ns % SEC };
}

static int64_t ns(struct timespec t)
{
	return t.tv_sec * SEC + t.tv_nsec;
}

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return ns(t);
}

static int timer(clockid_t clock, int create, int flags, int64_t first, int64_t interval)
{
	struct itimerspec its = { .it_value = ts(first), .it_interval = ts(interval) };
	int fd = timerfd_create(clock, create);

	if (fd < 0 || timerfd_settime(fd, flags, &its, NULL))
		subject_abort();
	return fd;
}

/* "settime flags" in fdinfo; -1 if there are none. */
static int timer_flags(int fd)
{
	char path[64], text[512], *p;
	unsigned int flags;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (subject_read(path, text, sizeof(text)) < 0)
		return -1;
	p = strstr(text, "settime flags: ");
	return p && sscanf(p, "settime flags: %o", &flags) == 1 ? (int)flags : -1;
}

SUBJECT(timerfd_rest)
{
	static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME };
	int fds[4], flags[4], i, n = ARRAY_SIZE(clocks);
	struct itimerspec its;
	int64_t start, made, ran;

	subject_clock_start();
	start = subject_now();
	for (i = 0; i < n; i++)
		fds[i] = timer(clocks[i], 0, 0, 1000 * SEC, i * SEC);
	/* Absolute, on a clock that is the machine's. */
	fds[n] = timer(CLOCK_MONOTONIC, TFD_NONBLOCK, TFD_TIMER_ABSTIME,
		       now(CLOCK_MONOTONIC) + 1000 * SEC, 0);
	made = subject_now();
	for (i = 0; i <= n; i++)
		flags[i] = timer_flags(fds[i]);
	subject_wait();
	for (i = 0; i <= n; i++) {
		ran = subject_now() - made;
		ASSERT_EQ(0, timerfd_gettime(fds[i], &its));
		/* In the program that goes on, a gap is time that has passed. */
		EXPECT_LT(1000 * SEC - (subject_now() - start) - EARLY_NS, ns(its.it_value));
		EXPECT_GT(1000 * SEC - ran + subject_gaps() + LATE_NS, ns(its.it_value));
		EXPECT_EQ(i < n ? i * SEC : 0, ns(its.it_interval));
		EXPECT_EQ(flags[i], timer_flags(fds[i]));
		EXPECT_TRUE(empty(fds[i]));
	}
	EXPECT_EQ(O_NONBLOCK, fcntl(fds[n], F_GETFL) & O_NONBLOCK);
}

SUBJECT(timerfd_unread)
{
	int64_t first = subject_now(), start, ran, gaps;
	int once = timer(CLOCK_MONOTONIC, TFD_NONBLOCK, 0, MS, 0);
	int off = timer(CLOCK_MONOTONIC, TFD_NONBLOCK, 0, 0, SEC);
	int often = timer(CLOCK_MONOTONIC, TFD_NONBLOCK, 0, 10 * MS, 10 * MS);
	int soon = timer(CLOCK_BOOTTIME, 0, 0, 200 * MS, 0);
	struct itimerspec its;
	uint64_t n;

	start = subject_now();
	subject_clock_start();
	subject_nap(100);
	subject_wait();
	EXPECT_EQ(1, value(once));
	EXPECT_EQ(UINT64_MAX, value(once));
	ASSERT_EQ(0, timerfd_gettime(once, &its));
	EXPECT_EQ(0, ns(its.it_value));
	ASSERT_EQ(0, timerfd_gettime(off, &its));
	EXPECT_EQ(0, ns(its.it_value));
	EXPECT_EQ(SEC, ns(its.it_interval));
	EXPECT_EQ(UINT64_MAX, value(off));
	/* Expirations that nobody has read are counted. */
	gaps = subject_gaps();
	ran = subject_now() - start;
	n = value(often);
	EXPECT_GE((subject_now() - first) / (10 * MS) + 1, (int64_t)n);
	EXPECT_LE((ran - gaps - LATE_NS) / (10 * MS), (int64_t)n);
	EXPECT_LE(9, (int64_t)n);
	EXPECT_EQ(1, value(soon));
}

/* Read all the time: none is lost, none is there twice. */
SUBJECT(timerfd_periodic)
{
	int64_t first = subject_now(), start, ran, sum = 0;
	int fd = timer(CLOCK_MONOTONIC, 0, 0, 20 * MS, 20 * MS);

	start = subject_now();
	subject_clock_start();
	subject_ready();
	while (subject_going())
		sum += value(fd);
	ran = subject_now() - start;
	EXPECT_GE((subject_now() - first) / (20 * MS) + 2, sum);
	EXPECT_LE((ran - subject_gaps() - LATE_NS) / (20 * MS), sum);
}

SUBJECT(timerfd_absolute)
{
	int64_t base, before, after, n;
	struct itimerspec its;
	int far, near, often;

	/* Another test sets it, and that is the end of the first of these timers. */
	subject_claim("clock", 1);
	base = now(CLOCK_REALTIME);
	far = timer(CLOCK_REALTIME, TFD_CLOEXEC, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
		    base + 1000 * SEC, 0);
	near = timer(CLOCK_REALTIME, 0, TFD_TIMER_ABSTIME, base + 250 * MS, 0);
	often = timer(CLOCK_REALTIME, 0, TFD_TIMER_ABSTIME, base + 100 * MS, 100 * MS);
	subject_wait();
	EXPECT_EQ(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, timer_flags(far));
	EXPECT_EQ(FD_CLOEXEC, fcntl(far, F_GETFD));
	before = now(CLOCK_REALTIME) - base;
	ASSERT_EQ(0, timerfd_gettime(far, &its));
	after = now(CLOCK_REALTIME) - base;
	EXPECT_LT(1000 * SEC - after - EARLY_NS, ns(its.it_value));
	EXPECT_GT(1000 * SEC - before + EARLY_NS, ns(its.it_value));
	EXPECT_EQ(1, value(near));
	EXPECT_LE(250 * MS, now(CLOCK_REALTIME) - base);
	/* The time when the program was not there counts. */
	before = now(CLOCK_REALTIME) - base;
	n = value(often);
	after = now(CLOCK_REALTIME) - base;
	EXPECT_GE(after / (100 * MS), n);
	EXPECT_LE((before - LATE_NS) / (100 * MS), n);
	/* And its phase is kept: looked at without being disturbed, or it says nothing. */
	do {
		before = now(CLOCK_REALTIME) - base;
		ASSERT_EQ(0, timerfd_gettime(often, &its));
		after = now(CLOCK_REALTIME) - base;
	} while (after - before > 10 * MS);
	n = (after + ns(its.it_value)) % (100 * MS);
	EXPECT_TRUE(n < 20 * MS || n > 80 * MS) TH_LOG("phase %lld ms", (long long)(n / MS));
}

SUBJECT(timerfd_alarm)
{
	struct itimerspec its = { .it_value = ts(1000 * SEC) };
	int fd = timerfd_create(CLOCK_BOOTTIME_ALARM, 0);

	if (fd < 0)
		SKIP(return, "CLOCK_BOOTTIME_ALARM: %s", strerror(errno));
	ASSERT_EQ(0, timerfd_settime(fd, 0, &its, NULL));
	subject_wait();
	ASSERT_EQ(0, timerfd_gettime(fd, &its));
	EXPECT_GT(1001, its.it_value.tv_sec);
	EXPECT_LT(900, its.it_value.tv_sec);
}

/* A reader waits for its timer: not less, and not much more than its time. */
static void *timer_reader(void *arg)
{
	struct itimerspec its = { .it_value = ts(1500 * MS) };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	int64_t start, gaps, took;

	while (subject_going()) {
		gaps = subject_gaps();
		start = subject_now();
		if (!subject_check(!timerfd_settime(fd, 0, &its, NULL)) ||
		    !subject_check(value(fd) == 1))
			break;
		took = subject_now() - start;
		subject_check(took >= 1500 * MS - EARLY_NS);
		subject_check(took <= 1500 * MS + subject_gaps() - gaps + LATE_NS);
	}
	return arg;
}

SUBJECT(timerfd_blocked)
{
	pthread_t t;

	subject_clock_start();
	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, timer_reader, NULL));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* ---- signalfd ---- */

SUBJECT(signalfd_mask)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGRTMAX);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 77 }));
	subject_wait();
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	ASSERT_EQ(sizeof(info), read(fd, &info, sizeof(info)));
	EXPECT_EQ(SIGRTMIN + 3, (int)info.ssi_signo);
	EXPECT_EQ(77, info.ssi_int);
	EXPECT_EQ(-1, read(fd, &info, sizeof(info)));
	EXPECT_EQ(EAGAIN, errno);
	raise(SIGRTMAX);
	raise(SIGUSR1);
	ASSERT_EQ(sizeof(info), read(fd, &info, sizeof(info)));
	EXPECT_EQ(SIGUSR1, (int)info.ssi_signo);
	ASSERT_EQ(sizeof(info), read(fd, &info, sizeof(info)));
	EXPECT_EQ(SIGRTMAX, (int)info.ssi_signo);
}

static void *signal_reader(void *arg)
{
	struct signalfd_siginfo info;

	begun++;
	subject_check(read(*(int *)arg, &info, sizeof(info)) == sizeof(info));
	subject_check(info.ssi_signo == SIGUSR2);
	ended++;
	return NULL;
}

SUBJECT(signalfd_blocked)
{
	sigset_t set;
	pthread_t t;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	fd = signalfd(-1, &set, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pthread_create(&t, NULL, signal_reader, &fd));
	while (!begun)
		subject_nap(1);
	subject_nap(20);
	subject_wait();
	EXPECT_EQ(0, ended);
	ASSERT_EQ(0, kill(getpid(), SIGUSR2));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* ---- signal-driven I/O ---- */

static atomic_int sigio_fd;
static volatile pid_t sigio_tid;

static void sigio(int sig, siginfo_t *info, void *ctx)
{
	(void)sig;
	(void)ctx;
	sigio_tid = gettid();
	sigio_fd = info->si_fd + 1;
}

static void *sigio_thread(void *arg)
{
	*(pid_t *)arg = gettid();
	begun++;
	while (!ended)
		subject_nap(5);
	return NULL;
}

/* To the process by the default signal, and to a thread by one of choice. */
SUBJECT(signal_driven)
{
	struct sigaction sa = { .sa_sigaction = sigio, .sa_flags = SA_SIGINFO };
	struct f_owner_ex owner = { .type = F_OWNER_TID };
	int a[2], b[2];
	pthread_t t;

	ASSERT_EQ(0, pipe(a));
	ASSERT_EQ(0, pipe(b));
	ASSERT_EQ(0, sigaction(SIGRTMIN + 1, &sa, NULL));
	ASSERT_EQ(0, sigaction(SIGRTMIN + 2, &sa, NULL));
	ASSERT_EQ(0, pthread_create(&t, NULL, sigio_thread, &owner.pid));
	while (!begun)
		subject_nap(1);
	ASSERT_EQ(0, fcntl(a[0], F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(a[0], F_SETSIG, SIGRTMIN + 1));
	ASSERT_EQ(0, fcntl(a[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	ASSERT_EQ(0, fcntl(b[0], F_SETOWN_EX, &owner));
	ASSERT_EQ(0, fcntl(b[0], F_SETSIG, SIGRTMIN + 2));
	ASSERT_EQ(0, fcntl(b[0], F_SETFL, O_ASYNC));
	subject_wait();
	EXPECT_EQ(0, sigio_fd);
	EXPECT_EQ(getpid(), fcntl(a[0], F_GETOWN));
	EXPECT_EQ(SIGRTMIN + 1, fcntl(a[0], F_GETSIG));
	EXPECT_EQ(O_ASYNC | O_NONBLOCK, fcntl(a[0], F_GETFL) & (O_ASYNC | O_NONBLOCK));
	ASSERT_EQ(1, write(a[1], "x", 1));
	while (!sigio_fd)
		subject_nap(1);
	EXPECT_EQ(a[0] + 1, sigio_fd);
	sigio_fd = 0;
	ASSERT_EQ(1, write(b[1], "x", 1));
	while (!sigio_fd)
		subject_nap(1);
	EXPECT_EQ(b[0] + 1, sigio_fd);
	EXPECT_EQ(owner.pid, sigio_tid);
	ended++;
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* Owners are set last of all, and then there is no memory to be had any more. */
SUBJECT(signal_driven_below_a_limit)
{
	struct rlimit before, lim;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, fcntl(fds[0], F_SETOWN, getpid()));
	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &before));
	lim = before;
	lim.rlim_cur = 4096;
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &lim));
	subject_wait();
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &before));
	EXPECT_EQ(getpid(), fcntl(fds[0], F_GETOWN));
}

/* ---- pidfd ---- */

SUBJECT(pidfd_self)
{
	int fd = pidfd_open(getpid(), 0), thread = pidfd_open(getpid(), O_EXCL);
	char path[64], text[512], *p;

	ASSERT_LE(0, fd);
	subject_wait();
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, pidfd_send_signal(fd, 0, NULL, 0));
	EXPECT_TRUE(empty(fd));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ASSERT_LT(0, subject_read(path, text, sizeof(text)));
	p = strstr(text, "Pid:");
	ASSERT_NE(NULL, p);
	EXPECT_EQ(getpid(), atoi(p + 4));
	/* Newer kernels have pidfds of a thread alone; this one is of the main thread. */
	if (thread >= 0) {
		EXPECT_EQ(O_EXCL, fcntl(thread, F_GETFL) & O_EXCL);
		EXPECT_EQ(0, pidfd_send_signal(thread, 0, NULL, 0));
	}
}

SUBJECT(pidfd_of_another)
{
	int fd = pidfd_open(1, 0);

	ASSERT_LE(0, fd);
	subject_refused(" fd %d: a pidfd of a task that is not in the image \\(pid 1\\) .*", fd);
}

/* Somebody has set the clock, and the program has not heard of it yet. */
SUBJECT(timerfd_canceled_is_refused)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	struct itimerspec spec = { .it_value = ts(now(CLOCK_REALTIME) + 3600 * SEC) };
	struct timespec t;

	subject_claim("clock", 1);
	ASSERT_EQ(0, timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL));
	/* To what it is: that is a few microseconds of difference. */
	clock_gettime(CLOCK_REALTIME, &t);
	if (clock_settime(CLOCK_REALTIME, &t))
		SKIP(return, "clock_settime: %s", strerror(errno));
	subject_refused(" fd %d: a timerfd .*clock.* is not supported", fd);
	EXPECT_EQ(UINT64_MAX, value(fd));
	EXPECT_EQ(ECANCELED, errno);
}
