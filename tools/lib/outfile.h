/* SPDX-License-Identifier: GPL-2.0 */
/* Files that appear under their name complete or not at all. */
#ifndef TOOLS_OUTFILE_H
#define TOOLS_OUTFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include <jansson.h>

/**
 * struct outfile - a file being written
 * @fd: where to write
 * @path: the final name
 * @temporary: the name until outfile_commit(), in the same directory; NULL if @path is
 *	something that must not be replaced, such as a device or a pipe: then it is
 *	written in place
 */
struct outfile {
	int fd;
	char *path;
	char *temporary;
};

/**
 * outfile_open() - see where it goes, and open what is written in place
 * @out: filled
 * @path: final name; a symbolic link is followed, but must lead somewhere
 *
 * May wait, for the reader of a named pipe. There is nothing to clean up yet if a signal ends that.
 *
 * Return: 0, or -1 after a line on stderr.
 */
int outfile_open(struct outfile *out, const char *path);

/**
 * outfile_same() - would both replace the same file?
 *
 * Before outfile_begin(); each may be one that was never opened and is all zero.
 */
bool outfile_same(const struct outfile *a, const struct outfile *b);

/** outfile_replaces() - would it replace the file that is open as @fd? As outfile_same(). */
bool outfile_replaces(const struct outfile *out, int fd);

/**
 * outfile_begin() - make the temporary file
 * @out: opened, or all zero: then there is nothing to do
 * @mode: of the file; the umask is applied
 * Return: 0, or -1 after a line on stderr.
 */
int outfile_begin(struct outfile *out, mode_t mode);

/**
 * outfile_sync() - bring what was written to the disk; may take its time
 * Return: 0, or -1 after a line on stderr.
 */
int outfile_sync(struct outfile *out);

/**
 * outfile_commit() - give it its name
 * @out: not to be used afterwards, whatever the result
 * @durable: also bring the name to the disk
 * Return: 0, or -1 after a line on stderr, and the temporary file is gone.
 */
int outfile_commit(struct outfile *out, bool durable);

/**
 * outfile_remove() - remove the temporary file and nothing else
 *
 * For a thread that ends the process; safe beside outfile_sync().
 */
void outfile_remove(const struct outfile *out);

/** outfile_abort() - give up; @out may be one that was never opened and is all zero. */
void outfile_abort(struct outfile *out);

/**
 * outfile_json() - write one JSON object and commit
 * @out: not to be used afterwards
 * @object: the reference is taken over; NULL counts as out of memory
 * Return: 0, or -1 after a line on stderr.
 */
int outfile_json(struct outfile *out, json_t *object);

#endif
