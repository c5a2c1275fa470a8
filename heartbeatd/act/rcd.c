/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts of rc.d (rcd.h). Knows nothing of what they do, and does not look at
 * their exit status but to log it: nothing here depends on a script.
 */
#include "heartbeatd/act/rcd.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run/child.h"
#include "common/run/clock.h"
#include "common/run/file.h"
#include "common/run/log.h"

#define OUTPUT_MAX    16384
#define LINES_LOGGED  40
#define LINE_SHOWN    400
#define SCRIPT_MAX    (1 << 20)
#define MARKER_WITHIN 1024
#define DROPS_LOGGED  3 /* a minute */

struct hb_rcd {
    struct ha_loop *loop;
    char *directory, *harc;
    char **environment;
    GHashTable *scripts; /* names */
    GQueue jobs;         /* of struct job *, the first one under way */
    struct ha_child *child;
    struct ha_timer next;
    struct ha_log_limit drops;
    uint64_t dropped;
};

struct job {
    char *type;
    char **environment;
};

/* ---- which there are ---- */

static bool is_ours(const char *path)
{
    const char *marker;
    char *text = NULL;
    size_t length;
    bool ours = false;

    if (ha_file_read(path, SCRIPT_MAX, &text, &length, NULL) == 0) {
        marker = strstr(text, HB_RCD_MARKER);
        ours = marker != NULL && marker - text < MARKER_WITHIN;
        g_free(text);
    }
    return ours;
}

static bool usable(const char *path, const char *name)
{
    struct stat st;

    if (*name == '.' || strlen(name) > HB_RCD_NAME_MAX)
        return false;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0 &&
           !is_ours(path);
}

static void look(struct hb_rcd *rcd)
{
    DIR *directory = opendir(rcd->directory);
    struct dirent *entry;

    if (directory == NULL) {
        if (errno != ENOENT)
            ha_log(HA_LOG_WARNING, "cannot read %s: %s", rcd->directory, g_strerror(errno));
        return;
    }
    while ((entry = readdir(directory)) != NULL &&
           g_hash_table_size(rcd->scripts) < HB_RCD_SCRIPTS_MAX) {
        char *path = g_build_filename(rcd->directory, entry->d_name, NULL);

        if (usable(path, entry->d_name)) {
            g_hash_table_add(rcd->scripts, g_strdup(entry->d_name));
            ha_log(HA_LOG_DEBUG, "%s is run for messages of type %s", path, entry->d_name);
        }
        g_free(path);
    }
    closedir(directory);
}

/* ---- life ---- */

struct hb_rcd *hb_rcd_new(struct ha_loop *loop, const char *hadir, char *const *environment)
{
    struct hb_rcd *rcd = g_new0(struct hb_rcd, 1);

    rcd->loop = loop;
    rcd->directory = g_build_filename(hadir, "rc.d", NULL);
    rcd->harc = g_build_filename(hadir, "harc", NULL);
    rcd->environment = g_strdupv((char **)environment);
    rcd->scripts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_queue_init(&rcd->jobs);
    look(rcd);
    return rcd;
}

static void job_free(void *item)
{
    struct job *job = item;

    g_free(job->type);
    g_strfreev(job->environment);
    g_free(job);
}

void hb_rcd_free(struct hb_rcd *rcd)
{
    if (rcd == NULL)
        return;
    ha_timer_cancel(rcd->loop, &rcd->next);
    if (rcd->child != NULL)
        ha_child_abandon(rcd->child);
    g_queue_clear_full(&rcd->jobs, job_free);
    g_hash_table_destroy(rcd->scripts);
    g_strfreev(rcd->environment);
    g_free(rcd->directory);
    g_free(rcd->harc);
    g_free(rcd);
}

uint64_t hb_rcd_dropped(const struct hb_rcd *rcd)
{
    return rcd->dropped;
}

bool hb_rcd_wants(const struct hb_rcd *rcd, const char *type)
{
    return type != NULL && g_hash_table_contains(rcd->scripts, type);
}

/* ---- running ---- */

