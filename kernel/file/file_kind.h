/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_FILE_KIND_H
#define _CKPT_FILE_KIND_H

#include <linux/types.h>

#include "../../uapi/ckpt_image.h"

struct checkpoint;
struct file;
struct object_place;
struct pb_file;
struct restart;

/**
 * struct file_kind - a kind of open file; a row of CKPT_FILE_TABLE
 * @match: checkpoint: is this file of the kind? The first row that says so has it
 * @unsupported: checkpoint: NULL, or why this one cannot be kept; looks at nothing but the file,
 *	and does not sleep. The function may be NULL
 * @save: checkpoint: describe it in @pb, writing objects it needs first; refuses by itself. The
 *	place is where it was found first
 * @has: restart: offset of the flag in struct pb_file that is set for this kind
 * @open: restart: make one; records an error by itself
 * @alone: its description may be shared with anybody: a new one is as good
 * @quiet: nothing happens to it but by the program
 */
struct file_kind {
	bool (*match)(struct file *file);
	const char *(*unsupported)(struct file *file);
	int (*save)(struct checkpoint *cp, struct file *file, const struct object_place *at,
		    struct pb_file *pb);
	size_t has;
	struct file *(*open)(struct restart *rs, const struct pb_file *pb);
	bool alone;
	bool quiet;
};

/* Each kind in CKPT_FILE_TABLE has one: pipe_kind, tty_kind... */
#define FILE_KIND_DECLARE(name, text) extern const struct file_kind name ## _kind;
CKPT_FILE_TABLE(FILE_KIND_DECLARE)
#undef FILE_KIND_DECLARE

#endif /* _CKPT_FILE_KIND_H */
