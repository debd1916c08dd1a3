// SPDX-License-Identifier: GPL-2.0
/*
 * Is the file that has a name now the one that had it at the checkpoint?
 *
 * A file is known by its file system and by what the file system itself distinguishes its files
 * with: a file handle, or inode number and generation. A file system is known by its type and its
 * uuid; without one by f_fsid of statfs(2); without that by what is mounted. Its device number
 * says little: the kernel gives many out anew at each boot.
 */
#include <linux/dcache.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/uuid.h>

#include "../core/context.h"
#include "../compat/path.h"
#include "identity.h"

/* How a handle begins: what follows. */
#define IDENTITY_INODE	0
#define IDENTITY_FID	1
/* The file is on a stacked file system, and its handle is that of a layer's file. */
#define IDENTITY_LAYER	2

/* As many as name_to_handle_at(2) has (MAX_HANDLE_SZ). */
#define IDENTITY_FID_WORDS	(128 / sizeof(u32))

/**
 * struct identity_key - what a file system is known by; unused bytes are zero
 * @type: its type
 * @has_uuid: @uuid is set
 * @uuid: it
 * @fsid: f_fsid, or 0
 * @source: what is mounted, or empty
 */
struct identity_key {
	char type[PB_FILESYSTEM_TYPE_MAX + 1];
	bool has_uuid;
	uuid_t uuid;
	u64 fsid;
	char source[PB_FILESYSTEM_SOURCE_MAX + 1];
};

/**
 * struct identity_fs - a file system that paths refer to
 * @root: somewhere on it; a reference is held until then
 * @key: what it is known by, once identity_complete() has asked it
 */
struct identity_fs {
	struct path root;
	struct identity_key key;
};

/**
 * struct identity_table - checkpoint: all file systems that paths refer to
 * @n: how many there are
 * @last: the one that was asked for last, from 1 on
 * @held: references are held
 * @fs: they
 */
struct identity_table {
	u32 n;
	u32 last;
	bool held;
	struct identity_fs *fs[PB_FILESYSTEMS_FS_MAX];
};

/**
 * struct identity_known - restart: the file systems of the image, and the last that was looked at
 * @n: how many there are
 * @key: they
 * @mnt: a mount; a reference is held
 * @last: what its file system is known by
 */
struct identity_known {
	u32 n;
	struct identity_key *key;
	struct vfsmount *mnt;
	struct identity_key last;
};

/* The source of a mount, for file systems that tell it by themselves: network file systems. */
static void identity_source(struct super_block *sb, char *buf, size_t size)
{
	struct seq_file seq = { .buf = buf, .size = size };

	if (!sb->s_op->show_devname || sb->s_op->show_devname(&seq, sb->s_root) ||
	    seq.count >= size)
		memset(buf, 0, size);
}

/* May wait for a server, if the file system has no uuid. */
static void identity_ask(const struct path *path, struct identity_key *key)
{
	struct super_block *sb = path->mnt->mnt_sb;
	struct kstatfs st = {};

	memset(key, 0, sizeof(*key));
	strscpy(key->type, sb->s_type->name, sizeof(key->type));
	key->has_uuid = !uuid_is_null(&sb->s_uuid);
	if (key->has_uuid) {
		key->uuid = sb->s_uuid;
		return;
	}
	if (!vfs_statfs(path, &st))
		key->fsid = (u64)(u32)st.f_fsid.val[1] << 32 | (u32)st.f_fsid.val[0];
	if (!key->fsid)
		identity_source(sb, key->source, sizeof(key->source) - 1);
}

static size_t identity_inode(struct inode *inode, u8 *buf)
{
	const u64 ino = inode->i_ino;
	const u32 generation = inode->i_generation;
	u32 raw[IDENTITY_FID_WORDS];
	int words = ARRAY_SIZE(raw), type;

	/*
	 * The handle of ext4, say, is no more than the kernel's own form, which 6.1 has for every
	 * file system, and which has 32 bits of an inode number.
	 */
	type = compat_encode_fh(inode, (struct fid *)raw, &words);
	if (type > 0 && type < FILEID_INVALID && type != FILEID_INO32_GEN &&
	    words <= ARRAY_SIZE(raw)) {
		buf[0] = IDENTITY_FID;
		buf[1] = type;
		memcpy(buf + 2, raw, words * sizeof(u32));
		return 2 + words * sizeof(u32);
	}
	buf[0] = IDENTITY_INODE;
	memcpy(buf + 1, &ino, sizeof(ino));
	memcpy(buf + 1 + sizeof(ino), &generation, sizeof(generation));
	return 1 + sizeof(ino) + sizeof(generation);
}

