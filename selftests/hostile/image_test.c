// SPDX-License-Identifier: GPL-2.0
/*
 * Images that are damaged, and images that lie: each is given to the module, which must either
 * refuse it in one clear sentence and leave nothing behind, or start a program.
 *
 * The first tests damage an image that is good. The later ones change what it says and put the
 * frame right again (image.c), to get at the checks behind the checksums.
 */
#include <linux/ioprio.h>
#include <sys/syscall.h>

#include "attempt.h"
#include "frame.h"
#include "image_lies.h"
#include "say.h"

/* ---- damage ---- */

TEST(empty)
{
	SETUP();
	EXPECT_FINE(attempt("", 0, false), "empty");
	EXPECT_EQ(EBADMSG, res.error);
	EXPECT_FINE(attempt_pipe(good.data, 0), "empty pipe");
	EXPECT_EQ(EBADMSG, res.error);
}

TEST(no_image_at_all)
{
	static const char *const names[] = { "/dev/zero", "/bin/sh", "/etc/passwd", "/dev/null" };
	unsigned int i;
	int fd;

	SETUP();
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fd = open(names[i], O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		EXPECT_FINE(attempt_fd(fd, false), "%s", names[i]);
		EXPECT_EQ(EBADMSG, res.error);
		close(fd);
	}
	fd = open("/", O_RDONLY | O_CLOEXEC);
	EXPECT_FINE(attempt_fd(fd, false), "a directory");
	EXPECT_EQ(EINVAL, res.error);
	close(fd);
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	EXPECT_FINE(attempt_fd(fd, false), "not open for reading");
	EXPECT_EQ(EBADF, res.error);
	close(fd);
	fd = open("/", O_PATH | O_CLOEXEC);
	EXPECT_FINE(attempt_fd(fd, false), "O_PATH");
	EXPECT_EQ(EBADF, res.error);
	close(fd);
	EXPECT_FINE(attempt_fd(-1, false), "-1");
	EXPECT_EQ(EBADF, res.error);
}

TEST(truncated)
{
	unsigned int i;
	size_t at;

	SETUP();
	for (i = 0; i <= n_recs; i++) {
		if (!chosen(6))
			continue;
		EXPECT_FINE(attempt(good.data, starts[i], false), "cut before record %u", i);
		EXPECT_EQ(EBADMSG, res.error);
		at = starts[i] + sizeof(struct ckpt_image_record);
		EXPECT_FINE(attempt(good.data, at, false), "cut behind header %u", i);
		EXPECT_EQ(EBADMSG, res.error);
		if (i < n_recs) {
			at = recs[i].payload - good.data;
			EXPECT_FINE(attempt(good.data, at, false), "cut before payload %u", i);
			EXPECT_FINE(attempt(good.data, at + recs[i].len - 1, false),
				    "cut within payload %u", i);
		}
	}
	for (i = 0; i < 1000; i++) {
		if (!chosen(20))
			continue;
		at = victim_random(good.len);
		EXPECT_FINE(i % 8 ? attempt(good.data, at, false) : attempt_pipe(good.data, at),
			    "cut at %zu", at);
		EXPECT_EQ(EBADMSG, res.error);
	}
	for (i = 1; i <= 16; i++)
		if (chosen(8))
			EXPECT_FINE(attempt(good.data, good.len - i, false),
				    "the last %u bytes missing", i);
	REPORT();
}

static const char *flip(size_t at, unsigned int bit)
{
	const char *why;

	good.data[at] ^= 1 << bit;
	why = attempt(good.data, good.len, false);
	good.data[at] ^= 1 << bit;
	return why;
}

TEST(flipped)
{
	unsigned int i, j;
	size_t at;

	SETUP();
	for (i = 0; i < sizeof(struct ckpt_image_header); i++)
		for (j = 0; j < 8; j++)
			if (chosen(8))
				EXPECT_FINE(flip(i, j), "bit %u of byte %u", j, i);
	for (i = 0; i <= n_recs; i++) {
		for (j = 0; j < sizeof(struct ckpt_image_record); j++) {
			if (!chosen(30))
				continue;
			at = starts[i] + j;
			EXPECT_FINE(flip(at, victim_random(8)), "byte %u of header %u", j, i);
		}
	}
	for (i = 0; i < 1000; i++) {
		if (!chosen(20))
			continue;
		at = victim_random(good.len);
		EXPECT_FINE(flip(at, victim_random(8)), "byte %zu", at);
	}
	REPORT();
}

