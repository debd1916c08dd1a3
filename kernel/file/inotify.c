// SPDX-License-Identifier: GPL-2.0
/*
 * inotify(7): an instance, its watches, and events that were not read yet.
 *
 * fdinfo tells number, inode and mask of each watch, but not the path, and nothing tells the
 * events without taking them. For these, two private structs are looked at: what is found in them
 * is compared with fdinfo, and with what FIONREAD says of the length of the events.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/idr.h>
#include <linux/inotify.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/ioctls.h>

#include "../arch/arch.h"
#include "../core/context.h"
#include "../core/owner.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "fdinfo.h"
#include "description.h"
#include "inotify.h"
#include "mountinfo.h"
#include "path.h"
#include "rights.h"
#include "scratch.h"
#include "file_kind.h"

/* The bits of a watch that fdinfo shows, and those that an event can have. */
#define INOTIFY_WATCH_MASK	(IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT)
#define INOTIFY_EVENT_MASK	(IN_ALL_EVENTS | IN_ISDIR | IN_UNMOUNT | IN_IGNORED | \
				 IN_Q_OVERFLOW)

/* How often to look again when something happens meanwhile. */
#define INOTIFY_TRIES		10

/* fs/notify/inotify/inotify.h's struct inotify_inode_mark; the same in all supported kernels. */
struct inotify_mark {
	struct fsnotify_mark mark;
	int wd;
};

/* Its struct inotify_event_info. The kernel frees it by kfree(). */
struct inotify_queued {
	struct fsnotify_event event;
	u32 mask;
	int wd;
	u32 cookie;
	int name_len;
	char name[];
};

static bool inotify_match(struct file *file)
{
	return path_is_anonymous(file, "inotify");
}

static int inotify_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
			struct pb_file *pb)
{
	cp->has_inotify = true;
	pb->has_inotify = true;
	pb->inotify = true;
	return 0;
}

/**
 * struct inotify_found - a watch
 * @wd: its number
 * @mask: IN_*
 * @inode: what it is of; a reference is held
 */
struct inotify_found {
	int wd;
	u32 mask;
	struct inode *inode;
};

/**
 * struct inotify_write - an instance that is being written
 * @cp: the checkpoint
 * @file: the instance
 * @group: the kernel's side of it
 * @at: where it was found, for errors
 * @found: its watches
 * @n_found: how many
 * @names: names of its events
 * @names_size: bytes of @names
 * @path: room for a path, and behind it for another
 * @mounts: the mounts that the caller sees; the program has the same mount namespace
 * @pb: the record that is being filled
 */
struct inotify_write {
	struct checkpoint *cp;
	struct file *file;
	struct fsnotify_group *group;
	const struct object_place *at;
	struct inotify_found *found;
	u32 n_found;
	char *names;
	size_t names_size;
	char *path;
	struct mountinfo mounts;
	struct pb_inotify pb;
};

static int inotify_refuse(struct inotify_write *iw, const char *what)
{
	return refuse_file(iw->at, CKPT_REASON_UNSUPPORTED, NULL, "%s is not supported", what);
}

/* ---- watches ---- */

static void inotify_put_found(struct inotify_write *iw)
{
	while (iw->n_found) {
		iput(iw->found[--iw->n_found].inode);
		cond_resched();
	}
	kvfree(iw->found);
	iw->found = NULL;
}

/* As fdinfo does it. Return: how many there are, of which @cap are put into &iw->found. */
static u32 inotify_look(struct inotify_write *iw, u32 cap)
{
	struct inotify_found *found;
	struct fsnotify_mark *mark;
	u32 n = 0;

	fsnotify_group_lock(iw->group);
	list_for_each_entry(mark, &iw->group->marks_list, g_list) {
		if (fatal_signal_pending(current))
			break;
		cond_resched();
		if (mark->connector->type != FSNOTIFY_OBJ_TYPE_INODE)
			continue;
		if (n++ >= cap)
			continue;
		found = &iw->found[iw->n_found];
		found->inode = igrab(compat_fsnotify_inode(mark->connector));
		if (!found->inode)
			continue;
		found->wd = container_of(mark, struct inotify_mark, mark)->wd;
		found->mask = mark->mask & IN_ALL_EVENTS;
		if (mark->flags & FSNOTIFY_MARK_FLAG_EXCL_UNLINK)
			found->mask |= IN_EXCL_UNLINK;
		if (mark->flags & FSNOTIFY_MARK_FLAG_IN_ONESHOT)
			found->mask |= IN_ONESHOT;
		iw->n_found++;
	}
	fsnotify_group_unlock(iw->group);
	return n;
}

