// SPDX-License-Identifier: GPL-2.0
/* Other attributes of a process: credentials, directories, limits, scheduling. */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "subject_harness.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE	6
#endif

/* Lines of /proc/self/status that tell who we are. */
static void status_lines(char *out, size_t size)
{
	static const char * const wanted[] = {
		"Name:", "Umask:", "Tgid:", "Uid:", "Gid:", "Groups:", "CapInh:", "CapPrm:",
		"CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Threads:", "SigBlk:", "SigIgn:",
		"SigCgt:",
	};
	char text[8192], *line, *save;
	size_t i, len = 0;

	if (subject_read("/proc/self/status", text, sizeof(text)) < 0)
		subject_abort();
	*out = 0;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		for (i = 0; i < ARRAY_SIZE(wanted); i++)
			if (!strncmp(line, wanted[i], strlen(wanted[i])))
				len += snprintf(out + len, size - len, "%s\n", line);
}

static char before[8192], after[8192];

static bool cap_drop(int effective, int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return false;
	data[cap / 32].effective &= ~(1U << cap % 32);
	if (!effective)
		data[cap / 32].permitted &= ~(1U << cap % 32);
	return !syscall(SYS_capset, &head, data);
}

static bool cap_inherit(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return false;
	data[cap / 32].inheritable |= 1U << cap % 32;
	return !syscall(SYS_capset, &head, data);
}

/* ---- credentials ---- */

SUBJECT(plain)
{
	status_lines(before, sizeof(before));
	subject_wait();
	status_lines(after, sizeof(after));
	EXPECT_STREQ(before, after);
}

SUBJECT(ids)
{
	gid_t groups[40], now[64];
	uid_t r, e, s;
	int i;

	if (geteuid())
		SKIP(return, "only for root");
	for (i = 0; i < 40; i++)
		groups[i] = 5000 + 3 * i;
	ASSERT_EQ(0, setgroups(40, groups));
	ASSERT_EQ(0, setresgid(1001, 1002, 1003));
	/* The ids are three different users'; the saved one lets it come back. */
	ASSERT_EQ(0, setresuid(1001, 1002, 0));
	setfsuid(1001);
	prctl(PR_SET_DUMPABLE, 1);
	status_lines(before, sizeof(before));
	subject_wait();
	status_lines(after, sizeof(after));
	EXPECT_STREQ(before, after);
	ASSERT_EQ(0, getresuid(&r, &e, &s));
	EXPECT_EQ(1001, r);
	EXPECT_EQ(1002, e);
	EXPECT_EQ(0, s);
	ASSERT_EQ(0, getresgid(&r, &e, &s));
	EXPECT_EQ(1003, s);
	ASSERT_EQ(40, getgroups(64, now));
	EXPECT_EQ(0, memcmp(groups, now, sizeof(groups)));
	EXPECT_EQ(0, seteuid(0));
}

SUBJECT(another_user)
{
	gid_t group = 2001;

	if (geteuid())
		SKIP(return, "only for root");
	ASSERT_EQ(0, setgroups(1, &group));
	ASSERT_EQ(0, setresgid(2001, 2001, 2001));
	ASSERT_EQ(0, setresuid(2002, 2002, 2002));
	status_lines(before, sizeof(before));
	subject_wait();
	status_lines(after, sizeof(after));
	EXPECT_STREQ(before, after);
	EXPECT_EQ(-1, setuid(0));
	EXPECT_EQ(-1, open("/etc/shadow", O_RDONLY));
}

static void *until_the_end(void *arg)
{
	while (subject_going())
		subject_nap(10);
	return arg;
}

SUBJECT(dumpable_with_threads)
{
	pthread_t t;

	if (geteuid())
		SKIP(return, "only for root");
	ASSERT_EQ(0, setresgid(2001, 2001, 2001));
	ASSERT_EQ(0, setresuid(2002, 2002, 2002));
	/* Or nobody, not even of that user, may look at it. */
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	ASSERT_EQ(0, pthread_create(&t, NULL, until_the_end, NULL));
	subject_ready();
	until_the_end(NULL);
	EXPECT_EQ(1, prctl(PR_GET_DUMPABLE));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

SUBJECT(many_groups)
{
	static gid_t groups[3000], now[3001];
	int i;

	for (i = 0; i < 3000; i++)
		groups[i] = 10000 + i;
	if (setgroups(3000, groups))
		SKIP(return, "only for root");
	subject_wait();
	ASSERT_EQ(3000, getgroups(3001, now));
	EXPECT_EQ(0, memcmp(groups, now, sizeof(groups)));
}

SUBJECT(capabilities)
{
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_TIME) && errno == EPERM)
		SKIP(return, "needs CAP_SETPCAP");
	ASSERT_TRUE(cap_drop(1, CAP_CHOWN));
	ASSERT_TRUE(cap_drop(0, CAP_MKNOD));
	ASSERT_TRUE(cap_inherit(CAP_FOWNER));
	ASSERT_EQ(0, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_FOWNER, 0, 0));
	status_lines(before, sizeof(before));
	subject_wait();
	status_lines(after, sizeof(after));
	EXPECT_STREQ(before, after);
	/* A permitted capability can be taken up again, any other cannot. */
	EXPECT_EQ(0, prctl(PR_CAPBSET_READ, CAP_SYS_TIME));
	EXPECT_EQ(-1, mknod(subject_path("null"), S_IFCHR | 0600, 0x103));
}

