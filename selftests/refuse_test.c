// SPDX-License-Identifier: GPL-2.0
/*
 * State that is not kept is refused by one line that names it, before a byte is written; the
 * program goes on.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "subject_harness.h"

#define UNSUPPORTED " is not supported"

/* ---- descriptors ---- */

static void a_socket(struct __test_metadata *_metadata, int domain, int type)
{
	int fd = socket(domain, type, 0);

	ASSERT_LE(0, fd);
	subject_refused(" fd %d: a socket.*" UNSUPPORTED, fd);
}

SUBJECT(socket_tcp)
{
	a_socket(_metadata, AF_INET, SOCK_STREAM);
}

SUBJECT(socket_udp)
{
	a_socket(_metadata, AF_INET6, SOCK_DGRAM);
}

SUBJECT(socket_netlink)
{
	a_socket(_metadata, AF_NETLINK, SOCK_RAW);
}

/* Opened by itself: a description of its own of the same file. */
static void open_again(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (open(path, O_RDWR) < 0)
		_exit(1);
	close(fd);
}

SUBJECT(memfd_open_outside)
{
	int fd = memfd_create("ours and theirs", 0);

	ASSERT_LE(0, fd);
	subject_outsider(open_again, fd);
	subject_refused(" fd %d: /memfd:ours and theirs .*is open in a process outside .*", fd);
}

SUBJECT(deleted_file_open_outside)
{
	int fd = open(subject_path("gone"), O_RDWR | O_CREAT, 0600);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink(subject_path("gone")));
	subject_outsider(open_again, fd);
	subject_refused(" fd %d: .*/gone .*is open in a process outside .*", fd);
}

SUBJECT(deleted_file_with_attributes)
{
	int fd = open(subject_path("gone\n"), O_RDWR | O_CREAT, 0600);

	ASSERT_LE(0, fd);
	if (fsetxattr(fd, "trusted.test", "1", 1, 0))
		SKIP(return, "no extended attributes here");
	ASSERT_EQ(0, unlink(subject_path("gone\n")));
	/* The name is for a terminal: escaped, in one line. */
	subject_refused(" fd %d: file %s/gone\\\\x0a.* is deleted, and it has extended attributes",
			fd, subject_dir());
}

/* Under a mount, another file is found by the same path. */
SUBJECT(hidden_file)
{
	int fd;

	ASSERT_EQ(0, mkdir(subject_path("under"), 0700));
	fd = open(subject_path("under/file"), O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	if (mount("none", subject_path("under"), "tmpfs", 0, NULL))
		SKIP(return, "only for root");
	subject_refused(" fd %d: file .* is not found by its path", fd);
	umount2(subject_path("under"), MNT_DETACH);
}

SUBJECT(huge_memfd)
{
	int fd = memfd_create("huge", MFD_HUGETLB);

	if (fd < 0)
		SKIP(return, "memfd_create: %s", strerror(errno));
	subject_refused(" fd %d: memory of huge pages .*" UNSUPPORTED, fd);
}

SUBJECT(shared_memory_by_descriptor)
{
	const size_t len = 4096;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)p, (long)p + len);
	fd = open(path, O_RDWR);
	ASSERT_LE(0, fd);
	subject_refused(" fd %d: a descriptor of shared anonymous memory .*" UNSUPPORTED, fd);
}

SUBJECT(secret_memory)
{
	int fd = syscall(SYS_memfd_secret, 0);
	void *p;

	if (fd < 0)
		SKIP(return, "memfd_secret: %s", strerror(errno));
	ASSERT_EQ(0, ftruncate(fd, 4096));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	subject_refused(" fd %d: secret memory .*" UNSUPPORTED, fd);
}

SUBJECT(fifo_of_a_path_alone)
{
	int fd;

	ASSERT_EQ(0, mkfifo(subject_path("fifo"), 0600));
	fd = open(subject_path("fifo"), O_PATH);
	ASSERT_LE(0, fd);
	subject_refused(" fd %d: a FIFO .*" UNSUPPORTED, fd);
}

SUBJECT(deleted_fifo)
{
	int fd;

	ASSERT_EQ(0, mkfifo(subject_path("fifo"), 0600));
	fd = open(subject_path("fifo"), O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink(subject_path("fifo")));
	subject_refused(" fd %d: FIFO .* is deleted", fd);
}

SUBJECT(device)
{
	int fd = open("/dev/kmsg", O_RDONLY);

	if (fd < 0)
		SKIP(return, "no /dev/kmsg");
	subject_refused(" fd %d: a character device \\(/dev/kmsg\\)" UNSUPPORTED, fd);
}

