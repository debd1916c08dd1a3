// SPDX-License-Identifier: GPL-2.0
/* memfds: as descriptors, mapped, sealed, executed. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "subject_harness.h"

#define PAGE	4096UL
#define MIB	(1UL << 20)
#define TIB	(1UL << 40)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC	0x0020
#endif

static int make(const char *name, unsigned int flags, size_t size)
{
	int fd = memfd_create(name, flags);

	if (fd < 0 || ftruncate(fd, size))
		subject_abort();
	return fd;
}

/* The link /proc/self/fd/N. */
static const char *link_of(int fd, char *buf, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, buf, size - 1);
	if (n < 0)
		subject_abort();
	buf[n] = 0;
	return buf;
}

static int open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags);
}

SUBJECT(descriptor)
{
	int fd = make("a name", MFD_CLOEXEC, 100 * PAGE + 123), empty = make("", 0, 0);
	struct stat before, after;
	char a[128], b[128];

	subject_put(fd, 0, 1);
	subject_put(fd, 50 * PAGE + 7, 2);
	ASSERT_EQ(3, pwrite(fd, "end", 3, 100 * PAGE + 120));
	ASSERT_EQ(77, lseek(fd, 77, SEEK_SET));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_APPEND));
	ASSERT_EQ(0, fchmod(fd, 0640));
	ASSERT_EQ(0, fstat(fd, &before));
	link_of(fd, a, sizeof(a));
	subject_wait();
	ASSERT_EQ(0, fstat(fd, &after));
	EXPECT_EQ(before.st_mode, after.st_mode);
	EXPECT_EQ(before.st_size, after.st_size);
	EXPECT_EQ(before.st_uid, after.st_uid);
	EXPECT_EQ(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	/* Holes are holes. */
	EXPECT_EQ(before.st_blocks, after.st_blocks);
	EXPECT_STREQ(a, link_of(fd, b, sizeof(b)));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_APPEND, fcntl(fd, F_GETFL) & O_APPEND);
	EXPECT_EQ(77, lseek(fd, 0, SEEK_CUR));
	EXPECT_TRUE(subject_has(fd, 0, 1));
	EXPECT_TRUE(subject_has(fd, 50 * PAGE + 7, 2));
	ASSERT_EQ(3, pread(fd, a, 10, 100 * PAGE + 120));
	EXPECT_EQ(0, memcmp(a, "end", 3));
	ASSERT_EQ(1, write(fd, "!", 1));
	ASSERT_EQ(0, fstat(fd, &after));
	EXPECT_EQ(before.st_size + 1, after.st_size);
	ASSERT_EQ(0, fstat(empty, &after));
	EXPECT_EQ(0, after.st_size);
	EXPECT_EQ(F_SEAL_SEAL, fcntl(empty, F_GET_SEALS));
	EXPECT_STREQ("/memfd: (deleted)", link_of(empty, b, sizeof(b)));
}

