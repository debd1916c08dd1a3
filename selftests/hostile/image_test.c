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
		HEADER(reserved[16], 1, EBADMSG),
	};
	struct ckpt_image_header keep;
	unsigned int i;

	SETUP();
	memcpy(&keep, good.data, sizeof(keep));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		memcpy(good.data + wrong[i].at, &wrong[i].value, sizeof(wrong[i].value));
		image_fix_file(good.data);
		EXPECT_FINE(attempt(good.data, good.len, false), "%x at %zu", wrong[i].value,
			    wrong[i].at);
		EXPECT_EQ(wrong[i].error, res.error);
		memcpy(good.data, &keep, sizeof(keep));
	}
}

TEST(record_headers)
{
	static const uint64_t lengths[] = {
		0, 1, CKPT_IMAGE_RAW_MAX, CKPT_IMAGE_RAW_MAX + 1ULL, 1ULL << 31, 1ULL << 32,
		1ULL << 62, 1ULL << 63, -1ULL, -8ULL, -4096ULL,
	};
	static const uint32_t gaps[] = { 1, 8, 4095, 4096, 65536, 0x80000000, 0xffffffff };
	struct ckpt_image_record rec, keep;
	unsigned int i, j;

	SETUP();
#define RECORD(what, field, val) do {						\
	rec = keep;								\
	rec.field = val;							\
	image_fix((uint8_t *)&rec);						\
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
		RECORD("type", type, 22);
		RECORD("type", type, 29);
		RECORD("type", type, 64);
		RECORD("type", type, 0xffffffff);
		RECORD("flags", flags, keep.flags ^ CKPT_REC_F_RAW);
		RECORD("flags", flags, 0x80000000);
		RECORD("hash", payload_hash, keep.payload_hash ^ 1);
		RECORD("hash", payload_hash, keep.payload_hash ^ 1ULL << 63);
		memcpy(good.data + starts[i], &keep, sizeof(keep));
	}
	REPORT();
}

