// SPDX-License-Identifier: GPL-2.0
/*
 * The messages in the queue of a unix socket: how they are read, and sent again.
 */
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <net/sock.h>

#include "../compat/compat.h"
#include "../compat/unix.h"
#include "../core/context.h"
#include "unix_queue.h"

/* In bytes, as of SO_SNDBUF: lets everything through. */
#define UNIX_QUEUE_ROOM	(INT_MAX / 2)

/* ---- checkpoint ---- */

/* How much of a message was not read yet. */
static u32 unix_queue_len(struct sk_buff *skb)
{
	u32 consumed = compat_unixcb(skb)->consumed;

	return consumed <= skb->len ? skb->len - consumed : 0;
}

/* Pieces that a message is written in; a stream's that was read has none. */
static u32 unix_queue_pieces(const struct sock *sk, struct sk_buff *skb)
{
	return sk->sk_type == SOCK_STREAM ? DIV_ROUND_UP(unix_queue_len(skb), UNIX_QUEUE_PIECE) :
					    1;
}

/* The next message: who holds the iolock keeps others from taking any away. */
struct sk_buff *unix_queue_next(struct sock *sk, struct sk_buff *skb)
{
	spin_lock(&sk->sk_receive_queue.lock);
	skb = skb ? skb_peek_next(skb, &sk->sk_receive_queue) : skb_peek(&sk->sk_receive_queue);
	spin_unlock(&sk->sk_receive_queue.lock);
	return skb;
}

/* Return: NULL, or what about a message is not kept. */
static const char *unix_queue_look(const struct unix_socket_write *uw, struct sk_buff *skb)
{
	const struct compat_unix_parms *parms = compat_unixcb(skb);

	if (parms->fp)
		return "with descriptors on the way (SCM_RIGHTS)";
	if (skb->sk != uw->peer)
		return "with a message of a socket that it is not connected to";
	if (parms->consumed > skb->len)
		return "of this kernel";
	if (uw->sk->sk_type != SOCK_STREAM && unix_queue_len(skb) > CHECKPOINT_BOUNCE)
		return "with a message of more than 256 KiB";
	if ((uid_valid(parms->uid) && !kuid_has_mapping(current_user_ns(), parms->uid)) ||
	    (gid_valid(parms->gid) && !kgid_has_mapping(current_user_ns(), parms->gid)))
		return "with a message of a user that has no number here";
	return NULL;
}

static void unix_queue_describe(const struct unix_socket_write *uw, struct sk_buff *skb, u32 len,
				struct pb_unix_message *pb)
{
	const struct compat_unix_parms *parms = compat_unixcb(skb);

	memset(pb, 0, sizeof(*pb));
	pb->length = len;
	pb->has_uid = uid_valid(parms->uid) && gid_valid(parms->gid);
	pb->has_gid = pb->has_uid;
	if (pb->has_uid) {
		pb->uid = from_kuid(current_user_ns(), parms->uid);
		pb->gid = from_kgid(current_user_ns(), parms->gid);
	}
	pb->pid = pid_vnr(parms->pid);
	pb->has_pid = pb->pid;
}

/* Under the iolock: what is in the queue, at first without the bytes. */
int unix_queue_save(struct unix_socket_write *uw)
{
	struct pb_unix_socket *pb = &uw->pb;
	struct sk_buff *skb;
	const char *why;
	u64 pieces = 0;
	u32 len, n;

	for (skb = unix_queue_next(uw->sk, NULL); skb; skb = unix_queue_next(uw->sk, skb)) {
		why = unix_queue_look(uw, skb);
		if (why)
			return unix_socket_refuse(uw, why);
		uw->bytes += unix_queue_len(skb);
		pieces += unix_queue_pieces(uw->sk, skb);
		if (uw->bytes > UNIX_QUEUE_MAX || pieces > PB_UNIX_SOCKET_MESSAGE_MAX)
			return unix_socket_refuse(uw, "with 16 MiB or 16384 messages in its queue");
		if (operation_ends(uw->cp->op))
			return operation_ends(uw->cp->op);
	}
	if (!pieces)
		return 0;
	pb->message = kvmalloc_array(pieces, sizeof(*pb->message), GFP_KERNEL_ACCOUNT);
	if (!pb->message)
		return -ENOMEM;
	for (skb = unix_queue_next(uw->sk, NULL); skb && pb->n_message < pieces;
	     skb = unix_queue_next(uw->sk, skb)) {
		len = unix_queue_len(skb);
		for (n = unix_queue_pieces(uw->sk, skb); n && pb->n_message < pieces; n--) {
			u32 piece = n > 1 ? UNIX_QUEUE_PIECE : len;

			unix_queue_describe(uw, skb, piece, &pb->message[pb->n_message++]);
			len -= piece;
		}
	}
	return 0;
}

static int unix_queue_flush(struct checkpoint *cp, u32 *used)
{
	int ret = *used ? stream_out_raw(&cp->out, CKPT_REC_UNIX_DATA, cp->bounce, *used) : 0;

	*used = 0;
	return ret;
}

