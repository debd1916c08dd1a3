// SPDX-License-Identifier: GPL-2.0
/*
 * Records out and in. Nothing here knows what is in them.
 */
#include <linux/bvec.h>
#include <linux/crc32c.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/xxhash.h>
#include <asm/elf.h>

#include "hash.h"
#include "schema.gen.h"
#include "../core/interrupt.h"
#include "stream.h"

#define STREAM_BUF	(64 << 10)

/*
 * Buffers for messages are this large at first and grow to what a message may need when there is
 * one that does: few do, and Debian's kernels clear what they allocate.
 */
#define STREAM_FIRST	(16 << 10)

static const u8 stream_zero[CKPT_IMAGE_ALIGN];

const struct stream_kind stream_kinds[CKPT_REC_TYPES] = {
#define STREAM_KIND(name, number, msg, stage, count, text) \
	[number] = { #name, text, CKPT_STAGE_##stage, CKPT_COUNT_##count },
	CKPT_REC_TABLE(STREAM_KIND)
#undef STREAM_KIND
};

/**
 * struct stream_held - a record that waits, or room that was asked for
 * @next: the next of its type
 * @len: of @data
 * @write: stream_out_later()'s; NULL: it is a record
 * @type: of the record
 * @flags: of the record
 * @data: its payload, or that room
 */
struct stream_held {
	struct stream_held *next;
	size_t len;
	int (*write)(struct stream_out *out, void *data, size_t len);
	u32 type;
	u32 flags;
	u8 data[];
};

static u32 stream_crc(const void *data, size_t len)
{
	return ~crc32c(~0, data, len);
}

/* Make a buffer at least @need bytes; its content is lost. */
static int stream_room(void **buf, size_t *size, size_t need)
{
	void *more;

	if (*size >= need)
		return 0;
	more = kvmalloc(need, GFP_KERNEL_ACCOUNT);
	if (!more)
		return -ENOMEM;
	kvfree(*buf);
	*buf = more;
	*size = need;
	return 0;
}

/* ---- writing ---- */

static int stream_write_error(struct stream_out *out, int err)
{
	struct error_at at = {
		.reason = CKPT_REASON_OUTPUT,
		.where_type = CKPT_WHERE_OFFSET,
		.where = out->bytes,
	};

	if (err == -ERESTARTSYS || err == -ERESTARTNOINTR || err == -ERESTARTNOHAND)
		err = -EINTR;
	if (err == -EINTR)
		return error_add(&out->ctx->errors, err, &at, "writing the image was interrupted");
	return error_add(&out->ctx->errors, err, &at, "cannot write the image");
}

static int stream_write_iter(struct stream_out *out, struct iov_iter *iter)
{
	while (iov_iter_count(iter)) {
		ssize_t n = out->layer.ops->write(&out->layer, iter);

		/* The caller of operation_stop() reports the reason. */
		if (READ_ONCE(out->ctx->stopped))
			return -ETIMEDOUT;
		if (interrupt_again(n))
			continue;
		if (n < 0)
			return stream_write_error(out, n);
		if (n == 0)
			return stream_write_error(out, -ENOSPC);
		if (fatal_signal_pending(current))
			return stream_write_error(out, -EINTR);
		operation_bytes(out->ctx, n);
		cond_resched();
	}
	return 0;
}

static int stream_write(struct stream_out *out, const void *data, size_t len)
{
	struct kvec kvec = { .iov_base = (void *)data, .iov_len = len };
	struct iov_iter iter;

	if (!len)
		return 0;
	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, len);
	return stream_write_iter(out, &iter);
}

static int stream_flush(struct stream_out *out)
{
	int ret = stream_write(out, out->buf, out->used);

	out->used = 0;
	return ret;
}

/* The type with which a record stands: a raw one behind that which describes it. */
static u32 stream_place(u32 type)
{
	return stream_kinds[type].count == CKPT_COUNT_RAW ? type - 1 : type;
}

