// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes, named ones (FIFOs) too: capacity and content, and whose they are.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/magic.h>
#include <linux/pipe_fs_i.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "../core/context.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "file_content.h"
#include "path.h"
#include "pipe.h"
#include "rights.h"
#include "../core/symbols.h"
#include "file_kind.h"

/**
 * struct pipe_build - a pipe that is being restarted
 * @file: its ends, read and write; references are held
 * @given: that end was handed out already
 * @length: of its content, in bytes
 * @left: bytes of content that are still to come
 * @packets: lengths of its packets, or NULL
 * @n_packets: how many
 * @next: the packet that comes next
 * @id: in the image
 * @has_attr: @attr is set
 * @attr: what it gets when its content is complete: mode, owner, times
 */
struct pipe_build {
	struct file *file[2];
	bool given[2];
	u32 length;
	u32 left;
	u32 *packets;
	u32 n_packets;
	u32 next;
	u32 id;
	bool has_attr;
	struct pb_file_attr attr;
};

bool pipe_match(struct file *file)
{
	return S_ISFIFO(file_inode(file)->i_mode) && !(file->f_mode & FMODE_PATH);
}

static bool pipe_named(struct file *file)
{
	return file_inode(file)->i_sb->s_magic != PIPEFS_MAGIC;
}

void pipe_put(void *ptr)
{
	struct pipe_build *build = ptr;

	if (build->file[0])
		fput(build->file[0]);
	if (build->file[1])
		fput(build->file[1]);
	kvfree(build->packets);
	kfree(build);
}

/* Content in chunks of the bounce buffer; under the pipe's mutex, into memory only. */
static int pipe_save_content(struct checkpoint *cp, struct pipe_inode_info *pipe)
{
	unsigned int slot, used = 0, off, n;
	struct pipe_buffer *buf;
	void *addr;
	int ret;

	for (slot = pipe->tail; slot != pipe->head; slot++) {
		buf = &pipe->bufs[slot & (pipe->ring_size - 1)];
		if (buf->ops->confirm && buf->ops->confirm(pipe, buf))
			return -EIO;
		if (buf->offset + buf->len > PAGE_SIZE && !PageCompound(buf->page))
			return -EIO;
		/* A packet must not span two records. */
		if (used && used + buf->len > CHECKPOINT_BOUNCE) {
			ret = stream_out_raw(&cp->out, CKPT_REC_PIPE_DATA, cp->bounce, used);
			if (ret)
				return ret;
			used = 0;
		}
		for (off = 0; off < buf->len; off += n) {
			unsigned int pos = buf->offset + off;

			n = min3(buf->len - off, (unsigned int)(PAGE_SIZE - offset_in_page(pos)),
				 (unsigned int)(CHECKPOINT_BOUNCE - used));
			addr = kmap_local_page(buf->page + pos / PAGE_SIZE);
			memcpy(cp->bounce + used, addr + offset_in_page(pos), n);
			kunmap_local(addr);
			used += n;
			if (used < CHECKPOINT_BOUNCE)
				continue;
			ret = stream_out_raw(&cp->out, CKPT_REC_PIPE_DATA, cp->bounce, used);
			if (ret)
				return ret;
			used = 0;
		}
	}
	return used ? stream_out_raw(&cp->out, CKPT_REC_PIPE_DATA, cp->bounce, used) : 0;
}

/* Under the pipe's mutex. Return: NULL, or why writes do not give the same content. */
static const char *pipe_look(struct pipe_inode_info *pipe, struct pb_pipe *pb)
{
	unsigned int slot, n = pipe->head - pipe->tail, packets = 0;
	struct pipe_buffer *buf;

	pb->capacity = pipe->max_usage * PAGE_SIZE;
	for (slot = pipe->tail; slot != pipe->head; slot++) {
		buf = &pipe->bufs[slot & (pipe->ring_size - 1)];
		if (!buf->len || buf->len > PAGE_SIZE)
			return "a pipe with a piece of another size than that of a write";
		pb->length += buf->len;
		packets += !!(buf->flags & PIPE_BUF_FLAG_PACKET);
	}
	if (pb->length > pb->capacity)
		return "a pipe that holds more than its capacity";
	if (packets && packets != n)
		return "a pipe with packets and other content";
	pb->n_packets = packets;
	return NULL;
}

