// SPDX-License-Identifier: GPL-2.0
/*
 * Unix sockets: what they are connected to, options, and what is in their queues.
 *
 * A FILE says only of which type a socket is. UNIX_SOCKET connects it, when all of them are there,
 * and fills its queue: the peer sends again (unix_queue.c). Nobody else has the sockets then.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/pid_namespace.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <net/net_namespace.h>
#include <net/tcp_states.h>

#include "../compat/compat.h"
#include "../compat/unix.h"
#include "../core/context.h"
#include "../core/refuse.h"
#include "../core/symbols.h"
#include "../file/file_content.h"
#include "../file/file_kind.h"
#include "../file/rights.h"
#include "unix_queue.h"
#include "unix_socket.h"

/* Flags of a socket that are kept, or that all unix sockets have. */
#define UNIX_SOCKET_FLAGS	(BIT(SOCK_ZAPPED) | BIT(SOCK_URGINLINE) | BIT(SOCK_KEEPOPEN) | \
				 BIT(SOCK_BROADCAST) | BIT(SOCK_RCU_FREE))

/**
 * struct unix_socket_option - an option of SOL_SOCKET that is an int
 * @name: SO_*
 * @normal: its value in a new socket, which needs no word
 * @size: of a buffer: setsockopt(2) takes half of what getsockopt(2) says
 */
struct unix_socket_option {
	int name;
	int normal;
	bool size;
};

/* In the order in which they are set: to set a size locks it. */
static const struct unix_socket_option unix_socket_options[] = {
	{ SO_SNDBUF, 0, true },
	{ SO_RCVBUF, 0, true },
	{ SO_BUF_LOCK, 0 },
	{ SO_REUSEADDR, 0 },
	{ SO_KEEPALIVE, 0 },
	{ SO_BROADCAST, 0 },
	{ SO_OOBINLINE, 0 },
	{ SO_PRIORITY, 0 },
	{ SO_MARK, 0 },
	{ SO_RCVLOWAT, 1 },
	{ SO_PEEK_OFF, -1 },
	{ SO_PASSCRED, 0 },
	{ SO_PASSSEC, 0 },
#ifdef SO_PASSPIDFD
	{ SO_PASSPIDFD, 0 },
#endif
#ifdef SO_PASSRIGHTS
	{ SO_PASSRIGHTS, 1 },
#endif
};

bool unix_socket_match(struct file *file)
{
	struct socket *sock = sock_from_file(file);

	return sock && sock->sk && sock->sk->sk_family == PF_UNIX;
}

static bool unix_socket_type(u32 type)
{
	return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET;
}

/* ---- checkpoint ---- */

/* Without a lock: the program is frozen, or it is a guess before it is. */
static const char *unix_socket_unsupported(struct file *file)
{
	struct sock *sk = sock_from_file(file)->sk;

	if (!unix_socket_type(sk->sk_type))
		return "a unix socket of another type";
	if (READ_ONCE(unix_sk(sk)->addr))
		return "a unix socket with a name";
	if (compat_unix_urgent(sk))
		return "a unix socket with an urgent byte (MSG_OOB)";
	if (sk->sk_flags & ~UNIX_SOCKET_FLAGS || sk->sk_reuseport ||
	    rcu_access_pointer(sk->sk_filter) || READ_ONCE(sk->sk_user_data))
		return "a unix socket with time stamps, a filter or another option";
	return NULL;
}

static int unix_socket_save(struct checkpoint *cp, struct file *file,
			    const struct object_place *at, struct pb_file *pb)
{
	struct sock *sk = sock_from_file(file)->sk;
	const char *why = unix_socket_unsupported(file);

	if (!why && !net_eq(sock_net(sk), current->nsproxy->net_ns))
		why = "a unix socket of another network namespace";
	if (why)
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL, "%s is not supported", why);
	cp->has_unix = true;
	pb->has_unix_socket = true;
	pb->unix_socket = sk->sk_type;
	return 0;
}

int unix_socket_refuse(struct unix_socket_write *uw, const char *what)
{
	refuse_file(uw->at, CKPT_REASON_UNSUPPORTED, NULL, "a unix socket %s is not supported",
		    what);
	return 1;
}

