// SPDX-License-Identifier: GPL-2.0
/* Memory: what is mapped, and what is in it. */
#include <fcntl.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "subject_harness.h"

#define PAGE	4096UL
#define MIB	(1UL << 20)
#define GIB	(1UL << 30)
#define TIB	(1UL << 40)

static void *map(size_t len, int prot, int flags)
{
	return subject_map(-1, len, prot, flags | MAP_ANONYMOUS);
}

static char *map_private(size_t len)
{
	return map(len, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static long resident_pages(void)
{
	char text[256];
	long size, resident;

	if (subject_read("/proc/self/statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%ld %ld", &size, &resident) != 2)
		subject_abort();
	return resident;
}

/* ---- content ---- */

SUBJECT(anonymous)
{
	const int n = 200;
	char *p = map_private(n * PAGE);
	volatile char sum = 0;
	int i;

	/* In turn five pages with content, one only read (the zero page), one not touched. */
	for (i = 0; i < n; i++) {
		if (i % 7 < 5)
			subject_fill(p + i * PAGE, PAGE, i);
		else if (i % 7 == 5)
			sum += p[i * PAGE];
	}
	subject_wait();
	for (i = 0; i < n; i++) {
		if (i % 7 < 5) {
			EXPECT_TRUE(subject_filled(p + i * PAGE, PAGE, i));
		} else {
			EXPECT_EQ(0, p[i * PAGE] | p[i * PAGE + PAGE - 1]);
		}
	}
	/* It is still ours to write. */
	subject_fill(p, n * PAGE, 1);
	EXPECT_TRUE(subject_filled(p, n * PAGE, 1));
}

SUBJECT(working)
{
	const unsigned int n = 512;
	uint64_t *p = (uint64_t *)map_private(n * PAGE), seed[512] = { 0 };
	unsigned int i, round = 0;

	for (i = 0; i < n; i++)
		subject_fill(p + i * 512, PAGE, seed[i]);
	subject_ready();
	while (subject_going()) {
		for (i = 0; i < 64; i++) {
			unsigned int k = (round * 64 + i * 37) % n;

			if (!subject_check(subject_filled(p + k * 512, PAGE, seed[k])))
				return;
			seed[k] = seed[k] * 3 + round;
			subject_fill(p + k * 512, PAGE, seed[k]);
		}
		round++;
	}
	for (i = 0; i < n; i++)
		EXPECT_TRUE(subject_filled(p + i * 512, PAGE, seed[i]));
}

SUBJECT(large)
{
	char *p = map_private(24 * MIB);

	subject_fill(p, 24 * MIB, 5);
	subject_wait();
	EXPECT_TRUE(subject_filled(p, 24 * MIB, 5));
}

SUBJECT(many_areas)
{
	const int n = 1200;
	char *p = map_private(n * PAGE);
	int i;

	/* Protections that alternate keep the kernel from merging them. */
	for (i = 0; i < n; i++) {
		subject_fill(p + i * PAGE, PAGE, i);
		if (i % 2)
			ASSERT_EQ(0, mprotect(p + i * PAGE, PAGE, PROT_READ));
	}
	subject_wait();
	for (i = 0; i < n; i++)
		EXPECT_TRUE(subject_filled(p + i * PAGE, PAGE, i));
	EXPECT_FALSE(subject_faults(p, true));
	EXPECT_TRUE(subject_faults(p + PAGE, true));
}

SUBJECT(protections)
{
	char *p = map_private(4 * PAGE);

	subject_fill(p, 4 * PAGE, 9);
	ASSERT_EQ(0, mprotect(p, PAGE, PROT_NONE));
	ASSERT_EQ(0, mprotect(p + PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_EXEC));
	subject_wait();
	EXPECT_TRUE(subject_faults(p, false));
	EXPECT_FALSE(subject_faults(p + PAGE, false));
	EXPECT_TRUE(subject_faults(p + PAGE, true));
	EXPECT_TRUE(subject_faults(p + 2 * PAGE, true));
	EXPECT_FALSE(subject_faults(p + 3 * PAGE, true));
	/* The content behind PROT_NONE is still there. */
	ASSERT_EQ(0, mprotect(p, PAGE, PROT_READ));
	EXPECT_TRUE(subject_filled(p, 4 * PAGE, 9));
}

SUBJECT(code)
{
	/* mov $42, %eax; ret */
	static const unsigned char text[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	char *p = map_private(PAGE);
	int (*fn)(void);

	memcpy(p, text, sizeof(text));
	ASSERT_EQ(0, mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	memcpy(&fn, &p, sizeof(fn));
	EXPECT_EQ(42, fn());
	subject_wait();
	EXPECT_EQ(42, fn());
}

SUBJECT(huge_pages)
{
	char *p = map_private(8 * MIB), *q = (char *)(((uintptr_t)p + 2 * MIB - 1) & -(2 * MIB));

	ASSERT_EQ(0, madvise(q, 4 * MIB, MADV_HUGEPAGE));
	subject_fill(q, 4 * MIB, 3);
	subject_wait();
	EXPECT_TRUE(subject_filled(q, 4 * MIB, 3));
	subject_fill(q + 2 * MIB - PAGE, 2 * PAGE, 4);
	EXPECT_TRUE(subject_filled(q + 2 * MIB - PAGE, 2 * PAGE, 4));
}

SUBJECT(sparse)
{
	char *p = map(TIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
	const int n = 16;
	long before;
	int i;

	/* Or a touched page would be one of 2 MiB. */
	ASSERT_EQ(0, madvise(p, TIB, MADV_NOHUGEPAGE));
	for (i = 0; i < n; i++)
		subject_fill(p + i * (TIB / n) + i * PAGE, PAGE, i);
	before = resident_pages();
	/* Cost follows the touched pages. */
	subject_tell("image_max", "%lu", 4 * MIB);
	subject_wait();
	EXPECT_LT(resident_pages(), before + 500);
	for (i = 0; i < n; i++)
		EXPECT_TRUE(subject_filled(p + i * (TIB / n) + i * PAGE, PAGE, i));
	EXPECT_EQ(0, p[TIB - 1]);
}

/* ---- areas that grow ---- */

static int __attribute__((noinline)) dig(unsigned int depth)
{
	volatile char room[4000];
	int sum;

	room[0] = depth;
	room[sizeof(room) - 1] = 1;
	if (!depth)
		return 1;
	sum = dig(depth - 1);
	return sum + (room[0] == (char)depth && room[sizeof(room) - 1] == 1);
}

SUBJECT(stack_grows)
{
	volatile char local[3 * PAGE];

	subject_fill((void *)local, sizeof(local), 8);
	EXPECT_EQ(101, dig(100));
	subject_wait();
	EXPECT_TRUE(subject_filled((void *)local, sizeof(local), 8));
	/* 4 MiB, where nothing was before. */
	EXPECT_EQ(1001, dig(1000));
}

SUBJECT(growsdown)
{
	char *room = map(64 * PAGE, PROT_NONE, MAP_PRIVATE), *p;

	ASSERT_EQ(0, munmap(room, 64 * PAGE));
	p = mmap(room + 60 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN, -1, 0);
	ASSERT_EQ(room + 60 * PAGE, p);
	subject_fill(p, 4 * PAGE, 6);
	subject_wait();
	EXPECT_TRUE(subject_filled(p, 4 * PAGE, 6));
	EXPECT_FALSE(subject_faults(p - PAGE, true));
}

SUBJECT(brk_grows)
{
	char *start = sbrk(0), *p = sbrk(64 * PAGE);

	ASSERT_EQ(start, p);
	subject_fill(p, 64 * PAGE, 2);
	subject_wait();
	EXPECT_EQ(start + 64 * PAGE, sbrk(0));
	EXPECT_TRUE(subject_filled(p, 64 * PAGE, 2));
	/* Up, and down again. */
	ASSERT_EQ(start + 64 * PAGE, sbrk(1 * MIB));
	EXPECT_EQ(0, start[64 * PAGE]);
	subject_fill(start + 64 * PAGE, MIB, 3);
	EXPECT_TRUE(subject_filled(start + 64 * PAGE, MIB, 3));
	ASSERT_NE((void *)-1, sbrk(-(long)MIB));
	EXPECT_TRUE(subject_faults(start + 64 * PAGE + MIB / 2, false));
	EXPECT_TRUE(subject_filled(p, 64 * PAGE, 2));
	/* And what is on top of it works. */
	free(malloc(100000));
}

SUBJECT(mmap_works)
{
	char *p, *before = map_private(PAGE);

	subject_wait();
	/* The kernel knows where to put new areas, and merges them. */
	p = map_private(16 * PAGE);
	EXPECT_LT((uintptr_t)p, (uintptr_t)before + GIB);
	EXPECT_LT((uintptr_t)before, (uintptr_t)p + GIB);
	p = mremap(p, 16 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, p);
	subject_fill(p, 64 * PAGE, 1);
	EXPECT_TRUE(subject_filled(p, 64 * PAGE, 1));
	EXPECT_EQ(0, munmap(p, 64 * PAGE));
	EXPECT_TRUE(subject_faults(p, false));
}

/* ---- files ---- */

static const char *make_file(const char *name, int pages)
{
	const char *path = subject_path(name);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0666), i;
	char page[PAGE];

	for (i = 0; i < pages; i++) {
		subject_fill(page, PAGE, 100 + i);
		if (write(fd, page, PAGE) != PAGE)
			subject_abort();
	}
	close(fd);
	return path;
}

static void *map_file(const char *path, int pages, int prot, int flags, off_t pgoff)
{
	int fd = open(path, flags & MAP_SHARED && prot & PROT_WRITE ? O_RDWR : O_RDONLY);
	void *p = mmap(NULL, pages * PAGE, prot, flags, fd, pgoff * PAGE);

	close(fd);
	if (p == MAP_FAILED)
		subject_abort();
	return p;
}

SUBJECT(file_private)
{
	const char *path = make_file("private", 16);
	char *p = map_file(path, 12, PROT_READ | PROT_WRITE, MAP_PRIVATE, 2), page[PAGE];
	int i, fd;

	/* Every third page is a written copy; some of the others are not even read. */
	for (i = 0; i < 12; i += 3)
		subject_fill(p + i * PAGE, PAGE, i);
	EXPECT_TRUE(subject_filled(p + PAGE, PAGE, 103));
	subject_wait();
	for (i = 0; i < 12; i++)
		EXPECT_TRUE(subject_filled(p + i * PAGE, PAGE, i % 3 ? 102 + i : i));
	/* The file has seen nothing. */
	fd = open(path, O_RDONLY);
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(PAGE, read(fd, page, PAGE));
		EXPECT_TRUE(subject_filled(page, PAGE, 100 + i));
	}
	close(fd);
	/* Still a mapping of the file: a page that was not copied follows it. */
	fd = open(path, O_RDWR);
	subject_fill(page, PAGE, 77);
	ASSERT_EQ(PAGE, pwrite(fd, page, PAGE, 3 * PAGE));
	close(fd);
	EXPECT_TRUE(subject_filled(p + PAGE, PAGE, 77));
}

SUBJECT(file_shared)
{
	const char *path = make_file("shared", 8);
	char *p = map_file(path, 8, PROT_READ | PROT_WRITE, MAP_SHARED, 0), page[PAGE];
	char *q = map_file(path, 4, PROT_READ, MAP_SHARED, 4);
	int fd;

	subject_fill(p + 5 * PAGE, PAGE, 1);
	subject_wait();
	EXPECT_TRUE(subject_filled(p, PAGE, 100));
	EXPECT_TRUE(subject_filled(p + 5 * PAGE, PAGE, 1));
	EXPECT_TRUE(subject_filled(q + PAGE, PAGE, 1));
	EXPECT_TRUE(subject_faults(q, true));
	/* Bytes that are written here are in the file, and in the other mapping. */
	subject_fill(p + 6 * PAGE, PAGE, 2);
	EXPECT_TRUE(subject_filled(q + 2 * PAGE, PAGE, 2));
	fd = open(path, O_RDONLY);
	ASSERT_EQ(PAGE, pread(fd, page, PAGE, 6 * PAGE));
	close(fd);
	EXPECT_TRUE(subject_filled(page, PAGE, 2));
}

SUBJECT(file_past_end)
{
	const char *path = make_file("short", 1);
	char *p = map_file(path, 3, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);

	p[1] = 'x';
	subject_wait();
	EXPECT_EQ('x', p[1]);
}

/* ---- shared anonymous memory ---- */

SUBJECT(shared_anonymous)
{
	char *p = map(64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), *q;

	/* A second mapping of the same memory. */
	q = mremap(p, 0, 32 * PAGE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, q);
	subject_fill(p + 3 * PAGE, 9 * PAGE, 4);
	subject_fill(p + 40 * PAGE, PAGE, 5);
	subject_wait();
	EXPECT_TRUE(subject_filled(p + 3 * PAGE, 9 * PAGE, 4));
	EXPECT_TRUE(subject_filled(q + 3 * PAGE, 9 * PAGE, 4));
	EXPECT_TRUE(subject_filled(p + 40 * PAGE, PAGE, 5));
	EXPECT_EQ(0, p[63 * PAGE]);
	subject_fill(q + 20 * PAGE, PAGE, 6);
	EXPECT_TRUE(subject_filled(p + 20 * PAGE, PAGE, 6));
}

SUBJECT(shared_working)
{
	uint64_t *p = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	uint64_t n = 0;

	subject_ready();
	while (subject_going()) {
		subject_fill(p, 16 * PAGE, n);
		if (!subject_check(subject_filled(p, 16 * PAGE, n++)))
			break;
	}
}

SUBJECT(shared_sparse)
{
	char *p = map(16 * GIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE);

	subject_fill(p + 5 * GIB, PAGE, 1);
	subject_fill(p + 15 * GIB, PAGE, 2);
	subject_tell("image_max", "%lu", 4 * MIB);
	subject_wait();
	EXPECT_TRUE(subject_filled(p + 5 * GIB, PAGE, 1));
	EXPECT_TRUE(subject_filled(p + 15 * GIB, PAGE, 2));
}

/* ---- marks (madvise, mlock) ---- */

SUBJECT(marks)
{
	static const struct {
		int advice;
		const char *flag;
	} marks[] = {
		{ MADV_DONTFORK, " dc" }, { MADV_WIPEONFORK, " wf" }, { MADV_DONTDUMP, " dd" },
		{ MADV_MERGEABLE, " mg" }, { MADV_HUGEPAGE, " hg" }, { MADV_NOHUGEPAGE, " nh" },
		{ MADV_SEQUENTIAL, " sr" }, { MADV_RANDOM, " rr" }, { -1, " lo" }, { -2, " lo" },
	};
	char before[ARRAY_SIZE(marks)][256], after[256], *p[ARRAY_SIZE(marks)];
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		/* Apart from each other, or areas would merge. */
		p[i] = (char *)map(6 * PAGE, PROT_NONE, MAP_PRIVATE) + PAGE;
		ASSERT_EQ(0, mprotect(p[i], 4 * PAGE, PROT_READ | PROT_WRITE));
		subject_fill(p[i], 2 * PAGE, i);
		if (marks[i].advice == -1)
			ret = mlock(p[i], 4 * PAGE);
		else if (marks[i].advice == -2)
			ret = mlock2(p[i], 4 * PAGE, MLOCK_ONFAULT);
		else
			ret = madvise(p[i], 4 * PAGE, marks[i].advice);
		ASSERT_EQ(0, ret);
		subject_vm_flags(p[i], before[i], sizeof(before[i]));
		EXPECT_NE(NULL, strstr(before[i], marks[i].flag));
	}
	subject_wait();
	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		subject_vm_flags(p[i], after, sizeof(after));
		/* Also of those that a child would not have. */
		EXPECT_TRUE(subject_filled(p[i], 2 * PAGE, i)) TH_LOG("area%s", marks[i].flag);
		EXPECT_STREQ(before[i], after);
	}
}

/* Written memory is still charged against the commit limit, though it is read-only now. */
SUBJECT(charge_of_read_only)
{
	static const int prots[] = { PROT_READ, PROT_READ | PROT_EXEC, PROT_NONE };
	char before[256], after[256], *p[ARRAY_SIZE(prots)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		p[i] = (char *)map(6 * PAGE, PROT_NONE, MAP_PRIVATE) + PAGE;
		ASSERT_EQ(0, mprotect(p[i], 4 * PAGE, PROT_READ | PROT_WRITE));
		subject_fill(p[i], 2 * PAGE, i);
		ASSERT_EQ(0, mprotect(p[i], 4 * PAGE, prots[i]));
	}
	subject_vm_flags(p[0], before, sizeof(before));
	EXPECT_NE(NULL, strstr(before, " ac"));
	subject_wait();
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		subject_vm_flags(p[i], after, sizeof(after));
		EXPECT_NE(NULL, strstr(after, " ac")) TH_LOG("%d: %s", i, after);
		EXPECT_EQ(0, mprotect(p[i], 4 * PAGE, PROT_READ));
		EXPECT_TRUE(subject_filled(p[i], 2 * PAGE, i));
	}
}

