/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What heartbeat asks of its warm ldirectord about open connections: hand them over, get ready to, take them in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "tests/unit/warm_house.h"

static void write_synchronised(void)
{
    char *text = g_strdup_printf("logfile=\"%s\"\nsyncdaemon=lo 7\nvirtual=10.9.0.1:80\n"
                                 "\treal=127.0.0.1:80 masq\n\tchecktype=on\n", house.log);

    house_write(house.file, text, 0644);
    g_free(text);
}

static void a_stop_hands_connections_over_where_there_is_somebody_to_take_them(void **state)
{
    (void)state;
    write_synchronised();
    house_ready();
    house_take(0);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(house_logged("open connections handed over (interface lo, syncid 7)"));
    assert_true(house_stands_by());
}

/* Whether it had when the stop was through; if not, it was given up in so many words: this machine was held up. */
static bool stop_hands_over(void)
{
    bool did;

    unlink(house.log);
    house_take(0);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    did = house_logged("open connections handed over");
    assert_true(did || house_logged("open connections were not handed over"));
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(house_stands_by);
    return did;
}

static void a_stop_that_may_linger_has_handed_over_when_it_is_through(void **state)
{
    (void)state;
    write_synchronised();
    house_ready();
    hb_warm_linger(house.warm, true);
    for (int tries = 0; !stop_hands_over(); tries++)
        assert_true(tries < 50);
}

static void nobody_waits_for_one_that_does_not_hand_over(void **state)
{
    pid_t pid;

    (void)state;
    write_synchronised();
    house_ready();
    hb_warm_linger(house.warm, true);
    house_take(0);
    kill(pid = house_pid(), SIGSTOP);
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    assert_true(house_logged("open connections were not handed over"));
    kill(pid, SIGCONT);
    hb_warm_wish(house.warm, 0, HB_WARM_READY);
    WAIT(house_stands_by);
}

static void is_ready(void *ctx)
{
    *(bool *)ctx = true;
}
static bool ready;
static bool got_ready(void)
{
    return ready;
}

static bool was_told_of_connections(void)
{
    return house_logged("open connections told to the next director") ||
           house_logged("connections that begin cannot be watched");
}

static bool was_handed_over(void)
{
    return house_logged("open connections handed over");
}

static void before_its_addresses_go_it_gets_ready(void **state)
{
    (void)state;
    write_synchronised();
    house_ready();
    assert_null(hb_warm_get_ready(house.warm, 0, HB_OP_STOP, is_ready, &ready)); /* in standby it has no connections */
    house_take(0);
    assert_null(hb_warm_get_ready(house.warm, 1, HB_OP_STOP, is_ready, &ready)); /* another group's */
    ready = false;
    assert_non_null(hb_warm_get_ready(house.warm, 0, HB_OP_STOP, is_ready, &ready));
    WAIT(got_ready);
    WAIT(was_told_of_connections); /* whoever is held up gets no longer than it has, but does it still */
    assert_op(0, HB_OP_STOP, HB_OP_OK);
    WAIT(was_handed_over);
    hb_warm_wait_abandon(NULL);
}

static void addresses_go_though_it_does_not_get_ready(void **state)
{
    struct hb_warm_wait *wait;
    pid_t pid;

    (void)state;
    write_synchronised();
    house_ready();
    house_take(0);
    kill(pid = house_pid(), SIGSTOP);
    wait = hb_warm_get_ready(house.warm, 0, HB_OP_STOP, is_ready, &ready);
    assert_non_null(wait);
    hb_warm_wait_abandon(wait);
    ready = false;
    assert_non_null(hb_warm_get_ready(house.warm, 0, HB_OP_STOP, is_ready, &ready));
    WAIT(got_ready);
    kill(pid, SIGCONT);
}

static bool takes_in(void)
{
    unlink(house.log);
    ready = false;
    assert_non_null(hb_warm_get_ready(house.warm, 0, HB_OP_START, is_ready, &ready));
    WAIT(got_ready);
    return !house_logged("open connections: it did not follow \"take-in\"");
}

static void before_addresses_come_it_takes_in_what_it_was_told(void **state)
{
    unsigned tries = 0;
    pid_t pid;

    (void)state;
    write_synchronised();
    house_ready();
    assert_null(hb_warm_get_ready(house.warm, 0, HB_OP_START, is_ready, &ready)); /* it is told when it is active */
    house_take(0);
    assert_null(hb_warm_get_ready(house.warm, 1, HB_OP_START, is_ready, &ready)); /* another group's */
    while (!takes_in()) /* it has not long, and this machine may be held up */
        assert_true(++tries < 50);
    kill(pid = house_pid(), SIGSTOP);
    assert_false(takes_in());
    kill(pid, SIGCONT);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, house_begin, house_end)
    const struct CMUnitTest tests[] = {
        CASE(a_stop_hands_connections_over_where_there_is_somebody_to_take_them),
        CASE(a_stop_that_may_linger_has_handed_over_when_it_is_through),
        CASE(nobody_waits_for_one_that_does_not_hand_over),
        CASE(before_its_addresses_go_it_gets_ready),
        CASE(addresses_go_though_it_does_not_get_ready),
        CASE(before_addresses_come_it_takes_in_what_it_was_told),
    };

    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
