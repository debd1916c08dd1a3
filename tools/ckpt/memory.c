// SPDX-License-Identifier: GPL-2.0
#include "memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

/* The places of cgroup2, alone or beside the older kind. */
static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

/* The rest of the first line of a file that begins with @begin. */
static bool line_of(const char *path, const char *begin, char *rest, size_t size)
{
	FILE *f = fopen(path, "re");
	char line[PATH_MAX + 16];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		found = !strncmp(line, begin, strlen(begin));
		if (found)
			snprintf(rest, size, "%s", line + strlen(begin));
	}
	if (f)
		fclose(f);
	rest[found ? strcspn(rest, "\n") : 0] = 0;
	return found;
}

static bool number_of(const char *path, const char *begin, uint64_t *n)
{
	char rest[PATH_MAX];

	/* "max", no limit, is no number. */
	return line_of(path, begin, rest, sizeof(rest)) && sscanf(rest, "%" SCNu64, n) == 1;
}

/* Bytes that are left below the limit of a cgroup. */
static bool left_in(const char *dir, uint64_t *left)
{
	char path[PATH_MAX + 32];
	uint64_t max, current;

	snprintf(path, sizeof(path), "%s/memory.max", dir);
	if (!number_of(path, "", &max))
		return false;
	snprintf(path, sizeof(path), "%s/memory.current", dir);
	if (!number_of(path, "", &current))
		return false;
	*left = max > current ? max - current : 0;
	return true;
}

/* The least that is left in its cgroup and those above, up to the mount. */
static bool least_left(const char *mount, const char *group, uint64_t *least)
{
	char dir[PATH_MAX];
	bool found = false;
	size_t root = strlen(mount);
	uint64_t left;

	if (snprintf(dir, sizeof(dir), "%s%s", mount, group) >= (int)sizeof(dir))
		return false;
	while (strlen(dir) > root) {
		if (left_in(dir, &left) && (!found || left < *least)) {
			*least = left;
			found = true;
		}
		*strrchr(dir, '/') = 0;
	}
	return found;
}

void memory_warn(int pid)
{
	char path[64], group[PATH_MAX], need[BUF_NUMBER], have[BUF_NUMBER];
	uint64_t anon, left = 0;
	bool found = false;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (!number_of(path, "RssAnon:", &anon))
		return;
	anon *= 1024;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (!line_of(path, "0::", group, sizeof(group)))
		return;
	for (i = 0; i < ARRAY_SIZE(mounts) && !found; i++)
		found = least_left(mounts[i], group, &left);
	if (found && left < anon)
		say("pid %d: its memory cgroup has %s left, and up to %s may be copied while it %s",
		    pid, format_size(have, left), format_size(need, anon),
		    "goes on; the checkpoint may have to give way, see MEMORY LIMITS in ckpt(1)");
}
