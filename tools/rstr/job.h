/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Standing in for a program: to a shell, rstr in the foreground is the program.
 *
 * With --new-pidns there is one process more, the init of the new namespace, and the program is
 * its child, not ours. Then init stands next to the program and tells us on a socket what
 * happens; a struct job_event is one message.
 */
#ifndef TOOLS_JOB_H
#define TOOLS_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ckpt.h>

/**
 * enum job_event_kind - what happened
 * @JOB_STARTED: the program runs; .restart is filled, a pidfd of it is attached
 * @JOB_FAILED: it was not started; a message is on stderr already
 * @JOB_STOPPED: it was stopped; .value is the signal
 * @JOB_ENDED: .value is its wait status
 */
enum job_event_kind {
	JOB_STARTED,
	JOB_FAILED,
	JOB_STOPPED,
	JOB_ENDED,
};

struct job_event {
	uint32_t kind;
	int32_t value;
	struct ckpt_restart restart;
};

/** job_send() - one event to the other side; @fd is attached unless -1. Failure is ignored. */
void job_send(int socket, const struct job_event *event, int fd);

/**
 * job_receive() - wait for one event
 * @fd: the attached descriptor or -1; may be NULL if none can come
 * Return: false if the other side is gone.
 */
bool job_receive(int socket, struct job_event *event, int *fd);

/**
 * job_block() - block the signals that job_wait() takes
 *
 * At the start of the program, so that none is lost before job_wait().
 */
void job_block(void);

/**
 * job_wait() - stand in for a child until it ends
 * @pid: the child
 * @from_init: socket on which the init @pid says how its program fares, or -1
 * @to_rstr: we are init: socket to say it on, or -1
 * @program: the program, if it is to draw its screen anew; or 0
 *
 * Signals sent to us by kill(2) go on to the child. Those of the terminal do not: the terminal
 * sends them to the whole process group, the child included. When the child stops, we stop.
 *
 * Return: the wait status of the program.
 */
int job_wait(pid_t pid, int from_init, int to_rstr, pid_t program);

/** job_end_like() - end this process as one with that wait status ended; no core is written. */
void job_end_like(int status) __attribute__((noreturn));

#endif
