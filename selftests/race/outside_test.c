// SPDX-License-Identifier: GPL-2.0
/* Other processes look at a program that is checkpointed, and do to it whatever they can. */
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "fixture.h"

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif

#define MIB (1UL << 20)

/* Where the program has its memory: plain, with MADV_DONTFORK, with MADV_WIPEONFORK. */
#define PLACE 0x700000000000UL
#define SIZE (64 * MIB)

static char *area(unsigned int n)
{
	return (char *)PLACE + n * 2 * SIZE;
}

/* UFFD_FEATURE_* of the next program's userfaultfd. */
static uint64_t features;

/* In the program: three areas, far from each other; then it counts in what it shares with us. */
static pid_t start_marked(volatile uint64_t **counter, int *uffd)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	pid_t pid, test = getpid();
	unsigned int i;

	*counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* The memory is that of the opener; the program has no descriptor of it later. */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid) {
		while (!**counter)
			usleep(1000);
		*uffd = (*counter)[1];
		(*counter)[2] = 1;
		while ((*counter)[2] != 2)
			usleep(1000);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != test)
		_exit(1);
	for (i = 0; i < 3; i++) {
		if (mmap(area(i), SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_FIXED_NOREPLACE, -1, 0) != area(i))
			_exit(1);
		madvise(area(i), SIZE, MADV_NOHUGEPAGE);
		memset(area(i), i + 1, SIZE);
	}
	if (madvise(area(1), SIZE, MADV_DONTFORK) || madvise(area(2), SIZE, MADV_WIPEONFORK))
		_exit(1);
	i = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | (features ? 0 : UFFD_USER_MODE_ONLY));
	if ((int)i >= 0 && ioctl(i, UFFDIO_API, &api))
		_exit(1);
	(*counter)[1] = i;
	(*counter)[0] = 1;
	while (!(*counter)[2])
		usleep(1000);
	/* A table of its own, with nothing of the test in it. */
	if (unshare(CLONE_FILES))
		_exit(1);
	syscall(SYS_close_range, 0, ~0U, 0);
	if (open("/dev/null", O_RDWR) || dup(0) != 1 || dup(0) != 2)
		_exit(1);
	setsid();
	(*counter)[2] = 2;
	for (;;) {
		++**counter;
		usleep(1000);
	}
}

/* Is the flag among those of the area, in /proc/PID/smaps? -1: there is no such area. */
static int has_flag(const char *smaps, const char *addr, const char *flag)
{
	char key[32];
	const char *p, *end;

	snprintf(key, sizeof(key), "\n%lx-", (unsigned long)addr);
	p = strstr(smaps, key);
	p = p ? strstr(p, "VmFlags:") : NULL;
	end = p ? strchr(p, '\n') : NULL;
	if (!end)
		return -1;
	p = strstr(p, flag);
	return p && p < end;
}

/* In a child: until it is killed, look whether the marks are there; count when they are not. */
static pid_t start_watcher(pid_t pid, volatile uint64_t *missing)
{
	static char text[1 << 16];
	pid_t watcher = fork();
	ssize_t n, got;
	char path[64];
	int fd;

	if (watcher)
		return watcher;
	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	fd = open(path, O_RDONLY);
	for (;;) {
		lseek(fd, 0, SEEK_SET);
		for (n = 0; (got = read(fd, text + n, sizeof(text) - 1 - n)) > 0; n += got)
			;
		text[n] = 0;
		missing[0]++;
		if (has_flag(text, area(1), " dc") != 1)
			missing[1]++;
		if (has_flag(text, area(2), " wf") != 1)
			missing[2]++;
	}
}

/* The content of all three areas is in the image, and nobody sees that fork is not to copy it. */
TEST_F(device, marks_stay)
{
	volatile uint64_t *counter, *missing;
	struct device_result res;
	int i, uffd, status;
	pid_t pid, watcher;
	struct stat st;

	pid = start_marked(&counter, &uffd);
	close(uffd);
	missing = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	watcher = start_watcher(pid, missing);
	while (!missing[0])
		usleep(1000);
	for (i = 0; i < 6; i++) {
		lseek(self->out, 0, SEEK_SET);
		ASSERT_EQ(0, device_checkpoint(self->fd, pid, self->out,
					       CKPT_CHECKPOINT_SHARED_OK, &res)) {
			TH_LOG("%s", device_words(&res));
		}
		ASSERT_EQ(0, fstat(self->out, &st));
		EXPECT_LT(3 * SIZE, (unsigned long)st.st_size);
	}
	EXPECT_EQ(0, missing[1]);
	EXPECT_EQ(0, missing[2]);
	kill(watcher, SIGKILL);
	waitpid(watcher, &status, 0);
	victim_kill(pid);
}

