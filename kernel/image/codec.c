// SPDX-License-Identifier: GPL-2.0
/*
 * A small, strict, bounded protobuf codec, driven by tables; see codec.h.
 */
#include "codec.h"

/* Wire types; 3 and 4 (groups) are never accepted. */
enum codec_wire {
	CODEC_WIRE_VARINT = 0,
	CODEC_WIRE_64 = 1,
	CODEC_WIRE_LEN = 2,
	CODEC_WIRE_32 = 5,
};

static bool codec_is_array(const struct codec_field *f)
{
	return f->label == CODEC_REPEATED || f->label == CODEC_PACKED;
}

static enum codec_wire codec_wire(const struct codec_field *f)
{
	if (f->label == CODEC_PACKED)
		return CODEC_WIRE_LEN;

	switch (f->type) {
	case CODEC_FIXED64:
		return CODEC_WIRE_64;
	case CODEC_BYTES:
	case CODEC_STRING:
	case CODEC_MSG:
		return CODEC_WIRE_LEN;
	default:
		return CODEC_WIRE_VARINT;
	}
}

static u32 codec_tag(const struct codec_field *f)
{
	return f->number << 3 | codec_wire(f);
}

/* Encoder. First everything is checked and measured, then it is written without checks. */

static size_t codec_varint_size(u64 v)
{
	size_t n = 1;

	while (v >>= 7)
		n++;
	return n;
}

/* The number that a scalar's varint holds. */
static u64 codec_scalar(const struct codec_field *f, const void *value)
{
	s32 s;

	switch (f->type) {
	case CODEC_U64:
	case CODEC_FIXED64:
		return *(const u64 *)value;
	case CODEC_S32:
		s = *(const s32 *)value;
		return (u32)s << 1 ^ (s < 0 ? ~0U : 0);
	case CODEC_BOOL:
		return *(const bool *)value;
	default:
		return *(const u32 *)value;
	}
}

/*
 * The values of a field and their number: 0 if an optional one is absent. NULL if an array has
 * values but no pointer.
 */
static const void *codec_values(const struct codec_field *f, const void *obj, u32 *n)
{
	const void *value = obj + f->offset;
	const void *presence = obj + f->presence;
	const void *array;

	switch (f->label) {
	case CODEC_REQUIRED:
		*n = 1;
		return value;
	case CODEC_OPTIONAL:
		*n = *(const bool *)presence;
		return value;
	default:
		*n = *(const u32 *)presence;
		/* A copy, as the pointer's type is known to the struct alone. */
		memcpy(&array, value, sizeof(array));
		return array;
	}
}

/* Most fields are, and a program is frozen meanwhile: short work of these. */
static inline bool codec_unset(const struct codec_field *f, const void *obj)
{
	return f->label == CODEC_OPTIONAL && !*(const bool *)(obj + f->presence);
}

static int codec_measure(const struct codec_msg *m, const void *obj, unsigned int depth,
			 size_t *size);

/* The size of a value without its tag; with its length, if it has one. */
static int codec_measure_value(const struct codec_field *f, const void *value,
			       unsigned int depth, size_t *size)
{
	const struct codec_bytes *b;
	int ret;

	switch (f->type) {
	case CODEC_FIXED64:
		*size = 8;
		return 0;
	case CODEC_MSG:
		ret = codec_measure(f->sub, value, depth + 1, size);
		if (ret)
			return ret;
		*size += codec_varint_size(*size);
		return 0;
	case CODEC_BYTES:
	case CODEC_STRING:
		b = value;
		if (b->len > f->max || b->len > CODEC_LEN_MAX || (b->len && !b->data))
			return -EINVAL;
		if (f->type == CODEC_STRING && b->len && memchr(b->data, 0, b->len))
			return -EINVAL;
		*size = codec_varint_size(b->len) + b->len;
		return 0;
	case CODEC_ENUM:
		if (*(const u32 *)value > f->value_max)
			return -EINVAL;
		fallthrough;
	default:
		*size = codec_varint_size(codec_scalar(f, value));
		return 0;
	}
}

/* The size of a packed field's values. */
static size_t codec_packed_size(const struct codec_field *f, const void *values, u32 n)
{
	size_t size = 0;
	u32 i;

	if (f->type == CODEC_FIXED64)
		return (size_t)n * 8;
	for (i = 0; i < n; i++)
		size += codec_varint_size(codec_scalar(f, values + (size_t)i * f->size));
	return size;
}

