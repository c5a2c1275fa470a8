/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door of the room (act.h): each action to who does it. Has no opinion of its own. */
#include "ldirectord/act/act.h"

#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/act/commands.h"
#include "ldirectord/act/mailer.h"
#include "ldirectord/act/monitor_file.h"
#include "ldirectord/door/door.h"

/* How long a command may take. */
#define FALLBACK_MS 60000
#define CALLBACK_MS 300000
#define INSTANCE_MS 60000
#define LOOK_NS     (20 * HA_NS_PER_MS)

struct ld_act {
    struct ha_loop *loop;
    const char *path;
    char *program;            /* ldirectord itself */
    char *callback;           /* NULL: none */
    GPtrArray *instances;     /* of char * */
    bool standby;
    struct ld_commands *commands;
    struct ld_mailer *mailer;
    struct ld_monitor_files *monitor_files;
    struct ld_maintenance_dir *maintenance;
    struct ha_timer farewell;
    uint64_t farewell_until_ns;
    ld_act_fn farewell_fn;
    void *farewell_ctx;
};

/* ---- instances ---- */

static void tell_instance(struct ld_act *act, const char *name, const char *word,
                          const char *otherwise)
{
    char *key = g_strconcat("instance ", name, NULL);
    char *argv[] = {act->program, (char *)name, (char *)word, NULL};
    char *other[] = {act->program, (char *)name, (char *)otherwise, NULL};

    ld_commands_run(act->commands, key, argv, otherwise != NULL ? other : NULL, INSTANCE_MS);
    g_free(key);
}

static bool has_instance(const GPtrArray *instances, const char *name)
{
    for (guint i = 0; i < instances->len; i++)
        if (strcmp(g_ptr_array_index(instances, i), name) == 0)
            return true;
    return false;
}

/* Who is gone is stopped, who stays reads its file again, who is new is started. */
static void follow_instances(struct ld_act *act, const GPtrArray *wanted)
{
    const char *start = act->standby ? "standby" : "start";
    GPtrArray *now = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < act->instances->len; i++)
        if (!has_instance(wanted, g_ptr_array_index(act->instances, i)))
            tell_instance(act, g_ptr_array_index(act->instances, i), "stop", NULL);
    for (guint i = 0; i < wanted->len; i++) {
        const char *name = g_ptr_array_index(wanted, i);

        if (has_instance(act->instances, name))
            tell_instance(act, name, "reload", start);
        else
            tell_instance(act, name, start, NULL);
        g_ptr_array_add(now, g_strdup(name));
    }
    g_ptr_array_free(act->instances, TRUE);
    act->instances = now;
}

static void tell_instances(struct ld_act *act, const char *word)
{
    for (guint i = 0; i < act->instances->len; i++)
        tell_instance(act, g_ptr_array_index(act->instances, i), word, NULL);
}

void ld_act_mode(struct ld_act *act, bool standby)
{
    if (act->standby == standby)
        return;
    act->standby = standby;
    tell_instances(act, standby ? "standby" : "start");
}

/* ---- actions ---- */

void ld_act_do(struct ld_act *act, const struct ld_action *action)
{
    switch (action->kind) {
    case LD_ACT_MAIL:
        ld_mailer_send(act->mailer, action->mail);
        break;
    case LD_ACT_RUN:
        ld_commands_shell(act->commands, action->key, action->text, FALLBACK_MS);
        break;
    case LD_ACT_MONITOR:
        ld_monitor_files_add(act->monitor_files, action->key, action->text);
        break;
    default:
        break;
    }
}

void ld_act_config(struct ld_act *act, const struct ld_config *config, bool standby)
{
    act->standby = standby;
    g_free(act->callback);
    act->callback = g_strdup(config->callback);
    follow_instances(act, config->execute);
    ld_maintenance_dir_config(act->maintenance, config);
}

void ld_act_callback(struct ld_act *act)
{
    char *argv[] = {act->callback, (char *)act->path, NULL};

    if (act->callback == NULL || act->standby)
        return;
    if (!ld_door_divided() && access(act->callback, X_OK) != 0)
        return;
    ld_commands_run(act->commands, "callback", argv, NULL, CALLBACK_MS);
}

/* ---- life ---- */

static void look_whether_done(void *ctx, uint64_t now_ns)
{
    struct ld_act *act = ctx;
    bool busy = ld_commands_count(act->commands) > 0 || ld_mailer_count(act->mailer) > 0;

    if (busy && now_ns < act->farewell_until_ns)
        ha_timer_set(act->loop, &act->farewell, now_ns + LOOK_NS, look_whether_done, act);
    else
        act->farewell_fn(act->farewell_ctx);
}

void ld_act_farewell(struct ld_act *act, ld_act_fn fn, void *ctx)
{
    uint64_t now_ns = ha_clock_ns();

    tell_instances(act, "stop");
    act->farewell_until_ns = ha_after_ns(now_ns, ha_ms_to_ns(LD_ACT_FAREWELL_MS));
    act->farewell_fn = fn;
    act->farewell_ctx = ctx;
    ha_timer_set(act->loop, &act->farewell, now_ns, look_whether_done, act);
}

/* Also when the file has been replaced under us, as by an upgrade. */
char *ld_act_program(void)
{
    static const char deleted[] = " (deleted)";
    char *path = g_file_read_link("/proc/self/exe", NULL);

    if (path != NULL && g_str_has_suffix(path, deleted))
        path[strlen(path) - strlen(deleted)] = '\0';
    return path != NULL ? path : g_strdup("/usr/sbin/ldirectord");
}

struct ld_act *ld_act_new(const struct ld_act_settings *settings)
{
    const struct ld_mailer_settings mailer = {0};
    struct ld_act *act = g_new0(struct ld_act, 1);

    act->loop = settings->loop;
    act->path = settings->path;
    act->program = ld_act_program();
    act->instances = g_ptr_array_new_with_free_func(g_free);
    act->commands = ld_commands_new(act->loop);
    act->mailer = ld_mailer_new(act->loop, &mailer);
    act->monitor_files = ld_monitor_files_new();
    act->maintenance = ld_maintenance_dir_new(act->loop, settings->fn, settings->ctx);
    return act;
}

void ld_act_free(struct ld_act *act)
{
    if (act == NULL)
        return;
    ha_timer_cancel(act->loop, &act->farewell);
    ld_maintenance_dir_free(act->maintenance);
    ld_mailer_free(act->mailer);
    ld_commands_free(act->commands);
    ld_monitor_files_free(act->monitor_files);
    g_ptr_array_free(act->instances, TRUE);
    g_free(act->callback);
    g_free(act->program);
    g_free(act);
}
