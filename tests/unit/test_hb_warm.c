/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standbys of ldirectord as heartbeat keeps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/warm_house.h"

/* ---- what can be seen from outside ---- */

static bool is_active(void)
{
    struct ha_director_state state;

    return house_state(&state) && !state.standby;
}

static bool nobody_runs(void)
{
    struct ha_director_state state;

    return !house_state(&state);
}

static bool is_forgotten(void)
{
    return house_member()->pid == 0;
}

static bool is_being_started(void)
{
    return house_member()->starting != NULL;
}

static bool is_given_up(void)
{
    return house_member()->hopeless;
}

static bool was_tried(void)
{
    return house_member()->tries > 0;
}

static bool was_tried_again(void)
{
    return house_member()->tries > 1;
}

/* ---- cases ---- */

static void it_runs_in_standby_where_the_group_is_not_held(void **state)
{
    (void)state;
    house_ready();
    assert_true(house_stands_by());
    assert_shown("in standby");
}

static void a_takeover_starts_no_process(void **state)
{
    pid_t pid;

    (void)state;
    house_ready();
    pid = house_pid();
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
    house_take(0);
    assert_true(is_active());
    assert_int_equal(house_pid(), pid);
    assert_shown("active");
    assert_op(0, HB_OP_STATUS, HB_OP_OK);
    assert_op(0, HB_OP_START, HB_OP_OK);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(house_stands_by());
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_int_equal(house_pid(), pid);
}

static void a_group_that_comes_finds_it_active(void **state)
{
    pid_t pid;

    (void)state;
    house_ready();
    pid = house_pid();
    hb_warm_wish(house.warm, 0, HB_WARM_COMING);
    WAIT(is_active);
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
    house_take(0);
    assert_true(is_active());
    assert_int_equal(house_pid(), pid);
}

static void where_it_does_not_come_after_all_it_stands_by_again(void **state)
{
    (void)state;
    house_ready();
    hb_warm_wish(house.warm, 0, HB_WARM_COMING);
    WAIT(is_active);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(house_stands_by);
    assert_false(house_logged("not by heartbeat"));
}

static void a_stop_that_may_linger_waits_for_no_table(void **state)
{
    (void)state;
    house_ready();
    house_take(0);
    hb_warm_linger(house.warm, true);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(is_active());
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(house_stands_by);
    assert_false(house_logged("not by heartbeat"));
}

static void a_group_that_goes_and_comes_at_once_is_active(void **state)
{
    (void)state;
    house_ready();
    house_take(0);
    hb_warm_linger(house.warm, true);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE);
    assert_op(0, HB_OP_START, HB_OP_OK);
    assert_true(is_active());
}

static enum hb_ready told_ready;

static void ready_told(void *ctx, unsigned group, enum hb_ready ready)
{
    assert_null(ctx);
    assert_int_equal(group, 0);
    assert_int_not_equal(told_ready, ready);
    told_ready = ready;
}

static bool is_not_ready(void)
{
    return told_ready == HB_READY_NOT;
}

static bool is_ready_in_standby(void)
{
    return told_ready == HB_READY_STANDBY;
}

static bool is_ready_and_active(void)
{
    return told_ready == HB_READY_ACTIVE;
}

static void a_group_is_ready_when_its_servers_are_checked(void **state)
{
    (void)state;
    house_furnish();
    hb_warm_on_ready(house.warm, ready_told, NULL);
    WAIT(is_not_ready);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(is_ready_in_standby);
    hb_warm_wish(house.warm, 0, HB_WARM_COMING);
    WAIT(is_ready_and_active);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(is_ready_in_standby);
    kill(house_pid(), SIGKILL);
    WAIT(is_not_ready);
    WAIT(is_ready_in_standby);
    told_ready = HB_READY_NOTHING;
}

static void a_start_waits_for_the_standby_that_is_being_started(void **state)
{
    (void)state;
    house_furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE);
    WAIT(is_being_started);
    assert_op(0, HB_OP_START, HB_OP_OK);
    assert_true(is_active());
}

static void one_that_dies_is_started_again_as_it_was(void **state)
{
    pid_t pid;

    (void)state;
    house_ready();
    kill(pid = house_pid(), SIGKILL);
    WAIT(nobody_runs);
    WAIT(is_forgotten);
    assert_shown("not running");
    WAIT(house_stands_by);
    WAIT(house_known);
    assert_int_not_equal(house_pid(), pid);
    assert_true(house_logged("has died; it is started again in 1 s"));
    house_take(0);
    kill(house_pid(), SIGKILL);
    WAIT(nobody_runs);
    WAIT(is_active);
    assert_true(house_logged("has died, and its group is held here; it is started again in 2 s"));
}

