/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The frame of a ckpt image, format version 2.
 *
 * An image is a stream: it is written and read once, front to back, and works through a pipe.
 *
 *	+--------------------+
 *	| file header, 64 B  |	struct ckpt_image_header
 *	+--------------------+
 *	| record header, 24 B|	struct ckpt_image_record
 *	| gap                |	zero bytes, so that a raw payload starts at a multiple of 4096
 *	| payload            |	`length` bytes: one protobuf message of ckpt_image.proto, or
 *	|                    |	raw bytes (CKPT_REC_F_RAW)
 *	| tail               |	zero bytes up to the next multiple of 8
 *	+--------------------+
 *	| more records ...   |
 *	+--------------------+
 *	| TRAILER record     |	counts, and a SHA-256 over all that stands before it
 *	+--------------------+
 *
 * All numbers are little endian. Offsets that matter for alignment count from the file header.
 * Every record header carries a CRC32C (polynomial 0x1EDC6F41, start ~0, result inverted) of
 * itself and an XXH64 (seed 0) of its payload. The digest of the trailer is SHA-256 over the file
 * header and the headers of all records before the trailer, in order: since each header holds its
 * payload's hash it covers order, number and content of all records.
 *
 * Order: every record stands behind all records of lower types (CKPT_REC_TABLE); those of the
 * stage CONTENT stand in any order among each other. A raw record stands behind the record that
 * describes it, or behind another one of the same. So an object precedes all that refer to its id,
 * and all that describes a program precedes the content of its memory. Nothing follows TRAILER; a
 * stream that ends without it is truncated. Bytes behind the trailer are not read.
 *
 * Ids say which object belongs to which, and positions never do: TREE names the processes and
 * their threads; FS, FILES, SIGHAND and MM are objects that tasks can share; PROCESS says which of
 * them a process has.
 *
 * Growing: a record type that a reader does not know is refused unless it has
 * CKPT_REC_F_ADVISORY; a field that it does not know is refused unless its number is 1000 or
 * more. So a new writer says for everything new whether losing it is harmless.
 */
#ifndef _UAPI_CKPT_IMAGE_H
#define _UAPI_CKPT_IMAGE_H

#include <linux/types.h>

/** CKPT_IMAGE_MAGIC - finds damage by text-mode copies (8 bytes, the first is not ASCII). */
#define CKPT_IMAGE_MAGIC	"\x89" "CKPT\r\n\x1a"
#define CKPT_IMAGE_VERSION	2
#define CKPT_IMAGE_VERSION_MIN	2

/** CKPT_IMAGE_ALIGN - raw payloads start at multiples of this. */
#define CKPT_IMAGE_ALIGN	4096
/** CKPT_IMAGE_META_MAX - the longest protobuf payload in bytes. */
#define CKPT_IMAGE_META_MAX	(1 << 20)
/** CKPT_IMAGE_RAW_MAX - the longest raw payload in bytes. */
#define CKPT_IMAGE_RAW_MAX	(1 << 20)
/**
 * CKPT_IMAGE_OBJECTS_MAX - the most objects, and the highest id of one
 *
 * All kinds have their ids, 1 and on, from one counter. There are no more CRED and SECCOMP records
 * than threads.
 */
#define CKPT_IMAGE_OBJECTS_MAX	(1 << 20)
/** CKPT_IMAGE_OPENERS_MAX - the most CRED records that no thread has. */
#define CKPT_IMAGE_OPENERS_MAX	256
/** CKPT_IMAGE_HELD_MAX - the most bytes of all CRED and SECCOMP records. */
#define CKPT_IMAGE_HELD_MAX	(64 << 20)

