/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lane per key with what runs and what comes next; lanes that may start wait in one line. */
#include "ldirectord/act/commands.h"

#include <errno.h>
#include <string.h>

#include "common/run/child.h"
#include "common/run/log.h"

struct job {
    char **argv, **otherwise; /* otherwise may be NULL */
    char *words;              /* for the log */
    uint64_t deadline_ms;
};

struct lane {
    struct ld_commands *commands;
    char *key;
    struct job *running, *next; /* NULL: none */
    struct ha_child *child;
    bool in_line;
};

struct ld_commands {
    struct ha_loop *loop;
    GHashTable *lanes; /* key -> struct lane *, owned */
    GQueue line;       /* of struct lane * with a next job and none that runs */
    unsigned running;
};

static void job_free(struct job *job)
{
    if (job == NULL)
        return;
    g_strfreev(job->argv);
    g_strfreev(job->otherwise);
    g_free(job->words);
    g_free(job);
}

static void lane_free(void *item)
{
    struct lane *lane = item;

    if (lane->child != NULL)
        ha_child_abandon(lane->child);
    job_free(lane->running);
    job_free(lane->next);
    g_free(lane->key);
    g_free(lane);
}

struct ld_commands *ld_commands_new(struct ha_loop *loop)
{
    struct ld_commands *commands = g_new0(struct ld_commands, 1);

    commands->loop = loop;
    commands->lanes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lane_free);
    g_queue_init(&commands->line);
    return commands;
}

void ld_commands_free(struct ld_commands *commands)
{
    if (commands == NULL)
        return;
    g_queue_clear(&commands->line);
    g_hash_table_destroy(commands->lanes);
    g_free(commands);
}

static void advance(struct ld_commands *commands);

static void get_in_line(struct lane *lane)
{
    if (lane->in_line || lane->running != NULL || lane->next == NULL)
        return;
    lane->in_line = true;
    g_queue_push_tail(&lane->commands->line, lane);
}

static void ended(void *ctx, const struct ha_child_result *result)
{
    struct lane *lane = ctx;
    struct ld_commands *commands = lane->commands;
    struct job *job = g_steal_pointer(&lane->running);
    bool good = result->end == HA_CHILD_EXITED && result->code == 0;

    lane->child = NULL;
    commands->running--;
    if (!good && job->otherwise != NULL && lane->next == NULL) {
        g_strfreev(job->argv);
        job->argv = g_steal_pointer(&job->otherwise);
        g_free(job->words);
        job->words = g_strjoinv(" ", job->argv);
        lane->next = g_steal_pointer(&job);
    } else if (!good) {
        char *why = ha_child_result_text(result);

        ha_log(HA_LOG_ERROR, "system(%s) failed: %s", job->words, why);
        g_free(why);
    }
    job_free(job);
    get_in_line(lane);
    if (!lane->in_line)
        g_hash_table_remove(commands->lanes, lane->key);
    advance(commands);
}

static void start(struct lane *lane)
{
    struct ld_commands *commands = lane->commands;
    struct ha_child_spec spec = {0};

    lane->running = g_steal_pointer(&lane->next);
    spec.path = lane->running->argv[0];
    spec.argv = lane->running->argv;
    spec.deadline_ms = lane->running->deadline_ms;
    lane->child = ha_child_start(commands->loop, &spec, ended, lane);
    if (lane->child != NULL) {
        commands->running++;
        return;
    }
    ha_log(HA_LOG_ERROR, "system(%s) failed: %s", lane->running->words, g_strerror(errno));
    g_hash_table_remove(commands->lanes, lane->key);
}

static void advance(struct ld_commands *commands)
{
    struct lane *lane;

    while (commands->running < LD_COMMANDS_MAX &&
           (lane = g_queue_pop_head(&commands->line)) != NULL) {
        lane->in_line = false;
        start(lane);
    }
}

static struct lane *lane_of(struct ld_commands *commands, const char *key)
{
    struct lane *lane = g_hash_table_lookup(commands->lanes, key);

    if (lane != NULL)
        return lane;
    lane = g_new0(struct lane, 1);
    lane->commands = commands;
    lane->key = g_strdup(key);
    g_hash_table_insert(commands->lanes, lane->key, lane);
    return lane;
}

static struct job *job_new(char *const *argv, char *const *otherwise, uint64_t deadline_ms)
{
    struct job *job = g_new0(struct job, 1);

    job->argv = g_strdupv((char **)argv);
    job->otherwise = g_strdupv((char **)otherwise);
    job->words = strcmp(argv[0], "/bin/sh") == 0 ? g_strdup(argv[2]) : g_strjoinv(" ", job->argv);
    job->deadline_ms = deadline_ms;
    return job;
}

/* next may be NULL: nothing is left to do when what runs has ended. */
static void comes_next(struct lane *lane, struct job *next)
{
    job_free(lane->next);
    lane->next = next;
    get_in_line(lane);
    advance(lane->commands);
}

void ld_commands_run(struct ld_commands *commands, const char *key, char *const *argv,
                     char *const *otherwise, uint64_t deadline_ms)
{
    comes_next(lane_of(commands, key), job_new(argv, otherwise, deadline_ms));
}

void ld_commands_shell(struct ld_commands *commands, const char *key, const char *text,
                       uint64_t deadline_ms)
{
    char *argv[] = {"/bin/sh", "-c", (char *)text, NULL};
    struct lane *lane = lane_of(commands, key);
    struct job *job = job_new(argv, NULL, deadline_ms);

    if (lane->running != NULL && strcmp(lane->running->words, job->words) == 0)
        g_clear_pointer(&job, job_free); /* there and back again while it ran */
    comes_next(lane, job);
}

unsigned ld_commands_count(const struct ld_commands *commands)
{
    return commands->running + commands->line.length;
}
