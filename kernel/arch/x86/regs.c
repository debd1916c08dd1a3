// SPDX-License-Identifier: GPL-2.0
/*
 * Registers of x86-64 threads.
 *
 * General registers are read and written at the return to user mode, where they lie in pt_regs
 * and nothing else has a hold on them. Vector registers go through the regset that ptrace and
 * core dumps use: its format is an ABI, and it checks what it is given.
 */
#include <linux/elf.h>
#include <linux/mman.h>
#include <linux/pkeys.h>
#include <linux/ptrace.h>
#include <linux/regset.h>
#include <linux/sched/task_stack.h>
#include <linux/utsname.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/elf.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/fpu/xstate.h>
#include <asm/mmu_context.h>
#include <asm/prctl.h>
#include <asm/processor.h>
#include <asm/segment.h>
#include <asm/vdso.h>

#include "../arch.h"
#include "../../compat/compat.h"
#include "../../compat/x86.h"
#include "../../../uapi/ckpt_image.h"
#include "../../core/operation.h"

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE	0x202
#endif

/* The flags of user mode that a program may set; the rest is fixed. As in ptrace. */
#define REGS_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | \
			 X86_EFLAGS_SF | X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_OF | \
			 X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_AC | X86_EFLAGS_ID)

/* General registers; they have the same names in pt_regs and in the image. */
#define REGS_GENERAL(reg) { offsetof(struct pt_regs, reg), offsetof(struct pb_x86_regs, reg) }

static const struct regs_general {
	size_t regs;
	size_t pb;
} regs_general[] = {
	REGS_GENERAL(r15), REGS_GENERAL(r14), REGS_GENERAL(r13), REGS_GENERAL(r12),
	REGS_GENERAL(bp), REGS_GENERAL(bx), REGS_GENERAL(r11), REGS_GENERAL(r10),
	REGS_GENERAL(r9), REGS_GENERAL(r8), REGS_GENERAL(ax), REGS_GENERAL(cx),
	REGS_GENERAL(dx), REGS_GENERAL(si), REGS_GENERAL(di), REGS_GENERAL(orig_ax),
	REGS_GENERAL(ip), REGS_GENERAL(flags), REGS_GENERAL(sp),
};

static u64 *regs_pb(const struct pb_x86_regs *x86, const struct regs_general *reg)
{
	return (void *)x86 + reg->pb;
}

static unsigned long *regs_pt(const struct pt_regs *regs, const struct regs_general *reg)
{
	return (void *)regs + reg->regs;
}

static const struct user_regset *regs_set(struct task_struct *task, unsigned int note)
{
	const struct user_regset_view *view = task_user_regset_view(task);
	unsigned int i;

	for (i = 0; i < view->n; i++)
		if (view->regsets[i].core_note_type == note)
			return &view->regsets[i];
	return NULL;
}

/*
 * The vector registers. A processor without XSAVE, or a kernel that does not use it ("noxsave", and
 * QEMU's default processor), has what FXSAVE saves: x87 and SSE.
 */
static const struct user_regset *regs_set_vector(void)
{
	return regs_set(current, cpu_feature_enabled(X86_FEATURE_XSAVE) ? NT_X86_XSTATE :
									 NT_PRFPREG);
}

/* In bytes: the legacy part of an xsave area, and its header. */
static size_t regs_vector_min(void)
{
	return sizeof(struct fxregs_state) +
	       (cpu_feature_enabled(X86_FEATURE_XSAVE) ? sizeof(struct xstate_header) : 0);
}

/* XFEATURE_MASK_* that programs can use. */
static u64 regs_xfeatures(void)
{
	/* XGETBV needs CR4.OSXSAVE, which the kernel sets with this feature. */
	return cpu_feature_enabled(X86_FEATURE_XSAVE) ? xgetbv(XCR_XFEATURE_ENABLED_MASK) :
							XFEATURE_MASK_FPSSE;
}

/* ---- protection keys ---- */

#ifdef CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS
#define REGS_PKEYS_DEFAULT	1U
#define REGS_PKEYS_ALL		((1U << arch_max_pkey()) - 1)

