// SPDX-License-Identifier: GPL-2.0
/*
 * Open file descriptions, and the descriptors that refer to them.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/syscalls.h>

#include "../core/context.h"
#include "../core/owner.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "description.h"
#include "external.h"
#include "file_kind.h"
#include "fd.h"
#include "file.h"
#include "sigio.h"
#include "lock.h"
#include "outside.h"
#include "overlay.h"
#include "../core/park.h"
#include "path.h"
#include "pipe.h"
#include "proc.h"
#include "rights.h"
#include "../mm/shmem.h"
#include "../net/unix_socket.h"
#include "../core/symbols.h"
#include "unlinked.h"

/* In bytes: how much of a file is brought to disk at a time. */
#define FILE_SYNC_PIECE	(8 << 20)

static const struct file_kind *file_kind(struct checkpoint *cp, struct file *file)
{
	const struct file_kind *const *kind = cp->kinds->files;

	if (outside_leads(cp, file))
		return &external_kind;
	while (!(*kind)->match(file))
		kind++;
	return *kind;
}

const char *file_unsupported(struct checkpoint *cp, struct file *file)
{
	const struct file_kind *kind = file_kind(cp, file);

	if (outside_hinted(cp, file))
		return NULL;
	return kind->unsupported ? kind->unsupported(file) : NULL;
}

/**
 * struct file_plain - a FILE that is found by its path
 * @path: as in struct pb_file
 * @pos: likewise
 * @has_pos: likewise
 * @id: likewise
 * @flags: likewise
 * @created: likewise
 * @has_fown: likewise
 * @fown: likewise
 * @has_lease: likewise
 * @lease: likewise
 *
 * A program may have thousands of these. They are encoded when it is no longer frozen, because
 * encoding takes time.
 */
struct file_plain {
	struct pb_path path;
	u64 pos;
	bool has_pos;
	u32 id;
	u32 flags;
	bool created;
	bool has_fown;
	struct pb_fown fown;
	bool has_lease;
	u32 lease;
};

static int file_write_plain(struct stream_out *out, void *data, size_t len)
{
	struct file_plain *plain = data;
	struct pb_file pb = {
		.id = plain->id,
		.flags = plain->flags,
		.has_created = plain->created,
		.created = plain->created,
		.has_pos = plain->has_pos,
		.pos = plain->pos,
		.has_path = true,
		.path = plain->path,
		.has_fown = plain->has_fown,
		.fown = plain->fown,
		.has_lease = plain->has_lease,
		.lease = plain->lease,
	};

	path_settle(&pb.path);
	return stream_out_msg(out, CKPT_REC_FILE, &pb_file_msg, &pb);
}

static int file_write_pb(struct checkpoint *cp, const struct pb_file *pb)
{
	struct file_plain *plain;

	if (!pb->has_path)
		return stream_out_msg(&cp->out, CKPT_REC_FILE, &pb_file_msg, pb);
	plain = stream_out_later(&cp->out, CKPT_REC_FILE, sizeof(*plain), file_write_plain);
	if (IS_ERR(plain))
		return PTR_ERR(plain);
	plain->path = pb->path;
	plain->pos = pb->pos;
	plain->has_pos = pb->has_pos;
	plain->id = pb->id;
	plain->flags = pb->flags;
	plain->created = pb->created;
	plain->has_fown = pb->has_fown;
	plain->fown = pb->fown;
	plain->has_lease = pb->has_lease;
	plain->lease = pb->lease;
	return 0;
}

