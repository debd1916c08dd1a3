// SPDX-License-Identifier: GPL-2.0
/* Images that lie in what is not a number: paths, names, programs, registers, a label. */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "attempt.h"
#include "say.h"

/* A security label must be that of the restarter. */
TEST(label)
{
	struct image_bytes msg;
	unsigned int i;

	SETUP();
	i = nth_rec(CKPT_REC_CRED, 0);
	msg = payload(i);
	say_new_bytes(&msg, F(Cred, label), "a\nlabel", 7);
	EXPECT_FINE(attempt_payload(i, msg, false), "another label");
	EXPECT_EQ(EPERM, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "a\\x0alabel"));
}

/* A processor with an instruction that this one lacks; the last word is one nobody knows. */
TEST(instructions)
{
	static const uint8_t none[7];
	uint8_t cpuid[10] = {};
	struct image_field machine, f;
	const uint8_t *msg;
	unsigned int i;

	SETUP();
	i = nth_rec(CKPT_REC_IMAGE, 0);
	ASSERT_TRUE(image_find(recs[i].payload, recs[i].len, F(Image, x86), 0, &machine));
	msg = recs[i].payload + machine.value;
	ASSERT_TRUE(image_find(msg, machine.end - machine.value, F(X86Machine, cpuid), 0, &f));
	EXPECT_FINE(attempt_inner(i, &machine, image_set_bytes(msg, machine.end - machine.value, &f,
							       none, sizeof(none)), true),
		    "a processor with few instructions");
	/* Word 5: fma4 and tbm, which only few processors ever had. */
	cpuid[5] = 0x80;
	cpuid[6] = 0x80;
	cpuid[7] = 0x84;
	cpuid[8] = 0x01;
	EXPECT_FINE(attempt_inner(i, &machine, image_set_bytes(msg, machine.end - machine.value, &f,
							       cpuid, sizeof(cpuid)), false),
		    "tbm and fma4");
	EXPECT_EQ(EOPNOTSUPP, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res),
			       "lacks instructions that the image's had: fma4 tbm"));
	memset(cpuid, 0, sizeof(cpuid));
	cpuid[7] = 1;
	EXPECT_FINE(attempt_inner(i, &machine, image_set_bytes(msg, machine.end - machine.value, &f,
							       cpuid, 8), false),
		    "a word of later modules");
	EXPECT_EQ(EOPNOTSUPP, res.error);
	EXPECT_NE(NULL, strstr(device_words(&res), "does not know"));
}

/* Bytes where others were expected. */
static const char *attempt_bytes(uint32_t type, unsigned int nth, uint32_t outer, uint32_t field,
				 const void *data, size_t len)
{
	unsigned int i = of_kind(nth_rec(type, nth), type, outer);
	struct image_field fo, f;
	const uint8_t *msg;

	res.len = 0;
	if (i == n_recs)
		return "there is no such record";
	msg = recs[i].payload;
	if (!outer) {
		if (!image_find(msg, recs[i].len, field, 0, &f))
			return "there is no such field";
		return attempt_payload(i, image_set_bytes(msg, recs[i].len, &f, data, len), false);
	}
	if (!image_find(msg, recs[i].len, outer, 0, &fo))
		return "there is no such message";
	if (!image_find(msg + fo.value, fo.end - fo.value, field, 0, &f))
		return "there is no such field in the message";
	return attempt_inner(i, &fo, image_set_bytes(msg + fo.value, fo.end - fo.value, &f, data,
						     len), false);
}