bool arch_pkeys_save(struct mm_struct *mm, struct pb_pkeys *pb)
{
	if (!cpu_feature_enabled(X86_FEATURE_OSPKE))
		return false;
	pb->allocated = mm->context.pkey_allocation_map;
	pb->has_execute_only = mm->context.execute_only_pkey > 0;
	pb->execute_only = pb->has_execute_only ? mm->context.execute_only_pkey : 0;
	return pb->allocated != REGS_PKEYS_DEFAULT || pb->has_execute_only;
}

const char *arch_pkeys_check(const struct pb_pkeys *pb)
{
	if (!cpu_feature_enabled(X86_FEATURE_OSPKE))
		return "this processor has no protection keys";
	if (!(pb->allocated & REGS_PKEYS_DEFAULT) || pb->allocated & ~REGS_PKEYS_ALL)
		return "protection keys that there are not";
	if (pb->has_execute_only && (!pb->execute_only || pb->execute_only >= arch_max_pkey() ||
				     !(pb->allocated & BIT(pb->execute_only))))
		return "protection key of memory that is only executed";
	return NULL;
}

void arch_pkeys_begin(void)
{
	if (!cpu_feature_enabled(X86_FEATURE_OSPKE))
		return;
	/* Memory keeps a key that was freed. With all taken, none is made for execution only. */
	current->mm->context.pkey_allocation_map = REGS_PKEYS_ALL;
	current->mm->context.execute_only_pkey = -1;
}

void arch_pkeys_finish(const struct pb_pkeys *pb)
{
	if (!cpu_feature_enabled(X86_FEATURE_OSPKE))
		return;
	current->mm->context.pkey_allocation_map = pb->allocated ?: REGS_PKEYS_DEFAULT;
	current->mm->context.execute_only_pkey = pb->has_execute_only ? pb->execute_only : -1;
}

/* The register is the task's own; what is stored is brought up to date when it is switched. */
static void regs_pkru_sync(void)
{
	if (cpu_feature_enabled(X86_FEATURE_OSPKE))
		current->thread.pkru = rdpkru();
}
#else
bool arch_pkeys_save(struct mm_struct *mm, struct pb_pkeys *pb)
{
	return false;
}

const char *arch_pkeys_check(const struct pb_pkeys *pb)
{
	return "this kernel has no protection keys";
}

void arch_pkeys_begin(void)
{
}

void arch_pkeys_finish(const struct pb_pkeys *pb)
{
}

static void regs_pkru_sync(void)
{
}
#endif

/* ---- registers ---- */

size_t arch_xstate_size(void)
{
	const struct user_regset *set = regs_set_vector();

	return set ? set->n * set->size : 0;
}

int arch_regs_save(struct pb_thread *thread, void *xstate)
{
	const struct user_regset *general = regs_set(current, NT_PRSTATUS);
	const struct user_regset *set = regs_set_vector();
	const struct pt_regs *regs = task_pt_regs(current);
	struct pb_x86_regs *x86 = &thread->x86;
	struct user_regs_struct user;
	unsigned int i;
	int ret;

	if (!general || !set)
		return -EOPNOTSUPP;
	/* A 32-bit view is smaller; such a program is refused by name later. */
	memset(&user, 0, sizeof(user));
	ret = general->regset_get(current, general,
				  (struct membuf){ .p = &user, .left = sizeof(user) });
	if (ret < 0)
		return ret;
	thread->has_x86 = true;
	thread->tsc_off = test_thread_flag(TIF_NOTSC);
	thread->has_tsc_off = thread->tsc_off;
	for (i = 0; i < ARRAY_SIZE(regs_general); i++)
		*regs_pb(x86, &regs_general[i]) = *regs_pt(regs, &regs_general[i]);
	/* Newer kernels keep more than the selector in these words (FRED). */
	x86->cs = regs->cs & 0xffff;
	x86->ss = regs->ss & 0xffff;
	x86->ds = user.ds & 0xffff;
	x86->es = user.es & 0xffff;
	x86->fs = user.fs & 0xffff;
	x86->gs = user.gs & 0xffff;
	x86->fs_base = user.fs_base;
	x86->gs_base = user.gs_base;

	regs_pkru_sync();
	ret = set->regset_get(current, set,
			      (struct membuf){ .p = xstate, .left = set->n * set->size });
	if (ret < 0)
		return ret;
	x86->has_xstate = true;
	x86->xstate.data = xstate;
	x86->xstate.len = set->n * set->size - ret;
	return 0;
}

