// SPDX-License-Identifier: GPL-2.0
#include "names.h"

#include <ckpt_image.h>

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "ckpt_image.pb-c.h"
#include "util.h"

/* The kernel sets this flag on 64-bit, too, where the C library's O_LARGEFILE is 0. */
#define KERNEL_O_LARGEFILE 0100000
/* 7.3 */
#ifndef O_EMPTYPATH
#define O_EMPTYPATH (1 << 26)
#endif

const struct name names_open[] = {
	{ O_APPEND, "append" },
	{ O_NONBLOCK, "nonblock" },
	{ O_SYNC, "sync" },
	{ O_DSYNC, "dsync" },
	{ O_ASYNC, "async" },
	{ O_DIRECT, "direct" },
	{ O_TMPFILE, "tmpfile" },
	{ O_DIRECTORY, "directory" },
	{ O_NOFOLLOW, "nofollow" },
	{ O_NOATIME, "noatime" },
	{ O_PATH, "path" },
	{ O_CLOEXEC, "cloexec" },
	{ O_EMPTYPATH, "emptypath" },
	{ O_CREAT, "creat" },
	{ O_EXCL, "excl" },
	{ O_NOCTTY, "noctty" },
	{ O_TRUNC, "trunc" },
	{ KERNEL_O_LARGEFILE, "largefile" },
	{ }
};

#define VMA(name, text) { CKPT__VMA_FLAG__VMA_FLAG_##name, text }
const struct name names_vma[] = {
	VMA(SHARED, "shared"),
	VMA(GROWSDOWN, "growsdown"),
	VMA(NORESERVE, "noreserve"),
	VMA(LOCKED, "locked"),
	VMA(LOCKONFAULT, "lockonfault"),
	VMA(DONTFORK, "dontfork"),
	VMA(WIPEONFORK, "wipeonfork"),
	VMA(DONTDUMP, "dontdump"),
	VMA(MERGEABLE, "mergeable"),
	VMA(HUGEPAGE, "hugepage"),
	VMA(NOHUGEPAGE, "nohugepage"),
	VMA(SEQ_READ, "sequential"),
	VMA(RAND_READ, "random"),
	VMA(ACCOUNT, "account"),
	VMA(NOWRITE, "nowrite"),
	VMA(DROPPABLE, "droppable"),
	{ }
};

/* The C library hides this one. */
#define KERNEL_SA_RESTORER 0x04000000

const struct name names_seal[] = {
	{ 0x01, "seal" },
	{ 0x02, "shrink" },
	{ 0x04, "grow" },
	{ 0x08, "write" },
	{ 0x10, "future_write" },
	{ 0x20, "exec" },
	{ }
};

const struct name names_sa[] = {
	{ SA_NOCLDSTOP, "nocldstop" },
	{ SA_NOCLDWAIT, "nocldwait" },
	{ SA_SIGINFO, "siginfo" },
	{ SA_ONSTACK, "onstack" },
	{ SA_RESTART, "restart" },
	{ SA_NODEFER, "nodefer" },
	{ (uint32_t)SA_RESETHAND, "resethand" },
	{ KERNEL_SA_RESTORER, "restorer" },
	{ }
};

#define CAP(name, text) { 1ULL << CAP_##name, text }
const struct name names_cap[] = {
	CAP(CHOWN, "chown"),
	CAP(DAC_OVERRIDE, "dac_override"),
	CAP(DAC_READ_SEARCH, "dac_read_search"),
	CAP(FOWNER, "fowner"),
	CAP(FSETID, "fsetid"),
	CAP(KILL, "kill"),
	CAP(SETGID, "setgid"),
	CAP(SETUID, "setuid"),
	CAP(SETPCAP, "setpcap"),
	CAP(LINUX_IMMUTABLE, "linux_immutable"),
	CAP(NET_BIND_SERVICE, "net_bind_service"),
	CAP(NET_BROADCAST, "net_broadcast"),
	CAP(NET_ADMIN, "net_admin"),
	CAP(NET_RAW, "net_raw"),
	CAP(IPC_LOCK, "ipc_lock"),
	CAP(IPC_OWNER, "ipc_owner"),
	CAP(SYS_MODULE, "sys_module"),
	CAP(SYS_RAWIO, "sys_rawio"),
	CAP(SYS_CHROOT, "sys_chroot"),
	CAP(SYS_PTRACE, "sys_ptrace"),
	CAP(SYS_PACCT, "sys_pacct"),
	CAP(SYS_ADMIN, "sys_admin"),
	CAP(SYS_BOOT, "sys_boot"),
	CAP(SYS_NICE, "sys_nice"),
	CAP(SYS_RESOURCE, "sys_resource"),
	CAP(SYS_TIME, "sys_time"),
	CAP(SYS_TTY_CONFIG, "sys_tty_config"),
	CAP(MKNOD, "mknod"),
	CAP(LEASE, "lease"),
	CAP(AUDIT_WRITE, "audit_write"),
	CAP(AUDIT_CONTROL, "audit_control"),
	CAP(SETFCAP, "setfcap"),
	CAP(MAC_OVERRIDE, "mac_override"),
	CAP(MAC_ADMIN, "mac_admin"),
	CAP(SYSLOG, "syslog"),
	CAP(WAKE_ALARM, "wake_alarm"),
	CAP(BLOCK_SUSPEND, "block_suspend"),
	CAP(AUDIT_READ, "audit_read"),
	CAP(PERFMON, "perfmon"),
	CAP(BPF, "bpf"),
	CAP(CHECKPOINT_RESTORE, "checkpoint_restore"),
	{ }
};