/* The line of /proc/self/maps of the area at @p. */
static void maps_line(void *p, char *line, size_t size)
{
	static char text[512 << 10];
	char head[32], *found;

	if (subject_read("/proc/self/maps", text, sizeof(text)) < 0)
		subject_abort();
	snprintf(head, sizeof(head), "%lx-", (unsigned long)p);
	found = strstr(text, head);
	if (!found)
		subject_abort();
	snprintf(line, size, "%.*s", (int)strcspn(found, "\n"), found);
}

SUBJECT(names)
{
	char *p = map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE), line[4][256], after[256];
	char *s = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), full[80];
	void *at[] = { p, p + 2 * PAGE, p + 4 * PAGE, s };
	unsigned int i;

	memset(full, 'n', 79);
	full[79] = 0;
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, 2 * PAGE, "one (a name)"))
		SKIP(return, "the kernel has no named memory");
	/* Next to each other, one without, one that cannot be read. */
	ASSERT_EQ(0, prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + 2 * PAGE, 2 * PAGE, full));
	ASSERT_EQ(0, prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + 6 * PAGE, 2 * PAGE, "n"));
	ASSERT_EQ(0, mprotect(p + 6 * PAGE, 2 * PAGE, PROT_NONE));
	/* Shared memory can have a name since 6.2. */
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, s, 2 * PAGE, "shared"))
		EXPECT_EQ(EBADF, errno);
	subject_fill(p, 6 * PAGE, 1);
	subject_fill(s, PAGE, 2);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		maps_line(at[i], line[i], sizeof(line[i]));
	EXPECT_NE(NULL, strstr(line[0], "[anon:one (a name)]"));
	subject_wait();
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		maps_line(at[i], after, sizeof(after));
		EXPECT_EQ(0, strncmp(line[i], after, 20));
		EXPECT_STREQ(strchr(line[i], '[') ?: "", strchr(after, '[') ?: "");
	}
	maps_line(p + 6 * PAGE, after, sizeof(after));
	EXPECT_NE(NULL, strstr(after, "---p"));
	EXPECT_NE(NULL, strstr(after, "[anon:n]"));
	EXPECT_TRUE(subject_filled(p, 6 * PAGE, 1));
	EXPECT_TRUE(subject_filled(s, PAGE, 2));
}

