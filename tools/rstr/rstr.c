// SPDX-License-Identifier: GPL-2.0
/* rstr - start a program again from its image */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ckpt.h>

#include "device.h"
#include "job.h"
#include "outfile.h"
#include "progress.h"
#include "section.h"
#include "util.h"

/** STATS_VERSION - "version" in the output of --stats; raised when a key changes its meaning. */
#define STATS_VERSION 1

/**
 * STATUS_NOT_STARTED - exit code for every failure of rstr itself
 *
 * Out of the way of what programs use, as with env(1) and timeout(1), so that a caller can tell
 * it from the program's own status.
 */
#define STATUS_NOT_STARTED 125

/* How long the init of a new pid namespace waits for its messages to be taken. */
#define INIT_MESSAGES_MS 2000

static const char usage_text[] =
	"Usage: rstr [OPTION...] -i IMAGE\n"
	"       rstr [OPTION...] < IMAGE\n"
	"Start a program again from the image that ckpt wrote, as a job of this shell.\n"
	"\n"
	"  -d, --detach                let it go on in the background\n"
	"  -i, --input=FILE            read the image from FILE\n"
	"  -p, --pidfile=FILE          write its process id to FILE\n"
	"      --new-pidns             give it a pid namespace of its own, where its pids\n"
	"                              are free\n"
	"      --accept-changed-files  take files that are not as they were\n"
	"      --accept-other-files    take copies of its files, with your rights to them\n"
	"      --truncate-files        cut files it writes to the size they had\n"
	"      --relocate=OLD=NEW      look for what was below the directory OLD below NEW\n"
	"      --check                 only see whether it could be started here\n"
	"      --stats=FILE            write what it cost to FILE, as JSON\n"
	"  -v, --verbose               say its process id and what it cost\n"
	"  -q, --quiet                 no progress bar, only errors\n"
	"      --no-progress           no progress bar\n"
	"  -h, --help                  this text\n"
	"  -V, --version               the version of the tool, and of the module if loaded\n"
	"\n"
	"SIGUSR1 makes it print how far it is, until the program runs. Exit status: that of\n"
	"the program, 0 with --detach; 125 if it was not started. See rstr(1).\n";

enum {
	OPT_NEW_PIDNS = 256,
	OPT_CHANGED,
	OPT_OTHER,
	OPT_TRUNCATE,
	OPT_RELOCATE,
	OPT_CHECK,
	OPT_STATS,
	OPT_NO_PROGRESS,
};

