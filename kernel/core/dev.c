// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/ckpt: the ioctls of uapi/ckpt.h, their arguments checked, and nothing else.
 */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "checkpoint.h"
#include "dev.h"
#include "interrupt.h"
#include "operation.h"
#include "restart.h"
#include "../image/sections.h"
#include "symbols.h"
#include "../../uapi/ckpt_image.h"

/*
 * A fixed minor, so that a static node can exist before the module does and opening it loads the
 * module. 240 to 254 belong to nobody (Documentation/admin-guide/devices.txt); 249 is the ZFS one.
 */
#define DEV_MINOR	248

/*
 * Sizes of the first version: shorter is no program that ever was. A struct that grows keeps
 * the old size here.
 */
#define DEV_INFO_SIZE_V1	512
#define DEV_CHECKPOINT_SIZE_V1	88
#define DEV_CHECKPOINT_SIZE_V3	104
#define DEV_RELEASE_SIZE_V1	16
#define DEV_RESTART_SIZE_V1	64
#define DEV_RESTART_SIZE_V4	104
#define DEV_PROGRESS_SIZE_V1	32
#define DEV_GO_SIZE_V3		24

/**
 * struct dev_ctx - one open file of /dev/ckpt
 * @lock: held by the operation that runs; taken with trylock, so a second one sees EBUSY
 * @op: the operation that runs; a reference is held
 * @held: a finished checkpoint whose program is still frozen, or NULL; protected by @lock
 * @waits: a restart whose program waits to start, or NULL; protected by @lock
 */
struct dev_ctx {
	struct mutex lock;
	struct operation *op;
	struct checkpoint *held;
	struct restart *waits;
};

static int dev_open(struct inode *inode, struct file *file)
{
	struct dev_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);

	if (!ctx)
		return -ENOMEM;
	ctx->op = operation_new();
	if (!ctx->op) {
		kfree(ctx);
		return -ENOMEM;
	}
	mutex_init(&ctx->lock);
	file->private_data = ctx;
	return nonseekable_open(inode, file);
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct dev_ctx *ctx = file->private_data;
	u64 frozen_ns;

	if (ctx->held)
		checkpoint_release(ctx->held, CKPT_RELEASE_RUN, &frozen_ns);
	if (ctx->waits)
		restart_abandon(ctx->waits);
	operation_put(ctx->op);
	kfree(ctx);
	return 0;
}

static long dev_ioc_info(struct dev_ctx *ctx, void __user *uarg, size_t size)
{
	struct ckpt_info *info;
	long ret = 0;

	BUILD_BUG_ON(sizeof(*info) != DEV_INFO_SIZE_V1);
	if (size < DEV_INFO_SIZE_V1)
		return -EINVAL;
	info = kzalloc(sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return -ENOMEM;
	info->abi_version = CKPT_ABI_VERSION;
	info->image_version = CKPT_IMAGE_VERSION;
	info->image_version_min = CKPT_IMAGE_VERSION_MIN;
	info->features = CKPT_FEATURE_CHECKPOINT | CKPT_FEATURE_RESTART | CKPT_FEATURE_RELOCATE |
			 CKPT_FEATURE_SECTIONS | CKPT_FEATURE_EXTERNAL;
	if (sym_addr(hrtimer_wakeup))
		info->features |= CKPT_FEATURE_EPOLL_REST;
	info->symbols = symbols_count();
	info->symbols_missing = symbols_missing(info->missing, sizeof(info->missing));
	strscpy(info->version, THIS_MODULE->version, sizeof(info->version));
	/* A longer struct of a newer program: what this module does not know reads as zero. */
	if (clear_user(uarg, size) || copy_to_user(uarg, info, sizeof(*info)))
		ret = -EFAULT;
	kfree(info);
	return ret;
}

static int dev_check_errors(u64 errors, u32 cap, u32 len)
{
	if (cap > ERROR_MAX || len || (cap && !errors))
		return -EINVAL;
	return 0;
}

/* Hand out the operation's errors; its own result wins over a bad array. */
static long dev_give_errors(struct dev_ctx *ctx, long ret, u64 errors, u32 cap, u32 *len)
{
	int n = error_give(&ctx->op->errors, errors, cap);

	*len = max(n, 0);
	if (!ret && n < 0)
		ret = n;
	return ret;
}

static long dev_ioc_checkpoint(struct dev_ctx *ctx, void __user *uarg, size_t size)
{
	struct ckpt_checkpoint arg;
	u64 frozen_ns;
	long ret;

	BUILD_BUG_ON(sizeof(arg) != DEV_CHECKPOINT_SIZE_V3);
	if (size < DEV_CHECKPOINT_SIZE_V1)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, sizeof(arg), uarg, size);
	if (ret)
		return ret;
	if (arg.flags & ~CKPT_CHECKPOINT_FLAGS)
		return -EINVAL;
	if (arg.nr_tasks || arg.frozen_ns || arg.wall_ns || arg.pages || arg.image_bytes ||
	    arg.park_ns || arg.snapshot_ns)
		return -EINVAL;
	ret = dev_check_errors(arg.errors, arg.errors_cap, arg.errors_len) ?:
	      sections_check(arg.sections, arg.nr_sections);
	if (ret)
		return ret;
	if (ctx->held || ctx->waits)
		return -EBUSY;

	ret = checkpoint_run(ctx->op, &arg, &ctx->held);
	ret = dev_give_errors(ctx, ret, arg.errors, arg.errors_cap, &arg.errors_len);
	if (copy_to_user(uarg, &arg, min(size, sizeof(arg))) && !ret)
		ret = -EFAULT;
	if (ret && ctx->held) {
		/* A caller that is told of a failure does not know that it holds a program. */
		checkpoint_release(ctx->held, CKPT_RELEASE_RUN, &frozen_ns);
		ctx->held = NULL;
	}
	return ret;
}

