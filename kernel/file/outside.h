/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checkpoint: do descriptors 0 to 2 lead to processes outside of the image?
 */
#ifndef _CKPT_OUTSIDE_H
#define _CKPT_OUTSIDE_H

#include <linux/list.h>
#include <linux/types.h>

#include "../image/object.h"

struct checkpoint;
struct checkpoint_process;
struct file;
struct sock;

/**
 * struct outside - what is behind one or more of descriptors 0 to 2
 * @list: on &checkpoint.outside
 * @file: one of its descriptions; a reference is held until it is known whether it leads outside
 * @fds: behind which of them, in any process, as bits
 * @outside: it leads outside, and is a pipe or a socket
 * @shared: a regular file that is shared with processes outside
 * @readers: of a pipe, descriptions in the image to read from
 * @writers: the same to write to
 * @peer_inside: of a socket, the other end is in the image
 * @unread: of an input, bytes that the program has not read yet
 * @lost: some of what it has not read is not in the image
 * @place: where it was found first
 * @name: of the file, to tell a reader; NULL unless it leads outside
 */
struct outside {
	struct list_head list;
	struct file *file;
	u32 fds;
	bool outside;
	bool shared;
	u32 readers;
	u32 writers;
	bool peer_inside;
	u32 unread;
	bool lost;
	struct object_place place;
	char *name;
};

/**
 * outside_look() - look at descriptors 0 to 2 of a process that runs, for outside_hinted()
 *
 * Return: 0, -ENOMEM.
 */
int outside_look(struct checkpoint_process *proc);

/** outside_let_go() - drop references to files: their addresses alone are of use */
void outside_let_go(struct checkpoint *cp);

/** outside_hinted() - may this socket be a standard stream, as outside_look() saw it? */
bool outside_hinted(struct checkpoint *cp, struct file *file);

/**
 * outside_find() - find what leads outside
 *
 * The processes are frozen; before any of their descriptors is written. Return: 0, or an errno.
 */
int outside_find(struct checkpoint *cp);

/** outside_lookup() - what was found about a pipe or another description; NULL: nothing */
struct outside *outside_lookup(struct checkpoint *cp, struct file *file);

/** outside_leads() - is this a pipe or a socket that is a standard stream and leads outside? */
bool outside_leads(struct checkpoint *cp, struct file *file);

/** outside_sock() - the socket of a file, if it is connected to another one; else NULL */
const struct sock *outside_sock(struct file *file);

/** outside_forget() - give everything back */
void outside_forget(struct checkpoint *cp);

#endif /* _CKPT_OUTSIDE_H */
