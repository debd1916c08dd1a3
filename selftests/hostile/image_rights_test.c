// SPDX-License-Identifier: GPL-2.0
/* An image is no way to get at what whoever restarts it may not have. */
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>

#include "attempt.h"
#include "say.h"

/* An image is no way to become root. */
TEST(rights)
{
	SETUP();
	/* The device is open already, as a service might hand it on. */
	drop(0);
	EXPECT_FINE(attempt(good.data, good.len, false), "nobody");
	EXPECT_EQ(EPERM, res.error);
}

TEST(rights_to_a_pid)
{
	SETUP();
	drop(1ULL << CAP_CHECKPOINT_RESTORE);
	EXPECT_FINE(attempt(good.data, good.len, false), "only the right to a pid");
	EXPECT_EQ(EPERM, res.error);
}

TEST(rights_to_ids)
{
	SETUP();
	drop(1ULL << CAP_CHECKPOINT_RESTORE | 1ULL << CAP_SETUID | 1ULL << CAP_SETGID);
	EXPECT_FINE(attempt(good.data, good.len, false), "all ids but no capabilities");
	EXPECT_EQ(EPERM, res.error);
}

/* ---- images that say what is not so ---- */

/* A file of proc, of the program itself or about the machine, put before all other files. */
static unsigned int first_is_of_proc(bool self)
{
	unsigned int first = nth_rec(CKPT_REC_FILE, 0), i;
	struct image_bytes msg;
	struct image_rec rec;
	struct image_field f;

	for (i = first; i < n_recs; i++) {
		if (recs[i].type != CKPT_REC_FILE ||
		    !image_find(recs[i].payload, recs[i].len, F(File, proc), 0, &f))
			continue;
		msg = payload(i);
		msg = inner(&msg, F(File, proc));
		if (image_find(msg.data, msg.len, F(Proc, self), 0, &f) != self)
			continue;
		rec = recs[i];
		recs[i] = recs[first];
		recs[first] = rec;
		return first;
	}
	abort();
}

static void say_proc(unsigned int i, const char *where, const char *name, unsigned int flags)
{
	struct image_bytes file = payload(i), proc = inner(&file, F(File, proc));
	struct image_bytes root = inner(&proc, F(Proc, root));

	say_text(&root, F(Path, path), where);
	say_bytes(&proc, F(Proc, root), root.data, root.len);
	say_text(&proc, F(Proc, name), name);
	say_bytes(&file, F(File, proc), proc.data, proc.len);
	say(&file, F(File, flags), flags);
	put(i, &file);
}

/* Give nobody the objects that are made before files are opened: they are no reason to refuse. */
static void say_nobodys(void)
{
	static const struct {
		uint32_t type, attr;
	} made[] = {
		{ CKPT_REC_PIPE, F(Pipe, attr) },
		{ CKPT_REC_SHMEM, F(Shmem, attr) },
		{ CKPT_REC_UNLINKED, F(Unlinked, attr) },
	};
	struct image_bytes msg, attr;
	struct image_field f;
	unsigned int i, k;

	for (i = 0; i < n_recs; i++) {
		for (k = 0; k < ARRAY_SIZE(made); k++) {
			if (recs[i].type != made[k].type ||
			    !image_find(recs[i].payload, recs[i].len, made[k].attr, 0, &f))
				continue;
			msg = payload(i);
			attr = inner(&msg, made[k].attr);
			say(&attr, F(FileAttr, uid), 65534);
			say(&attr, F(FileAttr, gid), 65534);
			say_bytes(&msg, made[k].attr, attr.data, attr.len);
			put(i, &msg);
		}
	}
}

/* ---- files of proc ---- */

