// SPDX-License-Identifier: GPL-2.0
/*
 * Files and directories of proc(5) that are only text, made when somebody reads: those of the
 * process itself, which are found again as /proc/self, and those about the whole machine.
 */
#include <linux/dcache.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../core/context.h"
#include "../core/refuse.h"
#include "../compat/compat.h"
#include "../compat/path.h"
#include "description.h"
#include "../core/park.h"
#include "path.h"
#include "proc.h"
#include "rights.h"
#include "../core/symbols.h"
#include "file_kind.h"

/* Flags that a restart may pass to open() again. */
#define PROC_OPEN_FLAGS	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_LARGEFILE | O_DIRECTORY | \
			 O_NOFOLLOW | O_PATH)

/* Where the address space may stand in what a file of maps keeps; words. */
#define PROC_MAPS_WORDS	24

/* About the whole machine, read only, and nothing happens by opening or reading them. */
static const char * const proc_plain[] = {
	"/bootconfig", "/buddyinfo", "/cgroups", "/cmdline", "/config.gz", "/consoles",
	"/cpuinfo", "/crypto", "/devices", "/diskstats", "/dma", "/execdomains", "/fb",
	"/filesystems", "/interrupts", "/iomem", "/ioports", "/kallsyms", "/key-users", "/keys",
	"/loadavg", "/locks", "/mdstat", "/meminfo", "/misc", "/modules", "/pagetypeinfo",
	"/partitions", "/schedstat", "/slabinfo", "/softirqs", "/stat", "/swaps", "/timer_list",
	"/uptime", "/version", "/vmallocinfo", "/vmstat", "/zoneinfo",
};

/* These open another address space once the process has called exec. */
static const char * const proc_of_mm[] = { "mem", "environ", "auxv", "pagemap" };
static const char * const proc_of_maps[] = { "maps", "smaps", "smaps_rollup", "numa_maps" };

static bool proc_among(const char *name, const char * const *list, unsigned int n)
{
	while (n--)
		if (!strcmp(name, list[n]))
			return true;
	return false;
}

static bool proc_inode(const struct inode *inode)
{
	return inode->i_sb->s_magic == PROC_SUPER_MAGIC &&
	       (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode));
}

static bool proc_match(struct file *file)
{
	return proc_inode(file_inode(file));
}

/* A file about the machine: is it plain text? @name begins with a slash. */
static bool proc_plain_ok(const char *name, bool dir, unsigned int flags)
{
	if (dir || flags & O_PATH || !strncmp(name, "/sys/", 5))
		return true;
	return (flags & O_ACCMODE) == O_RDONLY &&
	       proc_among(name, proc_plain, ARRAY_SIZE(proc_plain));
}

/* Does it look at the address space that the process has now? */
static bool proc_mm_ok(struct mm_struct *mm, struct file *file, const char *name)
{
	void *words[PROC_MAPS_WORDS] = {};
	struct seq_file *seq;
	unsigned int i;

	if (file->f_mode & FMODE_PATH)
		return true;
	name = kbasename(name);
	if (proc_among(name, proc_of_mm, ARRAY_SIZE(proc_of_mm)))
		return file->private_data == mm;
	if (!proc_among(name, proc_of_maps, ARRAY_SIZE(proc_of_maps)))
		return true;
	seq = file->private_data;
	/* The struct is private, and differs; the pointer is looked for. */
	if (copy_from_kernel_nofault(words, seq->private, sizeof(words)))
		return false;
	for (i = 0; i < PROC_MAPS_WORDS; i++)
		if (words[i] == mm)
			return true;
	return false;
}

/* The number at the start of @name, and what follows it; 0 if there is none. */
static unsigned int proc_number(const char *name, const char **rest)
{
	unsigned int nr = 0, at = 0;

	if (sscanf(name, "%u%n", &nr, &at) != 1 || (name[at] && name[at] != '/'))
		return 0;
	*rest = name + at;
	return nr;
}

