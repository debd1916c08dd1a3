// SPDX-License-Identifier: GPL-2.0
/* Unix sockets whose ends are all in the image. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "subject_harness.h"

#define NOT_SUPPORTED " is not supported"

static void pair_of(struct __test_metadata *_metadata, int type)
{
	int fds[2], nb[2];
	char in[8];

	ASSERT_EQ(0, socketpair(AF_UNIX, type, 0, fds));
	ASSERT_EQ(0, socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, nb));
	subject_wait();
	EXPECT_EQ(FD_CLOEXEC, fcntl(nb[0], F_GETFD));
	EXPECT_EQ(0, fcntl(fds[0], F_GETFD));
	EXPECT_EQ(0, fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(-1, recv(nb[0], in, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(5, send(fds[0], "hello", 5, 0));
	ASSERT_EQ(5, recv(fds[1], in, sizeof(in), 0));
	ASSERT_EQ(5, send(fds[1], "world", 5, 0));
	ASSERT_EQ(5, recv(fds[0], in, sizeof(in), 0));
	EXPECT_EQ(0, memcmp(in, "world", 5));
}

SUBJECT(stream)
{
	pair_of(_metadata, SOCK_STREAM);
}

SUBJECT(datagram)
{
	pair_of(_metadata, SOCK_DGRAM);
}

SUBJECT(packets)
{
	pair_of(_metadata, SOCK_SEQPACKET);
}

SUBJECT(unconnected)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char c;

	ASSERT_LE(0, fd);
	subject_wait();
	EXPECT_EQ(-1, recv(fd, &c, 1, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(ENOTCONN, errno);
}

/* Both ways, and some of it was read. */
SUBJECT(stream_content)
{
	static char out[150000], in[150000];
	int fds[2], n = 0;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	subject_fill(out, sizeof(out), 1);
	ASSERT_EQ(100000, send(fds[0], out, 100000, MSG_DONTWAIT));
	ASSERT_EQ(3, send(fds[1], "abc", 3, 0));
	ASSERT_EQ(2, send(fds[1], "de", 2, 0));
	ASSERT_EQ(1234, recv(fds[1], in, 1234, MSG_WAITALL));
	subject_wait();
	while (n < 100000 - 1234) {
		int got = recv(fds[1], in + n, sizeof(in) - n, MSG_DONTWAIT);

		ASSERT_LT(0, got);
		n += got;
	}
	EXPECT_EQ(100000 - 1234, n);
	EXPECT_EQ(0, memcmp(out + 1234, in, n));
	EXPECT_EQ(-1, recv(fds[1], in, 1, MSG_DONTWAIT));
	ASSERT_EQ(5, recv(fds[0], in, sizeof(in), MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp(in, "abcde", 5));
}

static void messages(struct __test_metadata *_metadata, int type)
{
	static char out[60000], in[60000];
	static const int len[] = { 0, 1, 60000, 0, 4096, 17, 0 };
	int fds[2], n = ARRAY_SIZE(len), i;

	ASSERT_EQ(0, socketpair(AF_UNIX, type, 0, fds));
	subject_fill(out, sizeof(out), 2);
	for (i = 0; i < n; i++)
		ASSERT_EQ(len[i], send(fds[0], out, len[i], MSG_DONTWAIT));
	ASSERT_EQ(2, send(fds[1], "up", 2, 0));
	subject_wait();
	for (i = 0; i < n; i++) {
		ASSERT_EQ(len[i], recv(fds[1], in, sizeof(in), MSG_DONTWAIT));
		EXPECT_EQ(0, memcmp(in, out, len[i]));
	}
	EXPECT_EQ(-1, recv(fds[1], in, sizeof(in), MSG_DONTWAIT));
	ASSERT_EQ(2, recv(fds[0], in, sizeof(in), MSG_DONTWAIT));
}

SUBJECT(datagram_content)
{
	messages(_metadata, SOCK_DGRAM);
}

SUBJECT(packet_content)
{
	messages(_metadata, SOCK_SEQPACKET);
}

SUBJECT(shut_down)
{
	int wr[2], rd[2];
	char in[8];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, wr));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, rd));
	ASSERT_EQ(4, send(wr[0], "last", 4, 0));
	ASSERT_EQ(0, shutdown(wr[0], SHUT_WR));
	ASSERT_EQ(0, shutdown(rd[0], SHUT_RD));
	subject_wait();
	EXPECT_EQ(-1, send(wr[0], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	ASSERT_EQ(4, recv(wr[1], in, sizeof(in), 0));
	EXPECT_EQ(0, recv(wr[1], in, sizeof(in), 0));
	ASSERT_EQ(1, send(wr[1], "y", 1, 0));
	ASSERT_EQ(1, recv(wr[0], in, sizeof(in), 0));
	EXPECT_EQ(-1, send(rd[1], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	ASSERT_EQ(1, send(rd[0], "z", 1, 0));
	ASSERT_EQ(1, recv(rd[1], in, sizeof(in), 0));
}

/* Its messages are still there; those that it had not read are an error first. */
SUBJECT(peer_closed)
{
	int a[2], b[2], d[2];
	char in[8];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, a));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, b));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, d));
	ASSERT_EQ(4, send(a[0], "left", 4, 0));
	ASSERT_EQ(4, send(b[1], "lost", 4, 0));
	ASSERT_EQ(4, send(d[0], "left", 4, 0));
	close(a[0]);
	close(b[0]);
	close(d[0]);
	subject_wait();
	ASSERT_EQ(4, recv(a[1], in, sizeof(in), 0));
	EXPECT_EQ(0, recv(a[1], in, sizeof(in), 0));
	EXPECT_EQ(-1, send(a[1], "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(-1, recv(b[1], in, sizeof(in), 0));
	EXPECT_EQ(ECONNRESET, errno);
	ASSERT_EQ(4, recv(d[1], in, sizeof(in), 0));
	EXPECT_EQ(-1, send(d[1], "x", 1, 0));
	EXPECT_EQ(ECONNREFUSED, errno);
}

static int option(int fd, int name)
{
	socklen_t len = sizeof(int);
	int val = -1;

	getsockopt(fd, SOL_SOCKET, name, &val, &len);
	return val;
}

SUBJECT(options)
{
	struct timeval tv = { 3, 500000 }, got = {};
	int fds[2], new[2], one = 1, size = 30000;
	socklen_t len = sizeof(got);
	struct stat before, now;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	ASSERT_EQ(0, setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	ASSERT_EQ(0, setsockopt(fds[0], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	ASSERT_EQ(0, setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	ASSERT_EQ(0, fchmod(fds[0], 0640));
	ASSERT_EQ(0, fstat(fds[0], &before));
	subject_wait();
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, new));
	EXPECT_EQ(60000, option(fds[0], SO_SNDBUF));
	EXPECT_EQ(1, option(fds[0], SO_KEEPALIVE));
	EXPECT_EQ(0, option(fds[1], SO_KEEPALIVE));
	EXPECT_EQ(1, option(fds[1], SO_PASSCRED));
	EXPECT_EQ(0, option(fds[0], SO_PASSCRED));
	EXPECT_EQ(option(new[0], SO_SNDBUF), option(fds[1], SO_SNDBUF));
	ASSERT_EQ(0, getsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &got, &len));
	EXPECT_EQ(3, got.tv_sec);
	EXPECT_EQ(500000, got.tv_usec);
	ASSERT_EQ(0, getsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &got, &len));
	EXPECT_EQ(0, got.tv_sec);
	ASSERT_EQ(0, fstat(fds[0], &now));
	EXPECT_EQ(before.st_mode, now.st_mode);
	EXPECT_EQ(before.st_uid, now.st_uid);
}

/* The socket knows its peer, and each message its sender. */
SUBJECT(credentials)
{
	struct iovec iov;
	union {
		char buf[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct ucred peer = {}, sender = {};
	socklen_t len = sizeof(peer);
	struct cmsghdr *cmsg;
	int fds[2], one = 1;
	char in[8];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	ASSERT_EQ(3, send(fds[0], "who", 3, 0));
	ASSERT_EQ(0, setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	ASSERT_EQ(2, send(fds[0], "me", 2, 0));
	subject_wait();
	ASSERT_EQ(0, getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &peer, &len));
	EXPECT_EQ(getpid(), peer.pid);
	EXPECT_EQ(getuid(), peer.uid);
	EXPECT_EQ(getgid(), peer.gid);
	ASSERT_EQ(3, recv(fds[1], in, sizeof(in), 0));
	iov = (struct iovec){ in, sizeof(in) };
	ASSERT_EQ(2, recvmsg(fds[1], &msg, 0));
	cmsg = CMSG_FIRSTHDR(&msg);
	ASSERT_NE(NULL, cmsg);
	ASSERT_EQ(SCM_CREDENTIALS, cmsg->cmsg_type);
	memcpy(&sender, CMSG_DATA(cmsg), sizeof(sender));
	EXPECT_EQ(getpid(), sender.pid);
	EXPECT_EQ(getuid(), sender.uid);
	EXPECT_EQ(getgid(), sender.gid);
}

/* The end of the stream is told, and what was told already is not told again. */
SUBJECT(watched)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET }, got;
	int ep = epoll_create1(0), told[2], untold[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, told));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, untold));
	ev.data.fd = told[0];
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, told[0], &ev));
	ASSERT_EQ(1, send(told[1], "x", 1, 0));
	ASSERT_EQ(1, epoll_wait(ep, &got, 1, 0));
	ev.data.fd = untold[0];
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, untold[0], &ev));
	close(untold[1]);
	subject_wait();
	ASSERT_EQ(1, epoll_wait(ep, &got, 1, 0));
	EXPECT_EQ(untold[0], got.data.fd);
	EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
	ASSERT_EQ(1, send(told[1], "y", 1, 0));
	ASSERT_EQ(1, epoll_wait(ep, &got, 1, 0));
	EXPECT_EQ(told[0], got.data.fd);
}

