// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling: policy, nice, real-time and deadline parameters, affinity, I/O priority, slack.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/iocontext.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <uapi/linux/sched/types.h>

#include "../compat/compat.h"
#include "sched.h"
#include "../core/symbols.h"

/* Flags that sched_setattr(2) takes for SCHED_DEADLINE. */
#define SCHED_DL_KEPT	(SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN)

size_t sched_mask_size(void)
{
	return DIV_ROUND_UP(nr_cpu_ids, 8);
}

void sched_save(struct task_struct *task, struct pb_sched *out, u8 *mask)
{
	const struct cpumask *allowed;
	unsigned long flags;
	unsigned int cpu;
	u64 slice;

	out->policy = task->policy;
	out->nice = task_nice(task);
	out->rt_priority = task->rt_priority;
	if (task->policy == SCHED_DEADLINE) {
		out->has_dl_runtime = true;
		out->dl_runtime = task->dl.dl_runtime;
		out->has_dl_deadline = true;
		out->dl_deadline = task->dl.dl_deadline;
		out->has_dl_period = true;
		out->dl_period = task->dl.dl_period;
		out->sched_flags |= task->dl.flags & SCHED_DL_KEPT;
	}
	slice = compat_sched_slice(task);
	out->has_slice_ns = !!slice;
	out->slice_ns = slice;
	if (task->sched_reset_on_fork)
		out->sched_flags |= SCHED_FLAG_RESET_ON_FORK;
	out->has_sched_flags = !!out->sched_flags;
	/*
	 * The mask that it asked for, where the kernel keeps that (8f9ea86fdf99, 6.2): in a cpuset
	 * it may have got less for now, and gets the rest when that grows. A mask of all there is
	 * says nothing, and would bind on a larger machine.
	 */
	raw_spin_lock_irqsave(&task->pi_lock, flags);
	allowed = task->user_cpus_ptr ?: &task->cpus_mask;
	if (!cpumask_subset(cpu_online_mask, allowed)) {
		memset(mask, 0, sched_mask_size());
		for_each_cpu(cpu, allowed)
			mask[cpu / 8] |= 1 << (cpu % 8);
		out->has_affinity = true;
		out->affinity.data = mask;
		out->affinity.len = sched_mask_size();
		out->has_affinity_requested = allowed != &task->cpus_mask;
		out->affinity_requested = out->has_affinity_requested;
	}
	raw_spin_unlock_irqrestore(&task->pi_lock, flags);
	task_lock(task);
	if (task->io_context && task->io_context->ioprio) {
		out->has_ioprio = true;
		out->ioprio = task->io_context->ioprio;
	}
	task_unlock(task);
	out->timer_slack_ns = task->timer_slack_ns;
	out->default_timer_slack_ns = task->default_timer_slack_ns;
}

const char *sched_unsupported(struct task_struct *task)
{
#ifdef CONFIG_UCLAMP_TASK
	if (task->uclamp_req[UCLAMP_MIN].user_defined || task->uclamp_req[UCLAMP_MAX].user_defined)
		return "a utilization clamp (uclamp)";
#endif
#ifdef CONFIG_SCHED_CORE
	if (task->core_cookie)
		return "a core-scheduling cookie";
#endif
	return NULL;
}

/* ---- restart ---- */

bool sched_valid(const struct pb_sched *in)
{
	unsigned int class = IOPRIO_PRIO_CLASS(in->ioprio);

	/* To the kernel a negative policy is the one that there is, whatever the parameters. */
	if (in->policy > INT_MAX || in->nice < MIN_NICE || in->nice > MAX_NICE ||
	    in->sched_flags & ~(u64)(SCHED_FLAG_RESET_ON_FORK | SCHED_DL_KEPT) ||
	    (in->affinity_requested && !in->has_affinity))
		return false;
	if (!in->has_ioprio)
		return true;
	return in->ioprio <= U16_MAX && class <= IOPRIO_CLASS_IDLE &&
	       (class != IOPRIO_CLASS_NONE || !IOPRIO_PRIO_LEVEL(in->ioprio));
}

int sched_keep(struct sched_later *later, const struct pb_sched *in)
{
	later->pb = *in;
	later->mask = NULL;
	if (!in->has_affinity)
		return 0;
	later->mask = kmemdup(in->affinity.data, in->affinity.len, GFP_KERNEL_ACCOUNT);
	if (!later->mask)
		return -ENOMEM;
	later->pb.affinity.data = later->mask;
	return 0;
}

/*
 * Processors that the restarter may not use are out of reach for the program too. A mask that the
 * program asked for (@requested) is cut to what the restarter asked for itself, if it did; its
 * cpuset does not cut it, for the kernel does that, for as long as the cpuset says so.
 */
static void sched_limit(struct cpumask *mask, bool requested)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&current->pi_lock, flags);
	if (!requested)
		cpumask_and(mask, mask, &current->cpus_mask);
	else if (current->user_cpus_ptr)
		cpumask_and(mask, mask, current->user_cpus_ptr);
	raw_spin_unlock_irqrestore(&current->pi_lock, flags);
}

static int sched_affinity(const struct codec_bytes *bits, bool requested)
{
	cpumask_var_t mask;
	unsigned int cpu;
	int ret = -ENODEV;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		if (cpu / 8 < bits->len && bits->data[cpu / 8] & (1 << (cpu % 8)))
			cpumask_set_cpu(cpu, mask);
	sched_limit(mask, requested);
	if (cpumask_intersects(mask, &current->cpus_mask) &&
	    cpumask_intersects(mask, cpu_online_mask))
		ret = requested ? sym(sched_setaffinity)(0, mask) :
				  set_cpus_allowed_ptr(current, mask);
	free_cpumask_var(mask);
	return ret;
}

int sched_restore(const struct sched_later *later)
{
	const struct pb_sched *in = &later->pb;
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_NORMAL,
		.sched_nice = in->nice,
		.sched_runtime = in->slice_ns,
		.sched_flags = in->sched_flags,
	};
	int ret;

	if (in->has_affinity) {
		ret = sched_affinity(&in->affinity, in->affinity_requested);
		if (ret)
			return ret;
	}
	/* With all the checks of the system call, and the limits of the restarter. */
	if (in->nice != task_nice(current) || in->slice_ns != compat_sched_slice(current)) {
		/* With another policy these have no effect, but are there. */
		ret = sym(sched_setattr)(current, &attr);
		if (ret)
			return ret;
	}
	attr.sched_policy = in->policy;
	attr.sched_priority = in->rt_priority;
	if (in->policy == SCHED_DEADLINE) {
		attr.sched_runtime = in->dl_runtime;
		attr.sched_deadline = in->dl_deadline;
		attr.sched_period = in->dl_period;
	}
	ret = sym(sched_setattr)(current, &attr);
	if (ret)
		return ret;
	/* Without one it had none; the restarter's may have come along with the clone. */
	if (in->has_ioprio || current->io_context) {
		if (IOPRIO_PRIO_CLASS(in->ioprio) == IOPRIO_CLASS_RT && !capable(CAP_SYS_NICE))
			return -EPERM;
		ret = set_task_ioprio(current, in->ioprio);
		if (ret)
			return ret;
	}
	current->timer_slack_ns = in->timer_slack_ns;
	current->default_timer_slack_ns = in->default_timer_slack_ns;
	return 0;
}
