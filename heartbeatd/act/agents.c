/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs agents. Knows nothing of what they do; never retries (that is the
 * core's), never waits. What a script prints is bounded, and shown line by line
 * with control bytes made visible.
 */
#include "heartbeatd/act/agents.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run/file.h"
#include "common/run/log.h"

#define OUTPUT_MAX 16384
#define LINES_LOGGED 40
#define LINE_SHOWN 400
#define SCRIPT_MAX (1 << 20)
#define MARKER_WITHIN 1024
/* An action without a deadline gets this one: everything ends. */
#define DEADLINE_MS 3600000
#define OCF_CALL "ra_execocf"

struct hb_agent_run {
    struct ha_child *child;
    char *text; /* "name args op", for messages */
    enum hb_op op;
    hb_agent_fn fn;
    void *ctx;
};

static const char *const op_words[HB_OP_COUNT] = {
    [HB_OP_STATUS] = "status",
    [HB_OP_START] = "start",
    [HB_OP_STOP] = "stop",
};

/* ---- finding ---- */

/* Is it a regular executable file? Else what it is, or NULL if there is nothing. */
static bool is_script(const char *path, const char **what)
{
    struct stat st;

    *what = NULL;
    if (stat(path, &st) < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            *what = g_strerror(errno);
        return false;
    }
    if (!S_ISREG(st.st_mode))
        *what = "is not a regular file";
    else if ((st.st_mode & 0111) == 0)
        *what = "is not executable (chmod 755 it)";
    return *what == NULL;
}

char *hb_agent_find(const struct hb_act_paths *paths, const char *name, char **why)
{
    char *candidates[2] = {g_build_filename(paths->hadir, "resource.d", name, NULL),
                           g_build_filename(paths->initdir, name, NULL)};
    bool plain = *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
    char *found = NULL, *reason = NULL;

    for (unsigned i = 0; i < 2; i++) {
        const char *what = NULL;

        if (found == NULL && plain && is_script(candidates[i], &what)) {
            found = candidates[i];
            continue;
        }
        if (what != NULL && reason == NULL)
            reason = g_strdup_printf("%s %s", candidates[i], what);
        g_free(candidates[i]);
    }
    if (found == NULL && reason == NULL)
        reason = g_strdup_printf("there is no script %s in %s/resource.d or %s", name, paths->hadir,
                                 paths->initdir);
    if (why != NULL)
        *why = found == NULL ? g_steal_pointer(&reason) : NULL;
    g_free(reason);
    return found;
}

bool hb_agent_overrides(const struct hb_act_paths *paths, const char *name)
{
    char *path = g_build_filename(paths->hadir, "resource.d", name, NULL);
    const char *what, *marker;
    char *text = NULL;
    size_t length = 0;
    bool overrides = false;

    if (is_script(path, &what)) {
        overrides = true;
        if (ha_file_read(path, SCRIPT_MAX, &text, &length, NULL) == 0) {
            marker = strstr(text, HB_AGENT_MARKER);
            if (strstr(text, OCF_CALL) != NULL || (marker != NULL && marker - text < MARKER_WITHIN))
                overrides = false;
            g_free(text);
        }
    }
    g_free(path);
    return overrides;
}

/* ---- environment ---- */

static char **set_path(char **env, const char *name, const char *dir, const char *file)
{
    char *path = g_build_filename(dir, file, NULL);

    env = g_environ_setenv(env, name, path, TRUE);
    g_free(path);
    return env;
}

static char **set_directive(char **env, const struct hb_directive *directive)
{
    char *name, *value;

    if (strcmp(directive->name, "env") == 0) { /* NAME=value */
        value = strchr(directive->text, '=');
        if (value == NULL)
            return env;
        name = g_strdup_printf("HA_%.*s", (int)(value - directive->text), directive->text);
        env = g_environ_setenv(env, name, value + 1, TRUE);
    } else {
        name = g_strdup_printf("HA_%s", directive->name);
        env = g_environ_setenv(env, name, directive->text, TRUE);
    }
    g_free(name);
    return env;
}

/* If the daemon was started by a script that itself was run for a message. */
static char **without_message(char **env)
{
    static const char *const fields[] = {"t",        "st",    "src",      "dest",   "seq",  "hg",
                                         "ts",       "ld",    "ttl",      "info",   "auth", "dt",
                                         "rsc_hold", "rtype", "isstable", "ipaddr", "ok",   "weown",
                                         "node",     "ifname", "result",  "nodelist", "DONTASK"};
    char name[32];

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_snprintf(name, sizeof name, "HA_%s", fields[i]);
        env = g_environ_unsetenv(env, name);
    }
    return env;
}

