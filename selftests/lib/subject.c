// SPDX-License-Identifier: GPL-2.0
#include "subject.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

/* As in kselftest.h. */
#define SUBJECT_PASS	0
#define SUBJECT_FAIL	1
#define SUBJECT_SKIP	4

/* How long a test runs that nobody checkpoints. */
#define SUBJECT_ALONE_NS	200000000LL
#define SUBJECT_TICK_MS		5
/* A tick that is later than this counts as a gap. */
#define SUBJECT_GAP_NS		60000000LL
#define SUBJECT_MEMBERS		16
#define SUBJECT_WISHES		64

static char subject_ctl[PATH_MAX];
static char subject_own[PATH_MAX];
static const char *subject_test;
static int64_t subject_end_ns;
static FILE *subject_stream;
static char *subject_text;
static size_t subject_text_len;
static atomic_int subject_failures;
/* Which member this process is; NULL is the first one. */
static const char *subject_name;
/* The members that this process has made. */
static struct subject_child {
	const char *name;
	pid_t pid;
} subject_children[SUBJECT_MEMBERS];
static unsigned int subject_nr_children;
static pthread_mutex_t subject_lock = PTHREAD_MUTEX_INITIALIZER;

bool subject_has_driver(void)
{
	return subject_test;
}

FILE *subject_log(void)
{
	if (!subject_has_driver())
		return stderr;
	if (!subject_stream)
		subject_stream = open_memstream(&subject_text, &subject_text_len);
	return subject_stream;
}

int64_t subject_now(void)
{
	struct timespec ts;

	/* A test may have unmapped the vDSO. */
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

void subject_nap(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	/* A handler may run meanwhile. */
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* ---- the driver's directory ---- */

/* Members talk to each other through these files, too, so without a driver they are the test's. */
static void subject_ctl_path(char *buf, const char *name)
{
	if (snprintf(buf, PATH_MAX, "%s/%s", subject_has_driver() ? subject_ctl : subject_own,
		     name) >= PATH_MAX)
		subject_abort();
}

static void subject_member_path(char *buf, const char *what, const char *member)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s%s", what, member ? "." : "", member ?: "");
	subject_ctl_path(buf, name);
}

static bool subject_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

static void subject_write(const char *name, const char *text, size_t len)
{
	char path[PATH_MAX], tmp[PATH_MAX];
	int fd;

	/* Whole or not at all: the driver looks for it all the time. */
	subject_member_path(tmp, "tmp", subject_name);
	subject_member_path(path, name, subject_name);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || close(fd) || rename(tmp, path))
		_exit(99);
}

void subject_tell(const char *key, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	if (!subject_has_driver())
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	subject_write(key, text, n);
}

void subject_root(void)
{
	subject_ctl[0] = 0;
	subject_own[0] = 0;
}

const char *subject_dir(void)
{
	return subject_own;
}

const char *subject_path(const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", subject_own, name) < 0)
		subject_abort();
	return path;
}

/* Wait until the members that this process has made are ready. */
static void subject_members_ready(void)
{
	char path[PATH_MAX];
	unsigned int i;
	siginfo_t info;

	for (i = 0; i < subject_nr_children; i++) {
		subject_member_path(path, "ready", subject_children[i].name);
		while (!subject_exists(path)) {
			info.si_pid = 0;
			if (waitid(P_PID, subject_children[i].pid, &info,
				   WEXITED | WNOHANG | WNOWAIT) || info.si_pid) {
				subject_fail("%s has ended before it was ready",
					     subject_children[i].name);
				subject_abort();
			}
			subject_nap(2);
		}
	}
}

void subject_ready(void)
{
	subject_members_ready();
	subject_end_ns = subject_now() + SUBJECT_ALONE_NS;
	if (subject_has_driver() || subject_name)
		subject_write("ready", "", 0);
}

/* Without a driver the first process has the clock, and its members look for the driver's file. */
static bool subject_going_alone(void)
{
	char path[PATH_MAX];

	subject_ctl_path(path, "end");
	if (subject_name)
		return !subject_exists(path);
	if (subject_now() < subject_end_ns)
		return true;
	if (subject_nr_children)
		subject_write("end", "", 0);
	return false;
}

