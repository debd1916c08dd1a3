// SPDX-License-Identifier: GPL-2.0
/*
 * many - a program that has very many of one thing, to be checkpointed by scale/run
 *
 *	many FILE KIND N DIR	makes N of them, in DIR what has a name, and counts in FILE
 *
 * Ends with the number of the line that failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MUST(condition)						\
	do {							\
		if (!(condition))				\
			_exit(__LINE__ % 200 + 50);		\
	} while (0)

static const char *dir;

static int named(int i, int flags)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%d", dir, i);
	return open(path, flags | O_CREAT | O_CLOEXEC, 0600);
}

/* ---- watches ---- */

static void watch(int epfd, int fd, uint64_t data)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.u64 = data };

	MUST(!epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev));
}

/* All of one file, under as many descriptors. */
static void epolls(int n)
{
	int epfd = epoll_create1(0), event = eventfd(0, 0), i;

	for (i = 0; i < n; i++)
		watch(epfd, fcntl(event, F_DUPFD, 3), i);
}

/* Under descriptors that are closed: all had the same number. */
static void closed_epolls(int n)
{
	int epfd = epoll_create1(0), fd, i;

	for (i = 0; i < n; i++) {
		fd = eventfd(0, 0);
		watch(epfd, fd, i);
		MUST(dup2(fd, 1000000 - i) >= 0);
		close(fd);
	}
}

static void inotifies(int n)
{
	int fd = inotify_init1(0), i;
	char path[256];

	for (i = 0; i < n; i++) {
		close(named(i, O_WRONLY));
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		MUST(inotify_add_watch(fd, path, IN_MODIFY) > 0);
	}
}

/* One on each of n mounts, which are of one file system. */
static void mounts(int n)
{
	int fd = inotify_init1(0), i;
	char path[256], at[300];

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		MUST(!mkdir(path, 0700));
		snprintf(at, sizeof(at), "%s/at", path);
		MUST(!mkdir(at, 0700));
		MUST(!mount(path, path, NULL, MS_BIND, NULL));
		MUST(inotify_add_watch(fd, at, IN_MODIFY) > 0);
	}
}

/* ---- descriptors ---- */

static void files(int n)
{
	while (n--)
		MUST(open(dir, O_RDONLY | O_DIRECTORY) >= 0);
}

static void deleted(int n)
{
	char path[256];

	while (n--) {
		MUST(named(n, O_RDWR) >= 0);
		snprintf(path, sizeof(path), "%s/%d", dir, n);
		MUST(!unlink(path));
	}
}

/* Names of one file, of which only the first is left. */
static void links(int n)
{
	char first[256], path[256];

	close(named(0, O_RDWR));
	snprintf(first, sizeof(first), "%s/0", dir);
	while (--n) {
		snprintf(path, sizeof(path), "%s/%d", dir, n);
		MUST(!link(first, path) && open(path, O_RDONLY) >= 0 && !unlink(path));
	}
}

static void pipes(int n)
{
	int fds[2];

	while (n--)
		MUST(!pipe(fds) && write(fds[1], "x", 1) == 1);
}

static void timerfds(int n)
{
	struct itimerspec its = { .it_value.tv_sec = 3600 };
	int fd;

	while (n--) {
		fd = timerfd_create(CLOCK_MONOTONIC, 0);
		MUST(fd >= 0 && !timerfd_settime(fd, 0, &its, NULL));
	}
}

static void leases(int n)
{
	close(named(0, O_RDWR));
	while (n--)
		MUST(!fcntl(named(0, O_RDONLY), F_SETLEASE, F_RDLCK));
}

/* Locks of one file, each of another description. */
static void flocks(int n)
{
	while (n--)
		MUST(!flock(named(0, O_RDWR), LOCK_SH));
}

static void locks(int n)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int fd = named(0, O_RDWR);

	while (n--) {
		fl.l_start = 2 * n;
		MUST(!fcntl(fd, F_SETLK, &fl));
	}
}

