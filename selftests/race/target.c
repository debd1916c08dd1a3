// SPDX-License-Identifier: GPL-2.0
/*
 * target - the small program that tests of races and hostile input checkpoint
 *
 *	target count FILE	counts in FILE (8 bytes, mapped), forever
 *	target crowd FILE	the same, with a hundred threads that sleep
 *	target rich FILE	sleeps forever, with a bit of every state; counts wake-ups (root)
 *	target exit US		ends after that many microseconds
 *	target exec US [N]	executes itself N times, after as many microseconds each
 *	target texec US [N]	the same, by a thread that is not the first
 *	target lexec US [N]	the same, by the first of two
 *	target sleep US		threads that sleep again and again, for that long
 *	target late FILE	counts, until SIGUSR1; then drops what a copy of it must not hold
 *	target waits FILE	counts in a thread; has its errno of epoll_wait() behind that
 *	target gone FILE DIR	counts, until SIGUSR1; then closes deleted files of DIR
 *	target watch FILE DIR N	watches N files, made in DIR, and counts
 *	target naps FILE	short and long waits, one after the other; counts, until SIGUSR1
 *	target wide FILE MIB	counts, with so much memory that is hardly there
 *	target spy FILE OTHER	has a hold of OTHER, and counts
 *	target keys FILE ID	becomes user and group ID, counts and looks for a key each time
 *	target cut FILE		counts, until SIGUSR1; then truncates a file that it maps
 *	target common FILE	counts; others do things to what all have
 *	target reap US		empties the memory of whatever dies (process_mrelease(2))
 *	target suid OTHER	gives up other ids and executes OTHER, which does so, too, forever
 *	target fork US		has children, one after the other, for that long
 *	target vfork US		the same with vfork() and exec
 *	target thread US	threads
 *	target busy US		a thread is within one call for about that long, the first one waits
 *				for its end
 *	target signal US	handles SIGUSR1 for that long
 *
 * All but count, crowd, rich, waits, watch, wide, spy, keys, common and suid end with status 42.
 * Nothing in it is shared with who started it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define DONE 42
/* Which step failed, for who looks at the status. */
#define FAILED (__LINE__ % 200 + 50)

static const char *self;

static void alone(void)
{
	setsid();
	syscall(SYS_close_range, 0, ~0U, 0);
	if (open("/dev/null", O_RDWR) || dup(0) != 1 || dup(0) != 2)
		_exit(FAILED);
}

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* Half of it asleep, half of it at work. */
static void spend(long us)
{
	struct timespec ts = { us / 2 / 1000000, us / 2 % 1000000 * 1000 };
	int64_t end;

	while (nanosleep(&ts, &ts))
		;
	end = now_us() + us / 2;
	while (now_us() < end)
		getppid();
}

static volatile sig_atomic_t told;

static volatile uint64_t *counter(const char *path)
{
	volatile uint64_t *p;
	int fd = open(path, O_RDWR);

	p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		_exit(FAILED);
	close(fd);
	return p;
}

/* Until SIGUSR1. */
static void count(const char *path)
{
	struct timespec ts = { 0, 200000 };
	volatile uint64_t *n = counter(path);

	while (!told) {
		++*n;
		nanosleep(&ts, NULL);
	}
}

static void *count_thread(void *path)
{
	count(path);
	return NULL;
}

static void handler(int sig)
{
	(void)sig;
	told = 1;
}

static void need(int ok, int line)
{
	if (!ok)
		_exit(line % 200 + 50);
}

#define NEED(cond) need(!!(cond), __LINE__)

