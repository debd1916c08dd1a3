// SPDX-License-Identifier: GPL-2.0
/* Images that lie about who opened a file, and about which file it was. */
#include "attempt.h"
#include "say.h"

/* An id that no object of a good image has. */
#define NEW_ID 999

/* The record that is the FILE of @path, or n_recs. */
static unsigned int file_of(const char *path)
{
	struct image_field f;
	struct image_bytes file, name;
	unsigned int i;

	for (i = 0; i < n_recs; i++) {
		file = payload(i);
		if (recs[i].type != CKPT_REC_FILE ||
		    !image_find(file.data, file.len, F(File, path), 0, &f))
			continue;
		file = inner(&file, F(File, path));
		name = inner(&file, F(Path, path));
		if (name.len == strlen(path) && !memcmp(name.data, path, name.len))
			return i;
	}
	return n_recs;
}

static uint64_t number_of(unsigned int i, uint32_t number)
{
	struct image_field f;

	return image_find(recs[i].payload, recs[i].len, number, 0, &f) ? f.scalar : 0;
}

/* The credentials of the program as those of an opener. */
static struct image_bytes opener(uint32_t id)
{
	struct image_bytes msg = payload(nth_rec(CKPT_REC_CRED, 0));

	say(&msg, F(Cred, id), id);
	say_new(&msg, F(Cred, opener), 1);
	return msg;
}

/* A list of all records, with some put in front of record @at. Return: how many. */
static unsigned int with_some(struct image_rec *list, unsigned int at, uint32_t type,
			      const struct image_bytes *msg, unsigned int n)
{
	unsigned int i;

	memcpy(list, recs, at * sizeof(*list));
	for (i = 0; i < n; i++)
		list[at + i] = (struct image_rec){ type, 0, msg[i].len, msg[i].data };
	memcpy(list + at + n, recs + at, (n_recs - at) * sizeof(*list));
	return n_recs + n;
}

/* One number of the path in a record. */
static const char *attempt_path(unsigned int i, uint32_t outer, uint32_t number, uint64_t value,
				bool may)
{
	struct image_bytes msg = payload(i), path = inner(&msg, outer);

	say_new(&path, number, value);
	say_bytes(&msg, outer, path.data, path.len);
	return attempt_payload(i, msg, may);
}

static const char *attempt_handle(unsigned int i, size_t len, bool may)
{
	static const uint8_t handle[161] = { 1, 1 };
	struct image_bytes msg = payload(i), path = inner(&msg, F(File, path));

	say_new_bytes(&path, F(Path, handle), handle, len);
	say_bytes(&msg, F(File, path), path.data, path.len);
	return attempt_payload(i, msg, may);
}

#define EXPECT_REFUSED(expected, why, ...) do {			\
	EXPECT_FINE(why, __VA_ARGS__);				\
	EXPECT_EQ(expected, res.error) {			\
		printf("# ");					\
		printf(__VA_ARGS__);				\
		printf(": %s\n", device_words(&res));		\
	}							\
} while (0)

/* A record that refers to none. */
static struct image_bytes without_creds(unsigned int i)
{
	static const uint32_t of_fs[] = { F(Fs, root), F(Fs, cwd) }, of_file[] = { F(File, path) };
	const bool is_fs = recs[i].type == CKPT_REC_FS;
	struct image_bytes msg = payload(i), path;
	unsigned int k;

	for (k = 0; k < (is_fs ? 2 : 1); k++) {
		const uint32_t outer = is_fs ? of_fs[k] : of_file[k];

		path = inner(&msg, outer);
		say_nothing(&path, F(Path, cred));
		say_bytes(&msg, outer, path.data, path.len);
	}
	return msg;
}

