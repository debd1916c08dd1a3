// SPDX-License-Identifier: GPL-2.0
/*
 * Works in a directory: appends a number to the file "log" each 5 ms, one more each time, and
 * has the file "data" open and mapped, the file "constant" open to read, and watches the file
 * "watched". With "more" it also has the FIFO "fifo" and a file that is deleted. SIGTERM ends it
 * with status 7.
 *
 *	count DIRECTORY [more]
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void on_term(int sig)
{
	(void)sig;
	_exit(7);
}

int main(int argc, char **argv)
{
	struct timespec ts = { .tv_nsec = 5000000 };
	unsigned int n;
	const char *map;
	char text[16];
	int log, data;

	if (argc < 2 || chdir(argv[1]))
		return 2;
	signal(SIGTERM, on_term);
	log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	data = open("data", O_RDWR | O_CREAT, 0600);
	if (log < 0 || data < 0 || write(data, "data", 4) != 4)
		return 2;
	if (close(open("watched", O_WRONLY | O_CREAT, 0600)) ||
	    inotify_add_watch(inotify_init(), "watched", IN_MODIFY) < 0)
		return 2;
	if (close(open("constant", O_WRONLY | O_CREAT, 0600)) || open("constant", O_RDONLY) < 0)
		return 2;
	if (argc > 2 && (mkfifo("fifo", 0600) || open("fifo", O_RDWR) < 0 ||
			 open("gone", O_RDWR | O_CREAT, 0600) < 0 || unlink("gone")))
		return 2;
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, data, 0);
	if (map == MAP_FAILED)
		return 2;
	for (n = 0; ; n++) {
		int len = snprintf(text, sizeof(text), "%u\n", n);

		if (write(log, text, len) != len || memcmp(map, "data", 4))
			return 3;
		nanosleep(&ts, NULL);
	}
}
