// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that others refer to by id.
 */
#include <linux/bottom_half.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/slab.h>

#include "object.h"
#include "stream.h"
#include "../../uapi/ckpt_image.h"

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

/* The first table is empty: either it is new, or what was in it has moved or is gone. */
static void object_hash_init(struct object_table *tab)
{
	memset(tab->first, 0, sizeof(tab->first));
	tab->by_ptr = tab->first;
	tab->bits = OBJECT_HASH_BITS;
}

static struct hlist_head *object_hash(struct object_table *tab, const void *ptr)
{
	return &tab->by_ptr[hash_ptr(ptr, tab->bits)];
}

/* A table eight times as large, so that all of this together costs no more than to fill it. */
static int object_hash_grow(struct object_table *tab)
{
	struct hlist_head *old = tab->by_ptr;
	struct object *obj;

	tab->by_ptr = kvcalloc(8ul << tab->bits, sizeof(*old), GFP_KERNEL_ACCOUNT);
	if (!tab->by_ptr) {
		tab->by_ptr = old;
		return -ENOMEM;
	}
	tab->bits += 3;
	object_for_each(tab, obj) {
		hlist_add_head(&obj->node, object_hash(tab, obj->ptr));
		cond_resched();
	}
	if (old != tab->first)
		kvfree(old);
	return 0;
}

void object_init(struct object_table *tab, const struct object_ops *ops)
{
	tab->ops = ops;
	object_hash_init(tab);
	INIT_LIST_HEAD(&tab->blocks);
	xa_init_flags(&tab->by_id, XA_FLAGS_ACCOUNT);
	tab->last = 0;
	tab->tty = NULL;
}

static void object_drop(struct object_table *tab, const struct object *obj)
{
	if (obj->owned)
		tab->ops[obj->kind].put(obj->ptr);
}

void object_let_go(struct object_table *tab)
{
	struct object *obj;

	object_for_each(tab, obj) {
		if (obj->kind != OBJECT_FILE || !obj->owned)
			continue;
		/*
		 * The program has these files open, too, unless it was killed just now. If our
		 * reference is the last one, a plain fput() here would close the file when our
		 * system call ends, which may take minutes. With bottom halves disabled fput()
		 * believes to be in an interrupt and leaves the file to a worker, which closes it
		 * at its next tick. Do not wait for that: a close may take long.
		 */
		local_bh_disable();
		object_drop(tab, obj);
		local_bh_enable();
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
		object_drop(tab, obj);
		kfree(obj);
		cond_resched();
	}
	xa_destroy(&tab->by_id);
	object_for_each(tab, obj) {
		object_drop(tab, obj);
		cond_resched();
	}
	list_for_each_entry_safe(block, next, &tab->blocks, list) {
		free_page((unsigned long)block);
		cond_resched();
	}
	INIT_LIST_HEAD(&tab->blocks);
	if (tab->by_ptr != tab->first)
		kvfree(tab->by_ptr);
	object_hash_init(tab);
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

	hlist_for_each_entry(obj, object_hash(tab, ptr), node)
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
	obj->place.fd = -1;
	obj->fd = -1;
}

struct object *object_new(struct object_table *tab, enum object_kind kind, void *ptr, bool owned)
{
	struct object_block *block;
	struct object *obj;

	if (tab->last == CKPT_IMAGE_OBJECTS_MAX)
		return ERR_PTR(-EMFILE);
	if (tab->last >> tab->bits && object_hash_grow(tab))
		return ERR_PTR(-ENOMEM);
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
	hlist_add_head(&obj->node, object_hash(tab, ptr));
	return obj;
}

int object_add(struct object_table *tab, struct stream_in *in, enum object_kind kind, u32 id,
	       void *ptr)
{
	struct object *obj;
	int ret;

	ret = -EBUSY;
	if (!id || id > CKPT_IMAGE_OBJECTS_MAX)
		goto put;
	obj = kzalloc(sizeof(*obj), GFP_KERNEL_ACCOUNT);
	ret = -ENOMEM;
	if (!obj)
		goto put;
	object_set(obj, kind, id, ptr, true);
	ret = xa_insert(&tab->by_id, id, obj, GFP_KERNEL_ACCOUNT);
	if (!ret)
		return 0;
	kfree(obj);
put:
	tab->ops[kind].put(ptr);
	return ret == -EBUSY ? stream_in_bad(in, "id %u is too high, or used twice", id) : ret;
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

struct object *object_have(struct object_table *tab, enum object_kind kind, void *ptr, bool *new)
{
	struct object *obj = object_lookup(tab, kind, ptr);

	*new = !obj;
	return obj ?: object_new(tab, kind, ptr, false);
}