/*
 * Save the part of a name behind /proc/PID, @rest; "/task/TID" goes into @pb.
 * Return: NULL, or words for what is not supported.
 */
static const char *proc_save_self(struct checkpoint_process *proc, struct pid_namespace *ns,
				  const char *rest, struct pb_proc *pb)
{
	struct park_task *pt = NULL;
	struct task_struct *task;
	unsigned int tid;

	pb->has_self = true;
	pb->self = true;
	pb->has_pid = true;
	pb->pid = proc->pid;
	if (!strncmp(rest, "/task/", 6)) {
		tid = proc_number(rest + 6, &rest);
		rcu_read_lock();
		task = tid ? pid_task(find_pid_ns(tid, ns), PIDTYPE_PID) : NULL;
		if (task)
			pt = park_find(proc->cp->park, task);
		rcu_read_unlock();
		if (!pt)
			return "a file of a thread that ended";
		pb->has_tid = true;
		pb->tid = pt->vnr;
	}
	pb->name.data = (const u8 *)rest;
	pb->name.len = strlen(rest);
	return NULL;
}

static const char *proc_describe(struct checkpoint_process *proc, struct file *file,
				 struct pb_proc *pb)
{
	const struct path *path = &file->f_path;
	struct super_block *sb = file_inode(file)->i_sb;
	struct pid_namespace *ns = proc_pid_ns(sb);
	const char *name, *rest = NULL, *why;
	unsigned int nr;

	if (d_unlinked(path->dentry))
		return "a file of a process or thread that ended";
	/* In a buffer that content of files goes through later on. */
	name = dentry_path_raw(path->dentry, proc->cp->bounce, PATH_MAX);
	if (path->mnt->mnt_root != sb->s_root || IS_ERR(name))
		return "a file that is not found by its path";
	if (!strcmp(name, "/"))
		name++;
	pb->mode = file_inode(file)->i_mode;
	nr = *name ? proc_number(name + 1, &rest) : 0;
	if (!nr) {
		if (!proc_plain_ok(name, S_ISDIR(pb->mode), file->f_flags))
			return "a file that is more than text";
		pb->name.data = (const u8 *)name;
		pb->name.len = strlen(name);
		return NULL;
	}
	if (nr != __task_pid_nr_ns(proc->leader, PIDTYPE_TGID, ns))
		return "a file of another process, or of a thread by its own number,";
	why = proc_save_self(proc, ns, rest, pb);
	if (!why && !proc_mm_ok(proc->mm->mm, file, rest))
		why = "a file of memory that it had before exec";
	return why;
}

static int proc_save(struct checkpoint *cp, struct file *file, const struct object_place *at,
		     struct pb_file *pb)
{
	const char *why = "a file of proc, mapped,";
	struct path_user user = {
		.what = "proc at",
		.place = *at,
		.cred = rights_program(at->proc),
	};
	struct path root;
	char *name;
	int ret;

	if (at->fd >= 0)
		why = proc_describe(at->proc, file, &pb->proc);
	/* A file such as /proc/PID/mem takes addresses as positions, which can exceed loff_t. */
	if (!why && file->f_pos < 0)
		why = "a file with a position beyond all numbers";
	if (why) {
		name = d_path(&file->f_path, cp->path, PATH_MAX);
		return refuse_file(at, CKPT_REASON_UNSUPPORTED, NULL,
				   "%s (%.128s) is not supported", why,
				   IS_ERR(name) ? "?" : name);
	}
	root.mnt = file->f_path.mnt;
	root.dentry = root.mnt->mnt_root;
	ret = path_save(cp, &root, &user, &pb->proc.root);
	if (ret)
		return min(ret, 0);
	pb->has_proc = true;
	pb->has_pos = !(file->f_mode & FMODE_PATH) && file->f_mode & FMODE_LSEEK;
	pb->pos = pb->has_pos ? file->f_pos : 0;
	return 0;
}

/* ---- restart ---- */

/**
 * struct proc_fd - a descriptor of a file that is opened with the last steps
 * @list: on &proc_later.fds
 * @fd: its number
 * @cloexec: it is closed by exec
 */