/* Where proc is, the image says; what it finds there was put there by whoever wrote it. */
TEST(planted_proc)
{
	char dir[64], self[80], sys[80];
	unsigned int i;

	SETUP();
	snprintf(dir, sizeof(dir), "/tmp/ckpt-planted.%d", getpid());
	snprintf(self, sizeof(self), "%s/self", dir);
	snprintf(sys, sizeof(sys), "%s/sys", dir);
	ASSERT_EQ(0, mkdir(dir, 0700));
	ASSERT_EQ(0, symlink("/proc", self));
	ASSERT_EQ(0, symlink("/proc", sys));
	i = first_is_of_proc(true);
	say_proc(i, dir, "/sysrq-trigger", O_WRONLY);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "the machine's as its own");
	EXPECT_EQ(ESTALE, res.error);
	unlink(self);
	ASSERT_EQ(0, symlink("/proc/1", self));
	say_proc(i, dir, "/environ", O_RDONLY);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "another's as its own");
	EXPECT_EQ(ESTALE, res.error);
	say_proc(i, "/proc", "/status", O_RDONLY);
	i = first_is_of_proc(false);
	say_proc(i, dir, "/sys/sysrq-trigger", O_WRONLY);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "a trigger as a setting");
	EXPECT_EQ(ESTALE, res.error);
	say_proc(i, dir, "/sys/1/environ", O_RDONLY);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "another's as a setting");
	EXPECT_EQ(ESTALE, res.error);
	unlink(self);
	unlink(sys);
	rmdir(dir);
}

/* The user "nobody" may not read some files of the machine. */
TEST(proc_of_root)
{
	unsigned int i;

	/* Where anybody may be. */
	ASSERT_EQ(0, chdir("/"));
	SETUP();
	i = first_is_of_proc(false);
	say_proc(i, "/proc", "/pagetypeinfo", O_RDONLY);
	EXPECT_FINE(attempt_recs(recs, n_recs, true), "root");
	EXPECT_EQ(1, started);
	say_nobody();
	say_nobodys();
	drop(1ULL << CAP_CHECKPOINT_RESTORE);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "nobody");
	EXPECT_EQ(EACCES, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "/proc/pagetypeinfo")) {
		TH_LOG("%s", device_words(&res));
	}
}

/* ---- credentials ---- */

static void say_cred(uint32_t number, uint64_t value)
{
	unsigned int i = nth_rec(CKPT_REC_CRED, 0);
	struct image_bytes msg = payload(i);

	say(&msg, number, value);
	put(i, &msg);
}

static uint64_t cred_says(uint32_t number)
{
	unsigned int i = nth_rec(CKPT_REC_CRED, 0);
	struct image_field f;

	return image_find(recs[i].payload, recs[i].len, number, 0, &f) ? f.scalar : 0;
}

/* A capability that left the bounding set does not come back with CAP_SETPCAP. */
TEST(inheritable_beyond_bounding)
{
	const uint64_t boot = 1ULL << CAP_SYS_BOOT;

	SETUP();
	ASSERT_EQ(0, prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT));
	say_cred(F(Cred, cap_bounding), cred_says(F(Cred, cap_bounding)) & ~boot);
	EXPECT_FINE(attempt_recs(recs, n_recs, true), "without it");
	EXPECT_EQ(1, started);
	say_cred(F(Cred, cap_inheritable), boot);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "inheritable");
	EXPECT_EQ(EPERM, res.error);
}

TEST(locked_securebits)
{
	const unsigned int bits = SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;

	SETUP();
	ASSERT_EQ(0, prctl(PR_SET_SECUREBITS, bits));
	say_cred(F(Cred, securebits), bits);
	EXPECT_FINE(attempt_recs(recs, n_recs, true), "the same");
	EXPECT_EQ(1, started);
	say_cred(F(Cred, securebits), SECBIT_NO_SETUID_FIXUP_LOCKED);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "a locked bit changed");
	EXPECT_EQ(EPERM, res.error);
	say_cred(F(Cred, securebits), SECBIT_NO_SETUID_FIXUP);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "unlocked");
	EXPECT_EQ(EPERM, res.error);
}

