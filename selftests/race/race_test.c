// SPDX-License-Identifier: GPL-2.0
/*
 * Races: programs that end, exec and fork while they are checkpointed, outputs that break,
 * and checkpoints and restarts that are killed, each at random moments and many times
 * (CKPT_ROUNDS in the environment). The seed is in the output; CKPT_SEED repeats it.
 *
 * No moment is fixed: how long an undisturbed checkpoint and restart take here and now is
 * measured first, and whatever happens to one happens at some point of that time.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "device.h"
#include "harness.h"
#include "victim.h"

FIXTURE(race)
{
	int device;
	int image;
	unsigned int rounds;
	unsigned int good;
	/* The time that one takes, in microseconds. */
	long checkpoint_us;
	long restart_us;
	struct device_result res;
};

static int image_new(int image)
{
	return ftruncate(image, 0) || lseek(image, 0, SEEK_SET) ? -1 : 0;
}

/* Each that was started has changed the file that it counts in. */
static pid_t race_restart(int device, int image, struct device_result *res)
{
	return device_restart(device, image, CKPT_RESTART_FILES_CHANGED, res);
}

/* The slowest of a few, so that the last moments are among those that are chosen. */
static void measure(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self)
{
	char path[64];
	volatile uint64_t *counter = victim_counter(path);
	pid_t pid = victim_start("rich", path);
	int64_t begin;
	int i;

	ASSERT_TRUE(victim_counts(counter));
	for (i = 0; i < 4; i++) {
		begin = victim_us();
		image_new(self->image);
		ASSERT_EQ(0, device_checkpoint(self->device, pid, self->image, 0, &self->res)) {
			TH_LOG("%s", device_words(&self->res));
		}
		/* The first has to warm up. */
		if (i && victim_us() - begin > self->checkpoint_us)
			self->checkpoint_us = victim_us() - begin;
	}
	for (i = 0; i < 4; i++) {
		victim_kill(pid);
		begin = victim_us();
		lseek(self->image, 0, SEEK_SET);
		ASSERT_EQ(pid, race_restart(self->device, self->image, &self->res)) {
			TH_LOG("%s", device_words(&self->res));
		}
		if (i && victim_us() - begin > self->restart_us)
			self->restart_us = victim_us() - begin;
	}
	victim_kill(pid);
	unlink(path);
	printf("# a checkpoint takes %ld us, a restart %ld us\n", self->checkpoint_us,
	       self->restart_us);
}

FIXTURE_SETUP(race)
{
	const char *rounds = getenv("CKPT_ROUNDS");

	signal(SIGPIPE, SIG_IGN);
	/* A process that loses its parent becomes ours. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	printf("# seed %lu\n", victim_seed());
	self->rounds = rounds ? atoi(rounds) : getenv("CKPT_QUICK") ? 10 : 40;
	self->device = device_open();
	self->image = memfd_create("image", MFD_CLOEXEC);
	measure(_metadata, self);
}

FIXTURE_TEARDOWN(race)
{
	siginfo_t left = { 0 };

	/* No child is left, dead or alive. */
	EXPECT_EQ(-1, waitid(P_ALL, 0, &left, WEXITED | WNOHANG | WNOWAIT | __WALL)) {
		TH_LOG("pid %d of %d", left.si_pid, getpid());
	}
	EXPECT_EQ(ECHILD, errno);
	printf("# %u rounds, %u of them with an image\n", self->rounds, self->good);
}

/* Start from the image, and wait for the end. */
static void restart_and_end(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self, pid_t pid,
			    int want)
{
	lseek(self->image, 0, SEEK_SET);
	ASSERT_EQ(pid, race_restart(self->device, self->image, &self->res)) {
		TH_LOG("%s", device_words(&self->res));
	}
	EXPECT_EQ(want, victim_end(pid));
}

/*
 * Checkpoint a program in mid-life, which is @times that of a checkpoint at most. The outcome is
 * either an image from which it goes on to its proper end, or one clear error; and it comes to
 * its proper end itself, too.
 */
