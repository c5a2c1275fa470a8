/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file again: when it has changed, or on a signal. It is read and checked
 * whole, beside the loop, before anything changes; while that takes its time
 * the configuration in force goes on, and whoever asks again meanwhile gets one
 * more reading at the end. What was read and did not come into force, because
 * the file was only edited, is kept: the order to reload that follows finds it read.
 */
#include <string.h>

#include "common/run/clock.h"
#include "common/run/daemon.h"
#include "common/run/log.h"
#include "ldirectord/act/act.h"
#include "ldirectord/config_reader.h"
#include "ldirectord/director_inside.h"
#include "ldirectord/door/door.h"

struct wish {
    bool takes;   /* what is read comes into force */
    bool ordered; /* whether it is another text or not */
};

struct ld_reload {
    struct ld_config_reader *reader;
    struct wish now, next; /* of the reading under way, and of one more after it */
    bool again;            /* there is to be one */
    struct ld_config *known; /* read from the file last, and not taken; NULL: none */
};

static void log_diags(const struct ha_diags *diags)
{
    for (guint i = 0; i < diags->list->len; i++) {
        const struct ha_diag *diag = g_ptr_array_index(diags->list, i);
        char *text = ld_diag_classic(diag);

        ha_log(diag->severity == HA_WARNING ? HA_LOG_WARNING : HA_LOG_ERROR, "%s", text);
        g_free(text);
    }
}

static void set_logging(struct ld_director *director)
{
    if (!ld_logging_setup(director->logging, director->config->logfile, director->instance))
        ha_log(HA_LOG_WARNING, "logfile: expected a path or a syslog facility, found \"%s\"; "
               "logging to the facility daemon", director->config->logfile);
}

static void take_config(struct ld_director *director, struct ld_config *config)
{
    struct ld_config *old = director->config;
    struct ld_event event = {.kind = LD_EV_CONFIG, .config = config};
    struct ld_portion unlike;
    struct ld_table *actual = NULL;

    /* Servers that are new to us but stand in the table already are taken as they stand. */
    ld_core_unlike(director->core, config, &unlike);
    if (director->ipvs->ops->read(director->ipvs, &unlike, &actual) == 0)
        event.actual = actual;
    ld_portion_clear(&unlike);
    director->config = config;
    set_logging(director);
    ld_act_config(director->act, config, ld_core_standby(director->core));
    ld_director_step(director, &event);
    ld_table_free(actual);
    ld_config_free(old);
    ld_kernel_set_switches(director);
    ld_kernel_sync(director, false);
    ld_table_look_later(director);
    ld_kept_write(director);
}

/* ---- a reading ---- */

/* What the file is compared with. */
static struct ld_config *take_prior(struct ld_director *director)
{
    struct ld_config *known = g_steal_pointer(&director->reload->known);

    if (known == NULL && director->config->text != NULL)
        known = ld_config_copy(director->config);
    return known;
}

static void begin(struct ld_director *director, struct wish wish)
{
    struct ld_reload *reload = director->reload;
    unsigned looks = LD_LOOK_FILES | LD_LOOK_CLIENTS;
    char *notice;

    reload->now = wish;
    if (wish.takes && director->logging == LD_LOG_CONFIGURED)
        looks |= LD_LOOK_LOG;
    if (wish.takes) {
        notice = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GUINT64_FORMAT,
                                 ha_clock_ns() / 1000);
        ha_daemon_notify(notice);
        g_free(notice);
    }
    ld_config_reader_start(reload->reader, &director->content, looks, take_prior(director));
}

static void take(struct ld_director *director, struct ld_reading *reading, bool other)
{
    struct ld_config *config = reading->config;
    int error;

    log_diags(&reading->diags);
    if (config == NULL) {
        ha_log(HA_LOG_ERROR, "Configuration file '%s' has errors: nothing is changed",
               director->path);
    } else if (config->services->len == 0 && director->config->services->len > 0) {
        /* Cut off by a full disk or a crashed editor more likely than meant. */
        ha_log(HA_LOG_ERROR, "Configuration file '%s' has no virtual service any more: nothing is "
               "changed (to end them all, stop ldirectord)", director->path);
    } else if ((error = ld_door_commit()) != 0) {
        ha_log(HA_LOG_ERROR, "Configuration file '%s' cannot be brought into force: nothing is changed: "
               "%s", director->path, g_strerror(-error));
    } else {
        reading->config = NULL;
        take_config(director, config);
        if (other)
            ld_act_callback(director->act);
    }
}

/* Without autoreload it is read, too: what the file holds now is what the next change is compared
 * with. */
static void tell_of_edit(const struct ld_director *director)
{
    ha_log(HA_LOG_INFO, "Configuration file '%s' has changed on disk", director->path);
    ha_log(HA_LOG_INFO, director->config->autoreload ? " - reread new configuration"
                                                     : " - ignore new configuration");
}

static void read_through(void *ctx, struct ld_reading *reading)
{
    struct ld_director *director = ctx;
    struct ld_reload *reload = director->reload;
    bool other = strcmp(director->content.digest, reading->content.digest) != 0;
    struct wish next = reload->next;
    struct stat now;
    bool again;

    director->content = reading->content;
    if (other && !reload->now.ordered)
        tell_of_edit(director);
    if (reload->now.takes && (other || reload->now.ordered)) {
        take(director, reading, other);
    } else if (other && reading->config != NULL) {
        ld_act_callback(director->act);
    }
    if (reading->config != NULL && reading->config->text != NULL)
        reload->known = g_steal_pointer(&reading->config);
    if (reload->now.takes)
        ha_daemon_notify("READY=1");
    again = reload->again &&
            (next.ordered || ld_content_touched(director->path, &director->content, &now));
    reload->again = false;
    reload->next = (struct wish){0};
    if (again)
        begin(director, next);
}

static void ask(struct ld_director *director, struct wish wish)
{
    struct ld_reload *reload = director->reload;

    if (!ld_config_reader_busy(reload->reader)) {
        begin(director, wish);
        return;
    }
    reload->again = true;
    reload->next.takes |= wish.takes;
    reload->next.ordered |= wish.ordered;
}

void ld_director_reload(struct ld_director *director)
{
    if (!director->stopped)
        ask(director, (struct wish){.takes = true, .ordered = true});
}

bool ld_director_reloading(const struct ld_director *director)
{
    return director->reload != NULL && ld_config_reader_busy(director->reload->reader);
}

/* ---- edits ---- */

static void file_touched(void *ctx)
{
    struct ld_director *director = ctx;

    ask(director, (struct wish){.takes = director->config->autoreload});
}

void ld_reload_watch(struct ld_director *director)
{
    director->reload = g_new0(struct ld_reload, 1);
    director->reload->reader =
        ld_config_reader_new(director->loop, director->path, read_through, director);
    director->watch = ld_config_watch_start(director->loop, director->path, &director->content,
                                            file_touched, director);
}

void ld_reload_end(struct ld_director *director)
{
    ld_config_watch_stop(director->watch);
    director->watch = NULL;
    if (director->reload != NULL) {
        ld_config_reader_free(director->reload->reader);
        ld_config_free(director->reload->known);
    }
    g_clear_pointer(&director->reload, g_free);
}