/* ---- what is refused ---- */

SUBJECT(named_is_refused)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr.sun_family)));
	subject_refused(" fd %d: a unix socket with a name.*" NOT_SUPPORTED, fd);
}

SUBJECT(peer_outside_is_refused)
{
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	subject_give_away(fds[1]);
	subject_refused(" fd %d: a unix socket to a process outside the image .*" NOT_SUPPORTED,
			fds[0]);
}

SUBJECT(descriptor_on_the_way_is_refused)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .align = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
				 .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fds[2], null = open("/dev/null", O_RDONLY);

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	memcpy(CMSG_DATA(&control.align), &null, sizeof(null));
	ASSERT_EQ(1, sendmsg(fds[0], &msg, 0));
	close(null);
	subject_refused(" fd %d: a unix socket with descriptors on the way .SCM_RIGHTS."
			NOT_SUPPORTED, fds[1]);
}

SUBJECT(urgent_is_refused)
{
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	ASSERT_EQ(1, send(fds[0], "x", 1, MSG_OOB));
	subject_refused(" fd %d: a unix socket with an urgent byte .MSG_OOB..*" NOT_SUPPORTED,
			fds[1]);
}

SUBJECT(stamps_are_refused)
{
	int fds[2], one = 1;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	ASSERT_EQ(0, setsockopt(fds[0], SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one)));
	subject_refused(" fd %d: a unix socket with time stamps, a filter or another option.*"
			NOT_SUPPORTED, fds[0]);
}
