// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kernel/image/codec.c: against protobuf-c, and each of its rules. Prints TAP.
 *
 * Every buffer that the codec reads or writes is allocated in its exact size, so that the
 * address sanitizer sees a step beyond it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec_test.gen.h"
#include "codec_util.h"
#include "schema.gen.h"

#define __printf(format, first) __attribute__((__format__(__printf__, format, first)))

#define ROUNDS		500
#define POOL_SIZE	(64UL << 20)

static unsigned int nr_done, nr_failed;

static void report(bool ok, const char *name)
{
	nr_done++;
	nr_failed += !ok;
	printf("%sok %u - %s\n", ok ? "" : "not ", nr_done, name);
}

static bool __printf(1, 2) fail(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	return false;
}

static void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p) {
		printf("Bail out! out of memory\n");
		exit(1);
	}
	return p;
}

static const char *err_text(const struct codec_err *err)
{
	static char text[200];

	snprintf(text, sizeof(text), "%s%s%s: %s", err->msg, err->field ? "." : "",
		 err->field ? err->field : "", err->what);
	return text;
}

static struct codec_random *new_random(void)
{
	struct codec_random *r = xmalloc(sizeof(*r));

	*r = (struct codec_random){ .state = 0x9e3779b97f4a7c15 };
	r->pool.size = POOL_SIZE;
	r->pool.base = xmalloc(POOL_SIZE);
	return r;
}

static void free_random(struct codec_random *r)
{
	free(r->pool.base);
	free(r);
}

/* An empty arena that suffices for any message; its exact use is the matter of test_arena(). */
static struct codec_arena *big_arena(void)
{
	static struct codec_arena arena;
	unsigned int i;

	for (i = 0; !arena.base && i < codec_nr_pairs; i++) {
		if (codec_pairs[i].ours->arena_max > arena.size)
			arena.size = codec_pairs[i].ours->arena_max;
	}
	if (!arena.base)
		arena.base = xmalloc(arena.size);
	arena.used = 0;
	return &arena;
}

/* A buffer of the exact length with the encoding of an object, or NULL. */
static u8 *encode(const struct codec_msg *m, const void *obj, size_t *len)
{
	size_t size = codec_size(m, obj);
	u8 *buf;
	int ret;

	if (size > CODEC_LEN_MAX) {
		fail("%s: codec_size() is %zu", m->name, size);
		return NULL;
	}
	buf = xmalloc(size);
	ret = codec_encode(m, obj, buf, size, len);
	if (ret || *len != size) {
		fail("%s: codec_encode() is %d, %zu bytes of %zu", m->name, ret, *len, size);
		free(buf);
		return NULL;
	}
	return buf;
}

/* Decodes and encodes again: yields the same bytes, or the same bytes less advisory fields. */
static bool decode_encode(const struct codec_msg *m, const u8 *buf, size_t len,
			  const u8 *expect, size_t expect_len, struct codec_err *err)
{
	void *obj = xmalloc(m->size);
	bool ok = false;
	size_t len2;
	u8 *buf2;

	*err = (struct codec_err){};
	if (!codec_decode(m, obj, buf, len, big_arena(), err)) {
		buf2 = encode(m, obj, &len2);
		ok = buf2 && len2 == expect_len && !memcmp(buf2, expect, len2);
		free(buf2);
		if (!ok)
			fail("%s: encodes to something else", m->name);
	}
	free(obj);
	return ok;
}