SUBJECT(zero_device)
{
	int fd = open("/dev/zero", O_RDWR);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *s = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_NE(MAP_FAILED, s);
	close(fd);
	subject_fill(p + PAGE, PAGE, 1);
	subject_fill(s + PAGE, PAGE, 2);
	subject_wait();
	EXPECT_TRUE(subject_filled(p + PAGE, PAGE, 1));
	EXPECT_TRUE(subject_filled(s + PAGE, PAGE, 2));
	EXPECT_EQ(0, p[0] | s[0]);
	p[0] = 1;
	s[0] = 1;
}

/* ---- the address space as a whole ---- */

/* A number of /proc/self/status. */
static long status(const char *key)
{
	char text[8192], *p;

	if (subject_read("/proc/self/status", text, sizeof(text)) < 0)
		subject_abort();
	p = strstr(text, key);
	return p ? strtol(p + strlen(key), NULL, 10) : -1;
}

static void locked_all(struct __test_metadata *_metadata, int flags)
{
	char *p = map_private(16 * PAGE), *q, before[256], after[256], *none;
	long locked;

	none = map(4 * PAGE, PROT_NONE, MAP_PRIVATE);
	subject_fill(p, 4 * PAGE, 1);
	if (mlockall(flags))
		SKIP(return, "mlockall: %s", strerror(errno));
	subject_vm_flags(p, before, sizeof(before));
	locked = status("VmLck:");
	subject_wait();
	subject_vm_flags(p, after, sizeof(after));
	EXPECT_STREQ(before, after);
	EXPECT_TRUE(subject_filled(p, 4 * PAGE, 1));
	/* The tests' own buffers come and go. */
	EXPECT_LE(labs(locked - status("VmLck:")), flags & MCL_FUTURE ? 2048 : 0);
	EXPECT_TRUE(subject_faults(none, false));
	/* And what comes now. */
	q = map(4 * PAGE, PROT_READ, MAP_PRIVATE);
	subject_vm_flags(q, after, sizeof(after));
	EXPECT_EQ(!!(flags & MCL_FUTURE), !!strstr(after, " lo"));
}

