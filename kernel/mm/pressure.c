// SPDX-License-Identifier: GPL-2.0
/*
 * Giving a snapshot up when memory is short.
 */
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

#include "../compat/compat.h"
#include "../core/operation.h"
#include "../core/symbols.h"
#include "pressure.h"

/*
 * The kernel looks for memory in rounds of falling priority, from 12 to 0, and ends with the round
 * in which it finds enough. At priority p a shrinker gets to scan COUNT >> p objects, and what it
 * was owed from before; it is called once that makes a batch. With these numbers this is at
 * priority 3 and below: page cache that can be dropped, or pages that can be swapped, are found
 * before that, even in a cgroup with no more than a megabyte of them.
 */
#define PRESSURE_COUNT	1024
#define PRESSURE_BATCH	(PRESSURE_COUNT / 4)
#define PRESSURE_SEEKS	4

/* In pages: how much is given back at the first call. Doubled each time. */
#define PRESSURE_FIRST	(SZ_16M / PAGE_SIZE)

/* In bytes of address space: how much is unmapped at a time. A power of two. */
#define PRESSURE_STEP	((unsigned long)SZ_64M)

/* In jiffies: how often to look for cgroups that are new, to which the program may be moved. */
#define PRESSURE_LOOK	max(HZ / 10, 1)

/**
 * struct pressure - a snapshot that is watched
 * @list: of all
 * @copy: the snapshot
 * @mm: of the program; a reference to the struct is held
 * @memcg: the cgroup that was last seen to pay for the program's memory; a reference is held.
 *	Protected by pressure_lock
 * @op: the operation to be stopped
 * @owner: the task that runs it
 * @users: how many are at work with this struct and its snapshot, beside its owner
 * @stopped: the operation was told
 * @empty: nothing is left in the snapshot
 * @amount: in pages: how much to give back next time
 * @next: address from which on there may be pages to give back
 * @look: looks for cgroups
 */
struct pressure {
	struct list_head list;
	struct mm_struct *copy;
	struct mm_struct *mm;
	struct mem_cgroup *memcg;
	struct operation *op;
	struct task_struct *owner;
	atomic_t users;
	atomic_t stopped;
	bool empty;
	unsigned long amount;
	unsigned long next;
	struct delayed_work look;
};

static LIST_HEAD(pressure_all);
static DEFINE_SPINLOCK(pressure_lock);
static struct shrinker *pressure_shrinker;

static void pressure_put(struct pressure *pr)
{
	/* Nothing of @pr may be looked at when the last one has gone. */
	if (atomic_dec_and_test(&pr->users))
		wake_up_var(&pr->users);
}

/*
 * Tell the owner, who may wait for somebody to read the image, and mark the snapshot for whoever is
 * reading it: a page that is not there would be taken for one that never was.
 */
static void pressure_stop(struct pressure *pr)
{
	/* The mark is there before the first page goes, whichever caller takes it. */
	compat_mm_flags_set(MMF_UNSTABLE, pr->copy);
	/* Pairs with the locks of page tables, under which a reader misses a page. */
	smp_mb__after_atomic();
	if (!atomic_xchg(&pr->stopped, 1))
		operation_stop(pr->op, pr->owner);
}

/* The next piece of the snapshot, from @pr->next on, in which there may be pages of its own. */
static struct vm_area_struct *pressure_piece(struct pressure *pr, unsigned long *start,
					     unsigned long *end)
{
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, pr->copy, READ_ONCE(pr->next));

	for_each_vma(vmi, vma) {
		if (!vma->anon_vma || vma->vm_flags & (VM_HUGETLB | VM_SPECIAL))
			continue;
		*start = max(vma->vm_start, READ_ONCE(pr->next));
		*end = min(vma->vm_end, round_down(*start, PRESSURE_STEP) + PRESSURE_STEP);
		if (*start < *end)
			return vma;
	}
	return NULL;
}

/*
 * Give back @pages pages, or all. Several may do that at the same time: a piece counts as done only
 * afterwards, so that nobody depends on somebody who does not get to run.
 *
 * This is called where memory is needed: it waits for no lock that somebody may hold who waits for
 * memory. Those who hold the snapshot's lock for long do so to read, as this does. Unmapping as
 * such takes spinlocks alone, and memory only if there is some.
 *
 * Return: how many, about.
 */
static unsigned long pressure_unmap(struct pressure *pr, unsigned long pages)
{
	struct mm_struct *copy = pr->copy;
	unsigned long before, now, start, end;
	struct vm_area_struct *vma;

	if (!mmap_read_trylock(copy))
		return 0;
	before = compat_mm_anon_pages(copy);
	now = before;
	while (before - min(now, before) < pages) {
		vma = pressure_piece(pr, &start, &end);
		if (!vma) {
			WRITE_ONCE(pr->empty, true);
			break;
		}
		compat_zap(vma, start, end - start);
		WRITE_ONCE(pr->next, end);
		now = compat_mm_anon_pages(copy);
		cond_resched();
	}
	mmap_read_unlock(copy);
	return before - min(now, before);
}

/* Does @memcg pay for what the program writes? A program that is dead writes no more. */
static bool pressure_pays(struct pressure *pr, struct mem_cgroup *memcg)
{
	bool pays = pr->memcg == memcg;
#ifdef CONFIG_MEMCG
	struct task_struct *owner;

	rcu_read_lock();
	owner = rcu_dereference(pr->mm->owner);
	if (owner)
		pays = mem_cgroup_from_task(owner) == memcg;
	rcu_read_unlock();
#endif
	/* A kernel that was told to know of no memory cgroups asks for none. */
	return pays || !memcg;
}

