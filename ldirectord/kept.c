/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operators' orders over a restart (keeporders=yes): a file with a line each,
 * written whole behind the loop's back when an order is given, never because of
 * a check. What it holds decides nothing until it has been read as carefully as
 * any input.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/behind.h"
#include "common/run/clock.h"
#include "common/run/file.h"
#include "common/run/log.h"
#include "ldirectord/director_inside.h"
#include "ldirectord/door/door.h"

#define FILE_MAX_BYTES (1 << 20)

static void take(struct ld_director *director, const struct ld_wishes *kept)
{
    for (guint i = 0; i < kept->list->len; i++)
        ld_director_step(director, &(struct ld_event){.kind = LD_EV_WISH,
                                                      .wish = kept->list->pdata[i]});
}

/* Takes off a line without an end, which may mean something else than it did. How many: none or one. */
static unsigned cut_off(char *text, size_t length)
{
    char *last;

    if (length == 0 || text[length - 1] == '\n')
        return 0;
    last = strrchr(text, '\n');
    *(last ? last : text) = '\0';
    return 1;
}

void ld_kept_read(struct ld_director *director)
{
    const char *path = director->orders_file;
    struct ld_wishes kept;
    char *text = NULL;
    size_t length;
    unsigned refused;
    int error;

    if (!path)
        return;
    if (!ld_door_divided()) /* else the keeper has, who writes it */
        ha_file_sweep(path);
    if (!director->config->keeporders) { /* what is in it is not to come back another day */
        if (ld_door_divided())
            ld_door_keep(NULL, 0);
        else
            unlink(path);
        return;
    }
    error = ld_door_open(LD_FILE_ORDERS, path);
    if (error >= 0)
        error = ha_file_read_fd(error, FILE_MAX_BYTES, &text, &length, NULL);
    if (error == -ENOENT)
        return;
    if (error < 0) {
        ha_log(HA_LOG_WARNING, "cannot read the orders kept in %s: %s", path, g_strerror(-error));
        return;
    }
    director->kept_text = g_strdup(text); /* as it stands: what is written next is compared with it */
    ld_wishes_init(&kept);
    refused = cut_off(text, length);
    refused += ld_wishes_read(&kept, text);
    if (refused > 0)
        ha_log(HA_LOG_WARNING, "%s: %u lines make no sense and are passed over", path, refused);
    if (kept.list->len > 0)
        ha_log(HA_LOG_NOTICE, "%u orders of an earlier life are in force (ldirectord status shows "
               "them)", kept.list->len);
    take(director, &kept);
    ld_wishes_clear(&kept);
    g_free(text);
}

static void not_written(void *ctx, int error)
{
    const struct ld_director *director = ctx;

    ha_log(HA_LOG_WARNING, "cannot keep the orders in %s: %s", director->orders_file,
           g_strerror(-error));
}

static void hand_in(void *ctx, uint64_t now_ns);

/* What the keeper has, it tries again by itself; what it could not be given, we do. */
static void write_text(struct ld_director *director, bool again)
{
    size_t length = strlen(director->kept_text);
    int error;

    if (!ld_door_divided()) {
        ha_behind_write(director->kept, director->kept_text, length);
        return;
    }
    ha_timer_cancel(director->loop, &director->keep_again);
    error = ld_door_keep(director->kept_text, length);
    if (error != 0 && !again)
        not_written(director, error);
    if (error != 0)
        ha_timer_set(director->loop, &director->keep_again,
                     ha_clock_ns() + HA_BEHIND_RETRY_MS * HA_NS_PER_MS, hand_in, director);
}

static void hand_in(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    write_text(ctx, true);
}

void ld_kept_write(struct ld_director *director)
{
    GString *text;

    if (!director->orders_file || (!director->config->keeporders && !director->kept_text))
        return;
    if (!director->kept && !ld_door_divided())
        director->kept = ha_behind_new(director->loop, director->orders_file, 0600, not_written,
                                       director);
    text = g_string_new(NULL);
    if (director->config->keeporders) /* else not any more: an empty file */
        ld_wishes_print(ld_core_wishes(director->core), text);
    if (g_strcmp0(text->str, director->kept_text) != 0) {
        g_free(director->kept_text);
        director->kept_text = g_strdup(text->str);
        write_text(director, false);
    }
    g_string_free(text, TRUE);
}

void ld_kept_end(struct ld_director *director)
{
    ha_timer_cancel(director->loop, &director->keep_again);
    ha_behind_free(director->kept, HA_BEHIND_END_MS);
    g_free(director->kept_text);
    director->kept = NULL;
    director->kept_text = NULL;
}
