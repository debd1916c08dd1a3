// SPDX-License-Identifier: GPL-2.0
/*
 * Standard streams that lead to processes outside of the image.
 *
 * A program has its descriptors 0 to 2 from the one that started it, which often has them open,
 * too: a terminal, a pipe, a socket or a file. The terminal is a kind of its own (tty.c). A pipe or
 * socket that leads outside (outside.c) becomes a FILE with "external", which says which stream it
 * was, and a restart puts that of the restarter in its place. A regular file is opened again by its
 * path, as any other, and may be shared with processes outside.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "../compat/compat.h"
#include "../core/context.h"
#include "../core/refuse.h"
#include "../core/symbols.h"
#include "external.h"
#include "file_kind.h"
#include "outside.h"
#include "pipe.h"

static const char *const external_names[] = { "input", "output", "error" };

static u32 external_stream(const struct outside *out, const struct file *file)
{
	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	if (out->fds & BIT(1))
		return 1;
	if (out->fds & BIT(2))
		return 2;
	return file->f_mode & FMODE_READ ? 0 : 1;
}

static bool external_sock_unread(struct file *file)
{
	const struct sock *sk = outside_sock(file);

	return sk && !skb_queue_empty_lockless(&sk->sk_receive_queue);
}

static int external_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
			 struct pb_file *pb)
{
	struct pb_external *external = &pb->external;
	struct outside *out = outside_lookup(cp, file);
	char *name;
	int ret = 0;

	pb->has_external = true;
	external->stream = external_stream(out, file);
	/* A pipe that is written to, too, may hold what the program itself has written. */
	if (pipe_match(file) && !(file->f_mode & FMODE_WRITE)) {
		ret = pipe_save_unread(cp, file, &external->pipe, &out->unread, &out->lost);
		external->has_pipe = !ret;
	}
	out->lost |= external_sock_unread(file);
	if (compat_flctx(file_inode(file)))
		refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			    "a lock on a standard stream that leads outside of the image is not supported");
	if (pb->has_fown)
		refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			    "signal-driven I/O of a standard stream that leads outside of the image is not supported");
	name = d_path(compat_file_path(file), cp->path, PATH_MAX);
	if (IS_ERR(name))
		name = "?";
	external->name.data = (u8 *)name;
	external->name.len = strnlen(name, PB_EXTERNAL_NAME_MAX);
	if (!ret && !out->name)
		out->name = kasprintf(GFP_KERNEL_ACCOUNT, "%.*s", PB_EXTERNAL_NAME_MAX, name);
	return ret ?: out->name ? 0 : -ENOMEM;
}

bool external_plain(struct checkpoint *cp, const struct object *obj)
{
	struct outside *out = outside_lookup(cp, obj->ptr);

	if (!out || !S_ISREG(file_inode(obj->ptr)->i_mode))
		return false;
	out->shared = true;
	return true;
}

/* In words: "standard output", or both of the others, as they often are the same. */
static const char *external_words(u32 fds)
{
	switch (fds) {
	case BIT(0):
		return "standard input";
	case BIT(1):
		return "standard output";
	case BIT(2):
		return "standard error";
	case BIT(1) | BIT(2):
		return "standard output and error";
	case BIT(0) | BIT(1):
		return "standard input and output";
	case BIT(0) | BIT(1) | BIT(2):
		return "standard input, output and error";
	}
	return "standard input and error";
}

static void external_remark_one(struct checkpoint *cp, const struct outside *out)
{
	struct error_at at = { .reason = CKPT_REASON_SHARED };
	const char *words = external_words(out->fds);
	char unread[80] = "";

	refuse_where(&out->place, &at);
	if (out->shared) {
		error_add(&cp->op->errors, 0, &at,
			  "its %s is a file that a process outside of the image has open, too: it gets it with a position of its own",
			  words);
		return;
	}
	if (out->lost)
		strscpy(unread, "; what it has not read there yet is not in the image",
			sizeof(unread));
	else if (out->unread)
		snprintf(unread, sizeof(unread),
			 "; %u bytes that it has not read yet are in the image", out->unread);
	error_add(&cp->op->errors, 0, &at,
		  "its %s (%s) leads outside of the image: rstr puts its own in the place%s",
		  words, out->name, unread);
}

void external_remark(struct checkpoint *cp)
{
	struct outside *out;

	list_for_each_entry(out, &cp->outside, list) {
		if (out->name || out->shared)
			external_remark_one(cp, out);
		cond_resched();
	}
}

/* ---- restart ---- */

int external_take(struct restart *rs, u64 addr, u32 n)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER };
	struct ckpt_external given[CKPT_EXTERNALS_MAX];
	u32 i;

	BUILD_BUG_ON(sizeof(given[0]) != 16);
	BUILD_BUG_ON(ARRAY_SIZE(given) < ARRAY_SIZE(rs->stream));
	if (copy_from_user(given, u64_to_user_ptr(addr), n * sizeof(given[0])))
		return -EFAULT;
	for (i = 0; i < n; i++) {
		if (given[i].kind != CKPT_EXTERNAL_STREAM ||
		    given[i].id >= ARRAY_SIZE(rs->stream) || rs->stream[given[i].id])
			return -EINVAL;
		rs->stream[given[i].id] = fget(given[i].fd);
		if (!rs->stream[given[i].id])
			return error_add(&rs->ctx->errors, -EBADF, &at,
					 "what is given as standard %s (descriptor %d) is not open",
					 external_names[given[i].id], given[i].fd);
	}
	return 0;
}