/* Room for @len bytes that come next in the spool; of a record of @type, if it is not 0. */
static struct stream_held *stream_hold(struct stream_out *out, u32 type, size_t len)
{
	struct stream_held *held;
	u32 place;

	held = spool_add(&out->spool, out->ctx, sizeof(struct stream_held) + len);
	if (IS_ERR(held))
		return held;
	held->next = NULL;
	held->len = len;
	held->write = NULL;
	held->type = type;
	if (!type)
		return held;
	place = stream_place(type);
	if (out->last[place])
		out->last[place]->next = held;
	else
		out->first[place] = held;
	out->last[place] = held;
	return held;
}

void *stream_out_later(struct stream_out *out, u32 type, size_t len,
		       int (*write)(struct stream_out *out, void *data, size_t len))
{
	struct stream_held *held = stream_hold(out, type, len);

	if (IS_ERR(held))
		return held;
	held->write = write;
	return held->data;
}

static int stream_append(struct stream_out *out, const void *data, size_t len)
{
	int ret;

	out->bytes += len;
	if (out->used + len > STREAM_BUF) {
		ret = stream_flush(out);
		if (ret)
			return ret;
	}
	if (len > STREAM_BUF)
		return stream_write(out, data, len);
	memcpy(out->buf + out->used, data, len);
	out->used += len;
	return 0;
}

static size_t stream_tail(u64 offset)
{
	return ALIGN(offset, 8) - offset;
}

/* The header of a record, and the gap in front of a raw payload. */
static int stream_head(struct stream_out *out, enum ckpt_rec type, u32 flags, size_t len, u64 hash)
{
	struct ckpt_image_record rec = {
		.type = cpu_to_le16(type),
		.flags = cpu_to_le16(flags),
		.length = cpu_to_le32(len),
		.payload_hash = cpu_to_le64(hash),
	};
	u64 end = out->bytes + sizeof(rec);
	size_t gap = 0;
	int ret;

	if (flags & CKPT_REC_F_RAW)
		gap = ALIGN(end, CKPT_IMAGE_ALIGN) - end;
	rec.gap = cpu_to_le32(gap);
	rec.crc = cpu_to_le32(stream_crc(&rec, offsetof(struct ckpt_image_record, crc)));
	if (type != CKPT_REC_TRAILER)
		sha256_update(&out->digest, (u8 *)&rec, sizeof(rec));
	ret = stream_append(out, &rec, sizeof(rec));
	if (!ret)
		ret = stream_append(out, stream_zero, gap);
	if (!ret)
		out->records++;
	return ret;
}

/* While a program is frozen, its records wait as they are: without header, checksums and place. */
static int stream_record(struct stream_out *out, enum ckpt_rec type, u32 flags, const void *data,
			 size_t len)
{
	struct stream_held *held;
	int ret;

	if (out->spooling) {
		held = stream_hold(out, type, len);
		if (IS_ERR(held))
			return PTR_ERR(held);
		held->flags = flags;
		memcpy(held->data, data, len);
		return 0;
	}
	ret = stream_head(out, type, flags, len, hash_bytes(data, len));
	if (!ret)
		ret = stream_append(out, data, len);
	if (!ret)
		ret = stream_append(out, stream_zero, stream_tail(out->bytes));
	return ret;
}

int stream_out_msg(struct stream_out *out, enum ckpt_rec type, const struct codec_msg *msg,
		   const void *obj)
{
	struct error_at at = { .reason = CKPT_REASON_UNSUPPORTED };
	size_t len;
	int ret;

	ret = codec_encode(msg, obj, out->scratch, out->scratch_size, &len);
	if (ret == -ENOSPC && out->scratch_size < CKPT_IMAGE_META_MAX) {
		ret = stream_room(&out->scratch, &out->scratch_size, CKPT_IMAGE_META_MAX);
		if (ret)
			return ret;
		ret = codec_encode(msg, obj, out->scratch, out->scratch_size, &len);
	}
	if (ret == -ENOSPC)
		return error_add(&out->ctx->errors, -EOVERFLOW, &at,
				 "its %s takes more than %u bytes", msg->name,
				 CKPT_IMAGE_META_MAX);
	if (ret)
		return error_add(&out->ctx->errors, -EOVERFLOW, &at,
				 "its %s is larger than an image can hold", msg->name);
	if (type == CKPT_REC_CRED || type == CKPT_REC_SECCOMP)
		out->held += len;
	return stream_record(out, type, 0, out->scratch, len);
}

