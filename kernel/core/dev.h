/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_DEV_H
#define _CKPT_DEV_H

/** dev_init() - register /dev/ckpt; from here on the module can be entered */
int dev_init(void);

/** dev_exit() - take /dev/ckpt away; no file of it is open, or the module would be in use */
void dev_exit(void);

#endif /* _CKPT_DEV_H */