TEST(ambient_not_to_be_raised)
{
	const uint64_t boot = 1ULL << CAP_SYS_BOOT;

	SETUP();
	say_cred(F(Cred, cap_inheritable), boot);
	say_cred(F(Cred, cap_ambient), boot);
	EXPECT_FINE(attempt_recs(recs, n_recs, true), "raised");
	EXPECT_EQ(1, started);
	ASSERT_EQ(0, prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE));
	say_cred(F(Cred, securebits), SECBIT_NO_CAP_AMBIENT_RAISE);
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "raised in spite of the bit");
	EXPECT_EQ(EPERM, res.error);
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return ok;
}

/*
 * Call @fn in a child, in the namespaces that were unshared for children, if any.
 * Return: what @fn returns.
 */
static int in_child(int (*fn)(int arg), int arg)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(fn(arg));
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int refused_for_groups(int arg)
{
	const char *why = attempt_recs(recs, n_recs, true);

	if (why)
		printf("# %s (%s)\n", why, device_words(&res));
	return why ? arg : !!strstr(device_words(&res), "supplementary groups");
}

/* A user namespace in which root may not leave the groups it came with. */
static int with_groups(int n)
{
	const gid_t group = 7;

	if (setgroups(n, &group) || unshare(CLONE_NEWUSER | CLONE_NEWPID) ||
	    !write_text("/proc/self/setgroups", "deny") ||
	    !write_text("/proc/self/uid_map", "0 0 1") ||
	    !write_text("/proc/self/gid_map", "0 0 1"))
		return 3;
	return in_child(refused_for_groups, 2);
}

/* A group may be denied a file that others may open: leaving the group must not be allowed. */
TEST(groups_denied)
{
	struct image_bytes msg;
	unsigned int i;

	SETUP();
	i = nth_rec(CKPT_REC_CRED, 0);
	msg = payload(i);
	say_nothing(&msg, F(Cred, groups));
	put(i, &msg);
	EXPECT_EQ(0, in_child(with_groups, 0));
	EXPECT_EQ(1, in_child(with_groups, 1));
}

/* ---- the terminal ---- */

static void restart_on(int tty, const struct image_rec *list, unsigned int n)
{
	struct image_bytes image = image_make(list, n, NULL);
	struct ckpt_restart arg = {
		.in_fd = memfd,
		.tty_fd = tty,
		.errors = (uintptr_t)res.errors,
		.errors_cap = DEVICE_ERRORS,
	};
	int ret;

	if (ftruncate(memfd, 0) || pwrite(memfd, image.data, image.len, 0) != (ssize_t)image.len ||
	    lseek(memfd, 0, SEEK_SET))
		abort();
	ret = ioctl(device, CKPT_IOC_RESTART, &arg);
	res.error = ret ? errno : 0;
	res.len = arg.errors_len;
	if (!ret)
		victim_kill(arg.pid);
	free(image.data);
}

static struct image_bytes said_tty(uint32_t id)
{
	struct image_bytes msg = { 0 };

	say_new(&msg, F(Tty, id), id);
	say_new_bytes(&msg, F(Tty, path), "", 0);
	say_new(&msg, F(Tty, controlling), 0);
	return msg;
}

/* As write(1) and wall(1) have one. */
TEST(terminal_to_write_to)
{
	struct image_bytes record = said_tty(998), file = { 0 };
	struct image_rec list[RECS_MAX + 2];
	unsigned int first, n;
	int pty, tty;

	ASSERT_EQ(0, chdir("/"));
	SETUP();
	pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ASSERT_LE(0, pty);
	ASSERT_EQ(0, unlockpt(pty));
	ASSERT_EQ(0, chmod(ptsname(pty), 0622));
	say_nobody();
	say_nobodys();
	say_new(&file, F(File, id), 999);
	say_new(&file, F(File, flags), O_WRONLY);
	say_new(&file, F(File, tty), 998);
	n = with_record(list, CKPT_REC_TTY, record.data, record.len);
	first = image_place(list, n, CKPT_REC_FILE, true);
	memmove(list + first + 1, list + first, (n - first) * sizeof(*list));
	list[first] = (struct image_rec){ CKPT_REC_FILE, 0, file.len, file.data };
	ASSERT_EQ(0, chmod(counter_path, 0600));
	drop(1ULL << CAP_CHECKPOINT_RESTORE);
	tty = open(ptsname(pty), O_WRONLY | O_NOCTTY | O_CLOEXEC);
	ASSERT_LE(0, tty);
	/* It comes as far as a file that nobody may open. */
	restart_on(tty, list, n_recs + 2);
	EXPECT_NE(NULL, strstr(device_words(&res), counter_path));
	say(&file, F(File, flags), O_RDWR);
	list[first].payload = file.data;
	restart_on(tty, list, n_recs + 2);
	EXPECT_EQ(EACCES, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "the terminal cannot be opened"));
	say(&file, F(File, flags), O_RDONLY);
	list[first].payload = file.data;
	restart_on(tty, list, n_recs + 2);
	EXPECT_EQ(EACCES, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "the terminal cannot be opened"));
}

