/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages on stderr, and the progress bar.
 *
 * While a program is frozen nothing may wait for whoever reads stderr: a terminal that was stopped
 * with ^S, or a pipe that nobody empties, would keep the program frozen. Between message_hold() and
 * message_release() what is not taken at once is kept, in order, and a bar is left out.
 */
#ifndef TOOLS_MESSAGE_H
#define TOOLS_MESSAGE_H

#include <stdbool.h>

/**
 * say() - one line on stderr, "NAME: ..."
 * @fmt: as for printf, without the newline
 *
 * Wipes the progress bar first if one is drawn. One write, so that lines of several
 * processes do not mix. Text from outside must have gone through escape().
 */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * bar_draw() - put a line on the terminal that the next message overwrites
 * @text: the line, no wider than the terminal; "" takes the line away
 */
void bar_draw(const char *text);

/**
 * message_hold() - from here on, messages do not wait
 *
 * A terminal that cannot be opened anew is asked before each write; there, one that is stopped
 * between the two still makes us wait.
 */
void message_hold(void);

/**
 * message_release() - write what was kept; from here on, messages wait again
 *
 * Signals should be let through before. Does nothing if message_hold() was not called.
 */
void message_release(void);

/** message_drop() - the same, but what was kept is lost */
void message_drop(void);

/**
 * message_waiting() - a descriptor to poll for POLLOUT if messages are kept, -1 if none are
 *
 * For a process that has other things to do than to wait; it calls message_try() then.
 */
int message_waiting(void);

/**
 * message_try() - write what is taken of the kept messages
 * @ms: wait so long for them to be taken, in milliseconds
 */
void message_try(int ms);

#endif
