// SPDX-License-Identifier: GPL-2.0
#include "frame.h"

#include <elf.h>
#include <endian.h>
#include <stdlib.h>

#include <xxhash.h>

/* Only headers are summed by this, and they are short: no table. */
static uint32_t crc32c(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t crc = ~0U;
	int i;

	while (len--) {
		crc ^= *p++;
		for (i = 0; i < 8; i++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

struct ckpt_image_header frame_header(void)
{
	return (struct ckpt_image_header){
		.magic = CKPT_IMAGE_MAGIC,
		.version = htole32(CKPT_IMAGE_VERSION),
		.header_len = htole32(sizeof(struct ckpt_image_header)),
		.machine = htole32(EM_X86_64),
		.page_size = htole32(CKPT_IMAGE_ALIGN),
		.layer = htole32(CKPT_LAYER_PLAIN),
	};
}

void frame_fix_header(struct ckpt_image_header *header)
{
	header->crc = htole32(crc32c(header, offsetof(struct ckpt_image_header, crc)));
}

struct ckpt_image_record frame_record(uint32_t type, uint32_t flags, const void *payload,
				      size_t len, uint64_t offset)
{
	uint64_t end = offset + sizeof(struct ckpt_image_record);

	return (struct ckpt_image_record){
		.type = htole16(type),
		.flags = htole16(flags),
		.length = htole32(len),
		.gap = htole32(flags & CKPT_REC_F_RAW ? -end & (CKPT_IMAGE_ALIGN - 1) : 0),
		.payload_hash = htole64(XXH64(payload, len, 0)),
	};
}

void frame_fix_record(struct ckpt_image_record *rec)
{
	rec->crc = htole32(crc32c(rec, offsetof(struct ckpt_image_record, crc)));
}

void frame_begin(struct frame *frame, const struct ckpt_image_header *header)
{
	*frame = (struct frame){ .sha = EVP_MD_CTX_new() };
	if (!frame->sha || !EVP_DigestInit_ex(frame->sha, EVP_sha256(), NULL))
		abort();
	EVP_DigestUpdate(frame->sha, header, sizeof(*header));
}

void frame_add(struct frame *frame, const struct ckpt_image_record *rec)
{
	EVP_DigestUpdate(frame->sha, rec, sizeof(*rec));
	frame->records++;
	if (le16toh(rec->type) == CKPT_REC_PAGES)
		frame->pages += le32toh(rec->length) / CKPT_IMAGE_ALIGN;
}

void frame_end(struct frame *frame, uint8_t digest[FRAME_DIGEST])
{
	EVP_DigestFinal_ex(frame->sha, digest, NULL);
	EVP_MD_CTX_free(frame->sha);
	frame->sha = NULL;
}