static int codec_measure_field(const struct codec_field *f, const void *obj,
			       unsigned int depth, size_t *size)
{
	size_t tag = codec_varint_size(codec_tag(f));
	const void *values;
	size_t one;
	u32 i, n;
	int ret;

	*size = 0;
	values = codec_values(f, obj, &n);
	if (codec_is_array(f) && (n > f->max || (n && !values)))
		return -EINVAL;

	for (i = 0; i < n; i++) {
		ret = codec_measure_value(f, values + (size_t)i * f->size, depth, &one);
		if (ret)
			return ret;
		if (f->label == CODEC_REPEATED || !i)
			one += tag;
		*size += one;
		if (*size > CODEC_LEN_MAX)
			return -EINVAL;
	}
	if (f->label == CODEC_PACKED && n)
		*size += codec_varint_size(*size - tag);
	return 0;
}

static int codec_measure(const struct codec_msg *m, const void *obj, unsigned int depth,
			 size_t *size)
{
	size_t one;
	int i, ret;

	*size = 0;
	if (depth > CODEC_DEPTH_MAX)
		return -EINVAL;
	for (i = 0; i < m->nr_fields; i++) {
		if (codec_unset(&m->fields[i], obj))
			continue;
		ret = codec_measure_field(&m->fields[i], obj, depth, &one);
		if (ret)
			return ret;
		*size += one;
		if (*size > CODEC_LEN_MAX)
			return -EINVAL;
	}
	return 0;
}

static u8 *codec_put_varint(u8 *p, u64 v)
{
	while (v >= 0x80) {
		*p++ = v | 0x80;
		v >>= 7;
	}
	*p++ = v;
	return p;
}

static u8 *codec_put_64(u8 *p, u64 v)
{
	int i;

	for (i = 0; i < 8; i++)
		*p++ = v >> 8 * i;
	return p;
}

static u8 *codec_put_msg(u8 *p, const struct codec_msg *m, const void *obj, unsigned int depth);

static u8 *codec_put_value(u8 *p, const struct codec_field *f, const void *value,
			   unsigned int depth)
{
	const struct codec_bytes *b;
	size_t size;

	switch (f->type) {
	case CODEC_FIXED64:
		return codec_put_64(p, codec_scalar(f, value));
	case CODEC_MSG:
		codec_measure(f->sub, value, depth + 1, &size);
		p = codec_put_varint(p, size);
		return codec_put_msg(p, f->sub, value, depth + 1);
	case CODEC_BYTES:
	case CODEC_STRING:
		b = value;
		p = codec_put_varint(p, b->len);
		if (b->len)
			memcpy(p, b->data, b->len);
		return p + b->len;
	default:
		return codec_put_varint(p, codec_scalar(f, value));
	}
}

static u8 *codec_put_msg(u8 *p, const struct codec_msg *m, const void *obj, unsigned int depth)
{
	const struct codec_field *f;
	const void *values;
	u32 i, n;

	for (f = m->fields; f < m->fields + m->nr_fields; f++) {
		if (codec_unset(f, obj))
			continue;
		values = codec_values(f, obj, &n);
		for (i = 0; i < n; i++) {
			if (f->label == CODEC_REPEATED || !i)
				p = codec_put_varint(p, codec_tag(f));
			if (f->label == CODEC_PACKED && !i)
				p = codec_put_varint(p, codec_packed_size(f, values, n));
			p = codec_put_value(p, f, values + (size_t)i * f->size, depth);
		}
	}
	return p;
}

size_t codec_size(const struct codec_msg *m, const void *obj)
{
	size_t size;

	return codec_measure(m, obj, 1, &size) ? (size_t)-1 : size;
}

int codec_encode(const struct codec_msg *m, const void *obj, u8 *buf, size_t len, size_t *used)
{
	size_t size;
	int ret;

	ret = codec_measure(m, obj, 1, &size);
	if (ret)
		return ret;
	if (size > len)
		return -ENOSPC;
	codec_put_msg(buf, m, obj, 1);
	*used = size;
	return 0;
}

/* Decoder. */