size_t identity_handle(const struct path *path, u8 *buf)
{
	struct inode *inode = d_real_inode(path->dentry);
	size_t n = 0;

	BUILD_BUG_ON(sizeof(uuid_t) != PB_FILESYSTEM_UUID_MAX);
	BUILD_BUG_ON(1 + sizeof(uuid_t) + 2 + IDENTITY_FID_WORDS * sizeof(u32) >
		     IDENTITY_HANDLE_MAX);
	/* Numbers that a stacked file system gives out may be those of this mount alone. */
	if (inode->i_sb != path->dentry->d_sb) {
		buf[n++] = IDENTITY_LAYER;
		memcpy(buf + n, &inode->i_sb->s_uuid, sizeof(uuid_t));
		n += sizeof(uuid_t);
	}
	return n + identity_inode(inode, buf + n);
}

/* ---- checkpoint ---- */

static int identity_write(struct stream_out *out, void *data, size_t len)
{
	const struct identity_table *table = *(struct identity_table **)data;
	struct pb_filesystem fs;
	struct pb_filesystems pb = { .n_fs = 1, .fs = &fs };
	struct pb_filesystem *all;
	int ret;
	u32 i;

	if (!table->n)
		return 0;
	all = kcalloc(table->n, sizeof(*all), GFP_KERNEL_ACCOUNT);
	if (!all)
		return -ENOMEM;
	for (i = 0; i < table->n; i++) {
		const struct identity_key *key = &table->fs[i]->key;

		fs = (struct pb_filesystem){
			.type = { key->type, strlen(key->type) },
			.has_uuid = key->has_uuid,
			.uuid = { (u8 *)&key->uuid, sizeof(key->uuid) },
			.has_fsid = key->fsid,
			.fsid = key->fsid,
			.has_source = key->source[0],
			.source = { (u8 *)key->source, strlen(key->source) },
		};
		all[i] = fs;
	}
	pb.n_fs = table->n;
	pb.fs = all;
	ret = stream_out_msg(out, CKPT_REC_FILESYSTEMS, &pb_filesystems_msg, &pb);
	kfree(all);
	return ret;
}

int identity_begin(struct checkpoint *cp)
{
	struct identity_table **later;

	later = stream_out_later(&cp->out, CKPT_REC_FILESYSTEMS, sizeof(*later),
				 identity_write);
	if (IS_ERR(later))
		return PTR_ERR(later);
	cp->identity = kzalloc(sizeof(*cp->identity), GFP_KERNEL_ACCOUNT);
	if (!cp->identity)
		return -ENOMEM;
	cp->identity->held = true;
	*later = cp->identity;
	return 0;
}

int identity_fs(struct checkpoint *cp, const struct path *path, u32 *fs)
{
	struct identity_table *table = cp->identity;
	const struct super_block *sb = path->mnt->mnt_sb;
	struct identity_fs *new;
	u32 i;

	*fs = table->last;
	if (table->last && table->fs[table->last - 1]->root.mnt->mnt_sb == sb)
		return 0;
	for (i = 0; i < table->n; i++) {
		if (table->fs[i]->root.mnt->mnt_sb != sb)
			continue;
		*fs = table->last = i + 1;
		return 0;
	}
	*fs = 0;
	if (table->n == ARRAY_SIZE(table->fs))
		return 0;
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->root = *path;
	path_get(&new->root);
	table->fs[table->n++] = new;
	*fs = table->last = table->n;
	return 0;
}

void identity_complete(struct checkpoint *cp)
{
	struct identity_table *table = cp->identity;
	u32 i;

	if (!table || !table->held)
		return;
	for (i = 0; i < table->n; i++) {
		if (!(cp->flags & CKPT_CHECKPOINT_DRY_RUN) && !fatal_signal_pending(current))
			identity_ask(&table->fs[i]->root, &table->fs[i]->key);
		path_put(&table->fs[i]->root);
	}
	table->held = false;
}

