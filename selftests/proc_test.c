// SPDX-License-Identifier: GPL-2.0
/* Files of proc and sysfs: those of the process itself, and plain text about the machine. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "subject_harness.h"

/* All of it from the start; the position stays. */
static const char *text(int fd)
{
	static char buf[1 << 16];
	ssize_t n, len = 0;

	while ((n = pread(fd, buf + len, sizeof(buf) - 1 - len, len)) > 0)
		len += n;
	buf[n < 0 ? 0 : len] = '\0';
	return buf;
}

/* Does it say that, in a line of its own? */
static bool says(int fd, const char *fmt, long n)
{
	char line[64];

	snprintf(line, sizeof(line), fmt, n);
	return strstr(text(fd), line);
}

static const char *target(int fd)
{
	static char name[256];
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = '\0';
	return name;
}

SUBJECT(own)
{
	int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC), n;
	int maps = open("/proc/self/maps", O_RDONLY);
	int adj = open("/proc/self/oom_score_adj", O_RDWR);
	int comm = open("/proc/thread-self/comm", O_RDWR);
	int net = open("/proc/net/dev", O_RDONLY);
	char buf[64], path[64];

	ASSERT_EQ(20, read(status, buf, 20));
	ASSERT_EQ(30, read(maps, buf, 30));
	ASSERT_LE(0, adj);
	ASSERT_LE(0, comm);
	subject_wait();
	EXPECT_EQ(20, lseek(status, 0, SEEK_CUR));
	EXPECT_EQ(FD_CLOEXEC, fcntl(status, F_GETFD));
	EXPECT_TRUE(says(status, "\nPid:\t%ld\n", getpid()));
	EXPECT_EQ(30, lseek(maps, 0, SEEK_CUR));
	EXPECT_TRUE(says(maps, "[stack]", 0));
	snprintf(path, sizeof(path), "/proc/%d/status", getpid());
	EXPECT_STREQ(path, target(status));
	EXPECT_EQ(2, write(adj, "7\n", 2));
	n = open("/proc/self/oom_score_adj", O_RDONLY);
	EXPECT_STREQ("7\n", text(n));
	EXPECT_EQ(5, write(comm, "again", 5));
	EXPECT_TRUE(says(status, "Name:\tagain\n", 0));
	EXPECT_TRUE(says(net, "lo:", 0));
}

SUBJECT(memory)
{
	int mem = open("/proc/self/mem", O_RDWR), pagemap = open("/proc/self/pagemap", O_RDONLY);
	static volatile uint64_t word = 0x1234567890;
	off_t at = (uintptr_t)&word;
	uint64_t val = 0, entry;

	ASSERT_EQ(at, lseek(mem, at, SEEK_SET));
	ASSERT_EQ(8, pread(pagemap, &entry, 8, at / 4096 * 8));
	subject_wait();
	EXPECT_EQ(at, lseek(mem, 0, SEEK_CUR));
	EXPECT_EQ(8, read(mem, &val, 8));
	EXPECT_EQ(0x1234567890, val);
	val = 5;
	EXPECT_EQ(8, pwrite(mem, &val, 8, at));
	EXPECT_EQ(5, word);
	EXPECT_EQ(8, pread(pagemap, &entry, 8, at / 4096 * 8));
	EXPECT_TRUE(entry >> 63);
}

SUBJECT(directories)
{
	int task = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
	DIR *fds = opendir("/proc/self/fd"), *proc = opendir("/proc");
	struct dirent *d;
	int n = 0, i;
	char buf[32];

	ASSERT_NE(NULL, fds);
	ASSERT_NE(NULL, proc);
	for (i = 0; i < 5; i++)
		ASSERT_NE(NULL, readdir(proc));
	subject_wait();
	rewinddir(fds);
	while ((d = readdir(fds)))
		n += d->d_name[0] != '.';
	/* Standard input, output and error, and these three; the driver's are none. */
	EXPECT_LE(6, n);
	snprintf(buf, sizeof(buf), "%d/comm", getpid());
	n = openat(task, buf, O_RDONLY);
	EXPECT_LE(0, n);
	EXPECT_LT(0, strlen(text(n)));
	rewinddir(proc);
	for (n = 0; (d = readdir(proc)); )
		n += atoi(d->d_name) == getpid();
	EXPECT_EQ(1, n);
}