/* Has this thread called subject_going()? */
static __thread bool subject_asked;

bool subject_going(void)
{
	char path[PATH_MAX];

	if (!subject_asked) {
		subject_asked = true;
		return true;
	}
	if (!subject_has_driver())
		return subject_going_alone();
	subject_ctl_path(path, "end");
	if (subject_exists(path))
		return false;
	/* The driver has gone on to other things. */
	subject_ctl_path(path, ".");
	return subject_exists(path);
}

void subject_wait(void)
{
	subject_ready();
	while (subject_going())
		subject_nap(10);
}

/* ---- results ---- */

void subject_fail(const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&subject_lock);
	if (subject_failures++ < 20) {
		va_start(ap, fmt);
		fputs("# ", subject_log());
		vfprintf(subject_log(), fmt, ap);
		fputc('\n', subject_log());
		va_end(ap);
	}
	pthread_mutex_unlock(&subject_lock);
	if (!subject_has_driver())
		fflush(stderr);
}

bool subject_failed(void)
{
	return atomic_exchange(&subject_failures, 0);
}

void subject_result(bool passed, const char *skip)
{
	char *text;
	int n;

	fflush(subject_log());
	n = asprintf(&text, "TAP version 13\n1..1\n%s%s 1 %s%s%s%s%s\n",
		     subject_text ? subject_text : "", passed ? "ok" : "not ok", subject_test,
		     subject_name ? " " : "", subject_name ?: "", skip ? " # SKIP " : "",
		     skip ? skip : "");
	if (n >= 0)
		subject_write("result", text, n);
	_exit(!passed ? SUBJECT_FAIL : skip ? SUBJECT_SKIP : SUBJECT_PASS);
}

void subject_abort(void)
{
	if (subject_has_driver())
		subject_result(false, NULL);
	abort();
}

void subject_enter(const char *name)
{
	size_t len = strlen(subject_own);

	if (subject_has_driver())
		return;
	snprintf(subject_own + len, sizeof(subject_own) - len, "/%s", name);
	if (mkdir(subject_own, 0777) || chmod(subject_own, 0777))
		subject_abort();
}

void subject_begin(const char *name, const char *ctl)
{
	int fd;

	if (snprintf(subject_ctl, sizeof(subject_ctl), "%s", ctl) >= (int)sizeof(subject_ctl))
		exit(SUBJECT_FAIL);
	strcpy(subject_own, subject_ctl);
	subject_test = name;
	/* With a terminal it is the driver who arranges things. */
	if (getenv("CKPT_TTY"))
		return;
	/* Nothing is shared with who started it. */
	setsid();
	for (fd = 0; fd < 1024; fd++)
		close(fd);
	fd = open("/dev/null", O_RDWR);
	if (fd || dup(fd) != 1 || dup(fd) != 2)
		exit(SUBJECT_FAIL);
}

static pid_t subject_parent;

static void subject_remove(void)
{
	char command[PATH_MAX + 16];

	if (getpid() != subject_parent)
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", subject_own);
	if (system(command))
		fprintf(stderr, "%s stays\n", subject_own);
}

void subject_alone(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(subject_own, sizeof(subject_own), "%s/subject.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(subject_own) || chmod(subject_own, 0777)) {
		perror(subject_own);
		exit(SUBJECT_FAIL);
	}
	subject_parent = getpid();
	atexit(subject_remove);
}

/* ---- members ---- */

static void __attribute__((noreturn)) subject_run_member(const char *name, void (*fn)(void))
{
	char pid[16];
	bool failed;

	subject_name = name;
	subject_nr_children = 0;
	subject_asked = false;
	/* The parent's notes so far are not this member's. */
	subject_stream = NULL;
	subject_text = NULL;
	subject_failures = 0;
	snprintf(pid, sizeof(pid), "%d", getpid());
	subject_write("member", pid, strlen(pid));
	fn();
	failed = subject_failed();
	if (subject_has_driver())
		subject_result(!failed, NULL);
	_exit(failed ? SUBJECT_FAIL : SUBJECT_PASS);
}

