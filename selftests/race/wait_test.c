// SPDX-License-Identifier: GPL-2.0
/* Restarts that wait, verified, for the word to start their program (CKPT_IOC_GO). */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fixture.h"

static void saved(struct __test_metadata *_metadata, struct _test_data_device *self)
{
	struct device_result res;

	ASSERT_EQ(0, device_checkpoint(self->fd, self->pid, self->out, 0, &res)) {
		TH_LOG("%s", device_words(&res));
	}
	victim_kill(self->pid);
}

static void built(struct __test_metadata *_metadata, struct _test_data_device *self)
{
	struct device_result res;
	pid_t pid;

	ASSERT_EQ(0, lseek(self->out, 0, SEEK_SET));
	pid = device_restart(self->fd, self->out,
			     CKPT_RESTART_WAIT | CKPT_RESTART_FILES_CHANGED, &res);
	ASSERT_EQ(self->pid, pid) {
		TH_LOG("%s", device_words(&res));
	}
}

/* The fixture's program, killed, and built again from its image. */
static void waits(struct __test_metadata *_metadata, struct _test_data_device *self)
{
	saved(_metadata, self);
	built(_metadata, self);
}

static void asleep(struct __test_metadata *_metadata, volatile uint64_t *counter, long us)
{
	uint64_t was = *counter;

	usleep(us);
	EXPECT_EQ(was, *counter);
}

static int say_go(int fd)
{
	struct ckpt_go go = {};

	return ioctl(fd, CKPT_IOC_GO, &go) ? errno : 0;
}

static int status_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(device, go)
{
	struct ckpt_progress progress;

	EXPECT_EQ(ENOENT, say_go(self->fd));
	waits(_metadata, self);
	asleep(_metadata, self->counter, 300000);
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_PROGRESS, &progress));
	EXPECT_EQ(CKPT_PHASE_HELD, (int)progress.phase);
	/* One operation at a time. */
	FAILS(EBUSY, CKPT_IOC_CHECKPOINT, &self->ck);
	FAILS(EBUSY, CKPT_IOC_RESTART, &self->rs);
	EXPECT_EQ(0, say_go(self->fd));
	EXPECT_TRUE(victim_counts(self->counter));
	EXPECT_EQ(ENOENT, say_go(self->fd));
}

