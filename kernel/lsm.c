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

#include "compat.h"
#include "lsm.h"
#include "symbols.h"

char *lsm_label(struct task_struct *task)
{
	char *value = NULL, *label;
	int len;

	if (!sym_have(security_getprocattr))
		return NULL;
	/* As /proc/PID/attr/current has it. -EINVAL: no module has labels. */
	len = compat_getprocattr(task, &value);
	if (len == -ENOMEM)
		return ERR_PTR(-ENOMEM);
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

	if (!sizes || !initialized || !*initialized || !cred->security)
		return NULL;
	if (copy_from_kernel_nofault(&domain, cred->security + sizes->lbs_cred, sizeof(domain)) ||
	    domain)
		return "a Landlock sandbox";
#endif
	return NULL;
}
