// SPDX-License-Identifier: GPL-2.0
/* Programs of more than one process: families with threads, and with terminals of their own. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "subject_harness.h"

#define THREADS 3
/* How long an answer may take: the other one may be frozen meanwhile. */
#define PATIENCE_MS 60000

/* Where a process is in the tree; that does not change. */
struct place {
	pid_t pid, parent, group, session;
};

static struct place place_of_caller(void)
{
	return (struct place){ getpid(), getppid(), getpgrp(), getsid(0) };
}

static bool place_is(const struct place *want)
{
	struct place now = place_of_caller();

	return now.pid == want->pid && now.parent == want->parent && now.group == want->group &&
	       now.session == want->session;
}

/* Memory that a member fills after the fork, and looks at again and again. */
struct content {
	size_t len;
	uint64_t seed;
	void *p;
};

static struct content content_of(uint64_t seed)
{
	struct content c = { 256 << 10, seed, NULL };

	c.p = subject_map(-1, c.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	subject_fill(c.p, c.len, c.seed);
	return c;
}

static bool content_is(const struct content *c)
{
	return subject_filled(c->p, c->len, c->seed);
}

/* Is there something to read within PATIENCE_MS? */
static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, PATIENCE_MS) == 1 && p.revents & POLLIN;
}

/* ---- a family ---- */

/* Memory that the parent filled before it had children: all of them have it from there. */
static struct content inherited;
/* The parent asks by the first pipe, the child answers by the second. */
static int question[2], answer[2];
static int master;

static atomic_ulong turns[THREADS];

static void *count_turns(void *arg)
{
	atomic_ulong *turn = arg;
	pid_t tid = gettid();

	while (subject_going()) {
		++*turn;
		subject_check(gettid() == tid);
		subject_nap(3);
	}
	return NULL;
}

static void grandchild(void)
{
	struct content own = content_of(3);
	struct place place = place_of_caller();
	pthread_t threads[THREADS];
	unsigned long was;
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, count_turns, &turns[i]))
			subject_abort();
	subject_ready();
	while (subject_going()) {
		was = turns[0];
		subject_nap(5);
		subject_check(turns[0] >= was);
		subject_check(place_is(&place));
	}
	for (i = 0; i < THREADS; i++) {
		subject_check(!pthread_join(threads[i], NULL));
		subject_check(turns[i]);
	}
	subject_check(content_is(&own));
	subject_check(content_is(&inherited));
}

/* Answers each number with its double, until the pipe has no writer any more. */
static void child_with_child(void)
{
	struct content own = content_of(1);
	struct place place;
	uint64_t n, answers = 0;

	close(question[1]);
	close(answer[0]);
	if (setpgid(0, 0))
		subject_abort();
	place = place_of_caller();
	subject_member("grandchild", grandchild);
	subject_ready();
	while (read(question[0], &n, sizeof(n)) == sizeof(n)) {
		n *= 2;
		subject_check(write(answer[1], &n, sizeof(n)) == sizeof(n));
		subject_check(place_is(&place));
		answers++;
	}
	subject_check(answers);
	subject_reap();
	subject_check(content_is(&own));
	subject_check(content_is(&inherited));
}

/* Leads a session on a terminal, whose other side the parent has; answers each line with OK. */
static void child_on_terminal(void)
{
	struct content own = content_of(2);
	unsigned long answers = 0;
	struct place place;
	char line[64];
	int fd;

	close(question[0]);
	close(question[1]);
	close(answer[0]);
	close(answer[1]);
	if (setsid() < 0)
		subject_abort();
	fd = open(ptsname(master), O_RDWR);
	close(master);
	if (fd < 0 || tcgetsid(fd) != getpid())
		subject_abort();
	place = place_of_caller();
	subject_ready();
	while (read(fd, line, sizeof(line)) > 0 && strncmp(line, "end", 3)) {
		subject_check(!strncmp(line, "line", 4));
		subject_check(write(fd, "OK\n", 3) == 3);
		subject_check(place_is(&place));
		subject_check(tcgetsid(fd) == getpid());
		subject_check(tcgetpgrp(fd) == getpid());
		answers++;
	}
	subject_check(answers);
	subject_check(content_is(&own));
	subject_check(content_is(&inherited));
}

static void make_terminal(void)
{
	struct termios t;
	int fd;

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) || unlockpt(master))
		subject_abort();
	fd = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &t))
		subject_abort();
	t.c_lflag &= ~ECHO;
	t.c_oflag &= ~OPOST;
	if (tcsetattr(fd, TCSANOW, &t))
		subject_abort();
	close(fd);
}

/* The first one's parent is rstr, or who adopts it. */
static bool place_is_still(const struct place *want)
{
	struct place now = *want;

	now.parent = getppid();
	return place_is(&now);
}

static void make_pipes(void)
{
	inherited = content_of(4);
	if (pipe(question) || pipe(answer))
		subject_abort();
}