/* Bytes in a field of the @nth record of a type; @outer is the field with its message, or 0. */
#define BYTES(type, nth, outer, field, data, len, what) \
	EXPECT_FINE(attempt_bytes(CKPT_REC_##type, nth, outer, field, data, len), what)

TEST(lies_in_bytes)
{
	static uint8_t junk[70000], xstate[65536];
	const struct image_rec *rec;
	struct image_field x86, f;
	char path[4096 + 2];
	size_t len;

	SETUP();
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	memset(junk, 0xff, sizeof(junk));
	BYTES(FILE, 0, F(File, path), F(Path, path), "", 0, "empty path");
	BYTES(FILE, 0, F(File, path), F(Path, path), "dev/null", 8, "relative path");
	BYTES(FILE, 0, F(File, path), F(Path, path), "/dev/null\0x", 11, "NUL in a path");
	BYTES(FILE, 0, F(File, path), F(Path, path), path, 4095, "long path");
	BYTES(FILE, 0, F(File, path), F(Path, path), path, 4096, "too long path");
	BYTES(FILE, 0, F(File, path), F(Path, path), "/no/where", 9, "no such path");
	BYTES(FILE, 0, F(File, path), F(Path, path), "/a\nb\033[31m", 9, "control characters");
	BYTES(FILE, 0, F(File, path), F(Path, path), "/dev/kmsg", 9, "another device");
	BYTES(FILE, 0, F(File, path), F(Path, path), "/dev/ckpt", 9, "our own device");
	BYTES(FILE, 1, F(File, path), F(Path, path), "/proc/self/mem", 14, "synthetic file");
	BYTES(FILE, 1, F(File, path), F(Path, path), "/tmp", 4, "a directory");
	BYTES(FS, 0, F(Fs, root), F(Path, path), "/no/where", 9, "no such root");
	BYTES(FS, 0, F(Fs, cwd), F(Path, path), "/no/where", 9, "no such directory");
	BYTES(FS, 0, F(Fs, cwd), F(Path, path), "/dev/null", 9, "not a directory");
	BYTES(FS, 0, F(Fs, cwd), F(Path, path), "", 0, "empty directory");
	BYTES(IMAGE, 0, 0, F(Image, module_version), junk, 33, "long version");
	BYTES(IMAGE, 0, F(Image, x86), F(X86Machine, vdso), junk, 8192, "another vDSO");
	BYTES(IMAGE, 0, F(Image, x86), F(X86Machine, vdso), junk, 0, "no vDSO");
	BYTES(IMAGE, 0, F(Image, x86), F(X86Machine, vdso), junk, 65537, "too long a vDSO");
	BYTES(IMAGE, 0, 0, F(Image, uuid), junk, 15, "short uuid");
	BYTES(IMAGE, 0, 0, F(Image, uuid), junk, 0, "no uuid");
	BYTES(IMAGE, 0, 0, F(Image, uuid), junk, 17, "long uuid");
	BYTES(TREE, 0, 0, F(Tree, comm), junk, 16, "long name");
	BYTES(TREE, 0, 0, F(Tree, comm), "a\0b", 3, "NUL in a name");
	BYTES(TREE, 0, 0, F(Tree, pid), "\0", 1, "pid 0");
	BYTES(TREE, 0, 0, F(Tree, pid), "\1", 1, "a pid that is not the main thread's");
	BYTES(TREE, 0, 0, F(Tree, pid), "", 0, "no pid");
	BYTES(TREE, 0, 0, F(Tree, tid), "\1\2", 2, "other threads");
	BYTES(TREE, 0, 0, F(Tree, tid), "", 0, "no threads");
	BYTES(TREE, 0, 0, F(Tree, tid), junk, 10, "threads that are no numbers");
	BYTES(THREAD, 1, 0, F(Thread, comm), junk, 16, "long thread name");
	BYTES(MM, 0, 0, F(Mm, auxv), junk, 512, "long auxv");
	BYTES(MM, 0, 0, F(Mm, auxv), junk, 8, "short auxv");
	BYTES(SIGNALS, 0, F(Signals, pending), F(Signal, siginfo), junk, 128, "siginfo");
	BYTES(SIGNALS, 0, F(Signals, pending), F(Signal, siginfo), junk, 129, "long siginfo");
	BYTES(THREAD, 0, F(Thread, pending), F(Signal, siginfo), junk, 128, "thread's siginfo");

	BYTES(FILE, 0, F(File, proc), F(Proc, name), "status", 6, "no slash");
	BYTES(FILE, 0, F(File, proc), F(Proc, name), "/../1/status", 12, "another's");
	BYTES(FILE, 0, F(File, proc), F(Proc, name), "/fd/0", 5, "a link");
	BYTES(FILE, 0, F(File, proc), F(Proc, name), "/root/etc/passwd", 16, "out of it");
	BYTES(FILE, 0, F(File, proc), F(Proc, name), "/no/where", 9, "nothing there");
	BYTES(FILE, 1, F(File, proc), F(Proc, name), "/1/status", 9, "another's status");
	BYTES(UNLINKED, 0, F(Unlinked, dir), F(Path, path), "/no/where", 9, "no such directory");
	BYTES(UNLINKED, 0, F(Unlinked, dir), F(Path, path), "/dev/null", 9, "not a directory");
	BYTES(UNLINKED, 0, F(Unlinked, dir), F(Path, path), "/proc", 5, "no such files there");
	BYTES(UNLINKED, 0, F(Unlinked, dir), F(Path, path), "tmp", 3, "relative directory");
	BYTES(UNLINKED, 0, 0, F(Unlinked, name), junk, 256, "long name");
	BYTES(INOTIFY, 2, F(Inotify, event), F(InotifyEvent, name), junk, 256,
	      "long name in an event");
	BYTES(INOTIFY, 2, F(Inotify, event), F(InotifyEvent, name), "a\0b", 3, "NUL in that name");
	BYTES(INOTIFY, 2, F(Inotify, event), F(InotifyEvent, name), "", 0,
	      "empty name in an event");
	BYTES(SHMEM, 0, 0, F(Shmem, name), junk, 256, "long name of a memfd");
	BYTES(SHMEM, 0, 0, F(Shmem, name), junk, 250, "too long with its prefix");
	BYTES(SHMEM, 0, 0, F(Shmem, name), "a\0b", 3, "NUL in a memfd's name");
	BYTES(SECCOMP, 0, F(Seccomp, filter), F(SeccompFilter, program), junk, 0, "empty filter");
	BYTES(SECCOMP, 0, F(Seccomp, filter), F(SeccompFilter, program), junk, 7,
	      "part of an instruction");
	BYTES(SECCOMP, 0, F(Seccomp, filter), F(SeccompFilter, program), junk, 8, "no instruction");
	BYTES(SECCOMP, 0, F(Seccomp, filter), F(SeccompFilter, program), junk, 32768,
	      "no instructions");
	BYTES(SECCOMP, 0, F(Seccomp, filter), F(SeccompFilter, program), junk, 32776,
	      "too long a filter");

	/* Vector registers: too short, too long, and wrong where the processor would trap. */
	rec = &recs[nth_rec(CKPT_REC_THREAD, 0)];
	ASSERT_TRUE(image_find(rec->payload, rec->len, F(Thread, x86), 0, &x86));
	ASSERT_TRUE(image_find(rec->payload + x86.value, x86.end - x86.value, F(X86Regs, xstate),
			       0, &f));
	len = f.end - f.value;
	ASSERT_GE(sizeof(xstate) - 64, len);
	memcpy(xstate, rec->payload + x86.value + f.value, len);
	BYTES(THREAD, 0, F(Thread, x86), F(X86Regs, xstate), xstate, 0, "no xstate");
	BYTES(THREAD, 0, F(Thread, x86), F(X86Regs, xstate), xstate, 512, "short xstate");
	BYTES(THREAD, 1, F(Thread, x86), F(X86Regs, xstate), xstate, len - 64, "cut xstate");
	BYTES(THREAD, 1, F(Thread, x86), F(X86Regs, xstate), xstate, len + 64, "long xstate");
	BYTES(THREAD, 0, F(Thread, x86), F(X86Regs, xstate), junk, 65537, "huge xstate");
	BYTES(THREAD, 0, F(Thread, x86), F(X86Regs, xstate), junk, len, "xstate of ones");
	memset(xstate + 24, 0xff, 4);
	BYTES(THREAD, 1, F(Thread, x86), F(X86Regs, xstate), xstate, len, "reserved MXCSR bits");
	memcpy(xstate, rec->payload + x86.value + f.value, len);
	memset(xstate + 512, 0xff, 8);
	BYTES(THREAD, 1, F(Thread, x86), F(X86Regs, xstate), xstate, len, "reserved features");
	memcpy(xstate, rec->payload + x86.value + f.value, len);
	memset(xstate + 520, 0xff, 8);
	BYTES(THREAD, 0, F(Thread, x86), F(X86Regs, xstate), xstate, len, "compacted xstate");
	REPORT();
}

/* The restarter has policies that no image can have: the next checkpoint would be refused. */
TEST(policies_of_the_restarter)
{
	unsigned long node = 1;
	struct image_field f;
	pid_t pid;

	SETUP_OF("count");
	syscall(SYS_set_mempolicy, 1 /* MPOL_PREFERRED */, &node, 2);
	ASSERT_EQ(0, prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
	lseek(memfd, 0, SEEK_SET);
	/* The test itself must not look at the clock in between. */
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
	pid = device_restart(device, memfd, restart_flags, &res);
	prctl(PR_SET_TSC, PR_TSC_ENABLE);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, ftruncate(memfd, 0) | lseek(memfd, 0, SEEK_SET));
	EXPECT_EQ(0, device_checkpoint(device, pid, memfd, 0, &res)) {
		TH_LOG("%s", device_words(&res));
	}
	victim_kill(pid);
	ASSERT_EQ(0, slurp(memfd, &good));
	n_recs = image_take(good.data, good.len, recs, RECS_MAX);
	EXPECT_FALSE(image_find(recs[nth_rec(CKPT_REC_THREAD, 0)].payload,
				recs[nth_rec(CKPT_REC_THREAD, 0)].len, F(Thread, tsc_off), 0, &f));
}