void identity_free_saved(struct checkpoint *cp)
{
	struct identity_table *table = cp->identity;
	u32 i;

	for (i = 0; table && i < table->n; i++) {
		if (table->held)
			path_put(&table->fs[i]->root);
		kfree(table->fs[i]);
	}
	kfree(table);
	cp->identity = NULL;
}

/* ---- restart ---- */

static bool identity_take(struct identity_key *key, const struct pb_filesystem *pb)
{
	if (pb->type.len >= sizeof(key->type) || pb->source.len >= sizeof(key->source) ||
	    (pb->has_uuid && pb->uuid.len != sizeof(key->uuid)))
		return false;
	memcpy(key->type, pb->type.data, pb->type.len);
	key->has_uuid = pb->has_uuid;
	if (pb->has_uuid)
		memcpy(&key->uuid, pb->uuid.data, sizeof(key->uuid));
	key->fsid = pb->fsid;
	if (pb->has_source)
		memcpy(key->source, pb->source.data, pb->source.len);
	return true;
}

int identity_read(struct restart *rs)
{
	struct identity_known *known;
	struct pb_filesystems pb;
	int ret;
	u32 i;

	ret = stream_in_msg(&rs->in, &pb_filesystems_msg, &pb);
	if (ret)
		return ret;
	known = kzalloc(sizeof(*known), GFP_KERNEL_ACCOUNT);
	if (!known)
		return -ENOMEM;
	rs->identity = known;
	known->key = kvcalloc(pb.n_fs ?: 1, sizeof(*known->key), GFP_KERNEL_ACCOUNT);
	if (!known->key)
		return -ENOMEM;
	known->n = pb.n_fs;
	for (i = 0; i < pb.n_fs; i++)
		if (!identity_take(&known->key[i], &pb.fs[i]))
			return stream_in_bad(&rs->in, "file system %u", i + 1);
	return 0;
}

bool identity_valid(const struct restart *rs, u32 fs)
{
	return fs && rs->identity && fs <= rs->identity->n;
}

static bool identity_same_fs(const struct restart *rs, u32 fs, const struct path *path)
{
	struct identity_known *known = rs->identity;
	const struct identity_key *key;

	if (!identity_valid(rs, fs))
		return false;
	key = &known->key[fs - 1];
	/* Nothing that would tell it from others of its type. */
	if (!key->has_uuid && !key->fsid && !key->source[0])
		return false;
	if (known->mnt != path->mnt) {
		mntput(known->mnt);
		known->mnt = mntget(path->mnt);
		identity_ask(path, &known->last);
	}
	return !memcmp(key, &known->last, sizeof(*key));
}

bool identity_same(struct restart *rs, const struct pb_path *pb, const struct path *path)
{
	const struct inode *inode = d_backing_inode(path->dentry);
	u8 buf[IDENTITY_HANDLE_MAX];
	size_t len;

	/* A device is known by its number: the file is but a way to it. */
	if (S_ISCHR(inode->i_mode) && S_ISCHR(pb->mode))
		return pb->has_rdev &&
		       ((u64)MAJOR(inode->i_rdev) << 32 | MINOR(inode->i_rdev)) == pb->rdev;
	if (!pb->has_handle || !identity_same_fs(rs, pb->fs, path))
		return false;
	len = identity_handle(path, buf);
	return len == pb->handle.len && !memcmp(buf, pb->handle.data, len);
}

bool identity_mounted(const struct pb_path *pb, const struct path *path)
{
	struct kstat stat;

	return !vfs_getattr_nosec(path, &stat, STATX_INO, AT_STATX_DONT_SYNC) &&
	       ((u64)MAJOR(stat.dev) << 32 | MINOR(stat.dev)) == pb->dev;
}

void identity_free(struct restart *rs)
{
	if (!rs->identity)
		return;
	mntput(rs->identity->mnt);
	kvfree(rs->identity->key);
	kfree(rs->identity);
	rs->identity = NULL;
}