/* Intel SDM volume 1, 13.1: the bits of XCR0 and IA32_XSS. */
const struct name names_xfeature[] = {
	{ 1ULL << 0, "x87" },
	{ 1ULL << 1, "sse" },
	{ 1ULL << 2, "avx" },
	{ 1ULL << 3, "bndregs" },
	{ 1ULL << 4, "bndcsr" },
	{ 1ULL << 5, "opmask" },
	{ 1ULL << 6, "zmm_hi256" },
	{ 1ULL << 7, "hi16_zmm" },
	{ 1ULL << 8, "pt" },
	{ 1ULL << 9, "pkru" },
	{ 1ULL << 10, "pasid" },
	{ 1ULL << 11, "cet_user" },
	{ 1ULL << 12, "cet_supervisor" },
	{ 1ULL << 17, "amx_tilecfg" },
	{ 1ULL << 18, "amx_tiledata" },
	{ 1ULL << 19, "apx" },
	{ }
};

const struct name names_cpuid[] = {
#define NAMES_CPUID(word, bit, name) { (word) * 32 + (bit), name },
	CKPT_X86_CPUID_TABLE(NAMES_CPUID)
#undef NAMES_CPUID
	{ }
};

const struct name names_policy[] = {
	{ SCHED_OTHER, "other" },
	{ SCHED_FIFO, "fifo" },
	{ SCHED_RR, "rr" },
	{ SCHED_BATCH, "batch" },
	{ SCHED_IDLE, "idle" },
	{ 6, "deadline" },
	{ 7, "ext" },
	{ }
};

const struct name names_rlimit[] = {
	{ RLIMIT_CPU, "cpu" },
	{ RLIMIT_FSIZE, "fsize" },
	{ RLIMIT_DATA, "data" },
	{ RLIMIT_STACK, "stack" },
	{ RLIMIT_CORE, "core" },
	{ RLIMIT_RSS, "rss" },
	{ RLIMIT_NPROC, "nproc" },
	{ RLIMIT_NOFILE, "nofile" },
	{ RLIMIT_MEMLOCK, "memlock" },
	{ RLIMIT_AS, "as" },
	{ RLIMIT_LOCKS, "locks" },
	{ RLIMIT_SIGPENDING, "sigpending" },
	{ RLIMIT_MSGQUEUE, "msgqueue" },
	{ RLIMIT_NICE, "nice" },
	{ RLIMIT_RTPRIO, "rtprio" },
	{ RLIMIT_RTTIME, "rttime" },
	{ }
};

const struct name names_itimer[] = {
	{ ITIMER_REAL, "real" },
	{ ITIMER_VIRTUAL, "virtual" },
	{ ITIMER_PROF, "profile" },
	{ }
};

const struct name names_clock[] = {
	{ CLOCK_REALTIME, "realtime" },
	{ CLOCK_MONOTONIC, "monotonic" },
	{ CLOCK_BOOTTIME, "boottime" },
	{ CLOCK_TAI, "tai" },
	{ CLOCK_REALTIME_ALARM, "realtime alarm" },
	{ CLOCK_BOOTTIME_ALARM, "boottime alarm" },
	{ }
};

const struct name names_epoll[] = {
	{ EPOLLIN, "in" },
	{ EPOLLPRI, "pri" },
	{ EPOLLOUT, "out" },
	{ EPOLLERR, "err" },
	{ EPOLLHUP, "hup" },
	{ EPOLLRDNORM, "rdnorm" },
	{ EPOLLRDBAND, "rdband" },
	{ EPOLLWRNORM, "wrnorm" },
	{ EPOLLWRBAND, "wrband" },
	{ EPOLLMSG, "msg" },
	{ EPOLLRDHUP, "rdhup" },
	{ EPOLLEXCLUSIVE, "exclusive" },
	{ EPOLLWAKEUP, "wakeup" },
	{ EPOLLONESHOT, "one-shot" },
	{ (uint32_t)EPOLLET, "edge" },
	{ }
};

