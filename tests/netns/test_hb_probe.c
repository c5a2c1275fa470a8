/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address whose former owner may live is not taken before it is known whether he answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "tests/netns/act_place.h"

static bool never(struct place *f)
{
    (void)f;
    return false;
}

static void neighbour(struct place *f, const char *command)
{
    place_enter(f->neighbour_fd);
    place_sh("%s", command);
    place_enter(f->here_fd);
}

/* As the core does: asks while the former owner is silent, then starts. */
static void suspect(struct place *f)
{
    struct hb_action action = {.kind = HB_ACT_PROBE, .of = f->group};

    hb_act_probe(f->act, &action);
    (void)place_wait(f, never, 120);
}

static void begin_contested(struct place *f)
{
    struct hb_action action = {.kind = HB_ACT_OP,
                               .op_id = ++f->next_op,
                               .op = HB_OP_START,
                               .last = f->group->resources->len - 1,
                               .contest = true,
                               .deadline_ms = 30000};

    f->answers = 0;
    hb_act_run(f->act, &action);
}

static enum hb_op_result run_contested(struct place *f)
{
    begin_contested(f);
    assert_true(place_wait(f, place_answered, 20000));
    return f->result;
}

static void wait_for_link(const char *nic)
{
    place_sh("for i in $(seq 250); do ip link show %s | grep -q 'state UP' && exit 0; sleep 0.02; "
             "done; exit 1", nic);
}

/* A wire that has only just been plugged in may lose the first frames. */
static void two_addresses(struct place *f)
{
    wait_for_link("eth0");
    place_enter(f->neighbour_fd);
    wait_for_link("peer");
    place_enter(f->here_fd);
    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_resource(f, "IPv6addr", "2001:db8::50/64/eth0");
}

static void an_address_that_nobody_answers_for_is_taken_within_the_call(void **state)
{
    struct place *f = *state;

    two_addresses(f);
    f->config->contested_leave = true;
    place_begin(f);
    suspect(f);
    begin_contested(f);
    assert_shows("dev eth0", "10.0.0.50/24", true);
    assert_shows("dev eth0", "2001:db8::50/64", true);
    assert_true(place_wait(f, place_answered, 20000));
    assert_int_equal(f->result, HB_OP_OK);
}

/* held_up_ms: between the last question and the start nobody is asked, and nothing heard. */
static void assert_left_to_the_other(struct place *f, unsigned held_up_ms)
{
    two_addresses(f);
    f->config->contested_leave = true;
    neighbour(f, "ip addr add 10.0.0.50/24 dev peer && ip link set peer address 02:00:00:00:00:77");
    place_begin(f);
    suspect(f);
    usleep(held_up_ms * 1000);
    assert_int_equal(run_contested(f), HB_OP_FAILED);
    assert_string_equal(f->detail, "10.0.0.50 is still answered for by 02:00:00:00:00:77");
    assert_shows("dev eth0", "10.0.0.50", false);
    assert_shows("dev eth0", "2001:db8::50", false);
}

static void an_address_that_is_answered_for_is_left_to_the_other(void **state)
{
    assert_left_to_the_other(*state, 0);
}

/* Nobody was asked in that time, so nobody was silent. */
static void that_we_were_held_up_is_not_its_silence(void **state)
{
    assert_left_to_the_other(*state, 400);
}

static void an_ipv6_address_too(void **state)
{
    struct place *f = *state;

    two_addresses(f);
    f->config->contested_leave = true;
    neighbour(f, "ip addr add 2001:db8::50/64 dev peer nodad && "
                 "ip link set peer address 02:00:00:00:00:77");
    place_begin(f);
    suspect(f);
    assert_int_equal(run_contested(f), HB_OP_FAILED);
    assert_string_equal(f->detail, "2001:db8::50 is still answered for by 02:00:00:00:00:77");
}

static void it_is_taken_when_the_other_has_let_go_meanwhile(void **state)
{
    struct place *f = *state;

    two_addresses(f);
    f->config->contested_leave = true;
    f->config->contested_ms = 5000;
    neighbour(f, "ip addr add 10.0.0.50/24 dev peer");
    place_begin(f);
    suspect(f);
    begin_contested(f);
    assert_false(place_wait(f, place_answered, 100));
    assert_shows("dev eth0", "10.0.0.50", false);
    neighbour(f, "ip addr del 10.0.0.50/24 dev peer");
    assert_true(place_wait(f, place_answered, 3000));
    assert_int_equal(f->result, HB_OP_OK);
    assert_shows("dev eth0", "10.0.0.50/24", true);
}

static void by_default_it_is_taken_after_a_bound(void **state)
{
    struct place *f = *state;

    two_addresses(f);
    neighbour(f, "ip addr add 10.0.0.50/24 dev peer");
    place_begin(f);
    suspect(f);
    assert_int_equal(run_contested(f), HB_OP_OK);
    assert_shows("dev eth0", "10.0.0.50/24", true);
}

static void waiting_can_be_cancelled(void **state)
{
    struct place *f = *state;

    two_addresses(f);
    f->config->contested_ms = 5000;
    neighbour(f, "ip addr add 10.0.0.50/24 dev peer");
    place_begin(f);
    suspect(f);
    begin_contested(f);
    hb_act_cancel(f->act, f->next_op);
    assert_true(place_wait(f, place_answered, 1000));
    assert_int_equal(f->result, HB_OP_FAILED);
    assert_string_equal(f->detail, "no longer wanted");
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void what_was_handed_over_in_order_is_not_asked_for(void **state)
{
    struct place *f = *state;

    two_addresses(f);
    f->config->contested_leave = true;
    neighbour(f, "ip addr add 10.0.0.50/24 dev peer");
    place_begin(f);
    suspect(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_address_that_nobody_answers_for_is_taken_within_the_call),
        CASE(an_address_that_is_answered_for_is_left_to_the_other),
        CASE(that_we_were_held_up_is_not_its_silence),
        CASE(an_ipv6_address_too),
        CASE(it_is_taken_when_the_other_has_let_go_meanwhile),
        CASE(by_default_it_is_taken_after_a_bound),
        CASE(waiting_can_be_cancelled),
        CASE(what_was_handed_over_in_order_is_not_asked_for),
    };

    /* Namespaces take root; without it there is nothing to be shown. */
    if (geteuid() != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