SUBJECT(securebits)
{
	int bits = SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;

	if (prctl(PR_SET_SECUREBITS, bits) && errno == EPERM)
		SKIP(return, "needs CAP_SETPCAP");
	subject_wait();
	EXPECT_EQ(bits, prctl(PR_GET_SECUREBITS));
	EXPECT_EQ(1, prctl(PR_GET_KEEPCAPS));
}

SUBJECT(no_new_privs)
{
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	subject_wait();
	EXPECT_EQ(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* ---- where it is ---- */

SUBJECT(directories)
{
	char cwd[4096];

	ASSERT_EQ(0, mkdir(subject_path("a"), 0755));
	ASSERT_EQ(0, mkdir(subject_path("a/b"), 0755));
	ASSERT_EQ(0, chdir(subject_path("a/b")));
	umask(0137);
	subject_wait();
	ASSERT_NE(NULL, getcwd(cwd, sizeof(cwd)));
	EXPECT_STREQ(subject_path("a/b"), cwd);
	EXPECT_EQ(0137, umask(022));
	EXPECT_EQ(0, mkdir("c", 0700));
	EXPECT_EQ(0, rmdir(subject_path("a/b/c")));
}

SUBJECT(root)
{
	char cwd[4096];

	ASSERT_EQ(0, mkdir(subject_path("sub"), 0755));
	if (chroot(subject_dir()))
		SKIP(return, "only for root");
	subject_root();
	ASSERT_EQ(0, chdir("/sub"));
	subject_wait();
	ASSERT_NE(NULL, getcwd(cwd, sizeof(cwd)));
	EXPECT_STREQ("/sub", cwd);
	EXPECT_EQ(-1, access("/etc/passwd", F_OK));
	EXPECT_EQ(0, access("/sub/../../sub", F_OK));
}

/* ---- limits and habits ---- */

SUBJECT(limits)
{
	struct rlimit want[RLIM_NLIMITS], now;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++) {
		ASSERT_EQ(0, getrlimit(i, &want[i]));
		switch (i) {
		case RLIMIT_CORE:
			want[i].rlim_cur = want[i].rlim_max = 12345;
			break;
		case RLIMIT_NOFILE:
			want[i].rlim_cur = 200;
			break;
		case RLIMIT_STACK:
			want[i].rlim_cur = 3 << 20;
			break;
		case RLIMIT_FSIZE:
			want[i].rlim_cur = 1 << 30;
			break;
		case RLIMIT_CPU:
			want[i].rlim_cur = 5000;
			break;
		default:
			continue;
		}
		ASSERT_EQ(0, setrlimit(i, &want[i]));
	}
	subject_wait();
	for (i = 0; i < RLIM_NLIMITS; i++) {
		ASSERT_EQ(0, getrlimit(i, &now));
		EXPECT_EQ(want[i].rlim_cur, now.rlim_cur) TH_LOG("limit %d", i);
		EXPECT_EQ(want[i].rlim_max, now.rlim_max) TH_LOG("limit %d", i);
	}
}

/* A table larger than the limit it has got since stays as it is. */
SUBJECT(limit_below_use)
{
	struct rlimit lim = { 10, 10 };

	ASSERT_EQ(150, dup2(0, 150));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &lim));
	subject_wait();
	EXPECT_EQ(0, fcntl(150, F_GETFD));
	EXPECT_EQ(-1, dup2(0, 20));
}

SUBJECT(name)
{
	char now[16];

	ASSERT_EQ(0, prctl(PR_SET_NAME, "odd) (name\n\\"));
	subject_wait();
	ASSERT_EQ(0, prctl(PR_GET_NAME, now));
	EXPECT_STREQ("odd) (name\n\\", now);
}