TEST(order_of_credentials)
{
	static const uint32_t types[] = { CKPT_REC_FILE, CKPT_REC_FS };
	struct image_rec list[RECS_MAX + 1], keep;
	struct image_bytes msg = { 0 }, thread;
	unsigned int i, k, n, cred;

	SETUP_OF("count");
	cred = nth_rec(CKPT_REC_CRED, 0);
	msg = opener(NEW_ID);
	n = with_some(list, cred, CKPT_REC_CRED, &msg, 1);
	EXPECT_REFUSED(EBADMSG, attempt_recs(list, n, false), "an opener in front");
	n = with_some(list, cred + 1, CKPT_REC_CRED, &msg, 1);
	EXPECT_FINE(attempt_recs(list, n, true), "an opener");
	EXPECT_EQ(1, started) {
		TH_LOG("%s", device_words(&res));
	}
	keep = recs[cred];
	msg = opener(number_of(cred, F(Cred, id)));
	put(cred, &msg);
	EXPECT_REFUSED(EBADMSG, attempt_recs(recs, n_recs, false), "nothing but an opener");
	recs[cred] = keep;

	/* A thread has what files were opened with. */
	i = nth_rec(CKPT_REC_THREAD, 0);
	thread = payload(i);
	say(&thread, F(Thread, cred), NEW_ID);
	msg = opener(NEW_ID);
	n = with_some(list, cred + 1, CKPT_REC_CRED, &msg, 1);
	list[i + 1].payload = thread.data;
	list[i + 1].len = thread.len;
	EXPECT_REFUSED(EBADMSG, attempt_recs(list, n, false), "a thread with an opener's");

	/* A file that is opened before the credentials would have the restarter's. */
	for (k = 0; k < ARRAY_SIZE(types); k++) {
		i = nth_rec(types[k], 0);
		ASSERT_LT(cred, i);
		memcpy(list, recs, n_recs * sizeof(*list));
		memmove(list + cred + 1, list + cred, (i - cred) * sizeof(*list));
		msg = without_creds(i);
		list[cred] = (struct image_rec){ types[k], 0, msg.len, msg.data };
		EXPECT_REFUSED(EBADMSG, attempt_recs(list, n_recs, false), "type %u in front",
			       types[k]);
	}
	REPORT();
}

/* The main thread's are the first: what files were opened with is compared with these. */
TEST(others_first)
{
	struct image_rec list[RECS_MAX + 1];
	struct image_bytes msg;
	unsigned int n, cred;

	SETUP();
	cred = nth_rec(CKPT_REC_CRED, 0);
	msg = payload(cred);
	say(&msg, F(Cred, id), NEW_ID);
	n = with_some(list, cred + 1, CKPT_REC_CRED, &msg, 1);
	EXPECT_FINE(attempt_recs(list, n, true), "behind those of the main thread");
	EXPECT_EQ(1, started) {
		TH_LOG("%s", device_words(&res));
	}
	n = with_some(list, cred, CKPT_REC_CRED, &msg, 1);
	EXPECT_REFUSED(EBADMSG, attempt_recs(list, n, false), "in front of them");
}

TEST(too_many_openers)
{
	static struct image_rec list[RECS_MAX + CKPT_IMAGE_OPENERS_MAX + 1];
	static struct image_bytes msg[CKPT_IMAGE_OPENERS_MAX + 1];
	unsigned int i, n, cred;

	SETUP_OF("count");
	cred = nth_rec(CKPT_REC_CRED, 0);
	for (i = 0; i < ARRAY_SIZE(msg); i++)
		msg[i] = opener(NEW_ID + i);
	n = with_some(list, cred + 1, CKPT_REC_CRED, msg, CKPT_IMAGE_OPENERS_MAX);
	EXPECT_FINE(attempt_recs(list, n, true), "as many as there can be");
	EXPECT_EQ(1, started) {
		TH_LOG("%s", device_words(&res));
	}
	n = with_some(list, cred + 1, CKPT_REC_CRED, msg, ARRAY_SIZE(msg));
	EXPECT_REFUSED(EBADMSG, attempt_recs(list, n, false), "one more");
}

