/* SPDX-License-Identifier: GPL-2.0 */
/* A program near its memory limit is warned of what a checkpoint may cost it. */
#ifndef TOOLS_MEMORY_H
#define TOOLS_MEMORY_H

/**
 * memory_warn() - say so if the copies that a snapshot makes may not fit
 * @pid: the program
 *
 * While the image is written the program goes on beside the snapshot of its memory: each page that
 * it writes to is copied, and the copy is charged to its memory cgroup. At most that is all its
 * anonymous memory once more. Silent where nothing can be told (another hierarchy, no limit).
 */
void memory_warn(int pid);

#endif
