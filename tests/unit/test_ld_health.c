/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/health: the state machine of one real server, as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <string.h>

#include "ldirectord/core/health.h"

struct row {
    bool up;
    unsigned failures, failurecount;
    enum ld_verdict verdict;
    bool then_up;
    unsigned then_failures;
    enum ld_change change;
};

static void every_state_and_verdict_has_its_outcome(void **state)
{
    static const struct row rows[] = {
        {false, 0, 1, LD_L7OK, true, 0, LD_CHANGE_UP},
        {false, 9, 3, LD_L4OK, true, 0, LD_CHANGE_UP},
        {false, 4, 1, LD_L4CON, false, 5, LD_CHANGE_NONE},
        {true, 0, 1, LD_EXTOK, true, 0, LD_CHANGE_NONE},
        {true, 2, 3, LD_L3OK, true, 0, LD_CHANGE_RESET},
        {true, 0, 1, LD_L7STS, false, 1, LD_CHANGE_DOWN},
        {true, 0, 3, LD_L7STS, true, 1, LD_CHANGE_SOFT},
        {true, 1, 3, LD_L7TOUT, true, 2, LD_CHANGE_SOFT},
        {true, 2, 3, LD_EXTERR, false, 3, LD_CHANGE_DOWN},
        {true, 5, 3, LD_EXTERR, false, 6, LD_CHANGE_DOWN}, /* failurecount was lowered */
        {true, 0, 0, LD_L4CON, false, 1, LD_CHANGE_DOWN},
        {true, 2, 3, LD_INTERNAL, true, 2, LD_CHANGE_NONE},
        {false, 2, 3, LD_INTERNAL, false, 2, LD_CHANGE_NONE},
        {true, 2, 3, LD_UNKNOWN, true, 2, LD_CHANGE_NONE},
        {false, UINT_MAX, 3, LD_L4CON, false, UINT_MAX, LD_CHANGE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ld_health health = {.up = rows[i].up, .failures = rows[i].failures,
                                   .verdict = LD_L4CON, .since_ns = 5};
        unsigned before;
        enum ld_change change = ld_health_verdict(&health, rows[i].failurecount, 1, rows[i].verdict,
                                                  NULL, 1, 9, &before);

        assert_int_equal(change, rows[i].change);
        assert_int_equal(health.up, rows[i].then_up);
        assert_int_equal(health.failures, rows[i].then_failures);
        assert_int_equal(before, rows[i].failures);
        assert_int_equal(health.since_ns, rows[i].up != rows[i].then_up ? 9 : 5);
        ld_health_clear(&health);
    }
}

/* Words: what came, and what is known after it. */
static void a_server_rises_after_so_many_successes_in_a_row(void **state)
{
    static const struct {
        unsigned risecount;
        enum ld_verdict verdict;
        enum ld_change change;
        unsigned successes;
        bool up, unsettled;
    } rows[] = {
        {3, LD_L7OK, LD_CHANGE_RISING, 1, false, true},
        {3, LD_INTERNAL, LD_CHANGE_NONE, 1, false, true},
        {3, LD_L7OK, LD_CHANGE_RISING, 2, false, true},
        {3, LD_L7STS, LD_CHANGE_NONE, 0, false, false},
        {3, LD_L7OK, LD_CHANGE_RISING, 1, false, true},
        {3, LD_L7OK, LD_CHANGE_RISING, 2, false, true},
        {3, LD_L7OK, LD_CHANGE_UP, 0, true, false},
        {3, LD_L7STS, LD_CHANGE_SOFT, 0, true, true},
        {3, LD_L7OK, LD_CHANGE_RESET, 0, true, false},
        {3, LD_L7STS, LD_CHANGE_SOFT, 0, true, true},
        {3, LD_L7STS, LD_CHANGE_DOWN, 0, false, false},
        {3, LD_L7OK, LD_CHANGE_RISING, 1, false, true},
        {1, LD_L7OK, LD_CHANGE_UP, 0, true, false}, /* risecount was lowered */
    };
    struct ld_health health = {.verdict = LD_L4CON, .failures = 4};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum ld_change change = ld_health_verdict(&health, 2, rows[i].risecount, rows[i].verdict,
                                                  NULL, 1, 9, NULL);

        assert_int_equal(change, rows[i].change);
        assert_int_equal(health.successes, rows[i].successes);
        assert_int_equal(health.up, rows[i].up);
        assert_int_equal(ld_health_unsettled(&health), rows[i].unsettled);
    }
    ld_health_clear(&health);
}

