/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core: rising, slow start, drain, quorum and weights, told as lives of a director. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

#define VIP "10.0.0.1:80 wrr > "

static struct ld_real *real(const struct ld_config *config, guint number)
{
    return first(config)->reals->pdata[number];
}

/* One server, with that weight. */
static struct ld_config *single(uint32_t weight)
{
    struct ld_config *config = pair();

    g_ptr_array_set_size(first(config)->reals, 1);
    real(config, 0)->weight = weight;
    return config;
}

static struct ld_dest *entry(const struct fake_director *director, guint number)
{
    const struct ld_vs *vs = director->ipvs.table->services->pdata[0];

    assert_true(number < vs->dests->len);
    return &g_array_index(vs->dests, struct ld_dest, number);
}

/* ---- risecount, recheckinterval ---- */

static void a_server_comes_up_after_risecount_successes(void **state)
{
    struct fake_director director;
    struct ld_config *config = single(1);

    (void)state;
    first(config)->risecount = 3;
    start_healthy(&director, config);
    interval(&director, NULL, 0);
    assert_table(&director, "10.0.0.1:80 wrr");
    assert_logged(&director, "Rising real server: 10.1.0.1:80 (tcp:10.0.0.1:80) success 2/3");
    interval(&director, "10.1.0.1", LD_L4CON);
    interval(&director, NULL, 0);
    interval(&director, NULL, 0);
    assert_table(&director, "10.0.0.1:80 wrr");
    interval(&director, NULL, 0);
    assert_table(&director, VIP "10.1.0.1:80 1");
    end(&director);
}

static void a_doubtful_server_is_asked_again_soon_and_a_settled_one_is_not(void **state)
{
    struct fake_director director;
    struct ld_config *config = single(1);
    unsigned asked;

    (void)state;
    first(config)->failurecount = 3;
    first(config)->risecount = 2;
    first(config)->recheckinterval_ms = 500;
    start(&director, config);
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L7OK);
    fake_director_pass(&director, HA_NS_PER_S / 2);
    assert_int_equal(fake_director_answer(&director, NULL, LD_L7OK), 1); /* up */
    assert_table(&director, VIP "10.1.0.1:80 1");
    asked = director.asked;
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    assert_int_equal(director.asked, asked);
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    for (int i = 0; i < 3; i++) { /* three failures within a second: down */
        assert_table(&director, VIP "10.1.0.1:80 1");
        assert_int_equal(fake_director_answer(&director, NULL, LD_L4TOUT), 1);
        fake_director_pass(&director, HA_NS_PER_S / 2);
    }
    assert_table(&director, "10.0.0.1:80 wrr");
    assert_int_equal(director.flying->len, 0);
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    assert_int_equal(director.flying->len, 0);
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    assert_int_equal(fake_director_answer(&director, NULL, LD_L7OK), 1);
    fake_director_pass(&director, HA_NS_PER_S / 2);
    assert_int_equal(fake_director_answer(&director, NULL, LD_L7STS), 1); /* not yet, after all */
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    assert_int_equal(director.flying->len, 0);
    end(&director);
}

/* ---- slowstart ---- */

static void a_server_that_comes_up_grows_into_its_weight_in_ten_steps(void **state)
{
    static const uint32_t steps[] = {1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100};
    struct fake_director director;
    struct ld_config *config = single(100);
    unsigned tables;

    (void)state;
    first(config)->slowstart_ms = 30000;
    start_healthy(&director, config);
    tables = director.tables;
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        assert_int_equal(entry(&director, 0)->weight, steps[i]);
        fake_director_pass(&director, 3 * HA_NS_PER_S);
        fake_director_answer(&director, NULL, LD_L7OK);
    }
    assert_int_equal(director.tables, tables + 10);
    assert_logged(&director, "Changed weight of real server: 10.1.0.1:80 (10.0.0.1:80) (Weight set "
                             "to 90)");
    assert_logged(&director, "Restored real server: 10.1.0.1:80 (10.0.0.1:80) (Weight set to 100)");
    end(&director);
}