static bool round_trip(const struct codec_pair *p, const void *obj)
{
	ProtobufCMessage *theirs = NULL, *parsed = NULL;
	u8 *buf, *their_buf = NULL;
	const char *field;
	size_t len, their_len;
	struct codec_err err;
	bool ok = false;

	buf = encode(p->ours, obj, &len);
	if (!buf)
		return false;

	parsed = protobuf_c_message_unpack(p->theirs, NULL, len, buf);
	if (!parsed) {
		fail("%s: protobuf-c does not read ours", p->ours->name);
		goto out;
	}
	field = codec_differs(p->ours, obj, parsed);
	if (field) {
		fail("%s.%s: protobuf-c reads something else", p->ours->name, field);
		goto out;
	}

	theirs = codec_to_theirs(p->ours, obj, p->theirs);
	their_len = protobuf_c_message_get_packed_size(theirs);
	their_buf = xmalloc(their_len);
	protobuf_c_message_pack(theirs, their_buf);
	if (their_len != len || memcmp(buf, their_buf, len)) {
		fail("%s: protobuf-c writes something else", p->ours->name);
		goto out;
	}
	ok = decode_encode(p->ours, their_buf, their_len, buf, len, &err);
	if (!ok)
		fail("%s: theirs at %u: %s", p->ours->name, err.offset, err_text(&err));
out:
	if (parsed)
		protobuf_c_message_free_unpacked(parsed, NULL);
	if (theirs)
		protobuf_c_message_free_unpacked(theirs, NULL);
	free(their_buf);
	free(buf);
	return ok;
}

static bool test_round_trips(struct codec_random *r, const struct codec_pair *p)
{
	void *obj = xmalloc(p->ours->size);
	bool ok = true;
	int i;

	for (i = 0; ok && i < ROUNDS; i++) {
		r->pool.used = 0;
		codec_random_obj(r, p->ours, obj);
		ok = round_trip(p, obj);
	}
	free(obj);
	return ok;
}

/* Everything present and at its bound. */
static bool test_bounds(struct codec_random *r, const struct codec_pair *p)
{
	void *obj = xmalloc(p->ours->size);
	bool ok;

	r->pool.used = 0;
	r->full = true;
	codec_random_obj(r, p->ours, obj);
	r->full = false;
	ok = round_trip(p, obj);
	free(obj);
	return ok;
}

/*
 * One bit wrong, or the end missing: refused, or an object that has just this encoding; a shorter
 * one if the bit made an advisory field.
 */
static bool damaged(const struct codec_pair *p, const u8 *buf, size_t len)
{
	const struct codec_msg *m = p->ours;
	struct codec_arena *arena = big_arena();
	void *obj = xmalloc(m->size), *zero = calloc(1, m->size);
	struct codec_err err = {};
	size_t len2 = 0;
	bool ok = true;
	u8 *buf2;
	int ret;

	ret = codec_decode(m, obj, buf, len, arena, &err);
	if (ret) {
		ok = ret == -EBADMSG && !memcmp(obj, zero, m->size) && !arena->used &&
		     err.msg && err.what && err.offset <= len;
	} else {
		buf2 = encode(m, obj, &len2);
		ok = buf2 && (len2 < len || (len2 == len && !memcmp(buf, buf2, len)));
		free(buf2);
	}
	if (!ok)
		fail("%s: %zu bytes: %d, %zu bytes again", m->name, len, ret, len2);
	free(zero);
	free(obj);
	return ok;
}

static bool test_damage(struct codec_random *r, const struct codec_pair *p)
{
	void *obj = xmalloc(p->ours->size);
	u8 *buf, *part;
	bool ok = true;
	size_t i, len, step;
	int round;

	for (round = 0; ok && round < 8; round++) {
		r->pool.used = 0;
		codec_random_obj(r, p->ours, obj);
		buf = encode(p->ours, obj, &len);
		if (!buf) {
			ok = false;
			break;
		}
		/* Every byte and bit of what is not very long. */
		step = 1 + len / 1024 * 37;
		for (i = 0; ok && i < len; i += step) {
			part = xmalloc(i);
			memcpy(part, buf, i);
			ok = damaged(p, part, i);
			free(part);
		}
		for (i = 0; ok && i < len * 8; i += step) {
			buf[i / 8] ^= 1 << i % 8;
			ok = damaged(p, buf, len);
			buf[i / 8] ^= 1 << i % 8;
		}
		free(buf);
	}
	free(obj);
	return ok;
}

