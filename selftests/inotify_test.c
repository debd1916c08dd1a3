// SPDX-License-Identifier: GPL-2.0
/* inotify: watches and their numbers, events that were not read, and who waits for them. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "subject_harness.h"

#define EVENTS_MAX (1 << 20)

static char events[EVENTS_MAX] __attribute__((aligned(8)));
static size_t events_len, events_at;

/* The next event, or NULL. */
static const struct inotify_event *next(int fd)
{
	const struct inotify_event *event;
	ssize_t n;

	if (events_at == events_len) {
		n = read(fd, events, sizeof(events));
		if (n <= 0)
			return NULL;
		events_len = n;
		events_at = 0;
	}
	event = (void *)(events + events_at);
	events_at += sizeof(*event) + event->len;
	return event;
}

/* Is the next event this one? */
static bool is_next(int fd, int wd, uint32_t mask, const char *name)
{
	const struct inotify_event *event = next(fd);
	bool is = event && event->wd == wd && event->mask == mask &&
		  !strcmp(event->len ? event->name : "", name);

	if (!is && event)
		subject_fail("event 0x%x of watch %d, \"%s\", not 0x%x of %d, \"%s\"", event->mask,
			     event->wd, event->len ? event->name : "", mask, wd, name);
	else if (!is)
		subject_fail("no event, not 0x%x of %d, \"%s\"", mask, wd, name);
	return is;
}

static bool none(int fd)
{
	const struct inotify_event *event = next(fd);

	if (event)
		subject_fail("event 0x%x of watch %d", event->mask, event->wd);
	return !event && errno == EAGAIN;
}

static void touch(const char *name)
{
	int fd = open(subject_path(name), O_WRONLY | O_CREAT, 0600);

	subject_check(fd >= 0 && !close(fd));
}

static int watch(int fd, const char *name, uint32_t mask)
{
	return inotify_add_watch(fd, subject_path(name), mask);
}

SUBJECT(watches)
{
	int ino = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	ASSERT_EQ(0, mkdir(subject_path("dir"), 0700));
	touch("file");
	ASSERT_EQ(1, watch(ino, "dir", IN_CREATE | IN_DELETE));
	ASSERT_EQ(2, watch(ino, "file", IN_ATTRIB | IN_CLOSE_WRITE));
	subject_wait();
	EXPECT_EQ(FD_CLOEXEC, fcntl(ino, F_GETFD));
	EXPECT_TRUE(none(ino));
	touch("dir/new");
	touch("file");
	EXPECT_EQ(0, unlink(subject_path("dir/new")));
	EXPECT_EQ(0, mkdir(subject_path("dir/more"), 0700));
	EXPECT_TRUE(is_next(ino, 1, IN_CREATE, "new"));
	EXPECT_TRUE(is_next(ino, 2, IN_CLOSE_WRITE, ""));
	EXPECT_TRUE(is_next(ino, 1, IN_DELETE, "new"));
	EXPECT_TRUE(is_next(ino, 1, IN_CREATE | IN_ISDIR, "more"));
	EXPECT_TRUE(none(ino));
}

