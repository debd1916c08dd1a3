// SPDX-License-Identifier: GPL-2.0
/*
 * Registers: loops in assembler hold a value in every register there is and compare each round.
 * A checkpoint at a random moment falls into such a loop.
 */
#include <asm/prctl.h>
#include <cpuid.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "subject_harness.h"

#ifndef __x86_64__
#error "registers of x86-64"
#endif

/* Rounds of a loop between two looks at the clock: some milliseconds. */
#define ROUNDS	200000UL

/**
 * regs_general() - rounds with all general registers and the flags in use
 *
 * The registers but rsp hold constants, and rsp points to the counter.
 *
 * Return: 0, or what did not have its value: 1 to 15, 16 for the flags.
 */
unsigned long regs_general(unsigned long rounds);
asm(".text\n"
    ".globl regs_general\n"
    ".type regs_general, @function\n"
    "regs_general:\n"
    "	push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "	push %rdi\n"
    "	mov $0x1111111100000001, %rax\n"
    "	mov $0x2222222200000002, %rbx\n"
    "	mov $0x3333333300000003, %rcx\n"
    "	mov $0x4444444400000004, %rdx\n"
    "	mov $0x5555555500000005, %rsi\n"
    "	mov $0x6666666600000006, %rdi\n"
    "	mov $0x7777777700000007, %rbp\n"
    "	mov $0x8888888800000008, %r8\n"
    "	mov $0x9999999900000009, %r9\n"
    "	mov $0xaaaaaaaa0000000a, %r10\n"
    "	mov $0xbbbbbbbb0000000b, %r11\n"
    "	mov $0xcccccccc0000000c, %r12\n"
    "	mov $0xdddddddd0000000d, %r13\n"
    "	mov $0xeeeeeeee0000000e, %r14\n"
    "	mov $0xffffffff0000000f, %r15\n"
    "	jmp 2f\n"
    /* Sums of constants, so that no register is needed to hold what to compare with. */
    "1:	.macro check reg, high, low, nr\n"
    "	push \\reg\n"
    "	cmpl $\\low, (%rsp)\n"
    "	jne .Lbad\\nr\n"
    "	cmpl $\\high, 4(%rsp)\n"
    "	jne .Lbad\\nr\n"
    "	lea 8(%rsp), %rsp\n"
    "	.endm\n"
    "2:\n"
    "	check %rax, 0x11111111, 1, 1\n"
    "	check %rbx, 0x22222222, 2, 2\n"
    "	check %rcx, 0x33333333, 3, 3\n"
    "	check %rdx, 0x44444444, 4, 4\n"
    "	check %rsi, 0x55555555, 5, 5\n"
    "	check %rdi, 0x66666666, 6, 6\n"
    "	check %rbp, 0x77777777, 7, 7\n"
    "	check %r8, 0x88888888, 8, 8\n"
    "	check %r9, 0x99999999, 9, 9\n"
    "	check %r10, 0xaaaaaaaa, 10, 10\n"
    "	check %r11, 0xbbbbbbbb, 11, 11\n"
    "	check %r12, 0xcccccccc, 12, 12\n"
    "	check %r13, 0xdddddddd, 13, 13\n"
    "	check %r14, 0xeeeeeeee, 14, 14\n"
    "	check %r15, 0xffffffff, 15, 15\n"
    /* Carry, zero and direction live across the round's only pause. */
    "	std\n stc\n"
    "	nop\n nop\n nop\n nop\n"
    "	jnc .Lbad16\n"
    "	pushfq\n"
    "	testl $0x400, (%rsp)\n"
    "	jz .Lbad16\n"
    "	lea 8(%rsp), %rsp\n"
    "	cld\n"
    "	decq (%rsp)\n"
    "	jnz 2b\n"
    "	xor %eax, %eax\n"
    "	jmp 4f\n"
    "	.irp nr, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n"
    ".Lbad\\nr:\n"
    "	mov $\\nr, %eax\n"
    "	jmp 3f\n"
    "	.endr\n"
    "3:	cld\n"
    "	add $8, %rsp\n"
    "4:	pop %rdi\n"
    "	pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "	ret\n"
    ".size regs_general, . - regs_general\n");

SUBJECT(general)
{
	subject_ready();
	while (subject_going())
		if (!subject_check(regs_general(ROUNDS) == 0))
			break;
}

