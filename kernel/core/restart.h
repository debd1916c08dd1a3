/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CKPT_RESTART_H
#define _CKPT_RESTART_H

#include "../../uapi/ckpt.h"

struct operation;

/** restart_run() - CKPT_IOC_RESTART; the results are filled into @arg */
int restart_run(struct operation *op, struct ckpt_restart *arg);

#endif /* _CKPT_RESTART_H */
