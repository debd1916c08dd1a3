// SPDX-License-Identifier: GPL-2.0
#include "image.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <isa-l/crc.h>
#include <xxhash.h>

#include "section.h"
#include "sha256.h"
#include "util.h"

uint32_t image_crc(const void *data, size_t len)
{
	/* ISA-L inverts neither at the start nor at the end, and forgot a const. */
	return ~crc32_iscsi((unsigned char *)data, len, ~0U);
}

uint64_t image_hash(const void *data, size_t len)
{
	return XXH64(data, len, 0);
}

/* A fuzzer, which cannot guess checksums, shall get past them. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define FUZZING true
#else
#define FUZZING false
#endif

static bool crc_ok(uint32_t stored, const void *data, size_t len)
{
	return FUZZING || le32toh(stored) == image_crc(data, len);
}

_Static_assert(CKPT_REC_RIGHT(), "CKPT_REC_TABLE has gaps, or more types than a mask has bits");
_Static_assert(sizeof(struct ckpt_image_header) == 64, "the file header has another size");
_Static_assert(sizeof(struct ckpt_image_record) == 24, "the record header has another size");

const struct image_kind image_kinds[CKPT_REC_TYPES] = {
#define IMAGE_KIND(name, number, msg, stage, count, text) \
	[number] = { #name, text, CKPT_STAGE_##stage, CKPT_COUNT_##count },
	CKPT_REC_TABLE(IMAGE_KIND)
#undef IMAGE_KIND
};

const char *image_type_name(uint32_t type)
{
	return type < CKPT_REC_TYPES ? image_kinds[type].name : NULL;
}

static bool type_is_raw(uint32_t type)
{
	return image_kinds[type].count == CKPT_COUNT_RAW;
}

int image_bad(struct image *im, uint64_t offset, const char *fmt, ...)
{
	va_list ap;

	if (im->bad[0])
		return -1;
	im->bad_offset = offset;
	va_start(ap, fmt);
	vsnprintf(im->bad, sizeof(im->bad), fmt, ap);
	va_end(ap);
	return -1;
}

ssize_t image_read_fd(void *arg, void *buf, size_t len)
{
	ssize_t n;

	do {
		n = read(*(int *)arg, buf, len);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* @inside: how to go on after "truncated"; NULL: a record header begins here */
static int fill(struct image *im, void *buf, size_t len, const char *inside)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = im->read(im->arg, p, len);

		if (n < 0)
			return image_bad(im, im->offset, "%s", strerror(errno));
		if (!n && !im->offset)
			return image_bad(im, 0, "the image is empty");
		if (!n)
			return image_bad(im, im->offset, "the image is truncated%s",
					 inside ? inside : p != buf ? " in a record header" :
					 ": there is no trailer");
		im->offset += n;
		p += n;
		len -= n;
	}
	return 0;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	while (len && !*p) {
		p++;
		len--;
	}
	return !len;
}

static int padding(struct image *im, size_t len, const char *name)
{
	static const char *const text = " in the padding of a record";
	uint8_t buf[CKPT_IMAGE_ALIGN];
	uint64_t at = im->offset;

	if (fill(im, buf, len, text))
		return -1;
	if (!all_zero(buf, len))
		return image_bad(im, at, "padding of %s is not zero", name);
	return 0;
}

static int check_header(struct image *im, const struct ckpt_image_header *h)
{
	uint32_t header_len = le32toh(h->header_len), page = le32toh(h->page_size);
	uint64_t required = le64toh(h->features_required);

	if (memcmp(h->magic, CKPT_IMAGE_MAGIC, sizeof(h->magic)))
		return image_bad(im, 0, "this is not a ckpt image");
	if (!crc_ok(h->crc, h, offsetof(struct ckpt_image_header, crc)))
		return image_bad(im, 0, "checksum of the file header is wrong");
	im->version = le32toh(h->version);
	if (im->version == 1)
		return image_bad(im, 8, "the image was made by a version before 0.2");
	if (im->version < CKPT_IMAGE_VERSION_MIN || im->version > CKPT_IMAGE_VERSION)
		return image_bad(im, 8, "image format version %u; this tool reads %d to %d",
				 im->version, CKPT_IMAGE_VERSION_MIN, CKPT_IMAGE_VERSION);
	im->machine = le32toh(h->machine);
	if (im->machine != EM_X86_64)
		return image_bad(im, 16, "an image of another architecture (ELF machine %u)",
				 im->machine);
	if (header_len != sizeof(*h))
		return image_bad(im, 12, "length of the file header is %u", header_len);
	if (page != CKPT_IMAGE_ALIGN)
		return image_bad(im, 20, "an image with pages of %u bytes", page);
	if (required)
		return image_bad(im, 24, "the image needs features 0x%" PRIx64
				 " that this tool does not know", required);
	if (le32toh(h->layer) != CKPT_LAYER_PLAIN)
		return image_bad(im, 40,
				 "the image is stored in layer %u, which this tool does not know",
				 le32toh(h->layer));
	im->features_optional = le64toh(h->features_optional);
	if (!all_zero(h->reserved, sizeof(h->reserved)))
		return image_bad(im, 44, "reserved bytes of the file header are not zero");
	return 0;
}

#define SECTION_HEADER sizeof(struct ckpt_section)