/* Another process has a userfaultfd of the memory, and registers and unregisters at any moment. */
TEST_F(device, userfaultfd_of_another)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	volatile uint64_t *counter;
	struct device_result res;
	int i, uffd, status;
	pid_t pid, holder;

	pid = start_marked(&counter, &uffd);
	if (uffd < 0)
		SKIP(goto out, "no userfaultfd here");
	holder = fork();
	if (!holder) {
		for (i = 0;; i++) {
			/* From the middle of one area to that of the next, if there were no gap. */
			reg.range.start = (unsigned long)area(i % 3) + SIZE / 2;
			reg.range.len = SIZE / 4;
			ioctl(uffd, UFFDIO_REGISTER, &reg);
			ioctl(uffd, UFFDIO_UNREGISTER, &reg.range);
			usleep(i % 500);
		}
	}
	for (i = 0; i < 20; i++) {
		lseek(self->out, 0, SEEK_SET);
		if (!device_checkpoint(self->fd, pid, self->out, CKPT_CHECKPOINT_SHARED_OK, &res))
			continue;
		EXPECT_TRUE(res.error == EOPNOTSUPP || res.error == EAGAIN);
		EXPECT_EQ(NULL, device_unclear(&res)) {
			TH_LOG("%s", device_words(&res));
		}
		EXPECT_TRUE(victim_counts(counter));
	}
	kill(holder, SIGKILL);
	waitpid(holder, &status, 0);
	/* Without it, there is nothing in the way. */
	close(uffd);
	lseek(self->out, 0, SEEK_SET);
	EXPECT_EQ(0, device_checkpoint(self->fd, pid, self->out, CKPT_CHECKPOINT_SHARED_OK,
				       &res)) {
		TH_LOG("%s", device_words(&res));
	}
out:
	victim_kill(pid);
}

/*
 * It follows forks, and does not read what it is told of them. A snapshot waits for it, but the
 * program does not.
 */
TEST_F(device, userfaultfd_that_keeps_forks)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	volatile uint64_t *counter;
	struct device_result res;
	int i, uffd, status;
	pid_t pid, holder;
	int64_t begin;

	features = UFFD_FEATURE_EVENT_FORK;
	pid = start_marked(&counter, &uffd);
	if (uffd < 0)
		SKIP(goto out, "no userfaultfd here");
	holder = fork();
	if (!holder) {
		for (i = 0;; i++) {
			reg.range.start = (unsigned long)area(0) + SIZE / 2;
			reg.range.len = SIZE / 4;
			ioctl(uffd, UFFDIO_REGISTER, &reg);
			usleep(500 + i % 1000);
			ioctl(uffd, UFFDIO_UNREGISTER, &reg.range);
			usleep(500 + i % 1000);
		}
	}
	device_timeout_ms = 1000;
	for (i = 0; i < 20; i++) {
		lseek(self->out, 0, SEEK_SET);
		begin = victim_us();
		status = device_checkpoint(self->fd, pid, self->out, CKPT_CHECKPOINT_SHARED_OK,
					   &res);
		/* It is caught in a fork as soon as one is seen that has to be heard of. */
		if (status && res.error == ETIMEDOUT) {
			printf("# round %d: %s\n", i, device_words(&res));
			EXPECT_GT(4000000, victim_us() - begin);
		}
		EXPECT_TRUE(victim_counts(counter));
	}
	device_timeout_ms = 0;
	kill(holder, SIGKILL);
	waitpid(holder, &status, 0);
	close(uffd);
out:
	victim_kill(pid);
}

/*
 * In the program: plain memory, to which fork copies as much as to any; when it finds that it was
 * frozen for as long as it was told to look for, fork is not to copy it from then on.
 */
static pid_t start_changing(volatile int64_t *shared)
{
	pid_t pid, test = getpid();
	int64_t last, now;

	pid = fork();
	if (pid) {
		while (!shared[0])
			usleep(1000);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != test)
		_exit(1);
	syscall(SYS_close_range, 0, ~0U, 0);
	if (open("/dev/null", O_RDWR) || dup(0) != 1 || dup(0) != 2)
		_exit(1);
	if (mmap(area(0), 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_FIXED_NOREPLACE, -1, 0) != area(0))
		_exit(1);
	madvise(area(0), 2 * SIZE, MADV_NOHUGEPAGE);
	memset(area(0), 1, 2 * SIZE);
	for (last = victim_us();; last = now) {
		now = victim_us();
		shared[0]++;
		if (shared[1] && now - last > shared[1]) {
			madvise(area(0), 2 * SIZE, MADV_WIPEONFORK);
			shared[1] = 0;
		}
		if (shared[2]) {
			madvise(area(0), 2 * SIZE, MADV_KEEPONFORK);
			shared[2] = 0;
		}
	}
}

static long meminfo(const char *key)
{
	char line[128];
	long kib = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			kib = atol(line + strlen(key));
	fclose(f);
	return kib;
}