static int unix_socket_outside(struct unix_socket_write *uw)
{
	pid_t pid;

	spin_lock(&uw->sk->sk_peer_lock);
	pid = pid_vnr(uw->sk->sk_peer_pid);
	spin_unlock(&uw->sk->sk_peer_lock);
	refuse_file(uw->at, CKPT_REASON_SHARED, NULL,
		    "a unix socket to a process outside the image (SO_PEERCRED says %d) is not supported",
		    pid);
	return 1;
}

static int unix_socket_find_peer(struct unix_socket_write *uw)
{
	struct object *obj = NULL;
	struct socket *sock;

	unix_state_lock(uw->sk);
	uw->peer = unix_peer(uw->sk);
	if (uw->peer)
		sock_hold(uw->peer);
	unix_state_unlock(uw->sk);
	if (!uw->peer)
		return 0;
	if (sock_flag(uw->peer, SOCK_DEAD)) {
		uw->pb.has_closed = true;
		uw->pb.closed = true;
		return 0;
	}
	/* Nothing but the address of the file is used, if it may go away. */
	read_lock_bh(&uw->peer->sk_callback_lock);
	sock = uw->peer->sk_socket;
	if (sock && sock->file)
		obj = object_lookup(&uw->cp->objects, OBJECT_FILE, sock->file);
	read_unlock_bh(&uw->peer->sk_callback_lock);
	if (!sock)
		return unix_socket_refuse(uw, "whose connection was not accepted yet");
	if (!obj)
		return unix_socket_outside(uw);
	uw->pb.has_peer = true;
	uw->pb.peer = obj->id;
	return 0;
}

/* SO_PEERCRED, SO_PEERGROUPS */
static int unix_socket_save_cred(struct unix_socket_write *uw)
{
	const struct cred *cred;
	struct pid *pid;
	int ret;

	spin_lock(&uw->sk->sk_peer_lock);
	cred = get_cred(uw->sk->sk_peer_cred);
	pid = get_pid(uw->sk->sk_peer_pid);
	spin_unlock(&uw->sk->sk_peer_lock);
	uw->pb.peer_pid = pid_vnr(pid);
	uw->pb.has_peer_pid = uw->pb.peer_pid;
	put_pid(pid);
	if (!cred)
		return 0;
	ret = rights_save_cred(uw->at->proc, cred, &uw->pb.peer_cred);
	put_cred(cred);
	uw->pb.has_peer_cred = true;
	if (!ret && !uw->pb.peer_cred)
		return unix_socket_refuse(uw, "with unknown credentials of its peer (SO_PEERCRED)");
	return ret;
}

static int unix_socket_save_options(struct unix_socket_write *uw)
{
	const struct unix_socket_option *option;
	int val, len, ret;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unix_socket_options); i++) {
		option = &unix_socket_options[i];
		val = 0;
		len = sizeof(val);
		ret = sym(sk_getsockopt)(uw->sk, SOL_SOCKET, option->name, KERNEL_SOCKPTR(&val),
					 KERNEL_SOCKPTR(&len));
		if (ret || len != sizeof(val))
			return unix_socket_refuse(uw, "of this kernel");
		if (val == option->normal)
			continue;
		uw->pb.option[uw->pb.n_option].name = option->name;
		uw->pb.option[uw->pb.n_option++].value = val;
	}
	if (uw->sk->sk_rcvtimeo != MAX_SCHEDULE_TIMEOUT) {
		uw->pb.has_receive_ns = true;
		uw->pb.receive_ns = jiffies64_to_nsecs(uw->sk->sk_rcvtimeo);
	}
	if (uw->sk->sk_sndtimeo != MAX_SCHEDULE_TIMEOUT) {
		uw->pb.has_send_ns = true;
		uw->pb.send_ns = jiffies64_to_nsecs(uw->sk->sk_sndtimeo);
	}
	return 0;
}

