// SPDX-License-Identifier: GPL-2.0
/* Images with any field changed in any way. */
#include "attempt.h"
#include "say.h"
#include "schema.h"

/* ---- some fields, on purpose ---- */

static uint8_t *put_varint(uint8_t *p, uint32_t value)
{
	for (; value > 127; value >>= 7)
		*p++ = value | 128;
	*p++ = value;
	return p;
}

/* A SECCOMP record with the longest filters that there can be. */
static struct image_rec long_filters(uint32_t id)
{
	const size_t one = 32768;
	uint8_t *payload = calloc(9, one), *p = put_varint(payload + 1, id);
	unsigned int i;

	payload[0] = F(Seccomp, id) << 3;
	for (i = 0; i < 8; i++) {
		*p++ = F(Seccomp, filter) << 3 | 2;
		p = put_varint(p, one + 4);
		*p++ = F(SeccompFilter, program) << 3 | 2;
		p = put_varint(p, one) + one;
	}
	return (struct image_rec){
		.type = CKPT_REC_SECCOMP, .payload = payload, .len = p - payload,
	};
}

#define MANY_THREADS 1000

/* A TREE of as many threads, of which most do not exist. */
static void say_tids(struct image_bytes *tree, unsigned int n)
{
	struct image_bytes tids = inner(tree, F(Tree, tid));
	uint8_t *text = malloc(tids.len + 5 * n), *p = text + tids.len;
	unsigned int i;

	memcpy(text, tids.data, tids.len);
	for (i = 2; i < n; i++)
		p = put_varint(p, 100000 + i);
	say_bytes(tree, F(Tree, tid), text, p - text);
	free(text);
}

/* As many threads as one likes to say do not make all memory the image's. */
TEST(too_much_held)
{
	struct image_rec list[RECS_MAX * 3];
	struct image_bytes image, tree;
	unsigned int i, n, first;

	SETUP();
	image = payload(0);
	say(&image, F(Image, nr_tasks), MANY_THREADS);
	tree = payload(1);
	say_tids(&tree, MANY_THREADS);
	first = nth_rec(CKPT_REC_SECCOMP, 0);
	memcpy(list, recs, first * sizeof(*list));
	list[0].payload = image.data;
	list[0].len = image.len;
	list[1].payload = tree.data;
	list[1].len = tree.len;
	n = first;
	do {
		list[n] = long_filters(20000 + n);
		n++;
	} while ((n - first) * list[n - 1].len <= CKPT_IMAGE_HELD_MAX);
	EXPECT_FINE(attempt_recs(list, n, false), "%u records", n);
	EXPECT_EQ(EBADMSG, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "too many")) {
		TH_LOG("%s", device_words(&res));
	}
	for (i = first; i < n; i++)
		free((void *)list[i].payload);
}

/*
 * An absolute timer whose time has long passed, which waits for its signal to be taken; with the
 * signal in the queue, or (if it is ignored) without.
 */
TEST(timer_long_ago)
{
	unsigned int i, k;

	SETUP();
	i = nth_rec(CKPT_REC_TIMERS, 0);
	/* Some live long enough to take the signal. */
	for (k = 0; k < 10; k++) {
		struct image_field outer;
		struct image_bytes a;

		ASSERT_TRUE(image_find(recs[i].payload, recs[i].len, F(Timers, timer), 1, &outer));
		a = payload(i);
		a = (struct image_bytes){ a.data + outer.value, outer.end - outer.value };
		if (!(k % 2))
			say_new(&a, F(PosixTimer, place), 0);
		say_new(&a, F(PosixTimer, requeue), 1);
		say(&a, F(PosixTimer, realtime_ns), 1);
		EXPECT_FINE(attempt_inner(i, &outer, a, true), "timer %u", k);
	}
	EXPECT_EQ(attempts, started);
}

/* ---- anything, systematically ---- */

