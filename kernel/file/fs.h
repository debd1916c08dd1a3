/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_FS_H
#define _CKPT_FS_H

struct checkpoint_process;
struct restart;

/** fs_write() - write FS: root, working directory, umask; once for all processes that share them */
int fs_write(struct checkpoint_process *proc);

/** fs_read() - FS: set the current process's, but for the root directory */
int fs_read(struct restart *rs);

#endif /* _CKPT_FS_H */
