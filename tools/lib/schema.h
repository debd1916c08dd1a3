/* SPDX-License-Identifier: GPL-2.0 */
/* Payloads of an image by protobuf-c, with what protobuf-c lets pass but the format does not. */
#ifndef TOOLS_SCHEMA_H
#define TOOLS_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/** SCHEMA_ADVISORY - unknown fields from this number on may be skipped. */
#define SCHEMA_ADVISORY 1000

/**
 * struct schema_bound - "// max N" of one field in ckpt_image.proto
 * @message: full name
 * @field: its field
 * @max: elements of a repeated field, bytes of a string or bytes field
 */
struct schema_bound {
	const char *message;
	const char *field;
	uint32_t max;
};

extern const struct schema_bound schema_bounds[];
extern const size_t schema_nr_bounds;

/** schema_descriptor() - of the message in a record; NULL for a raw or unknown one. */
const ProtobufCMessageDescriptor *schema_descriptor(uint32_t type);

/**
 * schema_decode() - unpack and check a payload
 * @type: enum ckpt_rec, not a raw one
 * @data: the payload
 * @len: its length
 * @alloc: where the message is to live; NULL is malloc()
 * @why: filled if it fails
 * @why_size: its size
 *
 * Refused are a missing required field, an unknown field that is not advisory, more than the
 * bounds allow, an unknown enumerator, a NUL in a string, a field that stands twice and a
 * number that does not fit its type.
 *
 * Return: the message, or NULL.
 */
ProtobufCMessage *schema_decode(uint32_t type, const uint8_t *data, size_t len,
				ProtobufCAllocator *alloc, char *why, size_t why_size);

/** schema_has() - is the field @name in @msg? One without it has no value, or no elements. */
bool schema_has(const ProtobufCMessage *msg, const char *name);

#endif
