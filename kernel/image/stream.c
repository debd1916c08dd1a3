// SPDX-License-Identifier: GPL-2.0
/*
 * Records out; stream_in.c has the other direction. Nothing here knows what is in them.
 */
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
#include "stream_common.h"

#define STREAM_BUF	(64 << 10)

/*
 * The most that one write takes while a program waits for the output. A write returns when the last
 * of it is taken, and only then it counts: as much as what holds bytes on their way takes at once.
 */
#define STREAM_WAITED	PAGE_SIZE
#define STREAM_WAITED_FILE	(64 << 10)

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

int stream_room(void **buf, size_t *size, size_t need)
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

/* As layer_ops.write(). */
static ssize_t stream_write_some(struct stream_out *out, struct iov_iter *iter)
{
	size_t all = iov_iter_count(iter), most = all;
	ssize_t n;

	if (READ_ONCE(out->ctx->waited))
		most = layer_is_stream(&out->layer) ? STREAM_WAITED : STREAM_WAITED_FILE;
	most = min(most, all);
	iov_iter_truncate(iter, most);
	n = out->layer.ops->write(&out->layer, iter);
	iov_iter_reexpand(iter, iov_iter_count(iter) + all - most);
	return n;
}

static int stream_write_iter(struct stream_out *out, struct iov_iter *iter)
{
	while (iov_iter_count(iter)) {
		ssize_t n = stream_write_some(out, iter);

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

void stream_bvec(struct bio_vec *bvec, struct page **pages, unsigned int n)
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