static void one_that_somebody_stopped_is_left_alone_for_a_while(void **state)
{
    (void)state;
    house_ready();
    house_call("stop");
    assert_true(nobody_runs());
    WAIT(is_forgotten);
    assert_true(house_logged("was stopped, but not by heartbeat; it is started again in 30 s"));
    house_call("standby"); /* by the same hand */
    house_take(0);
    assert_true(is_active());
}

static void it_ends_when_heartbeat_leaves(void **state)
{
    (void)state;
    house_ready();
    hb_warm_wish(house.warm, 0, HB_WARM_OFF);
    WAIT(nobody_runs);
    assert_false(house_logged("started again"));
}

/* Left by a heartbeat that was killed: its groups are stopped before it is known what is to be. */
static void what_is_stopped_before_anything_is_wished_goes_to_standby(void **state)
{
    pid_t pid;

    (void)state;
    house_furnish();
    house_call("start");
    pid = house_pid();
    assert_true(is_active());
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_false(is_active());
    assert_int_equal(house_pid(), pid);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(house_known);
    assert_int_equal(house_pid(), pid);
    hb_warm_wish(house.warm, 0, HB_WARM_OFF);
    WAIT(nobody_runs);
    assert_false(house_logged("started again"));
}

static void where_the_group_is_held_its_stop_ends_it_then(void **state)
{
    (void)state;
    house_ready();
    house_take(0);
    hb_warm_wish(house.warm, 0, HB_WARM_OFF);
    assert_true(is_active());
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(nobody_runs());
}

static void a_file_in_two_groups_serves_while_either_is_held(void **state)
{
    (void)state;
    house_add_group("ldirectord", house.file);
    house_ready();
    assert_int_equal(house.warm->members->len, 1);
    assert_true(house_logged("stands in more than one group"));
    house_take(0);
    assert_op(1, HB_OP_STATUS, HB_OP_STOPPED);
    house_take(1);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(is_active());
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
    assert_op(1, HB_OP_STATUS, HB_OP_OK);
    assert_op(1, HB_OP_STOP, HB_OP_OK);
    assert_true(house_stands_by());
}

static void another_haresources_ends_what_it_does_not_name(void **state)
{
    struct hb_haresources *none = hb_haresources_new();
    const unsigned same[] = {0};
    pid_t pid;

    (void)state;
    house_ready();
    pid = house_pid();
    hb_warm_renew(house.warm, house.resources, same);
    assert_int_equal(house_pid(), pid);
    hb_warm_renew(house.warm, none, NULL);
    WAIT(nobody_runs);
    WAIT(is_forgotten);
    hb_warm_renew(house.warm, house.resources, same);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(house_known);
    assert_true(house_stands_by());
    hb_haresources_free(none);
}

static void two_files_are_two_processes(void **state)
{
    (void)state;
    house_add_group("ldirectord", "/nowhere/other.cf");
    house_furnish();
    assert_int_equal(house.warm->members->len, 2);
}

static void one_found_active_where_nothing_is_held_is_told_to_stand_by(void **state)
{
    pid_t pid;

    (void)state;
    house_call("start");
    pid = house_pid();
    house_ready();
    WAIT(house_stands_by);
    assert_int_equal(house_pid(), pid);
}

static void one_found_active_where_the_group_goes_up_runs(void **state)
{
    (void)state;
    house_call("start");
    house_furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE);
    assert_op(0, HB_OP_STATUS, HB_OP_OK);
    WAIT(house_known);
    assert_true(is_active());
}

static void one_that_serves_an_inherited_group_does_so_after_its_death(void **state)
{
    (void)state;
    house_call("start");
    house_furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE); /* held, and nobody asks again */
    WAIT(house_known);
    kill(house_pid(), SIGKILL);
    WAIT(is_forgotten);
    WAIT(is_active);
}

static void whom_nobody_can_reach_is_the_scripts(void **state)
{
    (void)state;
    house_furnish();
    house_run(0, HB_OP_START);
    assert_false(house.reached);
    house_run(0, HB_OP_STATUS);
    assert_false(house.reached);
}

static void a_program_that_knows_no_standby_is_the_scripts(void **state)
{
    char *other = g_build_filename(house.dir, "ldirectord", NULL);

    (void)state;
    house_write(other, "#!/bin/sh\nexit 255\n", 0755);
    house.paths.ldirectord = other;
    house_furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(is_given_up);
    assert_true(house_logged("is left to the resource script"));
    house_run(0, HB_OP_START);
    assert_false(house.reached);
    hb_warm_free(g_steal_pointer(&house.warm));
    g_free(other);
}

