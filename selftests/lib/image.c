// SPDX-License-Identifier: GPL-2.0
#include "image.h"

#include "fields.h"
#include "frame.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN(x, a) (((x) + (a) - 1) & ~((size_t)(a) - 1))

unsigned int image_place(const struct image_rec *recs, unsigned int n, uint32_t type, bool first)
{
	unsigned int i = 0;

	while (i < n && (recs[i].type < type || (recs[i].type == type && !first)))
		i++;
	return i;
}

unsigned int image_take(const uint8_t *data, size_t len, struct image_rec *recs, unsigned int max)
{
	size_t pos = sizeof(struct ckpt_image_header);
	struct ckpt_image_record rec;
	unsigned int n = 0;

	while (pos + sizeof(rec) <= len) {
		memcpy(&rec, data + pos, sizeof(rec));
		if (rec.type == CKPT_REC_TRAILER)
			return n;
		if (n == max)
			break;
		pos += sizeof(rec) + rec.gap;
		recs[n].type = rec.type;
		recs[n].flags = rec.flags;
		recs[n].len = rec.length;
		recs[n].payload = data + pos;
		pos = ALIGN(pos + rec.length, 8);
		n++;
	}
	abort();
}

static size_t put_varint(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	do {
		p[n++] = (v & 0x7f) | (v > 0x7f ? 0x80 : 0);
		v >>= 7;
	} while (v);
	return n;
}

/* One record at @pos of @out; @rec gets its header. Return: the end. */
static size_t put_rec(uint8_t *out, size_t pos, const struct image_rec *in,
		      struct ckpt_image_record *rec)
{
	*rec = frame_record(in->type, in->flags, in->payload, in->len, pos);
	frame_fix_record(rec);
	memcpy(out + pos, rec, sizeof(*rec));
	pos += sizeof(*rec) + rec->gap;
	memcpy(out + pos, in->payload, in->len);
	return ALIGN(pos + in->len, 8);
}

struct image_bytes image_make(const struct image_rec *recs, unsigned int n, size_t *starts)
{
	struct image_rec trailer = { .type = CKPT_REC_TRAILER };
	struct ckpt_image_header header = frame_header();
	uint8_t text[2 * 11 + 2 + FRAME_DIGEST];
	struct ckpt_image_record rec;
	struct image_bytes out;
	struct frame frame;
	size_t room = 4096;
	unsigned int i;

	for (i = 0; i < n; i++)
		room += recs[i].len + CKPT_IMAGE_ALIGN + 64;
	out.data = calloc(1, room);
	if (!out.data)
		abort();
	frame_fix_header(&header);
	frame_begin(&frame, &header);
	memcpy(out.data, &header, sizeof(header));
	out.len = sizeof(header);
	for (i = 0; i < n; i++) {
		if (starts)
			starts[i] = out.len;
		out.len = put_rec(out.data, out.len, &recs[i], &rec);
		frame_add(&frame, &rec);
	}
	if (starts)
		starts[n] = out.len;
	trailer.payload = text;
	text[trailer.len++] = F(Trailer, records) << 3;
	trailer.len += put_varint(text + trailer.len, frame.records);
	text[trailer.len++] = F(Trailer, pages) << 3;
	trailer.len += put_varint(text + trailer.len, frame.pages);
	text[trailer.len++] = F(Trailer, sha256) << 3 | 2;
	text[trailer.len++] = FRAME_DIGEST;
	frame_end(&frame, text + trailer.len);
	trailer.len += FRAME_DIGEST;
	out.len = put_rec(out.data, out.len, &trailer, &rec);
	return out;
}

void image_payload(struct image_bytes *rec)
{
	struct ckpt_image_record header;

	memcpy(&header, rec->data, sizeof(header));
	memmove(rec->data, rec->data + sizeof(header) + header.gap, header.length);
	rec->len = header.length;
}

