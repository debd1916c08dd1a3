// SPDX-License-Identifier: GPL-2.0
/*
 * A clone of the restarter becomes the program: what the restarter has, and the program had not, is
 * dropped on the way. Documentation/security.md has the list.
 */
#include <asm/ldt.h>
#include <linux/keyctl.h>
#include <linux/membarrier.h>
#include <sys/io.h>
#include <sys/syscall.h>

#include "attempt.h"

/* An image of target.c's "keys". */
#define SETUP_KEYS(id) do {					\
	const char *_why = setup_image("keys", id);		\
								\
	ASSERT_EQ(NULL, _why) {					\
		TH_LOG("%s", _why);				\
	}							\
} while (0)

#define RESTART(flags) ({					\
	pid_t _pid;						\
								\
	lseek(memfd, 0, SEEK_SET);				\
	_pid = device_restart(device, memfd, (flags) | restart_flags, &res); \
	ASSERT_LT(0, _pid) {					\
		TH_LOG("%s", device_words(&res));		\
	}							\
	_pid;							\
})

/* In a session keyring that nobody else has, which goes with this test. */
static bool have_key(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) > 0 &&
	       syscall(SYS_add_key, "user", "ckpt-restarter", "secret", 6,
		       KEY_SPEC_SESSION_KEYRING) > 0;
}

TEST(keys_of_another)
{
	pid_t pid;

	SETUP_KEYS("65534");
	ASSERT_TRUE(have_key());
	pid = RESTART(0);
	EXPECT_TRUE(victim_counts(counter));
	EXPECT_TRUE(victim_counts(counter));
	EXPECT_EQ(0, counter[1]);
	victim_kill(pid);
}

/* As for any program that one starts. */
TEST(keys_of_ones_own)
{
	pid_t pid;

	SETUP_KEYS("0");
	ASSERT_TRUE(have_key());
	ASSERT_EQ(0, counter[1]);
	pid = RESTART(0);
	EXPECT_TRUE(victim_counts(counter));
	EXPECT_TRUE(victim_counts(counter));
	EXPECT_EQ(1, counter[1]);
	victim_kill(pid);
}

/* Make the program no leader of its session, as one that a shell had started. */
static void say_session(void)
{
	unsigned int i = nth_rec(CKPT_REC_TREE, 0);
	struct image_bytes msg = { (uint8_t *)recs[i].payload, recs[i].len };
	struct image_field f;

	if (!image_find(msg.data, msg.len, F(Tree, sid), 0, &f))
		abort();
	msg = image_set(msg.data, msg.len, &f, victim + 1);
	recs[i].payload = msg.data;
	recs[i].len = msg.len;
	msg = image_make(recs, n_recs, NULL);
	if (ftruncate(memfd, 0) || pwrite(memfd, msg.data, msg.len, 0) != (ssize_t)msg.len)
		abort();
}

/* A program in another's session could type into its terminal (TIOCSTI). */
TEST(session_of_another)
{
	pid_t pid;

	SETUP_KEYS("65534");
	say_session();
	pid = RESTART(CKPT_RESTART_DETACH);
	EXPECT_EQ(pid, getsid(pid));
	victim_kill(pid);
	/* In the foreground it is a job, as with su(1). */
	pid = RESTART(0);
	EXPECT_EQ(getsid(0), getsid(pid));
	victim_kill(pid);
}

TEST(session_of_ones_own)
{
	pid_t pid;

	SETUP_KEYS("0");
	say_session();
	pid = RESTART(CKPT_RESTART_DETACH);
	EXPECT_EQ(getsid(0), getsid(pid));
	victim_kill(pid);
}

/* Inherited state that no image can have would be refused at the next checkpoint. */
#define EXPECT_CLEAN(pid) do {						\
	ASSERT_EQ(0, ftruncate(memfd, 0) | lseek(memfd, 0, SEEK_SET));	\
	EXPECT_EQ(0, device_checkpoint(device, pid, memfd, 0, &res)) {	\
		TH_LOG("%s", device_words(&res));			\
	}								\
} while (0)

TEST(port_permission)
{
	pid_t pid;

	SETUP_OF("count");
	if (iopl(3))
		SKIP(return, "this kernel has no iopl(2)");
	pid = RESTART(0);
	iopl(0);
	EXPECT_CLEAN(pid);
	victim_kill(pid);
}

