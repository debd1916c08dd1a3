// SPDX-License-Identifier: GPL-2.0
/* Programs that are held, operations at the same time, and callers that get signals meanwhile. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "fixture.h"

static void frozen(struct __test_metadata *_metadata, volatile uint64_t *counter)
{
	uint64_t was = *counter;

	usleep(50000);
	EXPECT_EQ(was, *counter);
}

TEST_F(device, hold_and_run)
{
	struct ckpt_release rel = { .how = CKPT_RELEASE_RUN };
	struct ckpt_progress progress;

	self->ck.flags = CKPT_CHECKPOINT_HOLD;
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	frozen(_metadata, self->counter);
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_PROGRESS, &progress));
	EXPECT_EQ(CKPT_PHASE_HELD, (int)progress.phase);
	/* One at a time. */
	self->ck = (struct ckpt_checkpoint){ .pid = self->pid, .out_fd = self->out };
	FAILS(EBUSY, CKPT_IOC_CHECKPOINT, &self->ck);
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_RELEASE, &rel));
	EXPECT_LT(50000000, rel.frozen_ns);
	EXPECT_TRUE(victim_counts(self->counter));
}

TEST_F(device, hold_and_close)
{
	self->ck.flags = CKPT_CHECKPOINT_HOLD;
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	frozen(_metadata, self->counter);
	close(self->fd);
	EXPECT_TRUE(victim_counts(self->counter));
}

TEST_F(device, hold_and_stop)
{
	struct ckpt_release rel = { .how = CKPT_RELEASE_STOP };
	int status;

	self->ck.flags = CKPT_CHECKPOINT_HOLD;
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_RELEASE, &rel));
	EXPECT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	frozen(_metadata, self->counter);
	kill(self->pid, SIGCONT);
	EXPECT_TRUE(victim_counts(self->counter));
}

/* All are stopped once they are released: who continues them then does so for good. */
TEST_F(device, hold_stop_and_continue)
{
	struct device_result res;
	int i;

	victim_kill(self->pid);
	self->pid = victim_start("crowd", self->path);
	/* A hundred threads take their time on a slow machine. */
	for (i = 0; i < 5 && !victim_counts(self->counter); i++)
		;
	ASSERT_LT(i, 5);
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, lseek(self->out, 0, SEEK_SET));
		ASSERT_EQ(0, device_checkpoint(self->fd, self->pid, self->out,
					       CKPT_CHECKPOINT_HOLD, &res)) {
			TH_LOG("%d: %s", i, device_words(&res));
		}
		ASSERT_EQ(0, device_release(self->fd, CKPT_RELEASE_STOP));
		kill(self->pid, SIGCONT);
		ASSERT_TRUE(victim_counts(self->counter));
	}
}

/* A held program can be killed, and what is left of it released. */
TEST_F(device, hold_and_killed)
{
	struct ckpt_release rel = { .how = CKPT_RELEASE_RUN };

	self->ck.flags = CKPT_CHECKPOINT_HOLD;
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	victim_kill(self->pid);
	EXPECT_EQ(0, ioctl(self->fd, CKPT_IOC_RELEASE, &rel));
	/* For the teardown. */
	self->pid = victim_start("count", self->path);
}

/* Two who want to hold the same program: the second waits, and fails in time. */
TEST_F(device, hold_twice)
{
	struct device_result res;
	int other = device_open();

	self->ck.flags = CKPT_CHECKPOINT_HOLD;
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	self->ck = (struct ckpt_checkpoint){
		.pid = self->pid, .out_fd = self->out, .timeout_ms = 300,
		.errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
	};
	EXPECT_EQ(-1, ioctl(other, CKPT_IOC_CHECKPOINT, &self->ck));
	EXPECT_TRUE(errno == EBUSY || errno == ETIMEDOUT);
	EXPECT_EQ(1, self->ck.errors_len);
	close(other);
	EXPECT_EQ(0, device_release(self->fd, CKPT_RELEASE_RUN));
	EXPECT_TRUE(victim_counts(self->counter));
}