static void sealed(int n)
{
	int fd;

	while (n--) {
		fd = memfd_create("many", MFD_ALLOW_SEALING);
		MUST(fd >= 0 && !ftruncate(fd, 4096) &&
		     !fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK));
		MUST(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
	}
}

/* ---- threads ---- */

static pthread_barrier_t made;
static int groups;

static void *thread(void *arg)
{
	gid_t gid = (uintptr_t)arg;

	/* The system call is of this thread alone. */
	if (groups)
		MUST(!syscall(SYS_setgroups, 1, &gid));
	pthread_barrier_wait(&made);
	for (;;)
		pause();
	return NULL;
}

static void threads(int n)
{
	pthread_attr_t attr;
	pthread_t id;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_barrier_init(&made, NULL, n + 1);
	for (i = 0; i < n; i++)
		MUST(!pthread_create(&id, &attr, thread, (void *)(uintptr_t)i));
	pthread_barrier_wait(&made);
}

static void creds(int n)
{
	groups = 1;
	threads(n);
}

/* A file about another thread is opened when all threads are there. */
static void procs(int n)
{
	char path[64];
	int i;

	threads(50);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid() + 1 + i % 50);
		MUST(open(path, O_RDONLY) >= 0);
	}
}

static void filters(int n)
{
	struct sock_filter insn = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { .len = 1, .filter = &insn };

	while (n--)
		MUST(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
}

/* ---- the rest ---- */

static void timers(int n)
{
	struct itimerspec its = { .it_value.tv_sec = 3600 };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	timer_t id;

	while (n--)
		MUST(!timer_create(CLOCK_MONOTONIC, &ev, &id) &&
		     !timer_settime(id, 0, &its, NULL));
}

static void signals(int n)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (n--)
		MUST(!sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = n }));
}

static void areas(int n)
{
	char *mem = mmap(NULL, n * 8192UL, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);
	int i;

	MUST(mem != MAP_FAILED);
	for (i = 0; i < n / 2; i++)
		MUST(!mprotect(mem + i * 16384UL, 8192, PROT_READ | PROT_WRITE));
}

static void locked(int n)
{
	char *mem = mmap(NULL, n * 8192UL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	int i;

	MUST(mem != MAP_FAILED);
	for (i = 0; i < n; i++)
		MUST(!mlock(mem + i * 8192UL, 4096));
}

static const struct {
	const char *name;
	void (*make)(int n);
} kinds[] = {
	{ "areas", areas },
	{ "closed_epolls", closed_epolls },
	{ "creds", creds },
	{ "deleted", deleted },
	{ "epolls", epolls },
	{ "files", files },
	{ "filters", filters },
	{ "flocks", flocks },
	{ "inotifies", inotifies },
	{ "leases", leases },
	{ "links", links },
	{ "locked", locked },
	{ "locks", locks },
	{ "mounts", mounts },
	{ "pipes", pipes },
	{ "procs", procs },
	{ "sealed", sealed },
	{ "signals", signals },
	{ "threads", threads },
	{ "timerfds", timerfds },
	{ "timers", timers },
};

static void raise_limit(int resource, rlim_t max)
{
	struct rlimit lim = { max, max };

	setrlimit(resource, &lim);
}

int main(int argc, char **argv)
{
	volatile uint64_t *counter;
	unsigned int i;
	int fd;

	MUST(argc == 5);
	setsid();
	syscall(SYS_close_range, 0, ~0U, 0);
	MUST(!open("/dev/null", O_RDWR) && dup(0) == 1 && dup(0) == 2);
	dir = argv[4];
	raise_limit(RLIMIT_NOFILE, 1 << 20);
	raise_limit(RLIMIT_SIGPENDING, RLIM_INFINITY);
	raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	raise_limit(RLIMIT_NPROC, RLIM_INFINITY);
	fd = open(argv[1], O_RDWR);
	MUST(fd >= 0);
	counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(counter != MAP_FAILED && !close(fd));
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, argv[2]))
			break;
	MUST(i < sizeof(kinds) / sizeof(*kinds));
	kinds[i].make(atoi(argv[3]));
	for (;;) {
		(*counter)++;
		usleep(10000);
	}
}