static void mid_life(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self, const char *mode,
		     double times, const int *errors)
{
	long life = times * self->checkpoint_us;
	unsigned int i, j;

	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		pid_t pid = victim_start_us(mode, victim_random(life));
		int ret;

		victim_spend(victim_random(life / 2));
		image_new(self->image);
		ret = device_checkpoint(self->device, pid, self->image, 0, &self->res);
		if (ret) {
			EXPECT_EQ(NULL, device_unclear(&self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
			for (j = 0; errors[j] && errors[j] != self->res.error; j++)
				;
			EXPECT_NE(0, errors[j]) {
				TH_LOG("%s", device_words(&self->res));
			}
		}
		EXPECT_EQ(VICTIM_DONE << 8, victim_end(pid));
		if (!ret) {
			self->good++;
			restart_and_end(_metadata, self, pid, VICTIM_DONE << 8);
		}
	}
}

/* One checkpoint on the heels of another: calls are about to be made again. */
TEST_F(race, target_sleeps)
{
	unsigned int i, j;

	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		pid_t pid = victim_start_us("sleep", 300000 + 8 * self->checkpoint_us);

		victim_spend(victim_random(30000));
		for (j = 0; j < 3; j++) {
			image_new(self->image);
			ASSERT_EQ(0, device_checkpoint(self->device, pid, self->image, 0,
						       &self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
		}
		victim_kill(pid);
		self->good++;
		restart_and_end(_metadata, self, pid, VICTIM_DONE << 8);
	}
}

TEST_F(race, target_exits)
{
	static const int errors[] = { ESRCH, ECHILD, 0 };

	mid_life(_metadata, self, "exit", 3, errors);
}

TEST_F(race, target_execs)
{
	static const int errors[] = { ESRCH, ECHILD, 0 };

	mid_life(_metadata, self, "exec", 1, errors);
}

TEST_F(race, leader_of_target_execs)
{
	static const int errors[] = { ESRCH, ECHILD, EBUSY, 0 };

	mid_life(_metadata, self, "lexec", 1, errors);
}

TEST_F(race, thread_of_target_execs)
{
	static const int errors[] = { ESRCH, ECHILD, EBUSY, 0 };

	mid_life(_metadata, self, "texec", 1, errors);
}

TEST_F(race, target_forks)
{
	static const int errors[] = { ESRCH, ECHILD, EOPNOTSUPP, 0 };

	mid_life(_metadata, self, "fork", 4, errors);
	EXPECT_LT(0, self->good);
}

/* A parent in vfork() cannot come to rest before the child has gone on. */
TEST_F(race, target_vforks)
{
	static const int errors[] = { ESRCH, ECHILD, EOPNOTSUPP, ETIMEDOUT, EBUSY, 0 };

	mid_life(_metadata, self, "vfork", 4, errors);
}

TEST_F(race, target_has_threads)
{
	static const int errors[] = { ESRCH, ECHILD, 0 };

	mid_life(_metadata, self, "thread", 4, errors);
	EXPECT_LT(0, self->good);
}

TEST_F(race, target_gets_signals)
{
	long life = 4 * self->checkpoint_us + 10000;
	unsigned int i;

	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		pid_t pid = victim_start_us("signal", life), sender = fork();
		int ret;

		if (!sender) {
			while (1) {
				kill(pid, SIGUSR1);
				victim_spend(victim_random(300));
			}
		}
		victim_spend(victim_random(life / 2));
		image_new(self->image);
		ret = device_checkpoint(self->device, pid, self->image, 0, &self->res);
		if (ret) {
			EXPECT_EQ(NULL, device_unclear(&self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
		}
		/* The sender ends first: the pid may soon be another's. */
		victim_kill(sender);
		EXPECT_EQ(VICTIM_DONE << 8, victim_end(pid));
		if (!ret) {
			self->good++;
			restart_and_end(_metadata, self, pid, VICTIM_DONE << 8);
		}
	}
	EXPECT_LT(0, self->good);
}

/* Stopped and continued meanwhile. */
TEST_F(race, target_is_stopped)
{
	unsigned int i;

	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		pid_t pid = victim_start_us("exit", 3 * self->checkpoint_us), sender = fork();

		if (!sender) {
			while (1) {
				kill(pid, SIGSTOP);
				victim_spend(victim_random(1000));
				kill(pid, SIGCONT);
				victim_spend(victim_random(1000));
			}
		}
		victim_spend(victim_random(self->checkpoint_us));
		image_new(self->image);
		if (device_checkpoint(self->device, pid, self->image, 0, &self->res)) {
			EXPECT_EQ(NULL, device_unclear(&self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
		} else {
			self->good++;
		}
		victim_kill(sender);
		kill(pid, SIGCONT);
		EXPECT_EQ(VICTIM_DONE << 8, victim_end(pid));
	}
}

/*
 * Stopped when one thread is there and the other, within a long call, not yet: the image knows
 * nothing of that.
 */
TEST_F(race, target_is_stopped_on_the_way)
{
	unsigned int i;

	for (i = 0; i < 5 && !self->good; i++) {
		pid_t pid = victim_start_us("busy", 1500000), sender = fork();

		if (!sender) {
			usleep(800000);
			kill(pid, SIGSTOP);
			_exit(0);
		}
		usleep(300000);
		image_new(self->image);
		if (!device_checkpoint(self->device, pid, self->image, 0, &self->res))
			self->good++;
		else
			TH_LOG("%s", device_words(&self->res));
		EXPECT_EQ(0, victim_end(sender));
		kill(pid, SIGCONT);
		EXPECT_EQ(VICTIM_DONE << 8, victim_end(pid));
		if (self->good)
			restart_and_end(_metadata, self, pid, VICTIM_DONE << 8);
	}
	EXPECT_EQ(1, self->good);
}

/* A debugger comes. */
TEST_F(race, target_is_traced)
{
	unsigned int i;

	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		pid_t pid = victim_start_us("exit", 3 * self->checkpoint_us), tracer = fork();

		if (!tracer) {
			victim_spend(victim_random(2 * self->checkpoint_us));
			ptrace(PTRACE_SEIZE, pid, NULL, NULL);
			ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
			victim_spend(victim_random(self->checkpoint_us));
			waitpid(pid, NULL, __WALL);
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
			_exit(0);
		}
		victim_spend(victim_random(self->checkpoint_us));
		image_new(self->image);
		if (device_checkpoint(self->device, pid, self->image, 0, &self->res)) {
			EXPECT_EQ(NULL, device_unclear(&self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
		} else {
			self->good++;
		}
		EXPECT_EQ(0, victim_end(tracer));
		EXPECT_EQ(VICTIM_DONE << 8, victim_end(pid));
	}
}

/* ---- killed ---- */

TEST_F(race, target_is_killed)
{
	char path[64];
	volatile uint64_t *counter = victim_counter(path);
	unsigned int i;

	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		pid_t pid = victim_start("count", path), killer;
		int hold = victim_random(2), ret;

		victim_counts(counter);
		killer = fork();
		if (!killer) {
			victim_spend(victim_random(3 * self->checkpoint_us));
			kill(pid, SIGKILL);
			_exit(0);
		}
		victim_spend(victim_random(self->checkpoint_us / 4));
		image_new(self->image);
		ret = device_checkpoint(self->device, pid, self->image,
					hold ? CKPT_CHECKPOINT_HOLD : 0, &self->res);
		if (ret) {
			EXPECT_EQ(NULL, device_unclear(&self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
		} else if (hold) {
			device_release(self->device, victim_random(3));
		}
		EXPECT_EQ(0, victim_end(killer));
		EXPECT_EQ(SIGKILL, victim_end(pid));
		if (!ret) {
			self->good++;
			lseek(self->image, 0, SEEK_SET);
			EXPECT_EQ(pid, race_restart(self->device, self->image, &self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
			EXPECT_TRUE(victim_counts(counter));
			victim_kill(pid);
		}
	}
	unlink(path);
}

/* SIGKILL of who writes the image; nothing stays frozen. */
TEST_F(race, checkpoint_is_killed)
{
	char path[64];
	volatile uint64_t *counter = victim_counter(path);
	pid_t pid = victim_start("count", path);
	unsigned int i, ended = 0;
	int status;

	ASSERT_TRUE(victim_counts(counter));
	self->rounds *= 3;
	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		int hold = victim_random(2);
		pid_t writer = fork();

		if (!writer) {
			int device = device_open();

			image_new(self->image);
			device_checkpoint(device, pid, self->image, hold ? CKPT_CHECKPOINT_HOLD : 0,
					  &self->res);
			while (hold)
				pause();
			_exit(0);
		}
		/* To be a process takes it some time, too. */
		victim_spend(victim_random(2 * self->checkpoint_us));
		kill(writer, SIGKILL);
		status = victim_end(writer);
		EXPECT_NE(-1, status);
		ended += status == 0;
		EXPECT_TRUE(victim_counts(counter));
	}
	self->good = ended;
	victim_kill(pid);
	unlink(path);
}

/* Wait until it counts on, or is gone. Return: whether it counts. */
static bool runs(pid_t pid, volatile uint64_t *counter, uint64_t was)
{
	int64_t end = victim_us() + 10000000;
	int status;

	while (*counter == was && victim_exists(pid) && victim_us() < end) {
		/* It is our child now that its parent is dead. */
		waitpid(pid, &status, WNOHANG | __WALL);
		usleep(200);
	}
	return *counter != was;
}

/* SIGKILL of who reads the image: the program runs, or there is nothing of it. */
TEST_F(race, restart_is_killed)
{
	char path[64];
	volatile uint64_t *counter = victim_counter(path);
	pid_t pid = victim_start("count", path);
	unsigned int i;

	ASSERT_TRUE(victim_counts(counter));
	image_new(self->image);
	ASSERT_EQ(0, device_checkpoint(self->device, pid, self->image, 0, &self->res));
	victim_kill(pid);
	self->rounds *= 3;
	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		pid_t reader = fork();
		uint64_t was = *counter;

		if (!reader) {
			int device = device_open();

			lseek(self->image, 0, SEEK_SET);
			race_restart(device, self->image, &self->res);
			_exit(0);
		}
		victim_spend(victim_random(2 * self->restart_us));
		kill(reader, SIGKILL);
		EXPECT_NE(-1, victim_end(reader));
		if (runs(pid, counter, was)) {
			self->good++;
			EXPECT_TRUE(victim_counts(counter));
			kill(pid, SIGKILL);
		}
		EXPECT_TRUE(victim_gone(pid));
	}
	unlink(path);
}

/* Somebody kills what is being built. */
TEST_F(race, half_built_is_killed)
{
	char path[64];
	volatile uint64_t *counter = victim_counter(path);
	pid_t pid = victim_start("rich", path), killer;
	unsigned int i;

	ASSERT_TRUE(victim_counts(counter));
	image_new(self->image);
	ASSERT_EQ(0, device_checkpoint(self->device, pid, self->image, 0, &self->res));
	victim_kill(pid);
	self->rounds *= 3;
	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		long wait = victim_random(2 * self->restart_us);

		killer = fork();
		if (!killer) {
			int64_t end = victim_us() + wait + 2 * self->restart_us;

			victim_spend(wait);
			while (victim_us() < end && kill(pid, SIGKILL))
				usleep(500);
			_exit(0);
		}
		lseek(self->image, 0, SEEK_SET);
		if (race_restart(self->device, self->image, &self->res) < 0) {
			EXPECT_EQ(NULL, device_unclear(&self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
		} else {
			self->good++;
		}
		EXPECT_EQ(0, victim_end(killer));
		if (kill(pid, SIGKILL) == 0)
			victim_kill(pid);
		EXPECT_TRUE(victim_gone(pid));
	}
	unlink(path);
}

/* Write @len bytes, @pid exists by then: kill it, and wait until nothing is left of it. */
static void feed_and_kill(int fd, const char *image, size_t len, pid_t pid)
{
	while (len) {
		ssize_t n = write(fd, image, len);

		if (n <= 0)
			_exit(1);
		image += n;
		len -= n;
	}
	while (kill(pid, SIGKILL))
		usleep(500);
	while (!kill(pid, 0))
		usleep(500);
	_exit(0);
}

/* The same where the kernel reaps children by itself: other children are none of its business. */
TEST_F(race, half_built_is_reaped)
{
	char path[64], *image;
	volatile uint64_t *counter = victim_counter(path);
	pid_t pid = victim_start("count", path), restarter;
	off_t size;
	int fds[2];

	ASSERT_TRUE(victim_counts(counter));
	image_new(self->image);
	ASSERT_EQ(0, device_checkpoint(self->device, pid, self->image, 0, &self->res));
	victim_kill(pid);
	size = lseek(self->image, 0, SEEK_END);
	image = mmap(NULL, size, PROT_READ, MAP_SHARED, self->image, 0);
	ASSERT_NE(MAP_FAILED, image);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	restarter = fork();
	if (!restarter) {
		pid_t other, feeder;
		int ret;

		signal(SIGCHLD, SIG_IGN);
		other = fork();
		if (!other)
			while (1)
				pause();
		feeder = fork();
		if (!feeder) {
			close(fds[0]);
			feed_and_kill(fds[1], image, size - 1, pid);
		}
		close(fds[1]);
		alarm(20);
		ret = race_restart(device_open(), fds[0], &self->res);
		ret = ret < 0 && !kill(other, 0);
		kill(other, SIGKILL);
		kill(feeder, SIGKILL);
		/* Ignored as they are, there is nothing to collect, but they are gone. */
		waitpid(other, NULL, 0);
		waitpid(feeder, NULL, 0);
		_exit(!ret);
	}
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, victim_end(restarter));
	EXPECT_TRUE(victim_gone(pid));
	munmap(image, size);
	unlink(path);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* The restarter may have signals to handle meanwhile. */
TEST_F(race, restarter_handles_signals)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction sa = { .sa_handler = on_alarm };
	char path[64];
	volatile uint64_t *counter = victim_counter(path);
	pid_t pid = victim_start("rich", path), got;
	unsigned int i;

	ASSERT_TRUE(victim_counts(counter));
	image_new(self->image);
	ASSERT_EQ(0, device_checkpoint(self->device, pid, self->image, 0, &self->res));
	victim_kill(pid);
	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		sa.sa_flags = i & 1 ? SA_RESTART : 0;
		sigaction(SIGALRM, &sa, NULL);
		lseek(self->image, 0, SEEK_SET);
		setitimer(ITIMER_REAL, &often, NULL);
		got = race_restart(self->device, self->image, &self->res);
		setitimer(ITIMER_REAL, &never, NULL);
		ASSERT_EQ(pid, got) {
			TH_LOG("%s", device_words(&self->res));
		}
		self->good++;
		victim_kill(pid);
	}
	unlink(path);
}

/* ---- outputs and inputs that break ---- */

TEST_F(race, broken_pipe)
{
	char path[64];
	volatile uint64_t *counter = victim_counter(path);
	pid_t pid = victim_start("count", path);
	unsigned int i;
	off_t size;

	ASSERT_TRUE(victim_counts(counter));
	image_new(self->image);
	ASSERT_EQ(0, device_checkpoint(self->device, pid, self->image, 0, &self->res));
	size = lseek(self->image, 0, SEEK_END);
	self->rounds *= 2;
	for (i = 0; i < self->rounds && _metadata->passed; i++) {
		size_t len = victim_random(size + 1000);
		char buf[4096];
		int fds[2], ret;
		pid_t reader;

		ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
		fcntl(fds[0], F_SETPIPE_SZ, 4096 << victim_random(5));
		reader = fork();
		if (!reader) {
			close(fds[1]);
			while (len) {
				ssize_t n = read(fds[0], buf, len < 4096 ? len : 4096);

				if (n <= 0)
					break;
				len -= n;
			}
			_exit(0);
		}
		close(fds[0]);
		ret = device_checkpoint(self->device, pid, fds[1], 0, &self->res);
		close(fds[1]);
		if (ret) {
			EXPECT_EQ(EPIPE, self->res.error);
			EXPECT_EQ(NULL, device_unclear(&self->res)) {
				TH_LOG("%s", device_words(&self->res));
			}
		} else {
			self->good++;
		}
		EXPECT_TRUE(victim_counts(counter));
		EXPECT_EQ(0, victim_end(reader));
	}
	victim_kill(pid);
	unlink(path);
}

/* A pipe whose reader takes its time: the program does not wait for it. */
TEST_F(race, slow_reader)
{
	char path[64], buf[1000];
	volatile uint64_t *counter = victim_counter(path);
	pid_t pid = victim_start("count", path), reader;
	int fds[2];
	uint64_t was;

	ASSERT_TRUE(victim_counts(counter));
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	fcntl(fds[0], F_SETPIPE_SZ, 4096);
	reader = fork();
	if (!reader) {
		close(fds[1]);
		/* One second at least: there are no images of less than 30 kB. */
		while (read(fds[0], buf, sizeof(buf)) > 0)
			usleep(30000);
		_exit(0);
	}
	close(fds[0]);
	was = *counter;
	EXPECT_EQ(0, device_checkpoint(self->device, pid, fds[1], 0, &self->res));
	EXPECT_LT(was + 20, *counter);
	close(fds[1]);
	EXPECT_EQ(0, victim_end(reader));
	victim_kill(pid);
	unlink(path);
}
