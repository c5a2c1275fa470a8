/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A director in standby: it checks, it knows, and the kernel's table is none of
 * its business until it is told otherwise. Then one writing is enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

#define BOTH_UP "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2"

static void stand_by(struct fake_director *director, struct ld_config *config)
{
    fake_director_init(director, config, 1);
    fake_director_start_standby(director);
    fake_director_pass(director, HA_NS_PER_S);
}

/* What another director of the same file may have left behind: its service, with one server. */
static void leave_behind(struct fake_director *director)
{
    struct ld_dest dest = {.port = 80, .method = LD_GATE, .weight = 1};
    struct ld_vs *vs = ld_table_add(director->ipvs.table, &first(director->config)->id);

    g_strlcpy(vs->scheduler, "wrr", sizeof(vs->scheduler));
    ha_addr_parse(&dest.addr, "10.1.0.1");
    g_array_append_val(vs->dests, dest);
}

static void servers_are_checked_and_the_table_is_not_touched(void **state)
{
    struct fake_director director;

    (void)state;
    stand_by(&director, pair());
    assert_true(fake_director_answer(&director, "10.1.0.1", LD_L7OK) > 0);
    assert_true(fake_director_answer(&director, "10.1.0.2", LD_L4CON) > 0);
    assert_logged(&director, "Real server up: 10.1.0.1:80");
    assert_logged(&director, "Real server down: 10.1.0.2:80");
    interval(&director, "10.1.0.1", LD_L4TOUT);
    interval(&director, NULL, LD_L7OK);
    assert_int_equal(director.ipvs.operations, 0);
    assert_int_equal(director.tables, 1); /* at the start, to take away what might be there */
    end(&director);
}

