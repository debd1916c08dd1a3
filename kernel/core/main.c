// SPDX-License-Identifier: GPL-2.0
/*
 * ckpt: checkpoint and restart of processes. Here is only the order in which the parts start
 * and stop.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "dev.h"
#include "../mm/pressure.h"
#include "symbols.h"

static int __init main_init(void)
{
	int ret;

	ret = symbols_init();
	if (ret)
		return ret;
	ret = pressure_init();
	if (ret)
		return ret;
	ret = dev_init();
	if (ret)
		pressure_exit();
	return ret;
}

static void __exit main_exit(void)
{
	dev_exit();
	pressure_exit();
	/*
	 * A task that was just released may have dropped its reference to the module and not
	 * yet have left the callback. This waits until every task has been scheduled or is in
	 * user mode, and so out of here.
	 */
	synchronize_rcu_tasks();
}

module_init(main_init);
module_exit(main_exit);

MODULE_DESCRIPTION("Checkpoint and restart of processes");
MODULE_AUTHOR("The ckpt developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(CKPT_VERSION);
