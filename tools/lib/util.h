/* SPDX-License-Identifier: GPL-2.0 */
/* Text from strangers, numbers for people; messages are in message.h. */
#ifndef TOOLS_UTIL_H
#define TOOLS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "message.h"

/* Set by tools/Makefile; the fallback is for editors. */
#ifndef CKPT_VERSION
#define CKPT_VERSION "unknown"
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/** STATUS_* - exit codes of ckpt and ckptinfo; rstr has its own, see rstr(1). */
#define STATUS_OK	0
#define STATUS_FAILED	1
#define STATUS_USAGE	2

/** tool_name - what messages begin with; each main() sets it. */
extern const char *tool_name;

/** tool_failed - exit code for a failure that leaves no choice; STATUS_FAILED if not set. */
extern int tool_failed;

/**
 * escape() - make bytes from outside fit for a terminal
 * @bytes: anything
 * @len: how many
 *
 * A file name or the name of a process can hold escape sequences, newlines and marks that turn
 * the direction of text. Valid UTF-8 without such things stays; a backslash is doubled; all
 * else becomes \xNN.
 *
 * Return: allocated; never NULL (out of memory ends the program).
 */
char *escape(const void *bytes, size_t len);

/** BUF_NUMBER - size of the buffers that the format functions below fill. */
#define BUF_NUMBER 32

/** format_size() - bytes as "48.2 MiB"; returns @buf. */
char *format_size(char *buf, uint64_t bytes);

/** format_time() - nanoseconds as "1.32 ms"; returns @buf. */
char *format_time(char *buf, uint64_t ns);

/** format_rate() - @bytes in @ns as "345 MiB/s"; returns @buf. */
char *format_rate(char *buf, uint64_t bytes, uint64_t ns);

/** format_count() - a number with separators, "12,345"; returns @buf. */
char *format_count(char *buf, uint64_t n);

/**
 * signal_name() - "SIGTERM", "SIGRTMIN+3", or "signal 77"
 * @buf: of BUF_NUMBER bytes, used if the name is not a constant
 */
const char *signal_name(char *buf, unsigned int sig);

/**
 * parse_uint() - a decimal number and nothing else
 * Return: false if it is not one or above @max.
 */
bool parse_uint(const char *text, uint64_t max, uint64_t *out);

/** xmalloc(), xstrdup(), xrealloc() - allocate, or end the program with a message. */
void *xmalloc(size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);

/**
 * fds_sane() - make descriptors 0 to 2 occupied
 *
 * Otherwise the next open() would become "stderr", and a message would go into the image.
 *
 * Return: bits 0 to 2 tell which ones had been closed.
 */
unsigned int fds_sane(void);

#endif