/* Bytes behind the trailer are somebody else's. */
TEST(something_behind)
{
	struct image_bytes more;

	SETUP();
	more = image_splice(good.data, good.len, good.len, good.len, good.data, 1000);
	EXPECT_EQ(NULL, attempt(more.data, more.len, true));
	EXPECT_EQ(1, started);
	EXPECT_EQ((off_t)good.len, lseek(memfd, 0, SEEK_CUR));
}

/* ---- the frame ---- */

TEST(file_header)
{
#define HEADER(field, value, error) \
	{ offsetof(struct ckpt_image_header, field), value, error }
	static const struct {
		size_t at;
		uint32_t value;
		int error;
	} wrong[] = {
		HEADER(magic, 0, EBADMSG),
		HEADER(version, 0, EOPNOTSUPP),
		HEADER(version, CKPT_IMAGE_VERSION + 1, EOPNOTSUPP),
		HEADER(version, 0xffffffff, EOPNOTSUPP),
		HEADER(header_len, 128, EBADMSG),
		HEADER(machine, 183, EOPNOTSUPP),
		HEADER(machine, 0, EOPNOTSUPP),
		HEADER(page_size, 65536, EOPNOTSUPP),
		HEADER(page_size, 0, EOPNOTSUPP),
		HEADER(features_required, 1, EOPNOTSUPP),
		HEADER(reserved, 1, EBADMSG),
		HEADER(reserved[12], 1, EBADMSG),
		HEADER(version, 1, EOPNOTSUPP),
		HEADER(layer, 1, EOPNOTSUPP),
	};
	struct ckpt_image_header keep;
	unsigned int i;

	SETUP();
	memcpy(&keep, good.data, sizeof(keep));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		memcpy(good.data + wrong[i].at, &wrong[i].value, sizeof(wrong[i].value));
		frame_fix_header((struct ckpt_image_header *)good.data);
		EXPECT_FINE(attempt(good.data, good.len, false), "%x at %zu", wrong[i].value,
			    wrong[i].at);
		EXPECT_EQ(wrong[i].error, res.error);
		memcpy(good.data, &keep, sizeof(keep));
	}
}

TEST(record_headers)
{
	static const uint32_t lengths[] = {
		0, 1, CKPT_IMAGE_RAW_MAX, CKPT_IMAGE_RAW_MAX + 1, 1U << 31, -1U, -8U, -4096U,
	};
	static const uint32_t gaps[] = { 1, 8, 4095, 4096, 65536, 0x80000000, 0xffffffff };
	struct ckpt_image_record rec, keep;
	unsigned int i, j;

	SETUP();
#define RECORD(what, field, val) do {						\
	rec = keep;								\
	rec.field = val;							\
	frame_fix_record(&rec);						\
	memcpy(good.data + starts[i], &rec, sizeof(rec));			\
	if (rec.field != keep.field)						\
		EXPECT_FINE(attempt(good.data, good.len, false),		\
			    what " %llx of record %u", (unsigned long long)rec.field, i); \
} while (0)
	for (i = 0; i <= n_recs; i++) {
		if (!chosen(8))
			continue;
		memcpy(&keep, good.data + starts[i], sizeof(keep));
		for (j = 0; j < ARRAY_SIZE(lengths); j++)
			if (i < 2 || !victim_random(4))
				RECORD("length", length, lengths[j]);
		for (j = 0; j < ARRAY_SIZE(gaps); j++)
			if (i < 2 || !victim_random(4))
				RECORD("gap", gap, gaps[j]);
		RECORD("type", type, 0);
		RECORD("type", type, CKPT_REC_TYPES);
		RECORD("type", type, 64);
		RECORD("type", type, 0xffff);
		RECORD("flags", flags, keep.flags ^ CKPT_REC_F_RAW);
		RECORD("flags", flags, 0x8000);
		RECORD("hash", payload_hash, keep.payload_hash ^ 1);
		RECORD("hash", payload_hash, keep.payload_hash ^ 1ULL << 63);
		memcpy(good.data + starts[i], &keep, sizeof(keep));
	}
	REPORT();
}