static const struct option options[] = {
	{ "detach", no_argument, NULL, 'd' },
	{ "input", required_argument, NULL, 'i' },
	{ "pidfile", required_argument, NULL, 'p' },
	{ "new-pidns", no_argument, NULL, OPT_NEW_PIDNS },
	{ "accept-changed-files", no_argument, NULL, OPT_CHANGED },
	{ "accept-other-files", no_argument, NULL, OPT_OTHER },
	{ "truncate-files", no_argument, NULL, OPT_TRUNCATE },
	{ "relocate", required_argument, NULL, OPT_RELOCATE },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

/* The wishes of the command line, and the files that are being made. */
struct order {
	uint64_t flags;
	const char *input;
	const char *pidfile_name;
	const char *stats_name;
	char *relocate;
	size_t relocate_len;
	bool check;
	bool detach;
	bool new_pidns;
	bool verbose;
	bool quiet;
	bool bar;
	int device;
	unsigned int closed;
	int in_fd;
	int tty_fd;
	struct outfile pidfile;
	struct outfile stats;
};

static int usage_error(void)
{
	fprintf(stderr, "Try 'rstr --help'.\n");
	return STATUS_NOT_STARTED;
}

/* OLD=NEW becomes two strings, as the module takes them. Without an = in OLD: the first counts. */
static bool add_relocation(struct order *order, const char *arg)
{
	const char *new = strchr(arg, '=');
	size_t len = strlen(arg) + 1;
	char *list;

	if (arg[0] != '/' || !new || new[1] != '/') {
		say("--relocate wants OLD=NEW, both beginning with a slash");
		return false;
	}
	if (len > CKPT_RELOCATE_MAX - order->relocate_len) {
		say("--relocate: all of them together may have %u bytes", CKPT_RELOCATE_MAX);
		return false;
	}
	list = realloc(order->relocate, order->relocate_len + len);
	if (!list) {
		say("out of memory");
		return false;
	}
	memcpy(list + order->relocate_len, arg, len);
	list[order->relocate_len + (new - arg)] = '\0';
	order->relocate = list;
	order->relocate_len += len;
	return true;
}

/* Return: -1 to go on, or the exit status. */
static int parse(struct order *order, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "di:p:vqhV", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			order->detach = true;
			order->flags |= CKPT_RESTART_DETACH;
			break;
		case 'i':
			order->input = optarg;
			break;
		case 'p':
			order->pidfile_name = optarg;
			break;
		case OPT_NEW_PIDNS:
			order->new_pidns = true;
			break;
		case OPT_CHANGED:
			order->flags |= CKPT_RESTART_FILES_CHANGED;
			break;
		case OPT_OTHER:
			order->flags |= CKPT_RESTART_FILES_OTHER;
			break;
		case OPT_TRUNCATE:
			order->flags |= CKPT_RESTART_FILES_TRUNCATE;
			break;
		case OPT_RELOCATE:
			if (!add_relocation(order, optarg))
				return usage_error();
			break;
		case OPT_CHECK:
			order->check = true;
			order->flags |= CKPT_RESTART_CHECK;
			break;
		case OPT_STATS:
			order->stats_name = optarg;
			break;
		case 'v':
			order->verbose = true;
			break;
		case 'q':
			order->quiet = true;
			break;
		case OPT_NO_PROGRESS:
			order->bar = false;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return fflush(stdout) ? STATUS_NOT_STARTED : STATUS_OK;
		case 'V':
			print_version();
			return fflush(stdout) ? STATUS_NOT_STARTED : STATUS_OK;
		default:
			return usage_error();
		}
	}
	if (order->check && (order->pidfile_name || order->stats_name)) {
		say("--check starts nothing, there is nothing to write to a file");
		return usage_error();
	}
	if (optind < argc) {
		say("the image comes from standard input or --input; there are no arguments");
		return usage_error();
	}
	return -1;
}