/* By a 32-bit call: 64-bit ones have none for it. */
static bool set_thread_area(void)
{
	struct user_desc *desc = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int status;
	pid_t pid;
	long ret;

	if (desc == MAP_FAILED)
		return false;
	*desc = (struct user_desc){ .entry_number = -1, .base_addr = 4096, .limit = 1,
				    .seg_32bit = 1, .limit_in_pages = 1 };
	pid = fork();
	if (!pid) {
		asm volatile("int $0x80\n" : "=a" (ret) : "a" (243), "b" (desc)
			     : "memory", "r8", "r9", "r10", "r11");
		_exit(!!ret);
	}
	status = victim_end(pid);
	if (status)
		return false;
	asm volatile("int $0x80\n" : "=a" (ret) : "a" (243), "b" (desc)
		     : "memory", "r8", "r9", "r10", "r11");
	return !ret;
}

TEST(thread_segment)
{
	pid_t pid;

	SETUP_OF("count");
	if (!set_thread_area())
		SKIP(return, "this kernel has no 32-bit calls");
	pid = RESTART(0);
	EXPECT_CLEAN(pid);
	victim_kill(pid);
}

/* This cannot be taken away: the restart says so. */
TEST(descriptor_table)
{
	struct user_desc desc = { .base_addr = 4096, .limit = 1, .seg_32bit = 1,
				  .limit_in_pages = 1 };

	SETUP_OF("count");
	if (syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)))
		SKIP(return, "this kernel has no modify_ldt(2)");
	EXPECT_FINE(attempt(good.data, good.len, false), "a restarter with a descriptor table");
	EXPECT_EQ(EOPNOTSUPP, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "modify_ldt"));
}

TEST(profile_for_exec)
{
	int fd;

	SETUP_OF("count");
	fd = open("/proc/thread-self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "exec unconfined", 15) != 15)
		SKIP(return, "no AppArmor here");
	close(fd);
	EXPECT_FINE(attempt(good.data, good.len, false), "a restarter with a profile for exec");
	EXPECT_EQ(EOPNOTSUPP, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "AppArmor"));
}

TEST(barriers)
{
	struct image_field f;
	unsigned int i;
	pid_t pid;

	SETUP_OF("count");
	ASSERT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
	pid = RESTART(0);
	EXPECT_CLEAN(pid);
	victim_kill(pid);
	ASSERT_EQ(0, slurp(memfd, &good));
	n_recs = image_take(good.data, good.len, recs, RECS_MAX);
	i = nth_rec(CKPT_REC_MM, 0);
	ASSERT_LT(i, n_recs);
	EXPECT_FALSE(image_find(recs[i].payload, recs[i].len, F(Mm, membarrier), 0, &f));
}

static void ignore_it(int sig)
{
	(void)sig;
}

/* Write the image in two parts; between them, a signal to all of us. */
static void feed(int fd, size_t half)
{
	size_t at, part;
	ssize_t n;

	signal(SIGUSR2, SIG_IGN);
	for (at = 0; at < good.len; at += n) {
		part = at < half ? half - at : good.len - at;
		n = write(fd, good.data + at, part);
		if (n <= 0)
			_exit(1);
		if (at < half && at + n >= half) {
			/* As soon as the first part was read the program is being built. */
			usleep(300000);
			kill(0, SIGUSR2);
		}
	}
	_exit(0);
}

/* SIGUSR2 would end the program; the restarter has a handler for it. */
TEST(signals_to_the_group)
{
	pid_t feeder, pid;
	int fds[2];

	SETUP_OF("count");
	ASSERT_EQ(0, setpgid(0, 0));
	signal(SIGUSR2, ignore_it);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	feeder = fork();
	if (!feeder)
		feed(fds[1], good.len - 4096);
	close(fds[1]);
	pid = device_restart(device, fds[0], restart_flags, &res);
	close(fds[0]);
	EXPECT_EQ(0, victim_end(feeder));
	ASSERT_LT(0, pid) {
		TH_LOG("%s", device_words(&res));
	}
	EXPECT_TRUE(victim_counts(counter));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	victim_kill(pid);
}