/* Does fdinfo tell the same watches, and in the same order? */
static bool inotify_same(const struct inotify_write *iw, const char *info)
{
	const struct inotify_found *found = iw->found;
	const char *line = info;
	char text[96];
	u32 i;

	for (i = 0; i < iw->n_found; i++, found++) {
		cond_resched();
		snprintf(text, sizeof(text), "inotify wd:%x ino:%llx sdev:%x mask:%x ", found->wd,
			 (u64)found->inode->i_ino, found->inode->i_sb->s_dev, found->mask);
		if (strncmp(line, text, strlen(text)))
			return false;
		line = strchr(line, '\n');
		if (!line)
			return false;
		line++;
	}
	return !*line;
}

/* All watches, as they are at one moment. Return: 0, or -EOPNOTSUPP if that cannot be said. */
static int inotify_find(struct inotify_write *iw)
{
	char *info;
	bool same;
	u32 n;
	int i;

	for (i = 0; i < INOTIFY_TRIES; i++) {
		inotify_put_found(iw);
		n = inotify_look(iw, 0);
		iw->found = kvcalloc(n ?: 1, sizeof(*iw->found), GFP_KERNEL_ACCOUNT);
		if (!iw->found)
			return -ENOMEM;
		inotify_look(iw, n);
		if (fatal_signal_pending(current))
			return -EINTR;
		info = fdinfo_read(iw->file);
		if (IS_ERR(info))
			return PTR_ERR(info) == -ENOMEM ? -ENOMEM : -EOPNOTSUPP;
		same = inotify_same(iw, info);
		kvfree(info);
		/* If not, a watched file was deleted just now. */
		if (same)
			return 0;
	}
	return -EOPNOTSUPP;
}

/* A path to the inode; its dentry tells only where it is in its file system. */
static const char *inotify_path(struct inotify_write *iw, struct inode *inode, struct path *path)
{
	const char *why = "a file that is on no mount here", *name;
	struct dentry *dentry = d_find_alias(inode);

	if (!dentry)
		return inode->i_nlink ? "a file whose path is not known any more" :
					"a deleted file";
	name = dentry_path_raw(dentry, iw->path + PATH_MAX, PATH_MAX);
	if (d_unlinked(dentry))
		why = "a deleted file";
	else if (!IS_ERR(name) && mountinfo_find(&iw->mounts, inode, name, iw->path, path))
		why = NULL;
	dput(dentry);
	return why;
}

static int inotify_write_watch(struct inotify_write *iw, const struct inotify_found *found)
{
	struct pb_inotify_watch watch = { .wd = found->wd, .mask = found->mask };
	struct path_user user = {
		.what = "an inotify watch of",
		.place = *iw->at,
		.kind_only = true,
		.cred = rights_program(iw->at->proc),
	};
	struct path path;
	const char *why;
	int ret;

	/* They are many, and a program waits. */
	if (fatal_signal_pending(current))
		return -EINTR;
	why = inotify_path(iw, found->inode, &path);
	if (!why) {
		ret = path_save(iw->cp, &path, &user, &watch.path);
		path_put(&path);
		if (ret)
			return min(ret, 0);
	}
	if (why)
		return fatal_signal_pending(current) ? -EINTR :
		       refuse_file(iw->at, CKPT_REASON_UNSUPPORTED, NULL,
				   "an inotify watch (%d) of %s is not supported", found->wd, why);
	/* A record for each. */
	iw->pb.watch = &watch;
	iw->pb.n_watch = 1;
	ret = stream_out_msg(&iw->cp->out, CKPT_REC_INOTIFY, &pb_inotify_msg, &iw->pb);
	iw->pb.n_watch = 0;
	return ret;
}

/* ---- events ---- */

/* Bytes that read(2) would give, as the instance says. User memory is the caller's. */
static int inotify_fionread(struct inotify_write *iw)
{
	unsigned long user = scratch_map(sizeof(int));
	int val = -EFAULT;

	if (IS_ERR_VALUE(user))
		return user;
	if (iw->file->f_op->unlocked_ioctl(iw->file, FIONREAD, user) ||
	    copy_from_user(&val, (void __user *)user, sizeof(val)))
		val = -EOPNOTSUPP;
	scratch_unmap(user, sizeof(int));
	return val;
}

static size_t inotify_event_size(u32 name_len)
{
	size_t head = sizeof(struct inotify_event);

	return head + (name_len ? roundup(name_len + 1, head) : 0);
}

