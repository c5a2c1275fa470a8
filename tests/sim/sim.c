/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command:
 *
 *     sim --hours N               N hours of cluster life (life.c), a seed each
 *     sim --dense N               N times ten dense minutes
 *     sim --mixed N               N times ten minutes beside a 3.0.6 node (classic.c)
 *     sim --late N                N times ten dense minutes in which a node is always late
 *     sim --check                 some of each, for make check
 *     sim --first K               the seeds of the next --hours or --dense begin there
 *     sim --jobs N                in so many processes
 *     sim --trace SEED            an hour, with everything that happens
 *     sim --trace-dense SEED, --trace-mixed SEED, --trace-late SEED
 *     sim --scenarios [NAME]      the written lives, or one with its trace
 *     sim --kept FILE             the lives in FILE: hour or dense, and a seed; # for comments
 *
 * Done in the order given. Exit status 0 if everything held, 1 if not, 2 for wrong use.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/sim.h"

#define JOBS_MAX     64
#define FAILURES_MAX 20 /* of one process, then it ends */

struct total {
    uint64_t lives, ms, steps, sends, failures;
};

static const char *const kinds[LIFE_KIND_COUNT] = {"hour", "dense", "mixed", "late"};
static const char *const traces[LIFE_KIND_COUNT] = {"", "-dense", "-mixed", "-late"};

static void play(uint64_t seed, enum life_kind kind, bool trace, struct total *total)
{
    struct sim *sim = g_new0(struct sim, 1);

    sim->trace = trace;
    life_play(sim, seed, kind);
    total->lives++;
    total->ms += life_ms(kind);
    total->steps += sim->steps;
    total->sends += sim->sends;
    if (sim->failed) {
        total->failures++;
        printf("%s %llu: %s\n    tests/sim/sim --trace%s %llu shows the whole life\n", kinds[kind],
               (unsigned long long)seed, sim->failure, traces[kind],
               (unsigned long long)seed);
        fflush(stdout);
    }
    sim_clear(sim);
    g_free(sim);
}

static void add_up(struct total *total, const struct total *more)
{
    total->lives += more->lives;
    total->ms += more->ms;
    total->steps += more->steps;
    total->sends += more->sends;
    total->failures += more->failures;
}

/* What make check plays; sanitizers make a life several times as long. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECK_DENSE 250
#define CHECK_HOURS 60
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECK_DENSE 250
#define CHECK_HOURS 60
#endif
#endif
#ifndef CHECK_DENSE
#define CHECK_DENSE 1200
#define CHECK_HOURS 500
#endif

/* Each process takes every jobs-th seed and tells its sum through a pipe. */
static void play_many(uint64_t first, uint64_t count, enum life_kind kind, unsigned jobs,
                      struct total *total)
{
    int pipes[JOBS_MAX], status;
    pid_t pids[JOBS_MAX];
    struct total sum;

    if (jobs == 1) { /* in this process, for debuggers and profilers */
        for (uint64_t i = 0; i < count && total->failures < FAILURES_MAX; i++)
            play(first + i, kind, false, total);
        return;
    }
    for (unsigned job = 0; job < jobs; job++) {
        int ends[2];

        fflush(stdout);
        if (pipe(ends) != 0 || (pipes[job] = ends[0], pids[job] = fork()) == 0) {
            memset(&sum, 0, sizeof sum);
            for (uint64_t i = job; i < count && sum.failures < FAILURES_MAX; i += jobs)
                play(first + i, kind, false, &sum);
            _exit(write(ends[1], &sum, sizeof sum) != sizeof sum);
        }
        close(ends[1]);
    }
    for (unsigned job = 0; job < jobs; job++) {
        bool told = read(pipes[job], &sum, sizeof sum) == sizeof sum;

        close(pipes[job]);
        waitpid(pids[job], &status, 0);
        if (told) {
            add_up(total, &sum);
        } else {
            printf("a process has ended early (%s %d)\n", WIFSIGNALED(status) ? "signal" : "exit",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            total->failures++;
        }
    }
}

static int play_kept(const char *file, struct total *total)
{
    FILE *in = fopen(file, "r");
    char line[256];

    if (in == NULL) {
        perror(file);
        return 1;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        for (int kind = 0; kind < LIFE_KIND_COUNT; kind++) {
            size_t length = strlen(kinds[kind]);

            if (strncmp(line, kinds[kind], length) == 0)
                play(strtoull(line + length, NULL, 10), (enum life_kind)kind, false, total);
        }
    }
    fclose(in);
    return 0;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_of(int who)
{
    struct rusage used;

    getrusage(who, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int usage(void)
{
    fputs("usage: sim [--jobs N] [--first K] [--check] [--hours N] [--dense N] [--trace SEED]\n"
          "           [--mixed N] [--late N] [--trace-dense SEED] [--trace-mixed SEED] [--trace-late SEED]\n"
          "           [--scenarios [NAME]] [--kept FILE]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct total total = {0};
    uint64_t first = 1;
    unsigned failed = 0, jobs = 1;
    double began = seconds();

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--scenarios") == 0) {
            failed += scenarios_play(value != NULL && value[0] != '-', value);
            i += value != NULL && value[0] != '-';
            continue;
        }
        if (strcmp(argv[i], "--check") == 0) {
            play_many(first, CHECK_DENSE, LIFE_DENSE, jobs, &total);
            play_many(first, CHECK_HOURS, LIFE_HOUR, jobs, &total);
            play_many(first, CHECK_HOURS, LIFE_MIXED, jobs, &total);
            play_many(first, CHECK_HOURS, LIFE_LATE, jobs, &total);
            continue;
        }
        if (value == NULL)
            return usage();
        if (strcmp(argv[i], "--hours") == 0)
            play_many(first, strtoull(value, NULL, 10), LIFE_HOUR, jobs, &total);
        else if (strcmp(argv[i], "--dense") == 0)
            play_many(first, strtoull(value, NULL, 10), LIFE_DENSE, jobs, &total);
        else if (strcmp(argv[i], "--mixed") == 0)
            play_many(first, strtoull(value, NULL, 10), LIFE_MIXED, jobs, &total);
        else if (strcmp(argv[i], "--late") == 0)
            play_many(first, strtoull(value, NULL, 10), LIFE_LATE, jobs, &total);
        else if (strcmp(argv[i], "--trace-late") == 0)
            play(strtoull(value, NULL, 10), LIFE_LATE, true, &total);
        else if (strcmp(argv[i], "--trace-mixed") == 0)
            play(strtoull(value, NULL, 10), LIFE_MIXED, true, &total);
        else if (strcmp(argv[i], "--first") == 0)
            first = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--jobs") == 0)
            jobs = (unsigned)CLAMP(atoi(value), 1, JOBS_MAX);
        else if (strcmp(argv[i], "--trace") == 0)
            play(strtoull(value, NULL, 10), LIFE_HOUR, true, &total);
        else if (strcmp(argv[i], "--trace-dense") == 0)
            play(strtoull(value, NULL, 10), LIFE_DENSE, true, &total);
        else if (strcmp(argv[i], "--kept") == 0)
            failed += (unsigned)play_kept(value, &total);
        else
            return usage();
        i++;
    }
    if (total.lives > 0)
        printf("%llu lives, %.0f hours in %.1f s (%.1f s of processors), %llu failed; "
               "%llu steps, %llu messages\n",
               (unsigned long long)total.lives, (double)total.ms / 3600000, seconds() - began,
               cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN),
               (unsigned long long)total.failures, (unsigned long long)total.steps,
               (unsigned long long)total.sends);
    return total.failures + failed > 0 ? 1 : 0;
}
