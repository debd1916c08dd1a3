/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A subject is a program that is checkpointed, killed and restarted, and judges itself from
 * inside.
 *
 * Each *_test.c is a plain kselftest program (see harness.h): started without anything, it runs
 * its tests one after the other, undisturbed, and prints KTAP. The driver (run.py) starts it
 * once per test, as
 *
 *	CKPT_CTL=DIRECTORY PROGRAM TEST
 *
 * Then the test runs in the process itself, without a child, and talks to the driver by files in
 * DIRECTORY, so that it has no descriptor that is not its own:
 *
 *	ready	made by the subject: its state is set up
 *	end	made by the driver: verify for the last time and end
 *	result	KTAP, made by the subject at its end; a subject that dies leaves none
 *	others	made by subject_tell(), before "ready": what the driver must know of this test
 *
 * A test may have more processes than the first one: members, see subject_member(). Each judges
 * itself, and the driver collects the verdicts:
 *
 *	member.NAME	its pid, made by itself at its start
 *	ready.NAME	the same as "ready", for the member that made it
 *	result.NAME	as "result"
 *
 * Such a program includes subject_harness.h, which has the main function, and writes
 * SUBJECT(name) for TEST(name), or SUBJECT_WITH(name, WANTS) for one that the driver starts in
 * its own way. A test sets up its state, calls subject_ready(), works and verifies while
 * subject_going(), and verifies at the end. Failures of other threads than the first go through
 * subject_fail(), since the harness leaves a test by longjmp().
 */
#ifndef SELFTESTS_SUBJECT_H
#define SELFTESTS_SUBJECT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/** subject_ready() - the state is set up: the driver may checkpoint from now on. */
void subject_ready(void);

/**
 * subject_going() - go on working?
 *
 * Undisturbed, for a fraction of a second. A thread that asks for the first time is to go on: a
 * driver in a hurry may have come and gone before it ran, and it has to have done something.
 */
bool subject_going(void);

/** subject_wait() - subject_ready(), and sleep until the end. */
void subject_wait(void);

/**
 * subject_tell() - tell the driver something
 * @key: what
 * @fmt: its value, as for printf
 *
 * "refuse": a checkpoint must fail, with one line that this regular expression matches (what
 * follows "pid N (NAME)"); "lines" such lines, if not one; "thread" is N, if not the process.
 * "mode": only this one is meant, "go-on" or "kill-restart". "kill": kill it with ckpt --kill,
 * since what it does until a later kill would be seen by the restarted one. "image_max": bytes.
 * "ckpt", "rstr": more options of the tools. "timed": see subject_timed().
 * "claims": it waits in subject_claim().
 */
void subject_tell(const char *key, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * subject_timed() - this test measures time
 *
 * On a machine that has other things to do it may fail: then it is tried again, alone. Others are
 * not. Before subject_ready(); subject_clock_start() includes it.
 */
void subject_timed(void);

/**
 * subject_member() - make a child that is part of the test
 * @name: of the member, unique among those of the test
 * @fn: what it runs
 *
 * A member is a subject like the first process: it sets up its state, calls subject_ready(), works
 * and verifies while subject_going(), and judges itself with subject_check(). When @fn returns, it
 * leaves its result and ends. It may have members of its own.
 *
 * subject_ready() waits for the members of the caller, so the first process is ready last, and what
 * all members need of each other is there. subject_going() ends for all members at the same time.
 * A test with members is a SUBJECT_WITH(name, "members"): the driver puts it into a control group
 * of its own.
 *
 * Return: its pid; aborts if there can be none.
 */
pid_t subject_member(const char *name, void (*fn)(void));

/** subject_reap() - wait for the members of the caller; the test fails if one has not succeeded. */
void subject_reap(void);

/** subject_give_away() - from now on a process that is no child has it, and we have not. */
void subject_give_away(int fd);

/** subject_refused() - subject_tell("refuse", ...) and subject_wait(), for states not kept. */
#define subject_refused(...) do { subject_tell("refuse", __VA_ARGS__); subject_wait(); } while (0)

/** subject_fail() - from any thread: the test has failed, and why. */
void subject_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * subject_check() - in any thread: fail unless @cond
 *
 * Prints the condition and errno.
 */
#define subject_check(cond) ({							\
	bool __ok = (cond);							\
	if (!__ok)								\
		subject_fail("%s:%d: %s (errno %d)", __FILE__, __LINE__, #cond, errno); \
	__ok;									\
})