static int open_input(struct order *order, bool closed)
{
	char *name = escape(order->input ? order->input : "standard input",
			    strlen(order->input ? order->input : "standard input"));
	int ret = -1, mode;
	struct stat st;

	order->in_fd = STDIN_FILENO;
	if (order->input) {
		/* Not to become the controlling terminal, in case it is one. */
		order->in_fd = open(order->input, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		closed = false;
		if (order->in_fd < 0) {
			say("%s: %s", name, strerror(errno));
			goto out;
		}
	}
	mode = closed ? -1 : fcntl(order->in_fd, F_GETFL);
	if (mode < 0)
		say("standard input is closed; where should the image come from?");
	else if ((mode & O_ACCMODE) == O_WRONLY || mode & O_PATH)
		say("%s: not open for reading", name);
	else if (isatty(order->in_fd))
		say("an image does not come from a terminal; use 'rstr < FILE' or 'rstr -i FILE'");
	else if (fstat(order->in_fd, &st))
		say("%s: %s", name, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		say("%s: %s", name, strerror(EISDIR));
	else
		ret = 0;
out:
	free(name);
	return ret;
}

/* The terminal that the program gets for the one it was started from. */
static int open_tty(void)
{
	static const int candidate[] = { STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO };
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	size_t i;

	for (i = 0; fd < 0 && i < ARRAY_SIZE(candidate); i++)
		if (isatty(candidate[i]))
			fd = candidate[i];
	return fd;
}

/* Bytes still to be read from a file; 0 if nobody knows. */
static uint64_t image_size(int fd)
{
	struct stat st;
	off_t pos;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	pos = lseek(fd, 0, SEEK_CUR);
	return pos >= 0 && pos < st.st_size ? st.st_size - pos : 0;
}

static void cleanup(void *arg)
{
	struct order *order = arg;

	outfile_remove(&order->pidfile);
	outfile_remove(&order->stats);
}

/*
 * Our standard streams are for those of the program that led to other programs. One that the image
 * comes from is not given away. Return: how many are.
 */
static uint32_t give_streams(const struct order *order, struct ckpt_external *externals)
{
	struct stat image, st;
	uint32_t n = 0;
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (order->closed & 1U << fd)
			continue;
		if (fd == STDIN_FILENO &&
		    (fstat(order->in_fd, &image) || fstat(fd, &st) ||
		     (image.st_dev == st.st_dev && image.st_ino == st.st_ino)))
			continue;
		externals[n++] = (struct ckpt_external){
			.kind = CKPT_EXTERNAL_STREAM, .fd = fd, .id = fd,
		};
	}
	return n;
}

/* The ioctl, and what is to be said if it fails. The program becomes a child of this process. */
static int restart(struct order *order, struct ckpt_restart *rs)
{
	struct progress progress = {
		.device = order->device,
		.bar = order->bar && !order->quiet,
		.quiet = order->quiet,
		.verb = "reading",
		.total = image_size(order->in_fd),
		.starts = true,
		.cleanup = cleanup,
		.arg = order,
	};
	struct ckpt_section_name sections[CKPT_SECTIONS_MAX];
	struct ckpt_external externals[CKPT_EXTERNALS_MAX];
	struct ckpt_error *errors;
	uint32_t i;
	int ret, error, n;

	errors = calloc(DEVICE_ERRORS, sizeof(*errors));
	if (!errors) {
		say("out of memory");
		return -1;
	}
	*rs = (struct ckpt_restart){
		.in_fd = order->in_fd,
		.tty_fd = order->tty_fd,
		.flags = order->flags,
		.relocate = (uintptr_t)order->relocate,
		.relocate_len = order->relocate_len,
		.errors = (uintptr_t)errors,
		.errors_cap = DEVICE_ERRORS,
		.nr_externals = give_streams(order, externals),
	};
	rs->externals = rs->nr_externals ? (uintptr_t)externals : 0;
	if (progress_start(&progress)) {
		free(errors);
		return -1;
	}
	/* The input may come late, and signals are heeded from here on. */
	n = section_skip(order->in_fd, sections);
	if (n < 0) {
		progress_stop(&progress);
		close(order->device);
		free(errors);
		return -1;
	}
	rs->sections = n ? (uintptr_t)sections : 0;
	rs->nr_sections = n;
	/*
	 * In the main thread, not in the other one: a child is told when the thread that made
	 * it ends (PR_SET_PDEATHSIG).
	 */
	ret = ioctl(progress.device, CKPT_IOC_RESTART, rs);
	error = errno;
	progress_stop(&progress);
	if (ret || (rs->errors_len && !order->quiet))
		device_errors(errors, rs->errors_len, error, "cannot restart");
	for (i = 0; ret && i < rs->errors_len; i++) {
		if (errors[i].reason != CKPT_REASON_TAKEN)
			continue;
		if (order->new_pidns && errors[i].pid == 1)
			say("it is the image of an init; a new pid namespace has one already");
		else if (!order->new_pidns && !errors[i].advice[0])
			say("rstr --new-pidns starts it in a pid namespace of its own");
		break;
	}
	close(order->device);
	free(errors);
	return ret ? -1 : 0;
}

static int write_pidfile(struct order *order, int pid)
{
	if (dprintf(order->pidfile.fd, "%d\n", pid) < 0) {
		say("%s: %s", order->pidfile_name, strerror(errno));
		outfile_abort(&order->pidfile);
		return -1;
	}
	return outfile_commit(&order->pidfile, false);
}

/*
 * The program runs. A failure from here on is said, but is no reason to end with a status that
 * means that it does not.
 */
static void started(struct order *order, const struct ckpt_restart *rs)
{
	char a[BUF_NUMBER], b[BUF_NUMBER], c[BUF_NUMBER], d[BUF_NUMBER];

	if (order->check) {
		if (order->verbose)
			say("pid %d: %s thread%s, %s pages could be started here", rs->pid,
			    format_count(a, rs->nr_tasks), rs->nr_tasks == 1 ? "" : "s",
			    format_count(b, rs->pages));
		return;
	}
	if (order->pidfile_name)
		write_pidfile(order, rs->pid);
	if (order->stats_name)
		outfile_json(&order->stats,
			     json_pack("{si si sI sI sI sI}", "version", STATS_VERSION,
				       "pid", rs->pid, "tasks", (json_int_t)rs->nr_tasks,
				       "wall_ns", (json_int_t)rs->wall_ns,
				       "pages", (json_int_t)rs->pages,
				       "image_bytes", (json_int_t)rs->image_bytes));
	if (order->verbose)
		say("pid %d: %s thread%s, %s pages in %s, %s", rs->pid,
		    format_count(a, rs->nr_tasks), rs->nr_tasks == 1 ? "" : "s",
		    format_count(b, rs->pages), format_time(c, rs->wall_ns),
		    format_rate(d, rs->image_bytes, rs->wall_ns));
}

/*
 * A program may run for long, and its image should not be kept for that. Programs at the other ends
 * of its streams should see it close these, while we still wait for it.
 */
static void release_streams(struct order *order, const struct ckpt_restart *rs)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	dup2(fd, order->in_fd);
	if (rs->streams & 1U << STDIN_FILENO)
		dup2(fd, STDIN_FILENO);
	if (rs->streams & 1U << STDOUT_FILENO)
		dup2(fd, STDOUT_FILENO);
	close(fd);
}

