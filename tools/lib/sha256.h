/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SHA-256 (FIPS 180-4) of sections, for tools that are linked without libcrypto: to load that takes
 * longer than a small checkpoint does.
 */
#ifndef TOOLS_SHA256_H
#define TOOLS_SHA256_H

#include <stddef.h>
#include <stdint.h>

/** SHA256_BYTES - of a digest */
#define SHA256_BYTES 32

/**
 * struct sha256 - a digest in the making
 * @h: of the blocks so far
 * @len: bytes so far
 * @block: those of the last, incomplete block
 */
struct sha256 {
	uint32_t h[8];
	uint64_t len;
	uint8_t block[64];
};

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_end(struct sha256 *s, uint8_t digest[SHA256_BYTES]);

#endif