/**
 * struct ckpt_image_header - the first 64 bytes
 * @magic: CKPT_IMAGE_MAGIC
 * @version: CKPT_IMAGE_VERSION of the writer
 * @header_len: 64
 * @machine: ELF e_machine of the program (62 is x86-64)
 * @page_size: 4096
 * @features_required: bits a reader must know, or refuse the image; none are defined yet
 * @features_optional: bits a reader may ignore; none are defined yet
 * @layer: enum ckpt_layer: how the bytes behind this header are stored
 * @reserved: zero
 * @crc: CRC32C of the 60 bytes before it
 */
struct ckpt_image_header {
	__u8 magic[8];
	__le32 version;
	__le32 header_len;
	__le32 machine;
	__le32 page_size;
	__le64 features_required;
	__le64 features_optional;
	__le32 layer;
	__u8 reserved[16];
	__le32 crc;
};

/**
 * enum ckpt_layer - what lies below the records; a reader refuses one that it does not know
 * @CKPT_LAYER_PLAIN: nothing: the records as they are
 */
enum ckpt_layer {
	CKPT_LAYER_PLAIN = 0,
};

/** CKPT_SECTION_MAGIC - begins a section; as CKPT_IMAGE_MAGIC, with other letters. */
#define CKPT_SECTION_MAGIC	"\x89" "CKPS\r\n\x1a"
/** CKPT_SECTIONS_MAX - the most sections of an image */
#define CKPT_SECTIONS_MAX	16

/**
 * struct ckpt_section - the first 24 bytes of a section
 * @magic: CKPT_SECTION_MAGIC
 * @type: enum ckpt_section_type
 * @reserved: zero
 * @length: of what follows, in bytes
 *
 * Sections stand in front of the file header. The tools alone read and write them: the kernel is
 * given a descriptor that stands behind them. Behind each are zero bytes up to a multiple of
 * CKPT_IMAGE_ALIGN, counted from its beginning, so that pages in the file stay aligned. The IMAGE
 * record has type, length and SHA-256 of each (Image.section): the tool gives them to the kernel,
 * which writes them down, and compares them at a restart. It refuses a section that is not named
 * there, or that is missing. A tool acts on none before the kernel has compared them.
 */
struct ckpt_section {
	__u8 magic[8];
	__le32 type;
	__le32 reserved;
	__le64 length;
};

/** CKPT_SECTION_TABLE - every section type: name, number, what it is */
#define CKPT_SECTION_TABLE(X)									\
	X(NOTE,	1,	"a note of the caller; text, shown and never acted on")

/** enum ckpt_section_type - see CKPT_SECTION_TABLE */
enum ckpt_section_type {
#define CKPT_SECTION_ENUM(name, number, text) CKPT_SECTION_##name = number,
	CKPT_SECTION_TABLE(CKPT_SECTION_ENUM)
#undef CKPT_SECTION_ENUM
};

/** CKPT_REC_F_RAW - the payload is raw bytes and starts page-aligned behind a gap. */
#define CKPT_REC_F_RAW		(1U << 0)
/** CKPT_REC_F_ADVISORY - a reader that does not know the type may skip the record. */
#define CKPT_REC_F_ADVISORY	(1U << 1)
#define CKPT_REC_FLAGS		(CKPT_REC_F_RAW | CKPT_REC_F_ADVISORY)

/**
 * struct ckpt_image_record - the 24 bytes in front of a payload; starts at a multiple of 8
 * @type: enum ckpt_rec
 * @flags: CKPT_REC_F_*
 * @length: of the payload in bytes, up to CKPT_IMAGE_META_MAX or CKPT_IMAGE_RAW_MAX
 * @payload_hash: XXH64 of the payload
 * @gap: zero bytes between this header and the payload, below CKPT_IMAGE_ALIGN
 * @crc: CRC32C of the 20 bytes before it
 */
struct ckpt_image_record {
	__le16 type;
	__le16 flags;
	__le32 length;
	__le64 payload_hash;
	__le32 gap;
	__le32 crc;
};

