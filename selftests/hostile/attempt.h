/* SPDX-License-Identifier: GPL-2.0 */
/* A good image, and what the module makes of others: what the tests of images share. */
#ifndef CKPT_SELFTESTS_ATTEMPT_H
#define CKPT_SELFTESTS_ATTEMPT_H

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "device.h"
#include "harness.h"
#include "fields.h"
#include "image.h"
#include "victim.h"

#define RECS_MAX 256
#define TASK_SIZE_MAX ((1ULL << 47) - 4096)
#define KERNEL 0xffffffff81000000ULL
#define HOLE 0x0000800000000000ULL

/* A good image of target.c, of the program that setup() was told. */
static struct image_bytes good;
static struct image_rec recs[RECS_MAX];
static size_t starts[RECS_MAX + 1];
static unsigned int n_recs;
static pid_t victim;
static char counter_path[64];
static volatile uint64_t *counter;
/* Its second thread. */
static pid_t victim_thread;

static int device, memfd;
static struct device_result res;
static unsigned int attempts, started;
/* The flags of restarts: each program that was started has changed the file that it counts in. */
static uint64_t restart_flags = CKPT_RESTART_FILES_CHANGED;
static unsigned long seed;
static int64_t begin_us;

static inline int slurp(int fd, struct image_bytes *out)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	out->len = st.st_size;
	out->data = malloc(out->len);
	return pread(fd, out->data, out->len, 0) == (ssize_t)out->len ? 0 : -1;
}

/* With CKPT_QUICK in the environment, one of @n is taken of what there is too much of. */
static inline bool chosen(unsigned int n)
{
	return !getenv("CKPT_QUICK") || !victim_random(n);
}

static inline unsigned int nth_rec(uint32_t type, unsigned int nth)
{
	unsigned int i;

	for (i = 0; i < n_recs; i++)
		if (recs[i].type == type && !nth--)
			return i;
	return n_recs;
}

static inline pid_t second_thread(void)
{
	unsigned int i = nth_rec(CKPT_REC_THREAD, 1);
	struct image_field f;

	return i < n_recs && image_find(recs[i].payload, recs[i].len, F(Thread, tid), 0, &f) ?
	       f.scalar : 0;
}

/* Make the image of a program, which is killed, and take it to pieces. */
static inline const char *setup_image(const char *mode, const char *arg)
{
	signal(SIGPIPE, SIG_IGN);
	device = device_open();
	memfd = memfd_create("image", MFD_CLOEXEC);
	counter = victim_counter(counter_path);
	/* For any user; later on it would be a change. */
	if (chmod(counter_path, 0666))
		abort();
	victim = victim_start_with(mode, counter_path, arg);
	if (!victim_counts(counter))
		return "the program does not run";
	if (device_checkpoint(device, victim, memfd, CKPT_CHECKPOINT_HOLD, &res))
		return device_words(&res);
	device_release(device, CKPT_RELEASE_KILL);
	victim_end(victim);
	if (slurp(memfd, &good))
		return "cannot read the image";
	n_recs = image_take(good.data, good.len, recs, RECS_MAX);
	return NULL;
}

/* Make the image, and see that it is one. */
static inline const char *setup(const char *mode)
{
	struct image_bytes same;
	const char *why;
	pid_t pid;

	seed = victim_seed();
	why = setup_image(mode, NULL);
	if (why)
		return why;
	same = image_make(recs, n_recs, starts);
	if (same.len != good.len || memcmp(same.data, good.data, good.len))
		return "image.c does not make the same image of its records";
	free(same.data);
	victim_thread = second_thread();

	begin_us = victim_us();
	lseek(memfd, 0, SEEK_SET);
	pid = device_restart(device, memfd, restart_flags, &res);
	if (pid < 0)
		return device_words(&res);
	if (!victim_counts(counter))
		return "the restarted program does not run";
	victim_kill(pid);
	return pid == victim ? NULL : "another pid";
}

#define SETUP() SETUP_OF("rich")

