/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which private functions a kernel of this version and configuration must have: what the tables of
 * core/symbols.h ask. It includes nothing of the module.
 */
#ifndef _CKPT_COMPAT_PRESENT_H
#define _CKPT_COMPAT_PRESENT_H

#include <linux/fs.h>
#include <linux/memfd.h>
#include <linux/sched/coredump.h>
#include <linux/version.h>

/* 6.1 and 6.12 open a file unseen by fsnotify with a flag, 7.3 by a function. */
#ifdef __FMODE_NONOTIFY
#define COMPAT_OPEN_NONOTIFY	0
#else
#define COMPAT_OPEN_NONOTIFY	1
#endif

/* Security modules tell memfds from other files of tmpfs in kernels that have this name. */
#if defined(MEMFD_ANON_NAME) && defined(CONFIG_SECURITY)
#define COMPAT_MEMFD_SECURE	1
#else
#define COMPAT_MEMFD_SECURE	0
#endif

/*
 * Where new mappings go: 529ce23a764f "mm: switch mm->get_unmapped_area() to a flag", 6.10.
 * Instead of the flag, 6.1 keeps a pointer to one of two functions, which the kernel calls.
 */
#ifdef MMF_TOPDOWN
#define COMPAT_UNMAPPED_AREA	0
#else
#define COMPAT_UNMAPPED_AREA	1
#endif

/* change_pid() gathers what free_pids() frees: 7903f907a226, 6.15; see task.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#define COMPAT_FREE_PIDS	1
#else
#define COMPAT_FREE_PIDS	0
#endif

/* posix_timer_event() became posix_timer_queue_signal() in 6.12; see timer.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define COMPAT_TIMER_QUEUE_SIGNAL	IS_ENABLED(CONFIG_POSIX_TIMERS)
#define COMPAT_TIMER_EVENT		0
#else
#define COMPAT_TIMER_QUEUE_SIGNAL	0
#define COMPAT_TIMER_EVENT		IS_ENABLED(CONFIG_POSIX_TIMERS)
#endif

/* zap_page_range_single() became zap_vma_range(), which is exported, during 7.x; see mm.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
#define COMPAT_ZAP_SINGLE	0
#else
#define COMPAT_ZAP_SINGLE	1
#endif

/*
 * insert_vm_struct() gave back a charge that it had not taken, from d4af56c5c7c6 "mm: start
 * tracking VMAs with maple tree", 6.1, to "mm: fix unaccount of memory on vma_link() failure",
 * 6.11; see mm.h.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define COMPAT_INSERT_GIVES_BACK	1
#else
#define COMPAT_INSERT_GIVES_BACK	0
#endif

#endif /* _CKPT_COMPAT_PRESENT_H */
