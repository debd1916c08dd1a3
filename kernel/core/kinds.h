/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_KINDS_H
#define _CKPT_KINDS_H

struct kinds;

/** kinds_all - the table of kinds, for &checkpoint.kinds and &restart.kinds */
extern const struct kinds kinds_all;

#endif /* _CKPT_KINDS_H */
