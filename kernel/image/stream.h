/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The image as a stream of records: writing it and reading it. uapi/ckpt_image.h describes the
 * bytes.
 */
#ifndef _CKPT_STREAM_H
#define _CKPT_STREAM_H

#include "codec.h"
#include "../compat/compat.h"
#include "../core/operation.h"
#include "hash.h"
#include "layer.h"
#include "spool.h"
#include "../../uapi/ckpt_image.h"

/**
 * struct stream_kind - what CKPT_REC_TABLE says of a type
 * @name: its name
 * @text: what it is
 * @stage: enum ckpt_stage
 * @count: enum ckpt_count
 */
struct stream_kind {
	const char *name;
	const char *text;
	u8 stage;
	u8 count;
};

extern const struct stream_kind stream_kinds[CKPT_REC_TYPES];

struct stream_held;

/**
 * struct stream_out - an image being written
 * @layer: where to; without a file in a dry run
 * @ctx: for errors and progress
 * @bytes: written so far
 * @records: written so far
 * @pages: in PAGES records so far
 * @held: bytes of CRED and SECCOMP records so far
 * @digest: over headers so far
 * @scratch: to encode into; grows up to CKPT_IMAGE_META_MAX
 * @scratch_size: its size in bytes
 * @buf: STREAM_BUF bytes that join small writes
 * @used: of @buf
 * @spool: what waits for stream_out_unspool(); only while @spooling
 * @spooling: nothing is written yet
 * @first: what is in the spool, by type of record: the first of each, in a list
 * @last: the last of each
 */
struct stream_out {
	struct layer layer;
	struct operation *ctx;
	u64 bytes;
	u64 records;
	u64 pages;
	u64 held;
	struct compat_sha256_ctx digest;
	void *scratch;
	size_t scratch_size;
	u8 *buf;
	size_t used;
	struct spool spool;
	bool spooling;
	struct stream_held *first[CKPT_REC_TYPES];
	struct stream_held *last[CKPT_REC_TYPES];
};

/**
 * stream_out_open() - start an image
 * @out: to fill
 * @ctx: for errors and progress
 * @fd: of the caller; must be open for writing
 * @dry: there is no output, and @fd is not looked at; the image never leaves the spool
 *
 * Starts in spooling mode: the header and all records are held in memory until
 * stream_out_unspool(), so that nothing waits for the output while the target is frozen.
 *
 * Return: 0, -EBADF, -EINVAL not something to write an image to, -ENOMEM.
 */
int stream_out_open(struct stream_out *out, struct operation *ctx, int fd, bool dry);

/** stream_out_close() - give everything back; flushes nothing */
void stream_out_close(struct stream_out *out);

/**
 * stream_out_unspool() - write what was held back; from now on records are written at once
 *
 * While a program is looked at its records come as they are found; they are written in the order of
 * their types, which is that of the format. Records of one type keep the order they came in.
 */
int stream_out_unspool(struct stream_out *out);

/**
 * stream_out_later() - put off a record that takes time, while a program is frozen
 * @out: the image; before stream_out_unspool()
 * @type: of the record; 0 with a @write of NULL
 * @len: in bytes
 * @write: writes the record, in its place in the order, when @out is unspooled: after everything
 *	is known that would be refused, and never in a dry run. NULL: there is none
 *
 * Return: room for @len bytes, for @write and whoever wants it, until the end of
 * stream_out_unspool(); or an ERR_PTR, with the error recorded unless it is -ENOMEM.
 */
void *stream_out_later(struct stream_out *out, u32 type, size_t len,
		       int (*write)(struct stream_out *out, void *data, size_t len));

/** stream_out_msg() - write a record with one message; 0, or an errno with an error recorded */
int stream_out_msg(struct stream_out *out, enum ckpt_rec type, const struct codec_msg *msg,
		   const void *obj);

/** stream_out_raw() - write a raw record from memory; @len up to CKPT_IMAGE_RAW_MAX */
int stream_out_raw(struct stream_out *out, enum ckpt_rec type, const void *data, size_t len);

/** stream_out_pages() - write a PAGES record straight from pages; @n up to HASH_BATCH */
int stream_out_pages(struct stream_out *out, struct page **pages, unsigned int n);

/** stream_out_end() - write the trailer and all that is still buffered */
int stream_out_end(struct stream_out *out);

/**
 * struct stream_in - an image being read
 * @layer: where from
 * @ctx: for errors and progress
 * @bytes: read so far
 * @records: read so far
 * @pages: in PAGES records so far
 * @digest: over headers so far
 * @rec: header of the record that is being read, native byte order
 * @rec_offset: where it starts, for error texts
 * @payload: what decoded strings point into; grows up to CKPT_IMAGE_META_MAX
 * @payload_size: its size in bytes
 * @have: it holds what @rec is the header of
 * @arena: what decoded arrays lie in; grows up to the largest &codec_msg.arena_max
 * @job: hashes the last pages, or NULL
 * @job_offset: where their record starts
 */
struct stream_in {
	struct layer layer;
	struct operation *ctx;
	u64 bytes;
	u64 records;
	u64 pages;
	struct compat_sha256_ctx digest;
	struct {
		u32 type;
		u32 flags;
		u32 length;
		u64 payload_hash;
		u32 gap;
	} rec;
	u64 rec_offset;
	void *payload;
	size_t payload_size;
	bool have;
	struct codec_arena arena;
	struct hash_job *job;
	u64 job_offset;
};

/**
 * stream_in_open() - start reading: the file header is read and checked
 *
 * Return: 0, -EBADF, -EINVAL not something to read from, -EBADMSG not an image,
 * -EOPNOTSUPP an image of a version, machine or feature that this module does not know,
 * -ENOMEM.
 */
int stream_in_open(struct stream_in *in, struct operation *ctx, int fd);

/** stream_in_close() - give everything back, and leave the file's position behind the image */
void stream_in_close(struct stream_in *in);

/**
 * stream_in_next() - read the next record header into @in->rec
 *
 * Records that are advisory and unknown are skipped. Return: 0, -EBADMSG, or what read says.
 */
int stream_in_next(struct stream_in *in);

/**
 * stream_in_msg() - read the payload of the current record as a message
 * @in: the stream
 * @msg: what it must be
 * @obj: decoded into this; strings and arrays are valid until the next stream_in_msg()
 *
 * Again for the same record: it is decoded anew.
 */
int stream_in_msg(struct stream_in *in, const struct codec_msg *msg, void *obj);

/** stream_in_raw() - read a raw payload of exactly @len bytes into memory */
int stream_in_raw(struct stream_in *in, void *data, size_t len);

/**
 * stream_in_pages() - read a raw payload of exactly @n pages into pages
 * @in: the stream
 * @pages: on success, the references go to the stream
 * @n: up to HASH_BATCH
 *
 * Their hash is looked at later: with the next pages, or by stream_in_end(). Nothing may run
 * before that.
 */
int stream_in_pages(struct stream_in *in, struct page **pages, unsigned int n);

/** stream_in_end() - the current record is the trailer: check counts and digest */
int stream_in_end(struct stream_in *in);

/** stream_in_bad() - record "the image is damaged" with words, at the current record */
__printf(2, 3)
int stream_in_bad(struct stream_in *in, const char *fmt, ...);

#endif /* _CKPT_STREAM_H */
