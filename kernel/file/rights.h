/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_RIGHTS_H
#define _CKPT_RIGHTS_H

#include <linux/path.h>

#include "../core/error.h"
#include "../image/schema.gen.h"

struct checkpoint_process;
struct cred;
struct file;
struct restart;

/**
 * rights_save() - checkpoint: the id of the CRED that a file was opened with
 * @proc: the process that has it
 * @file: the description
 * @id: gets the id; 0: they cannot be told, and count as more than the program has
 *
 * Writes CRED if need be.
 */
int rights_save(struct checkpoint_process *proc, struct file *file, u32 *id);

/** rights_save_cred() - checkpoint: the same of other credentials, of a peer of a socket */
int rights_save_cred(struct checkpoint_process *proc, const struct cred *cred, u32 *id);

/** rights_program() - checkpoint: the id of the CRED of the main thread */
u32 rights_program(const struct checkpoint_process *proc);

/** rights_read() - restart: CRED */
int rights_read(struct restart *rs);

/** rights_valid() - restart: is this the id of a CRED that was read? */
bool rights_valid(struct restart *rs, u32 id);

/**
 * rights_cred() - restart: the credentials of a CRED, if the restarter could get them
 *
 * Return: the credentials, without a reference; NULL if not, or if there is no such CRED.
 */
const struct cred *rights_cred(struct restart *rs, u32 id);

/** rights_put() - restart: drop what OBJECT_OPENER refers to */
void rights_put(void *ptr);

/**
 * rights_stamp() - restart: give a new description the credentials that its file had
 * @rs: the restart
 * @file: the description, which nobody else has yet
 * @id: of a CRED, or 0
 *
 * File systems and some files of proc ask for these later, instead of what the caller has then. If
 * the restarter could not have got them: those of the program.
 */
void rights_stamp(struct restart *rs, struct file *file, u32 id);

/**
 * struct rights_path - what a name of the image leads to, and whose rights open it
 * @path: the file
 * @as: the credentials to open it with; NULL: the restarter's
 * @same: it is the very file that the program had
 * @other: it is another file, and the restarter's rights open it, as was asked for
 * @pb: its description
 * @name: its name, as messages are to call it
 * @at: where it belongs, for messages
 */
struct rights_path {
	struct path path;
	const struct cred *as;
	bool same;
	bool other;
	const struct pb_path *pb;
	const char *name;
	struct error_at at;
};

/**
 * rights_find() - restart: look up a name of the image
 * @rs: the restart
 * @name: the name, see path_name()
 * @lookup: LOOKUP_*
 * @rp: @pb, @name and @at are set; the rest is filled
 *
 * The very file that the program had is found whoever looks. Any other one is looked up with the
 * rights that the program's file was opened with, not by way of symbolic links; and not at all if
 * these are more than the program has, unless CKPT_RESTART_FILES_OTHER says that it may be.
 *
 * Return: 0, and rights_release() is to be called; or an errno with an error recorded.
 */
int rights_find(struct restart *rs, const char *name, unsigned int lookup, struct rights_path *rp);

/** rights_release() - restart: drop the reference of rights_find() */
void rights_release(struct rights_path *rp);

/**
 * rights_open() - restart: open what rights_find() has found, or something in it
 * @rs: the restart
 * @rp: a file or directory
 * @name: the name of a file in that directory, or ""
 * @flags: O_*
 * @mode: of a file that is made
 *
 * The rights of open(2) are asked for. Return: the file, or an ERR_PTR without a record.
 */
struct file *rights_open(struct restart *rs, struct rights_path *rp, const char *name, int flags,
			 umode_t mode);

/**
 * rights_try() - restart: do something with the rights that open what rights_find() has found
 * @rs: the restart
 * @rp: the file or directory
 * @fn: does it; called a second time, with the restarter's rights, where these count, too
 * @arg: for @fn
 *
 * Return: what @fn says; -EACCES and -EPERM are what lets it be tried again.
 */
int rights_try(struct restart *rs, struct rights_path *rp,
	       int (*fn)(struct rights_path *rp, void *arg), void *arg);

/**
 * rights_open_own() - restart: open what is the program's own, or has a name of the kernel's
 * @rs: the restart
 * @path: the file
 * @flags: O_*
 * @id: of the CRED that it was opened with, or 0: those of the program stand for them
 *
 * Return: the file, or an ERR_PTR without a record.
 */
struct file *rights_open_own(struct restart *rs, const struct path *path, int flags, u32 id);

/** rights_refuse() - restart: record that another file may not be opened; Return: -ESTALE */
int rights_refuse(struct restart *rs, const struct rights_path *rp, const char *why);

#endif /* _CKPT_RIGHTS_H */
