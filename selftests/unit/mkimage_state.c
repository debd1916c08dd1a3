// SPDX-License-Identifier: GPL-2.0
/*
 * Images that no kernel made: file systems, openers, filters, files without a path, watches,
 * locks, keys, timers.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkimage.h"
#include "util.h"

/* One more than there may be. */
#define FILESYSTEMS_MORE 257

/* The file systems, each of which is known by something else. */
void put_filesystems(void)
{
	static const char digits[] = "0123456789abcdef!";
	Ckpt__Filesystem fs[4], *list[FILESYSTEMS_MORE];
	Ckpt__Filesystems all = CKPT__FILESYSTEMS__INIT;
	size_t i;

	for (i = 0; i < 4; i++)
		ckpt__filesystem__init(&fs[i]);
	for (i = 0; i < ARRAY_SIZE(list); i++)
		list[i] = &fs[i < 4 ? i : 3];
	fs[0].type = (char *)(is("filesystem-type") ? "a-type-of-as-many-as-32-letters-" : "ext4");
	fs[0].has_uuid = true;
	fs[0].uuid = bytes(digits);
	fs[0].uuid.len = is("filesystem-uuid") ? 15 : is("filesystem-uuid-long") ? 17 : 16;
	fs[1].type = (char *)(is("hostile-text") ? "\033]0;x\007" : "tmpfs");
	fs[1].has_fsid = true;
	fs[1].fsid = 0x1234567890ULL;
	fs[2].type = (char *)"nfs4";
	fs[2].has_source = true;
	fs[2].source = bytes(is("hostile-text") ? "\033]0;x\007" : "server:/export");
	fs[3].type = (char *)"fuse";
	all.n_fs = is("filesystems-many") ? ARRAY_SIZE(list) : 4;
	all.fs = list;
	if (!is("filesystems-late") && !is("filesystems-missing"))
		message(CKPT_REC_FILESYSTEMS, &all);
	if (is("filesystems-twice"))
		message(CKPT_REC_FILESYSTEMS, &all);
}

/* Credentials that files were opened with, and no thread has. */
void put_openers(const Ckpt__Cred *program)
{
	Ckpt__Filesystems none = CKPT__FILESYSTEMS__INIT;
	Ckpt__Cred cred = *program;
	unsigned int i, n = is("openers-count") ? CKPT_IMAGE_OPENERS_MAX + 1 :
			    is("openers-most") ? CKPT_IMAGE_OPENERS_MAX : 1;

	if (is("filesystems-late"))
		message(CKPT_REC_FILESYSTEMS, &none);
	cred.has_label = false;
	cred.has_opener = cred.opener = true;
	cred.uid = cred.euid = cred.suid = cred.fsuid = 0;
	for (i = 0; i < n; i++) {
		cred.id = i ? 1000 + i : ID_OPENER;
		message(CKPT_REC_CRED, &cred);
	}
}

void identity(Ckpt__Path *path)
{
	static uint8_t handle[161] = { 1, 1, 77 };

	path->has_fs = true;
	path->fs = is("path-fs-zero") ? 0 : is("path-fs-high") ? 5 : 1;
	path->has_handle = true;
	path->handle = (ProtobufCBinaryData){ is("path-handle") ? 161 : 10, handle };
	path->has_cred = true;
	path->cred = is("path-cred-missing") ? 99 : is("path-cred-zero") ? 0 :
		     is("path-cred-self") ? ID_EXE : is("path-cred-opener") ? ID_OPENER : ID_CRED;
}

/* Two seccomp filters. */
void put_filters(void)
{
	static uint8_t insns[16] = { 6, 0, 0, 0, 0, 0, 0xff, 0x7f, 6, 0, 0, 0, 0, 0, 0xff, 0x7f };
	Ckpt__SeccompFilter filter[2], *filters[2];
	Ckpt__Seccomp seccomp = CKPT__SECCOMP__INIT;
	int i;

	for (i = 0; i < 2; i++) {
		ckpt__seccomp_filter__init(&filter[i]);
		filter[i].program = (ProtobufCBinaryData){ i ? 8 : 16, insns };
		filters[i] = &filter[i];
	}
	if (is("filter-empty"))
		filter[1].program.len = 0;
	if (is("filter-cut"))
		filter[1].program.len = 7;
	seccomp.id = ID_SECCOMP;
	seccomp.n_filter = is("filters-none") ? 0 : 2;
	seccomp.filter = filters;
	message(CKPT_REC_SECCOMP, &seccomp);
}

