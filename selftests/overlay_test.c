// SPDX-License-Identifier: GPL-2.0
/*
 * Files of overlayfs, as every container has them: in a lower or the upper layer, open, mapped or
 * both, deleted, copied up since. Each test has a mount of its own.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "subject_harness.h"

#define PAGE	4096UL
#define SIZE	(2 * PAGE)

/* Which of them a test has open, beside the mapping. */
enum open { CLOSED, OPEN, OPEN_TWICE };

static const char *file(void)
{
	return subject_path("merged/file");
}

/* A file in the layer @dir: a page each of seed 1 and 2. */
static void put_file(const char *dir)
{
	/* Long ago: clocks are coarse. */
	const struct timespec old[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "%s/file", dir);
	fd = open(subject_path(name), O_RDWR | O_CREAT, 0644);
	subject_put(fd, 0, 1);
	subject_put(fd, PAGE, 2);
	if (futimens(fd, old))
		subject_abort();
	close(fd);
}

/* Two lower layers, an upper one. Return: could it be mounted? */
static bool mount_layers(const char *dir)
{
	static const char *const dirs[] = { "low", "lower", "upper", "work", "merged" };
	char options[2048];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(subject_path(dirs[i]), 0755))
			subject_abort();
	put_file(dir);
	snprintf(options, sizeof(options), "lowerdir=%s:%s,upperdir=%s,workdir=%s",
		 subject_path("lower"), subject_path("low"), subject_path("upper"),
		 subject_path("work"));
	return !mount("overlay", subject_path("merged"), "overlay", 0, options);
}

static void unmount(void)
{
	umount2(subject_path("merged"), MNT_DETACH);
}

/* Somebody writes to it by its name: what was in a lower layer is copied up. */
static void write_file(uint64_t seed)
{
	int fd = open(file(), O_RDWR);

	subject_put(fd, 0, seed);
	close(fd);
}

static char *map_file(int fd, int flags)
{
	int prot = PROT_READ | (fcntl(fd, F_GETFL) & O_RDWR ? PROT_WRITE : 0);

	return subject_map(fd, SIZE, prot, flags);
}

/* @fd is still open, or opened twice, or closed. */
static int keep(int fd, enum open open_)
{
	if (open_ == OPEN_TWICE && open(file(), fcntl(fd, F_GETFL) & O_ACCMODE) < 0)
		subject_abort();
	if (open_ != CLOSED)
		return fd;
	close(fd);
	return -1;
}

/* ---- found by their path ---- */

static void named(struct __test_metadata *_metadata, const char *layer, int open_flags,
		  int map_flags, enum open open_)
{
	int fd;
	char *p;

	if (!mount_layers(layer))
		SKIP(return, "overlayfs: %s", strerror(errno));
	fd = open(file(), open_flags);
	p = map_file(fd, map_flags);
	fd = keep(fd, open_);
	subject_wait();
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
	EXPECT_TRUE(subject_filled(p + PAGE, PAGE, 2));
	if (fd >= 0) {
		EXPECT_TRUE(subject_has(fd, 0, 1));
	}
	if (open_flags == O_RDWR) {
		subject_fill(p, PAGE, 3);
		EXPECT_EQ(map_flags == MAP_SHARED,
			  subject_has(open(file(), O_RDONLY), 0, 3));
	}
	unmount();
}

SUBJECT(lower)
{
	named(_metadata, "lower", O_RDONLY, MAP_PRIVATE, CLOSED);
}

SUBJECT(lower_open)
{
	named(_metadata, "low", O_RDONLY, MAP_SHARED, OPEN_TWICE);
}

SUBJECT(upper)
{
	named(_metadata, "upper", O_RDWR, MAP_SHARED, OPEN);
}

SUBJECT(upper_private)
{
	named(_metadata, "upper", O_RDWR, MAP_PRIVATE, CLOSED);
}

SUBJECT(copied_up_by_the_open)
{
	named(_metadata, "low", O_RDWR, MAP_PRIVATE, OPEN);
}

/* ---- copied up since ---- */

static void written_since(struct __test_metadata *_metadata, int map_flags, enum open open_)
{
	char *p;
	int fd;

	if (!mount_layers("lower"))
		SKIP(return, "overlayfs: %s", strerror(errno));
	fd = open(file(), O_RDONLY);
	p = map_file(fd, map_flags);
	keep(fd, open_);
	write_file(3);
	/* The mapping is still of the old one, which is not to be had again. */
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
	subject_tell("refuse", " address 0x%lx: %s is not supported", (unsigned long)p,
		     "a mapping of a file that was written to since, and that overlayfs has copied,");
	subject_wait();
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
	unmount();
}

SUBJECT(written_since_is_refused)
{
	written_since(_metadata, MAP_PRIVATE, CLOSED);
}

SUBJECT(written_since_and_open_is_refused)
{
	written_since(_metadata, MAP_SHARED, OPEN);
}

