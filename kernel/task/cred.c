// SPDX-License-Identifier: GPL-2.0
/*
 * Credentials: ids, groups, capabilities, securebits.
 *
 * Ids are those of the caller's user namespace, which is the target's (others are refused).
 * Keyrings are not kept. A program with the ids of the restarter gets the restarter's session
 * keyring, as any program would that the restarter starts; one with other ids has none, see
 * cred_drop_keys(). The label of a security module must be the restarter's already.
 */
#include <linux/capability.h>
#include <linux/key.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "cred.h"
#include "lsm.h"
#include "../image/stream.h"
#include "../core/symbols.h"

static u64 cred_caps(const kernel_cap_t *cap)
{
	u64 val = 0;
	int i;

	for (i = 0; i <= CAP_LAST_CAP; i++)
		if (cap_raised(*cap, i))
			val |= BIT_ULL(i);
	return val;
}

static bool cred_caps_set(kernel_cap_t *cap, u64 val)
{
	int i;

	if (val >> (CAP_LAST_CAP + 1))
		return false;
	*cap = CAP_EMPTY_SET;
	for (i = 0; i <= CAP_LAST_CAP; i++)
		if (val & BIT_ULL(i))
			cap_raise(*cap, i);
	return true;
}

/*
 * The label of a file's credentials is not written: the kernel does not tell it, and a restart
 * would compare it with the restarter's in vain.
 */
int cred_write(struct stream_out *out, struct task_struct *task, const struct cred *cred, u32 id)
{
	struct user_namespace *ns = current_user_ns();
	const struct group_info *gi = cred->group_info;
	struct pb_cred pb = {
		.id = id,
		.uid = from_kuid(ns, cred->uid),
		.gid = from_kgid(ns, cred->gid),
		.euid = from_kuid(ns, cred->euid),
		.egid = from_kgid(ns, cred->egid),
		.suid = from_kuid(ns, cred->suid),
		.sgid = from_kgid(ns, cred->sgid),
		.fsuid = from_kuid(ns, cred->fsuid),
		.fsgid = from_kgid(ns, cred->fsgid),
		.cap_inheritable = cred_caps(&cred->cap_inheritable),
		.cap_permitted = cred_caps(&cred->cap_permitted),
		.cap_effective = cred_caps(&cred->cap_effective),
		.cap_bounding = cred_caps(&cred->cap_bset),
		.cap_ambient = cred_caps(&cred->cap_ambient),
		.securebits = cred->securebits,
	};
	struct error_at at = { .reason = CKPT_REASON_DENIED, .task = task };
	char *label = task ? lsm_label(task) : NULL;
	int i, ret;

	pb.has_opener = !task;
	pb.opener = pb.has_opener;
	if (IS_ERR(label))
		return PTR_ERR(label) == -ENOMEM ? -ENOMEM :
		       error_add(&out->ctx->errors, PTR_ERR(label), &at,
				 "its security label (/proc/PID/attr/current) cannot be read");
	pb.has_label = label;
	pb.label.data = (u8 *)label;
	pb.label.len = label ? strlen(label) : 0;
	pb.groups = kvmalloc_array(gi->ngroups ?: 1, sizeof(u32), GFP_KERNEL_ACCOUNT);
	if (!pb.groups) {
		kfree(label);
		return -ENOMEM;
	}
	pb.n_groups = gi->ngroups;
	for (i = 0; i < gi->ngroups; i++)
		pb.groups[i] = from_kgid(ns, gi->gid[i]);
	ret = stream_out_msg(out, CKPT_REC_CRED, &pb_cred_msg, &pb);
	kvfree(pb.groups);
	kfree(label);
	return ret;
}

static int cred_denied(struct stream_in *in, const char *what, const char *advice)
{
	struct error_at at = { .reason = CKPT_REASON_DENIED, .advice = advice };

	return error_add(&in->ctx->errors, -EPERM, &at, "%s of the program cannot be given back",
			 what);
}

