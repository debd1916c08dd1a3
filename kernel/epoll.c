// SPDX-License-Identifier: GPL-2.0
/*
 * epoll(7): an instance, and what it watches.
 *
 * fdinfo tells the descriptor, events and data of each watch. Two things it does not tell: which
 * description is behind a descriptor that may have been closed or replaced since, and whether an
 * edge has been reported already. And there is no call that makes a one-shot watch which has
 * fired. For these, struct epoll_item is looked at: each time one is used it is first compared
 * with what is known of the watch from elsewhere.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "arch/arch.h"
#include "checkpoint.h"
#include "compat.h"
#include "epoll.h"
#include "fdinfo.h"
#include "file.h"
#include "path.h"
#include "restart.h"
#include "symbols.h"

/* Flags of a watch. The other bits of its events are poll events. */
#define EPOLL_EDGE	((__force u32)EPOLLET)
#define EPOLL_ONESHOT	((__force u32)EPOLLONESHOT)
#define EPOLL_WAKEUP	((__force u32)EPOLLWAKEUP)
#define EPOLL_PRIVATE	(EPOLL_EDGE | EPOLL_ONESHOT | EPOLL_WAKEUP | (__force u32)EPOLLEXCLUSIVE)
/* Always asked for, so not there only if a one-shot has fired. */
#define EPOLL_ALWAYS	((__force u32)(EPOLLERR | EPOLLHUP))

/*
 * fs/eventpoll.c's struct epitem, from its second member on; the same in all supported kernels,
 * but for a flag that 6.1 and 6.12 have in the hole behind @fd.
 */
struct epoll_item {
	struct list_head ready;
	void *overflow;
	struct {
		struct file *file;
		int fd;
	} __packed target;
	void *waits;
	void *ep;
	struct hlist_node of_file;
	void *wakeup;
	struct epoll_event event;
};

/*
 * The item of a watch. If all of this fits, the fields are where they were thought to be. Others
 * may add and remove items of theirs, and of ours by a descriptor that they took (pidfd_getfd(2)):
 * under @file's f_lock, which the caller has, the list and what is on it stay.
 */
static struct epoll_item *epoll_find(struct file *epoll, struct file *file, int fd, u32 events,
				     u64 data, struct epoll_item *copy)
{
	struct epoll_item *item;
	struct hlist_node *node;

	lockdep_assert_held(&file->f_lock);
	for (node = file->f_ep ? file->f_ep->first : NULL; node; node = copy->of_file.next) {
		item = container_of(node, struct epoll_item, of_file);
		if (copy_from_kernel_nofault(copy, item, sizeof(*copy)))
			break;
		if (copy->ep == epoll->private_data && copy->target.file == file &&
		    copy->target.fd == fd && copy->event.events == (__force __poll_t)events &&
		    copy->event.data == data)
			return item;
	}
	return NULL;
}

/* The same without the lock, for who looks at the copy alone. */
static struct epoll_item *epoll_item(struct file *epoll, struct file *file, int fd, u32 events,
				     u64 data, struct epoll_item *copy)
{
	struct epoll_item *item;

	spin_lock(&file->f_lock);
	item = epoll_find(epoll, file, fd, events, data, copy);
	spin_unlock(&file->f_lock);
	return item;
}

/* Is it on the list of those that epoll_wait() looks at? -EOPNOTSUPP: this cannot be told. */
static int epoll_ready(struct file *epoll, struct file *file, const struct pb_epoll_watch *watch)
{
	struct epoll_item *item, copy;
	int tries;

	/* A file that becomes ready at this moment may have it half on the list. */
	for (tries = 0; tries < 100; tries++) {
		item = epoll_item(epoll, file, watch->fd, watch->events, watch->data, &copy);
		if (!item)
			return -EOPNOTSUPP;
		if ((copy.ready.next == &item->ready) == (copy.ready.prev == &item->ready))
			return copy.ready.next != &item->ready;
		cpu_relax();
	}
	return -EOPNOTSUPP;
}

bool epoll_match(struct file *file)
{
	return path_is_anonymous(file, "[eventpoll]");
}