struct proc_fd {
	struct list_head list;
	u32 fd;
	bool cloexec;
};

/**
 * struct proc_later - a file that was not there before all threads and descriptors were
 * @later: in the queue
 * @fds: its descriptors
 * @file: stands in for it; a reference is held
 * @root: of proc; a reference is held
 * @cred: id of a CRED
 * @id: in the image
 * @name: its path
 * @at: where in @name what is below the root of proc begins
 * @mode: what it is
 * @flags: O_*
 * @pos: its position
 * @has_pos: @pos is set
 */
struct proc_later {
	struct later later;
	struct list_head fds;
	struct file *file;
	struct path root;
	u32 cred;
	u32 id;
	char *name;
	size_t at;
	u32 mode;
	u32 flags;
	loff_t pos;
	bool has_pos;
};

static bool proc_valid(const struct pb_proc *pb, u32 flags)
{
	const u8 *name = pb->name.data;
	char buf[32];
	u32 i;

	if ((!S_ISREG(pb->mode) && !S_ISDIR(pb->mode)) || (pb->has_tid && !pb->self) ||
	    memchr(name, 0, pb->name.len))
		return false;
	if (pb->name.len && name[0] != '/')
		return false;
	for (i = 0; i + 2 < pb->name.len; i++)
		if (!memcmp(name + i, "/..", 3))
			return false;
	if (pb->self)
		return true;
	/* Names of what there is about processes begin with a digit, or with "self". */
	if (pb->name.len > 1 && ((name[1] >= '0' && name[1] <= '9') ||
				 (pb->name.len >= 5 && !memcmp(name, "/self", 5)) ||
				 (pb->name.len >= 7 && !memcmp(name, "/thread", 7))))
		return false;
	i = min_t(u32, pb->name.len, sizeof(buf) - 1);
	memcpy(buf, name, i);
	buf[i] = '\0';
	return proc_plain_ok(buf, S_ISDIR(pb->mode), flags);
}

static struct file *proc_failed(struct restart *rs, const char *name, int err)
{
	struct error_at at = { .reason = CKPT_REASON_CHANGED, .task = current };

	error_add(&rs->ctx->errors, err == -ENOENT ? -ESTALE : err, &at, "%s %s", name,
		  err == -ESTALE ? "is not what it was" :
		  err == -ENOENT ? "is not there" : "cannot be opened");
	return ERR_PTR(err == -ENOENT ? -ESTALE : err);
}

/*
 * The image says where proc is, and any path may lead anywhere: is what was found @name of a whole
 * proc, as proc_describe() would say, and if it is about a process, about this one?
 */
