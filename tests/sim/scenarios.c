/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lives written by hand. Each is a page: who is there, what happens, what must
 * hold then.
 */
#include <string.h>

#include "tests/sim/sim.h"

#define ALICE 0
#define BOB   1

/* Every life begins with alice's group 0 (two addresses and a script) and bob's
 * group 1 (an address), keepalive 1 s, deadtime 5 s, initdead 15 s, failback on. */

static void must_own(struct sim *sim, unsigned group, unsigned node, const char *when)
{
    if (sim_owner(sim, group) != (int)node)
        sim_fail(sim, "%s: group %u is owned by %s, not by %s alone", when, group,
                 sim_owner(sim, group) < 0 ? "nobody or both"
                                           : sim_name((unsigned)sim_owner(sim, group)),
                 sim_name(node));
}

static void must_be(struct sim *sim, unsigned node, unsigned group, enum hb_group_state state,
                    const char *when)
{
    enum hb_group_state is = hb_core_group_state(sim->nodes[node].core, group);

    if (is != state)
        sim_fail(sim, "%s: group %u is %s on %s, not %s", when, group, hb_group_state_name(is),
                 sim_name(node), hb_group_state_name(state));
}

static void must_see(struct sim *sim, unsigned node, unsigned other, enum hb_status status,
                     const char *when)
{
    enum hb_status is = hb_core_node_status(sim->nodes[node].core, other);

    if (is != status)
        sim_fail(sim, "%s: %s sees %s %s, not %s", when, sim_name(node), sim_name(other),
                 hb_status_name(is), hb_status_name(status));
}

static void set_failback(struct sim *sim, enum hb_failback failback)
{
    for (unsigned i = 0; i < sim->node_count; i++)
        sim->config[i]->auto_failback = failback;
}

static void both_run(struct sim *sim)
{
    sim_start(sim, ALICE);
    sim_start(sim, BOB);
    sim_run(sim, 14000);
    must_own(sim, 0, ALICE, "14 s after the start");
    must_own(sim, 1, BOB, "14 s after the start");
}

static void two_nodes_share_the_work(struct sim *sim)
{
    both_run(sim);
    sim_run(sim, 3600 * 1000);
    must_own(sim, 0, ALICE, "an hour later");
    must_own(sim, 1, BOB, "an hour later");
}

static void a_joint_start_waits_for_nobody(struct sim *sim)
{
    sim_start(sim, ALICE);
    sim_run(sim, 3000);
    sim_start(sim, BOB);
    sim_run(sim, 250);
    must_own(sim, 1, BOB, "250 ms after both run");
    if (!sim_owns(sim, ALICE, 0))
        sim_fail(sim, "250 ms after both run alice should have begun to take her group");
}

static void a_lone_node_takes_everything_after_initdead(struct sim *sim)
{
    sim_start(sim, ALICE);
    sim_run(sim, 14900);
    must_be(sim, ALICE, 0, HB_GROUP_STOPPED, "before initdead");
    sim_run(sim, 1100);
    must_own(sim, 0, ALICE, "a second after initdead");
    must_own(sim, 1, ALICE, "a second after initdead");
}

static void a_crash_is_taken_over_after_the_dead_time(struct sim *sim)
{
    both_run(sim);
    sim_crash(sim, BOB);
    sim_run(sim, 3900);
    must_see(sim, ALICE, BOB, HB_STATUS_ACTIVE, "3.9 s after the crash");
    sim_run(sim, 1150);
    must_own(sim, 1, ALICE, "deadtime + 50 ms after the crash");
}

static void a_node_that_returns_gets_its_group_back(struct sim *sim)
{
    both_run(sim);
    sim_crash(sim, BOB);
    sim_run(sim, 30000);
    sim_start(sim, BOB);
    sim_run(sim, 3000);
    must_own(sim, 1, BOB, "3 s after bob's return");
    must_own(sim, 0, ALICE, "3 s after bob's return");
}

static void without_failback_the_group_stays(struct sim *sim)
{
    set_failback(sim, HB_FAILBACK_OFF);
    both_run(sim);
    sim_crash(sim, BOB);
    sim_run(sim, 30000);
    sim_start(sim, BOB);
    sim_run(sim, 60000);
    must_own(sim, 1, ALICE, "a minute after bob's return");
}