static void ask(uint64_t n)
{
	uint64_t twice = 0;

	subject_check(write(question[1], &n, sizeof(n)) == sizeof(n));
	subject_check(readable(answer[0]));
	subject_check(read(answer[0], &twice, sizeof(twice)) == sizeof(twice));
	subject_check(twice == 2 * n);
}

SUBJECT_WITH(family, "members")
{
	struct place place = place_of_caller();
	uint64_t n = 0;

	make_pipes();
	subject_member("child_with_child", child_with_child);
	close(question[0]);
	close(answer[1]);
	subject_tell("rstr", "-d");
	subject_ready();
	while (subject_going()) {
		ask(++n);
		EXPECT_TRUE(place_is_still(&place));
		subject_nap(5);
	}
	EXPECT_LT(0, n);
	close(question[1]);
	subject_reap();
	EXPECT_TRUE(content_is(&inherited));
}

SUBJECT_WITH(family_on_terminal, "members")
{
	struct place place = place_of_caller();
	uint64_t n = 0;
	char line[8];

	make_pipes();
	make_terminal();
	subject_member("child_with_child", child_with_child);
	subject_member("child_on_terminal", child_on_terminal);
	close(question[0]);
	close(answer[1]);
	subject_tell("refuse", "( fd \\d+: the controlling side of a pseudo-terminal .*)");
	subject_ready();
	while (subject_going()) {
		ask(++n);
		ASSERT_EQ(5, write(master, "line\n", 5));
		ASSERT_TRUE(readable(master));
		ASSERT_EQ(3, read(master, line, sizeof(line)));
		EXPECT_EQ(0, memcmp(line, "OK\n", 3));
		EXPECT_TRUE(place_is(&place));
		subject_nap(5);
	}
	EXPECT_LT(0, n);
	close(question[1]);
	EXPECT_EQ(4, write(master, "end\n", 4));
	subject_reap();
	EXPECT_TRUE(content_is(&inherited));
}

/* ---- a shell and a job ---- */

/* Is in the foreground of the terminal that all of them are on. */
static void job_member(void)
{
	struct place place;

	if (setpgid(0, 0))
		subject_abort();
	/* A group that is not in the foreground would be stopped for this call. */
	signal(SIGTTOU, SIG_IGN);
	if (tcsetpgrp(0, getpgrp()))
		subject_abort();
	place = place_of_caller();
	subject_ready();
	while (subject_going()) {
		subject_check(place_is(&place));
		subject_check(tcgetpgrp(0) == getpgrp());
		subject_nap(5);
	}
}

SUBJECT_WITH(job, "members terminal")
{
	struct place place = place_of_caller();
	pid_t child;

	if (!isatty(0))
		SKIP(return, "there is no terminal");
	ASSERT_EQ(getpid(), tcgetsid(0));
	child = subject_member("job", job_member);
	subject_tell("refuse", " fd \\d+: a job in the foreground of the terminal .*");
	subject_ready();
	while (subject_going()) {
		EXPECT_TRUE(place_is(&place));
		EXPECT_EQ(child, tcgetpgrp(0));
		EXPECT_EQ(getpid(), tcgetsid(0));
		subject_nap(5);
	}
	subject_reap();
}

/* ---- memory that fork made them share ---- */

#define WORKERS		8
#define SHARED_PAGES	2048
#define OWN_PAGES	16

static char *heap;

/* In KiB: its share of all memory of the process. */
static long pss(void)
{
	char text[4096], *at;

	if (subject_read("/proc/self/smaps_rollup", text, sizeof(text)) <= 0)
		subject_abort();
	at = strstr(text, "\nPss:");
	return at ? atol(at + 5) : -1;
}

/* Writes to some pages, drops others, and leaves most as they were before the fork. */
static void worker(void)
{
	long page = getpagesize(), before, now, after;
	unsigned int i;

	for (i = 0; i < OWN_PAGES; i++)
		memset(heap + (100 + 3 * i) * page, 0xa5, page);
	if (madvise(heap + 1000 * page, OWN_PAGES * page, MADV_DONTNEED))
		subject_abort();
	subject_ready();
	before = after = pss();
	while (subject_going()) {
		now = pss();
		/* The others are still there, and have their share. */
		if (subject_going())
			after = now;
		subject_nap(20);
	}
	for (i = 0; i < OWN_PAGES; i++) {
		subject_check(heap[(100 + 3 * i) * page] == (char)0xa5);
		subject_check(!heap[(1000 + i) * page]);
		subject_check(heap[(101 + 3 * i) * page] == 7);
		subject_check(heap[(102 + 3 * i) * page + page - 1] == 7);
	}
	subject_check(heap[0] == 7 && heap[(SHARED_PAGES - 1) * page] == 7);
	/* Not shared, it would be 8 MiB more. */
	if (after > before + 2048)
		subject_fail("Pss was %ld KiB, and is %ld", before, after);
}

