// SPDX-License-Identifier: GPL-2.0
/* Images that lie in what is not a number: paths, names, programs, registers, a label. */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "attempt.h"

/* A security label must be that of the restarter. */
TEST(label)
{
	/* Field 17: 7 bytes. */
	static const uint8_t label[] = {
		0x8a, 0x01, 7, 'a', '\n', 'l', 'a', 'b', 'e', 'l',
	};
	unsigned int i;

	SETUP();
	i = nth_rec(CKPT_REC_CRED, 0);
	EXPECT_FINE(attempt_payload(i, image_splice(recs[i].payload, recs[i].len, recs[i].len,
						    recs[i].len, label, sizeof(label)), false),
		    "another label");
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
	ASSERT_TRUE(image_find(recs[i].payload, recs[i].len, 9, 0, &machine));
	msg = recs[i].payload + machine.value;
	ASSERT_TRUE(image_find(msg, machine.end - machine.value, 5, 0, &f));
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
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, "", 0), "empty path");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, "dev/null", 8), "relative path");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, "/dev/null\0x", 11), "NUL in a path");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, path, 4095), "long path");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, path, 4096), "too long path");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, "/no/where", 9), "no such path");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, "/a\nb\033[31m", 9),
		    "control characters");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, "/dev/kmsg", 9), "another device");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 4, 1, "/dev/ckpt", 9), "our own device");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 1, 4, 1, "/proc/self/mem", 14), "synthetic file");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 1, 4, 1, "/tmp", 4), "a directory");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FS, 0, 1, 1, "/no/where", 9), "no such root");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FS, 0, 2, 1, "/no/where", 9), "no such directory");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FS, 0, 2, 1, "/dev/null", 9), "not a directory");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FS, 0, 2, 1, "", 0), "empty directory");
	EXPECT_FINE(attempt_bytes(CKPT_REC_IMAGE, 0, 0, 1, junk, 33), "long version");
	EXPECT_FINE(attempt_bytes(CKPT_REC_IMAGE, 0, 9, 3, junk, 32), "another vDSO");
	EXPECT_FINE(attempt_bytes(CKPT_REC_IMAGE, 0, 9, 3, junk, 0), "no vDSO");
	EXPECT_FINE(attempt_bytes(CKPT_REC_PROCESS, 0, 0, 9, junk, 16), "long name");
	EXPECT_FINE(attempt_bytes(CKPT_REC_PROCESS, 0, 0, 9, "a\0b", 3), "NUL in a name");
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 1, 0, 2, junk, 16), "long thread name");
	EXPECT_FINE(attempt_bytes(CKPT_REC_MM, 0, 0, 12, junk, 512), "long auxv");
	EXPECT_FINE(attempt_bytes(CKPT_REC_MM, 0, 0, 12, junk, 8), "short auxv");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SIGNALS, 0, 1, 2, junk, 128), "siginfo");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SIGNALS, 0, 1, 2, junk, 129), "long siginfo");
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 0, 5, 2, junk, 128), "thread's siginfo");

	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 61, 4, "status", 6), "no slash");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 61, 4, "/../1/status", 12), "another's");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 61, 4, "/fd/0", 5), "a link");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 61, 4, "/root/etc/passwd", 16), "out of it");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 0, 61, 4, "/no/where", 9), "nothing there");
	EXPECT_FINE(attempt_bytes(CKPT_REC_FILE, 1, 61, 4, "/1/status", 9), "another's status");
	EXPECT_FINE(attempt_bytes(CKPT_REC_UNLINKED, 0, 2, 1, "/no/where", 9), "no such directory");
	EXPECT_FINE(attempt_bytes(CKPT_REC_UNLINKED, 0, 2, 1, "/dev/null", 9), "not a directory");
	EXPECT_FINE(attempt_bytes(CKPT_REC_UNLINKED, 0, 2, 1, "/proc", 5), "no such files there");
	EXPECT_FINE(attempt_bytes(CKPT_REC_UNLINKED, 0, 2, 1, "tmp", 3), "relative directory");
	EXPECT_FINE(attempt_bytes(CKPT_REC_UNLINKED, 0, 0, 3, junk, 256), "long name");
	EXPECT_FINE(attempt_bytes(CKPT_REC_INOTIFY, 2, 3, 4, junk, 256), "long name in an event");
	EXPECT_FINE(attempt_bytes(CKPT_REC_INOTIFY, 2, 3, 4, "a\0b", 3), "NUL in that name");
	EXPECT_FINE(attempt_bytes(CKPT_REC_INOTIFY, 2, 3, 4, "", 0), "empty name in an event");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SHMEM, 0, 0, 4, junk, 256), "long name of a memfd");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SHMEM, 0, 0, 4, junk, 250), "too long with its prefix");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SHMEM, 0, 0, 4, "a\0b", 3), "NUL in a memfd's name");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SECCOMP, 0, 2, 1, junk, 0), "empty filter");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SECCOMP, 0, 2, 1, junk, 7), "part of an instruction");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SECCOMP, 0, 2, 1, junk, 8), "no instruction");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SECCOMP, 0, 2, 1, junk, 32768), "no instructions");
	EXPECT_FINE(attempt_bytes(CKPT_REC_SECCOMP, 0, 2, 1, junk, 32776), "too long a filter");

	/* Vector registers: too short, too long, and wrong where the processor would trap. */
	rec = &recs[nth_rec(CKPT_REC_THREAD, 0)];
	ASSERT_TRUE(image_find(rec->payload, rec->len, 17, 0, &x86));
	ASSERT_TRUE(image_find(rec->payload + x86.value, x86.end - x86.value, 28, 0, &f));
	len = f.end - f.value;
	ASSERT_GE(sizeof(xstate) - 64, len);
	memcpy(xstate, rec->payload + x86.value + f.value, len);
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 0, 17, 28, xstate, 0), "no xstate");
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 0, 17, 28, xstate, 512), "short xstate");
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 1, 17, 28, xstate, len - 64), "cut xstate");
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 1, 17, 28, xstate, len + 64), "long xstate");
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 0, 17, 28, junk, 65537), "huge xstate");
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 0, 17, 28, junk, len), "xstate of ones");
	memset(xstate + 24, 0xff, 4);
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 1, 17, 28, xstate, len), "reserved MXCSR bits");
	memcpy(xstate, rec->payload + x86.value + f.value, len);
	memset(xstate + 512, 0xff, 8);
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 1, 17, 28, xstate, len), "reserved features");
	memcpy(xstate, rec->payload + x86.value + f.value, len);
	memset(xstate + 520, 0xff, 8);
	EXPECT_FINE(attempt_bytes(CKPT_REC_THREAD, 0, 17, 28, xstate, len), "compacted xstate");
	REPORT();
}

/* What the restarter has and no image can: the next checkpoint would be refused. */
TEST(policies_of_the_restarter)
{
	unsigned long node = 1;
	struct image_field f;
	pid_t pid;

	SETUP_OF("count");
	syscall(SYS_set_mempolicy, 1 /* MPOL_PREFERRED */, &node, 2);
	ASSERT_EQ(0, prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
	lseek(memfd, 0, SEEK_SET);
	/* What runs with it must not look at the clock. */
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
				recs[nth_rec(CKPT_REC_THREAD, 0)].len, 20, 0, &f));
}
