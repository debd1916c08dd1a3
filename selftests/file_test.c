// SPDX-License-Identifier: GPL-2.0
/* Open files: descriptors, descriptions, positions. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "subject_harness.h"

/* A file with the text that is the name of the test, so to speak. */
static int make(const char *name, int flags)
{
	int fd = open(subject_path(name), O_RDWR | O_CREAT | O_EXCL, 0644);

	if (fd < 0 || write(fd, "0123456789abcdef", 16) != 16)
		subject_abort();
	close(fd);
	fd = open(subject_path(name), flags);
	if (fd < 0)
		subject_abort();
	return fd;
}

static off_t pos(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

SUBJECT(positions)
{
	int rd = make("read", O_RDONLY), wr = make("write", O_WRONLY), rw = make("both", O_RDWR);
	char c[16];

	ASSERT_EQ(5, read(rd, c, 5));
	ASSERT_EQ(3, write(wr, "xyz", 3));
	ASSERT_EQ(1000000000000L, lseek(rw, 1000000000000L, SEEK_SET));
	subject_wait();
	EXPECT_EQ(5, pos(rd));
	EXPECT_EQ(3, pos(wr));
	EXPECT_EQ(1000000000000L, pos(rw));
	ASSERT_EQ(2, read(rd, c, 2));
	EXPECT_EQ('5', c[0]);
	EXPECT_EQ(-1, write(rd, "x", 1));
	EXPECT_EQ(-1, read(wr, c, 1));
	EXPECT_EQ(1, write(wr, "!", 1));
	ASSERT_EQ(16, pread(rw, c, 16, 0));
	EXPECT_EQ(0, memcmp(c, "0123456789abcdef", 16));
}

#ifndef O_EMPTYPATH
/* 7.3 */
#define O_EMPTYPATH	(1 << 26)
#endif

SUBJECT(flags)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY | O_APPEND, O_RDWR | O_NONBLOCK, O_RDONLY | O_NOATIME,
		O_WRONLY | O_DSYNC, O_WRONLY | O_SYNC, O_RDONLY | O_NOFOLLOW, O_RDWR,
		O_RDONLY | O_EMPTYPATH, O_PATH | O_NOFOLLOW | O_EMPTYPATH, O_PATH,
	};
	int fds[ARRAY_SIZE(flags)], before[ARRAY_SIZE(flags)];
	unsigned int i;
	char name[16];

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		snprintf(name, sizeof(name), "file%u", i);
		fds[i] = make(name, flags[i]);
		if (i % 2)
			ASSERT_EQ(0, fcntl(fds[i], F_SETFD, FD_CLOEXEC));
	}
	/* Changed later. */
	ASSERT_EQ(0, fcntl(fds[7], F_SETFL, O_APPEND | O_NONBLOCK));
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		before[i] = fcntl(fds[i], F_GETFL);
	subject_wait();
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(before[i], fcntl(fds[i], F_GETFL)) TH_LOG("file %u", i);
		EXPECT_EQ((int)(i % 2 ? FD_CLOEXEC : 0), fcntl(fds[i], F_GETFD));
	}
}

