// SPDX-License-Identifier: GPL-2.0
/* Droppable memory: its content is nobody's but the program's (keys of random numbers). */
#include <sys/mman.h>

#include "subject_harness.h"

#define PAGE		4096UL
#define DROPPABLE	0x08	/* MAP_DROPPABLE, 6.11 */

static const struct droppable {
	int prot;
	const char *flag;
} droppables[] = {
	{ PROT_READ | PROT_WRITE, " wr" }, { PROT_READ, " rd" }, { PROT_NONE, " dp" },
	{ PROT_READ | PROT_WRITE, " dc" }, { PROT_READ | PROT_WRITE, " nh" },
};

/* Droppable memory of all kinds. Return: is there any? */
static bool droppable_map(struct __test_metadata *_metadata, char **p)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(droppables); i++) {
		p[i] = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, DROPPABLE | MAP_ANONYMOUS, -1,
			    0);
		if (p[i] == MAP_FAILED)
			return false;
		subject_fill(p[i], 2 * PAGE, i);
		EXPECT_EQ(0, mprotect(p[i], 4 * PAGE, droppables[i].prot));
		/* Areas of one kind would merge. */
		subject_map(-1, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
	}
	EXPECT_EQ(0, madvise(p[3], 4 * PAGE, MADV_DONTFORK));
	EXPECT_EQ(0, madvise(p[4], 4 * PAGE, MADV_NOHUGEPAGE));
	return true;
}

static bool is_empty(const char *p, size_t len)
{
	return !*p && !memcmp(p, p + 1, len - 1);
}

/* It comes back as a child would have it: the same area, but empty. */
SUBJECT(comes_back_empty)
{
	char before[ARRAY_SIZE(droppables)][256], after[256], *p[ARRAY_SIZE(droppables)];
	unsigned int i;

	if (!droppable_map(_metadata, p))
		SKIP(return, "MAP_DROPPABLE: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(droppables); i++) {
		subject_vm_flags(p[i], before[i], sizeof(before[i]));
		EXPECT_NE(NULL, strstr(before[i], droppables[i].flag));
		EXPECT_NE(NULL, strstr(before[i], " dp"));
	}
	subject_tell("mode", "kill-restart");
	subject_wait();
	for (i = 0; i < ARRAY_SIZE(droppables); i++) {
		subject_vm_flags(p[i], after, sizeof(after));
		EXPECT_STREQ(before[i], after);
		ASSERT_EQ(0, mprotect(p[i], 4 * PAGE, PROT_READ | PROT_WRITE));
		EXPECT_TRUE(is_empty(p[i], 4 * PAGE)) TH_LOG("area%s", droppables[i].flag);
		subject_fill(p[i], 4 * PAGE, i);
		EXPECT_TRUE(subject_filled(p[i], 4 * PAGE, i));
	}
}

/* The program that goes on has it as it was; the kernel, too, may have dropped a page. */
SUBJECT(goes_on)
{
	char before[256], after[256], *p[ARRAY_SIZE(droppables)];
	unsigned int i, k;

	if (!droppable_map(_metadata, p))
		SKIP(return, "MAP_DROPPABLE: %s", strerror(errno));
	subject_vm_flags(p[0], before, sizeof(before));
	subject_tell("mode", "go-on");
	subject_wait();
	subject_vm_flags(p[0], after, sizeof(after));
	EXPECT_STREQ(before, after);
	for (i = 0; i < ARRAY_SIZE(droppables); i++) {
		char want[2 * PAGE];

		subject_fill(want, sizeof(want), i);
		ASSERT_EQ(0, mprotect(p[i], 4 * PAGE, PROT_READ | PROT_WRITE));
		for (k = 0; k < 2; k++)
			EXPECT_TRUE(is_empty(p[i] + k * PAGE, PAGE) ||
				    !memcmp(p[i] + k * PAGE, want + k * PAGE, PAGE));
	}
}

/* Guard regions in it are no content. */
SUBJECT(guards)
{
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, DROPPABLE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	if (p == MAP_FAILED)
		SKIP(return, "MAP_DROPPABLE: %s", strerror(errno));
	if (madvise(p + 3 * PAGE, 2 * PAGE, 102))
		SKIP(return, "MADV_GUARD_INSTALL: %s", strerror(errno));
	subject_fill(p, 3 * PAGE, 1);
	subject_tell("mode", "kill-restart");
	subject_wait();
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i == 3 || i == 4, subject_faults(p + i * PAGE, false));
	EXPECT_TRUE(is_empty(p, 3 * PAGE));
}
