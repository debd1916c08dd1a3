// SPDX-License-Identifier: GPL-2.0
#include "model.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "check.h"
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

/* Make room for one more element in an array that grows by doubling. */
static void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	return xrealloc(array, (n ? 2 * n : 1) * size);
}

#define APPEND(array, n, value) do {						\
		(array) = grow(array, n, sizeof(*(array)));			\
		(array)[(n)++] = (value);					\
	} while (0)

/* ---- objects ---- */

static int by_id(const void *a, const void *b)
{
	const struct model_object *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_tid(const void *a, const void *b)
{
	const Ckpt__Thread *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
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

static int add_object(struct model *m, uint32_t id, const ProtobufCMessage *msg)
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
static int need(struct model *m, uint32_t id, enum ckpt_rec type)
{
	const struct model_object *object = model_find(m, id);

	if (!object)
		return BAD(m, "there is no object %u", id);
	if (object->type != type)
		return BAD(m, "object %u is a %s, not a %s", id, image_type_name(object->type),
			   image_type_name(type));
	return 0;
}

/* ---- records ---- */

static bool page_aligned(uint64_t v)
{
	return !(v & (CKPT_IMAGE_ALIGN - 1));
}

static void expect(struct model *m, enum ckpt_rec type, uint64_t bytes)
{
	m->expected = type;
	m->expected_bytes = bytes;
}

static int add_image(struct model *m, const Ckpt__Image *image)
{
	if (image->x86 && image->x86->vdso_sha256.len != IMAGE_DIGEST)
		return BAD(m, "digest of the vDSO has %zu bytes", image->x86->vdso_sha256.len);
	m->image = image;
	return 0;
}

static int add_file(struct model *m, const Ckpt__File *file)
{
	int kinds = !!file->path + !!file->has_pipe + !!file->has_tty + !!file->has_shmem +
		    !!file->eventfd + !!file->timerfd + !!file->signalfd + !!file->has_epoll +
		    !!file->pidfd + !!file->has_unlinked + !!file->has_inotify + !!file->proc;

	if (kinds != 1)
		return BAD(m, "%u is of %d kinds, not one", file->id, kinds);
	if (file->path && check_path_bad(m, file->path))
		return BAD(m, "%u has a bad path", file->id);
	if ((file->has_pipe && need(m, file->pipe, CKPT_REC_PIPE)) ||
	    (file->has_tty && need(m, file->tty, CKPT_REC_TTY)) ||
	    (file->has_shmem && need(m, file->shmem, CKPT_REC_SHMEM)) ||
	    (file->has_unlinked && need(m, file->unlinked, CKPT_REC_UNLINKED)) ||
	    (file->has_cred && need(m, file->cred, CKPT_REC_CRED)))
		return -1;
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
	return add_object(m, file->id, &file->base);
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
		expect(m, CKPT_REC_PIPE_DATA, pipe->length);
	m->pipe_bytes += pipe->length;
	return add_object(m, pipe->id, &pipe->base);
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
	return add_object(m, seccomp->id, &seccomp->base);
}

static int add_shmem(struct model *m, const Ckpt__Shmem *shmem)
{
	if (shmem->size > INT64_MAX)
		return BAD(m, "%u is too large", shmem->id);
	if (shmem->has_name != shmem->has_seals || !shmem->has_name != !shmem->attr)
		return BAD(m, "%u is half a memfd", shmem->id);
	if (shmem->attr && check_attr(m, shmem->id, shmem->attr))
		return -1;
	return add_object(m, shmem->id, &shmem->base);
}

static int add_unlinked(struct model *m, const Ckpt__Unlinked *unlinked)
{
	if (unlinked->size > INT64_MAX)
		return BAD(m, "%u is too large", unlinked->id);
	if (check_path_bad(m, unlinked->dir))
		return BAD(m, "%u has a bad path", unlinked->id);
	if (check_attr(m, unlinked->id, unlinked->attr))
		return -1;
	return add_object(m, unlinked->id, &unlinked->base);
}

static int add_fs(struct model *m, struct model_process *p, const Ckpt__Fs *fs)
{
	if (check_path_bad(m, fs->root) || check_path_bad(m, fs->cwd))
		return BAD(m, "bad path");
	p->fs = fs;
	return 0;
}

/* Kinds that a VMA and the link to the executable may refer to. */
static bool can_be_mapped(const Ckpt__File *file)
{
	return file->path || file->has_shmem || file->has_unlinked;
}

static int add_mm(struct model *m, struct model_process *p, const Ckpt__Mm *mm)
{
	const Ckpt__File *exe;

	if (need(m, mm->exe_file, CKPT_REC_FILE))
		return -1;
	exe = model_file(m, mm->exe_file);
	if (!can_be_mapped(exe))
		return BAD(m, "the executable, object %u, is not a regular file", mm->exe_file);
	if (mm->auxv.len % 16)
		return BAD(m, "auxv has %zu bytes", mm->auxv.len);
	if (p->nr_vmas != mm->nr_vmas)
		return BAD(m, "there are %zu VMAs before it, not %u", p->nr_vmas, mm->nr_vmas);
	p->mm = mm;
	return 0;
}

static int add_pkeys(struct model *m, struct model_process *p, const Ckpt__Pkeys *pkeys)
{
	if (!(pkeys->allocated & 1) || pkeys->allocated > 0xffff ||
	    (pkeys->has_execute_only && (!pkeys->execute_only || pkeys->execute_only > 15)))
		return BAD(m, "no such keys, 0x%x", pkeys->allocated);
	if (p->nr_vmas)
		return BAD(m, "stands behind VMAS");
	p->pkeys = pkeys;
	return 0;
}

static int add_vma(struct model *m, struct model_process *p, const Ckpt__Vma *vma)
{
	const Ckpt__Vma *last = p->nr_vmas ? p->vmas[p->nr_vmas - 1].vma : NULL;
	const Ckpt__File *file;

	if (!page_aligned(vma->start) || !page_aligned(vma->end))
		return BAD(m, "0x%" PRIx64 "-0x%" PRIx64 " is not page-aligned", vma->start,
			   vma->end);
	if (vma->start >= vma->end || vma->end > MODEL_ADDRESS_END)
		return BAD(m, "0x%" PRIx64 "-0x%" PRIx64 " is no range of user addresses",
			   vma->start, vma->end);
	if (last && vma->start < last->end)
		return BAD(m, "0x%" PRIx64 "-0x%" PRIx64 " overlaps 0x%" PRIx64 "-0x%" PRIx64
			   " or stands behind it", vma->start, vma->end, last->start, last->end);
	if (vma->prot & ~7U)
		return BAD(m, "0x%" PRIx64 ": unknown protection 0x%x", vma->start, vma->prot);
	if (vma->flags >= 2 * VMA_FLAG(DROPPABLE))
		return BAD(m, "0x%" PRIx64 ": unknown flags 0x%x", vma->start,
			   vma->flags & ~(2 * VMA_FLAG(DROPPABLE) - 1U));
	if (vma->pkey > 15)
		return BAD(m, "0x%" PRIx64 ": protection key %u", vma->start, vma->pkey);
	if (vma->kind == CKPT__VMA_KIND__VMA_FILE) {
		if (need(m, vma->file, CKPT_REC_FILE))
			return -1;
		file = model_file(m, vma->file);
		if (!can_be_mapped(file))
			return BAD(m, "0x%" PRIx64 ": object %u cannot be mapped", vma->start,
				   vma->file);
	} else if (vma->file) {
		return BAD(m, "0x%" PRIx64 ": a mapping of no file refers to object %u", vma->start,
			   vma->file);
	} else if (vma->flags & VMA_FLAG(SHARED)) {
		return BAD(m, "0x%" PRIx64 ": a shared mapping without a file", vma->start);
	}
	if (check_droppable_bad(vma))
		return BAD(m, "0x%" PRIx64 ": no such droppable memory", vma->start);
	APPEND(p->vmas, p->nr_vmas, ((struct model_vma){ .vma = vma }));
	return 0;
}

static int add_vmas(struct model *m, struct model_process *p, const Ckpt__Vmas *vmas)
{
	size_t i;

	if (p->mm)
		return BAD(m, "stands behind MM, which completes them");
	for (i = 0; i < vmas->n_vma; i++)
		if (add_vma(m, p, vmas->vma[i]))
			return -1;
	return 0;
}

static int add_fds(struct model *m, struct model_process *p, const Ckpt__Fds *fds)
{
	size_t i;

	if (p->nr_epolls || p->nr_locks)
		return BAD(m, "stands behind %s", p->nr_locks ? "LOCKS" : "EPOLL");
	for (i = 0; i < fds->n_fd; i++) {
		const Ckpt__Fd *fd = fds->fd[i];

		if (fd->fd > INT32_MAX)
			return BAD(m, "%u is no file descriptor", fd->fd);
		if (p->nr_fds && fd->fd <= p->fds[p->nr_fds - 1]->fd)
			return BAD(m, "fd %u stands behind fd %u", fd->fd,
				   p->fds[p->nr_fds - 1]->fd);
		if (need(m, fd->file, CKPT_REC_FILE))
			return -1;
		APPEND(p->fds, p->nr_fds, fd);
	}
	return 0;
}

static int add_epoll(struct model *m, struct model_process *p, const Ckpt__Epoll *epoll)
{
	const uint32_t always = EPOLLERR | EPOLLHUP;
	size_t i;

	if (p->nr_locks)
		return BAD(m, "stands behind LOCKS");
	if (need(m, epoll->file, CKPT_REC_FILE))
		return -1;
	if (!model_file(m, epoll->file)->has_epoll)
		return BAD(m, "object %u is no epoll instance", epoll->file);
	for (i = 0; i < epoll->n_watch; i++) {
		const Ckpt__EpollWatch *watch = epoll->watch[i];

		if (watch->fd > INT32_MAX)
			return BAD(m, "%u is no file descriptor", watch->fd);
		if (need(m, watch->file, CKPT_REC_FILE))
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

static int add_locks(struct model *m, struct model_process *p, const Ckpt__Locks *locks)
{
	size_t i;

	for (i = 0; i < locks->n_lock; i++) {
		const Ckpt__Lock *lock = locks->lock[i];

		if (need(m, lock->file, CKPT_REC_FILE))
			return -1;
		if (lock->start > lock->end || lock->end > INT64_MAX)
			return BAD(m, "bytes %" PRIu64 " to %" PRIu64, lock->start, lock->end);
		APPEND(p->locks, p->nr_locks, lock);
	}
	return 0;
}

static int add_inotify(struct model *m, struct model_process *p, const Ckpt__Inotify *inotify)
{
	if (need(m, inotify->file, CKPT_REC_FILE) || check_inotify(m, p, inotify))
		return -1;
	model_find(m, inotify->file)->watches += inotify->n_watch;
	model_find(m, inotify->file)->events += inotify->n_event;
	APPEND(p->inotifies, p->nr_inotifies, inotify);
	return 0;
}

static int add_sighand(struct model *m, struct model_process *p, const Ckpt__Sighand *sighand)
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
	p->sighand = sighand;
	return 0;
}

static int add_limits(struct model *m, struct model_process *p, const Ckpt__Limits *limits)
{
	uint64_t seen = 0;
	size_t i;

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

static int add_thread(struct model *m, struct model_process *p, const Ckpt__Thread *thread)
{
	void *node;

	if (!p->nr_threads && thread->tid != p->process->pid)
		return BAD(m, "the first thread, %u, is not the leader of process %u", thread->tid,
			   p->process->pid);
	if (p->nr_threads == p->process->nr_threads)
		return BAD(m, "process %u has more threads than %u", p->process->pid,
			   p->process->nr_threads);
	if (!thread->tid || thread->tid > INT32_MAX)
		return BAD(m, "%u is no thread id", thread->tid);
	node = tsearch(thread, &m->tids, by_tid);
	if (!node)
		return BAD(m, "out of memory");
	if (*(const Ckpt__Thread **)node != thread)
		return BAD(m, "thread %u stands twice", thread->tid);
	if (need(m, thread->cred, CKPT_REC_CRED) || check_thread_cred(m, p, thread) ||
	    check_signals(m, thread->n_pending, thread->pending))
		return -1;
	if (thread->has_seccomp && (need(m, thread->seccomp, CKPT_REC_SECCOMP) ||
				    (thread->seccomp_strict &&
				     BAD(m, "thread %u has two kinds of seccomp", thread->tid))))
		return -1;
	if (!thread->x86)
		return BAD(m, "thread %u has no registers", thread->tid);
	APPEND(p->threads, p->nr_threads, thread);
	m->nr_threads++;
	return 0;
}

/* The VMA that holds @addr, or NULL. */
static struct model_vma *find_vma(struct model_process *p, uint64_t addr)
{
	size_t low = 0, high = p->nr_vmas;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->vmas[mid].vma->end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->nr_vmas && p->vmas[low].vma->start <= addr ? &p->vmas[low] : NULL;
}

static int check_page_runs(struct model *m, struct model_process *p, const Ckpt__PageRuns *runs)
{
	uint64_t sum = 0, addr, end, n;
	struct model_vma *v;
	size_t i;

	for (i = 0, end = 0; i < runs->n_run; i++) {
		addr = runs->run[i]->addr;
		n = runs->run[i]->pages;
		if (addr < end)
			return BAD(m, "the run at 0x%" PRIx64 " stands behind a higher one", addr);
		if (!n || !page_aligned(addr) || addr >= MODEL_ADDRESS_END)
			return BAD(m, "%" PRIu64 " pages at 0x%" PRIx64, n, addr);
		sum += n;
		/* A run may go on in the next VMA if that follows at once. */
		for (end = addr + n * CKPT_IMAGE_ALIGN; addr < end; addr += n * CKPT_IMAGE_ALIGN) {
			v = find_vma(p, addr);
			if (!v)
				return BAD(m, "pages at 0x%" PRIx64 ", where nothing is mapped",
					   addr);
			if (v->vma->flags & VMA_FLAG(DROPPABLE))
				return BAD(m, "pages of droppable memory at 0x%" PRIx64, addr);
			if (v->vma->kind == CKPT__VMA_KIND__VMA_VDSO ||
			    v->vma->flags & VMA_FLAG(SHARED))
				return BAD(m, "pages at 0x%" PRIx64 ", which is not private memory",
					   addr);
			n = ((end < v->vma->end ? end : v->vma->end) - addr) / CKPT_IMAGE_ALIGN;
			v->pages += n;
			if (v->pages > (v->vma->end - v->vma->start) / CKPT_IMAGE_ALIGN)
				return BAD(m, "pages of 0x%" PRIx64 "-0x%" PRIx64 " stand twice",
					   v->vma->start, v->vma->end);
		}
	}
	if (!sum || sum > CKPT_IMAGE_RAW_MAX / CKPT_IMAGE_ALIGN)
		return BAD(m, "%" PRIu64 " pages for one PAGES record", sum);
	p->pages += sum;
	expect(m, CKPT_REC_PAGES, sum * CKPT_IMAGE_ALIGN);
	return 0;
}

static int check_shmem_run(struct model *m, const Ckpt__ShmemRun *run)
{
	const struct model_object *object = model_find(m, run->shmem);
	uint64_t size;

	if (object && object->type == CKPT_REC_UNLINKED) {
		size = ((const Ckpt__Unlinked *)object->msg)->size;
	} else {
		if (need(m, run->shmem, CKPT_REC_SHMEM))
			return -1;
		size = ((const Ckpt__Shmem *)object->msg)->size;
	}
	if (!page_aligned(run->offset) || run->offset >= size)
		return BAD(m, "offset %" PRIu64 " of object %u, which has %" PRIu64 " bytes",
			   run->offset, run->shmem, size);
	/* An upper bound: the run does not say how much follows. */
	expect(m, CKPT_REC_SHMEM_DATA, size - run->offset);
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

/* All records of a process have been read. */
static int end_process(struct model *m)
{
	const struct model_process *p;
	const char *missing;
	uint32_t pid;

	if (!m->nr_processes)
		return 0;
	p = &m->processes[m->nr_processes - 1];
	pid = p->process->pid;
	if (p->nr_threads != p->process->nr_threads)
		return BAD(m, "process %u has %zu threads, not %u", pid, p->nr_threads,
			   p->process->nr_threads);
	missing = !p->fs ? "FS" : !p->mm ? "MM" : !p->sighand ? "SIGHAND" :
		  !p->signals ? "SIGNALS" : !p->limits ? "LIMITS" : NULL;
	if (missing)
		return BAD(m, "process %u has no %s", pid, missing);
	return 0;
}

static int add_process(struct model *m, const Ckpt__Process *process)
{
	if (end_process(m))
		return -1;
	/* That pids differ follows: tids do, and the first thread of each has its pid. */
	if (!process->pid || process->pid > INT32_MAX || !process->nr_threads)
		return BAD(m, "process %u with %u threads", process->pid, process->nr_threads);
	if (m->nr_processes == m->image->nr_processes)
		return BAD(m, "more processes than %u", m->image->nr_processes);
	APPEND(m->processes, m->nr_processes, ((struct model_process){ .process = process }));
	return 0;
}

static int add_trailer(struct model *m, const Ckpt__Trailer *trailer)
{
	if (end_process(m))
		return -1;
	if (trailer->records != m->im.records || trailer->pages != m->im.pages)
		return BAD(m, "it counts %" PRIu64 " records and %" PRIu64 " pages, there are %"
			   PRIu64 " and %" PRIu64, trailer->records, trailer->pages,
			   m->im.records, m->im.pages);
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	if (trailer->sha256.len != IMAGE_DIGEST ||
	    memcmp(trailer->sha256.data, m->im.digest, IMAGE_DIGEST))
		return BAD(m, "the digest is wrong");
#endif
	if (m->nr_processes != m->image->nr_processes || m->nr_threads != m->image->nr_tasks)
		return BAD(m, "%zu processes with %zu threads, not %u with %u", m->nr_processes,
			   m->nr_threads, m->image->nr_processes, m->image->nr_tasks);
	m->done = true;
	return 0;
}

/* Each of these stands once in a process. */
#define ONCE(m, p, field) ((p)->field && BAD(m, "stands twice") ? -1 : 0)

static int add_message(struct model *m, ProtobufCMessage *msg)
{
	struct model_process *p = m->nr_processes ? &m->processes[m->nr_processes - 1] : NULL;

	switch (m->im.type) {
	case CKPT_REC_IMAGE:
		return add_image(m, (Ckpt__Image *)msg);
	case CKPT_REC_PROCESS:
		return add_process(m, (Ckpt__Process *)msg);
	case CKPT_REC_TRAILER:
		return add_trailer(m, (Ckpt__Trailer *)msg);
	}
	if (!p)
		return BAD(m, "stands before the first PROCESS");
	/* Memory is filled when all that describes it is there. */
	if (m->im.type == CKPT_REC_PAGE_RUNS || m->im.type == CKPT_REC_SHMEM_RUN) {
		if (!p->mm || !p->nr_threads)
			return BAD(m, "stands before %s", p->mm ? "the first THREAD" : "MM");
		p->described = true;
	} else if (m->im.type == CKPT_REC_GUARDS) {
		if (!p->mm)
			return BAD(m, "stands before MM");
	} else if (p->described) {
		return BAD(m, "stands behind the content of memory");
	} else if (m->im.type == CKPT_REC_THREAD && !p->mm) {
		return BAD(m, "stands before MM");
	} else if (check_early(m)) {
		return BAD(m, "stands before the first CRED");
	} else if (m->im.type == CKPT_REC_FILE && p->nr_inotifies) {
		return BAD(m, "stands behind INOTIFY");
	}
	switch (m->im.type) {
	case CKPT_REC_CRED:
		return check_cred(m, (Ckpt__Cred *)msg) ?:
		       add_object(m, ((Ckpt__Cred *)msg)->id, msg);
	case CKPT_REC_FILESYSTEMS:
		return check_filesystems(m, (Ckpt__Filesystems *)msg);
	case CKPT_REC_FILE:
		return add_file(m, (Ckpt__File *)msg);
	case CKPT_REC_PIPE:
		return add_pipe(m, (Ckpt__Pipe *)msg);
	case CKPT_REC_SECCOMP:
		return add_seccomp(m, (Ckpt__Seccomp *)msg);
	case CKPT_REC_SHMEM:
		return add_shmem(m, (Ckpt__Shmem *)msg);
	case CKPT_REC_PKEYS:
		return ONCE(m, p, pkeys) ?: add_pkeys(m, p, (Ckpt__Pkeys *)msg);
	case CKPT_REC_UNLINKED:
		return add_unlinked(m, (Ckpt__Unlinked *)msg);
	case CKPT_REC_TTY:
		return add_object(m, ((Ckpt__Tty *)msg)->id, msg);
	case CKPT_REC_FS:
		return ONCE(m, p, fs) ?: add_fs(m, p, (Ckpt__Fs *)msg);
	case CKPT_REC_MM:
		return ONCE(m, p, mm) ?: add_mm(m, p, (Ckpt__Mm *)msg);
	case CKPT_REC_VMAS:
		return add_vmas(m, p, (Ckpt__Vmas *)msg);
	case CKPT_REC_FDS:
		return add_fds(m, p, (Ckpt__Fds *)msg);
	case CKPT_REC_EPOLL:
		return add_epoll(m, p, (Ckpt__Epoll *)msg);
	case CKPT_REC_LOCKS:
		return add_locks(m, p, (Ckpt__Locks *)msg);
	case CKPT_REC_INOTIFY:
		return add_inotify(m, p, (Ckpt__Inotify *)msg);
	case CKPT_REC_SIGHAND:
		return ONCE(m, p, sighand) ?: add_sighand(m, p, (Ckpt__Sighand *)msg);
	case CKPT_REC_SIGNALS:
		if (ONCE(m, p, signals))
			return -1;
		if (p->nr_threads)
			return BAD(m, "stands behind THREAD");
		p->signals = (Ckpt__Signals *)msg;
		return check_signals(m, p->signals->n_pending, p->signals->pending);
	case CKPT_REC_LIMITS:
		return ONCE(m, p, limits) ?: add_limits(m, p, (Ckpt__Limits *)msg);
	case CKPT_REC_THREAD:
		return add_thread(m, p, (Ckpt__Thread *)msg);
	case CKPT_REC_TIMERS:
		return ONCE(m, p, timers) ?: check_timers(m, p, (Ckpt__Timers *)msg);
	case CKPT_REC_GUARDS:
		return check_guards(m, p, (Ckpt__Guards *)msg);
	case CKPT_REC_PAGE_RUNS:
		return check_page_runs(m, p, (Ckpt__PageRuns *)msg);
	case CKPT_REC_SHMEM_RUN:
		return check_shmem_run(m, (Ckpt__ShmemRun *)msg);
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
	if (!m->image != (m->im.type == CKPT_REC_IMAGE))
		return BAD(m, "%s", m->image ? "stands twice" : "stands before IMAGE");
	if (m->im.flags & CKPT_REC_F_RAW)
		return add_raw(m);
	if (m->expected)
		return BAD(m, "stands where %s belongs", image_type_name(m->expected));
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

void model_free(struct model *m)
{
	size_t i;

	tdestroy(m->ids, keep);
	tdestroy(m->tids, keep);
	for (i = 0; i < m->nr_objects; i++)
		free(m->objects[i]);
	free(m->objects);
	for (i = 0; i < m->nr_processes; i++) {
		free(m->processes[i].threads);
		free(m->processes[i].fds);
		free(m->processes[i].epolls);
		free(m->processes[i].locks);
		free(m->processes[i].inotifies);
		free(m->processes[i].vmas);
	}
	free(m->processes);
	for (i = 0; i < m->nr_owned; i++)
		protobuf_c_message_free_unpacked(m->owned[i], &m->alloc);
	free(m->owned);
	image_close(&m->im);
	memset(m, 0, sizeof(*m));
}