int file_write(struct checkpoint *cp, struct file *file, const struct object_place *at, u32 *id)
{
	struct object *obj = object_lookup(&cp->objects, OBJECT_FILE, file);
	const struct file_kind *kind;
	bool mapped = at->fd < 0;
	struct pb_file pb = {};
	const char *why;
	int ret;

	if (!obj) {
		kind = file_kind(cp, file);
		cp->has_locks |= !!compat_flctx(file_inode(file));
		why = mapped ? NULL : sigio_save(at->proc, file, &pb);
		if (!why && !(file->f_mode & FMODE_PATH)) {
			ret = lock_save_lease(cp, file, &pb, &why);
			if (ret)
				return ret;
		}
		if (!why && mapped && pb.has_lease)
			why = "a lease of a file that is mapped and has no descriptor";
		if (!why && !mapped && !(file->f_mode & FMODE_PATH) &&
		    errseq_check(&file->f_mapping->wb_err, READ_ONCE(file->f_wb_err)))
			why = "a failed write-back that fsync(2) has not reported yet";
		if (!why && !mapped && shmem_nameless(file))
			why = "a descriptor of shared anonymous memory (/proc/PID/map_files)";
		if (!why && mapped)
			why = overlay_unsupported(file);
		if (why)
			refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL, "%s is not supported", why);
		pb.flags = file->f_flags & DESCRIPTION_FLAGS & ~__O_TMPFILE;
		/* Nobody sees it there, and overlayfs sets it by itself, with rights of its own. */
		if (mapped)
			pb.flags &= ~O_NOATIME;
		/* Did the open make it? F_CREATED_QUERY tells; since 6.12. */
		pb.has_created = file->f_mode & FMODE_CREATED && kind != &external_kind;
		pb.created = pb.has_created;
		ret = kind->save(cp, file, at, &pb);
		if (ret)
			return ret;
		/* With a path, it is there. The restarter's streams have their own. */
		if (!pb.has_path && !pb.has_external)
			ret = rights_save(at->proc, file, &pb.cred);
		if (ret)
			return ret;
		pb.has_cred = pb.cred;
		obj = object_new(&cp->objects, OBJECT_FILE, get_file(file), true);
		if (IS_ERR(obj)) {
			fput(file);
			return PTR_ERR(obj);
		}
		pb.id = obj->id;
		ret = file_write_pb(cp, &pb);
		if (ret)
			return ret;
	}
	obj->users++;
	obj->users2 += !mapped;
	if (!obj->place.proc || (obj->place.fd < 0 && (!mapped || !obj->place.addr)))
		obj->place = *at;
	*id = obj->id;
	return 0;
}

/* ---- descriptors ---- */

struct file_slot {
	struct file *file;
	unsigned int fd;
	bool cloexec;
};

/* How many descriptors are looked at under the table's lock in one go. */
#define FILE_SLICE	1024

struct file_list {
	struct files_struct *files;
	struct file_slot *slot;
	unsigned int next;
	unsigned int n;
	unsigned int cap;
};

/* Called by iterate_fd() under the table's lock. */
static int file_list_one(const void *arg, struct file *file, unsigned int fd)
{
	struct file_list *list = (struct file_list *)arg;

	if (list->slot && list->n < list->cap) {
		list->slot[list->n].file = get_file(file);
		list->slot[list->n].fd = fd;
		list->slot[list->n].cloexec = compat_close_on_exec(fd, list->files);
	}
	list->next = fd + 1;
	return !(++list->n % FILE_SLICE);
}

/* The table of a frozen process; only the process itself could replace it. */
static int file_list_get(const struct operation *op, struct task_struct *leader,
			 struct file_list *list)
{
	struct files_struct *files;
	int more = 0;

	list->n = 0;
	list->next = 0;
	do {
		if (operation_ends(op))
			return operation_ends(op);
		task_lock(leader);
		files = leader->files;
		if (files) {
			rcu_read_lock();
			list->files = files;
			more = iterate_fd(files, list->next, file_list_one, list);
			rcu_read_unlock();
		}
		task_unlock(leader);
		cond_resched();
	} while (files && more);
	return files ? 0 : -ECHILD;
}

static void file_list_put(struct file_list *list)
{
	unsigned int i;

	for (i = 0; list->slot && i < min(list->n, list->cap); i++) {
		fput(list->slot[i].file);
		cond_resched();
	}
	kvfree(list->slot);
}

/**
 * struct file_later - some descriptors
 * @files: id of their table
 * @n: how many
 * @fd: these
 */
struct file_later {
	u32 files;
	u32 n;
	struct pb_fd fd[];
};

static int file_write_some(struct stream_out *out, void *data, size_t len)
{
	struct file_later *later = data;
	struct pb_fds fds = { .files = later->files, .n_fd = later->n, .fd = later->fd };

	return stream_out_msg(out, CKPT_REC_FDS, &pb_fds_msg, &fds);
}

