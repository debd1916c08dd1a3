// SPDX-License-Identifier: GPL-2.0
/*
 * Security modules: labels, which a restarted program must have already, and Landlock.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/lsm_hooks.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../compat/compat.h"
#include "lsm.h"
#include "../core/symbols.h"

char *lsm_label(struct task_struct *task)
{
	char *value = NULL, *label;
	int len;

	/* Without it nobody has labels, or lsm_unsupported() has said so. */
	if (!sym_have(security_getprocattr))
		return NULL;
	/* As /proc/PID/attr/current has it. -EINVAL: no module has labels. */
	len = compat_getprocattr(task, NULL, "current", &value);
	if (len < 0 && len != -EINVAL)
		return ERR_PTR(len);
	if (len <= 0 || !value)
		return NULL;
	while (len && (!value[len - 1] || value[len - 1] == '\n'))
		len--;
	label = kmemdup_nul(value, len, GFP_KERNEL_ACCOUNT);
	kfree(value);
	if (!label)
		return ERR_PTR(-ENOMEM);
	if (!len || !strcmp(label, "unconfined")) {
		kfree(label);
		return NULL;
	}
	return label;
}

static const struct lsm_attr {
	const char *module;
	const char *name;
	const char *what;
} lsm_attr[] = {
	{ "apparmor", "exec", "a profile for the next exec (AppArmor)" },
	{ "apparmor", "prev", "a hat (AppArmor)" },
	{ "selinux", "exec", "a context for the next exec (SELinux)" },
	{ "selinux", "fscreate", "a context for new files (SELinux)" },
	{ "selinux", "keycreate", "a context for new keys (SELinux)" },
	{ "selinux", "sockcreate", "a context for new sockets (SELinux)" },
};

/* The kernel's answers if there is no such module, or nothing is set. */
static bool lsm_unset(int len)
{
	return !len || len == -EINVAL || len == -ENOENT || len == -EOPNOTSUPP;
}

const char *lsm_unsupported_self(void)
{
	unsigned int i;
	char *value;
	int len;

	if (!sym_have(security_getprocattr))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(lsm_attr); i++) {
		value = NULL;
		len = compat_getprocattr(current, lsm_attr[i].module, lsm_attr[i].name, &value);
		kfree(value);
		if (!lsm_unset(len))
			return lsm_attr[i].what;
	}
	return NULL;
}

/*
 * Nothing tells of a Landlock domain but the first word of what Landlock keeps in credentials;
 * security/landlock/cred.h has its struct.
 */
const char *lsm_unsupported(const struct cred *cred)
{
#ifdef CONFIG_SECURITY_LANDLOCK
	const struct lsm_blob_sizes *sizes = (void *)sym_addr(landlock_blob_sizes);
	const bool *initialized = (void *)sym_addr(landlock_initialized);
	void *domain;
#endif

	/* A kernel that does not tell may have confined it: nobody knows by what. */
	if (IS_ENABLED(CONFIG_SECURITY) && !sym_have(security_getprocattr))
		return "a kernel that hides security labels (security_getprocattr)";
#ifdef CONFIG_SECURITY_LANDLOCK
	if (!sizes)
		return "a kernel that hides Landlock sandboxes (landlock_blob_sizes)";
	if (!initialized)
		return "a kernel that hides Landlock sandboxes (landlock_initialized)";
	if (!*initialized || !cred->security)
		return NULL;
	if (copy_from_kernel_nofault(&domain, cred->security + sizes->lbs_cred, sizeof(domain)) ||
	    domain)
		return "a Landlock sandbox";
#endif
	return NULL;
}
