/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody else did to the kernel's table, told from what we did by what
 * was written last. One thing is left as it is: a server that is up and that
 * somebody set to weight 0 stays there, as an operator's wish made with
 * ipvsadm(8), until somebody gives it a weight, it goes down and up again, its
 * line in the file gets another weight, or an "enable" is said. Everything else
 * is put right when the table is next written, as a difference like any other.
 */
#ifndef LD_CORE_DRIFT_H
#define LD_CORE_DRIFT_H

#include "ldirectord/core/core.h"
#include "ldirectord/core/model.h"

/* The kernel's table was read: sets server->left_at_zero, and logs it where it is new. Returns
 * how many servers that changed for. */
unsigned ld_drift_look(struct ld_model *model, const struct ld_table *actual,
                       struct ld_actions *actions);
/* The kernel accepted it. */
void ld_drift_op_done(struct ld_model *model, const struct ld_op *op);
/* The service stands as wanted. */
void ld_drift_stands(struct ld_model *model, const struct ld_vs *wanted);

#endif