int epoll_save(struct checkpoint *cp, struct file *file, int fd, u64 addr, struct pb_file *pb)
{
	cp->has_epoll = true;
	pb->has_epoll = true;
	pb->epoll = true;
	return 0;
}

/**
 * struct epoll_write - an epoll instance that is being written
 * @cp: the checkpoint
 * @list: the descriptors of the process
 * @epoll: the instance
 * @fd: a descriptor of it, for errors
 * @at: its fdinfo, from the first line that was not counted yet
 * @counts: how many watches each descriptor has in the lines before, as a value; counted only up
 *	to the last watch whose descriptor does not tell what it is of
 * @pb: the record that is being filled
 */
struct epoll_write {
	struct checkpoint *cp;
	const struct file_list *list;
	struct file *epoll;
	int fd;
	const char *at;
	struct xarray counts;
	struct pb_epoll pb;
};

static int epoll_refuse(struct epoll_write *ew, const char *what)
{
	return checkpoint_refuse(ew->cp, CKPT_WHERE_FD, ew->fd, CKPT_REASON_UNSUPPORTED, NULL,
				 "%s is not supported", what);
}

static bool epoll_parse(const char *line, struct pb_epoll_watch *watch)
{
	unsigned long long data;
	int fd;

	if (sscanf(line, "tfd: %d events: %x data: %llx", &fd, &watch->events, &data) != 3)
		return false;
	watch->fd = fd;
	watch->data = data;
	return true;
}