/* A security module that confined the program must confine the restarter the same way. */
static int cred_label(struct stream_in *in, const struct pb_cred *pb)
{
	struct error_at at = {
		.reason = CKPT_REASON_DENIED,
		.advice = "restart it confined by the same profile (aa-exec, runcon)",
	};
	char *own;
	bool same;

	if (!pb->has_label)
		return 0;
	own = lsm_label(current);
	if (own == ERR_PTR(-ENOMEM))
		return -ENOMEM;
	if (IS_ERR(own))
		own = NULL;
	same = own && strlen(own) == pb->label.len && !memcmp(own, pb->label.data, pb->label.len);
	kfree(own);
	return same ? 0 : error_add(&in->ctx->errors, -EPERM, &at,
				    "its security label was %.*s, and yours is another",
				    (int)min_t(u32, pb->label.len, 80),
				    (const char *)pb->label.data);
}

static int cred_groups(struct stream_in *in, struct cred *new, const struct pb_cred *pb)
{
	const struct group_info *old = new->group_info;
	struct group_info *gi;
	bool same = pb->n_groups == old->ngroups;
	kgid_t gid;
	u32 i;

	if (pb->n_groups > NGROUPS_MAX)
		return stream_in_bad(in, "number of groups");
	gi = groups_alloc(pb->n_groups);
	if (!gi)
		return -ENOMEM;
	for (i = 0; i < pb->n_groups; i++) {
		gid = make_kgid(new->user_ns, pb->groups[i]);
		if (!gid_valid(gid)) {
			put_group_info(gi);
			return pb->opener ? -EOVERFLOW : stream_in_bad(in, "group");
		}
		gi->gid[i] = gid;
		same = same && gid_eq(gid, old->gid[i]);
	}
	/* A user namespace may deny it whatever one is capable of: what groups forbid stays so. */
	if (!same && !pb->opener && !sym(may_setgroups)()) {
		put_group_info(gi);
		return cred_denied(in, "supplementary groups", "restart it as its user or as root");
	}
	groups_sort(gi);
	set_groups(new, gi);
	put_group_info(gi);
	return 0;
}

static int cred_ids(struct stream_in *in, struct cred *new, const struct pb_cred *pb)
{
	struct user_namespace *ns = new->user_ns;
	kuid_t uid = make_kuid(ns, pb->uid), euid = make_kuid(ns, pb->euid);
	kuid_t suid = make_kuid(ns, pb->suid), fsuid = make_kuid(ns, pb->fsuid);
	kgid_t gid = make_kgid(ns, pb->gid), egid = make_kgid(ns, pb->egid);
	kgid_t sgid = make_kgid(ns, pb->sgid), fsgid = make_kgid(ns, pb->fsgid);
	struct user_struct *user;

	if (!uid_valid(uid) || !uid_valid(euid) || !uid_valid(suid) || !uid_valid(fsuid) ||
	    !gid_valid(gid) || !gid_valid(egid) || !gid_valid(sgid) || !gid_valid(fsgid))
		return pb->opener ? -EOVERFLOW : stream_in_bad(in, "user or group id");
	if (!pb->opener && !(uid_eq(uid, new->uid) && uid_eq(euid, new->euid) &&
			     uid_eq(suid, new->suid) && uid_eq(fsuid, new->fsuid)) &&
	    !ns_capable(ns, CAP_SETUID))
		return cred_denied(in, "user ids", "restart it as its user or as root");
	if (!pb->opener && !(gid_eq(gid, new->gid) && gid_eq(egid, new->egid) &&
			     gid_eq(sgid, new->sgid) && gid_eq(fsgid, new->fsgid)) &&
	    !ns_capable(ns, CAP_SETGID))
		return cred_denied(in, "group ids", "restart it as its user or as root");

	if (!uid_eq(uid, new->uid)) {
		user = sym(alloc_uid)(uid);
		if (!user)
			return -ENOMEM;
		free_uid(new->user);
		new->user = user;
	}
	new->uid = uid;
	new->euid = euid;
	new->suid = suid;
	new->fsuid = fsuid;
	new->gid = gid;
	new->egid = egid;
	new->sgid = sgid;
	new->fsgid = fsgid;
	return 0;
}

/* As prctl(PR_SET_SECUREBITS): bits that are locked cannot be changed by their owner either. */
static bool cred_securebits_ok(const struct cred *old, u32 bits)
{
	u32 locks = old->securebits & SECURE_ALL_LOCKS;

	return !(locks >> 1 & (old->securebits ^ bits)) && !(locks & ~bits);
}

