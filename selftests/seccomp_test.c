// SPDX-License-Identifier: GPL-2.0
/* seccomp: strict mode, and filters: in order, of each thread, and still in force. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "subject_harness.h"

#define LOAD_NR	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define RET(k)	BPF_STMT(BPF_RET | BPF_K, (k))

/* One more filter: the call @nr is answered with @action, all others are allowed. */
static int answer(unsigned int flags, int nr, uint32_t action)
{
	struct sock_filter insns[] = {
		LOAD_NR,
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		RET(action),
		RET(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(insns), insns };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static int nnp(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* The errno of the call @nr without arguments; 0 if it succeeds. */
static int error_of(int nr)
{
	return syscall(nr, 0, 0, 0) == -1 ? errno : 0;
}

/* "Seccomp:" and how many filters there are, of this thread. */
static void status(char *out, size_t size)
{
	char text[8192], *line, *save;
	size_t len = 0;

	*out = 0;
	if (subject_read("/proc/thread-self/status", text, sizeof(text)) < 0)
		subject_abort();
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, "Seccomp", 7) || !strncmp(line, "NoNewPrivs", 10))
			len += snprintf(out + len, size - len, "%s\n", line);
}

static char before[512], after[512];

/* The newest of those that say the same counts; the others count where they alone speak. */
SUBJECT(filters)
{
	ASSERT_EQ(0, nnp());
	ASSERT_EQ(0, answer(0, SYS_getppid, SECCOMP_RET_ERRNO | 11));
	ASSERT_EQ(0, answer(0, SYS_getuid, SECCOMP_RET_ERRNO | 12));
	ASSERT_EQ(0, answer(0, SYS_getuid, SECCOMP_RET_ERRNO | 13));
	ASSERT_EQ(0, answer(0, SYS_getgid, SECCOMP_RET_ERRNO | 14));
	ASSERT_EQ(0, answer(0, SYS_getgid, SECCOMP_RET_ERRNO | 15));
	status(before, sizeof(before));
	subject_wait();
	status(after, sizeof(after));
	EXPECT_STREQ(before, after);
	EXPECT_EQ(11, error_of(SYS_getppid));
	EXPECT_EQ(13, error_of(SYS_getuid));
	EXPECT_EQ(15, error_of(SYS_getgid));
	EXPECT_EQ(0, error_of(SYS_geteuid));
	/* And one more. */
	ASSERT_EQ(0, answer(0, SYS_geteuid, SECCOMP_RET_ERRNO | 16));
	EXPECT_EQ(16, error_of(SYS_geteuid));
	EXPECT_EQ(-1, prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
}

/* Root may do without no_new_privs; it is not set on the way. */
SUBJECT(without_no_new_privs)
{
	if (answer(0, SYS_getppid, SECCOMP_RET_ERRNO | 11))
		SKIP(return, "needs CAP_SYS_ADMIN");
	subject_wait();
	EXPECT_EQ(0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_EQ(11, error_of(SYS_getppid));
}

static int kill_child(int nr)
{
	int st;
	pid_t pid = fork();

	if (!pid) {
		syscall(nr, 0, 0, 0);
		_exit(0);
	}
	return waitpid(pid, &st, 0) == pid && WIFSIGNALED(st) ? WTERMSIG(st) : 0;
}

/* Children have them too, and they kill. */
SUBJECT(inherited)
{
	ASSERT_EQ(0, nnp());
	ASSERT_EQ(0, answer(0, SYS_getppid, SECCOMP_RET_KILL_PROCESS));
	subject_wait();
	EXPECT_EQ(SIGSYS, kill_child(SYS_getppid));
	EXPECT_EQ(0, kill_child(SYS_geteuid));
}

/* ---- of each thread ---- */

static atomic_int ready;

static void *own_filter(void *arg)
{
	int nr = (long)arg;

	subject_check(!nnp());
	subject_check(!answer(0, nr, SECCOMP_RET_ERRNO | nr));
	ready++;
	while (subject_going())
		subject_nap(10);
	subject_check(error_of(nr) == nr);
	/* The filter of its own is there, and so are those that all threads had before. */
	subject_check(error_of(nr == SYS_getuid ? SYS_getgid : SYS_getuid) == 0);
	subject_check(error_of(SYS_getppid) == 11);
	return arg;
}

static void *no_filter(void *arg)
{
	ready++;
	while (subject_going())
		subject_nap(10);
	subject_check(prctl(PR_GET_SECCOMP) == (long)arg);
	return arg;
}

SUBJECT(threads)
{
	pthread_t t[3];
	int i;

	ASSERT_EQ(0, nnp());
	ASSERT_EQ(0, answer(0, SYS_getppid, SECCOMP_RET_ERRNO | 11));
	subject_ready();
	ASSERT_EQ(0, pthread_create(&t[0], NULL, own_filter, (void *)SYS_getuid));
	ASSERT_EQ(0, pthread_create(&t[1], NULL, own_filter, (void *)SYS_getgid));
	ASSERT_EQ(0, pthread_create(&t[2], NULL, no_filter, (void *)SECCOMP_MODE_FILTER));
	while (ready < 3)
		subject_nap(1);
	while (subject_going())
		subject_nap(10);
	EXPECT_EQ(11, error_of(SYS_getppid));
	EXPECT_EQ(0, error_of(SYS_getuid));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

SUBJECT(one_thread_only)
{
	pthread_t t;

	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, no_filter, (void *)SECCOMP_MODE_DISABLED));
	while (!ready)
		subject_nap(1);
	ASSERT_EQ(0, nnp());
	ASSERT_EQ(0, answer(0, SYS_getppid, SECCOMP_RET_ERRNO | 11));
	while (subject_going())
		subject_nap(10);
	EXPECT_EQ(11, error_of(SYS_getppid));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

static atomic_int synced;

static void *sync_thread(void *arg)
{
	ready++;
	while (!synced)
		subject_nap(5);
	subject_check(error_of(SYS_getppid) == 11);
	subject_check(error_of(SYS_getuid) == 12);
	subject_check(error_of(SYS_getgid) == 13);
	return arg;
}

/* They are the same ones still: another can be added for all. */
SUBJECT(shared_by_threads)
{
	pthread_t t[4];
	int i;

	ASSERT_EQ(0, nnp());
	ASSERT_EQ(0, answer(0, SYS_getppid, SECCOMP_RET_ERRNO | 11));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, sync_thread, NULL));
	while (ready < 4)
		subject_nap(1);
	ASSERT_EQ(0, answer(SECCOMP_FILTER_FLAG_TSYNC, SYS_getuid, SECCOMP_RET_ERRNO | 12));
	subject_wait();
	EXPECT_EQ(0, answer(SECCOMP_FILTER_FLAG_TSYNC, SYS_getgid, SECCOMP_RET_ERRNO | 13));
	synced = 1;
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

/* ---- calls that were interrupted ---- */

static atomic_int slept;

static void *sleeper(void *arg)
{
	struct timespec ts = { 1, 200000000 };
	int word = 0;

	/* To go on with a sleep is not a call that the program makes. */
	subject_check(!answer(0, SYS_restart_syscall, SECCOMP_RET_KILL_PROCESS));
	ready++;
	while (subject_going()) {
		int64_t start = subject_now();

		switch ((long)arg) {
		case 0:
			subject_check(!nanosleep(&ts, NULL));
			break;
		case 1:
			subject_check(!poll(NULL, 0, 1200));
			break;
		case 2:
			subject_check(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &ts, NULL,
					      0) == -1 && errno == ETIMEDOUT);
			break;
		}
		subject_check(subject_now() - start > 1190000000);
		slept++;
	}
	return arg;
}

SUBJECT(sleeps_go_on)
{
	pthread_t t[3];
	long i;

	ASSERT_EQ(0, nnp());
	subject_ready();
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, sleeper, (void *)i));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
	EXPECT_LT(0, slept);
}

