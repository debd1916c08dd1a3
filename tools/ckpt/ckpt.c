// SPDX-License-Identifier: GPL-2.0
/* ckpt - write the image of a running program */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ckpt.h>

#include "device.h"
#include "memory.h"
#include "outfile.h"
#include "progress.h"
#include "section.h"
#include "util.h"

/** STATS_VERSION - "version" in the output of --stats; raised when a key changes its meaning. */
#define STATS_VERSION 1

/* A killed program ends when its memory is given back; that of a large one takes a while. */
#define GONE_SECONDS 60

static const char usage_text[] =
	"Usage: ckpt [OPTION...] -o IMAGE PID\n"
	"       ckpt [OPTION...] PID > IMAGE\n"
	"Write the image of a running program, from which rstr starts it again.\n"
	"The program goes on, unless told otherwise.\n"
	"\n"
	"  -k, --kill             kill the program once its image is complete\n"
	"  -s, --stop             stop it then, as SIGSTOP does\n"
	"  -o, --output=FILE      write to FILE, which appears complete or not at all\n"
	"  -n, --dry-run          write nothing; say what would be refused\n"
	"      --note=TEXT        put a note in front of the image, which ckptinfo shows\n"
	"      --shared-ok        accept open files shared with other programs\n"
	"      --no-stdio         refuse standard streams that lead to other programs\n"
	"      --timeout=SECONDS  how long the program may take to come to rest (10)\n"
	"      --stall=SECONDS    how long it waits for an output that takes nothing (60)\n"
	"      --stats=FILE       write what it cost to FILE, as JSON\n"
	"  -v, --verbose          say what it cost\n"
	"  -q, --quiet            no progress bar, only errors\n"
	"      --no-progress      no progress bar\n"
	"  -h, --help             this text\n"
	"  -V, --version          the version of the tool, and of the module if loaded\n"
	"\n"
	"SIGUSR1 makes it print how far it is. Exit status: 0 done; 1 it failed and the\n"
	"program goes on unharmed; 2 wrong usage. See ckpt(1).\n";

enum {
	OPT_SHARED_OK = 256,
	OPT_NO_STDIO,
	OPT_NOTE,
	OPT_TIMEOUT,
	OPT_STALL,
	OPT_STATS,
	OPT_NO_PROGRESS,
};

static const struct option options[] = {
	{ "kill", no_argument, NULL, 'k' },
	{ "stop", no_argument, NULL, 's' },
	{ "output", required_argument, NULL, 'o' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "note", required_argument, NULL, OPT_NOTE },
	{ "shared-ok", no_argument, NULL, OPT_SHARED_OK },
	{ "no-stdio", no_argument, NULL, OPT_NO_STDIO },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "stall", required_argument, NULL, OPT_STALL },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

/**
 * struct job - what the command line asks for, and what is in the making
 * @how: what becomes of the program, enum ckpt_release_how
 * @out: the image with -o
 * @note: of --note, or NULL
 * @stats: of --stats
 */
struct job {
	int pid;
	enum ckpt_release_how how;
	uint64_t flags;
	uint32_t timeout_ms;
	uint32_t stall_ms;
	const char *output;
	const char *stats_name;
	const char *note;
	bool verbose;
	bool quiet;
	bool bar;
	struct outfile out;
	struct outfile stats;
};

static int usage_error(void)
{
	fprintf(stderr, "Try 'ckpt --help'.\n");
	return STATUS_USAGE;
}

static bool parse_timeout(const char *text, uint32_t *ms)
{
	char *end;
	double s;

	errno = 0;
	s = strtod(text, &end);
	/* The comparison is false for NaN; 0 would mean the default. */
	if (errno || end == text || *end || !(s >= 0.001 && s <= UINT32_MAX / 1000))
		return false;
	*ms = s * 1000;
	return true;
}

