// SPDX-License-Identifier: GPL-2.0
#include "show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "names.h"
#include "section.h"
#include "util.h"

#define SECOND UINT64_C(1000000000)

/* Text from the image goes to the terminal through here. */
static void put_bytes(const void *bytes, size_t len)
{
	char *text = escape(bytes, len);

	fputs(text, stdout);
	free(text);
}

static void put_string(const char *text)
{
	put_bytes(text, strlen(text));
}

static void put_time(uint64_t ns)
{
	time_t s = ns / SECOND;
	char buf[64];
	struct tm tm;

	if (gmtime_r(&s, &tm) && strftime(buf, sizeof(buf), "%F %T UTC", &tm))
		fputs(buf, stdout);
	else
		printf("%" PRIu64 " s after 1970", ns / SECOND);
}

static void put_hex(const uint8_t *p, size_t len)
{
	while (len--)
		printf("%02x", *p++);
}

static void put_uuid(const ProtobufCBinaryData *uuid)
{
	size_t i;

	for (i = 0; i < uuid->len; i++)
		printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid->data[i]);
}

const char *show_vma_role(const struct model_process *p, const Ckpt__Vma *vma)
{
	const Ckpt__Mm *mm = p->as->mm;

	if (vma->kind == CKPT__VMA_KIND__VMA_VDSO)
		return mm->has_vdso && mm->vdso >= vma->start && mm->vdso < vma->end ?
		       "[vdso]" : "[vvar]";
	if (vma->kind != CKPT__VMA_KIND__VMA_ANON)
		return NULL;
	if (vma->start <= mm->brk && vma->end >= mm->start_brk && mm->start_brk < mm->brk)
		return "[heap]";
	if (vma->start <= mm->start_stack && vma->end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

static void show_timerfd(const Ckpt__Timerfd *t)
{
	char buf[BUF_NUMBER];

	printf("%s timer", names_find(names_clock, t->clockid));
	if (!t->rest_ns)
		fputs(", off", stdout);
	else if (t->has_deadline_ns)
		fputs(" until ", stdout), put_time(t->deadline_ns);
	else
		printf(", %s left", format_time(buf, t->rest_ns));
	if (t->interval_ns)
		printf(", every %s", format_time(buf, t->interval_ns));
	if (t->ticks)
		printf(", %" PRIu64 " expirations unread", t->ticks);
}

static void show_event(const struct model *m, const Ckpt__File *file)
{
	const struct model_object *object;
	char buf[NAMES_BUF];

	if (file->eventfd) {
		printf("%s, count %" PRIu64, file->eventfd->semaphore ? "semaphore" : "events",
		       file->eventfd->count);
	} else if (file->timerfd) {
		show_timerfd(file->timerfd);
	} else if (file->signalfd) {
		printf("signals %s", names_flags(buf, names_signal, file->signalfd->mask, " "));
	} else if (file->pidfd) {
		printf("of the process itself%s", file->pidfd->thread ? ", its main thread" : "");
	} else if (file->has_epoll) {
		printf("%zu watches", model_find(m, file->id)->watches);
	} else if (file->has_inotify) {
		object = model_find(m, file->id);
		printf("%zu watches, %zu events unread", object->watches, object->events);
	}
}

static void show_external(const struct model *m, const Ckpt__External *external)
{
	static const char *const names[] = { "input", "output", "error" };
	const struct model_object *object;

	printf("standard %s, ", names[external->stream]);
	put_bytes(external->name.data, external->name.len);
	fputs(" to outside of the image", stdout);
	if (!external->has_pipe)
		return;
	object = model_find(m, external->pipe);
	printf(", %u bytes to be read", ((const Ckpt__Pipe *)object->msg)->length);
}

static void show_file(const struct model *m, const Ckpt__File *file)
{
	const struct model_object *object;
	char buf[NAMES_BUF];

	if (file->external) {
		show_external(m, file->external);
	} else if (file->path) {
		put_bytes(file->path->path.data, file->path->path.len);
	} else if (file->proc) {
		put_bytes(file->proc->root->path.data, file->proc->root->path.len);
		if (file->proc->self)
			fputs("/self", stdout);
		if (file->proc->has_tid)
			printf("/task/%u", file->proc->tid);
		put_bytes(file->proc->name.data, file->proc->name.len);
	} else if (file->has_pipe) {
		const Ckpt__Pipe *pipe;

		object = model_find(m, file->pipe);
		pipe = (const Ckpt__Pipe *)object->msg;
		printf("pipe %u, %u bytes in it", pipe->id, pipe->length);
		if (pipe->fifo) {
			fputs(", ", stdout);
			put_bytes(pipe->fifo->path.data, pipe->fifo->path.len);
			if (file->unwritten)
				fputs(", no writer yet", stdout);
		}
	} else if (file->has_tty) {
		const Ckpt__Tty *tty;

		object = model_find(m, file->tty);
		tty = (const Ckpt__Tty *)object->msg;
		put_bytes(tty->path.data, tty->path.len);
		if (tty->controlling)
			fputs(" (controlling terminal)", stdout);
	} else if (file->has_shmem) {
		const Ckpt__Shmem *shmem;

		object = model_find(m, file->shmem);
		shmem = (const Ckpt__Shmem *)object->msg;
		printf("%s %u", shmem->has_name ? "memfd" : "shared memory", shmem->id);
		if (shmem->has_name && shmem->name.len) {
			fputs(" '", stdout);
			put_bytes(shmem->name.data, shmem->name.len);
			putchar('\'');
		}
		if (shmem->has_seals && shmem->seals)
			printf(" sealed (%s)", names_flags(buf, names_seal, shmem->seals, " "));
	} else if (file->has_unlinked) {
		const Ckpt__Unlinked *unlinked;

		object = model_find(m, file->unlinked);
		unlinked = (const Ckpt__Unlinked *)object->msg;
		put_bytes(unlinked->dir->path.data, unlinked->dir->path.len);
		putchar('/');
		put_bytes(unlinked->name.data, unlinked->name.len);
		printf(" (deleted) %s", format_size(buf, unlinked->size));
	} else {
		show_event(m, file);
	}
}

static const char *file_kind(const Ckpt__File *file)
{
	int kinds;

	if (file->path)
		return names_file_type(file->path->mode);
	if (file->proc)
		return names_file_type(file->proc->mode);
	return model_file_kind(file, &kinds);
}

static void show_ids(const char *what, uint32_t real, uint32_t effective, uint32_t saved,
		     uint32_t fs)
{
	printf("%s %u", what, real);
	if (effective != real || saved != real || fs != real)
		printf(" (effective %u, saved %u, file system %u)", effective, saved, fs);
}

static void show_cred(const Ckpt__Cred *cred)
{
	char buf[NAMES_BUF];
	size_t i;

	show_ids("uid", cred->uid, cred->euid, cred->suid, cred->fsuid);
	fputs(", ", stdout);
	show_ids("gid", cred->gid, cred->egid, cred->sgid, cred->fsgid);
	if (cred->n_groups) {
		fputs(", groups", stdout);
		for (i = 0; i < cred->n_groups; i++)
			printf(" %u", cred->groups[i]);
	}
	if (cred->cap_effective || cred->cap_permitted) {
		const uint64_t all = 2ULL * (1ULL << 40) - 1;
		uint64_t caps = cred->cap_permitted;

		if ((caps & all) == all)
			fputs(", all capabilities", stdout);
		else
			printf(", capabilities %s", names_flags(buf, names_cap, caps, " "));
		if (cred->cap_effective != caps)
			printf(" (in effect: %s)",
			       names_flags(buf, names_cap, cred->cap_effective, " "));
	} else {
		fputs(", no capabilities", stdout);
	}
	if (cred->has_label) {
		fputs(", confined by ", stdout);
		put_bytes(cred->label.data, cred->label.len);
	}
}

static void show_thread(const Ckpt__Thread *t)
{
	const Ckpt__Restart *restart = t->restart;
	char buf[NAMES_BUF], time[BUF_NUMBER];
	const char *policy = names_find(names_policy, t->sched->policy);

	printf("    %-8u", t->tid);
	put_string(t->comm);
	printf("%*s", (int)(strlen(t->comm) < 16 ? 16 - strlen(t->comm) : 1), "");
	printf("%s nice %d", policy ?: "?", t->sched->nice);
	if (t->sched->rt_priority)
		printf(" priority %u", t->sched->rt_priority);
	if (t->x86)
		printf(", at 0x%" PRIx64, t->x86->ip);
	if (restart && restart->kind != CKPT__RESTART_KIND__RESTART_NONE) {
		printf(", in %s", names_find(names_restart, restart->kind));
		if (restart->has_rest_ns)
			printf(" for another %s", format_time(time, restart->rest_ns));
	}
	if (t->blocked)
		printf(", blocks %s", names_flags(buf, names_signal, t->blocked, " "));
	if (t->n_pending)
		printf(", %zu signals pending", t->n_pending);
	if (t->seccomp_strict)
		fputs(", seccomp strict", stdout);
	else if (t->has_seccomp)
		printf(", seccomp filters #%u", t->seccomp);
	putchar('\n');
}

static void show_memory(const struct model *m, const struct model_process *p)
{
	char size[BUF_NUMBER], written[BUF_NUMBER], flags[NAMES_BUF], prot[4];
	uint64_t mapped = 0;
	size_t i;

	for (i = 0; i < p->as->nr_vmas; i++)
		mapped += p->as->vmas[i].vma->end - p->as->vmas[i].vma->start;
	printf("\n  memory: %zu mappings of %s, %s in the image\n", p->as->nr_vmas,
	       format_size(size, mapped), format_size(written, p->as->pages * CKPT_IMAGE_ALIGN));
	printf("    %-25s %10s %10s  %-4s %s\n", "ADDRESS", "SIZE", "WRITTEN", "PROT", "WHAT");
	for (i = 0; i < p->as->nr_vmas; i++) {
		const Ckpt__Vma *vma = p->as->vmas[i].vma;
		const char *role = show_vma_role(p, vma);
		char range[64];

		snprintf(range, sizeof(range), "%08" PRIx64 "-%08" PRIx64, vma->start, vma->end);
		/* The kernel's own mappings have the protection that the kernel gives them. */
		printf("    %-25s %10s %10s  %s%c", range,
		       format_size(size, vma->end - vma->start),
		       p->as->vmas[i].pages ?
		       format_size(written, p->as->vmas[i].pages * CKPT_IMAGE_ALIGN) : "-",
		       vma->kind == CKPT__VMA_KIND__VMA_VDSO ? "   " : names_prot(prot, vma->prot),
		       vma->kind == CKPT__VMA_KIND__VMA_VDSO ? ' ' :
		       vma->flags & CKPT__VMA_FLAG__VMA_FLAG_SHARED ? 's' : 'p');
		if (role) {
			printf("  %s", role);
		} else if (vma->kind == CKPT__VMA_KIND__VMA_FILE) {
			fputs("  ", stdout);
			show_file(m, model_file(m, vma->file));
			if (vma->pgoff)
				printf(" +0x%" PRIx64, vma->pgoff * CKPT_IMAGE_ALIGN);
		}
		if (vma->has_name) {
			fputs("  [anon:", stdout);
			put_bytes(vma->name.data, vma->name.len);
			putchar(']');
		}
		names_flags(flags, names_vma, vma->flags & ~(CKPT__VMA_FLAG__VMA_FLAG_SHARED |
							    CKPT__VMA_FLAG__VMA_FLAG_ACCOUNT), " ");
		if (*flags)
			printf("  (%s)", flags);
		if (vma->pkey)
			printf("  key %u", vma->pkey);
		putchar('\n');
	}
}

/* Settings of the address space that are not the default. */
static void show_mm(const struct model_process *p)
{
	const Ckpt__Mm *mm = p->as->mm;
	char flags[NAMES_BUF];

	if (p->as->pkeys)
		printf("    protection keys allocated: 0x%x\n", p->as->pkeys->allocated);
	if (p->as->nr_guards)
		printf("    guard regions: %" PRIu64 " pages\n", p->as->nr_guards);
	if (mm->def_flags)
		printf("    new mappings: %s\n",
		       names_flags(flags, names_vma, mm->def_flags, " "));
	if (mm->mdwe)
		printf("    nothing becomes executable later (PR_SET_MDWE %u)\n", mm->mdwe);
	if (mm->merge_any)
		puts("    equal pages are merged (PR_SET_MEMORY_MERGE)");
	if (mm->thp_disabled || mm->thp_except_advised)
		printf("    no transparent huge pages%s\n",
		       mm->thp_disabled ? "" : " unless advised");
}

static void show_fds(const struct model *m, const struct model_process *p)
{
	char flags[NAMES_BUF], pos[BUF_NUMBER];
	size_t i;

	printf("\n  descriptors: %zu\n", p->table->nr_fds);
	if (p->table->nr_fds)
		printf("    %-5s %-10s %-6s %12s  %s\n", "FD", "KIND", "ACCESS", "OFFSET", "WHAT");
	for (i = 0; i < p->table->nr_fds; i++) {
		const Ckpt__File *file = model_file(m, p->table->fds[i]->file);

		snprintf(pos, sizeof(pos), "%" PRIu64, file->pos);
		printf("    %-5u %-10s %-6s %12s  ", p->table->fds[i]->fd, file_kind(file),
		       names_access(file->flags), file->has_pos ? pos : "-");
		show_file(m, file);
		names_flags(flags, names_open, file->flags & ~3U & ~0100000U, " ");
		if (*flags || p->table->fds[i]->cloexec)
			printf(" (%s%s%s)", flags, *flags && p->table->fds[i]->cloexec ? " " : "",
			       p->table->fds[i]->cloexec ? "cloexec" : "");
		if (file->fown && file->fown->has_pid)
			printf(" (signals to %u%s)", file->fown->pid,
			       file->fown->async ? ", async" : "");
		if (file->has_lease)
			printf(" (%s lease)", file->lease ? "write" : "read");
		/* Descriptors of one description share offset and flags. */
		printf("  #%u\n", file->id);
	}
}

static void show_watches(const struct model_process *p)
{
	char events[NAMES_BUF];
	size_t i, j;

	if (!p->table->nr_watches)
		return;
	printf("\n  epoll: %zu watches\n", p->table->nr_watches);
	printf("    %-6s %-6s %-6s %-18s %s\n", "EPOLL", "FD", "OF", "DATA", "EVENTS");
	for (i = 0; i < p->table->nr_epolls; i++) {
		for (j = 0; j < p->table->epolls[i]->n_watch; j++) {
			const Ckpt__EpollWatch *watch = p->table->epolls[i]->watch[j];

			printf("    #%-5u %-6u #%-5u 0x%-16" PRIx64 " %s%s\n",
			       p->table->epolls[i]->file, watch->fd, watch->file, watch->data,
			       names_flags(events, names_epoll, watch->events, " "),
			       watch->events & (EPOLLERR | EPOLLHUP) ? "" : " (fired)");
		}
	}
}

static void show_inotify(const struct model *m)
{
	char mask[NAMES_BUF];
	size_t i, j;

	if (!m->nr_inotifies)
		return;
	printf("\ninotify\n    %-6s %-6s %s\n", "FILE", "WATCH", "WHAT");
	for (i = 0; i < m->nr_inotifies; i++) {
		const Ckpt__Inotify *inotify = m->inotifies[i];

		for (j = 0; j < inotify->n_watch; j++) {
			const Ckpt__InotifyWatch *watch = inotify->watch[j];

			printf("    #%-5u %-6u ", inotify->file, watch->wd);
			put_bytes(watch->path->path.data, watch->path->path.len);
			printf(" (%s)\n", names_flags(mask, names_inotify, watch->mask, " "));
		}
		for (j = 0; j < inotify->n_event; j++) {
			const Ckpt__InotifyEvent *event = inotify->event[j];

			printf("    #%-5u %-6d unread: %s ", inotify->file, event->wd,
			       names_flags(mask, names_inotify, event->mask, " "));
			put_bytes(event->name.data, event->name.len);
			putchar('\n');
		}
	}
}

static void show_locks(const struct model_process *p)
{
	static const char *const kinds[] = { "process", "description", "flock" };
	size_t i;

	if (!p->table->nr_locks)
		return;
	printf("\n  file locks: %zu\n", p->table->nr_locks);
	printf("    %-6s %-12s %-10s %s\n", "FILE", "OF", "KIND", "BYTES");
	for (i = 0; i < p->table->nr_locks; i++) {
		const Ckpt__Lock *lock = p->table->locks[i];

		printf("    #%-5u %-12s %-10s %" PRIu64 " to ", lock->file, kinds[lock->kind],
		       lock->write ? "exclusive" : "shared", lock->start);
		if (lock->end == INT64_MAX)
			puts("the end");
		else
			printf("%" PRIu64 "\n", lock->end);
	}
}

static void show_pending(const char *whose, size_t n, Ckpt__Signal **pending)
{
	char name[BUF_NUMBER];
	size_t i;

	if (!n)
		return;
	printf("    pending %s:", whose);
	for (i = 0; i < n; i++)
		printf(" %s", signal_name(name, pending[i]->signal));
	putchar('\n');
}

static void show_signals(const struct model_process *p)
{
	char name[BUF_NUMBER], flags[NAMES_BUF], whose[BUF_NUMBER];
	size_t i;

	printf("\n  signals: %zu actions that are not the default\n",
	       p->sighand ? p->sighand->n_action : 0);
	for (i = 0; p->sighand && i < p->sighand->n_action; i++) {
		const Ckpt__Sigaction *a = p->sighand->action[i];

		printf("    %-12s ", signal_name(name, a->signal));
		if (a->handler == 1)
			fputs("ignored", stdout);
		else if (!a->handler)
			fputs("default", stdout);
		else
			printf("handler 0x%" PRIx64, a->handler);
		names_flags(flags, names_sa, a->flags & ~0x04000000ULL, " ");
		if (*flags)
			printf(" (%s)", flags);
		if (a->mask)
			printf(" blocks %s", names_flags(flags, names_signal, a->mask, " "));
		putchar('\n');
	}
	if (p->signals)
		show_pending("for the process", p->signals->n_pending, p->signals->pending);
	for (i = 0; i < p->nr_threads; i++) {
		snprintf(whose, sizeof(whose), "for thread %u", p->threads[i]->tid);
		show_pending(whose, p->threads[i]->n_pending, p->threads[i]->pending);
	}
}

static void show_ns(const char *what, uint64_t ns)
{
	printf(", %s %" PRIu64 ".%09" PRIu64 " s", what, ns / 1000000000, ns % 1000000000);
}

static void show_posix_timer(const Ckpt__PosixTimer *timer)
{
	const char *clock = names_find(names_clock, timer->clock);
	char name[BUF_NUMBER];

	printf("    POSIX timer %u: ", timer->id);
	if (clock)
		printf("clock %s", clock);
	else if (timer->has_clock_tid)
		printf("CPU time of thread %u", timer->clock_tid);
	else
		fputs("CPU time of the process", stdout);
	if (timer->notify == 1)
		fputs(", no signal", stdout);
	else
		printf(", %s", signal_name(name, timer->signal));
	if (timer->has_target)
		printf(" for thread %u", timer->target);
	if (timer->has_rest_ns)
		show_ns("rest", timer->rest_ns);
	else
		fputs(", not armed", stdout);
	if (timer->interval_ns)
		show_ns("interval", timer->interval_ns);
	if (timer->has_place)
		fputs(", signal pending", stdout);
	putchar('\n');
}

static void show_timers(const struct model_process *p)
{
	const char *name;
	size_t i;

	if (!p->timers || !(p->timers->n_itimer || p->timers->n_timer))
		return;
	printf("\n  timers: %zu\n", p->timers->n_itimer + p->timers->n_timer);
	for (i = 0; i < p->timers->n_itimer; i++) {
		const Ckpt__Itimer *it = p->timers->itimer[i];

		name = names_find(names_itimer, it->which);
		printf("    interval timer, %s", name ? name : "?");
		if (it->has_rest_ns)
			show_ns("rest", it->rest_ns);
		else
			fputs(", not armed", stdout);
		if (it->interval_ns)
			show_ns("interval", it->interval_ns);
		putchar('\n');
	}
	for (i = 0; i < p->timers->n_timer; i++)
		show_posix_timer(p->timers->timer[i]);
}

static void show_limit(uint64_t v)
{
	if (v == (uint64_t)RLIM_INFINITY)
		fputs("unlimited", stdout);
	else
		printf("%" PRIu64, v);
}

static void show_limits(const struct model_process *p)
{
	size_t i;

	if (!p->limits || !p->limits->n_limit)
		return;
	fputs("\n  limits (soft/hard):", stdout);
	for (i = 0; i < p->limits->n_limit; i++) {
		const Ckpt__Limit *l = p->limits->limit[i];
		const char *name = names_find(names_rlimit, l->resource);

		if (i % 4 == 0)
			fputs("\n   ", stdout);
		if (name)
			printf(" %s ", name);
		else
			printf(" %u ", l->resource);
		show_limit(l->soft);
		putchar('/');
		show_limit(l->hard);
	}
	putchar('\n');
}

/* An object that tasks can share, and how many processes have it if that is more than this one. */
static void show_object(const char *what, uint32_t id, size_t users)
{
	printf("%s #%u", what, id);
	if (users > 1)
		printf(" (of %zu processes)", users);
}

static void show_tree(const struct model *m)
{
	size_t i;

	puts("\ntree");
	for (i = 0; i < m->nr_processes; i++) {
		const Ckpt__Tree *tree = m->processes[i].tree;

		printf("  %*s%u ", 2 * (int)m->processes[i].depth, "", m->processes[i].pid);
		put_string(tree->comm);
		if (m->processes[i].ended)
			printf(", has ended with status %#x\n", tree->status);
		else
			printf(", %zu thread%s%s\n", tree->n_tid, tree->n_tid == 1 ? "" : "s",
			       tree->state == CKPT__TASK_STATE__TASK_STOPPED ? ", stopped" : "");
	}
}

static void show_process(const struct model *m, const struct model_process *p)
{
	const Ckpt__Tree *tree = p->tree;
	const Ckpt__File *exe = model_file(m, p->as->mm->exe_file);
	uint32_t cred = 0;
	size_t i;

	printf("\nprocess %u (", p->pid);
	put_string(tree->comm);
	printf(")\n  parent %u, group %u, session %u\n  objects     ", tree->ppid, tree->pgid,
	       tree->sid);
	show_object("memory", p->tree->mm, p->as->nr_users);
	show_object(", descriptors", p->tree->files, p->table->nr_users);
	show_object(", directory", p->tree->fs, model_users(m, p->tree->fs));
	show_object(", signals", p->tree->sighand, model_users(m, p->tree->sighand));
	fputs("\n  executable  ", stdout);
	show_file(m, exe);
	fputs("\n  directory   ", stdout);
	put_bytes(p->fs->cwd->path.data, p->fs->cwd->path.len);
	printf(", umask %03o, root ", p->fs->umask);
	put_bytes(p->fs->root->path.data, p->fs->root->path.len);
	fputs("\n  credentials ", stdout);
	for (i = 0; i < p->nr_threads; i++) {
		/* Threads may differ, but hardly ever do. */
		if (p->threads[i]->cred == cred)
			continue;
		cred = p->threads[i]->cred;
		if (i)
			printf("\n              from thread %u on: ", p->threads[i]->tid);
		show_cred((const Ckpt__Cred *)model_find(m, cred)->msg);
	}
	printf("\n\n  threads: %zu\n", p->nr_threads);
	for (i = 0; i < p->nr_threads; i++)
		show_thread(p->threads[i]);
	show_memory(m, p);
	show_mm(p);
	show_fds(m, p);
	show_watches(p);
	show_locks(p);
	show_signals(p);
	show_timers(p);
	show_limits(p);
}

static void show_needs(const struct model *m)
{
	const Ckpt__X86Machine *x86 = m->image->x86;
	char buf[NAMES_BUF], size[BUF_NUMBER];
	bool tty = false;
	size_t i, j;

	fputs("\nneeded to restart it\n  pids        ", stdout);
	for (i = 0; i < m->nr_processes; i++)
		for (j = 0; j < m->processes[i].nr_threads; j++)
			printf("%u ", m->processes[i].threads[j]->tid);
	fputs("(or rstr --new-pidns)\n  users       ", stdout);
	for (i = j = 0; i < m->nr_objects; i++) {
		if (m->objects[i]->type != CKPT_REC_CRED)
			continue;
		printf("%suid %u gid %u", j++ ? "; " : "",
		       ((const Ckpt__Cred *)m->objects[i]->msg)->uid,
		       ((const Ckpt__Cred *)m->objects[i]->msg)->gid);
	}
	fputs(" or the right to become them; CAP_CHECKPOINT_RESTORE for the pids\n", stdout);
	if (x86) {
		printf("  processor   %s with %s (xsave area of %u bytes)\n",
		       names_machine(m->im.machine),
		       names_flags(buf, names_xfeature, x86->xfeatures, " "), x86->xstate_size);
		fputs("  with        ", stdout);
		for (i = 0; i < 32 * x86->n_cpuid; i++) {
			const char *name = names_find(names_cpuid, i);

			if (!(x86->cpuid[i / 32] >> i % 32 & 1))
				continue;
			if (name)
				printf("%s ", name);
			else
				printf("instructions-%zu ", i);
		}
		fputs(x86->n_cpuid ? "\n" : "unknown instructions\n", stdout);
		printf("  kernel      the same vDSO, of %zu bytes\n", x86->vdso.len);
	}
	for (i = 0; i < m->nr_objects; i++)
		tty |= m->objects[i]->type == CKPT_REC_TTY;
	printf("  terminal    %s\n", tty ? "yes, that of rstr" : "no");
	fputs("  files\n", stdout);
	for (i = 0; i < m->nr_objects; i++) {
		const Ckpt__File *file = (const Ckpt__File *)m->objects[i]->msg;

		if (m->objects[i]->type != CKPT_REC_FILE || !file->path)
			continue;
		printf("    #%-5u %-10s ", file->id, names_file_type(file->path->mode));
		if (S_ISREG(file->path->mode)) {
			printf("%10s  ", format_size(size, file->path->size));
			put_time(file->path->mtime_ns);
			fputs(file->path->written ? " (written to)  " : "  ", stdout);
		}
		put_bytes(file->path->path.data, file->path->path.len);
		putchar('\n');
	}
	for (i = 0; i < m->nr_objects; i++) {
		const Ckpt__Unlinked *unlinked = (const Ckpt__Unlinked *)m->objects[i]->msg;

		if (m->objects[i]->type != CKPT_REC_UNLINKED)
			continue;
		printf("    #%-5u %-10s %10s  to be made in ", unlinked->id, "deleted",
		       format_size(size, unlinked->size));
		put_bytes(unlinked->dir->path.data, unlinked->dir->path.len);
		putchar('\n');
	}
}

void show_text(const struct model *m)
{
	const Ckpt__Image *image = m->image;
	char a[BUF_NUMBER], b[BUF_NUMBER], c[BUF_NUMBER];

	fputs("made        ", stdout);
	put_time(image->realtime_ns);
	fputs(" on ", stdout);
	put_string(image->hostname);
	fputs(", Linux ", stdout);
	put_string(image->kernel_release);
	fputs(", ckpt ", stdout);
	put_string(image->module_version);
	printf("\nimage       format %u, %s, %s in %s records, sha256 ", m->im.version,
	       names_machine(m->im.machine), format_size(a, m->im.offset),
	       format_count(b, m->im.records));
	put_hex(m->im.digest, sizeof(m->im.digest));
	printf("\nholds       %zu process%s, %zu thread%s, %s pages (%s)", m->nr_processes,
	       m->nr_processes == 1 ? "" : "es", m->nr_threads, m->nr_threads == 1 ? "" : "s",
	       format_count(a, m->im.pages), format_size(b, m->im.pages * CKPT_IMAGE_ALIGN));
	if (m->shmem_bytes)
		printf(", %s of shared memory and deleted files", format_size(c, m->shmem_bytes));
	if (m->pipe_bytes)
		printf(", %s in pipes", format_size(c, m->pipe_bytes));
	putchar('\n');
	for (size_t i = 0; i < m->im.nr_sections; i++) {
		const struct ckpt_section_name *name = &m->im.sections[i];
		const char *type = section_type_name(name->type);

		printf("section     %s, %s", type ? type : "of an unknown type",
		       format_size(a, name->length));
		if (m->im.notes[i]) {
			fputs(": ", stdout);
			put_bytes(m->im.notes[i], name->length);
		}
		putchar('\n');
	}
	fputs("uuid        ", stdout);
	put_uuid(&image->uuid);
	if (image->has_parent_uuid) {
		fputs(", builds on ", stdout);
		put_uuid(&image->parent_uuid);
	}
	putchar('\n');
	show_tree(m);
	for (size_t i = 0; i < m->nr_processes; i++)
		if (!m->processes[i].ended)
			show_process(m, &m->processes[i]);
	show_inotify(m);
	show_needs(m);
}
