/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vDSO's getrandom, 6.11: it makes random numbers in user space, of a key and what is left of a
 * block, which lie in memory that the program maps as the kernel tells it (MAP_DROPPABLE).
 */
#ifndef SELFTESTS_VGETRANDOM_H
#define SELFTESTS_VGETRANDOM_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/types.h>

typedef ssize_t (*vgetrandom_fn)(void *buf, size_t len, unsigned int flags, void *state,
				 size_t state_len);

/**
 * struct vgetrandom - the function, and a state of its own
 * @fn: the function
 * @state: in memory that is mapped for it
 * @len: of the state in bytes
 */
struct vgetrandom {
	vgetrandom_fn fn;
	void *state;
	size_t len;
};

static inline void *vgetrandom_symbol(const char *name)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *ehdr = (const void *)base;
	const Elf64_Shdr *shdr, *strtab;
	unsigned int i, k;

	if (!base || !ehdr->e_shoff)
		return NULL;
	shdr = (const void *)(base + ehdr->e_shoff);
	for (i = 0; i < ehdr->e_shnum; i++) {
		const Elf64_Sym *sym = (const void *)(base + shdr[i].sh_offset);

		if (shdr[i].sh_type != SHT_DYNSYM)
			continue;
		strtab = &shdr[shdr[i].sh_link];
		for (k = 0; k < shdr[i].sh_size / sizeof(*sym); k++)
			if (!strcmp(base + strtab->sh_offset + sym[k].st_name, name))
				return (void *)(base + sym[k].st_value);
	}
	return NULL;
}

/** vgetrandom_open() - Return: false if this kernel has no such thing. */
static inline bool vgetrandom_open(struct vgetrandom *v)
{
	struct {
		uint32_t size;
		uint32_t prot;
		uint32_t flags;
		uint32_t reserved[13];
	} params;
	void *fn = vgetrandom_symbol("__vdso_getrandom");

	if (!fn)
		return false;
	memcpy(&v->fn, &fn, sizeof(fn));
	if (v->fn(NULL, 0, 0, &params, ~0UL))
		return false;
	v->len = params.size;
	v->state = mmap(NULL, 4096, params.prot, params.flags, -1, 0);
	return v->state != MAP_FAILED;
}

/** vgetrandom() - Return: were these bytes made? */
static inline bool vgetrandom(struct vgetrandom *v, void *buf, size_t len)
{
	return v->fn(buf, len, 0, v->state, v->len) == (ssize_t)len;
}

#endif
