/* SPDX-License-Identifier: GPL-2.0 */
/* The messages and fields of ckpt_image.proto as tables, for tests that go through all of them. */
#ifndef SELFTESTS_SCHEMA_H
#define SELFTESTS_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

enum schema_label { LABEL_required, LABEL_optional, LABEL_repeated, LABEL_packed };

enum schema_type {
	TYPE_uint32, TYPE_uint64, TYPE_sint32, TYPE_fixed64, TYPE_boolean, TYPE_enumeration,
	TYPE_bytes, TYPE_string, TYPE_message,
};

/**
 * struct schema_field - a field
 * @message: which has it
 * @name: its name there
 * @number: its number there
 * @label: how often it may be there
 * @type: of a value
 * @max: the most elements, or bytes; or the last value of an enumeration
 * @of: the message that it holds, if any
 */
struct schema_field {
	const char *message;
	const char *name;
	uint32_t number;
	enum schema_label label;
	enum schema_type type;
	size_t max;
	const char *of;
};

/** schema_fields - all fields, message by message, and how many. */
extern const struct schema_field schema_fields[];
extern const unsigned int schema_nr_fields;

/** schema_fields_of() - the first field of a message; @n gets how many there are. */
const struct schema_field *schema_fields_of(const char *message, unsigned int *n);

/** schema_field() - the field of a message with that number, or NULL. */
const struct schema_field *schema_field(const char *message, uint32_t number);

/** schema_record() - the message of a record type; NULL if it has none. */
const char *schema_record(uint32_t type);

#endif
