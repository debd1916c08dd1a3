// SPDX-License-Identifier: GPL-2.0
/* Pipes of a process to itself. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "subject_harness.h"

static int filled(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

SUBJECT(content)
{
	char out[100000], in[100000];
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	subject_fill(out, sizeof(out), 1);
	ASSERT_EQ(1000, write(fds[1], out, 1000));
	ASSERT_EQ(100, read(fds[0], in, 100));
	ASSERT_EQ(50000, write(fds[1], out + 1000, 50000));
	subject_wait();
	EXPECT_EQ(50900, filled(fds[0]));
	ASSERT_EQ(50900, read(fds[0], in, sizeof(in)));
	EXPECT_EQ(0, memcmp(out + 100, in, 50900));
	ASSERT_EQ(5, write(fds[1], "hello", 5));
	ASSERT_EQ(5, read(fds[0], in, sizeof(in)));
	close(fds[1]);
	EXPECT_EQ(0, read(fds[0], in, 1));
}

SUBJECT(empty)
{
	int fds[2], nb[2];
	char c;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(nb, O_NONBLOCK));
	subject_wait();
	EXPECT_EQ(FD_CLOEXEC, fcntl(fds[0], F_GETFD));
	EXPECT_EQ(-1, read(nb[0], &c, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, filled(fds[0]));
	EXPECT_EQ(O_NONBLOCK, fcntl(nb[1], F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(0, fcntl(fds[1], F_GETFL) & O_NONBLOCK);
}

SUBJECT(full)
{
	static char out[1 << 20], in[1 << 20];
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	ASSERT_EQ(1 << 20, fcntl(fds[1], F_SETPIPE_SZ, 1 << 20));
	subject_fill(out, sizeof(out), 2);
	ASSERT_EQ((ssize_t)sizeof(out), write(fds[1], out, sizeof(out)));
	subject_wait();
	EXPECT_EQ(1 << 20, fcntl(fds[1], F_GETPIPE_SZ));
	EXPECT_EQ(-1, write(fds[1], "x", 1));
	ASSERT_EQ((ssize_t)sizeof(in), read(fds[0], in, sizeof(in)));
	EXPECT_EQ(0, memcmp(out, in, sizeof(in)));
}

SUBJECT(small_writes)
{
	int fds[2], i;
	char c;

	ASSERT_EQ(0, pipe(fds));
	for (i = 0; i < 3000; i++) {
		c = i;
		ASSERT_EQ(1, write(fds[1], &c, 1));
	}
	subject_wait();
	for (i = 0; i < 3000; i++) {
		ASSERT_EQ(1, read(fds[0], &c, 1));
		ASSERT_EQ((char)i, c);
	}
}

SUBJECT(packets)
{
	char buf[4096];
	int fds[2], i;

	ASSERT_EQ(0, pipe2(fds, O_DIRECT));
	for (i = 1; i <= 10; i++) {
		memset(buf, i, sizeof(buf));
		ASSERT_EQ(i * 100, write(fds[1], buf, i * 100));
	}
	subject_wait();
	EXPECT_EQ(O_DIRECT, fcntl(fds[1], F_GETFL) & O_DIRECT);
	for (i = 1; i <= 10; i++) {
		/* One at a time, whatever room there is. */
		ASSERT_EQ(i * 100, read(fds[0], buf, sizeof(buf)));
		EXPECT_EQ(i, buf[0]);
	}
}

SUBJECT(mixed_is_refused)
{
	char out[4096] = { 1 };
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(2, write(fds[1], "ab", 2));
	ASSERT_EQ(0, fcntl(fds[1], F_SETFL, O_DIRECT));
	/* Too much to go behind what is there, in one page. */
	ASSERT_EQ(4095, write(fds[1], out, 4095));
	subject_refused(" fd %d: a pipe with packets and other content is not supported", fds[0]);
	ASSERT_EQ(2, read(fds[0], out, 2));
	ASSERT_EQ(4095, read(fds[0], out, sizeof(out)));
}