static int file_flush_fds(struct checkpoint_files *files, struct pb_fds *fds)
{
	struct stream_out *out = &files->proc->cp->out;
	struct file_later *later;

	if (!fds->n_fd)
		return 0;
	later = stream_out_later(out, CKPT_REC_FDS, struct_size(later, fd, fds->n_fd),
				 file_write_some);
	if (IS_ERR(later))
		return PTR_ERR(later);
	later->files = files->obj->id;
	later->n = fds->n_fd;
	memcpy(later->fd, fds->fd, fds->n_fd * sizeof(*fds->fd));
	fds->n_fd = 0;
	return 0;
}

int file_write_fds(struct checkpoint_files *files)
{
	struct object_place at = { .proc = files->proc };
	struct checkpoint *cp = files->proc->cp;
	struct file_list list = {};
	struct pb_fds fds = {};
	unsigned int i, j;
	int ret;

	ret = stream_out_msg(&cp->out, CKPT_REC_FILES, &pb_files_msg,
			     &(struct pb_files){ .id = files->obj->id });
	if (!ret)
		ret = file_list_get(files->proc->cp->op, files->proc->leader, &list);
	if (ret)
		return ret;
	list.cap = list.n;
	list.slot = kvcalloc(list.cap ?: 1, sizeof(*list.slot), GFP_KERNEL_ACCOUNT);
	fds.fd = kvcalloc(PB_FDS_FD_MAX, sizeof(*fds.fd), GFP_KERNEL_ACCOUNT);
	ret = -ENOMEM;
	if (!list.slot || !fds.fd)
		goto out;
	ret = file_list_get(files->proc->cp->op, files->proc->leader, &list);
	if (ret)
		goto out;

	for (i = 0; i < min(list.n, list.cap); i = j) {
		/* The descriptions of one FDS record stand in front of it. */
		for (j = i; j < min(list.n, list.cap) && fds.n_fd < PB_FDS_FD_MAX; j++) {
			struct pb_fd *pb = &fds.fd[fds.n_fd++];

			memset(pb, 0, sizeof(*pb));
			pb->fd = list.slot[j].fd;
			pb->has_cloexec = list.slot[j].cloexec;
			pb->cloexec = list.slot[j].cloexec;
			at.fd = pb->fd;
			ret = operation_ends(cp->op) ?:
			      file_write(cp, list.slot[j].file, &at, &pb->file);
			if (ret)
				goto out;
			cond_resched();
		}
		ret = file_flush_fds(files, &fds);
		if (ret)
			goto out;
	}
out:
	kvfree(fds.fd);
	file_list_put(&list);
	return ret;
}

/* Do bytes go through it, from one end to another, so that it would be cut in two? */
static bool file_channel(struct file *file)
{
	return pipe_match(file) || unix_socket_match(file);
}

/* Is it content that would be twice, so that who shares it sees two different files? */
static bool file_content(struct file *file)
{
	return shmem_match(file) || (file->f_mode & FMODE_WRITE && unlinked_match(file));
}

int file_check_shared(struct checkpoint *cp)
{
	struct object *obj;
	char *name;

	overlay_count(cp);
	object_for_each(&cp->objects, obj) {
		struct file *file;

		if (operation_ends(cp->op))
			return operation_ends(cp->op);
		cond_resched();
		if (cp->kinds->objects[obj->kind].check)
			cp->kinds->objects[obj->kind].check(cp, obj);
		if (obj->kind != OBJECT_FILE)
			continue;
		file = obj->ptr;
		/* One reference is the object table's. */
		if (file_count(file) == obj->users + obj->held + 1)
			continue;
		/* Behind mappings alone, a description's position and flags are out of reach. */
		if (file_kind(cp, file)->alone || S_ISCHR(file_inode(file)->i_mode) ||
		    (obj->place.fd < 0 && !file_content(file)))
			continue;
		if (file_kind(cp, file) == &path_kind && external_plain(cp, obj))
			continue;
		/* A pipe to the outside would be cut in two: that is no matter of taste. */
		if (cp->flags & CKPT_CHECKPOINT_SHARED_OK && !file_channel(file))
			continue;
		name = d_path(compat_file_path(file), cp->path, PATH_MAX);
		refuse_file(&obj->place, CKPT_REASON_SHARED,
			    file_channel(file) ? NULL : "see --shared-ok",
			    "%.160s is open in a process outside the image too (one shared description)",
			    IS_ERR(name) ? "?" : name);
	}
	return 0;
}