SUBJECT(lock_current)
{
	locked_all(_metadata, MCL_CURRENT);
}

SUBJECT(lock_future)
{
	locked_all(_metadata, MCL_CURRENT | MCL_FUTURE);
}

SUBJECT(lock_on_fault)
{
	locked_all(_metadata, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

/* Numbers of newer headers. */
#define SET_MDWE	65
#define GET_MDWE	66
#define SET_MERGE	67
#define GET_MERGE	68

SUBJECT(write_or_execute)
{
	char *both = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE), *p;

	p = map_private(PAGE);
	if (prctl(SET_MDWE, 1, 0, 0, 0))
		SKIP(return, "the kernel has no PR_SET_MDWE");
	subject_wait();
	EXPECT_EQ(1, prctl(GET_MDWE, 0, 0, 0, 0));
	EXPECT_EQ(-1, mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	/* Memory that could be written and executed before still can. */
	EXPECT_FALSE(subject_faults(both, true));
}

SUBJECT(merging)
{
	if (prctl(SET_MERGE, 1, 0, 0, 0))
		SKIP(return, "PR_SET_MEMORY_MERGE: %s", strerror(errno));
	subject_wait();
	EXPECT_EQ(1, prctl(GET_MERGE, 0, 0, 0, 0));
	EXPECT_EQ(0, prctl(SET_MERGE, 0, 0, 0, 0));
}

SUBJECT(huge_if_advised)
{
	/* PR_THP_DISABLE_EXCEPT_ADVISED */
	if (prctl(PR_SET_THP_DISABLE, 1, 2, 0, 0))
		SKIP(return, "PR_SET_THP_DISABLE: %s", strerror(errno));
	subject_wait();
	EXPECT_EQ(3, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

SUBJECT(maps_same)
{
	static char before[64 << 10], after[64 << 10];

	/* Once for what reading needs by itself. */
	ASSERT_LT(0, subject_read("/proc/self/maps", after, sizeof(after)));
	ASSERT_LT(0, subject_read("/proc/self/maps", before, sizeof(before)));
	subject_wait();
	ASSERT_LT(0, subject_read("/proc/self/maps", after, sizeof(after)));
	EXPECT_STREQ(before, after);
}

SUBJECT(auxv_exe)
{
	static char before[4096], after[4096];
	char exe[4096] = { 0 }, again[4096] = { 0 };
	ssize_t n;

	n = subject_read("/proc/self/auxv", before, sizeof(before));
	ASSERT_LT(0, n);
	ASSERT_LT(0, readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	subject_wait();
	EXPECT_EQ(n, subject_read("/proc/self/auxv", after, sizeof(after)));
	EXPECT_EQ(0, memcmp(before, after, n));
	ASSERT_LT(0, readlink("/proc/self/exe", again, sizeof(again) - 1));
	EXPECT_STREQ(exe, again);
}

/* Fields 26 to 28 and 45 to 51 of /proc/self/stat: where what begins and ends. */
static void stat_fields(unsigned long *field)
{
	char text[2048], *p;
	int i;

	if (subject_read("/proc/self/stat", text, sizeof(text)) < 0)
		subject_abort();
	p = strrchr(text, ')') + 1;
	for (i = 3; i <= 51; i++) {
		p += strspn(p, " ");
		if (i >= 26 && i <= 28)
			field[i - 26] = strtoul(p, NULL, 10);
		else if (i >= 45)
			field[i - 45 + 3] = strtoul(p, NULL, 10);
		p += strcspn(p, " ");
	}
}

SUBJECT(mm_fields)
{
	unsigned long before[10], after[10];
	static const char title_text[] = "another title", env_text[] = "A=1\0B=2";
	char text[256], *title, *env;
	int i;

	/* Readers of cmdline only see anonymous memory. */
	title = memcpy(malloc(sizeof(title_text)), title_text, sizeof(title_text));
	env = memcpy(malloc(sizeof(env_text)), env_text, sizeof(env_text));

	/* As setproctitle() libraries do. */
	if (prctl(PR_SET_MM, PR_SET_MM_ARG_START, title, 0, 0) && errno == EPERM)
		SKIP(return, "needs CAP_SYS_RESOURCE");
	ASSERT_EQ(0, prctl(PR_SET_MM, PR_SET_MM_ARG_END, title + sizeof(title_text), 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_MM, PR_SET_MM_ENV_START, env, 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_MM, PR_SET_MM_ENV_END, env + sizeof(env_text), 0, 0));
	stat_fields(before);
	subject_wait();
	stat_fields(after);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(before[i], after[i]);
	ASSERT_LT(0, subject_read("/proc/self/cmdline", text, sizeof(text)));
	EXPECT_STREQ(title, text);
	ASSERT_EQ((ssize_t)sizeof(env_text),
		  subject_read("/proc/self/environ", text, sizeof(text)));
	EXPECT_EQ(0, memcmp(env, text, sizeof(env_text)));
}

SUBJECT(dump_and_huge_settings)
{
	char before[64], after[64];
	int fd = open("/proc/self/coredump_filter", O_WRONLY);

	ASSERT_EQ(5, write(fd, "0x35\n", 5));
	close(fd);
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 0));
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	ASSERT_LT(0, subject_read("/proc/self/coredump_filter", before, sizeof(before)));
	subject_wait();
	ASSERT_LT(0, subject_read("/proc/self/coredump_filter", after, sizeof(after)));
	EXPECT_STREQ(before, after);
	EXPECT_EQ(0, prctl(PR_GET_DUMPABLE));
	EXPECT_EQ(1, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

SUBJECT(barriers)
{
	/* A barrier without a registration is refused. */
	ASSERT_EQ(-1, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	ASSERT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
	ASSERT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
			     0, 0));
	ASSERT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0));
	subject_ready();
	while (subject_going()) {
		ASSERT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
		ASSERT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
				     0, 0));
		subject_nap(1);
	}
	ASSERT_EQ(-1, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0));
}