/* The arena is filled to its last byte and not beyond; without enough of it nothing is taken. */
static bool arena_is_exact(const struct codec_msg *m, const void *obj)
{
	size_t room = m->arena_max + 64;
	struct codec_arena arena = { .base = xmalloc(room), .size = room };
	void *obj2 = xmalloc(m->size);
	struct codec_err err = {};
	u8 *buf, *buf2 = NULL;
	size_t len, len2, used;
	bool ok = false;
	int ret;

	buf = encode(m, obj, &len);
	if (!buf)
		goto out;
	if (codec_decode(m, obj2, buf, len, &arena, &err) || arena.used > m->arena_max) {
		fail("%s: needs %zu bytes, expected %zu", m->name, arena.used, m->arena_max);
		goto out;
	}
	used = arena.used;
	if (!used) {
		ok = !codec_decode(m, obj2, buf, len, NULL, NULL);
		if (!ok)
			fail("%s: needs an arena for nothing", m->name);
		goto out;
	}

	/* A size of just what it takes, behind something that is there already. */
	free(arena.base);
	arena = (struct codec_arena){ .base = xmalloc(used + 8), .size = used + 8, .used = 3 };
	memset(arena.base, 0xee, 8);
	ret = codec_decode(m, obj2, buf, len, &arena, &err);
	if (ret || arena.used != used + 8 || *(u64 *)arena.base != 0xeeeeeeeeeeeeeeee) {
		fail("%s: %d, arena at %zu, expected %zu", m->name, ret, arena.used, used + 8);
		goto out;
	}
	buf2 = encode(m, obj2, &len2);
	if (!buf2 || len2 != len || memcmp(buf, buf2, len)) {
		fail("%s: something else comes out of an exact arena", m->name);
		goto out;
	}

	for (arena.size = 0; arena.size < used + 8; arena.size += 1 + arena.size / 16) {
		arena.used = arena.size < 3 ? 0 : 3;
		ret = codec_decode(m, obj2, buf, len, &arena, &err);
		if (ret != -ENOMEM || arena.used != (arena.size < 3 ? 0 : 3)) {
			fail("%s: %d with an arena of %zu", m->name, ret, arena.size);
			goto out;
		}
	}
	arena.size = used + 7;
	arena.used = 3;
	ok = codec_decode(m, obj2, buf, len, &arena, &err) == -ENOMEM &&
	     codec_decode(m, obj2, buf, len, NULL, &err) == -ENOMEM && err.what;
	if (!ok)
		fail("%s: decoded without enough arena", m->name);
out:
	free(buf2);
	free(buf);
	free(obj2);
	free(arena.base);
	return ok;
}

static bool test_arena(struct codec_random *r, const struct codec_pair *p)
{
	void *obj = xmalloc(p->ours->size);
	bool ok = true;
	int i;

	for (i = 0; ok && i < 100; i++) {
		r->pool.used = 0;
		codec_random_obj(r, p->ours, obj);
		ok = arena_is_exact(p->ours, obj);
	}
	free(obj);
	return ok;
}

/* A buffer that is too short is left alone. */
static bool test_room(struct codec_random *r, const struct codec_pair *p)
{
	void *obj = xmalloc(p->ours->size);
	size_t i, len, size, used;
	bool ok = true;
	u8 *buf;
	int ret;

	r->pool.used = 0;
	codec_random_obj(r, p->ours, obj);
	size = codec_size(p->ours, obj);
	for (len = 0; ok && len < size; len += 1 + len / 8) {
		buf = xmalloc(len);
		memset(buf, 0xee, len);
		used = 4711;
		ret = codec_encode(p->ours, obj, buf, len, &used);
		ok = ret == -ENOSPC && used == 4711;
		for (i = 0; i < len; i++)
			ok = ok && buf[i] == 0xee;
		if (!ok)
			fail("%s: %d with %zu bytes for %zu", p->ours->name, ret, len, size);
		free(buf);
	}
	free(obj);
	return ok;
}

/* Objects that the encoder must not write. */

static bool refuses(const char *what, const struct codec_msg *m, const void *obj)
{
	size_t used = 4711;
	u8 buf[64] = {};

	if (codec_size(m, obj) == (size_t)-1 &&
	    codec_encode(m, obj, buf, sizeof(buf), &used) == -EINVAL && used == 4711 && !buf[0])
		return true;
	return fail("%s is encoded", what);
}

