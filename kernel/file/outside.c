// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors 0 to 2 are looked at: do they lead to processes outside of the image?
 *
 * A pipe leads outside if an end of it, or one of its descriptions, is also outside; a connected
 * socket, if its peer is. That is known when all descriptors of all processes were looked at, which
 * is done before any of them is written, and only if there is such a pipe or socket.
 */
#include <linux/bottom_half.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/af_unix.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "../compat/compat.h"
#include "../core/context.h"
#include "../core/members.h"
#include "outside.h"
#include "pipe.h"

/* Descriptors of this number and above are no standard streams. */
#define OUTSIDE_FDS	3

/* How many descriptions are found under a table's lock in one go, and descriptors looked at. */
#define OUTSIDE_FOUND	32
#define OUTSIDE_SLICE	1024

/* All descriptions of a pipe are one stream. */
static unsigned long outside_key(struct file *file)
{
	return (unsigned long)(pipe_match(file) ? file->private_data : file);
}

struct outside *outside_lookup(struct checkpoint *cp, struct file *file)
{
	return xa_load(&cp->outside_by_key, outside_key(file));
}

/* See object_let_go(): what the program has closed meanwhile, or a killed one had, is closed. */
static void outside_drop(struct file *file)
{
	local_bh_disable();
	fput(file);
	local_bh_enable();
}

/* A netlink socket's peer is the kernel. */
const struct sock *outside_sock(struct file *file)
{
	struct socket *sock = S_ISSOCK(file_inode(file)->i_mode) ? sock_from_file(file) : NULL;
	const struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;

	if (!sk || sk->sk_family == PF_NETLINK)
		return NULL;
	switch (READ_ONCE(sk->sk_state)) {
	case TCP_ESTABLISHED:
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
	case TCP_CLOSING:
		return sk;
	}
	return NULL;
}

static bool outside_pipe(struct file *file)
{
	return pipe_match(file) && !compat_pipe_watch(file->private_data);
}

static bool outside_possible(struct file *file)
{
	return !(file->f_mode & FMODE_PATH) &&
	       (outside_pipe(file) || outside_sock(file) || S_ISREG(file_inode(file)->i_mode));
}

struct outside_fds {
	struct file *file[OUTSIDE_FDS];
};

/* Called by iterate_fd() under the table's lock. */
static int outside_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct outside_fds *fds = (struct outside_fds *)arg;

	if (fd >= OUTSIDE_FDS)
		return 1;
	if (outside_possible(file))
		fds->file[fd] = get_file(file);
	return 0;
}

/* Takes over the reference to @file. */
static int outside_add(struct checkpoint_process *proc, struct file *file, unsigned int fd)
{
	struct checkpoint *cp = proc->cp;
	struct outside *out = outside_lookup(cp, file);
	int ret;

	if (out) {
		out->fds |= BIT(fd);
		outside_drop(file);
		return 0;
	}
	out = kzalloc(sizeof(*out), GFP_KERNEL_ACCOUNT);
	ret = -ENOMEM;
	if (out)
		ret = xa_insert(&cp->outside_by_key, outside_key(file), out, GFP_KERNEL_ACCOUNT);
	if (ret) {
		kfree(out);
		outside_drop(file);
		return ret;
	}
	out->file = file;
	out->fds = BIT(fd);
	out->place.proc = proc;
	out->place.fd = fd;
	list_add_tail(&out->list, &cp->outside);
	return 0;
}

int outside_look(struct checkpoint_process *proc)
{
	struct outside_fds fds = {};
	struct files_struct *files;
	unsigned int fd;
	int ret = 0;

	if (proc->cp->flags & CKPT_CHECKPOINT_NO_STDIO)
		return 0;
	task_lock(proc->leader);
	files = proc->leader->files;
	if (files) {
		rcu_read_lock();
		iterate_fd(files, 0, outside_fd, &fds);
		rcu_read_unlock();
	}
	task_unlock(proc->leader);
	for (fd = 0; fd < OUTSIDE_FDS; fd++) {
		if (fds.file[fd] && ret)
			outside_drop(fds.file[fd]);
		else if (fds.file[fd])
			ret = outside_add(proc, fds.file[fd], fd);
	}
	return ret;
}

void outside_let_go(struct checkpoint *cp)
{
	struct outside *out;

	list_for_each_entry(out, &cp->outside, list) {
		if (out->file)
			outside_drop(out->file);
		out->file = NULL;
		cond_resched();
	}
}

bool outside_hinted(struct checkpoint *cp, struct file *file)
{
	return outside_sock(file) && outside_lookup(cp, file);
}

void outside_forget(struct checkpoint *cp)
{
	struct outside *out, *next;

	outside_let_go(cp);
	list_for_each_entry_safe(out, next, &cp->outside, list) {
		kfree(out->name);
		kfree(out);
		cond_resched();
	}
	INIT_LIST_HEAD(&cp->outside);
	xa_destroy(&cp->outside_by_key);
}

/**
 * struct outside_count - descriptors of all processes are counted
 * @cp: the checkpoint
 * @seen: descriptions of pipes that may lead outside, with a reference: how many descriptors
 * @peers: struct outside of unix sockets, by the address of the other end
 * @next: the first descriptor of the table that was not looked at
 * @looked: how many were
 * @found: some that matter, with references
 * @n: how many
 */