SUBJECT(written_and_deleted_since_is_refused)
{
	char *p;
	int fd;

	if (!mount_layers("low"))
		SKIP(return, "overlayfs: %s", strerror(errno));
	fd = open(file(), O_RDONLY);
	p = map_file(fd, MAP_PRIVATE);
	close(fd);
	write_file(3);
	ASSERT_EQ(0, unlink(file()));
	subject_tell("refuse", " address 0x%lx: a mapping of a file that was written to since, .*",
		     (unsigned long)p);
	subject_wait();
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
	unmount();
}

/* A descriptor that is read follows to the copy by itself. */
SUBJECT(written_since_is_read)
{
	int fd;

	if (!mount_layers("lower"))
		SKIP(return, "overlayfs: %s", strerror(errno));
	fd = open(file(), O_RDONLY);
	write_file(3);
	subject_wait();
	EXPECT_TRUE(subject_has(fd, 0, 3));
	EXPECT_TRUE(subject_has(fd, PAGE, 2));
	unmount();
}

/* Another mode makes a copy, too: with the same content. */
SUBJECT(mode_changed_since)
{
	char *p;
	int fd;

	if (!mount_layers("lower"))
		SKIP(return, "overlayfs: %s", strerror(errno));
	fd = open(file(), O_RDONLY);
	p = map_file(fd, MAP_PRIVATE);
	ASSERT_EQ(0, chmod(file(), 0600));
	ASSERT_EQ(0, access(subject_path("upper/file"), F_OK));
	subject_wait();
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
	EXPECT_TRUE(subject_has(fd, PAGE, 2));
	unmount();
}

/* ---- deleted ---- */

static void deleted_file(struct __test_metadata *_metadata, const char *layer, int open_flags,
			 int map_flags, enum open open_)
{
	char *p, *q;
	int fd;

	if (!mount_layers(layer))
		SKIP(return, "overlayfs: %s", strerror(errno));
	fd = open(file(), open_flags);
	p = map_file(fd, map_flags);
	q = map_file(fd, map_flags);
	fd = keep(fd, open_);
	ASSERT_EQ(0, unlink(file()));
	subject_wait();
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
	EXPECT_TRUE(subject_filled(q + PAGE, PAGE, 2));
	if (fd >= 0) {
		EXPECT_TRUE(subject_has(fd, 0, 1));
	}
	if (open_flags == O_RDWR) {
		subject_fill(p, PAGE, 3);
		EXPECT_EQ(map_flags == MAP_SHARED, subject_filled(q, PAGE, 3));
		if (fd >= 0) {
			EXPECT_EQ(map_flags == MAP_SHARED, subject_has(fd, 0, 3));
		}
	}
	unmount();
}

SUBJECT(deleted)
{
	deleted_file(_metadata, "upper", O_RDWR, MAP_SHARED, CLOSED);
}

SUBJECT(deleted_open)
{
	deleted_file(_metadata, "upper", O_RDWR, MAP_SHARED, OPEN);
}

SUBJECT(deleted_open_twice)
{
	deleted_file(_metadata, "low", O_RDWR, MAP_SHARED, OPEN_TWICE);
}

SUBJECT(deleted_private)
{
	deleted_file(_metadata, "lower", O_RDWR, MAP_PRIVATE, OPEN);
}

SUBJECT(deleted_of_a_lower_layer)
{
	deleted_file(_metadata, "lower", O_RDONLY, MAP_PRIVATE, OPEN);
}

SUBJECT(deleted_of_a_lower_layer_closed)
{
	deleted_file(_metadata, "low", O_RDONLY, MAP_SHARED, CLOSED);
}

/* ---- deleted, and somebody else has it, too ---- */

static void has_it(int arg)
{
	(void)arg;
}

static void opens_it(int fd)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (open(name, O_RDONLY) < 0)
		subject_abort();
	close(fd);
}

/*
 * A deleted file of the guest's root, which is an overlay, too: a driver that kills this program
 * leaves no mount behind by which the other one would stay. Return: open to read and write, or -1.
 */
static int deleted_of_root(void)
{
	struct statfs st;
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/root/overlay_test.%d", getpid());
	if (statfs("/root", &st) || st.f_type != OVERLAYFS_SUPER_MAGIC)
		return -1;
	fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || unlink(name))
		return -1;
	subject_put(fd, 0, 1);
	subject_put(fd, PAGE, 2);
	return fd;
}

/* The mapping came along with fork. */
SUBJECT(deleted_mapped_outside_is_refused)
{
	int fd = deleted_of_root();

	if (fd < 0)
		SKIP(return, "/root is not on overlayfs");
	map_file(fd, MAP_SHARED);
	close(fd);
	subject_outsider(has_it, 0);
	subject_refused(".*/overlay_test.* is open in a process outside .*");
}

/* They read what this one writes. */
SUBJECT(deleted_read_outside_is_refused)
{
	int fd = deleted_of_root();
	char *p;

	if (fd < 0)
		SKIP(return, "/root is not on overlayfs");
	/* Before there is a mapping that it would inherit. */
	subject_outsider(opens_it, fd);
	p = map_file(fd, MAP_SHARED);
	close(fd);
	subject_tell("refuse", ".*/overlay_test.* is open in a process outside .*");
	subject_wait();
	EXPECT_TRUE(subject_filled(p, PAGE, 1));
}