/* That the program is made again is no event for it. */
SUBJECT(quiet)
{
	int ino = inotify_init1(IN_NONBLOCK), fd, dir, gone;
	char *p;

	ASSERT_EQ(0, mkdir(subject_path("dir"), 0700));
	fd = open(subject_path("dir/file"), O_RDWR | O_CREAT, 0600);
	gone = open(subject_path("dir/gone"), O_RDWR | O_CREAT, 0600);
	ASSERT_EQ(4, write(gone, "gone", 4));
	ASSERT_EQ(0, unlink(subject_path("dir/gone")));
	dir = open(subject_path("dir"), O_RDONLY | O_DIRECTORY);
	subject_put(fd, 0, 5);
	p = subject_map(fd, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
	ASSERT_EQ(0, flock(fd, LOCK_EX));
	ASSERT_EQ(1, watch(ino, "dir", IN_ALL_EVENTS));
	ASSERT_EQ(2, watch(ino, "dir/file", IN_ALL_EVENTS));
	subject_wait();
	EXPECT_TRUE(none(ino));
	EXPECT_TRUE(subject_filled(p, 4096, 5));
	EXPECT_EQ(4096, write(fd, p, 4096));
	EXPECT_TRUE(is_next(ino, 1, IN_MODIFY, "file"));
	EXPECT_TRUE(is_next(ino, 2, IN_MODIFY, ""));
	EXPECT_EQ(0, close(dir));
	EXPECT_TRUE(is_next(ino, 1, IN_CLOSE_NOWRITE | IN_ISDIR, ""));
	EXPECT_TRUE(none(ino));
}

SUBJECT(numbers)
{
	int ino = inotify_init1(IN_NONBLOCK), other = inotify_init1(IN_NONBLOCK), i;
	char name[] = "a";

	for (i = 0; i < 6; i++, name[0]++) {
		touch(name);
		ASSERT_EQ(i + 1, watch(ino, name, IN_ATTRIB));
	}
	for (i = 2; i <= 6; i += 2)
		ASSERT_EQ(0, inotify_rm_watch(ino, i));
	/* Unlike the first, it starts with a high one. */
	ASSERT_EQ(0, ioctl(other, _IOW('I', 0, int), 1000));
	ASSERT_EQ(1000, watch(other, "b", IN_ATTRIB));
	while (next(ino))
		;
	subject_wait();
	EXPECT_EQ(7, watch(ino, "b", IN_ATTRIB));
	EXPECT_EQ(3, watch(ino, "c", IN_ATTRIB | IN_MODIFY));
	EXPECT_EQ(-1, inotify_rm_watch(ino, 2));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, inotify_rm_watch(ino, 5));
	EXPECT_TRUE(is_next(ino, 5, IN_IGNORED, ""));
	EXPECT_EQ(0, chmod(subject_path("b"), 0644));
	EXPECT_TRUE(is_next(ino, 7, IN_ATTRIB, ""));
	EXPECT_TRUE(none(ino));
	EXPECT_TRUE(is_next(other, 1000, IN_ATTRIB, ""));
	EXPECT_EQ(1001, watch(other, "c", IN_ATTRIB));
}

SUBJECT(flags)
{
	int ino = inotify_init1(IN_NONBLOCK), fd;

	ASSERT_EQ(0, mkdir(subject_path("dir"), 0700));
	touch("once");
	touch("fired");
	ASSERT_EQ(1, watch(ino, "dir", IN_MODIFY | IN_EXCL_UNLINK));
	ASSERT_EQ(2, watch(ino, "once", IN_ATTRIB | IN_ONESHOT));
	ASSERT_EQ(3, watch(ino, "fired", IN_ATTRIB | IN_ONESHOT));
	ASSERT_EQ(0, chmod(subject_path("fired"), 0640));
	ASSERT_TRUE(is_next(ino, 3, IN_ATTRIB, ""));
	ASSERT_TRUE(is_next(ino, 3, IN_IGNORED, ""));
	subject_wait();
	/* IN_EXCL_UNLINK: no events of a file that has no name in the directory any more. */
	fd = open(subject_path("dir/file"), O_RDWR | O_CREAT, 0600);
	ASSERT_EQ(1, write(fd, "x", 1));
	EXPECT_TRUE(is_next(ino, 1, IN_MODIFY, "file"));
	ASSERT_EQ(0, unlink(subject_path("dir/file")));
	ASSERT_EQ(1, write(fd, "x", 1));
	EXPECT_TRUE(none(ino));
	ASSERT_EQ(0, chmod(subject_path("fired"), 0644));
	ASSERT_EQ(0, chmod(subject_path("once"), 0640));
	ASSERT_EQ(0, chmod(subject_path("once"), 0644));
	EXPECT_TRUE(is_next(ino, 2, IN_ATTRIB, ""));
	EXPECT_TRUE(is_next(ino, 2, IN_IGNORED, ""));
	EXPECT_TRUE(none(ino));
	EXPECT_EQ(4, watch(ino, "once", IN_ATTRIB));
}

static void move(const char *from, const char *to)
{
	char old[256];

	snprintf(old, sizeof(old), "%s", subject_path(from));
	subject_check(!rename(old, subject_path(to)));
}