struct outside_count {
	struct checkpoint *cp;
	struct xarray seen;
	struct xarray peers;
	unsigned int next;
	unsigned int looked;
	struct file *found[OUTSIDE_FOUND];
	unsigned int n;
};

static struct outside *outside_peer(struct outside_count *count, struct file *file)
{
	struct socket *sock = S_ISSOCK(file_inode(file)->i_mode) ? sock_from_file(file) : NULL;
	struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;

	return sk ? xa_load(&count->peers, (unsigned long)sk) : NULL;
}

/* Called by iterate_fd() under the table's lock. */
static int outside_count_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct outside_count *count = (struct outside_count *)arg;
	struct outside *peer = outside_peer(count, file);

	count->next = fd + 1;
	if (peer)
		peer->peer_inside = true;
	if (outside_pipe(file) && outside_lookup(count->cp, file))
		count->found[count->n++] = get_file(file);
	return !(++count->looked % OUTSIDE_SLICE) || count->n == OUTSIDE_FOUND;
}

/* Takes over the reference to @file. */
static int outside_count_one(struct outside_count *count, struct file *file)
{
	struct outside *out = outside_lookup(count->cp, file);
	void *n = xa_load(&count->seen, (unsigned long)file);
	int ret;

	ret = xa_err(xa_store(&count->seen, (unsigned long)file,
			      xa_mk_value((n ? xa_to_value(n) : 0) + 1), GFP_KERNEL_ACCOUNT));
	if (n || ret) {
		outside_drop(file);
		return ret;
	}
	out->readers += !!(file->f_mode & FMODE_READ);
	out->writers += !!(file->f_mode & FMODE_WRITE);
	return 0;
}

static int outside_count_table(struct outside_count *count, struct task_struct *leader)
{
	struct files_struct *files;
	int more = 0, ret = 0;
	unsigned int i;

	count->next = 0;
	do {
		ret = operation_ends(count->cp->op);
		if (ret)
			return ret;
		count->n = 0;
		task_lock(leader);
		files = leader->files;
		if (files) {
			rcu_read_lock();
			more = iterate_fd(files, count->next, outside_count_fd, count);
			rcu_read_unlock();
		}
		task_unlock(leader);
		for (i = 0; i < count->n; i++) {
			if (ret)
				outside_drop(count->found[i]);
			else
				ret = outside_count_one(count, count->found[i]);
		}
		cond_resched();
	} while (files && more && !ret);
	return ret;
}

/* A description that has more references than descriptors is open elsewhere, too. */
static void outside_count_end(struct outside_count *count)
{
	unsigned long key;
	struct outside *out;
	struct file *file;
	unsigned int ours;
	void *n;

	xa_for_each(&count->seen, key, n) {
		file = (struct file *)key;
		out = outside_lookup(count->cp, file);
		/* @seen has one that is not the program's, and @out may have one. */
		ours = out->file == file ? 2 : 1;
		if (file_count(file) > xa_to_value(n) + ours)
			out->outside = true;
		outside_drop(file);
		cond_resched();
	}
	xa_destroy(&count->seen);
	xa_destroy(&count->peers);
}

static void outside_decide(struct outside *out)
{
	struct pipe_inode_info *pipe;

	if (pipe_match(out->file)) {
		pipe = out->file->private_data;
		out->outside |= READ_ONCE(pipe->readers) != out->readers ||
				READ_ONCE(pipe->writers) != out->writers;
	} else {
		out->outside = outside_sock(out->file) && !out->peer_inside;
	}
}

static int outside_count_peer(struct outside_count *count, struct outside *out)
{
	const struct sock *sk = outside_sock(out->file), *peer;

	if (!sk || sk->sk_family != PF_UNIX)
		return 0;
	/* The program holds it, and is frozen. */
	peer = READ_ONCE(unix_peer(sk));
	return peer ? xa_err(xa_store(&count->peers, (unsigned long)peer, out,
				      GFP_KERNEL_ACCOUNT)) : 0;
}

static int outside_count_all(struct checkpoint *cp)
{
	struct outside_count count = { .cp = cp };
	struct checkpoint_files *files;
	struct outside *out;
	int ret = 0;

	xa_init_flags(&count.seen, XA_FLAGS_ACCOUNT);
	xa_init_flags(&count.peers, XA_FLAGS_ACCOUNT);
	list_for_each_entry(out, &cp->outside, list) {
		ret = ret ?: operation_ends(cp->op) ?: outside_count_peer(&count, out);
		cond_resched();
	}
	list_for_each_entry(files, &cp->tables, list)
		ret = ret ?: outside_count_table(&count, files->proc->leader);
	outside_count_end(&count);
	if (ret)
		return ret;
	list_for_each_entry(out, &cp->outside, list) {
		outside_decide(out);
		cond_resched();
	}
	return 0;
}

static int outside_look_table(struct checkpoint_files *files)
{
	return outside_look(files->proc);
}

int outside_find(struct checkpoint *cp)
{
	struct outside *out;
	bool any = false;
	int ret;

	outside_forget(cp);
	ret = members_each_table(cp, outside_look_table);
	list_for_each_entry(out, &cp->outside, list)
		any |= !S_ISREG(file_inode(out->file)->i_mode);
	if (!ret && any)
		ret = outside_count_all(cp);
	outside_let_go(cp);
	return ret;
}

bool outside_leads(struct checkpoint *cp, struct file *file)
{
	struct outside *out = outside_lookup(cp, file);

	return out && out->outside;
}