SUBJECT(pseudo_terminal)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), slave;

	if (fd < 0)
		SKIP(return, "no /dev/ptmx");
	ASSERT_EQ(0, unlockpt(fd));
	slave = open(ptsname(fd), O_RDWR | O_NOCTTY);
	ASSERT_LE(0, slave);
	close(slave);
	subject_refused(" fd %d: the controlling side of a pseudo-terminal .*" UNSUPPORTED, fd);
}

SUBJECT(own_device)
{
	int fd = open("/dev/ckpt", O_RDWR);

	if (fd < 0)
		SKIP(return, "the module is not loaded");
	subject_refused(" fd %d: a character device \\(/dev/ckpt\\)" UNSUPPORTED, fd);
}

/* It has none, or another one. */
SUBJECT(terminal_of_another)
{
	int fd = open("/dev/tty9", O_RDWR | O_NOCTTY);

	if (fd < 0)
		SKIP(return, "there is no /dev/tty9");
	subject_refused(" fd %d: a terminal that is not the one it was started from" UNSUPPORTED,
			fd);
}

/* Flags as chattr(1) sets them. */
static bool flagged(int fd)
{
	int flags = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return false;
	flags |= FS_NODUMP_FL;
	return !ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

SUBJECT(memfd_with_flags)
{
	int fd = memfd_create("flags", 0);

	if (!flagged(fd))
		SKIP(return, "memfds have no flags in this kernel");
	subject_refused(" fd %d: .*memfd:flags has flags of chattr\\(1\\)", fd);
}

SUBJECT(deleted_file_with_flags)
{
	int fd = open(subject_path("flags"), O_RDWR | O_CREAT, 0600);

	ASSERT_EQ(0, unlink(subject_path("flags")));
	if (!flagged(fd))
		SKIP(return, "files have no flags in this file system");
	subject_refused(" fd %d: file .*flags.* is deleted, and it has flags of chattr\\(1\\)", fd);
}

static void only_close(int fd)
{
	close(fd);
}

SUBJECT(pipe_to_outside)
{
	int fds[2];

	/* The other end is held by a process that is not a child. */
	ASSERT_EQ(0, pipe(fds));
	subject_outsider(only_close, fds[0]);
	subject_refused(" fd (%d|%d): .*pipe.*outside the image.*", fds[0], fds[1]);
}

static void only_keep(int fd)
{
	(void)fd;
}

SUBJECT(file_shared_outside)
{
	int fd = open(subject_path("file"), O_RDWR | O_CREAT, 0600);

	ASSERT_LE(0, fd);
	subject_outsider(only_keep, fd);
	subject_refused(" fd %d: %s is open in a process outside the image too .*", fd,
			subject_path("file"));
}

SUBJECT(signals_to_another)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, fcntl(fds[0], F_SETOWN, 1));
	subject_refused(" fd %d: .*F_SETOWN.*" UNSUPPORTED, fds[0]);
}

SUBJECT(signals_to_a_group)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, fcntl(fds[0], F_SETOWN, -getpgrp()));
	subject_refused(" fd %d: .*F_SETOWN.*" UNSUPPORTED, fds[0]);
}

SUBJECT(watched_directory)
{
	int fd;

	/* Not the one where the test itself makes files. */
	ASSERT_EQ(0, mkdir(subject_path("watched"), 0700));
	fd = open(subject_path("watched"), O_RDONLY | O_DIRECTORY);
	if (fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT))
		SKIP(return, "F_NOTIFY: %s", strerror(errno));
	subject_refused(" fd %d: a watched directory \\(F_NOTIFY\\)" UNSUPPORTED, fd);
}

SUBJECT(deleted_directory)
{
	ASSERT_EQ(0, mkdir(subject_path("gone"), 0700));
	ASSERT_EQ(0, chdir(subject_path("gone")));
	ASSERT_EQ(0, rmdir(subject_path("gone")));
	subject_refused(": its working directory .* is deleted");
}

/* ---- memory ---- */

SUBJECT(system_v_memory)
{
	int id = shmget(IPC_PRIVATE, 8192, 0600);
	void *p;

	ASSERT_LE(0, id);
	p = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	ASSERT_NE((void *)-1, p);
	subject_refused(" address 0x%lx: .*SYSV.*", (unsigned long)p);
}