void external_put(struct restart *rs)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rs->stream); i++)
		if (rs->stream[i])
			fput(rs->stream[i]);
	if (rs->ended)
		fput(rs->ended);
}

/* Why what is given cannot be the program's, or NULL. */
static const char *external_unusable(struct restart *rs, struct file *file, u32 n)
{
	umode_t mode = file_inode(file)->i_mode;

	if (!(file->f_mode & (n ? FMODE_WRITE : FMODE_READ)))
		return n ? "is not open for writing" : "is not open for reading";
	if (!S_ISREG(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISFIFO(mode) &&
	    !S_ISSOCK(mode))
		return "is no file, device, pipe or socket";
	/* A program that has it could not be checkpointed, and would keep the module busy. */
	if (file->f_op->owner == THIS_MODULE)
		return "is /dev/ckpt";
	if (file_inode(file) == file_inode(rs->in.layer.file))
		return "is the image itself";
	return NULL;
}

/* The file that was given for a stream. */
static struct file *external_given(struct restart *rs, u32 n)
{
	struct error_at at = {
		.reason = CKPT_REASON_CHANGED,
		.where_type = CKPT_WHERE_FD,
		.where = n,
	};
	const char *why = external_unusable(rs, rs->stream[n], n);

	if (why)
		return ERR_PTR(error_add(&rs->ctx->errors, -EBADF, &at,
					 "what is given as its standard %s %s",
					 external_names[n], why));
	rs->streams |= BIT(n);
	return rs->stream[n];
}

/* The end of a pipe that nobody writes to: unlike /dev/null, epoll takes it. */
static struct file *external_ended(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER };
	struct file *file[2];
	int ret;

	if (rs->ended)
		return rs->ended;
	ret = sym(create_pipe_files)(file, 0);
	if (ret)
		return ERR_PTR(error_add(&rs->ctx->errors, ret, &at, "a pipe cannot be made"));
	fput(file[1]);
	rs->ended = file[0];
	return rs->ended;
}

static struct file *external_out(struct restart *rs, u32 n, const struct pb_external *pb)
{
	struct error_at at = {
		.reason = CKPT_REASON_CHANGED,
		.where_type = CKPT_WHERE_FD,
		.where = n,
		.advice = "give it one, such as > FILE",
	};

	if (rs->stream[n])
		return external_given(rs, n);
	return ERR_PTR(error_add(&rs->ctx->errors, -EBADF, &at,
				 "its standard %s (%.*s) led to another program, and there is none here",
				 external_names[n], (int)pb->name.len, pb->name.data));
}

/**
 * struct external_later - a stream that was replaced
 * @later: in the queue; there are two, one to say so
 * @file: what is in the place; a reference is held
 * @unread: what the program had not read of the input that it had, in a pipe, or NULL; the same
 * @len: how many bytes these are
 * @stream: which it is
 * @nonblock: the program had O_NONBLOCK
 * @name: what it was
 */
struct external_later {
	struct later later;
	struct file *file;
	struct file *unread;
	u32 len;
	u32 stream;
	bool nonblock;
	char name[PB_EXTERNAL_NAME_MAX + 1];
};

/* The words come last: nothing but them may be among the errors of a restart that succeeds. */
static int external_say(struct restart_process *p, struct later *item)
{
	const struct external_later *later = container_of(item, struct external_later, later);
	struct error_at at = {
		.reason = CKPT_REASON_CHANGED,
		.task = current,
		.where_type = CKPT_WHERE_FD,
		.where = later->stream,
	};
	struct restart *rs = p->rs;
	const char *what = external_names[later->stream];
	char unread[80] = "";

	if (rs->told & BIT(later->stream))
		return 0;
	rs->told |= BIT(later->stream);
	if (!(rs->streams & BIT(later->stream))) {
		error_add(&rs->ctx->errors, 0, &at,
			  "its standard %s was %s, and is at its end now: rstr has none to give",
			  what, later->name);
		return 0;
	}
	if (later->len)
		snprintf(unread, sizeof(unread), "; %u bytes that it had not read yet are %s",
			 later->len, pipe_takes(later->file) ? "in front" : "lost");
	error_add(&rs->ctx->errors, 0, &at, "its standard %s was %s, and is that of rstr now%s",
		  what, later->name, unread);
	return 0;
}

static void external_free(struct later *item)
{
	struct external_later *later = container_of(item, struct external_later, later);

	if (later->unread)
		fput(later->unread);
	fput(later->file);
	kfree(later);
}

static const struct later_ops external_say_ops = {
	.stage = LATER_LAST,
	.run = external_say,
	.free = external_free,
};

