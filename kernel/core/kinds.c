// SPDX-License-Identifier: GPL-2.0
/*
 * The table of kinds: what the module knows how to keep.
 */
#include <linux/cred.h>
#include <linux/file.h>

#include "../file/file_content.h"
#include "../file/file_kind.h"
#include "../file/pipe.h"
#include "../file/rights.h"
#include "../task/seccomp.h"
#include "context.h"
#include "kinds.h"
#include "owner.h"

static void kinds_put_cred(void *ptr)
{
	put_cred(ptr);
}

static void kinds_put_file(void *ptr)
{
	fput(ptr);
}

static const struct object_ops kinds_of_objects[OBJECT_KINDS] = {
	[OBJECT_CRED] = { .put = kinds_put_cred },
	[OBJECT_FILE] = { .put = kinds_put_file },
	[OBJECT_FILES] = { .put = owner_put_files },
	[OBJECT_FS] = { .put = owner_put_fs },
	[OBJECT_MM] = { .put = owner_put },
	[OBJECT_OPENER] = { .put = rights_put },
	[OBJECT_PIPE] = { .put = pipe_put, .check = pipe_check_shared },
	[OBJECT_SECCOMP] = { .put = seccomp_put },
	[OBJECT_SHMEM] = { .put = kinds_put_file, .check = file_content_check },
	[OBJECT_SIGHAND] = { .put = owner_put },
	[OBJECT_STREAM] = { .put = kinds_put_file },
	[OBJECT_TTY] = { .put = kinds_put_file },
	[OBJECT_UNLINKED] = { .put = kinds_put_file, .check = file_content_check },
};

/* The first that matches is it. */
static const struct file_kind *const kinds_of_files[] = {
#define KINDS_FILE(name, text) &name ## _kind,
	CKPT_FILE_TABLE(KINDS_FILE)
#undef KINDS_FILE
};

const struct kinds kinds_all = {
	.objects = kinds_of_objects,
	.files = kinds_of_files,
	.nr_files = ARRAY_SIZE(kinds_of_files),
};
