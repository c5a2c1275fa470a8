/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common/base/decimal: the same digits as printf(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/decimal.h"

static void assert_decimal(uint64_t number)
{
    char text[HA_DECIMAL_MAX + 2], expected[HA_DECIMAL_MAX + 1];
    char *end;

    memset(text, '#', sizeof text);
    end = ha_decimal(text, number);
    assert_int_equal(*end, '#'); /* no NUL, and nothing behind it */
    *end = '\0';
    snprintf(expected, sizeof expected, "%" PRIu64, number);
    assert_string_equal(text, expected);
}

static void numbers_are_written_as_printf_writes_them(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < 70000; number++)
        assert_decimal(number);
    for (uint64_t power = 10; power < UINT64_MAX / 10; power *= 10) {
        assert_decimal(power - 1);
        assert_decimal(power);
    }
    assert_decimal(UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_printf_writes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
