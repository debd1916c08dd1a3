// SPDX-License-Identifier: GPL-2.0
/*
 * Writes images that no kernel made, to test those who read them.
 *
 *	mkimage [VARIANT] > IMAGE	VARIANT is "good" if it is missing
 *	mkimage --list			all variants: name, and the words that the complaint
 *					about it has to contain ("-": there is none)
 *	mkimage nonsense-N > IMAGE	messages with some bytes changed at random; N is the seed
 *	mkimage --records < IMAGE	offset of each record's header, and at the end the size
 *
 * Except in the variants about it the frame is right: checksums, counts and digest are those of
 * what is written, so that a reader gets to see the damage that is meant.
 */
#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/frame.h"
#include "ckpt_image.pb-c.h"
#include "image.h"
#include "mkimage.h"
#include "mkimage_variants.h"
#include "section.h"
#include "util.h"

static const char *variant = "good";
static bool nonsense;
static struct frame frame;
static uint64_t offset;

bool is(const char *name)
{
	return !strcmp(variant, name);
}

static void put(const void *data, size_t len)
{
	if (len && fwrite(data, len, 1, stdout) != 1)
		exit(1);
	offset += len;
}

static void put_zero(size_t len)
{
	static const char zero[PAGE];

	put(zero, len);
}

/* One record with a right frame. @length: what the header says. */
static void record_as(uint16_t type, uint16_t flags, const void *data, size_t len,
		      uint32_t length)
{
	struct ckpt_image_record rec = frame_record(type, flags, data, len, offset);
	size_t gap = le32toh(rec.gap);

	rec.length = htole32(length);
	if (is("gap") && type == CKPT_REC_PAGES)
		gap += 8;
	rec.gap = htole32(gap);
	frame_fix_record(&rec);
	if (type != CKPT_REC_TRAILER)
		frame_add(&frame, &rec);
	put(&rec, sizeof(rec));
	if (is("gap-content") && gap > 8) {
		put_zero(gap - 1);
		put("x", 1);
	} else {
		put_zero(gap);
	}
	put(data, len);
	if (is("tail-content") && offset & 7) {
		put_zero((-offset & 7) - 1);
		put("x", 1);
	}
	put_zero(-offset & 7);
}

static void record(uint32_t type, uint32_t flags, const void *data, size_t len)
{
	record_as(type, flags, data, len, len);
}

/* Change a byte in every fourth message. */
static void spoil(uint8_t *buf, size_t len)
{
	if (len && rand() % 4 == 0)
		buf[rand() % len] = rand() % 3 ? rand() : buf[0];
}

void message(uint32_t type, const void *msg)
{
	size_t len = protobuf_c_message_get_packed_size(msg);
	uint8_t *buf = malloc(len + 64);

	protobuf_c_message_pack(msg, buf);
	if (is("field-unknown") && type == CKPT_REC_MM) {
		/* Number 200, varint 1. */
		memcpy(buf + len, "\xc0\x0c\x01", 3);
		len += 3;
	} else if (is("field-advisory") && type == CKPT_REC_MM) {
		/* Number 1000, varint 1. */
		memcpy(buf + len, "\xc0\x3e\x01", 3);
		len += 3;
	} else if (is("field-twice") && type == CKPT_REC_PROCESS) {
		memcpy(buf + len, "\x08\x01", 2);
		len += 2;
	} else if (is("not-protobuf") && type == CKPT_REC_FS) {
		memset(buf, 0xff, len);
	}
	if (nonsense && type != CKPT_REC_TRAILER)
		spoil(buf, len);
	if (is("meta-raw") && type == CKPT_REC_FS)
		record(type, CKPT_REC_F_RAW, buf, len);
	else
		record(type, 0, buf, len);
	free(buf);
}

static void raw(uint32_t type, size_t len)
{
	uint8_t *data = malloc(len);
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = i * 7 + type;
	record(type, is("pages-not-raw") && type == CKPT_REC_PAGES ? 0 : CKPT_REC_F_RAW, data, len);
	free(data);
}

