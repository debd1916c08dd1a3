/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Restart: whose a record is. TREE names the processes and what each of them has; other records
 * name their owner by pid or by id.
 *
 * A record is read in the context of the process that it belongs to: its address space, its
 * descriptors are the current ones there. A reader asks for the owner when it has decoded its
 * message, before it does anything else. Where that is another process than the one that reads, it
 * gets OWNER_ELSEWHERE, gives it back as it is, and is called again in the other's context, where
 * stream_in_msg() decodes the same record once more.
 */
#ifndef _CKPT_OWNER_H
#define _CKPT_OWNER_H

#include <linux/types.h>

#include "../image/object.h"

struct restart;
struct restart_files;
struct restart_fs;
struct restart_mm;
struct restart_part;
struct restart_process;

/** OWNER_ELSEWHERE - the record is for another process, whose turn it is now */
#define OWNER_ELSEWHERE	(-EREMCHG)

/**
 * owner_declare() - TREE: a process has a part
 * @rs: the restart
 * @p: the process
 * @kind: OBJECT_MM, OBJECT_FILES, OBJECT_FS or OBJECT_SIGHAND
 * @id: in the image
 *
 * Return: the part, new or that of a process before; or an ERR_PTR: -EBADMSG with words, -ENOMEM.
 */
struct restart_part *owner_declare(struct restart *rs, struct restart_process *p,
				   enum object_kind kind, u32 id);

/** owner_put() - drops a part; for the table of kinds, all but OBJECT_FILES and OBJECT_FS */
void owner_put(void *part);

/** owner_put_files() - the same for OBJECT_FILES */
void owner_put_files(void *part);

/** owner_put_fs() - the same for OBJECT_FS */
void owner_put_fs(void *part);

/**
 * owner_begin() - the record that describes a part is read
 *
 * Return: the part, which no record has described before, and whose process this is; or an ERR_PTR:
 * OWNER_ELSEWHERE, -EBADMSG with words.
 */
struct restart_part *owner_begin(struct restart *rs, enum object_kind kind, u32 id);

/**
 * owner_mm() - a record belongs to an address space
 *
 * Return: that, which has been described, and whose process this is; or an ERR_PTR as above.
 */
struct restart_mm *owner_mm(struct restart *rs, u32 id);

/** owner_files() - a record belongs to a table of descriptors; Return: as owner_mm() */
struct restart_files *owner_files(struct restart *rs, u32 id);

/**
 * owner_file() - a record is about a FILE
 *
 * It belongs to who has the first descriptor of it; to anybody if there is none. Return: 0, or
 * OWNER_ELSEWHERE.
 */
int owner_file(struct restart *rs, const struct object *obj);

/**
 * owner_process() - a record belongs to a process
 *
 * Return: the process, which is this one; or an ERR_PTR as above.
 */
struct restart_process *owner_process(struct restart *rs, u32 pid);

/** owner_thread() - a record belongs to a thread; Return: its process, as owner_process() */
struct restart_process *owner_thread(struct restart *rs, u32 tid);

#endif /* _CKPT_OWNER_H */