/* A watch, and events of it: two of them with a name. */
static void rich_watches(const char *path)
{
	int ino = inotify_init1(IN_NONBLOCK), fd;
	char dir[128], name[160];

	snprintf(dir, sizeof(dir), "%s.dir", path);
	snprintf(name, sizeof(name), "%s/name", dir);
	NEED(!mkdir(dir, 0700));
	NEED(inotify_add_watch(ino, dir, IN_CREATE | IN_DELETE) == 1);
	fd = open(name, O_WRONLY | O_CREAT, 0600);
	NEED(fd >= 0 && !close(fd) && !unlink(name));
	NEED(inotify_add_watch(ino, "/", IN_MOVE_SELF | IN_ONESHOT) == 2);
	NEED(open("/proc/self/status", O_RDONLY) >= 0 && open("/proc/meminfo", O_RDONLY) >= 0);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", ino);
	NEED(open(name, O_RDONLY) >= 0);
}

/* Files that no path leads to, two of them with content and one sealed and mapped. */
static void rich_content(const char *path)
{
	static char text[20000];
	char gone[128];
	char *p;
	int fd;

	memset(text, 'x', sizeof(text));
	snprintf(gone, sizeof(gone), "%s.gone", path);
	fd = open(gone, O_RDWR | O_CREAT | O_EXCL, 0600);
	NEED(fd >= 0 && !unlink(gone) && write(fd, text, sizeof(text)) == sizeof(text));
	fd = memfd_create("rich", MFD_ALLOW_SEALING);
	NEED(fd >= 0 && write(fd, text, sizeof(text)) == sizeof(text));
	NEED(!fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE));
	p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED && p[4096] == 'x');
}

static void rich_events(int file)
{
	struct itimerspec hour = { .it_value.tv_sec = 3600, .it_interval.tv_sec = 1 };
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct flock lock = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };
	int ep = epoll_create1(0), fd;
	sigset_t set;

	fd = eventfd(3, EFD_SEMAPHORE);
	NEED(fd >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	NEED(fd >= 0 && !timerfd_settime(fd, 0, &hour, NULL));
	event.events = EPOLLIN | EPOLLONESHOT;
	NEED(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	NEED(signalfd(-1, &set, 0) >= 0);
	NEED(syscall(SYS_pidfd_open, getpid(), 0) >= 0);
	NEED(!fcntl(file, F_SETLK, &lock) && !flock(file, LOCK_SH));
	fd = open("/proc/self/exe", O_RDONLY);
	NEED(fd >= 0 && !fcntl(fd, F_SETLEASE, F_RDLCK));
}

static void rich_timers(void)
{
	struct itimerspec hour = { .it_value.tv_sec = 3600, .it_interval.tv_sec = 1 };
	struct itimerval later = { .it_value.tv_sec = 3600 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	timer_t id;

	NEED(!setitimer(ITIMER_REAL, &later, NULL) && !setitimer(ITIMER_PROF, &later, NULL));
	NEED(!timer_create(CLOCK_MONOTONIC, &event, &id) && !timer_settime(id, 0, &hour, NULL));
	event.sigev_notify = SIGEV_THREAD_ID;
	event._sigev_un._tid = getpid();
	NEED(!timer_create(CLOCK_REALTIME, &event, &id));
	hour.it_value.tv_sec += time(NULL);
	NEED(!timer_settime(id, TIMER_ABSTIME, &hour, NULL));
	event.sigev_notify = SIGEV_NONE;
	NEED(!timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &id));
}

/*
 * One filter that lets everything pass, and one that looks at the call first. A thread that sleeps
 * briefly has them, because an interrupted call goes on within the module if there is a filter.
 */
static void rich_filters(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffff, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = insns };

	NEED(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog));
	prog.len = 1;
	prog.filter = insns + 3;
	NEED(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog));
}

static volatile uint64_t *wakes;

static void *sleeper(void *arg)
{
	struct timespec ts = { 0, 3000000 };

	prctl(PR_SET_NAME, "sleeper");
	rich_filters();
	while (1) {
		++*wakes;
		nanosleep(&ts, &ts);
	}
	return arg;
}

/* If the kernel has guard regions. */
static void rich_guards(void)
{
	char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[0] = 1;
	madvise(p + 8192, 4096, 102);
}

