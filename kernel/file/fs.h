/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_FS_H
#define _CKPT_FS_H

struct checkpoint;
struct restart;

/** fs_write() - write FS: root, working directory, umask */
int fs_write(struct checkpoint *cp);

/** fs_read() - FS: set the current process's, but for the root directory */
int fs_read(struct restart *rs);

#endif /* _CKPT_FS_H */
