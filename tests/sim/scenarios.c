/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lives written by hand. Each is a page: who is there, what happens, what must
 * hold then.
 */
#include <string.h>

#include "tests/sim/sim.h"

#define ALICE 0
#define BOB   1

static void must_own(struct sim *sim, unsigned group, unsigned node, const char *when)
{
    if (sim_owner(sim, group) != (int)node)
        sim_fail(sim, "%s: group %u is owned by %s, not by %s", when, group,
                 sim_owner(sim, group) < 0 ? "nobody or both"
                                           : sim_name((unsigned)sim_owner(sim, group)),
                 sim_name(node));
}

static void two_nodes_share_the_work(struct sim *sim)
{
    sim_start(sim, ALICE);
    sim_start(sim, BOB);
    sim_run(sim, 14000);
    must_own(sim, 0, ALICE, "14 s after the start");
    must_own(sim, 1, BOB, "14 s after the start");
}

static void a_crash_is_taken_over_after_the_dead_time(struct sim *sim)
{
    two_nodes_share_the_work(sim);
    sim_crash(sim, ALICE);
    sim_run(sim, 5300);
    must_own(sim, 0, BOB, "deadtime + 0.3 s after the crash");
}

static const struct scenario {
    const char *name;
    void (*play)(struct sim *sim);
} scenarios[] = {
#define SCENARIO(name) {#name, name}
    SCENARIO(two_nodes_share_the_work),
    SCENARIO(a_crash_is_taken_over_after_the_dead_time),
};

static bool play(const struct scenario *scenario, bool trace)
{
    struct sim *sim = g_new0(struct sim, 1);
    bool good;

    sim_init(sim, 7, 2, 1);
    sim->trace = trace;
    sim_add_group(sim, ALICE, "nns");
    sim_add_group(sim, BOB, "n");
    scenario->play(sim);
    good = !sim->failed;
    printf("%s  %s\n", good ? "ok    " : "FAILED", scenario->name);
    if (!good)
        printf("        %s\n", sim->failure);
    sim_clear(sim);
    g_free(sim);
    return good;
}

unsigned scenarios_play(bool trace, const char *only)
{
    unsigned failed = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        if (!trace || strcmp(only, scenarios[i].name) == 0)
            failed += !play(&scenarios[i], trace);
    }
    return failed;
}