SUBJECT(direct)
{
	char *buf = subject_map(-1, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	int fd = open(subject_path("direct"), O_RDWR | O_CREAT | O_DIRECT, 0600);

	/* tmpfs has it since 6.6. */
	if (fd < 0)
		SKIP(return, "O_DIRECT: %s", strerror(errno));
	subject_fill(buf, 4096, 1);
	ASSERT_EQ(4096, write(fd, buf, 4096));
	subject_wait();
	EXPECT_EQ(O_DIRECT, fcntl(fd, F_GETFL) & O_DIRECT);
	EXPECT_EQ(4096, pos(fd));
	memset(buf, 0, 4096);
	EXPECT_EQ(4096, pread(fd, buf, 4096, 0));
	EXPECT_TRUE(subject_filled(buf, 4096, 1));
}

SUBJECT(shared_descriptions)
{
	int a = make("file", O_RDWR), b = dup(a), c = dup2(a, 77);
	int d = open(subject_path("file"), O_RDWR);

	ASSERT_EQ(77, c);
	ASSERT_EQ(0, fcntl(c, F_SETFD, FD_CLOEXEC));
	ASSERT_EQ(4, lseek(b, 4, SEEK_SET));
	subject_wait();
	EXPECT_EQ(4, pos(a));
	EXPECT_EQ(4, pos(c));
	EXPECT_EQ(0, pos(d));
	/* Three are one, the fourth is its own. */
	ASSERT_EQ(9, lseek(c, 9, SEEK_SET));
	EXPECT_EQ(9, pos(a));
	EXPECT_EQ(9, pos(b));
	EXPECT_EQ(0, pos(d));
	EXPECT_EQ(0, fcntl(a, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(c, F_GETFD));
	ASSERT_EQ(0, fcntl(a, F_SETFL, O_NONBLOCK));
	EXPECT_NE(0, fcntl(b, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(0, fcntl(d, F_GETFL) & O_NONBLOCK);
}

#ifndef F_CREATED_QUERY
#define F_CREATED_QUERY	1028
#endif

SUBJECT(created)
{
	int new = open(subject_path("new"), O_RDWR | O_CREAT, 0600);
	int old = open(subject_path("new"), O_RDWR | O_CREAT, 0600);
	int gone = open(subject_path("gone"), O_RDWR | O_CREAT, 0600);
	int again = open(subject_path("gone"), O_RDWR);

	ASSERT_LE(0, again);
	ASSERT_EQ(0, unlink(subject_path("gone")));
	if (fcntl(new, F_CREATED_QUERY) != 1)
		SKIP(return, "this kernel does not tell (F_CREATED_QUERY)");
	subject_wait();
	EXPECT_EQ(1, fcntl(new, F_CREATED_QUERY));
	EXPECT_EQ(0, fcntl(old, F_CREATED_QUERY));
	EXPECT_EQ(1, fcntl(gone, F_CREATED_QUERY));
	EXPECT_EQ(0, fcntl(again, F_CREATED_QUERY));
}

SUBJECT(append)
{
	int fd = make("log", O_WRONLY | O_APPEND);
	char text[64];

	ASSERT_EQ(3, write(fd, "one", 3));
	subject_wait();
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(3, write(fd, "two", 3));
	ASSERT_EQ(22, subject_read(subject_path("log"), text, sizeof(text)));
	EXPECT_STREQ("0123456789abcdefonetwo", text);
}

/* A log that is written to all the time: no line is lost, none is there twice. */
SUBJECT(log_lines)
{
	int fd = open(subject_path("log"), O_WRONLY | O_CREAT | O_EXCL, 0644), n = 0, i, got;
	FILE *f;

	subject_tell("kill", "yes");
	subject_ready();
	while (subject_going()) {
		if (!subject_check(dprintf(fd, "line %d\n", n++) > 0))
			return;
		subject_nap(2);
	}
	f = fopen(subject_path("log"), "r");
	for (i = 0; i < n; i++) {
		if (!subject_check(fscanf(f, "line %d\n", &got) == 1) || !subject_check(got == i))
			break;
	}
	EXPECT_TRUE(feof(f));
}

/* Lines that it wrote between its checkpoint and its death are cut off, if one says so. */
SUBJECT(log_truncated)
{
	int fd = open(subject_path("log"), O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0644);
	int n = 0, i, got;
	FILE *f;

	subject_tell("rstr", "--truncate-files");
	subject_ready();
	while (subject_going()) {
		if (!subject_check(dprintf(fd, "line %d\n", n++) > 0))
			return;
		subject_nap(2);
	}
	f = fopen(subject_path("log"), "r");
	for (i = 0; i < n; i++) {
		if (!subject_check(fscanf(f, "line %d\n", &got) == 1) || !subject_check(got == i))
			break;
	}
	EXPECT_TRUE(feof(f));
}

SUBJECT(devices)
{
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
	int full = open("/dev/full", O_RDWR), random = open("/dev/random", O_RDONLY);
	int urandom = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	char c[4] = "abc";

	ASSERT_LE(0, random);
	subject_wait();
	EXPECT_EQ(0, read(null, c, 4));
	EXPECT_EQ(4, write(null, c, 4));
	EXPECT_EQ(4, read(zero, c, 4));
	EXPECT_EQ(0, c[0] | c[1] | c[2]);
	EXPECT_EQ(-1, write(full, c, 4));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(4, read(urandom, c, 4));
	EXPECT_EQ(FD_CLOEXEC, fcntl(urandom, F_GETFD));
}

/* A few names of a directory at a time. Return: false at its end. */
static bool some_names(int fd, int *seen)
{
	/* Room for two names of any length; these are short. */
	struct dirent64 buf[2], *e;
	long n = syscall(SYS_getdents64, fd, buf, sizeof(buf)), at;

	subject_check(n >= 0);
	for (at = 0; at < n; at += e->d_reclen) {
		e = (struct dirent64 *)((char *)buf + at);
		if (e->d_name[0] != '.')
			seen[atoi(e->d_name)]++;
	}
	return n > 0;
}

/* Remove files called by numbers below @n, and their directory, which no driver puts away. */
static void remove_numbers(const char *dir, int n)
{
	char name[300];

	while (n--) {
		snprintf(name, sizeof(name), "%s/%d", dir, n);
		unlink(name);
	}
	rmdir(dir);
}

SUBJECT(directory)
{
	int fd, reader, seen[60] = { 0 }, n, i;
	char name[16];

	ASSERT_EQ(0, mkdir(subject_path("d"), 0755));
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		close(open(subject_path(name), O_CREAT, 0644));
	}
	reader = open(subject_path("d"), O_RDONLY | O_DIRECTORY);
	fd = open(subject_path("d"), O_RDONLY | O_DIRECTORY);
	/* In the middle: the kernel's position is at some cookie then. */
	ASSERT_TRUE(some_names(reader, seen));
	subject_wait();
	EXPECT_TRUE(some_names(reader, seen));
	while (some_names(reader, seen))
		;
	for (i = 0, n = 0; i < 60; i++)
		n += seen[i] == 1;
	EXPECT_EQ(60, n);
	/* And as what a path begins at. */
	EXPECT_EQ(0, unlinkat(fd, "17", 0));
	EXPECT_EQ(0, fchdir(fd));
}

/*
 * Some of the entries that were read are gone, and there are new ones. File systems of the dcache
 * alone have no cookies for the position.
 */
static void read_and_changed(struct __test_metadata *_metadata, const char *dir)
{
	int seen[100] = { 0 }, was[100], reader, i, gone = 0;
	char name[300];

	ASSERT_EQ(0, mkdir(dir, 0755));
	for (i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "%s/%d", dir, i);
		close(open(name, O_CREAT, 0644));
	}
	reader = open(dir, O_RDONLY | O_DIRECTORY);
	ASSERT_TRUE(some_names(reader, seen));
	ASSERT_TRUE(some_names(reader, seen));
	for (i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "%s/%d", dir, i);
		if (seen[i] && gone++ < 25)
			ASSERT_EQ(0, unlink(name));
	}
	ASSERT_LT(25, gone);
	for (i = 80; i < 90; i++) {
		snprintf(name, sizeof(name), "%s/%d", dir, i);
		close(open(name, O_CREAT, 0644));
	}
	memcpy(was, seen, sizeof(was));
	subject_wait();
	while (some_names(reader, seen))
		;
	for (i = 0; i < 80; i++)
		EXPECT_EQ(1, seen[i]) TH_LOG("%d, before %d", i, was[i]);
	for (i = 80; i < 90; i++)
		EXPECT_GE(1, seen[i]) TH_LOG("%d, which is new", i);
}

SUBJECT(changed_directory)
{
	char dir[64];

	snprintf(dir, sizeof(dir), "/dev/shm/%d.changed", getpid());
	read_and_changed(_metadata, dir);
	remove_numbers(dir, 90);
}

SUBJECT(changed_directory_in_ramfs)
{
	ASSERT_EQ(0, mkdir(subject_path("ramfs"), 0755));
	if (mount("none", subject_path("ramfs"), "ramfs", 0, NULL))
		SKIP(return, "only for root");
	read_and_changed(_metadata, subject_path("ramfs/d"));
	umount2(subject_path("ramfs"), MNT_DETACH);
}

/* To its end: nothing of it comes again. */
SUBJECT(directory_at_its_end)
{
	int seen[100] = { 0 }, reader, i;
	char name[80], dir[64];

	snprintf(dir, sizeof(dir), "/dev/shm/%d.end", getpid());
	ASSERT_EQ(0, mkdir(dir, 0755));
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%s/%d", dir, i);
		close(open(name, O_CREAT, 0644));
	}
	reader = open(dir, O_RDONLY | O_DIRECTORY);
	while (some_names(reader, seen))
		;
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "%s/%d", dir, i);
		ASSERT_EQ(0, unlink(name));
	}
	subject_wait();
	while (some_names(reader, seen))
		;
	for (i = 0; i < 20; i++)
		EXPECT_EQ(1, seen[i]) TH_LOG("%d", i);
	remove_numbers(dir, 20);
}

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE	1
#endif

