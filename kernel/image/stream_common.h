/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers that stream.c and stream_in.c share. Nobody else needs them.
 */
#ifndef _CKPT_STREAM_COMMON_H
#define _CKPT_STREAM_COMMON_H

#include <linux/align.h>
#include <linux/bvec.h>
#include <linux/crc32c.h>

/*
 * Buffers for messages are this large at first and grow to what a message may need when there is
 * one that does: few do, and Debian's kernels clear what they allocate.
 */
#define STREAM_FIRST	(16 << 10)

/* The checksum of a header. */
static inline u32 stream_crc(const void *data, size_t len)
{
	return ~crc32c(~0, data, len);
}

/* How many zeros stand behind a record that ends at @offset. */
static inline size_t stream_tail(u64 offset)
{
	return ALIGN(offset, 8) - offset;
}

/** stream_room() - make a buffer at least @need bytes; its content is lost; 0 or -ENOMEM */
int stream_room(void **buf, size_t *size, size_t need);

/** stream_bvec() - describe whole pages */
void stream_bvec(struct bio_vec *bvec, struct page **pages, unsigned int n);

#endif /* _CKPT_STREAM_COMMON_H */
