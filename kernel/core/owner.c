// SPDX-License-Identifier: GPL-2.0
/*
 * The owner of a record: each record names it.
 */
#include "context.h"
#include "owner.h"

int owner_process(struct restart *rs, u32 pid)
{
	return pid == rs->pid ? 0 : stream_in_bad(&rs->in, "there is no process %u", pid);
}