/*
 * Vectors: loaded from @want once, then each round compared with it. Between two comparisons
 * nothing but the registers holds the values.
 */
static unsigned char want[32][64] __attribute__((aligned(64)));

#define VECTORS16(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) \
	op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define VECTORS32(op) VECTORS16(op) op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) \
	op(24) op(25) op(26) op(27) op(28) op(29) op(30) op(31)

#define XMM_LOAD(n)	"movdqa " #n "*64(%[want]), %%xmm" #n "\n"
/* Through memory of this thread's own: comparing in registers would need one. */
#define XMM_STORE(n)	"movdqa %%xmm" #n ", " #n "*64(%[have])\n"
#define YMM_LOAD(n)	"vmovdqa " #n "*64(%[want]), %%ymm" #n "\n"
#define YMM_STORE(n)	"vmovdqa %%ymm" #n ", " #n "*64(%[have])\n"
#define ZMM_LOAD(n)	"vmovdqa64 " #n "*64(%[want]), %%zmm" #n "\n"
#define ZMM_STORE(n)	"vmovdqa64 %%zmm" #n ", " #n "*64(%[have])\n"

#define SPIN(load, store, rounds)						\
	asm volatile(load							\
		     "mov %[n], %%rax\n"					\
		     "1: dec %%rax\n"						\
		     "jnz 1b\n"							\
		     store							\
		     : : [want] "r" (want), [have] "r" (have), [n] "r" (rounds)	\
		     : "rax", "memory", "cc")

static void fill_want(uint64_t seed)
{
	subject_fill(want, sizeof(want), seed);
}

static bool same(unsigned char (*have)[64], int n, int size)
{
	int i;

	for (i = 0; i < n; i++)
		if (memcmp(want[i], have[i], size))
			return false;
	return true;
}

static bool spin_xmm(unsigned long rounds)
{
	unsigned char have[32][64] __attribute__((aligned(64)));

	SPIN(VECTORS16(XMM_LOAD), VECTORS16(XMM_STORE), rounds);
	return same(have, 16, 16);
}

static bool spin_ymm(unsigned long rounds)
{
	unsigned char have[32][64] __attribute__((aligned(64)));

	SPIN(VECTORS16(YMM_LOAD), VECTORS16(YMM_STORE) "vzeroupper\n", rounds);
	return same(have, 16, 32);
}

static bool spin_zmm(unsigned long rounds)
{
	unsigned char have[32][64] __attribute__((aligned(64)));
	unsigned long mask = 0xabcdULL;

	asm volatile("kmovw %k0, %%k1\n kmovw %k0, %%k7\n" : : "r" (mask));
	SPIN(VECTORS32(ZMM_LOAD), VECTORS32(ZMM_STORE) "vzeroupper\n", rounds);
	mask = 0;
	asm volatile("kmovw %%k7, %k0\n" : "=r" (mask));
	return mask == 0xabcd && same(have, 32, 64);
}

SUBJECT(xmm)
{
	uint64_t n = 0;

	subject_ready();
	while (subject_going()) {
		fill_want(n++);
		if (!subject_check(spin_xmm(10 * ROUNDS)))
			break;
	}
}

SUBJECT(ymm)
{
	uint64_t n = 0;

	if (!__builtin_cpu_supports("avx"))
		SKIP(return, "the processor has no AVX");
	subject_ready();
	while (subject_going()) {
		fill_want(n++);
		if (!subject_check(spin_ymm(10 * ROUNDS)))
			break;
	}
}

SUBJECT(zmm)
{
	uint64_t n = 0;

	if (!__builtin_cpu_supports("avx512f"))
		SKIP(return, "the processor has no AVX-512");
	subject_ready();
	while (subject_going()) {
		fill_want(n++);
		if (!subject_check(spin_zmm(10 * ROUNDS)))
			break;
	}
}