/* The owner of a pipe decides who may open it by /proc/PID/fd. */
SUBJECT(owner)
{
	struct stat before[2], now[2];
	int fds[2], empty[2], i;
	char c;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(empty));
	ASSERT_EQ(0, fchown(fds[0], 1000, 1001));
	ASSERT_EQ(0, fchmod(fds[0], 0640));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_EQ(0, fstat(fds[0], &before[0]));
	ASSERT_EQ(0, fstat(empty[1], &before[1]));
	subject_wait();
	ASSERT_EQ(0, fstat(fds[1], &now[0]));
	ASSERT_EQ(0, fstat(empty[0], &now[1]));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(before[i].st_uid, now[i].st_uid);
		EXPECT_EQ(before[i].st_gid, now[i].st_gid);
		EXPECT_EQ(before[i].st_mode, now[i].st_mode);
		EXPECT_EQ(before[i].st_mtim.tv_sec, now[i].st_mtim.tv_sec);
		EXPECT_EQ(before[i].st_mtim.tv_nsec, now[i].st_mtim.tv_nsec);
	}
	EXPECT_EQ(1, read(fds[0], &c, 1));
}

SUBJECT(several_ends)
{
	int fds[2], rd, wr, both;
	char path[64], c;

	ASSERT_EQ(0, pipe(fds));
	rd = dup(fds[0]);
	wr = dup(fds[1]);
	/* A description of its own, of the same pipe. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	both = open(path, O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, both);
	ASSERT_EQ(3, write(wr, "abc", 3));
	subject_wait();
	ASSERT_EQ(1, read(fds[0], &c, 1));
	EXPECT_EQ('a', c);
	ASSERT_EQ(1, read(rd, &c, 1));
	EXPECT_EQ('b', c);
	ASSERT_EQ(1, read(both, &c, 1));
	EXPECT_EQ('c', c);
	EXPECT_EQ(-1, read(both, &c, 1));
	ASSERT_EQ(1, write(both, "d", 1));
	ASSERT_EQ(1, read(fds[0], &c, 1));
	/* The end is only seen when all writers are closed. */
	close(fds[1]);
	close(both);
	ASSERT_EQ(1, write(wr, "e", 1));
	close(wr);
	ASSERT_EQ(1, read(fds[0], &c, 1));
	EXPECT_EQ(0, read(fds[0], &c, 1));
}

SUBJECT(closed_ends)
{
	int no_writer[2], no_reader[2];
	char in[8];

	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, pipe(no_writer));
	ASSERT_EQ(0, pipe(no_reader));
	ASSERT_EQ(4, write(no_writer[1], "left", 4));
	close(no_writer[1]);
	close(no_reader[0]);
	subject_wait();
	ASSERT_EQ(4, read(no_writer[0], in, sizeof(in)));
	EXPECT_EQ(0, read(no_writer[0], in, sizeof(in)));
	EXPECT_EQ(-1, write(no_reader[1], "x", 1));
	EXPECT_EQ(EPIPE, errno);
}

/* So it is from the first moment on, also for who does not wait. */
SUBJECT(closed_ends_at_once)
{
	int no_writer[2], no_reader[2];
	char in[8];

	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, pipe2(no_writer, O_NONBLOCK));
	ASSERT_EQ(0, pipe2(no_reader, O_NONBLOCK));
	close(no_writer[1]);
	close(no_reader[0]);
	subject_wait();
	EXPECT_EQ(0, read(no_writer[0], in, sizeof(in)));
	EXPECT_EQ(-1, write(no_reader[1], "x", 1));
	EXPECT_EQ(EPIPE, errno);
}

static int busy[2];

static void *writer(void *arg)
{
	uint64_t n = 0;

	while (subject_going())
		for (int i = 0; i < 500; i++, n++)
			if (!subject_check(write(busy[1], &n, sizeof(n)) == sizeof(n)))
				return arg;
	close(busy[1]);
	return arg;
}

/* Not a byte is lost or comes twice, whatever the moment. */
SUBJECT(working)
{
	uint64_t n = 0, got;
	pthread_t t;

	ASSERT_EQ(0, pipe(busy));
	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, writer, NULL));
	while (read(busy[0], &got, sizeof(got)) == sizeof(got))
		if (!subject_check(got == n++))
			break;
	EXPECT_EQ(0, pthread_join(t, NULL));
	EXPECT_LT(0, n);
}