static void the_first_failure_of_a_server_never_up_is_told_once(void **state)
{
    struct ld_health health = {0};

    (void)state;
    assert_int_equal(ld_health_verdict(&health, 3, 1, LD_INTERNAL, NULL, 0, 1, NULL), LD_CHANGE_NONE);
    assert_int_equal(ld_health_verdict(&health, 3, 1, LD_L4CON, NULL, 0, 1, NULL),
                     LD_CHANGE_FOUND_DOWN);
    assert_int_equal(ld_health_verdict(&health, 3, 1, LD_L4CON, NULL, 0, 1, NULL), LD_CHANGE_NONE);
    ld_health_clear(&health);
}

static void one_that_fails_while_it_first_rises_is_told_of_as_well(void **state)
{
    static const struct {
        enum ld_verdict verdict;
        enum ld_change change;
        bool unjudged;
    } rows[] = {
        {LD_L7OK, LD_CHANGE_RISING, true},   {LD_INTERNAL, LD_CHANGE_NONE, true},
        {LD_L7OK, LD_CHANGE_RISING, true},   {LD_L4CON, LD_CHANGE_FOUND_DOWN, false},
        {LD_L7OK, LD_CHANGE_RISING, false},  {LD_L4CON, LD_CHANGE_NONE, false},
        {LD_L7OK, LD_CHANGE_RISING, false},  {LD_L7OK, LD_CHANGE_RISING, false},
        {LD_L7OK, LD_CHANGE_UP, false},      {LD_L4CON, LD_CHANGE_DOWN, false},
    };
    struct ld_health health = {0};

    (void)state;
    assert_true(ld_health_unjudged(&health));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ld_health_verdict(&health, 1, 3, rows[i].verdict, NULL, 1, 9, NULL),
                         rows[i].change);
        assert_int_equal(ld_health_unjudged(&health), rows[i].unjudged);
    }
    ld_health_clear(&health);
}

static void the_last_words_are_kept_and_bounded(void **state)
{
    struct ld_health health = {0};
    char words[4 * LD_DETAIL_MAX];

    (void)state;
    memset(words, 'x', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    ld_health_verdict(&health, 1, 1, LD_L7STS, "HTTP status 503", 77, 1, NULL);
    assert_string_equal(health.detail, "HTTP status 503");
    assert_int_equal(health.took_ns, 77);
    ld_health_verdict(&health, 1, 1, LD_INTERNAL, "no sockets", 1, 1, NULL);
    assert_string_equal(health.detail, "HTTP status 503");
    ld_health_verdict(&health, 1, 1, LD_L7STS, words, 1, 1, NULL);
    assert_int_equal(strlen(health.detail), LD_DETAIL_MAX);
    ld_health_verdict(&health, 1, 1, LD_L7OK, NULL, 1, 1, NULL);
    assert_null(health.detail);
    ld_health_clear(&health);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_verdict_has_its_outcome),
        cmocka_unit_test(a_server_rises_after_so_many_successes_in_a_row),
        cmocka_unit_test(the_first_failure_of_a_server_never_up_is_told_once),
        cmocka_unit_test(one_that_fails_while_it_first_rises_is_told_of_as_well),
        cmocka_unit_test(the_last_words_are_kept_and_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
