// SPDX-License-Identifier: GPL-2.0
/*
 * Records in; stream.c has the other direction. Nothing here knows what is in them.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/xxhash.h>
#include <asm/elf.h>

#include "../core/interrupt.h"
#include "hash.h"
#include "schema.gen.h"
#include "stream.h"
#include "stream_common.h"

int stream_in_bad(struct stream_in *in, const char *fmt, ...)
{
	struct error_at at = {
		.reason = CKPT_REASON_IMAGE,
		.where_type = CKPT_WHERE_OFFSET,
		.where = in->rec_offset,
	};
	struct va_format vaf = { .fmt = fmt };
	va_list args;
	int ret;

	va_start(args, fmt);
	vaf.va = &args;
	ret = error_add(&in->ctx->errors, -EBADMSG, &at, "the image is damaged: %pV", &vaf);
	va_end(args);
	return ret;
}

static int stream_in_iter(struct stream_in *in, struct iov_iter *iter)
{
	struct error_at at = {
		.reason = CKPT_REASON_IMAGE,
		.where_type = CKPT_WHERE_OFFSET,
	};

	while (iov_iter_count(iter)) {
		ssize_t n = in->layer.ops->read(&in->layer, iter);

		if (interrupt_again(n))
			continue;
		at.where = in->bytes;
		if (n == 0 && !in->bytes)
			return error_add(&in->ctx->errors, -EBADMSG, &at, "the image is empty");
		if (n == 0)
			return error_add(&in->ctx->errors, -EBADMSG, &at, "the image is truncated");
		if (n < 0 && (n == -ERESTARTSYS || n == -EINTR))
			return error_add(&in->ctx->errors, -EINTR, &at,
					 "reading the image was interrupted");
		if (n < 0)
			return error_add(&in->ctx->errors, n, &at, "cannot read the image");
		if (fatal_signal_pending(current))
			return -EINTR;
		in->bytes += n;
		atomic64_add(n, &in->ctx->progress.bytes);
		cond_resched();
	}
	return 0;
}

static int stream_in_read(struct stream_in *in, void *data, size_t len)
{
	struct kvec kvec = { .iov_base = data, .iov_len = len };
	struct iov_iter iter;

	if (!len)
		return 0;
	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, len);
	return stream_in_iter(in, &iter);
}

/* Bytes between payloads must be zero: nothing may hide in an image. */
static int stream_in_zero(struct stream_in *in, size_t len)
{
	u8 buf[512];
	size_t n;
	int ret;

	while (len) {
		n = min(len, sizeof(buf));
		ret = stream_in_read(in, buf, n);
		if (ret)
			return ret;
		if (memchr_inv(buf, 0, n))
			return stream_in_bad(in, "padding is not zero");
		len -= n;
	}
	return 0;
}

static int stream_in_header(struct stream_in *in, const struct ckpt_image_header *h)
{
	struct error_at at = { .reason = CKPT_REASON_IMAGE };
	u32 version = le32_to_cpu(h->version);

	if (le32_to_cpu(h->crc) != stream_crc(h, offsetof(typeof(*h), crc)))
		return stream_in_bad(in, "checksum of the file header");
	if (version == 1)
		return error_add(&in->ctx->errors, -EOPNOTSUPP, &at,
				 "the image was made by a version before 0.2");
	if (version < CKPT_IMAGE_VERSION_MIN || version > CKPT_IMAGE_VERSION)
		return error_add(&in->ctx->errors, -EOPNOTSUPP, &at,
				 "image format version %u; this module reads %u to %u", version,
				 CKPT_IMAGE_VERSION_MIN, CKPT_IMAGE_VERSION);
	if (le32_to_cpu(h->machine) != ELF_ARCH)
		return error_add(&in->ctx->errors, -EOPNOTSUPP, &at,
				 "an image of another architecture (ELF machine %u, this is %u)",
				 le32_to_cpu(h->machine), ELF_ARCH);
	if (le32_to_cpu(h->page_size) != PAGE_SIZE)
		return error_add(&in->ctx->errors, -EOPNOTSUPP, &at,
				 "an image with pages of %u bytes", le32_to_cpu(h->page_size));
	if (h->features_required)
		return error_add(&in->ctx->errors, -EOPNOTSUPP, &at,
				 "the image needs features %#llx that this module does not know",
				 le64_to_cpu(h->features_required));
	if (layer_use(&in->layer, le32_to_cpu(h->layer)))
		return error_add(&in->ctx->errors, -EOPNOTSUPP, &at,
				 "the image is stored in layer %u, which this module does not know",
				 le32_to_cpu(h->layer));
	if (le32_to_cpu(h->header_len) != sizeof(*h) ||
	    memchr_inv(h->reserved, 0, sizeof(h->reserved)))
		return stream_in_bad(in, "file header");
	return 0;
}