static void in_legacy_mode_each_asks_for_its_own(struct sim *sim)
{
    set_failback(sim, HB_FAILBACK_LEGACY);
    both_run(sim);
    sim_crash(sim, BOB);
    sim_run(sim, 30000);
    must_own(sim, 1, ALICE, "30 s after the crash");
    sim_start(sim, BOB);
    sim_run(sim, 3000);
    must_own(sim, 1, BOB, "3 s after bob's return");
    must_own(sim, 0, ALICE, "3 s after bob's return");
    sim_stop(sim, ALICE);
    sim_run(sim, 2500);
    must_own(sim, 0, BOB, "after alice's farewell");
}

static void an_orderly_stop_moves_at_once(struct sim *sim)
{
    both_run(sim);
    sim_stop(sim, BOB);
    sim_run(sim, 200);
    must_own(sim, 1, ALICE, "0.2 s after the order");
    sim_run(sim, 2000);
    if (sim->nodes[BOB].core != NULL)
        sim_fail(sim, "bob still runs 2 s after the order");
}

static void a_restart_faster_than_the_dead_time_moves_nothing(struct sim *sim)
{
    both_run(sim);
    sim_crash(sim, BOB);
    sim_run(sim, 500);
    sim_start(sim, BOB);
    sim_run(sim, 2000);
    must_own(sim, 1, BOB, "2 s after the restart");
    must_see(sim, ALICE, BOB, HB_STATUS_ACTIVE, "2 s after the restart");
}

static void a_standby_hands_over_and_stays(struct sim *sim)
{
    both_run(sim);
    sim_standby(sim, ALICE, HB_WHAT_ALL);
    sim_run(sim, 2000);
    must_own(sim, 0, BOB, "2 s after hb_standby all");
    must_own(sim, 1, BOB, "2 s after hb_standby all");
    sim_run(sim, 120000);
    must_own(sim, 0, BOB, "two minutes later, failback or not");
    sim_standby(sim, BOB, HB_WHAT_FOREIGN);
    sim_run(sim, 2000);
    must_own(sim, 0, ALICE, "2 s after hb_standby foreign on bob");
    must_own(sim, 1, BOB, "2 s after hb_standby foreign on bob");
}

static void a_takeover_fetches(struct sim *sim)
{
    both_run(sim);
    sim_takeover(sim, ALICE, HB_WHAT_ALL);
    sim_run(sim, 2000);
    must_own(sim, 0, ALICE, "2 s after hb_takeover all");
    must_own(sim, 1, ALICE, "2 s after hb_takeover all");
}

static void a_handover_outlives_the_loss_of_every_third_message(struct sim *sim)
{
    both_run(sim);
    sim->paths[ALICE][BOB].loss = sim->paths[BOB][ALICE].loss = 330;
    sim_standby(sim, ALICE, HB_WHAT_ALL);
    sim_run(sim, 20000);
    must_own(sim, 0, BOB, "20 s after hb_standby all");
}

static void a_handover_to_a_node_that_dies_comes_back(struct sim *sim)
{
    both_run(sim);
    sim->nodes[BOB].agent.slow_max_ms = 30000;
    sim_standby(sim, ALICE, HB_WHAT_ALL);
    sim_run(sim, 1000);
    sim_crash(sim, BOB);
    sim_run(sim, 6000);
    must_own(sim, 0, ALICE, "6 s after bob's crash");
    must_own(sim, 1, ALICE, "6 s after bob's crash");
}

/* Counts the time in which nobody has the group while everything heals. */
static uint64_t unowned_ms(struct sim *sim, unsigned group, uint64_t for_ms)
{
    uint64_t none_ms = 0;

    for (uint64_t ms = 0; ms < for_ms; ms += 5) {
        sim_run(sim, 5);
        if (!sim_owns(sim, ALICE, group) && !sim_owns(sim, BOB, group))
            none_ms += 5;
    }
    return none_ms;
}

