// SPDX-License-Identifier: GPL-2.0
/* File locks. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "subject_harness.h"

static int open_file(const char *name, int flags)
{
	int fd = open(subject_path(name), flags | O_CREAT, 0644);

	if (fd < 0)
		subject_abort();
	return fd;
}

static int lock(int fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = { .l_type = type, .l_start = start, .l_len = len };

	return fcntl(fd, cmd, &fl);
}

/* The first lock in a range that another process would meet: "w 10+5 PID"; "-": none. */
static char *met(int fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = { .l_type = type, .l_start = start, .l_len = len };
	char *text;
	int n;

	if (fcntl(fd, cmd, &fl))
		subject_abort();
	if (fl.l_type == F_UNLCK)
		n = asprintf(&text, "-");
	else
		n = asprintf(&text, "%c %lld+%lld %s", fl.l_type == F_WRLCK ? 'w' : 'r',
			     (long long)fl.l_start, (long long)fl.l_len,
			     fl.l_pid == -1 ? "none" : fl.l_pid == getppid() ? "parent" : "other");
	return n < 0 ? NULL : text;
}

SUBJECT(of_the_process)
{
	int a = open_file("file", O_RDWR), b = open_file("file", O_RDONLY), status, fd;
	int other = open_file("other", O_WRONLY);
	pid_t pid;

	ASSERT_EQ(0, lock(a, F_SETLK, F_WRLCK, 10, 5));
	ASSERT_EQ(0, lock(b, F_SETLK, F_RDLCK, 20, 10));
	ASSERT_EQ(0, lock(a, F_SETLK, F_WRLCK, 25, 1));
	ASSERT_EQ(0, lock(a, F_SETLK, F_WRLCK, 1000000000000, 0));
	ASSERT_EQ(0, lock(other, F_SETLK, F_WRLCK, 0, 0));
	subject_wait();
	/* Seen by another process; a process does not see its own. */
	pid = fork();
	if (!pid) {
		fd = open_file("file", O_RDWR);
		subject_check(!strcmp("w 10+5 parent", met(fd, F_GETLK, F_RDLCK, 0, 15)));
		subject_check(!strcmp("-", met(fd, F_GETLK, F_RDLCK, 20, 5)));
		subject_check(!strcmp("r 20+5 parent", met(fd, F_GETLK, F_WRLCK, 15, 10)));
		subject_check(!strcmp("w 25+1 parent", met(fd, F_GETLK, F_RDLCK, 20, 10)));
		subject_check(!strcmp("r 26+4 parent", met(fd, F_GETLK, F_WRLCK, 26, 10)));
		subject_check(!strcmp("-", met(fd, F_GETLK, F_WRLCK, 30, 1000)));
		subject_check(!strcmp("w 1000000000000+0 parent",
				      met(fd, F_GETLK, F_WRLCK, 30, 0)));
		fd = open_file("other", O_RDWR);
		subject_check(!strcmp("w 0+0 parent", met(fd, F_GETLK, F_WRLCK, 7, 1)));
		_exit(subject_failed());
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* They go with the first descriptor that is closed. */
	close(b);
	pid = fork();
	if (!pid)
		_exit(lock(open_file("file", O_RDWR), F_SETLK, F_WRLCK, 0, 0) ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

SUBJECT(of_descriptions)
{
	int a = open_file("file", O_RDWR), b = open_file("file", O_RDWR), c = dup(a);

	ASSERT_EQ(0, lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
	ASSERT_EQ(0, lock(b, F_OFD_SETLK, F_RDLCK, 50, 10));
	subject_wait();
	EXPECT_STREQ("w 0+10 none", met(b, F_OFD_GETLK, F_RDLCK, 5, 1));
	EXPECT_STREQ("-", met(c, F_OFD_GETLK, F_RDLCK, 5, 1));
	EXPECT_STREQ("r 50+10 none", met(c, F_OFD_GETLK, F_WRLCK, 0, 0));
	close(a);
	EXPECT_STREQ("w 0+10 none", met(b, F_OFD_GETLK, F_RDLCK, 5, 1));
	close(c);
	EXPECT_STREQ("-", met(b, F_OFD_GETLK, F_RDLCK, 5, 1));
}

SUBJECT(whole_files)
{
	int a = open_file("one", O_RDONLY), b = open_file("one", O_RDONLY), c = dup(a);
	int d = open_file("two", O_RDONLY), e = open_file("two", O_RDONLY);

	ASSERT_EQ(0, flock(a, LOCK_EX));
	ASSERT_EQ(0, flock(d, LOCK_SH));
	subject_wait();
	EXPECT_EQ(-1, flock(b, LOCK_SH | LOCK_NB));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, flock(c, LOCK_EX | LOCK_NB));
	EXPECT_EQ(0, flock(e, LOCK_SH | LOCK_NB));
	EXPECT_EQ(-1, flock(e, LOCK_EX | LOCK_NB));
	EXPECT_EQ(0, flock(c, LOCK_UN));
	EXPECT_EQ(0, flock(b, LOCK_EX | LOCK_NB));
}

/* A mapping keeps the description, and that its locks: Java marks its performance data so. */
SUBJECT(of_mappings)
{
	int a = open_file("one", O_RDWR), b = open_file("two", O_RDWR), fd, status;
	char *p, *q;
	pid_t pid;

	ASSERT_EQ(0, ftruncate(a, 4096));
	ASSERT_EQ(0, ftruncate(b, 4096));
	p = subject_map(a, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
	q = subject_map(b, 4096, PROT_READ, MAP_PRIVATE);
	ASSERT_EQ(0, flock(a, LOCK_EX));
	ASSERT_EQ(0, lock(b, F_OFD_SETLK, F_WRLCK, 10, 5));
	close(a);
	close(b);
	/* Those of the process are another matter: of the same file, through a descriptor. */
	b = open_file("two", O_RDWR);
	ASSERT_EQ(0, lock(b, F_SETLK, F_WRLCK, 20, 5));
	subject_wait();
	a = open_file("one", O_RDWR);
	EXPECT_EQ(-1, flock(a, LOCK_SH | LOCK_NB));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_STREQ("w 10+5 none", met(b, F_OFD_GETLK, F_RDLCK, 0, 20));
	pid = fork();
	if (!pid) {
		fd = open_file("two", O_RDWR);
		subject_check(!strcmp("w 20+5 parent", met(fd, F_GETLK, F_RDLCK, 18, 0)));
		_exit(subject_failed());
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	munmap(p, 4096);
	munmap(q, 4096);
	EXPECT_EQ(0, flock(a, LOCK_EX | LOCK_NB));
	EXPECT_STREQ("-", met(b, F_OFD_GETLK, F_RDLCK, 0, 20));
}

SUBJECT(many)
{
	int a = open_file("file", O_RDWR), b = open_file("file", O_RDWR), i;

	for (i = 0; i < 3000; i++)
		ASSERT_EQ(0, lock(a, F_OFD_SETLK, i % 3 ? F_RDLCK : F_WRLCK, i * 3, 2));
	subject_wait();
	for (i = 0; i < 3000; i++) {
		EXPECT_EQ(i % 3 ? 0 : -1, lock(b, F_OFD_SETLK, F_RDLCK, i * 3, 2));
		EXPECT_EQ(-1, lock(b, F_OFD_SETLK, F_WRLCK, i * 3 + 1, 1));
		EXPECT_EQ(0, lock(b, F_OFD_SETLK, F_WRLCK, i * 3 + 2, 1));
	}
}

/* Each has locks of its own. */
SUBJECT(many_descriptions)
{
	int fd[300], other, i;

	for (i = 0; i < 300; i++) {
		fd[i] = open_file("file", O_RDWR);
		ASSERT_EQ(0, lock(fd[i], F_OFD_SETLK, F_WRLCK, i * 2, 1));
		ASSERT_EQ(0, flock(fd[i], LOCK_SH));
	}
	subject_wait();
	other = open_file("file", O_RDWR);
	EXPECT_EQ(-1, flock(other, LOCK_EX | LOCK_NB));
	for (i = 0; i < 300; i++) {
		EXPECT_EQ(-1, lock(other, F_OFD_SETLK, F_RDLCK, i * 2, 1));
		EXPECT_EQ(0, lock(other, F_OFD_SETLK, F_RDLCK, i * 2 + 1, 1));
	}
	for (i = 0; i < 300; i++) {
		close(fd[i]);
		EXPECT_EQ(0, lock(other, F_OFD_SETLK, F_RDLCK, i * 2, 1));
	}
	EXPECT_EQ(0, flock(other, LOCK_EX | LOCK_NB));
}

static int wait_fd, wait_flock_fd;
static atomic_int begun, ended;

static void *waits_for_range(void *arg)
{
	begun++;
	subject_check(!lock(wait_fd, F_OFD_SETLKW, F_WRLCK, 5, 1));
	ended++;
	return arg;
}

static void *waits_for_file(void *arg)
{
	begun++;
	subject_check(!flock(wait_flock_fd, LOCK_EX));
	ended++;
	return arg;
}

/* A thread that waits for a lock waits on, and gets it. */
SUBJECT(waiting)
{
	int a = open_file("one", O_RDWR), b = open_file("two", O_RDWR);
	pthread_t t[2];

	wait_fd = open_file("one", O_RDWR);
	wait_flock_fd = open_file("two", O_RDWR);
	ASSERT_EQ(0, lock(a, F_OFD_SETLK, F_RDLCK, 0, 10));
	ASSERT_EQ(0, flock(b, LOCK_SH));
	ASSERT_EQ(0, pthread_create(&t[0], NULL, waits_for_range, NULL));
	ASSERT_EQ(0, pthread_create(&t[1], NULL, waits_for_file, NULL));
	while (begun < 2)
		subject_nap(1);
	subject_nap(20);
	subject_wait();
	EXPECT_EQ(0, ended);
	ASSERT_EQ(0, lock(a, F_OFD_SETLK, F_UNLCK, 0, 0));
	ASSERT_EQ(0, flock(b, LOCK_UN));
	EXPECT_EQ(0, pthread_join(t[0], NULL));
	EXPECT_EQ(0, pthread_join(t[1], NULL));
}

/* An open for writing, by ourselves, has to wait; the holder of the lease hears of it. */
static void a_lease(struct __test_metadata *_metadata, int type)
{
	struct timespec now = { 0 };
	int fd = open_file("leased", O_RDONLY);
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, fcntl(fd, F_SETSIG, SIGRTMIN));
	if (fcntl(fd, F_SETLEASE, type))
		SKIP(return, "F_SETLEASE: %s", strerror(errno));
	subject_wait();
	EXPECT_EQ(type, fcntl(fd, F_GETLEASE));
	EXPECT_EQ(-1, sigtimedwait(&set, &info, &now));
	EXPECT_EQ(-1, open(subject_path("leased"), O_WRONLY | O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	ASSERT_EQ(SIGRTMIN, sigtimedwait(&set, &info, &now));
	EXPECT_EQ(fd, info.si_fd);
	EXPECT_EQ(F_UNLCK, fcntl(fd, F_GETLEASE));
	EXPECT_EQ(0, fcntl(fd, F_SETLEASE, F_UNLCK));
	EXPECT_LE(0, open(subject_path("leased"), O_WRONLY | O_NONBLOCK));
}

SUBJECT(read_lease)
{
	a_lease(_metadata, F_RDLCK);
}

SUBJECT(write_lease)
{
	a_lease(_metadata, F_WRLCK);
}

/* To read what has no name it would have to be opened, and that breaks the lease. */
SUBJECT(write_lease_of_a_deleted_file_is_refused)
{
	struct timespec now = { 0 };
	int fd = open_file("leased", O_RDWR);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, unlink(subject_path("leased")));
	if (fcntl(fd, F_SETLEASE, F_WRLCK))
		SKIP(return, "F_SETLEASE: %s", strerror(errno));
	subject_refused(" fd %d: a write lease of a file whose content is in the image .*", fd);
	EXPECT_EQ(F_WRLCK, fcntl(fd, F_GETLEASE));
	EXPECT_EQ(-1, sigtimedwait(&set, NULL, &now));
}

SUBJECT(broken_lease_is_refused)
{
	int fd = open_file("leased", O_RDONLY);

	signal(SIGIO, SIG_IGN);
	if (fcntl(fd, F_SETLEASE, F_RDLCK))
		SKIP(return, "F_SETLEASE: %s", strerror(errno));
	ASSERT_EQ(-1, open(subject_path("leased"), O_WRONLY | O_NONBLOCK));
	subject_refused(" fd %d: a file lease that somebody breaks just now is not supported", fd);
}