ProtobufCBinaryData bytes(const char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

static void put_header(void)
{
	struct ckpt_image_header h = frame_header();

	if (is("version") || is("version-1"))
		h.version = htole32(is("version") ? CKPT_IMAGE_VERSION + 1 : 1);
	if (is("header-length"))
		h.header_len = htole32(128);
	if (is("machine"))
		h.machine = htole32(EM_AARCH64);
	if (is("page-size"))
		h.page_size = htole32(65536);
	if (is("feature"))
		h.features_required = htole64(1ULL << 40);
	if (is("feature-optional"))
		h.features_optional = htole64(1ULL << 40);
	if (is("layer"))
		h.layer = htole32(7);
	if (is("magic"))
		h.magic[3] = 'X';
	if (is("reserved"))
		h.reserved[7] = 1;
	frame_fix_header(&h);
	if (is("header-crc"))
		h.crc ^= 1;
	put(&h, sizeof(h));
	frame_begin(&frame, &h);
}

/* A note in front, and one of a type that nobody knows. */
static Ckpt__Section sections[2];
static struct ckpt_section_name names[2];

static void put_sections(void)
{
	static const char text[] = "made by hand\n";
	int i;

	if (!is("sections") && !is("section-missing") && !is("section-other") &&
	    !is("section-unknown"))
		return;
	fflush(stdout);
	for (i = 0; i < 2; i++) {
		if (section_write(STDOUT_FILENO, i ? 77 : CKPT_SECTION_NOTE, text,
				  sizeof(text) - 1, &names[i]))
			exit(1);
		offset += CKPT_IMAGE_ALIGN;
	}
}

static void put_image(void)
{
	Ckpt__Section *list[] = { &sections[0], &sections[1] };
	int i;
	uint8_t uuid[17] = { 1, 2, 3 }, digest[32] = { 4, 5, 6 };
	Ckpt__X86Machine x86 = CKPT__X86_MACHINE__INIT;
	Ckpt__Image image = CKPT__IMAGE__INIT;

	image.uuid.data = uuid;
	image.uuid.len = is("uuid-short") ? 15 : is("uuid-long") ? 17 : 16;
	image.has_parent_uuid = is("parent") || is("parent-half");
	image.parent_uuid = (ProtobufCBinaryData){ 16, uuid };
	image.has_parent_sha256 = is("parent");
	image.parent_sha256 = (ProtobufCBinaryData){ sizeof(digest), digest };
	image.module_version = (char *)"0.1.0";
	image.kernel_release = (char *)"6.1.0-44-amd64";
	image.hostname = (char *)"box";
	if (is("hostile-text"))
		image.hostname = (char *)"evil\033]0;title\007\nhost";
	if (is("string-long"))
		image.hostname = (char *)"a-name-of-much-more-than-the-sixty-five-bytes-that-"
			"the-schema-allows";
	image.realtime_ns = 1700000000123456789ULL;
	image.monotonic_ns = 12345678901ULL;
	image.boottime_ns = 12345678901ULL;
	image.nr_processes = is("processes-count") ? 2 : 1;
	image.nr_tasks = is("tasks-count") || is("threads-count") ||
			 is("threads-count-bare") ? 3 : 2;
	x86.xfeatures = is("older-processor") ? 0x3 : 0x2e7;
	x86.xstate_size = 2696;
	x86.vdso = (ProtobufCBinaryData){ sizeof(digest), digest };
	/* sse3, avx2 */
	x86.n_cpuid = 2;
	x86.cpuid = (uint32_t []){ 1, 1 << 5 };
	image.x86 = &x86;
	for (i = 0; i < 2; i++) {
		ckpt__section__init(list[i]);
		list[i]->type = names[i].type;
		list[i]->length = names[i].length;
		list[i]->sha256.data = names[i].sha256;
		list[i]->sha256.len = sizeof(names[i].sha256);
	}
	names[1].sha256[3] ^= is("section-other");
	image.section = list;
	image.n_section = is("section-unknown") ? 1 : is("section-lost") ? 2 :
			  names[0].type && !is("section-missing") ? 2 : 0;
	message(CKPT_REC_IMAGE, &image);
	if (is("image-twice"))
		message(CKPT_REC_IMAGE, &image);
}

static void put_tree(void)
{
	uint32_t pid = is("leader") ? PID + 1 : PID;
	uint32_t tid[] = { PID, is("tid-twice") ? PID : PID + 1, PID + 2 };
	Ckpt__Tree tree = CKPT__TREE__INIT;

	tree.n_pid = !is("pid-missing");
	tree.pid = &pid;
	tree.ppid = 4000;
	tree.pgid = PID;
	tree.sid = 4000;
	tree.state = is("stopped") ? CKPT__TASK_STATE__TASK_STOPPED : is("state") ? 3 :
		     CKPT__TASK_STATE__TASK_LIVE;
	tree.n_tid = is("threads-count") || is("threads-count-bare") ? 3 : 2;
	tree.tid = tid;
	tree.comm = (char *)(is("hostile-text") ? "\033[2J\xc2\x9b\xe2\x80\xae" : "sample");
	tree.has_mm = !is("tree-no-mm");
	tree.mm = is("tree-mm") ? 99 : ID_MM;
	tree.has_files = true;
	tree.files = is("tree-files") ? ID_MM : ID_FILES;
	tree.has_fs = true;
	tree.fs = is("tree-fs") ? ID_CRED : ID_FS;
	tree.has_sighand = true;
	tree.sighand = is("tree-sighand") ? ID_FS : ID_SIGHAND;
	message(CKPT_REC_TREE, &tree);
	if (is("tree-twice"))
		message(CKPT_REC_TREE, &tree);
}

static void put_process(void)
{
	Ckpt__Process process = CKPT__PROCESS__INIT;

	process.pid = is("process-pid") ? PID + 1 : PID;
	process.exit_signal = 17;
	if (!is("process-missing"))
		message(CKPT_REC_PROCESS, &process);
	if (is("process-twice"))
		message(CKPT_REC_PROCESS, &process);
}

static void put_file(uint32_t id, uint32_t flags, const char *path, uint32_t mode, uint64_t size)
{
	Ckpt__File file = CKPT__FILE__INIT;
	Ckpt__Path p = CKPT__PATH__INIT;

	p.path = bytes(path);
	p.mode = mode;
	p.size = size;
	p.mtime_ns = 1690000000000000000ULL;
	p.ino = 77;
	p.dev = 8ULL << 32 | 1;
	identity(&p);
	file.id = id;
	file.flags = flags;
	file.has_pos = true;
	file.pos = 10;
	file.path = &p;
	if (id == ID_LOG) {
		p.has_written = p.written = true;
		p.has_ctime_ns = true;
		p.ctime_ns = 1690000000000000001ULL;
	}
	if (is("file-cred-path")) {
		file.has_cred = true;
		file.cred = ID_CRED;
	}
	if (is("file-two-kinds") && id == ID_LOG) {
		file.has_pipe = true;
		file.pipe = ID_PIPE;
	}
	message(CKPT_REC_FILE, &file);
}

static void put_creds(void)
{
	uint32_t groups[] = { 1000, 27 };
	Ckpt__Cred cred = CKPT__CRED__INIT;
	int i;

	cred.id = is("id-zero") ? 0 : is("id-high") ? CKPT_IMAGE_OBJECTS_MAX + 1 : ID_CRED;
	cred.uid = cred.euid = cred.suid = cred.fsuid = 1000;
	cred.gid = cred.egid = cred.sgid = cred.fsgid = 1000;
	cred.n_groups = ARRAY_SIZE(groups);
	cred.groups = groups;
	cred.cap_bounding = (1ULL << 41) - 1;
	cred.has_label = true;
	cred.label = bytes(is("hostile-text") ? "\033]0;x\007" : "docker-default (enforce)");
	cred.has_opener = cred.opener = is("opener-first");
	if (is("file-early"))
		put_file(ID_EXE, O_RDONLY, "/usr/bin/sample", S_IFREG | 0755, 123456);
	message(CKPT_REC_CRED, &cred);
	for (i = 0; i < 2 && is("creds-count"); i++) {
		cred.id = 100 + i;
		message(CKPT_REC_CRED, &cred);
	}
	put_openers(&cred);
}

static void put_plain_files(void)
{
	put_file(is("id-twice") ? ID_CRED : ID_EXE, O_RDONLY | 0100000,
		 is("hostile-text") ? "/usr/bin/\xff\033[31m\\\n" :
		 is("path-relative") ? "sample" : "/usr/bin/sample",
		 S_IFREG | 0755, 123456);
	put_file(ID_LOG, O_WRONLY | O_APPEND | 0100000, "/tmp/log", S_IFREG | 0644, 10);
}

static void put_pipe(void)
{
	uint32_t packets[] = { 60, 40 };
	Ckpt__Pipe pipe = CKPT__PIPE__INIT;

	pipe.id = ID_PIPE;
	pipe.capacity = 65536;
	pipe.length = is("pipe-length") ? 101 : 100;
	if (is("packets") || is("packets-sum")) {
		pipe.n_packets = is("packets") ? 2 : 1;
		pipe.packets = packets;
	}
	message(CKPT_REC_PIPE, &pipe);
	if (is("raw-missing"))
		return;
	/* In two parts. */
	raw(CKPT_REC_PIPE_DATA, 60);
	raw(CKPT_REC_PIPE_DATA, is("pipe-data-long") ? 41 : 40);
}

/* Files that refer to another object. */
static void put_other_files(void)
{
	Ckpt__File file = CKPT__FILE__INIT;
	int i;

	for (i = 0; i < 2; i++) {
		file.id = i ? ID_PIPE_W : ID_PIPE_R;
		file.flags = i ? O_WRONLY | O_NONBLOCK : O_RDONLY;
		file.has_pipe = true;
		file.pipe = is("ref-kind") ? ID_CRED : is("ref-late") ? ID_MM : ID_PIPE;
		message(CKPT_REC_FILE, &file);
	}
	ckpt__file__init(&file);
	file.id = ID_TTY_FILE;
	file.flags = O_RDWR;
	file.has_tty = true;
	file.tty = ID_TTY;
	file.has_cred = true;
	file.cred = is("file-cred-missing") ? 99 : is("file-cred-kind") ? ID_EXE : ID_OPENER;
	message(CKPT_REC_FILE, &file);
	ckpt__file__init(&file);
	file.id = ID_SHMEM_FILE;
	file.flags = O_RDWR;
	file.has_shmem = true;
	file.shmem = ID_SHMEM;
	message(CKPT_REC_FILE, &file);
}

static void put_fs(void)
{
	Ckpt__Path root = CKPT__PATH__INIT, cwd = CKPT__PATH__INIT;
	Ckpt__Fs fs = CKPT__FS__INIT;

	root.path = bytes("/");
	root.mode = cwd.mode = S_IFDIR | 0755;
	cwd.path = bytes("/home/user");
	identity(&root);
	identity(&cwd);
	fs.id = ID_FS;
	fs.root = &root;
	fs.cwd = &cwd;
	fs.umask = 022;
	if (!is("fs-missing"))
		message(CKPT_REC_FS, &fs);
	if (is("fs-twice"))
		message(CKPT_REC_FS, &fs);
}

static void put_mm(void)
{
	uint8_t auxv[32] = { 0 };
	Ckpt__Mm mm = CKPT__MM__INIT;

	mm.id = ID_MM;
	mm.start_code = TEXT;
	mm.end_code = TEXT + PAGE;
	mm.start_brk = HEAP;
	mm.brk = HEAP + 8 * PAGE;
	mm.start_stack = STACK + 30 * PAGE;
	mm.auxv = (ProtobufCBinaryData){ sizeof(auxv), auxv };
	mm.exe_file = is("exe-pipe") ? ID_PIPE_R : is("exe-missing") ? 99 : ID_EXE;
	mm.mmap_base = 0x7ffff7fff000ULL;
	mm.dumpable = 1;
	mm.has_vdso = true;
	mm.vdso = VDSO;
	mm.nr_vmas = is("vmas-count") ? 7 : 6;
	message(CKPT_REC_MM, &mm);
}

static void put_vmas(void)
{
	Ckpt__Vma v[6], *list[6];
	Ckpt__Vmas vmas = CKPT__VMAS__INIT;
	int i;

	for (i = 0; i < 6; i++) {
		ckpt__vma__init(&v[i]);
		list[i] = &v[i];
	}
	v[0].start = TEXT;
	v[0].end = TEXT + 16 * PAGE;
	v[0].prot = 5;
	v[0].kind = CKPT__VMA_KIND__VMA_FILE;
	v[0].has_file = v[0].has_pgoff = true;
	v[0].file = is("vma-file-missing") ? 99 : is("vma-file-pipe") ? ID_PIPE_R : ID_EXE;
	v[0].pgoff = 2;
	v[1].start = HEAP;
	v[1].end = HEAP + 8 * PAGE;
	v[1].prot = 3;
	v[1].flags = CKPT__VMA_FLAG__VMA_FLAG_ACCOUNT;
	v[2].start = HUGE;
	v[2].end = HUGE + (1ULL << 40);
	v[2].prot = 3;
	v[2].flags = CKPT__VMA_FLAG__VMA_FLAG_NORESERVE;
	v[3].start = SHARED;
	v[3].end = SHARED + 4 * PAGE;
	v[3].prot = 3;
	v[3].flags = CKPT__VMA_FLAG__VMA_FLAG_SHARED;
	v[3].kind = CKPT__VMA_KIND__VMA_FILE;
	v[3].has_file = v[3].has_pgoff = true;
	v[3].file = ID_SHMEM_FILE;
	v[4].start = VDSO;
	v[4].end = VDSO + 2 * PAGE;
	v[4].prot = 5;
	v[4].kind = CKPT__VMA_KIND__VMA_VDSO;
	v[5].start = STACK;
	v[5].end = STACK + 33 * PAGE;
	v[5].prot = 3;
	v[5].flags = CKPT__VMA_FLAG__VMA_FLAG_GROWSDOWN | CKPT__VMA_FLAG__VMA_FLAG_ACCOUNT;
	if (is("vma-overlap"))
		v[1].end = HUGE + PAGE;
	if (is("vma-order")) {
		list[1] = &v[2];
		list[2] = &v[1];
	}
	if (is("vma-empty"))
		v[1].end = v[1].start;
	if (is("vma-unaligned"))
		v[1].end -= 8;
	if (is("vma-kernel"))
		v[5].end = -PAGE;
	if (is("vma-flags"))
		v[1].flags |= 1 << 30;
	if (is("vma-droppable"))
		v[5].flags |= CKPT__VMA_FLAG__VMA_FLAG_DROPPABLE;
	if (is("run-droppable"))
		v[1].flags = CKPT__VMA_FLAG__VMA_FLAG_DROPPABLE;
	if (is("vma-kind"))
		v[1].kind = 9;
	v[1].has_pkey = true;
	v[1].pkey = is("vma-pkey") ? 16 : 1;
	vmas.mm = is("vmas-mm") ? ID_FILES : ID_MM;
	vmas.n_vma = 3;
	vmas.vma = list;
	message(CKPT_REC_VMAS, &vmas);
	vmas.vma = list + 3;
	message(CKPT_REC_VMAS, &vmas);
}

static void put_fds(void)
{
	static const uint32_t number[] = { 0, 1, 2, 5, 6, 7, 1000 };
	static const uint32_t file[] = { ID_TTY_FILE, ID_TTY_FILE, ID_TTY_FILE, ID_PIPE_R,
					 ID_PIPE_W, ID_LOG, ID_LOG };
	Ckpt__Fd fd[ARRAY_SIZE(number)], *list[ARRAY_SIZE(number)];
	Ckpt__Fds fds = CKPT__FDS__INIT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(number); i++) {
		ckpt__fd__init(&fd[i]);
		fd[i].fd = number[i];
		fd[i].file = file[i];
		list[i] = &fd[i];
	}
	fd[5].has_cloexec = fd[5].cloexec = true;
	if (is("fd-twice"))
		fd[4].fd = fd[3].fd;
	if (is("fd-missing"))
		fd[4].file = 99;
	fds.files = is("fds-files") ? ID_MM : ID_FILES;
	fds.n_fd = ARRAY_SIZE(number);
	fds.fd = list;
	message(CKPT_REC_FDS, &fds);
	if (is("fds-twice"))
		message(CKPT_REC_FDS, &fds);
}

