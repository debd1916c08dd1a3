// SPDX-License-Identifier: GPL-2.0
/*
 * Every field of every message of ckpt_image.proto, changed in every way that the schema gives
 * reason for. The fields come from the schema itself (fields.awk), so a new one is tried without
 * a line here. A field that the image of target.c has is changed there; one that it lacks is put
 * where it belongs, in a message made of required fields if need be.
 *
 * An image that the schema forbids must be refused. One that it allows may start a program, or
 * must be refused in one clear sentence.
 */
#include "attempt.h"
#include "schema.h"

#define DEPTH_MAX 4
/* The longest number, in bytes. */
#define VARINT_MAX 10

/* How often each field was changed. */
static unsigned int *changes;

/* The message in question, and those around it, the payload of a record first. */
static struct level {
	const char *message;
	struct image_bytes bytes;
	/* The field of the level above which holds it, if any, and where that is. */
	const struct schema_field *in;
	size_t start, end;
} levels[DEPTH_MAX];

/* The record that the payload belongs to; @record_new: it comes in front of this one. */
static unsigned int record_at;
static uint32_t record_type;
static bool record_new;

/* ---- bytes ---- */

static size_t put_number(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	for (; v > 127; v >>= 7)
		p[n++] = v | 128;
	p[n++] = v;
	return n;
}

static void append(struct image_bytes *to, const void *data, size_t len)
{
	to->data = realloc(to->data, to->len + len + 1);
	if (!to->data)
		abort();
	memcpy(to->data + to->len, data, len);
	to->len += len;
}

static void append_number(struct image_bytes *to, uint64_t v)
{
	uint8_t text[VARINT_MAX];

	append(to, text, put_number(text, v));
}

/* A field of wire type 2. */
static void append_bytes(struct image_bytes *to, uint32_t number, const void *data, size_t len)
{
	append_number(to, number << 3 | 2);
	append_number(to, len);
	append(to, data, len);
}

static void append_scalar(struct image_bytes *to, const struct schema_field *field, uint64_t v)
{
	append_number(to, field->number << 3 | (field->type == TYPE_fixed64));
	if (field->type == TYPE_fixed64)
		append(to, &v, 8);
	else
		append_number(to, v);
}

/* A message with the fields that it must have. */
static struct image_bytes least(const char *message);

/* A field with a value that looks harmless. */
static void append_least(struct image_bytes *to, const struct schema_field *field)
{
	static const char text[32] = "/";
	struct image_bytes inner;

	switch (field->type) {
	case TYPE_bytes:
	case TYPE_string:
		/* Digests and the like have a length of their own. */
		append_bytes(to, field->number, text,
			     field->type == TYPE_bytes && field->max <= 32 ? field->max : 1);
		break;
	case TYPE_message:
		inner = least(field->of);
		append_bytes(to, field->number, inner.data, inner.len);
		free(inner.data);
		break;
	default:
		if (field->label == LABEL_packed)
			append_bytes(to, field->number, "\1", 1);
		else
			append_scalar(to, field, field->type != TYPE_boolean &&
				      field->type != TYPE_enumeration);
	}
}

static struct image_bytes least(const char *message)
{
	struct image_bytes out = { 0 };
	unsigned int n, i;
	const struct schema_field *field = schema_fields_of(message, &n);

	append(&out, "", 0);
	for (i = 0; i < n; i++)
		if (field[i].label == LABEL_required)
			append_least(&out, &field[i]);
	return out;
}

/* ---- attempts ---- */