int stream_out_raw(struct stream_out *out, enum ckpt_rec type, const void *data, size_t len)
{
	if (WARN_ON_ONCE(len > CKPT_IMAGE_RAW_MAX))
		return -EINVAL;
	return stream_record(out, type, CKPT_REC_F_RAW, data, len);
}

static void stream_bvec(struct bio_vec *bvec, struct page **pages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		bvec[i].bv_page = pages[i];
		bvec[i].bv_len = PAGE_SIZE;
		bvec[i].bv_offset = 0;
	}
}

int stream_out_pages(struct stream_out *out, struct page **pages, unsigned int n)
{
	size_t len = n * PAGE_SIZE;
	struct bio_vec *bvec;
	struct iov_iter iter;
	int ret;

	if (WARN_ON_ONCE(out->spooling || n > HASH_BATCH))
		return -EINVAL;
	bvec = kmalloc_array(n, sizeof(*bvec), GFP_KERNEL_ACCOUNT);
	if (!bvec)
		return -ENOMEM;
	ret = stream_head(out, CKPT_REC_PAGES, CKPT_REC_F_RAW, len, hash_pages(pages, n));
	if (!ret)
		ret = stream_flush(out);
	if (ret)
		goto out;
	stream_bvec(bvec, pages, n);
	iov_iter_bvec(&iter, ITER_SOURCE, bvec, n, len);
	ret = stream_write_iter(out, &iter);
	if (ret)
		goto out;
	out->bytes += len;
	out->pages += n;
	atomic64_add(n, &out->ctx->progress.pages);
out:
	kfree(bvec);
	return ret;
}

int stream_out_open(struct stream_out *out, struct operation *ctx, int fd, bool dry)
{
	struct error_at at = { .reason = CKPT_REASON_OUTPUT };
	struct ckpt_image_header header = {
		.magic = CKPT_IMAGE_MAGIC,
		.version = cpu_to_le32(CKPT_IMAGE_VERSION),
		.header_len = cpu_to_le32(sizeof(header)),
		.machine = cpu_to_le32(ELF_ARCH),
		.page_size = cpu_to_le32(PAGE_SIZE),
		.layer = cpu_to_le32(CKPT_LAYER_PLAIN),
	};
	int ret;

	BUILD_BUG_ON(sizeof(header) != 64);
	BUILD_BUG_ON(sizeof(struct ckpt_image_record) != 24);
	BUILD_BUG_ON(!CKPT_REC_RIGHT());
	BUILD_BUG_ON(PAGE_SIZE != CKPT_IMAGE_ALIGN);

	memset(out, 0, sizeof(*out));
	out->ctx = ctx;
	spool_init(&out->spool);
	out->spooling = true;

	ret = dry ? 0 : layer_open(&out->layer, fd, true);
	if (ret) {
		error_add(&ctx->errors, ret, &at, ret == -EBADF ?
			  "the output is not open for writing" : "the output cannot hold an image");
		goto err;
	}

	ret = stream_room(&out->scratch, &out->scratch_size, STREAM_FIRST);
	if (ret)
		goto err;
	ret = -ENOMEM;
	out->buf = kvmalloc(STREAM_BUF, GFP_KERNEL_ACCOUNT);
	if (!out->buf || spool_ready(&out->spool, ctx))
		goto err;

	header.crc = cpu_to_le32(stream_crc(&header, offsetof(typeof(header), crc)));
	sha256_init(&out->digest);
	sha256_update(&out->digest, (u8 *)&header, sizeof(header));
	ret = stream_append(out, &header, sizeof(header));
	if (ret)
		goto err;
	return 0;

err:
	stream_out_close(out);
	return ret;
}

