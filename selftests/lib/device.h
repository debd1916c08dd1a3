/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls of /dev/ckpt as functions, for tests that go past the tools. */
#ifndef SELFTESTS_DEVICE_H
#define SELFTESTS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ckpt.h>

#define DEVICE_ERRORS 16

/**
 * struct device_result - how an operation ended
 * @error: errno, 0 if it succeeded
 * @len: of @errors
 * @errors: what it said
 */
struct device_result {
	int error;
	uint32_t len;
	struct ckpt_error errors[DEVICE_ERRORS];
};

/** device_timeout_ms - for checkpoints to come; 0, as it is at first, is the kernel's default. */
extern uint32_t device_timeout_ms;

/** device_open() - a new context; ends the program without one. */
int device_open(void);

/**
 * device_checkpoint() - CKPT_IOC_CHECKPOINT
 * Return: 0 or -1; see @res.
 */
int device_checkpoint(int device, pid_t pid, int out, uint64_t flags, struct device_result *res);

/**
 * device_restart() - CKPT_IOC_RESTART
 * Return: the process, or -1; see @res.
 */
pid_t device_restart(int device, int in, uint64_t flags, struct device_result *res);

/** device_release() - CKPT_IOC_RELEASE. Return: 0, or -1 with errno. */
int device_release(int device, enum ckpt_release_how how);

/** device_words() - what a failed operation said, in one line; valid until the next call. */
const char *device_words(const struct device_result *res);

/**
 * device_unclear() - is the failure one that a person understands?
 *
 * It is one record, with a text of one line, whose errno is that of the operation.
 *
 * Return: NULL, or what is wrong with it.
 */
const char *device_unclear(const struct device_result *res);

#endif