/**
 * enum ckpt_stage - what a record is for; the stages of an image follow each other
 * @CKPT_STAGE_HEAD: what the image is, and which tasks are in it
 * @CKPT_STAGE_RIGHTS: what files are on, and whose rights open them
 * @CKPT_STAGE_CREATE: objects that stand alone
 * @CKPT_STAGE_LINK: how objects are connected
 * @CKPT_STAGE_PROCESS: what a process has
 * @CKPT_STAGE_THREAD: what a thread has, and what needs to know all threads
 * @CKPT_STAGE_CONTENT: the content of memory and of files without a name
 * @CKPT_STAGE_END: the trailer
 */
enum ckpt_stage {
	CKPT_STAGE_HEAD,
	CKPT_STAGE_RIGHTS,
	CKPT_STAGE_CREATE,
	CKPT_STAGE_LINK,
	CKPT_STAGE_PROCESS,
	CKPT_STAGE_THREAD,
	CKPT_STAGE_CONTENT,
	CKPT_STAGE_END,
};

/**
 * enum ckpt_count - how often a record of a type stands in an image
 * @CKPT_COUNT_ONE: once
 * @CKPT_COUNT_MAYBE: once, or not at all
 * @CKPT_COUNT_EACH: once for each process; an image has at least one
 * @CKPT_COUNT_EACH_MAYBE: at most once for each process, or each object that it names
 * @CKPT_COUNT_SHARED: an object that a process has one of, and may share; at least one
 * @CKPT_COUNT_SOME: as often as it takes, at least once
 * @CKPT_COUNT_ANY: as often as it takes
 * @CKPT_COUNT_OBJECT: an object each; up to CKPT_IMAGE_OBJECTS_MAX of all of these kinds
 * @CKPT_COUNT_CREDS: an object each, at least one; no more than threads and CKPT_IMAGE_OPENERS_MAX
 *	more, and with the next kind up to CKPT_IMAGE_HELD_MAX bytes
 * @CKPT_COUNT_FILTERS: an object each; no more than threads
 * @CKPT_COUNT_RAW: raw; behind the record that describes it
 */
enum ckpt_count {
	CKPT_COUNT_ONE,
	CKPT_COUNT_MAYBE,
	CKPT_COUNT_EACH,
	CKPT_COUNT_EACH_MAYBE,
	CKPT_COUNT_SHARED,
	CKPT_COUNT_SOME,
	CKPT_COUNT_ANY,
	CKPT_COUNT_OBJECT,
	CKPT_COUNT_CREDS,
	CKPT_COUNT_FILTERS,
	CKPT_COUNT_RAW,
};

/**
 * CKPT_REC_TABLE - every record type: name, number, message of its payload, enum ckpt_stage, enum
 * ckpt_count, what it is
 *
 * The numbers are in the order in which records stand. A raw record has no message ("none") and
 * follows the type in front of it in the table. The message is the name in ckpt_image.proto in
 * lower case with underscores. Readers and writers take order, number and names from here.
 */