SUBJECT_WITH(shared_memory, "members")
{
	static char names[WORKERS][16];
	size_t len = (size_t)SHARED_PAGES * getpagesize();
	unsigned int i;

	heap = subject_map(-1, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	memset(heap, 7, len);
	subject_tell("image_max", "%zu", 3 * len);
	for (i = 0; i < WORKERS; i++) {
		sprintf(names[i], "worker%u", i);
		subject_member(names[i], worker);
	}
	subject_ready();
	/* The parent's own, which no child sees. */
	for (i = 0; i < OWN_PAGES; i++)
		heap[(500 + i) * getpagesize()] = 9;
	while (subject_going())
		subject_nap(20);
	for (i = 0; i < OWN_PAGES; i++)
		EXPECT_EQ(9, heap[(500 + i) * getpagesize()]);
	subject_reap();
}

/* ---- children that have ended ---- */

static pid_t ended(int status, int sig)
{
	pid_t pid = fork();
	siginfo_t info;

	if (!pid) {
		if (sig)
			kill(getpid(), sig);
		_exit(status);
	}
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		subject_abort();
	return pid;
}

static volatile sig_atomic_t ends;

static void on_end(int sig)
{
	(void)sig;
	ends++;
}

SUBJECT_WITH(zombies, "members")
{
	pid_t by_status, by_signal, late;
	int status;

	signal(SIGCHLD, on_end);
	by_status = ended(5, 0);
	by_signal = ended(0, SIGKILL);
	EXPECT_EQ(2, ends);
	subject_wait();
	EXPECT_EQ(2, ends);
	EXPECT_EQ(by_status, waitpid(by_status, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 5) TH_LOG("%#x", status);
	EXPECT_EQ(by_signal, waitpid(-1, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) TH_LOG("%#x", status);
	EXPECT_EQ(-1, waitpid(-1, &status, WNOHANG));
	/* And the next one is heard of. */
	late = ended(3, 0);
	EXPECT_EQ(3, ends);
	EXPECT_EQ(late, waitpid(-1, &status, 0));
}

/* ---- a shell that runs one program after the other ---- */

/* Each child is waited for, and none is lost or seen twice. */
static void busy_with(pid_t (*start)(int n), unsigned long *rounds)
{
	int status, n = 0;
	pid_t pid;

	subject_ready();
	while (subject_going()) {
		pid = start(++n);
		subject_check(pid > 0);
		subject_check(waitpid(-1, &status, 0) == pid);
		subject_check(WIFEXITED(status) && WEXITSTATUS(status) == (n & 0x7f));
		subject_check(waitpid(-1, &status, WNOHANG) == -1);
		++*rounds;
	}
}

static pid_t start_fork(int n)
{
	pid_t pid = fork();

	if (!pid)
		_exit(n & 0x7f);
	return pid;
}

static pid_t start_vfork(int n)
{
	char text[16], *argv[] = { "sh", "-c", text, NULL };
	pid_t pid;

	snprintf(text, sizeof(text), "exit %d", n & 0x7f);
	return posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) ? -1 : pid;
}

SUBJECT_WITH(forks, "members")
{
	unsigned long rounds = 0;

	busy_with(start_fork, &rounds);
	EXPECT_LT(0, rounds);
}

SUBJECT_WITH(spawns, "members")
{
	unsigned long rounds = 0;

	busy_with(start_vfork, &rounds);
	EXPECT_LT(0, rounds);
}

/* ---- children whose parent has ended ---- */

/* They are reaped by process 1, and the checkpoint knows nothing of them. */
SUBJECT(orphans)
{
	pid_t child, orphans[8];
	unsigned int i, n = 0;
	int fds[2], status;
	int64_t begin;

	ASSERT_EQ(0, pipe(fds));
	child = fork();
	if (!child) {
		pid_t parent = getpid();

		for (i = 0; i < ARRAY_SIZE(orphans); i++) {
			pid_t pid = fork();

			if (!pid) {
				/* Behind the end of its parent. */
				while (getppid() == parent)
					subject_nap(1);
				_exit(3);
			}
			if (write(fds[1], &pid, sizeof(pid)) != sizeof(pid))
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < ARRAY_SIZE(orphans); i++)
		ASSERT_EQ(sizeof(pid_t), read(fds[0], &orphans[i], sizeof(pid_t)));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
	close(fds[0]);
	close(fds[1]);
	begin = subject_now();
	for (i = 0; i < ARRAY_SIZE(orphans); i++)
		while (!kill(orphans[i], 0) && subject_now() < begin + 10000000000LL)
			subject_nap(1);
	for (i = 0; i < ARRAY_SIZE(orphans); i++)
		n += !kill(orphans[i], 0);
	EXPECT_EQ(0, n);
	subject_wait();
}