/*
 * The bytes that the program has not read yet come before what is in the pipe now. The program has
 * set O_NONBLOCK itself on a stream that it shared with others, and relies on it; a terminal, say,
 * is left as it is, for others do not expect it there.
 */
static int external_start(struct restart_process *p, struct later *item)
{
	const struct external_later *later = container_of(item, struct external_later, later);
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.where_type = CKPT_WHERE_FD,
		.where = later->stream,
		.advice = "raise /proc/sys/fs/pipe-max-size or restart it as root",
	};
	umode_t mode = file_inode(later->file)->i_mode;
	int ret;

	if (!S_ISFIFO(mode) && !S_ISSOCK(mode))
		return 0;
	ret = later->unread && pipe_takes(later->file) ?
	      pipe_put_in_front(later->file, later->unread) : 0;
	if (ret)
		return error_add(&p->rs->ctx->errors, ret, &at,
				 "%u bytes that it had not read yet do not fit into the pipe",
				 later->len);
	spin_lock(&later->file->f_lock);
	later->file->f_flags = (later->file->f_flags & ~O_NONBLOCK) |
			       (later->nonblock ? O_NONBLOCK : 0);
	spin_unlock(&later->file->f_lock);
	return 0;
}

static const struct later_ops external_start_ops = {
	.stage = LATER_VISIBLE,
	.run = external_start,
	.free = external_free,
};

static int external_later(struct restart *rs, struct file *file, const struct pb_file *pb,
			  u32 stream, const struct later_ops *ops)
{
	struct external_later *later = kzalloc(sizeof(*later), GFP_KERNEL_ACCOUNT);
	struct file *unread;

	if (!later)
		return -ENOMEM;
	later->file = get_file(file);
	unread = pb->external.has_pipe ? pipe_end(rs, pb->external.pipe, &later->len) : NULL;
	if (unread && unread != file)
		later->unread = get_file(unread);
	later->stream = stream;
	later->nonblock = pb->flags & O_NONBLOCK;
	memcpy(later->name, pb->external.name.data, pb->external.name.len);
	later_add(&rs->here->later, &later->later, ops);
	return 0;
}

/* One thing for both directions, such as a socket: two may be in its place. */
static bool external_both(const struct pb_file *pb)
{
	return (pb->flags & O_ACCMODE) == O_RDWR;
}

static struct file *external_open(struct restart *rs, const struct pb_file *pb)
{
	const struct pb_external *external = &pb->external;
	struct file *end = NULL;
	u32 len;

	if (external->has_pipe) {
		end = pipe_end(rs, external->pipe, &len);
		if (!end)
			return ERR_PTR(stream_in_bad(&rs->in, "pipe %u", external->pipe));
	}
	if (external->stream)
		return external_out(rs, external->stream, external);
	if (rs->stream[0])
		return external_given(rs, 0);
	return end ?: external_ended(rs);
}

static bool external_valid(const struct pb_file *pb)
{
	u32 acc = pb->flags & O_ACCMODE, stream = pb->external.stream;

	if (stream > 2 || acc == O_ACCMODE || (acc == O_RDONLY && stream) ||
	    (acc == O_WRONLY && !stream) || (pb->external.has_pipe && acc != O_RDONLY))
		return false;
	return !pb->has_pos && !pb->has_fown && !pb->has_lease && !pb->has_cred && !pb->has_created;
}

static int external_note(struct restart *rs, struct file *file, const struct pb_file *pb,
			 u32 stream)
{
	return external_later(rs, file, pb, stream, &external_say_ops) ?:
	       external_later(rs, file, pb, stream, &external_start_ops);
}

int external_read(struct restart *rs, const struct pb_file *pb)
{
	struct file *file, *input = NULL;
	int ret;

	if (!external_valid(pb))
		return stream_in_bad(&rs->in, "stream %u", pb->id);
	file = external_open(rs, pb);
	if (!IS_ERR(file) && external_both(pb) && pb->external.stream)
		input = rs->stream[0] ? external_given(rs, 0) : external_ended(rs);
	if (IS_ERR(file) || IS_ERR(input))
		return PTR_ERR(IS_ERR(file) ? file : input);
	ret = input && input != file ? external_note(rs, input, pb, 0) : 0;
	ret = ret ?: external_note(rs, file, pb, pb->external.stream);
	if (ret)
		return ret;
	ret = object_add(&rs->objects, &rs->in, OBJECT_STREAM, pb->id, get_file(file));
	if (!ret)
		object_by_id(&rs->objects, OBJECT_STREAM, pb->id)->both = input;
	return ret;
}

struct file *external_at(struct restart *rs, const struct object *obj, u32 fd)
{
	if (!obj->both || fd)
		return obj->ptr;
	return rs->stream[0] ?: rs->ended;
}

/* Whether a file is one is decided before, by external_leads(). */
static bool external_match(struct file *file)
{
	return false;
}

const struct file_kind external_kind = {
	.match = external_match,
	.save = external_save,
	.has = offsetof(struct pb_file, has_external),
	.alone = true,
};
