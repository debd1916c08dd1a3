/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An image as a model in memory, checked: all of it but the content of memory.
 */
#ifndef TOOLS_MODEL_H
#define TOOLS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ckpt_image.pb-c.h"
#include "image.h"

/** MODEL_MEMORY - bytes that the messages of an image may take; a hostile one ends here. */
#define MODEL_MEMORY (256UL << 20)

/** MODEL_UUID - bytes of a uuid */
#define MODEL_UUID 16

/** MODEL_ADDRESS_END - no user address reaches this (57 bits: five levels of page tables). */
#define MODEL_ADDRESS_END (1ULL << 56)

/**
 * struct model_object - something that has an id
 * @id: from 1
 * @type: the record it came in
 * @msg: the message of that record
 * @watches: of an epoll or inotify instance, in all records
 * @events: of an inotify instance
 */
struct model_object {
	uint32_t id;
	enum ckpt_rec type;
	const ProtobufCMessage *msg;
	size_t watches;
	size_t events;
};

/**
 * struct model_vma - a mapping
 * @vma: what the image says
 * @pages: pages of it that the image holds
 */
struct model_vma {
	const Ckpt__Vma *vma;
	uint64_t pages;
};

/**
 * struct model_mm - an address space; a pointer is NULL if the image has no such record
 * @vmas: ascending by address
 * @pages: that the image holds
 * @nr_guards: pages in guard regions
 * @nr_users: processes that have it
 */
struct model_mm {
	const Ckpt__Mm *mm;
	const Ckpt__Pkeys *pkeys;
	struct model_vma *vmas;
	size_t nr_vmas;
	uint64_t pages;
	uint64_t nr_guards;
	size_t nr_users;
};

/**
 * struct model_table - a table of descriptors
 * @id: of its FILES
 * @fds: ascending by number
 * @epolls: records with watches of epoll instances, which several may have
 * @nr_watches: in them
 * @locks: file locks
 * @nr_users: processes that have it
 */
struct model_table {
	uint32_t id;
	const Ckpt__Fd **fds;
	size_t nr_fds;
	const Ckpt__Epoll **epolls;
	size_t nr_epolls;
	size_t nr_watches;
	const Ckpt__Lock **locks;
	size_t nr_locks;
	size_t nr_users;
};

/**
 * struct model_process - a process; a pointer is NULL if the image has no such record
 * @tree: where it is in the tree, and its threads
 * @pid: its id in its own pid namespace
 * @depth: how many of its ancestors are in the image
 * @ended: it is a zombie: nothing but @tree is there
 * @as: its address space
 * @table: its descriptors
 * @threads: in the order of @tree
 */
struct model_process {
	const Ckpt__Tree *tree;
	uint32_t pid;
	unsigned int depth;
	bool ended;
	const Ckpt__Process *process;
	struct model_mm *as;
	struct model_table *table;
	const Ckpt__Fs *fs;
	const Ckpt__Sighand *sighand;
	const Ckpt__Signals *signals;
	const Ckpt__Limits *limits;
	const Ckpt__Timers *timers;
	const Ckpt__Thread **threads;
	size_t nr_threads;
};

/**
 * struct model - an image
 * @im: the reader; im.bad tells why model_read() failed
 * @image: its first record
 * @objects: in the order of the image
 * @fs: FILESYSTEMS, or NULL
 * @program: the first CRED, or NULL
 * @nr_creds: CRED records
 * @nr_openers: of these, such that no thread has
 * @nr_filters: SECCOMP records
 * @held: bytes of both
 * @processes: in the order of the image
 * @nr_tids: threads in their TREEs
 * @nr_threads: of these, such as have a THREAD
 * @mms: address spaces
 * @tables: tables of descriptors
 * @inotifies: records with watches and events of inotify instances, which several may have
 * @seen: types of the records read, as bits
 * @last: the last type that was not raw
 * @shmem_bytes: content of shared memory
 * @pipe_bytes: content of pipes
 */
struct model {
	struct image im;
	const Ckpt__Image *image;
	struct model_object **objects;
	size_t nr_objects;
	const Ckpt__Filesystems *fs;
	const Ckpt__Cred *program;
	size_t nr_creds;
	size_t nr_openers;
	size_t nr_filters;
	uint64_t held;
	struct model_process *processes;
	size_t nr_processes;
	size_t nr_tids;
	size_t nr_threads;
	struct model_mm **mms;
	size_t nr_mms;
	struct model_table **tables;
	size_t nr_tables;
	const Ckpt__Inotify **inotifies;
	size_t nr_inotifies;
	uint64_t seen;
	uint32_t last;
	uint64_t shmem_bytes;
	uint64_t pipe_bytes;

	void *ids;
	void *tids;
	ProtobufCMessage **owned;
	size_t nr_owned;
	ProtobufCAllocator alloc;
	size_t memory;
	bool memory_full;

	/* The raw record that has to come next, 0 if none, and its bytes. */
	enum ckpt_rec expected;
	uint64_t expected_bytes;
	bool done;
};

/**
 * model_read() - read an image and check all that can be checked without a kernel
 * @read: as for image_open()
 * @arg: for @read
 *
 * Beyond the frame and the schema: the order of records; ids are defined once, before their
 * use, and are of the kind that is needed; descriptors and VMAs ascend without overlap; memory
 * lies in private mappings; all counts are right; the trailer.
 *
 * Return: 0, or -1: see im.bad. model_free() it in both cases.
 */
int model_read(struct model *m, ssize_t (*read)(void *, void *, size_t), void *arg);

void model_free(struct model *m);

/** model_find() - the object with that id, or NULL. */
struct model_object *model_find(const struct model *m, uint32_t id);

/**
 * model_file_kind() - what kind of open file it is
 * @file: a FILE
 * @kinds: gets how many it claims to be; in a good image 1
 *
 * Return: the text of CKPT_FILE_TABLE, or NULL without any.
 */
const char *model_file_kind(const Ckpt__File *file, int *kinds);

/** model_process() - the process with that id, or NULL. */
struct model_process *model_process(const struct model *m, uint32_t pid);

/** model_users() - processes that have the object of kind FS or SIGHAND */
size_t model_users(const struct model *m, uint32_t id);

/** model_file() - the FILE with that id, which a reference has been checked to have. */
const Ckpt__File *model_file(const struct model *m, uint32_t id);

#endif