static long dev_ioc_release(struct dev_ctx *ctx, void __user *uarg, size_t size)
{
	struct ckpt_release arg;
	long ret;

	BUILD_BUG_ON(sizeof(arg) != DEV_RELEASE_SIZE_V1);
	if (size < DEV_RELEASE_SIZE_V1)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, sizeof(arg), uarg, size);
	if (ret)
		return ret;
	if (arg.how > CKPT_RELEASE_KILL || arg.pad || arg.frozen_ns)
		return -EINVAL;
	if (!ctx->held)
		return -ENOENT;
	ret = checkpoint_release(ctx->held, arg.how, &arg.frozen_ns);
	ctx->held = NULL;
	operation_phase(ctx->op, CKPT_PHASE_IDLE);
	if (copy_to_user(uarg, &arg, sizeof(arg)) && !ret)
		ret = -EFAULT;
	return ret;
}

static long dev_ioc_restart(struct dev_ctx *ctx, void __user *uarg, size_t size)
{
	struct ckpt_restart arg;
	long ret, told;
	bool check;

	BUILD_BUG_ON(sizeof(arg) != DEV_RESTART_SIZE_V4);
	if (size < DEV_RESTART_SIZE_V1)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, sizeof(arg), uarg, size);
	if (ret)
		return ret;
	if (arg.flags & ~CKPT_RESTART_FLAGS ||
	    (arg.flags & CKPT_RESTART_WAIT && arg.flags & CKPT_RESTART_CHECK))
		return -EINVAL;
	if (ctx->waits || ctx->held)
		return -EBUSY;
	if (arg.pid || arg.nr_tasks || arg.wall_ns || arg.pages || arg.image_bytes || arg.streams)
		return -EINVAL;
	if (arg.nr_externals > CKPT_EXTERNALS_MAX || !arg.externals != !arg.nr_externals)
		return -EINVAL;
	if (arg.relocate_len > CKPT_RELOCATE_MAX || !arg.relocate != !arg.relocate_len)
		return -EINVAL;
	ret = dev_check_errors(arg.errors, arg.errors_cap, arg.errors_len) ?:
	      sections_check(arg.sections, arg.nr_sections);
	if (ret)
		return ret;

	/* Do not begin if the result cannot be reported: @uarg must be writable. */
	if (copy_to_user(uarg, &arg, min(size, sizeof(arg))))
		return -EFAULT;

	check = arg.flags & CKPT_RESTART_CHECK;
	ret = restart_run(ctx->op, &arg, &ctx->waits);
	told = dev_give_errors(ctx, ret, arg.errors, arg.errors_cap, &arg.errors_len);
	if (copy_to_user(uarg, &arg, min(size, sizeof(arg))) && !told)
		told = -EFAULT;
	if (told && ctx->waits) {
		/* A caller that is told of a failure does not know that a program waits. */
		restart_abandon(ctx->waits);
		ctx->waits = NULL;
		return told;
	}
	/* A program that runs is no failure, whatever became of the memory meanwhile. */
	return ret || check ? told : 0;
}