const char *arch_unsupported(struct task_struct *task)
{
	struct pt_regs *regs = task_pt_regs(task);
	unsigned int i;

	/* Which code runs is the program's own choice; how it was started is not. */
	if (!user_64bit_mode(regs) || test_tsk_thread_flag(task, TIF_ADDR32))
		return "a 32-bit program";
	for (i = 0; i < GDT_ENTRY_TLS_ENTRIES; i++)
		if (task->thread.tls_array[i].p)
			return "a TLS segment (set_thread_area)";
	for (i = 0; i < HBP_NUM; i++)
		if (task->thread.ptrace_bps[i])
			return "a hardware breakpoint";
	if (test_tsk_thread_flag(task, TIF_IO_BITMAP) || task->thread.iopl_emul)
		return "I/O port permission";
	if (test_tsk_thread_flag(task, TIF_NOCPUID))
		return "a trapped CPUID instruction (ARCH_SET_CPUID)";
	if (compat_fpu_perm(task->group_leader) & XFEATURE_MASK_USER_DYNAMIC)
		return "vector registers on request (AMX, ARCH_REQ_XCOMP_PERM)";
#ifdef CONFIG_X86_USER_SHADOW_STACK
	if (task->thread.features || task->thread.features_locked)
		return "shadow stack";
#endif
	return NULL;
}

const char *arch_mm_unsupported(struct mm_struct *mm)
{
	const struct vdso_image *vdso = mm->context.vdso_image;

	/* A 32-bit program has such a vDSO, and so has one that called ARCH_MAP_VDSO_32. */
	if (vdso && ((const u8 *)vdso->data)[EI_CLASS] != ELFCLASS64)
		return "a vDSO for 32-bit code";
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	if (mm->context.ldt)
		return "local descriptor table (modify_ldt)";
#endif
#ifdef CONFIG_ADDRESS_MASKING
	if (mm->context.lam_cr3_mask)
		return "linear address masking";
#endif
	return NULL;
}

const char *arch_forget(void)
{
	/* The segments of 32-bit calls; nothing refers to them before they are loaded anew. */
	memset(current->thread.tls_array, 0, sizeof(current->thread.tls_array));
	/* The clone has no bitmap, but the level is copied and would count with the next one. */
	current->thread.iopl_emul = 0;
	if (test_thread_flag(TIF_NOCPUID))
		arch_sys(arch_prctl, ARCH_SET_CPUID, 1);
	return arch_unsupported(current) ?: arch_mm_unsupported(current->mm);
}

/* A segment selector that is restored: null, or the one of all data. */
static bool regs_selector_ok(u32 sel)
{
	return sel == 0 || sel == __USER_DS;
}

const char *arch_regs_check(const struct pb_thread *thread)
{
	const struct pb_x86_regs *x86 = &thread->x86;

	if (!thread->has_x86 || !x86->has_xstate)
		return "a thread without registers";
	if (x86->cs != __USER_CS || x86->ss != __USER_DS)
		return "a code or stack segment that is not the usual one";
	/* With a base of its own, a segment has no selector. */
	if (!regs_selector_ok(x86->ds) || !regs_selector_ok(x86->es) || x86->fs || x86->gs)
		return "a data segment that is not the usual one";
	if (x86->fs_base >= TASK_SIZE_MAX || x86->gs_base >= TASK_SIZE_MAX)
		return "a segment base outside user memory";
	/* The exit path would fault on it in kernel mode on some processors. */
	if (x86->ip >= TASK_SIZE_MAX)
		return "an instruction pointer outside user memory";
	if (x86->xstate.len < regs_vector_min())
		return "a thread with half its vector registers";
	return NULL;
}

