// SPDX-License-Identifier: GPL-2.0
/* The arguments of the ioctls: one test for each way to get them wrong. */
#include <elf.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <ckpt_image.h>

#include "fixture.h"

#define NOT_MAPPED ((void *)0x10000)

/* The same ioctl with another size of its struct. */
#define SIZED(cmd, size) _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size)

static const unsigned int all[] = {
	CKPT_IOC_INFO, CKPT_IOC_CHECKPOINT, CKPT_IOC_RELEASE, CKPT_IOC_RESTART, CKPT_IOC_PROGRESS,
};

/* Sizes of the structs when there were no others: no program has shorter ones. */
static const unsigned int oldest[] = { 512, 88, 16, 64, 32 };

TEST_F(device, info)
{
	struct ckpt_info info;

	memset(&info, 0xff, sizeof(info));
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_INFO, &info));
	EXPECT_EQ(CKPT_ABI_VERSION, info.abi_version);
	EXPECT_LE(info.image_version_min, info.image_version);
	EXPECT_EQ(CKPT_FEATURE_CHECKPOINT | CKPT_FEATURE_RESTART,
		  info.features & (CKPT_FEATURE_CHECKPOINT | CKPT_FEATURE_RESTART));
	EXPECT_LT(0, info.symbols);
	EXPECT_EQ(0, info.pad);
	EXPECT_NE(NULL, memchr(info.version, 0, sizeof(info.version)));
	EXPECT_NE(NULL, memchr(info.missing, 0, sizeof(info.missing)));
	EXPECT_EQ(!info.symbols_missing, !info.missing[0]);
}

TEST_F(device, unknown_number)
{
	FAILS(ENOTTY, _IO(CKPT_IOC_MAGIC, 5), NULL);
	FAILS(ENOTTY, _IO(CKPT_IOC_MAGIC, 255), NULL);
	FAILS(ENOTTY, _IO(0xcc, 0), NULL);
	FAILS(ENOTTY, _IO(0, 0), NULL);
}

TEST_F(device, unknown_direction)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		FAILS(ENOTTY, _IOC(_IOC_WRITE, CKPT_IOC_MAGIC, i, _IOC_SIZE(all[i])), &self->ck);
}

TEST_F(device, terminal_ioctl)
{
	FAILS(ENOTTY, 0x5401 /* TCGETS */, &self->ck);
}

/* By a 32-bit program, or as one would: those are not served. */
TEST_F(device, call_of_32_bits)
{
	struct ckpt_info *info = mmap(NULL, sizeof(*info), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int status;
	pid_t pid;
	long ret;

	ASSERT_NE(MAP_FAILED, info);
	pid = fork();
	if (!pid) {
		/* ioctl() of i386 */
		asm volatile("int $0x80\n" : "=a" (ret)
			     : "a" (54), "b" (self->fd), "c" (CKPT_IOC_INFO), "d" (info)
			     : "memory", "r8", "r9", "r10", "r11");
		_exit(-ret);
	}
	status = victim_end(pid);
	if (WIFSIGNALED(status))
		SKIP(return, "this kernel has no 32-bit calls");
	EXPECT_EQ(ENOTTY << 8, status);
}

/* It has been in 64-bit code ever since its first instruction. */
TEST_F(device, program_of_32_bits)
{
	enum { BASE = 0x08048000 };
	static const struct {
		Elf32_Ehdr head;
		Elf32_Phdr segment;
		struct __attribute__((packed)) {
			uint8_t far_jump;
			uint32_t to;
			uint16_t segment;
			uint8_t pause_forever[9];
		} code;
	} program = {
		.head = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_entry = BASE + offsetof(typeof(program), code),
			.e_phoff = offsetof(typeof(program), segment),
			.e_ehsize = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 1,
		},
		.segment = {
			.p_type = PT_LOAD,
			.p_vaddr = BASE,
			.p_filesz = sizeof(program),
			.p_memsz = sizeof(program),
			.p_flags = PF_R | PF_X,
			.p_align = 4096,
		},
		.code = {
			.far_jump = 0xea,
			.to = BASE + offsetof(typeof(program), code.pause_forever),
			.segment = 0x33,
			/* mov $SYS_pause, %eax; syscall; jmp to the first */
			.pause_forever = { 0xb8, SYS_pause, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7 },
		},
	};
	struct device_result res;
	int fd, fds[2];
	unsigned int i;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	fd = memfd_create("program", MFD_CLOEXEC);
	ASSERT_EQ(sizeof(program), write(fd, &program, sizeof(program)));
	pid = fork();
	if (!pid) {
		fexecve(fd, (char *[]){ "program", NULL }, (char *[]){ NULL });
		_exit(write(fds[1], "", 1));
	}
	/* At its end with nothing in it, once the program is executed. */
	close(fds[1]);
	if (read(fds[0], &c, 1)) {
		victim_end(pid);
		SKIP(return, "this kernel runs no 32-bit programs");
	}
	usleep(50000);
	EXPECT_EQ(-1, device_checkpoint(self->fd, pid, self->out, 0, &res));
	for (i = 0; i < res.len && i < DEVICE_ERRORS; i++)
		if (strstr(res.errors[i].what, "a 32-bit program is not supported"))
			break;
	EXPECT_NE(res.len, i) {
		TH_LOG("%s", device_words(&res));
	}
	victim_kill(pid);
}

