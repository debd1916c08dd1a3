// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a corpus for codec_fuzz: random objects of every message.
 *
 * usage: codec_seed DIR
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec_util.h"

#define SEEDS_PER_MESSAGE	8
#define SEED_MAX		4096

int main(int argc, char **argv)
{
	static u8 buf[2 + SEED_MAX];
	struct codec_random r = { .state = 0x9e3779b97f4a7c15, .pool.size = 16UL << 20 };
	const struct codec_msg *m;
	unsigned int i, j;
	char path[4096];
	size_t len;
	void *obj;
	FILE *f;

	if (argc != 2) {
		fprintf(stderr, "usage: codec_seed DIR\n");
		return 2;
	}
	r.pool.base = malloc(r.pool.size);
	if (!r.pool.base)
		return 1;

	for (i = 0; i < codec_nr_pairs; i++) {
		m = codec_pairs[i].ours;
		obj = malloc(m->size);
		for (j = 0; obj && j < SEEDS_PER_MESSAGE; j++) {
			r.pool.used = 0;
			codec_random_obj(&r, m, obj);
			buf[0] = i;
			buf[1] = codec_random_u64(&r);
			if (codec_encode(m, obj, buf + 2, SEED_MAX, &len))
				continue;
			snprintf(path, sizeof(path), "%s/%s-%u", argv[1], m->name, j);
			f = fopen(path, "w");
			if (!f || fwrite(buf, 1, len + 2, f) != len + 2 || fclose(f)) {
				perror(path);
				return 1;
			}
		}
		free(obj);
	}
	free(r.pool.base);
	return 0;
}
