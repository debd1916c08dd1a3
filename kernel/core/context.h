/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Data that the parts of one operation share. There are no functions here, so every file may
 * include it. The phases are in checkpoint.c and restart.c.
 */
#ifndef _CKPT_CONTEXT_H
#define _CKPT_CONTEXT_H

struct file_kind;
struct object_ops;

/**
 * struct kinds - the table of kinds, core/kinds.c
 * @objects: OBJECT_KINDS rows
 * @files: kinds of open files; the last one matches all
 * @nr_files: how many
 */
struct kinds {
	const struct object_ops *objects;
	const struct file_kind *const *files;
	unsigned int nr_files;
};

#include "context_checkpoint.h"
#include "context_restart.h"

#endif /* _CKPT_CONTEXT_H */
