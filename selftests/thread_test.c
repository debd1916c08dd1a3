// SPDX-License-Identifier: GPL-2.0
/* Threads: who they are, what the kernel keeps for each, how they wait for each other. */
#include <linux/futex.h>
#include <linux/rseq.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "subject_harness.h"

#define THREADS_MAX	100

static __thread long tls_value = 7;
static __thread char tls_array[512];

struct worker {
	pthread_t thread;
	int nr;
	atomic_long rounds;
};

static struct worker workers[THREADS_MAX];
static atomic_bool stop;
static atomic_int arrived;

static void start(pthread_t *t, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	if (pthread_create(t, &attr, fn, arg))
		subject_abort();
	pthread_attr_destroy(&attr);
}

static void *identity_thread(void *arg)
{
	struct worker *w = arg;
	char name[16], now[16];
	pid_t tid = gettid();
	void *head, *head_now;
	size_t len, len_now;

	snprintf(name, sizeof(name), "worker %d", w->nr);
	prctl(PR_SET_NAME, name);
	tls_value = w->nr * 1000L;
	memset(tls_array, w->nr, sizeof(tls_array));
	subject_check(!syscall(SYS_get_robust_list, 0, &head, &len));
	arrived++;
	while (!stop) {
		prctl(PR_GET_NAME, now);
		if (!subject_check(!strcmp(name, now)) || !subject_check(gettid() == tid) ||
		    !subject_check(tls_value == w->nr * 1000L + w->rounds) ||
		    !subject_check(tls_array[0] == (char)w->nr && tls_array[511] == (char)w->nr))
			break;
		tls_value++;
		w->rounds++;
		/* Some always run, but not so many that nothing else does. */
		if (w->nr % 40)
			subject_nap(20);
		else
			sched_yield();
	}
	subject_check(!syscall(SYS_get_robust_list, 0, &head_now, &len_now));
	subject_check(head == head_now && len == len_now);
	return (void *)(long)tid;
}

static void identities(struct __test_metadata *_metadata, int n)
{
	pid_t tid = gettid();
	void *ret;
	int i;

	for (i = 0; i < n; i++) {
		workers[i].nr = i;
		start(&workers[i].thread, identity_thread, &workers[i]);
	}
	while (arrived < n)
		subject_nap(5);
	tls_value = -1;
	subject_wait();
	/* All go on. */
	for (i = 0; i < n; i++) {
		long rounds = workers[i].rounds;
		int tries = 2000;

		while (workers[i].rounds == rounds && --tries)
			subject_nap(5);
		EXPECT_NE(0, tries);
	}
	stop = true;
	/* pthread_join() waits for what the kernel clears at clear_child_tid. */
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, pthread_join(workers[i].thread, &ret));
		EXPECT_NE(0, (long)ret);
	}
	EXPECT_EQ(-1, tls_value);
	EXPECT_EQ(tid, gettid());
	EXPECT_EQ(getpid(), gettid());
}

SUBJECT(one)
{
	identities(_metadata, 1);
}

SUBJECT(ten)
{
	identities(_metadata, 10);
}

SUBJECT(hundred)
{
	identities(_metadata, 100);
}

/* ---- new threads after the restart, and during the checkpoint ---- */

static void *short_thread(void *arg)
{
	return arg;
}

SUBJECT(new_threads)
{
	pthread_t t;
	void *ret;

	subject_wait();
	start(&t, short_thread, (void *)5);
	ASSERT_EQ(0, pthread_join(t, &ret));
	EXPECT_EQ((void *)5, ret);
}

static void *churn_thread(void *arg)
{
	pthread_t t;
	void *ret;

	do {
		start(&t, short_thread, arg);
		if (!subject_check(!pthread_join(t, &ret)) || !subject_check(ret == arg))
			break;
		workers[(long)arg].rounds++;
	} while (!stop);
	return NULL;
}

SUBJECT(churn)
{
	pthread_t t[3];
	long i;

	for (i = 0; i < 3; i++)
		start(&t[i], churn_thread, (void *)i);
	subject_wait();
	stop = true;
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, pthread_join(t[i], NULL));
		EXPECT_LT(0, workers[i].rounds);
	}
}

/* ---- waiting for each other ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t sem;
static int turn;

static void *mutex_thread(void *arg)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void *cond_thread(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (!turn)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void *barrier_thread(void *arg)
{
	pthread_barrier_wait(&barrier);
	return arg;
}

static void *sem_thread(void *arg)
{
	while (sem_wait(&sem))
		if (!subject_check(errno != EINTR))
			break;
	return arg;
}

SUBJECT(blocked)
{
	pthread_t t[8];
	int i;

	pthread_barrier_init(&barrier, NULL, 3);
	sem_init(&sem, 0, 0);
	start(&t[0], cond_thread, NULL);
	start(&t[1], cond_thread, NULL);
	subject_nap(20);
	pthread_mutex_lock(&mutex);
	start(&t[2], mutex_thread, NULL);
	start(&t[3], mutex_thread, NULL);
	start(&t[4], barrier_thread, NULL);
	start(&t[5], barrier_thread, NULL);
	start(&t[6], sem_thread, NULL);
	start(&t[7], sem_thread, NULL);
	subject_nap(20);
	subject_wait();
	turn = 1;
	pthread_mutex_unlock(&mutex);
	pthread_cond_broadcast(&cond);
	pthread_barrier_wait(&barrier);
	sem_post(&sem);
	sem_post(&sem);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

static void *ping_thread(void *arg)
{
	int side = (long)arg;

	pthread_mutex_lock(&mutex);
	while (!stop) {
		while (turn != side && !stop)
			pthread_cond_wait(&cond, &mutex);
		turn = !side;
		workers[side].rounds++;
		pthread_cond_broadcast(&cond);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

SUBJECT(ping_pong)
{
	pthread_t t[2];
	long i, before;

	for (i = 0; i < 2; i++)
		start(&t[i], ping_thread, (void *)i);
	subject_wait();
	before = workers[0].rounds;
	for (i = 0; i < 2000 && workers[0].rounds == before; i++)
		subject_nap(5);
	EXPECT_NE(before, workers[0].rounds);
	pthread_mutex_lock(&mutex);
	stop = true;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

static pthread_mutex_t robust;

static void *robust_thread(void *arg)
{
	pthread_mutex_lock(&robust);
	arrived++;
	while (!stop)
		subject_nap(5);
	/* Ends with the mutex held: the kernel walks the robust list. */
	return arg;
}

