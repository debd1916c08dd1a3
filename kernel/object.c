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

void object_init(struct object_table *tab)
{
	hash_init(tab->by_ptr);
	xa_init(&tab->by_id);
	tab->last = 0;
	tab->tty = NULL;
}

void object_destroy(struct object_table *tab)
{
	struct object *obj;
	unsigned long id;

	xa_for_each(&tab->by_id, id, obj) {
		if (obj->owned)
			object_put[obj->kind](obj->ptr);
		kfree(obj);
		cond_resched();
	}
	xa_destroy(&tab->by_id);
	hash_init(tab->by_ptr);
}

struct object *object_lookup(struct object_table *tab, enum object_kind kind, const void *ptr)
{
	struct object *obj;

	hash_for_each_possible(tab->by_ptr, obj, node, (unsigned long)ptr)
		if (obj->ptr == ptr && obj->kind == kind)
			return obj;
	return NULL;
}

static struct object *object_store(struct object_table *tab, enum object_kind kind, u32 id,
				   void *ptr, bool owned)
{
	struct object *obj = kzalloc(sizeof(*obj), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!obj)
		return ERR_PTR(-ENOMEM);
	obj->kind = kind;
	obj->id = id;
	obj->ptr = ptr;
	obj->owned = owned;
	obj->fd = -1;
	ret = xa_insert(&tab->by_id, id, obj, GFP_KERNEL_ACCOUNT);
	if (ret) {
		kfree(obj);
		return ERR_PTR(ret == -EBUSY ? -EEXIST : ret);
	}
	return obj;
}

struct object *object_new(struct object_table *tab, enum object_kind kind, void *ptr, bool owned)
{
	struct object *obj = object_store(tab, kind, tab->last + 1, ptr, owned);

	if (IS_ERR(obj))
		return obj;
	tab->last++;
	hash_add(tab->by_ptr, &obj->node, (unsigned long)ptr);
	return obj;
}

int object_add(struct object_table *tab, enum object_kind kind, u32 id, void *ptr)
{
	if (!id)
		return -EEXIST;
	return PTR_ERR_OR_ZERO(object_store(tab, kind, id, ptr, true));
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