/* Nobody misses what is in a page of memory and in one that hides a page of a file. */
static void rich_spare(void)
{
	const int prot = PROT_READ | PROT_WRITE;
	int fd = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, 8192, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *q = mmap(NULL, 4096, prot, MAP_PRIVATE, fd, 4096);

	NEED(p != MAP_FAILED && q != MAP_FAILED && !close(fd));
	memset(p, 'z', 4096);
	memset(q, 'z', 4096);
}

/* If the processor has them. */
static void rich_keys(char *page)
{
	int key = syscall(SYS_pkey_alloc, 0, 0);

	if (key >= 0)
		NEED(!syscall(SYS_pkey_mprotect, page, 4096, PROT_READ | PROT_WRITE, key));
}

static void rich(const char *path)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_ONSTACK | SA_RESTART };
	union sigval val = { .sival_int = 7 };
	static char stack[65536], text[20000];
	sigset_t set;
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	int fds[2], fd, i;
	pthread_t t;
	char *p;

	wakes = counter(path);
	/* Files: one written, one read, a directory, pipes with bytes and with packets. */
	fd = open(path, O_RDWR | O_APPEND);
	if (fd < 0 || dup2(fd, 20) < 0 || open("/", O_RDONLY | O_DIRECTORY) < 0 ||
	    open("/proc/self/exe", O_RDONLY | O_CLOEXEC) < 0)
		_exit(FAILED);
	if (pipe(fds) || write(fds[1], text, sizeof(text)) != sizeof(text))
		_exit(FAILED);
	if (pipe2(fds, O_DIRECT) || write(fds[1], text, 10) != 10 || write(fds[1], text, 20) != 20)
		_exit(FAILED);
	/* Memory: shared, private of a file, advised, growing down. */
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(p, 5, 20000);
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	for (i = 0; i < 65536; i += 8192)
		p[i] = i;
	madvise(p, 32768, MADV_DONTDUMP);
	mprotect(p + 49152, 8192, PROT_NONE);
	rich_keys(p + 16384);
	rich_guards();
	rich_spare();
	rich_content(path);
	rich_events(fd);
	rich_watches(path);
	rich_timers();
	NEED(!syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(2, 5)));
	/* Signals: handled, ignored, blocked and pending in both queues. */
	sigaltstack(&ss, NULL);
	sigfillset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigqueue(getpid(), SIGRTMIN, val);
	sigqueue(getpid(), SIGRTMIN, val);
	pthread_create(&t, NULL, sleeper, NULL);
	pthread_kill(pthread_self(), SIGHUP);
	/* Wait in a call that has a restart block of another kind. */
	while (1) {
		struct timespec ts;

		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_sec += 3600;
		syscall(SYS_futex, &val.sival_int,
			FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME,
			val.sival_int, &ts, NULL, 1);
	}
}

static void waits(char *path)
{
	struct epoll_event event;
	int epfd = epoll_create1(0);
	pthread_t t;

	NEED(epfd >= 0 && !pthread_create(&t, NULL, count_thread, path));
	/* By this number, whatever the C library takes. */
	counter(path)[1] = syscall(SYS_epoll_wait, epfd, &event, 1, 3600000) < 0 ? errno : 0;
	while (1)
		pause();
}

static void exec_again(const char *mode, long us, long n)
{
	char a[24], b[24];

	if (!n)
		_exit(DONE);
	snprintf(a, sizeof(a), "%ld", us);
	snprintf(b, sizeof(b), "%ld", n - 1);
	execl(self, self, mode, a, b, NULL);
	_exit(FAILED);
}

static void *sleep_thread(void *arg)
{
	while (1) {
		struct timespec ts = { 0, 30000000 };

		NEED(!clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL));
	}
	return arg;
}

static void *idle_thread(void *arg)
{
	while (1)
		pause();
	return arg;
}

static long thread_us, thread_n;

static void *exec_thread(void *arg)
{
	spend(thread_us);
	exec_again("texec", thread_us, thread_n);
	return arg;
}

static void *short_thread(void *arg)
{
	spend((long)arg);
	return NULL;
}