static void put_threads(void)
{
	Ckpt__X86Regs x86 = CKPT__X86_REGS__INIT;
	Ckpt__Restart restart = CKPT__RESTART__INIT;
	Ckpt__Thread thread = CKPT__THREAD__INIT;
	Ckpt__Sched sched = CKPT__SCHED__INIT;
	Ckpt__Rseq rseq = CKPT__RSEQ__INIT;
	uint8_t xstate[2696] = { 0 };
	int i;

	x86.ip = TEXT + 0x123;
	x86.sp = STACK + 30 * PAGE;
	x86.ax = -516;
	x86.has_xstate = true;
	x86.xstate = (ProtobufCBinaryData){ sizeof(xstate), xstate };
	restart.kind = is("enum") ? 77 : CKPT__RESTART_KIND__RESTART_NANOSLEEP;
	restart.has_rest_ns = true;
	restart.rest_ns = 1200000000;
	rseq.ptr = 0x7ffff7d8c000ULL;
	rseq.len = 32;
	rseq.sig = 0x53053053;
	sched.timer_slack_ns = sched.default_timer_slack_ns = 50000;
	for (i = 0; i < 2; i++) {
		thread.tid = i && !is("thread-twice") ? PID + 1 : is("thread-order") ? PID + 1 :
			     is("thread-unknown") ? 99 : PID;
		thread.comm = i ? (char *)"worker" : (char *)"sample";
		thread.cred = is("thread-cred") ? ID_EXE :
			      is("thread-opener") ? ID_OPENER : ID_CRED;
		thread.blocked = i ? 1ULL << 63 | 1 << 9 : 0;
		thread.rseq = &rseq;
		thread.restart = i ? NULL : &restart;
		thread.sched = &sched;
		thread.x86 = is("registers-missing") ? NULL : &x86;
		thread.has_seccomp = true;
		thread.seccomp = is("thread-filters") ? ID_CRED : ID_SECCOMP;
		thread.seccomp_strict = thread.has_seccomp_strict = is("thread-two-seccomps");
		message(CKPT_REC_THREAD, &thread);
		if (is("timers-early"))
			put_timers();
	}
}

