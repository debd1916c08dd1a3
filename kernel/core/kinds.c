// SPDX-License-Identifier: GPL-2.0
/*
 * The table of kinds: what the module knows how to keep.
 */
#include <linux/cred.h>
#include <linux/file.h>

#include "../file/pipe.h"
#include "../file/rights.h"
#include "../task/seccomp.h"
#include "kinds.h"

static void kinds_put_cred(void *ptr)
{
	put_cred(ptr);
}

static void kinds_put_file(void *ptr)
{
	fput(ptr);
}

const struct object_ops kinds_of_objects[OBJECT_KINDS] = {
	[OBJECT_CRED] = { .put = kinds_put_cred },
	[OBJECT_FILE] = { .put = kinds_put_file },
	[OBJECT_OPENER] = { .put = rights_put },
	[OBJECT_PIPE] = { .put = pipe_put },
	[OBJECT_SECCOMP] = { .put = seccomp_put },
	[OBJECT_SHMEM] = { .put = kinds_put_file },
	[OBJECT_TTY] = { .put = kinds_put_file },
	[OBJECT_UNLINKED] = { .put = kinds_put_file },
};
