// SPDX-License-Identifier: GPL-2.0
/*
 * Finding private kernel functions, and making direct calls out of them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/string.h>

#include "../compat/present.h"
#include "symbols.h"

#define SYM_DEFINE(name, proto, ...) DEFINE_STATIC_CALL_NULL(ckpt_sym_##name, proto);
SYM_REQUIRED(SYM_DEFINE)
SYM_OPTIONAL(SYM_DEFINE)
#undef SYM_DEFINE
#define SYM_DEFINE(name, must) DEFINE_STATIC_CALL_NULL(ckpt_sys_##name, ckpt_proto_syscall);
SYM_SYSCALL(SYM_DEFINE)
#undef SYM_DEFINE

/*
 * The one name that no table holds: it finds the others. Called through a static call like
 * them, and for the same reason.
 */
static unsigned long sym_proto_lookup(const char *name)
{
	return 0;
}

DEFINE_STATIC_CALL_NULL(ckpt_sym_lookup, sym_proto_lookup);

bool symbols_optional[SYM_OPT_COUNT];
bool symbols_syscall[SYM_SYS_COUNT];
unsigned long symbols_address[SYM_ADDR_COUNT];

static const char * const symbols_optional_name[SYM_OPT_COUNT] = {
#define SYM_NAME(name, proto, must) [SYM_OPT_##name] = #name,
	SYM_OPTIONAL(SYM_NAME)
#undef SYM_NAME
};

static const char * const symbols_syscall_name[SYM_SYS_COUNT] = {
#define SYM_NAME(name, must) [SYM_SYS_##name] = ARCH_SYS_PREFIX #name,
	SYM_SYSCALL(SYM_NAME)
#undef SYM_NAME
};

static const struct {
	const char *name;
	bool must;
} symbols_address_row[SYM_ADDR_COUNT] = {
#define SYM_ROW(name, must) [SYM_ADDR_##name] = { #name, must },
	SYM_ADDRESS(SYM_ROW)
#undef SYM_ROW
};

/*
 * kallsyms_lookup_name() has not been exported since 5.7, but a kprobe may be placed on any
 * function by name, and then knows its address. With ENDBR the probe sits behind it.
 */
static int symbols_find_lookup(void)
{
	struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long addr;
	int ret;

	ret = register_kprobe(&kp);
	if (ret) {
		pr_err("cannot probe kallsyms_lookup_name: %d\n", ret);
		return ret;
	}
	addr = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	static_call_update(ckpt_sym_lookup,
			   (typeof(&sym_proto_lookup))arch_probed_entry(addr, kp.offset));
	return 0;
}

static unsigned int symbols_lack(const char *name)
{
	pr_err("this kernel does not have %s\n", name);
	return 1;
}

int symbols_init(void)
{
	unsigned int missing = 0, i;
	unsigned long addr;
	int ret;

	ret = symbols_find_lookup();
	if (ret)
		return ret;

#define SYM_RESOLVE_REQUIRED(name, proto)						\
	addr = static_call(ckpt_sym_lookup)(#name);					\
	if (addr) {									\
		static_call_update(ckpt_sym_##name, (typeof(&(proto)))addr);		\
	} else {									\
		missing += symbols_lack(#name);						\
	}
	SYM_REQUIRED(SYM_RESOLVE_REQUIRED)
#undef SYM_RESOLVE_REQUIRED

#define SYM_RESOLVE_OPTIONAL(name, proto, must)					\
	addr = static_call(ckpt_sym_lookup)(#name);					\
	if (addr) {									\
		static_call_update(ckpt_sym_##name, (typeof(&(proto)))addr);		\
		symbols_optional[SYM_OPT_##name] = true;				\
	} else if (must) {								\
		missing += symbols_lack(#name);						\
	}
	SYM_OPTIONAL(SYM_RESOLVE_OPTIONAL)
#undef SYM_RESOLVE_OPTIONAL

#define SYM_RESOLVE_SYSCALL(name, must)						\
	addr = static_call(ckpt_sym_lookup)(symbols_syscall_name[SYM_SYS_##name]);	\
	if (addr) {									\
		static_call_update(ckpt_sys_##name, (typeof(&ckpt_proto_syscall))addr);	\
		symbols_syscall[SYM_SYS_##name] = true;					\
	} else if (must) {								\
		missing += symbols_lack(symbols_syscall_name[SYM_SYS_##name]);		\
	}
	SYM_SYSCALL(SYM_RESOLVE_SYSCALL)
#undef SYM_RESOLVE_SYSCALL

	for (i = 0; i < SYM_ADDR_COUNT; i++) {
		addr = static_call(ckpt_sym_lookup)(symbols_address_row[i].name);
		symbols_address[i] = addr;
		if (!addr && symbols_address_row[i].must)
			missing += symbols_lack(symbols_address_row[i].name);
	}

	return missing ? -ENOENT : 0;
}

unsigned int symbols_count(void)
{
#define SYM_ONE(name, proto) + 1
	return 0 SYM_REQUIRED(SYM_ONE) + SYM_OPT_COUNT + SYM_SYS_COUNT + SYM_ADDR_COUNT;
#undef SYM_ONE
}

static void symbols_list(char *buf, size_t size, const char *name)
{
	if (buf[0])
		strlcat(buf, " ", size);
	strlcat(buf, name, size);
}

unsigned int symbols_missing(char *buf, size_t size)
{
	unsigned int missing = 0, i;

	buf[0] = '\0';
	for (i = 0; i < SYM_OPT_COUNT; i++) {
		if (symbols_optional[i])
			continue;
		symbols_list(buf, size, symbols_optional_name[i]);
		missing++;
	}
	for (i = 0; i < SYM_SYS_COUNT; i++) {
		if (symbols_syscall[i])
			continue;
		symbols_list(buf, size, symbols_syscall_name[i]);
		missing++;
	}
	for (i = 0; i < SYM_ADDR_COUNT; i++) {
		if (symbols_address[i])
			continue;
		symbols_list(buf, size, symbols_address_row[i].name);
		missing++;
	}
	return missing;
}