static uint64_t strange(uint64_t v, unsigned int i)
{
	static const uint64_t values[] = {
		0, 1, 0x7f, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, HOLE,
		HOLE - 4096, 1ULL << 63, -1ULL, -4096ULL, KERNEL,
	};

	if (i < ARRAY_SIZE(values))
		return values[i];
	switch (i - ARRAY_SIZE(values)) {
	case 0:
		return v + 1;
	case 1:
		return v - 1;
	case 2:
		return v + 4096;
	case 3:
		return v * 2;
	default:
		return v ^ 1ULL << victim_random(64);
	}
}

#define STRANGE 20

/* One change of one field, the @how'th. Return: no data if there is no such. */
static struct image_bytes change(const uint8_t *msg, size_t len, const struct image_field *f,
				 unsigned int how)
{
	static const uint8_t unknown[] = { 0xb8, 0x3e, 1 };	/* field 999, varint */
	size_t n = f->end - f->value;
	struct image_bytes out = { 0 };
	uint8_t *text;

	switch (how) {
	case 0:
		return image_splice(msg, len, f->start, f->end, "", 0);
	case 1:
		return image_splice(msg, len, f->start, f->start, msg + f->start,
				    f->end - f->start);
	case 2:
		return image_splice(msg, len, f->start, f->start, unknown, sizeof(unknown));
	case 3:
		/* Cut in the middle of it. */
		return image_splice(msg, len, f->start + 1, len, "", 0);
	}
	how -= 4;
	if (f->wire != 2)
		return how < STRANGE ? image_set(msg, len, f, strange(f->scalar, how)) : out;
	text = calloc(1, n + 4096);
	memcpy(text, msg + f->value, n);
	switch (how) {
	case 0:
		out = image_set_bytes(msg, len, f, text, 0);
		break;
	case 1:
		out = image_set_bytes(msg, len, f, text, n / 2);
		break;
	case 2:
		out = image_set_bytes(msg, len, f, text, n + 1 + victim_random(4095));
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		if (n)
			text[victim_random(n)] ^= 1 << victim_random(8);
		out = image_set_bytes(msg, len, f, text, n);
		break;
	}
	free(text);
	return out;
}

/* A number that the program does not depend on being told about: it would signal us. */
static bool harmless(uint32_t type, const struct image_field *f)
{
	return type != CKPT_REC_PROCESS || f->number != F(Process, exit_signal);
}

/* A record of any type that there is: most records are of few types. */
static unsigned int any_rec(void)
{
	unsigned int n, types = 0, i;
	uint32_t seen[64], type;

	for (i = 0; i < n_recs; i++) {
		for (n = 0; n < types && seen[n] != recs[i].type; n++)
			;
		if (n == types && types < ARRAY_SIZE(seen))
			seen[types++] = recs[i].type;
	}
	type = seen[victim_random(types)];
	for (n = 0, i = 0; i < n_recs; i++)
		n += recs[i].type == type;
	return nth_rec(type, victim_random(n));
}

/* Any field of a message. */
static bool any_field(const uint8_t *msg, size_t len, struct image_field *f)
{
	unsigned int n = 0;
	size_t pos = 0;

	for (; image_next_field(msg, len, pos, f); n++)
		pos = f->end;
	return n && image_nth(msg, len, victim_random(n), f);
}

/* The payload of a record with one change; no data if it came to none. */
static struct image_bytes strange_payload(const struct image_rec *rec, char *what, size_t size)
{
	unsigned int how = victim_random(4 + STRANGE);
	struct image_bytes none = { 0 }, inner, outer_bytes;
	const struct schema_field *field;
	struct image_field outer, f;

