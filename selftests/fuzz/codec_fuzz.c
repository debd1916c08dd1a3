// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes kernel/image/codec.c. The first byte of the input selects the message, the second how much
 * arena there is; the rest is the message.
 *
 * A message that the decoder accepts must encode to the same bytes, be taken by protobuf-c as well
 * and come out of it unchanged, and need just as much arena as the decoder says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec_util.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		abort();							\
	}									\
} while (0)

static void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	CHECK(p);
	return p;
}

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

static bool is_error(const struct codec_err *err, size_t len)
{
	return err->msg && err->what && err->offset <= len;
}

/* Reads a number that the decoder has checked. */
static u64 get(const u8 **p)
{
	unsigned int shift = 0;
	u64 v = 0;

	do
		v |= (u64)(**p & 0x7f) << shift;
	while (shift += 7, *(*p)++ & 0x80);
	return v;
}

/* Whether an accepted message holds fields that are not in the table. */
static bool has_advisory(const struct codec_msg *m, const u8 *p, const u8 *end)
{
	const struct codec_field *f, *last = m->fields + m->nr_fields;
	u32 len;
	u64 tag;

	while (p < end) {
		tag = get(&p);
		for (f = m->fields; f < last && f->number != tag >> 3; f++)
			;
		if (f == last)
			return true;
		switch (tag & 7) {
		case 0:
			get(&p);
			break;
		case 1:
			p += 8;
			break;
		default:
			len = get(&p);
			if (f->type == CODEC_MSG && has_advisory(f->sub, p, p + len))
				return true;
			p += len;
		}
	}
	return false;
}

static u8 *encode(const struct codec_msg *m, const void *obj, size_t *len)
{
	size_t size = codec_size(m, obj);
	u8 *buf;

	CHECK(size <= CODEC_LEN_MAX);
	buf = xmalloc(size);
	CHECK(!codec_encode(m, obj, buf, size, len));
	CHECK(*len == size);
	return buf;
}

/* An arena that is smaller by any amount does not do, one of just this size does. */
static void check_arena(const struct codec_msg *m, const u8 *buf, size_t len, size_t used, u8 part,
			const u8 *expect, size_t expect_len)
{
	struct codec_arena arena = { .base = xmalloc(used), .size = used };
	void *obj = xmalloc(m->size);
	struct codec_err err = {};
	size_t again_len;
	u8 *again;

	CHECK(!codec_decode(m, obj, buf, len, &arena, &err));
	CHECK(arena.used == used);
	again = encode(m, obj, &again_len);
	CHECK(again_len == expect_len && !memcmp(again, expect, again_len));
	free(again);
	free(arena.base);

	if (used) {
		arena.size = (used - 1) * part / 255;
		arena.base = xmalloc(arena.size);
		arena.used = 0;
		CHECK(codec_decode(m, obj, buf, len, &arena, &err) == -ENOMEM);
		CHECK(!arena.used && is_error(&err, len));
		free(arena.base);
	}
	free(obj);
}

static void check_theirs(const struct codec_pair *p, const void *obj, const u8 *buf, size_t len)
{
	ProtobufCMessage *theirs = protobuf_c_message_unpack(p->theirs, NULL, len, buf);
	u8 *again;

	CHECK(theirs);
	CHECK(!codec_differs(p->ours, obj, theirs));
	CHECK(protobuf_c_message_get_packed_size(theirs) == len);
	again = xmalloc(len);
	protobuf_c_message_pack(theirs, again);
	CHECK(!memcmp(again, buf, len));
	free(again);
	protobuf_c_message_free_unpacked(theirs, NULL);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct codec_arena *arena = big_arena();
	struct codec_err err = {};
	const struct codec_pair *p;
	size_t len, again_len;
	const u8 *buf;
	u8 *again;
	void *obj;
	int ret;

	if (size < 2)
		return 0;
	p = &codec_pairs[data[0] % codec_nr_pairs];
	buf = data + 2;
	len = size - 2;
	obj = xmalloc(p->ours->size);

	ret = codec_decode(p->ours, obj, buf, len, arena, &err);
	if (ret) {
		CHECK(ret == -EBADMSG);
		CHECK(!arena->used && is_error(&err, len));
		free(obj);
		return 0;
	}

	again = encode(p->ours, obj, &again_len);
	if (has_advisory(p->ours, buf, buf + len))
		CHECK(again_len < len);
	else
		CHECK(again_len == len && !memcmp(again, buf, len));
	check_theirs(p, obj, again, again_len);
	check_arena(p->ours, buf, len, arena->used, data[1], again, again_len);
	free(again);
	free(obj);
	return 0;
}
