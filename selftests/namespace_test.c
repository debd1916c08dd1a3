// SPDX-License-Identifier: GPL-2.0
/* Namespaces other than those of ckpt are refused, each by its name. */
#include <sched.h>

#include "subject_harness.h"

static void another(struct __test_metadata *_metadata, int flag, const char *what)
{
	if (unshare(flag))
		SKIP(return, "%s", strerror(errno));
	subject_refused(": another %s is not supported", what);
}

SUBJECT(mounts)
{
	another(_metadata, CLONE_NEWNS, "mount namespace");
}

SUBJECT(network)
{
	another(_metadata, CLONE_NEWNET, "network namespace");
}

SUBJECT(users)
{
	another(_metadata, CLONE_NEWUSER, "user namespace");
}

SUBJECT(name_of_the_machine)
{
	another(_metadata, CLONE_NEWUTS, "UTS namespace");
}

SUBJECT(system_v_objects)
{
	another(_metadata, CLONE_NEWIPC, "IPC namespace");
}

SUBJECT(cgroups)
{
	another(_metadata, CLONE_NEWCGROUP, "cgroup namespace");
}

/* These two are for children, and who has asked for them will have some. */
SUBJECT(pids)
{
	another(_metadata, CLONE_NEWPID, "pid namespace for children");
}

SUBJECT(clocks)
{
	another(_metadata, CLONE_NEWTIME, "time namespace");
}