static int stream_in_arena(struct stream_in *in, size_t need)
{
	void *base = in->arena.base;
	int ret = stream_room(&base, &in->arena.size, need);

	in->arena.base = base;
	return ret;
}

int stream_in_open(struct stream_in *in, struct operation *ctx, int fd)
{
	struct error_at at = { .reason = CKPT_REASON_IMAGE };
	struct ckpt_image_header header;
	int ret;

	memset(in, 0, sizeof(*in));
	in->ctx = ctx;
	ret = layer_open(&in->layer, fd, false);
	if (ret) {
		error_add(&ctx->errors, ret, &at, ret == -EBADF ?
			  "the input is not open for reading" : "the input cannot hold an image");
		goto err;
	}

	ret = stream_room(&in->payload, &in->payload_size, STREAM_FIRST);
	if (!ret)
		ret = stream_in_arena(in, STREAM_FIRST);
	if (ret)
		goto err;

	/* The magic alone first: a short file of another kind is that, and not truncated. */
	ret = stream_in_read(in, header.magic, sizeof(header.magic));
	if (!ret && memcmp(header.magic, CKPT_IMAGE_MAGIC, sizeof(header.magic)))
		ret = error_add(&ctx->errors, -EBADMSG, &at, "this is not a ckpt image");
	if (!ret)
		ret = stream_in_read(in, (u8 *)&header + sizeof(header.magic),
				     sizeof(header) - sizeof(header.magic));
	if (!ret)
		ret = stream_in_header(in, &header);
	if (ret)
		goto err;
	sha256_init(&in->digest);
	sha256_update(&in->digest, (u8 *)&header, sizeof(header));
	return 0;

err:
	stream_in_close(in);
	return ret;
}

void stream_in_close(struct stream_in *in)
{
	hash_job_free(in->job);
	in->job = NULL;
	kvfree(in->payload);
	kvfree(in->arena.base);
	in->payload = NULL;
	in->payload_size = 0;
	in->arena.base = NULL;
	in->arena.size = 0;
	layer_put(&in->layer);
}

static bool stream_in_known(u32 type)
{
	return type && type < CKPT_REC_TYPES;
}

static int stream_in_skip(struct stream_in *in)
{
	size_t left = in->rec.length;
	struct xxh64_state state;
	size_t n;
	int ret;

	xxh64_reset(&state, 0);
	while (left) {
		n = min(left, in->payload_size);
		ret = stream_in_read(in, in->payload, n);
		if (ret)
			return ret;
		xxh64_update(&state, in->payload, n);
		left -= n;
	}
	if (xxh64_digest(&state) != in->rec.payload_hash)
		return stream_in_bad(in, "checksum of record %u", in->rec.type);
	return stream_in_zero(in, stream_tail(in->bytes));
}

int stream_in_next(struct stream_in *in)
{
	struct ckpt_image_record rec;
	u64 end;
	int ret;

	for (;;) {
		in->rec_offset = in->bytes;
		in->have = false;
		ret = stream_in_read(in, &rec, sizeof(rec));
		if (ret)
			return ret;
		if (le32_to_cpu(rec.crc) != stream_crc(&rec, offsetof(typeof(rec), crc)))
			return stream_in_bad(in, "checksum of a record header");
		in->rec.type = le16_to_cpu(rec.type);
		in->rec.flags = le16_to_cpu(rec.flags);
		in->rec.length = le32_to_cpu(rec.length);
		in->rec.gap = le32_to_cpu(rec.gap);
		in->rec.payload_hash = le64_to_cpu(rec.payload_hash);
		if (in->rec.flags & ~CKPT_REC_FLAGS)
			return stream_in_bad(in, "flags of record %u", in->rec.type);
		if (in->rec.length > CKPT_IMAGE_RAW_MAX)
			return stream_in_bad(in, "record %u has %u bytes", in->rec.type,
					     in->rec.length);
		end = in->bytes;
		if (in->rec.flags & CKPT_REC_F_RAW)
			end = ALIGN(end, CKPT_IMAGE_ALIGN);
		if (in->rec.gap != end - in->bytes)
			return stream_in_bad(in, "gap of record %u", in->rec.type);
		if (in->rec.type != CKPT_REC_TRAILER)
			sha256_update(&in->digest, (u8 *)&rec, sizeof(rec));
		ret = stream_in_zero(in, in->rec.gap);
		if (ret)
			return ret;
		in->records++;
		if (stream_in_known(in->rec.type))
			return 0;
		if (!(in->rec.flags & CKPT_REC_F_ADVISORY))
			return stream_in_bad(in, "a record of an unknown type, %u",
					     in->rec.type);
		ret = stream_in_skip(in);
		if (ret)
			return ret;
	}
}

