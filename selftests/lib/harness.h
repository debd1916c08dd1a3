/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kselftest_harness.h with more patience, and with a choice:
 *
 *	PROGRAM [NAME...]	run all tests, or those
 */
#ifndef SELFTESTS_HARNESS_H
#define SELFTESTS_HARNESS_H

#include "kselftest_harness.h"

/* Many attempts on a machine that is emulated. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

static bool harness_wanted(const char *name, int argc, char **argv, int *found)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(name, argv[i])) {
			++*found;
			return true;
		}
	}
	return argc < 2;
}

int main(int argc, char **argv)
{
	struct __fixture_metadata *f;
	struct __test_metadata *t, *next;
	int found = 0;

	for (f = __fixture_list; f; f = f->next) {
		t = f->tests;
		f->tests = NULL;
		for (; t; t = next) {
			next = t->next;
			if (harness_wanted(t->name, argc, argv, &found))
				__register_test(t);
		}
	}
	if (found != argc - 1) {
		fprintf(stderr, "Usage: %s [NAME...]; one of them is no test here, or twice\n",
			argv[0]);
		return KSFT_FAIL;
	}
	/* Results as they come. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return test_harness_run(argc, argv);
}

#endif
