/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deferred work of a restart, which is done later than it is read: one queue, in stages.
 *
 * The stages follow each other in the order of enum later_stage, behind the trailer; within one,
 * the first that was added comes first. Each process of the image has its own queue, and all of
 * them are done with a stage before the next one begins. LATER_CONTENT to LATER_LAST run in the
 * process, LATER_VISIBLE and LATER_GO in the restarter. A failure before LATER_GO leaves nothing
 * behind but what LATER_VISIBLE has done to files.
 */
#ifndef _CKPT_LATER_H
#define _CKPT_LATER_H

#include <linux/list.h>

struct restart_process;

/**
 * enum later_stage - when something is done
 * @LATER_CONTENT: files whose content is in the image have it: attributes, seals
 * @LATER_CLOSE: those that nobody has open are closed, so that their code may be executed
 * @LATER_EXE: the executable of the address space
 * @LATER_LOCK: memory has its content: areas that were locked
 * @LATER_KEYS: nothing of the memory is written any more: protection keys
 * @LATER_PROC: files of proc that are there when all threads and descriptors are
 * @LATER_FS: all names were looked up: root directory, umask
 * @LATER_TIMERS: timers begin to run; not under the program's limits, nor with its credentials
 * @LATER_LEASES: nobody opens files any more
 * @LATER_DEFAULTS: nobody maps memory any more: what new mappings get or may not be
 * @LATER_PROCESS: limits, session
 * @LATER_OWNER: the main thread, which runs it, has its credentials: who gets signals of files
 * @LATER_LAST: all threads have their credentials, which take away from what the process is
 * @LATER_VISIBLE: what others see and nobody can undo; nothing of the program can fail any more
 * @LATER_GO: it starts; failures do not count
 */
enum later_stage {
	LATER_CONTENT,
	LATER_CLOSE,
	LATER_EXE,
	LATER_LOCK,
	LATER_KEYS,
	LATER_PROC,
	LATER_FS,
	LATER_TIMERS,
	LATER_LEASES,
	LATER_DEFAULTS,
	LATER_PROCESS,
	LATER_OWNER,
	LATER_LAST,
	LATER_VISIBLE,
	LATER_GO,
	LATER_STAGES
};

/**
 * struct later - something to be done later; part of what it is done with
 * @list: on &later_queue.stage
 * @ops: what it is
 */
struct later {
	struct list_head list;
	const struct later_ops *ops;
};

/**
 * struct later_ops - a kind of deferred work
 * @stage: when
 * @run: does it; Return: 0, or an errno with the error recorded
 * @free: gives back @later and what it holds, whether it was run or not
 */
struct later_ops {
	enum later_stage stage;
	int (*run)(struct restart_process *p, struct later *later);
	void (*free)(struct later *later);
};

/**
 * struct later_queue - all that is to be done; one task at a time uses it
 * @stage: struct later, by stage
 */
struct later_queue {
	struct list_head stage[LATER_STAGES];
};

/** later_init() - make an empty queue ready for use */
void later_init(struct later_queue *queue);

/** later_add() - put something into the queue, which frees it */
void later_add(struct later_queue *queue, struct later *later, const struct later_ops *ops);

/**
 * later_call() - call a function later, which needs nothing but the process whose queue it is
 *
 * Return: 0, -ENOMEM.
 */
int later_call(struct later_queue *queue, enum later_stage stage,
	       int (*fn)(struct restart_process *p));

/** later_any() - is there something to be done in that stage? */
bool later_any(const struct later_queue *queue, enum later_stage stage);

/**
 * later_run() - do all of some stages of a process, in order
 * @queue: its queue, which keeps what was done until later_free()
 * @p: the process
 * @first: the first stage
 * @last: the last one
 *
 * Return: 0, -EINTR if the caller is being killed, or the first errno.
 */
int later_run(const struct later_queue *queue, struct restart_process *p, enum later_stage first,
	      enum later_stage last);

/** later_free() - give everything back; the queue is empty afterwards */
void later_free(struct later_queue *queue);

#endif /* _CKPT_LATER_H */
