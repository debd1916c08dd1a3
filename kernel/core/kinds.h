/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_KINDS_H
#define _CKPT_KINDS_H

#include "../image/object.h"

/** kinds_of_objects - the table of kinds; by enum object_kind */
extern const struct object_ops kinds_of_objects[OBJECT_KINDS];

#endif /* _CKPT_KINDS_H */
