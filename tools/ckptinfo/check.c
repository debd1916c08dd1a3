// SPDX-License-Identifier: GPL-2.0
/* Checks of the values of timers, watches and others. */
#include "check.h"
#include "model_add.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>

int check_sections(struct model *m)
{
	const struct image *im = &m->im;
	uint32_t i;

	if (im->nr_sections != m->image->n_section)
		return BAD(m, "%u sections stand in front, not %zu", im->nr_sections,
			   m->image->n_section);
	for (i = 0; i < im->nr_sections; i++) {
		const Ckpt__Section *section = m->image->section[i];
		const struct ckpt_section_name *name = &im->sections[i];

		if (section->type != name->type || section->length != name->length ||
		    section->sha256.len != sizeof(name->sha256) ||
		    memcmp(section->sha256.data, name->sha256, sizeof(name->sha256)))
			return BAD(m, "section %u in front is not what it was", i + 1);
	}
	return 0;
}

bool check_too_many(struct model *m)
{
	switch (image_kinds[m->im.type].count) {
	case CKPT_COUNT_CREDS:
		m->held += m->im.length;
		return ++m->nr_creds > m->image->nr_tasks + CKPT_IMAGE_OPENERS_MAX ||
		       m->held > CKPT_IMAGE_HELD_MAX;
	case CKPT_COUNT_FILTERS:
		m->held += m->im.length;
		return ++m->nr_filters > m->image->nr_tasks || m->held > CKPT_IMAGE_HELD_MAX;
	default:
		return m->nr_objects == CKPT_IMAGE_OBJECTS_MAX;
	}
}

bool check_droppable_bad(const Ckpt__Vma *vma)
{
	const uint32_t never = VMA_FLAG(SHARED) | VMA_FLAG(GROWSDOWN) | VMA_FLAG(LOCKED) |
			       VMA_FLAG(LOCKONFAULT);

	return vma->flags & VMA_FLAG(DROPPABLE) &&
	       (vma->kind != CKPT__VMA_KIND__VMA_ANON || vma->flags & never);
}

int check_cred(struct model *m, const Ckpt__Cred *cred)
{
	if (!m->program && cred->opener)
		return BAD(m, "%u stands before those of the program", cred->id);
	m->nr_openers += cred->opener;
	if (m->nr_openers > CKPT_IMAGE_OPENERS_MAX ||
	    m->nr_creds + 1 - m->nr_openers > m->image->nr_tasks)
		return BAD(m, "too many of them");
	m->program = m->program ? m->program : cred;
	return 0;
}

static bool unix_peer_bad(struct model *m, const Ckpt__UnixSocket *socket)
{
	const Ckpt__File *file = model_file(m, socket->file), *peer;

	if (!socket->has_peer)
		return socket->n_message && !socket->closed;
	if (model_need(m, socket->peer, CKPT_REC_FILE))
		return true;
	peer = model_file(m, socket->peer);
	return socket->closed || !peer->has_unix_socket || peer->unix_socket != file->unix_socket;
}

int check_unix_socket(struct model *m, const Ckpt__UnixSocket *socket)
{
	uint64_t sum = 0;
	size_t i;

	if (model_need(m, socket->file, CKPT_REC_FILE))
		return -1;
	if (!model_file(m, socket->file)->has_unix_socket)
		return BAD(m, "object %u is no unix socket", socket->file);
	if (socket->has_peer_cred && model_need(m, socket->peer_cred, CKPT_REC_CRED))
		return -1;
	if (unix_peer_bad(m, socket))
		return BAD(m, "socket %u has a bad peer", socket->file);
	if (socket->shutdown > 3 || socket->attr->mode & ~07777U)
		return BAD(m, "socket %u cannot be", socket->file);
	for (i = 0; i < socket->n_message; i++) {
		if (socket->message[i]->has_uid != socket->message[i]->has_gid)
			return BAD(m, "a message in socket %u has half a sender", socket->file);
		sum += socket->message[i]->length;
	}
	if (sum)
		model_expect(m, CKPT_REC_UNIX_DATA, sum);
	return 0;
}

/* The types that an image cannot be without, of those in front of @type, as bits. */
static uint64_t needed(uint32_t type)
{
	uint64_t mask = 0;
	uint32_t i;

	for (i = 1; i < type; i++) {
		switch (image_kinds[i].count) {
		case CKPT_COUNT_ONE:
		case CKPT_COUNT_EACH:
		case CKPT_COUNT_SHARED:
		case CKPT_COUNT_SOME:
		case CKPT_COUNT_CREDS:
			mask |= 1ULL << i;
		}
	}
	return mask;
}

