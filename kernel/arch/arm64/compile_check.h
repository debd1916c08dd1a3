/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A compile check, and nothing else: this is no support for arm64.
 *
 * It gives the rest of the module what it needs of an architecture's native.h to be compiled with
 * headers of arm64 ("selftests/kernels.sh compile"), which shows that nothing outside of arch/x86
 * knows x86-64. The functions that arch.h declares are not there, so that no module can be linked,
 * and without CKPT_COMPILE_CHECK native.h refuses. Values are plausible; none was ever used.
 */
#ifndef _CKPT_ARM64_COMPILE_CHECK_H
#define _CKPT_ARM64_COMPILE_CHECK_H

#ifndef CKPT_COMPILE_CHECK
#error "ckpt supports x86-64 only"
#endif

#include <linux/compat.h>
#include <linux/mm_types.h>
#include <linux/sched.h>
#include <asm/ptrace.h>
#include <asm/unistd.h>

#define ARCH_ADDRESSES	((1UL << 52) - PAGE_SIZE)
#define ARCH_RED_ZONE	0
#define ARCH_SYS_PREFIX	"__arm64_sys_"
#define ARCH_SYSCALLS(X)

static inline void arch_sys_regs(struct pt_regs *regs, const unsigned long *arg)
{
	*regs = (struct pt_regs){
		.regs = { arg[0], arg[1], arg[2], arg[3], arg[4], arg[5] },
	};
}

static inline unsigned long arch_probed_entry(unsigned long addr, unsigned int offset)
{
	return addr;
}

struct arch_machine {
	u32 hwcap[4];
};

static inline bool arch_call_32(void)
{
	return is_compat_task();
}

static inline bool arch_rests_32(const struct restart_block *rb)
{
	return is_compat_task();
}

static inline bool arch_regs_restarts(const struct pt_regs *regs, const struct restart_block *rb)
{
	return regs->regs[8] == __NR_restart_syscall;
}

static inline unsigned long arch_kernel_stack(struct task_struct *task)
{
	return READ_ONCE(task->thread.cpu_context.sp);
}

struct arch_final {
	struct user_pt_regs regs;
};

static inline u64 arch_final_ip(const struct arch_final *final)
{
	return final->regs.pc;
}

static inline void arch_final_set_ip(struct arch_final *final, u64 ip)
{
	final->regs.pc = ip;
}

static inline bool arch_regs_unset(const struct pt_regs *regs)
{
	return !regs->pc && !regs->sp;
}

static inline unsigned long arch_vdso_code(const struct mm_struct *mm)
{
	return (unsigned long)mm->context.vdso;
}

static inline void arch_vdso_drop(struct mm_struct *mm)
{
	mm->context.vdso = NULL;
}

#endif /* _CKPT_ARM64_COMPILE_CHECK_H */
