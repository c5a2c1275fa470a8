/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which services of the table are to be looked at next. A table of thousands
 * of services is not read and written in one go while checks wait: it is gone
 * through in portions, what changed first, then what a start or a reload wants
 * seen, then what is looked at without a reason of our own.
 */
#ifndef LD_CORE_DUE_H
#define LD_CORE_DUE_H

#include "ldirectord/core/table.h"

enum ld_due_kind {
    LD_DUE_CHANGED, /* something about it is other than it was */
    LD_DUE_ALL,     /* each of them, once: after a start, a reload, a change of mode */
    LD_DUE_LOOK,    /* each of them, for what somebody else did */
    LD_DUE_COUNT
};

struct ld_due;

struct ld_due *ld_due_new(void);
void ld_due_free(struct ld_due *due);

/* id is copied; once per kind. */
void ld_due_add(struct ld_due *due, enum ld_due_kind kind, const struct ld_service_id *id);
bool ld_due_any(const struct ld_due *due);
bool ld_due_has(const struct ld_due *due, enum ld_due_kind kind);
/* Of all that is due the first `max` services; everything, each once, if max is LD_PORTION_ALL. What has
 * changed does not wait for anything else to be read: it comes alone, every other time at most.
 * ld_portion_clear() it. */
void ld_due_take(struct ld_due *due, unsigned max, struct ld_portion *portion);

#endif
