// SPDX-License-Identifier: GPL-2.0
/*
 * Functions that the codec's tests share; see codec_util.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec_test.gen.h"
#include "codec_test.pb-c.h"
#include "codec_util.h"
#include "ckpt_image.pb-c.h"
#include "schema.gen.h"

/* messages.list is made from the generated headers: X(name) for every message. */
const struct codec_pair codec_pairs[] = {
#define X(name) { &pb_##name##_msg, &ckpt__##name##__descriptor },
#include "messages.list"
#undef X
};

const unsigned int codec_nr_pairs = ARRAY_SIZE(codec_pairs);

/* xorshift64 */
static u64 next(struct codec_random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

u64 codec_random_u64(struct codec_random *r)
{
	u64 v = next(r) >> next(r) % 64;

	switch (next(r) % 8) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:	/* either side of where a varint grows */
		return (1ULL << next(r) % 10 * 7) - next(r) % 2;
	default:
		return v;
	}
}

static void *pool_alloc(struct codec_random *r, size_t size)
{
	void *p;

	r->pool.used = CODEC_ALIGN(r->pool.used);
	if (size > r->pool.size - r->pool.used) {
		fprintf(stderr, "codec_random: the pool is too small\n");
		abort();
	}
	p = r->pool.base + r->pool.used;
	r->pool.used += size;
	return p;
}

static u32 random_count(struct codec_random *r, u32 max)
{
	u32 n;

	if (r->full)
		return max;
	switch (next(r) % 32) {
	case 0:
		n = 300;
		break;
	case 1:
		n = max;
		break;
	default:
		n = next(r) % 5;
	}
	if (n > 4096)
		n = 4096;
	return n < max ? n : max;
}

static void random_bytes(struct codec_random *r, const struct codec_field *f, struct codec_bytes *b)
{
	static u8 longest[1 << 16];
	u8 *data;
	u32 i;

	b->len = random_count(r, f->max);
	if (b->len <= sizeof(longest) && r->full) {
		memset(longest, 'x', sizeof(longest));
		b->data = longest;
		return;
	}
	data = pool_alloc(r, b->len);
	for (i = 0; i < b->len; i++) {
		data[i] = next(r);
		if (f->type == CODEC_STRING && !data[i])
			data[i] = 'x';
	}
	b->data = data;
}

static void random_value(struct codec_random *r, const struct codec_field *f, void *value)
{
	u64 v = r->full ? ~0ULL : codec_random_u64(r);

	switch (f->type) {
	case CODEC_U32:
		*(u32 *)value = v;
		break;
	case CODEC_U64:
	case CODEC_FIXED64:
		*(u64 *)value = v;
		break;
	case CODEC_S32:
		*(s32 *)value = r->full ? (s32)(1U << 31) : (s32)v;
		break;
	case CODEC_BOOL:
		*(bool *)value = v & 1;
		break;
	case CODEC_ENUM:
		*(u32 *)value = v % (f->value_max + 1ULL);
		break;
	case CODEC_BYTES:
	case CODEC_STRING:
		random_bytes(r, f, value);
		break;
	case CODEC_MSG:
		codec_random_obj(r, f->sub, value);
		break;
	}
}

static bool is_array(const struct codec_field *f)
{
	return f->label == CODEC_REPEATED || f->label == CODEC_PACKED;
}

void codec_random_obj(struct codec_random *r, const struct codec_msg *m, void *obj)
{
	const struct codec_field *f;
	void *value;
	u32 i, n;

	memset(obj, 0, m->size);
	for (f = m->fields; f < m->fields + m->nr_fields; f++) {
		value = obj + f->offset;
		n = 1;
		if (f->label == CODEC_OPTIONAL) {
			n = r->full || next(r) % 2;
			*(bool *)(obj + f->presence) = n;
		} else if (is_array(f)) {
			n = random_count(r, f->max);
			*(u32 *)(obj + f->presence) = n;
			*(void **)value = pool_alloc(r, (size_t)n * f->size);
			value = *(void **)value;
		}
		for (i = 0; i < n; i++)
			random_value(r, f, value + (size_t)i * f->size);
	}
}

/* Reads a scalar; an s32 with its sign. */
static u64 our_scalar(const struct codec_field *f, const void *value)
{
	switch (f->type) {
	case CODEC_U64:
	case CODEC_FIXED64:
		return *(const u64 *)value;
	case CODEC_S32:
		return *(const s32 *)value;
	case CODEC_BOOL:
		return *(const bool *)value;
	default:
		return *(const u32 *)value;
	}
}

static u64 their_scalar(const ProtobufCFieldDescriptor *d, const void *value)
{
	switch (d->type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return *(const uint64_t *)value;
	case PROTOBUF_C_TYPE_SINT32:
		return *(const int32_t *)value;
	case PROTOBUF_C_TYPE_BOOL:
		return *(const protobuf_c_boolean *)value;
	default:
		return *(const uint32_t *)value;
	}
}

static size_t their_size(const ProtobufCFieldDescriptor *d)
{
	switch (d->type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	default:
		return 4;
	}
}