/* Scripts call heartbeat's commands by their names. */
static char **set_search_path(char **env)
{
    const char *before = g_environ_getenv(env, "PATH");
    char *path = g_strjoin(":", HB_LIBEXECDIR, HA_SBINDIR, HB_SHAREDIR,
                           before != NULL && *before != '\0'
                               ? before
                               : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           NULL);

    env = g_environ_setenv(env, "PATH", path, TRUE);
    g_free(path);
    return env;
}

char **hb_agent_environment(const struct hb_act_paths *paths, const struct hb_config *config,
                            const char *node)
{
    char **env = without_message(g_get_environ());
    char debug[16];

    for (guint i = 0; i < config->directives->len; i++)
        env = set_directive(env, g_ptr_array_index(config->directives, i));
    for (guint i = 0; i < config->variables->len; i++)
        env = set_directive(env, g_ptr_array_index(config->variables, i));
    g_snprintf(debug, sizeof debug, "%d", config->debug);
    env = g_environ_setenv(env, "HA_debug", debug, TRUE);
    env = g_environ_setenv(env, "HA_CURHOST", node, TRUE);
    env = g_environ_setenv(env, "HA_OSTATUS", "active", TRUE);
    if (config->auto_failback != HB_FAILBACK_LEGACY)
        env = g_environ_setenv(env, "HA_NICEFAILBACK", "yes", TRUE);
    env = g_environ_setenv(env, "HA_DIR", paths->hadir, TRUE);
    env = set_path(env, "HA_RCDIR", paths->hadir, "rc.d");
    env = set_path(env, "HA_RESOURCEDIR", paths->hadir, "resource.d");
    env = set_path(env, "HA_FUNCS", paths->hadir, "shellfuncs");
    env = g_environ_setenv(env, "HA_BIN", HB_LIBEXECDIR, TRUE);
    env = g_environ_setenv(env, "HA_DOCDIR", "/usr/share/doc/heartbeat", TRUE);
    env = g_environ_setenv(env, "HA_FIFO", HB_VARLIB "/fifo", TRUE);
    env = g_environ_setenv(env, "HA_DATEFMT", "%Y/%m/%d_%T\t", TRUE);
    if (config->logfile != NULL)
        env = g_environ_setenv(env, "HA_LOGFILE", config->logfile, TRUE);
    if (config->debugfile != NULL || config->logfile != NULL)
        env =
            g_environ_setenv(env, "HA_DEBUGLOG",
                             config->debugfile != NULL ? config->debugfile : config->logfile, TRUE);
    env = g_environ_setenv(env, "HA_LOGD", "no", TRUE);
    env = g_environ_setenv(env, "OCF_ROOT", "/usr/lib/ocf", TRUE);
    env = g_environ_setenv(env, "OCF_AGENTS", "/usr/lib/ocf/resource.d/heartbeat/", TRUE);
    env = set_search_path(env);
    env = g_environ_setenv(env, "LC_ALL", "C", TRUE);
    return g_environ_unsetenv(env, "NOTIFY_SOCKET"); /* ours alone */
}

/* ---- judging ---- */

/* "running", its first letter in either case. */
static bool has_running(const char *text)
{
    return strstr(text, "running") != NULL || strstr(text, "Running") != NULL;
}

bool hb_agent_says_running(const char *output)
{
    for (const char *at = output; *at != '\0'; at++) {
        if (g_ascii_strncasecmp(at, "not ", 4) == 0 && has_running(at + 4))
            return false;
    }
    return has_running(output) || strstr(output, "OK") != NULL;
}

