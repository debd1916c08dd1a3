// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that others refer to by id.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/slab.h>

#include "object.h"
#include "pipe.h"
#include "seccomp.h"
#include "../uapi/ckpt_image.h"

static void object_put_cred(void *ptr)
{
	put_cred(ptr);
}

static void object_put_file(void *ptr)
{
	fput(ptr);
}

/* How a reference to each kind is dropped. A pipe that is being built has two ends. */
static void (*const object_put[OBJECT_KINDS])(void *ptr) = {
	[OBJECT_CRED] = object_put_cred,
	[OBJECT_FILE] = object_put_file,
	[OBJECT_PIPE] = pipe_put,
	[OBJECT_SECCOMP] = seccomp_put,
	[OBJECT_SHMEM] = object_put_file,
	[OBJECT_TTY] = object_put_file,
	[OBJECT_UNLINKED] = object_put_file,
};

/**
 * struct object_block - a page of objects: at a checkpoint there may be many, and a program waits
 * @list: on &object_table.blocks
 * @n: how many there are
 * @obj: they
 */
struct object_block {
	struct list_head list;
	unsigned int n;
	struct object obj[];
};

#define OBJECT_BLOCK	((PAGE_SIZE - sizeof(struct object_block)) / sizeof(struct object))

void object_init(struct object_table *tab)
{
	hash_init(tab->by_ptr);
	INIT_LIST_HEAD(&tab->blocks);
	xa_init(&tab->by_id);
	tab->last = 0;
	tab->tty = NULL;
}

static void object_drop(const struct object *obj)
{
	if (obj->owned)
		object_put[obj->kind](obj->ptr);
}

void object_let_go(struct object_table *tab)
{
	struct object *obj;

	object_for_each(tab, obj) {
		if (obj->kind != OBJECT_FILE || !obj->owned)
			continue;
		object_drop(obj);
		obj->owned = false;
		cond_resched();
	}
}

void object_destroy(struct object_table *tab)
{
	struct object_block *block, *next;
	struct object *obj;
	unsigned long id;

	xa_for_each(&tab->by_id, id, obj) {
		object_drop(obj);
		kfree(obj);
		cond_resched();
	}
	xa_destroy(&tab->by_id);
	object_for_each(tab, obj) {
		object_drop(obj);
		cond_resched();
	}
	list_for_each_entry_safe(block, next, &tab->blocks, list)
		free_page((unsigned long)block);
	INIT_LIST_HEAD(&tab->blocks);
	hash_init(tab->by_ptr);
}

struct object *object_next(struct object_table *tab, struct object *obj)
{
	struct object_block *block = (void *)((unsigned long)obj & PAGE_MASK);

	if (obj && ++obj < block->obj + block->n)
		return obj;
	block = obj ? list_next_entry(block, list) :
		      list_first_entry(&tab->blocks, struct object_block, list);
	return list_entry_is_head(block, &tab->blocks, list) ? NULL : block->obj;
}

struct object *object_lookup(struct object_table *tab, enum object_kind kind, const void *ptr)
{
	struct object *obj;

	hash_for_each_possible(tab->by_ptr, obj, node, (unsigned long)ptr)
		if (obj->ptr == ptr && obj->kind == kind)
			return obj;
	return NULL;
}

static void object_set(struct object *obj, enum object_kind kind, u32 id, void *ptr, bool owned)
{
	obj->kind = kind;
	obj->id = id;
	obj->ptr = ptr;
	obj->owned = owned;
	obj->fd = -1;
}

struct object *object_new(struct object_table *tab, enum object_kind kind, void *ptr, bool owned)
{
	struct object_block *block;
	struct object *obj;

	if (tab->last == CKPT_IMAGE_OBJECTS_MAX)
		return ERR_PTR(-EMFILE);
	block = list_empty(&tab->blocks) ? NULL :
		list_last_entry(&tab->blocks, struct object_block, list);
	if (!block || block->n == OBJECT_BLOCK) {
		block = (void *)__get_free_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!block)
			return ERR_PTR(-ENOMEM);
		list_add_tail(&block->list, &tab->blocks);
	}
	obj = &block->obj[block->n++];
	object_set(obj, kind, ++tab->last, ptr, owned);
	hash_add(tab->by_ptr, &obj->node, (unsigned long)ptr);
	return obj;
}

int object_add(struct object_table *tab, enum object_kind kind, u32 id, void *ptr)
{
	struct object *obj;
	int ret;

	if (!id)
		return -EEXIST;
	obj = kzalloc(sizeof(*obj), GFP_KERNEL_ACCOUNT);
	if (!obj)
		return -ENOMEM;
	object_set(obj, kind, id, ptr, true);
	ret = xa_insert(&tab->by_id, id, obj, GFP_KERNEL_ACCOUNT);
	if (ret)
		kfree(obj);
	return ret == -EBUSY ? -EEXIST : ret;
}

void *object_take(struct object_table *tab, enum object_kind kind, u32 id)
{
	struct object *obj = xa_load(&tab->by_id, id);
	void *ptr;

	if (!obj || obj->kind != kind)
		return NULL;
	xa_erase(&tab->by_id, id);
	ptr = obj->ptr;
	kfree(obj);
	return ptr;
}

struct object *object_by_id(struct object_table *tab, enum object_kind kind, u32 id)
{
	struct object *obj = xa_load(&tab->by_id, id);

	return obj && obj->kind == kind ? obj : NULL;
}

void *object_find(struct object_table *tab, enum object_kind kind, u32 id)
{
	struct object *obj = object_by_id(tab, kind, id);

	return obj ? obj->ptr : NULL;
}
