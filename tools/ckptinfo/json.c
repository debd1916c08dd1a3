// SPDX-License-Identifier: GPL-2.0
#include "show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <jansson.h>

#include "names.h"
#include "section.h"
#include "util.h"

/** JSON_VERSION - "version" of the output; raised when a key changes its meaning or goes. */
#define JSON_VERSION 2

/*
 * Most of the output follows the schema: a message becomes an object with the names of its
 * fields. An image can describe a million things, so the members of the long arrays are written
 * one by one, each on a line, and never all held.
 */

/* Addresses and masks: hexadecimal strings, also because they can exceed a JSON integer. */
static const char *const hex_fields[] = {
	"start", "end", "start_code", "end_code", "start_data", "end_data", "start_brk", "brk",
	"start_stack", "arg_start", "arg_end", "env_start", "env_end", "mmap_base", "vdso",
	"vdso_base", "def_flags", "handler", "restorer", "mask", "blocked", "altstack_sp",
	"robust_list", "clear_child_tid", "ptr", "remain_ptr", "uaddr", "xfeatures",
	"cap_inheritable", "cap_permitted", "cap_effective", "cap_bounding", "cap_ambient",
	"fsid",
};

/* Bytes that are text. */
static const char *const text_fields[] = { "path", "name", "source" };

static bool listed(const char *name, const char *const *list, size_t n)
{
	while (n--)
		if (!strcmp(name, list[n]))
			return true;
	return false;
}

static json_t *json_hex(uint64_t v)
{
	return json_sprintf("0x%" PRIx64, v);
}

static json_t *json_number(const char *name, uint64_t v)
{
	if (listed(name, hex_fields, ARRAY_SIZE(hex_fields)))
		return json_hex(v);
	/* Only "unlimited" in limits, unless the image is odd. */
	if (v > INT64_MAX)
		return v == (uint64_t)RLIM_INFINITY ? json_string("unlimited") : json_hex(v);
	return json_integer(v);
}

/* Escaped as for a terminal: a JSON string cannot hold bytes that are no UTF-8. */
static json_t *json_text(const void *bytes, size_t len)
{
	char *text = escape(bytes, len);
	json_t *json = json_string(text);

	free(text);
	return json;
}

static json_t *json_bytes(const char *name, const ProtobufCBinaryData *data)
{
	static const char digit[] = "0123456789abcdef";
	json_t *json;
	char *text;
	size_t i;

	if (listed(name, text_fields, ARRAY_SIZE(text_fields)))
		return json_text(data->data, data->len);
	/* These are long, and of no use as text: show their length. */
	if (!strcmp(name, "xstate") || !strcmp(name, "vdso"))
		return json_pack("{sI}", "bytes", (json_int_t)data->len);
	text = xmalloc(2 * data->len + 1);
	for (i = 0; i < data->len; i++) {
		text[2 * i] = digit[data->data[i] >> 4];
		text[2 * i + 1] = digit[data->data[i] & 15];
	}
	json = json_stringn(text, 2 * data->len);
	free(text);
	return json;
}

static json_t *json_message(const ProtobufCMessage *msg);

static json_t *json_value(const ProtobufCFieldDescriptor *field, const void *array, size_t i)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_UINT32:
		return json_number(field->name, ((const uint32_t *)array)[i]);
	case PROTOBUF_C_TYPE_SINT32:
		return json_integer(((const int32_t *)array)[i]);
	case PROTOBUF_C_TYPE_UINT64:
		return json_number(field->name, ((const uint64_t *)array)[i]);
	case PROTOBUF_C_TYPE_FIXED64:
		return json_hex(((const uint64_t *)array)[i]);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(((const protobuf_c_boolean *)array)[i]);
	case PROTOBUF_C_TYPE_ENUM:
		return json_string(protobuf_c_enum_descriptor_get_value(field->descriptor,
					((const int *)array)[i])->name);
	case PROTOBUF_C_TYPE_STRING:
		return json_text(((char * const *)array)[i], strlen(((char * const *)array)[i]));
	case PROTOBUF_C_TYPE_BYTES:
		return json_bytes(field->name, &((const ProtobufCBinaryData *)array)[i]);
	case PROTOBUF_C_TYPE_MESSAGE:
		return json_message(((ProtobufCMessage * const *)array)[i]);
	default:
		return json_null();
	}
}

