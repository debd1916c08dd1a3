/* SPDX-License-Identifier: GPL-2.0 */
/* The differences of the supported kernels in unix sockets. */
#ifndef _CKPT_COMPAT_UNIX_H
#define _CKPT_COMPAT_UNIX_H

#include <linux/skbuff.h>
#include <net/af_unix.h>

/*
 * The sender and the state of a queued message: "af_unix: Move internal definitions to net/unix/.",
 * 6.16, took it out of the kernel's headers. BTF of 7.3 has the same layout.
 */
#ifdef UNIXCB
#define compat_unix_parms	unix_skb_parms
#else
struct compat_unix_parms {
	struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	struct scm_fp_list *fp;
#ifdef CONFIG_SECURITY_NETWORK
	u32 secid;
#endif
	u32 consumed;
};
#endif

static inline struct compat_unix_parms *compat_unixcb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct compat_unix_parms) > sizeof(skb->cb));
	return (struct compat_unix_parms *)skb->cb;
}

/* An urgent byte in the queue (MSG_OOB). */
static inline bool compat_unix_urgent(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_AF_UNIX_OOB)
	return unix_sk(sk)->oob_skb;
#else
	return false;
#endif
}

#endif /* _CKPT_COMPAT_UNIX_H */
