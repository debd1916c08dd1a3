/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The frame of a ckpt image, format version 1.
 *
 * An image is a stream: it is written and read once, front to back, and works through a pipe.
 *
 *	+--------------------+
 *	| file header, 64 B  |	struct ckpt_image_header
 *	+--------------------+
 *	| record header, 32 B|	struct ckpt_image_record
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
 * Order: IMAGE, then per process PROCESS and what belongs to it (an object stands before the
 * first record that refers to its id), then its memory, then TRAILER. Of what belongs to a
 * process, PKEYS stands before VMAS, VMAS before MM, MM and CRED before the first THREAD, TIMERS
 * behind the last, EPOLL behind the last FDS, LOCKS behind both (of the locks of one file those of
 * descriptions first), INOTIFY behind FDS, MM and the last FILE; CRED, FS, VMAS, MM, SIGHAND,
 * SIGNALS, LIMITS and THREAD must be there. Nothing follows TRAILER; a stream that ends without it
 * is truncated. Bytes behind the trailer are not read.
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
#define CKPT_IMAGE_VERSION	1
#define CKPT_IMAGE_VERSION_MIN	1

/** CKPT_IMAGE_ALIGN - raw payloads start at multiples of this. */
#define CKPT_IMAGE_ALIGN	4096
/** CKPT_IMAGE_META_MAX - the longest protobuf payload in bytes. */
#define CKPT_IMAGE_META_MAX	(1 << 20)
/** CKPT_IMAGE_RAW_MAX - the longest raw payload in bytes. */
#define CKPT_IMAGE_RAW_MAX	(1 << 20)
/**
 * CKPT_IMAGE_OBJECTS_MAX - the most objects, and the highest id of one
 *
 * All kinds have their ids, 1 and on, from one counter. Of CRED and SECCOMP there are no more than
 * threads.
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
	__u8 reserved[20];
	__le32 crc;
};

/** CKPT_REC_F_RAW - the payload is raw bytes and starts page-aligned behind a gap. */
#define CKPT_REC_F_RAW		(1U << 0)
/** CKPT_REC_F_ADVISORY - a reader that does not know the type may skip the record. */
#define CKPT_REC_F_ADVISORY	(1U << 1)
#define CKPT_REC_FLAGS		(CKPT_REC_F_RAW | CKPT_REC_F_ADVISORY)

/**
 * struct ckpt_image_record - the 32 bytes in front of a payload; starts at a multiple of 8
 * @type: enum ckpt_rec
 * @flags: CKPT_REC_F_*
 * @length: of the payload in bytes
 * @payload_hash: XXH64 of the payload
 * @gap: zero bytes between this header and the payload, below CKPT_IMAGE_ALIGN
 * @crc: CRC32C of the 28 bytes before it
 */
struct ckpt_image_record {
	__le32 type;
	__le32 flags;
	__le64 length;
	__le64 payload_hash;
	__le32 gap;
	__le32 crc;
};

/**
 * CKPT_REC_TABLE - every record type: name, number, message of its payload, what it is
 *
 * Numbers are never used again. Raw records have no message ("none"). The message is the name
 * in ckpt_image.proto in lower case with underscores.
 */
#define CKPT_REC_TABLE(X)								\
	X(IMAGE,	1,	image,		"where and when the image was made")	\
	X(PROCESS,	2,	process,	"a process; its records follow")	\
	X(CRED,		3,	cred,		"credentials, an object")		\
	X(FILE,		4,	file,		"an open file description, an object")	\
	X(PIPE,		5,	pipe,		"a pipe, an object")			\
	X(PIPE_DATA,	6,	none,		"raw content of the pipe before it")	\
	X(SHMEM,	7,	shmem,		"shared memory or memfd, an object")	\
	X(TTY,		8,	tty,		"the terminal, an object")		\
	X(FS,		9,	fs,		"root, working directory, umask")	\
	X(MM,		10,	mm,		"the address space's own fields")	\
	X(VMAS,		11,	vmas,		"some of its VMAs, ascending")		\
	X(FDS,		12,	fds,		"some of its descriptors, ascending")	\
	X(SIGHAND,	13,	sighand,	"signal actions")			\
	X(SIGNALS,	14,	signals,	"pending signals of the process")	\
	X(LIMITS,	15,	limits,		"rlimits and the like")			\
	X(THREAD,	16,	thread,		"a thread; the leader first")		\
	X(PAGE_RUNS,	17,	page_runs,	"where the next PAGES belong")		\
	X(PAGES,	18,	none,		"raw memory pages")			\
	X(SHMEM_RUN,	19,	shmem_run,	"where the next SHMEM_DATA belongs")	\
	X(SHMEM_DATA,	20,	none,		"raw content of shared memory or file")	\
	X(TRAILER,	21,	trailer,	"counts and digest; the end")		\
	X(TIMERS,	30,	timers,		"interval timers and POSIX timers")	\
	X(SECCOMP,	31,	seccomp,	"seccomp filters, an object")		\
	X(EPOLL,	40,	epoll,		"watches of an epoll instance")		\
	X(LOCKS,	41,	locks,		"some of its file locks")		\
	X(UNLINKED,	50,	unlinked,	"a file without a name, an object")	\
	X(PKEYS,	51,	pkeys,		"protection keys")			\
	X(INOTIFY,	60,	inotify,	"watches and events of an inotify instance") \
	X(GUARDS,	61,	guards,		"guard regions")			\
	X(FILESYSTEMS,	62,	filesystems,	"file systems that paths refer to")

/** enum ckpt_rec - record types; see CKPT_REC_TABLE */
enum ckpt_rec {
#define CKPT_REC_ENUM(name, number, msg, text) CKPT_REC_##name = number,
	CKPT_REC_TABLE(CKPT_REC_ENUM)
#undef CKPT_REC_ENUM
};

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