/* What it printed goes to the debug log; its first line comes back for the detail. */
static char *show_output(const struct hb_agent_run *run, const struct ha_child_result *result)
{
    const char *at = result->output;
    char *first = NULL;

    for (unsigned lines = 0; *at != '\0'; at += strspn(at, "\n")) {
        size_t length = strcspn(at, "\n");
        char *clean = ha_log_clean(at, length, LINE_SHOWN);

        if (lines++ < LINES_LOGGED)
            ha_log(HA_LOG_DEBUG, "%s: %s", run->text, clean);
        if (first == NULL)
            first = clean;
        else
            g_free(clean);
        at += length;
    }
    return first;
}

static enum hb_op_result judge(enum hb_op op, const struct ha_child_result *result)
{
    if (result->end == HA_CHILD_TIMED_OUT)
        return HB_OP_TIMED_OUT;
    if (op == HB_OP_STATUS) {
        if (result->end != HA_CHILD_EXITED)
            return HB_OP_FAILED;
        return hb_agent_says_running(result->output) ? HB_OP_OK : HB_OP_STOPPED;
    }
    return result->end == HA_CHILD_EXITED && result->code == 0 ? HB_OP_OK : HB_OP_FAILED;
}

static void run_free(struct hb_agent_run *run)
{
    g_free(run->text);
    g_free(run);
}

static void ended(void *ctx, const struct ha_child_result *result)
{
    struct hb_agent_run *run = ctx;
    enum hb_op_result outcome = judge(run->op, result);
    char *first = show_output(run, result);
    char *end = NULL, *detail = NULL;

    if (outcome == HB_OP_STOPPED) {
        end = ha_child_result_text(result);
        detail = g_strdup(first != NULL ? first : end); /* its last words */
    } else if (outcome == HB_OP_FAILED || outcome == HB_OP_TIMED_OUT) {
        end = ha_child_result_text(result);
        detail = g_strdup_printf("%s: %s%s%s", run->text, end, first != NULL ? ": " : "",
                                 first != NULL ? first : "");
    }
    run->fn(run->ctx, outcome, detail);
    g_free(detail);
    g_free(end);
    g_free(first);
    run_free(run);
}

/* ---- running ---- */

struct hb_agent_run *hb_agent_start(struct ha_loop *loop, const struct hb_act_paths *paths,
                                    char *const *environment, const struct hb_resource *resource,
                                    enum hb_op op, uint64_t deadline_ms, hb_agent_fn fn, void *ctx)
{
    char *path = hb_agent_find(paths, resource->name, NULL);
    struct hb_agent_run *run = g_new0(struct hb_agent_run, 1);
    GPtrArray *argv = g_ptr_array_new();
    struct ha_child_spec spec = {
        .envp = environment,
        .deadline_ms = deadline_ms > 0 ? deadline_ms : DEADLINE_MS,
        .output_max = OUTPUT_MAX,
        .merge_stderr = op != HB_OP_STATUS, /* a complaint is no status */
    };

    /* A script that is gone by now fails as any program that does not exist. */
    if (path == NULL)
        path = g_build_filename(paths->hadir, "resource.d", resource->name, NULL);
    g_ptr_array_add(argv, path);
    for (guint i = 0; i < resource->args->len; i++)
        g_ptr_array_add(argv, g_ptr_array_index(resource->args, i));
    g_ptr_array_add(argv, (void *)(uintptr_t)op_words[op]);
    g_ptr_array_add(argv, NULL);
    spec.path = path;
    spec.argv = (char *const *)argv->pdata;

    run->text = g_strdup_printf("%s %s", resource->text, op_words[op]);
    run->op = op;
    run->fn = fn;
    run->ctx = ctx;
    run->child = ha_child_start(loop, &spec, ended, run);
    if (run->child == NULL) {
        int err = errno;

        run_free(run);
        run = NULL;
        errno = err;
    }
    g_ptr_array_free(argv, TRUE);
    g_free(path);
    return run;
}

void hb_agent_abandon(struct hb_agent_run *run)
{
    ha_child_abandon(run->child);
    run_free(run);
}
