// SPDX-License-Identifier: GPL-2.0
/* Waiting for what others do: file locks; and for what is not there any more after a restart. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "subject_harness.h"

static atomic_int begun, ended;

/* ---- locks that somebody else has ---- */

static int lock_fds[2];

static int wait_flock(void)
{
	return flock(lock_fds[0], LOCK_EX) || flock(lock_fds[0], LOCK_UN);
}

static int wait_fcntl(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 10 };

	if (fcntl(lock_fds[1], F_SETLKW, &lock))
		return -1;
	lock.l_type = F_UNLCK;
	return fcntl(lock_fds[1], F_SETLK, &lock);
}

static void *lock_thread(void *arg)
{
	int (*wait)(void) = arg;

	begun++;
	subject_check(!wait());
	ended++;
	return NULL;
}

/* Holds both until it is told to let go. Not a child of the one that waits. */
static void lock_holder(const char *paths[2], const char *held, const char *let_go)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 10 };
	/* Its session's number would be the pid of the one that is restarted. */
	pid_t sid = setsid();
	int a = open(paths[0], O_RDWR), b = open(paths[1], O_RDWR);

	if (sid < 0 || flock(a, LOCK_EX) || fcntl(b, F_SETLK, &lock))
		_exit(1);
	close(open(held, O_CREAT, 0600));
	while (access(let_go, F_OK) && !access(paths[0], F_OK))
		subject_nap(10);
	_exit(0);
}

SUBJECT(file_locks)
{
	int (*const wait[2])(void) = { wait_flock, wait_fcntl };
	const char *paths[2] = { subject_path("flock"), subject_path("fcntl") };
	const char *held = subject_path("held"), *let_go = subject_path("let_go");
	pthread_t t[2];
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++)
		close(open(paths[i], O_CREAT, 0600));
	pid = fork();
	if (!pid) {
		if (!fork())
			lock_holder(paths, held, let_go);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	while (access(held, F_OK))
		subject_nap(1);
	for (i = 0; i < 2; i++) {
		lock_fds[i] = open(paths[i], O_RDWR);
		ASSERT_LE(0, lock_fds[i]);
		ASSERT_EQ(0, pthread_create(&t[i], NULL, lock_thread, wait[i]));
	}
	while (begun < 2)
		subject_nap(1);
	subject_nap(20);
	subject_wait();
	EXPECT_EQ(0, ended);
	close(open(let_go, O_CREAT, 0600));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

/* ---- CPU time counts anew after a restart ---- */

static void nothing(int sig)
{
	(void)sig;
}

/* Says when the first thread sleeps, and ends that at the end. */
static void *waker(void *arg)
{
	while (!begun)
		subject_nap(1);
	subject_asleep(getpid());
	subject_ready();
	while (subject_going())
		subject_nap(10);
	while (!ended) {
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
		subject_nap(20);
	}
	return NULL;
}

static void cpu_sleep(struct __test_metadata *_metadata, int flags)
{
	struct sigaction sa = { .sa_handler = nothing };
	struct timespec ts = { 1000, 0 };
	pthread_t self = pthread_self(), t;

	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	subject_tell("refuse", ": a sleep on a CPU-time or alarm clock is not supported");
	ASSERT_EQ(0, pthread_create(&t, NULL, waker, &self));
	begun = 1;
	EXPECT_EQ(EINTR, clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, flags, &ts, NULL));
	ended = 1;
	EXPECT_EQ(0, pthread_join(t, NULL));
}

SUBJECT(cpu_sleep_is_refused)
{
	cpu_sleep(_metadata, 0);
}

SUBJECT(cpu_absolute_sleep_is_refused)
{
	cpu_sleep(_metadata, TIMER_ABSTIME);
}

/* ---- calls of i386, which 64-bit programs can make ---- */

static volatile pid_t old_tid;

/* poll() of i386 */
static long old_poll(unsigned int ms)
{
	long ret;

	asm volatile("int $0x80\n" : "=a" (ret) : "a" (168), "b" (0), "c" (0), "d" (ms)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void *old_call_thread(void *arg)
{
	subject_tell("thread", "%d", gettid());
	old_tid = gettid();
	subject_fail("poll() ended: %ld", old_poll(600000));
	return arg;
}

static bool has_old_calls(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(old_poll(0));
	return waitpid(pid, &status, 0) == pid && !status;
}

SUBJECT(sleep_of_32_bits_is_refused)
{
	pthread_t t;

	if (!has_old_calls())
		SKIP(return, "this kernel has no 32-bit calls");
	ASSERT_EQ(0, pthread_create(&t, NULL, old_call_thread, NULL));
	while (!old_tid)
		subject_nap(1);
	subject_asleep(old_tid);
	subject_refused(": a sleep in a 32-bit call is not supported");
}

/* set_robust_list() of i386: the kernel keeps it besides the other one. */
SUBJECT(robust_list_of_32_bits_is_refused)
{
	long ret;

	if (!has_old_calls())
		SKIP(return, "this kernel has no 32-bit calls");
	asm volatile("int $0x80\n" : "=a" (ret) : "a" (311), "b" (4096), "c" (12)
		     : "memory", "r8", "r9", "r10", "r11");
	ASSERT_EQ(0, (int)ret);
	subject_refused(": a 32-bit robust list is not supported");
}
