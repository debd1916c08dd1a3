/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_UNIX_QUEUE_H
#define _CKPT_UNIX_QUEUE_H

#include <linux/types.h>

#include "../core/later.h"
#include "../image/schema.gen.h"

struct checkpoint;
struct file;
struct object_place;
struct restart;
struct sk_buff;
struct sock;
struct socket;

/* In bytes: a stream's pieces, each of which one socket buffer has room for. */
#define UNIX_QUEUE_PIECE	(32 << 10)
/* In bytes: the most in one queue. */
#define UNIX_QUEUE_MAX	(16 << 20)

/**
 * struct unix_socket_write - a socket that is being written
 * @cp: the checkpoint
 * @file: the description
 * @at: where it was found
 * @sk: the socket
 * @peer: what it is connected to, or NULL; a reference is held
 * @bytes: in its queue
 * @pb: what is written
 */
struct unix_socket_write {
	struct checkpoint *cp;
	struct file *file;
	const struct object_place *at;
	struct sock *sk;
	struct sock *peer;
	u64 bytes;
	struct pb_unix_socket pb;
};

/**
 * struct unix_socket_build - a socket that was connected; deferred work
 * @later: sets options and pids, when all processes are there
 * @rs: the restart
 * @file: the description; a reference is held
 * @peer: that which sends what is in the queue; a reference is held; or NULL
 * @closed: the same, of a peer that is closed when all is sent
 * @pb: UNIX_SOCKET; its arrays are our own
 * @left: bytes that are still to come
 * @next: the message that comes next
 */
struct unix_socket_build {
	struct later later;
	struct restart *rs;
	struct file *file;
	struct file *peer;
	struct socket *closed;
	struct pb_unix_socket pb;
	u64 left;
	u32 next;
};

/** unix_socket_refuse() - checkpoint: record it; Return: 1, so that the caller goes no further */
int unix_socket_refuse(struct unix_socket_write *uw, const char *what);

/** unix_socket_sk() - restart: the socket */
struct sock *unix_socket_sk(const struct unix_socket_build *build);

/**
 * unix_queue_next() - the message behind @skb, or the first one
 *
 * The caller holds the iolock, or has the socket for itself, so that no message goes away.
 */
struct sk_buff *unix_queue_next(struct sock *sk, struct sk_buff *skb);

/**
 * unix_queue_save() - checkpoint: describe the messages, under the iolock
 *
 * Return: 0; 1 if it was refused; or an errno.
 */
int unix_queue_save(struct unix_socket_write *uw);

/** unix_queue_save_data() - checkpoint: write their bytes, under the iolock held since then */
int unix_queue_save_data(struct unix_socket_write *uw);

/**
 * unix_queue_fill() - restart: send the next messages again
 * @build: the socket, which is connected
 * @data: their bytes
 * @len: how many
 *
 * Return: 0, or an errno with the error recorded.
 */
int unix_queue_fill(struct unix_socket_build *build, u8 *data, size_t len);

#endif /* _CKPT_UNIX_QUEUE_H */
