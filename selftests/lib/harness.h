/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kselftest_harness.h with more patience, and with a choice:
 *
 *	PROGRAM [NAME...]	run all tests, or those
 *	PROGRAM --list		only say which there are
 *
 * A program with a main function of its own (subject_harness.h) defines HARNESS_OWN_MAIN.
 */
#ifndef SELFTESTS_HARNESS_H
#define SELFTESTS_HARNESS_H

#include "kselftest_harness.h"

/* Many attempts on a machine that is emulated. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

/*
 * The test behind @t, or the first one if @t is NULL; NULL behind the last one. @f is where the
 * search is, at first __fixture_list.
 */
static struct __test_metadata *harness_next(struct __fixture_metadata **f,
					    struct __test_metadata *t)
{
	if (t)
		t = t->next;
	while (!t && *f) {
		t = (*f)->tests;
		*f = (*f)->next;
	}
	return t;
}

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

/* Leave only the tests that are wanted. Return: how many of the names were found. */
static int harness_choose(int argc, char **argv)
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
	return found;
}

/* @more: what else is to be said of a test; or NULL. */
static int harness_list(const char *(*more)(const char *name))
{
	struct __fixture_metadata *f = __fixture_list;
	struct __test_metadata *t = NULL;
	const char *text;

	while ((t = harness_next(&f, t))) {
		text = more ? more(t->name) : NULL;
		printf("%s%s%s\n", t->name, text ? " " : "", text ?: "");
	}
	return KSFT_PASS;
}

static int harness_run(int argc, char **argv)
{
	if (harness_choose(argc, argv) != argc - 1) {
		fprintf(stderr,
			"Usage: %s [NAME...|--list]; one of them is no test here, or twice\n",
			argv[0]);
		return KSFT_FAIL;
	}
	/* Results as they come. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return test_harness_run(argc, argv);
}

#ifndef HARNESS_OWN_MAIN
int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return harness_list(NULL);
	return harness_run(argc, argv);
}
#endif

#endif
