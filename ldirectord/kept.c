/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operators' orders over a restart (keeporders=yes): a file with a line each,
 * written whole when an order is given, never because of a check. What it holds
 * decides nothing until it has been read as carefully as any input.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/run/file.h"
#include "common/run/log.h"
#include "ldirectord/director_inside.h"

#define FILE_MAX_BYTES (1 << 20)

static void take(struct ld_director *director, const struct ld_wishes *kept)
{
    for (guint i = 0; i < kept->list->len; i++)
        ld_director_step(director, &(struct ld_event){.kind = LD_EV_WISH,
                                                      .wish = kept->list->pdata[i]});
}

void ld_kept_read(struct ld_director *director)
{
    const char *path = director->orders_file;
    struct ld_wishes kept;
    char *text = NULL;
    size_t length;
    unsigned refused;
    int error;

    if (!path || !director->config->keeporders)
        return;
    error = ha_file_read(path, FILE_MAX_BYTES, &text, &length, NULL);
    if (error == -ENOENT)
        return;
    if (error < 0) {
        ha_log(HA_LOG_WARNING, "cannot read the orders kept in %s: %s", path, g_strerror(-error));
        return;
    }
    ld_wishes_init(&kept);
    refused = ld_wishes_read(&kept, text);
    if (refused > 0)
        ha_log(HA_LOG_WARNING, "%s: %u lines make no sense and are passed over", path, refused);
    if (kept.list->len > 0)
        ha_log(HA_LOG_NOTICE, "%u orders of an earlier life are in force (ldirectord status shows "
               "them)", kept.list->len);
    take(director, &kept);
    ld_wishes_clear(&kept);
    g_free(text);
}

void ld_kept_write(struct ld_director *director)
{
    const char *path = director->orders_file;
    const struct ld_wishes *wishes = ld_core_wishes(director->core);
    GString *text;
    int error = 0;

    if (!path || !director->config->keeporders)
        return;
    text = g_string_new(NULL);
    ld_wishes_print(wishes, text);
    if (text->len > 0)
        error = ha_file_write(path, text->str, text->len, 0600);
    else if (unlink(path) != 0 && errno != ENOENT)
        error = -errno;
    g_string_free(text, TRUE);
    if (error < 0)
        ha_log(HA_LOG_WARNING, "cannot keep the orders in %s: %s", path, g_strerror(-error));
}