/*
 * Copy what is queued. Return: how many there are, -EAGAIN if there is no room for their names,
 * or -EOPNOTSUPP if something there is not an event.
 */
static int inotify_copy_events(struct inotify_write *iw, struct pb_inotify_event *pb, u32 cap)
{
	const struct fsnotify_event *event;
	struct inotify_queued copy;
	char *name = iw->names, *end = name + iw->names_size;
	u32 n = 0;

	spin_lock(&iw->group->notification_lock);
	list_for_each_entry(event, &iw->group->notification_list, list) {
		if (n++ >= cap)
			continue;
		if (copy_from_kernel_nofault(&copy, event, sizeof(copy)) ||
		    (u32)copy.name_len > NAME_MAX) {
			n = -EOPNOTSUPP;
			break;
		}
		if (copy.name_len > end - name) {
			n = -EAGAIN;
			break;
		}
		if (copy_from_kernel_nofault(name, (const struct inotify_queued *)event + 1,
					     copy.name_len) ||
		    memchr(name, 0, copy.name_len)) {
			n = -EOPNOTSUPP;
			break;
		}
		pb->wd = copy.wd;
		pb->mask = copy.mask & INOTIFY_EVENT_MASK;
		pb->cookie = copy.cookie;
		pb->has_name = copy.name_len;
		pb->name.data = (u8 *)name;
		pb->name.len = copy.name_len;
		name += copy.name_len;
		pb++;
	}
	spin_unlock(&iw->group->notification_lock);
	return n;
}

static int inotify_events(struct inotify_write *iw, struct pb_inotify_event **events, u32 *n)
{
	u32 cap = READ_ONCE(iw->group->q_len), i;
	size_t size = 0;
	int ret;

	ret = inotify_fionread(iw);
	if (ret < 0)
		return ret;
	/* That is more than the names alone. */
	iw->names_size = ret;
	*events = kvcalloc(cap ?: 1, sizeof(**events), GFP_KERNEL_ACCOUNT);
	iw->names = kvmalloc(iw->names_size ?: 1, GFP_KERNEL_ACCOUNT);
	if (!*events || !iw->names)
		return -ENOMEM;
	ret = inotify_copy_events(iw, *events, cap);
	if (ret < 0)
		return ret;
	if (ret != cap)
		return -EAGAIN;
	for (i = 0; i < cap; i++)
		size += inotify_event_size((*events)[i].name.len);
	*n = cap;
	return size == iw->names_size ? 0 : -EAGAIN;
}

static int inotify_write_events(struct inotify_write *iw)
{
	struct pb_inotify_event *events = NULL;
	u32 n = 0, i = 0, next;
	int ret, tries = 0;

	do {
		kvfree(events);
		kvfree(iw->names);
		events = NULL;
		iw->names = NULL;
		ret = inotify_events(iw, &events, &n);
	} while (ret == -EAGAIN && ++tries < INOTIFY_TRIES);
	if (ret == -EAGAIN || ret == -EOPNOTSUPP) {
		ret = inotify_refuse(iw, ret == -EAGAIN ?
				     "an inotify instance whose events keep coming" :
				     "an inotify instance of this kernel");
		goto out;
	}
	/* Behind the watches and events, for it counts up with the watches. */
	next = idr_get_cursor(&iw->group->inotify_data.idr);
	while (!ret) {
		iw->pb.event = events + i;
		iw->pb.n_event = min_t(u32, n - i, PB_INOTIFY_EVENT_MAX);
		i += iw->pb.n_event;
		iw->pb.has_next_wd = i == n && next;
		iw->pb.next_wd = next > INT_MAX ? 1 : next;
		ret = stream_out_msg(&iw->cp->out, CKPT_REC_INOTIFY, &pb_inotify_msg, &iw->pb);
		if (i == n)
			break;
	}
out:
	kvfree(events);
	kvfree(iw->names);
	iw->names = NULL;
	return ret;
}

static int inotify_write_watches(struct inotify_write *iw)
{
	int ret;
	u32 i;

	ret = inotify_find(iw);
	if (ret == -EOPNOTSUPP)
		return inotify_refuse(iw, "an inotify instance of this kernel");
	if (ret || !iw->n_found)
		return ret;
	iw->path = kvmalloc(2 * PATH_MAX, GFP_KERNEL_ACCOUNT);
	ret = iw->path ? mountinfo_read(&iw->mounts) : -ENOMEM;
	/* Without them no watch has a path, and each is refused. */
	ret = ret == -ENOMEM || ret == -EINTR ? ret : 0;
	for (i = 0; !ret && i < iw->n_found; i++) {
		ret = inotify_write_watch(iw, &iw->found[i]);
		cond_resched();
	}
	return ret;
}