/* Let go of what somebody may wait for the end of, such as a pipe. */
static void close_standard(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
}

/* The init of the new pid namespace. Its end is the end of all that is in there. */
static void __attribute__((noreturn)) run_init(struct order *order, int socket)
{
	struct job_event event = { .kind = JOB_FAILED };
	struct pollfd fd = { .fd = socket };
	int pidfd;

	/* If rstr is killed before the program runs, nothing shall stay. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&fd, 1, 0) > 0 || restart(order, &event.restart)) {
		/* While this waits, rstr still heeds signals, and would kill us. */
		message_release();
		job_send(socket, &event, -1);
		_exit(STATUS_NOT_STARTED);
	}
	prctl(PR_SET_PDEATHSIG, 0);
	pidfd = pidfd_open(event.restart.pid, 0);
	event.kind = JOB_STARTED;
	job_send(socket, &event, pidfd);
	/* Without us nobody reaps the program: a reader may make us wait for a moment only. */
	message_try(INIT_MESSAGES_MS);
	message_drop();
	if (order->check)
		_exit(0);
	release_streams(order, &event.restart);
	if (order->detach)
		close_standard();
	if (socket > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, socket - 1, 0);
	close_range(socket + 1, ~0U, 0);
	event.kind = JOB_ENDED;
	event.value = job_wait(event.restart.pid, -1, socket, 0);
	job_send(socket, &event, -1);
	_exit(0);
}

/* The pid in our namespace of a process that we know by another one's pidfd. */
static int pid_of(int pidfd)
{
	char path[64], text[128];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	f = fopen(path, "re");
	while (f && fgets(text, sizeof(text), f))
		if (sscanf(text, "Pid: %d", &pid) == 1)
			break;
	if (f)
		fclose(f);
	return pid;
}

/* The program has ended, or goes on without us: messages may wait, and signals end that. */
static void messages_last(void)
{
	progress_unblock();
	message_release();
}