TEST_F(device, no_read_or_write)
{
	char c;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_F(device, too_short)
{
	char buf[1024] = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		FAILS(EINVAL, SIZED(all[i], 0), buf);
		FAILS(EINVAL, SIZED(all[i], 4), buf);
		FAILS(EINVAL, SIZED(all[i], oldest[i] - 1), buf);
	}
}

/* A program that was built when the structs were shorter. */
TEST_F(device, older)
{
	char buf[1024];
	unsigned int i;

	memset(buf, 0xff, sizeof(buf));
	EXPECT_EQ(0, ioctl(self->fd, SIZED(CKPT_IOC_INFO, oldest[0]), buf));
	EXPECT_EQ(0, ioctl(self->fd, SIZED(CKPT_IOC_PROGRESS, oldest[4]), buf));
	/* Bytes behind the oldest struct are neither read nor written. */
	for (i = oldest[0]; i < sizeof(buf); i++)
		EXPECT_EQ((char)0xff, buf[i]);
	memset(buf, 0xff, sizeof(buf));
	memcpy(buf, &self->rs, oldest[3]);
	FAILS(EBADMSG, SIZED(CKPT_IOC_RESTART, oldest[3]), buf);
	EXPECT_EQ((char)0xff, buf[oldest[3]]);
}

TEST_F(device, relocate)
{
	static const struct {
		const char *text;
		unsigned int len;
		int error;
	} cases[] = {
		{ "/a\0/b", 6, EBADMSG },
		{ "/a\0/b\0/c\0/", 11, EBADMSG },
		{ "/a\0/b", 5, EINVAL },
		{ "/a", 3, EINVAL },
		{ "/a\0/b\0/c", 9, EINVAL },
		{ "a\0/b", 5, EINVAL },
		{ "/a\0b", 5, EINVAL },
		{ "/a\0", 4, EINVAL },
		{ "", 1, EINVAL },
		{ "/a\0/b", CKPT_RELOCATE_MAX + 1, EINVAL },
		{ "/a\0/b", 0, EINVAL },
		{ NULL, 6, EINVAL },
		{ (char *)8, 6, EFAULT },
	};
	struct ckpt_restart rs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rs = self->rs;
		rs.relocate = (uintptr_t)cases[i].text;
		rs.relocate_len = cases[i].len;
		FAILS(cases[i].error, CKPT_IOC_RESTART, &rs);
	}
}