int check_order(struct model *m)
{
	const struct image_kind *kind = &image_kinds[m->im.type], *last = &image_kinds[m->last];
	uint64_t missing = needed(m->im.type) & ~m->seen;

	if (m->im.type < m->last &&
	    (kind->stage != CKPT_STAGE_CONTENT || last->stage != CKPT_STAGE_CONTENT))
		return BAD(m, "stands behind %s", last->name);
	if (m->seen >> m->im.type & 1 &&
	    (kind->count == CKPT_COUNT_ONE || kind->count == CKPT_COUNT_MAYBE))
		return BAD(m, "stands twice");
	if (missing)
		return BAD(m, "there is no %s in front of it",
			   image_type_name(__builtin_ctzll(missing)));
	if (m->last == CKPT_REC_TREE && m->im.type != CKPT_REC_TREE &&
	    (m->nr_processes != m->image->nr_processes || m->nr_tids != m->image->nr_tasks))
		return BAD(m, "%zu processes with %zu threads in front of it, not %u with %u",
			   m->nr_processes, m->nr_tids, m->image->nr_processes,
			   m->image->nr_tasks);
	m->seen |= 1ULL << m->im.type;
	m->last = m->im.type;
	return 0;
}

bool check_page_run_bad(const struct model *m, const Ckpt__PageRun *run)
{
	const struct model_object *mm = run->has_mm ? model_find(m, run->mm) : NULL;

	if (run->kind != CKPT__PAGES_KIND__PAGES_SAME)
		return run->has_mm || run->has_from;
	return !mm || mm->type != CKPT_REC_MM || !run->has_from ||
	       run->from & (CKPT_IMAGE_ALIGN - 1);
}

int check_thread_cred(struct model *m, const struct model_process *p, const Ckpt__Thread *thread)
{
	const Ckpt__Cred *cred = (const Ckpt__Cred *)model_find(m, thread->cred)->msg;

	if (cred->opener || (p == m->processes && !p->nr_threads && cred != m->program))
		return BAD(m, "credentials %u are not those of thread %u", thread->cred,
			   thread->tid);
	return 0;
}

int check_process(struct model *m, const struct model_process *p)
{
	const char *missing = !p->process ? "PROCESS" : !p->signals ? "SIGNALS" :
			      !p->limits ? "LIMITS" : NULL;

	if (missing && !p->ended)
		return BAD(m, "process %u has no %s", p->pid, missing);
	if (p->nr_threads != p->tree->n_tid && !p->ended)
		return BAD(m, "process %u has %zu threads, not %zu", p->pid, p->nr_threads,
			   p->tree->n_tid);
	return 0;
}

int check_filesystems(struct model *m, const Ckpt__Filesystems *fs)
{
	size_t i;

	for (i = 0; i < fs->n_fs; i++)
		if (fs->fs[i]->has_uuid && fs->fs[i]->uuid.len != 16)
			return BAD(m, "a uuid has %zu bytes", fs->fs[i]->uuid.len);
	m->fs = fs;
	return 0;
}

bool check_path_bad(const struct model *m, const Ckpt__Path *path)
{
	const ProtobufCBinaryData *name = &path->path;
	const struct model_object *cred = path->has_cred ? model_find(m, path->cred) : NULL;

	if (path->has_cred && (!cred || cred->type != CKPT_REC_CRED))
		return true;
	if (path->has_fs && (!path->fs || !m->fs || path->fs > m->fs->n_fs))
		return true;
	return !name->len || name->data[0] != '/' || memchr(name->data, 0, name->len);
}

bool check_proc_bad(const Ckpt__Proc *proc)
{
	const ProtobufCBinaryData *root = &proc->root->path, *name = &proc->name;

	return !root->len || root->data[0] != '/' || memchr(root->data, 0, root->len) ||
	       (name->len && name->data[0] != '/') || memchr(name->data, 0, name->len) ||
	       (proc->has_tid && !proc->self);
}

bool check_external_bad(const Ckpt__File *file)
{
	const uint32_t mode = file->flags & O_ACCMODE, stream = file->external->stream;

	return stream > 2 || mode == O_ACCMODE || (mode == O_RDONLY && stream) ||
	       (mode == O_WRONLY && !stream) || (mode != O_RDONLY && file->external->has_pipe) ||
	       file->has_pos || file->fown || file->has_lease || file->has_cred ||
	       file->has_created;
}

bool check_timerfd_bad(const Ckpt__Timerfd *t)
{
	const bool realtime = t->clockid == CLOCK_REALTIME || t->clockid == CLOCK_REALTIME_ALARM;
	const uint32_t flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;

	if (t->has_deadline_ns && (!realtime || !t->rest_ns || !(t->flags & TFD_TIMER_ABSTIME)))
		return true;
	return (!realtime && t->clockid != CLOCK_MONOTONIC && t->clockid != CLOCK_BOOTTIME &&
		t->clockid != CLOCK_BOOTTIME_ALARM) || t->flags & ~flags ||
	       t->rest_ns > INT64_MAX || t->interval_ns > INT64_MAX ||
	       t->deadline_ns > INT64_MAX;
}