/* A snapshot with something left, of any program or one that @memcg pays for; pressure_put() it. */
static struct pressure *pressure_find(struct mem_cgroup *memcg, bool any)
{
	struct pressure *pr, *found = NULL;

	spin_lock(&pressure_lock);
	list_for_each_entry(pr, &pressure_all, list) {
		if (READ_ONCE(pr->empty) || !(any || pressure_pays(pr, memcg)))
			continue;
		atomic_inc(&pr->users);
		found = pr;
		break;
	}
	spin_unlock(&pressure_lock);
	return found;
}

static unsigned long pressure_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct pressure *pr;

	/* Then the kernel asks no more for this cgroup, until pressure_mark(). */
	if (list_empty_careful(&pressure_all))
		return SHRINK_EMPTY;
	pr = pressure_find(sc->memcg, false);
	if (!pr)
		return 0;
	pressure_put(pr);
	return PRESSURE_COUNT;
}

static unsigned long pressure_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct pressure *pr = pressure_find(sc->memcg, false);
	unsigned long amount, freed;

	if (!pr)
		return SHRINK_STOP;
	pressure_stop(pr);
	amount = READ_ONCE(pr->amount);
	WRITE_ONCE(pr->amount, min(amount * 2, ULONG_MAX / 4));
	freed = pressure_unmap(pr, amount);
	pressure_put(pr);
	return freed ?: SHRINK_STOP;
}

/* The machine is out of memory, and nothing else has helped. */
static int pressure_oom(struct notifier_block *nb, unsigned long unused, void *data)
{
	unsigned long *freed = data, n = 1;
	struct pressure *pr;

	while (n) {
		pr = pressure_find(NULL, true);
		if (!pr)
			break;
		pressure_stop(pr);
		n = pressure_unmap(pr, ULONG_MAX);
		*freed += n;
		pressure_put(pr);
	}
	return NOTIFY_OK;
}

static struct notifier_block pressure_notifier = { .notifier_call = pressure_oom };

/* The shrinker is to be asked when @memcg is short. It has one mark for each node of memory. */
static void pressure_mark(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	int nid;

	/* The root has no marks: all shrinkers are asked for it. */
	for_each_node_state(nid, N_MEMORY)
		sym(set_shrinker_bit)(memcg, nid, pressure_shrinker->id);
#endif
}

static void pressure_mark_all(void)
{
#ifdef CONFIG_MEMCG
	struct mem_cgroup *memcg = sym(mem_cgroup_iter)(NULL, NULL, NULL);

	for (; memcg; memcg = sym(mem_cgroup_iter)(NULL, memcg, NULL)) {
		pressure_mark(memcg);
		cond_resched();
	}
#endif
}

/*
 * The program may be moved to any other cgroup, which pays for its copies from then on. When it is
 * dead the last one counts.
 */
static void pressure_look(struct work_struct *work)
{
	struct pressure *pr = container_of(to_delayed_work(work), struct pressure, look);
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(pr->mm);

	if (memcg && atomic_read(&pr->mm->mm_users)) {
		spin_lock(&pressure_lock);
		swap(pr->memcg, memcg);
		spin_unlock(&pressure_lock);
		pressure_mark_all();
	}
	mem_cgroup_put(memcg);
	queue_delayed_work(COMPAT_UNBOUND_WQ, &pr->look, PRESSURE_LOOK);
}

int pressure_begin(struct mm_struct *copy, struct mm_struct *mm, struct operation *op)
{
	struct pressure *pr = kzalloc(sizeof(*pr), GFP_KERNEL_ACCOUNT);

	if (!pr)
		return -ENOMEM;
	pr->copy = copy;
	pr->mm = mm;
	mmgrab(mm);
	pr->memcg = get_mem_cgroup_from_mm(mm);
	pr->op = op;
	pr->owner = current;
	pr->amount = PRESSURE_FIRST;
	INIT_DELAYED_WORK(&pr->look, pressure_look);
	spin_lock(&pressure_lock);
	list_add(&pr->list, &pressure_all);
	spin_unlock(&pressure_lock);
	pressure_mark(pr->memcg);
	/* The program is frozen, and there may be thousands of other cgroups. */
	queue_delayed_work(COMPAT_UNBOUND_WQ, &pr->look, 0);
	return 0;
}

void pressure_end(struct mm_struct *copy)
{
	struct pressure *pr, *found = NULL;

	spin_lock(&pressure_lock);
	list_for_each_entry(pr, &pressure_all, list) {
		if (pr->copy != copy)
			continue;
		list_del(&pr->list);
		found = pr;
		break;
	}
	spin_unlock(&pressure_lock);
	if (!found)
		return;
	cancel_delayed_work_sync(&found->look);
	/* A task that is asked at this moment is done with it soon. */
	wait_var_event(&found->users, !atomic_read(&found->users));
	mem_cgroup_put(found->memcg);
	mmdrop(found->mm);
	kfree(found);
}

bool pressure_gave_way(struct mm_struct *copy)
{
	return compat_mm_flags_test(MMF_UNSTABLE, copy);
}

int pressure_init(void)
{
	int ret;

	pressure_shrinker = compat_shrinker_new(pressure_count, pressure_scan, PRESSURE_SEEKS,
						PRESSURE_BATCH);
	if (IS_ERR(pressure_shrinker))
		return PTR_ERR(pressure_shrinker);
	ret = register_oom_notifier(&pressure_notifier);
	if (ret)
		compat_shrinker_free(pressure_shrinker);
	return ret;
}

void pressure_exit(void)
{
	unregister_oom_notifier(&pressure_notifier);
	compat_shrinker_free(pressure_shrinker);
}