static pthread_t thread;
static volatile pid_t thread_tid;
static volatile bool thread_ends;

static void *a_thread(void *arg)
{
	thread_tid = syscall(SYS_gettid);
	while (!thread_ends)
		subject_nap(10);
	return arg;
}

/* They are there only when everything else is. */
SUBJECT(threads)
{
	int status, dir, other, info, cur;
	char path[64], buf[16];

	ASSERT_EQ(0, pthread_create(&thread, NULL, a_thread, NULL));
	while (!thread_tid)
		subject_nap(1);
	snprintf(path, sizeof(path), "/proc/self/task/%d/status", thread_tid);
	status = open(path, O_RDONLY);
	ASSERT_EQ(10, read(status, buf, 10));
	other = dup2(status, 50);
	ASSERT_EQ(0, fcntl(other, F_SETFD, FD_CLOEXEC));
	snprintf(path, sizeof(path), "/proc/self/task/%d", thread_tid);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", status);
	info = open(path, O_RDONLY);
	ASSERT_LE(0, info);
	subject_wait();
	EXPECT_EQ(10, lseek(other, 0, SEEK_CUR));
	EXPECT_EQ(12, lseek(status, 12, SEEK_SET));
	EXPECT_EQ(12, lseek(other, 0, SEEK_CUR));
	EXPECT_EQ(0, fcntl(status, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(other, F_GETFD));
	EXPECT_TRUE(says(status, "\nPid:\t%ld\n", thread_tid));
	EXPECT_TRUE(says(other, "\nTgid:\t%ld\n", getpid()));
	EXPECT_TRUE(says(info, "pos:\t12\n", 0));
	cur = openat(dir, "stat", O_RDONLY);
	EXPECT_EQ(thread_tid, atoi(text(cur)));
	snprintf(path, sizeof(path), "/proc/%d/task/%d", getpid(), thread_tid);
	EXPECT_STREQ(path, target(dir));
	thread_ends = true;
	EXPECT_EQ(0, pthread_join(thread, NULL));
}

SUBJECT(machine)
{
	static const char *const names[] = {
		"/proc/meminfo", "/proc/stat", "/proc/version", "/proc/uptime", "/proc/cpuinfo",
		"/proc/sys/kernel/ostype", "/sys/devices/system/cpu/online",
		"/sys/kernel/uevent_seqnum",
	};
	int fd[8], rw = open("/proc/sys/kernel/panic_print", O_RDWR), i;
	char buf[8];

	for (i = 0; i < 8; i++) {
		fd[i] = open(names[i], O_RDONLY);
		ASSERT_LE(0, fd[i]);
		if (i < 3)
			ASSERT_EQ(5, read(fd[i], buf, 5));
	}
	subject_wait();
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(i < 3 ? 5 : 0, lseek(fd[i], 0, SEEK_CUR));
		EXPECT_LT(0, strlen(text(fd[i])));
		EXPECT_STREQ(names[i], target(fd[i]));
	}
	EXPECT_TRUE(says(fd[0], "MemTotal:", 0));
	EXPECT_STREQ("Linux\n", text(fd[5]));
	EXPECT_EQ(5, read(fd[2], buf, 5));
	EXPECT_EQ(0, memcmp(buf, " vers", 5));
	if (rw >= 0)
		EXPECT_EQ(O_RDWR, fcntl(rw, F_GETFL) & O_ACCMODE);
}

/* As programs do that want to know of new mounts. */
SUBJECT(mounts)
{
	int fd = open("/proc/self/mountinfo", O_RDONLY), ep = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLPRI, .data.u64 = 9 };

	ASSERT_EQ(0, mkdir(subject_path("mount"), 0700));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	/* Other tests mount things, too. */
	while (epoll_wait(ep, &event, 1, 0) > 0)
		;
	ASSERT_LT(10, strlen(text(fd)));
	subject_wait();
	while (epoll_wait(ep, &event, 1, 0) > 0)
		;
	if (mount("none", subject_path("mount"), "tmpfs", 0, NULL))
		SKIP(return, "only for root");
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 1000));
	EXPECT_EQ(9, event.data.u64);
	EXPECT_TRUE(says(fd, "/mount ", 0));
	umount2(subject_path("mount"), MNT_DETACH);
}