/* Is it one of the threads of this process? They have all been read. */
static bool has_thread(const struct model_process *p, uint32_t tid)
{
	size_t i;

	for (i = 0; i < p->nr_threads; i++)
		if (p->threads[i]->tid == tid)
			return true;
	return false;
}

/* The kernel's KTIME_MAX. */
static bool is_time(uint64_t ns)
{
	return ns <= INT64_MAX;
}

static int check_posix_timer(struct model *m, const struct model_process *p,
			     const Ckpt__PosixTimer *timer)
{
	if (timer->id > INT32_MAX)
		return BAD(m, "%u is no timer id", timer->id);
	if (timer->has_clock_tid && !has_thread(p, timer->clock_tid))
		return BAD(m, "timer %u has the clock of thread %u, which does not exist",
			   timer->id, timer->clock_tid);
	if (timer->has_target && !has_thread(p, timer->target))
		return BAD(m, "timer %u is for thread %u, which does not exist", timer->id,
			   timer->target);
	if (timer->signal > 64)
		return BAD(m, "timer %u sends signal %u", timer->id, timer->signal);
	if (!is_time(timer->interval_ns) || !is_time(timer->rest_ns) ||
	    !is_time(timer->realtime_ns))
		return BAD(m, "timer %u has a time that no clock reaches", timer->id);
	return 0;
}

int check_timers(struct model *m, struct model_process *p, const Ckpt__Timers *timers)
{
	uint32_t seen = 0;
	size_t i;

	if (p->nr_threads != p->tree->n_tid)
		return BAD(m, "stands before the last THREAD");
	for (i = 0; i < timers->n_itimer; i++) {
		const Ckpt__Itimer *it = timers->itimer[i];

		if (it->which > 2 || seen >> it->which & 1)
			return BAD(m, "interval timer %u is unknown or stands twice", it->which);
		if (!is_time(it->interval_ns) || !is_time(it->rest_ns) || !is_time(it->late_ns))
			return BAD(m, "interval timer %u has a time that no clock reaches",
				   it->which);
		seen |= 1U << it->which;
	}
	for (i = 0; i < timers->n_timer; i++)
		if (check_posix_timer(m, p, timers->timer[i]))
			return -1;
	p->timers = timers;
	return 0;
}

int check_signals(struct model *m, size_t n, Ckpt__Signal **pending)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!pending[i]->signal || pending[i]->signal > 64)
			return BAD(m, "%u is no signal", pending[i]->signal);
	return 0;
}

int check_inotify(struct model *m, const Ckpt__Inotify *inotify)
{
	size_t i;

	if (!model_file(m, inotify->file)->has_inotify)
		return BAD(m, "object %u is no inotify instance", inotify->file);
	if (inotify->has_next_wd && (!inotify->next_wd || inotify->next_wd > INT32_MAX))
		return BAD(m, "%u is no number of a watch", inotify->next_wd);
	for (i = 0; i < inotify->n_watch; i++) {
		const Ckpt__InotifyWatch *watch = inotify->watch[i];

		if (!watch->wd || watch->wd > INT32_MAX)
			return BAD(m, "%u is no number of a watch", watch->wd);
		if (check_path_bad(m, watch->path))
			return BAD(m, "watch %u has a bad path", watch->wd);
		if (watch->mask & ~(IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT))
			return BAD(m, "watch %u is for events 0x%x", watch->wd, watch->mask);
	}
	for (i = 0; i < inotify->n_event; i++)
		if (!(inotify->event[i]->mask & IN_Q_OVERFLOW) != (inotify->event[i]->wd > 0))
			return BAD(m, "event 0x%x of watch %d", inotify->event[i]->mask,
				   inotify->event[i]->wd);
	return 0;
}

int check_guards(struct model *m, struct model_mm *p, const Ckpt__Guards *guards)
{
	uint64_t end = 0, addr, n;
	size_t i;

	for (i = 0; i < guards->n_run; i++, end = addr + n * CKPT_IMAGE_ALIGN) {
		addr = guards->run[i]->addr;
		n = guards->run[i]->pages;
		if (!n || addr < end || addr & (CKPT_IMAGE_ALIGN - 1) ||
		    addr >= MODEL_ADDRESS_END || n > (MODEL_ADDRESS_END - addr) / CKPT_IMAGE_ALIGN)
			return BAD(m, "%" PRIu64 " pages at 0x%" PRIx64, n, addr);
		p->nr_guards += n;
	}
	return 0;
}