/* Return: -1 to go on, or the exit status. */
static int parse(struct job *job, int argc, char **argv)
{
	uint64_t pid;
	char *text;
	int c;

	while ((c = getopt_long(argc, argv, "kso:nvqhV", options, NULL)) != -1) {
		switch (c) {
		case 'k':
		case 's':
			if (job->how != CKPT_RELEASE_RUN &&
			    job->how != (c == 'k' ? CKPT_RELEASE_KILL : CKPT_RELEASE_STOP)) {
				say("--kill and --stop exclude each other");
				return usage_error();
			}
			job->how = c == 'k' ? CKPT_RELEASE_KILL : CKPT_RELEASE_STOP;
			break;
		case 'o':
			job->output = optarg;
			break;
		case 'n':
			job->flags |= CKPT_CHECKPOINT_DRY_RUN;
			break;
		case OPT_SHARED_OK:
			job->flags |= CKPT_CHECKPOINT_SHARED_OK;
			break;
		case OPT_NO_STDIO:
			job->flags |= CKPT_CHECKPOINT_NO_STDIO;
			break;
		case OPT_NOTE:
			if (strlen(optarg) > SECTION_NOTE_MAX) {
				say("--note: a note has no more than %d bytes", SECTION_NOTE_MAX);
				return usage_error();
			}
			job->note = optarg;
			break;
		case OPT_TIMEOUT:
			if (!parse_timeout(optarg, &job->timeout_ms)) {
				say("--timeout wants a number of seconds");
				return usage_error();
			}
			break;
		case OPT_STALL:
			if (!parse_timeout(optarg, &job->stall_ms)) {
				say("--stall wants a number of seconds");
				return usage_error();
			}
			break;
		case OPT_STATS:
			job->stats_name = optarg;
			break;
		case 'v':
			job->verbose = true;
			break;
		case 'q':
			job->quiet = true;
			break;
		case OPT_NO_PROGRESS:
			job->bar = false;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return fflush(stdout) ? STATUS_FAILED : STATUS_OK;
		case 'V':
			print_version();
			return fflush(stdout) ? STATUS_FAILED : STATUS_OK;
		default:
			return usage_error();
		}
	}
	if (optind == argc) {
		say("which program? A process id is missing");
		return usage_error();
	}
	if (argc - optind > 1) {
		say("one process id only");
		return usage_error();
	}
	if (!parse_uint(argv[optind], INT_MAX, &pid) || !pid) {
		text = escape(argv[optind], strlen(argv[optind]));
		say("'%s' is not a process id", text);
		free(text);
		return usage_error();
	}
	job->pid = pid;
	if (job->flags & CKPT_CHECKPOINT_DRY_RUN && (job->how || job->output || job->note)) {
		say("--dry-run leaves everything as it is; no %s with it",
		    "--kill, --stop, --output or --note");
		return usage_error();
	}
	if (job->how)
		job->flags |= CKPT_CHECKPOINT_HOLD;
	return -1;
}

/* Could an image go there? Says so if not. */
static bool good_output(int fd, bool closed)
{
	int mode = closed ? -1 : fcntl(fd, F_GETFL);
	struct stat st;

	if (mode < 0)
		say("standard output is closed; where should the image go?");
	else if ((mode & O_ACCMODE) == O_RDONLY || mode & O_PATH)
		say("standard output is not open for writing");
	else if (isatty(fd))
		say("an image is not for a terminal; use 'ckpt PID > FILE' or 'ckpt -o FILE PID'");
	else if (fstat(fd, &st))
		say("standard output: %s", strerror(errno));
	else
		return true;
	return false;
}

/* The memory of a program is in its image: a shell makes files that all may read. */
static void warn_readable(mode_t mode)
{
	if (S_ISREG(mode) && mode & 044)
		say("others may read the image (mode %04o), and so the program's memory; %s",
		    mode & 07777, "'ckpt -o FILE PID' makes one for its owner only");
}

static void cleanup(void *arg)
{
	struct job *job = arg;

	outfile_remove(&job->out);
	outfile_remove(&job->stats);
}

static json_t *stats(const struct job *job, const struct ckpt_checkpoint *ck)
{
	return json_pack("{si si sI sI sI sI sI sI sI}", "version", STATS_VERSION,
			 "pid", job->pid, "tasks", (json_int_t)ck->nr_tasks,
			 "frozen_ns", (json_int_t)ck->frozen_ns,
			 "park_ns", (json_int_t)ck->park_ns,
			 "snapshot_ns", (json_int_t)ck->snapshot_ns,
			 "wall_ns", (json_int_t)ck->wall_ns,
			 "pages", (json_int_t)ck->pages,
			 "image_bytes", (json_int_t)ck->image_bytes);
}