/* MADV_GUARD_INSTALL and MADV_GUARD_REMOVE, 6.13 */
SUBJECT(guards)
{
	char *p = subject_map(-1, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	int fd = open(subject_path("file"), O_RDWR | O_CREAT, 0600), i;
	char *locked, *shared;
	bool of_files;

	if (madvise(p + 3 * 4096, 2 * 4096, 102))
		SKIP(return, "MADV_GUARD_INSTALL: %s", strerror(errno));
	ASSERT_EQ(0, madvise(p + 8 * 4096, 4096, 102));
	subject_fill(p, 3 * 4096, 1);
	subject_fill(p + 5 * 4096, 3 * 4096, 2);
	subject_put(fd, 0, 3);
	subject_put(fd, 4096, 4);
	shared = subject_map(fd, 8192, PROT_READ | PROT_WRITE, MAP_SHARED);
	of_files = !madvise(shared + 4096, 4096, 102);
	locked = subject_map(-1, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	ASSERT_EQ(0, madvise(locked, 4096, 102));
	mlock(locked, 8192);
	subject_wait();
	for (i = 0; i < 16; i++)
		EXPECT_EQ(i == 3 || i == 4 || i == 8, subject_faults(p + i * 4096 + 5, i & 1));
	EXPECT_TRUE(subject_filled(p, 3 * 4096, 1));
	EXPECT_TRUE(subject_filled(p + 5 * 4096, 3 * 4096, 2));
	EXPECT_TRUE(subject_filled(shared, 4096, 3));
	EXPECT_EQ(of_files, subject_faults(shared + 4096, false));
	EXPECT_TRUE(subject_faults(locked, true));
	EXPECT_FALSE(subject_faults(locked + 4096, true));
	EXPECT_EQ(0, madvise(p + 3 * 4096, 6 * 4096, 103));
	EXPECT_FALSE(subject_faults(p + 4 * 4096, true));
	EXPECT_EQ(0, p[3 * 4096]);
	EXPECT_TRUE(subject_filled(p + 5 * 4096, 3 * 4096, 2));
	EXPECT_EQ(0, madvise(shared, 8192, 103));
	EXPECT_TRUE(subject_has(fd, 4096, 4));
}