static int read_section(struct image *im, const struct ckpt_section *header)
{
	uint64_t start = im->offset - sizeof(*header), left = le64toh(header->length);
	struct ckpt_section_name *name = &im->sections[im->nr_sections];
	uint32_t type = le32toh(header->type);
	struct sha256 sha;
	size_t n;

	if (im->nr_sections == CKPT_SECTIONS_MAX)
		return image_bad(im, start, "more than %d sections", CKPT_SECTIONS_MAX);
	if (header->reserved)
		return image_bad(im, start, "reserved bytes of a section are not zero");
	*name = (struct ckpt_section_name){ .type = type, .length = left };
	if (type == CKPT_SECTION_NOTE && left <= SECTION_NOTE_MAX)
		im->notes[im->nr_sections] = xmalloc(left + 1);
	sha256_start(&sha);
	for (; left; left -= n) {
		n = left < CKPT_IMAGE_RAW_MAX ? left : CKPT_IMAGE_RAW_MAX;
		if (fill(im, im->payload, n, " in a section"))
			return -1;
		sha256_add(&sha, im->payload, n);
	}
	sha256_end(&sha, name->sha256);
	if (im->notes[im->nr_sections]) {
		memcpy(im->notes[im->nr_sections], im->payload, name->length);
		im->notes[im->nr_sections][name->length] = '\0';
	}
	im->nr_sections++;
	return padding(im, section_gap(name->length), "a section");
}

int image_open(struct image *im, ssize_t (*read)(void *, void *, size_t), void *arg)
{
	struct ckpt_image_header header;

	memset(im, 0, sizeof(*im));
	im->read = read;
	im->arg = arg;
	im->payload = xmalloc(CKPT_IMAGE_RAW_MAX);
	im->sha = EVP_MD_CTX_new();
	if (!im->sha || !EVP_DigestInit_ex(im->sha, EVP_sha256(), NULL))
		return image_bad(im, 0, "SHA-256 is not available here");
	if (fill(im, &header, SECTION_HEADER, " in the file header"))
		return -1;
	while (!memcmp(header.magic, CKPT_SECTION_MAGIC, sizeof(header.magic)))
		if (read_section(im, (const struct ckpt_section *)&header) ||
		    fill(im, &header, SECTION_HEADER, " in the file header"))
			return -1;
	if (fill(im, (uint8_t *)&header + SECTION_HEADER, sizeof(header) - SECTION_HEADER,
		 " in the file header") || check_header(im, &header))
		return -1;
	EVP_DigestUpdate(im->sha, &header, sizeof(header));
	return 0;
}

int image_next(struct image *im)
{
	struct ckpt_image_record rec;
	uint32_t gap, wanted = 0;
	const char *name;
	char number[32];

	im->start = im->offset;
	if (fill(im, &rec, sizeof(rec), NULL))
		return -1;
	if (!crc_ok(rec.crc, &rec, offsetof(struct ckpt_image_record, crc)))
		return image_bad(im, im->start, "checksum of a record header is wrong");
	im->type = le16toh(rec.type);
	im->flags = le16toh(rec.flags);
	im->length = le32toh(rec.length);
	gap = le32toh(rec.gap);

	name = image_type_name(im->type);
	snprintf(number, sizeof(number), "record type %u", im->type);
	if (!name && !(im->flags & CKPT_REC_F_ADVISORY))
		return image_bad(im, im->start, "%s is not known", number);
	if (im->flags & ~CKPT_REC_FLAGS)
		return image_bad(im, im->start, "%s has unknown flags 0x%x", name ?: number,
				 im->flags);
	if (name && !!(im->flags & CKPT_REC_F_RAW) != type_is_raw(im->type))
		return image_bad(im, im->start, "%s must%s be raw", name,
				 type_is_raw(im->type) ? "" : " not");
	if (im->length > CKPT_IMAGE_RAW_MAX)
		return image_bad(im, im->start, "%s has %u bytes, more than %d",
				 name ?: number, im->length, CKPT_IMAGE_RAW_MAX);
	if (im->flags & CKPT_REC_F_RAW)
		wanted = -im->offset & (CKPT_IMAGE_ALIGN - 1);
	if (gap != wanted)
		return image_bad(im, im->start, "gap of %s is %u, not %u", name ?: number, gap,
				 wanted);
	if (im->type == CKPT_REC_TRAILER) {
		EVP_DigestFinal_ex(im->sha, im->digest, NULL);
	} else {
		EVP_DigestUpdate(im->sha, &rec, sizeof(rec));
		im->records++;
	}
	if (padding(im, gap, name ?: number) ||
	    fill(im, im->payload, im->length, " in the payload of a record"))
		return -1;
	if (!FUZZING && le64toh(rec.payload_hash) != image_hash(im->payload, im->length))
		return image_bad(im, im->start, "checksum of %s is wrong", name ?: number);
	if (im->type == CKPT_REC_PAGES)
		im->pages += im->length / CKPT_IMAGE_ALIGN;
	return padding(im, -im->offset & 7, name ?: number);
}

void image_close(struct image *im)
{
	while (im->nr_sections)
		free(im->notes[--im->nr_sections]);
	free(im->payload);
	im->payload = NULL;
	EVP_MD_CTX_free(im->sha);
	im->sha = NULL;
}