/* Wait for init's first word, and end both if a signal says so. */
static bool await_init(struct order *order, pid_t init, int socket, struct job_event *event,
		       int *pidfd)
{
	struct pollfd fd[] = {
		{ .fd = socket, .events = POLLIN },
		{ .fd = progress_signals(), .events = POLLIN },
	};
	struct signalfd_siginfo si;
	bool stop = false;

	while (1) {
		if (poll(fd, ARRAY_SIZE(fd), -1) < 0)
			continue;
		if (fd[0].revents)
			break;
		if (read(fd[1].fd, &si, sizeof(si)) != sizeof(si))
			continue;
		if (progress_too_late(order->device, &si)) {
			close(fd[1].fd);
			fd[1].fd = -1;
			continue;
		}
		if (si.ssi_signo == SIGUSR1) {
			kill(init, SIGUSR1);
			continue;
		}
		if (si.ssi_signo == SIGTSTP) {
			stop = true;
			continue;
		}
		kill(init, SIGKILL);
		waitpid(init, NULL, 0);
		cleanup(order);
		message_drop();
		/* A wait status that says "ended by a signal" is its number. */
		job_end_like(si.ssi_signo);
	}
	if (fd[1].fd >= 0)
		close(fd[1].fd);
	if (stop)
		kill(getpid(), SIGTSTP);
	close(order->device);
	return job_receive(socket, event, pidfd) && event->kind == JOB_STARTED;
}

static int run_in_pidns(struct order *order)
{
	struct job_event event;
	int pair[2], pidfd, status;
	pid_t init;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		say("socketpair: %s", strerror(errno));
		goto fail;
	}
	if (unshare(CLONE_NEWPID)) {
		if (errno == EPERM)
			say("--new-pidns needs the capability CAP_SYS_ADMIN; be root");
		else
			say("--new-pidns: %s", strerror(errno));
		goto fail;
	}
	init = fork();
	if (init < 0) {
		say("fork: %s", strerror(errno));
		goto fail;
	}
	if (!init) {
		close(pair[0]);
		run_init(order, pair[1]);
	}
	close(pair[1]);
	if (!await_init(order, init, pair[0], &event, &pidfd)) {
		/* It has said why; unless somebody killed it. */
		if (waitpid(init, &status, 0) == init && WIFSIGNALED(status))
			say("killed while it built the program");
		goto fail;
	}
	if (pidfd >= 0) {
		event.restart.pid = pid_of(pidfd);
		close(pidfd);
	}
	started(order, &event.restart);
	if (order->detach || order->check)
		return STATUS_OK;
	release_streams(order, &event.restart);
	status = job_wait(init, pair[0], -1, pidfd >= 0 ? event.restart.pid : 0);
	messages_last();
	job_end_like(status);
fail:
	cleanup(order);
	return STATUS_NOT_STARTED;
}

static int run(struct order *order)
{
	struct ckpt_restart rs;
	int status;

	if (open_input(order, order->closed & 1))
		return STATUS_NOT_STARTED;
	order->tty_fd = open_tty();
	/* The reader of our messages may have left: that must not part us from the program. */
	signal(SIGPIPE, SIG_IGN);
	if ((order->pidfile_name && outfile_open(&order->pidfile, order->pidfile_name)) ||
	    (order->stats_name && outfile_open(&order->stats, order->stats_name)))
		return STATUS_NOT_STARTED;
	if (outfile_same(&order->pidfile, &order->stats) ||
	    outfile_replaces(&order->pidfile, order->in_fd) ||
	    outfile_replaces(&order->stats, order->in_fd)) {
		say("--pidfile, --stats and the image cannot be the same file");
		return STATUS_NOT_STARTED;
	}
	message_hold();
	progress_block(true);
	job_block();
	if (outfile_begin(&order->pidfile, 0666) || outfile_begin(&order->stats, 0666))
		goto fail;
	order->device = device_open();
	if (order->device < 0)
		goto fail;
	if (order->new_pidns)
		return run_in_pidns(order);
	if (restart(order, &rs))
		goto fail;
	started(order, &rs);
	if (order->detach || order->check)
		return STATUS_OK;
	release_streams(order, &rs);
	status = job_wait(rs.pid, -1, -1, rs.pid);
	messages_last();
	job_end_like(status);
fail:
	cleanup(order);
	return STATUS_NOT_STARTED;
}

int main(int argc, char **argv)
{
	struct order order = { .bar = true };
	int status;

	tool_name = "rstr";
	tool_failed = STATUS_NOT_STARTED;
	order.closed = fds_sane();
	status = parse(&order, argc, argv);
	if (status >= 0)
		return status;
	status = run(&order);
	messages_last();
	return status;
}