SUBJECT(detached_mount_is_refused)
{
	int fd = syscall(SYS_open_tree, AT_FDCWD, "/dev/shm", OPEN_TREE_CLONE);

	if (fd < 0)
		SKIP(return, "only for root");
	subject_refused(" fd %d: a detached mount .* is not supported", fd);
}

SUBJECT(path_only)
{
	int fd = open(subject_dir(), O_PATH | O_DIRECTORY), file = make("f", O_RDONLY | O_PATH);
	struct stat st;

	subject_wait();
	EXPECT_EQ(O_PATH | O_DIRECTORY, fcntl(fd, F_GETFL) & (O_PATH | O_DIRECTORY));
	EXPECT_EQ(0, fstatat(fd, "f", &st, 0));
	EXPECT_EQ(16, st.st_size);
	EXPECT_EQ(-1, read(file, &st, 1));
	EXPECT_EQ(EBADF, errno);
}

SUBJECT(many)
{
	struct rlimit lim = { 4096, 4096 };
	int first = make("file", O_RDONLY), i, n = 700, fd;
	char c;

	if (setrlimit(RLIMIT_NOFILE, &lim))
		SKIP(return, "the limit of open files is too low");
	for (i = 0; i < n; i++) {
		fd = open(subject_path("file"), O_RDONLY);
		ASSERT_EQ(1000 + i * 3, dup2(fd, 1000 + i * 3));
		close(fd);
		ASSERT_EQ(i % 16, lseek(1000 + i * 3, i % 16, SEEK_SET));
	}
	close(first);
	subject_wait();
	EXPECT_EQ(-1, fcntl(first, F_GETFD));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(1, read(1000 + i * 3, &c, 1));
		EXPECT_EQ("0123456789abcdef"[i % 16], c);
		EXPECT_EQ(-1, fcntl(1000 + i * 3 + 1, F_GETFD));
	}
	/* The lowest free one is as it should be. */
	EXPECT_EQ(first, open("/dev/null", O_RDONLY));
}

