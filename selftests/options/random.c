// SPDX-License-Identifier: GPL-2.0
/*
 * Draws some random numbers by the vDSO, makes the file "ready" in a directory, waits for the file
 * "go" in it, adds a line with more numbers to the file "numbers", and ends. Without such a
 * function in the vDSO it ends at once with status 4.
 *
 *	random DIRECTORY
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "vgetrandom.h"

int main(int argc, char **argv)
{
	struct timespec ts = { .tv_nsec = 5000000 };
	unsigned char bytes[16];
	struct vgetrandom v;
	unsigned int i;
	FILE *f;

	if (argc != 2 || chdir(argv[1]))
		return 2;
	if (!vgetrandom_open(&v))
		return 4;
	/* The rest of the block would come next. */
	if (!vgetrandom(&v, bytes, sizeof(bytes)))
		return 3;
	if (close(open("ready", O_WRONLY | O_CREAT, 0600)))
		return 2;
	while (access("go", F_OK))
		nanosleep(&ts, NULL);
	if (!vgetrandom(&v, bytes, sizeof(bytes)))
		return 3;
	f = fopen("numbers", "a");
	if (!f)
		return 2;
	for (i = 0; i < sizeof(bytes); i++)
		fprintf(f, "%02x", bytes[i]);
	fputc('\n', f);
	return fclose(f) ? 2 : 0;
}