SUBJECT(x87_and_control)
{
	/* Rounding up, single precision; round to zero, denormals are zero. */
	uint16_t cw = 0x087f, cw_now, sw;
	uint32_t csr = 0xffc0, csr_now;
	long double have[8];
	int i;

	subject_ready();
	while (subject_going()) {
		asm volatile("fninit\n fldcw %[cw]\n ldmxcsr %[csr]\n"
			     "fld1\n fldpi\n fldl2e\n fldl2t\n fldlg2\n fldln2\n fldz\n fld1\n"
			     "mov %[n], %%rax\n"
			     "1: dec %%rax\n"
			     "jnz 1b\n"
			     "fnstsw %[sw]\n fnstcw %[now]\n stmxcsr %[csr_now]\n"
			     "fstpt (%[have])\n fstpt 16(%[have])\n fstpt 32(%[have])\n"
			     "fstpt 48(%[have])\n fstpt 64(%[have])\n fstpt 80(%[have])\n"
			     "fstpt 96(%[have])\n fstpt 112(%[have])\n fninit\n"
			     : [sw] "=m" (sw), [now] "=m" (cw_now), [csr_now] "=m" (csr_now)
			     : [cw] "m" (cw), [csr] "m" (csr), [have] "r" (have),
			       [n] "r" (10 * ROUNDS)
			     : "rax", "memory", "cc");
		csr_now &= 0xffc0;
		i = 0x1f80;
		asm volatile("ldmxcsr %0\n" : : "m" (i));
		if (!subject_check(cw_now == cw) || !subject_check(csr_now == csr) ||
		    /* Eight pushed: the top is 0 again. */
		    !subject_check(!(sw & 0x3800)) ||
		    !subject_check(have[0] == 1.0L && have[1] == 0.0L && have[7] == 1.0L) ||
		    !subject_check(have[6] > 3.14L && have[6] < 3.15L))
			break;
	}
}

/* The control words of a program that only sets them once. */
SUBJECT(control_stays)
{
	uint16_t cw = 0x0c7f, cw_now;
	uint32_t csr = 0x3f80, csr_now;

	asm volatile("fldcw %0\n ldmxcsr %1\n" : : "m" (cw), "m" (csr));
	subject_wait();
	asm volatile("fnstcw %0\n stmxcsr %1\n" : "=m" (cw_now), "=m" (csr_now));
	EXPECT_EQ(cw, cw_now);
	EXPECT_EQ(csr, csr_now & 0xffc0);
}

SUBJECT(segment_bases)
{
	static char area[4096];
	unsigned long fs, gs, fs_now, gs_now;
	uint16_t sel;

	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_SET_GS, area + 123));
	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_FS, &fs));
	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_GS, &gs));
	EXPECT_EQ((unsigned long)area + 123, gs);
	area[123 + 16] = 42;
	subject_ready();
	while (subject_going()) {
		char c = 0;

		asm volatile("movb %%gs:16, %0\n" : "=r" (c));
		if (!subject_check(c == 42))
			break;
	}
	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_now));
	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_GS, &gs_now));
	EXPECT_EQ(fs, fs_now);
	EXPECT_EQ(gs, gs_now);
	asm volatile("mov %%cs, %0\n" : "=r" (sel));
	EXPECT_EQ(0x33, sel);
}

/* Threads that never make a system call on their own. */
static atomic_bool stop;
static atomic_long spun[3];

static void *spin_thread(void *arg)
{
	long n = (long)arg;
	bool avx = __builtin_cpu_supports("avx");

	while (!stop) {
		if (n == 0 && !subject_check(regs_general(10000) == 0))
			break;
		if (n == 1 && !subject_check(spin_xmm(50000)))
			break;
		if (n == 2 && !subject_check(avx ? spin_ymm(50000) : spin_xmm(50000)))
			break;
		spun[n]++;
	}
	return NULL;
}

SUBJECT(threads_without_system_calls)
{
	pthread_t t[3];
	long i, before;

	fill_want(1);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, spin_thread, (void *)i));
	subject_wait();
	for (i = 0; i < 3; i++) {
		before = spun[i];
		while (spun[i] == before && !subject_failed())
			subject_nap(1);
	}
	stop = true;
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, pthread_join(t[i], NULL));
}

/* ---- what of a processor is not kept ---- */

SUBJECT(data_segment_is_refused)
{
	/* That of 32-bit code, which can be read. */
	asm volatile("mov %0, %%ds\n" : : "r" (0x23));
	subject_refused(": a data segment .*is not supported");
}

SUBJECT(extra_segment_is_refused)
{
	asm volatile("mov %0, %%gs\n" : : "r" (0x2b));
	subject_refused(": a data segment .*is not supported");
}

SUBJECT(segment_base_is_refused)
{
	/* HWCAP2_FSGSBASE */
	if (!(getauxval(AT_HWCAP2) & 2))
		SKIP(return, "no wrgsbase");
	asm volatile("wrgsbase %0\n" : : "r" (0xffff800000000000UL));
	subject_refused(": a segment base .*is not supported");
}