/* A terminal that a getty has revoked for the next user (vhangup) cannot be set. */
TEST(terminal_hung_up)
{
	static const uint32_t zero[] = {
		F(Termios, iflag), F(Termios, oflag), F(Termios, cflag), F(Termios, lflag),
		F(Termios, line), F(Termios, ispeed), F(Termios, ospeed),
	};
	struct image_bytes record = said_tty(998), set = { 0 };
	uint8_t cc[19];
	struct image_rec list[RECS_MAX + 1];
	struct termios before, after;
	unsigned int n;
	int pty, old, new;

	SETUP_OF("count");
	for (n = 0; n < ARRAY_SIZE(zero); n++)
		say_new(&set, zero[n], 0);
	memset(cc, 7, sizeof(cc));
	say_new_bytes(&set, F(Termios, cc), cc, sizeof(cc));
	say_new_bytes(&record, F(Tty, termios), set.data, set.len);
	pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ASSERT_LE(0, pty);
	ASSERT_EQ(0, unlockpt(pty));
	old = open(ptsname(pty), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ASSERT_LE(0, old);
	n = with_record(list, CKPT_REC_TTY, record.data, record.len);
	restart_on(old, list, n);
	EXPECT_EQ(0, res.error) {
		TH_LOG("%s", device_words(&res));
	}
	ASSERT_EQ(0, tcgetattr(old, &after));
	EXPECT_EQ(7, after.c_cc[VINTR]);
	ASSERT_EQ(0, ioctl(old, TIOCVHANGUP));
	new = open(ptsname(pty), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ASSERT_LE(0, new);
	ASSERT_EQ(0, tcgetattr(new, &before));
	before.c_cc[VINTR] = 3;
	ASSERT_EQ(0, tcsetattr(new, TCSANOW, &before));
	restart_on(old, list, n);
	EXPECT_EQ(ENOTTY, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "hung up"));
	ASSERT_EQ(0, tcgetattr(new, &after));
	EXPECT_EQ(3, after.c_cc[VINTR]);
}

/* ---- memory ---- */

/* prctl(PR_GET_DUMPABLE) of the program that the image makes; -1 if it makes none. */
static int dumpable(void)
{
	struct image_bytes image = image_make(recs, n_recs, NULL), again;
	struct image_rec list[RECS_MAX];
	struct image_field f;
	unsigned int n, i;
	int val = -1;
	pid_t pid;

	if (ftruncate(memfd, 0) || pwrite(memfd, image.data, image.len, 0) != (ssize_t)image.len ||
	    lseek(memfd, 0, SEEK_SET))
		abort();
	pid = device_restart(device, memfd, restart_flags, &res);
	if (pid < 0)
		return -1;
	/* An image of that tells. */
	if (!ftruncate(memfd, 0) && !lseek(memfd, 0, SEEK_SET) &&
	    !device_checkpoint(device, pid, memfd, 0, &res) && !slurp(memfd, &again)) {
		n = image_take(again.data, again.len, list, RECS_MAX);
		for (i = 0; i < n; i++)
			if (list[i].type == CKPT_REC_MM &&
			    image_find(list[i].payload, list[i].len, F(Mm, dumpable), 0, &f))
				val = f.scalar;
	}
	victim_kill(pid);
	return val;
}

static void say_dumpable(unsigned int value)
{
	unsigned int i = nth_rec(CKPT_REC_MM, 0);
	struct image_bytes msg = payload(i);

	say(&msg, F(Mm, dumpable), value);
	put(i, &msg);
}

/* Core dumps of root are for whom root lets have them. */
TEST(cores_of_root)
{
	uint64_t caps;

	SETUP_OF("count");
	say_dumpable(2);
	EXPECT_EQ(2, dumpable());
	caps = cred_says(F(Cred, cap_permitted)) & ~(1ULL << CAP_SYS_ADMIN);
	say_cred(F(Cred, cap_permitted), caps);
	say_cred(F(Cred, cap_effective), caps);
	ASSERT_EQ(0, set_caps(caps));
	EXPECT_EQ(0, dumpable()) {
		TH_LOG("%s", device_words(&res));
	}
	say_dumpable(1);
	EXPECT_EQ(1, dumpable());
}

/* A file that was opened with O_PATH cannot be the program to execute. */
TEST(executable_by_path_only)
{
	unsigned int mm, i;
	struct image_rec list[RECS_MAX + 1];
	struct image_bytes msg, file;
	struct image_field f;
	uint64_t exe;

	SETUP_OF("count");
	mm = nth_rec(CKPT_REC_MM, 0);
	msg = payload(mm);
	ASSERT_TRUE(image_find(msg.data, msg.len, F(Mm, exe_file), 0, &f));
	exe = f.scalar;
	say(&msg, F(Mm, exe_file), 999);
	put(mm, &msg);
	for (i = nth_rec(CKPT_REC_FILE, 0); i < n_recs; i++) {
		file = payload(i);
		if (recs[i].type == CKPT_REC_FILE &&
		    image_find(file.data, file.len, F(File, id), 0, &f) && f.scalar == exe)
			break;
	}
	ASSERT_LT(i, n_recs);
	say(&file, F(File, id), 999);
	with_record(list, CKPT_REC_FILE, file.data, file.len);
	EXPECT_FINE(attempt_recs(list, n_recs + 1, true), "opened again");
	EXPECT_EQ(1, started);
	say(&file, F(File, flags), O_PATH);
	say_nothing(&file, F(File, pos));
	with_record(list, CKPT_REC_FILE, file.data, file.len);
	EXPECT_FINE(attempt_recs(list, n_recs + 1, false), "O_PATH");
	EXPECT_EQ(EBADMSG, res.error);
}

static const char memfd_noexec[] = "/proc/sys/vm/memfd_noexec";

static int refused_memfd(int enforced)
{
	const char *why;

	if (!write_text(memfd_noexec, enforced ? "2" : "1"))
		return 3;
	why = attempt_recs(recs, n_recs, !enforced);
	if (why)
		printf("# %s (%s)\n", why, device_words(&res));
	return why ? 2 : !!strstr(device_words(&res), "memfd (rich)");
}

/* It is a setting of pid namespaces. */
static int with_noexec(int enforced)
{
	return unshare(CLONE_NEWPID) ? 4 : in_child(refused_memfd, enforced);
}

TEST(memfd_to_execute)
{
	if (access(memfd_noexec, W_OK))
		SKIP(return, "this kernel has no vm.memfd_noexec");
	SETUP();
	EXPECT_EQ(0, in_child(with_noexec, 0));
	EXPECT_EQ(1, in_child(with_noexec, 1));
}

/* Memory without a name is anybody's to execute, and has no descriptor but by a capability. */
TEST(shared_memory_to_execute)
{
	struct image_bytes msg;
	struct image_field f;
	unsigned int i;
	uint64_t id;

	SETUP();
	for (i = nth_rec(CKPT_REC_SHMEM, 0); i < n_recs; i++)
		if (recs[i].type == CKPT_REC_SHMEM &&
		    image_find(recs[i].payload, recs[i].len, F(Shmem, name), 0, &f))
			break;
	ASSERT_LT(i, n_recs);
	msg = payload(i);
	say_nothing(&msg, F(Shmem, name));
	say_nothing(&msg, F(Shmem, seals));
	say_nothing(&msg, F(Shmem, attr));
	put(i, &msg);
	ASSERT_TRUE(image_find(msg.data, msg.len, F(Shmem, id), 0, &f));
	id = f.scalar;
	/* It has no position, either. */
	for (i = nth_rec(CKPT_REC_FILE, 0); i < n_recs; i++) {
		if (recs[i].type != CKPT_REC_FILE ||
		    !image_find(recs[i].payload, recs[i].len, F(File, shmem), 0, &f) ||
		    f.scalar != id)
			continue;
		msg = payload(i);
		say_nothing(&msg, F(File, pos));
		put(i, &msg);
	}
	EXPECT_FINE(attempt_recs(recs, n_recs, false), "nameless, with a descriptor");
	EXPECT_EQ(EBADMSG, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "descriptor")) {
		TH_LOG("%s", device_words(&res));
	}
}

