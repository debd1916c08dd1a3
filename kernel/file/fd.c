// SPDX-License-Identifier: GPL-2.0
/*
 * Restart: which descriptors a FILE has, and what waits for it to have one.
 */
#include <linux/list.h>

#include "../core/context.h"
#include "fd.h"

int fd_later(struct restart *rs, u32 id, struct later *later, const struct later_ops *ops)
{
	struct later *first = xa_load(&rs->with_fd, id);
	int ret;

	later->ops = ops;
	INIT_LIST_HEAD(&later->list);
	if (first) {
		/* They are a ring without a head. */
		list_add_tail(&later->list, &first->list);
		return 0;
	}
	ret = xa_err(xa_store(&rs->with_fd, id, later, GFP_KERNEL_ACCOUNT));
	if (ret)
		ops->free(later);
	return ret;
}

void fd_later_free(struct restart *rs)
{
	struct later *first, *later, *next;
	unsigned long id;

	xa_for_each(&rs->with_fd, id, first) {
		list_for_each_entry_safe(later, next, &first->list, list)
			later->ops->free(later);
		first->ops->free(first);
		cond_resched();
	}
	xa_destroy(&rs->with_fd);
}

/* The FILE has got its first descriptor: that is the process which can do what was put off. */
static void fd_later_begin(struct restart *rs, u32 id, struct restart_process *p)
{
	struct later *first = xa_erase(&rs->with_fd, id), *later, *next;

	if (!first)
		return;
	list_for_each_entry_safe(later, next, &first->list, list) {
		list_del(&later->list);
		later_add(&p->later, later, later->ops);
	}
	later_add(&p->later, first, first->ops);
}

int fd_of(const struct object *obj, struct restart_files *files)
{
	void *fd;

	if (obj->files == files)
		return obj->fd;
	fd = xa_load(&files->fds, obj->id);
	return fd ? xa_to_value(fd) : -1;
}

int fd_note(struct restart *rs, struct object *obj, struct restart_files *files, u32 fd)
{
	if (!obj->files) {
		obj->fd = fd;
		obj->files = files;
		fd_later_begin(rs, obj->id, files->part.process);
		return 0;
	}
	if (obj->files == files || xa_load(&files->fds, obj->id))
		return 0;
	return xa_err(xa_store(&files->fds, obj->id, xa_mk_value(fd), GFP_KERNEL_ACCOUNT));
}