static bool test_encoder_refuses(void)
{
	struct pb_test_leaf leaf = { .has_b = true, .b = { (const u8 *)"12345", 5 } };
	struct pb_test_leaf leaves[4] = {};
	struct pb_test_types types = {};
	struct pb_test_arrays arrays = {};
	struct pb_test_nest3 nest = {};
	u32 numbers[4] = {};
	bool ok = true;

	ok &= refuses("a byte string beyond its bound", &pb_test_leaf_msg, &leaf);
	leaf.b = (struct codec_bytes){ NULL, 1 };
	ok &= refuses("a byte string at NULL", &pb_test_leaf_msg, &leaf);
	types.has_colour = true;
	types.colour = 3;
	ok &= refuses("an unknown value of an enum", &pb_test_types_msg, &types);
	types.has_colour = false;
	types.has_text = true;
	types.text = (struct codec_bytes){ (const u8 *)"ab\0", 3 };
	ok &= refuses("a NUL in a string", &pb_test_types_msg, &types);
	types.has_text = false;
	types.has_leaf = true;
	types.leaf = leaf;
	ok &= refuses("a message with a bad field", &pb_test_types_msg, &types);

	arrays.n_number = 4;
	arrays.number = numbers;
	ok &= refuses("an array beyond its bound", &pb_test_arrays_msg, &arrays);
	arrays.n_number = 1;
	arrays.number = NULL;
	ok &= refuses("an array at NULL", &pb_test_arrays_msg, &arrays);
	arrays.n_number = 0;
	arrays.n_pcolour = 4;
	arrays.pcolour = numbers;
	ok &= refuses("a packed array beyond its bound", &pb_test_arrays_msg, &arrays);
	arrays.n_pcolour = 2;
	numbers[1] = 3;
	ok &= refuses("an unknown value in an array of enums", &pb_test_arrays_msg, &arrays);
	nest.n_leaf = ~0U;
	nest.leaf = leaves;
	ok &= refuses("an array of messages beyond its bound", &pb_test_nest3_msg, &nest);
	nest.n_leaf = 3;
	leaves[2] = leaf;
	ok &= refuses("an array with a bad message", &pb_test_nest3_msg, &nest);
	return ok;
}

/* Fields that are absent are not looked at. */
static bool test_absent_is_ignored(void)
{
	struct pb_test_types types = { .colour = 77, .blob = { NULL, 99 } };

	return codec_size(&pb_test_types_msg, &types) == 0;
}

/* A message that may contain itself, which the generator refuses. */
struct endless {
	u32 n_inner;
	struct endless *inner;
};

static const struct codec_msg endless_msg;

static const struct codec_field endless_fields[] = {
	{ .name = "inner", .number = 1, .type = CODEC_MSG, .label = CODEC_REPEATED, .max = 1,
	  .offset = offsetof(struct endless, inner), .presence = offsetof(struct endless, n_inner),
	  .size = sizeof(struct endless), .sub = &endless_msg },
};

static const struct codec_msg endless_msg = {
	.name = "Endless", .fields = endless_fields, .nr_fields = 1, .size = sizeof(struct endless),
};

static bool test_depth(void)
{
	static const u8 four[] = { 10, 4, 10, 2, 10, 0 };
	static const u8 five[] = { 10, 6, 10, 4, 10, 2, 10, 0 };
	u64 mem[16];
	struct codec_arena arena = { .base = mem, .size = sizeof(mem) };
	struct endless e, loop = { .n_inner = 1, .inner = &loop };
	struct codec_err err = {};
	size_t used;
	u8 buf[8];

	if (codec_decode(&endless_msg, &e, four, sizeof(four), &arena, &err))
		return fail("four levels: %s", err_text(&err));
	if (codec_encode(&endless_msg, &e, buf, sizeof(buf), &used) || used != sizeof(four) ||
	    memcmp(buf, four, used))
		return fail("four levels are not encoded");
	arena.used = 0;
	if (codec_decode(&endless_msg, &e, five, sizeof(five), &arena, &err) != -EINVAL)
		return fail("five levels are accepted");
	if (codec_size(&endless_msg, &loop) != (size_t)-1)
		return fail("an endless object has a size");
	return true;
}

