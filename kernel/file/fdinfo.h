/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lines of a file in /proc/PID/fdinfo: for many kinds, the one public face that tells their
 * state.
 */
#ifndef _CKPT_FDINFO_H
#define _CKPT_FDINFO_H

#include <linux/types.h>

struct file;

/** FDINFO_MAX - bytes; a longer text is -E2BIG. An epoll instance has some 100 per watch. */
#define FDINFO_MAX	(16UL << 20)

/**
 * fdinfo_read() - what the kind's show_fdinfo() has to say, without the lines common to all
 * @file: any file
 *
 * Return: text with a final NUL, for kvfree(); or ERR_PTR: -EOPNOTSUPP the kind says nothing,
 * -E2BIG, -ENOMEM.
 */
char *fdinfo_read(struct file *file);

/**
 * fdinfo_number() - find a line "KEY NUMBER" in such a text
 * @text: from fdinfo_read()
 * @key: how the line begins, all up to the number or the blanks before it
 * @base: of the number, as for kstrtoull()
 * @val: gets it
 *
 * Return: is there one?
 */
bool fdinfo_number(const char *text, const char *key, unsigned int base, u64 *val);

/**
 * fdinfo_time() - find a line "KEY (SECONDS, NANOSECONDS)"
 * @text: from fdinfo_read()
 * @key: how the line begins, all up to the bracket or the blanks before it
 * @ns: gets the time in nanoseconds
 *
 * Return: is there one?
 */
bool fdinfo_time(const char *text, const char *key, u64 *ns);

#endif /* _CKPT_FDINFO_H */