/*
 * The deadline ends while its memory is being copied, it goes on, and changes an area before the
 * copy is completed: no page is counted more than once.
 */
TEST_F(device, changed_while_copied)
{
	long before = meminfo("AnonPages:"), round_ms, expired = 0, changed = 0, i;
	volatile int64_t *shared;
	struct device_result res;
	pid_t pid;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = start_changing(shared);
	for (i = 0; i < 3; i++) {
		lseek(self->out, 0, SEEK_SET);
		self->ck = (struct ckpt_checkpoint){
			.pid = pid, .out_fd = self->out, .flags = CKPT_CHECKPOINT_SHARED_OK,
			.errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
		};
		ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck)) {
			TH_LOG("%s", res.errors[0].what);
		}
	}
	round_ms = self->ck.frozen_ns / 1000000;
	printf("# frozen for %ld ms, %lld us of them for the snapshot\n", round_ms,
	       (long long)self->ck.snapshot_ns / 1000);
	for (i = 0; i < 24; i++) {
		shared[2] = 1;
		while (shared[2])
			usleep(1000);
		device_timeout_ms = round_ms - self->ck.snapshot_ns / 1000000 * (i % 12) / 12;
		device_timeout_ms = device_timeout_ms ?: 1;
		shared[1] = device_timeout_ms * 700;
		lseek(self->out, 0, SEEK_SET);
		if (!device_checkpoint(self->fd, pid, self->out, CKPT_CHECKPOINT_SHARED_OK, &res))
			continue;
		expired += res.error == ETIMEDOUT;
		EXPECT_EQ(NULL, device_unclear(&res)) {
			TH_LOG("%s", device_words(&res));
		}
		usleep(10000);
		changed += !shared[1];
	}
	device_timeout_ms = 0;
	printf("# expired %ld times, changed %ld times\n", expired, changed);
	EXPECT_LT(0, changed);
	victim_kill(pid);
	/* Copies of which nobody needs anything any more go by themselves. */
	for (i = 0; i < 50 && meminfo("AnonPages:") > before + (long)(SIZE >> 11); i++)
		usleep(100000);
	EXPECT_GT(before + (long)(SIZE >> 11), meminfo("AnonPages:"));
}