static long dev_ioc_go(struct dev_ctx *ctx, void __user *uarg, size_t size)
{
	struct restart *rs = ctx->waits;
	struct ckpt_go arg;
	long ret, told;

	BUILD_BUG_ON(sizeof(arg) != DEV_GO_SIZE_V3);
	if (size < DEV_GO_SIZE_V3)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, sizeof(arg), uarg, size);
	if (ret)
		return ret;
	if (arg.flags)
		return -EINVAL;
	ret = dev_check_errors(arg.errors, arg.errors_cap, arg.errors_len);
	if (ret)
		return ret;
	if (!rs)
		return -ENOENT;
	if (!restart_mine(rs))
		return -EPERM;
	if (copy_to_user(uarg, &arg, min(size, sizeof(arg))))
		return -EFAULT;
	ctx->waits = NULL;
	ret = restart_go(rs);
	told = dev_give_errors(ctx, ret, arg.errors, arg.errors_cap, &arg.errors_len);
	if (copy_to_user(uarg, &arg, min(size, sizeof(arg))) && !told)
		told = -EFAULT;
	return ret ? told : 0;
}

static long dev_ioc_progress(struct dev_ctx *ctx, void __user *uarg, size_t size)
{
	struct ckpt_progress arg = {
		.phase = atomic_read(&ctx->op->progress.phase),
		.nr_tasks = atomic_read(&ctx->op->progress.nr_tasks),
		.pages = atomic64_read(&ctx->op->progress.pages),
		.pages_total = atomic64_read(&ctx->op->progress.pages_total),
		.bytes = atomic64_read(&ctx->op->progress.bytes),
	};

	BUILD_BUG_ON(sizeof(arg) != DEV_PROGRESS_SIZE_V1);
	if (size < DEV_PROGRESS_SIZE_V1)
		return -EINVAL;
	if (clear_user(uarg, size) || copy_to_user(uarg, &arg, sizeof(arg)))
		return -EFAULT;
	return 0;
}

/*
 * The operations by their number. @locked ones run one at a time on a context and start with an
 * empty progress.
 */
static const struct dev_op {
	long (*run)(struct dev_ctx *ctx, void __user *uarg, size_t size);
	unsigned int dir;
	bool locked;
} dev_ops[] = {
	[_IOC_NR(CKPT_IOC_INFO)] = { dev_ioc_info, _IOC_DIR(CKPT_IOC_INFO), false },
	[_IOC_NR(CKPT_IOC_CHECKPOINT)] = { dev_ioc_checkpoint, _IOC_DIR(CKPT_IOC_CHECKPOINT),
					   true },
	[_IOC_NR(CKPT_IOC_RELEASE)] = { dev_ioc_release, _IOC_DIR(CKPT_IOC_RELEASE), true },
	[_IOC_NR(CKPT_IOC_RESTART)] = { dev_ioc_restart, _IOC_DIR(CKPT_IOC_RESTART), true },
	[_IOC_NR(CKPT_IOC_GO)] = { dev_ioc_go, _IOC_DIR(CKPT_IOC_GO), true },
	[_IOC_NR(CKPT_IOC_PROGRESS)] = { dev_ioc_progress, _IOC_DIR(CKPT_IOC_PROGRESS), false },
};

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct dev_ctx *ctx = file->private_data;
	void __user *uarg = (void __user *)arg;
	const struct dev_op *op;
	sigset_t blocked;
	long ret;

	if (_IOC_TYPE(cmd) != CKPT_IOC_MAGIC || _IOC_NR(cmd) >= ARRAY_SIZE(dev_ops))
		return -ENOTTY;
	op = &dev_ops[_IOC_NR(cmd)];
	if (_IOC_DIR(cmd) != op->dir)
		return -ENOTTY;
	if (!op->locked)
		return op->run(ctx, uarg, _IOC_SIZE(cmd));

	if (!mutex_trylock(&ctx->lock))
		return -EBUSY;
	if (!ctx->held)
		operation_begin(ctx->op);
	/* It cannot begin anew, and what a handler does can wait. */
	interrupt_mute(&blocked);
	ret = op->run(ctx, uarg, _IOC_SIZE(cmd));
	sym(set_current_blocked)(&blocked);
	operation_phase(ctx->op, ctx->held || ctx->waits ? CKPT_PHASE_HELD : CKPT_PHASE_IDLE);
	mutex_unlock(&ctx->lock);
	return ret;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice dev_misc = {
	.minor = DEV_MINOR,
	.name = "ckpt",
	.fops = &dev_fops,
	.mode = 0660,
};

int dev_init(void)
{
	return misc_register(&dev_misc);
}

void dev_exit(void)
{
	misc_deregister(&dev_misc);
}

MODULE_ALIAS_MISCDEV(DEV_MINOR);
MODULE_ALIAS("devname:ckpt");
