// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int device_open(void)
{
	int fd = open("/dev/ckpt", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror("/dev/ckpt");
		exit(1);
	}
	return fd;
}

uint32_t device_timeout_ms;

int device_checkpoint(int device, pid_t pid, int out, uint64_t flags, struct device_result *res)
{
	struct ckpt_checkpoint arg = {
		.pid = pid,
		.out_fd = out,
		.flags = flags,
		.timeout_ms = device_timeout_ms,
		.errors = (uintptr_t)res->errors,
		.errors_cap = DEVICE_ERRORS,
	};
	int ret = ioctl(device, CKPT_IOC_CHECKPOINT, &arg);

	res->error = ret ? errno : 0;
	res->len = arg.errors_len;
	return ret;
}

pid_t device_restart(int device, int in, uint64_t flags, struct device_result *res)
{
	struct ckpt_restart arg = {
		.in_fd = in,
		.tty_fd = -1,
		.flags = flags,
		.errors = (uintptr_t)res->errors,
		.errors_cap = DEVICE_ERRORS,
	};
	int ret = ioctl(device, CKPT_IOC_RESTART, &arg);

	res->error = ret ? errno : 0;
	res->len = arg.errors_len;
	return ret ? -1 : arg.pid;
}

int device_release(int device, enum ckpt_release_how how)
{
	struct ckpt_release arg = { .how = how };

	return ioctl(device, CKPT_IOC_RELEASE, &arg);
}

const char *device_words(const struct device_result *res)
{
	const struct ckpt_error *e = res->errors;
	static char text[512];

	if (!res->len)
		snprintf(text, sizeof(text), "%s, and nothing said",
			 res->error ? strerror(res->error) : "success");
	else
		snprintf(text, sizeof(text), "%s: pid %d, at %llu: %.255s", strerror(res->error),
			 e->pid, (unsigned long long)e->where, e->what);
	return text;
}

const char *device_unclear(const struct device_result *res)
{
	const struct ckpt_error *e = res->errors;
	const char *p;

	if (!res->error)
		return "it succeeded";
	/* Nobody is left to be told, or there is nothing to say it with. */
	if (!res->len && (res->error == ENOMEM || res->error == EINTR))
		return NULL;
	if (res->len != 1)
		return res->len ? "more than one error" : "no error in words";
	if (!memchr(e->what, 0, sizeof(e->what)) || !memchr(e->advice, 0, sizeof(e->advice)) ||
	    !memchr(e->comm, 0, sizeof(e->comm)))
		return "a text without an end";
	if (strlen(e->what) < 5)
		return "hardly a word";
	for (p = e->what; *p; p++)
		if ((unsigned char)*p < ' ')
			return "a control character in the text";
	if ((int)e->error != res->error)
		return "the record has another errno";
	return NULL;
}