SUBJECT(unread)
{
	static const char long_name[] =
		"a-name-of-sixty-four-bytes-----------------------------and-so-on";
	int ino = inotify_init1(IN_NONBLOCK), len, was;
	const struct inotify_event *event;
	uint32_t cookie;
	char path[128];

	ASSERT_EQ(0, mkdir(subject_path("dir"), 0700));
	ASSERT_EQ(1, watch(ino, "dir", IN_CREATE | IN_MOVE | IN_DELETE | IN_DELETE_SELF));
	touch("dir/a");
	snprintf(path, sizeof(path), "dir/%s", long_name);
	move("dir/a", path);
	ASSERT_EQ(0, unlink(subject_path(path)));
	ASSERT_EQ(0, mkdir(subject_path("dir/fifteen-letters"), 0700));
	ASSERT_EQ(0, rmdir(subject_path("dir/fifteen-letters")));
	ASSERT_EQ(0, rmdir(subject_path("dir")));
	ASSERT_EQ(0, ioctl(ino, FIONREAD, &was));
	subject_wait();
	ASSERT_EQ(0, ioctl(ino, FIONREAD, &len));
	EXPECT_EQ(was, len);
	EXPECT_TRUE(is_next(ino, 1, IN_CREATE, "a"));
	event = next(ino);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(IN_MOVED_FROM, event->mask);
	EXPECT_NE(0, event->cookie);
	EXPECT_STREQ("a", event->name);
	EXPECT_EQ(16, event->len);
	cookie = event->cookie;
	event = next(ino);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(IN_MOVED_TO, event->mask);
	EXPECT_EQ(cookie, event->cookie);
	EXPECT_STREQ(long_name, event->name);
	EXPECT_EQ(80, event->len);
	EXPECT_TRUE(is_next(ino, 1, IN_DELETE, long_name));
	EXPECT_TRUE(is_next(ino, 1, IN_CREATE | IN_ISDIR, "fifteen-letters"));
	EXPECT_TRUE(is_next(ino, 1, IN_DELETE | IN_ISDIR, "fifteen-letters"));
	EXPECT_TRUE(is_next(ino, 1, IN_DELETE_SELF, ""));
	EXPECT_TRUE(is_next(ino, 1, IN_IGNORED, ""));
	EXPECT_TRUE(none(ino));
}

/* As many as there is room for, and the one that tells so. */
SUBJECT(overflow)
{
	int ino = inotify_init1(IN_NONBLOCK), i, n;
	const struct inotify_event *event;
	char buf[32];

	ASSERT_LT(0, subject_read("/proc/sys/fs/inotify/max_queued_events", buf, sizeof(buf)));
	n = atoi(buf);
	if (n > 20000)
		SKIP(return, "queues of %d events", n);
	touch("a");
	touch("b");
	ASSERT_EQ(1, watch(ino, "a", IN_ATTRIB));
	ASSERT_EQ(2, watch(ino, "b", IN_ATTRIB));
	for (i = 0; i < n + 10; i++)
		ASSERT_EQ(0, chmod(subject_path(i & 1 ? "b" : "a"), 0600));
	subject_wait();
	for (i = 0; i < n; i++) {
		event = next(ino);
		ASSERT_NE(NULL, event);
		ASSERT_EQ(1 + (i & 1), event->wd);
		ASSERT_EQ(IN_ATTRIB, event->mask);
	}
	EXPECT_TRUE(is_next(ino, -1, IN_Q_OVERFLOW, ""));
	EXPECT_TRUE(none(ino));
	EXPECT_EQ(0, chmod(subject_path("a"), 0600));
	EXPECT_TRUE(is_next(ino, 1, IN_ATTRIB, ""));
}

static int reader_fd;
static atomic_int begun, ended;

static void *reader(void *arg)
{
	char buf[256] __attribute__((aligned(8)));
	const struct inotify_event *event = (void *)buf;

	begun = 1;
	subject_check(read(reader_fd, buf, sizeof(buf)) == 32);
	subject_check(event->wd == 1 && event->mask == IN_CREATE && !strcmp(event->name, "new"));
	ended = 1;
	return arg;
}

SUBJECT(blocked)
{
	pthread_t t;

	reader_fd = inotify_init();
	ASSERT_EQ(0, mkdir(subject_path("dir"), 0700));
	ASSERT_EQ(1, watch(reader_fd, "dir", IN_CREATE));
	ASSERT_EQ(0, pthread_create(&t, NULL, reader, NULL));
	while (!begun)
		subject_nap(1);
	subject_nap(20);
	subject_wait();
	EXPECT_EQ(0, ended);
	touch("dir/new");
	EXPECT_EQ(0, pthread_join(t, NULL));
}