/* A program may do without; protection keys may be freed while memory has them. */
static bool may_miss(uint32_t type)
{
	return type == CKPT_REC_FDS || type == CKPT_REC_EPOLL || type == CKPT_REC_LOCKS ||
	       type == CKPT_REC_TIMERS || type == CKPT_REC_PKEYS || type == CKPT_REC_INOTIFY ||
	       type == CKPT_REC_GUARDS || type == CKPT_REC_FILESYSTEMS;
}

TEST(records_missing)
{
	struct image_rec list[RECS_MAX];
	unsigned int i, j, n;
	uint32_t type;

	SETUP();
	for (i = 0; i < n_recs; i++) {
		if (!chosen(4))
			continue;
		n = 0;
		for (j = 0; j < n_recs; j++)
			if (j != i)
				list[n++] = recs[j];
		type = recs[i].type;
		EXPECT_FINE(attempt_recs(list, n, may_miss(type)),
			    "without record %u of type %u", i, type);
	}
	/* All of a kind. */
	for (type = 1; type < CKPT_REC_TYPES; type++) {
		n = 0;
		for (j = 0; j < n_recs; j++)
			if (recs[j].type != type)
				list[n++] = recs[j];
		if (n == n_recs || type == CKPT_REC_PIPE_DATA || !chosen(4))
			continue;
		EXPECT_FINE(attempt_recs(list, n, may_miss(type)), "without type %u", type);
	}
	REPORT();
}

TEST(records_twice)
{
	struct image_rec list[RECS_MAX + 1];
	unsigned int i, j, n;
	bool may;

	SETUP();
	for (i = 0; i < n_recs; i++) {
		if (!chosen(4))
			continue;
		n = 0;
		for (j = 0; j < n_recs; j++) {
			list[n++] = recs[j];
			if (j == i)
				list[n++] = recs[j];
		}
		/* A program that has a lock, a watch or a guard may ask for it again. */
		may = recs[i].type == CKPT_REC_LOCKS || recs[i].type == CKPT_REC_INOTIFY ||
		      recs[i].type == CKPT_REC_GUARDS;
		EXPECT_FINE(attempt_recs(list, n, may), "record %u of type %u twice", i,
			    recs[i].type);
		/* And once more far from the first: guards have no place among the pages. */
		may = recs[i].type == CKPT_REC_GUARDS;
		n = n_recs;
		memcpy(list, recs, n * sizeof(*list));
		list[n++] = recs[i];
		EXPECT_FINE(attempt_recs(list, n, may), "record %u of type %u again at the end",
			    i, recs[i].type);
	}
	REPORT();
}

TEST(records_in_another_order)
{
	struct image_rec list[RECS_MAX], rec;
	unsigned int i, a, b;

	SETUP();
	for (i = 0; i + 1 < n_recs; i++) {
		if (!chosen(4))
			continue;
		memcpy(list, recs, n_recs * sizeof(*list));
		list[i] = recs[i + 1];
		list[i + 1] = recs[i];
		EXPECT_FINE(attempt_recs(list, n_recs, true),
			    "records %u and %u swapped", i, i + 1);
	}
	for (i = 0; i < 100; i++) {
		if (!chosen(20))
			continue;
		memcpy(list, recs, n_recs * sizeof(*list));
		a = victim_random(n_recs);
		b = victim_random(n_recs);
		rec = list[a];
		list[a] = list[b];
		list[b] = rec;
		EXPECT_FINE(attempt_recs(list, n_recs, true), "records %u and %u swapped", a, b);
	}
	REPORT();
}

/* A record that a reader may skip, and the longest that there can be. */
TEST(records_advisory)
{
	static uint8_t text[CKPT_IMAGE_META_MAX];
	struct image_rec list[RECS_MAX + 1];
	unsigned int i;

	SETUP();
	for (i = 0; i <= n_recs; i += 1 + victim_random(3)) {
		if (!chosen(4))
			continue;
		memcpy(list, recs, i * sizeof(*list));
		list[i] = (struct image_rec){
			.type = 4000 + i, .flags = CKPT_REC_F_ADVISORY, .payload = text,
			.len = i & 1 ? sizeof(text) : i,
		};
		memcpy(list + i + 1, recs + i, (n_recs - i) * sizeof(*list));
		EXPECT_FINE(attempt_recs(list, n_recs + 1, true), "advisory record at %u", i);
	}
	EXPECT_EQ(attempts, started);
	REPORT();
}