/* Under the pipe's mutex, after pipe_look(). */
static int pipe_save_looked(struct checkpoint *cp, struct pipe_inode_info *pipe, struct pb_pipe *pb)
{
	unsigned int i;
	int ret;

	if (pb->n_packets) {
		pb->packets = kvmalloc_array(pb->n_packets, sizeof(u32), GFP_KERNEL_ACCOUNT);
		if (!pb->packets)
			return -ENOMEM;
		for (i = 0; i < pb->n_packets; i++)
			pb->packets[i] = pipe->bufs[(pipe->tail + i) & (pipe->ring_size - 1)].len;
	}
	ret = stream_out_msg(&cp->out, CKPT_REC_PIPE, &pb_pipe_msg, pb);
	if (!ret)
		ret = pipe_save_content(cp, pipe);
	kvfree(pb->packets);
	return ret;
}

static int pipe_save_locked(struct checkpoint *cp, struct pipe_inode_info *pipe,
			    const struct object_place *at, struct pb_pipe *pb)
{
	const char *why = pipe_look(pipe, pb);

	if (why)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "%s is not supported", why);
	return pipe_save_looked(cp, pipe, pb);
}

static int pipe_save_new(struct checkpoint *cp, struct file *file, const struct object_place *at,
			 u32 id)
{
	struct pipe_inode_info *pipe = file->private_data;
	struct path_user user = { .what = "FIFO", .place = *at };
	struct pb_pipe pb = { .id = id };
	const char *why = NULL;
	struct kstat stat;
	int ret;

	if (compat_pipe_watch(pipe))
		why = "a notification pipe";
	if (!why && pipe_named(file)) {
		pb.has_fifo = true;
		ret = rights_save(at->proc, file, &user.cred);
		if (ret)
			return ret;
		ret = path_save(cp, compat_file_path(file), &user, &pb.fifo);
		if (ret)
			return min(ret, 0);
	}
	if (!why && !pipe_named(file)) {
		pb.has_attr = true;
		if (vfs_getattr(compat_file_path(file), &stat, STATX_BASIC_STATS,
				AT_STATX_SYNC_AS_STAT))
			why = "a pipe that cannot be looked at";
		else
			file_content_attr(&stat, &pb.attr);
	}
	if (why)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
			      "%s is not supported", why);
	if (mutex_lock_killable(&pipe->mutex))
		return -EINTR;
	ret = pipe_save_locked(cp, pipe, at, &pb);
	mutex_unlock(&pipe->mutex);
	return ret;
}

static int pipe_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
		     struct pb_file *pb)
{
	struct pipe_inode_info *pipe = file->private_data;
	struct object *obj = object_lookup(&cp->objects, OBJECT_PIPE, pipe);
	int ret;

	if (!obj) {
		/* The file, which becomes an object next, keeps it alive. */
		obj = object_new(&cp->objects, OBJECT_PIPE, pipe, false);
		if (IS_ERR(obj))
			return PTR_ERR(obj);
		obj->place = *at;
		ret = pipe_save_new(cp, file, at, obj->id);
		if (ret)
			return ret;
	}
	/* To it, no writer is not the same as a writer that has left. */
	if (pipe_named(file) && !(file->f_mode & FMODE_WRITE) && !READ_ONCE(pipe->writers) &&
	    !(vfs_poll(file, NULL) & EPOLLHUP)) {
		pb->has_unwritten = true;
		pb->unwritten = true;
	}
	if (file->f_mode & FMODE_READ)
		obj->users++;
	if (file->f_mode & FMODE_WRITE)
		obj->users2++;
	pb->has_pipe = true;
	pb->pipe = obj->id;
	return 0;
}