/* A mount that it has not polled for yet is told of after the restart. */
SUBJECT(mounts_changed_before)
{
	int fds[2] = { open("/proc/self/mounts", O_RDONLY), -1 }, i;
	struct pollfd pfd = { .events = POLLPRI };

	fds[1] = open("/proc/thread-self/mountinfo", O_RDONLY);
	ASSERT_EQ(0, mkdir(subject_path("mount"), 0700));
	for (i = 0; i < 2; i++) {
		pfd.fd = fds[i];
		while (poll(&pfd, 1, 0) > 0)
			;
	}
	if (mount("none", subject_path("mount"), "tmpfs", 0, NULL))
		SKIP(return, "only for root");
	subject_wait();
	for (i = 0; i < 2; i++) {
		pfd.fd = fds[i];
		EXPECT_EQ(1, poll(&pfd, 1, 0)) TH_LOG("file %d", i);
		EXPECT_EQ(POLLPRI | POLLERR, pfd.revents);
	}
	umount2(subject_path("mount"), MNT_DETACH);
}

SUBJECT(flags)
{
	int fds[] = {
		open("/proc/self/status", O_RDONLY | O_SYNC | O_CLOEXEC),
		open("/proc/self/comm", O_RDWR | O_DSYNC | O_NOFOLLOW),
		open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_NONBLOCK),
		open("/proc/meminfo", O_RDONLY | O_SYNC),
		open("/proc/self/fdinfo/0", O_RDONLY | O_DSYNC | O_NOFOLLOW),
	};
	int flags[ARRAY_SIZE(fds)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		flags[i] = fcntl(fds[i], F_GETFL);
		ASSERT_LE(0, flags[i]);
	}
	subject_wait();
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		EXPECT_EQ(flags[i], fcntl(fds[i], F_GETFL)) TH_LOG("file %u", i);
}

static void refused_file(struct __test_metadata *_metadata, const char *name, int flags,
			 const char *why)
{
	int fd = open(name, flags);

	if (fd < 0)
		SKIP(return, "%s: %s", name, strerror(errno));
	subject_refused(" fd %d: %s \\(%s\\) is not supported", fd, why, name);
}

/* A restart does not read again what was read, nor what was made after the file was read. */
SUBJECT(read_to_the_end)
{
	int fd = open("/proc/self/timers", O_RDONLY);
	char buf[1024];
	timer_t timer;

	if (fd < 0)
		SKIP(return, "the kernel has no /proc/PID/timers");
	ASSERT_EQ(0, timer_create(CLOCK_MONOTONIC, NULL, &timer));
	ASSERT_LT(0, read(fd, buf, sizeof(buf)));
	subject_wait();
	EXPECT_EQ(0, read(fd, buf, sizeof(buf)));
	EXPECT_LT(0, pread(fd, buf, sizeof(buf), 0));
}

SUBJECT(of_another_is_refused)
{
	refused_file(_metadata, "/proc/1/status", O_RDONLY, "a file of another process.*");
}

SUBJECT(of_another_directory_is_refused)
{
	refused_file(_metadata, "/proc/1", O_RDONLY, "a file of another process.*");
}

SUBJECT(messages_are_refused)
{
	refused_file(_metadata, "/proc/kmsg", O_RDONLY | O_NONBLOCK,
		     "a file that is more than text");
}

SUBJECT(trigger_is_refused)
{
	refused_file(_metadata, "/proc/sysrq-trigger", O_WRONLY, "a file that is more than text");
}

SUBJECT(sysfs_written_is_refused)
{
	refused_file(_metadata, "/sys/power/state", O_RDWR, "a file of a synthetic file system");
}

SUBJECT(of_a_synthetic_file_system_is_refused)
{
	/* Where it is mounted already it stays as it is. */
	if (access("/sys/kernel/security/lsm", R_OK))
		mount("none", "/sys/kernel/security", "securityfs", 0, NULL);
	refused_file(_metadata, "/sys/kernel/security/lsm", O_RDONLY,
		     "a file of a synthetic file system");
}
