/* SPDX-License-Identifier: GPL-2.0 */
/* The output of ckptinfo: text for people, JSON for programs. */
#ifndef TOOLS_SHOW_H
#define TOOLS_SHOW_H

#include "model.h"

/** show_text() - the summary, then everything, to stdout. */
void show_text(const struct model *m);

/**
 * show_json() - the same as one JSON object, to stdout; keys in ckptinfo(1)
 * Return: 0, or -1 if it could not be made (out of memory).
 */
int show_json(const struct model *m);

/** show_vma_role() - "[heap]", "[stack]", "[vdso]" and so on, or NULL; a constant. */
const char *show_vma_role(const struct model_process *p, const Ckpt__Vma *vma);

#endif
