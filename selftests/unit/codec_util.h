/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tools that the codec's tests share: the list of all messages, random objects, and protobuf-c as
 * an independent implementation of the same schema.
 */
#ifndef _CODEC_UTIL_H
#define _CODEC_UTIL_H

#include <protobuf-c/protobuf-c.h>

#include "codec.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/**
 * struct codec_pair - a message in both implementations
 * @ours: its table
 * @theirs: its descriptor of protobuf-c
 */
struct codec_pair {
	const struct codec_msg *ours;
	const ProtobufCMessageDescriptor *theirs;
};

/** codec_pairs - every message of the image and of codec_test.proto */
extern const struct codec_pair codec_pairs[];
extern const unsigned int codec_nr_pairs;

/**
 * struct codec_random - makes objects
 * @state: of the random number generator; not 0
 * @full: everything is present and as long as it may be
 * @pool: takes what objects point to
 */
struct codec_random {
	u64 state;
	bool full;
	struct codec_arena pool;
};

/** codec_random_u64() - any number, more often one that is near a limit */
u64 codec_random_u64(struct codec_random *r);

/** codec_random_obj() - fills @obj with what the schema allows */
void codec_random_obj(struct codec_random *r, const struct codec_msg *m, void *obj);

/** codec_to_theirs() - the same for protobuf-c; free with protobuf_c_message_free_unpacked() */
ProtobufCMessage *codec_to_theirs(const struct codec_msg *m, const void *obj,
				  const ProtobufCMessageDescriptor *desc);

/**
 * codec_differs() - compare an object in both implementations
 *
 * Return: NULL if they are the same, or the name of a field in which they differ
 */
const char *codec_differs(const struct codec_msg *m, const void *obj,
			  const ProtobufCMessage *theirs);

#endif /* _CODEC_UTIL_H */