static int inotify_write_one(struct checkpoint *cp, struct object *obj)
{
	struct inotify_write iw = {
		.cp = cp,
		.file = obj->ptr,
		.at = &obj->place,
		.pb.file = obj->id,
	};
	int ret;

	iw.group = iw.file->private_data;
	ret = inotify_write_watches(&iw);
	inotify_put_found(&iw);
	mountinfo_free(&iw.mounts);
	kvfree(iw.path);
	return ret ?: inotify_write_events(&iw);
}

int inotify_write(struct checkpoint *cp)
{
	struct object *obj;
	int ret;

	if (!cp->has_inotify)
		return 0;
	object_for_each(&cp->objects, obj) {
		cond_resched();
		if (obj->kind != OBJECT_FILE || obj->place.fd < 0 || !inotify_match(obj->ptr))
			continue;
		ret = inotify_write_one(cp, obj);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- restart ---- */

static struct file *inotify_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.advice = "raise /proc/sys/fs/inotify/max_user_instances",
	};
	struct file *file = description_take_fd(arch_sys(inotify_init1, 0));

	if (IS_ERR(file))
		error_add(&rs->ctx->errors, PTR_ERR(file), &at,
			  "an inotify instance cannot be created");
	return file;
}

/* Choose the number of the next watch. */
static int inotify_next_wd(struct restart *rs, const struct object *obj, u32 wd)
{
	struct error_at at = {
		.reason = CKPT_REASON_KERNEL,
		.task = current,
		.where_type = CKPT_WHERE_FD,
		.where = obj->fd,
	};
	struct file *file = obj->ptr;
	long ret = file->f_op->unlocked_ioctl(file, INOTIFY_IOC_SETNEXTWD, wd);

	return ret ? error_add(&rs->ctx->errors, ret, &at,
			       "this kernel lets nobody choose numbers of inotify watches") : 0;
}

/* struct inotify_adding - a watch that rights_try() tries to add */
struct inotify_adding {
	int fd;
	u32 mask;
	long ret;
};

/* By no name, which somebody could give to another file meanwhile: as if it were the root. */
static int inotify_add(struct rights_path *rp, void *arg)
{
	unsigned long user = scratch_put("/", sizeof("/"));
	struct inotify_adding *adding = arg;
	struct path mine;

	if (IS_ERR_VALUE(user))
		return user;
	get_fs_root(current->fs, &mine);
	sym(set_fs_root)(current->fs, &rp->path);
	/* It may be a symbolic link that is watched. */
	adding->ret = arch_sys(inotify_add_watch, adding->fd, user, adding->mask | IN_DONT_FOLLOW);
	sym(set_fs_root)(current->fs, &mine);
	path_put(&mine);
	scratch_unmap(user, sizeof("/"));
	return min(adding->ret, 0L);
}

static int inotify_watch_found(struct restart *rs, const struct object *obj,
			       const struct pb_inotify_watch *pb, struct rights_path *rp)
{
	struct inotify_adding adding = { .fd = obj->fd, .mask = pb->mask };
	struct error_at at = rp->at;
	int ret;

	if ((d_backing_inode(rp->path.dentry)->i_mode ^ pb->path.mode) & S_IFMT)
		return error_add(&rs->ctx->errors, -ESTALE, &at, "%s is now of another kind",
				 rp->name);
	ret = inotify_next_wd(rs, obj, pb->wd);
	if (ret)
		return ret;
	ret = rights_try(rs, rp, inotify_add, &adding);
	/* Another number: it is in use, or the file is watched twice. */
	if (!ret)
		return adding.ret == pb->wd ? 0 :
		       stream_in_bad(&rs->in, "inotify watch %u", pb->wd);
	at.reason = ret == -EACCES ? CKPT_REASON_DENIED : CKPT_REASON_OTHER;
	if (ret == -ENOSPC)
		at.advice = "raise /proc/sys/fs/inotify/max_user_watches";
	return error_add(&rs->ctx->errors, ret, &at, "%s cannot be watched", rp->name);
}

