// SPDX-License-Identifier: GPL-2.0
/*
 * The sections in front of an image.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sections.h"

int sections_check(u64 addr, u32 n)
{
	return n > CKPT_SECTIONS_MAX || !addr != !n ? -EINVAL : 0;
}

int sections_get(struct sections *s, u64 addr, u32 n)
{
	u32 i;

	BUILD_BUG_ON(sizeof(s->name[0]) != 48);
	BUILD_BUG_ON(CKPT_SECTIONS_MAX > PB_IMAGE_SECTION_MAX);
	BUILD_BUG_ON(sizeof(s->name[0].sha256) != PB_SECTION_SHA256_MAX);
	s->n = n;
	if (copy_from_user(s->name, u64_to_user_ptr(addr), n * sizeof(s->name[0])))
		return -EFAULT;
	for (i = 0; i < n; i++)
		if (s->name[i].pad)
			return -EINVAL;
	return 0;
}

void sections_write(const struct sections *s, struct pb_image *pb, struct pb_section *room)
{
	u32 i;

	for (i = 0; i < s->n; i++) {
		room[i].type = s->name[i].type;
		room[i].length = s->name[i].length;
		room[i].sha256.data = s->name[i].sha256;
		room[i].sha256.len = sizeof(s->name[i].sha256);
	}
	pb->section = room;
	pb->n_section = s->n;
}

const char *sections_match(const struct sections *s, const struct pb_image *pb, u32 *nr)
{
	u32 i;

	for (i = 0; i < s->n && i < pb->n_section; i++) {
		const struct pb_section *section = &pb->section[i];

		*nr = i + 1;
		if (section->type != s->name[i].type || section->length != s->name[i].length ||
		    section->sha256.len != sizeof(s->name[i].sha256) ||
		    memcmp(section->sha256.data, s->name[i].sha256, section->sha256.len))
			return "is not what it was";
	}
	*nr = i + 1;
	if (i < s->n)
		return "is not of this image";
	return i < pb->n_section ? "is missing" : NULL;
}