static int unix_socket_save_locked(struct unix_socket_write *uw)
{
	int ret;

	ret = unix_queue_save(uw);
	if (ret)
		return ret;
	ret = stream_out_msg(&uw->cp->out, CKPT_REC_UNIX_SOCKET, &pb_unix_socket_msg, &uw->pb);
	return ret ?: unix_queue_save_data(uw);
}

/* A reader outside may hold the lock as long as it likes. */
static int unix_socket_lock(struct unix_socket_write *uw)
{
	int ret = 0;

	while (!ret && !mutex_trylock(&unix_sk(uw->sk)->iolock)) {
		schedule_timeout_killable(1);
		ret = fatal_signal_pending(current) ? -EINTR : operation_ends(uw->cp->op);
	}
	return ret;
}

static int unix_socket_write_one(struct unix_socket_write *uw)
{
	struct kstat stat;
	int ret;

	uw->pb.shutdown = uw->sk->sk_shutdown & SHUTDOWN_MASK;
	uw->pb.error = READ_ONCE(uw->sk->sk_err);
	uw->pb.has_error = uw->pb.error;
	if (vfs_getattr(compat_file_path(uw->file), &stat, STATX_BASIC_STATS,
			AT_STATX_SYNC_AS_STAT))
		return unix_socket_refuse(uw, "that cannot be looked at");
	file_content_attr(&stat, &uw->pb.attr);
	ret = unix_socket_find_peer(uw) ?: unix_socket_save_cred(uw) ?:
	      unix_socket_save_options(uw) ?: unix_socket_lock(uw);
	if (ret)
		return ret;
	ret = unix_socket_save_locked(uw);
	mutex_unlock(&unix_sk(uw->sk)->iolock);
	return ret;
}

int unix_socket_write(struct checkpoint *cp)
{
	struct pb_socket_option option[ARRAY_SIZE(unix_socket_options)] = {};
	struct object *obj;
	int ret;

	BUILD_BUG_ON(ARRAY_SIZE(option) > PB_UNIX_SOCKET_OPTION_MAX);
	if (!cp->has_unix)
		return 0;
	object_for_each(&cp->objects, obj) {
		struct unix_socket_write uw = { .cp = cp, .at = &obj->place };

		/* One that was refused need not be looked at. */
		if (obj->kind != OBJECT_FILE || !unix_socket_match(obj->ptr) ||
		    unix_socket_unsupported(obj->ptr))
			continue;
		uw.file = obj->ptr;
		uw.sk = sock_from_file(uw.file)->sk;
		uw.pb.file = obj->id;
		uw.pb.option = option;
		ret = operation_ends(cp->op) ?: unix_socket_write_one(&uw);
		kvfree(uw.pb.message);
		if (uw.peer)
			sock_put(uw.peer);
		if (ret < 0)
			return ret;
		cond_resched();
	}
	return 0;
}

/* ---- restart ---- */

static struct file *unix_socket_open(struct restart *rs, const struct pb_file *pb)
{
	struct error_at at = { .reason = CKPT_REASON_OTHER, .task = current };
	struct socket *sock;
	struct file *file;
	int ret;

	if (!unix_socket_type(pb->unix_socket) || (pb->flags & O_ACCMODE) != O_RDWR ||
	    pb->flags & O_PATH)
		return ERR_PTR(stream_in_bad(&rs->in, "socket %u", pb->id));
	ret = sock_create(PF_UNIX, pb->unix_socket, 0, &sock);
	/* If this fails, it has released the socket. */
	file = ret ? ERR_PTR(ret) : sock_alloc_file(sock, O_RDWR, NULL);
	if (IS_ERR(file))
		error_add(&rs->ctx->errors, PTR_ERR(file), &at, "a unix socket cannot be created");
	return file;
}

bool unix_socket_complete(const struct restart *rs)
{
	return !rs->unix_socket || (!rs->unix_socket->left &&
				    rs->unix_socket->next == rs->unix_socket->pb.n_message);
}

struct sock *unix_socket_sk(const struct unix_socket_build *build)
{
	return sock_from_file(build->file)->sk;
}