SUBJECT(mapped)
{
	int fd = make("mapped", 0, 20 * PAGE);
	char *s = subject_map(fd, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *p = subject_map(fd, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *r = subject_map(fd, 20 * PAGE, PROT_READ, MAP_SHARED);

	subject_fill(s, PAGE, 1);
	subject_fill(s + 10 * PAGE, PAGE, 2);
	/* A written copy; and after that, the file. */
	subject_fill(p + 10 * PAGE, PAGE, 3);
	close(fd);
	subject_wait();
	EXPECT_TRUE(subject_filled(s, PAGE, 1));
	EXPECT_TRUE(subject_filled(s + 10 * PAGE, PAGE, 2));
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
	EXPECT_TRUE(subject_filled(p + 10 * PAGE, PAGE, 3));
	EXPECT_TRUE(subject_filled(r + 10 * PAGE, PAGE, 2));
	EXPECT_EQ(0, s[5 * PAGE]);
	/* All are still of one file. */
	subject_fill(s + 15 * PAGE, PAGE, 4);
	EXPECT_TRUE(subject_filled(p + 15 * PAGE, PAGE, 4));
	EXPECT_TRUE(subject_filled(r + 15 * PAGE, PAGE, 4));
}

SUBJECT(working)
{
	int fd = make("work", 0, 16 * PAGE);
	uint64_t *p = subject_map(fd, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), n = 0;

	subject_ready();
	while (subject_going()) {
		subject_fill(p, 16 * PAGE, n);
		if (!subject_check(subject_has(fd, 0, n)) ||
		    !subject_check(subject_filled(p, 16 * PAGE, n++)))
			break;
	}
}

SUBJECT(sealed)
{
	int all = make("all", MFD_ALLOW_SEALING, PAGE);
	int some = make("some", MFD_ALLOW_SEALING, PAGE);
	int none = make("none", MFD_ALLOW_SEALING, PAGE), old = make("old", 0, PAGE);
	int future = make("future", MFD_ALLOW_SEALING, PAGE);
	char *w = subject_map(future, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	const int hard = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

	subject_put(all, 0, 1);
	subject_put(some, 0, 2);
	subject_put(future, 0, 3);
	ASSERT_EQ(0, fcntl(all, F_ADD_SEALS, hard));
	ASSERT_EQ(0, fcntl(some, F_ADD_SEALS, F_SEAL_GROW));
	ASSERT_EQ(0, fcntl(future, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	subject_wait();
	EXPECT_EQ(hard, fcntl(all, F_GET_SEALS));
	EXPECT_TRUE(subject_has(all, 0, 1));
	EXPECT_EQ(-1, pwrite(all, "x", 1, 0));
	EXPECT_EQ(-1, ftruncate(all, 0));
	EXPECT_EQ(-1, fcntl(all, F_ADD_SEALS, F_SEAL_GROW));
	EXPECT_EQ(F_SEAL_GROW, fcntl(some, F_GET_SEALS));
	EXPECT_EQ(1, pwrite(some, "x", 1, 0));
	EXPECT_EQ(-1, ftruncate(some, 2 * PAGE));
	EXPECT_EQ(0, fcntl(none, F_GET_SEALS));
	EXPECT_EQ(F_SEAL_SEAL, fcntl(old, F_GET_SEALS));
	/* The mapping that was there before may go on. */
	EXPECT_TRUE(subject_filled(w, PAGE, 3));
	EXPECT_EQ(-1, pwrite(future, "x", 1, 0));
	w[0] = 'y';
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, future, 0));
}

/* A shared mapping of a sealed one can only be read, for ever. */
SUBJECT(sealed_then_mapped)
{
	int fd = make("sealed", MFD_ALLOW_SEALING, 4 * PAGE);
	char *p;

	subject_put(fd, PAGE, 1);
	ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		SKIP(return, "not on this kernel");
	subject_wait();
	EXPECT_TRUE(subject_filled(p + PAGE, PAGE, 1));
	EXPECT_EQ(F_SEAL_WRITE, fcntl(fd, F_GET_SEALS));
	EXPECT_EQ(-1, mprotect(p, PAGE, PROT_READ | PROT_WRITE));
}

SUBJECT(not_executable)
{
	int fd = memfd_create("data", MFD_NOEXEC_SEAL);
	struct stat st;

	if (fd < 0)
		SKIP(return, "not on this kernel");
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	subject_put(fd, 0, 1);
	subject_wait();
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, (int)(st.st_mode & 0111));
	EXPECT_EQ(F_SEAL_EXEC, fcntl(fd, F_GET_SEALS));
	EXPECT_EQ(-1, fchmod(fd, 0700));
	EXPECT_TRUE(subject_has(fd, 0, 1));
	/* The others can still be had. */
	EXPECT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
}

/* Several descriptions of one memfd. */
SUBJECT(reopened)
{
	int fd = make("one", 0, 4 * PAGE), rd = open_again(fd, O_RDONLY), rw, d = dup(fd);
	char *p;

	ASSERT_LE(0, rd);
	rw = open_again(fd, O_RDWR | O_APPEND);
	ASSERT_LE(0, rw);
	p = subject_map(rd, 4 * PAGE, PROT_READ, MAP_SHARED);
	ASSERT_EQ(5, lseek(fd, 5, SEEK_SET));
	ASSERT_EQ(6, lseek(rd, 6, SEEK_SET));
	subject_put(fd, 0, 1);
	subject_wait();
	EXPECT_EQ(5, lseek(d, 0, SEEK_CUR));
	EXPECT_EQ(6, lseek(rd, 0, SEEK_CUR));
	EXPECT_EQ(O_RDONLY, fcntl(rd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_APPEND, fcntl(rw, F_GETFL) & O_APPEND);
	EXPECT_EQ(-1, pwrite(rd, "x", 1, 0));
	EXPECT_TRUE(subject_has(rd, 0, 1));
	subject_put(fd, PAGE, 2);
	EXPECT_TRUE(subject_has(rd, PAGE, 2));
	EXPECT_TRUE(subject_filled(p + PAGE, PAGE, 2));
}

SUBJECT(sparse)
{
	int fd = make("sparse", 0, 3 * TIB + 5);

	subject_put(fd, TIB, 1);
	subject_put(fd, 3 * TIB - 10 * PAGE, 2);
	subject_tell("image_max", "%lu", 4 * MIB);
	subject_wait();
	EXPECT_TRUE(subject_has(fd, TIB, 1));
	EXPECT_TRUE(subject_has(fd, 3 * TIB - 10 * PAGE, 2));
	EXPECT_EQ((off_t)(3 * TIB + 5), lseek(fd, 0, SEEK_END));
}

SUBJECT(large)
{
	const int n = 6 * MIB / PAGE;
	int fd = make("large", 0, 6 * MIB), i;

	for (i = 0; i < n; i++)
		subject_put(fd, i * PAGE, i);
	subject_wait();
	for (i = 0; i < n; i++)
		if (!subject_check(subject_has(fd, i * PAGE, i)))
			break;
}

/* The program itself is one: as with container runtimes that protect their binary. */
SUBJECT(executed)
{
	char name[] = "memfd_test", test[] = "executed", *argv[] = { name, test, NULL };
	char exe[64] = { 0 }, buf[65536];
	int from, fd;
	ssize_t n;

	if (!subject_has_driver())
		SKIP(return, "executes itself");
	ASSERT_LT(0, readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	if (strncmp(exe, "/memfd:", 7)) {
		from = open("/proc/self/exe", O_RDONLY);
		fd = memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		while ((n = read(from, buf, sizeof(buf))) > 0)
			ASSERT_EQ(n, write(fd, buf, n));
		ASSERT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK));
		fexecve(fd, argv, environ);
		subject_abort();
	}
	subject_wait();
	memset(exe, 0, sizeof(exe));
	ASSERT_LT(0, readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	EXPECT_STREQ("/memfd:program (deleted)", exe);
}
