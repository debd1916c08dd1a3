// SPDX-License-Identifier: GPL-2.0
#include "section.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sha256.h"
#include "util.h"

_Static_assert(sizeof(struct ckpt_section) == 24, "the header of a section has another size");

/* How long to wait for more of a magic that comes in pieces, in microseconds. */
#define PEEK_WAIT 1000

const char *section_type_name(uint32_t type)
{
	static const char *const names[] = {
#define SECTION_NAME(name, number, text) [number] = #name,
		CKPT_SECTION_TABLE(SECTION_NAME)
#undef SECTION_NAME
	};

	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}

size_t section_gap(uint64_t len)
{
	return -(sizeof(struct ckpt_section) + len) & (CKPT_IMAGE_ALIGN - 1);
}

static int put(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n <= 0)
			continue;
		p += n;
		len -= n;
	}
	return 0;
}

int section_write(int fd, uint32_t type, const void *data, size_t len,
		  struct ckpt_section_name *name)
{
	static const char zero[CKPT_IMAGE_ALIGN];
	const struct ckpt_section header = {
		.magic = CKPT_SECTION_MAGIC,
		.type = htole32(type),
		.length = htole64(len),
	};
	struct sha256 sha;

	sha256_start(&sha);
	sha256_add(&sha, data, len);
	*name = (struct ckpt_section_name){ .type = type, .length = len };
	sha256_end(&sha, name->sha256);
	if (put(fd, &header, sizeof(header)) || put(fd, data, len))
		return -1;
	return put(fd, zero, section_gap(len));
}

/* The first bytes of what comes, which stay there. How many; 0 at the end, -1 with errno. */
static ssize_t peek(int fd, void *buf, size_t len)
{
	int pair[2], error;
	struct stat st;
	ssize_t n = -1;

	if (fstat(fd, &st))
		return -1;
	if (S_ISSOCK(st.st_mode))
		return recv(fd, buf, len, MSG_PEEK);
	if (!S_ISFIFO(st.st_mode))
		return pread(fd, buf, len, lseek(fd, 0, SEEK_CUR));
	if (pipe2(pair, O_CLOEXEC))
		return -1;
	n = tee(fd, pair[1], len, 0);
	error = errno;
	if (n > 0)
		n = read(pair[0], buf, n);
	close(pair[0]);
	close(pair[1]);
	errno = error;
	return n;
}

/* Is all there that will ever come? Only what others write to can grow meanwhile. */
static int complete(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };
	struct stat st;

	if (fstat(fd, &st) || !(S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode)))
		return 1;
	return poll(&p, 1, 0) == 1;
}

/* Does a section come next? The module says what is wrong with anything else. */
static int comes_next(int fd)
{
	uint8_t magic[8] = CKPT_SECTION_MAGIC, buf[8];
	ssize_t n, last = 0;
	int all;

	while (1) {
		all = complete(fd);
		n = peek(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || memcmp(buf, magic, n))
			return 0;
		if (n == sizeof(buf))
			return 1;
		if (all)
			return 0;
		/* The same bytes are seen again, until there are more, or the writer has gone. */
		if (n == last)
			usleep(PEEK_WAIT);
		last = n;
	}
}

/* Return: 0, or -1 with the error said. */
static int get(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			say("a section in front of the image: %s",
			    n ? strerror(errno) : "it is truncated");
			return -1;
		}
		p += n;
		len -= n;
	}
	return 0;
}

static int read_one(int fd, struct ckpt_section_name *name)
{
	struct ckpt_section header;
	static char buf[65536];
	struct sha256 sha;
	uint64_t left;
	size_t n, i;

	if (get(fd, &header, sizeof(header)))
		return -1;
	*name = (struct ckpt_section_name){
		.type = le32toh(header.type), .length = le64toh(header.length),
	};
	sha256_start(&sha);
	for (left = name->length; left; left -= n) {
		n = left < sizeof(buf) ? left : sizeof(buf);
		if (get(fd, buf, n))
			return -1;
		sha256_add(&sha, buf, n);
	}
	sha256_end(&sha, name->sha256);
	n = section_gap(name->length);
	if (get(fd, buf, n))
		return -1;
	for (i = 0; i < n && !buf[i]; i++)
		;
	if (header.reserved || i < n) {
		say("a section in front of the image: padding is not zero");
		return -1;
	}
	return 0;
}

int section_skip(int fd, struct ckpt_section_name *names)
{
	int n = 0;

	while (comes_next(fd)) {
		if (n == CKPT_SECTIONS_MAX) {
			say("more than %d sections in front of the image", CKPT_SECTIONS_MAX);
			return -1;
		}
		if (read_one(fd, &names[n]))
			return -1;
		n++;
	}
	return n;
}