/* Nothing more is sent to it: it is as it was. */
static void unix_socket_filled(struct unix_socket_build *build)
{
	struct sock *sk = unix_socket_sk(build);

	if (build->closed)
		sock_release(build->closed);
	build->closed = NULL;
	WRITE_ONCE(sk->sk_shutdown, build->pb.shutdown);
	WRITE_ONCE(sk->sk_err, build->pb.error);
}

/* The socket @sk is connected to @to, not the other way round. */
static void unix_socket_connect(struct socket *sock, struct sock *to)
{
	sock_hold(to);
	unix_state_lock(sock->sk);
	unix_peer(sock->sk) = to;
	WRITE_ONCE(sock->sk->sk_state, TCP_ESTABLISHED);
	if (sock->type != SOCK_DGRAM)
		sock->state = SS_CONNECTED;
	unix_state_unlock(sock->sk);
}

static int unix_socket_join(struct unix_socket_build *build, struct socket *sock,
			    struct socket *peer)
{
	struct error_at at = { .reason = CKPT_REASON_DENIED, .task = current };
	int ret = security_socket_socketpair(sock, peer);

	if (ret)
		return error_add(&build->rs->ctx->errors, ret, &at,
				 "two unix sockets cannot be connected");
	unix_socket_connect(sock, peer->sk);
	if (sock->type != SOCK_DGRAM && sock != peer)
		unix_socket_connect(peer, sock->sk);
	return 0;
}

static int unix_socket_link(struct unix_socket_build *build)
{
	struct restart *rs = build->rs;
	struct socket *sock = sock_from_file(build->file), *peer;
	struct sock *was = unix_peer(sock->sk);
	struct file *file;
	int ret;

	if (build->pb.has_peer) {
		file = object_find(&rs->objects, OBJECT_FILE, build->pb.peer);
		peer = file && unix_socket_match(file) ? sock_from_file(file) : NULL;
		if (!peer || peer->type != sock->type || build->pb.closed ||
		    (was && was != peer->sk) ||
		    (sock->type != SOCK_DGRAM &&
		     (peer == sock || (!was && unix_peer(peer->sk)))))
			return stream_in_bad(&rs->in, "peer of socket %u", build->pb.file);
		build->peer = get_file(file);
		return was ? 0 : unix_socket_join(build, sock, peer);
	}
	if (was)
		return stream_in_bad(&rs->in, "peer of socket %u", build->pb.file);
	if (!build->pb.closed)
		return build->pb.n_message ?
		       stream_in_bad(&rs->in, "content of socket %u", build->pb.file) : 0;
	ret = sock_create(PF_UNIX, sock->type, 0, &build->closed);
	if (ret) {
		build->closed = NULL;
		return ret;
	}
	unix_socket_connect(build->closed, sock->sk);
	unix_socket_connect(sock, build->closed->sk);
	return 0;
}

static int unix_socket_set_cred(struct unix_socket_build *build)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = current,
		.advice = "restart it as root",
	};
	struct sock *sk = unix_socket_sk(build);
	const struct cred *cred, *old;

	if (!build->pb.has_peer_cred)
		return 0;
	if (!rights_valid(build->rs, build->pb.peer_cred))
		return stream_in_bad(&build->rs->in, "peer of socket %u", build->pb.file);
	/* A process that is given the socket believes it. */
	cred = rights_cred(build->rs, build->pb.peer_cred);
	if (!cred)
		return error_add(&build->rs->ctx->errors, -EPERM, &at,
				 "credentials of a socket's peer (SO_PEERCRED) cannot be given back");
	spin_lock(&sk->sk_peer_lock);
	old = sk->sk_peer_cred;
	sk->sk_peer_cred = get_cred(cred);
	spin_unlock(&sk->sk_peer_lock);
	put_cred(old);
	return 0;
}

/* ---- restart: when all processes are there ---- */

/* A process of the image, or NULL: such a number may be anybody's here. */
static struct pid *unix_socket_pid(struct restart *rs, u32 nr)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };
	struct restart_process *p = xa_load(&rs->by_tid, nr);
	struct pid *pid = p && p->pid == nr ? find_get_pid(nr) : NULL;

	if (!pid && !rs->unix_pids) {
		rs->unix_pids = true;
		error_add(&rs->ctx->errors, 0, &at,
			  "process %u, which a unix socket names as a peer or sender, is not in the image: it is named as 0",
			  nr);
	}
	return pid;
}