static void a_small_weight_grows_in_few_steps_and_one_not_at_all(void **state)
{
    struct fake_director director;
    struct ld_config *config = single(2);

    (void)state;
    first(config)->slowstart_ms = 10000;
    start_healthy(&director, config);
    assert_table(&director, VIP "10.1.0.1:80 1");
    fake_director_pass(&director, 9 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 1");
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 2");
    end(&director);

    config = single(1);
    first(config)->slowstart_ms = 10000;
    start_healthy(&director, config);
    assert_table(&director, VIP "10.1.0.1:80 1");
    fake_director_pass(&director, HA_NS_PER_S);
    assert_int_equal(director.tables, 2); /* the first, and the server */
    end(&director);
}

static void slow_start_goes_on_over_a_reload_and_begins_anew_after_a_failure(void **state)
{
    struct fake_director director;
    struct ld_config *config = single(100);

    (void)state;
    first(config)->slowstart_ms = 100000;
    start_healthy(&director, config);
    fake_director_pass(&director, 50 * HA_NS_PER_S);
    assert_int_equal(entry(&director, 0)->weight, 50);
    config = single(200);
    first(config)->slowstart_ms = 100000;
    fake_director_reload(&director, config);
    assert_int_equal(entry(&director, 0)->weight, 100);
    fake_director_answer(&director, NULL, LD_L4CON);
    assert_table(&director, "10.0.0.1:80 wrr");
    interval(&director, NULL, 0);
    assert_int_equal(entry(&director, 0)->weight, 1);
    config = single(200);
    fake_director_reload(&director, config);
    assert_int_equal(entry(&director, 0)->weight, 200);
    end(&director);
}

static void what_the_kernel_has_already_is_not_slowed(void **state)
{
    struct fake_director director;
    struct ld_config *config = single(100);

    (void)state;
    first(config)->cleanstop = false;
    start_healthy(&director, config);
    config = single(100);
    first(config)->slowstart_ms = 10000;
    fake_director_reload(&director, config);
    assert_int_equal(entry(&director, 0)->weight, 100);
    end(&director);
}

/* ---- draintime ---- */

static void a_server_that_goes_down_drains_before_it_is_removed(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->draintime_ms = 25000;
    start_healthy(&director, config);
    entry(&director, 0)->counted = entry(&director, 1)->counted = true;
    entry(&director, 0)->connections = entry(&director, 1)->connections = 3;
    interval(&director, "10.1.0.1", LD_L4CON);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    assert_logged(&director, "Quiescent real server: 10.1.0.1:80 (10.0.0.1:80) (Weight set to 0)");
    fake_director_pass(&director, 24 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 2");
    assert_logged(&director, "Deleted real server: 10.1.0.1:80 (10.0.0.1:80)");
    end(&director);
}

static void a_drain_ends_when_the_last_connection_does(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->draintime_ms = 3600000;
    start_healthy(&director, config);
    entry(&director, 0)->counted = true;
    entry(&director, 0)->connections = 1;
    interval(&director, "10.1.0.1", LD_L4CON);
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    entry(&director, 0)->connections = 0;
    fake_director_pass(&director, 3 * HA_NS_PER_S / 2);
    assert_table(&director, VIP "10.1.0.2:80 2");
    end(&director);
}

/* Without its counts nobody knows; and one that was never up has nothing to drain. */
static void what_the_kernel_does_not_count_drains_its_whole_time(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->draintime_ms = 60000;
    start(&director, config);
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, "10.1.0.1", LD_L4CON);
    fake_director_answer(&director, "10.1.0.2", LD_L7OK);
    assert_table(&director, VIP "10.1.0.2:80 2");
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L4CON);
    fake_director_pass(&director, 50 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 0");
    fake_director_pass(&director, 11 * HA_NS_PER_S);
    assert_table(&director, "10.0.0.1:80 wrr");
    end(&director);
}

static void a_draining_server_that_returns_is_never_removed(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->draintime_ms = 60000;
    start_healthy(&director, config);
    interval(&director, "10.1.0.1", LD_L4CON);
    interval(&director, NULL, 0);
    assert_table(&director, VIP "10.1.0.1:80 1, 10.1.0.2:80 2");
    assert_logged(&director, "Restored real server: 10.1.0.1:80");
    assert_not_logged(&director, "Deleted");
    end(&director);
}

static void a_server_taken_out_by_order_drains_and_comes_back_slowly(void **state)
{
    struct fake_director director;
    struct ld_config *config = single(100);

    (void)state;
    first(config)->draintime_ms = 60000;
    first(config)->slowstart_ms = 60000;
    start_healthy(&director, config);
    fake_director_pass(&director, 61 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 100");
    fake_director_wish(&director, "disable 10.1.0.1");
    assert_table(&director, VIP "10.1.0.1:80 0");
    fake_director_pass(&director, 61 * HA_NS_PER_S);
    assert_table(&director, "10.0.0.1:80 wrr");
    fake_director_wish(&director, "enable 10.1.0.1");
    assert_table(&director, VIP "10.1.0.1:80 1");
    fake_director_pass(&director, 31 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 50");
    end(&director);
}

/* ---- quorum ---- */

static struct ld_config *four(void)
{
    struct ld_config *config = pair();

    fake_real(first(config), "10.1.0.3", 80, LD_GATE, 3);
    fake_real(first(config), "10.1.0.4", 80, LD_GATE, 4);
    fake_fallback(first(config), "127.0.0.1", 80, LD_GATE);
    return config;
}

static void below_the_quorum_the_fallback_serves_until_hysteresis_above_it(void **state)
{
    struct fake_director director;
    struct ld_config *config = four();

    (void)state;
    first(config)->quorum = (struct ld_quorum){.quorum = 2, .hysteresis = 1};
    start_healthy(&director, config);
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_answer(&director, "10.1.0.1", LD_L4CON);
    fake_director_answer(&director, "10.1.0.2", LD_L4CON);
    assert_table(&director, VIP "10.1.0.3:80 3, 10.1.0.4:80 4");
    fake_director_answer(&director, "10.1.0.3", LD_L4CON);
    assert_table(&director, VIP "10.1.0.4:80 0, 127.0.0.1:80 1");
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_answer(&director, "10.1.0.1", LD_L7OK);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.4:80 0, 127.0.0.1:80 1");
    fake_director_answer(&director, "10.1.0.2", LD_L7OK);
    assert_table(&director, VIP "10.1.0.1:80 1, 10.1.0.2:80 2, 10.1.0.4:80 4");
    end(&director);
}

static void a_quorum_may_be_of_weight(void **state)
{
    struct fake_director director;
    struct ld_config *config = four();

    (void)state;
    first(config)->quorum = (struct ld_quorum){.by_weight = true, .quorum = 7};
    start_healthy(&director, config);
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_answer(&director, "10.1.0.1", LD_L4CON);
    fake_director_answer(&director, "10.1.0.2", LD_L4CON);
    assert_table(&director, VIP "10.1.0.3:80 3, 10.1.0.4:80 4");
    fake_director_answer(&director, "10.1.0.3", LD_L4CON);
    assert_table(&director, VIP "10.1.0.4:80 0, 127.0.0.1:80 1");
    end(&director);
}

static void a_reload_keeps_who_serves(void **state)
{
    struct fake_director director;
    struct ld_config *config = four();

    (void)state;
    first(config)->quorum = (struct ld_quorum){.quorum = 3, .hysteresis = 1};
    start_healthy(&director, config);
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_answer(&director, "10.1.0.1", LD_L4CON);
    config = four(); /* three are up: enough to go on, not to begin */
    first(config)->quorum = (struct ld_quorum){.quorum = 3, .hysteresis = 1};
    fake_director_reload(&director, config);
    assert_table(&director, VIP "10.1.0.2:80 2, 10.1.0.3:80 3, 10.1.0.4:80 4");
    fake_director_answer(&director, "10.1.0.2", LD_L4CON);
    interval(&director, "10.1.0.1", LD_L4CON);
    config = four();
    first(config)->quorum = (struct ld_quorum){.quorum = 3, .hysteresis = 1};
    fake_director_reload(&director, config);
    assert_table(&director, VIP "10.1.0.2:80 0, 10.1.0.3:80 0, 10.1.0.4:80 0, 127.0.0.1:80 1");
    end(&director);
}

static void a_quorum_without_fallback_changes_nothing(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->quorum = (struct ld_quorum){.quorum = 2};
    start_healthy(&director, config);
    interval(&director, "10.1.0.1", LD_L4CON);
    assert_table(&director, VIP "10.1.0.2:80 2");
    end(&director);
}

/* ---- agentport, checkweight ---- */

static struct ld_config *with_agent(void)
{
    struct ld_config *config = single(40);

    first(config)->agentport = 9707;
    first(config)->agentinterval_ms = 10000;
    return config;
}

/* What is asked of agents is answered with verdict, and percent unless it is above 100; what is
 * asked of servers is well. */
static void agents_say(struct fake_director *director, enum ld_verdict verdict, uint32_t percent)
{
    fake_director_pass(director, 10 * HA_NS_PER_S);
    for (guint i = 0; i < director->flying->len; i++) {
        struct fake_check check = g_array_index(director->flying, struct fake_check, i);

        if (check.probe->type != LD_CHECK_AGENT)
            continue;
        director->advice = (struct ld_advice){.given = percent <= 100, .percent = percent};
        fake_director_verdict(director, check.id, verdict);
        director->advice = (struct ld_advice){0};
        break;
    }
    fake_director_answer(director, NULL, LD_L7OK);
}

static void an_agent_says_how_much_of_its_weight_a_server_can_bear(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, with_agent());
    assert_int_equal(director.asked, 2);
    assert_table(&director, VIP "10.1.0.1:80 40");
    agents_say(&director, LD_L7OK, 75);
    assert_table(&director, VIP "10.1.0.1:80 30");
    assert_logged(&director, "Weight of real server advised: 10.1.0.1:80 (tcp:10.0.0.1:80): 75% of "
                             "it");
    agents_say(&director, LD_L7OK, 1);
    assert_table(&director, VIP "10.1.0.1:80 1");
    agents_say(&director, LD_L7OK, 0);
    assert_table(&director, VIP "10.1.0.1:80 0");
    agents_say(&director, LD_L7OK, 101);
    assert_table(&director, VIP "10.1.0.1:80 40");
    end(&director);
}

static void look_at_agent(void *ctx, const struct ld_real_view *view)
{
    const struct ld_turn *turn = ld_turns_at(view->turns, 0);
    bool *down = ctx;

    assert_int_equal(view->agent_down, *down);
    assert_int_equal(view->up, !*down);
    assert_non_null(turn);
    assert_int_equal(turn->up, !*down);
    assert_int_equal(turn->verdict, *down ? LD_AGENTDOWN : LD_L7OK);
}

static void an_agent_takes_a_server_out_but_does_not_bring_it_up(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, with_agent());
    agents_say(&director, LD_AGENTDOWN, 101);
    assert_table(&director, "10.0.0.1:80 wrr");
    assert_logged(&director, "Real server down: 10.1.0.1:80 (tcp:10.0.0.1:80): AGTDOWN, its agent:");
    ld_core_view(director.core, look_at_agent, &(bool){true});
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L4CON); /* an agent that is gone says nothing, too */
    assert_table(&director, "10.0.0.1:80 wrr");
    assert_logged(&director, "agent 10.1.0.1:9707 says nothing: L4CON");
    agents_say(&director, LD_AGENTDOWN, 101);
    assert_table(&director, "10.0.0.1:80 wrr");
    assert_logged(&director, "Real server passes its checks, but its agent says down");
    agents_say(&director, LD_L7OK, 101);
    assert_table(&director, VIP "10.1.0.1:80 40");
    ld_core_view(director.core, look_at_agent, &(bool){false});
    end(&director);
}