/* Nobody gets what the caller does not have. */
static int cred_capabilities_denied(struct stream_in *in, const struct cred *old,
				    const struct pb_cred *pb, const struct cred *new)
{
	const kernel_cap_t inheritable = new->cap_inheritable;
	bool setpcap = ns_capable(old->user_ns, CAP_SETPCAP);

	if (!cap_issubset(new->cap_permitted, old->cap_permitted) ||
	    !cap_issubset(new->cap_bset, old->cap_bset) ||
	    !cap_issubset(inheritable, cap_combine(old->cap_inheritable, old->cap_bset)) ||
	    (old->securebits & issecure_mask(SECURE_NO_CAP_AMBIENT_RAISE) &&
	     !cap_issubset(new->cap_ambient, old->cap_ambient)))
		return cred_denied(in, "capabilities", "restart it with these capabilities");
	if (!cred_securebits_ok(old, pb->securebits))
		return cred_denied(in, "securebits", "restart it where these are not locked");
	if (!setpcap &&
	    (!cap_issubset(inheritable, cap_combine(old->cap_inheritable, old->cap_permitted)) ||
	     !cap_issubset(old->cap_bset, new->cap_bset) || pb->securebits != old->securebits))
		return cred_denied(in, "inheritable capabilities, bounding set or securebits",
				   "restart it with CAP_SETPCAP");
	return 0;
}

static int cred_capabilities(struct stream_in *in, struct cred *new, const struct pb_cred *pb)
{
	kernel_cap_t inheritable, permitted, effective, bset, ambient;

	if (!cred_caps_set(&inheritable, pb->cap_inheritable) ||
	    !cred_caps_set(&permitted, pb->cap_permitted) ||
	    !cred_caps_set(&effective, pb->cap_effective) ||
	    !cred_caps_set(&bset, pb->cap_bounding) ||
	    !cred_caps_set(&ambient, pb->cap_ambient) ||
	    !cap_issubset(effective, permitted) ||
	    !cap_issubset(ambient, cap_intersect(permitted, inheritable)) ||
	    pb->securebits & ~(SECURE_ALL_BITS | SECURE_ALL_LOCKS))
		return pb->opener ? -EOVERFLOW : stream_in_bad(in, "capabilities");
	new->cap_inheritable = inheritable;
	new->cap_permitted = permitted;
	new->cap_effective = effective;
	new->cap_bset = bset;
	new->cap_ambient = ambient;
	new->securebits = pb->securebits;
	return pb->opener ? 0 : cred_capabilities_denied(in, current_cred(), pb, new);
}

bool cred_same_ids(const struct cred *a, const struct cred *b)
{
	const struct group_info *ga = a->group_info, *gb = b->group_info;
	int i;

	if (!uid_eq(a->uid, b->uid) || !uid_eq(a->euid, b->euid) || !uid_eq(a->suid, b->suid) ||
	    !uid_eq(a->fsuid, b->fsuid) || !gid_eq(a->gid, b->gid) || !gid_eq(a->egid, b->egid) ||
	    !gid_eq(a->sgid, b->sgid) || !gid_eq(a->fsgid, b->fsgid) ||
	    ga->ngroups != gb->ngroups)
		return false;
	/* Both are sorted. */
	for (i = 0; i < ga->ngroups; i++)
		if (!gid_eq(ga->gid[i], gb->gid[i]))
			return false;
	return true;
}

/*
 * Keys are rights: a program with other ids gets none of the restarter's. Without a session keyring
 * the kernel takes the default one of the program's own user, which that user has anyway. The
 * clone has dropped the keyrings of the restarter's thread and process.
 */
static void cred_drop_keys(struct cred *new)
{
#ifdef CONFIG_KEYS
	key_put(new->session_keyring);
	new->session_keyring = NULL;
	key_put(new->request_key_auth);
	new->request_key_auth = NULL;
	new->jit_keyring = KEY_REQKEY_DEFL_DEFAULT;
#endif
}

/* Could whoever has @has also have this id? */
static bool cred_uid_within(kuid_t uid, const struct cred *has)
{
	return uid_eq(uid, has->uid) || uid_eq(uid, has->euid) || uid_eq(uid, has->suid) ||
	       uid_eq(uid, has->fsuid) || cap_raised(has->cap_permitted, CAP_SETUID);
}

static bool cred_gid_within(kgid_t gid, const struct cred *has)
{
	return gid_eq(gid, has->gid) || gid_eq(gid, has->egid) || gid_eq(gid, has->sgid) ||
	       gid_eq(gid, has->fsgid) || cap_raised(has->cap_permitted, CAP_SETGID);
}