SUBJECT(many)
{
	int fds[100][2], i, got;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, pipe(fds[i]));
		ASSERT_EQ(4, write(fds[i][1], &i, 4));
	}
	subject_wait();
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(4, read(fds[i][0], &got, 4));
		EXPECT_EQ(i, got);
	}
}

/* ---- named ones ---- */

static int open_fifo(const char *name, int flags)
{
	int fd;

	if (mkfifo(subject_path(name), 0600) && errno != EEXIST)
		subject_abort();
	fd = open(subject_path(name), flags);
	if (fd < 0)
		subject_abort();
	return fd;
}

SUBJECT(fifo_ends)
{
	int both = open_fifo("fifo", O_RDWR), rd = open_fifo("fifo", O_RDONLY | O_NONBLOCK);
	int wr = open_fifo("fifo", O_WRONLY | O_SYNC);
	int other = open_fifo("other", O_RDWR | O_NONBLOCK | O_NOFOLLOW);
	int flags[] = { fcntl(both, F_GETFL), fcntl(rd, F_GETFL), fcntl(wr, F_GETFL),
			fcntl(other, F_GETFL) };
	char out[70000], in[70000];

	ASSERT_EQ(1 << 20, fcntl(wr, F_SETPIPE_SZ, 1 << 20));
	subject_fill(out, sizeof(out), 3);
	ASSERT_EQ(1000, write(wr, out, 1000));
	ASSERT_EQ(69000, write(both, out + 1000, 69000));
	ASSERT_EQ(1, write(other, "x", 1));
	subject_wait();
	EXPECT_EQ(1 << 20, fcntl(rd, F_GETPIPE_SZ));
	EXPECT_EQ(flags[0], fcntl(both, F_GETFL));
	EXPECT_EQ(flags[1], fcntl(rd, F_GETFL));
	EXPECT_EQ(flags[2], fcntl(wr, F_GETFL));
	EXPECT_EQ(flags[3], fcntl(other, F_GETFL));
	EXPECT_EQ(70000, filled(both));
	ASSERT_EQ(70000, read(rd, in, sizeof(in)));
	EXPECT_EQ(0, memcmp(out, in, sizeof(in)));
	EXPECT_EQ(-1, read(rd, in, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(1, read(other, in, 2));
	/* The name leads to the same pipe. */
	close(both);
	close(wr);
	wr = open_fifo("fifo", O_WRONLY | O_NONBLOCK);
	ASSERT_EQ(5, write(wr, "again", 5));
	close(wr);
	EXPECT_EQ(5, read(rd, in, sizeof(in)));
	EXPECT_EQ(0, read(rd, in, sizeof(in)));
}

SUBJECT(fifo_whose_writer_left)
{
	int rd = open_fifo("fifo", O_RDONLY | O_NONBLOCK), wr = open_fifo("fifo", O_WRONLY);
	char in[8];

	ASSERT_EQ(4, write(wr, "last", 4));
	close(wr);
	subject_wait();
	EXPECT_EQ(4, read(rd, in, sizeof(in)));
	EXPECT_EQ(0, read(rd, in, sizeof(in)));
}

static int events(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	poll(&pfd, 1, 0);
	return pfd.revents;
}

/* To poll(2), no writer yet is not a writer that has left. */
SUBJECT(fifo_without_a_writer)
{
	int rd = open_fifo("fifo", O_RDONLY | O_NONBLOCK), wr = open_fifo("left", O_RDWR);
	int left = open_fifo("left", O_RDONLY | O_NONBLOCK);
	char in[8];

	close(wr);
	EXPECT_EQ(0, events(rd));
	EXPECT_EQ(POLLHUP, events(left));
	subject_wait();
	EXPECT_EQ(0, events(rd));
	EXPECT_EQ(POLLHUP, events(left));
	EXPECT_EQ(0, read(rd, in, sizeof(in)));
	wr = open_fifo("fifo", O_WRONLY | O_NONBLOCK);
	EXPECT_EQ(0, events(rd));
	ASSERT_EQ(3, write(wr, "now", 3));
	close(wr);
	EXPECT_EQ(POLLIN | POLLHUP, events(rd));
	EXPECT_EQ(3, read(rd, in, sizeof(in)));
	EXPECT_EQ(POLLHUP, events(rd));
}