/* Ids that are not valid here open nothing, and harm nothing. */
TEST(ids_of_elsewhere)
{
	static const struct {
		uint32_t number;
		uint64_t value;
	} wrong[] = {
		{ F(Cred, uid), 0xffffffff }, { F(Cred, fsgid), 0xffffffff },
		{ F(Cred, cap_permitted), 1ULL << 63 }, { F(Cred, cap_effective), 1ULL << 63 },
		{ F(Cred, cap_ambient), 1 }, { F(Cred, securebits), 0xffffffff },
	};
	struct image_bytes msg, file, path;
	struct image_rec list[RECS_MAX + 1];
	unsigned int i, n, cred, at;

	SETUP_OF("count");
	cred = nth_rec(CKPT_REC_CRED, 0);
	at = file_of(counter_path);
	ASSERT_LT(at, n_recs);
	file = payload(at);
	path = inner(&file, F(File, path));
	say_new(&path, F(Path, cred), NEW_ID);
	say_bytes(&file, F(File, path), path.data, path.len);
	put(at, &file);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		msg = opener(NEW_ID);
		say(&msg, wrong[i].number, wrong[i].value);
		n = with_some(list, cred + 1, CKPT_REC_CRED, &msg, 1);
		EXPECT_FINE(attempt_recs(list, n, true), "the same file, field %u",
			    wrong[i].number);
		EXPECT_EQ(i + 1, started) {
			TH_LOG("%s", device_words(&res));
		}
	}
	say_new_bytes(&path, F(Path, handle), "\1\1", 2);
	say_bytes(&file, F(File, path), path.data, path.len);
	put(at, &file);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		msg = opener(NEW_ID);
		say(&msg, wrong[i].number, wrong[i].value);
		n = with_some(list, cred + 1, CKPT_REC_CRED, &msg, 1);
		EXPECT_REFUSED(ESTALE, attempt_recs(list, n, false), "another file, field %u",
			       wrong[i].number);
	}
	REPORT();
}

TEST(references)
{
	/* Fields that say what a file is; one with a path has its credentials there. */
	static const uint32_t kinds[] = {
		F(File, path), F(File, pipe), F(File, tty), F(File, shmem), F(File, eventfd),
		F(File, timerfd), F(File, signalfd), F(File, epoll), F(File, pidfd),
		F(File, unlinked), F(File, inotify), F(File, proc),
	};
	struct image_field f;
	unsigned int i, k, at, fs;

	SETUP();
	at = file_of(counter_path);
	fs = nth_rec(CKPT_REC_FS, 0);
	ASSERT_LT(at, n_recs);
	EXPECT_REFUSED(EBADMSG, attempt_path(at, F(File, path), F(Path, fs), 0, false), "fs 0");
	EXPECT_REFUSED(EBADMSG, attempt_path(at, F(File, path), F(Path, fs), 100, false), "fs 100");
	EXPECT_REFUSED(EBADMSG, attempt_path(at, F(File, path), F(Path, cred), 0, false), "cred 0");
	EXPECT_REFUSED(EBADMSG, attempt_path(at, F(File, path), F(Path, cred), NEW_ID, false),
		       "cred of nobody");
	EXPECT_REFUSED(EBADMSG, attempt_path(at, F(File, path), F(Path, cred),
					     number_of(at, F(File, id)), false),
		       "a FILE as cred");
	EXPECT_REFUSED(EBADMSG, attempt_path(fs, F(Fs, cwd), F(Path, cred),
					     number_of(at, F(File, id)), false),
		       "a FILE as cred of a directory");
	for (i = 0; i < n_recs; i++) {
		if (recs[i].type == CKPT_REC_INOTIFY &&
		    image_find(recs[i].payload, recs[i].len, F(Inotify, watch), 0, &f)) {
			struct image_bytes msg = payload(i), path;
			struct image_bytes watch = inner(&msg, F(Inotify, watch));

			path = inner(&watch, F(InotifyWatch, path));
			say_new(&path, F(Path, cred), number_of(at, F(File, id)));
			say_bytes(&watch, F(InotifyWatch, path), path.data, path.len);
			say_bytes(&msg, F(Inotify, watch), watch.data, watch.len);
			EXPECT_REFUSED(EBADMSG, attempt_payload(i, msg, false),
				       "a FILE as cred of a watch");
			break;
		}
	}
	ASSERT_LT(i, n_recs);
	/* Root has all rights to another file. */
	started = 0;
	EXPECT_FINE(attempt_handle(at, 0, true), "an empty handle");
	EXPECT_FINE(attempt_handle(at, 160, true), "the longest handle");
	EXPECT_EQ(2, started);
	EXPECT_REFUSED(EBADMSG, attempt_handle(at, 161, false), "too long a handle");

	/* Each kind of file once. */
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct image_bytes msg;

		for (i = 0; i < n_recs; i++)
			if (recs[i].type == CKPT_REC_FILE &&
			    image_find(recs[i].payload, recs[i].len, kinds[k], 0, &f))
				break;
		if (i == n_recs)
			continue;
		msg = payload(i);
		say_new(&msg, F(File, cred), NEW_ID);
		EXPECT_REFUSED(EBADMSG, attempt_payload(i, msg, false), "cred of nobody, kind %u",
			       kinds[k]);
		msg = payload(i);
		say_new(&msg, F(File, cred), number_of(nth_rec(CKPT_REC_CRED, 0), F(Cred, id)));
		started = 0;
		EXPECT_FINE(attempt_payload(i, msg, kinds[k] != F(File, path)), "cred, kind %u",
			    kinds[k]);
		EXPECT_EQ(kinds[k] != F(File, path), started) {
			TH_LOG("kind %u: %s", kinds[k], device_words(&res));
		}
	}
	REPORT();
}