/**
 * struct codec_in - what is being decoded
 * @buf: the outermost message
 * @pos: the next byte
 * @end: behind the last byte of the innermost message or packed field
 * @at: start of the tag, length or value that is being read
 * @msg: the innermost message, for errors
 * @field: its field, or NULL, for errors
 * @number: the number in the last tag, or 0, for errors
 * @arena: takes arrays
 * @err: takes the error, or NULL
 */
struct codec_in {
	const u8 *buf;
	u32 pos;
	u32 end;
	u32 at;
	const struct codec_msg *msg;
	const struct codec_field *field;
	u32 number;
	struct codec_arena *arena;
	struct codec_err *err;
};

static int codec_fail(struct codec_in *in, int ret, const char *what)
{
	if (in->err) {
		in->err->msg = in->msg->name;
		in->err->field = in->field ? in->field->name : NULL;
		in->err->what = what;
		in->err->number = in->field ? in->field->number : in->number;
		in->err->offset = in->at;
	}
	return ret;
}

static int codec_bad(struct codec_in *in, const char *what)
{
	return codec_fail(in, -EBADMSG, what);
}

static int codec_get_varint(struct codec_in *in, u64 *v)
{
	unsigned int shift;
	u8 b;

	in->at = in->pos;
	*v = 0;
	for (shift = 0; shift < 70; shift += 7) {
		if (in->pos == in->end)
			return codec_bad(in, "number is cut short");
		b = in->buf[in->pos++];
		if (shift == 63 && b > 1)
			break;
		*v |= (u64)(b & 0x7f) << shift;
		if (b & 0x80)
			continue;
		if (!b && shift)
			return codec_bad(in, "number is longer than need be");
		return 0;
	}
	return codec_bad(in, "number exceeds 64 bits");
}

/* Reads a number up to @max. */
static int codec_get_number(struct codec_in *in, u64 max, const char *what, u32 *n)
{
	u64 v;
	int ret;

	ret = codec_get_varint(in, &v);
	if (ret)
		return ret;
	if (v > max)
		return codec_bad(in, what);
	*n = v;
	return 0;
}

/* Reads a length; as many bytes follow. */
static int codec_get_len(struct codec_in *in, u32 *len)
{
	int ret;

	ret = codec_get_number(in, CODEC_LEN_MAX, "length is out of bounds", len);
	if (ret)
		return ret;
	if (*len > in->end - in->pos)
		return codec_bad(in, "longer than what it is part of");
	return 0;
}

static int codec_get_64(struct codec_in *in, u64 *v)
{
	int i;

	in->at = in->pos;
	if (in->end - in->pos < 8)
		return codec_bad(in, "number is cut short");
	*v = 0;
	for (i = 0; i < 8; i++)
		*v |= (u64)in->buf[in->pos++] << 8 * i;
	return 0;
}

static int codec_get_tag(struct codec_in *in, u32 *tag)
{
	int ret;

	in->field = NULL;
	in->number = 0;
	ret = codec_get_number(in, ~0U, "tag exceeds 32 bits", tag);
	if (ret)
		return ret;
	if (!(*tag >> 3))
		return codec_bad(in, "field number 0");
	in->number = *tag >> 3;
	return 0;
}

/* Passes over a value of any field. */
static int codec_skip(struct codec_in *in, u32 wire)
{
	u32 len;
	u64 v;
	int ret;

	switch (wire) {
	case CODEC_WIRE_VARINT:
		return codec_get_varint(in, &v);
	case CODEC_WIRE_64:
		return codec_get_64(in, &v);
	case CODEC_WIRE_LEN:
		ret = codec_get_len(in, &len);
		if (ret)
			return ret;
		break;
	case CODEC_WIRE_32:
		len = 4;
		in->at = in->pos;
		if (in->end - in->pos < len)
			return codec_bad(in, "number is cut short");
		break;
	default:
		return codec_bad(in, "unknown wire type");
	}
	in->pos += len;
	return 0;
}

/* Takes a zeroed array from the arena. */
static void *codec_alloc(struct codec_in *in, u32 n, u16 size)
{
	struct codec_arena *arena = in->arena;
	u64 bytes = (u64)n * size;
	u64 start;
	void *p;

	if (!arena)
		return NULL;
	start = CODEC_ALIGN((u64)arena->used);
	if (start > arena->size || bytes > arena->size - start)
		return NULL;
	p = arena->base + start;
	arena->used = start + bytes;
	memset(p, 0, bytes);
	return p;
}

