/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An image taken apart into records, to be put together again in some other way with a frame
 * that is right: checksums, gaps, counts and digest.
 */
#ifndef SELFTESTS_IMAGE_H
#define SELFTESTS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ckpt_image.h>

/** struct image_rec - a record; @payload is not owned. */
struct image_rec {
	uint32_t type;
	uint32_t flags;
	size_t len;
	const uint8_t *payload;
};

/** struct image_bytes - some bytes; @data from malloc(). */
struct image_bytes {
	uint8_t *data;
	size_t len;
};

/**
 * struct image_field - a field of a protobuf message
 * @number: of the field
 * @wire: wire type: 0 varint, 1 fixed64, 2 bytes
 * @start: offset of its tag
 * @value: offset of what follows tag and length
 * @end: offset behind it
 * @scalar: the number, of wire types 0 and 1
 */
struct image_field {
	uint32_t number;
	uint32_t wire;
	size_t start;
	size_t value;
	size_t end;
	uint64_t scalar;
};

/** image_take() - take @data apart; @recs has room for @max. Return: how many, without trailer. */
unsigned int image_take(const uint8_t *data, size_t len, struct image_rec *recs, unsigned int max);

/**
 * image_make() - put records together, and a trailer
 * @starts: gets where each record starts, the trailer last; may be NULL
 */
struct image_bytes image_make(const struct image_rec *recs, unsigned int n, size_t *starts);

/**
 * image_place() - where a record of a type belongs: behind the last one of no higher type
 * @first: in front of those of its own type
 */
unsigned int image_place(const struct image_rec *recs, unsigned int n, uint32_t type, bool first);

/** image_payload() - make of a record's bytes those of its payload. */
void image_payload(struct image_bytes *rec);

/** image_end() - give an image another trailer, with that payload. */
void image_end(struct image_bytes *image, const uint8_t *payload, size_t len);

/** image_next_field() - the field at @pos. Return: false at the end, or if there is none. */
bool image_next_field(const uint8_t *msg, size_t len, size_t pos, struct image_field *f);

/** image_find() - the (@nth+1)th field of that number. */
bool image_find(const uint8_t *msg, size_t len, uint32_t number, unsigned int nth,
		struct image_field *f);

/** image_nth() - the (@nth+1)th field of all. */
bool image_nth(const uint8_t *msg, size_t len, unsigned int nth, struct image_field *f);

/** image_splice() - @msg with @with in place of the bytes from @start to @end. */
struct image_bytes image_splice(const uint8_t *msg, size_t len, size_t start, size_t end,
				const void *with, size_t with_len);

/** image_set() - @msg with another number in a field; its kind stays. */
struct image_bytes image_set(const uint8_t *msg, size_t len, const struct image_field *f,
			     uint64_t value);

/** image_set_bytes() - @msg with other content in a field of bytes. */
struct image_bytes image_set_bytes(const uint8_t *msg, size_t len, const struct image_field *f,
				   const void *data, size_t n);

#endif