/*
 * Bring the data of a file to disk, piece by piece, so that each is seen to get on. Failures show
 * when the whole is synced.
 */
static int file_sync_pieces(struct checkpoint *cp, struct address_space *mapping)
{
	pgoff_t index = 0;
	loff_t start;
	int ret = 0;

	while (!ret && xa_find(&mapping->i_pages, &index, ULONG_MAX, PAGECACHE_TAG_DIRTY)) {
		start = (loff_t)index << PAGE_SHIFT;
		filemap_fdatawrite_range(mapping, start, start + FILE_SYNC_PIECE - 1);
		filemap_fdatawait_range_keep_errors(mapping, start, start + FILE_SYNC_PIECE - 1);
		operation_moved(cp->op);
		ret = operation_ends(cp->op);
		index += FILE_SYNC_PIECE >> PAGE_SHIFT;
		cond_resched();
	}
	return ret;
}

static int file_sync(struct checkpoint *cp, const struct object *obj)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER };
	struct file *file = obj->ptr;
	errseq_t seen;
	int ret;

	if (!S_ISREG(file_inode(file)->i_mode) || !(file->f_mode & FMODE_WRITE) ||
	    !file->f_op->fsync)
		return 0;
	ret = file_sync_pieces(cp, file->f_mapping);
	if (ret)
		return ret;
	/* The program's own fsync(2) must still report an error that this one meets. */
	seen = READ_ONCE(file->f_wb_err);
	ret = vfs_fsync(file, 0);
	spin_lock(&file->f_lock);
	file->f_wb_err = seen;
	spin_unlock(&file->f_lock);
	refuse_where(&obj->place, &at);
	return ret ? error_add(&cp->op->errors, ret, &at,
			       "what it has written to %pD cannot be brought to disk", file) : 0;
}

int file_sync_all(struct checkpoint *cp)
{
	struct object *obj;
	int ret;

	object_for_each(&cp->objects, obj) {
		ret = obj->kind == OBJECT_FILE ? file_sync(cp, obj) : 0;
		ret = ret ?: operation_ends(cp->op);
		if (ret)
			return ret;
		operation_moved(cp->op);
		cond_resched();
	}
	return 0;
}

/* ---- restart ---- */

struct file_next {
	unsigned int fd;
	bool found;
};

static int file_find_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct file_next *next = (struct file_next *)arg;

	next->fd = fd;
	next->found = true;
	return 1;
}

void file_close_all(void)
{
	struct file_next next = {};

	for (;;) {
		next.found = false;
		iterate_fd(current->files, next.fd, file_find_fd, &next);
		if (!next.found)
			break;
		close_fd(next.fd);
		next.fd++;
		cond_resched();
	}
}

/* The one kind that the image says it is of, or NULL. */
static const struct file_kind *file_kind_of(const struct kinds *kinds, const struct pb_file *pb)
{
	const struct file_kind *kind = NULL;
	unsigned int i;

	for (i = 0; i < kinds->nr_files; i++) {
		if (!*(const bool *)((const u8 *)pb + kinds->files[i]->has))
			continue;
		if (kind)
			return NULL;
		kind = kinds->files[i];
	}
	return kind;
}

/* Files are opened by the first process; those of a directory in proc by whose that is. */
static int file_read_where(struct restart *rs, const struct pb_file *pb)
{
	return pb->has_proc && pb->proc.has_pid ?
	       PTR_ERR_OR_ZERO(owner_thread(rs, pb->proc.pid)) : 0;
}