const struct name names_inotify[] = {
	{ IN_ACCESS, "access" },
	{ IN_MODIFY, "modify" },
	{ IN_ATTRIB, "attrib" },
	{ IN_CLOSE_WRITE, "close-write" },
	{ IN_CLOSE_NOWRITE, "close-nowrite" },
	{ IN_OPEN, "open" },
	{ IN_MOVED_FROM, "moved-from" },
	{ IN_MOVED_TO, "moved-to" },
	{ IN_CREATE, "create" },
	{ IN_DELETE, "delete" },
	{ IN_DELETE_SELF, "delete-self" },
	{ IN_MOVE_SELF, "move-self" },
	{ IN_UNMOUNT, "unmount" },
	{ IN_Q_OVERFLOW, "overflow" },
	{ IN_IGNORED, "ignored" },
	{ IN_EXCL_UNLINK, "excl-unlink" },
	{ IN_ISDIR, "directory" },
	{ IN_ONESHOT, "one-shot" },
	{ }
};

const struct name names_restart[] = {
	{ CKPT__RESTART_KIND__RESTART_NONE, "none" },
	{ CKPT__RESTART_KIND__RESTART_NANOSLEEP, "nanosleep" },
	{ CKPT__RESTART_KIND__RESTART_FUTEX_WAIT, "futex wait" },
	{ CKPT__RESTART_KIND__RESTART_POLL, "poll" },
	{ CKPT__RESTART_KIND__RESTART_CALL, "call again" },
	{ }
};

#define SIG(n, text) { 1ULL << ((n) - 1), text }
/* 32 and 33 are the C library's own. */
#define SIG_RT(n) SIG(34 + (n), "RTMIN+" #n)
const struct name names_signal[] = {
	SIG(SIGHUP, "HUP"), SIG(SIGINT, "INT"), SIG(SIGQUIT, "QUIT"), SIG(SIGILL, "ILL"),
	SIG(SIGTRAP, "TRAP"), SIG(SIGABRT, "ABRT"), SIG(SIGBUS, "BUS"), SIG(SIGFPE, "FPE"),
	SIG(SIGKILL, "KILL"), SIG(SIGUSR1, "USR1"), SIG(SIGSEGV, "SEGV"), SIG(SIGUSR2, "USR2"),
	SIG(SIGPIPE, "PIPE"), SIG(SIGALRM, "ALRM"), SIG(SIGTERM, "TERM"),
	SIG(SIGSTKFLT, "STKFLT"), SIG(SIGCHLD, "CHLD"), SIG(SIGCONT, "CONT"),
	SIG(SIGSTOP, "STOP"), SIG(SIGTSTP, "TSTP"), SIG(SIGTTIN, "TTIN"), SIG(SIGTTOU, "TTOU"),
	SIG(SIGURG, "URG"), SIG(SIGXCPU, "XCPU"), SIG(SIGXFSZ, "XFSZ"),
	SIG(SIGVTALRM, "VTALRM"), SIG(SIGPROF, "PROF"), SIG(SIGWINCH, "WINCH"),
	SIG(SIGPOLL, "POLL"), SIG(SIGPWR, "PWR"), SIG(SIGSYS, "SYS"),
	SIG(32, "32"), SIG(33, "33"), SIG(34, "RTMIN"),
	SIG_RT(1), SIG_RT(2), SIG_RT(3), SIG_RT(4), SIG_RT(5), SIG_RT(6), SIG_RT(7), SIG_RT(8),
	SIG_RT(9), SIG_RT(10), SIG_RT(11), SIG_RT(12), SIG_RT(13), SIG_RT(14), SIG_RT(15),
	SIG_RT(16), SIG_RT(17), SIG_RT(18), SIG_RT(19), SIG_RT(20), SIG_RT(21), SIG_RT(22),
	SIG_RT(23), SIG_RT(24), SIG_RT(25), SIG_RT(26), SIG_RT(27), SIG_RT(28), SIG_RT(29),
	SIG_RT(30),
	{ }
};

const char *names_find(const struct name *table, uint64_t value)
{
	for (; table->text; table++)
		if (table->value == value)
			return table->text;
	return NULL;
}

char *names_flags(char *buf, const struct name *table, uint64_t value, const char *separator)
{
	size_t used = 0;

	buf[0] = 0;
	for (; table->text && value && used < NAMES_BUF; table++) {
		if ((value & table->value) != table->value)
			continue;
		value &= ~table->value;
		used += snprintf(buf + used, NAMES_BUF - used, "%s%s", used ? separator : "",
				 table->text);
	}
	if (value && used < NAMES_BUF)
		snprintf(buf + used, NAMES_BUF - used, "%s0x%" PRIx64, used ? separator : "",
			 value);
	return buf;
}

const char *names_access(uint32_t flags)
{
	static const char *const access[] = { "r", "w", "rw", "none" };

	return flags & O_PATH ? "path" : access[flags & O_ACCMODE];
}

char *names_prot(char *buf, uint32_t prot)
{
	snprintf(buf, 4, "%c%c%c", prot & PROT_READ ? 'r' : '-', prot & PROT_WRITE ? 'w' : '-',
		 prot & PROT_EXEC ? 'x' : '-');
	return buf;
}

const char *names_file_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFCHR:
		return "device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFLNK:
		return "link";
	}
	return "unknown";
}

const char *names_machine(uint32_t machine)
{
	return machine == EM_X86_64 ? "x86-64" : NULL;
}