TEST_F(device, sections)
{
	static struct ckpt_section_name names[CKPT_SECTIONS_MAX + 1];
	struct ckpt_checkpoint ck = self->ck;
	struct ckpt_restart rs = self->rs;

	ck.nr_sections = rs.nr_sections = 1;
	FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &ck);
	FAILS(EINVAL, CKPT_IOC_RESTART, &rs);
	ck.sections = rs.sections = 8;
	FAILS(EFAULT, CKPT_IOC_CHECKPOINT, &ck);
	FAILS(EFAULT, CKPT_IOC_RESTART, &rs);
	ck.sections = rs.sections = (uintptr_t)names;
	ck.nr_sections = rs.nr_sections = CKPT_SECTIONS_MAX + 1;
	FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &ck);
	FAILS(EINVAL, CKPT_IOC_RESTART, &rs);
	ck.nr_sections = rs.nr_sections = 0;
	FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &ck);
	FAILS(EINVAL, CKPT_IOC_RESTART, &rs);
	names[1].pad = 1;
	ck.nr_sections = rs.nr_sections = 2;
	FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &ck);
	FAILS(EINVAL, CKPT_IOC_RESTART, &rs);
}

TEST_F(device, externals)
{
	static struct ckpt_external list[CKPT_EXTERNALS_MAX + 1];
	static const struct {
		uint64_t at;
		uint32_t n;
		struct ckpt_external second;
		int error;
	} cases[] = {
		{ 0, 1, { 0 }, EINVAL },
		{ 8, 1, { 0 }, EFAULT },
		{ (uintptr_t)list, 0, { 0 }, EINVAL },
		{ (uintptr_t)list, CKPT_EXTERNALS_MAX + 1, { .fd = 1, .id = 1 }, EINVAL },
		{ (uintptr_t)list, 2, { .fd = 1, .id = 0 }, EINVAL },
		{ (uintptr_t)list, 2, { .fd = 1, .id = 3 }, EINVAL },
		{ (uintptr_t)list, 2, { .fd = 1, .id = 1ULL << 32 }, EINVAL },
		{ (uintptr_t)list, 2, { .fd = 1, .id = 1, .kind = 1 }, EINVAL },
		{ (uintptr_t)list, 2, { .fd = 12345, .id = 1 }, EBADF },
		{ (uintptr_t)list, 2, { .fd = -1, .id = 1 }, EBADF },
	};
	struct ckpt_restart rs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* A call that fails fills in some fields, for which the next one would fail. */
		rs = self->rs;
		rs.externals = cases[i].at;
		rs.nr_externals = cases[i].n;
		list[1] = cases[i].second;
		FAILS(cases[i].error, CKPT_IOC_RESTART, &rs);
	}
}

/* A program of the future, which asks for nothing new. */
TEST_F(device, longer_with_zeros)
{
	char buf[8192];

	memset(buf, 0, sizeof(buf));
	memcpy(buf, &self->ck, sizeof(self->ck));
	EXPECT_EQ(0, ioctl(self->fd, SIZED(CKPT_IOC_CHECKPOINT, sizeof(buf)), buf));
	memset(buf, 0xff, sizeof(buf));
	EXPECT_EQ(0, ioctl(self->fd, SIZED(CKPT_IOC_INFO, sizeof(buf)), buf));
	EXPECT_EQ(0, buf[sizeof(struct ckpt_info)]);
	EXPECT_EQ(0, buf[sizeof(buf) - 1]);
	EXPECT_EQ(0, ioctl(self->fd, SIZED(CKPT_IOC_PROGRESS, sizeof(buf)), buf));
}