static void a_silent_agent_changes_nothing(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, with_agent());
    agents_say(&director, LD_L7OK, 50);
    agents_say(&director, LD_L7TOUT, 101);
    agents_say(&director, LD_L7RSP, 101);
    agents_say(&director, LD_INTERNAL, 101);
    assert_table(&director, VIP "10.1.0.1:80 20");
    fake_director_reload(&director, with_agent());
    assert_table(&director, VIP "10.1.0.1:80 20");
    fake_director_reload(&director, single(40));
    assert_table(&director, VIP "10.1.0.1:80 40"); /* nobody says so any more */
    end(&director);
}

static void the_fallback_serves_when_all_are_drained_by_their_agents(void **state)
{
    struct fake_director director;
    struct ld_config *config = with_agent();

    (void)state;
    fake_fallback(first(config), "127.0.0.1", 80, LD_GATE);
    start_healthy(&director, config);
    agents_say(&director, LD_L7OK, 0);
    assert_table(&director, VIP "10.1.0.1:80 0, 127.0.0.1:80 1");
    agents_say(&director, LD_L7OK, 50);
    assert_table(&director, VIP "10.1.0.1:80 20");
    end(&director);
}

static void an_order_counts_more_than_an_agent(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, with_agent());
    agents_say(&director, LD_L7OK, 50);
    fake_director_wish(&director, "weight 10.1.0.1 7");
    assert_table(&director, VIP "10.1.0.1:80 7");
    agents_say(&director, LD_L7OK, 25);
    assert_table(&director, VIP "10.1.0.1:80 7");
    fake_director_wish(&director, "enable 10.1.0.1");
    assert_table(&director, VIP "10.1.0.1:80 10");
    end(&director);
}