/* The image with another message at @depth, which is freed. */
static const char *attempt_message(unsigned int depth, struct image_bytes msg, bool may)
{
	struct image_rec list[RECS_MAX + 1];
	struct image_bytes field, image;
	unsigned int n = n_recs;
	const struct level *l;
	const char *why;

	for (; depth; depth--) {
		l = &levels[depth];
		field = (struct image_bytes){ 0 };
		append_bytes(&field, l->in->number, msg.data, msg.len);
		free(msg.data);
		l--;
		msg = image_splice(l->bytes.data, l->bytes.len, l[1].start, l[1].end, field.data,
				   field.len);
		free(field.data);
	}
	memcpy(list, recs, n * sizeof(*list));
	if (record_new) {
		memmove(list + record_at + 1, list + record_at, (n - record_at) * sizeof(*list));
		list[record_at] = (struct image_rec){ .type = record_type };
		n++;
	}
	if (record_type != CKPT_REC_TRAILER) {
		list[record_at].payload = msg.data;
		list[record_at].len = msg.len;
	}
	image = image_make(list, n, NULL);
	if (record_type == CKPT_REC_TRAILER)
		image_end(&image, msg.data, msg.len);
	why = attempt(image.data, image.len, may);
	free(image.data);
	free(msg.data);
	return why;
}

/* A change replaces the bytes from @start to @end of the message at @depth. */
struct change {
	struct __test_metadata *meta;
	unsigned int depth;
	const struct schema_field *field;
	size_t start, end;
};

/*
 * All changes take minutes: samples unless CKPT_EVERY is in the environment, and smaller ones if
 * CKPT_QUICK is. An image that starts a program takes several times as long as one that does not.
 */
static bool taken(bool may)
{
	if (getenv("CKPT_EVERY"))
		return true;
	return chosen(4) && !(may && victim_random(10));
}

/* One change: @with, which is freed, in their place. */
static void try(const struct change *c, struct image_bytes with, bool may, const char *how)
{
	struct __test_metadata *_metadata = c->meta;
	const struct level *l = &levels[c->depth];
	struct image_bytes msg;

	changes[c->field - schema_fields]++;
	if (taken(may)) {
		msg = image_splice(l->bytes.data, l->bytes.len, c->start, c->end, with.data,
				   with.len);
		EXPECT_FINE(attempt_message(c->depth, msg, may), "%s.%s %s", c->field->message,
			    c->field->name, how);
	}
	free(with.data);
}

static void try_scalar(const struct change *c, uint64_t v, bool may, const char *how)
{
	struct image_bytes with = { 0 };

	if (c->field->label == LABEL_packed) {
		uint8_t text[VARINT_MAX];

		append_bytes(&with, c->field->number, text, put_number(text, v));
	} else {
		append_scalar(&with, c->field, v);
	}
	try(c, with, may, how);
}

static void try_bytes(const struct change *c, const void *data, size_t len, bool may,
		      const char *how)
{
	struct image_bytes with = { 0 };

	append_bytes(&with, c->field->number, data, len);
	try(c, with, may, how);
}

/* The largest number that a field takes. */
static uint64_t largest(const struct schema_field *field)
{
	switch (field->type) {
	case TYPE_boolean:
		return 1;
	case TYPE_enumeration:
		return field->max;
	case TYPE_uint64:
	case TYPE_fixed64:
		return -1ULL;
	default:
		return ~0U;
	}
}

static void scalars(const struct change *c, uint64_t was)
{
	static const uint64_t values[] = {
		0, 1, 0xffff, 0x7fffffff, 0x80000000, 1ULL << 32, HOLE - 4096, HOLE, KERNEL,
		1ULL << 63,
	};
	uint64_t most = largest(c->field);
	char text[40];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values) && values[i] < most; i++) {
		snprintf(text, sizeof(text), "of %#llx", (unsigned long long)values[i]);
		try_scalar(c, values[i], true, text);
	}
	try_scalar(c, most, true, "as large as it can be");
	if (was < most)
		try_scalar(c, was + 1, true, "larger by one");
	if (most != -1ULL) {
		try_scalar(c, most + 1, false, "too large by one");
		try_scalar(c, -1ULL, false, "of 64 ones");
	}
}

static void lengths(const struct change *c, const uint8_t *was, size_t len)
{
	const struct schema_field *field = c->field;
	uint8_t *text = calloc(1, field->max + 1);

	try_bytes(c, "", 0, true, "of no bytes");
	try_bytes(c, was, len / 2, true, "of half its bytes");
	memset(text, 'x', field->max + 1);
	try_bytes(c, text, field->max, true, "as long as it can be");
	try_bytes(c, text, field->max + 1, false, "too long by one");
	memset(text, 255, field->max);
	try_bytes(c, text, field->max, true, "of all ones");
	memset(text, 0, field->max);
	try_bytes(c, text, field->max, field->type == TYPE_bytes, "of zeroes");
	free(text);
}

