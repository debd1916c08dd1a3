/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of an architecture: nothing else of it is used outside of its folder. This header
 * declares the functions; native.h has macros, structs and inline functions.
 * Documentation/adding-an-architecture.md says what each must do, and which tests show it.
 */
#ifndef _CKPT_ARCH_H
#define _CKPT_ARCH_H

#include <linux/sched.h>

#include "native.h"
#include "../image/schema.gen.h"
#include "../core/symbols.h"

struct operation;
struct mm_struct;

/**
 * arch_sys() - call the body of a system call, as if the current task had made it
 *
 * The name must be in SYM_SYSCALL; up to six arguments.
 */
#define arch_sys(name, ...)						\
	({								\
		const unsigned long _a[6] = { __VA_ARGS__ };		\
		struct pt_regs _regs;					\
		arch_sys_regs(&_regs, _a);				\
		static_call(ckpt_sys_##name)(&_regs);			\
	})

/** arch_sys_have() - does this kernel have the system call? */
#define arch_sys_have(name)	(symbols_syscall[SYM_SYS_##name])

/** arch_image() - fill the image's part about this machine */
void arch_image(struct pb_image *image);

/**
 * arch_image_code() - the rest of it, which takes time
 * @image: filled by arch_image(); points to the vDSO and into @machine afterwards
 * @machine: filled
 */
void arch_image_code(struct pb_image *image, struct arch_machine *machine);

/**
 * arch_image_check() - can this machine go on with an image?
 *
 * Return: 0, or -EOPNOTSUPP with the error recorded.
 */
int arch_image_check(struct operation *ctx, const struct pb_image *image);

/**
 * arch_xstate_size() - bytes that arch_regs_save() needs for vector registers and the like
 */
size_t arch_xstate_size(void);

/**
 * arch_regs_save() - describe the current task's registers
 * @thread: gets them
 * @xstate: buffer of arch_xstate_size() bytes; @thread points into it
 *
 * Called at the return to user mode. Return: 0, or an errno.
 */
int arch_regs_save(struct pb_thread *thread, void *xstate);

/**
 * arch_unsupported() - is there something about this task that cannot be kept?
 *
 * Called with @task parked. Return: NULL, or what it is.
 */
const char *arch_unsupported(struct task_struct *task);

/** arch_mm_unsupported() - the same for its address space */
const char *arch_mm_unsupported(struct mm_struct *mm);

/**
 * arch_forget() - the current task drops what a clone has copied and no image can say
 *
 * Return: NULL, or what cannot be dropped.
 */
const char *arch_forget(void);

/** arch_xstate() - the vector registers of an image's thread, checked by arch_regs_check() */
const struct codec_bytes *arch_xstate(const struct pb_thread *thread);

/** arch_regs_check() - NULL, or what is wrong with the registers of an image */
const char *arch_regs_check(const struct pb_thread *thread);

/** arch_regs_call() - the number of the system call it was in, -1 if none */
int arch_regs_call(const struct pb_thread *thread);

/** arch_regs_prepare() - turn checked registers into their final form */
void arch_regs_prepare(struct arch_final *final, const struct pb_thread *thread);

/**
 * arch_regs_self() - set what only the task itself can set (segment bases)
 *
 * Called in the restarted task. Return: 0, or an errno.
 */
int arch_regs_self(const struct pb_thread *thread);

/**
 * arch_regs_other() - set what another task must set (vector registers)
 * @task: a restarted task that sleeps and is off its CPU
 * @xstate: as in the image
 * @len: its length in bytes
 *
 * Return: 0, or an errno: -EINVAL this processor does not have them.
 */
int arch_regs_other(struct task_struct *task, const void *xstate, size_t len);

/** arch_regs_final() - install the registers; in the task, at its return to user mode */
void arch_regs_final(const struct arch_final *final);

/**
 * arch_vdso_save() - describe where the kernel's own code is mapped
 * @mm: the address space
 * @base: the lowest address of the kernel's own areas in it
 * @size: of them in bytes, all together
 * @out: gets its address and @base
 *
 * Return: is it whole, or all of its data without its code, so that arch_vdso_map() and
 *	arch_vdso_unmap_code() make the same?
 */
bool arch_vdso_save(struct mm_struct *mm, u64 base, u64 size, struct pb_mm *out);

/** arch_vdso_map() - map it at @base in the current, empty, address space */
int arch_vdso_map(unsigned long base);

/** arch_vdso_unmap_code() - leave of what arch_vdso_map() has mapped the data alone */
int arch_vdso_unmap_code(void);

/** arch_pkeys_save() - describe protection keys; Return: false if there is nothing to tell */
bool arch_pkeys_save(struct mm_struct *mm, struct pb_pkeys *pb);

/** arch_pkeys_check() - NULL, or what is wrong with the keys of an image */
const char *arch_pkeys_check(const struct pb_pkeys *pb);

/** arch_pkeys_begin() - make all keys usable in the current address space, for building it */
void arch_pkeys_begin(void);

/** arch_pkeys_finish() - give it the keys of the image; without "allocated", the default */
void arch_pkeys_finish(const struct pb_pkeys *pb);

#endif /* _CKPT_ARCH_H */
