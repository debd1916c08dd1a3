// SPDX-License-Identifier: GPL-2.0
/* Protection keys. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "subject_harness.h"

#define PAGE	4096UL

static char *map_private(unsigned int pages)
{
	return subject_map(-1, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}

static int pkey_one, pkey_two;

static void *pkey_thread(void *arg)
{
	/* Rights are a thread's own: in a register. */
	subject_check(!pkey_set(pkey_one, 0));
	subject_check(!pkey_set(pkey_two, PKEY_DISABLE_WRITE));
	while (!*(volatile bool *)arg) {
		subject_check(pkey_get(pkey_one) == 0);
		subject_check(pkey_get(pkey_two) == PKEY_DISABLE_WRITE);
		subject_nap(1);
	}
	return NULL;
}

SUBJECT(keys)
{
	/* mov $42, %eax; ret */
	static const unsigned char text[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	char *p = map_private(4), *x = map_private(1);
	volatile bool stop = false;
	int (*fn)(void), next;
	pthread_t t;

	pkey_one = pkey_alloc(0, PKEY_DISABLE_WRITE);
	if (pkey_one < 0)
		SKIP(return, "pkey_alloc: %s", strerror(errno));
	next = pkey_alloc(0, 0);
	pkey_two = pkey_alloc(0, PKEY_DISABLE_ACCESS);
	subject_fill(p, 4 * PAGE, 1);
	memcpy(x, text, sizeof(text));
	memcpy(&fn, &x, sizeof(fn));
	ASSERT_EQ(0, pkey_mprotect(p, PAGE, PROT_READ | PROT_WRITE, pkey_one));
	ASSERT_EQ(0, pkey_mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE, pkey_two));
	/* A key that is free again, but still at the memory. */
	ASSERT_EQ(0, pkey_mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, next));
	ASSERT_EQ(0, pkey_free(next));
	/* For this the kernel takes a key by itself; it may be that one. */
	ASSERT_EQ(0, mprotect(x, PAGE, PROT_EXEC));
	next = pkey_alloc(0, 0);
	ASSERT_LT(0, next);
	ASSERT_EQ(0, pkey_free(next));
	ASSERT_EQ(0, pthread_create(&t, NULL, pkey_thread, (void *)&stop));
	subject_wait();
	stop = true;
	pthread_join(t, NULL);
	EXPECT_EQ(PKEY_DISABLE_WRITE, pkey_get(pkey_one));
	EXPECT_EQ(PKEY_DISABLE_ACCESS, pkey_get(pkey_two));
	EXPECT_EQ(next, pkey_alloc(0, 0));
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
	EXPECT_EQ(42, fn());
	/* A handler's end by siglongjmp() leaves the handler's rights: none but to key 0. */
	EXPECT_TRUE(subject_faults(p, true));
	EXPECT_TRUE(subject_faults(p + PAGE, false));
	EXPECT_TRUE(subject_faults(x, false));
	EXPECT_EQ(0, pkey_set(pkey_one, 0));
	EXPECT_EQ(0, pkey_set(pkey_two, 0));
	EXPECT_TRUE(subject_filled(p + PAGE, PAGE, 1 + PAGE / 8));
	EXPECT_FALSE(subject_faults(p, true));
	EXPECT_EQ(42, fn());
	/* The kernel knows which are allocated. */
	EXPECT_EQ(0, pkey_free(pkey_one));
	EXPECT_EQ(0, pkey_free(pkey_two));
}
