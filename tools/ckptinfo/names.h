/* SPDX-License-Identifier: GPL-2.0 */
/* The numbers of the Linux ABI by name. */
#ifndef TOOLS_NAMES_H
#define TOOLS_NAMES_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct name - a number or a set of bits
 * @value: the number; bits must all be set
 * @text: its name
 */
struct name {
	uint64_t value;
	const char *text;
};

/* Tables end with a NULL name. */
extern const struct name names_open[];		/* O_*, without the access mode */
extern const struct name names_vma[];		/* enum VmaFlag */
extern const struct name names_seal[];		/* F_SEAL_* */
extern const struct name names_sa[];		/* SA_* */
extern const struct name names_cap[];		/* CAP_*, as bits */
extern const struct name names_xfeature[];	/* xstate components, as bits */
extern const struct name names_cpuid[];		/* bits of X86Machine.cpuid: 32 * word + bit */
extern const struct name names_policy[];	/* SCHED_* */
extern const struct name names_rlimit[];	/* RLIMIT_* */
extern const struct name names_itimer[];	/* ITIMER_* */
extern const struct name names_clock[];		/* CLOCK_* */
extern const struct name names_epoll[];		/* EPOLL* */
extern const struct name names_inotify[];	/* IN_* */
extern const struct name names_restart[];	/* enum RestartKind */
extern const struct name names_signal[];	/* signals, as bits of a mask */

/** NAMES_BUF - enough for all names of any table. */
#define NAMES_BUF 1024

/** names_find() - the name of a number, or NULL */
const char *names_find(const struct name *table, uint64_t value);

/**
 * names_flags() - the names of all bits of @value, and the rest as a number
 * @buf: of NAMES_BUF bytes
 * @separator: between them
 * Return: @buf; empty if no bit is set.
 */
char *names_flags(char *buf, const struct name *table, uint64_t value, const char *separator);

/** names_access() - "r", "w", "rw" or "path" of open flags */
const char *names_access(uint32_t flags);

/** names_prot() - "rwx"; returns @buf, of 4 bytes */
char *names_prot(char *buf, uint32_t prot);

/** names_file_type() - "file", "directory", "device"... of st_mode */
const char *names_file_type(uint32_t mode);

/** names_machine() - "x86-64", or NULL */
const char *names_machine(uint32_t machine);

#endif