static void activation_is_one_writing_with_all_that_is_known(void **state)
{
    struct fake_director director;

    (void)state;
    stand_by(&director, pair());
    fake_director_answer(&director, "10.1.0.1", LD_L4CON);
    fake_director_answer(&director, "10.1.0.2", LD_L7OK);
    fake_director_mode(&director, false);
    assert_int_equal(director.tables, 2);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    interval(&director, NULL, LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    end(&director);
}

static void a_server_nobody_asked_yet_gets_no_clients_by_activation(void **state)
{
    struct fake_director director;

    (void)state;
    stand_by(&director, pair());
    fake_director_answer(&director, "10.1.0.2", LD_L7OK);
    fake_director_mode(&director, false);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    fake_director_answer(&director, "10.1.0.1", LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    end(&director);
}

static void going_back_takes_away_what_is_ours_and_keeps_what_is_known(void **state)
{
    struct fake_director director;
    unsigned asked;

    (void)state;
    start_healthy(&director, pair());
    asked = director.asked;
    fake_director_mode(&director, true);
    assert_table(&director, "");
    assert_logged(&director, "Purged real server (stop): 10.1.0.1:80 (10.0.0.1:80)");
    assert_logged(&director, "Purged virtual server (stop): 10.0.0.1:80");
    assert_int_equal(director.asked, asked);
    fake_director_mode(&director, false);
    assert_table(&director, BOTH_UP);
    end(&director);
}

static void what_cleanstop_says_stays_stays_in_standby_too(void **state)
{
    struct ld_config *config = pair();
    struct fake_director director;

    (void)state;
    fake_real(fake_service(config, "10.0.0.2", 80), "10.1.0.1", 80, LD_GATE, 1);
    first(config)->cleanstop = false;
    start_healthy(&director, config);
    fake_director_mode(&director, true);
    assert_table(&director, BOTH_UP);
    interval(&director, "10.1.0.1", LD_L4CON); /* nobody looks after it there */
    assert_table(&director, BOTH_UP);
    fake_director_mode(&director, false);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2; 10.0.0.2:80 wrr");
    end(&director);
}

static void the_same_order_twice_is_the_same(void **state)
{
    struct fake_director director;
    unsigned operations;

    (void)state;
    start_healthy(&director, pair());
    operations = director.ipvs.operations;
    fake_director_mode(&director, false);
    assert_int_equal(director.ipvs.operations, operations);
    assert_table(&director, BOTH_UP);
    fake_director_mode(&director, true);
    leave_behind(&director); /* somebody's hand; the order means: nothing of ours is there */
    fake_director_mode(&director, true);
    assert_table(&director, "");
    end(&director);
}

static void what_is_left_of_an_earlier_life_is_taken_away_and_not_believed(void **state)
{
    struct fake_director director;

    (void)state;
    fake_director_init(&director, pair(), 1);
    leave_behind(&director);
    fake_director_start_standby(&director);
    assert_table(&director, "");
    fake_director_mode(&director, false);
    assert_table(&director, "10.0.0.1:80 wrr");
    end(&director);
}

static void standby_outlives_a_reload(void **state)
{
    struct fake_director director;
    struct ld_config *more = pair();

    (void)state;
    stand_by(&director, pair());
    fake_director_answer(&director, NULL, LD_L7OK);
    fake_real(first(more), "10.1.0.3", 80, LD_GATE, 3);
    fake_director_reload(&director, more);
    fake_director_pass(&director, HA_NS_PER_S);
    assert_true(fake_director_answer(&director, "10.1.0.3", LD_L7OK) > 0);
    assert_int_equal(director.ipvs.operations, 0);
    fake_director_mode(&director, false);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2, 10.1.0.3:80 3");
    end(&director);
}

static void a_deletion_that_was_refused_is_tried_again_in_standby(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    director.ipvs.fail_next = 1;
    fake_director_mode(&director, true);
    assert_table(&director, BOTH_UP);
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, "");
    end(&director);
}

static void a_quiescent_server_that_is_down_stands_in_the_table_at_weight_0_again(void **state)
{
    struct ld_config *config = pair();
    struct fake_director director;

    (void)state;
    first(config)->quiescent = true;
    start_healthy(&director, config);
    interval(&director, "10.1.0.1", LD_L4CON);
    fake_director_mode(&director, true);
    fake_director_mode(&director, false);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    end(&director);
}

static void the_fallback_steps_in_only_when_active(void **state)
{
    struct ld_config *config = pair();
    struct fake_director director;

    (void)state;
    fake_fallback(first(config), "10.1.0.9", 80, LD_GATE);
    stand_by(&director, config);
    fake_director_answer(&director, NULL, LD_L4CON);
    assert_table(&director, "");
    fake_director_mode(&director, false);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.9:80 1");
    end(&director);
}

static void a_stop_in_standby_touches_nothing(void **state)
{
    struct fake_director director;

    (void)state;
    stand_by(&director, pair());
    fake_director_answer(&director, NULL, LD_L7OK);
    leave_behind(&director); /* another instance's, say */
    fake_director_stop(&director);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1");
    end(&director);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_checked_and_the_table_is_not_touched),
        cmocka_unit_test(activation_is_one_writing_with_all_that_is_known),
        cmocka_unit_test(a_server_nobody_asked_yet_gets_no_clients_by_activation),
        cmocka_unit_test(going_back_takes_away_what_is_ours_and_keeps_what_is_known),
        cmocka_unit_test(what_cleanstop_says_stays_stays_in_standby_too),
        cmocka_unit_test(the_same_order_twice_is_the_same),
        cmocka_unit_test(what_is_left_of_an_earlier_life_is_taken_away_and_not_believed),
        cmocka_unit_test(standby_outlives_a_reload),
        cmocka_unit_test(a_deletion_that_was_refused_is_tried_again_in_standby),
        cmocka_unit_test(a_quiescent_server_that_is_down_stands_in_the_table_at_weight_0_again),
        cmocka_unit_test(the_fallback_steps_in_only_when_active),
        cmocka_unit_test(a_stop_in_standby_touches_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