/* TREE says what there is: another address space, say, which no process has, is damage. */
TEST(objects_of_nobody)
{
	static const struct {
		uint32_t type, id;
	} more[] = {
		{ CKPT_REC_MM, F(Mm, id) },
		{ CKPT_REC_FILES, F(Files, id) },
		{ CKPT_REC_FS, F(Fs, id) },
		{ CKPT_REC_SIGHAND, F(Sighand, id) },
	};
	struct image_rec list[RECS_MAX + 1];
	struct image_bytes msg;
	unsigned int k, n;

	SETUP();
	for (k = 0; k < ARRAY_SIZE(more); k++) {
		msg = payload(nth_rec(more[k].type, 0));
		say(&msg, more[k].id, 9999);
		n = with_record(list, more[k].type, msg.data, msg.len);
		EXPECT_FINE(attempt_recs(list, n, false), "two of type %u", more[k].type);
		EXPECT_EQ(EBADMSG, res.error);
		EXPECT_NE(NULL, strstr(device_words(&res), "no process has 9999")) {
			TH_LOG("%s", device_words(&res));
		}
	}
	REPORT();
}

/* The format has more than this version supports: that is refused by name, not as damage. */
TEST(not_yet)
{
	static const uint8_t zero[32];
	struct image_bytes msg, run;
	unsigned int i, k;

	SETUP();
	msg = payload(0);
	say_new_bytes(&msg, F(Image, parent_uuid), zero, 16);
	say_new_bytes(&msg, F(Image, parent_sha256), zero, 32);
	EXPECT_FINE(attempt_payload(0, msg, false), "a parent");
	EXPECT_EQ(EOPNOTSUPP, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "builds on another one (00000000-0000"));

	msg = payload(0);
	say(&msg, F(Image, nr_processes), 2);
	EXPECT_FINE(attempt_payload(0, msg, false), "two processes, of which one is there");
	EXPECT_EQ(EBADMSG, res.error);

	i = nth_rec(CKPT_REC_PAGE_RUNS, 0);
	for (k = 2; k <= 4; k += 2) {
		msg = payload(i);
		run = inner(&msg, F(PageRuns, run));
		say_new(&run, F(PageRun, kind), k);
		say_bytes(&msg, F(PageRuns, run), run.data, run.len);
		EXPECT_FINE(attempt_payload(i, msg, false), "pages of kind %u", k);
		EXPECT_EQ(EOPNOTSUPP, res.error);
		EXPECT_NE(NULL, strstr(device_words(&res), "not supported by this version"));
	}
	/* An address space without a source. */
	msg = payload(i);
	run = inner(&msg, F(PageRuns, run));
	say_new(&run, F(PageRun, kind), 3);
	say_bytes(&msg, F(PageRuns, run), run.data, run.len);
	EXPECT_FINE(attempt_payload(i, msg, false), "pages of nobody");
	EXPECT_EQ(EBADMSG, res.error);

	msg = payload(i);
	run = inner(&msg, F(PageRuns, run));
	say_new(&run, F(PageRun, from), 4096);
	say_bytes(&msg, F(PageRuns, run), run.data, run.len);
	EXPECT_FINE(attempt_payload(i, msg, false), "pages that are said twice");
	EXPECT_EQ(EBADMSG, res.error);
}

/* ---- what is said ---- */

static const char *attempt_lie(const struct lie *l)
{
	unsigned int i = nth_rec(l->type, l->nth);
	struct image_field outer, f;
	const uint8_t *msg;
	size_t len;

	res.len = 0;
	restart_flags = l->error == ESTALE ? 0 : CKPT_RESTART_FILES_CHANGED;
	i = of_kind(i, l->type, l->outer);
	if (i == n_recs && (l->type == CKPT_REC_PKEYS || l->type == CKPT_REC_GUARDS)) {
		/* This processor, or this kernel, has none. */
		res.error = l->error;
		return NULL;
	}
	if (i == n_recs)
		return "there is no such record";
	msg = recs[i].payload;
	len = recs[i].len;
	if (l->outer) {
		if (!image_find(msg, len, l->outer, l->outer_nth, &outer) || outer.wire != 2) {
			/* A thread that was awake just then has no call to go on with. */
			if (l->type == CKPT_REC_THREAD && l->outer == F(Thread, restart)) {
				res.error = l->error;
				return NULL;
			}
			return "there is no such message";
		}
		msg += outer.value;
		len = outer.end - outer.value;
	}
	if (!image_find(msg, len, l->field, 0, &f) || f.wire == 2)
		return "there is no such field";
	if (l->outer)
		return attempt_inner(i, &outer, image_set(msg, len, &f, l->value), false);
	return attempt_payload(i, image_set(msg, len, &f, l->value), false);
}