SUBJECT(polled)
{
	int ino = inotify_init1(IN_NONBLOCK), idle = inotify_init1(IN_NONBLOCK), ep;
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 5 };
	struct pollfd p[2] = { { .fd = ino, .events = POLLIN }, { .fd = idle, .events = POLLIN } };

	ep = epoll_create1(0);
	touch("a");
	ASSERT_EQ(1, watch(ino, "a", IN_ATTRIB));
	ASSERT_EQ(1, watch(idle, "a", IN_MODIFY));
	ASSERT_EQ(0, chmod(subject_path("a"), 0640));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, ino, &event));
	event.data.u64 = 6;
	event.events = EPOLLIN | EPOLLET;
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, idle, &event));
	subject_wait();
	EXPECT_EQ(1, poll(p, 2, 0));
	EXPECT_EQ(POLLIN, p[0].revents);
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(5, event.data.u64);
	EXPECT_TRUE(is_next(ino, 1, IN_ATTRIB, ""));
	EXPECT_TRUE(none(ino));
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(0, truncate(subject_path("a"), 10));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 1000));
	EXPECT_EQ(6, event.data.u64);
	EXPECT_TRUE(is_next(idle, 1, IN_MODIFY, ""));
}

/* A file of proc that nobody else opens: not the other mode of the same test, either. */
static const char *proc_file(void)
{
	static const char * const files[] = {
		"/proc/iomem", "/proc/misc", "/proc/interrupts", "/proc/softirqs",
		"/proc/buddyinfo", "/proc/pagetypeinfo", "/proc/zoneinfo", "/proc/consoles",
	};

	return files[subject_claim("proc", ARRAY_SIZE(files))];
}

/* In turn on different file systems. */
SUBJECT(many)
{
	enum { N = 2000 };
	int ino = inotify_init1(IN_NONBLOCK), i;
	const char *file = proc_file();
	char name[32];

	ASSERT_EQ(0, mkdir(subject_path("dir"), 0700));
	ASSERT_EQ(1, inotify_add_watch(ino, "/proc/ioports", IN_OPEN));
	for (i = 2; i < N; i++) {
		snprintf(name, sizeof(name), "dir/%d", i);
		touch(name);
		ASSERT_EQ(i, watch(ino, name, IN_CLOSE_WRITE));
	}
	ASSERT_EQ(N, inotify_add_watch(ino, file, IN_OPEN));
	ASSERT_EQ(N + 1, watch(ino, "dir", IN_CREATE));
	subject_wait();
	for (i = 2; i < N; i++) {
		snprintf(name, sizeof(name), "dir/%d", i);
		touch(name);
		ASSERT_TRUE(is_next(ino, i, IN_CLOSE_WRITE, ""));
	}
	close(open(file, O_RDONLY));
	EXPECT_TRUE(is_next(ino, N, IN_OPEN, ""));
	touch("dir/new");
	EXPECT_TRUE(is_next(ino, N + 1, IN_CREATE, "new"));
	EXPECT_TRUE(none(ino));
}

/* It is found where it is now; names may be of any kind. */
SUBJECT(renamed)
{
	int ino = inotify_init1(IN_NONBLOCK);
	const char *file = proc_file();

	ASSERT_EQ(0, mkdir(subject_path("old"), 0700));
	ASSERT_EQ(0, mkdir(subject_path("a b\\c\n"), 0700));
	ASSERT_EQ(1, watch(ino, "old", IN_CREATE));
	ASSERT_EQ(2, inotify_add_watch(ino, "/", IN_MOVE_SELF));
	ASSERT_EQ(3, inotify_add_watch(ino, file, IN_OPEN));
	move("old", "a b\\c\n/new");
	subject_wait();
	touch("a b\\c\n/new/x");
	EXPECT_TRUE(is_next(ino, 1, IN_CREATE, "x"));
	EXPECT_TRUE(none(ino));
	close(open(file, O_RDONLY));
	EXPECT_TRUE(is_next(ino, 3, IN_OPEN, ""));
}

SUBJECT(of_a_deleted_file_is_refused)
{
	int ino = inotify_init(), fd;

	touch("file");
	fd = open(subject_path("file"), O_RDONLY);
	ASSERT_EQ(1, watch(ino, "file", IN_ACCESS));
	ASSERT_EQ(0, unlink(subject_path("file")));
	subject_refused(" fd %d: an inotify watch \\(1\\) of a deleted file is not supported", ino);
	close(fd);
}

SUBJECT(fanotify_is_refused)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	if (fd < 0)
		SKIP(return, "fanotify_init: %s", strerror(errno));
	subject_refused(" fd %d: a fanotify instance .*is not supported", fd);
}