#define CKPT_REC_TABLE(X)									\
	X(IMAGE,	1,	image,		HEAD,	ONE,	"where and when it was made")	\
	X(TREE,		2,	tree,		HEAD,	EACH,	"a process and its threads")	\
	X(FILESYSTEMS,	3,	filesystems,	RIGHTS,	MAYBE,	"what paths are on")		\
	X(CRED,		4,	cred,		RIGHTS,	CREDS,	"credentials")			\
	X(SECCOMP,	5,	seccomp,	RIGHTS,	FILTERS, "seccomp filters")		\
	X(FS,		6,	fs,		CREATE,	SHARED,	"root, working directory, umask") \
	X(TTY,		7,	tty,		CREATE,	MAYBE,	"the terminal")			\
	X(PIPE,		8,	pipe,		CREATE,	OBJECT,	"a pipe")			\
	X(PIPE_DATA,	9,	none,		CREATE,	RAW,	"what is in a pipe")		\
	X(SHMEM,	10,	shmem,		CREATE,	OBJECT,	"shared memory or memfd")	\
	X(UNLINKED,	11,	unlinked,	CREATE,	OBJECT,	"a file without a name")	\
	X(FILE,		12,	file,		CREATE,	OBJECT,	"an open file description")	\
	X(FILES,	13,	files,		CREATE,	SHARED,	"a table of descriptors")	\
	X(SIGHAND,	14,	sighand,	CREATE,	SHARED,	"signal actions")		\
	X(MM,		15,	mm,		CREATE,	SHARED,	"an address space")		\
	X(FDS,		16,	fds,		LINK,	ANY,	"descriptors of a table")	\
	X(UNIX_SOCKET,	17,	unix_socket,	LINK,	ANY,	"a unix socket: peer, options")	\
	X(UNIX_DATA,	18,	none,		LINK,	RAW,	"what is to be read from it")	\
	X(EPOLL,	19,	epoll,		LINK,	ANY,	"watches of an epoll instance")	\
	X(LOCKS,	20,	locks,		LINK,	ANY,	"file locks")			\
	X(PKEYS,	21,	pkeys,		LINK,	EACH_MAYBE, "protection keys")	\
	X(VMAS,		22,	vmas,		LINK,	SOME,	"areas of an address space")	\
	X(INOTIFY,	23,	inotify,	LINK,	ANY,	"watches and events")		\
	X(PROCESS,	24,	process,	PROCESS, EACH,	"what a process has")		\
	X(LIMITS,	25,	limits,		PROCESS, EACH,	"rlimits")			\
	X(SIGNALS,	26,	signals,	PROCESS, EACH,	"signals pending for a process") \
	X(THREAD,	27,	thread,		THREAD,	SOME,	"a thread")			\
	X(TIMERS,	28,	timers,		THREAD,	EACH_MAYBE, "timers of a process") \
	X(GUARDS,	29,	guards,		CONTENT, ANY,	"guard regions")		\
	X(PAGE_RUNS,	30,	page_runs,	CONTENT, ANY,	"where the next PAGES are")	\
	X(PAGES,	31,	none,		CONTENT, RAW,	"memory pages")			\
	X(SHMEM_RUN,	32,	shmem_run,	CONTENT, ANY,	"where the next SHMEM_DATA is") \
	X(SHMEM_DATA,	33,	none,		CONTENT, RAW,	"content of memory or file")	\
	X(TRAILER,	34,	trailer,	END,	ONE,	"counts and digest")

/**
 * CKPT_FILE_TABLE - the kinds of open files: the field of a FILE that one has, what it is
 *
 * Each FILE has one of these fields. A checkpoint asks in this order of which kind a file is, and
 * all others are of the last one.
 */
#define CKPT_FILE_TABLE(X)		\
	X(external,	"stream")	\
	X(pipe,		"pipe")		\
	X(tty,		"terminal")	\
	X(shmem,	"memory")	\
	X(eventfd,	"eventfd")	\
	X(timerfd,	"timerfd")	\
	X(signalfd,	"signalfd")	\
	X(epoll,	"epoll")	\
	X(pidfd,	"pidfd")	\
	X(inotify,	"inotify")	\
	X(unlinked,	"file")		\
	X(proc,		"file of proc")	\
	X(symlink,	"link")		\
	X(unix_socket,	"socket")	\
	X(path,		"file")

/** enum ckpt_rec - record types; see CKPT_REC_TABLE */
enum ckpt_rec {
#define CKPT_REC_ENUM(name, number, msg, stage, count, text) CKPT_REC_##name = number,
	CKPT_REC_TABLE(CKPT_REC_ENUM)
#undef CKPT_REC_ENUM
#define CKPT_REC_NEXT(name, number, msg, stage, count, text) CKPT_REC_AT_##name,
	/* The same without gaps, which CKPT_REC_RIGHT() compares. */
	CKPT_REC_AT_0 = 0,
	CKPT_REC_TABLE(CKPT_REC_NEXT)
#undef CKPT_REC_NEXT
	/** CKPT_REC_TYPES - above all types */
	CKPT_REC_TYPES,
};