/*
 * Only SIGKILL ends the call. Pages of zeroes that are only read take no memory, and are not in an
 * image. How long so many take is tried with some of them.
 */
static void *busy_thread(void *us)
{
	const size_t size = 64UL << 30, some = 64 << 20;
	int64_t begin = now_us(), spent;
	char *p;

	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	NEED(p != MAP_FAILED && !madvise(p, size, MADV_NOHUGEPAGE));
	NEED(!madvise(p, some, MADV_POPULATE_READ));
	spent = now_us() - begin;
	p += some;
	NEED(!madvise(p, some / (spent + 1) * *(long *)us & -4096UL, MADV_POPULATE_READ));
	return us;
}

static void some_threads(void)
{
	pthread_t t[3];
	int error = 0;
	long i, n;

	for (n = 0; n < 3 && !error; n += !error)
		error = pthread_create(&t[n], NULL, short_thread, (void *)(n * 300));
	/* Linux has no new threads for a process of which one is about to exec. */
	if (error && error != EAGAIN)
		_exit(FAILED);
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void a_child(int virtual, long alone_us)
{
	pid_t pid = virtual ? vfork() : fork();
	int status;

	if (!pid) {
		if (virtual)
			execl(self, self, "exit", "10", NULL);
		_exit(DONE);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != DONE)
		_exit(FAILED);
	/* Mostly alone, or a checkpoint would hardly ever find it so. */
	spend(alone_us);
}

/* More than a pipe takes. */
static void fill(void)
{
	enum { SIZE = 8 << 20 };
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	NEED(p != MAP_FAILED);
	for (i = 0; i < SIZE; i += 4096)
		p[i] = 1;
}

static void *map(int fd, int flags)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, fd, 0);

	NEED(p != MAP_FAILED);
	return p;
}

static void late(const char *path)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct itimerspec soon = { .it_value.tv_nsec = 1 };
	int ends[2], tfd, epfd, mem, fd;
	char *shared;
	char byte;

	fill();
	NEED(!pipe(ends));
	tfd = timerfd_create(CLOCK_MONOTONIC, 0);
	epfd = epoll_create1(0);
	NEED(!timerfd_settime(tfd, 0, &soon, NULL));
	NEED(!epoll_ctl(epfd, EPOLL_CTL_ADD, tfd, &event));
	mem = memfd_create("late", MFD_ALLOW_SEALING);
	NEED(!ftruncate(mem, 4096));
	shared = map(mem, MAP_SHARED);
	*shared = 1;
	fd = open(path, O_RDWR);
	NEED(!flock(fd, LOCK_EX));
	count(path);

	NEED(!close(ends[1]) && !read(ends[0], &byte, 1));
	NEED(epoll_wait(epfd, &event, 1, 0) == 1);
	NEED(!close(tfd) && !epoll_wait(epfd, &event, 1, 0));
	NEED(!close(fd));
	fd = open(path, O_RDWR);
	NEED(fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB));
	NEED(!munmap(shared, 4096) && !fcntl(mem, F_ADD_SEALS, F_SEAL_WRITE));
}

static int deleted(const char *dir, const char *called, size_t size)
{
	static const char text[4096] = "text";
	char name[160];
	int fd;

	snprintf(name, sizeof(name), "%s/%s", dir, called);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	NEED(fd >= 0 && !unlink(name));
	for (; size; size -= sizeof(text))
		NEED(write(fd, text, sizeof(text)) == sizeof(text));
	return fd;
}

/* A file that is closed is gone, and one that is open here alone can have a lease. */
static void gone(const char *path, const char *dir)
{
	enum { SIZE = 2 << 20 };
	struct statvfs before, after;
	int small, big;

	fill();
	small = deleted(dir, "small", 4096);
	NEED(!statvfs(dir, &before));
	big = deleted(dir, "big", SIZE);
	count(path);
	NEED(!fcntl(small, F_SETLEASE, F_WRLCK));
	NEED(!close(big) && !statvfs(dir, &after));
	NEED(after.f_bfree == before.f_bfree);
}

