/* SPDX-License-Identifier: GPL-2.0 */
/* Functions and data that the parts of the model share while records are added to it. */
#ifndef TOOLS_MODEL_ADD_H
#define TOOLS_MODEL_ADD_H

#include "model.h"

/** model_grow() - make room for one more element in an array that grows by doubling */
void *model_grow(void *array, size_t n, size_t size);

#define APPEND(array, n, value) do {						\
		(array) = model_grow(array, n, sizeof(*(array)));		\
		(array)[(n)++] = (value);					\
	} while (0)

static inline bool model_aligned(uint64_t v)
{
	return !(v & (CKPT_IMAGE_ALIGN - 1));
}

/** model_add_object() - the current record is the object @id; 0, or -1 with the error said */
int model_add_object(struct model *m, uint32_t id, const ProtobufCMessage *msg);

/** model_need() - the current record refers to @id, a @type; 0, or -1 with the error said */
int model_need(struct model *m, uint32_t id, enum ckpt_rec type);

/** model_mm() - the address space that the current record is of; NULL with the error said */
struct model_mm *model_mm(struct model *m, uint32_t id);

/** model_expect() - raw records of @type have to follow, with so many bytes in all */
void model_expect(struct model *m, enum ckpt_rec type, uint64_t bytes);

/* Records of address spaces: 0, or -1 with the error said; model_mm.c */
int model_add_mm(struct model *m, const Ckpt__Mm *mm);
int model_add_pkeys(struct model *m, const Ckpt__Pkeys *pkeys);
int model_add_vmas(struct model *m, const Ckpt__Vmas *vmas);
int model_add_page_runs(struct model *m, const Ckpt__PageRuns *runs);
int model_add_guards(struct model *m, const Ckpt__Guards *guards);

#endif