/* Others have the pipe, too, and may sleep while they copy into it. */
static int pipe_lock_outside(struct checkpoint *cp, struct pipe_inode_info *pipe)
{
	while (!mutex_trylock(&pipe->mutex)) {
		if (operation_ends(cp->op))
			return operation_ends(cp->op);
		schedule_timeout_killable(1);
	}
	return 0;
}

int pipe_save_unread(struct checkpoint *cp, struct file *file, u32 *id, u32 *len, bool *lost)
{
	struct pipe_inode_info *pipe = file->private_data;
	struct object *obj = object_lookup(&cp->objects, OBJECT_PIPE, pipe);
	struct pb_pipe pb = {};
	int ret;

	if (obj) {
		*id = obj->id;
		return 0;
	}
	obj = object_new(&cp->objects, OBJECT_PIPE, pipe, false);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	obj->outside = true;
	*id = obj->id;
	ret = pipe_lock_outside(cp, pipe);
	if (ret)
		return ret;
	pb.id = obj->id;
	*lost = pipe_look(pipe, &pb);
	if (*lost) {
		pb.length = 0;
		pb.n_packets = 0;
		ret = stream_out_msg(&cp->out, CKPT_REC_PIPE, &pb_pipe_msg, &pb);
	} else {
		ret = pipe_save_looked(cp, pipe, &pb);
	}
	mutex_unlock(&pipe->mutex);
	*len = pb.length;
	return ret;
}

void pipe_check_shared(struct checkpoint *cp, struct object *obj)
{
	struct pipe_inode_info *pipe = obj->ptr;
	bool reader = READ_ONCE(pipe->readers) != obj->users;
	bool writer = READ_ONCE(pipe->writers) != obj->users2;

	if (obj->outside || (!reader && !writer))
		return;
	refuse_file(&obj->place, CKPT_REASON_SHARED, NULL,
		    "a pipe that a process outside the image %s is not supported",
		    reader && writer ? "reads and writes" : reader ? "reads" : "writes");
}

/* ---- restart ---- */

bool pipe_complete(const struct restart *rs)
{
	return !rs->pipe || !rs->pipe->left;
}

/* Both ends of a FIFO that nobody else may have open: what is in it is the image's. */
static int pipe_open_fifo(struct restart *rs, struct pipe_build *build, const struct pb_pipe *pb)
{
	struct error_at at = {
		.reason = CKPT_REASON_TAKEN,
		.task = current,
		.advice = "end the processes that have it open",
	};
	struct pipe_inode_info *pipe;
	struct file *file;
	int ret;

	if (!S_ISFIFO(pb->fifo.mode))
		return stream_in_bad(&rs->in, "path of FIFO %u", pb->id);
	file = path_open(rs, &pb->fifo, O_RDWR | O_NONBLOCK);
	if (IS_ERR(file))
		return PTR_ERR(file);
	pipe = file->private_data;
	if (READ_ONCE(pipe->readers) != 1 || READ_ONCE(pipe->writers) != 1 ||
	    READ_ONCE(pipe->head) != READ_ONCE(pipe->tail)) {
		ret = error_add(&rs->ctx->errors, -EBUSY, &at,
				"%pD, a FIFO, is open in another process", file);
		fput(file);
		return ret;
	}
	spin_lock(&file->f_lock);
	if (pb->n_packets)
		file->f_flags |= O_DIRECT;
	spin_unlock(&file->f_lock);
	build->file[0] = file;
	build->file[1] = get_file(file);
	/* The descriptions of the image are opened one by one. */
	build->given[0] = true;
	build->given[1] = true;
	return 0;
}

/* Where it fails, the kernel's function leaves an error behind, in place of a file. */
static int pipe_create(struct pipe_build *build, int flags)
{
	struct file *file[2];
	int ret = sym(create_pipe_files)(file, flags);

	if (!ret)
		memcpy(build->file, file, sizeof(file));
	return ret;
}

