/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/ckpt as seen by the tools: opening it, and saying what it answered. */
#ifndef TOOLS_DEVICE_H
#define TOOLS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ckpt.h>

#define DEVICE_PATH "/dev/ckpt"

/** DEVICE_ERRORS - length of the error array the tools offer; the ABI's maximum. */
#define DEVICE_ERRORS 1024

/**
 * device_open() - open /dev/ckpt, which loads the module if it is installed
 * Return: a descriptor, or -1 after a line on stderr that says what to do.
 */
int device_open(void);

/**
 * device_errors() - say what an operation reported, one line each
 * @list: the array given to the ioctl
 * @len: errors_len
 * @error: errno of the ioctl, for the case that @len is 0
 * @subject: what to name then, for example "pid 77"; may be NULL
 */
void device_errors(const struct ckpt_error *list, uint32_t len, int error, const char *subject);

/**
 * device_error_text() - one struct ckpt_error as a line, without the tool's name
 * Return: allocated.
 */
char *device_error_text(const struct ckpt_error *err);

/** print_version() - --version: the tool's, and the module's if that is loaded; to stdout. */
void print_version(void);

#endif