/* Above all record types. */
#define RECS_TYPES 64

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
	for (type = 1; type < RECS_TYPES; type++) {
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
		/* Who has a lock, a watch or a guard may ask for it again. */
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

/* ---- what is said ---- */

/**
 * struct lie - a number that must not be believed
 * @type: of the record
 * @nth: which of its type
 * @outer: field that holds a message, 0 none
 * @outer_nth: which of them
 * @field: field with the number
 * @value: the number
 * @error: errno, 0 any
 */
struct lie {
	uint32_t type, nth, outer, outer_nth, field;
	uint64_t value;
	int error;
};

#define LIE(t, n, o, on, f, v, e) { CKPT_REC_##t, n, o, on, f, v, e }

static const struct lie lies[] = {
	LIE(IMAGE, 0, 0, 0, F(Image, nr_processes), 0, EBADMSG),
	LIE(IMAGE, 0, 0, 0, F(Image, nr_processes), 2, EBADMSG),
	LIE(IMAGE, 0, 0, 0, F(Image, nr_processes), 0xffffffff, EBADMSG),
	LIE(IMAGE, 0, F(Image, x86), 0, F(X86Machine, xfeatures), -1ULL, EOPNOTSUPP),
	LIE(IMAGE, 0, F(Image, x86), 0, F(X86Machine, xstate_size), 0, EOPNOTSUPP),
	LIE(IMAGE, 0, F(Image, x86), 0, F(X86Machine, xstate_size), 0xffffffff, EOPNOTSUPP),
	LIE(PROCESS, 0, 0, 0, F(Process, pid), 0, EBADMSG),
	LIE(PROCESS, 0, 0, 0, F(Process, pid), 0x7fffffff, 0),
	LIE(PROCESS, 0, 0, 0, F(Process, pid), 0xffffffff, 0),
	LIE(PROCESS, 0, 0, 0, F(Process, pid), 1, EEXIST),
	LIE(PROCESS, 0, 0, 0, F(Process, nr_threads), 0, EBADMSG),
	LIE(PROCESS, 0, 0, 0, F(Process, nr_threads), 1, EBADMSG),
	LIE(PROCESS, 0, 0, 0, F(Process, nr_threads), 3, EBADMSG),
	LIE(PROCESS, 0, 0, 0, F(Process, nr_threads), 0xffffffff, EBADMSG),
	LIE(PROCESS, 0, 0, 0, F(Process, exit_signal), 65, EBADMSG),
	LIE(PROCESS, 0, 0, 0, F(Process, exit_signal), 0xffffffff, EBADMSG),
	LIE(CRED, 0, 0, 0, F(Cred, id), 0, EBADMSG),
	LIE(CRED, 0, 0, 0, F(Cred, uid), 0xffffffff, EBADMSG),
	LIE(CRED, 0, 0, 0, F(Cred, fsgid), 0xffffffff, EBADMSG),
	LIE(CRED, 0, 0, 0, F(Cred, cap_permitted), 1ULL << 63, EBADMSG),
	LIE(CRED, 0, 0, 0, F(Cred, cap_ambient), 1, EBADMSG),
	LIE(CRED, 0, 0, 0, F(Cred, securebits), 0xffffffff, EBADMSG),
	LIE(FILE, 0, 0, 0, F(File, id), 0, EBADMSG),
	LIE(FILE, 0, 0, 0, F(File, flags), 0xffffffff, EBADMSG),
	LIE(FILE, 0, 0, 0, F(File, flags), O_TRUNC, EBADMSG),
	LIE(FILE, 0, 0, 0, F(File, flags), O_CREAT | O_RDWR, EBADMSG),
	LIE(FILE, 0, F(File, path), 0, F(Path, mode), S_IFIFO | 0600, EBADMSG),
	LIE(FILE, 0, F(File, path), 0, F(Path, mode), S_IFBLK | 0600, EBADMSG),
	LIE(FILE, 0, F(File, path), 0, F(Path, mode), S_IFDIR | 0600, ESTALE),
	LIE(FILE, 0, F(File, path), 0, F(Path, mode), S_IFREG | 0600, ESTALE),
	LIE(FILE, 0, F(File, path), 0, F(Path, rdev), 1ULL << 32 | 5, ESTALE),
	LIE(FILE, 0, F(File, path), 0, F(Path, fs), 0, EBADMSG),
	LIE(FILE, 0, F(File, path), 0, F(Path, fs), 257, EBADMSG),
	LIE(FILE, 0, F(File, path), 0, F(Path, fs), 0xffffffff, EBADMSG),
	LIE(FILE, 0, F(File, path), 0, F(Path, cred), 0, EBADMSG),
	LIE(FILE, 0, F(File, path), 0, F(Path, cred), 0xffffffff, EBADMSG),
	LIE(FILE, 1, F(File, path), 0, F(Path, size), 12345, ESTALE),
	LIE(FILE, 1, F(File, path), 0, F(Path, size), -1ULL, ESTALE),
	LIE(FILE, 1, 0, 0, F(File, pos), -1ULL, EBADMSG),
	LIE(FILE, 1, 0, 0, F(File, pos), 1ULL << 63, EBADMSG),
	LIE(FILE, 0, F(File, eventfd), 0, F(Eventfd, count), -1ULL, EBADMSG),
	LIE(FILE, 0, F(File, timerfd), 0, F(Timerfd, clockid), 2, EBADMSG),
	LIE(FILE, 0, F(File, timerfd), 0, F(Timerfd, clockid), 0xffffffff, EBADMSG),
	LIE(FILE, 0, F(File, timerfd), 0, F(Timerfd, flags), 0x80, EBADMSG),
	LIE(FILE, 0, F(File, timerfd), 0, F(Timerfd, rest_ns), 1ULL << 63, EBADMSG),
	LIE(FILE, 0, F(File, timerfd), 0, F(Timerfd, interval_ns), -1ULL, EBADMSG),
	LIE(PIPE, 0, 0, 0, F(Pipe, capacity), 0, EBADMSG),
	LIE(PIPE, 0, 0, 0, F(Pipe, capacity), 0xffffffff, 0),
	LIE(PIPE, 0, 0, 0, F(Pipe, capacity), 4096, EBADMSG),
	LIE(PIPE, 0, 0, 0, F(Pipe, length), 0, EBADMSG),
	LIE(PIPE, 0, 0, 0, F(Pipe, length), 19999, EBADMSG),
	LIE(PIPE, 0, 0, 0, F(Pipe, length), 65536, EBADMSG),
	LIE(PIPE, 0, 0, 0, F(Pipe, length), 0xffffffff, EBADMSG),
	LIE(PIPE, 1, 0, 0, F(Pipe, length), 31, EBADMSG),
	LIE(SHMEM, 0, 0, 0, F(Shmem, id), 0, EBADMSG),
	LIE(SHMEM, 0, 0, 0, F(Shmem, size), 0, EBADMSG),
	LIE(SHMEM, 0, 0, 0, F(Shmem, size), 1, EBADMSG),
	LIE(SHMEM, 0, 0, 0, F(Shmem, size), -1ULL, EBADMSG),
	LIE(SHMEM, 0, 0, 0, F(Shmem, size), 1ULL << 63, EBADMSG),
	LIE(SHMEM, 0, 0, 0, F(Shmem, seals), 0x40, EBADMSG),
	LIE(SHMEM, 0, 0, 0, F(Shmem, seals), 0xffffffff, EBADMSG),
	LIE(SHMEM, 0, 0, 0, F(Shmem, seals), 2, EBADMSG),		/* it is mapped as if written never */
	LIE(SHMEM, 0, F(Shmem, attr), 0, F(FileAttr, mode), 0170000, EBADMSG),
	LIE(SHMEM, 0, F(Shmem, attr), 0, F(FileAttr, uid), 0xffffffff, EBADMSG),
	LIE(SHMEM, 1, 0, 0, F(Shmem, size), 0, EBADMSG),
	LIE(SHMEM, 1, 0, 0, F(Shmem, size), 1, EBADMSG),
	LIE(SHMEM, 1, 0, 0, F(Shmem, size), -1ULL, EBADMSG),
	LIE(SHMEM, 1, 0, 0, F(Shmem, size), 1ULL << 63, EBADMSG),
	LIE(UNLINKED, 0, 0, 0, F(Unlinked, id), 0, EBADMSG),
	LIE(UNLINKED, 0, 0, 0, F(Unlinked, id), 1, EBADMSG),
	LIE(UNLINKED, 0, 0, 0, F(Unlinked, size), 1, EBADMSG),
	LIE(UNLINKED, 0, 0, 0, F(Unlinked, size), -1ULL, EBADMSG),
	LIE(UNLINKED, 0, F(Unlinked, dir), 0, F(Path, fs), 0, EBADMSG),
	LIE(UNLINKED, 0, F(Unlinked, dir), 0, F(Path, cred), 0, EBADMSG),
	LIE(UNLINKED, 0, F(Unlinked, attr), 0, F(FileAttr, mode), 0170000, EBADMSG),
	LIE(UNLINKED, 0, F(Unlinked, attr), 0, F(FileAttr, uid), 0xffffffff, EBADMSG),
	LIE(SECCOMP, 0, 0, 0, F(Seccomp, id), 0, EBADMSG),
	LIE(SECCOMP, 0, 0, 0, F(Seccomp, id), 1, EBADMSG),
	LIE(SECCOMP, 0, 0, 0, F(Seccomp, id), 0xffffffff, EBADMSG),
	LIE(PKEYS, 0, 0, 0, F(Pkeys, allocated), 0, EBADMSG),
	LIE(PKEYS, 0, 0, 0, F(Pkeys, allocated), 0x10001, EBADMSG),
	LIE(EPOLL, 0, 0, 0, F(Epoll, file), 0, EBADMSG),
	LIE(EPOLL, 0, 0, 0, F(Epoll, file), 1, EBADMSG),
	LIE(EPOLL, 0, F(Epoll, watch), 0, F(EpollWatch, fd), 0xffffffff, EBADMSG),
	LIE(EPOLL, 0, F(Epoll, watch), 0, F(EpollWatch, file), 0, EBADMSG),
	LIE(EPOLL, 0, F(Epoll, watch), 0, F(EpollWatch, file), 1, EBADMSG),
	LIE(EPOLL, 0, F(Epoll, watch), 0, F(EpollWatch, events), 0, EBADMSG),
	LIE(EPOLL, 0, F(Epoll, watch), 0, F(EpollWatch, events), 1, EBADMSG),
	LIE(EPOLL, 0, F(Epoll, watch), 0, F(EpollWatch, events), 1U << 30 | 1, EBADMSG),	/* half a one-shot that fired */
	LIE(EPOLL, 0, F(Epoll, watch), 0, F(EpollWatch, events), 5U << 28 | 0x18, EBADMSG), /* exclusive and one-shot */
	LIE(FILE, 0, F(File, proc), 0, F(Proc, mode), 010600, EBADMSG),
	LIE(FILE, 0, F(File, proc), 0, F(Proc, mode), 040555, ESTALE),
	LIE(FILE, 0, F(File, proc), 0, F(Proc, self), 0, EBADMSG),
	LIE(INOTIFY, 0, 0, 0, F(Inotify, file), 0, EBADMSG),
	LIE(INOTIFY, 0, 0, 0, F(Inotify, file), 1, EBADMSG),
	LIE(INOTIFY, 0, F(Inotify, watch), 0, F(InotifyWatch, wd), 0, EBADMSG),
	LIE(INOTIFY, 0, F(Inotify, watch), 0, F(InotifyWatch, wd), 1U << 31, EBADMSG),
	LIE(INOTIFY, 0, F(Inotify, watch), 0, F(InotifyWatch, mask), 1 << 14, EBADMSG),
	LIE(INOTIFY, 1, F(Inotify, watch), 0, F(InotifyWatch, wd), 2, EBADMSG),		/* the first one's wd */
	LIE(INOTIFY, 2, F(Inotify, event), 0, F(InotifyEvent, wd), 1, EBADMSG),		/* event: wd -1 */
	LIE(INOTIFY, 2, F(Inotify, event), 0, F(InotifyEvent, wd), 0, EBADMSG),
	LIE(INOTIFY, 2, F(Inotify, event), 0, F(InotifyEvent, mask), 1 << 14, EBADMSG),	/* mask: an overflow */
	LIE(INOTIFY, 2, F(Inotify, event), 0, F(InotifyEvent, mask), 1U << 31, EBADMSG),
	LIE(INOTIFY, 2, 0, 0, F(Inotify, next_wd), 0, EBADMSG),
	LIE(INOTIFY, 2, 0, 0, F(Inotify, next_wd), 1U << 31, EBADMSG),
	LIE(LOCKS, 0, F(Locks, lock), 0, F(Lock, file), 0, EBADMSG),
	LIE(LOCKS, 0, F(Locks, lock), 0, F(Lock, file), 1, EBADMSG),
	LIE(LOCKS, 0, F(Locks, lock), 0, F(Lock, kind), 3, EBADMSG),
	LIE(LOCKS, 0, F(Locks, lock), 1, F(Lock, start), 20, EBADMSG),		/* start behind the end */
	LIE(LOCKS, 0, F(Locks, lock), 0, F(Lock, start), -1ULL, EBADMSG),
	LIE(LOCKS, 0, F(Locks, lock), 1, F(Lock, end), 9, EBADMSG),
	LIE(LOCKS, 0, F(Locks, lock), 0, F(Lock, end), 1ULL << 63, EBADMSG),
	LIE(TIMERS, 0, F(Timers, itimer), 0, F(Itimer, which), 3, EBADMSG),
	LIE(TIMERS, 0, F(Timers, itimer), 0, F(Itimer, which), 2, EBADMSG),		/* the other one */
	LIE(TIMERS, 0, F(Timers, itimer), 0, F(Itimer, which), 0xffffffff, EBADMSG),
	LIE(TIMERS, 0, F(Timers, itimer), 0, F(Itimer, rest_ns), 0, EBADMSG),
	LIE(TIMERS, 0, F(Timers, itimer), 0, F(Itimer, rest_ns), 1ULL << 63, EBADMSG),
	LIE(TIMERS, 0, 0, 0, F(Timers, next_id), 0x80000000, EBADMSG),
	LIE(TIMERS, 0, 0, 0, F(Timers, next_id), 0x80000001, EBADMSG),
	LIE(TIMERS, 0, 0, 0, F(Timers, next_id), 0xffffffff, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, id), 0x80000000, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 1, F(PosixTimer, id), 0, 0),			/* the first one's */
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, clock), 200, EBADMSG),		/* clock 100 */
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, clock), 4, EBADMSG),		/* CLOCK_PROCESS_CPUTIME_ID */
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, clock), 1, EBADMSG),		/* -1 */
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, clock), 3, EBADMSG),		/* a thread's, of no thread */
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, notify), 3, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, notify), 4, EBADMSG),		/* a thread, but which */
	LIE(TIMERS, 0, F(Timers, timer), 1, F(PosixTimer, notify), 0, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, signal), 0, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, signal), 65, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, signal), 0xffffffff, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 1, F(PosixTimer, target), 0, 0),
	LIE(TIMERS, 0, F(Timers, timer), 1, F(PosixTimer, target), 1, 0),
	LIE(TIMERS, 0, F(Timers, timer), 1, F(PosixTimer, target), 0xffffffff, 0),
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, interval_ns), 1ULL << 63, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, rest_ns), 0, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 0, F(PosixTimer, rest_ns), 1ULL << 63, EBADMSG),
	LIE(TIMERS, 0, F(Timers, timer), 1, F(PosixTimer, realtime_ns), 1ULL << 63, EBADMSG),
	LIE(FS, 0, F(Fs, root), 0, F(Path, fs), 0, EBADMSG),
	LIE(FS, 0, F(Fs, cwd), 0, F(Path, cred), 0xffffffff, EBADMSG),
	LIE(FS, 0, 0, 0, F(Fs, umask), 01000, EBADMSG),
	LIE(FS, 0, 0, 0, F(Fs, umask), 0xffffffff, EBADMSG),
	LIE(MM, 0, 0, 0, F(Mm, exe_file), 0, EBADMSG),
	LIE(MM, 0, 0, 0, F(Mm, exe_file), 1, EBADMSG),
	LIE(MM, 0, 0, 0, F(Mm, exe_file), 0xffffffff, EBADMSG),
	LIE(MM, 0, 0, 0, F(Mm, mmap_base), 1, EBADMSG),
	LIE(MM, 0, 0, 0, F(Mm, mmap_base), KERNEL, EBADMSG),
	LIE(MM, 0, 0, 0, F(Mm, dumpable), 3, EBADMSG),
	LIE(MM, 0, 0, 0, F(Mm, nr_vmas), 0, EBADMSG),
	LIE(MM, 0, 0, 0, F(Mm, nr_vmas), 0xffffffff, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, start), 1, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, start), KERNEL, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, start), HOLE, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, end), 1, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, end), 0, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, end), HOLE, EOPNOTSUPP),	/* with page tables of five levels */
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, end), -4096ULL, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, end), TASK_SIZE_MAX, 0),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, end), 1ULL << 55, EOPNOTSUPP),
	LIE(VMAS, 0, F(Vmas, vma), 1, F(Vma, start), 4096, EBADMSG),		/* overlap */
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, prot), 8, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, prot), 0x1000000, EBADMSG),	/* PROT_GROWSDOWN */
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, flags), 1 << 16, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, flags), 1 << 15, EBADMSG),	/* droppable memory of a file */
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, flags), 0xffffffff, 0),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, flags), 1 << 14, EBADMSG),	/* as if of a sealed memfd */
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, flags), 1 << 14 | 1, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, kind), 0, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, kind), 2, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, kind), 3, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, file), 0, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, file), 1, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, file), 0xffffffff, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, pgoff), -1ULL, EBADMSG),
	LIE(VMAS, 0, F(Vmas, vma), 0, F(Vma, pgoff), (1ULL << 52) - 1, 0),
	LIE(FDS, 0, F(Fds, fd), 0, F(Fd, fd), 3, EBADMSG),		/* fd: descending */
	LIE(FDS, 0, F(Fds, fd), 1, F(Fd, fd), 0, EBADMSG),
	LIE(FDS, 0, F(Fds, fd), 0, F(Fd, fd), 0xffffffff, EBADMSG),
	LIE(FDS, 0, F(Fds, fd), 0, F(Fd, file), 0, EBADMSG),
	LIE(FDS, 0, F(Fds, fd), 0, F(Fd, file), 1, EBADMSG),
	LIE(FDS, 0, F(Fds, fd), 0, F(Fd, file), 0xffffffff, EBADMSG),
	LIE(SIGHAND, 0, F(Sighand, action), 0, F(Sigaction, signal), 0, EBADMSG),
	LIE(SIGHAND, 0, F(Sighand, action), 0, F(Sigaction, signal), 9, EBADMSG),
	LIE(SIGHAND, 0, F(Sighand, action), 0, F(Sigaction, signal), 19, EBADMSG),
	LIE(SIGHAND, 0, F(Sighand, action), 0, F(Sigaction, signal), 65, EBADMSG),
	LIE(SIGHAND, 0, F(Sighand, action), 0, F(Sigaction, signal), 0xffffffff, EBADMSG),
	LIE(SIGHAND, 0, F(Sighand, action), 0, F(Sigaction, flags), 0xffffffff, EBADMSG),
	LIE(SIGNALS, 0, F(Signals, pending), 0, F(Signal, signal), 0, EBADMSG),
	LIE(SIGNALS, 0, F(Signals, pending), 0, F(Signal, signal), 9, EBADMSG),
	LIE(SIGNALS, 0, F(Signals, pending), 0, F(Signal, signal), 65, EBADMSG),
	LIE(SIGNALS, 0, F(Signals, pending), 0, F(Signal, signal), 5, EBADMSG),		/* not that of its siginfo */
	LIE(LIMITS, 0, F(Limits, limit), 0, F(Limit, resource), 16, EBADMSG),
	LIE(LIMITS, 0, F(Limits, limit), 0, F(Limit, resource), 0xffffffff, EBADMSG),
	LIE(LIMITS, 0, F(Limits, limit), 3, F(Limit, hard), 0, EBADMSG),		/* hard below soft (stack) */
	LIE(THREAD, 0, 0, 0, F(Thread, tid), 0, EBADMSG),
	LIE(THREAD, 0, 0, 0, F(Thread, tid), 0xffffffff, EBADMSG),
	LIE(THREAD, 1, 0, 0, F(Thread, tid), 0, EBADMSG),
	LIE(THREAD, 1, 0, 0, F(Thread, tid), 1, EEXIST),
	LIE(THREAD, 1, 0, 0, F(Thread, tid), 4 << 20, 0),
	LIE(THREAD, 1, 0, 0, F(Thread, tid), 0xffffffff, EBADMSG),
	LIE(THREAD, 0, 0, 0, F(Thread, cred), 0, EBADMSG),
	LIE(THREAD, 1, 0, 0, F(Thread, cred), 0xffffffff, EBADMSG),
	LIE(THREAD, 1, 0, 0, F(Thread, cred), 2, EBADMSG),
	LIE(THREAD, 0, F(Thread, pending), 0, F(Signal, signal), 9, EBADMSG),		/* pending */
	LIE(THREAD, 0, F(Thread, pending), 0, F(Signal, signal), 0, EBADMSG),
	LIE(THREAD, 0, 0, 0, F(Thread, altstack_sp), KERNEL, EBADMSG),
	LIE(THREAD, 0, 0, 0, F(Thread, altstack_size), -1ULL, EBADMSG),
	LIE(THREAD, 0, 0, 0, F(Thread, altstack_flags), 0x10, EBADMSG),
	LIE(THREAD, 0, F(Thread, rseq), 0, F(Rseq, ptr), KERNEL, 0),		/* rseq */
	LIE(THREAD, 0, F(Thread, rseq), 0, F(Rseq, ptr), 1, 0),
	LIE(THREAD, 0, F(Thread, rseq), 0, F(Rseq, len), 1, 0),
	LIE(THREAD, 1, F(Thread, restart), 0, F(Restart, kind), 4, EBADMSG),		/* restart kind */
	LIE(THREAD, 1, F(Thread, restart), 0, F(Restart, kind), 2, EBADMSG),
	LIE(THREAD, 1, F(Thread, restart), 0, F(Restart, clockid), 2, EBADMSG),		/* CLOCK_PROCESS_CPUTIME_ID */
	LIE(THREAD, 1, F(Thread, restart), 0, F(Restart, clockid), 8, EBADMSG),		/* CLOCK_REALTIME_ALARM */
	LIE(THREAD, 1, F(Thread, restart), 0, F(Restart, clockid), 0xffffffff, EBADMSG),
	LIE(THREAD, 0, F(Thread, restart), 0, F(Restart, bitset), 0, EBADMSG),
	LIE(THREAD, 0, F(Thread, restart), 0, F(Restart, futex_flags), 0xffffffff, EBADMSG),
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, policy), 99, 0),
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, policy), 1, 0),			/* FIFO without a priority */
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, policy), 6, 0),			/* deadline without one */
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, policy), 0x80000000, EBADMSG),
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, policy), 0xffffffff, EBADMSG),
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, nice), 200, EBADMSG),		/* nice 100 */
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, rt_priority), 100, 0),
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, ioprio), 1, EBADMSG),		/* ioprio: no class, but a level */
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, ioprio), 4 << 13, EBADMSG),	/* no such class */
	LIE(THREAD, 0, F(Thread, sched), 0, F(Sched, ioprio), 1 << 16 | 2 << 13, EBADMSG), /* more than there is room for */
	LIE(THREAD, 0, 0, 0, F(Thread, personality), 8, EBADMSG),
	LIE(THREAD, 0, 0, 0, F(Thread, personality), 0xff, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, ip), KERNEL, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, ip), HOLE, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, ip), TASK_SIZE_MAX, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, ip), -1ULL, EBADMSG),
	LIE(THREAD, 1, F(Thread, x86), 0, F(X86Regs, ip), -2ULL, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, cs), 0x10, EBADMSG),	/* cs: the kernel's */
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, cs), 0x23, EBADMSG),	/* 32-bit */
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, cs), 0, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, cs), 7, EBADMSG),		/* of an LDT */
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, ss), 0x18, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, ss), 0, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, fs_base), KERNEL, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, fs_base), HOLE, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, gs_base), KERNEL, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, ds), 0x10, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, fs), 0x33, EBADMSG),
	LIE(THREAD, 0, F(Thread, x86), 0, F(X86Regs, gs), 0xffff, EBADMSG),
	LIE(GUARDS, 0, F(Guards, run), 0, F(PageRun, addr), 1, EBADMSG),
	LIE(GUARDS, 0, F(Guards, run), 0, F(PageRun, addr), 0, 0),
	LIE(GUARDS, 0, F(Guards, run), 0, F(PageRun, addr), KERNEL & -4096ULL, EBADMSG),
	LIE(GUARDS, 0, F(Guards, run), 0, F(PageRun, pages), 0, EBADMSG),
	LIE(GUARDS, 0, F(Guards, run), 0, F(PageRun, pages), 0xffffffff, 0),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, addr), 0, EBADMSG),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, addr), 1, EBADMSG),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, addr), KERNEL, EBADMSG),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, addr), HOLE, EBADMSG),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, addr), HOLE - 4096, EBADMSG),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, addr), -4096ULL, EBADMSG),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, pages), 0, EBADMSG),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, pages), 257, EBADMSG),
	LIE(PAGE_RUNS, 0, F(PageRuns, run), 0, F(PageRun, pages), 0xffffffff, EBADMSG),
	LIE(SHMEM_RUN, 0, 0, 0, F(ShmemRun, shmem), 0, EBADMSG),
	LIE(SHMEM_RUN, 0, 0, 0, F(ShmemRun, shmem), 1, EBADMSG),
	LIE(SHMEM_RUN, 0, 0, 0, F(ShmemRun, offset), 65536, EBADMSG),
	LIE(SHMEM_RUN, 0, 0, 0, F(ShmemRun, offset), 1ULL << 63, EBADMSG),
	LIE(SHMEM_RUN, 0, 0, 0, F(ShmemRun, offset), -4096ULL, EBADMSG),
};

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

/* What the program did not have, though who restarts it has: the class of ionice(1). */
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