/* When it has its content: to write changes the time. */
static int pipe_set_attr(struct restart *rs, const struct pipe_build *build)
{
	return build->left || !build->has_attr ? 0 :
	       file_content_set_attr(rs, build->file[0], build->id, &build->attr);
}

int pipe_read(struct restart *rs)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct pipe_build *build;
	struct pb_pipe pb;
	u64 sum = 0;
	u32 i;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_pipe_msg, &pb);
	if (ret)
		return ret;
	for (i = 0; i < pb.n_packets; i++) {
		if (!pb.packets[i] || pb.packets[i] > PAGE_SIZE)
			return stream_in_bad(&rs->in, "packet of pipe %u", pb.id);
		sum += pb.packets[i];
	}
	if (pb.has_attr && (pb.has_fifo || pb.attr.mode & ~S_IALLUGO))
		return stream_in_bad(&rs->in, "mode of pipe %u", pb.id);
	if (!pipe_complete(rs) || pb.length > pb.capacity || (pb.n_packets && sum != pb.length))
		return stream_in_bad(&rs->in, "content of pipe %u", pb.id);

	build = kzalloc(sizeof(*build), GFP_KERNEL_ACCOUNT);
	if (!build)
		return -ENOMEM;
	build->length = pb.length;
	build->left = pb.length;
	build->id = pb.id;
	build->has_attr = pb.has_attr;
	build->attr = pb.attr;
	if (pb.n_packets) {
		build->n_packets = pb.n_packets;
		build->packets = kvmalloc_array(pb.n_packets, sizeof(u32), GFP_KERNEL_ACCOUNT);
		ret = -ENOMEM;
		if (!build->packets)
			goto err;
		memcpy(build->packets, pb.packets, pb.n_packets * sizeof(u32));
	}
	/* To fill it must never wait: what does not fit is an error. */
	if (pb.has_fifo)
		ret = pipe_open_fifo(rs, build, &pb);
	/* An unnamed one stands in for a FIFO, to see what else is missing. */
	if (!pb.has_fifo || (ret && path_wrong(rs, ret)))
		ret = pipe_create(build, O_NONBLOCK | (pb.n_packets ? O_DIRECT : 0));
	if (ret)
		goto err;
	ret = sym(pipe_fcntl)(build->file[1], F_SETPIPE_SZ, pb.capacity);
	if (ret < 0) {
		at.advice = "raise /proc/sys/fs/pipe-max-size or restart it as root";
		error_add(&rs->ctx->errors, ret, &at, "a pipe of %u bytes was refused",
			  pb.capacity);
		goto err;
	}
	ret = object_add(&rs->objects, &rs->in, OBJECT_PIPE, pb.id, build);
	if (ret)
		return ret;
	rs->pipe = build;
	return pipe_set_attr(rs, build);
err:
	pipe_put(build);
	return ret;
}

static int pipe_fill(struct pipe_build *build, const u8 *data, size_t len)
{
	ssize_t n;
	size_t want;

	while (len) {
		want = len;
		if (build->n_packets) {
			if (build->next == build->n_packets)
				return -EBADMSG;
			want = build->packets[build->next++];
			/* No packet spans two records. */
			if (want > len)
				return -EBADMSG;
		}
		n = kernel_write(build->file[1], data, want, NULL);
		if (n < 0)
			return n;
		if (n != want)
			return -EBADMSG;
		data += want;
		len -= want;
	}
	return 0;
}

int pipe_read_data(struct restart *rs)
{
	size_t len = rs->in.rec.length;
	u8 *data;
	int ret;

	if (!rs->pipe || !len || len > rs->pipe->left)
		return stream_in_bad(&rs->in, "content of a pipe");
	data = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	ret = stream_in_raw(&rs->in, data, len);
	if (!ret && pipe_fill(rs->pipe, data, len))
		ret = stream_in_bad(&rs->in, "content of a pipe does not fit");
	kvfree(data);
	rs->pipe->left -= len;
	return ret ?: pipe_set_attr(rs, rs->pipe);
}

