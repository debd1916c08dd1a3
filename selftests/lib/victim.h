/* SPDX-License-Identifier: GPL-2.0 */
/* The programs that tests of races and hostile input attack: starting and watching race/target. */
#ifndef SELFTESTS_VICTIM_H
#define SELFTESTS_VICTIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** VICTIM_DONE - how all modes of target.c end that end. */
#define VICTIM_DONE 42

/** victim_us() - CLOCK_MONOTONIC in microseconds. */
int64_t victim_us(void);

/** victim_spend() - be busy for that long; finer than a sleep. */
void victim_spend(long us);

/** victim_random() - a number below @n. */
unsigned long victim_random(unsigned long n);

/** victim_seed() - make victim_random() start anew; CKPT_SEED in the environment wins. */
unsigned long victim_seed(void);

/** victim_start() - start target.c with two arguments; returns once it is on its own. */
pid_t victim_start(const char *mode, const char *arg);

/** victim_start_with() - the same with three, the last of which may be NULL. */
pid_t victim_start_with(const char *mode, const char *arg, const char *more);

/** victim_start_us() - the same with a number. */
pid_t victim_start_us(const char *mode, long us);

/**
 * victim_counter() - a fresh file for a program that counts
 * @path: gets its path, of at least 64 bytes
 * Return: the counter.
 */
volatile uint64_t *victim_counter(char *path);

/** victim_counts() - wait until it has counted on; false after ten seconds. */
bool victim_counts(volatile uint64_t *counter);

/**
 * victim_end() - wait for the end of a child
 * Return: its wait status, or -1 after a minute; then it is killed.
 */
int victim_end(pid_t pid);

/** victim_kill() - kill a child and wait for it. */
void victim_kill(pid_t pid);

/** victim_gone() - wait until there is no such process; false after ten seconds. */
bool victim_gone(pid_t pid);

/** victim_exists() - is there such a task, zombies included? */
bool victim_exists(pid_t pid);

#endif