/* A reader that takes @size bytes each @ms milliseconds, until the end. */
static pid_t start_reader(int end, int other, size_t size, int ms)
{
	static char buf[1 << 20];
	pid_t reader = fork();

	if (reader)
		return reader;
	close(other);
	while (read(end, buf, size) > 0)
		usleep(ms * 1000);
	_exit(0);
}

/* Nobody reads the image: the program is held for as long as was asked for, and goes on. */
TEST_F(device, stalled_output_lets_go)
{
	struct device_result res;
	int64_t begin = victim_us();
	int ends[2];

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	self->ck = (struct ckpt_checkpoint){
		.pid = self->pid, .out_fd = ends[1], .flags = CKPT_CHECKPOINT_HOLD,
		.stall_ms = 700, .errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
	};
	FAILS(ETIMEDOUT, CKPT_IOC_CHECKPOINT, &self->ck);
	EXPECT_LT(600000, victim_us() - begin);
	EXPECT_GT(10000000, victim_us() - begin);
	EXPECT_EQ(1, self->ck.errors_len);
	EXPECT_NE(NULL, strstr(res.errors[0].what, "goes on: nothing of the image could be") &&
		  strstr(res.errors[0].what, " 700 ms")) {
		TH_LOG("%s", res.errors[0].what);
	}
	EXPECT_TRUE(victim_counts(self->counter));
	/* Nothing is held any more. */
	EXPECT_EQ(-1, device_release(self->fd, CKPT_RELEASE_KILL));
	EXPECT_TRUE(victim_counts(self->counter));
	/* Nothing is in the way of the next checkpoint either. */
	EXPECT_EQ(0, device_checkpoint(self->fd, self->pid, self->out, 0, &res)) {
		TH_LOG("%s", device_words(&res));
	}
	close(ends[0]);
	close(ends[1]);
}

/* It is held while the image makes progress, however slow, and for its caller afterwards. */
TEST_F(device, slow_output_holds)
{
	struct device_result res;
	int ends[2], status;
	pid_t reader;

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	reader = start_reader(ends[0], ends[1], 65536, 300);
	self->ck = (struct ckpt_checkpoint){
		.pid = self->pid, .out_fd = ends[1], .flags = CKPT_CHECKPOINT_HOLD,
		.stall_ms = 1500, .errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
	};
	EXPECT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck)) {
		TH_LOG("%s", res.errors[0].what);
	}
	usleep(2000000);
	frozen(_metadata, self->counter);
	EXPECT_EQ(0, device_release(self->fd, CKPT_RELEASE_RUN));
	EXPECT_TRUE(victim_counts(self->counter));
	close(ends[1]);
	close(ends[0]);
	EXPECT_EQ(reader, waitpid(reader, &status, 0));
}

/* However little of it goes at a time: here a page, of an image with much in one piece. */
TEST_F(device, trickling_output_holds)
{
	struct device_result res;
	int ends[2], status;
	pid_t pid, reader;

	pid = fork();
	if (!pid) {
		char *p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		memset(p, 1, 2 << 20);
		/* It has nothing open that cannot be kept. */
		syscall(SYS_close_range, 0, ~0U, 0);
		pause();
		_exit(1);
	}
	usleep(200000);
	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	reader = start_reader(ends[0], ends[1], 4096, 3);
	self->ck = (struct ckpt_checkpoint){
		.pid = pid, .out_fd = ends[1], .stall_ms = 500,
		.flags = CKPT_CHECKPOINT_HOLD | CKPT_CHECKPOINT_SHARED_OK,
		.errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
	};
	EXPECT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck)) {
		TH_LOG("%s", res.errors[0].what);
	}
	device_release(self->fd, CKPT_RELEASE_RUN);
	close(ends[1]);
	close(ends[0]);
	EXPECT_EQ(reader, waitpid(reader, &status, 0));
	victim_kill(pid);
}

