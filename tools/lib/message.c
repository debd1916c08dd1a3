// SPDX-License-Identifier: GPL-2.0
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool bar_drawn;

/**
 * struct held - messages that must not wait; protected by @lock
 * @on: between message_hold() and message_release()
 * @fd: where to write: an open file of its own that does not block, or stderr
 * @text: what was not taken yet
 * @len: its length in bytes
 */
static struct held {
	bool on;
	int fd;
	char *text;
	size_t len;
} held = { .fd = STDERR_FILENO };

/* Messages are best effort: there is nobody to tell that stderr does not work. */
static void put(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= n;
	}
}

/* As write(2), but EAGAIN where that would wait. */
static ssize_t put_now(const char *text, size_t len)
{
	struct pollfd fd = { .fd = held.fd, .events = POLLOUT };
	ssize_t n;

	if (held.fd == STDERR_FILENO) {
		n = send(STDERR_FILENO, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0 || errno != ENOTSOCK)
			return n;
		if (poll(&fd, 1, 0) <= 0) {
			errno = EAGAIN;
			return -1;
		}
	}
	return write(held.fd, text, len);
}

static void held_put(void)
{
	while (held.len) {
		ssize_t n = put_now(held.text, held.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		/* Nothing is kept for a stderr that does not work. */
		if (n <= 0)
			n = held.len;
		held.len -= n;
		memmove(held.text, held.text + n, held.len);
	}
}

static void held_add(const char *text, size_t len)
{
	char *longer = realloc(held.text, held.len + len);

	if (!longer)
		return;
	memcpy(longer + held.len, text, len);
	held.text = longer;
	held.len += len;
	held_put();
}

void say(const char *fmt, ...)
{
	char *body = NULL, *line = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&body, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	pthread_mutex_lock(&lock);
	n = asprintf(&line, "%s%s: %s\n", bar_drawn ? "\r\033[K" : "", tool_name, body);
	bar_drawn = false;
	if (n >= 0 && held.on)
		held_add(line, n);
	else if (n >= 0)
		put(line, n);
	pthread_mutex_unlock(&lock);
	free(line);
	free(body);
}

void bar_draw(const char *text)
{
	char *line;
	int n;

	pthread_mutex_lock(&lock);
	if (!*text && !bar_drawn)
		goto out;
	n = asprintf(&line, "\r%s\033[K", text);
	if (n < 0)
		goto out;
	if (!held.on)
		put(line, n);
	else if (!*text)
		held_add(line, n);
	else if (held.len || put_now(line, n) <= 0)
		/* One that has to wait would be out of date. */
		text = bar_drawn ? text : "";
	bar_drawn = *text;
	free(line);
out:
	pthread_mutex_unlock(&lock);
}

void message_hold(void)
{
	static const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	bool tty = isatty(STDERR_FILENO);
	struct stat st;
	int fd = -1;

	/* An open file of its own: O_NONBLOCK on this one would be the caller's, too. */
	if (tty || (!fstat(STDERR_FILENO, &st) && S_ISFIFO(st.st_mode)))
		fd = open("/proc/self/fd/2", flags);
	/* As another user one may write to a terminal that one cannot open by its name. */
	if (fd < 0 && tty && tcgetpgrp(STDERR_FILENO) >= 0)
		fd = open("/dev/tty", flags);
	pthread_mutex_lock(&lock);
	held.on = true;
	held.fd = fd < 0 ? STDERR_FILENO : fd;
	pthread_mutex_unlock(&lock);
}

void message_release(void)
{
	pthread_mutex_lock(&lock);
	put(held.text, held.len);
	free(held.text);
	if (held.fd != STDERR_FILENO)
		close(held.fd);
	held = (struct held){ .fd = STDERR_FILENO };
	pthread_mutex_unlock(&lock);
}

void message_drop(void)
{
	pthread_mutex_lock(&lock);
	held.len = 0;
	pthread_mutex_unlock(&lock);
	message_release();
}

int message_waiting(void)
{
	int fd;

	pthread_mutex_lock(&lock);
	fd = held.len ? held.fd : -1;
	pthread_mutex_unlock(&lock);
	return fd;
}

void message_try(int ms)
{
	struct pollfd fd = { .fd = message_waiting(), .events = POLLOUT };

	if (fd.fd < 0)
		return;
	if (ms)
		poll(&fd, 1, ms);
	pthread_mutex_lock(&lock);
	held_put();
	pthread_mutex_unlock(&lock);
}
