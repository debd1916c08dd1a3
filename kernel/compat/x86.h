/* SPDX-License-Identifier: GPL-2.0 */
/* The differences of the supported kernels in x86-64. For arch/x86/ alone. */
#ifndef _CKPT_COMPAT_X86_H
#define _CKPT_COMPAT_X86_H

#include <linux/sched.h>
#include <linux/version.h>
#include <asm/fpu/types.h>
#ifdef HAVE_CPUID_API_H
#include <asm/cpuid/api.h>
#endif

/*
 * The FPU's state went from thread_struct to behind task_struct in 6.16 ("x86/fpu: Make
 * task_struct::thread constant size"). x86_task_fpu() is a private function if
 * CONFIG_X86_DEBUG_FPU is set.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define compat_fpu_perm(t)	(((struct fpu *)((t) + 1))->perm.__state_perm)
#else
#define compat_fpu_perm(t)	((t)->thread.fpu.perm.__state_perm)
#endif

#endif /* _CKPT_COMPAT_X86_H */