/* Groups may forbid, too: others are only for who may choose. Sorted. */
static bool cred_groups_within(const struct group_info *groups, const struct cred *has)
{
	const struct group_info *own = has->group_info;
	bool may = sym(may_setgroups)();
	int i;

	if (may && cap_raised(has->cap_permitted, CAP_SETGID))
		return true;
	if (groups->ngroups != own->ngroups)
		return false;
	for (i = 0; i < own->ngroups; i++)
		if (!gid_eq(groups->gid[i], own->gid[i]))
			return false;
	return true;
}

bool cred_within(const struct cred *cred, const struct cred *has)
{
	return cred->user_ns == has->user_ns &&
	       cap_issubset(cred->cap_permitted, has->cap_permitted) &&
	       cap_issubset(cred->cap_effective, has->cap_permitted) &&
	       cred_uid_within(cred->uid, has) && cred_uid_within(cred->euid, has) &&
	       cred_uid_within(cred->suid, has) && cred_uid_within(cred->fsuid, has) &&
	       cred_gid_within(cred->gid, has) && cred_gid_within(cred->egid, has) &&
	       cred_gid_within(cred->sgid, has) && cred_gid_within(cred->fsgid, has) &&
	       cred_groups_within(cred->group_info, has);
}

bool cred_equal(const struct cred *a, const struct cred *b)
{
	const struct group_info *ga = a->group_info, *gb = b->group_info;

	return a == b ||
	       (a->user_ns == b->user_ns && uid_eq(a->uid, b->uid) && uid_eq(a->euid, b->euid) &&
		uid_eq(a->suid, b->suid) && uid_eq(a->fsuid, b->fsuid) && gid_eq(a->gid, b->gid) &&
		gid_eq(a->egid, b->egid) && gid_eq(a->sgid, b->sgid) &&
		gid_eq(a->fsgid, b->fsgid) && a->securebits == b->securebits &&
		cred_caps(&a->cap_inheritable) == cred_caps(&b->cap_inheritable) &&
		cred_caps(&a->cap_permitted) == cred_caps(&b->cap_permitted) &&
		cred_caps(&a->cap_effective) == cred_caps(&b->cap_effective) &&
		cred_caps(&a->cap_bset) == cred_caps(&b->cap_bset) &&
		cred_caps(&a->cap_ambient) == cred_caps(&b->cap_ambient) &&
		ga->ngroups == gb->ngroups &&
		(ga == gb || !memcmp(ga->gid, gb->gid, ga->ngroups * sizeof(ga->gid[0]))));
}

bool cred_known(const struct cred *cred)
{
	struct user_namespace *ns = current_user_ns();
	int i;

	if (cred->user_ns != ns || !kuid_has_mapping(ns, cred->uid) ||
	    !kuid_has_mapping(ns, cred->euid) || !kuid_has_mapping(ns, cred->suid) ||
	    !kuid_has_mapping(ns, cred->fsuid) || !kgid_has_mapping(ns, cred->gid) ||
	    !kgid_has_mapping(ns, cred->egid) || !kgid_has_mapping(ns, cred->sgid) ||
	    !kgid_has_mapping(ns, cred->fsgid))
		return false;
	for (i = 0; i < cred->group_info->ngroups; i++)
		if (!kgid_has_mapping(ns, cred->group_info->gid[i]))
			return false;
	return true;
}

struct cred *cred_read(struct stream_in *in, u32 *id, bool *opener)
{
	struct cred *new;
	struct pb_cred pb;
	int ret;

	ret = stream_in_msg(in, &pb_cred_msg, &pb);
	if (ret)
		return ERR_PTR(ret);
	*id = pb.id;
	*opener = pb.opener;
	new = prepare_creds();
	if (!new)
		return ERR_PTR(-ENOMEM);
	ret = cred_label(in, &pb);
	if (!ret)
		ret = cred_groups(in, new, &pb);
	if (!ret)
		ret = cred_ids(in, new, &pb);
	if (!ret)
		ret = cred_capabilities(in, new, &pb);
	if (!ret)
		ret = sym(set_cred_ucounts)(new);
	if (ret) {
		abort_creds(new);
		return ERR_PTR(ret);
	}
	if (!cred_same_ids(new, current_cred()))
		cred_drop_keys(new);
	return new;
}
