/* SPDX-License-Identifier: GPL-2.0 */
/* x86-64: what is a macro, a struct or an inline function. arch.h declares the rest. */
#ifndef _CKPT_X86_NATIVE_H
#define _CKPT_X86_NATIVE_H

#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/thread_info.h>
#include <asm/ptrace.h>
#include <asm/unistd.h>

#include "../../../uapi/ckpt_image.h"

/** ARCH_ADDRESSES - where memory of programs ends, on whatever machine that is furthest */
#define ARCH_ADDRESSES	((1UL << 56) - PAGE_SIZE)

/**
 * ARCH_RED_ZONE - bytes below the stack pointer that may be the program's
 *
 * Nothing below is: a signal frame would go there.
 */
#define ARCH_RED_ZONE	128

/** ARCH_SYS_PREFIX - what stands before the name of a system call in that of its body */
#define ARCH_SYS_PREFIX	"__x64_sys_"

/** ARCH_SYSCALLS - rows of SYM_SYSCALL that other architectures do not have */
#define ARCH_SYSCALLS(X)						\
	X(arch_prctl, 1)						\
	X(epoll_wait, 1)

/** arch_sys_regs() - the registers that a system call finds its arguments in */
static inline void arch_sys_regs(struct pt_regs *regs, const unsigned long *arg)
{
	*regs = (struct pt_regs){
		.di = arg[0], .si = arg[1], .dx = arg[2],
		.r10 = arg[3], .r8 = arg[4], .r9 = arg[5],
	};
}

/**
 * arch_probed_entry() - where a function begins that can be called
 * @addr: of a kprobe at its begin
 * @offset: of that kprobe
 */
static inline unsigned long arch_probed_entry(unsigned long addr, unsigned int offset)
{
#ifdef CONFIG_X86_KERNEL_IBT
	/* 72e213a7ccf9 "x86/ibt, kprobes: ...", 5.18: the address is 4 past a leading ENDBR. */
	if (offset == 0 && (addr & 0xf) == 4)
		addr -= 4;
#endif
	return addr;
}

/** struct arch_machine - what arch_image_code() lets the description of the machine point to */
struct arch_machine {
	u32 cpuid[CKPT_X86_CPUID_WORDS];
};

/** arch_call_32() - is the current task in a 32-bit call, with numbers of its own? */
static inline bool arch_call_32(void)
{
	return in_ia32_syscall();
}

/** arch_rests_32() - was it a 32-bit call that left @rb? */
static inline bool arch_rests_32(const struct restart_block *rb)
{
	return rb->arch_data & TS_COMPAT;
}

/** arch_regs_restarts() - is restart_syscall(2) what a call would be made of, for @rb? */
static inline bool arch_regs_restarts(const struct pt_regs *regs, const struct restart_block *rb)
{
	/* 32-bit programs know it as 0. */
	return regs->ax == (arch_rests_32(rb) ? 0 : __NR_restart_syscall);
}

/** arch_kernel_stack() - where the kernel stack of a task that does not run ends */
static inline unsigned long arch_kernel_stack(struct task_struct *task)
{
	return READ_ONCE(task->thread.sp);
}

/**
 * struct arch_final - registers that a restarted task gets when it first enters user mode
 */
struct arch_final {
	struct pt_regs regs;
};

/** arch_final_ip() - where it will enter user mode */
static inline u64 arch_final_ip(const struct arch_final *final)
{
	return final->regs.ip;
}

/** arch_final_set_ip() - let it enter user mode elsewhere */
static inline void arch_final_set_ip(struct arch_final *final, u64 ip)
{
	final->regs.ip = ip;
}

/**
 * arch_regs_unset() - has this task never been in user mode?
 *
 * kernel_clone() gives a user task that starts in a kernel function an instruction and a stack
 * pointer of 0 (copy_thread()), which is what it has until arch_regs_final().
 */
static inline bool arch_regs_unset(const struct pt_regs *regs)
{
	return !regs->ip && !regs->sp;
}

/** arch_vdso_code() - the address of the vDSO's code in @mm, 0 if none is mapped */
static inline unsigned long arch_vdso_code(const struct mm_struct *mm)
{
	return (unsigned long)mm->context.vdso;
}

/** arch_vdso_drop() - all of @mm's memory was unmapped, the vDSO with it */
static inline void arch_vdso_drop(struct mm_struct *mm)
{
	mm->context.vdso = NULL;
}

#endif /* _CKPT_X86_NATIVE_H */