/* ---- what is made anew ---- */

static struct image_bytes said_attr(uint32_t mode, uint32_t owner)
{
	struct image_bytes attr = { 0 };

	say_new(&attr, F(FileAttr, mode), mode);
	say_new(&attr, F(FileAttr, uid), owner);
	say_new(&attr, F(FileAttr, gid), owner);
	say_new(&attr, F(FileAttr, atime_ns), 1);
	say_new(&attr, F(FileAttr, mtime_ns), 1);
	return attr;
}

static struct image_bytes said_memfd(uint32_t id, uint32_t mode, uint32_t owner)
{
	struct image_bytes msg = { 0 }, attr = said_attr(mode, owner);

	say_new(&msg, F(Shmem, id), id);
	say_new(&msg, F(Shmem, size), 1);
	say_new_bytes(&msg, F(Shmem, name), "x", 1);
	say_new(&msg, F(Shmem, seals), 0);
	say_new_bytes(&msg, F(Shmem, attr), attr.data, attr.len);
	return msg;
}

/* No checkpoint gives one: a table of them would not be as large as what is in it. */
TEST(ids_too_high)
{
	struct image_bytes record = said_memfd(1 << 20, 0600, 0);
	struct image_rec list[RECS_MAX + 1];
	unsigned int n;

	SETUP_OF("count");
	n = with_record(list, CKPT_REC_SHMEM, record.data, record.len);
	EXPECT_FINE(attempt_recs(list, n, true), "the highest");
	EXPECT_EQ(1, started);
	record = said_memfd((1 << 20) + 1, 0600, 0);
	n = with_record(list, CKPT_REC_SHMEM, record.data, record.len);
	EXPECT_FINE(attempt_recs(list, n, false), "too high");
	EXPECT_EQ(EBADMSG, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "1048577 is too high"));
}