SUBJECT(alternate_stack_is_refused)
{
	stack_t ss = { .ss_sp = (void *)0xffff800000000000UL, .ss_size = 65536 };

	ASSERT_EQ(0, sigaltstack(&ss, NULL));
	subject_refused(": an alternate stack .*is not supported");
}

SUBJECT(local_descriptors_are_refused)
{
	struct { unsigned int nr, base, limit, flags; } desc = { 0, 0, 0xfffff, 0x51 };

	if (syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)))
		SKIP(return, "modify_ldt: %s", strerror(errno));
	subject_refused(": local descriptor table .* is not supported");
}

SUBJECT(io_ports_are_refused)
{
	if (syscall(SYS_ioperm, 0x80, 1, 1))
		SKIP(return, "ioperm: %s", strerror(errno));
	subject_refused(": I/O port permission is not supported");
}

/* ARCH_SHSTK_LOCK of the shadow stack, which is off. */
SUBJECT(locked_shadow_stack_is_refused)
{
	if (syscall(SYS_arch_prctl, 0x5003, 1))
		SKIP(return, "ARCH_SHSTK_LOCK: %s", strerror(errno));
	subject_refused(": shadow stack is not supported");
}

/* From a debugger that is gone. */
static long watched_word;

static void set_breakpoint(int pid)
{
	/* Number 0, of eight bytes that are written to. */
	const long control = 1 | 1 << 16 | 2 << 18;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) || ptrace(PTRACE_INTERRUPT, pid, 0, 0) ||
	    waitpid(pid, NULL, __WALL) != pid ||
	    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[0]), &watched_word) ||
	    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), control) ||
	    ptrace(PTRACE_DETACH, pid, 0, 0))
		subject_fail("ptrace: %s", strerror(errno));
}

SUBJECT(breakpoint_is_refused)
{
	subject_outsider(set_breakpoint, getpid());
	subject_refused(": a hardware breakpoint is not supported");
}

/* A thread in a segment of 32-bit code, where it stays until the word at the beginning is set. */
static void *thread_32(void *code)
{
	static const unsigned char loop[] = {
		0xc7, 0x05, 0, 0, 0, 0, 1, 0, 0, 0,	/* movl $1, READY */
		0x83, 0x3d, 0, 0, 0, 0, 0,		/* cmpl $0, WORD */
		0xf3, 0x90,				/* pause */
		0x74, 0xf5,				/* je back */
		0xea, 0, 0, 0, 0, 0x33, 0,		/* ljmp $0x33, LEAVE */
	}, leave[] = {
		0x48, 0x8b, 0x25, 249, 0, 0, 0,		/* mov STACK(%rip), %rsp */
		0xc3,					/* ret */
	}, enter[] = {
		0x48, 0x89, 0x25, 185, 0, 0, 0,		/* mov %rsp, STACK(%rip) */
		0xff, 0x2d, 187, 0, 0, 0,		/* ljmp *LOOP(%rip) */
	};
	uint32_t word = (uintptr_t)code, ready = word + 4, at_loop = word + 16;
	uint32_t at_leave = word + 64;
	const uint16_t user_32 = 0x23;
	char *p = code;

	memcpy(p + 16, loop, sizeof(loop));
	memcpy(p + 16 + 2, &ready, 4);
	memcpy(p + 16 + 12, &word, 4);
	memcpy(p + 16 + 22, &at_leave, 4);
	memcpy(p + 64, leave, sizeof(leave));
	memcpy(p + 128, enter, sizeof(enter));
	/* STACK is at 320, LOOP at 328. */
	memcpy(p + 328, &at_loop, 4);
	memcpy(p + 332, &user_32, 2);
	subject_tell("thread", "%d", gettid());
	((void (*)(void))(p + 128))();
	return NULL;
}

SUBJECT(code_of_32_bits_is_refused)
{
	volatile uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	pthread_t t;

	ASSERT_NE(MAP_FAILED, (void *)code);
	ASSERT_EQ(0, pthread_create(&t, NULL, thread_32, (void *)code));
	while (!code[1])
		subject_nap(1);
	subject_refused(": a 32-bit program is not supported");
	code[0] = 1;
	EXPECT_EQ(0, pthread_join(t, NULL));
}