int file_read(struct restart *rs)
{
	const struct file_kind *kind;
	struct file *file;
	struct pb_file pb;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_file_msg, &pb);
	if (ret)
		return ret;
	ret = file_read_where(rs, &pb);
	if (ret)
		return ret;
	kind = file_kind_of(rs->kinds, &pb);
	if (!kind || pb.flags & ~DESCRIPTION_FLAGS ||
	    (pb.flags & __O_TMPFILE && !pb.has_unlinked) ||
	    (pb.has_pos && !pb.has_path && !pb.has_shmem && !pb.has_unlinked && !pb.has_proc) ||
	    (pb.has_cred && (pb.has_path || !rights_valid(rs, pb.cred))))
		return stream_in_bad(&rs->in, "file %u", pb.id);
	if (pb.has_external)
		return external_read(rs, &pb);
	ret = sigio_note(rs, &pb) ?: lock_note_lease(rs, &pb);
	if (ret)
		return ret;
	file = kind->open(rs, &pb);
	if (IS_ERR(file))
		return PTR_ERR(file);
	rights_stamp(rs, file, pb.has_path ? pb.path.cred : pb.cred);
	/* How it was made here does not matter. */
	file->f_mode = (file->f_mode & ~FMODE_CREATED) | (pb.created ? FMODE_CREATED : 0);
	/* A stand-in for the file (path_stand_in()) may have neither its flags nor its position. */
	if (!rs->wrong) {
		ret = description_set_flags(rs, file, pb.id, pb.flags);
		if (ret) {
			fput(file);
			return ret;
		}
	}
	if (pb.has_pos && !rs->wrong && !proc_stands_in(rs, pb.id)) {
		if (!description_seek(file, pb.pos)) {
			fput(file);
			return stream_in_bad(&rs->in, "position of file %u", pb.id);
		}
	}
	ret = object_add(&rs->objects, &rs->in, OBJECT_FILE, pb.id, file);
	if (!ret)
		object_by_id(&rs->objects, OBJECT_FILE, pb.id)->quiet = kind->quiet;
	return ret;
}

static int file_install(struct restart *rs, struct restart_files *files, const struct pb_fd *pb)
{
	struct error_at at = {
		.reason = CKPT_REASON_OTHER,
		.task = current,
		.where_type = CKPT_WHERE_FD,
		.where = pb->fd,
		.advice = "raise the limit of open files (ulimit -n)",
	};
	struct object *obj = object_by_id(&rs->objects, OBJECT_FILE, pb->file) ?:
			     object_by_id(&rs->objects, OBJECT_STREAM, pb->file);
	struct file *file;
	int ret;

	if (!obj || pb->fd <= files->last_fd || pb->fd > INT_MAX || shmem_nameless(obj->ptr))
		return stream_in_bad(&rs->in, "descriptor %u", pb->fd);
	files->last_fd = pb->fd;
	file = obj->kind == OBJECT_STREAM ? external_at(rs, obj, pb->fd) : obj->ptr;
	ret = sym(replace_fd)(pb->fd, file, pb->cloexec ? O_CLOEXEC : 0);
	if (ret < 0)
		return error_add(&rs->ctx->errors, ret, &at, "cannot be opened");
	ret = fd_note(rs, obj, files, pb->fd);
	if (ret)
		return ret;
	/* It is opened by one process, which replaces descriptors of its own. */
	if (obj->files != files && proc_stands_in(rs, pb->file))
		return error_add(&rs->ctx->errors, -EOPNOTSUPP, &at,
				 "a file of proc about a thread, in two processes, is not supported");
	return proc_note_fd(rs, pb->file, pb->fd, pb->cloexec);
}

int file_read_table(struct restart *rs)
{
	struct pb_files files;

	return stream_in_msg(&rs->in, &pb_files_msg, &files) ?:
	       PTR_ERR_OR_ZERO(owner_begin(rs, OBJECT_FILES, files.id));
}

int file_read_fds(struct restart *rs)
{
	struct restart_files *files;
	struct pb_fds fds;
	unsigned int i;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_fds_msg, &fds);
	if (ret)
		return ret;
	files = owner_files(rs, fds.files);
	if (IS_ERR(files))
		return PTR_ERR(files);
	for (i = 0; !ret && i < fds.n_fd; i++) {
		ret = fatal_signal_pending(current) ? -EINTR : file_install(rs, files, &fds.fd[i]);
		cond_resched();
	}
	return ret;
}