static const char *attempt_fs(const struct image_bytes *more, unsigned int n, bool may)
{
	unsigned int i = nth_rec(CKPT_REC_FILESYSTEMS, 0);
	struct image_bytes msg = payload(i);
	uint8_t head[8];
	size_t len;

	while (n--) {
		len = say_varint(head, F(Filesystems, fs) << 3 | 2);
		len += say_varint(head + len, more->len);
		msg = image_splice(msg.data, msg.len, msg.len, msg.len, head, len);
		msg = image_splice(msg.data, msg.len, msg.len, msg.len, more->data, more->len);
	}
	return attempt_payload(i, msg, may);
}

TEST(file_systems)
{
	static const uint8_t many[257] = { 1 };
	struct image_rec list[RECS_MAX + 1];
	unsigned int i, k, n;
	struct image_bytes msg;
	static const struct {
		const char *type;
		size_t type_len, uuid, source;
		bool ok;
	} fs[] = {
		{ "", 0, 16, 255, true },
		{ "a-type-of-as-many-as-31-letters", 31, 0, 0, false },
		{ "a-type-of-as-many-as-31-letters", 31, 16, 0, true },
		{ "a-type-of-as-many-as-32-letters-", 32, 16, 0, false },
		{ "a\0b", 3, 16, 0, false },
		{ "ext4", 4, 15, 0, false },
		{ "ext4", 4, 17, 0, false },
		{ "ext4", 4, 16, 256, false },
	};

	SETUP_OF("count");
	for (k = 0; k < ARRAY_SIZE(fs); k++) {
		msg = (struct image_bytes){ 0 };
		say_new_bytes(&msg, F(Filesystem, type), fs[k].type, fs[k].type_len);
		say_new_bytes(&msg, F(Filesystem, uuid), many, fs[k].uuid);
		say_new(&msg, F(Filesystem, fsid), -1ULL);
		say_new_bytes(&msg, F(Filesystem, source), many, fs[k].source);
		started = 0;
		EXPECT_FINE(attempt_fs(&msg, 1, fs[k].ok), "file system %u", k);
		EXPECT_EQ(fs[k].ok ? 0 : EBADMSG, fs[k].ok ? !started : res.error) {
			TH_LOG("file system %u: %s", k, device_words(&res));
		}
	}
	msg = (struct image_bytes){ 0 };
	say_new_bytes(&msg, F(Filesystem, type), "ext4", 4);
	EXPECT_REFUSED(EBADMSG, attempt_fs(&msg, 257, false), "too many");

	i = nth_rec(CKPT_REC_FILESYSTEMS, 0);
	msg = payload(i);
	n = with_some(list, i, CKPT_REC_FILESYSTEMS, &msg, 1);
	EXPECT_REFUSED(EBADMSG, attempt_recs(list, n, false), "twice");
	memcpy(list, recs, n_recs * sizeof(*list));
	k = nth_rec(CKPT_REC_CRED, 0);
	memmove(list + i, list + i + 1, (k - i) * sizeof(*list));
	list[k] = recs[i];
	EXPECT_REFUSED(EBADMSG, attempt_recs(list, n_recs, false), "behind CRED");
	memcpy(list, recs, n_recs * sizeof(*list));
	k = nth_rec(CKPT_REC_FILE, 0);
	memmove(list + i, list + i + 1, (k - i) * sizeof(*list));
	list[k] = recs[i];
	EXPECT_REFUSED(EBADMSG, attempt_recs(list, n_recs, false), "behind FILE");
	REPORT();
}