SUBJECT(shared_outside)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();

	if (!pid) {
		if (fork())
			_exit(0);
		subject_nap(100);
		while (subject_going())
			subject_nap(10);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	p[0] = 1;
	subject_refused(".*/dev/zero .*outside the image.*");
}

/* A few, if there were none. */
static void make_huge_pages(void)
{
	int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);

	if (fd >= 0 && write(fd, "4", 1) == 1)
		close(fd);
}

SUBJECT(huge_tlb)
{
	void *p;

	make_huge_pages();
	p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (p == MAP_FAILED)
		SKIP(return, "there are no huge pages");
	/* As what the area is, and as the file behind it. */
	subject_tell("lines", "2");
	subject_refused(" address 0x%lx: .*huge.*" UNSUPPORTED, (unsigned long)p);
}

SUBJECT(userfault)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "userfaultfd: %s", strerror(errno));
	subject_refused(" fd %d: .*userfaultfd.*" UNSUPPORTED, fd);
}

/* Not the descriptor, which would be seen first. */
SUBJECT(userfault_memory)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_register reg = {
		.range.len = 8192,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0)
		SKIP(return, "userfaultfd: %s", strerror(errno));
	reg.range.start = (uintptr_t)mmap(NULL, 8192, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	ASSERT_EQ(0, ioctl(fd, UFFDIO_REGISTER, &reg));
	subject_give_away(fd);
	subject_refused(" address 0x%lx: memory under userfaultfd" UNSUPPORTED,
			(unsigned long)reg.range.start);
}

/* Numbers of <numaif.h>. */
#define MPOL_BIND_ 2

SUBJECT(numa_of_a_thread)
{
	unsigned long nodes = 1;

	if (syscall(SYS_set_mempolicy, MPOL_BIND_, &nodes, 8))
		SKIP(return, "set_mempolicy: %s", strerror(errno));
	subject_refused(": a NUMA policy \\(set_mempolicy\\)" UNSUPPORTED);
}

SUBJECT(numa_of_memory)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long nodes = 1;

	if (syscall(SYS_mbind, p, 4096, MPOL_BIND_, &nodes, 8, 0))
		SKIP(return, "mbind: %s", strerror(errno));
	subject_refused(" address 0x%lx: memory with a NUMA policy" UNSUPPORTED, (unsigned long)p);
}

SUBJECT(numa_of_shared_memory)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long nodes = 1;

	if (syscall(SYS_mbind, p, 4096, MPOL_BIND_, &nodes, 8, 0))
		SKIP(return, "mbind: %s", strerror(errno));
	/* The mapping has it, and so has the memory, for others who would map it. */
	subject_tell("lines", "2");
	subject_refused(" address 0x%lx: memory with a NUMA policy( \\(mbind\\))?" UNSUPPORTED,
			(unsigned long)p);
}

SUBJECT(sealed_memory)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* mseal(2), 6.10 */
	if (syscall(462, p, 4096, 0))
		SKIP(return, "mseal: %s", strerror(errno));
	subject_refused(" address 0x%lx: sealed memory .*" UNSUPPORTED, (unsigned long)p);
}

SUBJECT(aio)
{
	aio_context_t ctx = 0;

	ASSERT_EQ(0, syscall(SYS_io_setup, 4, &ctx));
	/* Its ring is a mapping, too, of flags and of a file that are odd. */
	subject_tell("lines", "3");
	subject_refused("(: an aio context| address 0x[0-9a-f]+: ).*" UNSUPPORTED);
}

/* ---- the process ---- */

static char clone_stack[65536] __attribute__((aligned(16)));

static int clone_main(void *arg)
{
	/* Only system calls: it has the thread's C library, too. */
	struct timespec ts = { 0, 10000000 };

	while (!syscall(SYS_kill, (long)arg, 0))
		syscall(SYS_nanosleep, &ts, NULL);
	syscall(SYS_exit, 0);
	return 0;
}

/*
 * Not a thread, not a copy: another process with the same memory. It is no child, and ends when
 * this one does, however that comes.
 */
static void of_two(struct __test_metadata *_metadata, int (*fn)(void *), int flags,
		   const char *what)
{
	pid_t pid = clone(fn, clone_stack + sizeof(clone_stack), flags | CLONE_PARENT,
			  (void *)(long)getpid());

	ASSERT_LT(0, pid);
	subject_nap(50);
	subject_refused(": %s shared with process %d .*" UNSUPPORTED, what, pid);
	kill(pid, SIGKILL);
}

SUBJECT(memory_of_two)
{
	of_two(_metadata, clone_main, CLONE_VM, "memory");
}