static void tell(const struct job *job, const struct ckpt_checkpoint *ck)
{
	char a[BUF_NUMBER], b[BUF_NUMBER], c[BUF_NUMBER], d[BUF_NUMBER];

	say("pid %d: %s thread%s, %s pages, image of %s", job->pid,
	    format_count(a, ck->nr_tasks), ck->nr_tasks == 1 ? "" : "s",
	    format_count(b, ck->pages), format_size(c, ck->image_bytes));
	say("frozen for %s, of that %s to come to rest and %s for the snapshot",
	    format_time(a, ck->frozen_ns), format_time(b, ck->park_ns),
	    format_time(c, ck->snapshot_ns));
	say("%s in all, %s", format_time(a, ck->wall_ns),
	    format_rate(d, ck->image_bytes, ck->wall_ns));
}

/* The pid may be that of any thread. Return: a pidfd of the process, or -1. */
static int open_process(int pid)
{
	int fd = pidfd_open(pid, 0);
	char path[64], line[128];
	FILE *f;

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	if (f)
		fclose(f);
	return pidfd_open(pid, 0);
}

/* Until it has ended, and has let go of all it had; its parent may still have to learn of it. */
static void wait_gone(const struct job *job, int process)
{
	struct pollfd fd = { .fd = process, .events = POLLIN };

	if (process < 0)
		return;
	if (!poll(&fd, 1, GONE_SECONDS * 1000))
		say("pid %d: killed, but it has not ended within %d s", job->pid, GONE_SECONDS);
	close(process);
}

/* The image is complete and in its place: now the program may go. */
static int release(const struct job *job, int device, struct ckpt_checkpoint *ck)
{
	struct ckpt_release rel = { .how = job->how };

	if (ioctl(device, CKPT_IOC_RELEASE, &rel)) {
		say("pid %d: the image is complete, but the program was not %s: %s", job->pid,
		    job->how == CKPT_RELEASE_KILL ? "killed" : "stopped", strerror(errno));
		return -1;
	}
	/* It was held while the image was stored, and that is part of the whole. */
	if (rel.frozen_ns > ck->frozen_ns)
		ck->wall_ns += rel.frozen_ns - ck->frozen_ns;
	ck->frozen_ns = rel.frozen_ns;
	return 0;
}