/* ---- a program of nobody's, and what is root's ---- */

static char secret[80];

static void make_secret(mode_t mode)
{
	int fd;

	snprintf(secret, sizeof(secret), "/tmp/ckpt-secret.%d", getpid());
	fd = open(secret, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "secret", 6) != 6 || fchmod(fd, mode))
		abort();
	close(fd);
}

/* The FILE of the counter as one of the secret; by size and time it is. */
static struct image_bytes of_secret(uint32_t id, uint64_t fs, uint64_t cred)
{
	struct image_bytes file = payload(file_of(counter_path));
	struct image_bytes path = inner(&file, F(File, path));
	struct stat st;

	if (stat(secret, &st))
		abort();
	say_text(&path, F(Path, path), secret);
	say(&path, F(Path, mode), st.st_mode);
	say(&path, F(Path, size), st.st_size);
	say(&path, F(Path, mtime_ns),
	    st.st_mtim.tv_sec * 1000000000ULL + st.st_mtim.tv_nsec);
	say(&path, F(Path, ino), st.st_ino);
	say_nothing(&path, F(Path, written));
	say_nothing(&path, F(Path, fs));
	say_nothing(&path, F(Path, cred));
	if (fs)
		say_new(&path, F(Path, fs), fs);
	if (cred)
		say_new(&path, F(Path, cred), cred);
	say_nothing(&path, F(Path, ctime_ns));
	say(&file, F(File, id), id);
	say(&file, F(File, flags), O_RDONLY);
	say_bytes(&file, F(File, path), path.data, path.len);
	return file;
}

/* Each with an opener that is root, one with ids of nowhere, and one that is nobody. */
TEST(forged_identity)
{
	struct image_bytes creds[3], file, path, handle;
	struct image_rec list[RECS_MAX + 4];
	unsigned int i, k, how, n, first;
	struct image_field f;
	uint64_t fs;

	ASSERT_EQ(0, chdir("/"));
	SETUP_OF("count");
	make_secret(0600);
	creds[0] = opener(NEW_ID);
	creds[1] = opener(NEW_ID + 1);
	say(&creds[1], F(Cred, uid), 0xffffffff);
	say_nobody();
	creds[2] = opener(NEW_ID + 2);
	file = payload(file_of(counter_path));
	path = inner(&file, F(File, path));
	handle = inner(&path, F(Path, handle));
	ASSERT_TRUE(image_find(path.data, path.len, F(Path, fs), 0, &f));
	fs = f.scalar;
	first = nth_rec(CKPT_REC_CRED, 0) + 1;
	n = with_some(list, first, CKPT_REC_CRED, creds, 3);
	for (i = 0; i < 5; i++) {
		const uint64_t cred = i < 3 ? NEW_ID + i :
				      i < 4 ? number_of(nth_rec(CKPT_REC_CRED, 0), F(Cred, id)) : 0;

		for (how = 0; how < 5; how++) {
			file = of_secret(NEW_ID + 10, how < 4 ? fs : 0, cred);
			path = inner(&file, F(File, path));
			if (how == 1)
				say_bytes(&path, F(Path, handle), handle.data, handle.len - 1);
			if (how == 2)
				say_bytes(&path, F(Path, handle), "", 0);
			if (how == 3)
				say_nothing(&path, F(Path, handle));
			say_bytes(&file, F(File, path), path.data, path.len);
			k = nth_rec(CKPT_REC_FILE, 0) + 3;
			memmove(list + k + 1, list + k, (n - k) * sizeof(*list));
			list[k] = (struct image_rec){ CKPT_REC_FILE, 0, file.len, file.data };
			EXPECT_REFUSED(ESTALE, attempt_recs(list, n + 1, false),
				       "cred %u, identity %u", i, how);
			EXPECT_NE(NULL, strstr(device_words(&res), "another file than")) {
				TH_LOG("%s", device_words(&res));
			}
			memmove(list + k, list + k + 1, (n - k) * sizeof(*list));
		}
	}
	/* A file that anybody may read is no secret. */
	ASSERT_EQ(0, chmod(secret, 0644));
	started = 0;
	file = of_secret(NEW_ID + 10, fs, NEW_ID + 2);
	memmove(list + k + 1, list + k, (n - k) * sizeof(*list));
	list[k] = (struct image_rec){ CKPT_REC_FILE, 0, file.len, file.data };
	EXPECT_FINE(attempt_recs(list, n + 1, true), "readable");
	EXPECT_EQ(1, started) {
		TH_LOG("%s", device_words(&res));
	}
	unlink(secret);
	REPORT();
}