/* A signal does interrupt them. */
static atomic_int handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
}

static void *interrupted(void *arg)
{
	struct timespec ts = { 1000, 0 };

	subject_check(!answer(0, SYS_restart_syscall, SECCOMP_RET_KILL_PROCESS));
	ready = gettid();
	subject_check(nanosleep(&ts, &ts) == -1 && errno == EINTR);
	subject_check(ts.tv_sec > 900 && ts.tv_sec < 1000);
	return arg;
}

SUBJECT(signals_interrupt)
{
	struct sigaction sa = { .sa_handler = handler };
	pthread_t t;

	ASSERT_EQ(0, nnp());
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	ASSERT_EQ(0, pthread_create(&t, NULL, interrupted, NULL));
	while (!ready)
		subject_nap(1);
	subject_asleep(ready);
	subject_wait();
	subject_nap(50);
	ASSERT_EQ(0, pthread_kill(t, SIGUSR1));
	EXPECT_EQ(0, pthread_join(t, NULL));
	EXPECT_EQ(1, handled);
}

/* ---- strict mode ---- */

static int to[2], from[2];

static void *strict_thread(void *arg)
{
	char c = 0;

	if (syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0))
		return arg;
	/* read, write, exit and sigreturn are what there is. */
	while (c != 'x') {
		if (syscall(SYS_read, to[0], &c, 1) != 1)
			c = 'x';
		if (c != 'x') {
			c++;
			syscall(SYS_write, from[1], &c, 1);
		}
	}
	/* This ends the thread, and only it. */
	syscall(SYS_getppid);
	syscall(SYS_write, from[1], "!", 1);
	syscall(SYS_exit, 0);
	return NULL;
}