static const char *attempt_memfd(uint32_t mode, uint32_t owner, bool may)
{
	struct image_bytes record = said_memfd(998, mode, owner);
	struct image_rec list[RECS_MAX + 1];
	unsigned int n = with_record(list, CKPT_REC_SHMEM, record.data, record.len);

	return attempt_recs(list, n, may);
}

/* As by chown(2) and chmod(2): a file that is given away loses what it runs as. */
TEST(setuid_given_away)
{
	ASSERT_EQ(0, chdir("/"));
	SETUP_OF("count");
	say_nobody();
	drop(1ULL << CAP_CHECKPOINT_RESTORE | 1ULL << CAP_CHOWN);
	EXPECT_FINE(attempt_memfd(04755, 65534, true), "one's own");
	EXPECT_EQ(1, started);
	EXPECT_FINE(attempt_memfd(0755, 20000, true), "another's");
	EXPECT_EQ(2, started);
	EXPECT_FINE(attempt_memfd(04755, 20000, false), "another's, setuid");
	EXPECT_EQ(EPERM, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "owner or mode"));
}

/* Files are made with the program's umask in place no sooner than its other attributes. */
TEST(umask_in_the_way)
{
	struct image_bytes record = { 0 }, dir = { 0 }, attr = said_attr(0600, 65534);
	struct image_rec list[RECS_MAX + 1];
	struct image_bytes msg;
	unsigned int i, n;

	ASSERT_EQ(0, chdir("/"));
	SETUP_OF("count");
	say_nobody();
	i = nth_rec(CKPT_REC_FS, 0);
	msg = payload(i);
	say(&msg, F(Fs, umask), 0777);
	put(i, &msg);
	say_new_bytes(&dir, F(Path, path), "/tmp", 4);
	say_new(&dir, F(Path, mode), 0);
	say_new(&dir, F(Path, size), 0);
	say_new(&dir, F(Path, mtime_ns), 0);
	say_new(&dir, F(Path, ino), 0);
	say_new(&dir, F(Path, dev), 0);
	say_new(&dir, F(Path, cred), cred_says(F(Cred, id)));
	say_new(&record, F(Unlinked, id), 998);
	say_new_bytes(&record, F(Unlinked, dir), dir.data, dir.len);
	say_new_bytes(&record, F(Unlinked, name), "gone", 4);
	say_new(&record, F(Unlinked, size), 1);
	say_new_bytes(&record, F(Unlinked, attr), attr.data, attr.len);
	n = with_record(list, CKPT_REC_UNLINKED, record.data, record.len);
	drop(1ULL << CAP_CHECKPOINT_RESTORE);
	EXPECT_FINE(attempt_recs(list, n, true), "a deleted file");
	EXPECT_EQ(1, started) {
		TH_LOG("%s", device_words(&res));
	}
}