void put_tty(void)
{
	Ckpt__Tty tty = CKPT__TTY__INIT;

	tty.id = ID_TTY;
	tty.path = bytes("/dev/pts/3");
	tty.controlling = true;
	message(CKPT_REC_TTY, &tty);
}

void put_shmem(void)
{
	Ckpt__Shmem shmem = CKPT__SHMEM__INIT;

	shmem.id = ID_SHMEM;
	shmem.size = 4 * PAGE;
	shmem.has_name = is("memfd-half");
	message(CKPT_REC_SHMEM, &shmem);
}

void put_files(void)
{
	Ckpt__Files files = CKPT__FILES__INIT;

	files.id = is("files-id") ? ID_LOG : ID_FILES;
	message(CKPT_REC_FILES, &files);
}

void put_sighand(void)
{
	Ckpt__Sigaction a = CKPT__SIGACTION__INIT, b = CKPT__SIGACTION__INIT;
	Ckpt__Sigaction *list[] = { &a, &b };
	Ckpt__Sighand sighand = CKPT__SIGHAND__INIT;

	a.signal = is("action-signal") ? 65 : 2;
	a.handler = TEXT + 64;
	a.flags = 0x14000004;
	a.restorer = TEXT + 128;
	a.mask = 1ULL << 14;
	b.signal = is("action-twice") ? 2 : 13;
	b.handler = 1;
	sighand.id = ID_SIGHAND;
	sighand.n_action = 2;
	sighand.action = list;
	message(CKPT_REC_SIGHAND, &sighand);
}

void put_limits(void)
{
	Ckpt__Limit l = CKPT__LIMIT__INIT, *limit[] = { &l, &l };
	Ckpt__Limits limits = CKPT__LIMITS__INIT;

	l.resource = 7;
	l.soft = is("limit-soft") ? -1ULL : 1024;
	l.hard = is("limit-soft") ? 1024 : -1ULL;
	limits.pid = is("limits-pid") ? 7 : PID;
	limits.n_limit = is("limit-twice") ? 2 : 1;
	limits.limit = limit;
	if (!is("limits-missing"))
		message(CKPT_REC_LIMITS, &limits);
}

void put_signals(void)
{
	Ckpt__Signal s = CKPT__SIGNAL__INIT, *pending[] = { &s };
	Ckpt__Signals signals = CKPT__SIGNALS__INIT;

	s.signal = is("pending-signal") ? 0 : 10;
	signals.pid = is("signals-pid") ? PID + 1 : PID;
	signals.n_pending = 1;
	signals.pending = pending;
	message(CKPT_REC_SIGNALS, &signals);
}

/* A deleted file; its content is a hole. */
void put_unlinked(void)
{
	Ckpt__FileAttr attr = CKPT__FILE_ATTR__INIT;
	Ckpt__Unlinked unlinked = CKPT__UNLINKED__INIT;
	Ckpt__Path dir = CKPT__PATH__INIT;

	dir.path = bytes(is("unlinked-dir") ? "tmp" : "/tmp");
	dir.mode = S_IFDIR | 0777;
	identity(&dir);
	dir.cred = is("unlinked-cred") ? ID_EXE : ID_CRED;
	attr.mode = is("unlinked-mode") ? S_IFREG | 0600 : 0600;
	unlinked.id = ID_UNLINKED;
	unlinked.dir = &dir;
	unlinked.name = bytes(is("hostile-text") ? "\033]0;x\007" : "gone");
	unlinked.size = is("unlinked-size") ? -1ULL : 5 * PAGE;
	unlinked.attr = &attr;
	message(CKPT_REC_UNLINKED, &unlinked);
}

void put_unlinked_file(void)
{
	Ckpt__File file = CKPT__FILE__INIT;

	file.id = ID_UNLINKED_FILE;
	file.flags = O_RDWR;
	file.has_unlinked = true;
	file.unlinked = ID_UNLINKED;
	message(CKPT_REC_FILE, &file);
}

