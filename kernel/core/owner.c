// SPDX-License-Identifier: GPL-2.0
/*
 * Restart: whose a record is.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "context.h"
#include "owner.h"

static size_t owner_size(enum object_kind kind)
{
	switch (kind) {
	case OBJECT_MM:
		return sizeof(struct restart_mm);
	case OBJECT_FILES:
		return sizeof(struct restart_files);
	case OBJECT_FS:
		return sizeof(struct restart_fs);
	default:
		return sizeof(struct restart_part);
	}
}

static void owner_init_files(struct restart_files *files)
{
	files->last_fd = -1;
	xa_init_flags(&files->fds, XA_FLAGS_ACCOUNT);
}

struct restart_part *owner_declare(struct restart *rs, struct restart_process *p,
				   enum object_kind kind, u32 id)
{
	struct restart_part *part = object_find(&rs->objects, kind, id);
	int ret;

	if (part)
		return part;
	part = kvzalloc(owner_size(kind), GFP_KERNEL_ACCOUNT);
	if (!part)
		return ERR_PTR(-ENOMEM);
	part->process = p;
	if (kind == OBJECT_FILES)
		owner_init_files(container_of(part, struct restart_files, part));
	ret = object_add(&rs->objects, &rs->in, kind, id, part);
	return ret ? ERR_PTR(ret) : part;
}

void owner_put(void *part)
{
	kvfree(part);
}

void owner_put_files(void *part)
{
	struct restart_files *files = container_of(part, struct restart_files, part);

	xa_destroy(&files->fds);
	kvfree(files);
}

void owner_put_fs(void *part)
{
	struct restart_fs *fs = container_of(part, struct restart_fs, part);

	if (fs->root.mnt)
		path_put(&fs->root);
	kvfree(fs);
}

/* Is this the process, or whose turn is it? */
static int owner_here(struct restart *rs, struct restart_process *p)
{
	if (p == rs->here)
		return 0;
	rs->turn = p;
	return OWNER_ELSEWHERE;
}

struct restart_part *owner_begin(struct restart *rs, enum object_kind kind, u32 id)
{
	struct restart_part *part = object_find(&rs->objects, kind, id);
	int ret;

	if (!part || part->read)
		return ERR_PTR(stream_in_bad(&rs->in, part ? "%u stands twice" :
					     "no process has %u", id));
	ret = owner_here(rs, part->process);
	part->read = !ret;
	return ret ? ERR_PTR(ret) : part;
}

/* CKPT_REC_TABLE says of which types one record belongs to each owner. */
static int owner_once(struct restart *rs, u64 *seen)
{
	const struct stream_kind *kind = &stream_kinds[rs->in.rec.type];
	u64 bit = BIT_ULL(rs->in.rec.type);

	if (*seen & bit && (kind->count == CKPT_COUNT_EACH || kind->count == CKPT_COUNT_EACH_MAYBE))
		return stream_in_bad(&rs->in, "%s stands twice", kind->name);
	*seen |= bit;
	return 0;
}

static struct restart_part *owner_part(struct restart *rs, enum object_kind kind, u32 id)
{
	struct restart_part *part = object_find(&rs->objects, kind, id);
	int ret;

	if (!part || !part->read)
		return ERR_PTR(stream_in_bad(&rs->in,
					     "id %u is not of an object that this could belong to",
					     id));
	ret = owner_here(rs, part->process) ?: owner_once(rs, &part->seen);
	return ret ? ERR_PTR(ret) : part;
}

struct restart_mm *owner_mm(struct restart *rs, u32 id)
{
	struct restart_part *part = owner_part(rs, OBJECT_MM, id);

	return IS_ERR(part) ? ERR_CAST(part) : container_of(part, struct restart_mm, part);
}

struct restart_files *owner_files(struct restart *rs, u32 id)
{
	struct restart_part *part = owner_part(rs, OBJECT_FILES, id);

	return IS_ERR(part) ? ERR_CAST(part) : container_of(part, struct restart_files, part);
}

int owner_file(struct restart *rs, const struct object *obj)
{
	return obj->files ? owner_here(rs, obj->files->part.process) : 0;
}

struct restart_process *owner_thread(struct restart *rs, u32 tid)
{
	struct restart_process *p = xa_load(&rs->by_tid, tid);
	int ret;

	if (!p || p->ended)
		return ERR_PTR(stream_in_bad(&rs->in, "there is no thread %u", tid));
	ret = owner_here(rs, p);
	return ret ? ERR_PTR(ret) : p;
}

struct restart_process *owner_process(struct restart *rs, u32 pid)
{
	struct restart_process *p = xa_load(&rs->by_tid, pid);
	int ret;

	if (!p || p->ended || p->pid != pid)
		return ERR_PTR(stream_in_bad(&rs->in, "there is no process %u", pid));
	ret = owner_here(rs, p) ?: owner_once(rs, &p->seen);
	return ret ? ERR_PTR(ret) : p;
}