static int hung_task(const char *what, int val)
{
	char path[64], text[16] = "";
	int fd, ret = -1;

	snprintf(path, sizeof(path), "/proc/sys/kernel/hung_task_%s", what);
	fd = open(path, val < 0 ? O_RDONLY : O_WRONLY);
	if (fd < 0)
		return -1;
	if (val >= 0)
		ret = dprintf(fd, "%d\n", val);
	else if (read(fd, text, sizeof(text) - 1) > 0)
		ret = atoi(text);
	close(fd);
	return ret;
}

/* A checkpoint that waits for minutes until a program has come to rest is not hung. */
TEST_F(device, wait_is_no_hang)
{
	int before = hung_task("timeout_secs", -1), warnings = hung_task("warnings", -1);
	struct device_result res;
	int other;

	if (before < 0)
		SKIP(return, "this kernel does not look for hung tasks");
	ASSERT_EQ(0, device_checkpoint(self->fd, self->pid, self->out, CKPT_CHECKPOINT_HOLD,
				       &res));
	self->ck = (struct ckpt_checkpoint){
		.pid = self->pid, .out_fd = self->out, .timeout_ms = 12000,
		.errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
	};
	other = device_open();
	/* For all of the machine: what else waits on it, while it is busy, waits for less. */
	EXPECT_LT(0, hung_task("timeout_secs", 5));
	EXPECT_EQ(-1, ioctl(other, CKPT_IOC_CHECKPOINT, &self->ck));
	EXPECT_LT(0, hung_task("timeout_secs", before));
	EXPECT_EQ(warnings, hung_task("warnings", -1));
	close(other);
	EXPECT_EQ(0, device_release(self->fd, CKPT_RELEASE_RUN));
	EXPECT_TRUE(victim_counts(self->counter));
}

/* The first thread of the kernel that waits to take a snapshot; 0: there is none. */
static pid_t snapshot_thread(void)
{
	FILE *f = popen("cd /proc && grep -l '^ckpt_snapshot$' [0-9]*/comm", "r");
	int pid = 0;

	if (!f || fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		pclose(f);
	return pid;
}

/* Signals from users, as for all processes at shutdown, are nothing to threads of the kernel. */
TEST_F(device, signal_to_the_snapshot)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGSTOP };
	struct device_result res;
	pid_t thread, writer;
	unsigned int i;

	ASSERT_EQ(0, device_checkpoint(self->fd, self->pid, self->out, CKPT_CHECKPOINT_HOLD,
				       &res));
	writer = fork();
	if (!writer) {
		/* It waits for the one that holds the program. */
		device_checkpoint(device_open(), self->pid, memfd_create("second", 0), 0, &res);
		_exit(res.error);
	}
	for (i = 0; i < 5000 && !(thread = snapshot_thread()); i++)
		usleep(1000);
	ASSERT_NE(0, thread);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		EXPECT_EQ(0, kill(thread, signals[i]));
	usleep(100000);
	EXPECT_EQ(thread, snapshot_thread());
	EXPECT_EQ(0, device_release(self->fd, CKPT_RELEASE_RUN));
	EXPECT_EQ(0, victim_end(writer));
}

static volatile int64_t *gap;

static void *vfork_thread(void *arg)
{
	(void)arg;
	if (!vfork()) {
		sleep(3);
		_exit(0);
	}
	return NULL;
}

static int sleep_main(void *arg)
{
	struct timespec ts = { .tv_sec = 3 };

	(void)arg;
	syscall(SYS_nanosleep, &ts, NULL);
	syscall(SYS_exit, 0);
	return 0;
}

/* As deep as within vfork(), and without a child. */
static void *deep_thread(void *arg)
{
	static char stack[65536] __attribute__((aligned(16)));

	(void)arg;
	clone(sleep_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_PARENT, NULL);
	return NULL;
}

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* Within one call that only SIGKILL ends, and that takes no memory but for page tables. */
static void *busy_long_thread(void *arg)
{
	const size_t size = 64UL << 30;
	char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg;
	if (p == MAP_FAILED || madvise(p, size, MADV_NOHUGEPAGE) ||
	    madvise(p, size, MADV_POPULATE_READ))
		perror("# busy_long_thread");
	return NULL;
}