/* Objects that nothing refers to, which are no more than there are threads (two) for these. */
TEST(too_many_objects)
{
	static const uint32_t types[] = { CKPT_REC_CRED, CKPT_REC_SECCOMP };
	struct image_rec list[RECS_MAX + 2];
	struct image_bytes b[2];
	struct image_field f;
	unsigned int i, k, n;

	SETUP();
	for (k = 0; k < ARRAY_SIZE(types); k++) {
		i = nth_rec(types[k], 0);
		ASSERT_LT(i, n_recs);
		ASSERT_TRUE(image_find(recs[i].payload, recs[i].len, F(Cred, id), 0, &f));
		memcpy(list, recs, i * sizeof(*list));
		for (n = 0; n < ARRAY_SIZE(b); n++) {
			b[n] = image_set(recs[i].payload, recs[i].len, &f, 10000 + n);
			list[i + n] = recs[i];
			list[i + n].payload = b[n].data;
			list[i + n].len = b[n].len;
		}
		memcpy(list + i + n, recs + i, (n_recs - i) * sizeof(*list));
		EXPECT_FINE(attempt_recs(list, n_recs + n, false), "type %u", types[k]);
		EXPECT_EQ(EBADMSG, res.error);
		while (n)
			free(b[--n].data);
	}
}

/* Files that have no direct I/O: a memfd, an eventfd, one of proc. */
TEST(direct_io)
{
	static const uint32_t kinds[] = { F(File, shmem), F(File, eventfd), F(File, proc) };
	struct image_field f;
	unsigned int i, k;

	SETUP();
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (i = 0; i < n_recs; i++)
			if (recs[i].type == CKPT_REC_FILE &&
			    image_find(recs[i].payload, recs[i].len, kinds[k], 0, &f))
				break;
		ASSERT_LT(i, n_recs);
		ASSERT_TRUE(image_find(recs[i].payload, recs[i].len, F(File, flags), 0, &f));
		EXPECT_FINE(attempt_payload(i, image_set(recs[i].payload, recs[i].len, &f,
							 f.scalar | O_DIRECT), false),
			    "kind %u", kinds[k]);
		EXPECT_EQ(EBADMSG, res.error);
	}
}

/* The program gets nothing that the restarter alone has, such as the class of ionice(1). */
TEST(nothing_of_the_restarter)
{
	int plain, idle, now;
	pid_t pid;

	SETUP_OF("count");
	plain = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
	ASSERT_EQ(0, syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
			     IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)));
	idle = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
	EXPECT_NE(plain, idle);
	lseek(memfd, 0, SEEK_SET);
	pid = device_restart(device, memfd, restart_flags, &res);
	ASSERT_LT(0, pid) {
		TH_LOG("%s", device_words(&res));
	}
	now = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid);
	victim_kill(pid);
	EXPECT_EQ(plain, now);
}

TEST(lies_in_numbers)
{
	const char *why;
	unsigned int i;

	SETUP();
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		const struct lie *l = &lies[i];

		if (!chosen(4))
			continue;
		why = attempt_lie(l);
		if (!why && l->error && res.error != l->error)
			why = strerror(l->error);
		EXPECT_FINE(why, "record %u (%u), field %u.%u: %llx", l->type, l->nth, l->outer,
			    l->field, (unsigned long long)l->value);
	}
	REPORT();
}

/* Addresses of the address space's own fields. */
TEST(lies_about_layout)
{
	static const uint64_t values[] = { 0, 1, 4095, HOLE, KERNEL, -1ULL };
	struct image_field f;
	unsigned int i, j, k;

	SETUP();
	i = nth_rec(CKPT_REC_MM, 0);
	for (j = F(Mm, start_code); j <= F(Mm, env_end); j++) {
		ASSERT_TRUE(image_find(recs[i].payload, recs[i].len, j, 0, &f));
		for (k = 0; k < ARRAY_SIZE(values); k++) {
			if (!chosen(8))
				continue;
			EXPECT_FINE(attempt_payload(i, image_set(recs[i].payload, recs[i].len, &f,
								 values[k]), false),
				    "field %u: %llx", j, (unsigned long long)values[k]);
		}
	}
}