static void a_partition_heals_without_an_outage(struct sim *sim)
{
    uint64_t none_ms;

    both_run(sim);
    sim_partition(sim, ALICE, BOB, true);
    sim_run(sim, 10000);
    if (!sim_owns(sim, ALICE, 1) || !sim_owns(sim, BOB, 0))
        sim_fail(sim, "each side should have taken all");
    sim_partition(sim, ALICE, BOB, false);
    none_ms = unowned_ms(sim, 0, 2000);
    if (none_ms > 0)
        sim_fail(sim, "nobody had group 0 for %llu ms", (unsigned long long)none_ms);
    must_own(sim, 0, ALICE, "2 s after the heal, at home");
    must_own(sim, 1, BOB, "2 s after the heal, at home");
}

static void without_failback_who_had_it_before_the_cut_keeps_it(struct sim *sim)
{
    set_failback(sim, HB_FAILBACK_OFF);
    both_run(sim);
    sim_standby(sim, ALICE, HB_WHAT_ALL);
    sim_run(sim, 5000);
    must_own(sim, 0, BOB, "before the cut");
    sim_partition(sim, ALICE, BOB, true);
    sim_run(sim, 10000);
    sim_partition(sim, ALICE, BOB, false);
    sim_run(sim, 3000);
    must_own(sim, 0, BOB, "3 s after the heal");
    must_own(sim, 1, BOB, "3 s after the heal");
    sim_run(sim, 60000);
    must_own(sim, 0, BOB, "and a minute later");
}

static void who_is_not_heard_is_yielded_to(struct sim *sim)
{
    both_run(sim);
    sim_cut(sim, ALICE, BOB, true); /* bob does not hear alice, alice hears bob */
    sim_run(sim, 12000);
    must_own(sim, 0, BOB, "12 s after the cut in one direction");
    must_own(sim, 1, BOB, "12 s after the cut in one direction");
    sim_cut(sim, ALICE, BOB, false);
    sim_run(sim, 5000);
    must_own(sim, 0, ALICE, "5 s after the heal, at home again");
}

static void a_short_pause_moves_nothing(struct sim *sim)
{
    both_run(sim);
    sim_pause(sim, ALICE);
    sim_run(sim, 3500);
    sim_resume(sim, ALICE);
    sim_run(sim, 10000);
    must_own(sim, 0, ALICE, "10 s after the pause");
    must_own(sim, 1, BOB, "10 s after the pause");
}

static void a_long_pause_is_settled_within_a_second(struct sim *sim)
{
    both_run(sim);
    sim_pause(sim, ALICE);
    sim_run(sim, 20000);
    if (!sim_owns(sim, BOB, 0))
        sim_fail(sim, "bob should have taken over");
    sim_resume(sim, ALICE);
    sim_run(sim, 1000);
    must_own(sim, 0, ALICE, "1 s after alice goes on, at home");
    must_own(sim, 1, BOB, "1 s after alice goes on, at home");
}

/* A machine that is always short of time takes over all the same. */
static void a_node_that_is_held_up_again_and_again_takes_over(struct sim *sim)
{
    both_run(sim);
    sim_crash(sim, BOB);
    for (int i = 0; i < 20; i++) {
        sim_pause(sim, ALICE);
        sim_run(sim, 3000);
        sim_resume(sim, ALICE);
        sim_run(sim, 700);
    }
    must_own(sim, 0, ALICE, "after 14 s in which it was not held up");
    must_own(sim, 1, ALICE, "after 14 s in which it was not held up");
}

/* Both nodes of a machine that was suspended: nobody may judge the other. */
static void a_common_pause_moves_nothing(struct sim *sim)
{
    both_run(sim);
    sim_pause(sim, ALICE);
    sim_pause(sim, BOB);
    sim_run(sim, 600000);
    sim_resume(sim, ALICE);
    sim_resume(sim, BOB);
    sim_run(sim, 10000);
    must_own(sim, 0, ALICE, "10 s after the pause");
    must_own(sim, 1, BOB, "10 s after the pause");
}

static void one_of_two_links_may_fail(struct sim *sim)
{
    bool up;

    both_run(sim);
    sim->paths[ALICE][BOB].link_cut[0] = sim->paths[BOB][ALICE].link_cut[0] = true;
    sim_run(sim, 10000);
    must_see(sim, ALICE, BOB, HB_STATUS_ACTIVE, "10 s after the cut of eth0");
    if (!hb_core_link_status(sim->nodes[ALICE].core, BOB, "eth0", &up) || up ||
        !hb_core_link_status(sim->nodes[ALICE].core, BOB, "eth1", &up) || !up)
        sim_fail(sim, "eth0 should be dead and eth1 up");
    must_own(sim, 0, ALICE, "10 s after the cut of eth0");
}