static int proc_check(const struct path *path, const char *name, u32 mode)
{
	struct inode *inode = d_backing_inode(path->dentry);
	unsigned int own, nr;
	const char *found, *rest;
	char *buf;
	bool ok;

	if (!proc_inode(inode) || (inode->i_mode ^ mode) & S_IFMT ||
	    path->mnt->mnt_root != inode->i_sb->s_root)
		return -ESTALE;
	buf = kmalloc(PATH_MAX, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;
	found = dentry_path_raw(path->dentry, buf, PATH_MAX);
	if (IS_ERR(found)) {
		ok = false;
	} else if (strncmp(name, "/self", 5)) {
		ok = !strcmp(found, *name ? name : "/");
	} else {
		own = __task_pid_nr_ns(current, PIDTYPE_TGID, proc_pid_ns(inode->i_sb));
		nr = proc_number(found + 1, &rest);
		ok = nr && nr == own && !strcmp(rest, name + 5);
	}
	kfree(buf);
	return ok ? 0 : -ESTALE;
}

/*
 * A change of the mounts that the program has not polled for since is forgotten with the old
 * description: rather one too many is reported than one too few.
 */
static struct file *proc_changed(struct file *file)
{
	struct seq_file *seq;

	if (IS_ERR(file) || file->f_op->read_iter != seq_read_iter || !file->f_op->poll)
		return file;
	seq = file->private_data;
	seq->poll_event--;
	return file;
}

/* As if by open(2): the rights to the file are asked for. */
static struct file *proc_open_path(struct restart *rs, const struct path *path, u32 flags, u32 cred)
{
	struct path mine;
	struct file *file;

	flags = (flags & PROC_OPEN_FLAGS) | O_NOCTTY;
	/* Some show what can be seen from the root directory that the process has then. */
	if (!rs->here->fs->root.mnt)
		return proc_changed(rights_open_own(rs, path, flags, cred));
	get_fs_root(current->fs, &mine);
	sym(set_fs_root)(current->fs, &rs->here->fs->root);
	file = rights_open_own(rs, path, flags, cred);
	sym(set_fs_root)(current->fs, &mine);
	path_put(&mine);
	return proc_changed(file);
}

/*
 * @name + @at is what is below the root of proc, and begins with "/self" if it is our own. Names
 * there are the kernel's: what has one is what had it.
 */
static struct file *proc_open_name(struct restart *rs, const struct path *root, const char *name,
				   size_t at, u32 mode, u32 flags, u32 cred)
{
	bool follow = !name[at] || !strcmp(name + at, "/self");
	struct file *file;
	struct path path;
	int ret;

	/* Not through links of other processes' making, such as /proc/self/root. */
	ret = vfs_path_lookup(root->dentry, root->mnt, name + at,
			      LOOKUP_NO_MAGICLINKS | (follow ? LOOKUP_FOLLOW : 0), &path);
	if (ret)
		return proc_failed(rs, name, ret);
	ret = proc_check(&path, name + at, mode);
	file = ret ? ERR_PTR(ret) : proc_open_path(rs, &path, flags, cred);
	path_put(&path);
	return IS_ERR(file) ? proc_failed(rs, name, PTR_ERR(file)) : file;
}

static int proc_replace(struct restart *rs, struct proc_later *later, struct file *file)
{
	struct object *obj = object_by_id(&rs->objects, OBJECT_FILE, later->id);
	struct proc_fd *pf;
	int ret;

	if (later->has_pos && !description_seek(file, later->pos))
		return stream_in_bad(&rs->in, "position of file %u", later->id);
	list_for_each_entry(pf, &later->fds, list) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = sym(replace_fd)(pf->fd, file, pf->cloexec ? O_CLOEXEC : 0);
		if (ret < 0)
			return ret;
		cond_resched();
	}
	if (obj) {
		fput(obj->ptr);
		obj->ptr = get_file(file);
	}
	return 0;
}

static int proc_finish(struct restart_process *p, struct later *item)
{
	struct restart *rs = p->rs;
	struct proc_later *later = container_of(item, struct proc_later, later);
	struct file *file;
	int ret;

	file = proc_open_name(rs, &later->root, later->name, later->at, later->mode, later->flags,
			      later->cred);
	if (IS_ERR(file))
		return path_wrong(rs, PTR_ERR(file)) ? 0 : PTR_ERR(file);
	rights_stamp(rs, file, later->cred);
	ret = description_set_flags(rs, file, later->id, later->flags);
	if (!ret)
		ret = proc_replace(rs, later, file);
	fput(file);
	return ret;
}

static void proc_free(struct later *item)
{
	struct proc_later *later = container_of(item, struct proc_later, later);
	struct proc_fd *pf, *next;

	list_for_each_entry_safe(pf, next, &later->fds, list)
		kfree(pf);
	fput(later->file);
	path_put(&later->root);
	kfree(later->name);
	kfree(later);
}

static const struct later_ops proc_later_ops = {
	.stage = LATER_PROC,
	.run = proc_finish,
	.free = proc_free,
};

