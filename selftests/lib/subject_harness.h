/* SPDX-License-Identifier: GPL-2.0 */
/* The implementation of subject.h, as a layer on harness.h; included once per program. */
#ifndef SELFTESTS_SUBJECT_HARNESS_H
#define SELFTESTS_SUBJECT_HARNESS_H

#include "subject.h"

/* A failed ASSERT ends in abort(); a subject has a result to leave behind first. */
#define TH_LOG_STREAM subject_log()
#define abort subject_abort
#define HARNESS_OWN_MAIN
#include "harness.h"
#undef abort

#define SUBJECT(name)							\
	static void body_##name(struct __test_metadata *_metadata);	\
	TEST(name)							\
	{								\
		subject_enter(#name);					\
		body_##name(_metadata);					\
		if (subject_failed())					\
			_metadata->passed = 0;				\
	}								\
	static void body_##name(struct __test_metadata __attribute__((unused)) *_metadata)

/*
 * A test that the driver has to start in its own way. @wants is one of these words, or both:
 *
 *	terminal	it has one, as its controlling terminal; the leader of its session is it
 *	members		see subject_member()
 */
#define SUBJECT_WITH(name, wants)					\
	static void __attribute__((constructor)) wants_##name(void)	\
	{								\
		subject_wants(#name, wants);				\
	}								\
	SUBJECT(name)

static int subject_main(const char *name, const char *ctl)
{
	struct __fixture_variant_metadata none = { .name = "" };
	struct __fixture_metadata *f = __fixture_list;
	static struct __test_results results;
	struct __test_metadata *t = NULL;

	while ((t = harness_next(&f, t)))
		if (!strcmp(t->name, name))
			break;
	if (!t) {
		fprintf(stderr, "there is no test %s\n", name);
		return KSFT_FAIL;
	}
	subject_begin(name, ctl);
	t->passed = 1;
	t->step = 1;
	t->results = &results;
	t->fn(t, &none);
	subject_result(t->passed, t->skip ? results.reason : NULL);
}

int main(int argc, char **argv)
{
	const char *ctl = getenv("CKPT_CTL");

	if (argc == 2 && !strcmp(argv[1], "--list"))
		return harness_list(subject_wanted);
	if (argc == 2 && ctl)
		return subject_main(argv[1], ctl);
	subject_alone();
	return harness_run(argc, argv);
}

#endif
