/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address of the kernel's table as a slot of the guardian's. */
#ifndef HB_ACT_GUARD_NOTE_H
#define HB_ACT_GUARD_NOTE_H

#include <string.h>

#include "common/run/log.h"
#include "heartbeatd/act/guard_table.h"
#include "heartbeatd/act/rtnl.h"

/* Before it is set, or removed from there. table may be NULL. */
static inline void hb_guard_hold(struct hb_guard_table *table, enum hb_guard_kind kind,
                                 const struct hb_kernel_address *address)
{
    struct hb_guard_slot slot = {.index = address->index,
                                 .family = address->addr.family,
                                 .bits = address->bits,
                                 .scope = address->scope};
    char text[HA_ADDR_TEXT];

    if (table == NULL)
        return;
    memcpy(slot.addr, address->addr.bytes, sizeof slot.addr);
    memcpy(slot.label, address->label, MIN(sizeof slot.label, sizeof address->label));
    if (!hb_guard_put(table, kind, &slot))
        ha_log(HA_LOG_ERROR, "%s: more than %d addresses: it stays behind if heartbeat is killed",
               ha_addr_text(&address->addr, text), HB_GUARD_SLOTS);
}

#endif
