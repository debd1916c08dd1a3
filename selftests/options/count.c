// SPDX-License-Identifier: GPL-2.0
/*
 * Works in a directory: appends a number to the file "log" each 5 ms, one more each time, and
 * has the file "data" open and mapped, the file "constant" open to read, watches the file
 * "watched", has the directory "dir" (read to the end) and the FIFO "fifo" open, and a file in the
 * directory "gone" that is deleted. SIGTERM ends it with status 7.
 *
 *	count DIRECTORY [alone]		without what two cannot have at the same time
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void on_term(int sig)
{
	(void)sig;
	_exit(7);
}

static int others(void)
{
	char buf[1024];
	int fd;

	if (mkdir("dir", 0700) || mkdir("gone", 0700) || mkfifo("fifo", 0600))
		return -1;
	fd = open("dir", O_RDONLY | O_DIRECTORY);
	while (syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0)
		;
	if (fd < 0 || open("fifo", O_RDWR) < 0)
		return -1;
	fd = open("gone/deleted", O_RDWR | O_CREAT, 0600);
	return write(fd, "text", 4) == 4 ? unlink("gone/deleted") : -1;
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
	if (argc < 3 && others())
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