/* ---- what the restarter may not ---- */

static int checks_again(int n)
{
	struct image_bytes image = image_make(recs, n_recs, NULL);

	if (ftruncate(memfd, 0) || pwrite(memfd, image.data, image.len, 0) != (ssize_t)image.len)
		return 2;
	drop(0);
	while (n--) {
		lseek(memfd, 0, SEEK_SET);
		if (device_restart(device, memfd, CKPT_RESTART_CHECK, &res) >= 0 ||
		    res.error != EPERM) {
			printf("# %s\n", device_words(&res));
			return 3;
		}
	}
	return 0;
}

/* To choose what /proc/PID/exe says takes a capability, also for a moment. */
TEST(check_shows_no_executable)
{
	char path[64], exe[64], link[4096];
	unsigned int seen = 0, n = 0;
	int status, other;
	pid_t pid;
	FILE *f;

	ASSERT_EQ(0, chdir("/"));
	SETUP_OF("crowd");
	say_nobody();
	pid = fork();
	if (!pid)
		_exit(checks_again(20));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	while (!waitpid(pid, &status, WNOHANG)) {
		f = fopen(path, "re");
		if (f && fscanf(f, "%d", &other) == 1) {
			snprintf(exe, sizeof(exe), "/proc/%d/exe", other);
			memset(link, 0, sizeof(link));
			seen += readlink(exe, link, sizeof(link) - 1) > 0 &&
				strstr(link, "ckpt-victim");
			n++;
		}
		if (f)
			fclose(f);
	}
	EXPECT_EQ(0, status);
	EXPECT_LT(0, n);
	EXPECT_EQ(0, seen);
	printf("# looked %u times\n", n);
}

static int restart_with_filter(int nr)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(insns), .filter = insns };
	int64_t end = victim_us() + 10000000;
	pid_t pid;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 2;
	lseek(memfd, 0, SEEK_SET);
	pid = device_restart(device, memfd, restart_flags, &res);
	if (pid < 0) {
		printf("# %s\n", device_words(&res));
		return 3;
	}
	while (!counter[1] && victim_us() < end)
		usleep(1000);
	victim_kill(pid);
	return counter[1] == EXDEV ? 0 : 4;
}

/* Filters of the restarter stay in force: they see a call that an image has begun. */
TEST(call_past_a_filter)
{
	SETUP_OF("waits");
	EXPECT_EQ(0, counter[1]);
	EXPECT_EQ(0, in_child(restart_with_filter, SYS_epoll_wait));
}