static void a_broken_file_is_told_and_tried_again(void **state)
{
    (void)state;
    house_write(house.file, "nonsense\n", 0644);
    house_furnish();
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(was_tried);
    assert_true(house_logged("cannot be kept warm: exit status 2"));
    assert_true(house_logged("reading file"));
    WAIT(was_tried_again);
    assert_false(house_logged("tried again in 2 s")); /* the same once more is no news */
}

static void somebodys_own_script_wins(void **state)
{
    char *script = g_build_filename(house.dir, "resource.d", "ldirectord", NULL);

    (void)state;
    house_write(script, "#!/bin/sh\n# mine\n", 0755);
    house_furnish();
    assert_null(house.warm);
    house_write(script, "#!/bin/sh\n# " HB_AGENT_MARKER "\n", 0755);
    house_furnish();
    assert_non_null(house.warm);
    hb_warm_free(g_steal_pointer(&house.warm));
    g_unlink(script);
    assert_int_equal(symlink(house.program, script), 0); /* as Debian's package has it */
    house_furnish();
    assert_non_null(house.warm);
    g_free(script);
}

static void one_that_hangs_is_killed_and_started_again(void **state)
{
    pid_t pid;

    (void)state;
    house_furnish();
    house.warm->look_ms = 200;
    house.warm->check_ms = 100;
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(house_known);
    kill(pid = house_pid(), SIGSTOP);
    WAIT(is_forgotten);
    assert_true(house_logged("does not answer: it is killed"));
    WAIT(house_known);
    assert_true(house_stands_by());
    assert_int_not_equal(house_pid(), pid);
}

static bool has_drifted(void)
{
    return house_member()->drifted;
}

static void one_that_somebody_activates_is_named_and_stays_so(void **state)
{
    (void)state;
    house_furnish();
    house.warm->check_ms = 100;
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(house_known);
    house_call("start");
    WAIT(has_drifted);
    assert_true(house_logged("is active: not by heartbeat, and its group is not held here"));
    assert_true(is_active());
    hb_warm_wish(house.warm, 0, HB_WARM_IN_USE);
    assert_op(0, HB_OP_STATUS, HB_OP_OK);
    house_call("standby");
    WAIT(has_drifted);
    assert_true(house_logged("is in standby: not by heartbeat, and its group is held here"));
    assert_op(0, HB_OP_STATUS, HB_OP_STOPPED);
}

static void an_order_can_be_abandoned(void **state)
{
    (void)state;
    house_ready();
    hb_warm_abandon(house_begin_op(0, HB_OP_START));
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(house_stands_by());
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, house_begin, house_end)
    const struct CMUnitTest tests[] = {
        CASE(it_runs_in_standby_where_the_group_is_not_held),
        CASE(a_takeover_starts_no_process),
        CASE(a_group_that_comes_finds_it_active),
        CASE(where_it_does_not_come_after_all_it_stands_by_again),
        CASE(a_stop_that_may_linger_waits_for_no_table),
        CASE(a_group_that_goes_and_comes_at_once_is_active),
        CASE(a_group_is_ready_when_its_servers_are_checked),
        CASE(a_start_waits_for_the_standby_that_is_being_started),
        CASE(one_that_dies_is_started_again_as_it_was),
        CASE(one_that_somebody_stopped_is_left_alone_for_a_while),
        CASE(it_ends_when_heartbeat_leaves),
        CASE(what_is_stopped_before_anything_is_wished_goes_to_standby),
        CASE(where_the_group_is_held_its_stop_ends_it_then),
        CASE(a_file_in_two_groups_serves_while_either_is_held),
        CASE(another_haresources_ends_what_it_does_not_name),
        CASE(two_files_are_two_processes),
        CASE(one_found_active_where_nothing_is_held_is_told_to_stand_by),
        CASE(one_found_active_where_the_group_goes_up_runs),
        CASE(one_that_serves_an_inherited_group_does_so_after_its_death),
        CASE(whom_nobody_can_reach_is_the_scripts),
        CASE(a_program_that_knows_no_standby_is_the_scripts),
        CASE(a_broken_file_is_told_and_tried_again),
        CASE(somebodys_own_script_wins),
        CASE(one_that_hangs_is_killed_and_started_again),
        CASE(one_that_somebody_activates_is_named_and_stays_so),
        CASE(an_order_can_be_abandoned),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