static json_t *json_message(const ProtobufCMessage *msg)
{
	json_t *object = json_object(), *array;
	const char *base = (const char *)msg;
	unsigned int i;
	size_t j, n;

	for (i = 0; i < msg->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &msg->descriptor->fields[i];
		const void *where = base + field->offset;

		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			const void *items = *(void * const *)where;

			n = *(const size_t *)(base + field->quantifier_offset);
			array = json_array();
			for (j = 0; j < n; j++)
				json_array_append_new(array, json_value(field, items, j));
			json_object_set_new(object, field->name, array);
			continue;
		}
		if (field->label == PROTOBUF_C_LABEL_OPTIONAL) {
			if (field->type == PROTOBUF_C_TYPE_STRING ||
			    field->type == PROTOBUF_C_TYPE_MESSAGE) {
				if (!*(void * const *)where)
					continue;
			} else {
				where = base + field->quantifier_offset;
				if (!*(const protobuf_c_boolean *)where)
					continue;
				where = base + field->offset;
			}
		}
		json_object_set_new(object, field->name, json_value(field, where, 0));
	}
	return object;
}

/* The names of bits, beside the number. */
static json_t *json_flags(const struct name *table, uint64_t value)
{
	json_t *array = json_array();

	for (; table->text && value; table++) {
		if ((value & table->value) != table->value)
			continue;
		value &= ~table->value;
		json_array_append_new(array, json_string(table->text));
	}
	if (value)
		json_array_append_new(array, json_hex(value));
	return array;
}

static json_t *json_cpuid(const Ckpt__X86Machine *x86)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < 32 * x86->n_cpuid; i++) {
		const char *name = names_find(names_cpuid, i);

		if (x86->cpuid[i / 32] >> i % 32 & 1)
			json_array_append_new(array, name ? json_string(name) : json_integer(i));
	}
	return array;
}

/**
 * struct writer - where in the output we are
 * @indent: depth
 * @first: nothing stands in the open object or array yet
 * @failed: something was NULL: out of memory
 */
struct writer {
	int indent;
	bool first;
	bool failed;
};

/* Begin a member; @key is NULL in an array. */
static void begin(struct writer *w, const char *key)
{
	printf("%s\n%*s", w->first ? "" : ",", 2 * w->indent, "");
	if (key)
		printf("\"%s\": ", key);
	w->first = false;
}

static void open_group(struct writer *w, const char *key, char bracket)
{
	begin(w, key);
	putchar(bracket);
	w->indent++;
	w->first = true;
}

static void close_group(struct writer *w, char bracket)
{
	w->indent--;
	if (!w->first)
		printf("\n%*s", 2 * w->indent, "");
	putchar(bracket);
	w->first = false;
}

static void member(struct writer *w, const char *key, json_t *value)
{
	begin(w, key);
	/* Output that fails is seen at the end. */
	if (!value ||
	    (json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT) && !ferror(stdout)))
		w->failed = true;
	json_decref(value);
}

static json_t *json_vma(const struct model_process *p, const struct model_vma *v)
{
	json_t *json = json_message(&v->vma->base);
	const char *role = show_vma_role(p, v->vma);
	char prot[4];

	json_object_set_new(json, "prot_text", json_string(names_prot(prot, v->vma->prot)));
	json_object_set_new(json, "flag_names", json_flags(names_vma, v->vma->flags));
	json_object_set_new(json, "size", json_integer(v->vma->end - v->vma->start));
	json_object_set_new(json, "pages", json_integer(v->pages));
	if (role)
		json_object_set_new(json, "role", json_string(role));
	return json;
}

static json_t *json_action(const Ckpt__Sigaction *action)
{
	json_t *json = json_message(&action->base);
	char name[BUF_NUMBER];

	json_object_set_new(json, "name", json_string(signal_name(name, action->signal)));
	json_object_set_new(json, "flag_names", json_flags(names_sa, action->flags));
	return json;
}

