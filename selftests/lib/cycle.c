// SPDX-License-Identifier: GPL-2.0
/*
 * A subject that is checkpointed, killed and restarted again and again, without the tools: what
 * the module does takes a tenth of what it takes to start them.
 *
 *	CKPT_CTL=DIRECTORY cycle ROUNDS SEED PROGRAM TEST
 *
 * Exit status: that of the subject at its end; 1 and words on stderr if something failed; 77 if
 * this subject wants something that only the driver can give.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define NOT_FOR_US 77
#define NAP_US 60000

static pid_t subject;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;
	int status;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (subject > 0) {
		kill(subject, SIGKILL);
		if (waitpid(subject, &status, __WALL) == subject)
			fprintf(stderr, "; status %#x", status);
	}
	fputc('\n', stderr);
	exit(1);
}

/* The subject reports by files in that directory. Return: is there one called @what? */
static int said(const char *what)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("CKPT_CTL"), what);
	return !access(path, F_OK);
}

static void say_end(void)
{
	char path[4096];
	FILE *end;

	snprintf(path, sizeof(path), "%s/end", getenv("CKPT_CTL"));
	end = fopen(path, "w");
	if (!end || fclose(end))
		die("%s: %s", path, strerror(errno));
}

static void start(char **argv)
{
	int status;

	subject = fork();
	if (!subject) {
		execv(argv[0], argv);
		_exit(127);
	}
	while (!said("ready")) {
		if (waitpid(subject, &status, WNOHANG)) {
			/* Skipped, perhaps: the result tells. */
			exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
		}
		usleep(10000);
	}
	if (said("refuse") || said("mode") || said("rstr")) {
		/* It may have something to put away. */
		say_end();
		waitpid(subject, &status, 0);
		exit(NOT_FOR_US);
	}
}

/* One round. Both ways to end it: what is held is killed by its release. */
static void again(int round)
{
	int image = memfd_create("image", MFD_CLOEXEC), device = device_open(), status;
	bool hold = said("kill") || random() % 3 == 0;
	struct device_result res;
	pid_t pid;

	/* At once, too, when it has hardly begun. */
	if (random() % 2)
		usleep(random() % NAP_US);
	if (image < 0)
		die("memfd_create: %s", strerror(errno));
	if (device_checkpoint(device, subject, image, hold ? CKPT_CHECKPOINT_HOLD : 0, &res))
		die("checkpoint %d: %s", round, device_words(&res));
	if (hold ? device_release(device, CKPT_RELEASE_KILL) : kill(subject, SIGKILL))
		die("checkpoint %d: it cannot be killed: %s", round, strerror(errno));
	close(device);
	if (waitpid(subject, &status, __WALL) != subject || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL)
		die("checkpoint %d: status %#x", round, status);
	pid = subject;
	subject = 0;
	device = device_open();
	lseek(image, 0, SEEK_SET);
	/* The test judges what the subject has done to its files meanwhile. */
	subject = device_restart(device, image, hold ? 0 : CKPT_RESTART_FILES_CHANGED, &res);
	if (subject < 0)
		die("restart %d: %s", round, device_words(&res));
	if (subject != pid)
		die("restart %d: pid %d, it was %d", round, subject, pid);
	close(device);
	close(image);
}

int main(int argc, char **argv)
{
	const char *patience = getenv("CKPT_PATIENCE");
	int rounds, status, i;

	if (argc != 5 || !getenv("CKPT_CTL"))
		return 2;
	rounds = atoi(argv[1]);
	srandom(atoi(argv[2]));
	/* On a kernel that looks after everything, three hundred threads come to rest slowly. */
	if (patience)
		device_timeout_ms = 1000 * atoi(patience);
	start(argv + 3);
	for (i = 0; i < rounds; i++)
		again(i);
	say_end();
	if (waitpid(subject, &status, __WALL) != subject)
		die("waitpid: %s", strerror(errno));
	if (!WIFEXITED(status))
		die("the subject: status %#x", status);
	return WEXITSTATUS(status);
}
