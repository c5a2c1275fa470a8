/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handing messages on around a ring (ring.h). */
#include "heartbeatd/core/ring.h"

#include <string.h>

struct hb_msg *hb_ring_copy(const struct hb_msg *msg, const char *self)
{
    const char *src = hb_msg_text(msg, "src");
    struct hb_msg *copy;
    uint64_t hops;

    if (src == NULL || g_ascii_strcasecmp(src, self) == 0 || !hb_msg_uint(msg, "ttl", &hops) ||
        hops == 0)
        return NULL;
    copy = hb_msg_new();
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        if (strcmp(field->name, "ttl") == 0)
            hb_msg_add_uint(copy, "ttl", hops - 1);
        else
            hb_msg_add(copy, field->type, field->name, field->value, field->length);
    }
    return copy;
}