/* Has nothing open that cannot be kept, such as the device: that would be seen at once. */
static void be_plain(void)
{
	syscall(SYS_close_range, 0, ~0U, 0);
	if (open("/dev/null", O_RDWR) || dup(0) != 1 || dup(0) != 2)
		_exit(1);
}

/* A thread that does not come to rest at once, and one that looks for gaps in time. */
static pid_t start_and_look(void *(*thread)(void *arg))
{
	pid_t pid, test = getpid();
	int64_t last, now;
	pthread_t t;

	gap = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != test)
		_exit(1);
	be_plain();
	pthread_create(&t, NULL, thread, NULL);
	last = victim_us();
	for (;;) {
		now = victim_us();
		if (now - last > *gap)
			*gap = now - last;
		last = now;
	}
}

static void end_of_look(pid_t pid)
{
	printf("# a gap of %lld us\n", (long long)*gap);
	victim_kill(pid);
	munmap((void *)gap, 4096);
}

/* A slow machine makes others wait for less than this. */
#define GAP_US 1000000

/* Until vfork() is over, nobody stands still for it. */
TEST_F(device, vfork_is_waited_for)
{
	struct device_result res;
	pid_t pid = start_and_look(vfork_thread);

	usleep(300000);
	/* The memory that it shares with us is refused then. */
	EXPECT_NE(0, device_checkpoint(self->fd, pid, -1, CKPT_CHECKPOINT_DRY_RUN, &res));
	EXPECT_EQ(EOPNOTSUPP, res.error);
	EXPECT_EQ(NULL, strstr(device_words(&res), "vfork")) {
		TH_LOG("%s", device_words(&res));
	}
	EXPECT_GT(GAP_US, *gap);
	end_of_look(pid);
}

/* While a thread sleeps so deep that it cannot come to rest, the others go on. */
TEST_F(device, deep_sleep_stops_nobody)
{
	struct device_result res;
	pid_t pid = start_and_look(deep_thread);

	usleep(300000);
	self->ck = (struct ckpt_checkpoint){
		.pid = pid, .out_fd = -1, .flags = CKPT_CHECKPOINT_DRY_RUN, .timeout_ms = 1200,
		.errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
	};
	FAILS(ETIMEDOUT, CKPT_IOC_CHECKPOINT, &self->ck);
	EXPECT_GT(GAP_US, *gap);
	/* When it has woken, there is nothing to wait for. */
	EXPECT_EQ(0, device_checkpoint(self->fd, pid, -1, CKPT_CHECKPOINT_DRY_RUN |
				       CKPT_CHECKPOINT_SHARED_OK, &res)) {
		TH_LOG("%s", device_words(&res));
	}
	EXPECT_GT(GAP_US, *gap);
	end_of_look(pid);
	EXPECT_LT(0, waitpid(-1, NULL, __WALL));
}

/* Those that are there wait for one that is not until the time is up, or until ckpt is killed. */
TEST_F(device, late_thread)
{
	pid_t pid = start_and_look(busy_long_thread), other;
	int64_t begin;

	usleep(300000);
	begin = victim_us();
	self->ck = (struct ckpt_checkpoint){
		.pid = pid, .out_fd = -1, .flags = CKPT_CHECKPOINT_DRY_RUN, .timeout_ms = 500,
	};
	FAILS(ETIMEDOUT, CKPT_IOC_CHECKPOINT, &self->ck);
	EXPECT_GT(500000 + GAP_US, victim_us() - begin);
	/* It looks when it runs again. */
	usleep(100000);
	EXPECT_LT(300000, *gap);
	EXPECT_GT(500000 + GAP_US, *gap);
	*gap = 0;
	other = fork();
	if (!other) {
		struct device_result res;

		device_checkpoint(device_open(), pid, -1, CKPT_CHECKPOINT_DRY_RUN, &res);
		_exit(1);
	}
	usleep(500000);
	begin = victim_us();
	victim_kill(other);
	EXPECT_GT(GAP_US, victim_us() - begin);
	usleep(100000);
	EXPECT_LT(200000, *gap);
	EXPECT_GT(500000 + GAP_US, *gap);
	end_of_look(pid);
}