/* stream_in_next() has seen to its length. */
static int stream_in_payload(struct stream_in *in, const char *name)
{
	size_t len = in->rec.length;
	int ret;

	ret = stream_room(&in->payload, &in->payload_size, len);
	if (!ret)
		ret = stream_in_read(in, in->payload, len);
	if (ret)
		return ret;
	if (in->rec.payload_hash != hash_bytes(in->payload, len))
		return stream_in_bad(in, "checksum of %s", name);
	return stream_in_zero(in, stream_tail(in->bytes));
}

int stream_in_msg(struct stream_in *in, const struct codec_msg *msg, void *obj)
{
	size_t len = in->rec.length;
	struct codec_err err;
	int ret;

	BUILD_BUG_ON(CKPT_IMAGE_RAW_MAX > CKPT_IMAGE_META_MAX);
	if (in->rec.flags & CKPT_REC_F_RAW)
		return stream_in_bad(in, "%s is raw", msg->name);
	ret = in->have ? 0 : stream_in_payload(in, msg->name);
	if (ret)
		return ret;
	in->have = true;
	in->arena.used = 0;
	ret = codec_decode(msg, obj, in->payload, len, &in->arena, &err);
	if (ret == -ENOMEM && in->arena.size < msg->arena_max) {
		ret = stream_in_arena(in, msg->arena_max);
		if (ret)
			return ret;
		ret = codec_decode(msg, obj, in->payload, len, &in->arena, &err);
	}
	if (ret)
		return stream_in_bad(in, "%s: %s%s%s", msg->name, err.field ?: "",
				     err.field ? ": " : "", err.what ?: "cannot be decoded");
	return 0;
}

static int stream_in_raw_check(struct stream_in *in, size_t len)
{
	if (!(in->rec.flags & CKPT_REC_F_RAW) || in->rec.length != len)
		return stream_in_bad(in, "record %u has %u bytes, expected %zu raw ones",
				     in->rec.type, in->rec.length, len);
	return 0;
}

int stream_in_raw(struct stream_in *in, void *data, size_t len)
{
	int ret = stream_in_raw_check(in, len);

	if (!ret)
		ret = stream_in_read(in, data, len);
	if (ret)
		return ret;
	if (hash_bytes(data, len) != in->rec.payload_hash)
		return stream_in_bad(in, "checksum of record %u", in->rec.type);
	return stream_in_zero(in, stream_tail(in->bytes));
}

/* Are the last pages what they should be? */
static int stream_in_pages_right(struct stream_in *in)
{
	int ret = hash_job_wait(in->job);

	if (ret != -EBADMSG)
		return ret;
	in->rec_offset = in->job_offset;
	return stream_in_bad(in, "checksum of memory pages");
}

int stream_in_pages(struct stream_in *in, struct page **pages, unsigned int n)
{
	size_t len = n * PAGE_SIZE;
	struct bio_vec *bvec;
	struct iov_iter iter;
	int ret;

	ret = stream_in_raw_check(in, len);
	if (ret)
		return ret;
	bvec = kmalloc_array(n, sizeof(*bvec), GFP_KERNEL_ACCOUNT);
	if (!bvec)
		return -ENOMEM;
	stream_bvec(bvec, pages, n);
	iov_iter_bvec(&iter, ITER_DEST, bvec, n, len);
	ret = stream_in_iter(in, &iter);
	kfree(bvec);
	if (!ret)
		ret = stream_in_pages_right(in);
	if (!ret && !in->job) {
		in->job = hash_job_new();
		ret = in->job ? 0 : -ENOMEM;
	}
	if (ret)
		return ret;
	in->job_offset = in->rec_offset;
	hash_job_start(in->job, pages, n, in->rec.payload_hash);
	in->pages += n;
	atomic64_add(n, &in->ctx->progress.pages);
	return 0;
}

int stream_in_end(struct stream_in *in)
{
	u64 records = in->records - 1;
	u8 digest[SHA256_DIGEST_SIZE];
	struct pb_trailer trailer;
	int ret;

	ret = stream_in_pages_right(in);
	if (ret)
		return ret;
	sha256_final(&in->digest, digest);
	ret = stream_in_msg(in, &pb_trailer_msg, &trailer);
	if (ret)
		return ret;
	if (trailer.records != records || trailer.pages != in->pages)
		return stream_in_bad(in, "trailer: %llu records, %llu pages; found %llu, %llu",
				     trailer.records, trailer.pages, records, in->pages);
	if (trailer.sha256.len != sizeof(digest) ||
	    memcmp(trailer.sha256.data, digest, sizeof(digest)))
		return stream_in_bad(in, "digest");
	return 0;
}
