/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sections in front of an image: the kernel never sees them, but writes down what the tool
 * says of them, and compares that at a restart.
 */
#ifndef _CKPT_SECTIONS_H
#define _CKPT_SECTIONS_H

#include <linux/types.h>

#include "schema.gen.h"
#include "../../uapi/ckpt.h"
#include "../../uapi/ckpt_image.h"

/**
 * struct sections - what the caller says of them
 * @n: how many
 * @name: type, length and digest of each
 */
struct sections {
	u32 n;
	struct ckpt_section_name name[CKPT_SECTIONS_MAX];
};

/** sections_check() - can this be an array of them? 0 or -EINVAL */
int sections_check(u64 addr, u32 n);

/** sections_get() - copy the caller's array; 0, -EFAULT, or -EINVAL for padding that is not zero */
int sections_get(struct sections *s, u64 addr, u32 n);

/**
 * sections_write() - checkpoint: name them in IMAGE
 * @s: the sections
 * @pb: IMAGE; points to @room and @s afterwards
 * @room: CKPT_SECTIONS_MAX elements
 */
void sections_write(const struct sections *s, struct pb_image *pb, struct pb_section *room);

/**
 * sections_match() - restart: are they those that IMAGE names?
 *
 * Return: NULL, or in words why not; @nr gets which one, from 1 on.
 */
const char *sections_match(const struct sections *s, const struct pb_image *pb, u32 *nr);

#endif /* _CKPT_SECTIONS_H */