SUBJECT(robust_list)
{
	pthread_mutexattr_t attr;
	pthread_t t;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	start(&t, robust_thread, NULL);
	while (!arrived)
		subject_nap(5);
	subject_wait();
	EXPECT_EQ(EBUSY, pthread_mutex_trylock(&robust));
	stop = true;
	EXPECT_EQ(EOWNERDEAD, pthread_mutex_lock(&robust));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* ---- restartable sequences ---- */

static struct rseq *rseq_own(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

static void *rseq_thread(void *arg)
{
	struct rseq *rs = rseq_own();
	unsigned int cpu;
	cpu_set_t set;

	while (!stop) {
		for (cpu = 0; cpu < 2; cpu++) {
			CPU_ZERO(&set);
			CPU_SET(cpu, &set);
			/* Fails where there is one processor only. */
			if (sched_setaffinity(0, sizeof(set), &set))
				continue;
			if (!subject_check(*(volatile __u32 *)&rs->cpu_id == cpu))
				return arg;
		}
	}
	/* Registered already: the kernel says so, if the address is that of the registration. */
	subject_check(syscall(SYS_rseq, rs, __rseq_size < 32 ? 32 : __rseq_size, 0, RSEQ_SIG) < 0 &&
		      errno == EBUSY);
	return arg;
}

SUBJECT(rseq)
{
	pthread_t t[4];
	int i;

	if (!__rseq_size)
		SKIP(return, "the C library does not use rseq");
	for (i = 0; i < 4; i++)
		start(&t[i], rseq_thread, NULL);
	subject_wait();
	stop = true;
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
	rseq_thread(NULL);
}

/*
 * One long sequence that ends by counting. Whenever the thread is disturbed within, it must come
 * out at the abort handler, not go on in the middle.
 */
static bool rseq_sequence(struct rseq *rs, long *begun, long *done)
{
	asm goto volatile(
		".pushsection __rseq_cs, \"aw\"\n"
		".balign 32\n"
		"3: .long 0, 0\n"
		".quad 1f, 2f - 1f, 4f\n"
		".popsection\n"
		"lea 3b(%%rip), %%rax\n"
		"mov %%rax, 8(%[rs])\n"
		"1:\n"
		"incq (%[begun])\n"
		"mov $20000, %%eax\n"
		"5: dec %%eax\n"
		"jnz 5b\n"
		"incq (%[done])\n"
		"2:\n"
		".pushsection __rseq_failure, \"ax\"\n"
		/* The signature, in an instruction: ud1 0x53053053(%rip), %edi. */
		".byte 0x0f, 0xb9, 0x3d\n"
		".long 0x53053053\n"
		"4: jmp %l[aborted]\n"
		".popsection\n"
		: : [rs] "r" (rs), [begun] "r" (begun), [done] "r" (done)
		: "rax", "memory", "cc" : aborted);
	return true;
aborted:
	return false;
}

SUBJECT(rseq_aborts)
{
	long begun = 0, done = 0, ok = 0, aborted = 0;
	struct rseq *rs = rseq_own();

	if (!__rseq_size)
		SKIP(return, "the C library does not use rseq");
	subject_ready();
	while (subject_going()) {
		for (int i = 0; i < 200; i++) {
			if (rseq_sequence(rs, &begun, &done))
				ok++;
			else
				aborted++;
		}
	}
	/* Each that was begun was completed or aborted; some aborted before they counted. */
	EXPECT_EQ(ok, done);
	EXPECT_LE(ok, begun);
	EXPECT_LE(begun, ok + aborted);
	EXPECT_LT(0, ok);
}

/* ---- threads that differ ---- */

static void *differ_thread(void *arg)
{
	long n = (long)arg;
	cpu_set_t set, now;
	struct sched_param param = { 0 };
	int policy = n % 2 ? SCHED_BATCH : SCHED_OTHER;

	CPU_ZERO(&set);
	CPU_SET(n % 2, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		sched_getaffinity(0, sizeof(set), &set);
	subject_check(!sched_setscheduler(0, policy, &param));
	subject_check(nice(n) == n);
	subject_check(!prctl(PR_SET_TIMERSLACK, 1000 + n));
	arrived++;
	while (!stop)
		subject_nap(5);
	subject_check(!sched_getaffinity(0, sizeof(now), &now));
	subject_check(CPU_EQUAL(&set, &now));
	subject_check(sched_getscheduler(0) == policy);
	subject_check(nice(0) == n);
	subject_check(prctl(PR_GET_TIMERSLACK) == 1000 + n);
	return arg;
}

SUBJECT(scheduling_of_each)
{
	pthread_t t[4];
	long i;

	for (i = 0; i < 4; i++)
		start(&t[i], differ_thread, (void *)i);
	while (arrived < 4)
		subject_nap(5);
	subject_wait();
	stop = true;
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
	EXPECT_EQ(0, nice(0));
}
