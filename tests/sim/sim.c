/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command:
 *
 *     sim --seeds N [--first K]   N random lives, from seed K on; "enough": as many as
 *                                 make check plays
 *     sim --trace SEED            one, with everything that happens
 *     sim --scenarios [NAME]      the written lives, or one with its trace
 *     sim --kept FILE             the seeds in FILE, one a line, # for comments
 *
 * Exit status 0 if everything held, 1 if not, 2 for wrong use.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

struct total {
    uint64_t lives, steps, sends, failures;
};

static bool play(uint64_t seed, bool trace, struct total *total)
{
    struct sim *sim = g_new0(struct sim, 1);
    bool good;

    sim->trace = trace;
    fate_play(sim, seed);
    good = !sim->failed;
    total->lives++;
    total->steps += sim->steps;
    total->sends += sim->sends;
    if (!good) {
        total->failures++;
        printf("seed %llu: %s\n    tests/sim/sim --trace %llu shows the whole life\n",
               (unsigned long long)seed, sim->failure, (unsigned long long)seed);
        fflush(stdout);
    }
    sim_clear(sim);
    g_free(sim);
    return good;
}

static void sum_up(const struct total *total)
{
    printf("%llu lives, %llu failed; %llu steps, %llu messages\n",
           (unsigned long long)total->lives, (unsigned long long)total->failures,
           (unsigned long long)total->steps, (unsigned long long)total->sends);
}

static int play_kept(const char *file, struct total *total)
{
    FILE *in = fopen(file, "r");
    char line[256];

    if (in == NULL) {
        perror(file);
        return 2;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        char *end;
        uint64_t seed = strtoull(line, &end, 10);

        if (end != line)
            play(seed, false, total);
    }
    fclose(in);
    return 0;
}

/* Sanitizers make a life three times as long. */
#if defined(__SANITIZE_ADDRESS__)
#define ENOUGH 2000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ENOUGH 2000
#endif
#endif
#ifndef ENOUGH
#define ENOUGH 10000
#endif

static int usage(void)
{
    fputs("usage: sim [--seeds N] [--first K] [--trace SEED] [--scenarios [NAME]] [--kept FILE]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct total total = {0};
    uint64_t seeds = 0, first = 1;
    unsigned failed = 0;

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--scenarios") == 0) {
            failed += scenarios_play(value != NULL && value[0] != '-', value);
            i += value != NULL && value[0] != '-';
            continue;
        }
        if (value == NULL)
            return usage();
        if (strcmp(argv[i], "--seeds") == 0)
            seeds = strcmp(value, "enough") == 0 ? ENOUGH : strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--first") == 0)
            first = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--trace") == 0)
            play(strtoull(value, NULL, 10), true, &total);
        else if (strcmp(argv[i], "--kept") == 0)
            failed += play_kept(value, &total) != 0;
        else
            return usage();
        i++;
    }
    for (uint64_t seed = first; seed < first + seeds && total.failures < 20; seed++)
        play(seed, false, &total);
    if (total.lives > 0)
        sum_up(&total);
    return total.failures + failed > 0 ? 1 : 0;
}