	if (rec->flags & CKPT_REC_F_RAW || !any_field(rec->payload, rec->len, &outer) ||
	    !harmless(rec->type, &outer))
		return none;
	field = schema_field(schema_record(rec->type), outer.number);
	if (field->type != TYPE_message || !victim_random(8)) {
		snprintf(what, size, " %s.%s, change %u;", field->message, field->name, how);
		return change(rec->payload, rec->len, &outer, how);
	}
	if (!any_field(rec->payload + outer.value, outer.end - outer.value, &f))
		return none;
	snprintf(what, size, " %s.%s.%s, change %u;", field->message, field->name,
		 schema_field(field->of, f.number)->name, how);
	inner = change(rec->payload + outer.value, outer.end - outer.value, &f, how);
	if (!inner.data)
		return none;
	outer_bytes = image_set_bytes(rec->payload, rec->len, &outer, inner.data, inner.len);
	free(inner.data);
	return outer_bytes;
}

#define CHANGES 3

/*
 * Fields are left out, doubled, cut and set to numbers that programs get wrong. The frame is
 * right, so what is said is believed unless it is checked. There are too many combinations for
 * one run: random ones, for a while (CKPT_SECONDS in the environment).
 */
static const char *attempt_strange(char *what, size_t size)
{
	unsigned int i, k, n = 1 + !victim_random(4) + !victim_random(4), made = 0;
	struct image_rec keep[RECS_MAX];
	struct image_bytes b[CHANGES];
	const char *why;

	memcpy(keep, recs, sizeof(keep));
	*what = 0;
	for (k = 0; k < n; k++) {
		i = any_rec();
		b[made] = strange_payload(&recs[i], what + strlen(what), size - strlen(what));
		if (!b[made].data)
			continue;
		recs[i].payload = b[made].data;
		recs[i].len = b[made].len;
		made++;
	}
	why = made ? attempt_recs(recs, n_recs, true) : NULL;
	memcpy(recs, keep, sizeof(keep));
	while (made)
		free(b[--made].data);
	return why;
}

/* As after a reboot: the program runs, and whoever restarts it is told what may last longer. */
TEST(clocks_behind)
{
	static const uint32_t clocks[] = { F(Image, monotonic_ns), F(Image, boottime_ns) };
	struct image_bytes payload, image;
	struct image_field f;
	struct image_rec keep;
	unsigned int i, k;
	pid_t pid;

	SETUP_OF("count");
	i = nth_rec(CKPT_REC_IMAGE, 0);
	for (k = 0; k < ARRAY_SIZE(clocks) + 1; k++) {
		keep = recs[i];
		if (k < ARRAY_SIZE(clocks)) {
			ASSERT_TRUE(image_find(keep.payload, keep.len, clocks[k], 0, &f));
			payload = image_set(keep.payload, keep.len, &f,
					    f.scalar + 5000 * 1000000000ULL);
			recs[i].payload = payload.data;
			recs[i].len = payload.len;
		}
		image = image_make(recs, n_recs, NULL);
		recs[i] = keep;
		ASSERT_EQ(image.len, pwrite(memfd, image.data, image.len, 0));
		ASSERT_EQ(0, ftruncate(memfd, image.len) | lseek(memfd, 0, SEEK_SET));
		pid = device_restart(device, memfd, restart_flags, &res);
		ASSERT_LT(0, pid) {
			TH_LOG("%s", device_words(&res));
		}
		EXPECT_TRUE(victim_counts(counter));
		victim_kill(pid);
		EXPECT_EQ(k < ARRAY_SIZE(clocks), res.len);
		if (res.len)
			EXPECT_NE(NULL, strstr(res.errors[0].what, "49"));
		if (res.len)
			EXPECT_NE(NULL, strstr(res.errors[0].what, "less than the image's"));
	}
}

TEST(strange_fields)
{
	const char *seconds = getenv("CKPT_SECONDS");
	char what[256];
	int64_t end;

	SETUP();
	printf("# seed %lu\n", seed);
	end = victim_us() + (seconds ? atol(seconds) : getenv("CKPT_QUICK") ? 5 : 30) * 1000000LL;
	while (victim_us() < end)
		EXPECT_FINE(attempt_strange(what, sizeof(what)), "%s", what);
	REPORT();
}
