/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that switch nodes off, one process each. What a device says is kept
 * for the log to a bound: its last line, for there the complaint stands.
 */
#include "heartbeatd/act/fence.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/run/child.h"
#include "common/run/log.h"

#define OUTPUT_MAX 16384
#define LINE_SHOWN 200
/* Exit statuses of stonith(8). */
#define STONITH_OK      0
#define STONITH_BADHOST 4
#define STDIN_PATH      "/proc/self/fd/0" /* /dev may be bare */

struct hb_fencer {
    struct ha_loop *loop;
    char **environment;
    hb_fencer_fn fn;
    void *ctx;
    GQueue jobs; /* of struct job */
};

struct job {
    struct hb_fencer *fencer;
    GList link;
    uint32_t op_id;
    enum hb_device_kind kind;
    struct ha_child *child;
    struct ha_timer timer; /* it could not even be started: the answer waits here */
    char *why;
};

/* ---- programs ---- */

/* An absolute path, or NULL. */
static char *find_program(const char *name)
{
    static const char *const dirs[] = {"/usr/local/sbin", "/usr/sbin", "/sbin",
                                       "/usr/local/bin",  "/usr/bin",  "/bin"};

    if (name[0] == '/')
        return access(name, X_OK) == 0 ? g_strdup(name) : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(dirs); i++) {
        char *path = g_build_filename(dirs[i], name, NULL);

        if (access(path, X_OK) == 0)
            return path;
        g_free(path);
    }
    return NULL;
}

static const char *program_of(const struct hb_fence_device *device)
{
    return device->kind == HB_DEVICE_STONITH ? "stonith" : device->type;
}

static const char *package_of(const struct hb_fence_device *device)
{
    return device->kind == HB_DEVICE_STONITH ? "cluster-glue" : "fence-agents";
}

void hb_fence_verify(const struct hb_config *config, enum ha_severity severity, struct ha_diags *diags)
{
    for (guint i = 0; i < config->fence.devices->len; i++) {
        const struct hb_fence_device *device = g_ptr_array_index(config->fence.devices, i);
        char *path = find_program(program_of(device));

        if (path == NULL)
            ha_diag_add(diags, severity, "ha.cf", device->line, 0, "there is no program %s (Debian: %s): this "
                        "device will switch nobody off", program_of(device), package_of(device));
        /* Whether only root may see it, others who look cannot tell. */
        if (device->file != NULL && access(device->file, F_OK) != 0 && errno != EACCES)
            ha_diag_add(diags, severity, "ha.cf", device->line, 0, "%s: %s: this device will switch nobody off",
                        device->file, g_strerror(errno));
        g_free(path);
    }
}

/* ---- life ---- */

struct hb_fencer *hb_fencer_new(struct ha_loop *loop, hb_fencer_fn fn, void *ctx)
{
    struct hb_fencer *fencer = g_new0(struct hb_fencer, 1);

    fencer->loop = loop;
    fencer->fn = fn;
    fencer->ctx = ctx;
    fencer->environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    fencer->environment = g_environ_setenv(
        fencer->environment, "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", FALSE);
    fencer->environment = g_environ_unsetenv(fencer->environment, "NOTIFY_SOCKET");
    g_queue_init(&fencer->jobs);
    return fencer;
}

static void job_free(struct job *job)
{
    g_queue_unlink(&job->fencer->jobs, &job->link);
    ha_timer_cancel(job->fencer->loop, &job->timer);
    if (job->child != NULL)
        ha_child_abandon(job->child);
    g_free(job->why);
    g_free(job);
}

void hb_fencer_free(struct hb_fencer *fencer)
{
    if (fencer == NULL)
        return;
    while (fencer->jobs.head != NULL)
        job_free(fencer->jobs.head->data);
    g_strfreev(fencer->environment);
    g_free(fencer);
}

/* ---- answers ---- */

static void answer(struct job *job, enum hb_fence_result result, const char *detail)
{
    struct hb_fencer *fencer = job->fencer;
    uint32_t op_id = job->op_id;

    job->child = NULL;
    job_free(job);
    fencer->fn(fencer->ctx, op_id, result, detail); /* may free it */
}

static void not_started(void *ctx, uint64_t now_ns)
{
    struct job *job = ctx;
    char *why = g_steal_pointer(&job->why);

    (void)now_ns;
    answer(job, HB_FENCED_BAD, why);
    g_free(why);
}

static void fail_later(struct job *job, char *why)
{
    job->why = why;
    ha_timer_set(job->fencer->loop, &job->timer, 1, not_started, job);
}

/* The last line with anything on it, made fit to be shown; NULL if there is none. */
static char *last_line(const char *output)
{
    size_t end = strlen(output);
    size_t begin;

    while (end > 0 && g_ascii_isspace(output[end - 1]))
        end--;
    for (begin = end; begin > 0 && output[begin - 1] != '\n'; begin--) {
    }
    return end > begin ? ha_log_clean(output + begin, end - begin, LINE_SHOWN) : NULL;
}