/* Exits if the two schemas differ. */
static const ProtobufCFieldDescriptor *their_field(const ProtobufCMessageDescriptor *desc,
						   const struct codec_msg *m,
						   const struct codec_field *f)
{
	static const int types[] = {
		[CODEC_U32] = PROTOBUF_C_TYPE_UINT32, [CODEC_U64] = PROTOBUF_C_TYPE_UINT64,
		[CODEC_S32] = PROTOBUF_C_TYPE_SINT32, [CODEC_BOOL] = PROTOBUF_C_TYPE_BOOL,
		[CODEC_ENUM] = PROTOBUF_C_TYPE_ENUM, [CODEC_FIXED64] = PROTOBUF_C_TYPE_FIXED64,
		[CODEC_BYTES] = PROTOBUF_C_TYPE_BYTES, [CODEC_STRING] = PROTOBUF_C_TYPE_STRING,
		[CODEC_MSG] = PROTOBUF_C_TYPE_MESSAGE,
	};
	static const int labels[] = {
		[CODEC_REQUIRED] = PROTOBUF_C_LABEL_REQUIRED,
		[CODEC_OPTIONAL] = PROTOBUF_C_LABEL_OPTIONAL,
		[CODEC_REPEATED] = PROTOBUF_C_LABEL_REPEATED,
		[CODEC_PACKED] = PROTOBUF_C_LABEL_REPEATED,
	};
	const ProtobufCFieldDescriptor *d;

	d = protobuf_c_message_descriptor_get_field(desc, f->number);
	if (!d || strcmp(d->name, f->name) || (int)d->type != types[f->type] ||
	    (int)d->label != labels[f->label] || desc->n_fields != m->nr_fields ||
	    !(d->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != (f->label != CODEC_PACKED)) {
		printf("Bail out! %s.%s is not as protobuf-c has it\n", m->name, f->name);
		exit(1);
	}
	return d;
}

static void *zalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

static void *copy(const struct codec_bytes *b)
{
	char *p = zalloc((size_t)b->len + 1);

	if (b->len)
		memcpy(p, b->data, b->len);
	return p;
}

static void put_theirs(const struct codec_field *f, const void *value,
		       const ProtobufCFieldDescriptor *d, void *their)
{
	const struct codec_bytes *b = value;
	ProtobufCBinaryData *data = their;

	switch (f->type) {
	case CODEC_U64:
	case CODEC_FIXED64:
		*(uint64_t *)their = our_scalar(f, value);
		break;
	case CODEC_BOOL:
		*(protobuf_c_boolean *)their = our_scalar(f, value);
		break;
	case CODEC_BYTES:
		data->data = copy(b);
		data->len = b->len;
		break;
	case CODEC_STRING:
		*(char **)their = copy(b);
		break;
	case CODEC_MSG:
		*(void **)their = codec_to_theirs(f->sub, value, d->descriptor);
		break;
	default:
		*(uint32_t *)their = our_scalar(f, value);
	}
}

ProtobufCMessage *codec_to_theirs(const struct codec_msg *m, const void *obj,
				  const ProtobufCMessageDescriptor *desc)
{
	ProtobufCMessage *msg = zalloc(desc->sizeof_message);
	const ProtobufCFieldDescriptor *d;
	const struct codec_field *f;
	const void *value;
	void *their;
	u32 i, n;

	protobuf_c_message_init(desc, msg);
	for (f = m->fields; f < m->fields + m->nr_fields; f++) {
		d = their_field(desc, m, f);
		value = obj + f->offset;
		their = (void *)msg + d->offset;
		n = 1;
		if (is_array(f)) {
			n = *(const u32 *)(obj + f->presence);
			value = *(void *const *)value;
			*(size_t *)((void *)msg + d->quantifier_offset) = n;
			if (n)
				*(void **)their = zalloc(n * their_size(d));
			their = *(void **)their;
		} else if (f->label == CODEC_OPTIONAL) {
			n = *(const bool *)(obj + f->presence);
			if (f->type != CODEC_MSG && f->type != CODEC_STRING)
				*(protobuf_c_boolean *)((void *)msg + d->quantifier_offset) = n;
		}
		for (i = 0; i < n; i++)
			put_theirs(f, value + (size_t)i * f->size, d, their + i * their_size(d));
	}
	return msg;
}

static bool value_differs(const struct codec_field *f, const void *value,
			  const ProtobufCFieldDescriptor *d, const void *their)
{
	const ProtobufCBinaryData *data = their;
	const struct codec_bytes *b = value;
	const char *s;

	switch (f->type) {
	case CODEC_BYTES:
		return data->len != b->len || (b->len && memcmp(data->data, b->data, b->len));
	case CODEC_STRING:
		s = *(const char *const *)their;
		return !s || strlen(s) != b->len || (b->len && memcmp(s, b->data, b->len));
	case CODEC_MSG:
		return codec_differs(f->sub, value, *(void *const *)their);
	default:
		return our_scalar(f, value) != their_scalar(d, their);
	}
}

const char *codec_differs(const struct codec_msg *m, const void *obj,
			  const ProtobufCMessage *theirs)
{
	const ProtobufCFieldDescriptor *d;
	const struct codec_field *f;
	const void *value, *their;
	u32 i, n;
	size_t k;

	for (f = m->fields; f < m->fields + m->nr_fields; f++) {
		d = their_field(theirs->descriptor, m, f);
		value = obj + f->offset;
		their = (const void *)theirs + d->offset;
		n = 1;
		k = 1;
		if (is_array(f)) {
			n = *(const u32 *)(obj + f->presence);
			k = *(const size_t *)((const void *)theirs + d->quantifier_offset);
			value = *(void *const *)value;
			their = *(void *const *)their;
		} else if (f->label == CODEC_OPTIONAL) {
			n = *(const bool *)(obj + f->presence);
			if (f->type == CODEC_MSG || f->type == CODEC_STRING)
				k = *(void *const *)their != d->default_value;
			else
				k = *(const protobuf_c_boolean *)((const void *)theirs +
								  d->quantifier_offset);
		}
		if (n != k)
			return f->name;
		for (i = 0; i < n; i++) {
			if (value_differs(f, value + (size_t)i * f->size, d,
					  their + i * their_size(d)))
				return f->name;
		}
	}
	return NULL;
}
