// SPDX-License-Identifier: GPL-2.0
#include "model.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "check.h"
#include "model_add.h"
#include "schema.h"
#include "util.h"

/* ---- memory ---- */

/* Each block is counted with its size in front; 16 bytes keep the alignment of malloc(). */
#define BLOCK_HEAD 16

static void *model_alloc(void *data, size_t size)
{
	struct model *m = data;
	char *p;

	if (m->memory > MODEL_MEMORY - BLOCK_HEAD ||
	    size > MODEL_MEMORY - BLOCK_HEAD - m->memory) {
		m->memory_full = true;
		return NULL;
	}
	p = xmalloc(size + BLOCK_HEAD);
	memcpy(p, &size, sizeof(size));
	m->memory += size + BLOCK_HEAD;
	return p + BLOCK_HEAD;
}

static void model_release(void *data, void *block)
{
	struct model *m = data;
	char *p = (char *)block - BLOCK_HEAD;
	size_t size;

	if (!block)
		return;
	memcpy(&size, p, sizeof(size));
	m->memory -= size + BLOCK_HEAD;
	free(p);
}

void *model_grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	return xrealloc(array, (n ? 2 * n : 1) * size);
}

/* ---- objects ---- */

static int by_id(const void *a, const void *b)
{
	const struct model_object *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* A thread of TREE, and the place of its process; there may be many. */
struct model_tid {
	uint32_t tid;
	size_t process;
};

static int by_tid(const void *a, const void *b)
{
	const struct model_tid *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static struct model_process *process_of(const struct model *m, uint32_t tid)
{
	struct model_tid key = { .tid = tid };
	void *node = tfind(&key, &m->tids, by_tid);

	return node ? &m->processes[(*(struct model_tid **)node)->process] : NULL;
}

struct model_process *model_process(const struct model *m, uint32_t pid)
{
	struct model_process *p = process_of(m, pid);

	return p && p->pid == pid ? p : NULL;
}

size_t model_users(const struct model *m, uint32_t id)
{
	size_t i, n = 0;

	for (i = 0; i < m->nr_processes; i++)
		n += m->processes[i].tree->fs == id || m->processes[i].tree->sighand == id;
	return n;
}

struct model_object *model_find(const struct model *m, uint32_t id)
{
	struct model_object key = { .id = id };
	void *node = tfind(&key, &m->ids, by_id);

	return node ? *(struct model_object **)node : NULL;
}

const Ckpt__File *model_file(const struct model *m, uint32_t id)
{
	const struct model_object *object = model_find(m, id);

	return object && object->type == CKPT_REC_FILE ? (const Ckpt__File *)object->msg : NULL;
}

int model_add_object(struct model *m, uint32_t id, const ProtobufCMessage *msg)
{
	struct model_object *object;

	if (check_too_many(m))
		return BAD(m, "too many of them");
	if (!id)
		return BAD(m, "id 0");
	if (id > CKPT_IMAGE_OBJECTS_MAX)
		return BAD(m, "id %u is too high", id);
	if (model_find(m, id))
		return BAD(m, "id %u is in use already", id);
	object = xmalloc(sizeof(*object));
	*object = (struct model_object){ .id = id, .type = m->im.type, .msg = msg };
	APPEND(m->objects, m->nr_objects, object);
	if (!tsearch(object, &m->ids, by_id))
		return BAD(m, "out of memory");
	return 0;
}

/* A reference from the current record. */
int model_need(struct model *m, uint32_t id, enum ckpt_rec type)
{
	const struct model_object *object = model_find(m, id);

	if (!object)
		return BAD(m, "there is no object %u", id);
	if (object->type != type)
		return BAD(m, "object %u is a %s, not a %s", id, image_type_name(object->type),
			   image_type_name(type));
	return 0;
}

/* The process that the current record is of, or NULL with the error said. */
static struct model_process *need_process(struct model *m, uint32_t pid)
{
	struct model_process *p = model_process(m, pid);

	if (!p || p->ended)
		BAD(m, "there is no process %u", pid);
	return p && !p->ended ? p : NULL;
}

static struct model_table *need_table(struct model *m, uint32_t id)
{
	size_t i;

	if (model_need(m, id, CKPT_REC_FILES))
		return NULL;
	for (i = 0; i < m->nr_tables; i++)
		if (m->tables[i]->id == id)
			return m->tables[i];
	return NULL;
}

/* ---- records ---- */

void model_expect(struct model *m, enum ckpt_rec type, uint64_t bytes)
{
	m->expected = type;
	m->expected_bytes = bytes;
}

static int add_image(struct model *m, const Ckpt__Image *image)
{
	if (image->uuid.len != MODEL_UUID ||
	    (image->has_parent_uuid && image->parent_uuid.len != MODEL_UUID))
		return BAD(m, "a uuid has %zu bytes", image->uuid.len != MODEL_UUID ?
			   image->uuid.len : image->parent_uuid.len);
	if (image->has_parent_uuid != image->has_parent_sha256 ||
	    (image->has_parent_sha256 && image->parent_sha256.len != IMAGE_DIGEST))
		return BAD(m, "half a parent");
	if (!image->nr_processes || image->nr_tasks < image->nr_processes)
		return BAD(m, "%u processes with %u threads", image->nr_processes,
			   image->nr_tasks);
	m->image = image;
	return check_sections(m);
}

const char *model_file_kind(const Ckpt__File *file, int *kinds)
{
	static const struct {
		const char *field;
		const char *text;
	} table[] = {
#define ROW(name, text) { #name, text },
		CKPT_FILE_TABLE(ROW)
#undef ROW
	};
	const char *text = NULL;
	size_t i;

	*kinds = 0;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (!schema_has(&file->base, table[i].field))
			continue;
		text = table[i].text;
		++*kinds;
	}
	return text;
}

static int add_file(struct model *m, const Ckpt__File *file)
{
	int kinds;

	model_file_kind(file, &kinds);
	if (kinds != 1)
		return BAD(m, "%u is of %d kinds, not one", file->id, kinds);
	if (file->path && check_path_bad(m, file->path))
		return BAD(m, "%u has a bad path", file->id);
	if ((file->has_pipe && model_need(m, file->pipe, CKPT_REC_PIPE)) ||
	    (file->has_tty && model_need(m, file->tty, CKPT_REC_TTY)) ||
	    (file->has_shmem && model_need(m, file->shmem, CKPT_REC_SHMEM)) ||
	    (file->has_unlinked && model_need(m, file->unlinked, CKPT_REC_UNLINKED)) ||
	    (file->has_cred && model_need(m, file->cred, CKPT_REC_CRED)) ||
	    (file->external && file->external->has_pipe &&
	     model_need(m, file->external->pipe, CKPT_REC_PIPE)))
		return -1;
	if (file->external && check_external_bad(file))
		return BAD(m, "%u is a stream that cannot be", file->id);
	if (file->path && file->has_cred)
		return BAD(m, "%u has credentials beside those of its path", file->id);
	if (file->fown && file->fown->has_type != file->fown->has_pid)
		return BAD(m, "%u has half an owner", file->id);
	if (file->eventfd && file->eventfd->count == UINT64_MAX)
		return BAD(m, "eventfd %u has overflowed", file->id);
	if (file->has_lease && file->lease > 1)
		return BAD(m, "%u has a lease of kind %u", file->id, file->lease);
	if (file->proc && (check_path_bad(m, file->proc->root) || check_proc_bad(file->proc)))
		return BAD(m, "%u has a bad path", file->id);
	if (file->timerfd && check_timerfd_bad(file->timerfd))
		return BAD(m, "timerfd %u cannot be", file->id);
	return model_add_object(m, file->id, &file->base);
}

static int check_attr(struct model *m, uint32_t id, const Ckpt__FileAttr *attr)
{
	return attr->mode & ~07777U ? BAD(m, "%u has a mode of 0%o", id, attr->mode) : 0;
}

static int add_pipe(struct model *m, const Ckpt__Pipe *pipe)
{
	uint64_t sum = 0;
	size_t i;

	if (pipe->fifo && (!S_ISFIFO(pipe->fifo->mode) || check_path_bad(m, pipe->fifo)))
		return BAD(m, "%u has a bad path", pipe->id);
	if (pipe->attr && check_attr(m, pipe->id, pipe->attr))
		return -1;
	for (i = 0; i < pipe->n_packets; i++)
		sum += pipe->packets[i];
	if (pipe->n_packets && sum != pipe->length)
		return BAD(m, "%u has %u bytes, but packets of %" PRIu64, pipe->id, pipe->length,
			   sum);
	if (pipe->length)
		model_expect(m, CKPT_REC_PIPE_DATA, pipe->length);
	m->pipe_bytes += pipe->length;
	return model_add_object(m, pipe->id, &pipe->base);
}

static int add_seccomp(struct model *m, const Ckpt__Seccomp *seccomp)
{
	size_t i, len;

	if (!seccomp->n_filter)
		return BAD(m, "%u has no filters", seccomp->id);
	for (i = 0; i < seccomp->n_filter; i++) {
		len = seccomp->filter[i]->program.len;
		if (!len || len % 8)
			return BAD(m, "a filter of %u has %zu bytes", seccomp->id, len);
	}
	return model_add_object(m, seccomp->id, &seccomp->base);
}

static int add_shmem(struct model *m, const Ckpt__Shmem *shmem)
{
	if (shmem->size > INT64_MAX)
		return BAD(m, "%u is too large", shmem->id);
	if (shmem->has_name != shmem->has_seals || !shmem->has_name != !shmem->attr)
		return BAD(m, "%u is half a memfd", shmem->id);
	if (shmem->attr && check_attr(m, shmem->id, shmem->attr))
		return -1;
	return model_add_object(m, shmem->id, &shmem->base);
}

static int add_unlinked(struct model *m, const Ckpt__Unlinked *unlinked)
{
	if (unlinked->size > INT64_MAX)
		return BAD(m, "%u is too large", unlinked->id);
	if (check_path_bad(m, unlinked->dir))
		return BAD(m, "%u has a bad path", unlinked->id);
	if (check_attr(m, unlinked->id, unlinked->attr))
		return -1;
	return model_add_object(m, unlinked->id, &unlinked->base);
}

static int add_fs(struct model *m, const Ckpt__Fs *fs)
{
	if (check_path_bad(m, fs->root) || check_path_bad(m, fs->cwd))
		return BAD(m, "bad path");
	return model_add_object(m, fs->id, &fs->base);
}

static int add_files(struct model *m, const Ckpt__Files *files)
{
	struct model_table *table;

	if (model_add_object(m, files->id, &files->base))
		return -1;
	table = xmalloc(sizeof(*table));
	*table = (struct model_table){ .id = files->id };
	APPEND(m->tables, m->nr_tables, table);
	return 0;
}

static int add_fds(struct model *m, const Ckpt__Fds *fds)
{
	struct model_table *p = need_table(m, fds->files);
	size_t i;

	if (!p)
		return -1;
	for (i = 0; i < fds->n_fd; i++) {
		const Ckpt__Fd *fd = fds->fd[i];

		if (fd->fd > INT32_MAX)
			return BAD(m, "%u is no file descriptor", fd->fd);
		if (p->nr_fds && fd->fd <= p->fds[p->nr_fds - 1]->fd)
			return BAD(m, "fd %u stands behind fd %u", fd->fd,
				   p->fds[p->nr_fds - 1]->fd);
		if (model_need(m, fd->file, CKPT_REC_FILE))
			return -1;
		APPEND(p->fds, p->nr_fds, fd);
	}
	return 0;
}

static int add_epoll(struct model *m, const Ckpt__Epoll *epoll)
{
	struct model_table *p = need_table(m, epoll->files);
	const uint32_t always = EPOLLERR | EPOLLHUP;
	size_t i;

	if (!p)
		return -1;
	if (model_need(m, epoll->file, CKPT_REC_FILE))
		return -1;
	if (!model_file(m, epoll->file)->has_epoll)
		return BAD(m, "object %u is no epoll instance", epoll->file);
	for (i = 0; i < epoll->n_watch; i++) {
		const Ckpt__EpollWatch *watch = epoll->watch[i];

		if (watch->fd > INT32_MAX)
			return BAD(m, "%u is no file descriptor", watch->fd);
		if (model_need(m, watch->file, CKPT_REC_FILE))
			return -1;
		if (!(watch->events & (always | EPOLLONESHOT)))
			return BAD(m, "fd %u is watched for events 0x%x", watch->fd,
				   watch->events);
	}
	model_find(m, epoll->file)->watches += epoll->n_watch;
	p->nr_watches += epoll->n_watch;
	APPEND(p->epolls, p->nr_epolls, epoll);
	return 0;
}

static int add_locks(struct model *m, const Ckpt__Locks *locks)
{
	struct model_table *p = need_table(m, locks->files);
	size_t i;

	if (!p)
		return -1;
	for (i = 0; i < locks->n_lock; i++) {
		const Ckpt__Lock *lock = locks->lock[i];

		if (model_need(m, lock->file, CKPT_REC_FILE))
			return -1;
		if (lock->start > lock->end || lock->end > INT64_MAX)
			return BAD(m, "bytes %" PRIu64 " to %" PRIu64, lock->start, lock->end);
		APPEND(p->locks, p->nr_locks, lock);
	}
	return 0;
}

static int add_inotify(struct model *m, const Ckpt__Inotify *inotify)
{
	if (model_need(m, inotify->file, CKPT_REC_FILE) || check_inotify(m, inotify))
		return -1;
	model_find(m, inotify->file)->watches += inotify->n_watch;
	model_find(m, inotify->file)->events += inotify->n_event;
	APPEND(m->inotifies, m->nr_inotifies, inotify);
	return 0;
}

static int add_sighand(struct model *m, const Ckpt__Sighand *sighand)
{
	uint64_t seen = 0, bit;
	size_t i;

	for (i = 0; i < sighand->n_action; i++) {
		uint32_t sig = sighand->action[i]->signal;

		if (!sig || sig > 64)
			return BAD(m, "%u is no signal", sig);
		bit = 1ULL << (sig - 1);
		if (seen & bit)
			return BAD(m, "signal %u has two actions", sig);
		seen |= bit;
	}
	return model_add_object(m, sighand->id, &sighand->base);
}

static int add_limits(struct model *m, const Ckpt__Limits *limits)
{
	struct model_process *p = need_process(m, limits->pid);
	uint64_t seen = 0;
	size_t i;

	if (!p)
		return -1;
	if (p->limits)
		return BAD(m, "stands twice");
	for (i = 0; i < limits->n_limit; i++) {
		const Ckpt__Limit *limit = limits->limit[i];

		if (limit->resource > 63 || seen >> limit->resource & 1)
			return BAD(m, "resource %u is unknown or stands twice", limit->resource);
		seen |= 1ULL << limit->resource;
		if (limit->soft > limit->hard)
			return BAD(m, "resource %u: the soft limit is above the hard one",
				   limit->resource);
	}
	p->limits = limits;
	return 0;
}

static int add_signals(struct model *m, const Ckpt__Signals *signals)
{
	struct model_process *p = need_process(m, signals->pid);

	if (!p)
		return -1;
	if (p->signals)
		return BAD(m, "stands twice");
	p->signals = signals;
	return check_signals(m, signals->n_pending, signals->pending);
}

static int add_timers(struct model *m, const Ckpt__Timers *timers)
{
	struct model_process *p = need_process(m, timers->pid);

	if (!p)
		return -1;
	if (p->timers)
		return BAD(m, "stands twice");
	return check_timers(m, p, timers);
}

static int add_thread(struct model *m, const Ckpt__Thread *thread)
{
	struct model_process *p = process_of(m, thread->tid);

	if (!p || p->ended)
		return BAD(m, "thread %u is not in TREE", thread->tid);
	if (p->nr_threads == p->tree->n_tid || p->tree->tid[p->nr_threads] != thread->tid)
		return BAD(m, "thread %u of process %u stands twice, or too early", thread->tid,
			   p->pid);
	if (model_need(m, thread->cred, CKPT_REC_CRED) || check_thread_cred(m, p, thread) ||
	    check_signals(m, thread->n_pending, thread->pending))
		return -1;
	if (thread->has_seccomp && (model_need(m, thread->seccomp, CKPT_REC_SECCOMP) ||
				    (thread->seccomp_strict &&
				     BAD(m, "thread %u has two kinds of seccomp", thread->tid))))
		return -1;
	if (!thread->x86)
		return BAD(m, "thread %u has no registers", thread->tid);
	APPEND(p->threads, p->nr_threads, thread);
	m->nr_threads++;
	return 0;
}

static int check_shmem_run(struct model *m, const Ckpt__ShmemRun *run)
{
	const struct model_object *object = model_find(m, run->shmem);
	uint64_t size;

	if (object && object->type == CKPT_REC_UNLINKED) {
		size = ((const Ckpt__Unlinked *)object->msg)->size;
	} else {
		if (model_need(m, run->shmem, CKPT_REC_SHMEM))
			return -1;
		size = ((const Ckpt__Shmem *)object->msg)->size;
	}
	if (!model_aligned(run->offset) || run->offset >= size)
		return BAD(m, "offset %" PRIu64 " of object %u, which has %" PRIu64 " bytes",
			   run->offset, run->shmem, size);
	/* An upper bound: the run does not say how much follows. */
	model_expect(m, CKPT_REC_SHMEM_DATA, size - run->offset);
	return 0;
}

static int add_raw(struct model *m)
{
	uint64_t length = m->im.length;

	if (m->im.type != m->expected)
		return BAD(m, "nothing says what it is");
	if (!length || length > m->expected_bytes ||
	    (m->expected == CKPT_REC_PAGES && length != m->expected_bytes))
		return BAD(m, "%" PRIu64 " bytes where %" PRIu64 " belong", length,
			   m->expected_bytes);
	m->expected_bytes -= length;
	if (m->expected == CKPT_REC_SHMEM_DATA) {
		m->shmem_bytes += length;
		m->expected_bytes = 0;
	}
	if (!m->expected_bytes)
		m->expected = 0;
	return 0;
}

static int add_tid(struct model *m, uint32_t tid)
{
	/* Count the memory that tsearch() takes for a node, too: hence four times the size. */
	struct model_tid *node = model_alloc(m, 4 * sizeof(*node));

	if (!node)
		return BAD(m, "more threads than this tool holds in memory");
	*node = (struct model_tid){ tid, m->nr_processes - 1 };
	if (!tid || tid > INT32_MAX || process_of(m, tid)) {
		model_release(m, node);
		return BAD(m, "thread %u is none, or stands twice", tid);
	}
	if (!tsearch(node, &m->tids, by_tid)) {
		model_release(m, node);
		return BAD(m, "out of memory");
	}
	m->nr_tids++;
	return 0;
}

static int add_tree(struct model *m, const Ckpt__Tree *tree)
{
	struct model_process p = { .tree = tree }, *parent;
	size_t i;

	if (!tree->n_pid || !tree->n_tid || tree->tid[0] != tree->pid[tree->n_pid - 1])
		return BAD(m, "its first thread is not the main one");
	p.ended = tree->state == CKPT__TASK_STATE__TASK_ZOMBIE;
	if (p.ended != !tree->has_mm || p.ended != !tree->has_files || p.ended != !tree->has_fs ||
	    p.ended != !tree->has_sighand || p.ended != tree->has_status)
		return BAD(m, "it does not say what the process has");
	if (m->nr_processes == m->image->nr_processes)
		return BAD(m, "more processes than %u", m->image->nr_processes);
	p.pid = tree->tid[0];
	parent = model_process(m, tree->ppid);
	if ((p.ended && (!parent || tree->n_tid > 1)) || (parent && parent->ended))
		return BAD(m, "it, or its parent, has ended");
	p.depth = parent ? parent->depth + 1 : 0;
	APPEND(m->processes, m->nr_processes, p);
	for (i = 0; i < tree->n_tid; i++)
		if (add_tid(m, tree->tid[i]))
			return -1;
	return 0;
}

static int add_process(struct model *m, const Ckpt__Process *process)
{
	struct model_process *p = need_process(m, process->pid);

	if (!p)
		return -1;
	if (p->process)
		return BAD(m, "stands twice");
	p->as = model_mm(m, p->tree->mm);
	p->table = p->as ? need_table(m, p->tree->files) : NULL;
	if (!p->table || model_need(m, p->tree->fs, CKPT_REC_FS) ||
	    model_need(m, p->tree->sighand, CKPT_REC_SIGHAND))
		return -1;
	if (p->as->nr_vmas != p->as->mm->nr_vmas)
		return BAD(m, "there are %zu VMAs before it, not %u", p->as->nr_vmas,
			   p->as->mm->nr_vmas);
	p->as->nr_users++;
	p->table->nr_users++;
	p->fs = (const Ckpt__Fs *)model_find(m, p->tree->fs)->msg;
	p->sighand = (const Ckpt__Sighand *)model_find(m, p->tree->sighand)->msg;
	p->process = process;
	return 0;
}

static int add_trailer(struct model *m, const Ckpt__Trailer *trailer)
{
	size_t i;

	if (trailer->records != m->im.records || trailer->pages != m->im.pages)
		return BAD(m, "it counts %" PRIu64 " records and %" PRIu64 " pages, there are %"
			   PRIu64 " and %" PRIu64, trailer->records, trailer->pages,
			   m->im.records, m->im.pages);
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	if (trailer->sha256.len != IMAGE_DIGEST ||
	    memcmp(trailer->sha256.data, m->im.digest, IMAGE_DIGEST))
		return BAD(m, "the digest is wrong");
#endif
	for (i = 0; i < m->nr_processes; i++)
		if (check_process(m, &m->processes[i]))
			return -1;
	m->done = true;
	return 0;
}

static int add_message(struct model *m, ProtobufCMessage *msg)
{
	switch (m->im.type) {
	case CKPT_REC_IMAGE:
		return add_image(m, (Ckpt__Image *)msg);
	case CKPT_REC_TREE:
		return add_tree(m, (Ckpt__Tree *)msg);
	case CKPT_REC_FILESYSTEMS:
		return check_filesystems(m, (Ckpt__Filesystems *)msg);
	case CKPT_REC_CRED:
		return check_cred(m, (Ckpt__Cred *)msg) ?:
		       model_add_object(m, ((Ckpt__Cred *)msg)->id, msg);
	case CKPT_REC_SECCOMP:
		return add_seccomp(m, (Ckpt__Seccomp *)msg);
	case CKPT_REC_FS:
		return add_fs(m, (Ckpt__Fs *)msg);
	case CKPT_REC_TTY:
		return model_add_object(m, ((Ckpt__Tty *)msg)->id, msg);
	case CKPT_REC_PIPE:
		return add_pipe(m, (Ckpt__Pipe *)msg);
	case CKPT_REC_SHMEM:
		return add_shmem(m, (Ckpt__Shmem *)msg);
	case CKPT_REC_UNLINKED:
		return add_unlinked(m, (Ckpt__Unlinked *)msg);
	case CKPT_REC_FILE:
		return add_file(m, (Ckpt__File *)msg);
	case CKPT_REC_FILES:
		return add_files(m, (Ckpt__Files *)msg);
	case CKPT_REC_SIGHAND:
		return add_sighand(m, (Ckpt__Sighand *)msg);
	case CKPT_REC_MM:
		return model_add_mm(m, (Ckpt__Mm *)msg);
	case CKPT_REC_FDS:
		return add_fds(m, (Ckpt__Fds *)msg);
	case CKPT_REC_UNIX_SOCKET:
		return check_unix_socket(m, (Ckpt__UnixSocket *)msg);
	case CKPT_REC_EPOLL:
		return add_epoll(m, (Ckpt__Epoll *)msg);
	case CKPT_REC_LOCKS:
		return add_locks(m, (Ckpt__Locks *)msg);
	case CKPT_REC_PKEYS:
		return model_add_pkeys(m, (Ckpt__Pkeys *)msg);
	case CKPT_REC_VMAS:
		return model_add_vmas(m, (Ckpt__Vmas *)msg);
	case CKPT_REC_INOTIFY:
		return add_inotify(m, (Ckpt__Inotify *)msg);
	case CKPT_REC_PROCESS:
		return add_process(m, (Ckpt__Process *)msg);
	case CKPT_REC_LIMITS:
		return add_limits(m, (Ckpt__Limits *)msg);
	case CKPT_REC_SIGNALS:
		return add_signals(m, (Ckpt__Signals *)msg);
	case CKPT_REC_THREAD:
		return add_thread(m, (Ckpt__Thread *)msg);
	case CKPT_REC_TIMERS:
		return add_timers(m, (Ckpt__Timers *)msg);
	case CKPT_REC_GUARDS:
		return model_add_guards(m, (Ckpt__Guards *)msg);
	case CKPT_REC_PAGE_RUNS:
		return model_add_page_runs(m, (Ckpt__PageRuns *)msg);
	case CKPT_REC_SHMEM_RUN:
		return check_shmem_run(m, (Ckpt__ShmemRun *)msg);
	case CKPT_REC_TRAILER:
		return add_trailer(m, (Ckpt__Trailer *)msg);
	}
	return BAD(m, "is not known to this tool");
}

static int add_record(struct model *m)
{
	ProtobufCMessage *msg;
	char why[160];
	int ret;

	/* The reader has let pass only advisory ones. */
	if (!image_type_name(m->im.type))
		return 0;
	if (m->im.flags & CKPT_REC_F_RAW)
		return add_raw(m);
	if (m->expected)
		return BAD(m, "stands where %s belongs", image_type_name(m->expected));
	if (check_order(m))
		return -1;
	msg = schema_decode(m->im.type, m->im.payload, m->im.length, &m->alloc, why, sizeof(why));
	if (!msg && m->memory_full)
		return BAD(m, "the image describes more than this tool holds in memory, %lu MiB",
			   MODEL_MEMORY >> 20);
	if (!msg)
		return BAD(m, "%s", why);
	/* Where pages lie is told again by the VMAs; there can be millions of runs. */
	if (m->im.type == CKPT_REC_PAGE_RUNS || m->im.type == CKPT_REC_SHMEM_RUN ||
	    m->im.type == CKPT_REC_TRAILER) {
		ret = add_message(m, msg);
		protobuf_c_message_free_unpacked(msg, &m->alloc);
		return ret;
	}
	APPEND(m->owned, m->nr_owned, msg);
	return add_message(m, msg);
}

int model_read(struct model *m, ssize_t (*read)(void *, void *, size_t), void *arg)
{
	memset(m, 0, sizeof(*m));
	m->alloc = (ProtobufCAllocator){
		.alloc = model_alloc,
		.free = model_release,
		.allocator_data = m,
	};
	if (image_open(&m->im, read, arg))
		return -1;
	while (!m->done)
		if (image_next(&m->im) || add_record(m))
			return -1;
	return 0;
}

static void keep(void *node __attribute__((unused)))
{
}

static void free_tid(struct model *m)
{
	struct model_tid *node;

	while (m->tids) {
		node = *(struct model_tid **)m->tids;
		tdelete(node, &m->tids, by_tid);
		model_release(m, node);
	}
}

void model_free(struct model *m)
{
	size_t i;

	tdestroy(m->ids, keep);
	free_tid(m);
	for (i = 0; i < m->nr_objects; i++)
		free(m->objects[i]);
	free(m->objects);
	for (i = 0; i < m->nr_processes; i++)
		free(m->processes[i].threads);
	for (i = 0; i < m->nr_mms; i++) {
		free(m->mms[i]->vmas);
		free(m->mms[i]);
	}
	free(m->mms);
	for (i = 0; i < m->nr_tables; i++) {
		free(m->tables[i]->fds);
		free(m->tables[i]->epolls);
		free(m->tables[i]->locks);
		free(m->tables[i]);
	}
	free(m->tables);
	free(m->inotifies);
	free(m->processes);
	for (i = 0; i < m->nr_owned; i++)
		protobuf_c_message_free_unpacked(m->owned[i], &m->alloc);
	free(m->owned);
	image_close(&m->im);
	memset(m, 0, sizeof(*m));
}