SUBJECT(personality_flags)
{
	ASSERT_NE(-1, personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC));
	subject_wait();
	EXPECT_EQ(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC, personality(0xffffffff));
}

SUBJECT(scheduling)
{
	struct sched_param param = { 0 };
	cpu_set_t set, now;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &param));
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, 7));
	ASSERT_EQ(0, syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
			     IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6)));
	ASSERT_EQ(0, prctl(PR_SET_TIMERSLACK, 123456));
	subject_wait();
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(now), &now));
	EXPECT_TRUE(CPU_EQUAL(&set, &now));
	EXPECT_EQ(SCHED_BATCH | SCHED_RESET_ON_FORK, sched_getscheduler(0));
	EXPECT_EQ(7, getpriority(PRIO_PROCESS, 0));
	EXPECT_EQ(IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6),
		  syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
	EXPECT_EQ(123456, prctl(PR_GET_TIMERSLACK));
}

static bool say(const char *path, const char *fmt, int n)
{
	int fd = open(path, O_WRONLY), ret = fd >= 0 && dprintf(fd, fmt, n) > 0;

	close(fd);
	return ret;
}

/*
 * In a cgroup without its processor, and out of it again: which may it use then? Bit n stands for
 * processor n; 0: there are no such cgroups.
 */
static unsigned int through_cpuset(const char *cgroup)
{
	char path[128];
	unsigned int got = 0, i;
	cpu_set_t now;
	bool ok;

	ok = say("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset", 0);
	ok = ok && (!mkdir(cgroup, 0755) || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/cpuset.cpus", cgroup);
	ok = ok && say(path, "%d", 0);
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	ok = ok && say(path, "%d", getpid());
	ok = ok && say("/sys/fs/cgroup/cgroup.procs", "%d", getpid());
	rmdir(cgroup);
	if (!ok || sched_getaffinity(0, sizeof(now), &now))
		return 0;
	for (i = 0; i < 32; i++)
		got |= CPU_ISSET(i, &now) ? 1U << i : 0;
	return got;
}

/* The affinity it asked for is kept while a cpuset gives it something else for a while (6.2). */
SUBJECT(affinity_and_cpuset)
{
	char cgroup[64];
	int status;
	cpu_set_t set;
	pid_t pid;

	CPU_ZERO(&set);
	CPU_SET(1, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		SKIP(return, "there is one processor only");
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/ckpt.%d", getpid());
	pid = fork();
	if (!pid)
		_exit(through_cpuset(cgroup));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (!WEXITSTATUS(status))
		SKIP(return, "no cpusets, or not for us");
	subject_wait();
	EXPECT_EQ(WEXITSTATUS(status), through_cpuset(cgroup));
}

SUBJECT(real_time)
{
	struct sched_param param = { .sched_priority = 3 }, now;

	if (sched_setscheduler(0, SCHED_RR, &param))
		SKIP(return, "needs CAP_SYS_NICE");
	subject_wait();
	EXPECT_EQ(SCHED_RR, sched_getscheduler(0));
	ASSERT_EQ(0, sched_getparam(0, &now));
	EXPECT_EQ(3, now.sched_priority);
}

SUBJECT(others)
{
	int sig = 0, reaper = 0, fd = open("/proc/self/oom_score_adj", O_WRONLY);
	char text[64];

	ASSERT_EQ(3, write(fd, "321", 3));
	close(fd);
	ASSERT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR2));
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	subject_wait();
	ASSERT_LT(0, subject_read("/proc/self/oom_score_adj", text, sizeof(text)));
	EXPECT_STREQ("321\n", text);
	ASSERT_EQ(0, prctl(PR_GET_PDEATHSIG, &sig));
	EXPECT_EQ(SIGUSR2, sig);
	ASSERT_EQ(0, prctl(PR_GET_CHILD_SUBREAPER, &reaper));
	EXPECT_EQ(1, reaper);
	/* A process that may not raise its priority may not get below what root has set. */
	fd = open("/proc/self/oom_score_adj", O_WRONLY);
	ASSERT_EQ(0, seteuid(54321));
	EXPECT_EQ(-1, write(fd, "320", 3));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(3, write(fd, "321", 3));
	ASSERT_EQ(0, seteuid(0));
}

