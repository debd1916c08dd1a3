// SPDX-License-Identifier: GPL-2.0
/*
 * epoll(7): an instance, and what it watches.
 *
 * fdinfo tells the descriptor, events and data of each watch. Two things it does not tell: which
 * description is behind a descriptor that may have been closed or replaced since, and whether an
 * edge has been reported already. And there is no call that makes a one-shot watch which has
 * fired. For these, struct epoll_item is looked at, which each file has a list of. An instance
 * orders its watches, and fdinfo its lines, by file and descriptor: what was found, in that order,
 * is compared with the lines one by one, and believed if all of it is the same.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/owner.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "epoll.h"
#include "external.h"
#include "fdinfo.h"
#include "description.h"
#include "path.h"
#include "../core/symbols.h"
#include "file_kind.h"

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

static bool epoll_match(struct file *file)
{
	return path_is_anonymous(file, "[eventpoll]");
}

static int epoll_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
		      struct pb_file *pb)
{
	cp->has_epoll = true;
	pb->has_epoll = true;
	pb->epoll = true;
	return 0;
}

/**
 * struct epoll_found - a watch, as the list of its file has it
 * @ep: the kernel's struct of its instance; only compared
 * @file: what is watched; an object of the image
 * @fd: the descriptor that it was added under
 * @events: EPOLL*
 * @data: of epoll_ctl(2)
 * @known: it can be told whether it is ready
 * @ready: it is on the list of those that epoll_wait() looks at
 */
struct epoll_found {
	const void *ep;
	struct file *file;
	int fd;
	u32 events;
	u64 data;
	bool known;
	bool ready;
};

/**
 * struct epoll_write - the epoll instances of an image, which are being written
 * @cp: the checkpoint
 * @ep: the kernel's structs of all of them, in order
 * @n_ep: how many
 * @found: the watches of all of them that are of files in the image
 * @n_found: how many
 * @cap: for how many there is room
 * @epoll: the instance that is being written
 * @at: where it was found, for errors
 * @next: the watch in @found that is expected to come next
 * @pb: the record that is being filled
 */
struct epoll_write {
	struct checkpoint *cp;
	const void **ep;
	unsigned int n_ep;
	struct epoll_found *found;
	unsigned int n_found;
	unsigned int cap;
	struct file *epoll;
	const struct object_place *at;
	unsigned int next;
	struct pb_epoll pb;
};

