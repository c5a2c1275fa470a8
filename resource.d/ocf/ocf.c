/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs any OCF agent of the system as a resource of haresources:
 *
 *     OCF::[provider:]name[::parameter=value]...
 *
 * Arguments are checked against the agent's own meta-data before a start. Says
 * of a status what Heartbeat's scripts say, on its first line. Starts and stops
 * become the agent (no process stands between it and heartbeat's deadline).
 *
 * Called by the name of one of Heartbeat's scripts (positional.h), it is that
 * script: arguments have their meaning from their place.
 */
#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/run/child.h"
#include "resource.d/ocf/metadata.h"
#include "resource.d/ocf/positional.h"

#define INSTANCES      HA_HADIR "/conf/OCF"
#define METADATA_MS    20000
#define INSTANCE_LINES 1000

/* Exit statuses of the OCF API. */
enum {
    OCF_SUCCESS = 0,
    OCF_ERR_ARGS = 2,
    OCF_ERR_INSTALLED = 5,
    OCF_ERR_CONFIGURED = 6,
    OCF_NOT_RUNNING = 7,
    OCF_RUNNING_MASTER = 8,
    OCF_MEANING_COUNT = 10
};

extern char **environ;

struct call {
    char *provider, *name; /* provider may be NULL */
    char *path;
    const char *action;
    GPtrArray *arguments; /* of char *, "name=value" */
};

static int usage(FILE *out, int status)
{
    fputs("usage: OCF [PROVIDER:]NAME [PARAMETER=VALUE]... "
          "start|stop|status|monitor|meta-data|validate-all\n"
          "       OCF NAME INSTANCE ACTION    (parameters from " INSTANCES "/NAME/INSTANCE)\n"
          "In haresources: OCF::NAME::PARAMETER=VALUE::PARAMETER=VALUE\n",
          out);
    return status;
}

/* ---- what is asked for ---- */

static bool is_plain(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

static const char *ocf_root(void)
{
    const char *root = getenv("OCF_ROOT");

    return root && *root ? root : "/usr/lib/ocf";
}

static bool try_provider(struct call *call, const char *provider)
{
    char *path = g_build_filename(ocf_root(), "resource.d", provider, call->name, NULL);
    bool found = is_plain(provider) && g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
                 access(path, X_OK) == 0;

    if (found) {
        char *kept = g_strdup(provider);

        g_free(call->provider);
        call->provider = kept;
        call->path = path;
    } else {
        g_free(path);
    }
    return found;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The provider that was named; else heartbeat; else the first, by name, that has it. */
static bool find_agent(struct call *call)
{
    char *top = g_build_filename(ocf_root(), "resource.d", NULL);
    GPtrArray *providers = g_ptr_array_new_with_free_func(g_free);
    bool found = false;

    if (call->provider) {
        found = try_provider(call, call->provider);
    } else if (!(found = try_provider(call, "heartbeat"))) {
        GDir *dir = g_dir_open(top, 0, NULL);
        const char *entry;

        while (dir && (entry = g_dir_read_name(dir)))
            g_ptr_array_add(providers, g_strdup(entry));
        if (dir)
            g_dir_close(dir);
        g_ptr_array_sort(providers, by_name);
        for (guint i = 0; i < providers->len && !found; i++)
            found = try_provider(call, g_ptr_array_index(providers, i));
    }
    if (!found) {
        fprintf(stderr,
                "ERROR: there is no OCF agent %s%s%s in %s (Debian package resource-agents has "
                "many)\n",
                call->provider ? call->provider : "", call->provider ? ":" : "", call->name, top);
    }
    g_ptr_array_free(providers, TRUE);
    g_free(top);
    return found;
}

static bool is_parameter(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    return length > 0 && text[length] == '=';
}

/* Heartbeat's way: a file of lines "parameter=value", quotes around the value allowed. */
static bool read_instance(struct call *call, const char *instance)
{
    char *path = g_build_filename(INSTANCES, call->name, instance, NULL);
    char *text = NULL, **lines;
    GError *error = NULL;
    bool good = is_plain(instance) && g_file_get_contents(path, &text, NULL, &error);

    if (!good) {
        fprintf(stderr, "ERROR: %s: expected parameter=value or the name of a file in %s/%s (%s)\n",
                instance, INSTANCES, call->name, error ? error->message : "a name without /");
        g_clear_error(&error);
        g_free(path);
        return false;
    }
    lines = g_strsplit(text, "\n", INSTANCE_LINES);
    for (unsigned i = 0; lines[i] && good; i++) {
        char *line = g_strstrip(lines[i]);
        GError *fault = NULL;
        char **words = NULL;
        int count = 0;

        if (*line == '\0' || *line == '#')
            continue;
        if (strncmp(line, "export ", 7) == 0)
            line = g_strstrip(line + 7);
        if (strncmp(line, "OCF_RESKEY_", 11) == 0)
            line += 11;
        good = g_shell_parse_argv(line, &count, &words, &fault) && count == 1 &&
               is_parameter(words[0]);
        if (good)
            g_ptr_array_add(call->arguments, g_strdup(words[0]));
        else
            fprintf(stderr, "ERROR: %s:%u: expected parameter=value\n", path, i + 1);
        g_strfreev(words);
        g_clear_error(&fault);
    }
    g_strfreev(lines);
    g_free(text);
    g_free(path);
    return good;
}

/* NAME ARGUMENT... ACTION */
static bool read_call(struct call *call, char *const *words, unsigned count)
{
    char *colon = strchr(words[0], ':');

    call->action = words[count - 1];
    call->provider = colon ? g_strndup(words[0], (gsize)(colon - words[0])) : NULL;
    call->name = g_strdup(colon ? colon + 1 : words[0]);
    if (!is_plain(call->name)) {
        fprintf(stderr, "ERROR: %s is no name of an agent\n", words[0]);
        return false;
    }
    for (unsigned i = 1; i + 1 < count; i++) {
        if (is_parameter(words[i]))
            g_ptr_array_add(call->arguments, g_strdup(words[i]));
        else if (!read_instance(call, words[i]))
            return false;
    }
    return true;
}

/* ARGUMENT... ACTION, for the script whose name we have. */
static bool read_positional(struct call *call, const struct ocf_positional *positional,
                            char *const *words, unsigned count)
{
    char **values = g_new0(char *, count + 1);
    bool good;

    for (unsigned i = 0; i + 1 < count; i++)
        values[i] = words[i];
    good = count > 0 &&
           ocf_positional_read(positional, values, count - 1, call->arguments);
    if (good) {
        call->name = g_strdup(positional->name);
        call->action = words[count - 1];
    } else {
        char *parameters = ocf_positional_usage(positional);

        fprintf(stderr, "usage: %s %s start|stop|status|monitor|meta-data|validate-all\n",
                positional->name, parameters);
        g_free(parameters);
    }
    g_free(values);
    return good;
}

/* ---- the agent's own opinion ---- */

struct told {
    struct ha_loop *loop;
    struct ocf_metadata *metadata;
};

static void told_metadata(void *ctx, const struct ha_child_result *result)
{
    struct told *told = ctx;
    char *why = NULL;

    if (result->end != HA_CHILD_EXITED || result->code != 0)
        why = ha_child_result_text(result);
    else if (result->truncated)
        why = g_strdup("it is longer than a megabyte");
    else
        told->metadata = ocf_metadata_parse(result->output, result->output_len, &why);
    if (why)
        fprintf(stderr, "WARN: the agent's meta-data cannot be used: %s\n", why);
    g_free(why);
    ha_loop_stop(told->loop, 0);
}

static void say_each(const char *word, const char *name, const char *text)
{
    char **lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line && **line; line++)
        fprintf(stderr, "%s: %s: %s\n", word, name, *line);
    g_strfreev(lines);
}

/* What is wrong with the arguments goes to stderr. An agent whose meta-data is unusable is run as
 * it is: it may work all the same. */
static bool arguments_fit(const struct call *call)
{
    char *argv[] = {call->path, "meta-data", NULL};
    struct ha_child_spec spec = {.path = call->path,
                                 .argv = argv,
                                 .deadline_ms = METADATA_MS,
                                 .output_max = OCF_METADATA_MAX};
    struct told told = {.loop = ha_loop_new()};
    GString *faults = g_string_new(NULL), *warnings = g_string_new(NULL);
    bool fit;

    if (told.loop && ha_child_start(told.loop, &spec, told_metadata, &told))
        ha_loop_run(told.loop);
    if (told.metadata)
        ocf_metadata_check(told.metadata, call->arguments, faults, warnings);
    fit = faults->len == 0;
    say_each("WARN", call->name, warnings->str);
    say_each("ERROR", call->name, faults->str);
    if (told.loop)
        ha_loop_free(told.loop);
    ocf_metadata_free(told.metadata);
    g_string_free(faults, TRUE);
    g_string_free(warnings, TRUE);
    return fit;
}

/* ---- running it ---- */

/* The name, and the first value: two of a kind are two instances. */
static char *instance_name(const struct call *call)
{
    const char *value =
        call->arguments->len > 0 ? strchr(g_ptr_array_index(call->arguments, 0), '=') + 1 : "";
    char *name = g_strdup_printf("%s%s%.60s", call->name, *value ? "_" : "", value);

    return g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.:-", '_');
}

/* Where agents keep what is gone after a boot; they count on it. */
static void make_scratch(void)
{
    const char *scratch = getenv("HA_RSCTMP");

    if (mkdir(scratch && *scratch ? scratch : "/run/resource-agents", 01755) < 0 &&
        errno != EEXIST)
        fprintf(stderr, "WARN: cannot make %s: %s\n", scratch ? scratch : "/run/resource-agents",
                strerror(errno));
}

static void set_environment(const struct call *call)
{
    char *instance = instance_name(call);
    const char *const common[][2] = {
        {"OCF_ROOT", ocf_root()},          {"OCF_RA_VERSION_MAJOR", "1"},
        {"OCF_RA_VERSION_MINOR", "1"},     {"OCF_RESOURCE_INSTANCE", instance},
        {"OCF_RESOURCE_TYPE", call->name}, {"OCF_RESOURCE_PROVIDER", call->provider},
        {"OCF_TYPE", call->name},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(common); i++)
        setenv(common[i][0], common[i][1], 1);
    for (guint i = 0; i < call->arguments->len; i++) {
        char **halves = g_strsplit(g_ptr_array_index(call->arguments, i), "=", 2);
        char *name = g_strconcat("OCF_RESKEY_", halves[0], NULL);

        setenv(name, halves[1], 1);
        g_free(name);
        g_strfreev(halves);
    }
    g_free(instance);
}

/* What the agent prints goes to stderr: heartbeat reads our word from stdout. */
static int run_monitor(const struct call *call)
{
    char *argv[] = {call->path, "monitor", NULL};
    posix_spawn_file_actions_t actions;
    int status = 0;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    errno = posix_spawn(&pid, call->path, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno) {
        fprintf(stderr, "ERROR: %s: %s\n", call->path, strerror(errno));
        return OCF_ERR_INSTALLED;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int say_status(int status)
{
    static const char *const meanings[OCF_MEANING_COUNT] = {
        [1] = "Generic error",           [OCF_ERR_ARGS] = "Illegal argument",
        [3] = "Function unimplemented",  [4] = "User had insufficient privilege",
        [OCF_ERR_INSTALLED] = "Program is not installed",
        [OCF_ERR_CONFIGURED] = "Program is not configured",
        [9] = "Failed as master",
    };

    if (status == OCF_SUCCESS || status == OCF_RUNNING_MASTER)
        puts("INFO:  Running OK");
    else if (status == OCF_NOT_RUNNING)
        puts("INFO:  Resource is stopped");
    else if (status < OCF_MEANING_COUNT)
        printf("ERROR:  %s\n", meanings[status]);
    else
        printf("ERROR:  Unknown error: %d\n", status);
    return status;
}

static int become(const struct call *call)
{
    execl(call->path, call->path, call->action, (char *)NULL);
    fprintf(stderr, "ERROR: %s: %s\n", call->path, strerror(errno));
    return OCF_ERR_INSTALLED;
}

static int run(const struct call *call)
{
    const char *action = call->action;

    set_environment(call);
    make_scratch();
    if (strcmp(action, "status") == 0 || strcmp(action, "monitor") == 0)
        return say_status(run_monitor(call));
    if (strcmp(action, "start") == 0 || strcmp(action, "validate-all") == 0)
        return arguments_fit(call) ? become(call) : OCF_ERR_CONFIGURED;
    if (strcmp(action, "stop") == 0 || strcmp(action, "meta-data") == 0)
        return become(call);
    fprintf(stderr, "ERROR: Unknown operation: %s\n", action);
    return OCF_ERR_ARGS;
}

int main(int argc, char **argv)
{
    struct call call = {.arguments = g_ptr_array_new_with_free_func(g_free)};
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const struct ocf_positional *positional =
        ocf_positional_find(slash ? slash + 1 : argc > 0 ? argv[0] : "");
    unsigned count = argc > 0 ? (unsigned)argc - 1 : 0;
    int status = OCF_ERR_ARGS;
    bool good;

    if (positional)
        good = read_positional(&call, positional, argv + 1, count);
    else if (count == 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return usage(stdout, 0);
    else if (count < 2)
        return usage(stderr, OCF_ERR_ARGS);
    else
        good = read_call(&call, argv + 1, count);
    if (good)
        status = find_agent(&call) ? run(&call) : OCF_ERR_INSTALLED;
    g_ptr_array_free(call.arguments, TRUE);
    g_free(call.provider);
    g_free(call.name);
    g_free(call.path);
    return status;
}
