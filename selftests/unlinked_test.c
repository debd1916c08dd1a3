// SPDX-License-Identifier: GPL-2.0
/* Files without a name: deleted ones, and those that never had one. */
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "subject_harness.h"

#define PAGE	4096UL
#define MIB	(1UL << 20)
#define GIB	(1UL << 30)

static int make(const char *name, int flags)
{
	int fd = open(name, O_CREAT | O_EXCL | flags, 0644);

	if (fd < 0)
		subject_abort();
	return fd;
}

static int make_deleted(const char *name, int flags)
{
	int fd = make(name, flags);

	if (unlink(name))
		subject_abort();
	return fd;
}

static bool link_deleted(int fd)
{
	char path[64], name[4096];
	static const char end[] = " (deleted)";
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	if (n < 0)
		subject_abort();
	name[n] = 0;
	return n > (ssize_t)strlen(end) && !strcmp(name + n - strlen(end), end);
}

static void a_descriptor(struct __test_metadata *_metadata, const char *path)
{
	int fd = make_deleted(path, O_RDWR), flags;
	struct stat before, after;
	char text[16];

	subject_put(fd, 0, 1);
	subject_put(fd, 700 * PAGE + 5, 2);
	ASSERT_EQ(0, ftruncate(fd, 1000 * PAGE + 17));
	ASSERT_EQ(0, fchmod(fd, 04751));
	if (!getuid())
		ASSERT_EQ(0, fchown(fd, 1234, 4321));
	ASSERT_EQ(0, fchmod(fd, 04751));
	ASSERT_EQ(99, lseek(fd, 99, SEEK_SET));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_APPEND));
	flags = fcntl(fd, F_GETFL);
	ASSERT_EQ(0, fstat(fd, &before));
	subject_wait();
	ASSERT_EQ(0, fstat(fd, &after));
	EXPECT_EQ(0, (int)after.st_nlink);
	EXPECT_EQ(before.st_dev, after.st_dev);
	EXPECT_EQ(before.st_mode, after.st_mode);
	EXPECT_EQ(before.st_uid, after.st_uid);
	EXPECT_EQ(before.st_gid, after.st_gid);
	EXPECT_EQ(before.st_size, after.st_size);
	EXPECT_EQ(before.st_blocks, after.st_blocks);
	EXPECT_EQ(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	EXPECT_EQ(99, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(flags, fcntl(fd, F_GETFL));
	EXPECT_TRUE(link_deleted(fd));
	EXPECT_TRUE(subject_has(fd, 0, 1));
	EXPECT_TRUE(subject_has(fd, 700 * PAGE + 5, 2));
	ASSERT_EQ(16, pread(fd, text, 16, 1000 * PAGE + 1));
	EXPECT_EQ(0, text[0] | text[15]);
	/* It cannot be named again, and nothing is left in the directory. */
	EXPECT_EQ(-1, access(path, F_OK));
	ASSERT_EQ(3, write(fd, "end", 3));
	EXPECT_EQ(before.st_size + 3, lseek(fd, 0, SEEK_END));
}

SUBJECT(descriptor)
{
	a_descriptor(_metadata, subject_path("gone"));
}

/* The root of the machine: a stacked file system in the virtual one. */
SUBJECT(descriptor_on_root)
{
	char path[64];

	snprintf(path, sizeof(path), "/var/tmp/unlinked_test.%d", getpid());
	a_descriptor(_metadata, path);
}

SUBJECT(never_named)
{
	int fd = open(subject_dir(), O_RDWR | O_TMPFILE, 0600), flags;
	int excl = open(subject_dir(), O_WRONLY | O_TMPFILE | O_EXCL, 0600);
	char path[64];

	ASSERT_LE(0, fd);
	ASSERT_LE(0, excl);
	subject_put(fd, 0, 1);
	flags = fcntl(fd, F_GETFL);
	subject_wait();
	EXPECT_EQ(flags, fcntl(fd, F_GETFL));
	EXPECT_TRUE(subject_has(fd, 0, 1));
	/* One of the two may still get a name. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", excl);
	EXPECT_EQ(-1, linkat(AT_FDCWD, path, AT_FDCWD, subject_path("never"), AT_SYMLINK_FOLLOW));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_EQ(0, linkat(AT_FDCWD, path, AT_FDCWD, subject_path("named"), AT_SYMLINK_FOLLOW));
	close(fd);
	fd = open(subject_path("named"), O_RDONLY);
	EXPECT_TRUE(subject_has(fd, 0, 1));
}

/* Named since: found by that name, which /proc does not show. */
SUBJECT(named_later)
{
	int fd = open(subject_dir(), O_RDWR | O_TMPFILE, 0600), other;
	char path[64];

	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_EQ(0, linkat(AT_FDCWD, path, AT_FDCWD, subject_path("named"), AT_SYMLINK_FOLLOW));
	subject_wait();
	other = open(subject_path("named"), O_RDONLY);
	subject_put(fd, 0, 2);
	EXPECT_TRUE(subject_has(other, 0, 2));
}

SUBJECT(other_name)
{
	int fd = make(subject_path("first"), O_RDWR), other;

	subject_put(fd, 0, 1);
	ASSERT_EQ(0, link(subject_path("first"), subject_path("second")));
	ASSERT_EQ(0, unlink(subject_path("first")));
	subject_wait();
	/* Still the file that the other name leads to. */
	other = open(subject_path("second"), O_RDONLY);
	subject_put(fd, PAGE, 2);
	EXPECT_TRUE(subject_has(other, 0, 1));
	EXPECT_TRUE(subject_has(other, PAGE, 2));
}

/* Two descriptions, by two names, of one file: all gone. */
SUBJECT(one_file)
{
	int a = make(subject_path("a"), O_RDWR), b, c = dup(a), path;

	subject_put(a, 0, 1);
	ASSERT_EQ(0, link(subject_path("a"), subject_path("b")));
	b = open(subject_path("b"), O_RDONLY);
	path = open(subject_path("b"), O_PATH);
	ASSERT_LE(0, path);
	ASSERT_EQ(0, unlink(subject_path("a")));
	ASSERT_EQ(0, unlink(subject_path("b")));
	ASSERT_EQ(11, lseek(a, 11, SEEK_SET));
	ASSERT_EQ(22, lseek(b, 22, SEEK_SET));
	subject_wait();
	EXPECT_EQ(11, lseek(c, 0, SEEK_CUR));
	EXPECT_EQ(22, lseek(b, 0, SEEK_CUR));
	EXPECT_EQ(-1, pwrite(b, "x", 1, 0));
	EXPECT_TRUE(subject_has(b, 0, 1));
	subject_put(c, 0, 2);
	EXPECT_TRUE(subject_has(b, 0, 2));
	EXPECT_EQ(O_PATH, fcntl(path, F_GETFL) & O_PATH);
}

/* Another file has its name now, as after an upgrade. */
SUBJECT(replaced)
{
	int old = make(subject_path("file"), O_RDWR), new = make(subject_path("new"), O_RDWR);

	subject_put(old, 0, 1);
	subject_put(new, 0, 2);
	ASSERT_EQ(0, rename(subject_path("new"), subject_path("file")));
	subject_wait();
	EXPECT_TRUE(subject_has(old, 0, 1));
	EXPECT_TRUE(subject_has(new, 0, 2));
	close(new);
	new = open(subject_path("file"), O_RDONLY);
	EXPECT_TRUE(subject_has(new, 0, 2));
}

SUBJECT(mapped_private)
{
	int fd = make(subject_path("lib.so"), O_RDWR), i;
	char *p, *r;

	for (i = 0; i < 8; i++)
		subject_put(fd, i * PAGE, i);
	close(fd);
	/* As a dynamic linker does it. */
	fd = open(subject_path("lib.so"), O_RDONLY);
	p = subject_map(fd, 8 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	r = subject_map(fd, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	close(fd);
	ASSERT_EQ(0, unlink(subject_path("lib.so")));
	subject_fill(r + 3 * PAGE, PAGE, 33);
	subject_wait();
	for (i = 0; i < 8; i++) {
		EXPECT_TRUE(subject_filled(p + i * PAGE, PAGE, i));
		EXPECT_TRUE(subject_filled(r + i * PAGE, PAGE, i == 3 ? 33 : i));
	}
}

SUBJECT(mapped_shared)
{
	int fd = make(subject_path("shared"), O_RDWR);
	char *p, *q;

	ASSERT_EQ(0, ftruncate(fd, 100 * PAGE));
	p = subject_map(fd, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	close(fd);
	fd = open(subject_path("shared"), O_RDONLY);
	q = subject_map(fd, 100 * PAGE, PROT_READ, MAP_SHARED);
	close(fd);
	ASSERT_EQ(0, unlink(subject_path("shared")));
	subject_fill(p + 70 * PAGE, PAGE, 1);
	subject_wait();
	EXPECT_TRUE(subject_filled(p + 70 * PAGE, PAGE, 1));
	EXPECT_TRUE(subject_filled(q + 70 * PAGE, PAGE, 1));
	subject_fill(p + 99 * PAGE, PAGE, 2);
	EXPECT_TRUE(subject_filled(q + 99 * PAGE, PAGE, 2));
}

SUBJECT(working)
{
	int fd = make_deleted(subject_path("work"), O_RDWR), out = make_deleted(
		subject_path("log"), O_WRONLY | O_APPEND);
	uint64_t n = 0;

	subject_ready();
	while (subject_going()) {
		subject_put(fd, n % 20 * PAGE, n);
		if (!subject_check(subject_has(fd, n % 20 * PAGE, n)) ||
		    !subject_check(write(out, "line\n", 5) == 5))
			return;
		n++;
	}
	EXPECT_EQ((off_t)(5 * n), lseek(out, 0, SEEK_END));
}

/* Its directory went with it. */
SUBJECT(directory_deleted)
{
	int fd;

	ASSERT_EQ(0, mkdir(subject_path("dir"), 0700));
	ASSERT_EQ(0, mkdir(subject_path("dir/below"), 0700));
	fd = make_deleted(subject_path("dir/below/file"), O_RDWR);
	ASSERT_EQ(0, rmdir(subject_path("dir/below")));
	ASSERT_EQ(0, rmdir(subject_path("dir")));
	subject_put(fd, 0, 1);
	subject_wait();
	EXPECT_TRUE(subject_has(fd, 0, 1));
}

SUBJECT(sparse)
{
	int fd = make_deleted(subject_path("sparse"), O_RDWR);

	subject_put(fd, 5 * GIB, 1);
	subject_put(fd, 500 * GIB, 2);
	subject_tell("image_max", "%lu", 4 * MIB);
	subject_wait();
	EXPECT_TRUE(subject_has(fd, 5 * GIB, 1));
	EXPECT_TRUE(subject_has(fd, 500 * GIB, 2));
	EXPECT_EQ((off_t)(500 * GIB + PAGE), lseek(fd, 0, SEEK_END));
}

SUBJECT(large)
{
	const int n = 6 * MIB / PAGE;
	int fd = make_deleted(subject_path("large"), O_RDWR), i;

	for (i = 0; i < n; i++)
		subject_put(fd, i * PAGE, i);
	subject_wait();
	for (i = 0; i < n; i++)
		if (!subject_check(subject_has(fd, i * PAGE, i)))
			break;
}

/* The program itself is gone. */
SUBJECT(executed)
{
	char name[] = "unlinked_test", test[] = "executed", *argv[] = { name, test, NULL };
	char exe[4096] = { 0 }, buf[65536];
	const char *copy = subject_path("program");
	int from, fd;
	ssize_t n;

	if (!subject_has_driver())
		SKIP(return, "executes itself");
	ASSERT_LT(0, readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	if (strcmp(exe, copy)) {
		from = open("/proc/self/exe", O_RDONLY);
		fd = open(copy, O_WRONLY | O_CREAT | O_EXCL, 0755);
		while ((n = read(from, buf, sizeof(buf))) > 0)
			ASSERT_EQ(n, write(fd, buf, n));
		close(fd);
		execve(copy, argv, environ);
		subject_abort();
	}
	ASSERT_EQ(0, unlink(copy));
	subject_wait();
	memset(exe, 0, sizeof(exe));
	ASSERT_LT(0, readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	EXPECT_NE(NULL, strstr(exe, " (deleted)"));
	/* It is what runs: what is written to it is not. */
	EXPECT_EQ(-1, open("/proc/self/exe", O_WRONLY));
}

/* An ext4 of its own, for what tmpfs has not. */
static const char *on_ext4(void)
{
	char cmd[1024];
	const char *at = subject_path("ext4");

	if (mkdir(at, 0755))
		subject_abort();
	if (system("modprobe -a loop ext4"))
		return NULL;
	snprintf(cmd, sizeof(cmd), "mkfs.ext4 -q -b 4096 -O verity %s.img 8M", at);
	if (system(cmd))
		return NULL;
	snprintf(cmd, sizeof(cmd), "mount -o loop %s.img %s", at, at);
	return system(cmd) ? NULL : subject_path("ext4/file");
}

static void refused_with_flags(int fd)
{
	subject_refused(" fd %d: file .*/file .*is deleted, and it has flags of chattr\\(1\\)", fd);
	close(fd);
	umount2(subject_path("ext4"), MNT_DETACH);
}

SUBJECT(synchronous_is_refused)
{
	const char *path = on_ext4();
	int flags = 0, fd;

	if (!path)
		SKIP(return, "no ext4 here");
	fd = make_deleted(path, O_RDWR);
	ASSERT_EQ(0, ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags |= FS_SYNC_FL;
	ASSERT_EQ(0, ioctl(fd, FS_IOC_SETFLAGS, &flags));
	refused_with_flags(fd);
}

SUBJECT(verity_is_refused)
{
	struct fsverity_enable_arg arg = {
		.version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096,
	};
	const char *path = on_ext4();
	int fd;

	if (!path)
		SKIP(return, "no ext4 here");
	fd = make(path, O_RDWR);
	subject_put(fd, 0, 1);
	close(fd);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, FS_IOC_ENABLE_VERITY, &arg));
	ASSERT_EQ(0, unlink(path));
	refused_with_flags(fd);
}

/* Where it was is looked for above, as far as a path may reach. */
SUBJECT(deep_is_refused)
{
	enum { DEPTH = 2100 };
	int at, up, fd, i;

	ASSERT_EQ(0, mkdir(subject_path("deep"), 0700));
	at = open(subject_path("deep"), O_DIRECTORY);
	for (i = 0; i < DEPTH; i++) {
		ASSERT_EQ(0, mkdirat(at, "d", 0700));
		up = openat(at, "d", O_DIRECTORY);
		ASSERT_LE(0, up);
		close(at);
		at = up;
	}
	fd = openat(at, "f", O_CREAT | O_RDWR, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlinkat(at, "f", 0));
	for (i = 0; i < DEPTH; i++) {
		up = openat(at, "..", O_DIRECTORY);
		ASSERT_LE(0, up);
		close(at);
		ASSERT_EQ(0, unlinkat(up, "d", AT_REMOVEDIR));
		at = up;
	}
	close(at);
	subject_refused(" fd %d: a file in more than 2048 deleted directories is not supported",
			fd);
}