static void what_cannot_start_at_home_starts_elsewhere(struct sim *sim)
{
    sim->nodes[ALICE].agent.start_fails = 1000;
    sim_start(sim, ALICE);
    sim_start(sim, BOB);
    sim_run(sim, 20000);
    must_own(sim, 0, BOB, "20 s after the start");
    must_be(sim, ALICE, 0, HB_GROUP_FAILED, "20 s after the start");
}

static void what_starts_nowhere_is_tried_again(struct sim *sim)
{
    sim->nodes[ALICE].agent.start_fails = sim->nodes[BOB].agent.start_fails = 1000;
    sim_start(sim, ALICE);
    sim_start(sim, BOB);
    sim_run(sim, 40000);
    must_be(sim, ALICE, 0, HB_GROUP_FAILED, "40 s after the start");
    must_be(sim, BOB, 0, HB_GROUP_FAILED, "40 s after the start");
    sim->nodes[ALICE].agent.start_fails = 0;
    sim_run(sim, 60000);
    must_own(sim, 0, ALICE, "a minute after the cure");
    must_own(sim, 1, ALICE, "a minute after the cure");
}

static void a_service_that_dies_is_restarted_and_moves_in_the_end(struct sim *sim)
{
    for (unsigned i = 0; i < sim->node_count; i++) {
        sim->config[i]->monitor.interval_ms = 2000;
        sim->config[i]->monitor.restarts = 2;
    }
    both_run(sim);
    for (unsigned i = 0; i < 2; i++) {
        sim_resource_dies(sim, ALICE, 0);
        sim_run(sim, 10000);
        must_own(sim, 0, ALICE, "10 s after a death");
        must_be(sim, ALICE, 0, HB_GROUP_HELD, "10 s after a death");
    }
    sim_resource_dies(sim, ALICE, 0);
    sim_run(sim, 10000);
    must_own(sim, 0, BOB, "10 s after the third death");
    must_own(sim, 1, BOB, "10 s after the third death");
}

static void nothing_is_taken_before_a_silent_node_is_off(struct sim *sim)
{
    sim_add_fence(sim);
    sim->nodes[ALICE].agent.fence_fails = sim->nodes[BOB].agent.fence_fails = 1000;
    both_run(sim);
    sim_partition(sim, ALICE, BOB, true);
    sim_run(sim, 120000);
    must_see(sim, ALICE, BOB, HB_STATUS_DEAD, "two minutes after the cut");
    must_own(sim, 0, ALICE, "two minutes after the cut");
    must_own(sim, 1, BOB, "two minutes after the cut");
    sim->nodes[ALICE].agent.fence_fails = 0;
    sim_run(sim, 15000);
    if (sim->fenced != 1)
        sim_fail(sim, "bob was switched off %llu times", (unsigned long long)sim->fenced);
    must_own(sim, 1, ALICE, "15 s after the device works again");
}

/* The farewell of alice's last life waits in bob's socket while bob sleeps. */
static void an_old_farewell_is_not_believed_after_a_pause(struct sim *sim)
{
    both_run(sim);
    sim_pause(sim, BOB);
    sim_stop(sim, ALICE);
    sim_run(sim, 5000);
    sim_cut(sim, ALICE, BOB, true);
    sim_start(sim, ALICE);
    sim_run(sim, 20000);
    must_be(sim, ALICE, 0, HB_GROUP_HELD, "before bob goes on");
    sim_cut(sim, ALICE, BOB, false);
    sim_resume(sim, BOB);
    sim_run(sim, 900);
    must_be(sim, BOB, 0, HB_GROUP_STOPPED, "after bob goes on");
    sim_run(sim, 5000);
    must_own(sim, 0, ALICE, "in the end");
    must_own(sim, 1, BOB, "in the end");
}

