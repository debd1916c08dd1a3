// SPDX-License-Identifier: GPL-2.0
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *tool_name = "ckpt";
int tool_failed = STATUS_FAILED;

/* Length of the UTF-8 sequence at @p that may be shown as it is; 0: it may not. */
static size_t shown_utf8(const unsigned char *p, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n, i;
	uint32_t c;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	c = p[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	/* C1 controls; line ends and direction marks; byte order mark; tags. */
	if (c < 0xa0 || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0x61c || c == 0xfeff ||
	    (c >= 0xfff9 && c <= 0xffff) || (c >= 0xe0000 && c <= 0xe0fff))
		return 0;
	return n;
}

char *escape(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	char *out = xmalloc(len * 4 + 1), *q = out;
	size_t n;

	while (len) {
		n = 1;
		if (*p == '\\') {
			*q++ = '\\';
			*q++ = '\\';
		} else if (*p >= ' ' && *p < 0x7f) {
			*q++ = *p;
		} else {
			n = shown_utf8(p, len);
			if (n) {
				memcpy(q, p, n);
				q += n;
			} else {
				n = 1;
				q += sprintf(q, "\\x%02x", *p);
			}
		}
		p += n;
		len -= n;
	}
	*q = 0;
	return out;
}

char *format_size(char *buf, uint64_t bytes)
{
	static const char unit[] = "KMGTPE";
	double v = bytes;
	size_t i;

	if (bytes < 1024) {
		snprintf(buf, BUF_NUMBER, "%" PRIu64 " B", bytes);
		return buf;
	}
	/* 1023.95 would be printed as 1024.0 */
	for (i = 0, v /= 1024; v >= 1023.95 && unit[i + 1]; i++)
		v /= 1024;
	snprintf(buf, BUF_NUMBER, "%.*f %ciB", v < 99.95 ? 1 : 0, v, unit[i]);
	return buf;
}

char *format_time(char *buf, uint64_t ns)
{
	static const struct {
		const char *name;
		double ns;
	} unit[] = { { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	size_t i = 0;
	double v;

	while (i + 1 < ARRAY_SIZE(unit) && ns >= unit[i].ns * 999.5)
		i++;
	v = ns / unit[i].ns;
	snprintf(buf, BUF_NUMBER, "%.*f %s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, unit[i].name);
	return buf;
}

char *format_rate(char *buf, uint64_t bytes, uint64_t ns)
{
	char size[BUF_NUMBER];
	double rate = ns ? bytes * 1e9 / ns : 0;

	snprintf(buf, BUF_NUMBER, "%s/s", format_size(size, rate < 1e18 ? rate : 1e18));
	return buf;
}

char *format_count(char *buf, uint64_t n)
{
	char digits[BUF_NUMBER], *q = buf;
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), i;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*q++ = ',';
		*q++ = digits[i];
	}
	*q = 0;
	return buf;
}

const char *signal_name(char *buf, unsigned int sig)
{
	const char *abbrev = sig < 32 ? sigabbrev_np(sig) : NULL;

	/* As signal(7) and kill(1) count: the C library keeps 32 and 33 for itself. */
	if (abbrev)
		snprintf(buf, BUF_NUMBER, "SIG%s", abbrev);
	else if (sig == 34)
		snprintf(buf, BUF_NUMBER, "SIGRTMIN");
	else if (sig > 34 && sig <= 64)
		snprintf(buf, BUF_NUMBER, "SIGRTMIN+%u", sig - 34);
	else
		snprintf(buf, BUF_NUMBER, "signal %u", sig);
	return buf;
}

bool parse_uint(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned char)*text - '0';

		if (digit > 9 || max < digit || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

static void out_of_memory(void)
{
	/* Not say(): it allocates. */
	dprintf(STDERR_FILENO, "%s: out of memory\n", tool_name);
	exit(tool_failed);
}

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xmalloc(size_t size)
{
	return xrealloc(NULL, size);
}

char *xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(xmalloc(size), text, size);
}

unsigned int fds_sane(void)
{
	unsigned int closed = 0;
	int fd;

	for (fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		closed |= 1U << fd;
		/*
		 * The lowest free one, so it becomes fd. The wrong way round for 0 and 1, so
		 * that a mistaken use fails instead of losing data.
		 */
		if (open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			exit(tool_failed);
	}
	return closed;
}