/** subject_root() - the test did chroot() into the driver's directory. */
void subject_root(void);

/** subject_dir() - a directory that only this test writes to; paths below it stay valid. */
const char *subject_dir(void);

/** subject_path() - a path in subject_dir(); in a buffer of its own for each call. */
const char *subject_path(const char *name);

/** subject_has_driver() - is it run by the driver? */
bool subject_has_driver(void);

/** subject_log() - where to complain; kept in memory until the end if there is a driver. */
FILE *subject_log(void);

/** subject_abort() - the test cannot go on: it has failed. */
void subject_abort(void) __attribute__((noreturn));

/** subject_now() - CLOCK_MONOTONIC in nanoseconds. */
int64_t subject_now(void);

/** subject_nap() - sleep this many milliseconds. */
void subject_nap(unsigned int ms);

/**
 * subject_clock_start() - begin to watch for gaps in time
 *
 * A thread that looks at the clock every few milliseconds; what passes beyond that is time in
 * which the program was frozen, or not there.
 */
void subject_clock_start(void);

/** subject_gaps() - nanoseconds of the gaps since subject_clock_start(). */
int64_t subject_gaps(void);

/** subject_read() - a whole file into @buf, NUL-terminated. Return: its length, or -1. */
ssize_t subject_read(const char *path, char *buf, size_t size);

/** subject_fill() - fill memory with bytes that depend on @seed. */
void subject_fill(void *buf, size_t len, uint64_t seed);

/** subject_filled() - are these the bytes of subject_fill()? */
bool subject_filled(const void *buf, size_t len, uint64_t seed);

/** subject_put() - a page of subject_fill() into the file @fd, @at bytes from its start. */
void subject_put(int fd, off_t at, uint64_t seed);

/** subject_has() - is there a page of subject_put()? */
bool subject_has(int fd, off_t at, uint64_t seed);

/** subject_map() - mmap() from the start of @fd, or of no file (-1); aborts if it cannot. */
void *subject_map(int fd, size_t len, int prot, int flags);

/** subject_vm_flags() - of the area that begins at @p, as in "VmFlags: rd wr mr mw me ac". */
void subject_vm_flags(void *p, char *flags, size_t size);

/** subject_faults() - does it fault to read (or to write back) this byte? In one thread only. */
bool subject_faults(volatile char *p, bool write);

/**
 * subject_asleep() - wait until another thread of the process sleeps in a system call
 *
 * Call this for a thread that has said that its next call is the one it is to wait in.
 */
void subject_asleep(pid_t tid);

/**
 * subject_outsider() - a process that is no child
 *
 * It runs fn(arg), and then lives as long as the test. Returns once @fn has; aborts if it cannot.
 */
void subject_outsider(void (*fn)(int arg), int arg);

/**
 * subject_claim() - have something of the machine for this test alone
 * @what: a name for it
 * @n: how many there are
 *
 * Tests run beside each other, and each in both of its modes. One that looks at what the machine
 * has only a few of, or changes it, claims that first; others wait, if all are claimed, until one
 * that has one leaves its result. Another process holds the claim, so that it outlives a restart.
 *
 * Return: which of them, from 0 on.
 */
int subject_claim(const char *what, int n);

/* ---- for subject_harness.h ---- */

/** subject_wants() - the test @name wants @what of the driver; for SUBJECT_WITH(). */
void subject_wants(const char *name, const char *what);

/** subject_wanted() - what the test @name wants, or NULL. */
const char *subject_wanted(const char *name);

/** subject_begin() - the test @name runs in this process, driven by what is in @ctl. */
void subject_begin(const char *name, const char *ctl);

/** subject_alone() - tests run without a driver; make the directory. */
void subject_alone(void);

/** subject_enter() - the test @name begins; without a driver it gets a directory. */
void subject_enter(const char *name);

/** subject_failed() - did any thread call subject_fail() since the last time? */
bool subject_failed(void);

/** subject_result() - leave the result and end; @skip is the reason, or NULL. */
void subject_result(bool passed, const char *skip) __attribute__((noreturn));

#endif