SUBJECT(strict)
{
	pthread_t t;
	char c;

	ASSERT_EQ(0, pipe(to));
	ASSERT_EQ(0, pipe(from));
	ASSERT_EQ(0, pthread_create(&t, NULL, strict_thread, NULL));
	ASSERT_EQ(1, write(to[1], "a", 1));
	ASSERT_EQ(1, read(from[0], &c, 1));
	ASSERT_EQ('b', c);
	subject_wait();
	ASSERT_EQ(1, write(to[1], "p", 1));
	ASSERT_EQ(1, read(from[0], &c, 1));
	EXPECT_EQ('q', c);
	ASSERT_EQ(1, write(to[1], "x", 1));
	EXPECT_EQ(0, pthread_join(t, NULL));
	close(from[1]);
	EXPECT_EQ(0, read(from[0], &c, 1));
	EXPECT_EQ(0, prctl(PR_GET_SECCOMP));
}

/* ---- refused ---- */

SUBJECT(logging_is_refused)
{
	ASSERT_EQ(0, nnp());
	ASSERT_EQ(0, answer(SECCOMP_FILTER_FLAG_LOG, SYS_getppid, SECCOMP_RET_ERRNO | 11));
	subject_refused(": a seccomp filter that logs .* is not supported");
	EXPECT_EQ(11, error_of(SYS_getppid));
}

SUBJECT(notification_is_refused)
{
	int fd;

	ASSERT_EQ(0, nnp());
	fd = answer(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_getppid, SECCOMP_RET_USER_NOTIF);
	if (fd < 0)
		SKIP(return, "no listeners");
	/* The listener would be seen first. */
	subject_give_away(fd);
	subject_refused(": a seccomp filter that may ask .*");
}

SUBJECT(computed_answer_is_refused)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_IMM, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog prog = { ARRAY_SIZE(insns), insns };

	ASSERT_EQ(0, nnp());
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		SKIP(return, "the kernel does not take it");
	subject_refused(": a seccomp filter that may ask somebody .* is not supported");
}
