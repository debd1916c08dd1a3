/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the frame of an image (ckpt_image.h), front to back, from anything that can be read.
 *
 * The image may come from an enemy. The reader never needs more memory than for one payload
 * (1 MiB), and each failure ends in one line with the offset at which the image is wrong.
 */
#ifndef TOOLS_IMAGE_H
#define TOOLS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/evp.h>

#include <ckpt.h>
#include <ckpt_image.h>

/** IMAGE_DIGEST - bytes of the digest in the trailer (SHA-256). */
#define IMAGE_DIGEST 32

/**
 * struct image - an image being read
 * @read: as read(2): up to @len bytes, 0 at the end, -1 with errno
 * @arg: for @read
 * @version: of the format
 * @machine: ELF e_machine
 * @features_optional: see struct ckpt_image_header
 * @sections: what stands in front of the image; digests are those of what was read
 * @notes: the text of each that is a NOTE of no more than SECTION_NOTE_MAX bytes, else NULL
 * @nr_sections: how many
 * @offset: bytes read so far
 * @records: records so far, without the trailer
 * @pages: pages in PAGES records so far
 * @type: of the current record, enum ckpt_rec or an unknown one that is advisory
 * @flags: of the current record, CKPT_REC_F_*
 * @start: offset of the header of the current record
 * @length: of its payload
 * @payload: its payload, until the next call; the buffer has CKPT_IMAGE_RAW_MAX bytes
 * @digest: what the trailer must hold, once @type is CKPT_REC_TRAILER
 * @bad: what image_bad() said; empty: nothing
 * @bad_offset: where
 */
struct image {
	ssize_t (*read)(void *arg, void *buf, size_t len);
	void *arg;

	uint32_t version;
	uint32_t machine;
	uint64_t features_optional;

	struct ckpt_section_name sections[CKPT_SECTIONS_MAX];
	char *notes[CKPT_SECTIONS_MAX];
	uint32_t nr_sections;

	uint64_t offset;
	uint64_t records;
	uint64_t pages;

	uint32_t type;
	uint32_t flags;
	uint64_t start;
	uint32_t length;
	uint8_t *payload;
	uint8_t digest[IMAGE_DIGEST];

	char bad[400];
	uint64_t bad_offset;

	EVP_MD_CTX *sha;
};

/**
 * struct image_kind - what CKPT_REC_TABLE says of a type
 * @name: its name
 * @text: what it is
 * @stage: enum ckpt_stage
 * @count: enum ckpt_count
 */
struct image_kind {
	const char *name;
	const char *text;
	uint8_t stage;
	uint8_t count;
};

extern const struct image_kind image_kinds[CKPT_REC_TYPES];

/** image_read_fd() - for image.read: @arg is a pointer to a file descriptor. */
ssize_t image_read_fd(void *arg, void *buf, size_t len);

/**
 * image_open() - read the sections and the file header, and check that
 * @im: filled; image_close() it also after a failure
 * Return: 0, or -1: see image.bad.
 */
int image_open(struct image *im, ssize_t (*read)(void *, void *, size_t), void *arg);

/**
 * image_next() - read and check one record with its payload
 *
 * The frame is checked: checksums, lengths, gaps, padding, flags, that the type is known or
 * advisory and is raw if and only if it should be. The content of the payload is not checked, and
 * neither is the trailer, behind which no record follows.
 *
 * Return: 0, or -1: see image.bad.
 */
int image_next(struct image *im);

void image_close(struct image *im);

/**
 * image_bad() - say what is wrong, unless something was before
 * @offset: where
 * Return: -1.
 */
int image_bad(struct image *im, uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** image_crc() - CRC32C of a header, as the format has it. */
uint32_t image_crc(const void *data, size_t len);

/** image_hash() - XXH64 of a payload, as the format has it. */
uint64_t image_hash(const void *data, size_t len);

/**
 * image_type_name() - "PAGES" for CKPT_REC_PAGES
 * Return: NULL if the type is not known.
 */
const char *image_type_name(uint32_t type);

#endif
