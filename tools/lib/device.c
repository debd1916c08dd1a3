// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util.h"

int device_open(void)
{
	int fd = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		say("%s: no such device; load the module with 'modprobe ckpt'", DEVICE_PATH);
		break;
	case EACCES:
	case EPERM:
		say("%s: permission denied; be root or a member of the group 'ckpt'", DEVICE_PATH);
		break;
	default:
		say("%s: %s", DEVICE_PATH, strerror(errno));
	}
	return -1;
}

/* The module's texts are its own, but quote names that are not. */
static char *field(const char *text, size_t size)
{
	char *out = escape(text, strnlen(text, size)), *from, *to;

	/* The module has escaped control characters already: its backslashes are not doubled. */
	for (from = to = out; *from; from++, to++) {
		if (from[0] == '\\' && from[1] == '\\')
			from++;
		*to = *from;
	}
	*to = 0;
	return out;
}

char *device_error_text(const struct ckpt_error *err)
{
	char *comm = field(err->comm, sizeof(err->comm));
	char *what = field(err->what, sizeof(err->what));
	char *advice = field(err->advice, sizeof(err->advice));
	char *line = NULL, name[BUF_NUMBER];
	size_t size;
	FILE *f = open_memstream(&line, &size);

	if (!f) {
		line = what;
		what = NULL;
		goto out;
	}
	if (err->pid) {
		fprintf(f, "pid %d", err->pid);
		if (*comm)
			fprintf(f, " (%s)", comm);
	}
	if (err->pid && err->where_type != CKPT_WHERE_NONE)
		fputc(' ', f);
	switch (err->where_type) {
	case CKPT_WHERE_NONE:
		break;
	case CKPT_WHERE_FD:
		fprintf(f, "fd %" PRIu64, (uint64_t)err->where);
		break;
	case CKPT_WHERE_ADDRESS:
		fprintf(f, "address 0x%" PRIx64, (uint64_t)err->where);
		break;
	case CKPT_WHERE_OFFSET:
		fprintf(f, "offset %" PRIu64, (uint64_t)err->where);
		break;
	case CKPT_WHERE_SIGNAL:
		fprintf(f, "%s", signal_name(name, err->where > 64 ? 65 : err->where));
		break;
	default:
		fprintf(f, "%" PRIu64, (uint64_t)err->where);
	}
	if (err->pid || err->where_type != CKPT_WHERE_NONE)
		fputs(": ", f);
	fputs(*what ? what : strerror(err->error), f);
	if (*advice)
		fprintf(f, "; %s", advice);
	if (fclose(f)) {
		free(line);
		line = what;
		what = NULL;
	}
out:
	free(comm);
	free(what);
	free(advice);
	return line;
}

void device_errors(const struct ckpt_error *list, uint32_t len, int error, const char *subject)
{
	const char *text;
	uint32_t i;

	for (i = 0; i < len && i < DEVICE_ERRORS; i++) {
		char *line = device_error_text(&list[i]);

		say("%s", line);
		free(line);
	}
	if (len)
		return;
	switch (error) {
	case ENOTTY:
		text = "the module does not know this operation; it is older than this tool";
		break;
	case E2BIG:
		text = "the module is older than this tool and cannot do this";
		break;
	case EBUSY:
		text = "the module is busy with it";
		break;
	case EINTR:
		text = "interrupted";
		break;
	default:
		text = strerror(error);
	}
	say("%s%s%s", subject ? subject : "", subject ? ": " : "", text);
}

void print_version(void)
{
	struct ckpt_info info = { 0 };
	char *text;
	int fd;

	printf("%s %s\n", tool_name, CKPT_VERSION);
	/* Asking for a version should not load a module. */
	if (access("/sys/module/ckpt", F_OK))
		return;
	fd = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!ioctl(fd, CKPT_IOC_INFO, &info)) {
		text = field(info.version, sizeof(info.version));
		printf("module %s, ABI %u, image format %u", text, info.abi_version,
		       info.image_version);
		free(text);
		if (info.symbols_missing) {
			text = field(info.missing, sizeof(info.missing));
			printf(", kernel lacks: %s", text);
			free(text);
		}
		putchar('\n');
	}
	close(fd);
}