/* Files that are nothing but what stands in their record. */
void put_event_files(void)
{
	Ckpt__Eventfd eventfd = CKPT__EVENTFD__INIT;
	Ckpt__Timerfd timerfd = CKPT__TIMERFD__INIT;
	Ckpt__Signalfd signalfd = CKPT__SIGNALFD__INIT;
	Ckpt__Pidfd pidfd = CKPT__PIDFD__INIT;
	Ckpt__Fown fown = CKPT__FOWN__INIT;
	Ckpt__File file;
	uint32_t id;

	eventfd.count = is("eventfd-count") ? UINT64_MAX : 7;
	timerfd.clockid = is("timerfd-clock") ? 2 : 1;
	timerfd.flags = 1;
	timerfd.rest_ns = 1500000000;
	timerfd.interval_ns = 250000000;
	timerfd.ticks = 3;
	timerfd.has_deadline_ns = is("timerfd-deadline");
	signalfd.mask = 1 << 9 | 1ULL << 33;
	fown.has_type = !is("fown-half");
	fown.type = 1;
	fown.has_pid = true;
	fown.pid = PID;
	fown.async = true;
	for (id = ID_EVENTFD; id <= ID_PIDFD; id++) {
		ckpt__file__init(&file);
		file.id = id;
		file.flags = O_RDWR;
		file.eventfd = id == ID_EVENTFD ? &eventfd : NULL;
		file.timerfd = id == ID_TIMERFD ? &timerfd : NULL;
		file.signalfd = id == ID_SIGNALFD ? &signalfd : NULL;
		file.has_epoll = file.epoll = id == ID_EPOLL;
		file.pidfd = id == ID_PIDFD ? &pidfd : NULL;
		file.fown = id == ID_EVENTFD ? &fown : NULL;
		message(CKPT_REC_FILE, &file);
	}
}

void put_watches_and_locks(void)
{
	Ckpt__EpollWatch watch[2], *watches[2];
	Ckpt__Lock lock = CKPT__LOCK__INIT, *locks[] = { &lock };
	Ckpt__Epoll epoll = CKPT__EPOLL__INIT;
	Ckpt__Locks all = CKPT__LOCKS__INIT;
	int i;

	for (i = 0; i < 2; i++) {
		ckpt__epoll_watch__init(&watch[i]);
		watch[i].fd = 20 + i;
		watch[i].file = i ? ID_TIMERFD : ID_EVENTFD;
		/* EPOLLIN | EPOLLERR | EPOLLHUP; EPOLLONESHOT */
		watch[i].events = i ? 1U << 30 : 0x19;
		watch[i].data = 0x1234567890 + i;
		watches[i] = &watch[i];
	}
	if (is("watch-missing"))
		watch[1].file = 99;
	if (is("watch-nothing"))
		watch[1].events = 0;
	epoll.files = is("epoll-files") ? 99 : ID_FILES;
	epoll.file = is("epoll-kind") ? ID_TIMERFD : ID_EPOLL;
	epoll.n_watch = 2;
	epoll.watch = watches;
	all.files = is("locks-files") ? ID_EXE : ID_FILES;
	lock.file = ID_LOG;
	lock.kind = CKPT__LOCK_KIND__LOCK_OFD;
	lock.write = true;
	lock.start = is("lock-range") ? 20 : 10;
	lock.end = 19;
	all.n_lock = 1;
	all.lock = locks;
	if (is("locks-early"))
		message(CKPT_REC_LOCKS, &all);
	message(CKPT_REC_EPOLL, &epoll);
	message(CKPT_REC_LOCKS, &all);
}

void put_pkeys(void)
{
	Ckpt__Pkeys pkeys = CKPT__PKEYS__INIT;

	pkeys.mm = is("pkeys-mm") ? 0 : ID_MM;
	pkeys.allocated = is("pkeys-none") ? 0 : 7;
	pkeys.has_execute_only = true;
	pkeys.execute_only = is("pkeys-key") ? 16 : 2;
	message(CKPT_REC_PKEYS, &pkeys);
	if (is("pkeys-twice"))
		message(CKPT_REC_PKEYS, &pkeys);
}