/* Give the image its name, or its reader the end. */
static int commit(struct job *job)
{
	if (job->output)
		return outfile_commit(&job->out, true);
	if (!(job->flags & CKPT_CHECKPOINT_DRY_RUN) && close(STDOUT_FILENO)) {
		say("standard output: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static int store(struct job *job, const struct ckpt_checkpoint *ck)
{
	struct stat st;

	if (job->output)
		return outfile_sync(&job->out);
	/* Before a program is killed its image should survive the loss of power. */
	if (job->how && !fstat(ck->out_fd, &st) && S_ISREG(st.st_mode) && fsync(ck->out_fd)) {
		say("standard output: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static int checkpoint(struct job *job, int device, struct ckpt_checkpoint *ck,
		      struct ckpt_error *errors)
{
	struct progress progress = {
		.device = device,
		.bar = job->bar && !job->quiet,
		.verb = "writing",
		.cleanup = cleanup,
		.arg = job,
	};
	struct ckpt_section_name name;
	char subject[BUF_NUMBER];
	int ret, error;

	if (progress_start(&progress))
		return -1;
	if (job->note) {
		if (section_write(ck->out_fd, CKPT_SECTION_NOTE, job->note, strlen(job->note),
				  &name)) {
			error = errno;
			progress_stop(&progress);
			say("cannot write the image: %s", strerror(error));
			return -1;
		}
		ck->sections = (uintptr_t)&name;
		ck->nr_sections = 1;
	}
	ret = ioctl(device, CKPT_IOC_CHECKPOINT, ck);
	error = errno;
	if (!ret && !(job->flags & CKPT_CHECKPOINT_DRY_RUN))
		ret = store(job, ck) ? -2 : 0;
	/*
	 * From here on signals wait: between the name of the image and the end of the program
	 * there is no good moment to die.
	 */
	progress_stop(&progress);
	if (ret == -1) {
		snprintf(subject, sizeof(subject), "pid %d", job->pid);
		device_errors(errors, ck->errors_len, error, subject);
	} else if (!ret && ck->errors_len && !job->quiet) {
		device_errors(errors, ck->errors_len, 0, NULL);
	}
	return ret ? -1 : 0;
}

/* Make the image, and let the program go. Return: 0 or -1; with @device the program is let go. */
static int make(struct job *job, int device, struct ckpt_checkpoint *ck, int *process)
{
	bool dry = job->flags & CKPT_CHECKPOINT_DRY_RUN;
	struct ckpt_error *errors;

	errors = calloc(ck->errors_cap, sizeof(*errors));
	if (!errors) {
		say("out of memory");
		return -1;
	}
	ck->errors = (uintptr_t)errors;

	/* A broken pipe is an error to report, not a reason to vanish. */
	signal(SIGPIPE, SIG_IGN);
	if ((job->stats_name && outfile_open(&job->stats, job->stats_name)) ||
	    (job->output && outfile_open(&job->out, job->output)))
		goto fail;
	if (outfile_same(&job->stats, &job->out) ||
	    (!dry && !job->output && outfile_replaces(&job->stats, STDOUT_FILENO))) {
		say("--stats and the image cannot be the same file");
		goto fail;
	}
	/*
	 * To stop in the middle is not possible, and a shell that waits for that, while the reader
	 * of the image has stopped, could not even be interrupted. The same holds where a message
	 * would stop it: programs in the background may not write to their terminal (stty tostop).
	 */
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	progress_block(false);
	/* An image holds all the program's secrets: for its owner only. */
	if (outfile_begin(&job->stats, 0666) || outfile_begin(&job->out, 0600))
		goto fail;
	if (job->output && isatty(job->out.fd)) {
		say("an image is not for a terminal");
		goto fail;
	}
	if (!dry)
		ck->out_fd = job->output ? job->out.fd : STDOUT_FILENO;
	/* One that is held until the end writes to nothing. */
	if (!job->how && !job->quiet)
		memory_warn(job->pid);

	if (checkpoint(job, device, ck, errors))
		goto fail;
	if (commit(job))
		goto fail;
	/* While it is held the pid is its own. */
	if (job->how == CKPT_RELEASE_KILL)
		*process = open_process(job->pid);
	if (job->how && release(job, device, ck))
		goto fail;
	free(errors);
	return 0;
fail:
	cleanup(job);
	free(errors);
	return -1;
}

static int run(struct job *job, unsigned int closed)
{
	struct ckpt_checkpoint ck = {
		.pid = job->pid,
		.out_fd = -1,
		.flags = job->flags,
		.timeout_ms = job->timeout_ms,
		.stall_ms = job->stall_ms,
		.errors_cap = DEVICE_ERRORS,
	};
	bool dry = job->flags & CKPT_CHECKPOINT_DRY_RUN;
	int device, process = -1, ret;
	struct stat st = { 0 };

	if (!dry && !job->output && !good_output(STDOUT_FILENO, closed & 2))
		return STATUS_FAILED;
	device = device_open();
	if (device < 0)
		return STATUS_FAILED;
	if (!dry && !job->output)
		fstat(STDOUT_FILENO, &st);
	message_hold();
	ret = make(job, device, &ck, &process);
	/* The program goes on if it was not released; now we may be made to wait. */
	close(device);
	progress_unblock();
	wait_gone(job, process);
	message_release();
	if (ret)
		return STATUS_FAILED;
	if (!job->quiet)
		warn_readable(st.st_mode);
	if (dry && !job->quiet)
		say("pid %d: nothing in it would be refused", job->pid);
	if (job->verbose && !dry)
		tell(job, &ck);
	/* It is done: what fails now is said, but is no reason to end with a status of failure. */
	if (job->stats_name)
		outfile_json(&job->stats, stats(job, &ck));
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	unsigned int closed = fds_sane();
	struct job job = { .bar = true };
	int status;

	tool_name = "ckpt";
	status = parse(&job, argc, argv);
	return status >= 0 ? status : run(&job, closed);
}