/** CKPT_REC_RIGHT() - a constant: do the numbers count up without gaps, and fit into a mask? */
#define CKPT_REC_WRONG(name, number, msg, stage, count, text) \
	+ (CKPT_REC_AT_##name != (number))
#define CKPT_REC_RIGHT()	(CKPT_REC_TYPES <= 64 && (0 CKPT_REC_TABLE(CKPT_REC_WRONG)) == 0)

/**
 * CKPT_X86_CPUID_TABLE - instructions that not all x86-64 processors have: word, bit, name
 *
 * X86Machine.cpuid is what the image's processor had of them. A program may have chosen its code by
 * what it found there. Words: 0 CPUID 1 ECX, 1 CPUID 7 EBX, 2 CPUID 7 ECX, 3 CPUID 7 EDX, 4 CPUID
 * 7.1 EAX, 5 CPUID 80000001 ECX, 6 CPUID 80000001 EDX. Hints and what only the kernel can use do
 * not count.
 */
#define CKPT_X86_CPUID_TABLE(X)									\
	X(0, 0, "sse3") X(0, 1, "pclmulqdq") X(0, 9, "ssse3") X(0, 12, "fma")			\
	X(0, 13, "cx16") X(0, 19, "sse4_1") X(0, 20, "sse4_2") X(0, 22, "movbe")		\
	X(0, 23, "popcnt") X(0, 25, "aes") X(0, 26, "xsave") X(0, 28, "avx")			\
	X(0, 29, "f16c") X(0, 30, "rdrand")							\
	X(1, 0, "fsgsbase") X(1, 3, "bmi1") X(1, 5, "avx2") X(1, 8, "bmi2")			\
	X(1, 11, "rtm") X(1, 16, "avx512f") X(1, 17, "avx512dq") X(1, 18, "rdseed")		\
	X(1, 19, "adx") X(1, 21, "avx512ifma") X(1, 23, "clflushopt") X(1, 24, "clwb")		\
	X(1, 28, "avx512cd") X(1, 29, "sha_ni") X(1, 30, "avx512bw")				\
	X(1, 31, "avx512vl")									\
	X(2, 1, "avx512vbmi") X(2, 5, "waitpkg") X(2, 6, "avx512_vbmi2") X(2, 8, "gfni")	\
	X(2, 9, "vaes") X(2, 10, "vpclmulqdq") X(2, 11, "avx512_vnni")				\
	X(2, 12, "avx512_bitalg") X(2, 14, "avx512_vpopcntdq") X(2, 22, "rdpid")		\
	X(2, 27, "movdiri") X(2, 28, "movdir64b")						\
	X(3, 2, "avx512_4vnniw") X(3, 3, "avx512_4fmaps") X(3, 8, "avx512_vp2intersect")	\
	X(3, 14, "serialize") X(3, 23, "avx512_fp16")						\
	X(4, 0, "sha512") X(4, 1, "sm3") X(4, 2, "sm4") X(4, 4, "avx_vnni")			\
	X(4, 5, "avx512_bf16") X(4, 7, "cmpccxadd") X(4, 23, "avx_ifma")			\
	X(5, 0, "lahf_lm") X(5, 5, "abm") X(5, 6, "sse4a") X(5, 11, "xop")			\
	X(5, 16, "fma4") X(5, 21, "tbm")							\
	X(6, 22, "mmxext") X(6, 27, "rdtscp") X(6, 30, "3dnowext") X(6, 31, "3dnow")

/** CKPT_X86_CPUID_WORDS - how many words that are */
#define CKPT_X86_CPUID_WORDS	7

#endif /* _UAPI_CKPT_IMAGE_H */