static json_t *json_pending(const Ckpt__Signal *signal)
{
	json_t *json = json_message(&signal->base);
	char name[BUF_NUMBER];

	json_object_set_new(json, "name", json_string(signal_name(name, signal->signal)));
	return json;
}

static void write_process(struct writer *w, const struct model *m,
			  const struct model_process *p)
{
	size_t i;

	open_group(w, NULL, '{');
	member(w, "tree", json_message(&p->tree->base));
	if (p->ended) {
		close_group(w, '}');
		return;
	}
	member(w, "process", json_message(&p->process->base));
	open_group(w, "users", '{');
	member(w, "mm", json_integer(p->as->nr_users));
	member(w, "files", json_integer(p->table->nr_users));
	member(w, "fs", json_integer(model_users(m, p->tree->fs)));
	member(w, "sighand", json_integer(model_users(m, p->tree->sighand)));
	close_group(w, '}');
	member(w, "fs", json_message(&p->fs->base));
	member(w, "mm", json_message(&p->as->mm->base));
	if (p->as->pkeys)
		member(w, "pkeys", json_message(&p->as->pkeys->base));
	member(w, "pages", json_integer(p->as->pages));
	member(w, "guard_pages", json_integer(p->as->nr_guards));
	open_group(w, "threads", '[');
	for (i = 0; i < p->nr_threads; i++)
		member(w, NULL, json_message(&p->threads[i]->base));
	close_group(w, ']');
	open_group(w, "vmas", '[');
	for (i = 0; i < p->as->nr_vmas; i++)
		member(w, NULL, json_vma(p, &p->as->vmas[i]));
	close_group(w, ']');
	open_group(w, "fds", '[');
	for (i = 0; i < p->table->nr_fds; i++)
		member(w, NULL, json_message(&p->table->fds[i]->base));
	close_group(w, ']');
	open_group(w, "epolls", '[');
	for (i = 0; i < p->table->nr_epolls; i++)
		member(w, NULL, json_message(&p->table->epolls[i]->base));
	close_group(w, ']');
	open_group(w, "locks", '[');
	for (i = 0; i < p->table->nr_locks; i++)
		member(w, NULL, json_message(&p->table->locks[i]->base));
	close_group(w, ']');
	open_group(w, "actions", '[');
	for (i = 0; p->sighand && i < p->sighand->n_action; i++)
		member(w, NULL, json_action(p->sighand->action[i]));
	close_group(w, ']');
	open_group(w, "pending", '[');
	for (i = 0; p->signals && i < p->signals->n_pending; i++)
		member(w, NULL, json_pending(p->signals->pending[i]));
	close_group(w, ']');
	if (p->timers)
		member(w, "timers", json_message(&p->timers->base));
	open_group(w, "limits", '[');
	for (i = 0; p->limits && i < p->limits->n_limit; i++) {
		const Ckpt__Limit *limit = p->limits->limit[i];
		json_t *json = json_message(&limit->base);
		const char *name = names_find(names_rlimit, limit->resource);

		if (name)
			json_object_set_new(json, "name", json_string(name));
		member(w, NULL, json);
	}
	close_group(w, ']');
	close_group(w, '}');
}

static void write_objects(struct writer *w, const struct model *m, const char *key,
			  enum ckpt_rec type)
{
	size_t i;

	open_group(w, key, '[');
	for (i = 0; i < m->nr_objects; i++) {
		const struct model_object *object = m->objects[i];
		json_t *json;

		if (object->type != type)
			continue;
		json = json_message(object->msg);
		if (type == CKPT_REC_FILE) {
			const Ckpt__File *file = (const Ckpt__File *)object->msg;

			json_object_set_new(json, "access", json_string(names_access(file->flags)));
			json_object_set_new(json, "flag_names",
					    json_flags(names_open, file->flags & ~3U));
			if (file->path) {
				const char *kind = names_file_type(file->path->mode);

				json_object_set_new(json, "type", json_string(kind));
			}
		} else if (type == CKPT_REC_SHMEM) {
			const Ckpt__Shmem *shmem = (const Ckpt__Shmem *)object->msg;

			if (shmem->has_seals)
				json_object_set_new(json, "seal_names",
						    json_flags(names_seal, shmem->seals));
		} else if (type == CKPT_REC_CRED) {
			const Ckpt__Cred *cred = (const Ckpt__Cred *)object->msg;

			json_object_set_new(json, "cap_permitted_names",
					    json_flags(names_cap, cred->cap_permitted));
		}
		member(w, NULL, json);
	}
	close_group(w, ']');
}