/* @n times what is there, or what could be there. */
static void times(const struct change *c, const struct image_bytes *one, size_t n, bool may,
		  const char *how)
{
	struct image_bytes with = { malloc(one->len * n + 1), 0 };

	for (; n; n--) {
		memcpy(with.data + with.len, one->data, one->len);
		with.len += one->len;
	}
	try(c, with, may, how);
}

static void lists(const struct change *c)
{
	size_t n = c->field->max;
	uint8_t *text = malloc(n + 1);

	memset(text, 1, n + 1);
	try_bytes(c, "", 0, false, "of no elements");
	try_bytes(c, text, n, true, "of as many elements as there can be");
	try_bytes(c, text, n + 1, false, "of one element too many");
	free(text);
	scalars(c, 1);
}

/* All changes of a field that is at @start to @end of its message, or could be at @start. */
static void change_field(struct __test_metadata *meta, unsigned int depth,
			 const struct schema_field *field, size_t start, size_t end)
{
	struct change c = { meta, depth, field, start, end };
	const uint8_t *msg = levels[depth].bytes.data;
	bool many = field->label == LABEL_repeated;
	struct image_bytes with, one = { 0 };
	struct image_field f;

	if (end > start)
		append(&one, msg + start, end - start);
	else
		append_least(&one, field);
	image_next_field(one.data, one.len, 0, &f);
	if (end > start)
		times(&c, &one, 0, field->label != LABEL_required, "left out");
	else
		times(&c, &one, 1, true, "added");
	times(&c, &one, 2, many, "twice");
	if (many && field->max > 2)
		times(&c, &one, field->max + 1, false, "once too often");
	/* A number for what is none, and the other way round. */
	with = (struct image_bytes){ 0 };
	if (f.wire == 2) {
		append_number(&with, field->number << 3);
		append_number(&with, 1);
	} else {
		append_bytes(&with, field->number, "\1", 1);
	}
	try(&c, with, false, "of another wire type");
	/* The last byte of the message is missing. */
	with = (struct image_bytes){ 0 };
	append(&with, one.data, one.len - 1);
	if (end == levels[depth].bytes.len)
		try(&c, with, false, "cut");
	else
		free(with.data);

	if (field->label == LABEL_packed)
		lists(&c);
	else if (field->type == TYPE_bytes || field->type == TYPE_string)
		lengths(&c, one.data + f.value, f.end - f.value);
	else if (field->type != TYPE_message)
		scalars(&c, f.scalar);
	else
		try_bytes(&c, "\0", 1, false, "of a zero");
	free(one.data);
}

/* ---- where the fields are ---- */

/* Go down into a field of the message at @depth. */
static void enter(unsigned int depth, const struct schema_field *in, struct image_bytes bytes,
		  size_t start, size_t end)
{
	if (depth + 1 == DEPTH_MAX)
		abort();
	levels[depth + 1] = (struct level){ in->of, bytes, in, start, end };
}

static struct image_bytes content(const struct level *l, const struct image_field *f)
{
	return (struct image_bytes){ l->bytes.data + f->value, f->end - f->value };
}

/* The fields that are there, and were not changed yet, here and in what is inside. */
static void present(struct __test_metadata *meta, unsigned int depth)
{
	const struct level *l = &levels[depth];
	const struct schema_field *field;
	struct image_field f;
	size_t pos = 0;

	for (; image_next_field(l->bytes.data, l->bytes.len, pos, &f); pos = f.end) {
		field = schema_field(l->message, f.number);
		if (!field)
			abort();
		if (!changes[field - schema_fields])
			change_field(meta, depth, field, f.start, f.end);
		if (field->type != TYPE_message)
			continue;
		enter(depth, field, content(l, &f), f.start, f.end);
		present(meta, depth + 1);
	}
}