static int inotify_watch(struct restart *rs, const struct object *obj,
			 const struct pb_inotify_watch *pb)
{
	struct rights_path rp = {
		.pb = &pb->path,
		.at = {
			.reason = CKPT_REASON_CHANGED,
			.task = current,
			.where_type = CKPT_WHERE_FD,
			.where = obj->fd,
		},
	};
	char *name, *words;
	int ret = -ENOMEM;

	if (!pb->wd || pb->wd > INT_MAX || pb->mask & ~INOTIFY_WATCH_MASK)
		return stream_in_bad(&rs->in, "inotify watch %u", pb->wd);
	name = path_name(rs, &pb->path, "path of an inotify watch");
	if (IS_ERR(name))
		return PTR_ERR(name);
	words = kasprintf(GFP_KERNEL_ACCOUNT, "%s, which it watches (inotify),", name);
	rp.name = words;
	/* The path is that of the file itself, which may be a symbolic link. */
	if (words)
		ret = rights_find(rs, name, 0, &rp);
	if (words && !ret) {
		ret = inotify_watch_found(rs, obj, pb, &rp);
		rights_release(&rp);
	}
	kfree(words);
	kfree(name);
	return ret && path_wrong(rs, ret) ? 0 : ret;
}

static bool inotify_event_valid(const struct pb_inotify_event *pb)
{
	if (pb->mask & ~INOTIFY_EVENT_MASK ||
	    (pb->has_name && (!pb->name.len || memchr(pb->name.data, 0, pb->name.len))))
		return false;
	/* The kernel has one of these, and it says nothing else. */
	if (pb->mask & IN_Q_OVERFLOW)
		return pb->wd == -1 && pb->mask == IN_Q_OVERFLOW && !pb->has_name && !pb->cookie;
	return pb->wd > 0;
}

/* Queue it, as the kernel does it when something happens. */
static int inotify_queue(struct restart *rs, const struct object *obj,
			 const struct pb_inotify_event *pb)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.where_type = CKPT_WHERE_FD,
		.where = obj->fd,
		.advice = "raise /proc/sys/fs/inotify/max_queued_events",
	};
	struct file *file = obj->ptr;
	struct fsnotify_group *group = file->private_data;
	struct inotify_queued *queued = NULL;
	struct fsnotify_event *event;
	bool room;

	if (!inotify_event_valid(pb))
		return stream_in_bad(&rs->in, "inotify event");
	if (pb->mask & IN_Q_OVERFLOW) {
		event = group->overflow_event;
	} else {
		queued = kzalloc(struct_size(queued, name, pb->name.len + 1), GFP_KERNEL_ACCOUNT);
		if (!queued)
			return -ENOMEM;
		queued->mask = pb->mask;
		queued->wd = pb->wd;
		queued->cookie = pb->cookie;
		queued->name_len = pb->name.len;
		memcpy(queued->name, pb->name.data, pb->name.len);
		event = &queued->event;
		fsnotify_init_event(event);
	}
	spin_lock(&group->notification_lock);
	/* That an overflow is told comes on top of what there is room for. */
	room = list_empty(&event->list) && group->q_len < group->max_events + !queued;
	if (room) {
		group->q_len++;
		list_add_tail(&event->list, &group->notification_list);
	}
	spin_unlock(&group->notification_lock);
	if (room) {
		wake_up(&group->notification_waitq);
		return 0;
	}
	kfree(queued);
	return error_add(&rs->ctx->errors, -ENOSPC, &at,
			 "an inotify instance has no room for its events");
}

int inotify_read(struct restart *rs)
{
	struct pb_inotify pb;
	struct object *obj;
	int ret;
	u32 i;

	ret = stream_in_msg(&rs->in, &pb_inotify_msg, &pb);
	if (ret)
		return ret;
	obj = object_by_id(&rs->objects, OBJECT_FILE, pb.file);
	if (!obj || obj->fd < 0 || !inotify_match(obj->ptr))
		return stream_in_bad(&rs->in, "inotify instance %u", pb.file);
	ret = owner_file(rs, obj);
	if (ret)
		return ret;
	if (pb.has_next_wd && (!pb.next_wd || pb.next_wd > INT_MAX))
		return stream_in_bad(&rs->in, "number of the next inotify watch");
	for (i = 0; !ret && i < pb.n_watch; i++) {
		ret = fatal_signal_pending(current) ? -EINTR :
		      inotify_watch(rs, obj, &pb.watch[i]);
		cond_resched();
	}
	for (i = 0; !ret && i < pb.n_event; i++) {
		ret = fatal_signal_pending(current) ? -EINTR :
		      inotify_queue(rs, obj, &pb.event[i]);
		cond_resched();
	}
	if (!ret && pb.has_next_wd)
		ret = inotify_next_wd(rs, obj, pb.next_wd);
	return ret;
}

const struct file_kind inotify_kind = {
	.match = inotify_match,
	.save = inotify_save,
	.has = offsetof(struct pb_file, has_inotify),
	.open = inotify_open,
};
