/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we sent, kept for those who missed it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/base/time.h"
#include "heartbeatd/core/history.h"

#define QUIET_NS (240 * HA_NS_PER_MS)

static struct hb_history history;

static int setup(void **state)
{
    (void)state;
    hb_history_init(&history);
    for (uint64_t number = 1; number <= 700; number++) {
        struct hb_msg *msg = hb_msg_new();

        hb_msg_add_hex(msg, "seq", number);
        if (number != 600)
            hb_history_put(&history, number, number, msg);
        hb_msg_unref(msg);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hb_history_clear(&history);
    return 0;
}

static enum hb_resend ask(uint64_t number, uint64_t now_ns, struct hb_msg **msg)
{
    return hb_history_ask(&history, number, now_ns, QUIET_NS, msg);
}

static void the_last_500_are_kept(void **state)
{
    struct hb_msg *msg;
    uint64_t number;

    (void)state;
    assert_int_equal(ask(200, HA_NS_PER_S, &msg), HB_RESEND_TOO_LOW);
    assert_int_equal(ask(201, HA_NS_PER_S, &msg), HB_RESEND_NOW);
    assert_true(hb_msg_hex(msg, "seq", &number));
    assert_int_equal(number, 201);
    assert_int_equal(ask(700, HA_NS_PER_S, &msg), HB_RESEND_NOW);
}

static void what_was_never_sent_or_never_kept_is_told_apart(void **state)
{
    struct hb_msg *msg;

    (void)state;
    assert_int_equal(ask(701, HA_NS_PER_S, &msg), HB_RESEND_NOT_YET);
    assert_int_equal(ask(UINT64_MAX, HA_NS_PER_S, &msg), HB_RESEND_NOT_YET);
    assert_int_equal(ask(600, HA_NS_PER_S, &msg), HB_RESEND_NOT_FOUND);
}

static void the_same_message_is_not_sent_again_within_a_moment(void **state)
{
    struct hb_msg *msg;

    (void)state;
    assert_int_equal(ask(650, HA_NS_PER_S, &msg), HB_RESEND_NOW);
    assert_int_equal(ask(650, HA_NS_PER_S + QUIET_NS - 1, &msg), HB_RESEND_SOON_DONE);
    assert_int_equal(ask(650, HA_NS_PER_S + QUIET_NS, &msg), HB_RESEND_NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_500_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_never_sent_or_never_kept_is_told_apart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_same_message_is_not_sent_again_within_a_moment, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