void stream_out_close(struct stream_out *out)
{
	spool_drop(&out->spool);
	kvfree(out->scratch);
	kvfree(out->buf);
	out->scratch = NULL;
	out->scratch_size = 0;
	out->buf = NULL;
	layer_put(&out->layer);
}

static int stream_unspool(struct stream_out *out, struct stream_held *held)
{
	if (fatal_signal_pending(current))
		return stream_write_error(out, -EINTR);
	if (held->write)
		return held->write(out, held->data, held->len);
	return stream_record(out, held->type, held->flags, held->data, held->len);
}

int stream_out_unspool(struct stream_out *out)
{
	struct stream_held *held;
	unsigned int i;
	int ret = 0;

	out->spooling = false;
	for (i = 0; i < CKPT_REC_TYPES; i++) {
		for (held = out->first[i]; !ret && held; held = held->next) {
			ret = stream_unspool(out, held);
			cond_resched();
		}
	}
	/* All at once: what is in one entry may point into another. */
	if (!ret)
		spool_drop(&out->spool);
	return ret;
}

int stream_out_end(struct stream_out *out)
{
	struct pb_trailer trailer = { .records = out->records, .pages = out->pages };
	u8 digest[SHA256_DIGEST_SIZE];
	int ret;

	sha256_final(&out->digest, digest);
	trailer.sha256.data = digest;
	trailer.sha256.len = sizeof(digest);
	ret = stream_out_msg(out, CKPT_REC_TRAILER, &pb_trailer_msg, &trailer);
	if (!ret)
		ret = stream_flush(out);
	if (ret)
		return ret;
	ret = layer_close(&out->layer);
	return ret ? stream_write_error(out, ret) : 0;
}

/* ---- reading ---- */

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

static int stream_read_iter(struct stream_in *in, struct iov_iter *iter)
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

static int stream_read(struct stream_in *in, void *data, size_t len)
{
	struct kvec kvec = { .iov_base = data, .iov_len = len };
	struct iov_iter iter;

	if (!len)
		return 0;
	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, len);
	return stream_read_iter(in, &iter);
}

/* Bytes between payloads must be zero: nothing may hide in an image. */
static int stream_read_zero(struct stream_in *in, size_t len)
{
	u8 buf[512];
	size_t n;
	int ret;

	while (len) {
		n = min(len, sizeof(buf));
		ret = stream_read(in, buf, n);
		if (ret)
			return ret;
		if (memchr_inv(buf, 0, n))
			return stream_in_bad(in, "padding is not zero");
		len -= n;
	}
	return 0;
}

static int stream_check_header(struct stream_in *in, const struct ckpt_image_header *h)
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

static int stream_arena(struct stream_in *in, size_t need)
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
		ret = stream_arena(in, STREAM_FIRST);
	if (ret)
		goto err;

	/* The magic alone first: a short file of another kind is that, and not truncated. */
	ret = stream_read(in, header.magic, sizeof(header.magic));
	if (!ret && memcmp(header.magic, CKPT_IMAGE_MAGIC, sizeof(header.magic)))
		ret = error_add(&ctx->errors, -EBADMSG, &at, "this is not a ckpt image");
	if (!ret)
		ret = stream_read(in, (u8 *)&header + sizeof(header.magic),
				  sizeof(header) - sizeof(header.magic));
	if (!ret)
		ret = stream_check_header(in, &header);
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

static bool stream_known(u32 type)
{
	return type && type < CKPT_REC_TYPES;
}