static void show_output(const char *type, const char *output)
{
    for (unsigned lines = 0; *output != '\0'; output += strspn(output, "\n")) {
        size_t length = strcspn(output, "\n");

        if (lines++ < LINES_LOGGED) {
            char *clean = ha_log_clean(output, length, LINE_SHOWN);

            ha_log(HA_LOG_DEBUG, "rc.d/%s: %s", type, clean);
            g_free(clean);
        }
        output += length;
    }
}

static void start_next(void *ctx, uint64_t now_ns);

static void ended(void *ctx, const struct ha_child_result *result)
{
    struct hb_rcd *rcd = ctx;
    struct job *job = g_queue_pop_head(&rcd->jobs);

    rcd->child = NULL;
    show_output(job->type, result->output);
    if (result->end != HA_CHILD_EXITED || result->code != 0) {
        char *how = ha_child_result_text(result);

        ha_log(HA_LOG_WARNING, "rc.d/%s: %s", job->type, how);
        g_free(how);
    }
    job_free(job);
    if (rcd->jobs.length > 0)
        ha_timer_set(rcd->loop, &rcd->next, 1, start_next, rcd);
}

static void start_next(void *ctx, uint64_t now_ns)
{
    struct hb_rcd *rcd = ctx;
    struct job *job = g_queue_peek_head(&rcd->jobs);
    char *script = g_build_filename(rcd->directory, job->type, NULL);
    bool by_harc = access(rcd->harc, X_OK) == 0;
    char *argv[] = {by_harc ? rcd->harc : script, job->type, NULL};
    struct ha_child_spec spec = {
        .path = argv[0],
        .argv = argv,
        .envp = job->environment,
        .deadline_ms = HB_RCD_DEADLINE_MS,
        .output_max = OUTPUT_MAX,
        .merge_stderr = true,
    };

    (void)now_ns;
    rcd->child = ha_child_start(rcd->loop, &spec, ended, rcd);
    if (rcd->child == NULL) {
        ha_log(HA_LOG_WARNING, "rc.d/%s cannot be run: %s", job->type, g_strerror(errno));
        job_free(g_queue_pop_head(&rcd->jobs));
        if (rcd->jobs.length > 0)
            ha_timer_set(rcd->loop, &rcd->next, 1, start_next, rcd);
    }
    g_free(script);
}

/* The digest, and what Hearth nodes say to each other. */
static const char *const not_for_scripts[] = {"HA_auth", "HA_hearth", "HA_hstate", "HA_hlife", NULL};

/* A field may not pass for one of the daemon's own variables. */
static bool may_be_set(char **environment, const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && *at != '_')
            return false;
    }
    return !g_strv_contains(not_for_scripts, name) && g_environ_getenv(environment, name) == NULL;
}

static char **job_environment(const struct hb_rcd *rcd, const struct hb_msg *msg,
                              const char *status)
{
    char **environment = g_strdupv(rcd->environment);

    environment = g_environ_setenv(environment, "HA_OSTATUS", status, TRUE);
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);
        char *name;

        if (field->type != HB_FIELD_TEXT || memchr(field->value, '\0', field->length) != NULL)
            continue;
        name = g_strdup_printf("HA_%s", field->name);
        if (may_be_set(environment, name))
            environment = g_environ_setenv(environment, name, (const char *)field->value, TRUE);
        g_free(name);
    }
    return environment;
}

void hb_rcd_run(struct hb_rcd *rcd, const char *type, const struct hb_msg *msg, const char *status)
{
    struct job *job;
    unsigned dropped;

    type = type != NULL ? type : hb_msg_text(msg, "t");
    if (!hb_rcd_wants(rcd, type))
        return;
    if (rcd->jobs.length >= HB_RCD_QUEUE_MAX) {
        rcd->dropped++;
        if (ha_log_allowed(&rcd->drops, ha_clock_ns(), DROPS_LOGGED, &dropped))
            ha_log(HA_LOG_ERROR, "rc.d/%s is not run: %d scripts are waiting already", type,
                   HB_RCD_QUEUE_MAX);
        return;
    }
    job = g_new0(struct job, 1);
    job->type = g_strdup(type);
    job->environment = job_environment(rcd, msg, status);
    g_queue_push_tail(&rcd->jobs, job);
    if (rcd->jobs.length == 1)
        ha_timer_set(rcd->loop, &rcd->next, 1, start_next, rcd);
}