/* As in linux/sched/types.h, which does not go together with sched.h of the C library. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

#define FLAG_RESET_ON_FORK	1
#define FLAG_RECLAIM		2
#define FLAG_DL_OVERRUN		4

static int get_attributes(struct attributes *attr)
{
	memset(attr, 0, sizeof(*attr));
	return syscall(SYS_sched_getattr, 0, attr, sizeof(*attr), 0);
}

static int set_attributes(struct attributes *attr)
{
	attr->size = sizeof(*attr);
	return syscall(SYS_sched_setattr, 0, attr, 0);
}

static void *waiting_thread(void *arg)
{
	while (subject_going())
		subject_nap(10);
	return arg;
}

/* Deadlines, in a process with more threads: these were created before. */
SUBJECT(deadline)
{
	struct attributes attr = {
		.policy = SCHED_DEADLINE, .flags = FLAG_RECLAIM | FLAG_DL_OVERRUN,
		.runtime = 20000000, .deadline = 60000000, .period = 100000000,
	}, now;
	pthread_t t;

	signal(SIGXCPU, SIG_IGN);
	subject_ready();
	ASSERT_EQ(0, pthread_create(&t, NULL, waiting_thread, NULL));
	if (set_attributes(&attr))
		SKIP(return, "no deadlines: %s", strerror(errno));
	while (subject_going())
		subject_nap(10);
	ASSERT_EQ(0, get_attributes(&now));
	EXPECT_EQ(attr.policy, now.policy);
	EXPECT_EQ(attr.flags, now.flags);
	EXPECT_EQ(attr.runtime, now.runtime);
	EXPECT_EQ(attr.deadline, now.deadline);
	EXPECT_EQ(attr.period, now.period);
	attr = (struct attributes){ .policy = SCHED_OTHER };
	ASSERT_EQ(0, set_attributes(&attr));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/* The nice value has no effect now, but would have one with another policy. */
SUBJECT(nice_behind_real_time)
{
	struct sched_param param = { .sched_priority = 2 };

	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, -6));
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		SKIP(return, "needs CAP_SYS_NICE");
	subject_wait();
	EXPECT_EQ(SCHED_FIFO | SCHED_RESET_ON_FORK, sched_getscheduler(0));
	param.sched_priority = 0;
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &param));
	EXPECT_EQ(-6, getpriority(PRIO_PROCESS, 0));
}

SUBJECT(slice)
{
	struct attributes attr = { .policy = SCHED_OTHER, .nice = 3, .runtime = 7000000 };
	struct attributes first, now;

	ASSERT_EQ(0, set_attributes(&attr));
	ASSERT_EQ(0, get_attributes(&first));
	subject_wait();
	ASSERT_EQ(0, get_attributes(&now));
	EXPECT_EQ(first.runtime, now.runtime);
	EXPECT_EQ(3, now.nice);
}

SUBJECT(idle)
{
	struct attributes attr = { .policy = SCHED_OTHER, .nice = 7, .runtime = 7000000 };
	struct sched_param param = { 0 };
	struct attributes first, now;

	ASSERT_EQ(0, set_attributes(&attr));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_IDLE, &param));
	ASSERT_EQ(0, get_attributes(&first));
	subject_wait();
	EXPECT_EQ(SCHED_IDLE, sched_getscheduler(0));
	EXPECT_EQ(7, getpriority(PRIO_PROCESS, 0));
	ASSERT_EQ(0, get_attributes(&now));
	EXPECT_EQ(first.runtime, now.runtime);
}

/* The policy may be SCHED_EXT (6.12) though no BPF scheduler runs any more. */
SUBJECT(extensible)
{
	struct attributes attr = { .policy = 7, .nice = 4, .runtime = 7000000 };
	struct attributes first, now;

	if (set_attributes(&attr))
		SKIP(return, "no SCHED_EXT: %s", strerror(errno));
	ASSERT_EQ(0, get_attributes(&first));
	subject_wait();
	ASSERT_EQ(0, get_attributes(&now));
	EXPECT_EQ(7, now.policy);
	EXPECT_EQ(4, now.nice);
	EXPECT_EQ(first.runtime, now.runtime);
}

/* Each thread has its own; the C library's functions set them for all. */
static atomic_int others_ready;

static void *of_another_user(void *arg)
{
	subject_check(!syscall(SYS_setresuid, 3001, 3002, 3003));
	others_ready++;
	while (subject_going())
		subject_nap(10);
	subject_check(syscall(SYS_getuid) == 3001);
	subject_check(syscall(SYS_geteuid) == 3002);
	subject_check(syscall(SYS_setresuid, -1, 0, -1) == -1);
	subject_check(!syscall(SYS_setresuid, -1, 3003, -1));
	return arg;
}

