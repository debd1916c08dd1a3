/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_UNIX_SOCKET_H
#define _CKPT_UNIX_SOCKET_H

#include <linux/types.h>

struct checkpoint;
struct file;
struct restart;

/** unix_socket_match() - is this a unix socket, and not its name (O_PATH)? */
bool unix_socket_match(struct file *file);

/**
 * unix_socket_write() - checkpoint: write UNIX_SOCKET and UNIX_DATA of all unix sockets
 *
 * When all descriptions were found: a peer is one of them, or outside.
 */
int unix_socket_write(struct checkpoint *cp);

/** unix_socket_read() - restart: UNIX_SOCKET */
int unix_socket_read(struct restart *rs);

/** unix_socket_read_data() - restart: UNIX_DATA */
int unix_socket_read_data(struct restart *rs);

/** unix_socket_complete() - restart: does nothing miss of the last UNIX_SOCKET? */
bool unix_socket_complete(const struct restart *rs);

#endif /* _CKPT_UNIX_SOCKET_H */
