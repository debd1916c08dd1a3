// SPDX-License-Identifier: GPL-2.0
/* The kernel's own areas in a program: vDSO and vvar. */
#include <elf.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "subject_harness.h"
#include "vgetrandom.h"

SUBJECT(calls)
{
	unsigned long addr = getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *ehdr = (void *)addr;
	struct timespec a, b, c;

	ASSERT_NE(0, addr);
	subject_ready();
	while (subject_going()) {
		/* The call through it and the system call tell the same time. */
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &a);
		clock_gettime(CLOCK_MONOTONIC, &b);
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &c);
		if (!subject_check(a.tv_sec < b.tv_sec ||
				   (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec)) ||
		    !subject_check(b.tv_sec < c.tv_sec ||
				   (b.tv_sec == c.tv_sec && b.tv_nsec <= c.tv_nsec)))
			break;
	}
	EXPECT_EQ(addr, getauxval(AT_SYSINFO_EHDR));
	EXPECT_EQ(0, memcmp(ehdr->e_ident, ELFMAG, SELFMAG));
	EXPECT_EQ(0, clock_gettime(CLOCK_REALTIME, &a));
}

/* The state of the generator, which is empty afterwards, may be in use at any moment. */
SUBJECT(random_numbers)
{
	unsigned char old[16] = { 0 }, new[16], long_one[300];
	struct vgetrandom v;
	unsigned int n = 0;

	if (!vgetrandom_open(&v))
		SKIP(return, "the vDSO has no getrandom");
	ASSERT_TRUE(vgetrandom(&v, old, sizeof(old)));
	subject_ready();
	while (subject_going()) {
		memset(new, 0, sizeof(new));
		memset(long_one, 0, sizeof(long_one));
		if (!subject_check(vgetrandom(&v, new, sizeof(new))) ||
		    !subject_check(memcmp(old, new, sizeof(old))) ||
		    !subject_check(vgetrandom(&v, long_one, 1 + n++ % sizeof(long_one))))
			break;
		memcpy(old, new, sizeof(old));
	}
	memset(old, 0, sizeof(old));
	EXPECT_TRUE(vgetrandom(&v, new, sizeof(new)));
	EXPECT_NE(0, memcmp(old, new, sizeof(old)));
}

/* Unmap the kernel's own mappings that have this word in their name. */
static void unmap_own(const char *word)
{
	static char maps[65536];
	unsigned long start, end;
	char *line, *next;

	if (subject_read("/proc/self/maps", maps, sizeof(maps)) < 0)
		subject_abort();
	for (line = maps; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (strstr(line, word) && sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		    syscall(SYS_munmap, start, end - start))
			subject_abort();
	}
}

static bool has_own(const char *word)
{
	static char maps[65536];

	if (subject_read("/proc/self/maps", maps, sizeof(maps)) <= 0)
		subject_abort();
	return strstr(maps, word);
}

SUBJECT(none)
{
	unmap_own("[vdso]");
	unmap_own("[vvar");
	subject_wait();
	EXPECT_FALSE(has_own("[vdso]"));
	EXPECT_FALSE(has_own("[vvar"));
}

/* As valgrind leaves it, which calls the kernel itself. */
SUBJECT(data_alone)
{
	unmap_own("[vdso]");
	subject_wait();
	EXPECT_FALSE(has_own("[vdso]"));
	EXPECT_TRUE(has_own("[vvar"));
}

SUBJECT(half_is_refused)
{
	unmap_own("[vvar");
	subject_refused(": a vDSO of which a part was unmapped or moved is not supported");
}