TEST_F(device, longer_with_something)
{
	unsigned int size[] = { sizeof(self->ck), sizeof(struct ckpt_release), sizeof(self->rs) };
	unsigned int cmd[] = { CKPT_IOC_CHECKPOINT, CKPT_IOC_RELEASE, CKPT_IOC_RESTART };
	char buf[8192];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmd); i++) {
		memset(buf, 0, sizeof(buf));
		buf[size[i]] = 1;
		FAILS(E2BIG, SIZED(cmd[i], sizeof(buf)), buf);
		buf[size[i]] = 0;
		buf[sizeof(buf) - 1] = 1;
		FAILS(E2BIG, SIZED(cmd[i], sizeof(buf)), buf);
	}
}

TEST_F(device, bad_pointer)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		FAILS(EFAULT, all[i], NULL);
		FAILS(EFAULT, all[i], NOT_MAPPED);
		FAILS(EFAULT, all[i], (void *)0xffffffff81000000);
		FAILS(EFAULT, all[i], (void *)-8L);
	}
}

/* The module cannot give anything back in a read-only argument. */
TEST_F(device, read_only_argument)
{
	struct ckpt_checkpoint *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*p = self->ck;
	ASSERT_EQ(0, mprotect(p, 4096, PROT_READ));
	FAILS(EFAULT, CKPT_IOC_CHECKPOINT, p);
	ASSERT_EQ(0, mprotect(p, 4096, PROT_READ | PROT_WRITE));
	p->flags = CKPT_CHECKPOINT_HOLD;
	ASSERT_EQ(0, mprotect(p, 4096, PROT_READ));
	FAILS(EFAULT, CKPT_IOC_CHECKPOINT, p);
	/* A caller that was told of a failure holds nothing. */
	EXPECT_TRUE(victim_counts(self->counter));
}

/* Nothing is started that nobody can be told of. */
TEST_F(device, read_only_restart)
{
	struct ckpt_restart *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	victim_kill(self->pid);
	lseek(self->out, 0, SEEK_SET);
	*p = self->rs;
	ASSERT_EQ(0, mprotect(p, 4096, PROT_READ));
	FAILS(EFAULT, CKPT_IOC_RESTART, p);
	ASSERT_FALSE(victim_exists(self->pid));
	/* It is not even begun with; and words that there are none of need no room. */
	ASSERT_EQ(0, mprotect(p, 4096, PROT_READ | PROT_WRITE));
	p->errors = (uintptr_t)NOT_MAPPED;
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_RESTART, p));
	EXPECT_EQ(self->pid, p->pid);
}

TEST_F(device, checkpoint_flags)
{
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		self->ck.flags = 1ULL << bit;
		if (!(self->ck.flags & CKPT_CHECKPOINT_FLAGS))
			FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &self->ck);
	}
}

TEST_F(device, restart_flags)
{
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		self->rs.flags = 1ULL << bit;
		if (!(self->rs.flags & CKPT_RESTART_FLAGS))
			FAILS(EINVAL, CKPT_IOC_RESTART, &self->rs);
	}
}

/* Fields that are answers have to be empty. */
#define NOT_ZERO(name, cmd, var, field)			\
	TEST_F(device, name)				\
	{						\
		self->var.field = 1;			\
		FAILS(EINVAL, cmd, &self->var);		\
	}