static void a_slow_start_is_cut_short_where_another_has_it(struct sim *sim)
{
    both_run(sim);
    sim->nodes[BOB].agent.slow_max_ms = 50000;
    sim_partition(sim, ALICE, BOB, true);
    sim_run(sim, 5500);
    must_be(sim, BOB, 0, HB_GROUP_STARTING, "during the cut");
    sim_partition(sim, ALICE, BOB, false);
    sim->nodes[BOB].agent.slow_max_ms = 100;
    sim_run(sim, 2000);
    must_own(sim, 0, ALICE, "2 s after the heal");
}

/* Bob is gone for good; somebody plays him, from before alice's start and in all the years after. */
static void a_node_that_forgot_everything_believes_no_recording(struct sim *sim)
{
    sim_attacker(sim);
    both_run(sim);
    sim_crash(sim, BOB);
    sim_run(sim, 30000);
    sim_crash(sim, ALICE);
    memset(sim->nodes[ALICE].floors, 0, sizeof sim->nodes[ALICE].floors);
    sim_start(sim, ALICE);
    for (unsigned i = 0; i < 60; i++) {
        sim_replay(sim, 100, i % 2 == 0);
        sim_run(sim, 1000);
    }
    must_see(sim, ALICE, BOB, HB_STATUS_DEAD, "a minute after alice's start");
    must_own(sim, 0, ALICE, "a minute after alice's start");
    must_own(sim, 1, ALICE, "a minute after alice's start");
}

static void a_node_that_counts_from_a_lower_generation_is_known(struct sim *sim)
{
    sim_attacker(sim);
    both_run(sim);
    sim_crash(sim, BOB);
    sim_run(sim, 30000);
    sim->nodes[BOB].generation = 5;
    sim_start(sim, BOB);
    for (unsigned i = 0; i < 10; i++) {
        sim_replay(sim, 100, i % 2 == 0);
        sim_run(sim, 1000);
    }
    must_see(sim, ALICE, BOB, HB_STATUS_ACTIVE, "10 s after bob's return");
    must_own(sim, 1, BOB, "10 s after bob's return");
}

static const struct scenario {
    const char *name;
    void (*play)(struct sim *sim);
} scenarios[] = {
#define SCENARIO(name) {#name, name}
    SCENARIO(two_nodes_share_the_work),
    SCENARIO(a_joint_start_waits_for_nobody),
    SCENARIO(a_lone_node_takes_everything_after_initdead),
    SCENARIO(a_crash_is_taken_over_after_the_dead_time),
    SCENARIO(a_node_that_returns_gets_its_group_back),
    SCENARIO(without_failback_the_group_stays),
    SCENARIO(in_legacy_mode_each_asks_for_its_own),
    SCENARIO(an_orderly_stop_moves_at_once),
    SCENARIO(a_restart_faster_than_the_dead_time_moves_nothing),
    SCENARIO(a_standby_hands_over_and_stays),
    SCENARIO(a_takeover_fetches),
    SCENARIO(a_handover_outlives_the_loss_of_every_third_message),
    SCENARIO(a_handover_to_a_node_that_dies_comes_back),
    SCENARIO(a_partition_heals_without_an_outage),
    SCENARIO(without_failback_who_had_it_before_the_cut_keeps_it),
    SCENARIO(who_is_not_heard_is_yielded_to),
    SCENARIO(a_short_pause_moves_nothing),
    SCENARIO(a_long_pause_is_settled_within_a_second),
    SCENARIO(a_node_that_is_held_up_again_and_again_takes_over),
    SCENARIO(a_common_pause_moves_nothing),
    SCENARIO(one_of_two_links_may_fail),
    SCENARIO(what_cannot_start_at_home_starts_elsewhere),
    SCENARIO(what_starts_nowhere_is_tried_again),
    SCENARIO(a_service_that_dies_is_restarted_and_moves_in_the_end),
    SCENARIO(nothing_is_taken_before_a_silent_node_is_off),
    SCENARIO(an_old_farewell_is_not_believed_after_a_pause),
    SCENARIO(a_slow_start_is_cut_short_where_another_has_it),
    SCENARIO(a_node_that_forgot_everything_believes_no_recording),
    SCENARIO(a_node_that_counts_from_a_lower_generation_is_known),
};

static bool play(const struct scenario *scenario, bool trace)
{
    struct sim *sim = g_new0(struct sim, 1);
    bool good;

    sim_init(sim, 7, 2, 2);
    sim_keys_init(sim);
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