pid_t subject_member(const char *name, void (*fn)(void))
{
	pid_t pid;

	if (subject_nr_children == SUBJECT_MEMBERS)
		subject_abort();
	pid = fork();
	if (pid < 0)
		subject_abort();
	if (!pid)
		subject_run_member(name, fn);
	subject_children[subject_nr_children++] = (struct subject_child){ name, pid };
	return pid;
}

void subject_reap(void)
{
	unsigned int i;
	int status;

	for (i = 0; i < subject_nr_children; i++) {
		if (waitpid(subject_children[i].pid, &status, 0) != subject_children[i].pid)
			subject_fail("%s is not there (errno %d)", subject_children[i].name, errno);
		else if (status)
			subject_fail("%s ended with status %#x", subject_children[i].name, status);
	}
	subject_nr_children = 0;
}

/* ---- what a test wants of the driver ---- */

static struct {
	const char *name;
	const char *what;
} subject_wishes[SUBJECT_WISHES];

void subject_wants(const char *name, const char *what)
{
	unsigned int i = 0;

	while (subject_wishes[i].name)
		if (++i == SUBJECT_WISHES)
			abort();
	subject_wishes[i].name = name;
	subject_wishes[i].what = what;
}

const char *subject_wanted(const char *name)
{
	unsigned int i;

	for (i = 0; i < SUBJECT_WISHES && subject_wishes[i].name; i++)
		if (!strcmp(name, subject_wishes[i].name))
			return subject_wishes[i].what;
	return NULL;
}

/* ---- time ---- */

static atomic_llong subject_gap_sum;
static atomic_ulong subject_ticks;

static void *subject_ticker(void *arg)
{
	int64_t last = subject_now(), now;

	while (1) {
		subject_nap(SUBJECT_TICK_MS);
		now = subject_now();
		if (now - last > SUBJECT_GAP_NS)
			subject_gap_sum += now - last - SUBJECT_TICK_MS * 1000000LL;
		last = now;
		subject_ticks++;
	}
	return arg;
}

void subject_timed(void)
{
	subject_tell("timed", "yes");
}

void subject_clock_start(void)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t t;

	subject_timed();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	if (pthread_create(&t, &attr, subject_ticker, NULL))
		subject_abort();
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int64_t subject_gaps(void)
{
	unsigned long seen = subject_ticks;

	/* The last gap is seen at the next tick; who knows when its thread gets a processor. */
	while (subject_ticks < seen + 2)
		subject_nap(SUBJECT_TICK_MS);
	return subject_gap_sum;
}

/* ---- content ---- */

ssize_t subject_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	buf[len] = 0;
	return n < 0 ? -1 : (ssize_t)len;
}

static uint64_t subject_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	return x * 0xc4ceb9fe1a85ec53ULL;
}

void subject_fill(void *buf, size_t len, uint64_t seed)
{
	uint64_t *p = buf;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++)
		p[i] = subject_mix(seed + i);
}

bool subject_filled(const void *buf, size_t len, uint64_t seed)
{
	const uint64_t *p = buf;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++)
		if (p[i] != subject_mix(seed + i))
			return false;
	return true;
}

void subject_vm_flags(void *p, char *flags, size_t size)
{
	static char text[512 << 10];
	char head[32], *line;

	if (subject_read("/proc/self/smaps", text, sizeof(text)) < 0)
		subject_abort();
	snprintf(head, sizeof(head), "%lx-", (unsigned long)p);
	line = strstr(text, head);
	line = line ? strstr(line, "VmFlags:") : NULL;
	if (!line)
		subject_abort();
	snprintf(flags, size, "%.*s", (int)strcspn(line, "\n"), line);
}

void subject_put(int fd, off_t at, uint64_t seed)
{
	char page[4096];

	subject_fill(page, sizeof(page), seed);
	if (pwrite(fd, page, sizeof(page), at) != sizeof(page))
		subject_abort();
}

bool subject_has(int fd, off_t at, uint64_t seed)
{
	char page[4096];

	return pread(fd, page, sizeof(page), at) == sizeof(page) &&
	       subject_filled(page, sizeof(page), seed);
}

/* ---- memory ---- */

