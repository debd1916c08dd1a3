/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects that others refer to by id: which are already in the image (checkpoint), and what they
 * became (restart).
 */
#ifndef _CKPT_OBJECT_H
#define _CKPT_OBJECT_H

#include <linux/hash.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct checkpoint;
struct checkpoint_process;
struct file;
struct object;
struct restart_files;
struct stream_in;
struct tty_struct;

/** enum object_kind - what an object is; rows of the table in core/kinds.c */
enum object_kind {
	OBJECT_CRED,
	OBJECT_FILE,
	OBJECT_FILES,
	OBJECT_FS,
	OBJECT_MM,
	OBJECT_OPENER,
	OBJECT_PIPE,
	OBJECT_SECCOMP,
	OBJECT_SHMEM,
	OBJECT_SIGHAND,
	OBJECT_STREAM,
	OBJECT_TTY,
	OBJECT_UNLINKED,
	OBJECT_KINDS
};

/**
 * struct object_ops - a kind of object
 * @put: drops a reference to the kernel object
 * @check: checkpoint: refuses an object that processes outside the image have, or that cannot be
 *	kept for what all of them together show; behind everything that refers to it. May be NULL
 */
struct object_ops {
	void (*put)(void *ptr);
	void (*check)(struct checkpoint *cp, struct object *obj);
};

/**
 * struct object_place - checkpoint: where an object was found first
 * @proc: the process that has it
 * @fd: a descriptor of it, or -1
 * @addr: without a descriptor, where it is mapped; 0: neither
 */
struct object_place {
	struct checkpoint_process *proc;
	int fd;
	u64 addr;
};

/**
 * struct object - an object of an image
 * @node: in object_table.by_ptr (checkpoint)
 * @kind: enum object_kind
 * @id: in the image
 * @ptr: the kernel object; a reference of its kind is held if @owned
 * @owned: the table drops the reference; else something else in it keeps @ptr alive
 * @users: how many references to it were found in the tree; for a pipe, open read ends
 * @users2: for a pipe, open write ends; for a file, descriptors among @users; of content in the
 *	image, descriptions among @users that may be read
 * @place: checkpoint: where it was found, if that is said of its kind. For a file, a descriptor if
 *	it has any
 * @fd: restart: for a file, a descriptor of it, once FDS was read; -1 if it has none
 * @files: restart: the table that @fd is in
 * @file: checkpoint: of content in the image, a description that reaches it; its FILE holds it
 * @size: checkpoint: of content in the image, what the image says, in bytes
 * @held: checkpoint: for a file of a layer of overlayfs, open ones of overlayfs that hold it
 * @quiet: restart: of a file, only the program itself can make something happen to it
 * @outside: checkpoint: of a pipe, it leads outside of the image, whose part is not kept
 * @both: restart: of a standard stream, it was one to read from and to write to
 * @dentry_refs: checkpoint: of content in the image that is of overlayfs, how many references to
 *	its dentries the image's descriptions hold
 */
struct object {
	struct hlist_node node;
	enum object_kind kind;
	u32 id;
	void *ptr;
	bool owned;
	u32 users;
	u32 users2;
	struct object_place place;
	int fd;
	struct restart_files *files;
	struct file *file;
	u64 size;
	u32 held;
	u32 dentry_refs;
	bool quiet;
	bool outside;
	bool both;
};

/* The hash table that is always there, in bits: enough for most, so they need no other. */
#define OBJECT_HASH_BITS	10

/**
 * struct object_table - the objects of one operation; one task at a time uses it
 * @by_ptr: checkpoint: struct object by @ptr, a hash table; @first, or allocated when that was full
 * @bits: its size
 * @first: the hash table to begin with
 * @blocks: checkpoint: all of them, in the order of their ids
 * @by_id: restart: struct object by id
 * @last: the highest id given out
 * @tty: checkpoint: the one terminal that an image can have, or NULL
 * @ops: the kinds, OBJECT_KINDS of them
 */
struct object_table {
	const struct object_ops *ops;
	struct hlist_head *by_ptr;
	unsigned int bits;
	struct hlist_head first[1 << OBJECT_HASH_BITS];
	struct list_head blocks;
	struct xarray by_id;
	u32 last;
	const struct tty_struct *tty;
};

/** object_next() - checkpoint: the object after @obj, the first one after NULL; NULL at the end */
struct object *object_next(struct object_table *tab, struct object *obj);

/** object_for_each() - checkpoint: go through all objects, in the order of their ids */
#define object_for_each(tab, obj) \
	for ((obj) = object_next(tab, NULL); (obj); (obj) = object_next(tab, obj))

/** object_init() - make a table ready for use; @ops are OBJECT_KINDS rows, by kind */
void object_init(struct object_table *tab, const struct object_ops *ops);

/**
 * object_let_go() - checkpoint: drop the references to files
 *
 * Before the program runs on: what it closes is to be closed. Their objects, and those that they
 * keep alive, must not be looked at any more.
 */
void object_let_go(struct object_table *tab);

/** object_destroy() - drop all references and forget everything */
void object_destroy(struct object_table *tab);

/**
 * object_lookup() - checkpoint: find an object by its kernel object
 * @tab: the table
 * @kind: its kind
 * @ptr: the kernel object
 *
 * Return: the object, or NULL.
 */
struct object *object_lookup(struct object_table *tab, enum object_kind kind, const void *ptr);

/**
 * object_new() - checkpoint: give an object an id
 * @tab: the table
 * @kind: its kind
 * @ptr: the kernel object
 * @owned: the table takes over the caller's reference to @ptr; false if another object of the
 *	table (a file of the pipe, say) keeps it alive as long
 *
 * Return: the object, or ERR_PTR; -EMFILE beyond CKPT_IMAGE_OBJECTS_MAX.
 */
struct object *object_new(struct object_table *tab, enum object_kind kind, void *ptr, bool owned);

/**
 * object_have() - checkpoint: give something that the tasks have themselves an id, once
 * @tab: the table
 * @kind: its kind
 * @ptr: the kernel object, which the tasks keep
 * @new: is it the first time?
 *
 * Return: the object, or ERR_PTR: -ENOMEM or -EMFILE.
 */
struct object *object_have(struct object_table *tab, enum object_kind kind, void *ptr, bool *new);

/**
 * object_add() - restart: remember what the object @id of the image became
 * @tab: the table
 * @in: the image, for errors
 * @kind: its kind
 * @id: in the image
 * @ptr: the kernel object
 *
 * The table takes over the caller's reference to @ptr; if it fails, it is dropped. Return: 0,
 * -ENOMEM, or -EBADMSG with words if the id is too high or used twice.
 */
int object_add(struct object_table *tab, struct stream_in *in, enum object_kind kind, u32 id,
	       void *ptr);

/** object_by_id() - restart: the object @id, if it is of that kind, else NULL */
struct object *object_by_id(struct object_table *tab, enum object_kind kind, u32 id);

/**
 * object_take() - restart: forget the object @id of that kind
 *
 * Return: its kernel object, with the table's reference, or NULL.
 */
void *object_take(struct object_table *tab, enum object_kind kind, u32 id);

/** object_find() - restart: the kernel object @id, if it is of that kind, else NULL */
void *object_find(struct object_table *tab, enum object_kind kind, u32 id);

#endif /* _CKPT_OBJECT_H */
