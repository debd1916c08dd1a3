// SPDX-License-Identifier: GPL-2.0
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

static void complain(const char *path)
{
	int error = errno;
	char *text = escape(path, strlen(path));

	say("%s: %s", text, strerror(error));
	free(text);
}

static mode_t current_umask(void)
{
	mode_t mask = umask(077);

	umask(mask);
	return mask;
}

/*
 * The one name of a file: absolute and without symbolic links, for what they point to is replaced,
 * not the link. A file without a name, as a pipe behind /dev/stdout, keeps the one it was given.
 */
static char *resolve(const char *path)
{
	char *name = realpath(path, NULL), *slash, *dir;
	struct stat st;

	if (name || errno != ENOENT)
		return name;
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return xstrdup(path);
	/* To be made; but not behind a link that leads nowhere. */
	errno = ENOENT;
	if (!*path || path[strlen(path) - 1] == '/' || !lstat(path, &st))
		return NULL;
	dir = xstrdup(path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = 0;
	name = realpath(slash ? dir : ".", NULL);
	free(dir);
	if (name) {
		slash = strrchr(path, '/');
		path = slash ? slash + 1 : path;
		name = xrealloc(name, strlen(name) + strlen(path) + 2);
		strcat(strcat(name, "/"), path);
	}
	return name;
}

int outfile_open(struct outfile *out, const char *path)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	out->path = resolve(path);
	if (!out->path)
		goto fail;
	if (stat(out->path, &st) || S_ISREG(st.st_mode))
		return 0;
	out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (out->fd >= 0)
		return 0;
fail:
	complain(path);
	outfile_abort(out);
	return -1;
}

bool outfile_same(const struct outfile *a, const struct outfile *b)
{
	return a->path && b->path && a->fd < 0 && b->fd < 0 && !strcmp(a->path, b->path);
}

bool outfile_replaces(const struct outfile *out, int fd)
{
	struct stat old, st;

	return out->path && out->fd < 0 && !stat(out->path, &old) && !fstat(fd, &st) &&
	       old.st_dev == st.st_dev && old.st_ino == st.st_ino;
}

int outfile_begin(struct outfile *out, mode_t mode)
{
	if (!out->path || out->fd >= 0)
		return 0;
	out->temporary = xmalloc(strlen(out->path) + sizeof(".ckpt-XXXXXX"));
	strcpy(out->temporary, out->path);
	strcpy(strrchr(out->temporary, '/') + 1, ".ckpt-XXXXXX");
	out->fd = mkostemp(out->temporary, O_CLOEXEC);
	if (out->fd < 0) {
		free(out->temporary);
		out->temporary = NULL;
		goto fail;
	}
	if (fchmod(out->fd, mode & ~current_umask()))
		goto fail;
	return 0;
fail:
	complain(out->path);
	outfile_abort(out);
	return -1;
}

int outfile_sync(struct outfile *out)
{
	/* EINVAL: a pipe or device that has nothing to bring anywhere. */
	if (fsync(out->fd) && errno != EINVAL && errno != EROFS) {
		complain(out->path);
		return -1;
	}
	return 0;
}

static int sync_directory(const char *path)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');
	int fd, ret = 0;

	slash[slash == dir] = 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A directory one may write but not read cannot be synced; not the image's fault. */
	if (fd < 0)
		ret = errno == EACCES ? 0 : -1;
	else if (fsync(fd) && errno != EINVAL)
		ret = -1;
	if (ret)
		complain(dir);
	if (fd >= 0)
		close(fd);
	free(dir);
	return ret;
}

int outfile_commit(struct outfile *out, bool durable)
{
	int ret = 0;

	/* Some file systems tell only now that there was no room. */
	if (close(out->fd)) {
		complain(out->path);
		ret = -1;
	}
	out->fd = -1;
	if (!ret && out->temporary) {
		if (rename(out->temporary, out->path)) {
			complain(out->path);
			ret = -1;
		} else {
			free(out->temporary);
			out->temporary = NULL;
			if (durable)
				ret = sync_directory(out->path);
		}
	}
	outfile_abort(out);
	return ret;
}

void outfile_remove(const struct outfile *out)
{
	if (out->temporary)
		unlink(out->temporary);
}

void outfile_abort(struct outfile *out)
{
	if (!out->path)
		return;
	outfile_remove(out);
	if (out->fd >= 0)
		close(out->fd);
	free(out->temporary);
	free(out->path);
	memset(out, 0, sizeof(*out));
	out->fd = -1;
}

int outfile_json(struct outfile *out, json_t *object)
{
	int bad = !object || json_dumpfd(object, out->fd, JSON_INDENT(2)) ||
		  write(out->fd, "\n", 1) != 1;

	json_decref(object);
	if (bad) {
		complain(out->path);
		outfile_abort(out);
		return -1;
	}
	return outfile_commit(out, false);
}