static int stream_skip(struct stream_in *in)
{
	size_t left = in->rec.length;
	struct xxh64_state state;
	size_t n;
	int ret;

	xxh64_reset(&state, 0);
	while (left) {
		n = min(left, in->payload_size);
		ret = stream_read(in, in->payload, n);
		if (ret)
			return ret;
		xxh64_update(&state, in->payload, n);
		left -= n;
	}
	if (xxh64_digest(&state) != in->rec.payload_hash)
		return stream_in_bad(in, "checksum of record %u", in->rec.type);
	return stream_read_zero(in, stream_tail(in->bytes));
}

int stream_in_next(struct stream_in *in)
{
	struct ckpt_image_record rec;
	u64 end;
	int ret;

	for (;;) {
		in->rec_offset = in->bytes;
		ret = stream_read(in, &rec, sizeof(rec));
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
		ret = stream_read_zero(in, in->rec.gap);
		if (ret)
			return ret;
		in->records++;
		if (stream_known(in->rec.type))
			return 0;
		if (!(in->rec.flags & CKPT_REC_F_ADVISORY))
			return stream_in_bad(in, "a record of an unknown type, %u",
					     in->rec.type);
		ret = stream_skip(in);
		if (ret)
			return ret;
	}
}

int stream_in_msg(struct stream_in *in, const struct codec_msg *msg, void *obj)
{
	size_t len = in->rec.length;
	struct codec_err err;
	int ret;

	BUILD_BUG_ON(CKPT_IMAGE_RAW_MAX > CKPT_IMAGE_META_MAX);
	if (in->rec.flags & CKPT_REC_F_RAW)
		return stream_in_bad(in, "%s is raw", msg->name);
	/* stream_in_next() has seen to its length. */
	ret = stream_room(&in->payload, &in->payload_size, len);
	if (!ret)
		ret = stream_read(in, in->payload, len);
	if (ret)
		return ret;
	if (in->rec.payload_hash != hash_bytes(in->payload, len))
		return stream_in_bad(in, "checksum of %s", msg->name);
	ret = stream_read_zero(in, stream_tail(in->bytes));
	if (ret)
		return ret;
	in->arena.used = 0;
	ret = codec_decode(msg, obj, in->payload, len, &in->arena, &err);
	if (ret == -ENOMEM && in->arena.size < msg->arena_max) {
		ret = stream_arena(in, msg->arena_max);
		if (ret)
			return ret;
		ret = codec_decode(msg, obj, in->payload, len, &in->arena, &err);
	}
	if (ret)
		return stream_in_bad(in, "%s: %s%s%s", msg->name, err.field ?: "",
				     err.field ? ": " : "", err.what ?: "cannot be decoded");
	return 0;
}

static int stream_raw_check(struct stream_in *in, size_t len)
{
	if (!(in->rec.flags & CKPT_REC_F_RAW) || in->rec.length != len)
		return stream_in_bad(in, "record %u has %u bytes, expected %zu raw ones",
				     in->rec.type, in->rec.length, len);
	return 0;
}

int stream_in_raw(struct stream_in *in, void *data, size_t len)
{
	int ret = stream_raw_check(in, len);

	if (!ret)
		ret = stream_read(in, data, len);
	if (ret)
		return ret;
	if (hash_bytes(data, len) != in->rec.payload_hash)
		return stream_in_bad(in, "checksum of record %u", in->rec.type);
	return stream_read_zero(in, stream_tail(in->bytes));
}

/* Are the last pages what they should be? */
static int stream_pages_right(struct stream_in *in)
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

	ret = stream_raw_check(in, len);
	if (ret)
		return ret;
	bvec = kmalloc_array(n, sizeof(*bvec), GFP_KERNEL_ACCOUNT);
	if (!bvec)
		return -ENOMEM;
	stream_bvec(bvec, pages, n);
	iov_iter_bvec(&iter, ITER_DEST, bvec, n, len);
	ret = stream_read_iter(in, &iter);
	kfree(bvec);
	if (!ret)
		ret = stream_pages_right(in);
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

	ret = stream_pages_right(in);
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
