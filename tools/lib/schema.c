// SPDX-License-Identifier: GPL-2.0
#include "schema.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ckpt_image.h>

#include "ckpt_image.pb-c.h"

/* Stands for the message of raw records in the table. */
static const ProtobufCMessageDescriptor ckpt__none__descriptor;

const ProtobufCMessageDescriptor *schema_descriptor(uint32_t type)
{
	const ProtobufCMessageDescriptor *desc = NULL;

	switch (type) {
#define SCHEMA_CASE(name, number, msg, stage, count, text) \
	case number: \
		desc = &ckpt__##msg##__descriptor; \
		break;
	CKPT_REC_TABLE(SCHEMA_CASE)
#undef SCHEMA_CASE
	}
	return desc == &ckpt__none__descriptor ? NULL : desc;
}

static size_t bound(const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *field)
{
	size_t i;

	for (i = 0; i < schema_nr_bounds; i++)
		if (!strcmp(schema_bounds[i].field, field->name) &&
		    !strcmp(schema_bounds[i].message, desc->name))
			return schema_bounds[i].max;
	return SIZE_MAX;
}

/* The number of values of @field in @msg, and where they are. */
static size_t values(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field,
		     const void **where)
{
	const char *base = (const char *)msg;

	*where = base + field->offset;
	switch (field->label) {
	case PROTOBUF_C_LABEL_REPEATED:
		*where = *(void * const *)*where;
		return *(const size_t *)(base + field->quantifier_offset);
	case PROTOBUF_C_LABEL_REQUIRED:
		return 1;
	default:
		if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE)
			return *(void * const *)*where != NULL;
		return *(const protobuf_c_boolean *)(base + field->quantifier_offset);
	}
}

static bool check(const ProtobufCMessage *msg, char *why, size_t size);

static bool check_field(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field,
			char *why, size_t size)
{
	const ProtobufCMessageDescriptor *desc = msg->descriptor;
	const void *where;
	size_t n = values(msg, field, &where), i, max;

	if (!n)
		return true;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		max = bound(desc, field);
		if (n > max) {
			snprintf(why, size, "%s.%s has %zu elements, more than %zu",
				 desc->short_name, field->name, n, max);
			return false;
		}
	}
	for (i = 0; i < n; i++) {
		switch (field->type) {
		case PROTOBUF_C_TYPE_MESSAGE:
			if (!check(((ProtobufCMessage * const *)where)[i], why, size))
				return false;
			break;
		case PROTOBUF_C_TYPE_STRING:
		case PROTOBUF_C_TYPE_BYTES:
			max = bound(desc, field);
			if ((field->type == PROTOBUF_C_TYPE_STRING ?
			     strlen(((char * const *)where)[i]) :
			     ((const ProtobufCBinaryData *)where)[i].len) > max) {
				snprintf(why, size, "%s.%s is longer than %zu bytes",
					 desc->short_name, field->name, max);
				return false;
			}
			break;
		case PROTOBUF_C_TYPE_ENUM:
			if (!protobuf_c_enum_descriptor_get_value(field->descriptor,
								  ((const int *)where)[i])) {
				snprintf(why, size, "%s.%s is not one of %s",
					 desc->short_name, field->name,
					 ((const ProtobufCEnumDescriptor *)
					  field->descriptor)->short_name);
				return false;
			}
			break;
		default:
			break;
		}
	}
	return true;
}

/* As deep as the schema, which is not recursive. */
static bool check(const ProtobufCMessage *msg, char *why, size_t size)
{
	unsigned int i;

	for (i = 0; i < msg->n_unknown_fields; i++) {
		if (msg->unknown_fields[i].tag >= SCHEMA_ADVISORY)
			continue;
		snprintf(why, size, "%s has an unknown field, number %u",
			 msg->descriptor->short_name, msg->unknown_fields[i].tag);
		return false;
	}
	for (i = 0; i < msg->descriptor->n_fields; i++)
		if (!check_field(msg, &msg->descriptor->fields[i], why, size))
			return false;
	return true;
}

ProtobufCMessage *schema_decode(uint32_t type, const uint8_t *data, size_t len,
				ProtobufCAllocator *alloc, char *why, size_t why_size)
{
	const ProtobufCMessageDescriptor *desc = schema_descriptor(type);
	ProtobufCMessage *msg;

	if (!desc) {
		snprintf(why, why_size, "record type %u holds no message", type);
		return NULL;
	}
	msg = protobuf_c_message_unpack(desc, alloc, len, data);
	if (!msg) {
		snprintf(why, why_size, "cannot be decoded");
		return NULL;
	}
	if (!check(msg, why, why_size))
		goto bad;
	/*
	 * protobuf-c takes the last of several values of a field, cuts numbers to their type and
	 * strings at a NUL. All that makes the message shorter than the payload was.
	 */
	if (protobuf_c_message_get_packed_size(msg) == len)
		return msg;
	snprintf(why, why_size, "a field stands twice, or a value does not fit its type");
bad:
	protobuf_c_message_free_unpacked(msg, alloc);
	return NULL;
}

bool schema_has(const ProtobufCMessage *msg, const char *name)
{
	const ProtobufCFieldDescriptor *field;
	const void *where;

	field = protobuf_c_message_descriptor_get_field_by_name(msg->descriptor, name);
	return field && values(msg, field, &where);
}
