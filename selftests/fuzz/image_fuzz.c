// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes what ckptinfo does with an image: frame, schema, cross references, both outputs.
 *
 * Built so that wrong checksums and digests pass (image.c, model.c): a fuzzer cannot guess them,
 * and they would hide all that is behind. Run with -close_fd_mask=1: the output goes to stdout.
 */
#include <stdio.h>
#include <string.h>

#include "show.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
};

static ssize_t read_input(void *arg, void *buf, size_t len)
{
	struct input *in = arg;
	/* Short reads, as of a pipe. */
	size_t n = len > 1000 ? 1000 : len;

	if (n > in->left)
		n = in->left;
	memcpy(buf, in->data, n);
	in->data += n;
	in->left -= n;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct model m;

	if (!model_read(&m, read_input, &in)) {
		show_text(&m);
		show_json(&m);
	} else if (!m.im.bad[0]) {
		__builtin_trap();
	}
	model_free(&m);
	return 0;
}
