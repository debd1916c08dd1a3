/* SPDX-License-Identifier: GPL-2.0 */
/* Functions and numbers that the parts of mkimage share. */
#ifndef CKPT_SELFTESTS_MKIMAGE_H
#define CKPT_SELFTESTS_MKIMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ckpt_image.pb-c.h"
#include "image.h"

#define PAGE 4096UL

/* A process of two threads; small, but with one of everything. */
#define PID 4242
#define TEXT 0x555555554000ULL
#define HEAP 0x555555a00000ULL
#define SHARED 0x7ffff0000000ULL
#define HUGE 0x600000000000ULL
#define STACK 0x7ffffffde000ULL
#define VDSO 0x7ffff7fc9000ULL

enum {
	ID_CRED = 1, ID_EXE, ID_PIPE, ID_PIPE_R, ID_PIPE_W, ID_TTY, ID_TTY_FILE, ID_SHMEM,
	ID_SHMEM_FILE, ID_LOG, ID_EVENTFD, ID_TIMERFD, ID_SIGNALFD, ID_EPOLL, ID_PIDFD,
	ID_SECCOMP, ID_UNLINKED, ID_UNLINKED_FILE, ID_INOTIFY, ID_PROC,
	ID_OPENER, ID_MM, ID_FILES, ID_FS, ID_SIGHAND,
};

/** is() - is it this variant that is to be written? */
bool is(const char *name);

/** message() - write a record with a message in it. */
void message(uint32_t type, const void *msg);

/** bytes() - a text as the content of a field. */
ProtobufCBinaryData bytes(const char *text);

/** identity() - say which file a path leads to, and whose rights open it */
void identity(Ckpt__Path *path);

/* Records of some kind each; mkimage_state.c */
void put_filesystems(void);
void put_openers(const Ckpt__Cred *program);
void put_filters(void);
void put_sighand(void);
void put_limits(void);
void put_signals(void);
void put_tty(void);
void put_shmem(void);
void put_files(void);
void put_unlinked(void);
void put_unlinked_file(void);
void put_event_files(void);
void put_watches_and_locks(void);
void put_pkeys(void);
void put_timers(void);
void put_inotify_file(void);
void put_proc_file(void);
void put_guards(void);
void put_inotify(void);

#endif