static void watch(const char *path, const char *dir, long n)
{
	int ino = inotify_init(), fd;
	char name[160];

	while (n--) {
		snprintf(name, sizeof(name), "%s/%ld", dir, n);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		NEED(fd >= 0 && !close(fd) && inotify_add_watch(ino, name, IN_MODIFY) > 0);
	}
	count(path);
}

static void *waker(void *fd)
{
	struct timespec ts = { 0, 3000000 };
	uint64_t one = 1;

	while (1) {
		nanosleep(&ts, NULL);
		NEED(write((long)fd, &one, sizeof(one)) == sizeof(one));
	}
	return fd;
}

/* Only the stack knows the timeout of these waits: the next wait is not to get it. */
static void naps(const char *path)
{
	struct epoll_event event = { .events = EPOLLIN };
	int idle = epoll_create1(0), epfd = epoll_create1(0);
	long fd = eventfd(0, 0);
	volatile uint64_t *n = counter(path);
	uint64_t val;
	pthread_t t;

	NEED(!epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	NEED(!pthread_create(&t, NULL, waker, (void *)fd));
	while (!told) {
		++*n;
		NEED(!epoll_wait(idle, &event, 1, 1) || told);
		NEED(epoll_wait(epfd, &event, 1, 3600000) == 1 || told);
		NEED(read(fd, &val, sizeof(val)) == sizeof(val) || told);
	}
}

/* A page for each page table. */
static void wide(const char *path, long mib)
{
	size_t size = mib << 20, i;
	char *p;

	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	NEED(p != MAP_FAILED && !madvise(p, size, MADV_NOHUGEPAGE));
	for (i = 0; i < size; i += 2 << 20)
		p[i] = 1;
	count(path);
}

/* The private page goes, here and in any copy. */
static void cut(const char *path)
{
	int mem = memfd_create("cut", 0);
	char *private;

	NEED(!ftruncate(mem, 4096));
	private = map(mem, MAP_PRIVATE);
	*private = 1;
	/* Below it, so that it comes earlier. */
	fill();
	count(path);
	NEED(!ftruncate(mem, 0) && !ftruncate(mem, 4096) && !*private);
}

/*
 * Others, which are no children any more, set timers that we have, too, and watch a pipe that we
 * have, too, all the time. We watch something else by the number which that pipe has.
 */
static void common(const char *path)
{
	struct itimerspec later = { .it_value.tv_sec = 1000 };
	struct epoll_event event = { .events = EPOLLIN };
	int timer[16], ends[2], epfd, i, fd;
	pid_t us = getpid(), child;
	unsigned int n;

	for (i = 0; i < 16; i++)
		timer[i] = timerfd_create(i % 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME, 0);
	NEED(!pipe(ends));
	epfd = epoll_create1(0);
	fd = eventfd(0, 0);
	NEED(!epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	NEED(dup(fd) >= 0 && dup2(ends[0], fd) == fd);
	for (i = 0; i < 2; i++) {
		child = fork();
		if (child) {
			NEED(waitpid(child, NULL, 0) == child);
			continue;
		}
		if (fork())
			_exit(0);
		epfd = epoll_create1(0);
		for (n = 0; i && (n % 256 || !kill(us, 0)); n++) {
			epoll_ctl(epfd, EPOLL_CTL_ADD, ends[0], &event);
			epoll_ctl(epfd, EPOLL_CTL_DEL, ends[0], &event);
		}
		for (n = 0; n % 256 || !kill(us, 0); n++)
			timerfd_settime(timer[n % 16], 0, &later, NULL);
		_exit(0);
	}
	count(path);
}

/* Behind the counter: is there a key of that name in the session keyring? */
static void keys(const char *path, long id)
{
	struct timespec ts = { 0, 200000 };
	volatile uint64_t *n = counter(path);

	NEED(!setgroups(0, NULL) && !setresgid(id, id, id) && !setresuid(id, id, id));
	while (1) {
		n[1] = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
			       "ckpt-restarter", 0) > 0;
		++*n;
		nanosleep(&ts, NULL);
	}
}

static void reap(int64_t end)
{
	pid_t last = fork(), pid;
	int fd;

	if (!last)
		_exit(0);
	waitpid(last, NULL, 0);
	while (now_us() < end) {
		/* The last process that was seen, and those to come. */
		for (pid = last; pid < last + 8; pid++) {
			fd = syscall(SYS_pidfd_open, pid, 0);
			if (fd < 0)
				continue;
			last = pid;
			syscall(SYS_process_mrelease, fd, 0);
			close(fd);
		}
	}
}

#include "target_alarms.h"

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";
	long us = argc > 2 ? atol(argv[2]) : 0;
	long n = argc > 3 ? atol(argv[3]) : 5;
	int64_t end = now_us() + us;
	pthread_t t;

	self = "/proc/self/exe";
	/* The test may send that as soon as this program is on its own. */
	signal(SIGUSR1, handler);
	alone();
	if (!strcmp(mode, "count")) {
		count(argv[2]);
	} else if (!strcmp(mode, "crowd")) {
		for (n = 0; n < 100; n++)
			NEED(!pthread_create(&t, NULL, idle_thread, NULL));
		count(argv[2]);
	} else if (!strcmp(mode, "alarms")) {
		alarms(argv[2]);
	} else if (!strcmp(mode, "rich")) {
		rich(argv[2]);
	} else if (!strcmp(mode, "waits")) {
		waits(argv[2]);
	} else if (!strcmp(mode, "spy")) {
		NEED(open(argv[3], O_PATH) >= 0);
		count(argv[2]);
	} else if (!strcmp(mode, "keys")) {
		keys(argv[2], n);
	} else if (!strcmp(mode, "late")) {
		late(argv[2]);
	} else if (!strcmp(mode, "gone")) {
		gone(argv[2], argv[3]);
	} else if (!strcmp(mode, "watch")) {
		watch(argv[2], argv[3], atol(argv[4]));
	} else if (!strcmp(mode, "naps")) {
		naps(argv[2]);
	} else if (!strcmp(mode, "wide")) {
		wide(argv[2], n);
	} else if (!strcmp(mode, "cut")) {
		cut(argv[2]);
	} else if (!strcmp(mode, "common")) {
		common(argv[2]);
	} else if (!strcmp(mode, "reap")) {
		reap(end);
	} else if (!strcmp(mode, "exit")) {
		spend(us);
	} else if (!strcmp(mode, "exec")) {
		spend(us);
		exec_again(mode, us, n);
	} else if (!strcmp(mode, "lexec")) {
		if (pthread_create(&t, NULL, idle_thread, NULL))
			_exit(FAILED);
		spend(us);
		exec_again(mode, us, n);
	} else if (!strcmp(mode, "sleep")) {
		for (n = 0; n < 8; n++)
			NEED(!pthread_create(&t, NULL, sleep_thread, NULL));
		spend(us);
	} else if (!strcmp(mode, "suid")) {
		NEED(!setresuid(getuid(), getuid(), getuid()));
		execl(argv[2], argv[2], "suid", argv[0], NULL);
		_exit(FAILED);
	} else if (!strcmp(mode, "texec")) {
		thread_us = us;
		thread_n = n;
		if (pthread_create(&t, NULL, exec_thread, NULL))
			_exit(FAILED);
		while (1)
			some_threads();
	} else if (!strcmp(mode, "fork") || !strcmp(mode, "vfork")) {
		while (now_us() < end)
			a_child(mode[0] == 'v', us / 8 + 300);
	} else if (!strcmp(mode, "thread")) {
		while (now_us() < end)
			some_threads();
	} else if (!strcmp(mode, "busy")) {
		NEED(!pthread_create(&t, NULL, busy_thread, &us));
		NEED(!pthread_join(t, NULL));
	} else if (!strcmp(mode, "signal")) {
		while (now_us() < end)
			spend(500);
	} else {
		_exit(FAILED);
	}
	_exit(DONE);
}
