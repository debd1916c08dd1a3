// SPDX-License-Identifier: GPL-2.0
/* ckptinfo - show and verify an image */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "model.h"
#include "show.h"
#include "util.h"

static const char usage_text[] =
	"Usage: ckptinfo [OPTION] < IMAGE\n"
	"       ckptinfo [OPTION] IMAGE\n"
	"Show what is in the image of a program, or verify it. Needs no module and no rights.\n"
	"\n"
	"  -j, --json     as JSON\n"
	"  -c, --verify   only check it: checksums, trailer and all cross references\n"
	"  -h, --help     this text\n"
	"  -V, --version  the version of the tool, and of the module if loaded\n"
	"\n"
	"Exit status: 0 the image is whole; 1 it is not, or cannot be read; 2 wrong usage.\n"
	"See ckptinfo(1).\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "verify", no_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static int usage_error(void)
{
	fprintf(stderr, "Try 'ckptinfo --help'.\n");
	return STATUS_USAGE;
}

/* Output that did not arrive must not pass for success. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		say("standard output: %s", strerror(errno));
		return STATUS_FAILED;
	}
	return status;
}

static int open_input(const char *name, bool closed)
{
	char *text = escape(name ? name : "", name ? strlen(name) : 0);
	int fd = STDIN_FILENO;

	if (name) {
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			say("%s: %s", text, strerror(errno));
	} else if (closed) {
		say("standard input is closed; where should the image come from?");
		fd = -1;
	}
	if (fd >= 0 && isatty(fd)) {
		say("an image does not come from a terminal; use 'ckptinfo FILE'");
		fd = -1;
	}
	free(text);
	return fd;
}

static int verify_or_show(int fd, int how)
{
	char size[BUF_NUMBER], records[BUF_NUMBER], pages[BUF_NUMBER];
	struct model m;
	int status = STATUS_OK, i;

	if (model_read(&m, image_read_fd, &fd)) {
		/* Texts in it are numbers and our own words. */
		say("offset %" PRIu64 ": %s", m.im.bad_offset, m.im.bad);
		status = STATUS_FAILED;
	} else if (how == 'c') {
		printf("OK %s records, %s pages, %s, sha256 ",
		       format_count(records, m.im.records), format_count(pages, m.im.pages),
		       format_size(size, m.im.offset));
		for (i = 0; i < IMAGE_DIGEST; i++)
			printf("%02x", m.im.digest[i]);
		putchar('\n');
	} else if (how != 'j') {
		show_text(&m);
	} else if (show_json(&m)) {
		say("out of memory");
		status = STATUS_FAILED;
	}
	model_free(&m);
	return finish(status);
}

int main(int argc, char **argv)
{
	unsigned int closed = fds_sane();
	int c, fd, how = 0;

	tool_name = "ckptinfo";
	while ((c = getopt_long(argc, argv, "jchV", options, NULL)) != -1) {
		switch (c) {
		case 'j':
		case 'c':
			if (how && how != c) {
				say("--json and --verify exclude each other");
				return usage_error();
			}
			how = c;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return finish(STATUS_OK);
		case 'V':
			print_version();
			return finish(STATUS_OK);
		default:
			return usage_error();
		}
	}
	if (argc - optind > 1) {
		say("one image at a time");
		return usage_error();
	}
	fd = open_input(argv[optind], closed & 1);
	return fd < 0 ? STATUS_FAILED : verify_or_show(fd, how);
}
