/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame of an image (ckpt_image.h) for those who write images by hand: headers, checksums,
 * gaps and digest as they should be. It shares nothing with the tools, whose reading it tests.
 */
#ifndef SELFTESTS_FRAME_H
#define SELFTESTS_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include <ckpt_image.h>

/** FRAME_DIGEST - bytes of the digest in the trailer. */
#define FRAME_DIGEST 32

/**
 * struct frame - an image that is being written
 * @records: so far, without the trailer
 * @pages: in all PAGES records so far
 * @sha: of the headers so far
 */
struct frame {
	uint64_t records;
	uint64_t pages;
	EVP_MD_CTX *sha;
};

/** frame_header() - the header of a file, but for its checksum. */
struct ckpt_image_header frame_header(void);

/** frame_fix_header() - make its checksum right. */
void frame_fix_header(struct ckpt_image_header *header);

/**
 * frame_record() - the header of a record, but for its checksum
 * @offset: where in the image it will be, which decides about the gap
 */
struct ckpt_image_record frame_record(uint32_t type, uint32_t flags, const void *payload,
				      size_t len, uint64_t offset);

/** frame_fix_record() - make its checksum right. */
void frame_fix_record(struct ckpt_image_record *rec);

/** frame_begin() - begin with the header of the file. */
void frame_begin(struct frame *frame, const struct ckpt_image_header *header);

/** frame_add() - count a record that is no trailer. */
void frame_add(struct frame *frame, const struct ckpt_image_record *rec);

/** frame_end() - the digest, behind the last record; nothing is added later. */
void frame_end(struct frame *frame, uint8_t digest[FRAME_DIGEST]);

#endif