/* Something of proc stands in, which can do nothing. */
static struct file *proc_open_later(struct restart *rs, const struct pb_file *pb,
				    const struct path *root, char **name, size_t at)
{
	struct proc_later *later = kzalloc(sizeof(*later), GFP_KERNEL_ACCOUNT);
	struct file *file;
	int ret;

	if (!later)
		return ERR_PTR(-ENOMEM);
	/* An id that is used twice is found when it becomes an object. */
	ret = xa_err(xa_store(&rs->proc_ids, pb->id, later, GFP_KERNEL_ACCOUNT));
	if (ret) {
		kfree(later);
		return ERR_PTR(ret);
	}
	file = proc_open_name(rs, root, *name, strlen(*name), S_IFDIR, O_RDONLY | O_DIRECTORY,
			      pb->cred);
	if (IS_ERR(file)) {
		xa_erase(&rs->proc_ids, pb->id);
		kfree(later);
		return file;
	}
	INIT_LIST_HEAD(&later->fds);
	later->file = get_file(file);
	later->root = *root;
	path_get(&later->root);
	later->cred = pb->cred;
	later->id = pb->id;
	later->name = *name;
	later->at = at;
	*name = NULL;
	later->mode = pb->proc.mode;
	later->flags = pb->flags;
	later->pos = pb->pos;
	later->has_pos = pb->has_pos;
	later_add(&rs->here->later, &later->later, &proc_later_ops);
	return file;
}

static struct file *proc_open_in(struct restart *rs, const struct pb_file *pb, const char *at_name,
				 const struct path *root)
{
	const struct pb_proc *proc = &pb->proc;
	char *name, tid[24] = "";
	struct file *file;
	size_t at;
	bool later;

	if (proc->has_tid)
		snprintf(tid, sizeof(tid), "/task/%u", proc->tid);
	at = strcmp(at_name, "/") ? strlen(at_name) : 0;
	name = kasprintf(GFP_KERNEL_ACCOUNT, "%.*s%s%s%.*s", (int)at, at_name,
			 proc->self ? "/self" : "", tid, (int)proc->name.len,
			 (const char *)proc->name.data);
	/* Entries of other threads and of descriptors do not exist yet: open them later. */
	later = (proc->has_tid && proc->tid != rs->here->pid) ||
		(proc->name.len > 8 && !memcmp(proc->name.data, "/fdinfo/", 8));
	if (!name)
		file = ERR_PTR(-ENOMEM);
	else if (later && proc->self)
		file = proc_open_later(rs, pb, root, &name, at);
	else
		file = proc_open_name(rs, root, name, at, proc->mode, pb->flags, pb->cred);
	kfree(name);
	return file;
}

static struct file *proc_open(struct restart *rs, const struct pb_file *pb)
{
	struct rights_path rp = { .pb = &pb->proc.root };
	struct file *file;
	char *root;
	int ret;

	if (!proc_valid(&pb->proc, pb->flags))
		return ERR_PTR(stream_in_bad(&rs->in, "file %u of proc", pb->id));
	root = path_name(rs, &pb->proc.root, "place of proc");
	if (IS_ERR(root))
		return ERR_CAST(root);
	rp.name = root;
	ret = rights_find(rs, root, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &rp);
	file = ret ? ERR_PTR(ret) : proc_open_in(rs, pb, root, &rp.path);
	if (!ret)
		rights_release(&rp);
	if (IS_ERR(file))
		file = path_stand_in(rs, PTR_ERR(file), S_IFDIR, 0);
	kfree(root);
	return file;
}

bool proc_stands_in(struct restart *rs, u32 id)
{
	return xa_load(&rs->proc_ids, id);
}

int proc_note_fd(struct restart *rs, u32 id, u32 fd, bool cloexec)
{
	struct proc_later *later = xa_load(&rs->proc_ids, id);
	struct proc_fd *pf;

	if (!later)
		return 0;
	pf = kmalloc(sizeof(*pf), GFP_KERNEL_ACCOUNT);
	if (!pf)
		return -ENOMEM;
	pf->fd = fd;
	pf->cloexec = cloexec;
	list_add_tail(&pf->list, &later->fds);
	return 0;
}

const struct file_kind proc_kind = {
	.match = proc_match,
	.save = proc_save,
	.has = offsetof(struct pb_file, has_proc),
	.open = proc_open,
};