/* Under the iolock, behind unix_queue_save(): the bytes. No message spans two records. */
int unix_queue_save_data(struct unix_socket_write *uw)
{
	struct sk_buff *skb = NULL;
	struct checkpoint *cp = uw->cp;
	u32 i, len, left = 0, used = 0;
	int ret = 0;

	for (i = 0; i < uw->pb.n_message; i++) {
		len = uw->pb.message[i].length;
		while (!left) {
			skb = unix_queue_next(uw->sk, skb);
			if (!skb)
				return -EIO;
			left = unix_queue_len(skb);
			/* In a stream it was read already; else it is a message without bytes. */
			if (!left && uw->sk->sk_type != SOCK_STREAM)
				break;
		}
		if (used + len > CHECKPOINT_BOUNCE) {
			ret = operation_ends(cp->op) ?: unix_queue_flush(cp, &used);
			if (ret)
				return ret;
		}
		if (skb_copy_bits(skb, skb->len - left, cp->bounce + used, len))
			return -EIO;
		used += len;
		left -= len;
		cond_resched();
	}
	return unix_queue_flush(cp, &used);
}

/* ---- restart ---- */

/* As a program may say of itself that it is somebody: see scm_check_creds(). */
static int unix_queue_sender(struct unix_socket_build *build, const struct pb_unix_message *pb,
			     kuid_t *uid, kgid_t *gid)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = current,
		.advice = "restart it as its user or as root",
	};
	const struct cred *cred = current_cred();

	*uid = INVALID_UID;
	*gid = INVALID_GID;
	if (!pb->has_uid)
		return 0;
	*uid = make_kuid(cred->user_ns, pb->uid);
	*gid = make_kgid(cred->user_ns, pb->gid);
	if (!uid_valid(*uid) || !gid_valid(*gid))
		return stream_in_bad(&build->rs->in, "sender of a message");
	if ((uid_eq(*uid, cred->uid) || uid_eq(*uid, cred->euid) || uid_eq(*uid, cred->suid) ||
	     ns_capable(cred->user_ns, CAP_SETUID)) &&
	    (gid_eq(*gid, cred->gid) || gid_eq(*gid, cred->egid) || gid_eq(*gid, cred->sgid) ||
	     ns_capable(cred->user_ns, CAP_SETGID)))
		return 0;
	return error_add(&build->rs->ctx->errors, -EPERM, &at,
			 "the sender of a message in a unix socket (SCM_CREDENTIALS) cannot be given back");
}

/*
 * A side that was shut down, or a buffer that was made smaller since, must not prevent it: these
 * are put aside meanwhile. Nobody else has either of the sockets.
 */
static int unix_queue_send(struct sock *sk, struct socket *from, u8 *data, size_t len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = data, .iov_len = len };
	int room = from->sk->sk_sndbuf, closed = sk->sk_shutdown, ends = from->sk->sk_shutdown;
	struct sock *peer = unix_peer(from->sk);
	u32 n = skb_queue_len(&sk->sk_receive_queue);
	int ret, err = xchg(&from->sk->sk_err, 0);

	unix_peer(from->sk) = sk;
	WRITE_ONCE(from->sk->sk_sndbuf, UNIX_QUEUE_ROOM);
	WRITE_ONCE(from->sk->sk_shutdown, 0);
	WRITE_ONCE(sk->sk_shutdown, 0);
	ret = kernel_sendmsg(from, &msg, &vec, 1, len);
	WRITE_ONCE(sk->sk_shutdown, closed);
	WRITE_ONCE(from->sk->sk_shutdown, ends);
	WRITE_ONCE(from->sk->sk_sndbuf, room);
	WRITE_ONCE(from->sk->sk_err, err);
	unix_peer(from->sk) = peer;
	if (ret < 0)
		return ret;
	return ret == len && skb_queue_len(&sk->sk_receive_queue) == n + 1 ? 0 : -EIO;
}

int unix_queue_fill(struct unix_socket_build *build, u8 *data, size_t len)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct sock *sk = unix_socket_sk(build);
	struct socket *from = build->closed ?: build->peer ? sock_from_file(build->peer) : NULL;
	struct compat_unix_parms *parms;
	const struct pb_unix_message *pb;
	kuid_t uid;
	kgid_t gid;
	int ret;

	for (; build->next < build->pb.n_message; build->next++) {
		pb = &build->pb.message[build->next];
		if (pb->length > len)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = unix_queue_sender(build, pb, &uid, &gid);
		if (ret)
			return ret;
		ret = unix_queue_send(sk, from, data, pb->length);
		if (ret)
			return error_add(&build->rs->ctx->errors, ret, &at,
					 "a message of %u bytes cannot be sent again to a unix socket",
					 pb->length);
		parms = compat_unixcb(skb_peek_tail(&sk->sk_receive_queue));
		parms->uid = uid;
		parms->gid = gid;
		data += pb->length;
		len -= pb->length;
		build->left -= pb->length;
		cond_resched();
	}
	return len ? stream_in_bad(&build->rs->in, "content of a unix socket") : 0;
}