static int codec_get_msg(struct codec_in *in, const struct codec_msg *m, void *obj,
			 unsigned int depth);

/* Reads a message with its length in front. */
static int codec_get_sub(struct codec_in *in, const struct codec_field *f, void *obj,
			 unsigned int depth)
{
	const struct codec_msg *outer = in->msg;
	u32 end = in->end;
	u32 len;
	int ret;

	ret = codec_get_len(in, &len);
	if (ret)
		return ret;
	in->end = in->pos + len;
	ret = codec_get_msg(in, f->sub, obj, depth + 1);
	if (ret)
		return ret;
	in->end = end;
	in->msg = outer;
	in->field = f;
	return 0;
}

static int codec_get_bytes(struct codec_in *in, const struct codec_field *f,
			   struct codec_bytes *b)
{
	u32 len;
	int ret;

	ret = codec_get_len(in, &len);
	if (ret)
		return ret;
	if (len > f->max)
		return codec_bad(in, "longer than allowed");
	if (f->type == CODEC_STRING && len && memchr(in->buf + in->pos, 0, len))
		return codec_bad(in, "NUL in a string");
	b->data = in->buf + in->pos;
	b->len = len;
	in->pos += len;
	return 0;
}

static int codec_get_value(struct codec_in *in, const struct codec_field *f, void *value,
			   unsigned int depth)
{
	u32 n;
	int ret;

	switch (f->type) {
	case CODEC_U32:
		return codec_get_number(in, ~0U, "number exceeds 32 bits", value);
	case CODEC_U64:
		return codec_get_varint(in, value);
	case CODEC_S32:
		ret = codec_get_number(in, ~0U, "number exceeds 32 bits", &n);
		if (!ret)
			*(s32 *)value = n >> 1 ^ (n & 1 ? ~0U : 0);
		return ret;
	case CODEC_BOOL:
		ret = codec_get_number(in, 1, "neither true nor false", &n);
		if (!ret)
			*(bool *)value = n;
		return ret;
	case CODEC_ENUM:
		return codec_get_number(in, f->value_max, "unknown value", value);
	case CODEC_FIXED64:
		return codec_get_64(in, value);
	case CODEC_BYTES:
	case CODEC_STRING:
		return codec_get_bytes(in, f, value);
	case CODEC_MSG:
		return codec_get_sub(in, f, value, depth);
	default:
		return codec_fail(in, -EINVAL, "type unknown to the codec");
	}
}

static void codec_set_array(const struct codec_field *f, void *obj, void *array, u32 n)
{
	memcpy(obj + f->offset, &array, sizeof(array));
	*(u32 *)(obj + f->presence) = n;
}

/* Counts the elements of a repeated field, from behind the first tag; moves nothing. */
static int codec_count(struct codec_in *in, const struct codec_field *f, u32 *n)
{
	u32 pos = in->pos;
	u32 tag;
	int ret;

	*n = 0;
	do {
		in->field = f;
		if (*n == f->max)
			return codec_bad(in, "more elements than allowed");
		ret = codec_skip(in, codec_wire(f));
		if (ret)
			return ret;
		++*n;
		if (in->pos == in->end)
			break;
		ret = codec_get_tag(in, &tag);
		if (ret)
			return ret;
	} while (tag == codec_tag(f));

	in->field = f;
	in->pos = pos;
	return 0;
}

static int codec_get_repeated(struct codec_in *in, const struct codec_field *f, void *obj,
			      unsigned int depth)
{
	void *array;
	u32 i, n, tag;
	int ret;

	ret = codec_count(in, f, &n);
	if (ret)
		return ret;
	array = codec_alloc(in, n, f->size);
	if (!array)
		return codec_fail(in, -ENOMEM, "no memory for its elements");

	for (i = 0; i < n; i++) {
		/* The tag was checked in codec_count(). */
		if (i)
			ret = codec_get_tag(in, &tag);
		in->field = f;
		if (!ret)
			ret = codec_get_value(in, f, array + (size_t)i * f->size, depth);
		if (ret)
			return ret;
	}
	codec_set_array(f, obj, array, n);
	return 0;
}

/* Counts the elements of a packed field: each varint ends in a byte below 0x80. */
static u32 codec_count_packed(struct codec_in *in, const struct codec_field *f)
{
	u32 n = 0;
	u32 pos;

	if (f->type == CODEC_FIXED64)
		return (in->end - in->pos) / 8;
	for (pos = in->pos; pos < in->end; pos++)
		n += in->buf[pos] < 0x80;
	return n;
}

