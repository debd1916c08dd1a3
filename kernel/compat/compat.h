/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the supported kernels (6.1, 6.12, 7.x) differ. Nothing but this folder knows of versions.
 * Presence is tested where the preprocessor can see it (Kbuild tells which headers there are:
 * HAVE_*_H); otherwise a version is, with the commit or release that made the change. overlay.h,
 * path.h and x86.h are included by the few files that need them.
 */
#ifndef _CKPT_COMPAT_H
#define _CKPT_COMPAT_H

#include <linux/version.h>

/* The oldest kernel that was ever tried; older ones fail here and not somewhere odd. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "ckpt needs Linux 6.1 or newer"
#endif

#include "file.h"
#include "lib.h"
#include "mm.h"
#include "task.h"
#include "timer.h"

#endif /* _CKPT_COMPAT_H */