static void put_pages(void)
{
	Ckpt__PageRun r[4], *list[4];
	Ckpt__PageRuns runs = CKPT__PAGE_RUNS__INIT;
	Ckpt__ShmemRun shmem = CKPT__SHMEM_RUN__INIT;
	int i;

	for (i = 0; i < 4; i++) {
		ckpt__page_run__init(&r[i]);
		r[i].pages = i + 1;
		list[i] = &r[i];
	}
	r[0].addr = TEXT + 3 * PAGE;
	r[1].addr = HEAP;
	r[2].addr = HUGE + (1ULL << 39);
	r[3].addr = is("run-outside") ? STACK + 31 * PAGE : is("run-shared") ? SHARED :
		    is("run-unaligned") ? STACK + 8 : STACK + 20 * PAGE;
	if (is("run-empty"))
		r[3].pages = 0;
	if (is("run-order"))
		r[1].addr = TEXT;
	if (is("run-kind")) {
		r[3].has_mm = true;
		r[3].mm = ID_MM;
	}
	r[3].has_kind = is("run-zero") || is("run-same") || is("run-same-mm");
	r[3].kind = is("run-zero") ? CKPT__PAGES_KIND__PAGES_ZERO : CKPT__PAGES_KIND__PAGES_SAME;
	if (is("run-same") || is("run-same-mm")) {
		r[3].has_mm = r[3].has_from = true;
		r[3].mm = is("run-same") ? ID_MM : ID_FS;
		r[3].from = HEAP;
	}
	runs.mm = is("runs-mm") ? ID_EXE : ID_MM;
	runs.n_run = 4;
	runs.run = list;
	message(CKPT_REC_PAGE_RUNS, &runs);
	raw(CKPT_REC_PAGES, (is("pages-short") ? 9 : r[3].has_kind ? 6 : 10) * PAGE);
	if (is("run-twice"))
		for (i = 0; i < 6; i++) {
			message(CKPT_REC_PAGE_RUNS, &runs);
			raw(CKPT_REC_PAGES, 10 * PAGE);
		}
	if (is("pages-lost"))
		raw(CKPT_REC_PAGES, PAGE);
	shmem.shmem = is("shmem-missing") ? ID_LOG : ID_SHMEM;
	shmem.offset = is("shmem-beyond") ? 4 * PAGE : PAGE;
	message(CKPT_REC_SHMEM_RUN, &shmem);
	raw(CKPT_REC_SHMEM_DATA, (is("shmem-long") ? 4 : 2) * PAGE);
}

