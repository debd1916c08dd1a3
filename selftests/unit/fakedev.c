// SPDX-License-Identifier: GPL-2.0
/*
 * Stands for /dev/ckpt in tests of the tools: LD_PRELOAD=fakedev.so ckpt ...
 *
 * A checkpoint writes FAKE_BYTES bytes in FAKE_MS milliseconds. A restart reads its input to
 * the end and starts "sh -c $FAKE_PROGRAM" as a child, with the signals in their first state, as
 * an image has them; it runs FAKE_LATE_MS milliseconds before the restart returns. With FAKE_ERROR
 * both fail with that errno after half of it and report one error. Each request goes to the file
 * FAKE_LOG as a line. With FAKE_NO_MEMORY realloc() fails. The process of which a
 * checkpoint is made has a pid, 4194400, that no kernel gives to a process or thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <ckpt.h>

static int device = -1;
static _Atomic uint64_t done, total;
static int held;
/* Shared with the children of who has opened it. */
static atomic_int *phase;

static long number(const char *name, long fallback)
{
	const char *text = getenv(name);

	return text ? atol(text) : fallback;
}

static void note(const char *fmt, ...)
{
	const char *name = getenv("FAKE_LOG");
	va_list ap;
	FILE *f = name ? fopen(name, "ae") : NULL;

	if (!f)
		return;
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
}

static int fail(uint64_t errors, uint32_t *len)
{
	struct ckpt_error *e = (void *)(uintptr_t)errors;

	e->error = number("FAKE_ERROR", 0);
	e->reason = number("FAKE_REASON", CKPT_REASON_UNSUPPORTED);
	e->pid = 1234;
	e->where_type = number("FAKE_WHERE", CKPT_WHERE_FD);
	e->where = 7;
	strcpy(e->comm, "ja\033va");
	if (!getenv("FAKE_MUTE")) {
		strcpy(e->what, "io_uring instance is not supported");
		strcpy(e->advice, "close it");
		*len = 1;
	}
	errno = e->error;
	return -1;
}

static int checkpoint(struct ckpt_checkpoint *ck)
{
	long bytes = number("FAKE_BYTES", 4096), ms = number("FAKE_MS", 0), step;
	struct timespec pause = { .tv_nsec = 10000000 };
	char buf[4096];

	note("checkpoint pid %d flags %llu timeout %u\n", ck->pid, ck->flags, ck->timeout_ms);
	memset(buf, 'x', sizeof(buf));
	total = bytes;
	*phase = CKPT_PHASE_PAGES;
	step = ms ? bytes * 10 / ms : bytes;
	if (step < 1)
		step = 1;
	while (done < total) {
		size_t n = total - done < (uint64_t)step ? total - done : (uint64_t)step;
		ssize_t put;

		if (ms)
			nanosleep(&pause, NULL);
		put = ck->out_fd < 0 ? (ssize_t)n : write(ck->out_fd, buf, n < 4096 ? n : 4096);
		if (put < 0)
			return -1;
		done += put;
		if (number("FAKE_ERROR", 0) && done > total / 2)
			return fail(ck->errors, &ck->errors_len);
	}
	ck->nr_tasks = 3;
	ck->frozen_ns = 1900000;
	ck->park_ns = 400000;
	ck->snapshot_ns = 1100000;
	ck->wall_ns = 210000000;
	ck->pages = 12345;
	ck->image_bytes = done;
	if (ck->flags & CKPT_CHECKPOINT_HOLD)
		held = 1;
	return 0;
}

static int release(struct ckpt_release *rel)
{
	note("release %u\n", rel->how);
	if (!held) {
		errno = ENOENT;
		return -1;
	}
	rel->frozen_ns = 5000000;
	return 0;
}

static int restart(struct ckpt_restart *rs)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	long ms = number("FAKE_MS", 0);
	char buf[4096];
	sigset_t none;
	ssize_t n;

	note("restart flags %llu tty %s\n", rs->flags, rs->tty_fd < 0 ? "no" : "yes");
	while ((n = read(rs->in_fd, buf, sizeof(buf))) > 0)
		rs->image_bytes += n;
	for (; ms > 0; ms -= 10)
		nanosleep(&pause, NULL);
	if (number("FAKE_ERROR", 0))
		return fail(rs->errors, &rs->errors_len);
	*phase = CKPT_PHASE_STARTED;
	rs->pid = fork();
	if (!rs->pid) {
		int sig;

		for (sig = 1; sig < 65; sig++)
			signal(sig, SIG_DFL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		unsetenv("LD_PRELOAD");
		execl("/bin/sh", "sh", "-c", getenv("FAKE_PROGRAM"), NULL);
		_exit(127);
	}
	note("pid %d\n", rs->pid);
	/* It may have more to do than the program. */
	for (ms = number("FAKE_LATE_MS", 0); ms > 0; ms -= 10)
		nanosleep(&pause, NULL);
	rs->nr_tasks = 1;
	rs->wall_ns = 120000000;
	rs->pages = 12345;
	return 0;
}

void *realloc(void *old, size_t size)
{
	static void *(*real)(void *old, size_t size);

	if (getenv("FAKE_NO_MEMORY")) {
		errno = ENOMEM;
		return NULL;
	}
	if (!real)
		real = dlsym(RTLD_NEXT, "realloc");
	return real(old, size);
}

/* The program is none: whatever has its pid on this machine will not end. */
int pidfd_open(pid_t pid, unsigned int flags)
{
	if (pid == 4194400) {
		errno = ESRCH;
		return -1;
	}
	return syscall(SYS_pidfd_open, pid, flags);
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int fd, unsigned long request, ...);
	struct ckpt_progress *now;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd != device || fd < 0) {
		if (!real)
			real = dlsym(RTLD_NEXT, "ioctl");
		return real(fd, request, arg);
	}
	switch (request) {
	case CKPT_IOC_CHECKPOINT:
		return checkpoint(arg);
	case CKPT_IOC_RELEASE:
		return release(arg);
	case CKPT_IOC_RESTART:
		return restart(arg);
	case CKPT_IOC_PROGRESS:
		now = arg;
		*now = (struct ckpt_progress){
			.phase = *phase,
			.nr_tasks = 3,
			.pages = done / 4096,
			.pages_total = total / 4096,
			.bytes = done,
		};
		return 0;
	}
	errno = ENOTTY;
	return -1;
}

int open64(const char *path, int flags, ...)
{
	static int (*real)(const char *path, int flags, ...);
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	if (!real)
		real = dlsym(RTLD_NEXT, "open64");
	if (strcmp(path, "/dev/ckpt"))
		return real(path, flags, mode);
	device = real("/dev/null", flags);
	phase = mmap(NULL, sizeof(*phase), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (phase == MAP_FAILED)
		abort();
	return device;
}