/* How many watches of descriptor @fd the lines before @line have, or an errno. */
static long epoll_count(struct epoll_write *ew, const char *line, int fd)
{
	struct pb_epoll_watch watch;
	void *count;

	for (; ew->at < line; ew->at = strchr(ew->at, '\n') + 1) {
		if (!epoll_parse(ew->at, &watch))
			continue;
		count = xa_load(&ew->counts, watch.fd);
		count = xa_mk_value(count ? xa_to_value(count) + 1 : 1);
		count = xa_store(&ew->counts, watch.fd, count, GFP_KERNEL_ACCOUNT);
		if (xa_is_err(count))
			return xa_err(count);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	count = xa_load(&ew->counts, fd);
	return count ? xa_to_value(count) : 0;
}

/*
 * What a watch is of. Most often it is what the descriptor refers to still. If not, the kernel
 * tells the description of the nth watch with that descriptor, as a pointer without a reference.
 * Return: that, -ENOENT if it is none, -ENOMEM, or -EINTR.
 */
static struct file *epoll_target(struct epoll_write *ew, const char *line,
				 const struct pb_epoll_watch *watch)
{
	struct file *file = file_list_find(ew->list, watch->fd);
	struct epoll_item copy;
	long nth;

	if (file && epoll_item(ew->epoll, file, watch->fd, watch->events, watch->data, &copy))
		return file;
	nth = epoll_count(ew, line, watch->fd);
	if (nth < 0)
		return ERR_PTR(nth);
	return sym(get_epoll_tfile_raw_ptr)(ew->epoll, watch->fd, nth);
}

static int epoll_flush(struct epoll_write *ew)
{
	int ret;

	if (!ew->pb.n_watch)
		return 0;
	ret = stream_out_msg(&ew->cp->out, CKPT_REC_EPOLL, &pb_epoll_msg, &ew->pb);
	ew->pb.n_watch = 0;
	return ret;
}

static int epoll_write_watch(struct epoll_write *ew, const char *line)
{
	struct pb_epoll_watch *watch = &ew->pb.watch[ew->pb.n_watch];
	struct object *obj = NULL;
	struct file *file;
	int ready;

	memset(watch, 0, sizeof(*watch));
	if (!epoll_parse(line, watch))
		return epoll_refuse(ew, "an epoll instance of this kernel");
	file = epoll_target(ew, line, watch);
	if (file == ERR_PTR(-EINTR) || file == ERR_PTR(-ENOMEM))
		return PTR_ERR(file);
	/* Of those in the table a reference is held: an equal pointer is the same file. */
	if (!IS_ERR(file))
		obj = object_lookup(&ew->cp->objects, OBJECT_FILE, file);
	if (!obj || obj->fd < 0)
		return checkpoint_refuse(ew->cp, CKPT_WHERE_FD, ew->fd, CKPT_REASON_UNSUPPORTED,
					 NULL, "%s (fd %u) is not supported",
					 "an epoll watch of a file that others have open",
					 watch->fd);
	watch->file = obj->id;
	if (watch->events & EPOLL_EDGE && watch->events & EPOLL_ALWAYS) {
		ready = epoll_ready(ew->epoll, file, watch);
		if (ready < 0)
			return epoll_refuse(ew, "an edge-triggered epoll watch of this kernel");
		watch->has_seen = !ready;
		watch->seen = !ready;
	}
	return ++ew->pb.n_watch == PB_EPOLL_WATCH_MAX ? epoll_flush(ew) : 0;
}

static int epoll_write_one(struct epoll_write *ew)
{
	const char *line, *end;
	char *info;
	int ret = 0;

	info = fdinfo_read(ew->epoll);
	if (IS_ERR(info)) {
		if (PTR_ERR(info) == -ENOMEM)
			return -ENOMEM;
		return epoll_refuse(ew, "an epoll instance with so many watches");
	}
	ew->at = info;
	xa_init_flags(&ew->counts, XA_FLAGS_ACCOUNT);
	for (line = info; !ret && *line; line = end + 1) {
		ret = epoll_write_watch(ew, line);
		end = strchr(line, '\n');
		if (!end)
			break;
		cond_resched();
	}
	if (!ret)
		ret = epoll_flush(ew);
	xa_destroy(&ew->counts);
	kvfree(info);
	return ret;
}

int epoll_write(struct checkpoint *cp, const struct file_list *list)
{
	struct epoll_write ew = { .cp = cp, .list = list };
	struct object *obj;
	int ret = 0;

	if (!cp->has_epoll)
		return 0;
	object_for_each(&cp->objects, obj) {
		if (obj->kind != OBJECT_FILE || !epoll_match(obj->ptr))
			continue;
		if (!ew.pb.watch)
			ew.pb.watch = kvcalloc(PB_EPOLL_WATCH_MAX, sizeof(*ew.pb.watch),
					       GFP_KERNEL_ACCOUNT);
		if (!ew.pb.watch)
			return -ENOMEM;
		ew.epoll = obj->ptr;
		ew.fd = obj->fd;
		ew.pb.file = obj->id;
		ret = epoll_write_one(&ew);
		if (ret)
			break;
	}
	kvfree(ew.pb.watch);
	return ret;
}

/* ---- restart ---- */

struct file *epoll_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct file *file = file_take_fd(arch_sys(epoll_create1, 0));

	if (IS_ERR(file))
		error_add(&rs->ctx->errors, PTR_ERR(file), &at,
			  "an epoll instance cannot be created");
	return file;
}

/*
 * A watch is known by its file and by the descriptor that was given when it was added: the file
 * must be there for a moment. What is there instead, @now, may be the epoll instance itself.
 */
static int epoll_add_closed(struct object *epoll, struct file *file, int fd, struct file *now,
			    struct epoll_event *event)
{
	int epfd = epoll->fd, ret;
	bool cloexec;

	if (epfd == fd) {
		epfd = get_unused_fd_flags(0);
		if (epfd < 0)
			return epfd;
		fd_install(epfd, get_file(epoll->ptr));
	}
	rcu_read_lock();
	cloexec = now && compat_close_on_exec(fd, current->files);
	rcu_read_unlock();
	ret = sym(replace_fd)(fd, file, 0);
	if (ret >= 0) {
		ret = sym(do_epoll_ctl)(epfd, EPOLL_CTL_ADD, fd, event, false);
		if (!now)
			close_fd(fd);
		else if (sym(replace_fd)(fd, now, cloexec ? O_CLOEXEC : 0) < 0)
			ret = -EBADF;
	}
	if (epfd != epoll->fd)
		close_fd(epfd);
	return ret;
}

