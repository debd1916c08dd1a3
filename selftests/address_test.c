// SPDX-License-Identifier: GPL-2.0
/* Addresses that only page tables with five levels have. */
#include <sys/mman.h>

#include "subject_harness.h"

#define PAGE	4096UL
#define PAGES	16
#define FOUR_LEVELS	(1UL << 47)

/* The kernel gives out such an address to those who ask for one, and to nobody else. */
static char *address_map(unsigned long hint)
{
	char *p = mmap((void *)hint, PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	subject_check(p != MAP_FAILED);
	return p;
}

SUBJECT(above_47_bits)
{
	char *high = address_map(1UL << 54), *top = address_map(-1UL & ~(PAGE - 1));
	unsigned int round = 0;
	char *p;

	if ((unsigned long)high < FOUR_LEVELS)
		SKIP(return, "page tables of four levels");
	ASSERT_LT(FOUR_LEVELS, (unsigned long)top);
	subject_fill(high, PAGES * PAGE, 1);
	subject_ready();
	while (subject_going()) {
		subject_fill(top, PAGES * PAGE, ++round);
		subject_nap(1);
		ASSERT_TRUE(subject_filled(top, PAGES * PAGE, round));
	}
	EXPECT_TRUE(subject_filled(high, PAGES * PAGE, 1));
	/* The limits are what they were, too. */
	p = address_map(0);
	EXPECT_GT(FOUR_LEVELS, (unsigned long)p);
	p = address_map(1UL << 54);
	EXPECT_LT(FOUR_LEVELS, (unsigned long)p);
}