static void unix_socket_set_pids(struct unix_socket_build *build)
{
	struct sock *sk = unix_socket_sk(build);
	struct compat_unix_parms *parms;
	struct sk_buff *skb = NULL;
	struct pid *pid, *old;
	u32 i;

	pid = build->pb.has_peer_pid ? unix_socket_pid(build->rs, build->pb.peer_pid) : NULL;
	spin_lock(&sk->sk_peer_lock);
	old = sk->sk_peer_pid;
	sk->sk_peer_pid = pid;
	spin_unlock(&sk->sk_peer_lock);
	put_pid(old);
	for (i = 0; i < build->pb.n_message; i++) {
		skb = unix_queue_next(sk, skb);
		if (!skb)
			return;
		parms = compat_unixcb(skb);
		put_pid(parms->pid);
		parms->pid = build->pb.message[i].has_pid ?
			     unix_socket_pid(build->rs, build->pb.message[i].pid) : NULL;
		cond_resched();
	}
}

static int unix_socket_set_option(struct unix_socket_build *build,
				  const struct unix_socket_option *option, int val)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.task = current,
		.advice = "restart it as root",
	};
	struct socket *sock = sock_from_file(build->file);
	int ret;

	/* A size that new sockets have here anyway needs no right, and locks nothing. */
	if ((option->name == SO_SNDBUF && sock->sk->sk_sndbuf == val) ||
	    (option->name == SO_RCVBUF && sock->sk->sk_rcvbuf == val))
		return 0;
	if (option->size)
		val /= 2;
	ret = sock_setsockopt(sock, SOL_SOCKET, option->name, KERNEL_SOCKPTR(&val), sizeof(val));
	if (ret)
		return error_add(&build->rs->ctx->errors, ret, &at,
				 "option %d of a unix socket cannot be set to %d (%d)",
				 option->name, val, -ret);
	return 0;
}

static int unix_socket_set_options(struct unix_socket_build *build)
{
	struct sock *sk = unix_socket_sk(build);
	unsigned int i, j;
	int ret;

	for (i = 0; i < build->pb.n_option; i++) {
		const struct pb_socket_option *pb = &build->pb.option[i];

		for (j = 0; j < ARRAY_SIZE(unix_socket_options); j++)
			if (unix_socket_options[j].name == pb->name)
				break;
		ret = j == ARRAY_SIZE(unix_socket_options) ?
		      stream_in_bad(&build->rs->in, "option %u of a socket", pb->name) :
		      unix_socket_set_option(build, &unix_socket_options[j], pb->value);
		if (ret)
			return ret;
	}
	if (build->pb.has_receive_ns)
		sk->sk_rcvtimeo = min_t(u64, nsecs_to_jiffies64(build->pb.receive_ns),
					MAX_SCHEDULE_TIMEOUT - 1);
	if (build->pb.has_send_ns)
		sk->sk_sndtimeo = min_t(u64, nsecs_to_jiffies64(build->pb.send_ns),
					MAX_SCHEDULE_TIMEOUT - 1);
	return 0;
}

static int unix_socket_settle(struct restart_process *p, struct later *later)
{
	struct unix_socket_build *build = container_of(later, struct unix_socket_build, later);

	unix_socket_set_pids(build);
	return unix_socket_set_options(build) ?:
	       file_content_set_attr(p->rs, build->file, build->pb.file, &build->pb.attr);
}

static void unix_socket_free(struct later *later)
{
	struct unix_socket_build *build = container_of(later, struct unix_socket_build, later);

	if (build->closed)
		sock_release(build->closed);
	if (build->peer)
		fput(build->peer);
	fput(build->file);
	kvfree(build->pb.message);
	kfree(build->pb.option);
	kfree(build);
}

static const struct later_ops unix_socket_later = {
	.stage = LATER_CONTENT,
	.run = unix_socket_settle,
	.free = unix_socket_free,
};

/* ---- restart: records ---- */