static void *checkpoint_thread(void *arg)
{
	struct device_result res;
	int device = device_open();

	if (device_checkpoint(device, *(pid_t *)arg, -1, CKPT_CHECKPOINT_DRY_RUN |
			      CKPT_CHECKPOINT_SHARED_OK, &res))
		fprintf(stderr, "# %s\n", device_words(&res));
	close(device);
	return NULL;
}

/* Two checkpoints do not get some threads each if these come to rest at different times. */
TEST_F(device, two_at_once)
{
	pid_t pid = start_and_look(deep_thread);
	pthread_t t[2];
	int i;

	usleep(200000);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, checkpoint_thread, &pid));
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	EXPECT_GT(8000000, *gap);
	end_of_look(pid);
}

static volatile int *ended;

static void *endless_thread(void *arg)
{
	struct epoll_event event;
	int epfd = epoll_create1(0);

	(void)arg;
	for (;;) {
		epoll_wait(epfd, &event, 1, -1);
		++*ended;
	}
	return NULL;
}

/* A thread that comes to park when the checkpoint has been given up notices nothing. */
TEST_F(device, given_up)
{
	struct device_result res;
	int i, failed = 0;
	pthread_t t;
	pid_t pid;

	ended = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (!pid) {
		be_plain();
		for (i = 0; i < 200; i++)
			pthread_create(&t, NULL, endless_thread, NULL);
		ended[1] = 1;
		pause();
		_exit(1);
	}
	while (!ended[1])
		usleep(1000);
	for (i = 0; i < 40; i++) {
		self->ck = (struct ckpt_checkpoint){
			.pid = pid, .out_fd = -1, .flags = CKPT_CHECKPOINT_DRY_RUN, .timeout_ms = 1,
			.errors = (uintptr_t)res.errors, .errors_cap = DEVICE_ERRORS,
		};
		failed += ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck) < 0 && errno == ETIMEDOUT;
		usleep(50000);
	}
	printf("# given up %d times\n", failed);
	EXPECT_LT(0, failed);
	EXPECT_EQ(0, *ended);
	victim_kill(pid);
	munmap((void *)ended, 4096);
}

static int busy_device;

static void *busy_thread(void *arg)
{
	struct device_result res;

	device_checkpoint(busy_device, *(pid_t *)arg, -2, 0, &res);
	return NULL;
}

static int busy_pipe[2];

static void *busy_writer(void *arg)
{
	static struct device_result res;

	res.len = 0;
	device_checkpoint(busy_device, *(pid_t *)arg, busy_pipe[1], 0, &res);
	return &res;
}

/* A second operation on the same file; and the progress of the first. */
TEST_F(device, busy)
{
	struct ckpt_progress progress = { 0 };
	struct device_result *res;
	struct ckpt_info info;
	pthread_t t;
	int i;

	/* Nobody reads, so that the first does not end. */
	ASSERT_EQ(0, pipe2(busy_pipe, O_CLOEXEC));
	ASSERT_EQ(4096, fcntl(busy_pipe[1], F_SETPIPE_SZ, 4096));
	busy_device = self->fd;
	ASSERT_EQ(0, pthread_create(&t, NULL, busy_writer, &self->pid));
	for (i = 0; i < 5000 && progress.phase != CKPT_PHASE_PAGES; i++) {
		ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_PROGRESS, &progress));
		usleep(1000);
	}
	EXPECT_EQ(CKPT_PHASE_PAGES, (int)progress.phase);
	EXPECT_EQ(1, progress.nr_tasks);
	EXPECT_LT(0, progress.pages_total);
	/* Long before its image is written the program goes on. */
	EXPECT_TRUE(victim_counts(self->counter));
	FAILS(EBUSY, CKPT_IOC_CHECKPOINT, &self->ck);
	FAILS(EBUSY, CKPT_IOC_RESTART, &self->rs);
	FAILS(EBUSY, CKPT_IOC_RELEASE, &self->ck);
	EXPECT_EQ(0, ioctl(self->fd, CKPT_IOC_INFO, &info));
	close(busy_pipe[0]);
	pthread_join(t, (void **)&res);
	EXPECT_EQ(EPIPE, res->error);
	EXPECT_EQ(NULL, device_unclear(res));
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_PROGRESS, &progress));
	EXPECT_EQ(CKPT_PHASE_IDLE, (int)progress.phase);
}