static void put_trailer(void)
{
	Ckpt__Trailer trailer = CKPT__TRAILER__INIT;
	uint8_t digest[FRAME_DIGEST];

	frame_end(&frame, digest);
	if (is("digest"))
		digest[5] ^= 1;
	trailer.records = frame.records + is("trailer-records");
	trailer.pages = frame.pages + is("trailer-pages");
	trailer.sha256 = (ProtobufCBinaryData){ sizeof(digest), digest };
	message(CKPT_REC_TRAILER, &trailer);
}

static void put_all(void)
{
	put_sections();
	put_header();
	if (is("tree-first"))
		put_tree();
	put_image();
	if (is("object-first"))
		put_fs();
	if (!is("tree-missing"))
		put_tree();
	put_filesystems();
	put_creds();
	put_filters();
	put_fs();
	put_tty();
	put_pipe();
	put_shmem();
	if (!is("unlinked-late"))
		put_unlinked();
	put_plain_files();
	put_other_files();
	put_event_files();
	put_unlinked_file();
	put_inotify_file();
	put_proc_file();
	if (is("unlinked-late"))
		put_unlinked();
	put_files();
	put_sighand();
	if (is("record-unknown"))
		record(999, 0, "what?", 5);
	if (is("record-advisory"))
		record(999, CKPT_REC_F_ADVISORY, "nothing", 7);
	if (is("record-advisory-raw"))
		record(999, CKPT_REC_F_ADVISORY | CKPT_REC_F_RAW, "nothing", 7);
	if (is("record-flags"))
		record(CKPT_REC_LIMITS, 0x100, "what?", 5);
	if (is("length-2m"))
		record_as(CKPT_REC_FS, 0, "x", 1, 2 << 20);
	if (is("length-huge"))
		record_as(CKPT_REC_PAGES, CKPT_REC_F_RAW, "x", 1, UINT32_MAX);
	if (is("length-beyond"))
		record_as(CKPT_REC_FS, 0, "x", 1, 1 << 20);
	if (!is("mm-missing") && !is("mm-late"))
		put_mm();
	put_fds();
	put_watches_and_locks();
	if (!is("pkeys-late"))
		put_pkeys();
	put_vmas();
	if (is("pkeys-late"))
		put_pkeys();
	if (is("mm-late"))
		put_mm();
	put_inotify();
	put_process();
	put_limits();
	if (!is("signals-late"))
		put_signals();
	put_threads();
	if (is("signals-late"))
		put_signals();
	if (!is("threads-count-bare"))
		put_timers();
	put_guards();
	put_pages();
	if (is("fds-late"))
		put_fds();
	put_trailer();
	/* A pipe can carry more than one thing: nobody may care. */
	if (is("behind"))
		put("more", 4);
}

static int list_records(void)
{
	int fd = 0;
	struct image im;

	if (image_open(&im, image_read_fd, &fd))
		return 1;
	do {
		if (image_next(&im))
			return 1;
		printf("%" PRIu64 "\n", im.start);
	} while (im.type != CKPT_REC_TRAILER);
	printf("%" PRIu64 "\n", im.offset);
	image_close(&im);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int seed;
	size_t i;

	if (argc > 1)
		variant = argv[1];
	if (is("--records"))
		return list_records();
	if (is("--list")) {
		for (i = 0; i < ARRAY_SIZE(variants); i++)
			printf("%s %s\n", variants[i][0], variants[i][1]);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(variants); i++)
		if (is(variants[i][0]))
			break;
	if (sscanf(variant, "nonsense-%u", &seed) == 1) {
		nonsense = true;
		srand(seed);
	} else if (i == ARRAY_SIZE(variants)) {
		fprintf(stderr, "mkimage: no variant '%s'\n", variant);
		return 2;
	}
	put_all();
	return fflush(stdout) ? 1 : 0;
}
