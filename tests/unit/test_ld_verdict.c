/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/verdict: the table of outcomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/core/verdict.h"

static void every_outcome_has_its_own_code_and_a_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < LD_VERDICT_COUNT; i++) {
        assert_non_null(ld_verdict_code(i));
        assert_true(strlen(ld_verdict_text(i)) > 4);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(ld_verdict_code(i), ld_verdict_code(j));
    }
    assert_string_equal(ld_verdict_code(LD_VERDICT_COUNT), "?");
    assert_false(ld_verdict_passed(LD_VERDICT_COUNT));
}

static void only_these_outcomes_mean_that_the_server_is_well(void **state)
{
    (void)state;
    for (int i = 0; i < LD_VERDICT_COUNT; i++)
        assert_int_equal(ld_verdict_passed(i), i == LD_L3OK || i == LD_L4OK || i == LD_L6OK ||
                                                   i == LD_L7OK || i == LD_EXTOK || i == LD_ON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome_has_its_own_code_and_a_sentence),
        cmocka_unit_test(only_these_outcomes_mean_that_the_server_is_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