SUBJECT(descriptors_of_two)
{
	of_two(_metadata, clone_main, CLONE_FILES, "descriptors");
}

SUBJECT(directory_of_two)
{
	of_two(_metadata, clone_main, CLONE_FS, "a directory");
}

static char left_stack[65536] __attribute__((aligned(16)));

static int left_main(void *arg)
{
	clone(clone_main, left_stack + sizeof(left_stack),
	      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, arg);
	syscall(SYS_exit, 0);
	return 0;
}

/* Its first thread, the one that stands for it in a list of processes, has ended. */
SUBJECT(memory_of_two_without_a_leader)
{
	of_two(_metadata, left_main, CLONE_VM, "memory");
}

SUBJECT(io_uring)
{
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0)
		SKIP(return, "io_uring: %s", strerror(errno));
	subject_tell("lines", "2");
	/* As a descriptor, and as what the thread has to do with it. */
	subject_refused("(: io_uring| fd %d: .*io_uring.*)" UNSUPPORTED, fd);
}

/*
 * Restrictions are newer than the <linux/io_uring.h> of the oldest kernel. A task has them, and its
 * rings will have them, too.
 */
SUBJECT(io_uring_restrictions)
{
	struct { uint16_t flags, nr; uint32_t reserved[3]; } restriction = { 0 };

	/* IORING_REGISTER_RESTRICTIONS, of no ring */
	if (syscall(SYS_io_uring_register, -1, 11, &restriction, 1))
		SKIP(return, "restrictions of io_uring: %s", strerror(errno));
	subject_refused(": restrictions of io_uring" UNSUPPORTED);
}

SUBJECT(semaphore_undo)
{
	struct sembuf op = { .sem_op = 1, .sem_flg = SEM_UNDO };
	int id = semget(IPC_PRIVATE, 1, 0600);

	ASSERT_LE(0, id);
	ASSERT_EQ(0, semop(id, &op, 1));
	subject_refused(": System V semaphore undo .*" UNSUPPORTED);
	semctl(id, 0, IPC_RMID);
}

/* A profile that AppArmor would change to at the next exec. */
SUBJECT(apparmor_exec)
{
	int fd = open("/proc/thread-self/attr/apparmor/exec", O_WRONLY);

	if (fd < 0 || write(fd, "exec unconfined", 15) != 15)
		SKIP(return, "no AppArmor here: %s", strerror(errno));
	close(fd);
	subject_refused(": a profile for the next exec \\(AppArmor\\)" UNSUPPORTED);
}

/* System calls of <linux/landlock.h>. */
SUBJECT(landlock)
{
	struct { uint64_t fs; } attr = { 1 };
	int fd = syscall(444, &attr, sizeof(attr), 0);

	if (fd < 0)
		SKIP(return, "landlock_create_ruleset: %s", strerror(errno));
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ASSERT_EQ(0, syscall(446, fd, 0));
	close(fd);
	subject_refused(": a Landlock sandbox" UNSUPPORTED);
}

SUBJECT(utilization_clamp)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
		uint32_t util_min, util_max;
	} attr = { .size = sizeof(attr), .util_min = 100 };

	/* SCHED_FLAG_KEEP_ALL | SCHED_FLAG_UTIL_CLAMP_MIN */
	attr.flags = 0x38;
	if (syscall(SYS_sched_setattr, 0, &attr, 0))
		SKIP(return, "SCHED_FLAG_UTIL_CLAMP_MIN: %s", strerror(errno));
	subject_refused(": a utilization clamp .*" UNSUPPORTED);
}

/* ---- what a thread has of its own ---- */

static volatile int own_ready;

static void *own_thread(void *arg)
{
	subject_check(!unshare((long)arg));
	subject_tell("thread", "%d", gettid());
	own_ready = 1;
	while (subject_going())
		subject_nap(10);
	return NULL;
}

static void own(struct __test_metadata *_metadata, long flags, const char *what)
{
	pthread_t t;

	ASSERT_EQ(0, pthread_create(&t, NULL, own_thread, (void *)flags));
	while (!own_ready)
		subject_nap(1);
	subject_refused(": a thread with %s of its own.*" UNSUPPORTED, what);
	EXPECT_EQ(0, pthread_join(t, NULL));
}

SUBJECT(descriptors_of_a_thread)
{
	own(_metadata, CLONE_FILES, "descriptors");
}

SUBJECT(directory_of_a_thread)
{
	own(_metadata, CLONE_FS, "a directory");
}

SUBJECT(network_of_a_thread)
{
	own(_metadata, CLONE_NEWNET, "namespaces");
}

