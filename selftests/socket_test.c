// SPDX-License-Identifier: GPL-2.0
/*
 * Calls on sockets that have a timeout (SO_RCVTIMEO, SO_SNDTIMEO): a checkpoint interrupts them,
 * and they do not answer EINTR.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "subject_harness.h"

#define MS		1000000LL
#define SLEEP_NS	(1500 * MS)
/* Clocks tick. */
#define EARLY_NS	(10 * MS)

static atomic_int begun, ended;
static int sock_fds[2];

static int timed_recv(void)
{
	char c;

	return recv(sock_fds[0], &c, 1, 0) != -1 || errno != EAGAIN;
}

/*
 * The call is made again with the whole timeout, not with its rest (Documentation/support.md): that
 * it does not answer EINTR, and not too early, is what can be said.
 */
static void *socket_thread(void *arg)
{
	int64_t start;

	(void)arg;

	while (subject_going()) {
		start = subject_now();
		begun++;
		if (timed_recv())
			subject_fail("recv with SO_RCVTIMEO: wrong result, errno %d", errno);
		if (subject_now() - start < SLEEP_NS - EARLY_NS)
			subject_fail("recv with SO_RCVTIMEO: too early");
		ended++;
	}
	return NULL;
}

SUBJECT(timeout_goes_on)
{
	struct timeval tv = { 1, 500000 };
	pthread_t t;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock_fds));
	ASSERT_EQ(0, setsockopt(sock_fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	subject_clock_start();
	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, socket_thread, NULL));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* ---- timeouts of an hour; each call waits for room, or for data ---- */

static int listen_fd, connect_fd;
static char page[4096];

struct endless {
	const char *name;
	int (*call)(void);
};

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

static int endless_socket_write(void)
{
	return write(sock_fds[0], page, sizeof(page)) != sizeof(page);
}

static int endless_socket_writev(void)
{
	struct iovec iov = { page, sizeof(page) };

	return writev(sock_fds[0], &iov, 1) != sizeof(page);
}

static int endless_sendmmsg(void)
{
	struct iovec iov = { page, sizeof(page) };
	struct mmsghdr msg = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	return sendmmsg(sock_fds[0], &msg, 1, 0) != 1;
}

static int endless_recvmmsg(void)
{
	struct iovec iov = { page, 1 };
	struct mmsghdr msg = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	return recvmmsg(sock_fds[0], &msg, 1, 0, NULL) != 1;
}

static int endless_connect(void)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);

	return getsockname(listen_fd, (struct sockaddr *)&addr, &len) ||
	       connect(connect_fd, (struct sockaddr *)&addr, len);
}

SUBJECT(calls_go_on)
{
	static struct endless endless[] = {
		{ "write to a socket", endless_socket_write },
		{ "writev to a socket", endless_socket_writev },
		{ "sendmmsg", endless_sendmmsg },
		{ "recvmmsg", endless_recvmmsg },
		{ "connect", endless_connect },
	};
	const int n = ARRAY_SIZE(endless);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval tv = { 3600, 0 };
	pthread_t t[8];
	int i;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock_fds));
	ASSERT_EQ(0, setsockopt(sock_fds[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	ASSERT_EQ(0, setsockopt(sock_fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	while (send(sock_fds[0], page, sizeof(page), MSG_DONTWAIT) > 0)
		;
	/* One may wait to be accepted; the next one waits for that. */
	listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(listen_fd, (struct sockaddr *)&addr, sizeof(addr.sun_family)));
	ASSERT_EQ(0, listen(listen_fd, 0));
	connect_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, endless_connect());
	connect_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, setsockopt(connect_fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));

	for (i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, endless_thread, &endless[i]));
	while (begun < n)
		subject_nap(1);
	subject_nap(20);
	subject_refused(" fd \\d+: a unix socket with a name.* is not supported");
	EXPECT_EQ(0, ended);
	ASSERT_EQ(1, write(sock_fds[1], "x", 1));
	ASSERT_LE(0, accept(listen_fd, NULL, NULL));
	while (ended < n)
		if (recv(sock_fds[1], page, sizeof(page), MSG_DONTWAIT) <= 0)
			subject_nap(1);
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}