static bool test_len_max(void)
{
	struct pb_test_leaf leaf;
	struct codec_err err = {};

	return codec_decode(&pb_test_leaf_msg, &leaf, NULL, CODEC_LEN_MAX + 1UL, NULL, &err) ==
		-EBADMSG && !strcmp(err_text(&err), "TestLeaf: longer than any message");
}

/* The schema of the image says this; a change would break images that exist. */
static bool test_image_bytes(void)
{
	static const u8 expect[] = "\x08\x01\x10\xac\x02\x1a\x02\xab\xcd";
	static const u8 sha[] = { 0xab, 0xcd };
	struct pb_trailer t = { .records = 1, .pages = 300, .sha256 = { sha, sizeof(sha) } };
	size_t len;
	u8 *buf = encode(&pb_trailer_msg, &t, &len);
	bool ok = buf && len == sizeof(expect) - 1 && !memcmp(buf, expect, len);

	free(buf);
	return ok;
}

static const struct {
	const char *name;
	bool (*fn)(void);
} tests[] = {
	{ "the encoder refuses what violates the schema", test_encoder_refuses },
	{ "values of absent fields do not matter", test_absent_is_ignored },
	{ "nesting ends at CODEC_DEPTH_MAX", test_depth },
	{ "length ends at CODEC_LEN_MAX", test_len_max },
	{ "an encoding of the image's schema, byte by byte", test_image_bytes },
};

static const struct {
	const char *name;
	bool (*fn)(struct codec_random *r, const struct codec_pair *p);
} msg_tests[] = {
	{ "as protobuf-c has it, both ways", test_round_trips },
	{ "everything at its bound", test_bounds },
	{ "truncated, or with one bit wrong", test_damage },
	{ "arenas of every size", test_arena },
	{ "output buffers that are too short", test_room },
};

/*
 * Messages that the decoder refuses: the message, its bytes, where it stumbles, and what it says.
 * LEAF is a complete TestLeaf.
 */
struct refused {
	const char *name;
	const struct codec_msg *msg;
	const char *bytes;
	size_t len;
	u32 offset;
	u32 number;
	const char *text;
};