void image_end(struct image_bytes *image, const uint8_t *payload, size_t len)
{
	struct image_rec trailer = { .type = CKPT_REC_TRAILER, .len = len, .payload = payload };
	size_t pos = sizeof(struct ckpt_image_header);
	struct ckpt_image_record rec;

	for (;; pos = ALIGN(pos + sizeof(rec) + rec.gap + rec.length, 8)) {
		memcpy(&rec, image->data + pos, sizeof(rec));
		if (rec.type == CKPT_REC_TRAILER)
			break;
	}
	image->data = realloc(image->data, pos + sizeof(rec) + len + 8);
	if (!image->data)
		abort();
	memset(image->data + pos, 0, sizeof(rec) + len + 8);
	image->len = put_rec(image->data, pos, &trailer, &rec);
}

/* ---- messages ---- */

static bool get_varint(const uint8_t *msg, size_t len, size_t *pos, uint64_t *v)
{
	unsigned int shift = 0;

	for (*v = 0; *pos < len && shift < 64; shift += 7) {
		*v |= (uint64_t)(msg[*pos] & 0x7f) << shift;
		if (!(msg[(*pos)++] & 0x80))
			return true;
	}
	return false;
}

bool image_next_field(const uint8_t *msg, size_t len, size_t pos, struct image_field *f)
{
	uint64_t v;

	f->start = pos;
	if (pos >= len || !get_varint(msg, len, &pos, &v))
		return false;
	f->number = v >> 3;
	f->wire = v & 7;
	f->value = pos;
	f->scalar = 0;
	switch (f->wire) {
	case 0:
		if (!get_varint(msg, len, &pos, &f->scalar))
			return false;
		break;
	case 1:
		if (len - pos < 8)
			return false;
		memcpy(&f->scalar, msg + pos, 8);
		pos += 8;
		break;
	case 2:
		if (!get_varint(msg, len, &pos, &v) || v > len - pos)
			return false;
		f->value = pos;
		pos += v;
		break;
	default:
		return false;
	}
	f->end = pos;
	return true;
}

bool image_find(const uint8_t *msg, size_t len, uint32_t number, unsigned int nth,
		struct image_field *f)
{
	size_t pos = 0;

	while (image_next_field(msg, len, pos, f)) {
		if (f->number == number && !nth--)
			return true;
		pos = f->end;
	}
	return false;
}

bool image_nth(const uint8_t *msg, size_t len, unsigned int nth, struct image_field *f)
{
	size_t pos = 0;

	while (image_next_field(msg, len, pos, f)) {
		if (!nth--)
			return true;
		pos = f->end;
	}
	return false;
}

struct image_bytes image_splice(const uint8_t *msg, size_t len, size_t start, size_t end,
				const void *with, size_t with_len)
{
	struct image_bytes out = { .len = len - (end - start) + with_len };

	out.data = malloc(out.len + 1);
	if (!out.data)
		abort();
	memcpy(out.data, msg, start);
	memcpy(out.data + start, with, with_len);
	memcpy(out.data + start + with_len, msg + end, len - end);
	return out;
}

struct image_bytes image_set(const uint8_t *msg, size_t len, const struct image_field *f,
			     uint64_t value)
{
	uint8_t text[10];
	size_t n = 8;

	if (f->wire == 1)
		memcpy(text, &value, 8);
	else
		n = put_varint(text, value);
	return image_splice(msg, len, f->value, f->end, text, n);
}

struct image_bytes image_set_bytes(const uint8_t *msg, size_t len, const struct image_field *f,
				   const void *data, size_t n)
{
	uint8_t *text = malloc(n + 20);
	struct image_bytes out;
	size_t used;

	if (!text)
		abort();
	used = put_varint(text, f->number << 3 | 2);
	used += put_varint(text + used, n);
	memcpy(text + used, data, n);
	out = image_splice(msg, len, f->start, f->end, text, used + n);
	free(text);
	return out;
}
