// SPDX-License-Identifier: GPL-2.0
/*
 * The table of kinds: what the module knows how to keep.
 */
#include <linux/cred.h>
#include <linux/file.h>

#include "../file/epoll.h"
#include "../file/eventfd.h"
#include "../file/file_content.h"
#include "../file/file_kind.h"
#include "../file/inotify.h"
#include "../file/named.h"
#include "../file/pidfd.h"
#include "../file/pipe.h"
#include "../file/proc.h"
#include "../file/rights.h"
#include "../file/signalfd.h"
#include "../file/timerfd.h"
#include "../file/tty.h"
#include "../file/unlinked.h"
#include "../mm/shmem.h"
#include "../task/seccomp.h"
#include "context.h"
#include "kinds.h"

static void kinds_put_cred(void *ptr)
{
	put_cred(ptr);
}

static void kinds_put_file(void *ptr)
{
	fput(ptr);
}

/* The tasks have these objects themselves: the table holds no reference. */
static void kinds_put_none(void *ptr)
{
}

static struct file *kinds_open_tty(struct restart *rs, const struct pb_file *pb)
{
	return tty_open(rs, pb->tty, pb->flags);
}

static const struct object_ops kinds_of_objects[OBJECT_KINDS] = {
	[OBJECT_CRED] = { .put = kinds_put_cred },
	[OBJECT_FILE] = { .put = kinds_put_file },
	[OBJECT_FILES] = { .put = kinds_put_none },
	[OBJECT_FS] = { .put = kinds_put_none },
	[OBJECT_MM] = { .put = kinds_put_none },
	[OBJECT_OPENER] = { .put = rights_put },
	[OBJECT_PIPE] = { .put = pipe_put, .check = pipe_check_shared },
	[OBJECT_SECCOMP] = { .put = seccomp_put },
	[OBJECT_SHMEM] = { .put = kinds_put_file, .check = file_content_check },
	[OBJECT_SIGHAND] = { .put = kinds_put_none },
	[OBJECT_TTY] = { .put = kinds_put_file },
	[OBJECT_UNLINKED] = { .put = kinds_put_file, .check = file_content_check },
};

#define KINDS_FILE(name, open_fn)					\
	.match = name ## _match, .save = name ## _save,			\
	.has = offsetof(struct pb_file, has_ ## name), .open = (open_fn)

/* The first that matches is it. */
static const struct file_kind kinds_of_files[] = {
	{ KINDS_FILE(pipe, pipe_open), .quiet = true },
	{ KINDS_FILE(tty, kinds_open_tty), .alone = true },
	{ KINDS_FILE(shmem, shmem_open) },
	{ KINDS_FILE(eventfd, eventfd_open), .quiet = true },
	{ KINDS_FILE(timerfd, timerfd_open) },
	{ KINDS_FILE(signalfd, signalfd_open) },
	{ KINDS_FILE(epoll, epoll_open) },
	{ KINDS_FILE(pidfd, pidfd_open) },
	{ KINDS_FILE(inotify, inotify_open) },
	{ KINDS_FILE(unlinked, unlinked_open) },
	{ KINDS_FILE(proc, proc_open) },
	{ .match = named_match, .unsupported = named_unsupported, .save = named_save,
	  .has = offsetof(struct pb_file, has_path), .open = named_open },
};

const struct kinds kinds_all = {
	.objects = kinds_of_objects,
	.files = kinds_of_files,
	.nr_files = ARRAY_SIZE(kinds_of_files),
};
