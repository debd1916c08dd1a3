/* SPDX-License-Identifier: GPL-2.0 */
/* The differences of the supported kernels in what serves all: hashes, work queues, processors. */
#ifndef _CKPT_COMPAT_LIB_H
#define _CKPT_COMPAT_LIB_H

#include <linux/version.h>
#include <linux/workqueue.h>
#include <crypto/sha2.h>

/* The library's SHA-256 has a context of its own since 6.17 (crypto/sha2.h). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define compat_sha256_ctx	sha256_ctx
#else
#define compat_sha256_ctx	sha256_state
#endif

/*
 * The workqueue whose workers are bound to no processor: commit 128ea9f6ccfb ("workqueue: Add
 * system_percpu_wq and system_dfl_wq"), 6.17, gave it a new name; the old one is warned about.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define COMPAT_UNBOUND_WQ	system_dfl_wq
#else
#define COMPAT_UNBOUND_WQ	system_unbound_wq
#endif

#endif /* _CKPT_COMPAT_LIB_H */
