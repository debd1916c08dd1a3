/* SPDX-License-Identifier: GPL-2.0 */
/*
 * seccomp: strict mode, and filters.
 *
 * Filters are read as the kernel's own support for checkpoints does it, and installed by the
 * system call, in each thread's own context. The kernel looks at them where a program enters it;
 * so the last steps of a restart are not subject to them.
 */
#ifndef _CKPT_SECCOMP_H
#define _CKPT_SECCOMP_H

#include <linux/types.h>

struct build;
struct checkpoint_process;
struct restart;
struct thread_final;

/** struct seccomp_chain - filters of a thread, the oldest first; see seccomp.c */
struct seccomp_chain;

/**
 * seccomp_write() - write the SECCOMP of all threads of a process
 *
 * Those of them that cannot be kept are refused by name.
 */
int seccomp_write(struct checkpoint_process *proc);

/** seccomp_read() - SECCOMP */
int seccomp_read(struct restart *rs);

/** seccomp_put() - drop what seccomp_read() made an object of */
void seccomp_put(void *ptr);

/**
 * seccomp_share() - how many of the oldest filters have all threads of a process?
 *
 * These are one and the same for all, so that another filter can be installed for all threads at
 * once (SECCOMP_FILTER_FLAG_TSYNC). Goes to &restart_process.seccomp_shared of each.
 */
void seccomp_share(struct build *build);

/**
 * seccomp_finish() - install the current thread's filters
 * @final: has them, and whether it is to have no_new_privs
 * @shared: what seccomp_share() says
 * @leader: install the shared ones, for all threads
 *
 * Return: 0; -EACCES without the right to (no_new_privs, or CAP_SYS_ADMIN); or what seccomp(2)
 * says.
 */
int seccomp_finish(const struct thread_final *final, u32 shared, bool leader);

#endif /* _CKPT_SECCOMP_H */