/* Nobody's program gets no file of its own in a directory of root's. */
TEST(deleted_file_of_root)
{
	struct image_bytes creds[2], msg, dir;
	struct image_rec list[RECS_MAX + 3];
	unsigned int i, n, k;
	char name[80];

	ASSERT_EQ(0, chdir("/"));
	SETUP();
	snprintf(name, sizeof(name), "/tmp/ckpt-private.%d", getpid());
	ASSERT_EQ(0, mkdir(name, 0700));
	creds[0] = opener(NEW_ID);
	say_nobody();
	creds[1] = opener(NEW_ID + 1);
	for (i = 0; i < 3; i++) {
		n = with_some(list, nth_rec(CKPT_REC_CRED, 0) + 1, CKPT_REC_CRED, creds, 2);
		k = nth_rec(CKPT_REC_UNLINKED, 0);
		msg = payload(k);
		dir = inner(&msg, F(Unlinked, dir));
		say_text(&dir, F(Path, path), name);
		if (i < 2)
			say_new(&dir, F(Path, cred), NEW_ID + i);
		else
			say_nothing(&dir, F(Path, cred));
		say_bytes(&msg, F(Unlinked, dir), dir.data, dir.len);
		list[k + 2].payload = msg.data;
		list[k + 2].len = msg.len;
		EXPECT_REFUSED(ESTALE, attempt_recs(list, n, false), "cred %u", i);
		EXPECT_NE(NULL, strstr(device_words(&res), name)) {
			TH_LOG("%s", device_words(&res));
		}
	}
	EXPECT_EQ(0, rmdir(name));
	REPORT();
}

/* A FILE that is a symbolic link: that of a file, with another path, kind and flags. */
static struct image_bytes symlink_of(unsigned int i, const char *where, uint32_t mode,
				     const char *target, uint32_t flags)
{
	struct image_bytes file = payload(i), path = inner(&file, F(File, path)), link = {};

	say_text(&path, F(Path, path), where);
	say(&path, F(Path, mode), mode);
	say(&path, F(Path, size), 0);
	say_nothing(&path, F(Path, handle));
	say_new_bytes(&link, F(Symlink, path), path.data, path.len);
	say_new_bytes(&link, F(Symlink, target), target, strlen(target));
	say_nothing(&file, F(File, path));
	say_nothing(&file, F(File, pos));
	say_new_bytes(&file, F(File, symlink), link.data, link.len);
	say(&file, F(File, id), NEW_ID);
	say(&file, F(File, flags), flags);
	return file;
}

/* The file that an image calls a symbolic link may be none, jump to a file, or lead elsewhere. */
TEST(symbolic_links)
{
	static const struct {
		const char *where, *target;
		uint32_t mode, flags;
		int error;
	} cases[] = {
		{ "/proc/mounts", "self/mounts", S_IFLNK | 0777, O_PATH | O_NOFOLLOW, 0 },
		{ "/proc/mounts", "self/mount", S_IFLNK | 0777, O_PATH | O_NOFOLLOW, ESTALE },
		{ "/proc/mounts", "elsewhere", S_IFLNK | 0777, O_PATH | O_NOFOLLOW, ESTALE },
		{ "/proc/mounts", "self/mounts", S_IFREG | 0644, O_PATH | O_NOFOLLOW, EBADMSG },
		{ "/proc/mounts", "self/mounts", S_IFLNK | 0777, O_PATH, EBADMSG },
		{ "/proc/mounts", "self/mounts", S_IFLNK | 0777, O_RDONLY, EBADMSG },
		{ "/proc/self/exe", "/bin/sh", S_IFLNK | 0777, O_PATH | O_NOFOLLOW, ESTALE },
		{ "/proc/self/ns/net", "net:[1]", S_IFLNK | 0777, O_PATH | O_NOFOLLOW, ESTALE },
		{ "/etc/passwd", "x", S_IFLNK | 0777, O_PATH | O_NOFOLLOW, ESTALE },
		{ "/etc", "x", S_IFLNK | 0777, O_PATH | O_NOFOLLOW, ESTALE },
	};
	struct image_rec list[RECS_MAX + 1];
	struct image_bytes file;
	unsigned int i;

	SETUP_OF("count");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		file = symlink_of(nth_rec(CKPT_REC_FILE, 0), cases[i].where, cases[i].mode,
				  cases[i].target, cases[i].flags);
		with_record(list, CKPT_REC_FILE, file.data, file.len);
		EXPECT_FINE(attempt_recs(list, n_recs + 1, !cases[i].error), cases[i].where);
		EXPECT_EQ(cases[i].error, res.error) TH_LOG("%u: %s", i, device_words(&res));
	}
	REPORT();
}

