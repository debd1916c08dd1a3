/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small, strict, bounded protobuf codec, driven by tables.
 *
 * uapi/gen_schema.py generates from uapi/ckpt_image.proto, for each message, a plain C struct and
 * a table of its fields (schema.gen.[ch]). This codec turns such a struct into the proto2 wire
 * format and back. It builds in the kernel and in user space alike.
 *
 * There is exactly one encoding of an object: fields in ascending order, shortest varints,
 * packed fields in one piece and never empty. The encoder writes it, the decoder takes no other;
 * it also takes unknown fields from CODEC_ADVISORY on, which it skips. So encoding what was
 * decoded yields the same bytes again, save for such fields.
 *
 * The decoder reads hostile input: all lengths, counts and values are checked against the table
 * before they are used, time is linear in the length of the input, and the only memory it takes
 * is the caller's arena. Nesting is that of the tables, at most CODEC_DEPTH_MAX.
 */
#ifndef _CKPT_CODEC_H
#define _CKPT_CODEC_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;

#ifndef fallthrough
#define fallthrough __attribute__((__fallthrough__))
#endif
#endif

/** CODEC_ADVISORY - unknown fields from this number on are skipped, others are refused. */
#define CODEC_ADVISORY		1000
/** CODEC_DEPTH_MAX - how deep messages may nest, the outermost included. */
#define CODEC_DEPTH_MAX		4
/** CODEC_LEN_MAX - the longest message in bytes. */
#define CODEC_LEN_MAX		0x3fffffff
/** CODEC_ARENA_ALIGN - alignment of every array in an arena. */
#define CODEC_ARENA_ALIGN	8
/** CODEC_ALIGN() - a size rounded up to what it takes in an arena. */
#define CODEC_ALIGN(n) \
	(((n) + CODEC_ARENA_ALIGN - 1) / CODEC_ARENA_ALIGN * CODEC_ARENA_ALIGN)

/**
 * struct codec_bytes - the value of a bytes or string field; no NUL follows it
 * @data: the bytes; after decoding they lie in the decoded buffer
 * @len: how many
 */
struct codec_bytes {
	const u8 *data;
	u32 len;
};

/**
 * enum codec_type - type of a field; in brackets that of its member in the C struct
 * @CODEC_U32: uint32 [u32]
 * @CODEC_U64: uint64 [u64]
 * @CODEC_S32: sint32, zigzag encoded [s32]
 * @CODEC_BOOL: bool [bool]
 * @CODEC_ENUM: enum with values from 0 to &codec_field.value_max [u32]
 * @CODEC_FIXED64: fixed64 [u64]
 * @CODEC_BYTES: bytes [struct codec_bytes]
 * @CODEC_STRING: bytes without a NUL among them [struct codec_bytes]
 * @CODEC_MSG: a message [its struct]
 */
enum codec_type {
	CODEC_U32,
	CODEC_U64,
	CODEC_S32,
	CODEC_BOOL,
	CODEC_ENUM,
	CODEC_FIXED64,
	CODEC_BYTES,
	CODEC_STRING,
	CODEC_MSG,
};

/**
 * enum codec_label - how often a field occurs
 * @CODEC_REQUIRED: once
 * @CODEC_OPTIONAL: at most once; a bool has_FIELD says whether
 * @CODEC_REPEATED: u32 n_FIELD times, each with a tag; the member is a pointer to an array
 * @CODEC_PACKED: like @CODEC_REPEATED for scalars, all behind one tag
 */
enum codec_label {
	CODEC_REQUIRED,
	CODEC_OPTIONAL,
	CODEC_REPEATED,
	CODEC_PACKED,
};

struct codec_msg;

/**
 * struct codec_field - a field of a message
 * @name: as in the schema, for error texts
 * @sub: the message's table (CODEC_MSG), else NULL
 * @number: field number
 * @max: bound of the number of elements if repeated, else of the length of bytes and strings
 * @value_max: the largest value (CODEC_ENUM)
 * @offset: of the value, or of the pointer to the array, in the struct
 * @presence: offset of has_FIELD (bool, optional fields) or n_FIELD (u32, repeated ones)
 * @size: of the value, or of an element, in bytes
 * @type: enum codec_type
 * @label: enum codec_label
 */
struct codec_field {
	const char *name;
	const struct codec_msg *sub;
	u32 number;
	u32 max;
	u32 value_max;
	u16 offset;
	u16 presence;
	u16 size;
	u8 type;
	u8 label;
};

/**
 * struct codec_msg - a message
 * @name: as in the schema, for error texts
 * @fields: its fields, numbers ascending
 * @arena_max: an empty arena of this size (bytes) suffices to decode any such message
 * @size: of its struct in bytes
 * @nr_fields: length of @fields
 */
struct codec_msg {
	const char *name;
	const struct codec_field *fields;
	size_t arena_max;
	u16 size;
	u16 nr_fields;
};

/**
 * struct codec_arena - memory for the arrays of decoded messages
 * @base: its start, aligned to CODEC_ARENA_ALIGN
 * @size: in bytes
 * @used: bytes in use; the owner sets it to 0, or back to an earlier value to free
 */
struct codec_arena {
	void *base;
	size_t size;
	size_t used;
};

/**
 * struct codec_err - why a message was refused
 * @msg: the innermost message that was being decoded
 * @field: its field, NULL if it is none that is known
 * @what: the reason; reads well behind the two names: "Thread.tid: missing"
 * @number: of the field, known or not; 0 if it was not reached
 * @offset: where in the buffer, in bytes
 *
 * All texts are static.
 */
struct codec_err {
	const char *msg;
	const char *field;
	const char *what;
	u32 number;
	u32 offset;
};

/**
 * codec_size() - length of an object's encoding
 * @m: table of the message
 * @obj: its struct
 *
 * Return: the exact length in bytes, SIZE_MAX if codec_encode() would return -EINVAL
 */
size_t codec_size(const struct codec_msg *m, const void *obj);

/**
 * codec_encode() - encode an object
 * @m: table of the message
 * @obj: its struct
 * @buf: where to write
 * @len: room at @buf in bytes
 * @used: the length of the encoding in bytes
 *
 * Nothing is written on errors.
 *
 * Return: 0,
 * -EINVAL if @obj violates a bound of the schema (an array or a byte string too long or NULL
 * though not empty, an unknown value of an enum, a NUL in a string), or exceeds CODEC_LEN_MAX or
 * CODEC_DEPTH_MAX,
 * -ENOSPC if @len does not suffice
 */
int codec_encode(const struct codec_msg *m, const void *obj, u8 *buf, size_t len, size_t *used);

/**
 * codec_decode() - decode an object
 * @m: table of the message
 * @obj: its struct; zeroed first, and again on errors
 * @buf: the encoding; byte strings in @obj point into it
 * @len: its length in bytes
 * @arena: takes the arrays of @obj; may be NULL if there are none
 * @err: set on errors, not touched otherwise; may be NULL
 *
 * On errors the arena holds no more than before.
 *
 * Return: 0,
 * -EBADMSG if the encoding is malformed, not the one the encoder writes, or violates the schema,
 * -ENOMEM if @arena is too small,
 * -EINVAL if the table nests deeper than CODEC_DEPTH_MAX
 */
int codec_decode(const struct codec_msg *m, void *obj, const u8 *buf, size_t len,
		 struct codec_arena *arena, struct codec_err *err);

#endif /* _CKPT_CODEC_H */