void put_timers(void)
{
	Ckpt__Itimer it[2] = { CKPT__ITIMER__INIT, CKPT__ITIMER__INIT };
	Ckpt__Itimer *its[] = { &it[0], &it[1] };
	Ckpt__PosixTimer timer[2] = { CKPT__POSIX_TIMER__INIT, CKPT__POSIX_TIMER__INIT };
	Ckpt__PosixTimer *posix[] = { &timer[0], &timer[1] };
	Ckpt__Timers timers = CKPT__TIMERS__INIT;

	it[0].has_rest_ns = it[1].has_rest_ns = true;
	it[0].rest_ns = is("itimer-time") ? 1ULL << 63 : 1500000000;
	it[1].which = is("itimer-twice") ? 0 : is("itimer-kind") ? 3 : 2;
	it[1].rest_ns = 1;
	timer[0].signal = is("timer-signal") ? 65 : 14;
	timer[0].clock = 1;
	timer[0].has_rest_ns = true;
	timer[0].rest_ns = is("timer-time") ? 1ULL << 63 : 5;
	timer[1].id = is("timer-id") ? 1U << 31 : 7;
	timer[1].notify = 4;
	timer[1].signal = 34;
	timer[1].clock = -2;
	timer[1].has_clock_tid = true;
	timer[1].clock_tid = is("timer-clock") ? 99 : PID;
	timer[1].has_target = true;
	timer[1].target = is("timer-target") ? 99 : PID + 1;
	timers.pid = is("timers-pid") ? 99 : PID;
	timers.n_itimer = 2;
	timers.itimer = its;
	timers.next_id = 8;
	timers.n_timer = 2;
	timers.timer = posix;
	message(CKPT_REC_TIMERS, &timers);
	if (is("timers-twice"))
		message(CKPT_REC_TIMERS, &timers);
}

void put_inotify_file(void)
{
	Ckpt__File file = CKPT__FILE__INIT;

	file.id = ID_INOTIFY;
	file.has_inotify = file.inotify = true;
	message(CKPT_REC_FILE, &file);
}

void put_proc_file(void)
{
	Ckpt__File file = CKPT__FILE__INIT;
	Ckpt__Proc proc = CKPT__PROC__INIT;
	Ckpt__Path root = CKPT__PATH__INIT;

	root.path = bytes("/proc");
	root.mode = S_IFDIR | 0555;
	identity(&root);
	root.cred = is("proc-cred") ? ID_EXE : ID_CRED;
	proc.root = &root;
	proc.has_self = true;
	proc.self = !is("proc-thread");
	proc.has_tid = true;
	proc.tid = PID + 1;
	proc.name = bytes(is("proc-name") ? "status" : "/status");
	proc.mode = S_IFREG | 0444;
	file.has_lease = true;
	file.lease = is("lease-kind") ? 2 : 1;
	file.id = ID_PROC;
	file.proc = &proc;
	message(CKPT_REC_FILE, &file);
}

void put_inotify(void)
{
	Ckpt__InotifyWatch watch = CKPT__INOTIFY_WATCH__INIT, *watches[] = { &watch };
	Ckpt__InotifyEvent event[2], *events[] = { &event[0], &event[1] };
	Ckpt__Inotify inotify = CKPT__INOTIFY__INIT;
	Ckpt__Path path = CKPT__PATH__INIT;

	path.path = bytes(is("inotify-path") ? "home" : "/home/user");
	path.mode = S_IFDIR | 0755;
	identity(&path);
	path.cred = is("inotify-cred") ? ID_EXE : ID_CRED;
	watch.wd = is("inotify-wd") ? 0 : 5;
	watch.path = &path;
	watch.mask = is("inotify-mask") ? 0x2000 : 0x100;
	ckpt__inotify_event__init(&event[0]);
	event[0].wd = is("inotify-event") ? -1 : 5;
	event[0].mask = 0x100;
	event[0].has_name = true;
	event[0].name = bytes(is("hostile-text") ? "\033]0;x\007" : "new");
	ckpt__inotify_event__init(&event[1]);
	event[1].wd = -1;
	event[1].mask = 0x4000;
	inotify.file = is("inotify-kind") ? ID_EPOLL : ID_INOTIFY;
	inotify.n_watch = 1;
	inotify.watch = watches;
	inotify.n_event = 2;
	inotify.event = events;
	inotify.has_next_wd = true;
	inotify.next_wd = is("inotify-next") ? 0 : 6;
	message(CKPT_REC_INOTIFY, &inotify);
	if (is("inotify-early"))
		put_inotify_file();
}

void put_guards(void)
{
	Ckpt__GuardRun run[2] = { CKPT__GUARD_RUN__INIT, CKPT__GUARD_RUN__INIT };
	Ckpt__GuardRun *runs[] = { &run[0], &run[1] };
	Ckpt__Guards guards = CKPT__GUARDS__INIT;

	run[0].addr = 0x555555a04000;
	run[0].pages = is("guard-empty") ? 0 : 1;
	run[1].addr = is("guard-order") ? 0x1000 : 0x600000000000;
	run[1].pages = 1 << 20;
	guards.mm = is("guards-mm") ? 99 : ID_MM;
	guards.n_run = 2;
	guards.run = runs;
	message(CKPT_REC_GUARDS, &guards);
}
