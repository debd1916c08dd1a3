// SPDX-License-Identifier: GPL-2.0
#include "schema.h"

#include "fields.h"
#include "image.h"

#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

const struct schema_field schema_fields[] = {
#define FIELD(message, field, number, label, type, max, of) \
	{ #message, #field, number, LABEL_##label, TYPE_##type, max, #of },
	FIELDS_ALL(FIELD)
#undef FIELD
};

const unsigned int schema_nr_fields = ARRAY_SIZE(schema_fields);

static const struct {
	const char *name;
	const char *in_table;
} schema_messages[] = {
#define MESSAGE(message, in_table) { #message, #in_table },
	MESSAGES_ALL(MESSAGE)
#undef MESSAGE
};

const struct schema_field *schema_fields_of(const char *message, unsigned int *n)
{
	unsigned int i, first = 0;

	for (i = 0, *n = 0; i < schema_nr_fields; i++) {
		if (strcmp(schema_fields[i].message, message))
			continue;
		if (!(*n)++)
			first = i;
	}
	return schema_fields + first;
}

const struct schema_field *schema_field(const char *message, uint32_t number)
{
	unsigned int n, i;
	const struct schema_field *field = schema_fields_of(message, &n);

	for (i = 0; i < n; i++)
		if (field[i].number == number)
			return &field[i];
	return NULL;
}

const char *schema_record(uint32_t type)
{
	static const char *const in_table[CKPT_REC_TYPES] = {
#define RECORD(name, number, msg, stage, count, text) \
		[number] = #msg,
		CKPT_REC_TABLE(RECORD)
#undef RECORD
	};
	unsigned int i;

	for (i = 0; type < CKPT_REC_TYPES && in_table[type] && i < ARRAY_SIZE(schema_messages); i++)
		if (!strcmp(schema_messages[i].in_table, in_table[type]))
			return schema_messages[i].name;
	return NULL;
}