NOT_ZERO(checkpoint_errors_len, CKPT_IOC_CHECKPOINT, ck, errors_len)
NOT_ZERO(checkpoint_nr_tasks, CKPT_IOC_CHECKPOINT, ck, nr_tasks)
NOT_ZERO(checkpoint_frozen_ns, CKPT_IOC_CHECKPOINT, ck, frozen_ns)
NOT_ZERO(checkpoint_wall_ns, CKPT_IOC_CHECKPOINT, ck, wall_ns)
NOT_ZERO(checkpoint_pages, CKPT_IOC_CHECKPOINT, ck, pages)
NOT_ZERO(checkpoint_image_bytes, CKPT_IOC_CHECKPOINT, ck, image_bytes)
NOT_ZERO(checkpoint_park_ns, CKPT_IOC_CHECKPOINT, ck, park_ns)
NOT_ZERO(checkpoint_snapshot_ns, CKPT_IOC_CHECKPOINT, ck, snapshot_ns)
NOT_ZERO(restart_errors_len, CKPT_IOC_RESTART, rs, errors_len)
NOT_ZERO(restart_pid, CKPT_IOC_RESTART, rs, pid)
NOT_ZERO(restart_nr_tasks, CKPT_IOC_RESTART, rs, nr_tasks)
NOT_ZERO(restart_wall_ns, CKPT_IOC_RESTART, rs, wall_ns)
NOT_ZERO(restart_pages, CKPT_IOC_RESTART, rs, pages)
NOT_ZERO(restart_image_bytes, CKPT_IOC_RESTART, rs, image_bytes)
NOT_ZERO(restart_streams, CKPT_IOC_RESTART, rs, streams)

TEST_F(device, release_fields)
{
	struct ckpt_release rel = { .how = CKPT_RELEASE_KILL + 1 };

	FAILS(EINVAL, CKPT_IOC_RELEASE, &rel);
	rel.how = 0xffffffff;
	FAILS(EINVAL, CKPT_IOC_RELEASE, &rel);
	rel = (struct ckpt_release){ .pad = 1 };
	FAILS(EINVAL, CKPT_IOC_RELEASE, &rel);
	rel = (struct ckpt_release){ .frozen_ns = 1 };
	FAILS(EINVAL, CKPT_IOC_RELEASE, &rel);
}

TEST_F(device, release_nothing)
{
	struct ckpt_release rel = { .how = CKPT_RELEASE_KILL };

	FAILS(ENOENT, CKPT_IOC_RELEASE, &rel);
	/* A checkpoint that did not ask for it holds nothing. */
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	FAILS(ENOENT, CKPT_IOC_RELEASE, &rel);
}

TEST_F(device, errors_array)
{
	self->ck.errors_cap = 1025;
	FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &self->ck);
	self->ck.errors_cap = 0xffffffff;
	FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &self->ck);
	self->ck.errors_cap = 1;
	self->ck.errors = 0;
	FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &self->ck);
	self->rs.errors_cap = 1025;
	FAILS(EINVAL, CKPT_IOC_RESTART, &self->rs);
	self->rs.errors_cap = 1;
	self->rs.errors = 0;
	FAILS(EINVAL, CKPT_IOC_RESTART, &self->rs);
}

/* All that is refused has its record; what has none any more is counted. */
TEST_F(device, errors_many)
{
	static const unsigned int sockets[] = { 100, 1100 };
	static struct ckpt_error errors[1024];
	struct rlimit files = { 4096, 4096 };
	unsigned int i, n, more;
	pid_t child;

	for (i = 0; i < ARRAY_SIZE(sockets); i++) {
		struct ckpt_checkpoint ck = {
			.flags = CKPT_CHECKPOINT_DRY_RUN,
			.errors = (uintptr_t)errors,
			.errors_cap = ARRAY_SIZE(errors),
		};

		n = sockets[i];
		child = fork();
		if (!child) {
			close_range(3, ~0U, 0);
			setrlimit(RLIMIT_NOFILE, &files);
			while (n--)
				if (socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0)
					_exit(1);
			kill(getpid(), SIGSTOP);
			while (1)
				pause();
		}
		ASSERT_EQ(child, waitpid(child, NULL, WUNTRACED));
		kill(child, SIGCONT);
		usleep(300000);
		ck.pid = child;
		FAILS(EOPNOTSUPP, CKPT_IOC_CHECKPOINT, &ck);
		for (n = 0; n < ck.errors_len && strstr(errors[n].what, "socket"); n++)
			;
		if (sockets[i] < ARRAY_SIZE(errors)) {
			EXPECT_EQ(sockets[i], n);
		} else {
			EXPECT_EQ(ARRAY_SIZE(errors), ck.errors_len);
			EXPECT_EQ(ARRAY_SIZE(errors) - 1, n);
			if (sscanf(errors[n].what, "and %u more", &more) != 1)
				more = 0;
			EXPECT_LE(sockets[i] - n, more);
			EXPECT_EQ(0, errors[n].pid);
		}
		victim_kill(child);
	}
}