static void trace(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/%s", name);
	fd = open(path, O_WRONLY | O_APPEND);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		subject_fail("%s: %s", path, strerror(errno));
	close(fd);
}

/* A breakpoint that the kernel has put into its code, which would come without its probe. */
SUBJECT(probes)
{
	static const char ret[] = { 0x90, 0xc3 };
	char line[512];
	int fd;

	if (access("/sys/kernel/tracing/uprobe_events", W_OK))
		SKIP(return, "uprobe_events: %s", strerror(errno));
	/* A file of its own: all who have it mapped get the breakpoint. */
	fd = open(subject_path("code"), O_RDWR | O_CREAT, 0700);
	ASSERT_EQ(sizeof(ret), write(fd, ret, sizeof(ret)));
	subject_map(fd, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	snprintf(line, sizeof(line), "p:ckpt/probe_%d %s:0\n", getpid(), subject_path("code"));
	trace("uprobe_events", line);
	snprintf(line, sizeof(line), "events/ckpt/probe_%d/enable", getpid());
	trace(line, "1");
	subject_refused(": a program with probes in its code .*" UNSUPPORTED);
	trace(line, "0");
	snprintf(line, sizeof(line), "-:ckpt/probe_%d\n", getpid());
	trace("uprobe_events", line);
}

SUBJECT(dispatch_of_calls)
{
	static volatile char selector;

	/* PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, with no range of its own */
	if (prctl(59, 1, 0, 0, &selector))
		SKIP(return, "PR_SET_SYSCALL_USER_DISPATCH: %s", strerror(errno));
	subject_refused(": dispatch of system calls .*" UNSUPPORTED);
}

SUBJECT(serves_io)
{
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0))
		SKIP(return, "PR_SET_IO_FLUSHER: %s", strerror(errno));
	subject_refused(": a task that serves I/O .*" UNSUPPORTED);
}

static void tell_pid(int fd)
{
	dprintf(fd, "%d\n", getpid());
	close(fd);
}

SUBJECT(debugger)
{
	int fd = open(subject_path("pid"), O_RDWR | O_CREAT, 0600);
	char said[32];
	pid_t pid;

	ASSERT_LE(0, fd);
	subject_outsider(tell_pid, fd);
	close(fd);
	ASSERT_LT(0, subject_read(subject_path("pid"), said, sizeof(said)));
	pid = atoi(said);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0)) {
		TH_LOG("%d: %s", pid, strerror(errno));
	}
	subject_refused(": a task that traces another one .*" UNSUPPORTED);
	ptrace(PTRACE_DETACH, pid, 0, 0);
}

SUBJECT(lease_of_a_mapping)
{
	int fd = open(subject_path("file"), O_RDWR | O_CREAT, 0600);
	char *p;

	ASSERT_EQ(0, ftruncate(fd, 4096));
	p = subject_map(fd, 4096, PROT_READ, MAP_SHARED);
	if (fcntl(fd, F_SETLEASE, F_WRLCK))
		SKIP(return, "F_SETLEASE: %s", strerror(errno));
	/* The mapping keeps the description, and that the lease. */
	close(fd);
	subject_refused(" address 0x%lx: a lease of a file that is mapped.*" UNSUPPORTED,
			(unsigned long)p);
}

/* A main thread that has ended: only the others are left. */
static pthread_t main_thread;

static void *left_thread(void *arg)
{
	char stat[512];

	subject_check(!pthread_join(main_thread, NULL));
	/* From there it has some way to go. */
	do {
		subject_nap(1);
		subject_check(subject_read("/proc/self/stat", stat, sizeof(stat)) > 0);
	} while (!strstr(stat, ") Z "));
	subject_tell("refuse", ": has ended.*|: its thread group leader ended .*");
	subject_wait();
	subject_result(!subject_failed(), NULL);
	return arg;
}

SUBJECT(leader_ended)
{
	pthread_t t;

	if (!subject_has_driver())
		SKIP(return, "ends the process in its own way");
	main_thread = pthread_self();
	ASSERT_EQ(0, pthread_create(&t, NULL, left_thread, NULL));
	pthread_exit(NULL);
}

/* Everything that is wrong is said, not only the first thing. */
SUBJECT(several_things)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET6, SOCK_STREAM, 0);
	int c = socket(AF_INET, SOCK_STREAM, 0);

	subject_tell("lines", "3");
	subject_refused(" fd (%d|%d|%d): .*" UNSUPPORTED, a, b, c);
}