void *subject_map(int fd, size_t len, int prot, int flags)
{
	void *p = mmap(NULL, len, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		subject_abort();
	return p;
}

static sigjmp_buf subject_fault_env;

static void subject_fault(int sig)
{
	(void)sig;
	siglongjmp(subject_fault_env, 1);
}

bool subject_faults(volatile char *p, bool write)
{
	struct sigaction sa = { .sa_handler = subject_fault }, old;
	bool fault = true;

	sigaction(SIGSEGV, &sa, &old);
	if (!sigsetjmp(subject_fault_env, 1)) {
		if (write)
			*p = *p;
		else
			(void)*p;
		fault = false;
	}
	sigaction(SIGSEGV, &old, NULL);
	return fault;
}

/* ---- processes ---- */

void subject_asleep(pid_t tid)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	/* "running", or the number of the call; -1 while it waits for a page. */
	do {
		subject_nap(1);
		if (subject_read(path, text, sizeof(text)) <= 0)
			subject_abort();
	} while (!isdigit(*text));
}

/* The driver kills all that is in the control group of a test with members. */
static void subject_leave(void)
{
	int fd;

	if (!getenv("CKPT_CGROUP"))
		return;
	fd = open("/sys/fs/cgroup/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	close(fd);
}

/* A process that is no child runs fn(arg), and then stays for as long as stay(PID of the test). */
static void subject_beside(void (*fn)(int arg), int arg, bool (*stay)(pid_t test))
{
	pid_t test = getpid(), pid = fork();
	int done[2];
	char c;

	if (!pid) {
		if (pipe(done))
			_exit(1);
		if (fork()) {
			close(done[1]);
			_exit(read(done[0], &c, 1));
		}
		/* The number of the session is the pid of the test, which a restart needs. */
		setsid();
		subject_leave();
		fn(arg);
		close(done[0]);
		close(done[1]);
		while (stay(test))
			subject_nap(10);
		_exit(0);
	}
	if (waitpid(pid, NULL, 0) != pid)
		subject_abort();
}

static bool subject_goes(pid_t test)
{
	(void)test;
	/* Without a driver, a process that knows nothing of subject_ready() stays for a while. */
	subject_nap(100);
	return subject_going();
}

void subject_outsider(void (*fn)(int arg), int arg)
{
	subject_beside(fn, arg, subject_goes);
}

/* Has it not yet left its result? */
static bool subject_lives(pid_t test)
{
	char path[PATH_MAX];
	struct stat st;

	if (!subject_has_driver())
		return !kill(test, 0);
	subject_ctl_path(path, "result");
	if (!stat(path, &st))
		return false;
	subject_ctl_path(path, ".");
	return !stat(path, &st);
}

/* Close all that the test has open but @fd. */
static void subject_keep(int fd)
{
	dup2(fd, 0);
	close_range(1, ~0U, 0);
}

/* A name that only one socket can have, and that goes with its last descriptor. */
static bool subject_bind(int fd, const char *what, int i)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int len = offsetof(struct sockaddr_un, sun_path) + 1;

	len += snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "ckpt-selftests/%s.%d", what,
			i);
	if (!bind(fd, (struct sockaddr *)&addr, len))
		return true;
	if (errno != EADDRINUSE)
		subject_abort();
	return false;
}

int subject_claim(const char *what, int n)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), i;
	char path[PATH_MAX];

	subject_tell("claims", "%s", what);
	for (i = 0; !subject_bind(fd, what, i); i = (i + 1) % n)
		if (i == n - 1)
			subject_nap(10);
	subject_beside(subject_keep, fd, subject_lives);
	close(fd);
	if (subject_has_driver()) {
		subject_ctl_path(path, "claims");
		unlink(path);
	}
	return i;
}

void subject_give_away(int fd)
{
	pid_t us = getpid(), pid = fork();

	if (pid) {
		waitpid(pid, NULL, 0);
		close(fd);
		return;
	}
	if (fork())
		_exit(0);
	subject_leave();
	/* Until we end. */
	dup2(fd, 0);
	syscall(SYS_close_range, 1, ~0U, 0);
	while (!kill(us, 0))
		usleep(100000);
	_exit(0);
}