static volatile sig_atomic_t rung;

static void ring(int sig __attribute__((unused)))
{
	rung = 1;
}

/*
 * Start to checkpoint into a pipe that is soon full; the exit status is the errno. When this
 * returns, it has begun to write, and got a signal with a handler.
 */
static pid_t slow_checkpoint(pid_t pid, int *from)
{
	struct pollfd begun = { .events = POLLIN };
	struct device_result res;
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) || fcntl(fds[1], F_SETPIPE_SZ, 4096) != 4096)
		return -1;
	child = fork();
	if (!child) {
		close(fds[0]);
		signal(SIGALRM, ring);
		device_checkpoint(device_open(), pid, fds[1], 0, &res);
		_exit(res.error ?: rung ? 0 : 255);
	}
	close(fds[1]);
	*from = fds[0];
	begun.fd = fds[0];
	if (poll(&begun, 1, 60000) != 1 || kill(child, SIGALRM))
		return -1;
	return child;
}

static void read_all(int fd)
{
	static char buf[65536];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

/* A signal with a handler comes while nobody reads the image: it waits for the end. */
TEST_F(device, signal_while_writing)
{
	int from;
	pid_t child = slow_checkpoint(self->pid, &from);

	ASSERT_LT(0, child);
	usleep(400000);
	read_all(from);
	EXPECT_EQ(0, victim_end(child));
}

/* So does a stop, which no mask holds up. */
TEST_F(device, stop_while_writing)
{
	int from, status;
	pid_t child = slow_checkpoint(self->pid, &from);

	ASSERT_LT(0, child);
	kill(child, SIGSTOP);
	usleep(300000);
	EXPECT_EQ(0, waitpid(child, &status, WUNTRACED | WNOHANG));
	kill(child, SIGCONT);
	usleep(100000);
	kill(child, SIGSTOP);
	while (poll(&(struct pollfd){ .fd = from, .events = POLLIN }, 1, 3000) > 0) {
		static char buf[65536];

		ASSERT_LT(0, read(from, buf, sizeof(buf)));
	}
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	kill(child, SIGCONT);
	EXPECT_EQ(0, victim_end(child));
	close(from);
}

/* A signal that ends the caller does so at once, with a core dump or without. */
TEST_F(device, end_while_writing)
{
	static const int ends[] = { SIGTERM, SIGQUIT };
	unsigned int i;
	pid_t child;
	int from;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		child = slow_checkpoint(self->pid, &from);
		ASSERT_LT(0, child);
		kill(child, ends[i]);
		EXPECT_EQ(ends[i], victim_end(child) & 0x7f);
		close(from);
	}
}

/* The same for the first bytes of an image, which the caller itself reads. */
TEST_F(device, signal_while_reading)
{
	struct device_result res;
	pid_t child;
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	signal(SIGALRM, ring);
	child = fork();
	if (!child) {
		usleep(300000);
		kill(getppid(), SIGALRM);
		usleep(200000);
		_exit(write(fds[1], "no image", 8) != 8);
	}
	EXPECT_EQ(-1, device_restart(self->fd, fds[0], 0, &res));
	EXPECT_EQ(EBADMSG, res.error);
	EXPECT_EQ(1, rung);
	EXPECT_EQ(0, victim_end(child));
	signal(SIGALRM, SIG_DFL);
	close(fds[0]);
	close(fds[1]);
}

/* The file is closed while an operation of another thread runs on it. */
TEST_F(device, closed_while_busy)
{
	pthread_t t;
	int i;

	for (i = 0; i < 20; i++) {
		busy_device = device_open();
		ASSERT_EQ(0, pthread_create(&t, NULL, busy_thread, &self->pid));
		usleep(i * 200);
		close(busy_device);
		pthread_join(t, NULL);
	}
}