static int epoll_refuse(struct epoll_write *ew, const char *what)
{
	return refuse_file(ew->at, CKPT_REASON_UNSUPPORTED, NULL, "%s is not supported", what);
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

/* There may be very many, and sort() does not look whether somebody else wants to run. */
static int epoll_order(const void *a, const void *b)
{
	cond_resched();
	if (fatal_signal_pending(current))
		return 0;
	return a < b ? -1 : a > b;
}

static int epoll_ep_cmp(const void *a, const void *b)
{
	return epoll_order(*(void * const *)a, *(void * const *)b);
}

static int epoll_found_cmp(const void *a, const void *b)
{
	const struct epoll_found *x = a, *y = b;
	int ret = epoll_order(x->ep, y->ep) ?: epoll_order(x->file, y->file);

	return ret ?: (x->fd > y->fd) - (x->fd < y->fd);
}

static bool epoll_ours(const struct epoll_write *ew, const void *ep)
{
	unsigned int low = 0, high = ew->n_ep, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (ew->ep[mid] == ep)
			return true;
		if (ew->ep[mid] < ep)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* A file that becomes ready at this moment may have it half on the list. */
static void epoll_look_ready(struct epoll_item *item, struct epoll_found *found)
{
	struct list_head ready;
	int tries;

	found->known = false;
	for (tries = 0; tries < 100; tries++) {
		if (copy_from_kernel_nofault(&ready, &item->ready, sizeof(ready)))
			return;
		found->ready = ready.next != &item->ready;
		found->known = found->ready == (ready.prev != &item->ready);
		if (found->known)
			return;
		cpu_relax();
	}
}

/*
 * The watches of @file, into &ew->found as far as there is room. Others may add and remove items:
 * under its f_lock the list and what is on it stay. Return: how many there are, or an errno:
 * -EOPNOTSUPP if they do not look as expected.
 */
static int epoll_look(struct epoll_write *ew, struct file *file)
{
	struct epoll_found *found;
	struct epoll_item *item, copy;
	struct hlist_node *node;
	int n = 0;

	spin_lock(&file->f_lock);
	for (node = file->f_ep ? file->f_ep->first : NULL; node; node = node->next) {
		if (fatal_signal_pending(current)) {
			n = -EINTR;
			break;
		}
		item = container_of(node, struct epoll_item, of_file);
		if (copy_from_kernel_nofault(&copy, item, sizeof(copy)) ||
		    copy.target.file != file) {
			n = -EOPNOTSUPP;
			break;
		}
		if (!epoll_ours(ew, copy.ep) || ew->n_found + n++ >= ew->cap)
			continue;
		found = &ew->found[ew->n_found + n - 1];
		found->ep = copy.ep;
		found->file = file;
		found->fd = copy.target.fd;
		found->events = (__force u32)copy.event.events;
		found->data = copy.event.data;
		epoll_look_ready(item, found);
	}
	spin_unlock(&file->f_lock);
	return n;
}

static int epoll_room(struct epoll_write *ew, unsigned int need)
{
	struct epoll_found *more;
	unsigned int cap = max3(need, 2 * ew->cap, 64u);

	more = kvmalloc_array(cap, sizeof(*more), GFP_KERNEL_ACCOUNT);
	if (!more)
		return -ENOMEM;
	if (ew->n_found)
		memcpy(more, ew->found, ew->n_found * sizeof(*more));
	kvfree(ew->found);
	ew->found = more;
	ew->cap = cap;
	return 0;
}

/* All watches of files in the image, once for all instances: a file may have very many. */
static int epoll_collect(struct epoll_write *ew)
{
	struct object *obj;
	struct file *file;
	int n, ret;

	object_for_each(&ew->cp->objects, obj) {
		file = obj->ptr;
		if (obj->kind != OBJECT_FILE || obj->place.fd < 0 || !READ_ONCE(file->f_ep))
			continue;
		for (;;) {
			n = epoll_look(ew, file);
			if (n < 0)
				return n;
			if (n <= ew->cap - ew->n_found)
				break;
			ret = epoll_room(ew, ew->n_found + n);
			if (ret)
				return ret;
		}
		ew->n_found += n;
		cond_resched();
	}
	sort(ew->found, ew->n_found, sizeof(*ew->found), epoll_found_cmp, NULL);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/* The first watch of the instance in &ew->found. */
static unsigned int epoll_first(const struct epoll_write *ew, const void *ep)
{
	unsigned int low = 0, high = ew->n_found, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (ew->found[mid].ep < ep)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The watch that is next, if it is one of the instance at all. */
static const struct epoll_found *epoll_next(const struct epoll_write *ew)
{
	const struct epoll_found *found = &ew->found[ew->next];

	return ew->next < ew->n_found && found->ep == ew->epoll->private_data ? found : NULL;
}

static int epoll_flush(struct epoll_write *ew)
{
	int ret;

	if (!ew->pb.n_watch)
		return 0;
	ew->pb.files = ew->at->proc->files->obj->id;
	ret = stream_out_msg(&ew->cp->out, CKPT_REC_EPOLL, &pb_epoll_msg, &ew->pb);
	ew->pb.n_watch = 0;
	return ret;
}

static int epoll_write_watch(struct epoll_write *ew, const char *line)
{
	struct pb_epoll_watch *watch = &ew->pb.watch[ew->pb.n_watch];
	const struct epoll_found *found = epoll_next(ew);
	struct object *obj;

	memset(watch, 0, sizeof(*watch));
	if (!epoll_parse(line, watch))
		return epoll_refuse(ew, "an epoll instance of this kernel");
	if (!found || found->fd != watch->fd || found->events != watch->events ||
	    found->data != watch->data)
		return refuse_file(ew->at, CKPT_REASON_UNSUPPORTED, NULL,
				   "%s (fd %u) is not supported",
				   "an epoll watch of a file that others have open", watch->fd);
	ew->next++;
	obj = object_lookup(&ew->cp->objects, OBJECT_FILE, found->file);
	watch->file = obj->id;
	if (watch->events & EPOLL_EDGE && watch->events & EPOLL_ALWAYS) {
		if (!found->known)
			return epoll_refuse(ew, "an edge-triggered epoll watch of this kernel");
		watch->has_seen = !found->ready;
		watch->seen = !found->ready;
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
	ew->next = epoll_first(ew, ew->epoll->private_data);
	for (line = info; !ret && *line; line = end + 1) {
		ret = fatal_signal_pending(current) ? -EINTR : epoll_write_watch(ew, line);
		end = strchr(line, '\n');
		if (!end)
			break;
		cond_resched();
	}
	/* Somebody else adds to it just now, or it is not as it was thought to be. */
	if (!ret && epoll_next(ew))
		ret = epoll_refuse(ew, "an epoll instance of this kernel");
	if (!ret)
		ret = epoll_flush(ew);
	kvfree(info);
	return ret;
}

static bool epoll_object(const struct object *obj)
{
	return obj->kind == OBJECT_FILE && epoll_match(obj->ptr);
}

static int epoll_write_all(struct epoll_write *ew)
{
	struct object *obj;
	int ret;

	object_for_each(&ew->cp->objects, obj)
		ew->n_ep += epoll_object(obj);
	ew->ep = kvmalloc_array(ew->n_ep, sizeof(*ew->ep), GFP_KERNEL_ACCOUNT);
	ew->pb.watch = kvcalloc(PB_EPOLL_WATCH_MAX, sizeof(*ew->pb.watch), GFP_KERNEL_ACCOUNT);
	if (!ew->ep || !ew->pb.watch)
		return -ENOMEM;
	ew->n_ep = 0;
	object_for_each(&ew->cp->objects, obj)
		if (epoll_object(obj))
			ew->ep[ew->n_ep++] = ((struct file *)obj->ptr)->private_data;
	sort(ew->ep, ew->n_ep, sizeof(*ew->ep), epoll_ep_cmp, NULL);
	ret = epoll_collect(ew);
	object_for_each(&ew->cp->objects, obj) {
		if (!epoll_object(obj))
			continue;
		ew->epoll = obj->ptr;
		ew->at = &obj->place;
		ew->pb.file = obj->id;
		if (ret == -EOPNOTSUPP)
			return epoll_refuse(ew, "an epoll instance of this kernel");
		ret = ret ?: epoll_write_one(ew);
		if (ret)
			break;
		cond_resched();
	}
	return ret;
}

int epoll_write(struct checkpoint *cp)
{
	struct epoll_write ew = { .cp = cp };
	int ret;

	if (!cp->has_epoll)
		return 0;
	ret = epoll_write_all(&ew);
	kvfree(ew.pb.watch);
	kvfree(ew.found);
	kvfree(ew.ep);
	return ret;
}

/* ---- restart ---- */

static struct file *epoll_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct file *file = description_take_fd(arch_sys(epoll_create1, 0));

	if (IS_ERR(file))
		error_add(&rs->ctx->errors, PTR_ERR(file), &at,
			  "an epoll instance cannot be created");
	return file;
}

/*
 * A watch is known by its file and by the descriptor that was given when it was added: the file
 * must be there for a moment. @now is the file there instead, which may be the epoll instance.
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
 * The item of a watch that was just made, the first one of its file. If all of this fits, the
 * fields are where they were thought to be. Others may add and remove items of theirs, and of ours
 * by a descriptor that they took (pidfd_getfd(2)): under @file's f_lock, which the caller has, the
 * list and what is on it stay.
 */
static struct epoll_item *epoll_find(struct file *epoll, struct file *file, int fd, u32 events,
				     u64 data)
{
	struct epoll_item *item, copy;

	lockdep_assert_held(&file->f_lock);
	if (!file->f_ep || !file->f_ep->first)
		return NULL;
	item = container_of(file->f_ep->first, struct epoll_item, of_file);
	if (copy_from_kernel_nofault(&copy, item, sizeof(copy)))
		return NULL;
	if (copy.ep == epoll->private_data && copy.target.file == file && copy.target.fd == fd &&
	    copy.event.events == (__force __poll_t)events && copy.event.data == data)
		return item;
	return NULL;
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
	struct epoll_item *item;
	int ret;

	ret = epoll_add(epoll, file, watch->fd, &event);
	if (ret)
		return ret;
	spin_lock(&file->f_lock);
	item = epoll_find(epoll->ptr, file, watch->fd,
			  (watch->events & EPOLL_PRIVATE) | EPOLL_ALWAYS, watch->data);
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
	struct object *obj = object_by_id(&rs->objects, OBJECT_FILE, watch->file) ?:
			     object_by_id(&rs->objects, OBJECT_STREAM, watch->file);
	bool stream = obj && obj->kind == OBJECT_STREAM;
	struct file *file = stream ? external_at(rs, obj, watch->fd) : obj ? obj->ptr : NULL;
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
	if (fired || (watch->seen && watch->events & EPOLL_EDGE && obj->quiet))
		ret = epoll_add_quiet(epoll, file, watch);
	else
		ret = epoll_add(epoll, file, watch->fd, &event);
	/* A stand-in for a file (path_stand_in()) has no events to watch. */
	if (ret == -EPERM && rs->wrong)
		return 0;
	if (ret == -EPERM && stream) {
		at.reason = CKPT_REASON_CHANGED;
		at.advice = "give it a pipe (cat FILE | rstr, rstr | cat > FILE)";
		return error_add(&rs->ctx->errors, ret, &at,
				 "it watches a standard stream, and what is in the place cannot be watched");
	}
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
	struct restart_files *files;
	struct object *epoll;
	struct pb_epoll pb;
	u32 i;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_epoll_msg, &pb);
	if (ret)
		return ret;
	files = owner_files(rs, pb.files);
	if (IS_ERR(files))
		return PTR_ERR(files);
	epoll = object_by_id(&rs->objects, OBJECT_FILE, pb.file);
	if (!epoll || epoll->files != files || !epoll_match(epoll->ptr))
		return stream_in_bad(&rs->in, "epoll instance %u", pb.file);
	for (i = 0; !ret && i < pb.n_watch; i++) {
		ret = fatal_signal_pending(current) ? -EINTR :
		      epoll_watch(rs, epoll, &pb.watch[i]);
		cond_resched();
	}
	return ret;
}

const struct file_kind epoll_kind = {
	.match = epoll_match,
	.save = epoll_save,
	.has = offsetof(struct pb_file, has_epoll),
	.open = epoll_open,
};