static int epoll_add(struct object *epoll, struct file *file, int fd, struct epoll_event *event)
{
	struct file *now = fget_raw(fd);
	int ret;

	if (now == file)
		ret = sym(do_epoll_ctl)(epoll->fd, EPOLL_CTL_ADD, fd, event, false);
	else
		ret = epoll_add_closed(epoll, file, fd, now, event);
	if (now)
		fput(now);
	return ret;
}

/*
 * Add it such that nothing it waits for is reported now, then give it its events. Return: 0, an
 * errno, or -EOPNOTSUPP if the kernel's item is not as expected.
 */
static int epoll_add_quiet(struct object *epoll, struct file *file,
			   const struct pb_epoll_watch *watch)
{
	struct epoll_event event = {
		.events = (__force __poll_t)(watch->events & EPOLL_PRIVATE),
		.data = watch->data,
	};
	struct epoll_item *item, copy;
	int ret;

	ret = epoll_add(epoll, file, watch->fd, &event);
	if (ret)
		return ret;
	spin_lock(&file->f_lock);
	item = epoll_find(epoll->ptr, file, watch->fd,
			  (watch->events & EPOLL_PRIVATE) | EPOLL_ALWAYS, watch->data, &copy);
	/* As in EPOLL_CTL_MOD; a wake-up that comes at this moment sees one or the other. */
	if (item)
		WRITE_ONCE(item->event.events, (__force __poll_t)watch->events);
	spin_unlock(&file->f_lock);
	return item ? 0 : -EOPNOTSUPP;
}

static int epoll_watch(struct restart *rs, struct object *epoll,
		       const struct pb_epoll_watch *watch)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.where_type = CKPT_WHERE_FD,
		.where = epoll->fd,
	};
	struct file *file = object_find(&rs->objects, OBJECT_FILE, watch->file);
	struct epoll_event event = {
		.events = (__force __poll_t)watch->events,
		.data = watch->data,
	};
	bool fired = !(watch->events & EPOLL_ALWAYS);
	int ret;

	if (!file || watch->fd > INT_MAX || (fired && !(watch->events & EPOLL_ONESHOT)) ||
	    (fired && watch->events & ~EPOLL_PRIVATE))
		return stream_in_bad(&rs->in, "an epoll watch");
	if (watch->events & EPOLL_WAKEUP && !capable(CAP_BLOCK_SUSPEND)) {
		at.reason = CKPT_REASON_DENIED;
		at.advice = "restart it with CAP_BLOCK_SUSPEND";
		return error_add(&rs->ctx->errors, -EPERM, &at,
				 "an epoll watch with EPOLLWAKEUP is denied");
	}
	/* An edge must not be missed: hide one only if nothing new can come at the same time. */
	if (fired || (watch->seen && watch->events & EPOLL_EDGE && file_quiet(file)))
		ret = epoll_add_quiet(epoll, file, watch);
	else
		ret = epoll_add(epoll, file, watch->fd, &event);
	/* What stands in for a file (path_stand_in()) has no events. */
	if (ret == -EPERM && rs->wrong)
		return 0;
	switch (ret) {
	case 0:
		return 0;
	case -EEXIST:
	case -EINVAL:
	case -ELOOP:
	case -EPERM:
		return stream_in_bad(&rs->in, "an epoll watch");
	case -ENOSPC:
		at.advice = "raise /proc/sys/fs/epoll/max_user_watches";
		break;
	case -EBADF:
		at.advice = "raise the limit of open files (ulimit -n)";
		break;
	}
	return error_add(&rs->ctx->errors, ret, &at, "an epoll watch cannot be made");
}

int epoll_read(struct restart *rs)
{
	struct object *epoll;
	struct pb_epoll pb;
	u32 i;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_epoll_msg, &pb);
	if (ret)
		return ret;
	epoll = object_by_id(&rs->objects, OBJECT_FILE, pb.file);
	if (!epoll || epoll->fd < 0 || !epoll_match(epoll->ptr))
		return stream_in_bad(&rs->in, "epoll instance %u", pb.file);
	for (i = 0; !ret && i < pb.n_watch; i++) {
		ret = epoll_watch(rs, epoll, &pb.watch[i]);
		cond_resched();
	}
	return ret;
}