/* Return: bytes in the queue, or -EBADMSG. */
static s64 unix_socket_check(struct restart *rs, const struct pb_unix_socket *pb, u32 type)
{
	u32 most = type == SOCK_STREAM ? UNIX_QUEUE_PIECE : CHECKPOINT_BOUNCE, i;
	s64 sum = 0;

	if (pb->shutdown & ~SHUTDOWN_MASK || pb->attr.mode & ~S_IALLUGO ||
	    (pb->has_error && (!pb->error || pb->error > MAX_ERRNO)))
		return stream_in_bad(&rs->in, "socket %u", pb->file);
	for (i = 0; i < pb->n_message; i++) {
		if (pb->message[i].length > most ||
		    pb->message[i].has_uid != pb->message[i].has_gid ||
		    (type == SOCK_STREAM && !pb->message[i].length))
			return stream_in_bad(&rs->in, "message in socket %u", pb->file);
		sum += pb->message[i].length;
	}
	if (sum > UNIX_QUEUE_MAX)
		return stream_in_bad(&rs->in, "content of socket %u", pb->file);
	return sum;
}

static struct unix_socket_build *unix_socket_new(struct restart *rs, struct file *file,
						 const struct pb_unix_socket *pb)
{
	struct unix_socket_build *build = kzalloc(sizeof(*build), GFP_KERNEL_ACCOUNT);

	if (!build)
		return NULL;
	build->rs = rs;
	build->file = get_file(file);
	build->pb = *pb;
	build->pb.message = kvmalloc_array(pb->n_message ?: 1, sizeof(*pb->message),
					   GFP_KERNEL_ACCOUNT);
	build->pb.option = kmalloc_array(pb->n_option ?: 1, sizeof(*pb->option),
					 GFP_KERNEL_ACCOUNT);
	if (!build->pb.message || !build->pb.option) {
		unix_socket_free(&build->later);
		return NULL;
	}
	memcpy(build->pb.message, pb->message, pb->n_message * sizeof(*pb->message));
	memcpy(build->pb.option, pb->option, pb->n_option * sizeof(*pb->option));
	return build;
}

int unix_socket_read(struct restart *rs)
{
	struct unix_socket_build *build;
	struct pb_unix_socket pb;
	struct file *file;
	s64 bytes;
	int ret;

	ret = stream_in_msg(&rs->in, &pb_unix_socket_msg, &pb);
	if (ret)
		return ret;
	file = object_find(&rs->objects, OBJECT_FILE, pb.file);
	if (!file || !unix_socket_match(file) || !unix_socket_complete(rs))
		return stream_in_bad(&rs->in, "socket %u", pb.file);
	bytes = unix_socket_check(rs, &pb, sock_from_file(file)->type);
	if (bytes < 0)
		return bytes;
	build = unix_socket_new(rs, file, &pb);
	if (!build)
		return -ENOMEM;
	/* From here on, it is freed with the other deferred work. */
	later_add(&rs->here->later, &build->later, &unix_socket_later);
	rs->unix_socket = build;
	build->left = bytes;
	ret = unix_socket_link(build) ?: unix_socket_set_cred(build);
	if (!ret && !bytes)
		ret = unix_queue_fill(build, NULL, 0);
	if (!ret && !bytes)
		unix_socket_filled(build);
	return ret;
}

int unix_socket_read_data(struct restart *rs)
{
	struct unix_socket_build *build = rs->unix_socket;
	size_t len = rs->in.rec.length;
	u8 *data;
	int ret;

	if (!build || !len || len > build->left)
		return stream_in_bad(&rs->in, "content of a unix socket");
	data = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	ret = stream_in_raw(&rs->in, data, len) ?: unix_queue_fill(build, data, len);
	kvfree(data);
	if (!ret && !build->left)
		unix_socket_filled(build);
	return ret;
}

const struct file_kind unix_socket_kind = {
	.match = unix_socket_match,
	.unsupported = unix_socket_unsupported,
	.save = unix_socket_save,
	.has = offsetof(struct pb_file, has_unix_socket),
	.open = unix_socket_open,
	.quiet = true,
};