/* Where a field that is not there would be. Return: false if it is there. */
static bool absent_at(const struct level *l, const struct schema_field *field, size_t *at)
{
	struct image_field f;

	for (*at = 0; image_next_field(l->bytes.data, l->bytes.len, *at, &f); *at = f.end)
		if (f.number >= field->number)
			return f.number != field->number;
	return true;
}

/* The fields that are not there, in messages which are. */
static void absent(struct __test_metadata *meta, unsigned int depth)
{
	const struct level *l = &levels[depth];
	const struct schema_field *field;
	struct image_field f;
	unsigned int n, i;
	size_t pos, at;

	field = schema_fields_of(l->message, &n);
	for (i = 0; i < n; i++)
		if (!changes[field + i - schema_fields] && absent_at(l, &field[i], &at))
			change_field(meta, depth, &field[i], at, at);
	for (pos = 0; image_next_field(l->bytes.data, l->bytes.len, pos, &f); pos = f.end) {
		field = schema_field(l->message, f.number);
		if (field->type != TYPE_message)
			continue;
		enter(depth, field, content(l, &f), f.start, f.end);
		absent(meta, depth + 1);
	}
}

/* The fields of messages that are not there. */
static void made_up(struct __test_metadata *meta, unsigned int depth)
{
	const struct level *l = &levels[depth];
	const struct schema_field *field;
	struct image_bytes bytes;
	unsigned int n, i;
	size_t at;

	field = schema_fields_of(l->message, &n);
	for (i = 0; i < n; i++, field++) {
		if (field->type != TYPE_message || !absent_at(l, field, &at))
			continue;
		bytes = least(field->of);
		enter(depth, field, bytes, at, at);
		present(meta, depth + 1);
		absent(meta, depth + 1);
		made_up(meta, depth + 1);
		free(bytes.data);
	}
}

/* Make a record's payload the outermost message. Return: false if it has no message. */
static bool enter_record(unsigned int i)
{
	record_new = false;
	record_at = i;
	record_type = recs[i].type;
	levels[0] = (struct level){
		.message = schema_record(record_type),
		.bytes = { (uint8_t *)recs[i].payload, recs[i].len },
	};
	return levels[0].message;
}

static void each_record(struct __test_metadata *meta,
			void (*call)(struct __test_metadata *meta, unsigned int depth))
{
	unsigned int i;

	for (i = 0; i < n_recs; i++)
		if (enter_record(i))
			call(meta, 0);
}

/* A record of a type, with what it must have; the trailer is that of the image. */
static void record_of(struct __test_metadata *meta, uint32_t type)
{
	struct image_bytes bytes;

	levels[0].message = schema_record(type);
	if (!levels[0].message)
		return;
	record_type = type;
	record_new = type != CKPT_REC_TRAILER;
	record_at = image_place(recs, n_recs, type, true);
	if (record_new) {
		bytes = least(levels[0].message);
	} else {
		bytes = (struct image_bytes){ 0 };
		append(&bytes, good.data + starts[n_recs], good.len - starts[n_recs]);
		image_payload(&bytes);
	}
	levels[0].bytes = bytes;
	present(meta, 0);
	absent(meta, 0);
	made_up(meta, 0);
	free(bytes.data);
}

TEST(every_field_of_every_message)
{
	unsigned int i;

	/* A changed Process.exit_signal sends it here at the end of a program. */
	signal(SIGHUP, SIG_IGN);
	SETUP();
	printf("# seed %lu\n", seed);
	changes = calloc(schema_nr_fields, sizeof(*changes));
	each_record(_metadata, present);
	each_record(_metadata, absent);
	each_record(_metadata, made_up);
	for (i = 1; i < CKPT_REC_TYPES; i++)
		record_of(_metadata, i);
	for (i = 0; i < schema_nr_fields; i++) {
		EXPECT_NE(0, changes[i]) {
			TH_LOG("%s.%s: no image was tried with it; which record has it?",
			       schema_fields[i].message, schema_fields[i].name);
		}
	}
	free(changes);
	REPORT();
}
