/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks of the model's messages that go deeper than their ids.
 */
#ifndef TOOLS_CHECK_H
#define TOOLS_CHECK_H

#include "model.h"

/** BAD() - an error in the current record, in words; -1 */
#define BAD(m, fmt, ...) ({									\
	struct model *bad_m = (m);								\
												\
	image_bad(&bad_m->im, bad_m->im.start, "%s: " fmt, image_type_name(bad_m->im.type),	\
		  ##__VA_ARGS__);								\
})

/** check_too_many() - counts an object; is it one more than the module would keep in memory? */
bool check_too_many(struct model *m);

/** VMA_FLAG() - the bit of a VMA's flags */
#define VMA_FLAG(name) CKPT__VMA_FLAG__VMA_FLAG_##name

/** check_droppable_bad() - is this droppable memory of a kind that there is not? */
bool check_droppable_bad(const Ckpt__Vma *vma);

/** check_cred() - CRED; check_too_many() will count it */
int check_cred(struct model *m, const Ckpt__Cred *cred);

/** check_sections() - do those in front have their names in IMAGE? 0, or -1 with words. */
int check_sections(struct model *m);

/**
 * check_order() - does the current record, which is not raw, stand where CKPT_REC_TABLE has it?
 *
 * Return: 0, or -1 with the error said.
 */
int check_order(struct model *m);

/** check_page_run_bad() - does a run of pages say something that does not belong to its kind? */
bool check_page_run_bad(const struct model *m, const Ckpt__PageRun *run);

/** check_thread_cred() - the credentials of a thread, which is not in @p yet */
int check_thread_cred(struct model *m, const struct model_process *p, const Ckpt__Thread *thread);

/** check_process() - all records have been read: does a process have what it needs? */
int check_process(struct model *m, const struct model_process *p);

/** check_filesystems() - FILESYSTEMS, which @m gets */
int check_filesystems(struct model *m, const Ckpt__Filesystems *fs);

/** check_path_bad() - no proper path, or it refers to what is not there? */
bool check_path_bad(const struct model *m, const Ckpt__Path *path);

/** check_proc_bad() - is this a file of proc without a proper path? */
bool check_proc_bad(const Ckpt__Proc *proc);

/** check_external_bad() - is this a stream that a program could not have? */
bool check_external_bad(const Ckpt__File *file);

/** check_timerfd_bad() - is this a timerfd that no kernel could have? */
bool check_timerfd_bad(const Ckpt__Timerfd *t);

/** check_signals() - pending signals; Return: 0, or -1 with the error said. */
int check_signals(struct model *m, size_t n, Ckpt__Signal **pending);

/**
 * check_timers() - the TIMERS of a process, behind the last of its threads
 *
 * @p keeps @timers. Return: 0, or -1 with the error said.
 */
int check_timers(struct model *m, struct model_process *p, const Ckpt__Timers *timers);

/**
 * check_inotify() - an INOTIFY, whose file is a FILE
 *
 * Return: 0, or -1 with the error said.
 */
int check_inotify(struct model *m, const Ckpt__Inotify *inotify);

/** check_unix_socket() - UNIX_SOCKET; expects its data. 0, or -1 with the error said. */
int check_unix_socket(struct model *m, const Ckpt__UnixSocket *socket);

/** check_guards() - GUARDS of an address space; counts them. 0, or -1 with the error said. */
int check_guards(struct model *m, struct model_mm *p, const Ckpt__Guards *guards);

#endif /* TOOLS_CHECK_H */