const struct codec_bytes *arch_xstate(const struct pb_thread *thread)
{
	return &thread->x86.xstate;
}

int arch_regs_call(const struct pb_thread *thread)
{
	return thread->x86.orig_ax;
}

void arch_regs_prepare(struct arch_final *final, const struct pb_thread *thread)
{
	const struct pb_x86_regs *x86 = &thread->x86;
	struct pt_regs *regs = &final->regs;
	unsigned int i;

	memset(regs, 0, sizeof(*regs));
	for (i = 0; i < ARRAY_SIZE(regs_general); i++)
		*regs_pt(regs, &regs_general[i]) = *regs_pb(x86, &regs_general[i]);
	regs->flags = (x86->flags & REGS_FLAGS) | X86_EFLAGS_IF | X86_EFLAGS_FIXED;
}

int arch_regs_self(const struct pb_thread *thread)
{
	const struct pb_x86_regs *x86 = &thread->x86;
	int ret;

	loadsegment(ds, x86->ds);
	loadsegment(es, x86->es);
	current->thread.ds = x86->ds;
	current->thread.es = x86->es;
	/* Sets selector 0 with the base, which is all that 64-bit programs use. */
	ret = arch_sys(arch_prctl, ARCH_SET_FS, x86->fs_base);
	if (!ret)
		ret = arch_sys(arch_prctl, ARCH_SET_GS, x86->gs_base);
	return ret;
}

int arch_regs_other(struct task_struct *task, const void *xstate, size_t len)
{
	/*
	 * The view is the current task's: to choose one, the kernel looks at the other's stack,
	 * and that is gone if it was killed meanwhile. The registers lie in its task_struct, which
	 * stays.
	 */
	const struct user_regset *set = regs_set_vector();

	if (!set || len != set->n * set->size)
		return -EINVAL;
	return set->set(task, set, 0, len, xstate, NULL);
}

void arch_regs_final(const struct arch_final *final)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned int i;

	/* Selectors last, alone: what else a kernel keeps beside them (FRED) stays. */
	for (i = 0; i < ARRAY_SIZE(regs_general); i++)
		*regs_pt(regs, &regs_general[i]) = *regs_pt(&final->regs, &regs_general[i]);
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
}

/* ---- the machine, and the kernel's code in user space ---- */

/* The code that the kernel maps into a program; none where it was started without (vdso=0). */
static void regs_vdso(struct codec_bytes *vdso)
{
	const struct vdso_image *image = current->mm->context.vdso_image;

	vdso->data = image ? image->data : NULL;
	vdso->len = image ? image->size : 0;
}

static const struct {
	u8 word;
	u8 bit;
	const char *name;
} regs_features[] = {
#define REGS_FEATURE(word, bit, name) { word, bit, name },
	CKPT_X86_CPUID_TABLE(REGS_FEATURE)
#undef REGS_FEATURE
};

/* The words of CKPT_X86_CPUID_TABLE as this processor tells them to programs. */
static void regs_cpuid(u32 *word)
{
	u32 mask[CKPT_X86_CPUID_WORDS] = {}, subleaves, none;
	unsigned int i;

	memset(word, 0, CKPT_X86_CPUID_WORDS * sizeof(*word));
	word[0] = cpuid_ecx(1);
	if (boot_cpu_data.cpuid_level >= 7) {
		cpuid_count(7, 0, &subleaves, &word[1], &word[2], &word[3]);
		if (subleaves)
			cpuid_count(7, 1, &word[4], &none, &none, &none);
	}
	/* All 64-bit processors have it. */
	cpuid(0x80000001, &none, &none, &word[5], &word[6]);
	for (i = 0; i < ARRAY_SIZE(regs_features); i++)
		mask[regs_features[i].word] |= BIT(regs_features[i].bit);
	for (i = 0; i < CKPT_X86_CPUID_WORDS; i++)
		word[i] &= mask[i];
}