SUBJECT(none)
{
	int fd;

	for (fd = 0; fd < 3; fd++)
		close(fd);
	subject_wait();
	EXPECT_EQ(-1, fcntl(0, F_GETFD));
	EXPECT_EQ(0, open("/dev/null", O_RDONLY));
}

SUBJECT(odd_names)
{
	static const char name[] = "blank and \n newline \\ \xc3\xa4 \xff";
	int fd = make(name, O_RDWR);

	subject_wait();
	EXPECT_EQ(0, pos(fd));
	EXPECT_EQ(0, unlink(subject_path(name)));
}

/* Renamed, but there. */
SUBJECT(renamed)
{
	int fd = make("before", O_RDWR);
	char c;

	ASSERT_EQ(0, rename(subject_path("before"), subject_path("after")));
	subject_wait();
	EXPECT_EQ(1, read(fd, &c, 1));
}

/* Through a symbolic link, and to a file with several names. */
SUBJECT(links)
{
	int a = make("file", O_RDWR), b, c;

	ASSERT_EQ(0, symlink("file", subject_path("symlink")));
	ASSERT_EQ(0, link(subject_path("file"), subject_path("link")));
	b = open(subject_path("symlink"), O_RDWR);
	c = open(subject_path("link"), O_RDWR);
	subject_wait();
	EXPECT_EQ(3, pwrite(b, "new", 3, 0));
	EXPECT_EQ(0, lseek(a, 0, SEEK_CUR));
	EXPECT_EQ(16, lseek(c, 0, SEEK_END));
}

/* A symbolic link itself, which only O_PATH can hold. */
SUBJECT(symlink_itself)
{
	char text[16] = { 0 };
	struct stat st, link;
	int fd, flags;

	ASSERT_EQ(0, symlink("nowhere", subject_path("l")));
	fd = open(subject_path("l"), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ASSERT_LE(0, fd);
	flags = fcntl(fd, F_GETFL);
	subject_wait();
	EXPECT_EQ(7, readlinkat(fd, "", text, sizeof(text)));
	EXPECT_EQ(0, strcmp("nowhere", text));
	EXPECT_EQ(flags, fcntl(fd, F_GETFL));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, lstat(subject_path("l"), &link));
	EXPECT_EQ(link.st_ino, st.st_ino);
	EXPECT_EQ(true, S_ISLNK(st.st_mode));
}

/* One that leads to a file and not to a name, as only proc has them. */
SUBJECT(symlink_of_proc_is_refused)
{
	int fd = open("/proc/self/exe", O_PATH | O_NOFOLLOW);

	ASSERT_LE(0, fd);
	subject_refused(" fd %d: .* is not supported", fd);
}