/* A FILE that is a standard stream. */
static struct image_bytes stream_of(uint32_t stream, uint32_t flags, uint32_t pipe)
{
	struct image_bytes file = {}, external = {};

	say_new(&external, F(External, stream), stream);
	say_new_bytes(&external, F(External, name), "pipe:[1]", 8);
	if (pipe)
		say_new(&external, F(External, pipe), pipe);
	say_new(&file, F(File, id), NEW_ID);
	say_new(&file, F(File, flags), flags);
	say_new_bytes(&file, F(File, external), external.data, external.len);
	return file;
}

/* Nothing is given in the place of one here: an input is at its end then. */
TEST(standard_streams)
{
	static const struct {
		uint32_t stream, flags, pipe, field;
		int error;
	} cases[] = {
		{ 0, O_RDONLY, 0, 0, 0 },
		{ 0, O_RDWR, 0, 0, 0 },
		{ 1, O_WRONLY, 0, 0, EBADF },
		{ 2, O_RDWR, 0, 0, EBADF },
		{ 3, O_WRONLY, 0, 0, EBADMSG },
		{ ~0U, O_WRONLY, 0, 0, EBADMSG },
		{ 1, O_RDONLY, 0, 0, EBADMSG },
		{ 0, O_WRONLY, 0, 0, EBADMSG },
		{ 0, O_ACCMODE, 0, 0, EBADMSG },
		{ 0, O_RDONLY, NEW_ID, 0, EBADMSG },
		{ 0, O_RDONLY, 1, 0, EBADMSG },
		{ 0, O_RDONLY, 0, F(File, pos), EBADMSG },
		{ 0, O_RDONLY, 0, F(File, cred), EBADMSG },
		{ 0, O_RDONLY, 0, F(File, lease), EBADMSG },
		{ 0, O_RDONLY, 0, F(File, epoll), EBADMSG },
		{ 0, O_RDONLY, 0, F(File, created), EBADMSG },
	};
	struct image_rec list[RECS_MAX + 1];
	struct image_bytes file;
	unsigned int i;

	SETUP_OF("count");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		file = stream_of(cases[i].stream, cases[i].flags, cases[i].pipe);
		if (cases[i].field)
			say_new(&file, cases[i].field, 1);
		with_record(list, CKPT_REC_FILE, file.data, file.len);
		EXPECT_FINE(attempt_recs(list, n_recs + 1, !cases[i].error), "stream %u", i);
		EXPECT_EQ(cases[i].error, res.error) {
			TH_LOG("%u: %s", i, device_words(&res));
		}
	}
	REPORT();
}

/* Descriptors and watches refer to one. It is no executable, whatever is given. */
TEST(standard_streams_elsewhere)
{
	struct image_bytes file = stream_of(0, O_RDONLY, 0), msg;
	struct image_rec list[RECS_MAX + 1];
	unsigned int i;

	SETUP_OF("count");
	with_record(list, CKPT_REC_FILE, file.data, file.len);
	i = nth_rec(CKPT_REC_MM, 0);
	msg = payload(i);
	say(&msg, F(Mm, exe_file), NEW_ID);
	list[i + 1].payload = msg.data;
	list[i + 1].len = msg.len;
	EXPECT_REFUSED(EBADMSG, attempt_recs(list, n_recs + 1, false), "executable");
	REPORT();
}