/* All that a process may do to another one that it could trace. */
static void do_everything(pid_t pid, const char *addr)
{
	struct rlimit limit = { 64, 4096 };
	struct sched_param param = { 0 };
	int fd, pidfd, status = 0;
	char path[64], byte = 7;
	struct iovec local = { &byte, 1 }, remote = { (void *)addr, 1 };
	void *page = (void *)addr;

	pidfd = syscall(SYS_pidfd_open, pid, 0);
	remote.iov_len = MIB;
	syscall(SYS_process_madvise, pidfd, &remote, 1, MADV_COLD, 0);
	syscall(SYS_process_madvise, pidfd, &remote, 1, MADV_PAGEOUT, 0);
	remote.iov_len = 1;
	process_vm_writev(pid, &local, 1, &remote, 1, 0);
	process_vm_readv(pid, &local, 1, &remote, 1, 0);
	fd = syscall(SYS_pidfd_getfd, pidfd, 0, 0);
	close(fd);
	close(pidfd);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	pwrite(fd, &byte, 1, (off_t)(unsigned long)addr + 1);
	close(fd);
	prlimit(pid, RLIMIT_NOFILE, &limit, NULL);
	sched_setscheduler(pid, SCHED_BATCH, &param);
	sched_setscheduler(pid, SCHED_OTHER, &param);
	setpriority(PRIO_PROCESS, pid, 1);
	setpriority(PRIO_PROCESS, pid, 0);
	syscall(SYS_move_pages, pid, 1UL, &page, NULL, &status, 0);
	snprintf(path, sizeof(path), "/sys/fs/cgroup/outside/cgroup.procs");
	fd = open(path, O_WRONLY);
	dprintf(fd, "%d", pid);
	close(fd);
	fd = open("/sys/fs/cgroup/cgroup.procs", O_WRONLY);
	dprintf(fd, "%d", pid);
	close(fd);
	/* It is not stopped: a stop would have to be waited for. */
	if (!ptrace(PTRACE_SEIZE, pid, NULL, NULL)) {
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		usleep(2000);
		if (waitpid(pid, &status, WNOHANG | __WALL) == pid)
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
}

/* While it is held: nothing breaks, and what was done shows when it goes on. */
TEST_F(device, everything_while_held)
{
	volatile uint64_t *counter;
	struct device_result res;
	int uffd, status;
	char seen[2] = "";
	struct iovec local = { seen, 2 }, remote = { area(0), 2 };
	pid_t pid, other;

	mkdir("/sys/fs/cgroup/outside", 0755);
	pid = start_marked(&counter, &uffd);
	close(uffd);
	ASSERT_EQ(0, device_checkpoint(self->fd, pid, self->out, CKPT_CHECKPOINT_HOLD |
				       CKPT_CHECKPOINT_SHARED_OK, &res)) {
		TH_LOG("%s", device_words(&res));
	}
	other = fork();
	if (!other) {
		do_everything(pid, area(0));
		_exit(0);
	}
	EXPECT_EQ(other, waitpid(other, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, device_release(self->fd, CKPT_RELEASE_RUN));
	EXPECT_TRUE(victim_counts(counter));
	EXPECT_EQ(2, process_vm_readv(pid, &local, 1, &remote, 1, 0));
	EXPECT_EQ(7, seen[0]);
	EXPECT_EQ(7, seen[1]);
	/* And the next one is as good as the first. */
	EXPECT_EQ(0, device_checkpoint(self->fd, pid, self->out, CKPT_CHECKPOINT_SHARED_OK,
				       &res)) {
		TH_LOG("%s", device_words(&res));
	}
	victim_kill(pid);
	rmdir("/sys/fs/cgroup/outside");
}

/* The same at any moment of a checkpoint, which ends well or says what is in the way. */
TEST_F(device, everything_at_any_moment)
{
	volatile uint64_t *counter;
	struct device_result res;
	int i, uffd, status;
	pid_t pid, other;

	mkdir("/sys/fs/cgroup/outside", 0755);
	pid = start_marked(&counter, &uffd);
	close(uffd);
	other = fork();
	if (!other)
		for (;;)
			do_everything(pid, area(0));
	for (i = 0; i < 10; i++) {
		lseek(self->out, 0, SEEK_SET);
		if (!device_checkpoint(self->fd, pid, self->out, CKPT_CHECKPOINT_SHARED_OK, &res))
			continue;
		EXPECT_EQ(NULL, device_unclear(&res)) {
			TH_LOG("%s", device_words(&res));
		}
	}
	kill(other, SIGKILL);
	waitpid(other, &status, 0);
	EXPECT_TRUE(victim_counts(counter));
	victim_kill(pid);
	rmdir("/sys/fs/cgroup/outside");
}

/* A swap device in memory. Return: its number, or -1. */
static int swap_begin(void)
{
	char line[256], number[16] = "";
	FILE *f;

	if (system("modprobe zram num_devices=0 2>/dev/null"))
		return -1;
	f = fopen("/sys/class/zram-control/hot_add", "r");
	if (!f)
		return -1;
	if (!fgets(number, sizeof(number), f))
		number[0] = 0;
	fclose(f);
	snprintf(line, sizeof(line),
		 "d=zram%d; echo 256M > /sys/block/$d/disksize && mkswap /dev/$d >&2 && swapon /dev/$d",
		 atoi(number));
	return number[0] && !system(line) ? atoi(number) : -1;
}

static void swap_end(int number)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "n=%d; swapoff /dev/zram$n; echo $n > /sys/class/zram-control/hot_remove", number);
	if (system(line))
		printf("# the swap device stays\n");
}

/* Shared memory that is swapped out comes in before the program is frozen, and not meanwhile. */
TEST_F(device, shared_memory_in_swap)
{
	unsigned long long frozen[2];
	volatile uint64_t *shared;
	struct device_result res;
	int swap, round;
	pid_t pid, test = getpid();
	size_t i;

	swap = swap_begin();
	if (swap < 0)
		SKIP(return, "no zram, or no mkswap");
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (!pid) {
		uint64_t *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				   -1, 0);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != test || p == MAP_FAILED)
			_exit(1);
		syscall(SYS_close_range, 0, ~0U, 0);
		if (open("/dev/null", O_RDWR) || dup(0) != 1 || dup(0) != 2)
			_exit(1);
		/* Content that compresses to nothing would take no time to come back. */
		for (i = 0; i < SIZE / sizeof(*p); i++)
			p[i] = i * 0x9e3779b97f4a7c15ULL;
		madvise(p, SIZE, MADV_PAGEOUT);
		for (shared[1] = 1;; shared[0]++)
			usleep(1000);
	}
	while (!shared[1])
		usleep(1000);
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, lseek(self->out, 0, SEEK_SET));
		self->ck = (struct ckpt_checkpoint){
			.pid = pid, .out_fd = self->out, .flags = CKPT_CHECKPOINT_SHARED_OK,
			.errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
		};
		ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck)) {
			TH_LOG("%s", res.errors[0].what);
		}
		frozen[round] = self->ck.frozen_ns / 1000;
		printf("# frozen for %llu us\n", frozen[round]);
	}
	/* The second time it is in memory anyway. */
	EXPECT_GT(3 * frozen[1] + 50000, frozen[0]);
	EXPECT_TRUE(victim_counts(shared));
	victim_kill(pid);
	swap_end(swap);
}
