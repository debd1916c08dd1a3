/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place that knows which architecture's folder to look into. The header there includes
 * nothing else of the module, so that core/symbols.h can include this one.
 */
#ifndef _CKPT_NATIVE_H
#define _CKPT_NATIVE_H

#if defined(CONFIG_X86_64)
#include "x86/native.h"
#elif defined(CONFIG_ARM64) && defined(CKPT_COMPILE_CHECK)
#include "arm64/compile_check.h"
#else
#error "ckpt supports x86-64 only"
#endif

#endif /* _CKPT_NATIVE_H */
