/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sections: what the tools put in front of the kernel's stream (struct ckpt_section).
 */
#ifndef TOOLS_SECTION_H
#define TOOLS_SECTION_H

#include <stddef.h>
#include <stdint.h>

#include <ckpt.h>
#include <ckpt_image.h>

/** SECTION_NOTE_MAX - the longest note, in bytes */
#define SECTION_NOTE_MAX 4096

/**
 * section_write() - write one
 * @fd: where to
 * @type: enum ckpt_section_type
 * @data: its content
 * @len: the length of that in bytes
 * @name: filled for the ioctl
 *
 * Return: 0, or -1 with errno.
 */
int section_write(int fd, uint32_t type, const void *data, size_t len,
		  struct ckpt_section_name *name);

/** section_gap() - zero bytes between a section of @len bytes and what follows it */
size_t section_gap(uint64_t len);

/** section_type_name() - "NOTE" for CKPT_SECTION_NOTE; NULL if the type is not known */
const char *section_type_name(uint32_t type);

/**
 * section_skip() - read the sections in front of an image, and leave @fd behind them
 * @fd: from where, at its current position: a regular file, a pipe or a socket
 * @names: filled; room for CKPT_SECTIONS_MAX
 *
 * Nothing is acted on: the module has to compare them first. Return: how many, or -1 with one line
 * on stderr.
 */
int section_skip(int fd, struct ckpt_section_name *names);

#endif