static void write_needs(struct writer *w, const struct model *m)
{
	const Ckpt__X86Machine *x86 = m->image->x86;
	bool tty = false;
	size_t i, j;

	open_group(w, "needs", '{');
	open_group(w, "pids", '[');
	for (i = 0; i < m->nr_processes; i++)
		for (j = 0; j < m->processes[i].nr_threads; j++)
			member(w, NULL, json_integer(m->processes[i].threads[j]->tid));
	close_group(w, ']');
	member(w, "machine", json_string(names_machine(m->im.machine)));
	if (x86) {
		member(w, "xfeatures", json_flags(names_xfeature, x86->xfeatures));
		member(w, "instructions", json_cpuid(x86));
	}
	for (i = 0; i < m->nr_objects; i++)
		tty |= m->objects[i]->type == CKPT_REC_TTY;
	member(w, "terminal", json_boolean(tty));
	close_group(w, '}');
}

int show_json(const struct model *m)
{
	struct writer w = { .first = true };
	ProtobufCBinaryData digest = { sizeof(m->im.digest), (uint8_t *)m->im.digest };
	size_t i;

	putchar('{');
	w.indent = 1;
	member(&w, "version", json_integer(JSON_VERSION));
	member(&w, "format", json_integer(m->im.version));
	member(&w, "machine", json_string(names_machine(m->im.machine)));
	member(&w, "bytes", json_integer(m->im.offset));
	member(&w, "records", json_integer(m->im.records));
	member(&w, "pages", json_integer(m->im.pages));
	member(&w, "shmem_bytes", json_integer(m->shmem_bytes));
	member(&w, "pipe_bytes", json_integer(m->pipe_bytes));
	member(&w, "sha256", json_bytes("sha256", &digest));
	member(&w, "image", json_message(&m->image->base));
	open_group(&w, "sections", '[');
	for (i = 0; i < m->im.nr_sections; i++) {
		const struct ckpt_section_name *name = &m->im.sections[i];
		const char *type = section_type_name(name->type);
		json_t *json = json_message(&m->image->section[i]->base);

		if (type)
			json_object_set_new(json, "name", json_string(type));
		if (m->im.notes[i])
			json_object_set_new(json, "text", json_text(m->im.notes[i], name->length));
		member(&w, NULL, json);
	}
	close_group(&w, ']');
	if (m->fs)
		member(&w, "filesystems", json_message(&m->fs->base));
	open_group(&w, "processes", '[');
	for (i = 0; i < m->nr_processes; i++)
		write_process(&w, m, &m->processes[i]);
	close_group(&w, ']');
	open_group(&w, "inotifies", '[');
	for (i = 0; i < m->nr_inotifies; i++)
		member(&w, NULL, json_message(&m->inotifies[i]->base));
	close_group(&w, ']');
	write_objects(&w, m, "creds", CKPT_REC_CRED);
	write_objects(&w, m, "files", CKPT_REC_FILE);
	write_objects(&w, m, "pipes", CKPT_REC_PIPE);
	write_objects(&w, m, "seccomp", CKPT_REC_SECCOMP);
	write_objects(&w, m, "shmem", CKPT_REC_SHMEM);
	write_objects(&w, m, "unlinked", CKPT_REC_UNLINKED);
	write_objects(&w, m, "ttys", CKPT_REC_TTY);
	write_needs(&w, m);
	fputs("\n}\n", stdout);
	return w.failed ? -1 : 0;
}