#define SETUP_OF(mode) do {					\
	const char *_why = setup(mode);				\
								\
	ASSERT_EQ(NULL, _why) {					\
		TH_LOG("%s", _why);				\
	}							\
} while (0)

#define REPORT() printf("# %u images, %u of them started, %llu us each\n", attempts, started, \
			(unsigned long long)((victim_us() - begin_us) / (attempts ?: 1)))

/*
 * Restart from what is in @fd. Return: NULL if it failed well (or started a program, if it
 * @may); else what is wrong.
 */
static inline const char *attempt_fd(int fd, bool may)
{
	const char *why;
	int status;
	pid_t pid;

	attempts++;
	pid = device_restart(device, fd, restart_flags, &res);
	if (pid > 0) {
		kill(pid, SIGKILL);
		started++;
		victim_kill(pid);
		return may ? NULL : "a program was started";
	}
	why = device_unclear(&res);
	if (why)
		return why;
	if (waitpid(-1, &status, WNOHANG | __WALL) >= 0 || errno != ECHILD)
		return "a child is left";
	if (victim_exists(victim) || (victim_thread && victim_exists(victim_thread)))
		return "a task is left";
	return NULL;
}

static inline const char *attempt(const void *data, size_t len, bool may)
{
	if (ftruncate(memfd, 0) || pwrite(memfd, data, len, 0) != (ssize_t)len ||
	    lseek(memfd, 0, SEEK_SET))
		return "cannot write the image";
	return attempt_fd(memfd, may);
}

/* The same through a pipe that ends behind @len bytes. */
static inline const char *attempt_pipe(const uint8_t *data, size_t len)
{
	const char *why;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return "no pipe";
	/* Not our child: there must be none. */
	pid = fork();
	if (!pid) {
		if (fork())
			_exit(0);
		close(fds[0]);
		while (len) {
			ssize_t n = write(fds[1], data, len);

			if (n <= 0)
				break;
			data += n;
			len -= n;
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(fds[1]);
	why = attempt_fd(fds[0], false);
	close(fds[0]);
	return why;
}

/* The first few failures in words; there may be thousands. */
#define EXPECT_FINE(why, ...) do {				\
	const char *_why = why;					\
								\
	if (_why) {						\
		_metadata->passed = 0;				\
		if (failures++ < 10) {				\
			printf("# ");				\
			printf(__VA_ARGS__);			\
			printf(": %s (%s)\n", _why, device_words(&res)); \
		}						\
	}							\
} while (0)

static unsigned int failures;

static inline const char *attempt_recs(const struct image_rec *list, unsigned int n, bool may)
{
	struct image_bytes image = image_make(list, n, NULL);
	const char *why = attempt(image.data, image.len, may);

	free(image.data);
	return why;
}

/* From record @i on, the first file of a kind. */
static inline unsigned int of_kind(unsigned int i, uint32_t type, uint32_t outer)
{
	struct image_field f;

	if (type == CKPT_REC_FILE && outer && outer != F(File, path))
		while (i < n_recs && (recs[i].type != type ||
				      !image_find(recs[i].payload, recs[i].len, outer, 0, &f)))
			i++;
	return i;
}

/* The image with another payload of a record. */
static inline const char *attempt_payload(unsigned int i, struct image_bytes payload, bool may)
{
	struct image_rec keep = recs[i];
	const char *why;

	recs[i].payload = payload.data;
	recs[i].len = payload.len;
	why = attempt_recs(recs, n_recs, may);
	recs[i] = keep;
	free(payload.data);
	return why;
}

/* Put @inner in place of the content of field @f of record @i. */
static inline const char *attempt_inner(unsigned int i, const struct image_field *f,
				 struct image_bytes inner, bool may)
{
	struct image_bytes outer = image_set_bytes(recs[i].payload, recs[i].len, f, inner.data,
						   inner.len);

	free(inner.data);
	return attempt_payload(i, outer, may);
}

#endif