/* Where the words cannot be put, the errno remains. */
TEST_F(device, errors_nowhere)
{
	self->ck.pid = 0;
	self->ck.errors = (uintptr_t)NOT_MAPPED;
	FAILS(ESRCH, CKPT_IOC_CHECKPOINT, &self->ck);
	EXPECT_EQ(0, self->ck.errors_len);
	self->rs.errors = (uintptr_t)NOT_MAPPED;
	FAILS(EBADMSG, CKPT_IOC_RESTART, &self->rs);
	EXPECT_EQ(0, self->rs.errors_len);
}

TEST_F(device, errors_not_wanted)
{
	self->ck.pid = 0;
	self->ck.errors = 0;
	self->ck.errors_cap = 0;
	FAILS(ESRCH, CKPT_IOC_CHECKPOINT, &self->ck);
	EXPECT_EQ(0, self->ck.errors_len);
}

TEST_F(device, no_such_pid)
{
	static const int pids[] = { 0, -1, 0x7fffffff, -0x7fffffff - 1, 4194304 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		self->ck.pid = pids[i];
		self->ck.errors_len = 0;
		FAILS(ESRCH, CKPT_IOC_CHECKPOINT, &self->ck);
		EXPECT_EQ(1, self->ck.errors_len);
		EXPECT_EQ(ESRCH, (int)self->errors[0].error);
		self->ck.wall_ns = 0;
	}
}

TEST_F(device, itself)
{
	self->ck.pid = getpid();
	FAILS(EINVAL, CKPT_IOC_CHECKPOINT, &self->ck);
	EXPECT_EQ(1, self->ck.errors_len);
	EXPECT_EQ(getpid(), self->errors[0].pid);
}

TEST_F(device, bad_output)
{
	struct device_result res;
	int fd;

	EXPECT_EQ(-1, device_checkpoint(self->fd, self->pid, -1, 0, &res));
	EXPECT_EQ(EBADF, res.error);
	EXPECT_EQ(-1, device_checkpoint(self->fd, self->pid, 12345, 0, &res));
	EXPECT_EQ(EBADF, res.error);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(-1, device_checkpoint(self->fd, self->pid, fd, 0, &res));
	EXPECT_EQ(EBADF, res.error);
	fd = open("/dev/null", O_PATH | O_CLOEXEC);
	EXPECT_EQ(-1, device_checkpoint(self->fd, self->pid, fd, 0, &res));
	EXPECT_EQ(EBADF, res.error);
	/* The device itself is nothing to write to. */
	EXPECT_EQ(-1, device_checkpoint(self->fd, self->pid, self->fd, 0, &res));
	EXPECT_EQ(EINVAL, res.error);
	/* A driver whose write is of the old kind cannot take pages. */
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	EXPECT_EQ(-1, device_checkpoint(self->fd, self->pid, fd, 0, &res));
	EXPECT_TRUE(res.error == ENOSPC || res.error == EINVAL);
	EXPECT_EQ(NULL, device_unclear(&res));
}