static int codec_get_packed(struct codec_in *in, const struct codec_field *f, void *obj,
			    unsigned int depth)
{
	u32 end = in->end;
	u32 i, len, n;
	void *array;
	int ret;

	ret = codec_get_len(in, &len);
	if (ret)
		return ret;
	in->end = in->pos + len;
	n = codec_count_packed(in, f);
	if (!n)
		return codec_bad(in, "present without elements");
	if (n > f->max)
		return codec_bad(in, "more elements than allowed");
	array = codec_alloc(in, n, f->size);
	if (!array)
		return codec_fail(in, -ENOMEM, "no memory for its elements");

	for (i = 0; i < n; i++) {
		ret = codec_get_value(in, f, array + (size_t)i * f->size, depth);
		if (ret)
			return ret;
	}
	if (in->pos != in->end) {
		in->at = in->pos;
		return codec_bad(in, "number is cut short");
	}
	in->end = end;
	codec_set_array(f, obj, array, n);
	return 0;
}

static int codec_get_field(struct codec_in *in, const struct codec_field *f, void *obj,
			   unsigned int depth)
{
	switch (f->label) {
	case CODEC_REPEATED:
		return codec_get_repeated(in, f, obj, depth);
	case CODEC_PACKED:
		return codec_get_packed(in, f, obj, depth);
	case CODEC_OPTIONAL:
		*(bool *)(obj + f->presence) = true;
		fallthrough;
	default:
		return codec_get_value(in, f, obj + f->offset, depth);
	}
}

/* Passes over absent fields up to @number; none of them may be required. */
static int codec_absent(struct codec_in *in, const struct codec_field **f,
			const struct codec_field *last, u32 number)
{
	for (; *f < last && (*f)->number < number; ++*f) {
		if ((*f)->label == CODEC_REQUIRED) {
			in->field = *f;
			return codec_bad(in, "missing");
		}
	}
	return 0;
}

/*
 * Reads a message up to in->end into the zeroed @obj. Fields come in ascending order, so one
 * walk along the table finds duplicates and missing ones.
 */
static int codec_get_msg(struct codec_in *in, const struct codec_msg *m, void *obj,
			 unsigned int depth)
{
	const struct codec_field *f = m->fields;
	const struct codec_field *last = f + m->nr_fields;
	u32 number = 0;
	u32 known = 0;		/* the last field that was found in the table */
	u32 prev, tag;
	int ret;

	in->msg = m;
	in->field = NULL;
	in->number = 0;
	if (depth > CODEC_DEPTH_MAX)
		return codec_fail(in, -EINVAL, "nests too deep");

	while (in->pos < in->end) {
		prev = number;
		ret = codec_get_tag(in, &tag);
		if (ret)
			return ret;
		number = tag >> 3;
		if (number < prev)
			return codec_bad(in, "fields out of order");
		if (number == known) {
			in->field = f - 1;
			return codec_bad(in, "occurs twice");
		}

		ret = codec_absent(in, &f, last, number);
		if (ret)
			return ret;
		if (f == last || f->number != number) {
			if (number < CODEC_ADVISORY)
				return codec_bad(in, "unknown field");
			ret = codec_skip(in, tag & 7);
			if (ret)
				return ret;
			continue;
		}

		in->field = f;
		if (tag != codec_tag(f))
			return codec_bad(in, "wrong wire type");
		ret = codec_get_field(in, f, obj, depth);
		if (ret)
			return ret;
		known = number;
		f++;
	}
	in->at = in->pos;
	return codec_absent(in, &f, last, ~0U);
}

int codec_decode(const struct codec_msg *m, void *obj, const u8 *buf, size_t len,
		 struct codec_arena *arena, struct codec_err *err)
{
	struct codec_in in = { .buf = buf, .msg = m, .arena = arena, .err = err };
	size_t used = arena ? arena->used : 0;
	int ret;

	memset(obj, 0, m->size);
	if (len > CODEC_LEN_MAX)
		return codec_bad(&in, "longer than any message");
	in.end = len;
	ret = codec_get_msg(&in, m, obj, 1);
	if (ret) {
		memset(obj, 0, m->size);
		if (arena)
			arena->used = used;
	}
	return ret;
}