/* To close the descriptor ends it, and to be killed closes it. */
TEST_F(device, closed)
{
	int pipefd[2];
	pid_t pid;
	char c;

	waits(_metadata, self);
	close(self->fd);
	EXPECT_TRUE(victim_gone(self->pid));
	asleep(_metadata, self->counter, 50000);

	self->fd = device_open();
	ASSERT_EQ(0, pipe(pipefd));
	pid = fork();
	if (!pid) {
		close(self->fd);
		self->fd = device_open();
		built(_metadata, self);
		if (write(pipefd[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	close(pipefd[1]);
	ASSERT_EQ(1, read(pipefd[0], &c, 1));
	victim_kill(pid);
	EXPECT_TRUE(victim_gone(self->pid));
	/* For the teardown. */
	self->pid = victim_start("count", self->path);
}

/* Only who has begun it may say the word. */
TEST_F(device, another)
{
	pid_t pid;

	waits(_metadata, self);
	pid = fork();
	if (!pid)
		_exit(say_go(self->fd));
	EXPECT_EQ(EPERM, status_of(pid));
	asleep(_metadata, self->counter, 50000);
	EXPECT_EQ(0, say_go(self->fd));
}

/* The rest of a timer begins to run with the word. */
TEST_F(device, timers)
{
	unsigned int i;

	victim_kill(self->pid);
	self->pid = victim_start("alarms", self->path);
	ASSERT_TRUE(victim_counts(self->counter));
	waits(_metadata, self);
	asleep(_metadata, self->counter, 1500000);
	EXPECT_EQ(0, say_go(self->fd));
	for (i = 0; i < 100 && (!self->counter[1] || !self->counter[2] || !self->counter[3]); i++)
		usleep(100000);
	for (i = 1; i <= 3; i++) {
		EXPECT_LT(2000, self->counter[i]) {
			TH_LOG("timer %u: after %llu ms", i,
			       (unsigned long long)self->counter[i]);
		}
	}
}

/* A file that is longer now is cut when it starts, and not before. */
TEST_F(device, files)
{
	struct device_result res;
	struct stat st;
	FILE *f;

	ASSERT_EQ(0, device_checkpoint(self->fd, self->pid, self->out, 0, &res));
	victim_kill(self->pid);
	f = fopen(self->path, "a");
	ASSERT_NE(NULL, f);
	fputs("more", f);
	fclose(f);
	ASSERT_EQ(0, lseek(self->out, 0, SEEK_SET));
	ASSERT_EQ(self->pid, device_restart(self->fd, self->out, CKPT_RESTART_WAIT |
					    CKPT_RESTART_FILES_TRUNCATE |
					    CKPT_RESTART_FILES_CHANGED, &res)) {
		TH_LOG("%s", device_words(&res));
	}
	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(4100, st.st_size);
	close(self->fd);
	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(4100, st.st_size);
	self->fd = device_open();
	ASSERT_EQ(0, lseek(self->out, 0, SEEK_SET));
	ASSERT_EQ(self->pid, device_restart(self->fd, self->out, CKPT_RESTART_WAIT |
					    CKPT_RESTART_FILES_TRUNCATE |
					    CKPT_RESTART_FILES_CHANGED, &res));
	EXPECT_EQ(0, say_go(self->fd));
	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(4096, st.st_size);
}

/* Become a user who may choose pids and nothing else. */
static bool as_user(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {};

	data[CAP_CHECKPOINT_RESTORE / 32].effective = 1U << CAP_CHECKPOINT_RESTORE % 32;
	data[CAP_CHECKPOINT_RESTORE / 32].permitted = data[1].effective;
	return !prctl(PR_SET_KEEPCAPS, 1) && !setresgid(1000, 1000, 1000) &&
	       !setresuid(1000, 1000, 1000) && !prctl(PR_SET_KEEPCAPS, 0) &&
	       !syscall(SYS_capset, &head, data) && !prctl(PR_SET_DUMPABLE, 1);
}

/* May somebody with the same ids, and no capabilities, attach to it? */
static bool attaches(pid_t target)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {};
	pid_t pid = fork();

	if (!pid)
		_exit(!syscall(SYS_capset, &head, data) &&
		      !ptrace(PTRACE_SEIZE, target, NULL, NULL) ? 7 : 0);
	return status_of(pid) == 7;
}

/* Its own user has no way into a program that waits, but into the program. */
TEST_F(device, closed_to_others)
{
	pid_t pid;

	chmod(self->path, 0666);
	pid = fork();
	if (!pid) {
		close(self->fd);
		self->fd = device_open();
		ASSERT_TRUE(as_user());
		self->pid = victim_start("count", self->path);
		ASSERT_TRUE(victim_counts(self->counter));
		waits(_metadata, self);
		EXPECT_FALSE(attaches(self->pid));
		EXPECT_EQ(0, say_go(self->fd));
		EXPECT_TRUE(victim_counts(self->counter));
		EXPECT_TRUE(attaches(self->pid));
		victim_kill(self->pid);
		_exit(!_metadata->passed);
	}
	EXPECT_EQ(0, status_of(pid));
}

TEST_F(device, arguments)
{
	struct ckpt_go go = { .flags = 1 };

	FAILS(EINVAL, CKPT_IOC_GO, &go);
	self->rs.flags = CKPT_RESTART_WAIT | CKPT_RESTART_CHECK;
	FAILS(EINVAL, CKPT_IOC_RESTART, &self->rs);
}