static void *without_a_capability(void *arg)
{
	subject_check(cap_drop(0, CAP_MKNOD));
	subject_check(!prctl(PR_SET_KEEPCAPS, 1));
	subject_check(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	others_ready++;
	while (subject_going())
		subject_nap(10);
	subject_check(syscall(SYS_getuid) == 0);
	subject_check(prctl(PR_GET_KEEPCAPS) == 1);
	subject_check(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	subject_check(mknod(subject_path("null"), S_IFCHR | 0600, 0x103) == -1);
	return arg;
}

SUBJECT(credentials_of_threads)
{
	pthread_t t[2];

	if (geteuid())
		SKIP(return, "only for root");
	ASSERT_EQ(0, pthread_create(&t[0], NULL, of_another_user, NULL));
	ASSERT_EQ(0, pthread_create(&t[1], NULL, without_a_capability, NULL));
	while (others_ready < 2)
		subject_nap(1);
	subject_ready();
	while (subject_going())
		subject_nap(10);
	EXPECT_EQ(0, syscall(SYS_getuid));
	EXPECT_EQ(0, prctl(PR_GET_KEEPCAPS));
	EXPECT_EQ(0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	EXPECT_EQ(0, mknod(subject_path("null"), S_IFCHR | 0600, 0x103));
	EXPECT_EQ(0, pthread_join(t[0], NULL));
	EXPECT_EQ(0, pthread_join(t[1], NULL));
}

/* A thread that may not read the time stamp counter, and does not look at the clock either. */
static int tsc_fds[2];

static void *without_tsc(void *arg)
{
	int mode = 0;
	char c;

	subject_check(!prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
	others_ready = 1;
	subject_check(read(tsc_fds[0], &c, 1) == 1);
	subject_check(!prctl(PR_GET_TSC, &mode) && mode == PR_TSC_SIGSEGV);
	return arg;
}

SUBJECT(time_stamp_counter)
{
	int mode = 0;
	pthread_t t;

	ASSERT_EQ(0, pipe(tsc_fds));
	ASSERT_EQ(0, pthread_create(&t, NULL, without_tsc, NULL));
	while (!others_ready)
		subject_nap(1);
	subject_wait();
	ASSERT_EQ(1, write(tsc_fds[1], "x", 1));
	EXPECT_EQ(0, pthread_join(t, NULL));
	EXPECT_EQ(0, prctl(PR_GET_TSC, &mode));
	EXPECT_EQ(PR_TSC_ENABLE, mode);
}

SUBJECT(speculation)
{
	int what, set = 0;
	long want[2];

	for (what = PR_SPEC_STORE_BYPASS; what <= PR_SPEC_INDIRECT_BRANCH; what++) {
		if (!prctl(PR_SET_SPECULATION_CTRL, what, PR_SPEC_DISABLE, 0, 0))
			set++;
		want[what] = prctl(PR_GET_SPECULATION_CTRL, what, 0, 0, 0);
	}
	if (!set)
		SKIP(return, "this processor leaves no choice");
	subject_wait();
	for (what = PR_SPEC_STORE_BYPASS; what <= PR_SPEC_INDIRECT_BRANCH; what++)
		EXPECT_EQ(want[what], prctl(PR_GET_SPECULATION_CTRL, what, 0, 0, 0));
}

static void *memory_errors_thread(void *arg)
{
	subject_check(!prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0));
	*(volatile int *)arg = 1;
	while (subject_going())
		subject_nap(1);
	subject_check(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) == PR_MCE_KILL_LATE);
	return NULL;
}

SUBJECT(memory_errors)
{
	volatile int ready = 0;
	pthread_t t;

	ASSERT_EQ(0, pthread_create(&t, NULL, memory_errors_thread, (void *)&ready));
	while (!ready)
		subject_nap(1);
	ASSERT_EQ(0, prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
	subject_wait();
	EXPECT_EQ(PR_MCE_KILL_EARLY, prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	EXPECT_EQ(0, pthread_join(t, NULL));
}

/*
 * The parent is rstr, which leaves. Its end must not send the signal; the end of the process that
 * adopts the program then must.
 */
SUBJECT(parent_death_detached)
{
	int sig = 0, i;

	ASSERT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGKILL));
	subject_tell("mode", "kill-restart");
	subject_tell("rstr", "-d");
	subject_wait();
	for (i = 0; i < 3000 && !sig; i++) {
		ASSERT_EQ(0, prctl(PR_GET_PDEATHSIG, &sig));
		subject_nap(10);
	}
	EXPECT_EQ(SIGKILL, sig);
}

/* It can still have children, and run other programs. */
SUBJECT(fork_and_exec)
{
	subject_wait();
	EXPECT_EQ(0, system("exit 0"));
	EXPECT_EQ(3 << 8, system("exit 3"));
}