/* Others may share a file that is refused: its position is as it was. */
TEST_F(device, refused_file_stays)
{
	struct device_result res;
	char path[64];
	int fd;

	ASSERT_EQ(8, write(self->out, "12345678", 8));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->out);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_EQ(5, lseek(fd, 5, SEEK_SET));
	EXPECT_EQ(-1, device_restart(self->fd, fd, 0, &res));
	EXPECT_EQ(EBADF, res.error);
	EXPECT_EQ(5, lseek(fd, 0, SEEK_CUR));
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(5, lseek(fd, 5, SEEK_SET));
	EXPECT_EQ(-1, device_checkpoint(self->fd, self->pid, fd, 0, &res));
	EXPECT_EQ(EBADF, res.error);
	EXPECT_EQ(5, lseek(fd, 0, SEEK_CUR));
	close(fd);
	/* The old-style read of this one cannot take pages. */
	fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(5, lseek(fd, 5, SEEK_SET));
	EXPECT_EQ(-1, device_restart(self->fd, fd, 0, &res));
	EXPECT_EQ(EINVAL, res.error);
	EXPECT_EQ(5, lseek(fd, 0, SEEK_CUR));
	close(fd);
}

TEST_F(device, bad_terminal)
{
	self->rs.tty_fd = 12345;
	FAILS(ENOTTY, CKPT_IOC_RESTART, &self->rs);
	EXPECT_EQ(1, self->rs.errors_len);
	self->rs = (struct ckpt_restart){ .in_fd = self->out, .tty_fd = self->out };
	FAILS(ENOTTY, CKPT_IOC_RESTART, &self->rs);
}

/* Nothing is written, and all is well. */
TEST_F(device, dry_run)
{
	self->ck.flags = CKPT_CHECKPOINT_DRY_RUN;
	self->ck.out_fd = -1;
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	EXPECT_EQ(0, self->ck.errors_len);
	EXPECT_EQ(1, self->ck.nr_tasks);
	EXPECT_EQ(0, lseek(self->out, 0, SEEK_END));
}

TEST_F(device, dry_run_holds_nothing)
{
	struct ckpt_release rel = { .how = CKPT_RELEASE_KILL };

	self->ck.flags = CKPT_CHECKPOINT_DRY_RUN | CKPT_CHECKPOINT_HOLD;
	self->ck.out_fd = -1;
	if (!ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck))
		FAILS(ENOENT, CKPT_IOC_RELEASE, &rel);
	else
		EXPECT_EQ(EINVAL, errno);
}

TEST_F(device, results)
{
	struct ckpt_progress progress;

	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_CHECKPOINT, &self->ck));
	EXPECT_EQ(1, self->ck.nr_tasks);
	EXPECT_LT(0, self->ck.frozen_ns);
	EXPECT_LE(self->ck.frozen_ns, self->ck.wall_ns);
	EXPECT_LE(self->ck.park_ns + self->ck.snapshot_ns, self->ck.frozen_ns);
	EXPECT_LT(0, self->ck.pages);
	EXPECT_EQ(lseek(self->out, 0, SEEK_END), (off_t)self->ck.image_bytes);
	ASSERT_EQ(0, ioctl(self->fd, CKPT_IOC_PROGRESS, &progress));
	EXPECT_EQ(CKPT_PHASE_IDLE, (int)progress.phase);
}

TEST_F(device, kernel_thread)
{
	struct device_result res;

	EXPECT_EQ(-1, device_checkpoint(self->fd, 2, self->out, 0, &res));
	EXPECT_EQ(EINVAL, res.error);
	EXPECT_EQ(NULL, device_unclear(&res));
}

TEST_F(device, zombie)
{
	struct device_result res;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	usleep(100000);
	EXPECT_EQ(-1, device_checkpoint(self->fd, pid, self->out, 0, &res));
	EXPECT_EQ(ESRCH, res.error);
	EXPECT_EQ(NULL, device_unclear(&res));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

TEST_F(device, stopped)
{
	struct device_result res;
	int status;

	kill(self->pid, SIGSTOP);
	waitpid(self->pid, &status, WUNTRACED);
	EXPECT_EQ(-1, device_checkpoint(self->fd, self->pid, self->out, 0, &res));
	EXPECT_EQ(EBUSY, res.error);
	EXPECT_EQ(NULL, device_unclear(&res));
	kill(self->pid, SIGCONT);
}
