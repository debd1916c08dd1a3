/* SPDX-License-Identifier: GPL-2.0 */
/* The one place that knows which architecture's folder to look into. */
#if defined(CONFIG_X86_64)
#include "x86/arch.h"
#else
#error "ckpt supports x86-64 only"
#endif
