/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_PROCESS_H
#define _CKPT_PROCESS_H

#include <linux/types.h>

struct checkpoint_process;
struct restart;
struct restart_process;

/**
 * process_look() - refuse, by name, what can be seen of it while it runs as well: other namespaces,
 * children
 */
void process_look(struct checkpoint_process *proc);

/** process_check() - refuse, by name, what about the process as a whole cannot be kept */
int process_check(struct checkpoint_process *proc);

/** process_write_tree() - write TREE */
int process_write_tree(struct checkpoint_process *proc);

/** process_write() - write PROCESS */
int process_write(struct checkpoint_process *proc);

/** process_write_limits() - write LIMITS */
int process_write_limits(struct checkpoint_process *proc);

/** process_read_tree() - TREE: a process, and what it has; nothing is created yet */
int process_read_tree(struct restart *rs);

/** process_read() - PROCESS: behind all objects and how they are linked */
int process_read(struct restart *rs);

/** process_free() - forget a process of TREE */
void process_free(struct restart_process *p);

/** process_begin() - in the new process: its name, and room for its descriptors */
void process_begin(struct restart_process *p);

/** process_read_limits() - LIMITS; they are set with the last steps */
int process_read_limits(struct restart *rs);

#endif /* _CKPT_PROCESS_H */