struct file *pipe_end(struct restart *rs, u32 id, u32 *len)
{
	struct pipe_build *build = object_find(&rs->objects, OBJECT_PIPE, id);

	if (!build || build->left || pipe_named(build->file[0]))
		return NULL;
	*len = build->length;
	return build->file[0];
}

bool pipe_takes(struct file *file)
{
	return pipe_match(file) && !compat_pipe_watch(file->private_data);
}

/* Under the mutex of @pipe, which has room; @old is of the restart alone. Readers begin at tail. */
static void pipe_move(struct pipe_inode_info *pipe, struct pipe_inode_info *old)
{
	unsigned int n = old->head - old->tail, tail = pipe->tail - n, i;
	struct pipe_buffer *buf;

	for (i = 0; i < n; i++) {
		buf = &old->bufs[(old->tail + i) & (old->ring_size - 1)];
		pipe->bufs[(tail + i) & (pipe->ring_size - 1)] = *buf;
		/* The end of a pipe looks at all of them for this, not at those between the two. */
		buf->ops = NULL;
	}
	old->tail = old->head;
	pipe->tail = tail;
}

int pipe_put_in_front(struct file *to, struct file *from)
{
	struct pipe_inode_info *pipe = to->private_data, *old = from->private_data;
	unsigned int n = old->head - old->tail, used, size;
	long ret = 0;

	while (n && ret >= 0) {
		if (mutex_lock_killable(&pipe->mutex))
			return -EINTR;
		used = pipe->head - pipe->tail;
		size = pipe->ring_size;
		if (used + n <= pipe->max_usage) {
			pipe_move(pipe, old);
			n = 0;
		}
		mutex_unlock(&pipe->mutex);
		if (n)
			ret = sym(pipe_fcntl)(to, F_SETPIPE_SZ,
					      max(used + n, size + 1) * PAGE_SIZE);
		else
			wake_up_interruptible_poll(&pipe->rd_wait, EPOLLIN | EPOLLRDNORM);
	}
	return min(ret, 0L);
}

static struct file *pipe_open(struct restart *rs, const struct pb_file *pb)
{
	struct pipe_build *build = object_find(&rs->objects, OBJECT_PIPE, pb->pipe);
	struct pipe_inode_info *pipe;
	struct file *file;
	int end;

	if (!build || build->left || (pb->unwritten && !rs->wrong &&
				      (!pipe_named(build->file[0]) ||
				       (pb->flags & O_ACCMODE) != O_RDONLY)))
		return ERR_PTR(stream_in_bad(&rs->in, "pipe %u", pb->pipe));
	switch (pb->flags & O_ACCMODE) {
	case O_RDONLY:
		end = 0;
		break;
	case O_WRONLY:
		end = 1;
		break;
	default:
		/* As from /proc/PID/fd: one description with both ends. */
		return dentry_open(&build->file[0]->f_path, O_RDWR, current_cred());
	}
	if (!build->given[end]) {
		build->given[end] = true;
		return get_file(build->file[end]);
	}
	/* Another description of the same end; O_NONBLOCK, for an open may wait for a peer. */
	file = dentry_open(&build->file[end]->f_path, (pb->flags & O_ACCMODE) | O_NONBLOCK,
			   current_cred());
	if (IS_ERR(file) || !pb->unwritten)
		return file;
	/* The writer that was there is ourselves. */
	pipe = file->private_data;
	mutex_lock(&pipe->mutex);
	compat_pipe_writers_seen(file) = pipe->w_counter;
	mutex_unlock(&pipe->mutex);
	return file;
}

const struct file_kind pipe_kind = {
	.match = pipe_match,
	.save = pipe_save,
	.has = offsetof(struct pb_file, has_pipe),
	.open = pipe_open,
	.quiet = true,
};