static const char *regs_feature(unsigned int word, unsigned int bit)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regs_features); i++)
		if (regs_features[i].word == word && regs_features[i].bit == bit)
			return regs_features[i].name;
	return "one that this module does not know";
}

/* A program may use every instruction that CPUID offered at the checkpoint: all must be here. */
static int regs_check_cpuid(struct operation *ctx, const struct pb_x86_machine *x86)
{
	struct error_at at = {
		.reason = CKPT_REASON_KERNEL,
		.advice = "restart it on a processor that has them",
	};
	u32 mine[CKPT_X86_CPUID_WORDS], word;
	unsigned long missing;
	unsigned int i, bit;
	char list[200] = "";
	size_t len = 0;

	regs_cpuid(mine);
	for (i = 0; i < x86->n_cpuid; i++) {
		word = i < CKPT_X86_CPUID_WORDS ? mine[i] : 0;
		missing = x86->cpuid[i] & ~word;
		for_each_set_bit(bit, &missing, 32)
			len += scnprintf(list + len, sizeof(list) - len, " %s",
					 regs_feature(i, bit));
	}
	return len ? error_add(&ctx->errors, -EOPNOTSUPP, &at,
			       "this processor lacks instructions that the image's had:%s", list) :
		     0;
}

void arch_image(struct pb_image *image)
{
	image->has_x86 = true;
	image->x86.xfeatures = regs_xfeatures();
	image->x86.xstate_size = arch_xstate_size();
}

void arch_image_code(struct pb_image *image, struct arch_machine *machine)
{
	/* The caller's vDSO is the target's: both are the 64-bit one, and there is one kernel. */
	regs_vdso(&image->x86.vdso);
	regs_cpuid(machine->cpuid);
	image->x86.cpuid = machine->cpuid;
	image->x86.n_cpuid = CKPT_X86_CPUID_WORDS;
}

int arch_image_check(struct operation *ctx, const struct pb_image *image)
{
	struct error_at at = { .reason = CKPT_REASON_KERNEL };
	struct codec_bytes vdso;

	if (!image->has_x86)
		return error_add(&ctx->errors, -EOPNOTSUPP, &at, "an image without a machine");
	if (image->x86.xfeatures & ~regs_xfeatures())
		return error_add(&ctx->errors, -EOPNOTSUPP, &at,
				 "this processor lacks register state that the image has (XFEATURES %#llx)",
				 image->x86.xfeatures & ~regs_xfeatures());
	if (regs_check_cpuid(ctx, &image->x86))
		return -EOPNOTSUPP;
	if (image->x86.xstate_size != arch_xstate_size())
		return error_add(&ctx->errors, -EOPNOTSUPP, &at,
				 "register state of %u bytes; this processor has %zu",
				 image->x86.xstate_size, arch_xstate_size());
	regs_vdso(&vdso);
	at.advice = "restart it under the kernel it was checkpointed under";
	if (image->x86.vdso.len != vdso.len ||
	    memcmp(image->x86.vdso.data, vdso.data, vdso.len))
		return error_add(&ctx->errors, -EOPNOTSUPP, &at,
				 "the vDSO of Linux %.*s is not that of this kernel",
				 (int)image->kernel_release.len, image->kernel_release.data);
	return 0;
}

bool arch_vdso_save(struct mm_struct *mm, u64 base, u64 size, struct pb_mm *out)
{
	u64 code = (unsigned long)mm->context.vdso;

	out->has_vdso = true;
	out->vdso = code;
	out->has_vdso_base = true;
	out->vdso_base = base;
	/* Its data lies below its code. No munmap() changes mm->context. */
	return mm->context.vdso_image && code > base &&
	       (size == code - base || size == code + mm->context.vdso_image->size - base);
}

int arch_vdso_map(unsigned long base)
{
	long ret = arch_sys(arch_prctl, ARCH_MAP_VDSO_64, base);

	return ret < 0 ? ret : 0;
}

int arch_vdso_unmap_code(void)
{
	struct mm_struct *mm = current->mm;

	return vm_munmap((unsigned long)mm->context.vdso, mm->context.vdso_image->size);
}