#define LEAF "\x08\x01"
#define NO(name, msg, bytes, offset, number, text) \
	{ name, &pb_test_##msg##_msg, bytes, sizeof(bytes) - 1, offset, number, text }

#include "codec_refused.h"

static bool test_refused(const struct refused *t)
{
	struct codec_arena *arena = big_arena();
	void *obj = xmalloc(t->msg->size), *zero = calloc(1, t->msg->size);
	struct codec_err err = {};
	u8 *buf = xmalloc(t->len);
	bool ok;
	int ret;

	memcpy(buf, t->bytes, t->len);
	ret = codec_decode(t->msg, obj, buf, t->len, arena, &err);
	ok = ret == -EBADMSG && !strcmp(err_text(&err), t->text) && err.offset == t->offset &&
	     err.number == t->number && !memcmp(obj, zero, t->msg->size) && !arena->used &&
	     codec_decode(t->msg, obj, buf, t->len, arena, NULL) == ret;
	if (ret != -EBADMSG)
		fail("%d", ret);
	else if (!ok)
		fail("at %u, field %u: %s", err.offset, err.number, err_text(&err));
	free(buf);
	free(zero);
	free(obj);
	return ok;
}

/* Messages that it accepts, and the part that is left: all if @rest is NULL. */
struct accepted {
	const char *name;
	const struct codec_msg *msg;
	const char *bytes;
	size_t len;
	const char *rest;
	size_t rest_len;
};

#define YES(name, msg, bytes) \
	{ name, &pb_test_##msg##_msg, bytes, sizeof(bytes) - 1, NULL, 0 }
#define SKIP(name, msg, bytes, rest) \
	{ name, &pb_test_##msg##_msg, bytes, sizeof(bytes) - 1, rest, sizeof(rest) - 1 }

static const struct accepted accepted[] = {
	YES("an empty message", types, ""),
	YES("optional fields that are zero", types,
	    "\x08\x00\x10\x00\x18\x00\x20\x00\x28\x00\x3a\x00\x42\x00\x4a\x02\x08\x00"),
	YES("the largest uint32", types, "\x08\xff\xff\xff\xff\x0f"),
	YES("the largest uint64", types, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	YES("the smallest sint32", types, "\x18\xff\xff\xff\xff\x0f"),
	YES("the largest field number", labels,
	    "\x10\x01\x82\x01\x02" LEAF "\xc0\x3e\x01\xf8\xff\xff\xff\x0f\x01"),
	YES("arrays at their bound", arrays, "\x08\x01\x08\x02\x08\x03\x4a\x03\x01\x02\x03"),
	SKIP("advisory varint", leaf, LEAF "\xc0\x3e\x80\x01", LEAF),
	SKIP("advisory fixed64", leaf, LEAF "\xc1\x3e" "12345678", LEAF),
	SKIP("advisory bytes", leaf, LEAF "\xc2\x3e\x03" "abc", LEAF),
	SKIP("advisory fixed32", leaf, LEAF "\xc5\x3e" "1234", LEAF),
	SKIP("the same advisory field again", leaf, LEAF "\xc0\x3e\x01\xc0\x3e\x01\xc2\x3e\x00",
	     LEAF),
	SKIP("advisory fields in an inner message", types, "\x4a\x05" LEAF "\xc0\x3e\x01",
	     "\x4a\x02" LEAF),
	SKIP("advisory fields in an array", arrays, "\x3a\x05" LEAF "\xc0\x3e\x01\x3a\x02" LEAF,
	     "\x3a\x02" LEAF "\x3a\x02" LEAF),
	SKIP("an advisory field between known ones", labels,
	     "\x10\x01\x82\x01\x02" LEAF "\xc0\x3e\x01\xc8\x3e\x01\xf8\xff\xff\xff\x0f\x01",
	     "\x10\x01\x82\x01\x02" LEAF "\xc0\x3e\x01\xf8\xff\xff\xff\x0f\x01"),
};

static bool test_accepted(const struct accepted *t)
{
	const char *rest = t->rest ? t->rest : t->bytes;
	size_t rest_len = t->rest ? t->rest_len : t->len;
	u8 *buf = xmalloc(t->len);
	struct codec_err err;
	bool ok;

	memcpy(buf, t->bytes, t->len);
	ok = decode_encode(t->msg, buf, t->len, (const u8 *)rest, rest_len, &err);
	if (!ok && err.what)
		fail("at %u: %s", err.offset, err_text(&err));
	free(buf);
	return ok;
}

int main(void)
{
	struct codec_random *r = new_random();
	char name[200];
	size_t i, j;

	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(tests) + ARRAY_SIZE(refused) +
	       ARRAY_SIZE(accepted) + ARRAY_SIZE(msg_tests) * codec_nr_pairs);
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		report(tests[i].fn(), tests[i].name);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		snprintf(name, sizeof(name), "refused: %s", refused[i].name);
		report(test_refused(&refused[i]), name);
	}
	for (i = 0; i < ARRAY_SIZE(accepted); i++) {
		snprintf(name, sizeof(name), "accepted: %s", accepted[i].name);
		report(test_accepted(&accepted[i]), name);
	}
	for (i = 0; i < codec_nr_pairs; i++) {
		for (j = 0; j < ARRAY_SIZE(msg_tests); j++) {
			snprintf(name, sizeof(name), "%s: %s", codec_pairs[i].ours->name,
				 msg_tests[j].name);
			report(msg_tests[j].fn(r, &codec_pairs[i]), name);
		}
	}
	free(big_arena()->base);
	free_random(r);
	if (nr_failed)
		printf("# %u of %u failed\n", nr_failed, nr_done);
	return !!nr_failed;
}