static void a_check_that_weighs_counts_only_if_it_may(void **state)
{
    struct fake_director director;

    (void)state;
    for (int may = 0; may < 2; may++) {
        struct ld_config *config = single(40);

        first(config)->checktype = LD_CHECK_EXTERNAL;
        g_free(first(config)->checkcommand);
        first(config)->checkcommand = g_strdup("/x");
        first(config)->checkweight = may;
        start(&director, config);
        fake_director_pass(&director, HA_NS_PER_S);
        director.advice = (struct ld_advice){.given = true, .percent = 50};
        fake_director_answer(&director, NULL, LD_EXTOK);
        assert_table(&director, may ? VIP "10.1.0.1:80 20" : VIP "10.1.0.1:80 40");
        director.advice = (struct ld_advice){0};
        fake_director_pass(&director, 10 * HA_NS_PER_S);
        fake_director_answer(&director, NULL, LD_EXTOK);
        assert_table(&director, VIP "10.1.0.1:80 40");
        end(&director);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_comes_up_after_risecount_successes),
        cmocka_unit_test(a_doubtful_server_is_asked_again_soon_and_a_settled_one_is_not),
        cmocka_unit_test(a_server_that_comes_up_grows_into_its_weight_in_ten_steps),
        cmocka_unit_test(a_small_weight_grows_in_few_steps_and_one_not_at_all),
        cmocka_unit_test(slow_start_goes_on_over_a_reload_and_begins_anew_after_a_failure),
        cmocka_unit_test(what_the_kernel_has_already_is_not_slowed),
        cmocka_unit_test(a_server_that_goes_down_drains_before_it_is_removed),
        cmocka_unit_test(a_drain_ends_when_the_last_connection_does),
        cmocka_unit_test(what_the_kernel_does_not_count_drains_its_whole_time),
        cmocka_unit_test(a_draining_server_that_returns_is_never_removed),
        cmocka_unit_test(a_server_taken_out_by_order_drains_and_comes_back_slowly),
        cmocka_unit_test(below_the_quorum_the_fallback_serves_until_hysteresis_above_it),
        cmocka_unit_test(a_quorum_may_be_of_weight),
        cmocka_unit_test(a_reload_keeps_who_serves),
        cmocka_unit_test(a_quorum_without_fallback_changes_nothing),
        cmocka_unit_test(an_agent_says_how_much_of_its_weight_a_server_can_bear),
        cmocka_unit_test(an_agent_takes_a_server_out_but_does_not_bring_it_up),
        cmocka_unit_test(a_silent_agent_changes_nothing),
        cmocka_unit_test(the_fallback_serves_when_all_are_drained_by_their_agents),
        cmocka_unit_test(an_order_counts_more_than_an_agent),
        cmocka_unit_test(a_check_that_weighs_counts_only_if_it_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