static void ended(void *ctx, const struct ha_child_result *result)
{
    struct job *job = ctx;
    char *how = ha_child_result_text(result), *last = last_line(result->output), *detail = NULL;
    enum hb_fence_result outcome = HB_FENCED_BAD;

    if (result->end == HA_CHILD_EXITED && result->code == STONITH_OK)
        outcome = HB_FENCED_OK;
    else if (result->end == HA_CHILD_EXITED && result->code == STONITH_BADHOST &&
             job->kind == HB_DEVICE_STONITH)
        outcome = HB_FENCED_BAD_HOST;
    if (outcome != HB_FENCED_OK)
        detail = last != NULL ? g_strdup_printf("%s: %s", how, last) : g_strdup(how);
    answer(job, outcome, detail);
    g_free(detail);
    g_free(last);
    g_free(how);
}

/* ---- input ---- */

static bool has_key(const char *lines, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = lines; at != NULL && *at != '\0'; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return true;
    }
    return false;
}

/* What the agents of fence-agents expect: what the file says, the wish, and whom. */
static char *agent_input(const struct hb_fence_device *device, const char *node)
{
    GString *lines = g_string_new(device->input);

    if (!has_key(device->input, "action"))
        g_string_append(lines, "action=reboot\n");
    g_string_append_printf(lines, "nodename=%s\n", node);
    if (!has_key(device->input, "port") && !has_key(device->input, "plug"))
        g_string_append_printf(lines, "port=%s\n", node);
    return g_string_free(lines, FALSE);
}

static bool is_node(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return length > 0 && length <= HB_NAME_MAX && name[length] == '\0' && *name != '-';
}

static bool fits_stonith(const struct hb_fence_device *device, const char *path, char *const *argv,
                         const char *input)
{
    const char *expected[] = {path, "-t", device->type, "-F",
                              device->file != NULL ? device->file : STDIN_PATH, "-T", "reset"};

    if (g_strv_length((char **)argv) != G_N_ELEMENTS(expected) + 1 ||
        g_strcmp0(input, device->input) != 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        if (strcmp(argv[i], expected[i]) != 0)
            return false;
    }
    return is_node(argv[G_N_ELEMENTS(expected)]);
}

static void wipe(char *text);

static bool fits_agent(const struct hb_fence_device *device, char *const *argv, const char *input)
{
    char *node = NULL, *expected;
    const char *at = NULL;
    bool fits;

    if (argv[1] == NULL && input != NULL && g_str_has_prefix(input, device->input))
        at = strstr(input + strlen(device->input), "nodename=");
    if (at == NULL)
        return false;
    at += strlen("nodename=");
    node = g_strndup(at, strcspn(at, "\n"));
    expected = agent_input(device, node);
    fits = is_node(node) && strcmp(input, expected) == 0;
    wipe(expected);
    g_free(node);
    return fits;
}

bool hb_fence_allows(const struct hb_config *config, const char *path, char *const *argv,
                     const char *input)
{
    bool allows = false;

    for (guint i = 0; !allows && i < config->fence.devices->len; i++) {
        const struct hb_fence_device *device = g_ptr_array_index(config->fence.devices, i);
        char *program = find_program(program_of(device));

        if (program != NULL && strcmp(program, path) == 0)
            allows = device->kind == HB_DEVICE_STONITH ? fits_stonith(device, path, argv, input)
                                                       : fits_agent(device, argv, input);
        g_free(program);
    }
    return allows;
}

/* ---- running ---- */

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

static void start(struct job *job, const char *path, const struct hb_action *op, const char *node)
{
    const struct hb_fence_device *device = op->device;
    const char *stonith[] = {path, "-t", device->type, "-F",
                             device->file != NULL ? device->file : STDIN_PATH, "-T", "reset", node,
                             NULL};
    const char *agent[] = {path, NULL};
    bool is_stonith = device->kind == HB_DEVICE_STONITH;
    char *input = is_stonith ? g_strdup(device->input) : agent_input(device, node);
    struct ha_child_spec spec = {
        .path = path,
        .argv = (char *const *)(is_stonith ? stonith : agent),
        .envp = job->fencer->environment,
        .deadline_ms = op->deadline_ms,
        .output_max = OUTPUT_MAX,
        .merge_stderr = true,
        .input = input,
    };

    job->child = ha_child_start(job->fencer->loop, &spec, ended, job);
    if (job->child == NULL)
        fail_later(job, g_strdup_printf("%s cannot be run: %s", path, g_strerror(errno)));
    wipe(input);
}

void hb_fencer_run(struct hb_fencer *fencer, const struct hb_action *op, const char *node)
{
    char *path = find_program(program_of(op->device));
    struct job *job = g_new0(struct job, 1);

    job->fencer = fencer;
    job->link.data = job;
    job->op_id = op->op_id;
    job->kind = op->device->kind;
    g_queue_push_tail_link(&fencer->jobs, &job->link);
    if (path == NULL)
        fail_later(job, g_strdup_printf("there is no program %s", program_of(op->device)));
    else
        start(job, path, op, node);
    g_free(path);
}

void hb_fencer_end(struct hb_fencer *fencer, uint32_t op_id)
{
    for (GList *at = fencer->jobs.head; at != NULL; at = at->next) {
        struct job *job = at->data;

        if (job->op_id == op_id) {
            job_free(job);
            return;
        }
    }
}
