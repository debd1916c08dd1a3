/* SPDX-License-Identifier: GPL-2.0 */
/* A program that counts, and the arguments to checkpoint and restart it. */
#ifndef SELFTESTS_FIXTURE_H
#define SELFTESTS_FIXTURE_H

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "device.h"
#include "harness.h"
#include "victim.h"

FIXTURE(device)
{
	int fd;
	int out;
	pid_t pid;
	char path[64];
	volatile uint64_t *counter;
	struct ckpt_error errors[4];
	struct ckpt_checkpoint ck;
	struct ckpt_restart rs;
};

FIXTURE_SETUP(device)
{
	signal(SIGPIPE, SIG_IGN);
	self->fd = device_open();
	self->out = memfd_create("image", MFD_CLOEXEC);
	self->counter = victim_counter(self->path);
	self->pid = victim_start("count", self->path);
	ASSERT_TRUE(victim_counts(self->counter));
	self->ck = (struct ckpt_checkpoint){
		.pid = self->pid,
		.out_fd = self->out,
		.errors = (uintptr_t)self->errors,
		.errors_cap = ARRAY_SIZE(self->errors),
	};
	self->rs = (struct ckpt_restart){
		.in_fd = self->out,
		.tty_fd = -1,
		.errors = (uintptr_t)self->errors,
		.errors_cap = ARRAY_SIZE(self->errors),
	};
}

FIXTURE_TEARDOWN(device)
{
	/* The program goes on, however wrong the requests were. */
	EXPECT_TRUE(victim_counts(self->counter));
	victim_kill(self->pid);
	unlink(self->path);
}

#define FAILS(error, cmd, arg) do {			\
	EXPECT_EQ(-1, ioctl(self->fd, cmd, arg));	\
	EXPECT_EQ(error, errno);			\
} while (0)

#endif
