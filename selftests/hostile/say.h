/* SPDX-License-Identifier: GPL-2.0 */
/* Images that say what is not so, and restarters without rights. */
#ifndef CKPT_SELFTESTS_SAY_H
#define CKPT_SELFTESTS_SAY_H

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "attempt.h"

static inline int set_caps(uint64_t caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = caps, .permitted = caps, .inheritable = 0 },
		{ .effective = caps >> 32, .permitted = caps >> 32, .inheritable = 0 },
	};

	return syscall(SYS_capset, &head, data);
}

static inline void drop(uint64_t caps)
{
	prctl(PR_SET_KEEPCAPS, 1);
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534) || set_caps(caps) || prctl(PR_SET_KEEPCAPS, 0))
		abort();
}

/* The payload of a record, or the content of a field, to be changed; nothing is ever freed. */
static inline struct image_bytes payload(unsigned int i)
{
	return (struct image_bytes){ (uint8_t *)recs[i].payload, recs[i].len };
}

static inline struct image_bytes inner(const struct image_bytes *msg, uint32_t number)
{
	struct image_field f;

	if (!image_find(msg->data, msg->len, number, 0, &f))
		abort();
	return (struct image_bytes){ msg->data + f.value, f.end - f.value };
}

static inline void say(struct image_bytes *msg, uint32_t number, uint64_t value)
{
	struct image_field f;

	if (!image_find(msg->data, msg->len, number, 0, &f))
		abort();
	*msg = image_set(msg->data, msg->len, &f, value);
}

static inline void say_bytes(struct image_bytes *msg, uint32_t number, const void *data, size_t len)
{
	struct image_field f;

	if (!image_find(msg->data, msg->len, number, 0, &f))
		abort();
	*msg = image_set_bytes(msg->data, msg->len, &f, data, len);
}

static inline void say_text(struct image_bytes *msg, uint32_t number, const char *text)
{
	say_bytes(msg, number, text, strlen(text));
}

static inline void say_nothing(struct image_bytes *msg, uint32_t number)
{
	struct image_field f;

	if (image_find(msg->data, msg->len, number, 0, &f))
		*msg = image_splice(msg->data, msg->len, f.start, f.end, "", 0);
}

static inline size_t say_varint(uint8_t *to, uint64_t value)
{
	size_t n = 0;

	for (; value > 127; value >>= 7)
		to[n++] = value | 128;
	to[n++] = value;
	return n;
}

/* In the place of a field, or where it belongs: a message has its fields in order. */
static inline void say_field(struct image_bytes *msg, uint32_t number, const void *field,
			     size_t len)
{
	struct image_field f;
	size_t at = 0;

	say_nothing(msg, number);
	while (image_next_field(msg->data, msg->len, at, &f) && f.number < number)
		at = f.end;
	*msg = image_splice(msg->data, msg->len, at, at, field, len);
}

/* say() and say_bytes(), where the message may not have the field yet. */
static inline void say_new(struct image_bytes *msg, uint32_t number, uint64_t value)
{
	uint8_t field[20];
	size_t n = say_varint(field, number << 3);

	n += say_varint(field + n, value);
	say_field(msg, number, field, n);
}

static inline void say_new_bytes(struct image_bytes *msg, uint32_t number, const void *data,
				 size_t len)
{
	uint8_t *field = malloc(len + 20);
	size_t n = say_varint(field, number << 3 | 2);

	n += say_varint(field + n, len);
	memcpy(field + n, data, len);
	say_field(msg, number, field, n + len);
}

static inline void put(unsigned int i, const struct image_bytes *msg)
{
	recs[i].payload = msg->data;
	recs[i].len = msg->len;
}

/* The image with one more record, before all others of its type. */
static inline unsigned int with_record(struct image_rec *list, uint32_t type, const void *data,
				       size_t len)
{
	unsigned int first = image_place(recs, n_recs, type, true);

	memcpy(list, recs, first * sizeof(*list));
	list[first] = (struct image_rec){ type, 0, len, data };
	memcpy(list + first + 1, recs + first, (n_recs - first) * sizeof(*list));
	return n_recs + 1;
}

/* Credentials that anybody may have. */
static inline void say_nobody(void)
{
	static const uint32_t ids[] = {
		F(Cred, uid), F(Cred, gid), F(Cred, euid), F(Cred, egid), F(Cred, suid),
		F(Cred, sgid), F(Cred, fsuid), F(Cred, fsgid),
	};
	static const uint32_t caps[] = {
		F(Cred, cap_inheritable), F(Cred, cap_permitted), F(Cred, cap_effective),
		F(Cred, cap_ambient),
	};
	unsigned int i = nth_rec(CKPT_REC_CRED, 0), n;
	struct image_bytes msg = payload(i);

	for (n = 0; n < ARRAY_SIZE(ids); n++)
		say(&msg, ids[n], 65534);
	say_nothing(&msg, F(Cred, groups));
	for (n = 0; n < ARRAY_SIZE(caps); n++)
		say(&msg, caps[n], 0);
	put(i, &msg);
}

#endif
